//! The diagnostic itself: plain data with a small builder.

use prism_span::{FileId, Span};

use crate::Code;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The program does not run.
    Error,
    /// The program runs, and probably not as meant.
    Warning,
    /// Worth knowing; shown in editors, not counted.
    Hint,
}

/// Bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    pub file: FileId,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    /// Lower case, no final period, names in backticks; enough on its own.
    pub message: String,
    pub place: Place,
    /// What to write under the marked text; the message is not repeated there.
    pub label: Option<String>,
    /// Other places that matter.
    pub labels: Vec<Label>,
    /// What to do, one sentence each.
    pub help: Vec<String>,
    pub fixes: Vec<Fix>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label {
    pub place: Place,
    pub message: String,
}

/// A change that an editor or `prismc check --fix` can make. The edits do not overlap.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fix {
    pub title: String,
    pub edits: Vec<Edit>,
}

/// Replaces the text at `place` by `insert`; an empty place inserts, an empty text deletes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Edit {
    pub place: Place,
    pub insert: String,
}

impl Place {
    pub const fn new(file: FileId, span: Span) -> Place {
        Place { file, span }
    }
}

impl Severity {
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Hint => "hint",
        }
    }
}

impl Diagnostic {
    /// An error; see [`Diagnostic::warning`] and [`Diagnostic::hint`].
    pub fn new(code: Code, place: Place, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            place,
            label: None,
            labels: Vec::new(),
            help: Vec::new(),
            fixes: Vec::new(),
        }
    }

    pub fn warning(code: Code, place: Place, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::new(code, place, message) }
    }

    pub fn hint(code: Code, place: Place, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Hint, ..Diagnostic::new(code, place, message) }
    }

    pub fn with_label(mut self, text: impl Into<String>) -> Diagnostic {
        self.label = Some(text.into());
        self
    }

    pub fn with_place(mut self, place: Place, message: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { place, message: message.into() });
        self
    }

    pub fn with_help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help.push(text.into());
        self
    }

    pub fn with_fix(mut self, title: impl Into<String>, edits: Vec<Edit>) -> Diagnostic {
        self.fixes.push(Fix { title: title.into(), edits });
        self
    }

    pub const fn is_error(&self) -> bool {
        matches!(self.severity, Severity::Error)
    }
}

impl Edit {
    pub fn replace(place: Place, insert: impl Into<String>) -> Edit {
        Edit { place, insert: insert.into() }
    }

    /// Inserts at a byte of a file.
    pub fn insert(file: FileId, at: u32, text: impl Into<String>) -> Edit {
        Edit { place: Place::new(file, Span::empty(at)), insert: text.into() }
    }

    pub fn delete(place: Place) -> Edit {
        Edit { place, insert: String::new() }
    }
}
