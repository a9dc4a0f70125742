//! What inference finds wrong, as data. `diagnostics.rs` puts it into words.

use prism_hir::body::{BinaryOp, Bits, ExprId, LocalId, PatId, StmtId, UnaryOp};

use crate::builtins::Wanted;
use crate::confidence::{Confidence, Level};
use crate::secrets::Reader;
use crate::types::{Mismatch, Text, TypeId};

/// The part of the body that a problem is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Site {
    Expr(ExprId),
    Pat(PatId),
    Local(LocalId),
    Stmt(StmtId),
    /// The item as a whole: its head.
    Item,
}

impl Site {
    pub fn expr(self) -> Option<ExprId> {
        match self {
            Site::Expr(expr) => Some(expr),
            Site::Pat(_) | Site::Local(_) | Site::Stmt(_) | Site::Item => None,
        }
    }
}

impl From<ExprId> for Site {
    fn from(expr: ExprId) -> Site {
        Site::Expr(expr)
    }
}

impl From<StmtId> for Site {
    fn from(stmt: StmtId) -> Site {
        Site::Stmt(stmt)
    }
}

impl From<PatId> for Site {
    fn from(pat: PatId) -> Site {
        Site::Pat(pat)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub at: Site,
    pub kind: ProblemKind,
    pub catcher: Catcher,
}

/// Who may expect the exception that a mistake throws when it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Catcher {
    Nobody,
    /// The `catch` around it.
    Here,
    /// A caller of the function: asked only where the values are wrong and the types are right.
    Caller,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProblemKind {
    // Types.
    Mismatch {
        mismatch: Mismatch,
        target: Target,
    },
    NotCallable {
        ty: TypeId,
    },
    WrongArity {
        callee: Callee,
        given: usize,
        min: usize,
        max: Option<usize>,
        /// The first parameter without an argument.
        missing: Option<Text>,
    },
    /// A clause of a handler takes more than its operation has.
    ClauseTakesMore {
        operation: Text,
        given: usize,
        taken: usize,
    },
    UnknownArgument {
        callee: Callee,
        name: Text,
        nearest: Option<Text>,
    },
    WrongArgument {
        callee: Callee,
        wanted: Wanted,
        ty: TypeId,
    },
    BadOperands {
        op: BinaryOp,
        left: TypeId,
        right: TypeId,
    },
    BadOperand {
        op: UnaryOp,
        ty: TypeId,
    },
    MissingMember {
        name: Text,
        of: TypeId,
        nearest: Option<Text>,
        is_method: bool,
    },
    /// `xs.push(x)` where `xs` is a constant.
    UpdatesConstant {
        method: Text,
        root: ExprId,
    },
    /// `xs.pop()`: changes and returns.
    TwoInOne {
        method: Text,
        place: ExprId,
    },
    /// The declaration of a value allows null, and nothing has ruled it out.
    MayBeNull {
        ty: TypeId,
        used: NullUse,
    },
    /// The declaration of a value allows a kind that cannot be used so, and nothing has ruled it
    /// out: it has no such member, or is no number.
    MayBeOther {
        ty: TypeId,
        part: TypeId,
        member: Option<Text>,
    },
    /// The declaration of an object says that the field may be missing.
    MayBeMissing {
        name: Text,
    },
    /// An array or a text has no member that can be given a value.
    CannotSetMember {
        name: Text,
        of: TypeId,
    },
    NotIndexable {
        of: TypeId,
        /// The key, where an element is read.
        key: Option<ExprId>,
    },
    IndexOutOfRange {
        index: Bits,
        length: usize,
    },
    CannotDestructure {
        ty: TypeId,
        as_array: bool,
    },
    CannotSpread {
        ty: TypeId,
    },
    CannotIterate {
        ty: TypeId,
    },
    UnknownTypeName {
        name: Text,
        nearest: Option<Text>,
    },
    DivisionByZero {
        is_remainder: bool,
    },
    NotExhaustive {
        missing: Vec<TypeId>,
    },
    UnknownField {
        name: Text,
        of: TypeId,
        nearest: Text,
    },

    // Effects.
    UndeclaredEffect {
        effect: Text,
        declared: Text,
    },
    UnhandledEffect {
        operation: Text,
    },
    UnknownEffect {
        name: Text,
        nearest: Option<Text>,
    },
    UnboundedAgentLoop {
        call: ExprId,
    },
    /// A function that calls itself for ever, and asks an agent every time.
    UnboundedAgentRecursion {
        asked: ExprId,
    },
    /// A secret goes where somebody sees it.
    SecretSeen {
        reader: Reader,
        /// The function that gives it there.
        via: Option<Callee>,
        /// Where it was declared, or came in.
        entered: Option<Site>,
    },

    // Confidence.
    ConfidenceOutOfRange {
        value: Bits,
        /// Of a gate: nothing clamps it.
        is_bound: bool,
    },
    ConfidenceNotNumber {
        ty: TypeId,
    },
    UncertainOnPlain,
    TooUncertain {
        confidence: Confidence,
        required: Bits,
        target: Target,
        origin: Option<ExprId>,
    },
    /// The value comes from something less trusted than is required.
    TooUntrusted {
        found: Level,
        required: Level,
        bound: Bits,
        target: Target,
        origin: Option<ExprId>,
    },
    /// `e ~> k verified` in a function whose result does not say so.
    UndeclaredLevel {
        claimed: Level,
        /// In a function inside of another one.
        is_nested: bool,
    },
    /// `(e ~> 0.6) ~> 0.9`: nothing makes e surer.
    RaisedByHand {
        known: Confidence,
        given: Bits,
    },
    /// `~> (<~ a + <~ b)`: the machine would clamp it.
    LeavesRange {
        low: Bits,
        high: Bits,
    },
    /// Something irreversible happens because of something that is not trusted enough.
    UncheckedDecision {
        operation: Text,
        found: Level,
        required: Level,
        /// The condition that is not trusted enough.
        cause: Option<ExprId>,
    },
    GateNeverPasses {
        confidence: Confidence,
        bound: Bits,
        origin: Option<ExprId>,
    },
    GateAlwaysPasses {
        confidence: Confidence,
        bound: Bits,
    },
    DeadBands {
        bands: Vec<Band>,
        confidence: Confidence,
        origin: Option<ExprId>,
    },
    MissingBands {
        bands: Vec<Band>,
    },

    // Lints.
    UnusedValue {
        advice: UnusedAdvice,
    },
    Unreachable {
        after: Exit,
    },
    UnreachableArm,
    /// An arm of `match`, or a case of `switch`, for a value that one before it takes.
    TakenBefore {
        what: &'static str,
    },
    /// A copy is changed, and nobody reads it.
    UnreadCopy {
        local: LocalId,
        copied: Copied,
    },
    /// Two values that are compared and never equal; `holds` is what comes out.
    NeverEqual {
        left: TypeId,
        right: TypeId,
        holds: bool,
        nearest: Option<Text>,
    },
}

/// What is done with a value that may be null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NullUse {
    Member,
    Index,
    Call,
    Operand,
}

/// What a value was given to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Variable(Text),
    Argument {
        callee: Callee,
        param: Option<Text>,
    },
    /// A function of which nothing is known.
    Unknown,
    /// Whoever performed the operation.
    Answer(Text),
    Result,
}

/// What is called, as the message names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Callee {
    Function(Text),
    Method(Text),
    Operation(Text),
    /// A value without a name.
    Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Band {
    High,
    Medium,
    Low,
    Default,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnusedAdvice {
    /// Nothing would be lost.
    Remove,
    /// `xs.concat(ys)` gives a new array: the variable was probably meant to take it.
    Assign(Text),
    /// `a == b` on a line of its own.
    MeantAssignment,
    /// `ys.forEach(y => xs.push(y))`: inside an expression `push` changes nothing.
    InBraces(Text),
}

/// What a variable holds a copy of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Copied {
    /// Of what a loop goes over.
    Element,
    Argument,
    /// What stands at a place: `let first = todos[0]`.
    Value,
}

/// Why the code after it is not reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    Return,
    Throw,
    Break,
    Continue,
    /// All ways through the statement leave, or it never ends.
    Statement,
}
