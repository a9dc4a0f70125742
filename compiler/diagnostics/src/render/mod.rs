//! Diagnostics as text for people and as JSON for tools.

mod json;
mod text;

use std::sync::Arc;

use prism_span::{FileId, Span};

pub use json::json;
pub use text::text;

/// Where renderers get names and texts from.
pub trait Sources {
    /// The path as the user wrote it, or another name to show.
    fn name(&self, file: FileId) -> Arc<str>;
    /// `None` when the text is not available; the place is then shown without an excerpt.
    fn text(&self, file: FileId) -> Option<Arc<str>>;
}

/// One file under one name, whatever the id.
#[derive(Debug, Clone)]
pub struct SingleFile {
    pub name: Arc<str>,
    pub text: Arc<str>,
}

impl Sources for SingleFile {
    fn name(&self, _: FileId) -> Arc<str> {
        self.name.clone()
    }

    fn text(&self, _: FileId) -> Option<Arc<str>> {
        Some(self.text.clone())
    }
}

/// Moves a span inside the text and onto character boundaries.
fn fitted(span: Span, text: &str) -> Span {
    let start = text.floor_char_boundary(span.start as usize);
    let end = text.ceil_char_boundary(span.end as usize).max(start);
    Span::new(start as u32, end as u32)
}
