//! The syntax of one item, cut out of its file.

use std::sync::Arc;

use prism_span::{RelSpan, Span};
use prism_syntax::ast::{Ast, BlockId, FunctionId, StmtId};

use crate::item::Layout;

/// The words of an item and the tree they were read into.
///
/// Two slices are equal when their words are: equal words make equal trees, whatever stands
/// around them. So an item that only moved keeps its old slice, with spans of the old file;
/// [`Slice::relative`] turns them into spans of the item, which are the same in both.
#[derive(Debug, Clone)]
pub struct Slice {
    words: Arc<str>,
    part: Part,
    layout: Layout,
    pub(crate) tree: Tree,
}

/// The tree of a file with the text its names are read from.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    pub ast: Arc<Ast>,
    pub text: Arc<str>,
}

/// Which nodes of the tree are the item.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    /// The statements of a module.
    Stmts(Vec<StmtId>),
    Function(FunctionId),
    /// The body of a test or a pattern.
    Block(BlockId),
}

impl PartialEq for Slice {
    fn eq(&self, other: &Slice) -> bool {
        self.words == other.words
    }
}

impl Eq for Slice {}

impl Slice {
    /// An item that is one node.
    pub(crate) fn node(tree: &Tree, part: Part, span: Span) -> Slice {
        let words = span.slice(&tree.text).into();
        Slice { words, part, layout: Layout::at(span.start), tree: tree.clone() }
    }

    /// The statements of a module, one after the other.
    pub(crate) fn stmts(tree: &Tree, stmts: Vec<StmtId>) -> Slice {
        let mut words = String::new();
        let mut pieces = Vec::with_capacity(stmts.len());
        for stmt in &stmts {
            let span = tree.ast[*stmt].span;
            pieces.push((words.len() as u32, span.start));
            words.push_str(span.slice(&tree.text));
            words.push('\n');
        }
        let layout = Layout { pieces };
        Slice { words: words.into(), part: Part::Stmts(stmts), layout, tree: tree.clone() }
    }

    pub(crate) fn part(&self) -> &Part {
        &self.part
    }

    pub(crate) fn n_bytes(&self) -> usize {
        self.words.len()
    }

    /// Where the item stands in the file of this slice.
    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The span of the item for a span of this slice's tree.
    pub(crate) fn relative(&self, span: Span) -> RelSpan {
        self.layout.relative(span)
    }
}
