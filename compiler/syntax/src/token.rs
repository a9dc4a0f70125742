//! Tokens: what the lexer finds and what the layout pass makes of it.
//!
//! A token is a kind and a span; its text is the span of the file.
//! Kinds under "found by the layout pass" never leave the lexer: layout writes them in place of
//! a bracket, a word or a newline.

use logos::Logos;
use prism_span::Span;

use crate::ast::{BinaryOp, UnaryOp};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    /// A line break stands between this token and the one before it.
    pub newline_before: bool,
    pub span: Span,
}

#[derive(Logos, Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[logos(extras = Vec<Span>)]
#[logos(skip r"[ \t\r\n\f]+")]
#[repr(u8)]
pub enum Kind {
    // Words with a meaning of their own wherever they are not a key or a member.
    #[token("if")]
    If,
    #[token("else")]
    Else,
    #[token("for")]
    For,
    #[token("while")]
    While,
    #[token("do")]
    Do,
    #[token("break")]
    Break,
    #[token("continue")]
    Continue,
    #[token("return")]
    Return,
    #[token("let")]
    Let,
    #[token("const")]
    Const,
    #[token("function")]
    Function,
    #[token("true")]
    True,
    #[token("false")]
    False,
    #[token("null")]
    #[token("undefined")]
    Null,
    #[token("typeof")]
    Typeof,
    #[token("instanceof")]
    Instanceof,
    #[token("import")]
    Import,
    #[token("export")]
    Export,
    #[token("await")]
    Await,
    #[token("try")]
    Try,
    #[token("catch")]
    Catch,
    #[token("finally")]
    Finally,
    #[token("throw")]
    Throw,
    #[token("uncertain")]
    Uncertain,

    // Words that are names unless layout finds their form.
    #[token("agents")]
    Agents,
    #[token("agent")]
    Agent,
    #[token("Agent")]
    AgentWord,
    #[token("as")]
    As,
    #[token("async")]
    Async,
    #[token("case")]
    Case,
    #[token("class")]
    Class,
    #[token("context")]
    Context,
    #[token("default")]
    Default,
    #[token("delete")]
    Delete,
    #[token("effect")]
    Effect,
    #[token("enum")]
    Enum,
    #[token("fn")]
    Fn,
    #[token("from")]
    From,
    #[token("handle")]
    Handle,
    #[token("high")]
    High,
    #[token("in")]
    In,
    #[token("interface")]
    Interface,
    #[token("irreversible")]
    Irreversible,
    #[token("low")]
    Low,
    /// Where a confidence comes from.
    #[token("verified")]
    #[token("reviewed")]
    #[token("sampled")]
    #[token("reported")]
    LevelWord,
    #[token("match")]
    Match,
    #[token("medium")]
    Medium,
    #[token("new")]
    New,
    #[token("of")]
    Of,
    #[token("pattern")]
    Pattern,
    #[token("switch")]
    Switch,
    #[token("test")]
    Test,
    #[token("this")]
    This,
    #[token("type")]
    Type,
    #[token("uses")]
    Uses,
    #[token("var")]
    Var,
    #[token("void")]
    Void,
    #[token("with")]
    With,
    #[token("yield")]
    Yield,

    #[regex("[a-zA-Z_][a-zA-Z0-9_]*")]
    Ident,
    #[token("_", priority = 10)]
    Placeholder,
    #[regex(r"[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+-]?[0-9][0-9_]*)?")]
    #[regex(r"0[xX][0-9a-fA-F_]+")]
    #[regex(r"0[bB][01_]+")]
    #[regex(r"0[oO][0-7_]+")]
    Number,

    // Strings. The lexer meets the quote and makes the other kinds.
    #[token("\"")]
    DoubleQuote,
    #[token("'")]
    SingleQuote,
    #[token("`")]
    Backtick,
    #[token("```")]
    TripleBacktick,
    /// A whole string without interpolation, with its quotes.
    Str,
    /// The opening quote of a string with interpolation.
    StrStart,
    /// Text between interpolations.
    Chunk,
    /// `${`
    InterpOpen,
    /// The `}` of an interpolation.
    InterpClose,
    /// The closing quote.
    StrEnd,
    /// `/…/flags` where an expression must stand.
    Regex,

