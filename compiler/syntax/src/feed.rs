//! Gives the grammar the tokens of one statement.

use prism_span::Span;

use crate::ast::{Band, BinaryOp, Level, UnaryOp};
use crate::build::Progress;
use crate::layout::LaidToken;
use crate::token::Kind;

/// What the grammar sees of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tok {
    Plain(Kind),
    Infix(BinaryOp),
    Prefix(UnaryOp),
    Compound(BinaryOp),
    /// `++` when true, else `--`.
    Update(bool),
    Band(Band),
    Level(Level),
    /// A block, or the cases of a `switch`, that was parsed before.
    Block(u32),
    Cases(u32),
    /// An operand that was refused and reported before.
    Refused,
    /// A kind that no rule takes.
    Stray(Kind),
}

/// The tokens of one statement, blocks in one piece.
pub(crate) struct Feed<'t> {
    text: &'t str,
    tokens: &'t [LaidToken],
    at: usize,
    progress: &'t Progress,
    /// Places before this statement where the grammar could not go on.
    n_refused: u32,
    /// Nodes made when the parser last made one.
    seen: u32,
    /// Tokens since then after which a node would be due.
    n_idle: u32,
}

/// After so many tokens without a node the parser is only dropping them, each at the cost of its
/// whole stack; the rest of the statement cannot help it.
const MAX_IDLE: u32 = 16;
/// In a statement that the grammar could not go on with in so many places, nothing more is read.
const MAX_REFUSED_HERE: u32 = 16;

impl<'t> Feed<'t> {
    /// The statement whose tokens begin at `at` and end with `tokens`.
    pub fn new(
        text: &'t str,
        tokens: &'t [LaidToken],
        at: usize,
        progress: &'t Progress,
    ) -> Feed<'t> {
        let n_refused = progress.n_refused.get();
        Feed { text, tokens, at, progress, n_refused, seen: 0, n_idle: 0 }
    }
}

impl Iterator for Feed<'_> {
    type Item = (u32, Tok, u32);

    fn next(&mut self) -> Option<(u32, Tok, u32)> {
        let token = *self.tokens.get(self.at)?;
        self.at += 1;
        let n_nodes = self.progress.n_nodes.get();
        if self.seen != n_nodes {
            self.seen = n_nodes;
            self.n_idle = 0;
        }
        self.n_idle += u32::from(token.kind.ends_operand());
        let n_refused = self.progress.n_refused.get() - self.n_refused;
        if self.n_idle > MAX_IDLE || n_refused > MAX_REFUSED_HERE {
            return None;
        }
        let Span { start, end } = token.span;
        if !matches!(token.kind, Kind::LBraceBlock | Kind::LBraceCases) {
            return Some((start, tok(token.kind, token.span, self.text), end));
        }
        let closer = self.tokens[token.partner as usize];
        self.at = token.partner as usize + 1;
        let tok = match token.kind {
            Kind::LBraceCases => Tok::Cases(closer.partner),
            _ => Tok::Block(closer.partner),
        };
        Some((start, tok, closer.span.end.max(start)))
    }
}

/// What the grammar sees of a token that is no block.
fn tok(kind: Kind, span: Span, text: &str) -> Tok {
    if is_plain(kind) {
        return Tok::Plain(kind);
    }
    match kind {
        Kind::Increment | Kind::Decrement => Tok::Update(kind == Kind::Increment),
        Kind::Regex | Kind::JsThis | Kind::TooDeep | Kind::Error => Tok::Refused,
        Kind::BranchWord => Tok::Band(match span.slice(text) {
            "high" => Band::High,
            "medium" => Band::Medium,
            "low" => Band::Low,
            _ => Band::Default,
        }),
        Kind::KwLevel => Tok::Level(match span.slice(text) {
            "verified" => Level::Verified,
            "reviewed" => Level::Reviewed,
            "sampled" => Level::Sampled,
            _ => Level::Reported,
        }),
        _ => {
            let infix = kind.binary_op().map(Tok::Infix);
            let prefix = kind.unary_op().map(Tok::Prefix);
            let compound = kind.assign_op().map(Tok::Compound);
            infix.or(prefix).or(compound).unwrap_or(Tok::Stray(kind))
        }
    }
}

/// The kinds that rules name.
const fn is_plain(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::If
            | Kind::Else
            | Kind::For
            | Kind::ForEach
            | Kind::ForIn
            | Kind::ForOf
            | Kind::ForSemi
            | Kind::While
            | Kind::Do
            | Kind::Break
            | Kind::Continue
            | Kind::Return
            | Kind::BareReturn
            | Kind::Let
            | Kind::Const
            | Kind::Function
            | Kind::FunctionExpr
            | Kind::True
            | Kind::False
            | Kind::Null
            | Kind::Import
            | Kind::Export
            | Kind::Try
            | Kind::Catch
            | Kind::Finally
            | Kind::Throw
            | Kind::Uncertain
            | Kind::KwAgent
            | Kind::KwAgentWord
            | Kind::KwAgents
            | Kind::KwAs
            | Kind::KwAsync
            | Kind::KwCase
            | Kind::KwContext
            | Kind::KwDefault
            | Kind::KwEffect
            | Kind::KwFrom
            | Kind::KwHandle
            | Kind::KwInContext
            | Kind::KwIrreversible
            | Kind::KwMatch
            | Kind::KwPattern
            | Kind::KwReadonly
            | Kind::KwSwitch
            | Kind::KwTest
            | Kind::KwType
            | Kind::KwUses
            | Kind::KwWith
            | Kind::Ident
            | Kind::LambdaIdent
            | Kind::Placeholder
            | Kind::Number
            | Kind::Str
            | Kind::StrStart
            | Kind::Chunk
            | Kind::InterpOpen
            | Kind::InterpClose
            | Kind::StrEnd
            | Kind::JsClass
            | Kind::LParen
            | Kind::LParenHead
            | Kind::LParenParams
            | Kind::RParen
            | Kind::LBracket
            | Kind::LBracketPat
            | Kind::RBracket
            | Kind::LBraceObject
            | Kind::LBracePat
            | Kind::LBraceBranches
            | Kind::LBraceArms
            | Kind::LBraceAgents
            | Kind::LBraceClauses
            | Kind::LBraceOps
            | Kind::LBraceNames
            | Kind::RBrace
            | Kind::Sep
            | Kind::Comma
            | Kind::Colon
            | Kind::Dot
            | Kind::QuestionDot
            | Kind::TildeDot
            | Kind::Ellipsis
            | Kind::Question
            | Kind::TildeQuestion
            | Kind::Arrow
            | Kind::ArmArrow
            | Kind::ThinArrow
            | Kind::Assign
            | Kind::Minus
            | Kind::Plus
            | Kind::Star
            | Kind::Annotate
            | Kind::TildeGreaterEqual
            | Kind::Less
            | Kind::Greater
            | Kind::Bar
            | Kind::BitOp
    )
}

impl Tok {
    /// A kind to name the token by.
    pub fn kind(self) -> Kind {
        match self {
            Tok::Plain(kind) | Tok::Stray(kind) => kind,
            Tok::Infix(_) | Tok::Prefix(_) | Tok::Compound(_) | Tok::Update(_) => Kind::Plus,
            Tok::Band(_) | Tok::Level(_) | Tok::Refused => Kind::Ident,
            Tok::Block(_) | Tok::Cases(_) => Kind::LBraceBlock,
        }
    }
}
