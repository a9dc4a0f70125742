//! Items: what has a body and is checked on its own.
//!
//! A module is cut into its top-level functions, its tests, its patterns, and one item that
//! holds all its other statements. What a query reads of an item decides when it runs again:
//! [`Item::source`] changes when the words of the item change, [`Item::layout`] when it moves,
//! [`Item::signature`] when its head does.

use std::sync::Arc;

use prism_source::SourceFile;
use prism_span::{RelSpan, Span};

use crate::body::{Text, TypeRef};
use crate::slice::Slice;

#[salsa::tracked(debug)]
pub struct Item<'db> {
    #[returns(copy)]
    pub file: SourceFile,
    #[returns(copy)]
    pub kind: ItemKind,
    /// The name of the function or pattern, the text of a test; empty for the module's statements.
    pub name: Text,
    /// The syntax of the item; only this crate looks inside.
    #[tracked]
    pub source: Slice,
    #[tracked]
    pub layout: Layout,
    #[tracked]
    pub signature: Arc<Signature>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ItemKind {
    /// The statements of a module that are none of the others.
    Module,
    Function,
    Test,
    /// `pattern Name { … }`: a function without parameters.
    Pattern,
}

/// Where an item stands in its file.
///
/// An item's own spans count from its start; those of a module's statements count through
/// the statements alone, as if nothing stood between them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// Start of each piece in the item, and in the file; ordered, the first at 0.
    pub pieces: Arc<[(u32, u32)]>,
}

impl Layout {
    /// An item that is one piece.
    pub fn at(start: u32) -> Layout {
        Layout { pieces: [(0, start)].into() }
    }

    /// The bytes of the file that a span of the item means.
    pub fn absolute(&self, span: RelSpan) -> Span {
        let (start, end) = (self.offset(span.start, false), self.offset(span.end, true));
        Span::new(start, end.max(start))
    }

    /// A span's end may stand where the next piece starts; it belongs to the piece before.
    fn offset(&self, at: u32, is_end: bool) -> u32 {
        let after =
            self.pieces.partition_point(|(start, _)| *start < at || !is_end && *start == at);
        let (start, absolute) = self.pieces.get(after.saturating_sub(1)).copied().unwrap_or((0, 0));
        absolute.saturating_add(at.saturating_sub(start))
    }

    /// The span of the item for bytes of the file that it holds.
    pub fn relative(&self, span: Span) -> RelSpan {
        if let [(0, absolute)] = *self.pieces {
            return span.relative_to(absolute);
        }
        let after = self.pieces.partition_point(|(_, absolute)| *absolute <= span.start);
        let (start, absolute) = self.pieces.get(after.saturating_sub(1)).copied().unwrap_or((0, 0));
        let rel = span.relative_to(absolute);
        RelSpan::new(rel.start.saturating_add(start), rel.end.saturating_add(start))
    }
}

/// The head of a function: what a caller may rely on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signature {
    pub type_params: Vec<Text>,
    pub params: Vec<SignatureParam>,
    pub result: Option<TypeRef>,
    /// `uses agent, http`; `Some(vec![])` is `uses none`.
    pub uses: Option<Vec<Text>>,
    /// `function f() ~> k`: every result is confident.
    pub is_confident: bool,
    pub is_async: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureParam {
    /// `None` for a destructured parameter.
    pub name: Option<Text>,
    pub has_default: bool,
    pub is_rest: bool,
    pub annotation: Option<TypeRef>,
}

impl Signature {
    /// How many arguments a call needs, and how many it may have (`None`: any number).
    pub fn arity(&self) -> (usize, Option<usize>) {
        let needed = |param: &&SignatureParam| !param.has_default && !param.is_rest;
        let least = self.params.iter().rposition(|param| needed(&param)).map_or(0, |last| last + 1);
        let has_rest = self.params.iter().any(|param| param.is_rest);
        (least, (!has_rest).then_some(self.params.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_a_module_skip_what_stands_between_its_statements() {
        let layout = Layout { pieces: [(0, 10), (5, 40)].into() };
        assert_eq!(layout.absolute(RelSpan::new(1, 5)), Span::new(11, 15));
        assert_eq!(layout.absolute(RelSpan::new(5, 7)), Span::new(40, 42));
        assert_eq!(layout.absolute(RelSpan::new(1, 7)), Span::new(11, 42));
        assert_eq!(layout.relative(Span::new(41, 42)), RelSpan::new(6, 7));
    }
}
