//! The layout pass: makes the tokens unambiguous, so that the grammar needs no tricks.
//!
//! One scan from left to right over balanced tokens. It writes:
//! - [`Kind::Sep`] for `;` and for a newline that ends a statement, an arm, a branch, …;
//! - braces, parentheses and `function` with their role (`separators.rs`, `brackets.rs`,
//!   `roles.rs`); braces that mean nothing of their own around a body that has none;
//! - contextual words as names or as what their form makes of them (`words.rs`);
//! - slips and habits of other languages as what they mean (`slips.rs`).
//!
//! Where the text lacks a `;` or a comma the pass reports it and writes it.
//!
//! ```text
//! if (a) x = {k: 1}        if ( a ) { x = {object k : 1 } }
//! else y                   else { y }
//! ```

mod brackets;
mod frames;
mod roles;
mod separators;
mod slips;
#[cfg(test)]
mod tests;
mod words;

use prism_span::Span;

use self::frames::{After, Frame, FrameKind, Header, HeaderKind, NO_ARROW, Tail};
use crate::errors::{SyntaxError, SyntaxErrorKind};
use crate::token::{Kind, Token};

/// Brackets may be this deep, virtual braces included.
const MAX_BRACKETS: usize = 256;
/// So many tokens of unfinished constructs may wait for their right part.
const MAX_GROWTH: u32 = 600;
/// More errors than this of one kind of pass help nobody.
pub(crate) const MAX_ERRORS: usize = 200;

/// A token of the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LaidToken {
    pub kind: Kind,
    pub span: Span,
    /// For an opening bracket the index of its closing one.
    pub partner: u32,
}

/// Lays out the tokens of `text`, which are balanced on the way.
pub(crate) fn lay_out(
    text: &str,
    mut tokens: Vec<Token>,
    errors: &mut Vec<SyntaxError>,
) -> Vec<LaidToken> {
    let pairs = brackets::balance(text, &mut tokens, errors);
    let mut scan = Scan {
        text,
        tokens: &tokens,
        pairs: &pairs,
        out: Vec::with_capacity(tokens.len() + tokens.len() / 8),
        frames: Vec::with_capacity(16),
        headers: Vec::with_capacity(16),
        errors,
        prev: Kind::Sep,
        prev_ends: false,
        for_each: None,
        taken: Tail::Open,
        growth: 0,
    };
    scan.frames.push(Frame::new(FrameKind::Block, After::Value, 0, tokens.len(), 0));
    scan.run();
    scan.out
}

struct Scan<'t> {
    text: &'t str,
    tokens: &'t [Token],
    pairs: &'t [u32],
    out: Vec<LaidToken>,
    /// Open brackets; the first is the file.
    frames: Vec<Frame>,
    headers: Vec<Header>,
    errors: &'t mut Vec<SyntaxError>,
    /// The last token written, and whether something can be complete behind it.
    prev: Kind,
    prev_ends: bool,
    for_each: Option<ForEach>,
    /// What the current token takes up, when it continues a statement that had a body.
    taken: Tail,
    /// Of all frames together.
    growth: u32,
}

/// Where the parts of a `for … in` stand.
#[derive(Debug, Clone, Copy)]
struct ForEach {
    pat: usize,
    word: usize,
}

