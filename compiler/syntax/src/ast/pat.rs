//! Patterns: of `let`, assignments, parameters, `for`, `match` and `catch`.

use prism_span::Span;

use super::{ExprId, FieldKey, List, PatId, Quote};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pat {
    pub kind: PatKind,
    /// `p ~> t`.
    pub threshold: Option<ExprId>,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatKind {
    /// Not readable; reported.
    Error,
    /// `_`
    Wildcard,
    /// Nothing between two commas of an array pattern.
    Hole,
    /// A variable; the name is the pattern's span without a threshold.
    Name(super::Name),
    /// `o.k` or `xs[i]` as a target of an assignment pattern.
    Place(ExprId),
    /// A number, with its minus when it has one: the text is in `literal`.
    Number {
        literal: Span,
    },
    Text {
        quote: Quote,
        literal: Span,
    },
    Bool(bool),
    Null,
    Array(List<PatElement>),
    Object(List<PatField>),
    /// `p | q` in `match`.
    Or(List<PatId>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatElement {
    pub pat: PatId,
    pub default: Option<ExprId>,
    /// `...p`: the last element.
    pub is_rest: bool,
}

/// `key: p`, `name`, `name = d`, `...p`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatField {
    /// `None` for `...p`.
    pub key: Option<FieldKey>,
    /// For a shorthand the name itself.
    pub pat: PatId,
    pub default: Option<ExprId>,
}
