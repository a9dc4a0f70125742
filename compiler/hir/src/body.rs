//! Bodies: what a function or a module does, with names resolved and sugar removed.
//!
//! A [`Body`] belongs to one item: a top-level function, or the statements of a module.
//! Lambdas and functions declared inside it are part of the same body.
//! Everything lives in arenas; spans are relative to the start of the item, and they live in
//! the separate [`BodySpans`], so that moving a function leaves its body equal to what it was.
//!
//! What lowering from the AST has already done:
//! - every name is a [`Name`]: a local, a module variable, a function, an import, a built-in,
//!   a host name, or an error that has been reported;
//! - pipelines are [`ExprKind::Bind`] (`x |> f(_)` is `bind _ = x in f(_)`);
//! - `a.k ?? d` and `a.k || d` read the member softly ([`MemberMode::Soft`]);
//! - `x += e` is `x = x + e`, `x++` is `x = x + 1`, a call of an updating method on a place as a
//!   statement is an assignment of its result to that place;
//! - a condition `e ~> k` is [`ExprKind::Gate`]; everywhere else it is [`ExprKind::Annotate`];
//! - a member of `Math`, of a module namespace or of another name that is no value keeps its
//!   form, with the name as its object; it exists, or an error was reported;
//! - a call of an effect's operation is [`ExprKind::Perform`]; the operation as a value is a
//!   lambda that performs it;
//! - `agents { A: Agent { … } }` is `let A = __agent("A", { … })`;
//! - `export default e` is a variable with the name `default`;
//! - an implicit variable with the name of a built-in or host name starts as that, when it is
//!   read before it is written;
//! - `in context c { … }` is its statements.

use std::sync::Arc;

use la_arena::{Arena, Idx};
use prism_span::RelSpan;
use prism_syntax::ast::Level;

pub type ExprId = Idx<Expr>;
pub type PatId = Idx<Pat>;
pub type LocalId = Idx<Local>;
pub type LambdaId = Idx<Function>;
pub type Text = Arc<str>;

/// The body of one item.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Body {
    pub exprs: Arena<Expr>,
    pub pats: Arena<Pat>,
    pub locals: Arena<Local>,
    /// Lambdas and nested functions, innermost last.
    pub functions: Arena<Function>,
    /// The item itself: its parameters and its block.
    /// For a module body: no parameters, and the module's statements.
    pub root: Function,
}

/// Where the parts of a body stand in the text, relative to the item.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BodySpans {
    /// Indexed by the ids, like the lists that follow.
    pub(crate) exprs: Vec<RelSpan>,
    pub(crate) pats: Vec<RelSpan>,
    pub(crate) locals: Vec<RelSpan>,
    pub(crate) stmts: Vec<RelSpan>,
    /// The `const` of those constants whose arrays a statement would change.
    pub(crate) keywords: Vec<(LocalId, RelSpan)>,
}

/// Number of a statement in its body. A query that keeps a result keeps this, not the
/// statement's span, because a body that only moved inside counts as unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StmtId(pub u32);

impl Body {
    /// Gives back the room for growing: bodies are many, and kept.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.exprs.shrink_to_fit();
        self.pats.shrink_to_fit();
        self.locals.shrink_to_fit();
        self.functions.shrink_to_fit();
    }
}

impl BodySpans {
    pub(crate) fn shrink_to_fit(&mut self) {
        self.exprs.shrink_to_fit();
        self.pats.shrink_to_fit();
        self.locals.shrink_to_fit();
        self.stmts.shrink_to_fit();
        self.keywords.shrink_to_fit();
    }

    /// The `const` that declares a constant, where it was kept.
    pub fn keyword(&self, local: LocalId) -> Option<RelSpan> {
        self.keywords.iter().find(|(kept, _)| *kept == local).map(|(_, span)| *span)
    }

    /// The place of an expression; the start of the item when it has none of its own.
    pub fn expr(&self, expr: ExprId) -> RelSpan {
        at(&self.exprs, expr)
    }

    pub fn pat(&self, pat: PatId) -> RelSpan {
        at(&self.pats, pat)
    }

    pub fn local(&self, local: LocalId) -> RelSpan {
        at(&self.locals, local)
    }

    pub fn stmt(&self, stmt: StmtId) -> RelSpan {
        self.stmts.get(stmt.0 as usize).copied().unwrap_or_default()
    }
}

