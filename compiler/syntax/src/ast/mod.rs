//! The syntax tree: everything the text says, nothing more.
//!
//! An [`Ast`] owns the nodes of one file in arenas; a node refers to others by id (`ExprId`, …)
//! and to sequences by [`List`]. Both index the tree: `ast[id]` is a node, `ast[list]` a slice.
//! Spans are bytes of the file. Names, numbers and strings are spans too; read them with
//! [`Name::text`] and the functions of [`crate::literal`].
//!
//! Every tree is complete: what could not be read is an `Error` node, a missing name is an empty
//! span, and each of them was reported by the parser. The tree is at most
//! [`crate::MAX_DEPTH`] nodes deep, so recursion over it is safe.

mod expr;
mod list;
mod pat;
mod stmt;
mod types;

use la_arena::{Arena, Idx};
use prism_span::Span;

pub use expr::{
    Access, Arg, Band, BinaryOp, Branch, Element, Expr, ExprKind, Field, FieldKey, HandlerClause,
    HandlerHead, Level, MatchArm, Quote, TemplatePart, UnaryOp, Uncertain,
};
pub use list::List;
pub use pat::{Pat, PatElement, PatField, PatKind};
pub use stmt::{
    AgentDecl, AssignOp, Block, Body, Catch, DeclKind, Declarator, EffectOp, ExportName, ForHead,
    Function, FunctionStyle, Import, ImportName, Param, Stmt, StmtKind, SwitchCase, Uses,
};
pub use types::{Type, TypeField, TypeKind, TypeParam};

pub type ExprId = Idx<Expr>;
pub type StmtId = Idx<Stmt>;
pub type PatId = Idx<Pat>;
pub type TypeId = Idx<Type>;
pub type BlockId = Idx<Block>;
pub type FunctionId = Idx<Function>;
pub type UncertainId = Idx<Uncertain>;
pub type ForHeadId = Idx<ForHead>;
pub type ImportId = Idx<Import>;

/// The tree of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ast {
    pub exprs: Arena<Expr>,
    pub stmts: Arena<Stmt>,
    pub pats: Arena<Pat>,
    pub types: Arena<Type>,
    pub blocks: Arena<Block>,
    pub functions: Arena<Function>,
    pub uncertains: Arena<Uncertain>,
    pub for_heads: Arena<ForHead>,
    pub imports: Arena<Import>,
    /// The statements of the file; its span is the whole text.
    pub root: BlockId,
    pub(crate) lists: list::Pools,
}

/// An identifier, or any word after `.` and as a key. Empty when the text lacks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name {
    pub span: Span,
}

/// A string literal without interpolation, with its quotes; see [`crate::literal::string`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StringLit {
    pub span: Span,
}

impl Name {
    pub fn text(self, file: &str) -> &str {
        self.span.slice(file)
    }

    /// The text lacks the name; reported.
    pub const fn is_missing(self) -> bool {
        self.span.is_empty()
    }
}

impl Ast {
    /// A tree without statements, for a text of `len` bytes.
    pub fn new(len: u32) -> Ast {
        let mut blocks = Arena::new();
        let span = Span::new(0, len);
        let root = blocks.alloc(Block { stmts: List::EMPTY, is_braced: false, span });
        Ast {
            exprs: Arena::new(),
            stmts: Arena::new(),
            pats: Arena::new(),
            types: Arena::new(),
            blocks,
            functions: Arena::new(),
            uncertains: Arena::new(),
            for_heads: Arena::new(),
            imports: Arena::new(),
            root,
            lists: list::Pools::default(),
        }
    }

    /// The statements of the file.
    pub fn root_stmts(&self) -> &[StmtId] {
        &self[self[self.root].stmts]
    }

    /// `e ~> k` where a condition stands: `(e, k)`.
    ///
    /// Call it with the whole condition of `? :`, `if`, `while` or `do while`; a parenthesised
    /// annotation is a [`ExprKind::Paren`] and is none. Not for `~?`, `for` and `uncertain`,
    /// where the annotation is meant as one.
    pub fn gate(&self, condition: ExprId) -> Option<(ExprId, ExprId)> {
        match self[condition].kind {
            ExprKind::Binary { op: BinaryOp::Annotate, left, right, .. } => Some((left, right)),
            _ => None,
        }
    }
}

macro_rules! index_by_id {
    ($($node:ty => $arena:ident,)*) => {$(
        impl std::ops::Index<Idx<$node>> for Ast {
            type Output = $node;

            fn index(&self, id: Idx<$node>) -> &$node {
                &self.$arena[id]
            }
        }
    )*};
}

index_by_id! {
    Expr => exprs,
    Stmt => stmts,
    Pat => pats,
    Type => types,
    Block => blocks,
    Function => functions,
    Uncertain => uncertains,
    ForHead => for_heads,
    Import => imports,
}