    #[token("(")]
    LParen,
    #[token(")")]
    RParen,
    #[token("[")]
    LBracket,
    #[token("]")]
    RBracket,
    #[token("{")]
    LBrace,
    #[token("}")]
    RBrace,
    #[token(",")]
    Comma,
    #[token(";")]
    Semicolon,
    #[token(":")]
    Colon,
    #[token(".")]
    Dot,
    #[token("?.")]
    QuestionDot,
    #[token("~.")]
    TildeDot,
    #[token("...")]
    Ellipsis,
    #[token("?")]
    Question,
    #[token("~?")]
    TildeQuestion,
    #[token("=>")]
    Arrow,
    #[token("->")]
    ThinArrow,

    #[token("=")]
    Assign,
    #[token("+=")]
    PlusAssign,
    #[token("-=")]
    MinusAssign,
    #[token("*=")]
    StarAssign,
    #[token("/=")]
    SlashAssign,
    #[token("%=")]
    PercentAssign,
    #[token("**=")]
    PowerAssign,
    #[token("~+=")]
    TildePlusAssign,
    #[token("~-=")]
    TildeMinusAssign,
    #[token("~*=")]
    TildeStarAssign,
    #[token("~/=")]
    TildeSlashAssign,
    #[token("??=")]
    CoalesceAssign,
    #[token("&&=")]
    AndAssign,
    #[token("||=")]
    OrAssign,
    #[token("++")]
    Increment,
    #[token("--")]
    Decrement,

    #[token("!")]
    Bang,
    #[token("~")]
    Tilde,
    #[token("<~")]
    LessTilde,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[token("%")]
    Percent,
    #[token("**")]
    Power,
    #[token("==")]
    EqualEqual,
    #[token("!=")]
    NotEqual,
    #[token("===")]
    Identical,
    #[token("!==")]
    NotIdentical,
    #[token("<")]
    Less,
    #[token("<=")]
    LessEqual,
    #[token(">")]
    Greater,
    #[token(">=")]
    GreaterEqual,
    #[token("&&")]
    And,
    #[token("||")]
    Or,
    #[token("??")]
    Coalesce,
    #[token("|>")]
    Pipe,
    #[token("~|>")]
    TildePipe,
    #[token("~?>")]
    Threshold,
    #[token("~>")]
    Annotate,
    #[token("~~")]
    Chain,
    #[token("~+")]
    TildePlus,
    #[token("~-")]
    TildeMinus,
    #[token("~*")]
    TildeStar,
    #[token("~/")]
    TildeSlash,
    #[token("~==")]
    TildeEqual,
    #[token("~!=")]
    TildeNotEqual,
    #[token("~<")]
    TildeLess,
    #[token("~<=")]
    TildeLessEqual,
    #[token("~>=")]
    TildeGreaterEqual,
    #[token("~&&")]
    TildeAnd,
    #[token("~||")]
    TildeOr,
    #[token("~||>")]
    MoreConfident,
    #[token("~??")]
    TildeCoalesce,
    #[token("~@>")]
    Escalate,
    /// In types and patterns; between expressions it is a bit operator and refused.
    #[token("|")]
    Bar,
    /// Bit operators of other languages, refused with a message of their own.
    #[token("&")]
    #[token("^")]
    #[token("<<")]
    #[token("&=")]
    #[token("|=")]
    #[token("^=")]
    BitOp,
    #[token("//", line_comment)]
    #[token("/*", block_comment)]
    Comment,
    /// A character beyond ASCII: the lexer finds out what it begins. Logos would call itself for
    /// each one that follows.
    #[regex(r"[^\x00-\x7F]")]
    Beyond,
    /// Text that is no token; reported.
    Error,

