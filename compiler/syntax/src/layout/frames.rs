//! What the scan remembers about each open bracket.

use prism_span::Span;

use crate::token::Kind;

/// What stands between a pair of brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameKind {
    /// Statements: the file, a block.
    Block,
    /// The single statement of a body without braces; it has no closing token.
    Virtual,
    /// The labels and statements of a `switch`.
    Cases,
    /// `high { … }`, `low -> e`.
    Branches,
    /// `pattern => e`.
    Arms,
    /// `Name: Agent { … }`.
    Agents,
    /// `effect.operation(p) => { … }`.
    Clauses,
    /// `operation(p): type`.
    Operations,
    /// `a, b as c` of an import or export.
    Names,
    Object,
    ObjectPat,
    ArrayPat,
    Params,
    /// `(…)` after a value.
    Args,
    Group,
    /// `(…)` after `if`, `while`, …
    Head,
    /// `(…)` after `for`.
    ForHead,
    Bracket,
    Interpolation,
}

impl FrameKind {
    /// Newlines separate its items.
    pub const fn has_lines(self) -> bool {
        matches!(
            self,
            FrameKind::Block
                | FrameKind::Virtual
                | FrameKind::Cases
                | FrameKind::Branches
                | FrameKind::Arms
                | FrameKind::Agents
                | FrameKind::Clauses
                | FrameKind::Operations
        )
    }

    /// Its items are statements.
    pub const fn has_stmts(self) -> bool {
        matches!(self, FrameKind::Block | FrameKind::Virtual | FrameKind::Cases)
    }

    /// Its items are separated by lines or by commas, which become separators.
    pub const fn has_items(self) -> bool {
        self.has_lines() && !self.has_stmts()
    }
}

/// A construct whose body is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub kind: HeaderKind,
    /// The body can begin, or it begins where an operand has ended.
    pub is_complete: bool,
    /// It began a statement, so that its last body ends the statement.
    pub is_stmt: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderKind {
    If,
    Else,
    While,
    For,
    ForEach,
    Do,
    Try,
    Catch,
    Finally,
    Switch,
    Match,
    UncertainIf,
    UncertainWhile,
    UncertainFor,
    /// A function; complete after its parameters, though a type may follow them.
    Function,
    Handle,
    With,
    /// `high`, `default`, … in branches.
    Branch,
    /// `agents`, with its own braces.
    Agents,
    /// `agent Name` and `Name: Agent`: fields.
    Agent,
    /// `effect name`: operations.
    Effect,
    /// `in context name`
    InContext,
    /// `pattern Name`, `test "…"`.
    Plain,
}

impl Header {
    /// A single statement may be the body, and it begins here.
    pub fn takes_stmt(self) -> bool {
        let can = match self.kind {
            HeaderKind::If
            | HeaderKind::Else
            | HeaderKind::While
            | HeaderKind::For
            | HeaderKind::ForEach
            | HeaderKind::Do => true,
            HeaderKind::Try
            | HeaderKind::Catch
            | HeaderKind::Finally
            | HeaderKind::Switch
            | HeaderKind::Match
            | HeaderKind::UncertainIf
            | HeaderKind::UncertainWhile
            | HeaderKind::UncertainFor
            | HeaderKind::Function
            | HeaderKind::Handle
            | HeaderKind::With
            | HeaderKind::Branch
            | HeaderKind::Agents
            | HeaderKind::Agent
            | HeaderKind::Effect
            | HeaderKind::InContext
            | HeaderKind::Plain => false,
        };
        can && self.is_complete
    }
}

/// What may follow a statement that ended with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// The statement is not over, or did not end with a body.
    Open,
    /// Nothing: the statement is over.
    Over,
    /// `else`
    Else,
    /// `while` of a `do`
    While,
    /// `catch`, `finally`
    Catch,
    /// `finally`
    Finally,
    /// `with` of a `handle`
    With,
    /// `->` of `in context`
    Shift,
}

/// No arrow is to come.
pub(super) const NO_ARROW: u32 = u32::MAX;

/// What the closing token of a bracket leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// A value, or part of one.
    Value,
    /// The head of a construct is complete.
    Head,
    /// The parameters of a function are.
    Params,
    /// The parameters of an arrow with a type of its result; the index of its `=>`.
    ArrowParams(u32),
    /// A body of the header ended.
    Body(Header),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub kind: FrameKind,
    pub after: After,
    /// The opening token among the tokens made.
    pub opener: u32,
    /// The closing token among the tokens read; the number of tokens for the file.
    pub closer: usize,
    /// The first header of this bracket on the stack of headers.
    pub headers: usize,
    /// Nothing of the current item was met.
    pub is_fresh: bool,
    pub tail: Tail,
    /// The first word of the current statement, after `export`.
    pub first: Kind,
    /// A separator to write before the next token.
    pub sep: Option<Span>,
    /// A type stands here.
    pub in_type: bool,
    /// That type is the result of an arrow: the index of its `=>`, which is to come.
    pub result_arrow: u32,
    /// `?` without its `:`.
    pub n_ternaries: u16,
    /// Tokens of the current item that nest to the right.
    pub growth: u16,
    /// The `=>` of the current arm or clause is to come.
    pub awaits_arrow: bool,
}

impl Frame {
    pub fn new(kind: FrameKind, after: After, opener: u32, closer: usize, headers: usize) -> Frame {
        Frame {
            kind,
            after,
            opener,
            closer,
            headers,
            is_fresh: true,
            tail: Tail::Open,
            first: Kind::Sep,
            sep: None,
            in_type: false,
            result_arrow: NO_ARROW,
            n_ternaries: 0,
            growth: 0,
            awaits_arrow: matches!(kind, FrameKind::Arms | FrameKind::Clauses),
        }
    }
}
