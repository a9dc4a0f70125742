//! What can be wrong with a text, as data. The words are in `diagnostics.rs`.

use prism_span::Span;

use crate::ast::{Band, Quote};
use crate::token::Kind;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SyntaxError {
    pub kind: SyntaxErrorKind,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SyntaxErrorKind {
    UnknownCharacter,
    /// The span is the string as far as it goes; the quote belongs at `end`, before brackets that
    /// the string has swallowed.
    UnclosedString {
        quote: Quote,
        end: u32,
    },
    /// `"…${` without `}` before the string's end; the span begins at the string.
    UnclosedInterpolation,
    UnclosedComment,
    /// A number with letters behind it, or a stray underscore.
    BadNumber,
    /// `\u` or `\x` without the digits of a character.
    BadEscape,

    /// What was expected at the span, after `after`; `found` is `None` at the end of a statement.
    Unexpected {
        expected: Expected,
        found: Option<Kind>,
    },
    /// An opening bracket (the span) without a closing one, which is missing at `end`.
    UnclosedBracket {
        open: Kind,
        end: u32,
    },
    /// A closing bracket that closes nothing.
    StrayCloser(Kind),
    /// Two statements on one line; the span is the second one's first token.
    MissingSeparator {
        at: u32,
    },
    /// Two elements of a list without a comma; `at` is where it belongs.
    MissingComma {
        at: u32,
    },
    TooDeep,
    TooManyErrors,
    /// `a ~> b + c`: the span is `b + c`.
    AnnotationOperand,
    /// `verified` that is behind no `~> k`; the span is the word.
    MisplacedLevel,
    /// `x => a |> f`: the span is the body.
    PipeInArrow,
    /// `x => { k: v }`: the span is the braces.
    ObjectBody,
    BadAssignTarget,
    /// `=` inside an expression.
    AssignInExpression(AssignPlace),
    /// `x => a = 1`: the span is the body.
    AssignInArrow,
    DuplicateBranch(Band),
    EmptyInterpolation,
    EmptyParens,
    MissingInit,
    ImportNothing,
    FunctionWithoutName,
    TryAlone,
    /// `catch e { … }`: the span is the name.
    BareCatch,
    /// `agent Name = { … }`: the span is the mark.
    DeclaredAsValue,
    RestNotLast,
    /// `export` before something that declares nothing.
    BadExport,

    Regex,
    Class,
    Interface,
    Enum,
    New,
    This,
    Var,
    Delete,
    Void,
    Label,
    BitOperator,
    /// `i++` inside an expression.
    UpdateInExpression,
    /// `x as T`, `x!`
    Cast,
    /// `def f`, `public x`, `function*`, `context x { }`: a word that other languages begin
    /// something with.
    ForeignWord,
    /// `retrun 1`, `hihg -> 1`, `~> 0.9 veryfied`: a word that only one other can be meant by.
    Misspelt(&'static str),
    /// `uncertain if (e) { … } else { … }`: the span is the word `uncertain`.
    NoBands,
    /// `->` or `:` for `=>`, `=>` for `->` …: the mark that belongs there. An empty one stands for
    /// nothing at all.
    WrongMark(&'static str),
    /// `f"…"`: the span is the letter.
    StringPrefix,
    /// A text in three quotes: the span has the quotes in it.
    TripleQuotes,
    /// `A & B`, `<T = X>`, `<T extends X>`, `keyof T`.
    TypeForm,
}

/// Where an assignment was found that cannot stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssignPlace {
    /// The condition of a construct.
    Condition,
    /// The arguments of a call.
    Args,
    /// An object, behind a key.
    Object,
    Other,
}

/// What the grammar could have gone on with, in the user's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Expected {
    Expression,
    Statement,
    /// The end of the statement: a complete one stands before the span.
    End,
    Name,
    FunctionName,
    Pattern,
    Type,
    Field,
    Arm,
    Branch,
    Clause,
    Operation,
    AgentDecl,
    Block,
    Token(Kind),
}

/// Words that begin statements in other languages, and nothing here.
pub(crate) fn is_foreign(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "abstract",
        "declare",
        "def",
        "defer",
        "del",
        "elif",
        "elseif",
        "elsif",
        "except",
        "final",
        "foreach",
        "func",
        "fun",
        "lambda",
        "mut",
        "namespace",
        "package",
        "private",
        "protected",
        "public",
        "raise",
        "readonly",
        "sub",
        "static",
        "struct",
        "unless",
        "until",
        "using",
        "val",
        "yield",
    ];
    WORDS.contains(&word)
}