impl Scan<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while at < self.tokens.len() {
            at = self.step(at);
        }
        self.close_virtual_frames();
    }

    /// Takes the token at `at`; gives the index to go on with.
    fn step(&mut self, at: usize) -> usize {
        let token = self.tokens[at];
        self.end_assigning_body(at);
        if token.kind.is_closer() {
            self.close(token);
            return at + 1;
        }
        if token.kind == Kind::Semicolon {
            self.semicolon(token);
            return at + 1;
        }
        self.taken = Tail::Open;
        self.separate(at);
        self.begin_virtual(at);
        if token.kind.is_opener() {
            return self.open(at);
        }
        let is_left_out = match token.kind {
            Kind::Bang => self.non_null(at),
            Kind::Star => self.generator(at),
            _ => false,
        };
        if is_left_out {
            return at + 1;
        }
        if let Some(next) = self.slip(at) {
            return next;
        }
        match self.kind_here(at) {
            Ok(kind) => self.plain(kind, at),
            Err(next) => return next,
        }
        if matches!(self.prev, Kind::Arrow | Kind::ArmArrow) {
            self.assigning_body(at + 1);
        }
        if self.growth > MAX_GROWTH { self.give_up(at + 1) } else { at + 1 }
    }

    fn frame(&self) -> &Frame {
        self.frames.last().expect("the file's frame is never closed")
    }

    fn frame_mut(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the file's frame is never closed")
    }

    /// The construct of this bracket whose body is still to come.
    fn header(&self) -> Option<&Header> {
        self.headers[self.frame().headers..].last()
    }

    fn header_mut(&mut self) -> Option<&mut Header> {
        let first = self.frame().headers;
        self.headers[first..].last_mut()
    }

    fn push_header(&mut self, kind: HeaderKind, is_complete: bool, is_stmt: bool) {
        self.headers.push(Header { kind, is_complete, is_stmt });
    }

    /// The kind of the token at `at`; `Sep` past the end.
    fn kind_at(&self, at: usize) -> Kind {
        self.tokens.get(at).map_or(Kind::Sep, |token| token.kind)
    }

    /// The kind of the token behind the bracket that opens at `at`.
    fn kind_behind(&self, at: usize) -> Kind {
        self.kind_at(self.pairs[at] as usize + 1)
    }

    fn is_on_line(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| !token.newline_before)
    }

    /// At the start of a statement.
    fn at_stmt(&self) -> bool {
        let frame = self.frame();
        frame.is_fresh && frame.kind.has_stmts()
    }

    /// More would not be shown.
    fn has_enough_errors(&self) -> bool {
        self.errors.len() >= 4 * MAX_ERRORS
    }

    fn error(&mut self, kind: SyntaxErrorKind, span: Span) {
        if !self.has_enough_errors() {
            self.errors.push(SyntaxError { kind, span });
        }
    }

    fn write(&mut self, kind: Kind, span: Span) {
        let partner = self.out.len() as u32;
        self.out.push(LaidToken { kind, span, partner });
        self.prev = kind;
        // In a type `>` ends the arguments of a name.
        let ends_type = kind == Kind::Greater && self.frame().in_type;
        let is_prefix = matches!(kind, Kind::Increment | Kind::Decrement) && !self.prev_ends;
        self.prev_ends = (kind.ends_operand() && !is_prefix) || ends_type;
        let frame = self.frame_mut();
        if frame.is_fresh {
            frame.is_fresh = false;
            frame.first = kind;
        }
    }

    /// Writes a token that is no bracket and no `;`.
    fn plain(&mut self, kind: Kind, at: usize) {
        let token = self.tokens[at];
        self.repair(kind, token);
        match kind {
            Kind::Comma => return self.comma(token),
            Kind::Colon => return self.colon(token),
            Kind::Question if self.is_optional_mark(at) => {}
            Kind::Question | Kind::TildeQuestion => {
                self.grow();
                self.frame_mut().n_ternaries += 1;
            }
            Kind::Arrow if self.frame().awaits_arrow => {
                self.frame_mut().awaits_arrow = false;
                return self.write(Kind::ArmArrow, token.span);
            }
            // `Array<T>= x` ends a type.
            Kind::GreaterEqual if self.frame().in_type || self.frame().first == Kind::KwType => {
                let middle = token.span.start + 1;
                self.write(Kind::Greater, Span::new(token.span.start, middle));
                self.frame_mut().in_type = self.frame().first == Kind::KwType;
                return self.write(Kind::Assign, Span::new(middle, token.span.end));
            }
            Kind::Assign => {
                let frame = self.frame_mut();
                frame.in_type = frame.first == Kind::KwType;
            }
            Kind::Arrow if self.frame().result_arrow == at as u32 => {
                self.grow();
                let frame = self.frame_mut();
                (frame.result_arrow, frame.in_type) = (NO_ARROW, false);
            }
            Kind::ThinArrow if self.frame().kind == FrameKind::Branches => self.drop_headers(),
            Kind::Arrow | Kind::LambdaIdent => self.grow(),
            Kind::Plus | Kind::Minus if !self.prev_ends => self.grow(),
            _ if kind.unary_op().is_some() => self.grow(),
            _ => {}
        }
        self.write(kind, token.span);
        if matches!(kind, Kind::Export | Kind::KwIrreversible) {
            self.frame_mut().is_fresh = true;
        }
    }

    /// The bodies that this bracket waited for do not come.
    fn drop_headers(&mut self) {
        let first = self.frame().headers;
        self.headers.truncate(first);
    }

    /// `k?: T` and `(a?: T)`.
    fn is_optional_mark(&self, at: usize) -> bool {
        let frame = self.frame();
        let has_marks = frame.in_type || frame.kind == FrameKind::Params;
        has_marks && self.kind_at(at + 1) == Kind::Colon
    }

    fn grow(&mut self) {
        self.growth += 1;
        self.frame_mut().growth += 1;
    }

    /// Forgets what belongs to one item of the innermost bracket.
    fn next_item(&mut self) {
        let frame = self.frame_mut();
        let growth = std::mem::take(&mut frame.growth);
        frame.n_ternaries = 0;
        frame.result_arrow = NO_ARROW;
        frame.in_type &= frame.kind == FrameKind::Object;
        frame.awaits_arrow = matches!(frame.kind, FrameKind::Arms | FrameKind::Clauses);
        self.growth -= u32::from(growth);
        self.drop_headers();
    }

    /// Leaves out the rest of an item that nests too deeply.
    fn give_up(&mut self, at: usize) -> usize {
        let span = self.tokens[at - 1].span;
        self.error(SyntaxErrorKind::TooDeep, span);
        self.write(Kind::TooDeep, Span::empty(span.end));
        let has_lines = self.frame().kind.has_lines();
        let mut at = at;
        while let Some(token) = self.tokens.get(at) {
            let ends = matches!(token.kind, Kind::Comma | Kind::Semicolon)
                || token.kind.is_closer()
                || (has_lines && token.newline_before && !token.kind.only_continues());
            if ends {
                break;
            }
            at = self.pairs[at] as usize + 1;
        }
        let growth = std::mem::take(&mut self.frame_mut().growth);
        self.growth -= u32::from(growth);
        at
    }
}