    // Found by the layout pass.
    /// `;`, or a newline that ends a statement.
    Sep,
    /// A `;` in the head of a `for`.
    ForSemi,
    /// `for` before `x in …` or `x of …`.
    ForEach,
    /// The `in` of a `for`.
    ForIn,
    /// The `of` of a `for`.
    ForOf,
    /// The `(` of `if (…)`, `for (…)`, `catch (…)`, …
    LParenHead,
    /// The `(` of parameters: its `)` stands before `=>`, or a function head holds it.
    LParenParams,
    /// The name of a parameter before `=>`.
    LambdaIdent,
    /// The `=>` of an arm or a clause.
    ArmArrow,
    /// The `[` of an assignment pattern at the start of a statement.
    LBracketPat,
    LBraceBlock,
    RBraceBlock,
    LBraceObject,
    LBracePat,
    LBraceBranches,
    LBraceArms,
    LBraceCases,
    RBraceCases,
    LBraceAgents,
    LBraceClauses,
    LBraceOps,
    LBraceNames,
    /// `function` in operand position.
    FunctionExpr,
    /// `return` without a value.
    BareReturn,
    /// `match`, `agents`, `in` and the like in their form.
    KwAgent,
    KwAgentWord,
    KwAgents,
    KwAs,
    KwAsync,
    KwCase,
    KwContext,
    KwDefault,
    KwEffect,
    KwFrom,
    KwHandle,
    KwIn,
    KwInContext,
    KwIrreversible,
    /// `verified` behind the number of a confidence.
    KwLevel,
    KwMatch,
    KwPattern,
    /// `readonly` before a type or a key of one.
    KwReadonly,
    KwSwitch,
    KwTest,
    KwType,
    KwUses,
    KwWith,
    /// `high`, `medium`, `low` or `default` where a branch begins.
    BranchWord,
    /// Words of JavaScript in the form it gives them.
    JsClass,
    JsNew,
    JsThis,
    JsDelete,
    JsLabel,
    /// A part that is nested too deeply; reported.
    TooDeep,
}

/// Takes everything to the end of the line.
fn line_comment(lex: &mut logos::Lexer<'_, Kind>) -> logos::Skip {
    let rest = lex.remainder();
    let len = rest.find('\n').unwrap_or(rest.len());
    lex.bump(len);
    remember(lex);
    logos::Skip
}

/// Takes everything to the matching end; without one, to the end of the text.
fn block_comment(lex: &mut logos::Lexer<'_, Kind>) -> logos::Skip {
    let rest = lex.remainder();
    let len = rest.find("*/").map_or(rest.len(), |at| at + 2);
    lex.bump(len);
    remember(lex);
    logos::Skip
}

fn remember(lex: &mut logos::Lexer<'_, Kind>) {
    let span = lex.span();
    lex.extras.push(Span::new(span.start as u32, span.end as u32));
}

impl Kind {
    /// A name or any word: what may stand after `.` and as a key.
    pub const fn is_word(self) -> bool {
        (self as u8) <= (Kind::Placeholder as u8)
    }

    /// A word that is a name wherever its form does not apply.
    pub const fn is_name(self) -> bool {
        Kind::Agents as u8 <= self as u8 && self as u8 <= Kind::Ident as u8
    }

    pub const fn is_opener(self) -> bool {
        const BEGINS: &Set = &OPENERS;
        BEGINS[self as usize]
    }

    pub const fn is_closer(self) -> bool {
        const ENDS: &Set = &CLOSERS;
        ENDS[self as usize]
    }

    /// A bracket or a separator.
    pub const fn is_border(self) -> bool {
        const BORDERS: &Set = &or(or(OPENERS, CLOSERS), set(&[Kind::Sep]));
        BORDERS[self as usize]
    }

    /// An expression or a statement may be complete after it.
    pub const fn ends_operand(self) -> bool {
        const ENDS: &Set = &or(
            or(NAMES, CLOSERS),
            set(&[
                Kind::Placeholder,
                Kind::Number,
                Kind::Str,
                Kind::StrEnd,
                Kind::Regex,
                Kind::True,
                Kind::False,
                Kind::Null,
                Kind::Increment,
                Kind::Decrement,
                Kind::JsThis,
                Kind::TooDeep,
                Kind::KwLevel,
            ]),
        );
        ENDS[self as usize]
    }

