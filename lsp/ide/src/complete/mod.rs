//! What could be written at a byte, in a text that is not finished.
//!
//! The words before the byte decide what is wanted; the tree and the types, as far as the text
//! can be read, decide what there is.

mod context;
mod members;
mod names;
mod paths;

use prism_project::RootDb;
use prism_source::SourceFile;
use prism_span::Span;

use context::{Wanted, wanted};

/// What could be written instead of the bytes of a span.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Completions {
    pub span: Span,
    pub items: Vec<Completion>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    pub label: String,
    pub kind: CompletionKind,
    /// A type or a signature, in one line.
    pub detail: String,
    /// Markdown.
    pub doc: String,
}

/// In the order in which they are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CompletionKind {
    Field,
    Method,
    Operation,
    Local,
    Function,
    Variable,
    Agent,
    Type,
    Effect,
    Module,
    Builtin,
    Host,
    Keyword,
}

impl Completion {
    pub(crate) fn new(label: impl Into<String>, kind: CompletionKind) -> Completion {
        Completion { label: label.into(), kind, detail: String::new(), doc: String::new() }
    }

    pub(crate) fn with(self, detail: impl Into<String>) -> Completion {
        Completion { detail: detail.into(), ..self }
    }

    pub(crate) fn about(self, doc: impl Into<String>) -> Completion {
        Completion { doc: doc.into(), ..self }
    }
}

/// What could be written at a byte; each name once, the nearest meaning of it.
pub fn completions(db: &RootDb, file: SourceFile, at: u32) -> Completions {
    let (span, wanted) = wanted(db, file, at);
    let mut items = match wanted {
        Wanted::Nothing => Vec::new(),
        Wanted::Members { dot } => members::members(db, file, dot),
        Wanted::Path { written } => paths::paths(db, file, &written),
        Wanted::Exports { specifier } => paths::exports_of(db, file, &specifier),
        Wanted::AgentName => names::agents(db, file),
        Wanted::Effects => names::effects(db, file),
        Wanted::Types => names::types(db, file, span.start),
        Wanted::Bands => names::bands(),
        Wanted::Names { position } => names::names(db, file, span.start, position),
    };
    let mut seen = std::collections::BTreeSet::new();
    items.retain(|item| seen.insert(item.label.clone()));
    items.sort_by(|a, b| (a.kind, &a.label).cmp(&(b.kind, &b.label)));
    Completions { span, items }
}
