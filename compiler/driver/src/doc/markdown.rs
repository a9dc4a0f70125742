//! Modules as Markdown. Words of a program are escaped wherever Markdown would read them as more.

use std::fmt::Write;

use super::header::Header;
use super::text::{Block, Inline, inlines};
use super::{Entry, Kind, Module, Shape};

pub(super) fn render(modules: &[Module]) -> String {
    let mut out = String::new();
    if modules.len() > 1 {
        out.push_str("# Modules\n\n");
        for module in modules {
            out.push_str(&format!("- [{}](#{})\n", escaped(&title(module)), module.anchor));
        }
        out.push('\n');
    }
    for module in modules {
        write_module(&mut out, module);
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// The name of the header, or else what to import.
pub(super) fn title(module: &Module) -> String {
    module.header.name.clone().unwrap_or_else(|| module.path.to_string())
}

/// `1 error`.
pub(super) fn errors(module: &Module) -> String {
    format!("{} error{}", module.n_errors, if module.n_errors == 1 { "" } else { "s" })
}

fn write_module(out: &mut String, module: &Module) {
    line(out, &format!("<a id=\"{}\"></a>\n\n# {}", module.anchor, escaped(&title(module))));
    let mut facts = vec![code(&module.path)];
    facts.extend(
        module.header.version.as_ref().map(|version| format!("version {}", escaped(version))),
    );
    line(out, &facts.join(" · "));
    if module.n_errors > 0 {
        line(
            out,
            &format!(
                "**This file has {}; what could not be read is missing here.**",
                errors(module)
            ),
        );
    }
    write_header(out, &module.header);
    write_blocks(out, &module.doc);
    for kind in Kind::ALL {
        let entries: Vec<&Entry> =
            module.entries.iter().filter(|entry| entry.kind == kind).collect();
        if !entries.is_empty() {
            line(out, &format!("## {}", kind.title()));
            entries.into_iter().for_each(|entry| write_entry(out, entry));
        }
    }
}

fn write_header(out: &mut String, header: &Header) {
    if let Some(description) = &header.description {
        line(out, &inline(&inlines(description)));
    }
    if !header.inputs.is_empty() {
        let rows = header.inputs.iter().map(|input| {
            let required = if input.is_required { "yes" } else { "no" };
            let default =
                if input.default.is_empty() { String::new() } else { code(&input.default) };
            [
                code(&input.name),
                code(&input.ty),
                required.to_owned(),
                default,
                inline(&inlines(&input.description)),
            ]
        });
        line(out, "## Input");
        table(out, &["name", "type", "required", "default", "description"], rows);
    }
    if !header.agents.is_empty() {
        line(out, "## Agents it asks for");
        table(
            out,
            &["what", "value"],
            header.agents.iter().map(|(name, words)| [(*name).to_owned(), code(words)]),
        );
    }
    if !header.others.is_empty() {
        line(out, "## Further keys");
        table(
            out,
            &["key", "value"],
            header.others.iter().map(|(key, words)| [code(key), code(words)]),
        );
    }
}

fn write_entry(out: &mut String, entry: &Entry) {
    line(out, &format!("<a id=\"{}\"></a>\n\n### {}", entry.anchor, escaped(&entry.name)));
    match &entry.shape {
        Shape::Callable { signature, effects, confidence } => {
            fenced(out, "text", signature);
            let effects: Vec<String> = effects.iter().map(|effect| code(effect)).collect();
            let effects = if effects.is_empty() { "none".to_owned() } else { effects.join(", ") };
            line(
                out,
                &format!("Effects: {effects}. Confidence of the result: {}.", code(confidence)),
            );
        }
        Shape::Source(source) => fenced(out, "text", source),
        Shape::From(module) => line(out, &format!("Declared in {}.", code(module))),
    }
    write_blocks(out, &entry.doc);
}

fn write_blocks(out: &mut String, blocks: &[Block]) {
    for block in blocks {
        match block {
            Block::Paragraph(words) => line(out, &inline(words)),
            Block::List(items) => {
                let items: String =
                    items.iter().map(|item| format!("- {}\n", inline(item))).collect();
                line(out, items.trim_end());
            }
            // An example of a comment is not one of the page's own tests.
            Block::Code { language, text } => fenced(out, language, text),
        }
    }
}

/// A line and a blank one after it.
fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push_str("\n\n");
}

fn table<const N: usize>(
    out: &mut String,
    head: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
) {
    let row = |cells: &[String; N]| {
        let cells: Vec<String> =
            cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    out.push_str(&row(&head.map(str::to_owned)));
    out.push_str(&format!("|{}\n", "---|".repeat(N)));
    rows.for_each(|cells| out.push_str(&row(&cells)));
    out.push('\n');
}

fn inline(words: &[Inline]) -> String {
    words
        .iter()
        .map(|word| match word {
            Inline::Text(text) => escaped(text),
            Inline::Code(text) => code(text),
            Inline::Emphasis(text) => format!("*{}*", escaped(text)),
        })
        .collect()
}

/// A code span whose marks are longer than any inside.
fn code(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return String::new();
    }
    let marks = "`".repeat(longest_run(&text) + 1);
    let gap = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{marks}{gap}{text}{gap}{marks}")
}

fn fenced(out: &mut String, language: &str, text: &str) {
    let marks = "`".repeat((longest_run(text) + 1).max(3));
    line(out, &format!("{marks}{language}\n{}\n{marks}", text.trim_end()));
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Text that Markdown takes as text, on one line.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_start = true;
    for c in text.chars() {
        let is_mark = "\\`*_[]<>&~".contains(c) || (is_start && "#-+=!".contains(c));
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if is_mark => {
                let _ = write!(out, "\\{c}");
            }
            c => out.push(c),
        }
        is_start = false;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_text() {
        assert_eq!(escaped("<b> [x](y) # &amp;"), "\\<b\\> \\[x\\](y) # \\&amp;");
        assert_eq!(escaped("# no\ntitle"), "\\# no title");
        assert_eq!(code("a `b`"), "`` a `b` ``");
        assert_eq!(code("a\n| b"), "`a | b`");
    }
}
