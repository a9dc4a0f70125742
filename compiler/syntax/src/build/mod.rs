//! Makes nodes: what the actions of the grammar call.
//!
//! Actions only build. What is wrong with a node is noted as data and the node is made all the
//! same. Nodes that would make the tree deeper than [`crate::MAX_DEPTH`] become errors.

mod depth;
mod expected;
mod expr;
mod items;
mod operators;
mod pat;
mod stmt;
mod types;

use std::cell::Cell;

use la_arena::Arena;
use prism_span::Span;

use self::depth::Depths;
pub(crate) use self::expr::Signature;
use self::items::{Closed, Item};
pub(crate) use self::operators::{Infix, Row};
pub(crate) use self::stmt::EachHead;
use crate::MAX_DEPTH;
use crate::ast::{
    Ast, Block, BlockId, Expr, ExprId, ExprKind, Function, FunctionId, List, Name, Pat, PatId,
    PatKind, Stmt, StmtId, StmtKind, Type, TypeId, TypeKind,
};
use crate::errors::{SyntaxError, SyntaxErrorKind};

pub(crate) struct Builder<'t> {
    pub text: &'t str,
    pub ast: Ast,
    pub errors: Vec<SyntaxError>,
    /// The statement already has an error; what the grammar finds after it is a consequence.
    pub has_failed: bool,
    /// Where the statement that is being read begins.
    stmt_start: u32,
    /// Statements, and beginnings of statements, that could not be read.
    pub broken: Vec<Span>,
    /// Where in the statement that is being read a clause of a comprehension begins, whose names
    /// are declared by what Prism does not have.
    comprehension: Option<u32>,
    /// The first statement that was not read because there are errors enough.
    pub gave_up: Option<Span>,
    /// What was parsed in the blocks that are being read.
    items: Vec<Item>,
    /// The blocks and cases that were parsed, for the tokens that stand for their braces.
    closed: Vec<Closed>,
    /// For whoever feeds the parser.
    pub progress: &'t Progress,
    depths: Depths,
    /// The operands and operators of the rows that are being read.
    operands: Vec<ExprId>,
    infixes: Vec<Infix>,
    /// `x++` where only a statement may say so.
    updates: Vec<Update>,
    /// A function declaration without a name, which only `export default` may have.
    nameless: Option<Span>,
}

/// How the parser fares: it cannot be asked while it runs.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Nodes made so far.
    pub n_nodes: Cell<u32>,
    /// Places so far where the grammar could not go on.
    pub n_refused: Cell<u32>,
    /// Mistakes so far.
    pub n_errors: Cell<usize>,
    /// Statements that were parsed to their end.
    pub n_parsed: Cell<u32>,
}

/// `x++` or `--x`, whose expression stands for it until a statement claims it.
#[derive(Debug, Clone, Copy)]
struct Update {
    expr: ExprId,
    target: ExprId,
    is_increment: bool,
    op_span: Span,
}

pub(crate) const fn span(start: u32, end: u32) -> Span {
    // A node without tokens begins behind the gap that it stands in.
    if start > end { Span::empty(end) } else { Span::new(start, end) }
}

pub(crate) const fn name(start: u32, end: u32) -> Name {
    Name { span: span(start, end) }
}

impl<'t> Builder<'t> {
    pub fn new(text: &'t str, progress: &'t Progress) -> Builder<'t> {
        Builder {
            text,
            ast: Ast::new(text.len() as u32),
            errors: Vec::new(),
            has_failed: false,
            stmt_start: 0,
            broken: Vec::new(),
            comprehension: None,
            gave_up: None,
            items: Vec::new(),
            closed: Vec::new(),
            progress,
            depths: Depths::new(),
            operands: Vec::new(),
            infixes: Vec::new(),
            updates: Vec::new(),
            nameless: None,
        }
    }

    /// Makes room for the nodes that so many tokens usually give.
    pub fn reserve(&mut self, n_tokens: usize) {
        self.ast.exprs = Arena::with_capacity(n_tokens / 2);
        self.ast.stmts = Arena::with_capacity(n_tokens / 8);
        self.ast.pats = Arena::with_capacity(n_tokens / 16);
        self.depths.exprs.reserve(n_tokens / 2);
    }

    /// The parser moves, though it makes no node.
    pub fn tick(&self) {
        self.progress.n_nodes.set(self.progress.n_nodes.get().wrapping_add(1));
    }

    /// A mistake that the grammar has no part in. In a statement that has failed it is taken for
    /// a consequence.
    pub fn error(&mut self, kind: SyntaxErrorKind, span: Span) {
        if !self.has_failed {
            self.errors.push(SyntaxError { kind, span });
            self.progress.n_errors.set(self.errors.len());
        }
    }

    pub fn expr(&mut self, kind: ExprKind, span: Span) -> ExprId {
        let depth = self.depth_of_expr(kind);
        let (kind, depth) = self.limited(kind, ExprKind::Error, depth, span);
        self.depths.exprs.push(depth);
        self.tick();
        self.ast.exprs.alloc(Expr { kind, span })
    }

    pub fn stmt(&mut self, kind: StmtKind, span: Span) -> StmtId {
        let depth = self.depth_of_stmt(kind);
        let (kind, depth) = self.limited(kind, StmtKind::Error, depth, span);
        if kind == StmtKind::Error {
            self.broken.push(span);
        }
        self.depths.stmts.push(depth);
        self.tick();
        self.ast.stmts.alloc(Stmt { kind, span })
    }

    pub fn pat(&mut self, kind: PatKind, span: Span) -> PatId {
        self.pat_with(kind, None, span)
    }

    fn pat_with(&mut self, kind: PatKind, threshold: Option<ExprId>, span: Span) -> PatId {
        let depth = self.depth_of_pat(kind, threshold);
        let (kind, depth) = self.limited(kind, PatKind::Error, depth, span);
        self.depths.pats.push(depth);
        self.tick();
        self.ast.pats.alloc(Pat { kind, threshold, span })
    }

    pub fn ty(&mut self, kind: TypeKind, span: Span) -> TypeId {
        let depth = self.depth_of_type(kind);
        let (kind, depth) = self.limited(kind, TypeKind::Error, depth, span);
        self.depths.types.push(depth);
        self.tick();
        self.ast.types.alloc(Type { kind, span })
    }

    pub fn block(&mut self, stmts: List<StmtId>, is_braced: bool, span: Span) -> BlockId {
        let depth = self.ast[stmts].iter().map(|id| self.depths.stmt(*id)).max();
        self.depths.blocks.push(depth.unwrap_or(0));
        self.ast.blocks.alloc(Block { stmts, is_braced, span })
    }

    fn function(&mut self, function: Function) -> FunctionId {
        let depth = self.depth_of_function(&function);
        self.depths.functions.push(depth);
        self.ast.functions.alloc(function)
    }

    /// The kind and its depth, or the error in its place when that is too deep.
    fn limited<K>(&mut self, kind: K, error: K, depth: u32, span: Span) -> (K, u16) {
        if depth < MAX_DEPTH {
            return (kind, depth as u16);
        }
        let kind = SyntaxErrorKind::TooDeep;
        self.error(kind, Span::empty(span.start));
        self.has_failed = true;
        (error, 0)
    }
}
