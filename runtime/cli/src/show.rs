//! A value as people read it: Prism's own notation, one line when it fits, else indented.

use std::fmt::Write;

use prism_vm::Data;

/// Columns of a line that is not broken further.
const WIDTH: usize = 80;

/// The result of a run. A text stands without quotes; a confidence follows the value.
pub fn result(data: &Data) -> String {
    let shown = match data.plain() {
        Data::Text(text) => text.to_string(),
        plain => nested(plain, 0, 0),
    };
    match data.confidence() {
        Some(confidence) => format!("{shown} ~> {}", number(rounded(confidence))),
        None => shown,
    }
}

/// The words of a program or an agent among ours. They are seen as they are: they do not move the
/// cursor, change the order of letters, or begin a line that looks like one of ours.
pub fn seen(words: &str) -> String {
    let seen = |letter: char| match letter {
        '\t' => letter,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        _ if letter.is_control() => char::REPLACEMENT_CHARACTER,
        _ => letter,
    };
    let lines: Vec<String> = words.lines().map(|line| line.chars().map(seen).collect()).collect();
    lines.join("\n      ")
}

/// A value as it would be entered: texts have quotes.
pub fn entered(data: &Data) -> String {
    nested(data, 0, 0)
}

/// A value for a comparison by lines: every element and every field has its own.
pub fn expanded(data: &Data) -> String {
    match data {
        Data::Text(text) if text.contains('\n') => text.to_string(),
        Data::Array(items) if !items.is_empty() => {
            block('[', items.iter().map(|item| nested(item, 2, 0)), ']', 0)
        }
        Data::Object(fields) if !fields.is_empty() => {
            let lines = fields
                .iter()
                .map(|(name, value)| format!("{}: {}", key(name), nested(value, 2, 0)));
            block('{', lines, '}', 0)
        }
        other => flat(other),
    }
}

/// A value on a line that is indented by `indent` and already holds `used` more columns.
fn nested(data: &Data, indent: usize, used: usize) -> String {
    let flat = flat(data);
    if indent + used + flat.chars().count() <= WIDTH {
        return flat;
    }
    match data {
        Data::Array(items) => {
            let lines = items.iter().map(|item| nested(item, indent + 2, 0));
            block('[', lines, ']', indent)
        }
        Data::Object(fields) => {
            let lines = fields.iter().map(|(name, value)| {
                let name = key(name);
                format!("{name}: {}", nested(value, indent + 2, name.chars().count() + 2))
            });
            block('{', lines, '}', indent)
        }
        Data::Confident(value, confidence) => {
            format!("{} ~> {}", nested(value, indent, used), number(rounded(*confidence)))
        }
        Data::Null
        | Data::Bool(_)
        | Data::Number(_)
        | Data::Text(_)
        | Data::Agent(_)
        | Data::Function(_) => flat,
    }
}

fn block(open: char, lines: impl Iterator<Item = String>, close: char, indent: usize) -> String {
    let mut text = format!("{open}\n");
    for line in lines {
        let _ = writeln!(text, "{:width$}{line},", "", width = indent + 2);
    }
    let _ = write!(text, "{:indent$}{close}", "");
    text
}

fn flat(data: &Data) -> String {
    match data {
        Data::Null => "null".to_owned(),
        Data::Bool(flag) => flag.to_string(),
        Data::Number(value) => number(*value),
        Data::Text(text) => quoted(text),
        Data::Agent(agent) => format!("[Agent: {}]", agent.name),
        Data::Function(name) => format!("[Function: {name}]"),
        Data::Array(items) if items.is_empty() => "[]".to_owned(),
        Data::Array(items) => format!("[{}]", joined(items.iter().map(flat))),
        Data::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Data::Object(fields) => {
            let fields =
                fields.iter().map(|(name, value)| format!("{}: {}", key(name), flat(value)));
            format!("{{ {} }}", joined(fields))
        }
        Data::Confident(value, confidence) => {
            format!("{} ~> {}", flat(value), number(rounded(*confidence)))
        }
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

fn key(name: &str) -> String {
    let is_start = |c: char| c.is_alphabetic() || c == '_';
    let is_word =
        name.starts_with(is_start) && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_word { name.to_owned() } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// As JavaScript writes whole and infinite numbers; otherwise the shortest digits that give the
/// number back.
fn number(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        _ => value.to_string(),
    }
}

/// A confidence is shown with four decimals at most; the exact one is in `--json`.
fn rounded(confidence: f64) -> f64 {
    (confidence * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_values_stay_on_one_line() {
        let value = Data::object([
            ("ok", Data::Bool(true)),
            ("my key", Data::Array(vec![Data::Number(1.5), Data::Null])),
        ]);
        assert_eq!(result(&value), r#"{ ok: true, "my key": [1.5, null] }"#);
        assert_eq!(result(&Data::from("it's").with_confidence(0.1 + 0.2)), "it's ~> 0.3");
    }

    #[test]
    fn infinite_numbers_are_those_of_javascript() {
        let value = Data::Array([f64::INFINITY, f64::NEG_INFINITY].map(Data::Number).into());
        assert_eq!(result(&value), "[Infinity, -Infinity]");
        assert_eq!(result(&Data::Number(-0.0)), "0");
    }

    #[test]
    fn large_values_are_broken_and_indented() {
        let long = Data::from("x".repeat(60));
        let value = Data::object([("votes", Data::Array(vec![long.clone(), long]))]);
        let line = format!("    \"{}\",\n", "x".repeat(60));
        assert_eq!(result(&value), format!("{{\n  votes: [\n{line}{line}  ],\n}}"));
    }
}
