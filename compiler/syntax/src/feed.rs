//! Gives the grammar the tokens of a file, statement by statement.

use prism_span::Span;

use crate::ast::{Band, BinaryOp, Level, UnaryOp};
use crate::build::Progress;
use crate::errors::SyntaxError;
use crate::layout::{LaidToken, MAX_ERRORS};
use crate::token::Kind;
use crate::walk::{Known, Step, Walk};

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
    /// A block, or the cases of a `switch`, that was parsed before: its number in that order.
    Block(u32),
    Cases(u32),
    /// An operand that was refused and reported before.
    Refused,
    /// A kind that no rule takes.
    Stray(Kind),
    /// A statement begins; whether something before the grammar found a mistake in it.
    Begin(bool),
    /// Makes a block of the statements since the one of the first number; the second says where
    /// it begins in the text.
    CloseBlock(u32, u32),
    /// The same for a body without braces.
    CloseBody(u32, u32),
    /// The same for the cases of a `switch`.
    CloseCases(u32),
}

/// The tokens of a file in the order of its statements, inner ones first, blocks in one piece.
///
/// A statement ends where the next one begins, or where the block around it is closed. A parser
/// that looks for where to go on drops such a border like any token; the end of all tokens is
/// feigned then, and the border is given again to the next parser.
pub(crate) struct Feed<'t> {
    text: &'t str,
    walk: Walk,
    known: Known<'t>,
    progress: &'t Progress,
    stmt: Stmt,
    /// The border behind that statement, and whether it was given.
    border: Option<Border>,
    is_given: bool,
    given_up: Option<Span>,
    is_done: bool,
}

#[derive(Clone, Copy)]
struct Border {
    step: Step,
    tok: Tok,
    /// Where it ends: where the statement behind it begins.
    end: u32,
}

/// The statement that is being given.
#[derive(Default)]
struct Stmt {
    span: Span,
    /// Its next token, and where its tokens end.
    at: usize,
    end: usize,
    /// Where the last token ended.
    last_end: u32,
    /// Statements parsed with it.
    n_parsed: u32,
    /// Places before it where the grammar could not go on.
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
/// The same for a file.
const MAX_REFUSED: u32 = 1000;

impl<'t> Feed<'t> {
    pub fn new(
        text: &'t str,
        tokens: Vec<LaidToken>,
        found: &'t [SyntaxError],
        progress: &'t Progress,
    ) -> Feed<'t> {
        let (walk, known) = (Walk::new(tokens), Known::new(found));
        let stmt = Stmt::default();
        Feed {
            text,
            walk,
            known,
            progress,
            stmt,
            border: None,
            is_given: false,
            given_up: None,
            is_done: false,
        }
    }

    /// Everything was given.
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// A statement that is not given because there are errors enough.
    pub fn given_up(&mut self) -> Option<Span> {
        self.given_up.take()
    }

    /// The statement that the parser stopped in, which is left.
    pub fn cut_short(&mut self) -> Span {
        self.is_given = false;
        std::mem::take(&mut self.stmt).span
    }

    /// What comes when the tokens of a statement were given.
    fn behind(&mut self) -> Option<(u32, Tok, u32)> {
        if self.is_given {
            if self.stmt.n_parsed > self.progress.n_parsed.get() {
                return None;
            }
            if let Some(Border { step: Step::Stmt { start, end }, .. }) = self.border.take() {
                self.is_given = false;
                self.stmt = self.stmt(start, end);
                return self.next();
            }
        }
        if self.border.is_none() {
            let step = self.walk.step();
            self.is_done = step.is_none();
            self.border = Some(self.border(step?)?);
        }
        self.is_given = true;
        self.border.map(|border| (self.stmt.last_end, border.tok, border.end))
    }

    /// What stands before a step; nothing when there are errors enough to leave it out.
    fn border(&mut self, step: Step) -> Option<Border> {
        let tokens = &self.walk.tokens;
        match step {
            Step::Stmt { start, end } => {
                let span = tokens[start].span.to(tokens[end - 1].span);
                let Progress { n_refused, n_errors, .. } = self.progress;
                if n_errors.get() >= MAX_ERRORS || n_refused.get() >= MAX_REFUSED {
                    self.given_up = Some(span);
                    return None;
                }
                let tok = Tok::Begin(self.known.claim(span));
                Some(Border { step, tok, end: span.start })
            }
            Step::Close { first, opener, closer } => {
                let (opener, closer) = (tokens[opener], tokens[closer]);
                let Span { start, end } = opener.span.to(closer.span);
                let tok = match closer.kind {
                    Kind::RBraceCases => Tok::CloseCases(first),
                    _ if opener.span.is_empty() => Tok::CloseBody(first, start),
                    _ => Tok::CloseBlock(first, start),
                };
                Some(Border { step, tok, end })
            }
        }
    }

    /// The statement of these tokens, before any of them is given.
    fn stmt(&self, start: usize, end: usize) -> Stmt {
        let span = self.walk.tokens[start].span.to(self.walk.tokens[end - 1].span);
        let Progress { n_nodes, n_refused, n_parsed, .. } = self.progress;
        Stmt {
            span,
            at: start,
            end,
            last_end: span.start,
            n_parsed: n_parsed.get() + 1,
            n_refused: n_refused.get(),
            seen: n_nodes.get(),
            n_idle: 0,
        }
    }
}

impl Iterator for Feed<'_> {
    type Item = (u32, Tok, u32);

    fn next(&mut self) -> Option<(u32, Tok, u32)> {
        let stmt = &mut self.stmt;
        if stmt.at == stmt.end {
            return self.behind();
        }
        let LaidToken { kind, span: Span { start, mut end }, partner } = self.walk.tokens[stmt.at];
        stmt.at += 1;
        let n_nodes = self.progress.n_nodes.get();
        if stmt.seen != n_nodes {
            stmt.seen = n_nodes;
            stmt.n_idle = 0;
        }
        stmt.n_idle += u32::from(kind.ends_operand());
        let n_refused = self.progress.n_refused.get() - stmt.n_refused;
        if stmt.n_idle > MAX_IDLE || n_refused > MAX_REFUSED_HERE {
            stmt.at = stmt.end;
            return self.behind();
        }
        let tok = match kind {
            Kind::LBraceBlock | Kind::LBraceCases => {
                let closer = self.walk.tokens[partner as usize];
                stmt.at = partner as usize + 1;
                end = closer.span.end.max(start);
                if kind == Kind::LBraceCases {
                    Tok::Cases(closer.partner)
                } else {
                    Tok::Block(closer.partner)
                }
            }
            _ => tok(kind, Span { start, end }, self.text),
        };
        stmt.last_end = end;
        Some((start, tok, end))
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
    /// It stands between statements.
    pub fn is_border(self) -> bool {
        matches!(
            self,
            Tok::Begin(_) | Tok::CloseBlock(..) | Tok::CloseBody(..) | Tok::CloseCases(_)
        )
    }

    /// A kind to name the token by.
    pub fn kind(self) -> Kind {
        match self {
            Tok::Plain(kind) | Tok::Stray(kind) => kind,
            Tok::Infix(_) | Tok::Prefix(_) | Tok::Compound(_) | Tok::Update(_) => Kind::Plus,
            Tok::Band(_) | Tok::Level(_) | Tok::Refused => Kind::Ident,
            Tok::Block(_) | Tok::Cases(_) => Kind::LBraceBlock,
            Tok::Begin(_) | Tok::CloseBlock(..) | Tok::CloseBody(..) | Tok::CloseCases(_) => {
                Kind::Sep
            }
        }
    }
}
