//! Lowers the syntax of one item to its body: resolves names and removes sugar.
//!
//! A block's declarations are known before its statements are lowered, so closures see names
//! that come later; a use before the declaration in the same function is reported.

mod call;
mod effect;
mod expr;
mod function;
mod handle;
mod names;
mod operator;
mod pat;
mod pipeline;
mod place;
mod scopes;
mod stmt;
mod uncertain;
mod update;

use std::collections::{BTreeMap, BTreeSet};

use la_arena::Arena;
use prism_span::Span;
use prism_syntax::ast::{self, Ast};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::body::{
    Body, BodySpans, Expr, ExprId, ExprKind, LocalId, Pat, PatId, PatKind, Stmt, StmtId, StmtKind,
    StmtSpan, Text,
};
use crate::exports::Definition;
use crate::item::ItemKind;
use crate::problem::{Problem, ProblemKind};
use crate::scope::ModuleScope;
use crate::slice::{Slice, Tree};
use crate::text::shared;

/// What a body depends on.
pub(crate) struct Input<'a> {
    pub slice: &'a Slice,
    pub tree: &'a Tree,
    pub kind: ItemKind,
    pub name: &'a Text,
    /// Standard library files may name natives.
    pub is_std: bool,
    pub scope: &'a ModuleScope,
    pub prelude: &'a BTreeMap<Text, Definition>,
    /// Module variables that outlive the module's statements.
    pub globals: &'a BTreeSet<Text>,
    /// Groups of agents of the manifest: names that the host supplies.
    pub groups: &'a BTreeSet<Text>,
}

pub(crate) struct Lowered {
    pub body: Body,
    pub spans: BodySpans,
    pub problems: Vec<Problem>,
    pub module_vars: BTreeSet<Text>,
}

pub(crate) fn lower(input: &Input<'_>) -> Lowered {
    let mut cx = Cx::new(input);
    cx.item();
    cx.problems.sort_by_key(|problem| (problem.at.start, problem.at.end));
    cx.body.shrink_to_fit();
    cx.spans.shrink_to_fit();
    Lowered { body: cx.body, spans: cx.spans, problems: cx.problems, module_vars: cx.module_vars }
}

/// Programs have about one expression for so many bytes.
const BYTES_PER_EXPR: usize = 12;
/// So many variables an item usually has at the least.
const USUAL_LOCALS: usize = 7;

/// An item while it is lowered.
struct Cx<'a> {
    input: &'a Input<'a>,
    tree: &'a Tree,
    ast: &'a Ast,
    text: &'a str,
    body: Body,
    spans: BodySpans,
    problems: Vec<Problem>,
    module_vars: BTreeSet<Text>,
    /// The variable a name stands for in the innermost scope that declares it.
    names: FxHashMap<&'a str, LocalId>,
    /// Names in the order they were declared, to leave scopes.
    declared: Vec<&'a str>,
    /// How many scopes are open.
    level: u32,
    /// What is known of each variable beside its row in the body.
    about: Vec<About>,
    frames: Vec<Frame>,
    /// What `_` means, innermost last.
    placeholders: Vec<pipeline::Placeholder>,
    type_params: Vec<&'a str>,
    /// Somebody takes the value of the block that is being lowered.
    wants_value: bool,
    try_depth: u32,
    /// How many `try` bodies with a `catch` are around.
    catch_depth: u32,
    /// Undefined names that were reported.
    reported: FxHashSet<&'a str>,
    /// Implicit variables that were read before they were written, with the outer name's span.
    read_early: FxHashSet<LocalId>,
}

#[derive(Debug, Clone, Copy)]
struct About {
    /// Index of the function that declares it.
    frame: u32,
    level: u32,
    try_depth: u32,
    /// Its declaration has been passed.
    is_ready: bool,
    /// The variable that its name stands for behind its scope.
    outer: Option<LocalId>,
    span: Span,
    /// The `const` that declares it.
    keyword: Option<Span>,
}

/// A function around the point of lowering; a handled block and its clauses count as functions.
#[derive(Debug, Clone, Copy)]
struct Frame {
    kind: FrameKind,
    loops: u32,
    switches: u32,
    /// `return` is allowed.
    returns: bool,
    /// `resume` calls met in a clause.
    resumes: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FrameKind {
    Root,
    Function,
    Handled,
    Clause,
}

impl<'a> Cx<'a> {
    fn new(input: &'a Input<'a>) -> Cx<'a> {
        let tree = input.tree;
        let n_exprs = input.slice.n_bytes() / BYTES_PER_EXPR;
        Cx {
            input,
            tree,
            ast: &tree.ast,
            text: &tree.text,
            body: Body {
                exprs: Arena::with_capacity(n_exprs),
                pats: Arena::with_capacity(USUAL_LOCALS),
                locals: Arena::with_capacity(USUAL_LOCALS),
                ..Body::default()
            },
            spans: BodySpans {
                exprs: Vec::with_capacity(n_exprs),
                pats: Vec::with_capacity(USUAL_LOCALS),
                locals: Vec::with_capacity(USUAL_LOCALS),
                ..BodySpans::default()
            },
            problems: Vec::new(),
            module_vars: BTreeSet::new(),
            names: FxHashMap::with_capacity_and_hasher(USUAL_LOCALS, FxBuildHasher),
            declared: Vec::with_capacity(USUAL_LOCALS),
            level: 0,
            about: Vec::with_capacity(USUAL_LOCALS),
            frames: Vec::new(),
            placeholders: Vec::new(),
            type_params: Vec::new(),
            wants_value: true,
            try_depth: 0,
            catch_depth: 0,
            reported: FxHashSet::default(),
            read_early: FxHashSet::default(),
        }
    }

    fn intern(&self, text: &str) -> Text {
        shared(text)
    }

    fn name_text(&mut self, name: ast::Name) -> Text {
        self.intern(name.text(self.text))
    }

    fn slice(&self, span: Span) -> &'a str {
        span.slice(self.text)
    }

    fn report(&mut self, span: Span, kind: ProblemKind) {
        let at = self.input.slice.relative(span);
        self.problems.push(Problem { at, kind });
    }

    fn alloc(&mut self, kind: ExprKind, span: Span) -> ExprId {
        let expr = self.body.exprs.alloc(Expr { kind });
        self.spans.exprs.push(self.input.slice.relative(span));
        expr
    }

    fn alloc_pat(&mut self, kind: PatKind, threshold: Option<ExprId>, span: Span) -> PatId {
        let pat = self.body.pats.alloc(Pat { kind, threshold });
        self.spans.pats.push(self.input.slice.relative(span));
        pat
    }

    fn stmt_of(&mut self, kind: StmtKind, span: Span) -> Stmt {
        let span = self.input.slice.relative(span);
        let id = StmtId(self.spans.stmts.len() as u32);
        self.spans.stmts.push(span);
        Stmt { kind, id, span: StmtSpan(span) }
    }

    fn null(&mut self, span: Span) -> ExprId {
        self.alloc(ExprKind::Null, span)
    }
}
