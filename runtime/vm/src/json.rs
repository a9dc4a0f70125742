//! JSON text. Two languages:
//!
//! - *the encoding*, for stores, agents and the command line: a confident value is
//!   `{"~":[value,confidence]}`, an agent `{"agent":name,…attributes}`, a function its text form,
//!   numbers that JSON lacks are null; reading gives the values back (functions as text);
//! - *plain JSON*, for programs (`JSON.parse`, `JSON.stringify`): no confidences.
//!
//! Reading is limited to [`MAX_DEPTH`] levels; an object that repeats a key keeps the last value.

mod read;

#[cfg(feature = "json")]
mod serde;

use std::fmt::Write;
use std::sync::Arc;

use crate::data::{AgentRef, Data, MAX_DEPTH};
use crate::numbers::push_number;

/// Text that is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    pub what: &'static str,
    /// Byte offset.
    pub at: usize,
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at)
    }
}

impl std::error::Error for JsonError {}

impl Data {
    /// The encoding, on one line.
    pub fn to_json_text(&self) -> String {
        let mut out = String::new();
        encode(self, &mut out);
        out
    }

    /// Reads the encoding.
    pub fn from_json_text(text: &str) -> Result<Data, JsonError> {
        let data = read::read(text)?;
        Ok(decode(data))
    }
}

/// How `JSON.stringify` prints.
pub(crate) struct Plain<'a> {
    /// The keys to keep; `None` for all.
    pub(crate) keys: Option<Vec<&'a str>>,
    /// Empty for one line.
    pub(crate) indent: String,
    /// Text that grows beyond so many bytes is not completed.
    pub(crate) limit: usize,
}

/// Reads plain JSON.
pub(crate) fn parse_plain(text: &str) -> Result<Data, JsonError> {
    read::read(text)
}

/// Prints plain JSON.
pub(crate) fn print_plain(data: &Data, plain: &Plain<'_>) -> String {
    let mut out = String::new();
    print(data, plain, 0, &mut out);
    out
}

/// The parsed object, with what the encoding means by it.
fn decode(data: Data) -> Data {
    match data {
        Data::Array(items) => Data::Array(items.into_iter().map(decode).collect()),
        Data::Object(fields) => {
            let fields: Vec<_> =
                fields.into_iter().map(|(key, value)| (key, decode(value))).collect();
            meaning(fields)
        }
        other => other,
    }
}

/// What the encoding means by an object whose parts are decoded.
fn meaning(mut fields: Vec<(Arc<str>, Data)>) -> Data {
    let is_confident = fields.len() == 1
        && &*fields[0].0 == "~"
        && matches!(&fields[0].1, Data::Array(pair) if matches!(pair[..], [_, Data::Number(_)]));
    if is_confident
        && let Some((_, Data::Array(mut pair))) = fields.pop()
        && let (Some(Data::Number(confidence)), Some(value)) = (pair.pop(), pair.pop())
    {
        return value.with_confidence(confidence);
    }
    match fields.first() {
        Some((key, Data::Text(name))) if &**key == "agent" && is_agent(&fields) => {
            let name = name.clone();
            let attributes = fields.split_off(1);
            Data::Agent(AgentRef { name, attributes })
        }
        _ => Data::Object(fields),
    }
}

/// An object that begins with `agent` is a handle if it has an id too: a request to an agent
/// begins with `agent` as well, but has none.
fn is_agent(fields: &[(Arc<str>, Data)]) -> bool {
    fields.iter().any(|(key, _)| &**key == "id")
}

fn encode(data: &Data, out: &mut String) {
    match data {
        Data::Null => out.push_str("null"),
        Data::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Data::Number(number) => number_text(*number, out),
        Data::Text(text) => quote(text, out),
        Data::Array(items) => {
            out.push('[');
            separated(items, out, encode);
            out.push(']');
        }
        Data::Object(fields) => {
            out.push('{');
            separated(fields, out, |(key, value), out| encode_field(key, value, out));
            out.push('}');
        }
        Data::Agent(AgentRef { name, attributes }) => {
            out.push_str("{\"agent\":");
            quote(name, out);
            for (key, value) in attributes {
                out.push(',');
                encode_field(key, value, out);
            }
            out.push('}');
        }
        Data::Function(name) => quote(&format!("[Function: {name}]"), out),
        Data::Confident(value, confidence) => {
            out.push_str("{\"~\":[");
            encode(value, out);
            out.push(',');
            number_text(*confidence, out);
            out.push_str("]}");
        }
    }
}

fn encode_field(key: &str, value: &Data, out: &mut String) {
    quote(key, out);
    out.push(':');
    encode(value, out);
}

fn separated<T>(items: &[T], out: &mut String, print: impl Fn(&T, &mut String)) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        print(item, out);
    }
}

fn print(data: &Data, plain: &Plain<'_>, depth: usize, out: &mut String) {
    match data {
        Data::Confident(value, _) => print(value, plain, depth, out),
        Data::Array(items) => {
            lines(items, ['[', ']'], plain, depth, out, |item, out| match item {
                Data::Function(_) => out.push_str("null"),
                item => print(item, plain, depth + 1, out),
            });
        }
        Data::Object(fields) | Data::Agent(AgentRef { attributes: fields, .. }) => {
            let is_kept = |key: &str| plain.keys.as_ref().is_none_or(|keys| keys.contains(&key));
            let kept = fields
                .iter()
                .filter(|(key, value)| is_kept(key) && !matches!(value, Data::Function(_)));
            let kept: Vec<_> = kept.collect();
            lines(&kept, ['{', '}'], plain, depth, out, |(key, value), out| {
                quote(key, out);
                out.push_str(if plain.indent.is_empty() { ":" } else { ": " });
                print(value, plain, depth + 1, out);
            });
        }
        Data::Null | Data::Bool(_) | Data::Number(_) | Data::Text(_) | Data::Function(_) => {
            encode(data, out);
        }
    }
}

/// The parts of an array or object, each on a line of its own if there is an indent.
fn lines<T>(
    items: &[T],
    [open, close]: [char; 2],
    plain: &Plain<'_>,
    depth: usize,
    out: &mut String,
    print: impl Fn(&T, &mut String),
) {
    let break_line = |depth: usize, out: &mut String| {
        if !plain.indent.is_empty() {
            out.push('\n');
            out.extend(std::iter::repeat_n(plain.indent.as_str(), depth));
        }
    };
    out.push(open);
    for (at, item) in items.iter().enumerate() {
        if out.len() > plain.limit {
            return;
        }
        if at > 0 {
            out.push(',');
        }
        break_line(depth + 1, out);
        print(item, out);
    }
    if !items.is_empty() {
        break_line(depth, out);
    }
    out.push(close);
}

fn number_text(number: f64, out: &mut String) {
    if number.is_finite() { push_number(out, number) } else { out.push_str("null") }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' => {
                write!(out, "\\u{:04x}", u32::from(c)).expect("a string takes every write");
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

const _: () = assert!(MAX_DEPTH < 10_000);
