//! Diagnostics as JSON: an array with one object per diagnostic.

use prism_span::{FileId, LineIndex};
use serde_json::{Value, json};

use super::{Sources, fitted};
use crate::{Diagnostic, Edit, Fix, Label, Place};

/// Each object: `code severity message file span start end label labels help fixes`.
/// `span` is `[start, end]` in bytes, `start` and `end` are `{line, column}` from 1,
/// columns in characters.
pub fn json(diagnostics: &[Diagnostic], sources: &dyn Sources) -> Value {
    let mut files = Files { sources, known: Vec::new() };
    diagnostics.iter().map(|diagnostic| files.diagnostic(diagnostic)).collect()
}

struct Files<'s> {
    sources: &'s dyn Sources,
    known: Vec<(FileId, LineIndex)>,
}

impl Files<'_> {
    fn diagnostic(&mut self, diagnostic: &Diagnostic) -> Value {
        let labels: Value = diagnostic.labels.iter().map(|label| self.label(label)).collect();
        let fixes: Value = diagnostic.fixes.iter().map(|fix| self.fix(fix)).collect();
        let head = json!({
            "code": diagnostic.code.as_str(),
            "severity": diagnostic.severity.as_str(),
            "message": diagnostic.message,
        });
        let tail = json!({
            "label": diagnostic.label,
            "labels": labels,
            "help": diagnostic.help,
            "fixes": fixes,
        });
        joined(joined(head, self.place(diagnostic.place)), tail)
    }

    fn label(&mut self, label: &Label) -> Value {
        joined(self.place(label.place), json!({ "message": label.message }))
    }

    fn fix(&mut self, fix: &Fix) -> Value {
        let edits: Value = fix.edits.iter().map(|edit| self.edit(edit)).collect();
        json!({ "title": fix.title, "edits": edits })
    }

    fn edit(&mut self, edit: &Edit) -> Value {
        joined(self.place(edit.place), json!({ "insert": edit.insert }))
    }

    fn place(&mut self, place: Place) -> Value {
        let name = self.sources.name(place.file);
        let Some(text) = self.sources.text(place.file) else {
            let span = place.span;
            return json!({ "file": &*name, "span": [span.start, span.end] });
        };
        let span = fitted(place.span, &text);
        let lines = self.lines(place.file, &text);
        let (start, end) = (lines.position(span.start), lines.position(span.end));
        json!({
            "file": &*name,
            "span": [span.start, span.end],
            "start": { "line": start.line, "column": start.column },
            "end": { "line": end.line, "column": end.column },
        })
    }

    fn lines(&mut self, file: FileId, text: &str) -> &LineIndex {
        let at = self.known.iter().position(|(known, _)| *known == file);
        let at = at.unwrap_or_else(|| {
            self.known.push((file, LineIndex::new(text)));
            self.known.len() - 1
        });
        &self.known[at].1
    }
}

/// One object with the fields of both.
fn joined(mut first: Value, second: Value) -> Value {
    if let (Value::Object(into), Value::Object(mut from)) = (&mut first, second) {
        into.append(&mut from);
    }
    first
}
