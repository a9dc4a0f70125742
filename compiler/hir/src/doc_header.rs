//! The pattern header: the leading `/** … */` of a file, with its `@key value` lines.
//!
//! A value is JSON when it parses, else text; it spans lines while a bracket is open.

use prism_diagnostics::nearest;
use prism_source::{Db, SourceFile};
use prism_span::{RelSpan, Span};
use serde_json::Value;

use crate::body::{Text, TypeRef};
use crate::problem::{Problem, ProblemKind};

/// What the header says. Missing keys have no entry; of a key written twice the first counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Header {
    pub entries: Vec<HeaderEntry>,
    /// The lines without a key.
    pub doc: Text,
}

#[derive(Debug, Clone, PartialEq)]
pub struct HeaderEntry {
    pub key: Text,
    pub value: Value,
    /// The value as written.
    pub text: Text,
}

/// Where an entry of the header stands, in the order of [`Header::entries`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntrySpans {
    pub key: Span,
    pub value: Span,
}

impl Header {
    pub fn get(&self, key: &str) -> Option<&HeaderEntry> {
        self.entries.iter().find(|entry| &*entry.key == key)
    }

    pub fn value(&self, key: &str) -> Option<&Value> {
        self.get(key).map(|entry| &entry.value)
    }

    /// The type that the header declares for `input`.
    pub fn input_type(&self) -> Option<TypeRef> {
        self.value("input").map(|value| crate::described::described(&prism_input::read(value)))
    }

    /// The value of a key as its words.
    pub fn text(&self, key: &str) -> Option<&Text> {
        self.get(key).map(|entry| &entry.text)
    }
}

/// The header of a file.
#[salsa::tracked]
pub fn header(db: &dyn Db, file: SourceFile) -> Header {
    read(file.text(db)).header
}

/// Where the entries of the header stand.
#[salsa::tracked]
pub fn header_spans(db: &dyn Db, file: SourceFile) -> Vec<EntrySpans> {
    read(file.text(db)).spans
}

/// What is wrong with the header; spans count from the start of the file.
pub(crate) fn problems(text: &str) -> Vec<Problem> {
    let Read { header, spans, mut problems } = read(text);
    for (entry, spans) in header.entries.iter().zip(&spans) {
        problems.extend(check_key(entry, spans.key));
        problems.extend(check_value(&header, entry, spans.value));
        problems.extend(check_parts(entry, spans.value));
    }
    problems
}

/// Keys that mean something to the toolchain or to readers.
pub const KEYS: &[&str] = &[
    "agents",
    "author",
    "budget",
    "category",
    "confidence",
    "deprecated",
    "description",
    "example",
    "input",
    "license",
    "maxAgents",
    "metadata",
    "minAgents",
    "name",
    "output",
    "param",
    "primitive",
    "returns",
    "schedule",
    "see",
    "since",
    "tags",
    "threads",
    "timeout",
    "version",
    "workspace",
];

/// The keys inside a value that has keys of its own.
const PARTS: &[(&str, &[&str])] = &[
    ("agents", &["capabilities", "maxAgents", "minAgents", "minConfidence", "names"]),
    ("workspace", &["baseBranch", "branchStrategy", "createPr", "enabled", "pr", "repo"]),
];

/// Keys that may be written several times.
const REPEATED: &[&str] = &["author", "example", "param", "see"];

#[derive(Default)]
struct Read {
    header: Header,
    spans: Vec<EntrySpans>,
    problems: Vec<Problem>,
}

fn read(text: &str) -> Read {
    let Some(comment) = comment(text) else { return Read::default() };
    let (inside, base) = (plain(comment.slice(text)), comment.start);
    let mut read = Read::default();
    let mut doc: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < inside.len() {
        let end = inside[at..].find('\n').map_or(inside.len(), |end| at + end + 1);
        let line = &inside[at..end];
        let indent = line.len() - line.trim_start().len();
        match line.trim_start().strip_prefix('@') {
            Some(_) => at = entry(&inside, at + indent, base, &mut read),
            None => {
                doc.push(line.trim());
                at = end;
            }
        }
    }
    read.header.doc = doc.join("\n").trim().into();
    read
}

/// The bytes between `/**` and `*/` when nothing but comments stands before.
fn comment(text: &str) -> Option<Span> {
    let mut at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let rest = &text[at..];
        if let Some(line) = rest.strip_prefix("//") {
            at += 2 + line.find('\n').unwrap_or(line.len());
        } else if rest.starts_with("#!") && at == 0 {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if let Some(inside) = rest.strip_prefix("/*") {
            let len = inside.find("*/")?;
            if inside.starts_with('*') && len > 1 {
                return Some(Span::new((at + 3) as u32, (at + 2 + len) as u32));
            }
            at += len + 4;
        } else {
            return None;
        }
    }
}

