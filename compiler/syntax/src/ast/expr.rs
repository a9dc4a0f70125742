//! Expressions.

use prism_span::Span;

use super::{BlockId, Body, ExprId, FunctionId, List, Name, Param, PatId, StringLit, UncertainId};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExprKind {
    /// Not readable; reported.
    Error,
    /// `null` and `undefined`.
    Null,
    Bool(bool),
    /// The text is the expression's span; see [`crate::literal::number`].
    Number,
    /// A string without interpolation, with its quotes; see [`crate::literal::string`].
    Text(Quote),
    /// A string with at least one `${…}`.
    Template {
        quote: Quote,
        parts: List<TemplatePart>,
    },
    /// A variable; the name is the expression's span.
    Name,
    /// `_`, the value that a pipeline passes on.
    Placeholder,
    /// `(e)`: kept because a parenthesised annotation is no gate.
    Paren(ExprId),
    Array(List<Element>),
    Object(List<Field>),
    /// An arrow, or a `function` in operand position.
    Function(FunctionId),
    Unary {
        op: UnaryOp,
        operand: ExprId,
    },
    /// Every infix operator, also the pipes and `~>`.
    Binary {
        op: BinaryOp,
        op_span: Span,
        left: ExprId,
        right: ExprId,
    },
    /// `k verified` behind `~>`: where the confidence comes from. `word` is the level.
    Leveled {
        confidence: ExprId,
        level: Level,
        word: Span,
    },
    /// `c ? a : b`, and `c ~? a : b` when `confident`.
    Ternary {
        confident: bool,
        condition: ExprId,
        then: ExprId,
        otherwise: ExprId,
    },
    /// `o.k`, `o?.k`, `o~.k`.
    Member {
        object: ExprId,
        name: Name,
        access: Access,
    },
    /// `o[i]`, `o?.[i]`.
    Index {
        object: ExprId,
        index: ExprId,
        optional: bool,
    },
    /// `f(x)`, `f?.(x)`.
    Call {
        callee: ExprId,
        args: List<Arg>,
        optional: bool,
    },
    Match {
        subject: ExprId,
        arms: List<MatchArm>,
    },
    /// `uncertain if` in operand position. As a statement: [`super::StmtKind::UncertainIf`].
    UncertainIf(UncertainId),
    /// `handle { … } with { … }`.
    Handle {
        body: BlockId,
        clauses: List<HandlerClause>,
    },
}

/// How a string is written. Escapes count in all but `Triple`, `${…}` in all but `Single`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quote {
    /// `'…'`
    Single,
    /// `"…"`
    Double,
    /// `` `…` ``
    Backtick,
    /// Three backticks on each side.
    Triple,
    /// `\"…\"` in the interpolation of a `"…"`.
    Escaped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplatePart {
    /// Text between interpolations, as written; see [`crate::literal::chunk`].
    Text(Span),
    /// What stands in `${…}`.
    Expr(ExprId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element {
    pub value: ExprId,
    pub is_spread: bool,
}

/// `key: value`, `name`, `...value` or `name(params) { … }` in an object or an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Named {
        key: FieldKey,
        value: ExprId,
        span: Span,
    },
    /// `{ name }`; `value` is the variable.
    Shorthand {
        name: Name,
        value: ExprId,
    },
    Spread {
        value: ExprId,
        span: Span,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKey {
    Name(Name),
    Text(StringLit),
    /// `{ 1: x }`: the number as written.
    Number(Span),
    /// `{ [e]: x }`.
    Computed(ExprId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arg {
    /// `f(x, name: y)`.
    pub name: Option<Name>,
    pub value: ExprId,
    pub is_spread: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// `o.k`
    Plain,
    /// `o?.k`
    Optional,
    /// `o~.k`
    Confident,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `!e`
    Not,
    /// `-e`
    Negate,
    /// `+e`
    Plus,
    /// `<~ e`
    Confidence,
    /// `~e`, the same as `<~ e`.
    Tilde,
    Typeof,
    Await,
}

/// Where a confidence comes from, the most trusted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// A test, a compiler, a checksum.
    Verified,
    /// A person, or a second agent.
    Reviewed,
    /// Agreement among several.
    Sampled,
    /// The own word of whoever answered.
    Reported,
}

impl Level {
    pub const ALL: [Level; 4] = [Level::Verified, Level::Reviewed, Level::Sampled, Level::Reported];

    pub fn of_word(word: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.word() == word)
    }

    /// The word in a program.
    pub const fn word(self) -> &'static str {
        match self {
            Level::Verified => "verified",
            Level::Reviewed => "reviewed",
            Level::Sampled => "sampled",
            Level::Reported => "reported",
        }
    }
}

/// Infix operators, loosest first. `Confident…` is the operator written with a tilde.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `|>`
    Pipe,
    /// `~|>`
    ConfidentPipe,
    /// `~?>`
    Threshold,
    /// `~>`
    Annotate,
    /// `~~`
    Chain,
    Or,
    ConfidentOr,
    /// `~||>`
    MoreConfident,
    /// `~@>`
    Escalate,
    /// `??`
    Coalesce,
    /// `~??`
    ConfidentCoalesce,
    And,
    ConfidentAnd,
    Equal,
    NotEqual,
    /// `===`
    Identical,
    /// `!==`
    NotIdentical,
    ConfidentEqual,
    ConfidentNotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    ConfidentLess,
    ConfidentLessEqual,
    ConfidentGreaterEqual,
    Instanceof,
    In,
    Add,
    Subtract,
    ConfidentAdd,
    ConfidentSubtract,
    Multiply,
    Divide,
    Remainder,
    ConfidentMultiply,
    ConfidentDivide,
    Power,
}

/// `pattern [if guard] => body`; a threshold is part of the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchArm {
    pub pat: PatId,
    pub guard: Option<ExprId>,
    pub body: Body,
    pub span: Span,
}

/// `uncertain if (condition, bands) { branches }`, and the heads of uncertain loops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uncertain {
    /// For `uncertain for` the condition of its head, `Error` when that has none.
    pub condition: ExprId,
    /// `{ high: 0.8, medium: 0.6 }` after the condition: an object expression.
    pub bands: Option<ExprId>,
    /// In the order written, each band at most once.
    pub branches: List<Branch>,
}

/// `high { … }` or `high -> e`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Branch {
    pub band: Band,
    pub name: Name,
    pub body: Body,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Band {
    High,
    Medium,
    Low,
    Default,
}

/// `effect.operation(params) => body`, or `return p => body`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandlerClause {
    pub head: HandlerHead,
    pub body: Body,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandlerHead {
    /// `audit.record(entry)`, `agent.call(request)`, `llm(prompt)`: the last has no operation.
    Operation {
        effect: Name,
        operation: Option<Name>,
        params: List<Param>,
    },
    Return {
        pat: PatId,
    },
}

impl Quote {
    /// The quote as written on each side.
    pub const fn as_str(self) -> &'static str {
        match self {
            Quote::Single => "'",
            Quote::Double => "\"",
            Quote::Backtick => "`",
            Quote::Triple => "```",
            Quote::Escaped => "\\\"",
        }
    }

    /// The quote that a string as written begins with.
    pub fn of(text: &str) -> Quote {
        match text.as_bytes() {
            [b'`', b'`', b'`', ..] => Quote::Triple,
            [b'`', ..] => Quote::Backtick,
            [b'\'', ..] => Quote::Single,
            [b'\\', ..] => Quote::Escaped,
            _ => Quote::Double,
        }
    }
}