    /// An operand begins with it, and nothing that ends one can stand directly before it.
    pub const fn starts_operand(self) -> bool {
        const STARTS: &Set = &or(
            NAMES,
            set(&[
                Kind::Placeholder,
                Kind::Number,
                Kind::Str,
                Kind::StrStart,
                Kind::Regex,
                Kind::True,
                Kind::False,
                Kind::Null,
                Kind::Typeof,
                Kind::Await,
                Kind::Bang,
                Kind::Tilde,
                Kind::LessTilde,
                Kind::Function,
                Kind::FunctionExpr,
                Kind::Uncertain,
                Kind::LambdaIdent,
                Kind::KwAsync,
                Kind::KwMatch,
                Kind::KwHandle,
                Kind::KwReadonly,
                Kind::JsNew,
                Kind::JsThis,
                Kind::JsDelete,
                Kind::LParenParams,
                Kind::TooDeep,
            ]),
        );
        STARTS[self as usize]
    }

    /// A statement begins with it, and an expression never does.
    pub const fn starts_stmt(self) -> bool {
        const STARTS: &Set = &set(&[
            Kind::If,
            Kind::For,
            Kind::ForEach,
            Kind::While,
            Kind::Do,
            Kind::Break,
            Kind::Continue,
            Kind::Return,
            Kind::Let,
            Kind::Const,
            Kind::Import,
            Kind::Export,
            Kind::Try,
            Kind::Throw,
            Kind::Function,
        ]);
        STARTS[self as usize]
    }

    /// The word of a label in a `switch`.
    pub const fn begins_case(self) -> bool {
        matches!(self, Kind::Case | Kind::Default)
    }

    /// A line that begins with it continues the line before.
    pub const fn only_continues(self) -> bool {
        self.binary_op().is_some()
            || self.assign_op().is_some()
            || matches!(
                self,
                Kind::Dot
                    | Kind::QuestionDot
                    | Kind::TildeDot
                    | Kind::Question
                    | Kind::TildeQuestion
                    | Kind::Colon
                    | Kind::Comma
                    | Kind::Assign
                    | Kind::Arrow
                    | Kind::ArmArrow
                    | Kind::ThinArrow
                    | Kind::Bar
                    | Kind::BitOp
                    | Kind::Else
                    | Kind::Catch
                    | Kind::Finally
                    | Kind::KwWith
                    | Kind::KwUses
                    | Kind::KwFrom
                    | Kind::KwAs
            )
    }

    /// The operator of an infix token.
    pub const fn binary_op(self) -> Option<BinaryOp> {
        const TABLE: &[Option<BinaryOp>; 256] = &table(BINARY);
        TABLE[self as usize]
    }

    /// The operator before the `=` of a compound assignment.
    pub const fn assign_op(self) -> Option<BinaryOp> {
        const TABLE: &[Option<BinaryOp>; 256] = &table(COMPOUND);
        TABLE[self as usize]
    }

    /// The operator of a token that is only ever a prefix.
    pub const fn unary_op(self) -> Option<UnaryOp> {
        const TABLE: &[Option<UnaryOp>; 256] = &table(PREFIX);
        TABLE[self as usize]
    }
}

/// Kinds of tokens: whether each one is in it. It is read through a reference, so that no use
/// copies it.
type Set = [bool; 256];

const NAMES: Set = {
    let mut set = [false; 256];
    let mut at = Kind::Agents as usize;
    while at <= Kind::Ident as usize {
        set[at] = true;
        at += 1;
    }
    set
};

const OPENERS: Set = set(&[
    Kind::LParen,
    Kind::LBracket,
    Kind::LBrace,
    Kind::InterpOpen,
    Kind::LParenHead,
    Kind::LParenParams,
    Kind::LBracketPat,
    Kind::LBraceBlock,
    Kind::LBraceObject,
    Kind::LBracePat,
    Kind::LBraceBranches,
    Kind::LBraceArms,
    Kind::LBraceCases,
    Kind::LBraceAgents,
    Kind::LBraceClauses,
    Kind::LBraceOps,
    Kind::LBraceNames,
]);

const CLOSERS: Set = set(&[
    Kind::RParen,
    Kind::RBracket,
    Kind::RBrace,
    Kind::InterpClose,
    Kind::RBraceBlock,
    Kind::RBraceCases,
]);

const fn set(kinds: &[Kind]) -> Set {
    let mut set = [false; 256];
    let mut at = 0;
    while at < kinds.len() {
        set[kinds[at] as usize] = true;
        at += 1;
    }
    set
}

const fn or(mut set: Set, other: Set) -> Set {
    let mut at = 0;
    while at < set.len() {
        set[at] |= other[at];
        at += 1;
    }
    set
}

