//! What `prism` itself reports: a code, what happened, what to do, and sometimes a place.
//!
//! Errors of the machine, the engine and the agents arrive here with their code as text.
//! The sentences of this crate's own codes are in `words.rs`.

use std::ops::Range;
use std::sync::Arc;

use prism_diagnostics::render::{SingleFile, text};
use prism_diagnostics::{Code, Diagnostic, Place};
use prism_span::{FileId, Span};
use serde_json::{Value, json};

/// One thing that went wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    pub code: String,
    pub message: String,
    pub help: Vec<String>,
    /// Further lines, after the help: the functions around a failure.
    pub notes: Vec<String>,
    pub place: Option<Box<Excerpt>>,
}

/// Bytes of a named text.
#[derive(Debug, Clone, PartialEq)]
pub struct Excerpt {
    /// A path, or `--input`.
    pub name: Arc<str>,
    pub text: Arc<str>,
    pub span: Range<usize>,
}

impl Problem {
    pub fn new(code: &str, message: impl Into<String>) -> Problem {
        Problem {
            code: code.to_owned(),
            message: message.into(),
            help: Vec::new(),
            notes: Vec::new(),
            place: None,
        }
    }

    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Problem {
        self.help.push(help.into());
        self
    }

    #[must_use]
    pub fn at(mut self, place: Excerpt) -> Problem {
        self.place = Some(Box::new(place));
        self
    }

    /// With an excerpt when the place is known, else as two lines.
    pub fn render(&self, color: bool) -> String {
        let mut drawn = match (Code::parse(&self.code), &self.place) {
            (Some(code), Some(place)) => {
                let source = SingleFile { name: place.name.clone(), text: place.text.clone() };
                text(&[self.diagnostic(code, place)], &source, color)
            }
            _ => self.lines(),
        };
        for note in &self.notes {
            drawn.push_str(&format!("   {note}\n"));
        }
        drawn
    }

    fn diagnostic(&self, code: Code, place: &Excerpt) -> Diagnostic {
        let span = Span::new(place.span.start as u32, place.span.end as u32);
        let place = Place::new(FileId(0), span);
        let diagnostic = Diagnostic::new(code, place, &self.message);
        self.help.iter().fold(diagnostic, |diagnostic, help| diagnostic.with_help(help))
    }

    fn lines(&self) -> String {
        let mut lines = format!("[{}] Error: {}\n", self.code, self.message);
        for help in &self.help {
            lines.push_str(&format!("   Help: {help}\n"));
        }
        lines
    }

    /// `{"code","message","help"}`, and `file`, `line`, `column` when the place is known.
    pub fn json(&self) -> Value {
        let mut value = json!({ "code": self.code, "message": self.message, "help": self.help });
        if let (Some(place), Value::Object(fields)) = (&self.place, &mut value) {
            let at = prism_span::LineIndex::new(&place.text).position(place.span.start as u32);
            fields.insert("file".to_owned(), Value::from(&*place.name));
            fields.insert("line".to_owned(), Value::from(at.line));
            fields.insert("column".to_owned(), Value::from(at.column));
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_without_a_place_is_two_lines_and_an_object() {
        let problem = Problem::new("P2204", "`x` cannot be read").with_help("check the path");
        assert_eq!(
            problem.render(false),
            "[P2204] Error: `x` cannot be read\n   Help: check the path\n"
        );
        assert_eq!(
            problem.json(),
            json!({"code": "P2204", "message": "`x` cannot be read", "help": ["check the path"]})
        );
    }
}
