//! Random edits leave the server with the texts that the editor has, and with the diagnostics
//! that a fresh check of those texts gives. `PRISM_LSP_SEQUENCES=1000` tries more of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use prism_diagnostics::{Diagnostic, Severity};
use prism_source::{FileSystem, ReadError};
use serde_json::{Value, json};

use crate::client::{Client, uri};
use crate::folder;

const NAMES: [&str; 3] = ["a.prism", "b.prism", "c.prism"];

const PIECES: [&str; 22] = [
    "let x = 1\n",
    "x",
    "é",
    "😀",
    "\n",
    "\r\n",
    "\"text 😀\"",
    "(",
    ")",
    "{",
    "}",
    "import { f } from \"./a\"\n",
    "import { g } from \"./b.prism\"\n",
    "import * as c from \"./c\"\n",
    "export function f(x) { return x ~> 0.5 }\n",
    "export function g(n) {\n  return f(n)\n}\n",
    "export let v = f(1)\n",
    "f(1, 2)\n",
    "print(g(x))\n",
    "uncertain if (f(1)) { high { 1 } }\n",
    "c.",
    "// a comment é\n",
];

/// The editor's side: UTF-16 units, cut and joined without any help from the server's code.
fn edited(text: &str, start: (usize, usize), end: (usize, usize), insert: &str) -> String {
    let (start, end) = (unit_at(text, start), unit_at(text, end));
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut result = units[..start].to_vec();
    result.extend(insert.encode_utf16());
    result.extend(&units[end.max(start)..]);
    String::from_utf16(&result).expect("positions between characters")
}

/// The unit at a line and column; past a line its end, past the text its end.
fn unit_at(text: &str, (line, column): (usize, usize)) -> usize {
    let mut at = 0;
    for (index, words) in text.split('\n').enumerate() {
        let n_units = words.encode_utf16().count();
        if index == line {
            // What ends the line is no part of it.
            let has_end = at + n_units < text.encode_utf16().count();
            let end = n_units - usize::from(has_end && words.ends_with('\r'));
            return at + column.min(end);
        }
        at += n_units + 1;
    }
    text.encode_utf16().count()
}

/// A line and column between two characters, sometimes past the line or the text.
fn place(random: &mut fastrand::Rng, text: &str) -> (usize, usize) {
    let lines: Vec<&str> = text.split('\n').collect();
    let line = random.usize(..lines.len() + 1);
    let Some(words) = lines.get(line) else { return (line, random.usize(..5)) };
    let n_chars = words.chars().count();
    let n = random.usize(..n_chars + 2);
    (line, words.chars().take(n).map(char::len_utf16).sum::<usize>() + n.saturating_sub(n_chars))
}

fn position((line, character): (usize, usize)) -> Value {
    json!({ "line": line, "character": character })
}

struct Texts {
    folder: String,
    texts: BTreeMap<String, String>,
}

impl FileSystem for Texts {
    fn read(&self, path: &str) -> Result<Arc<str>, ReadError> {
        let text = self.texts.get(path).ok_or(ReadError::NotFound)?;
        Ok(text.as_str().into())
    }

    fn sources_below(&self, _: &str) -> Result<Vec<String>, ReadError> {
        Ok(self.texts.keys().cloned().collect())
    }

    fn is_folder(&self, path: &str) -> bool {
        path == self.folder
    }
}

/// What a fresh check says, in the form of [`simple`].
fn expected(texts: &Texts) -> BTreeMap<String, Vec<Value>> {
    let checked = prism_driver::check_files(texts, std::slice::from_ref(&texts.folder));
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for diagnostic in &checked.report.diagnostics {
        let path = prism_diagnostics::render::Sources::name(
            &checked.report.sources,
            diagnostic.place.file,
        );
        let text = &texts.texts[&*path];
        found.entry(uri(Path::new(&*path))).or_default().push(simple(text, diagnostic));
    }
    found
}

fn simple(text: &str, diagnostic: &Diagnostic) -> Value {
    let at = |offset: u32| {
        let before = &text[..text.floor_char_boundary(offset as usize)];
        let line = before.matches('\n').count();
        let column = before.rsplit('\n').next().unwrap_or("").encode_utf16().count();
        json!({ "line": line, "character": column })
    };
    let severity = match diagnostic.severity {
        Severity::Error => 1,
        Severity::Warning => 2,
        Severity::Hint => 4,
    };
    let span = diagnostic.place.span;
    json!([diagnostic.code.as_str(), severity, { "start": at(span.start), "end": at(span.end) }])
}

fn pushed(client: &Client) -> BTreeMap<String, Vec<Value>> {
    let one = |one: &Value| json!([one["code"], one["severity"], one["range"]]);
    let all = client.pushed.iter().map(|(uri, pushed)| {
        let diagnostics = pushed["diagnostics"].as_array().expect("a list");
        (uri.clone(), diagnostics.iter().map(one).collect::<Vec<_>>())
    });
    all.filter(|(_, diagnostics)| !diagnostics.is_empty()).collect()
}

/// One session: files of a folder are opened, edited many times without waiting, and closed.
fn session(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let start = "export function f(x) { return x }\nlet é = \"😀\"\n";
    let folder = folder(&NAMES.map(|name| (name, start)));
    let path = |name: &str| folder.path().join(name).to_str().expect("a simple path").to_owned();
    let texts = NAMES.map(|name| (path(name), start.to_owned()));
    let mut texts =
        Texts { folder: folder.path().to_str().expect("simple").to_owned(), texts: texts.into() };
    let mut client = Client::open_folder(folder.path(), json!({}));
    let mut versions: BTreeMap<String, i32> = BTreeMap::new();
    for _ in 0..60 {
        let name = path(NAMES[random.usize(..NAMES.len())]);
        let document = uri(Path::new(&name));
        let text = texts.texts.get_mut(&name).expect("one of three");
        let version = versions.entry(name.clone()).or_default();
        *version += 1;
        if *version == 1 {
            client.open(&document, *version, text);
            continue;
        }
        if random.u8(..30) == 0 {
            client.close(&document);
            *version = 0;
            *text = start.to_owned();
            continue;
        }
        let mut changes = Vec::new();
        for _ in 0..random.usize(1..4) {
            let insert = PIECES[random.usize(..PIECES.len())];
            if random.u8(..12) == 0 {
                *text = format!("{start}{insert}");
                changes.push(json!({ "text": text }));
                continue;
            }
            let (one, other) = (place(&mut random, text), place(&mut random, text));
            // Most edits are small.
            let (from, to) =
                if random.u8(..4) == 0 && one <= other { (one, other) } else { (one, one) };
            *text = edited(text, from, to, insert);
            let range = json!({ "start": position(from), "end": position(to) });
            changes.push(json!({ "range": range, "text": insert }));
        }
        client.change(&document, *version, json!(changes));
    }
    let wanted = expected(&texts);
    client
        .until(&format!("the diagnostics of a fresh check (seed {seed}): {wanted:#?}"), |client| {
            (pushed(client) == wanted).then_some(())
        });
    assert!(client.stop().success());
}

#[test]
fn random_edits_end_as_a_fresh_check_of_the_last_texts() {
    let wanted = std::env::var("PRISM_LSP_SEQUENCES").ok().and_then(|n| n.parse().ok());
    for seed in 0..wanted.unwrap_or(12) {
        session(seed);
    }
}