const fn table<T: Copy>(entries: &[(Kind, T)]) -> [Option<T>; 256] {
    let mut table = [None; 256];
    let mut at = 0;
    while at < entries.len() {
        table[entries[at].0 as usize] = Some(entries[at].1);
        at += 1;
    }
    table
}

const BINARY: &[(Kind, BinaryOp)] = &[
    (Kind::Pipe, BinaryOp::Pipe),
    (Kind::TildePipe, BinaryOp::ConfidentPipe),
    (Kind::Threshold, BinaryOp::Threshold),
    (Kind::Annotate, BinaryOp::Annotate),
    (Kind::Chain, BinaryOp::Chain),
    (Kind::Or, BinaryOp::Or),
    (Kind::TildeOr, BinaryOp::ConfidentOr),
    (Kind::MoreConfident, BinaryOp::MoreConfident),
    (Kind::Escalate, BinaryOp::Escalate),
    (Kind::Coalesce, BinaryOp::Coalesce),
    (Kind::TildeCoalesce, BinaryOp::ConfidentCoalesce),
    (Kind::And, BinaryOp::And),
    (Kind::TildeAnd, BinaryOp::ConfidentAnd),
    (Kind::EqualEqual, BinaryOp::Equal),
    (Kind::NotEqual, BinaryOp::NotEqual),
    (Kind::Identical, BinaryOp::Identical),
    (Kind::NotIdentical, BinaryOp::NotIdentical),
    (Kind::TildeEqual, BinaryOp::ConfidentEqual),
    (Kind::TildeNotEqual, BinaryOp::ConfidentNotEqual),
    (Kind::Less, BinaryOp::Less),
    (Kind::LessEqual, BinaryOp::LessEqual),
    (Kind::Greater, BinaryOp::Greater),
    (Kind::GreaterEqual, BinaryOp::GreaterEqual),
    (Kind::TildeLess, BinaryOp::ConfidentLess),
    (Kind::TildeLessEqual, BinaryOp::ConfidentLessEqual),
    (Kind::TildeGreaterEqual, BinaryOp::ConfidentGreaterEqual),
    (Kind::Instanceof, BinaryOp::Instanceof),
    (Kind::KwIn, BinaryOp::In),
    (Kind::Plus, BinaryOp::Add),
    (Kind::Minus, BinaryOp::Subtract),
    (Kind::TildePlus, BinaryOp::ConfidentAdd),
    (Kind::TildeMinus, BinaryOp::ConfidentSubtract),
    (Kind::Star, BinaryOp::Multiply),
    (Kind::Slash, BinaryOp::Divide),
    (Kind::Percent, BinaryOp::Remainder),
    (Kind::TildeStar, BinaryOp::ConfidentMultiply),
    (Kind::TildeSlash, BinaryOp::ConfidentDivide),
    (Kind::Power, BinaryOp::Power),
];

const COMPOUND: &[(Kind, BinaryOp)] = &[
    (Kind::PlusAssign, BinaryOp::Add),
    (Kind::MinusAssign, BinaryOp::Subtract),
    (Kind::StarAssign, BinaryOp::Multiply),
    (Kind::SlashAssign, BinaryOp::Divide),
    (Kind::PercentAssign, BinaryOp::Remainder),
    (Kind::PowerAssign, BinaryOp::Power),
    (Kind::TildePlusAssign, BinaryOp::ConfidentAdd),
    (Kind::TildeMinusAssign, BinaryOp::ConfidentSubtract),
    (Kind::TildeStarAssign, BinaryOp::ConfidentMultiply),
    (Kind::TildeSlashAssign, BinaryOp::ConfidentDivide),
    (Kind::CoalesceAssign, BinaryOp::Coalesce),
    (Kind::AndAssign, BinaryOp::And),
    (Kind::OrAssign, BinaryOp::Or),
];

const PREFIX: &[(Kind, UnaryOp)] = &[
    (Kind::Bang, UnaryOp::Not),
    (Kind::Tilde, UnaryOp::Tilde),
    (Kind::LessTilde, UnaryOp::Confidence),
    (Kind::Typeof, UnaryOp::Typeof),
    (Kind::Await, UnaryOp::Await),
];