/// The comment with the `*` at the start of its lines blanked, so that offsets stay true.
fn plain(comment: &str) -> String {
    let mut plain = String::with_capacity(comment.len());
    for line in comment.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        match line[indent..].strip_prefix('*') {
            Some(rest) => {
                plain.push_str(&line[..indent]);
                plain.push(' ');
                plain.push_str(rest);
            }
            None => plain.push_str(line),
        }
    }
    plain
}

/// Reads the entry whose `@` stands at `at`; gives the offset behind its last line.
fn entry(inside: &str, at: usize, base: u32, read: &mut Read) -> usize {
    let is_key = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let key = &inside[at + 1..];
    let key = &key[..key.find(|c| !is_key(c)).unwrap_or(key.len())];
    let from = at + 1 + key.len();
    let end = from + value_len(&inside[from..]);
    let words = inside[from..end].trim();
    let start = from + (inside[from..end].len() - inside[from..end].trim_start().len());
    let span = |start: usize, end: usize| Span::new(base + start as u32, base + end as u32);
    let spans = EntrySpans {
        key: span(at, from),
        value: span(start.min(end), (start + words.len()).min(end)),
    };
    let value = match serde_json::from_str(words) {
        Ok(value) => value,
        Err(error) => {
            if words.starts_with(['{', '[']) {
                let at = offset(words, error.line(), error.column());
                let at = Span::empty(spans.value.start + at as u32);
                let kind = ProblemKind::HeaderJson { key: key.into(), error: reason(&error) };
                read.problems.push(problem(at, kind));
            }
            Value::String(words.to_owned())
        }
    };
    let is_repeated = read.header.get(key).is_some() && !REPEATED.contains(&key);
    if is_repeated {
        read.problems.push(problem(spans.key, ProblemKind::HeaderTwice { key: key.into() }));
    } else {
        read.header.entries.push(HeaderEntry { key: key.into(), value, text: words.into() });
        read.spans.push(spans);
    }
    end
}

/// The bytes of a value: to the end of the line, or of the line that closes its brackets.
fn value_len(text: &str) -> usize {
    let mut open = 0_u32;
    let mut is_string = false;
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\n' if open == 0 => return at + 1,
            // A string ends with its line; a key on a new line ends a value that never closes.
            b'\n' => {
                is_string = false;
                if text[at + 1..].trim_start_matches([' ', '\t']).starts_with('@') {
                    return at + 1;
                }
            }
            _ if is_escaped => is_escaped = false,
            b'\\' if is_string => is_escaped = true,
            b'"' => is_string = !is_string,
            b'{' | b'[' if !is_string => open += 1,
            b'}' | b']' if !is_string => open = open.saturating_sub(1),
            _ => {}
        }
    }
    text.len()
}

fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut at = (before + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The words of a JSON error without its own position.
fn reason(error: &serde_json::Error) -> Text {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).into()
}

fn problem(span: Span, kind: ProblemKind) -> Problem {
    Problem { at: RelSpan::new(span.start, span.end), kind }
}

fn check_key(entry: &HeaderEntry, span: Span) -> Option<Problem> {
    let key = &*entry.key;
    if KEYS.contains(&key) || key.starts_with("x-") {
        return None;
    }
    let nearest = nearest(key, KEYS.iter().copied()).map(Text::from);
    Some(problem(span, ProblemKind::HeaderKey { key: entry.key.clone(), nearest }))
}

/// Unknown keys inside the value of an entry.
fn check_parts(entry: &HeaderEntry, span: Span) -> Vec<Problem> {
    let known = PARTS.iter().find(|(key, _)| *key == &*entry.key);
    let (Some((_, known)), Some(object)) = (known, entry.value.as_object()) else {
        return Vec::new();
    };
    let unknown = object.keys().filter(|key| !known.contains(&key.as_str()));
    unknown
        .filter(|key| !key.starts_with("x-"))
        .map(|key| {
            let nearest = nearest(key, known.iter().copied()).map(Text::from);
            let kind =
                ProblemKind::HeaderPart { key: (&**key).into(), of: entry.key.clone(), nearest };
            problem(part_span(&entry.text, key, span), kind)
        })
        .collect()
}

/// Where the key stands in the value: inside its quotes, before a colon. A key with escapes is
/// not found as it is written; the whole value stands for it.
fn part_span(text: &str, key: &str, value: Span) -> Span {
    let quoted = format!("\"{key}\"");
    let mut places = text.match_indices(&quoted).map(|(at, _)| at);
    let found = places.find(|at| text[at + quoted.len()..].trim_start().starts_with(':'));
    found.map_or(value, |at| {
        let start = value.start + at as u32 + 1;
        Span::new(start, start + key.len() as u32)
    })
}

