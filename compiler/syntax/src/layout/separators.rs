//! Where statements, arms and branches end; where a `;` or a comma is missing.

use prism_span::Span;

use super::frames::{After, Frame, FrameKind, Header, HeaderKind, NO_ARROW, Tail};
use super::{LaidToken, Scan};
use crate::errors::{SyntaxError, SyntaxErrorKind, is_foreign};
use crate::token::{Kind, Token};

impl Scan<'_> {
    /// Before the token at `at`: ends what it shows to be over.
    pub(super) fn separate(&mut self, at: usize) {
        let token = self.tokens[at];
        if self.goes_on(at) {
            return;
        }
        if self.foreign_before(at) {
            self.close_virtual_frames();
            return self.write_sep(token.span.start);
        }
        let has_tail = self.frame().tail != Tail::Open;
        let has_sep = self.frame().sep.is_some();
        if !(has_sep || has_tail || self.line_ends_item(at)) {
            return;
        }
        self.close_virtual_frames();
        let frame = self.frame_mut();
        if frame.is_fresh {
            frame.sep = None;
            return;
        }
        let is_label = frame.kind == FrameKind::Cases && token.kind.begins_case();
        let is_silent = has_tail
            || frame.sep.is_some()
            || token.newline_before
            || frame.kind.has_items()
            || is_label;
        if !is_silent {
            let at = self.out.last().map_or(0, |last| last.span.end);
            self.error(SyntaxErrorKind::MissingSeparator { at }, token.span);
        }
        self.write_sep(token.span.start);
    }

    /// Whether the token takes up a statement that ended with a body: `else`, `catch`, …
    fn goes_on(&mut self, at: usize) -> bool {
        let kind = self.tokens[at].kind;
        match kind {
            Kind::Else => self.close_virtual_until(Tail::Else),
            Kind::While => self.close_virtual_until(Tail::While),
            _ => {}
        }
        let fits = match self.frame().tail {
            Tail::Open | Tail::Over => return false,
            Tail::Else => kind == Kind::Else,
            Tail::While => kind == Kind::While,
            Tail::Catch => matches!(kind, Kind::Catch | Kind::Finally),
            Tail::Finally => kind == Kind::Finally,
            Tail::With => kind == Kind::With,
            Tail::Shift => kind == Kind::ThinArrow,
        };
        let fits = fits || self.goes_on_elsewhere(at, self.frame().tail);
        if fits {
            self.frame_mut().sep = None;
            self.taken = std::mem::replace(&mut self.frame_mut().tail, Tail::Open);
        }
        fits
    }

    /// Ends bodies without braces, as long as that leads to a statement with this tail.
    fn close_virtual_until(&mut self, tail: Tail) {
        let leads = |frame: &Frame| match (frame.kind, frame.after) {
            (FrameKind::Virtual, After::Body(header)) => match tail {
                Tail::Else => true,
                Tail::While => header.kind == HeaderKind::Do && !frame.is_fresh,
                _ => false,
            },
            _ => false,
        };
        while self.frame().tail != tail && leads(self.frame()) {
            self.close_virtual_frame();
        }
    }

    /// Whether the newline before the token ends the current item.
    fn line_ends_item(&self, at: usize) -> bool {
        let token = self.tokens[at];
        let frame = self.frame();
        if !token.newline_before || !frame.kind.has_lines() || frame.is_fresh {
            return false;
        }
        let can_end = self.prev_ends
            || matches!(self.prev, Kind::BareReturn | Kind::Break | Kind::Continue | Kind::Error);
        if can_end { !self.continues_line(at) } else { self.breaks_off(at) }
    }

    /// Whether the word at the start of a line shows that the statement before was left
    /// unfinished: it begins one and can stand in no expression.
    fn breaks_off(&self, at: usize) -> bool {
        let kind = self.kind_at(at);
        let awaits_body = self.header().is_some_and(|header| header.is_complete);
        // A function with a name, where a value may still come, is more likely the next one.
        let is_declared = self.kind_at(at + 1).is_name()
            && !matches!(self.prev, Kind::KwDefault | Kind::KwAsync | Kind::Arrow | Kind::ArmArrow);
        let is_word = kind.starts_stmt() && (kind != Kind::Function || is_declared);
        is_word && !awaits_body && self.frame().kind.has_stmts()
    }

    /// Whether a line that begins with this token continues the one before.
    fn continues_line(&self, at: usize) -> bool {
        let kind = self.tokens[at].kind;
        match kind {
            Kind::LBrace => self.header().is_some(),
            // With nothing behind it, it is a name.
            Kind::In => {
                let next = self.kind_at(at + 1);
                let is_operand = next.starts_operand()
                    || matches!(next, Kind::LParen | Kind::LBracket | Kind::LBrace);
                is_operand && next != Kind::Context
            }
            Kind::Of => self.for_each.is_some_and(|each| each.word == at),
            Kind::From => self.kind_at(at + 1) == Kind::Str,
            Kind::Uses => self.header().is_some_and(|header| header.kind == HeaderKind::Function),
            Kind::If => self.frame().kind == FrameKind::Arms && self.frame().awaits_arrow,
            // `else => …`, an arm that is reported.
            Kind::Else if self.frame().kind == FrameKind::Arms => {
                !matches!(self.kind_at(at + 1), Kind::Arrow | Kind::ThinArrow | Kind::Colon)
            }
            // `-1 => …`, the next arm.
            Kind::Minus if self.frame().kind == FrameKind::Arms => {
                let is_pattern = self.kind_at(at + 1) == Kind::Number
                    && matches!(self.kind_at(at + 2), Kind::Arrow | Kind::Bar | Kind::If);
                !is_pattern
            }
            _ => kind.only_continues(),
        }
    }

    fn write_sep(&mut self, at: u32) {
        let frame = self.frame_mut();
        let span = frame.sep.take().unwrap_or(Span::empty(at));
        frame.tail = Tail::Open;
        self.next_item();
        self.write(Kind::Sep, span);
        self.frame_mut().is_fresh = true;
    }

    pub(super) fn semicolon(&mut self, token: Token) {
        self.begin_virtual_empty(token);
        let waits_for_head = self.header().is_some_and(|header| {
            matches!(header.kind, HeaderKind::For | HeaderKind::UncertainFor)
        });
        let frame = self.frame_mut();
        match frame.kind {
            FrameKind::ForHead => self.for_semicolon(token),
            FrameKind::Object if frame.in_type => {
                self.write(Kind::Comma, token.span);
                self.frame_mut().is_fresh = true;
            }
            kind if kind.has_lines() && waits_for_head => self.for_semicolon(token),
            kind if kind.has_lines() => {
                if frame.sep.is_none() {
                    frame.sep = Some(token.span);
                }
            }
            _ => self.write(Kind::Semicolon, token.span),
        }
    }

    fn for_semicolon(&mut self, token: Token) {
        let frame = self.frame_mut();
        frame.in_type = false;
        frame.n_ternaries = 0;
        self.write(Kind::ForSemi, token.span);
    }

    pub(super) fn comma(&mut self, token: Token) {
        let frame = self.frame_mut();
        if frame.kind.has_items() {
            frame.sep.get_or_insert(token.span);
            return;
        }
        frame.in_type &= frame.kind == FrameKind::Object;
        if !frame.kind.has_stmts() && frame.kind != FrameKind::ForHead {
            self.next_item();
            self.write(Kind::Comma, token.span);
            self.frame_mut().is_fresh = true;
        } else {
            self.write(Kind::Comma, token.span);
        }
    }

    pub(super) fn colon(&mut self, token: Token) {
        let frame = self.frame_mut();
        let is_label =
            frame.kind == FrameKind::Cases && matches!(frame.first, Kind::KwCase | Kind::KwDefault);
        if frame.n_ternaries > 0 {
            frame.n_ternaries -= 1;
        } else if is_label {
            self.write(Kind::Colon, token.span);
            self.frame_mut().sep = Some(Span::empty(token.span.end));
            return;
        } else {
            let declares = matches!(frame.first, Kind::Let | Kind::Const)
                || matches!(frame.kind, FrameKind::Params | FrameKind::Operations);
            let is_result = self
                .header()
                .is_some_and(|header| header.kind == HeaderKind::Function && header.is_complete);
            let frame = self.frame_mut();
            frame.in_type |= declares || is_result || frame.result_arrow != NO_ARROW;
        }
        self.write(Kind::Colon, token.span);
    }

    /// Writes the separator that is missing between two operands.
    pub(super) fn repair(&mut self, kind: Kind, token: Token) {
        // An import has its own words between the parts.
        let is_import = self.frame().first == Kind::Import && self.prev != Kind::Str;
        if !self.prev_ends || self.frame().is_fresh || is_import {
            return;
        }
        let starts = kind.starts_operand() || (kind.starts_stmt() && self.frame().kind.has_stmts());
        if starts {
            self.repair_before(token);
        }
    }

    /// The same for a token that is known to begin an operand.
    pub(super) fn repair_before(&mut self, token: Token) {
        let at = self.out.last().map_or(0, |last| last.span.end);
        let has_header = self.header().is_some();
        let is_known =
            self.has_enough_errors() || self.has_open_string(token) || self.lacks_closer();
        let frame = self.frame();
        match frame.kind {
            kind if kind.has_lines() && !has_header => {
                if !is_known {
                    self.error(SyntaxErrorKind::MissingSeparator { at }, token.span);
                }
                self.close_virtual_frames();
                self.write_sep(at);
            }
            FrameKind::Args
            | FrameKind::Bracket
            | FrameKind::Object
            | FrameKind::ObjectPat
            | FrameKind::ArrayPat
            | FrameKind::Params
            | FrameKind::Names => {
                let is_silent = is_known || (frame.in_type && token.newline_before);
                if !is_silent {
                    self.error(SyntaxErrorKind::MissingComma { at }, token.span);
                }
                self.next_item();
                self.write(Kind::Comma, Span::empty(at));
                self.frame_mut().is_fresh = true;
            }
            _ => {}
        }
    }

    /// A statement of one word, and more behind it on its line: reports a word that other
    /// languages begin a statement with, and takes it for what is wrong.
    fn foreign_before(&mut self, at: usize) -> bool {
        let kind = self.tokens[at].kind;
        let frame = self.frame();
        let is_alone = self.prev == Kind::Ident && frame.first == Kind::Ident;
        if !is_alone || !frame.kind.has_stmts() || !self.is_on_line(at) {
            return false;
        }
        let is_infix = matches!(kind, Kind::In | Kind::As | Kind::Of | Kind::Uses | Kind::With);
        let has_more = kind.starts_operand() || kind.starts_stmt();
        let [before @ .., word] = self.out.as_slice() else { return false };
        let begins = before.last().is_none_or(|token| !token.kind.ends_operand());
        let span = word.span;
        let is_foreign = begins && has_more && !is_infix && is_foreign(span.slice(self.text));
        if is_foreign {
            self.error(SyntaxErrorKind::ForeignWord, span);
            self.out.last_mut().expect("it was just looked at").kind = Kind::Error;
        }
        is_foreign
    }

    /// A string on this line has no end, which explains everything.
    fn has_open_string(&self, token: Token) -> bool {
        let start = token.span.start;
        let opens =
            |error: &SyntaxError| matches!(error.kind, SyntaxErrorKind::UnclosedString { .. });
        let later = self.errors.iter().filter(|error| opens(error) && error.span.start >= start);
        let first = later.map(|error| error.span.start).min();
        first.is_some_and(|first| !Span::new(start, first).slice(self.text).contains('\n'))
    }

    /// The bracket's own end is missing, which was reported.
    fn lacks_closer(&self) -> bool {
        let frame = self.frame();
        let is_bracket = !frame.kind.has_lines();
        let closer = self.tokens.get(frame.closer);
        is_bracket && closer.is_some_and(|closer| closer.span.is_empty())
    }

    /// Opens a body without braces before the token at `at`, where one must begin.
    pub(super) fn begin_virtual(&mut self, at: usize) {
        let token = self.tokens[at];
        let Some(header) = self.header().copied() else { return };
        let is_else_if = header.kind == HeaderKind::Else && token.kind == Kind::If;
        if header.takes_stmt() && !is_else_if && token.kind != Kind::LBrace {
            self.headers.pop();
            self.push_virtual(header, token.span.start);
        }
    }

    /// `if (c);`
    fn begin_virtual_empty(&mut self, token: Token) {
        let Some(header) = self.header().copied() else { return };
        if header.takes_stmt() {
            self.headers.pop();
            self.push_virtual(header, token.span.start);
            self.close_virtual_frame();
        }
    }

    fn push_virtual(&mut self, header: Header, at: u32) {
        let opener = self.out.len() as u32;
        self.write(Kind::LBraceBlock, Span::empty(at));
        let closer = self.frame().closer;
        let after = After::Body(header);
        let frame = Frame::new(FrameKind::Virtual, after, opener, closer, self.headers.len());
        self.frames.push(frame);
    }

    pub(super) fn close_virtual_frames(&mut self) {
        while self.frame().kind == FrameKind::Virtual {
            self.close_virtual_frame();
        }
    }

    /// Ends the body of an arrow that assigns before the token at `at`, which is behind it.
    pub(super) fn end_assigning_body(&mut self, at: usize) {
        while self.frame().kind == FrameKind::Virtual
            && self.frame().after == After::Value
            && self.frame().closer == at
        {
            self.close_virtual_frame();
        }
    }

    /// Ends the innermost body without braces; its separator is the outer statement's.
    fn close_virtual_frame(&mut self) {
        let sep = self.frame().sep;
        let end = self.out.last().map_or(0, |last| last.span.end);
        self.pop_frame(Kind::RBraceBlock, Span::empty(end));
        self.frame_mut().sep = sep;
    }

    /// A closing bracket.
    pub(super) fn close(&mut self, token: Token) {
        self.close_virtual_frames();
        let kind = match self.frame().kind {
            FrameKind::Block => Kind::RBraceBlock,
            FrameKind::Cases => Kind::RBraceCases,
            _ => token.kind,
        };
        self.pop_frame(kind, token.span);
    }

    /// Ends the innermost bracket and tells the one around it.
    fn pop_frame(&mut self, closer: Kind, span: Span) {
        self.next_item();
        let frame = self.frames.pop().expect("a bracket is open");
        self.write(closer, span);
        let at = self.out.len() as u32 - 1;
        self.out[frame.opener as usize].partner = at;
        self.out[at as usize] = LaidToken { kind: closer, span, partner: frame.opener };
        match frame.after {
            After::Value => self.prev_ends = true,
            After::ArrowParams(arrow) => {
                self.prev_ends = true;
                self.frame_mut().result_arrow = arrow;
            }
            After::Params => {
                if let Some(header) = self.header_mut() {
                    header.is_complete = true;
                }
            }
            After::Head => {
                self.prev_ends = false;
                if let Some(header) = self.header_mut() {
                    header.is_complete = true;
                }
            }
            After::Body(header) => self.end_body(header),
        }
    }

    /// What may follow the body of the header.
    fn end_body(&mut self, header: Header) {
        let tail = match header.kind {
            HeaderKind::If => Tail::Else,
            HeaderKind::Do => Tail::While,
            HeaderKind::Try => Tail::Catch,
            HeaderKind::Catch => Tail::Finally,
            HeaderKind::Handle => Tail::With,
            HeaderKind::InContext => Tail::Shift,
            HeaderKind::Match | HeaderKind::With => Tail::Open,
            HeaderKind::Function | HeaderKind::UncertainIf if !header.is_stmt => Tail::Open,
            HeaderKind::Else
            | HeaderKind::While
            | HeaderKind::For
            | HeaderKind::ForEach
            | HeaderKind::Finally
            | HeaderKind::Switch
            | HeaderKind::UncertainIf
            | HeaderKind::UncertainWhile
            | HeaderKind::UncertainFor
            | HeaderKind::Function
            | HeaderKind::Branch
            | HeaderKind::Agents
            | HeaderKind::Agent
            | HeaderKind::Effect
            | HeaderKind::Plain => Tail::Over,
        };
        self.prev_ends = tail == Tail::Open;
        self.frame_mut().tail = tail;
    }
}
