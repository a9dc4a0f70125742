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
    words: Words,
    part: Part,
    layout: Layout,
    tree: prism_source::Tree,
}

#[derive(Debug, Clone)]
enum Words {
    /// A part of the file's text.
    At(Span),
    /// Parts that stand apart there.
    Joined(Arc<str>),
}

/// The tree of a file while it is read, with the text its names are read from.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    pub ast: Arc<Ast>,
    pub text: Arc<str>,
    /// What slices keep of it.
    source: prism_source::Tree,
}

impl Tree {
    pub fn open(source: &prism_source::Tree) -> Tree {
        Tree { ast: source.ast(), text: source.text().clone(), source: source.clone() }
    }
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
        self.words() == other.words()
    }
}

impl Eq for Slice {}

impl Slice {
    /// An item that is one node.
    pub(crate) fn node(tree: &Tree, part: Part, span: Span) -> Slice {
        Slice {
            words: Words::At(span),
            part,
            layout: Layout::at(span.start),
            tree: tree.source.clone(),
        }
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
        let layout = Layout { pieces: pieces.into() };
        Slice {
            words: Words::Joined(words.into()),
            part: Part::Stmts(stmts),
            layout,
            tree: tree.source.clone(),
        }
    }

    pub(crate) fn part(&self) -> &Part {
        &self.part
    }

    fn words(&self) -> &str {
        match &self.words {
            Words::At(span) => span.slice(self.tree.text()),
            Words::Joined(words) => words,
        }
    }

    /// Gives up the tree, unless it is that of `text`.
    pub(crate) fn release_unless(&self, text: &Arc<str>) {
        if !Arc::ptr_eq(self.tree.text(), text) {
            self.tree.release();
        }
    }

    /// The tree that the item was cut out of.
    pub(crate) fn tree(&self) -> Tree {
        Tree::open(&self.tree)
    }

    pub(crate) fn n_bytes(&self) -> usize {
        self.words().len()
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