fn check_value(header: &Header, entry: &HeaderEntry, span: Span) -> Option<Problem> {
    let is_broken = matches!(&entry.value, Value::String(text) if text.starts_with(['{', '[']));
    if is_broken {
        return None;
    }
    if &*entry.key == "schedule" {
        return check_schedule(entry, span);
    }
    let expected = match &*entry.key {
        "minAgents" | "maxAgents" if entry.value.as_u64().is_none() => "a whole number, 0 or more",
        "maxAgents" => {
            let least = header.value("minAgents").and_then(Value::as_u64).unwrap_or(0);
            if entry.value.as_u64().is_some_and(|most| most >= least) {
                return None;
            }
            "a number that is not below `@minAgents`"
        }
        "agents" => agents_expected(&entry.value)?,
        "input" | "metadata" if !entry.value.is_object() => "an object",
        "workspace" if !(entry.value.is_object() || entry.value.is_boolean()) => {
            "an object, `true` or `false`"
        }
        "confidence" if !is_confidence(&entry.value) => "a number from 0 to 1",
        "name" | "version" if entry.text.is_empty() => "a text",
        _ => return None,
    };
    let kind = ProblemKind::HeaderValue { key: entry.key.clone(), expected };
    Some(problem(span, kind))
}

/// What is wrong with a schedule, at the part of it that is.
fn check_schedule(entry: &HeaderEntry, span: Span) -> Option<Problem> {
    let mistake = prism_schedule::read(&entry.value).err()?;
    let part = Some(&*mistake.part).filter(|part| !part.is_empty());
    let at = part.and_then(|part| entry.text.find(part)).map_or(span, |start| {
        let place = |at: usize| span.start + (start + at) as u32;
        Span::new(place(mistake.at.start), place(mistake.at.end))
    });
    Some(problem(at, ProblemKind::HeaderSchedule { what: mistake.what }))
}

fn is_confidence(value: &Value) -> bool {
    value.as_f64().is_some_and(|k| (0.0..=1.0).contains(&k))
}

/// What is missing in the value of `@agents`.
fn agents_expected(value: &Value) -> Option<&'static str> {
    let is_text_list =
        |value: &Value| value.as_array().is_some_and(|items| items.iter().all(Value::is_string));
    if is_text_list(value) {
        return None;
    }
    let Some(object) = value.as_object() else {
        return Some("an object such as `{\"capabilities\": [\"code\"]}`, or a list of names");
    };
    let wrong = |key: &str, is_right: &dyn Fn(&Value) -> bool| {
        object.get(key).is_some_and(|value| !is_right(value))
    };
    if wrong("capabilities", &is_text_list) || wrong("names", &is_text_list) {
        return Some("lists of texts for `capabilities` and `names`");
    }
    if wrong("minConfidence", &is_confidence) {
        return Some("a number from 0 to 1 for `minConfidence`");
    }
    let is_count = |value: &Value| value.as_u64().is_some();
    if wrong("minAgents", &is_count) || wrong("maxAgents", &is_count) {
        return Some("whole numbers for `minAgents` and `maxAgents`");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "// first\n/**\n * @name Demo\n * @version 1.0\n * Some words.\n * @input {\n *   \"task\": \"string\"\n * }\n * @minAgents 2\n * @maxAgents 1\n * @agnts []\n */\nlet x = 1\n";

    #[test]
    fn values_are_json_or_text_and_span_lines() {
        let read = read(TEXT);
        assert_eq!(&**read.header.text("name").expect("a name"), "Demo");
        assert_eq!(&**read.header.text("version").expect("a version"), "1.0");
        assert_eq!(read.header.value("input"), Some(&serde_json::json!({"task": "string"})));
        assert_eq!(&*read.header.doc, "Some words.");
        assert_eq!(read.spans[0].key.slice(TEXT), "@name");
        assert_eq!(read.spans[0].value.slice(TEXT), "Demo");
    }

    #[test]
    fn wrong_keys_and_values_are_found() {
        let kinds: Vec<_> = problems(TEXT).into_iter().map(|problem| problem.kind).collect();
        assert!(matches!(&kinds[0], ProblemKind::HeaderValue { key, .. } if &**key == "maxAgents"));
        let ProblemKind::HeaderKey { nearest: Some(nearest), .. } = &kinds[1] else {
            panic!("{kinds:?}")
        };
        assert_eq!(&**nearest, "agents");
    }

    #[test]
    fn bad_json_is_marked_where_it_breaks() {
        let text = "/** @input {\"a\": } */";
        let found = problems(text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(&text[found[0].at.start as usize..][..1], "}");
        assert!(problems("/* @input { */ let a").is_empty());
        assert!(problems("/** @input {").is_empty());
    }
}