fn at<T>(spans: &[RelSpan], id: Idx<T>) -> RelSpan {
    spans.get(id.into_raw().into_u32() as usize).copied().unwrap_or_default()
}

/// A function: the root of a body, a lambda or a nested declaration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Function {
    /// `None` for a lambda without a name to take.
    pub name: Option<Text>,
    pub type_params: Vec<Text>,
    pub params: Vec<Param>,
    pub body: Block,
    pub result_type: Option<TypeRef>,
    /// `uses agent, http`; `Some(vec![])` is `uses none`.
    pub uses: Option<Vec<Text>>,
    /// `function f() ~> k`: the confidence of every result, evaluated where the function is made.
    pub confidence: Option<ExprId>,
    pub is_arrow: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    pub pat: PatId,
    pub default: Option<ExprId>,
    pub is_rest: bool,
    pub annotation: Option<TypeRef>,
}

/// Statements; the value of a block is the value of its last statement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Block {
    pub stmts: Box<[Stmt]>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stmt {
    pub kind: StmtKind,
    pub id: StmtId,
    pub span: StmtSpan,
}

/// The span of a statement takes no part in equality: see the module's first paragraph.
#[derive(Debug, Clone, Copy, Default)]
pub struct StmtSpan(pub RelSpan);

impl PartialEq for StmtSpan {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for StmtSpan {}

/// A variable of this body: `let`, `const`, a parameter, a loop variable, an implicit declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    pub name: Text,
    pub kind: LocalKind,
    pub annotation: Option<Box<TypeRef>>,
    /// Read or written by a function nested in the one that declares it.
    pub is_captured: bool,
    /// Written after its declaration.
    pub is_assigned: bool,
    /// Written inside a `try` that does not contain the declaration: the write must be
    /// seen by the `catch` and by what follows even if the `try` ends early.
    pub is_assigned_in_try: bool,
    /// A module variable that functions of the module read, or that is exported.
    pub is_global: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalKind {
    Let,
    Const,
    Param,
    /// Declared by a bare assignment.
    Implicit,
    /// A function declared inside a body, or a module's function seen from its own body.
    Function,
    /// `_` of a pipeline, a match subject, and other names that nobody wrote.
    Hidden,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StmtKind {
    Expr(ExprId),
    /// `let pat = init`; a missing `init` is null.
    Let {
        pat: PatId,
        init: Option<ExprId>,
    },
    /// `place = value` and everything that means it.
    Assign {
        place: Place,
        value: ExprId,
        rebinds: Rebinds,
    },
    /// `pat = value`, where the pattern's names are variables that exist.
    AssignPattern {
        pat: PatId,
        value: ExprId,
    },
    /// A function declared inside a body; hoisted to the start of its block.
    Function {
        local: LocalId,
        function: LambdaId,
    },
    Block(Block),
    If {
        condition: ExprId,
        then: Block,
        otherwise: Option<Block>,
    },
    While {
        condition: ExprId,
        body: Block,
    },
    DoWhile {
        body: Block,
        condition: ExprId,
    },
    /// `for init; condition; update { body }`: `continue` runs `update`.
    For {
        init: Box<[Stmt]>,
        condition: Option<ExprId>,
        update: Box<[Stmt]>,
        body: Block,
    },
    /// `for pat, index in subject { body }`.
    ForIn {
        pat: PatId,
        index: Option<LocalId>,
        subject: ExprId,
        of: bool,
        body: Block,
    },
    UncertainIf {
        condition: ExprId,
        bands: Bands,
        branches: Box<Branches<Block>>,
    },
    UncertainWhile {
        condition: ExprId,
        bands: Bands,
        branches: Box<Branches<Block>>,
    },
    UncertainFor {
        init: Box<[Stmt]>,
        condition: Option<ExprId>,
        update: Box<[Stmt]>,
        bands: Bands,
        branches: Box<Branches<Block>>,
    },
    Switch {
        subject: ExprId,
        cases: Vec<SwitchCase>,
    },
    Try {
        body: Block,
        catch: Option<Catch>,
        finally: Option<Block>,
    },
    Throw(ExprId),
    Return(Option<ExprId>),
    Break,
    Continue,
    /// A statement that could not be read; reported where it was.
    Error,
}

/// When an assignment gives its place the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebinds {
    Always,
    /// `place.push(x)`: the value is the call, and the place takes it when an array stands there.
    /// An object may have a `push` of its own.
    IfArray,
    /// The same, where the root is a constant or imported: an array there cannot be changed.
    Never,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catch {
    pub pat: Option<PatId>,
    pub body: Block,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchCase {
    /// `None` is `default`.
    pub test: Option<ExprId>,
    pub body: Block,
}

/// What each band does; a missing band falls to `default`, and without one to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branches<T> {
    pub high: Option<T>,
    pub medium: Option<T>,
    pub low: Option<T>,
    pub default: Option<T>,
}

/// The limits of the bands, where the program gives its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bands {
    pub high: Option<ExprId>,
    pub medium: Option<ExprId>,
}

/// Where an assignment goes: a variable and a path into its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub root: Name,
    pub root_expr: ExprId,
    pub path: Box<[PlaceStep]>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceStep {
    Member(Text),
    Index(ExprId),
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    Local(LocalId),
    /// A variable of this module, seen from one of its functions.
    ModuleVar(Text),
    /// A function declared at the top level of this module.
    ModuleFunction(Text),
    /// `import { name as … } from module`: the exported name in the resolved module.
    Import {
        module: Text,
        name: Text,
    },
    /// `import * as …`.
    Namespace {
        module: Text,
    },
    /// A name every program has: `print`, `Math`, `parallel`, …
    Builtin(Text),
    /// `input`, `agents`, `task`, … supplied by the host.
    Host(Text),
    /// An effect of the program or of the language used as a namespace: `agent`, `time`, `audit`.
    Effect(Text),
    /// Not found; reported. Evaluating it throws.
    Unresolved(Text),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr {
    pub kind: ExprKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExprKind {
    Error,
    Null,
    Bool(bool),
    Number(Bits),
    Text(Text),
    Template(Box<[TemplatePart]>),
    Array(Box<[Element]>),
    Object(Box<[Field]>),
    Name(Name),
    Unary {
        op: UnaryOp,
        operand: ExprId,
    },
    /// `confident`: written with a tilde, so the result is confident even for plain operands.
    Binary {
        op: BinaryOp,
        confident: bool,
        left: ExprId,
        right: ExprId,
    },
    /// `&& || ??`: the right side only when needed.
    Logical {
        op: LogicalOp,
        left: ExprId,
        right: ExprId,
    },
    /// `~&& ~||`: both sides, a boolean with min or max.
    ConfidentLogical {
        op: ConfidentLogicalOp,
        left: ExprId,
        right: ExprId,
    },
    /// `a ~~ b`.
    Chain {
        left: ExprId,
        right: ExprId,
    },
    /// `a ~||> b`.
    MoreConfident {
        left: ExprId,
        right: ExprId,
    },
    /// `a ~?? b`.
    ConfidentCoalesce {
        left: ExprId,
        right: ExprId,
    },
    /// `a ~@> b`; with a number literal on the right it is `ThresholdGate`.
    Escalate {
        left: ExprId,
        right: ExprId,
    },
    /// `a ~@> 0.8` and `a ~?> t`, `a ~?> [t, d]`: a when confident enough, else null or d.
    Threshold {
        value: ExprId,
        threshold: ExprId,
        default: Option<ExprId>,
    },
    /// `e ~> k`, and `e ~> k verified`.
    Annotate {
        value: ExprId,
        confidence: ExprId,
        level: Option<Level>,
    },
    /// `e ~> k` as a whole condition: truthy and confident enough.
    Gate {
        value: ExprId,
        confidence: ExprId,
    },
    Ternary {
        condition: ExprId,
        then: ExprId,
        otherwise: ExprId,
    },
    /// `c ~? a : b`.
    ConfidentTernary {
        condition: ExprId,
        then: ExprId,
        otherwise: ExprId,
    },
    Member {
        object: ExprId,
        name: Text,
        mode: MemberMode,
    },
    Index {
        object: ExprId,
        index: ExprId,
        optional: bool,
    },
    Call {
        callee: ExprId,
        args: Box<[Arg]>,
        optional: bool,
    },
    /// `object.name(args)`; dispatched on the value of `object`.
    MethodCall {
        object: ExprId,
        name: Text,
        mode: MemberMode,
        args: Box<[Arg]>,
    },
    /// An effect performed: `agent.call(r)`, `llm(p)`, `audit.record(e)`.
    Perform {
        effect: Text,
        args: Box<[Arg]>,
    },
    Lambda(LambdaId),
    /// `bind local = value in body`; `keep_confidence` is `~|>`: a plain result takes the
    /// confidence of `value`.
    Bind {
        local: LocalId,
        value: ExprId,
        body: ExprId,
        keep_confidence: bool,
    },
    Match {
        subject: ExprId,
        arms: Vec<MatchArm>,
    },
    UncertainIf {
        condition: ExprId,
        bands: Bands,
        branches: Box<Branches<ExprId>>,
    },
    Handle {
        body: Block,
        clauses: Box<[HandlerClause]>,
        return_clause: Option<Box<ReturnClause>>,
    },
    /// `resume(value)` inside a handler clause.
    Resume {
        value: Option<ExprId>,
    },
    /// A block where an expression stands (an arm, an expression statement's body).
    Block(Block),
    Await(ExprId),
}

/// The bits of an `f64`, so that bodies can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bits(pub u64);

impl Bits {
    pub fn new(value: f64) -> Bits {
        Bits(value.to_bits())
    }

    pub fn value(self) -> f64 {
        f64::from_bits(self.0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplatePart {
    Text(Text),
    Expr(ExprId),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element {
    Expr(ExprId),
    Spread(ExprId),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    Named { name: Text, value: ExprId },
    Computed { key: ExprId, value: ExprId },
    Spread(ExprId),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arg {
    /// `f(x, name: y)`.
    pub name: Option<Text>,
    pub value: ExprId,
    pub is_spread: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberMode {
    /// `o.k`: a missing key is an error.
    Plain,
    /// `o?.k`: null for null and for a missing key.
    Optional,
    /// `o~.k`: like plain, the result is confident.
    Confident,
    /// `o.k ?? d`, `o.k || d`: null for a missing key, an error for null.
    Soft,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOp {
    Not,
    Negate,
    Plus,
    /// `<~ e` and `~e`.
    Confidence,
    Typeof,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    Equal,
    NotEqual,
    Identical,
    NotIdentical,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Instanceof,
    /// `k in o`.
    In,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogicalOp {
    And,
    Or,
    Coalesce,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfidentLogicalOp {
    And,
    Or,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchArm {
    pub pat: PatId,
    pub guard: Option<ExprId>,
    pub body: ExprId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerClause {
    /// `agent.call`.
    pub effect: Text,
    pub params: Vec<Param>,
    pub body: Block,
    pub resumes_last: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnClause {
    pub pat: PatId,
    pub body: Block,
}

/// A pattern of `let`, an assignment, a parameter, `for`, `match` or `catch`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pat {
    pub kind: PatKind,
    /// `p ~> t`: bound only at this confidence or above; null below (no match in `match`).
    pub threshold: Option<ExprId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatKind {
    Error,
    /// `_`, and a hole of an array pattern.
    Wildcard,
    Bind(LocalId),
    /// A variable that exists, in an assignment pattern.
    Assign(Box<Place>),
    Number(Bits),
    Text(Text),
    Bool(bool),
    Null,
    Array {
        elements: Vec<PatElement>,
        rest: Option<PatId>,
    },
    Object {
        fields: Vec<PatField>,
        rest: Option<PatId>,
    },
    /// `A | B` in `match`.
    Or(Vec<PatId>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatElement {
    pub pat: PatId,
    pub default: Option<ExprId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatField {
    pub key: Text,
    pub pat: PatId,
    pub default: Option<ExprId>,
}

/// A type as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeRef {
    Error,
    Any,
    Number,
    Text,
    /// A text that nobody may see.
    Secret,
    Boolean,
    Null,
    /// A literal: `"yes"`, `1`, `true`.
    TextLiteral(Text),
    NumberLiteral(Bits),
    BoolLiteral(bool),
    /// `Vote`, `Agent`, `T`, `Array<T>`.
    Named {
        name: Text,
        args: Vec<TypeRef>,
    },
    Array(Box<TypeRef>),
    /// `[string, number]`
    Tuple(Vec<TypeRef>),
    Object {
        fields: Vec<TypeField>,
        is_open: bool,
    },
    Union(Vec<TypeRef>),
    Function {
        params: Vec<TypeRef>,
        rest: bool,
        result: Box<TypeRef>,
        uses: Option<Vec<Text>>,
    },
    /// `T ~>= k`.
    Confident {
        base: Box<TypeRef>,
        at_least: Bits,
        /// `verified`, where the type asks for it.
        level: Option<Level>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeField {
    pub name: Text,
    pub optional: bool,
    pub ty: TypeRef,
}
