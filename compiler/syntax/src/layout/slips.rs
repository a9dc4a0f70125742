//! Slips of the finger and habits of other languages, where only one thing can be meant: each is
//! reported once and read as what it means, so that what stands behind it is no mistake.
//!
//! ```text
//! retrun x      hihg { 1 }      a and b      match x { 1 -> 2 }      f(x => y = x)
//! return x      high { 1 }      a && b       match x { 1 => 2 }      f(x => { y = x })
//! ```

use prism_diagnostics::nearest;
use prism_span::Span;

use super::frames::{After, Frame, FrameKind, HeaderKind, Tail};
use super::{LaidToken, Scan};
use crate::errors::{AssignPlace, Expected, SyntaxErrorKind, is_foreign};
use crate::token::Kind;

const BANDS: &[&str] = &["high", "medium", "low", "default"];
const LEVELS: &[&str] = &["verified", "reviewed", "sampled", "reported"];

impl Scan<'_> {
    /// Deals with the token at `at` if it is a slip; gives the index to go on with.
    pub(super) fn slip(&mut self, at: usize) -> Option<usize> {
        match self.tokens[at].kind {
            Kind::Ident => self.word_slip(at),
            Kind::Switch => self.switch_value(at),
            Kind::Handle => self.handle_alone(at),
            Kind::Test => self.test_without_name(at),
            Kind::From => self.import_of_python(at),
            Kind::Try => self.try_of_python(at),
            Kind::Catch => self.catch_without_parens(at),
            Kind::Agent | Kind::Pattern | Kind::Effect => self.declared_as_value(at),
            Kind::Case => self.case_arm(at),
            Kind::Else => self.else_arm(at),
            Kind::Uncertain => self.without_bands(at),
            Kind::Colon | Kind::Arrow | Kind::ThinArrow => self.wrong_mark(at),
            Kind::Less if self.touches(at + 1) && self.kind_at(at + 1) == Kind::Greater => {
                self.angles(at)
            }
            Kind::BitOp if self.frame().in_type => {
                let token = self.tokens[at];
                self.error(SyntaxErrorKind::TypeForm, token.span);
                self.write(Kind::Bar, token.span);
                Some(at + 1)
            }
            kind if kind == Kind::Assign || kind.assign_op().is_some() => self.assign_slip(at),
            _ => None,
        }
    }

    /// `uncertain if (e) { … } else { … }`, read as what it is without the word.
    fn without_bands(&mut self, at: usize) -> Option<usize> {
        if !matches!(self.kind_at(at + 1), Kind::If | Kind::While | Kind::For) {
            return None;
        }
        let mut brace = at + 2;
        while !matches!(self.kind_at(brace), Kind::LBrace) {
            // A closer would lead back to its opener.
            if !self.is_on_line(brace) || self.kind_at(brace).is_closer() {
                return None;
            }
            brace = self.pairs[brace] as usize + 1;
        }
        let first = brace + 1;
        let next = self.kind_at(first);
        let is_band = next.is_name()
            && matches!(
                self.kind_at(first + 1),
                Kind::LBrace | Kind::ThinArrow | Kind::Arrow | Kind::Colon
            );
        if is_band || next == Kind::Default || next.is_closer() || first >= self.tokens.len() {
            return None;
        }
        self.error(SyntaxErrorKind::NoBands, self.tokens[at].span);
        Some(at + 1)
    }

    /// Whether the token at `at` takes up a statement that ended with a body, under a name that
    /// it has elsewhere: `elif`, `except`, `esle`.
    pub(super) fn goes_on_elsewhere(&self, at: usize, tail: Tail) -> bool {
        if self.tokens[at].kind != Kind::Ident {
            return false;
        }
        let word = self.word(at);
        match tail {
            Tail::Else => {
                let next = self.kind_at(at + 1);
                let is_body = matches!(next, Kind::LBrace | Kind::If) && self.is_on_line(at + 1);
                let is_condition = match next {
                    Kind::LParen => self.is_followed(at + 1, None),
                    _ => next.starts_operand() && self.is_on_line(at + 1),
                };
                (is_condition && is_else_if(word)) || (is_body && nearest(word, ["else"]).is_some())
            }
            Tail::Catch => word == "except",
            Tail::Open | Tail::Over | Tail::While | Tail::Finally | Tail::With | Tail::Shift => {
                false
            }
        }
    }

    fn word(&self, at: usize) -> &str {
        self.tokens[at].span.slice(self.text)
    }

    /// Whether the bracket at `opener` has this behind it on the line where it ends.
    fn is_followed(&self, opener: usize, kind: Option<Kind>) -> bool {
        let next = self.pairs[opener] as usize + 1;
        self.is_on_line(next) && kind.is_none_or(|kind| self.kind_at(next) == kind)
    }

    /// Whether nothing stands between the token at `at` and the one before it.
    fn touches(&self, at: usize) -> bool {
        let before = self.tokens[at - 1].span.end;
        self.tokens.get(at).is_some_and(|token| token.span.start == before)
    }

    /// The kind of the token before the last one written.
    fn before_last(&self) -> Kind {
        let [.., before, _] = self.out.as_slice() else { return Kind::Sep };
        before.kind
    }

    fn refuse(&mut self, kind: SyntaxErrorKind, at: usize, meant: Kind) -> Option<usize> {
        self.error(kind, self.tokens[at].span);
        self.plain(meant, at);
        Some(at + 1)
    }

    fn word_slip(&mut self, at: usize) -> Option<usize> {
        match self.taken {
            Tail::Else => return Some(self.other_else(at)),
            Tail::Catch => {
                let is_complete = self.kind_at(at + 1) != Kind::LParen;
                self.push_header(HeaderKind::Catch, is_complete, true);
                return self.refuse(SyntaxErrorKind::ForeignWord, at, Kind::Catch);
            }
            _ => {}
        }
        if matches!(self.prev, Kind::Dot | Kind::QuestionDot | Kind::TildeDot) {
            return None;
        }
        let is_infix = self.prev_ends && !self.frame().is_fresh;
        if is_infix && self.is_on_line(at) {
            return self.infix_slip(at);
        }
        if !self.is_on_line(at + 1) || is_infix {
            return None;
        }
        let frame = *self.frame();
        if frame.kind == FrameKind::Branches && frame.is_fresh {
            return self.band_slip(at);
        }
        if self.at_stmt()
            && let Some(next) = self.stmt_slip(at)
        {
            return Some(next);
        }
        self.prefix_slip(at)
    }

    /// `elif`, `esle`
    fn other_else(&mut self, at: usize) -> usize {
        let span = self.tokens[at].span;
        if !is_else_if(self.word(at)) {
            self.error(SyntaxErrorKind::Misspelt("else"), span);
            self.push_header(HeaderKind::Else, true, true);
            self.write(Kind::Else, span);
            return at + 1;
        }
        self.error(SyntaxErrorKind::ForeignWord, span);
        self.write(Kind::Else, Span::empty(span.start));
        self.push_header(HeaderKind::If, false, true);
        self.write(Kind::If, span);
        at + 1
    }

    /// `hihg { … }`
    fn band_slip(&mut self, at: usize) -> Option<usize> {
        let begins = matches!(
            self.kind_at(at + 1),
            Kind::LBrace | Kind::ThinArrow | Kind::Arrow | Kind::Colon
        );
        if !begins {
            return None;
        }
        let kind = match nearest(self.word(at), BANDS.iter().copied()) {
            Some(meant) => SyntaxErrorKind::Misspelt(meant),
            None => {
                let found = Some(Kind::Ident);
                SyntaxErrorKind::Unexpected { expected: Expected::Branch, found }
            }
        };
        self.push_header(HeaderKind::Branch, true, true);
        self.refuse(kind, at, Kind::BranchWord)
    }

    /// `case 1 => …` in a `match`; in `case 1: …` the mark is what is reported.
    fn case_arm(&mut self, at: usize) -> Option<usize> {
        let frame = *self.frame();
        let is_arm = frame.kind == FrameKind::Arms && frame.is_fresh;
        if !is_arm || !self.kind_at(at + 1).starts_operand() {
            return None;
        }
        let mut mark = at + 1;
        while self.is_on_line(mark) && !matches!(self.kind_at(mark), Kind::Arrow | Kind::Colon) {
            mark = self.pairs[mark] as usize + 1;
        }
        if self.kind_at(mark) != Kind::Colon {
            self.error(SyntaxErrorKind::ForeignWord, self.tokens[at].span);
        }
        Some(at + 1)
    }

    /// `else => …` in a `match`.
    fn else_arm(&mut self, at: usize) -> Option<usize> {
        let frame = *self.frame();
        let is_mark = matches!(self.kind_at(at + 1), Kind::Arrow | Kind::ThinArrow | Kind::Colon);
        if frame.kind != FrameKind::Arms || !frame.is_fresh || !is_mark {
            return None;
        }
        self.refuse(SyntaxErrorKind::ForeignWord, at, Kind::Placeholder)
    }

    /// A word between two operands, or behind one.
    fn infix_slip(&mut self, at: usize) -> Option<usize> {
        let before = self.before_last();
        let word = self.word(at);
        let next = self.kind_at(at + 1);
        let goes_on =
            next.starts_operand() || matches!(next, Kind::LParen | Kind::LBracket | Kind::Minus);
        let has_confidence = matches!(before, Kind::Annotate | Kind::TildeGreaterEqual);
        match word {
            "then" if next == Kind::LBrace && self.header().is_some() => {
                self.error(SyntaxErrorKind::ForeignWord, self.tokens[at].span);
                Some(at + 1)
            }
            "and" if goes_on => self.refuse(SyntaxErrorKind::ForeignWord, at, Kind::And),
            "or" if goes_on => self.refuse(SyntaxErrorKind::ForeignWord, at, Kind::Or),
            "is" if goes_on => {
                let is_not = next == Kind::Ident && self.word(at + 1) == "not";
                let last = at + usize::from(is_not);
                let span = self.tokens[at].span.to(self.tokens[last].span);
                self.error(SyntaxErrorKind::ForeignWord, span);
                self.write(if is_not { Kind::NotEqual } else { Kind::EqualEqual }, span);
                Some(last + 1)
            }
            "extends" if matches!(before, Kind::Less | Kind::Comma) && next.is_name() => {
                Some(self.type_bound(at))
            }
            _ if has_confidence && matches!(self.prev, Kind::Number | Kind::Ident) => {
                let meant = nearest(word, LEVELS.iter().copied())?;
                self.refuse(SyntaxErrorKind::Misspelt(meant), at, Kind::KwLevel)
            }
            _ => None,
        }
    }

    /// A word before an operand that is no name there.
    fn prefix_slip(&mut self, at: usize) -> Option<usize> {
        let token = self.tokens[at];
        let next = self.kind_at(at + 1);
        if !(next.starts_operand() || next == Kind::Colon || self.frame().in_type) {
            return None;
        }
        let word = self.word(at);
        match word {
            "mut" if self.prev == Kind::Let && next.is_name() => {
                self.error(SyntaxErrorKind::ForeignWord, token.span);
                Some(at + 1)
            }
            "not" if next == Kind::Ident || (next.starts_operand() && !next.is_name()) => {
                self.refuse(SyntaxErrorKind::ForeignWord, at, Kind::Bang)
            }
            "lambda" if next.is_name() || next == Kind::Colon => self.lambda(at),
            "keyof" if self.frame().in_type && begins_type(next) => {
                self.error(SyntaxErrorKind::TypeForm, token.span);
                Some(at + 1)
            }
            "readonly" if self.frame().in_type && begins_type(next) => {
                self.write(Kind::KwReadonly, token.span);
                Some(at + 1)
            }
            _ if matches!(next, Kind::Str | Kind::StrStart) && self.touches(at + 1) => {
                let is_prefix = word.len() <= 2 && word.bytes().all(|b| b"frbuFRBU".contains(&b));
                is_prefix.then(|| self.error(SyntaxErrorKind::StringPrefix, token.span))?;
                Some(at + 1)
            }
            _ => None,
        }
    }

    /// A word at the start of a statement that no name can be, with what stands behind it.
    fn stmt_slip(&mut self, at: usize) -> Option<usize> {
        let (next, after) = (self.kind_at(at + 1), self.kind_at(at + 2));
        let word = self.word(at);
        let is_infix = matches!(next, Kind::In | Kind::As | Kind::Of | Kind::Uses | Kind::With)
            || (next == Kind::Ident && matches!(self.word(at + 1), "and" | "or" | "is"));
        let has_head = next == Kind::LParen && self.is_followed(at + 1, Some(Kind::LBrace));
        if is_infix || !(next.starts_operand() || has_head || next == Kind::LBrace) {
            return None;
        }
        let names_function = next.is_name() && matches!(after, Kind::LParen | Kind::Less);
        match word {
            "def" | "func" | "fun" | "sub" if names_function => return self.foreign_function(at),
            "foreach" if has_head => {
                let kind = self.reserved(Kind::For, at);
                return self.refuse(SyntaxErrorKind::ForeignWord, at, kind);
            }
            // Behind a head in parentheses a body without braces has begun.
            "then" if next == Kind::LBrace && self.frame().kind == FrameKind::Virtual => {
                self.error(SyntaxErrorKind::ForeignWord, self.tokens[at].span);
                return Some(at + 1);
            }
            "unless" | "until" if has_head => {
                let kind = if word == "until" { Kind::While } else { Kind::If };
                let kind = self.reserved(kind, at);
                return self.refuse(SyntaxErrorKind::ForeignWord, at, kind);
            }
            _ if is_foreign(word) => return None,
            _ => {}
        }
        let is_value = next.starts_operand();
        let is_declared = next.is_name() && matches!(after, Kind::Assign | Kind::Colon);
        let fits = |kind: Kind| match kind {
            Kind::Let | Kind::Const => is_declared,
            Kind::Function => names_function,
            Kind::While | Kind::For | Kind::Switch => has_head,
            Kind::Import => next == Kind::LBrace || (next.is_name() && after == Kind::From),
            _ => is_value && !is_declared,
        };
        let words = STATEMENTS.iter().filter(|(_, kind)| fits(*kind));
        let meant = nearest(word, words.map(|(word, _)| *word))?;
        let (_, kind) = STATEMENTS.iter().find(|(word, _)| *word == meant)?;
        let kind = match kind {
            Kind::Switch => {
                self.push_header(HeaderKind::Switch, false, true);
                Kind::KwSwitch
            }
            kind => self.reserved(*kind, at),
        };
        self.refuse(SyntaxErrorKind::Misspelt(meant), at, kind)
    }

    /// `func f(x) { … }`, which is read, and `def f(x):` with the lines that are indented below
    /// it, which are not.
    fn foreign_function(&mut self, at: usize) -> Option<usize> {
        let span = self.tokens[at].span;
        let mut last = self.pairs[at + 1] as usize + 1;
        while self.is_on_line(last + 1) && self.kind_at(last) != Kind::LBrace {
            last = self.pairs[last] as usize + 1;
        }
        if self.kind_at(last) == Kind::LBrace {
            let kind = self.reserved(Kind::Function, at);
            return self.refuse(SyntaxErrorKind::ForeignWord, at, kind);
        }
        if self.kind_at(last) != Kind::Colon {
            return None;
        }
        let next = self.indented_end(last + 1, self.indent_of(span.start));
        self.error(SyntaxErrorKind::ForeignWord, span);
        Some(self.left_out(at, next))
    }

    /// Where the lines end that are indented more than this; the line of `next` is one of them.
    fn indented_end(&self, mut next: usize, indent: usize) -> usize {
        while let Some(token) = self.tokens.get(next)
            && !token.kind.is_closer()
            && !(token.newline_before && self.indent_of(token.span.start) <= indent)
        {
            next = self.pairs[next] as usize + 1;
        }
        next
    }

    /// The tokens up to `next` are a statement that is not read.
    fn left_out(&mut self, at: usize, next: usize) -> usize {
        let span = self.tokens[at].span.to(self.tokens[next - 1].span);
        self.write(Kind::JsClass, span);
        self.frame_mut().tail = Tail::Over;
        next
    }

    /// `from "path" import a, b`: left out; the names it declares are known.
    fn import_of_python(&mut self, at: usize) -> Option<usize> {
        let is_import = self.at_stmt()
            && self.kind_at(at + 1) == Kind::Str
            && self.kind_at(at + 2) == Kind::Import
            && self.is_on_line(at + 1)
            && self.is_on_line(at + 2);
        if !is_import {
            return None;
        }
        let mut next = at + 3;
        while self.is_on_line(next)
            && self.kind_at(next) != Kind::Semicolon
            && !self.kind_at(next).is_closer()
        {
            next = self.pairs[next] as usize + 1;
        }
        let span = self.tokens[at].span.to(self.tokens[next - 1].span);
        self.error(SyntaxErrorKind::ForeignWord, span);
        Some(self.left_out(at, next))
    }

    /// `try:` with the lines that are indented below it, and its `except E as e:` with theirs:
    /// left out together.
    fn try_of_python(&mut self, at: usize) -> Option<usize> {
        let colon = at + 1;
        if !self.at_stmt() || self.kind_at(colon) != Kind::Colon || !self.is_on_line(colon) {
            return None;
        }
        let indent = self.indent_of(self.tokens[at].span.start);
        let mut next = self.indented_end(colon + 1, indent);
        while let Some(token) = self.tokens.get(next)
            && self.indent_of(token.span.start) == indent
            && (matches!(token.kind, Kind::Else | Kind::Finally) || self.word(next) == "except")
        {
            next = self.indented_end(next + 1, indent);
        }
        let (expected, found) = (Expected::Token(Kind::LBraceBlock), Some(Kind::Colon));
        let kind = SyntaxErrorKind::Unexpected { expected, found };
        self.error(kind, self.tokens[colon].span);
        Some(self.left_out(at, next))
    }

    /// `catch e { … }`, read as if the name stood in parentheses.
    fn catch_without_parens(&mut self, at: usize) -> Option<usize> {
        let name = at + 1;
        let is_bare = self.taken == Tail::Catch
            && self.kind_at(name).is_name()
            && self.kind_at(name + 1) == Kind::LBrace
            && self.is_on_line(name)
            && self.is_on_line(name + 1);
        if !is_bare {
            return None;
        }
        let span = self.tokens[name].span;
        self.error(SyntaxErrorKind::BareCatch, span);
        self.push_header(HeaderKind::Catch, true, true);
        self.plain(Kind::Catch, at);
        let opener = self.out.len() as u32;
        self.write(Kind::LParenHead, Span::empty(span.start));
        self.write(Kind::Ident, span);
        let closer = self.out.len() as u32;
        self.write(Kind::RParen, Span::empty(span.end));
        self.out[opener as usize].partner = closer;
        self.out[closer as usize].partner = opener;
        Some(name + 1)
    }

    /// `agent Name = { … }`, read as without the mark.
    fn declared_as_value(&mut self, at: usize) -> Option<usize> {
        let mark = at + 2;
        let is_value = self.at_stmt()
            && self.kind_at(at + 1).is_name()
            && self.kind_at(mark) == Kind::Assign
            && self.kind_at(mark + 1) == Kind::LBrace
            && (at + 1..=mark + 1).all(|at| self.is_on_line(at));
        if !is_value {
            return None;
        }
        let (header, kind) = match self.tokens[at].kind {
            Kind::Agent => (HeaderKind::Agent, Kind::KwAgent),
            Kind::Effect => (HeaderKind::Effect, Kind::KwEffect),
            _ => (HeaderKind::Plain, Kind::KwPattern),
        };
        self.error(SyntaxErrorKind::DeclaredAsValue, self.tokens[mark].span);
        self.push_header(header, false, true);
        self.plain(kind, at);
        self.plain(Kind::Ident, at + 1);
        Some(mark + 1)
    }

    /// Bytes before the token that begins at `start`, on its line.
    fn indent_of(&self, start: u32) -> usize {
        let before = &self.text[..start as usize];
        before.len() - before.rfind('\n').map_or(0, |at| at + 1)
    }

    /// `lambda x, y: …`: left out with its body.
    fn lambda(&mut self, at: usize) -> Option<usize> {
        let mut colon = at + 1;
        while self.kind_at(colon).is_name() || self.kind_at(colon) == Kind::Comma {
            colon += 1;
        }
        if self.kind_at(colon) != Kind::Colon {
            return None;
        }
        let head = self.tokens[at].span.to(self.tokens[colon].span);
        self.error(SyntaxErrorKind::ForeignWord, head);
        let next = self.item_end(colon + 1, false).unwrap_or(colon + 1);
        self.write(Kind::Error, head.to(self.tokens[next - 1].span));
        Some(next)
    }

    /// `T extends U`, `T = U` among the parameters of a type: left out behind the name.
    fn type_bound(&mut self, at: usize) -> usize {
        let mut n_angles = 0_u32;
        let mut next = at + 1;
        while self.is_on_line(next) {
            match self.kind_at(next) {
                Kind::Less => n_angles += 1,
                Kind::Greater if n_angles > 0 => n_angles -= 1,
                Kind::Comma if n_angles > 0 => {}
                Kind::Greater | Kind::Comma => break,
                kind if kind.is_closer() => break,
                _ => {}
            }
            next = self.pairs[next] as usize + 1;
        }
        let span = self.tokens[at].span.to(self.tokens[next - 1].span);
        self.error(SyntaxErrorKind::TypeForm, span);
        next
    }

    /// `<>`
    fn angles(&mut self, at: usize) -> Option<usize> {
        if !self.prev_ends || self.frame().in_type {
            return None;
        }
        let span = self.tokens[at].span.to(self.tokens[at + 1].span);
        self.error(SyntaxErrorKind::WrongMark("!="), span);
        self.write(Kind::NotEqual, span);
        Some(at + 2)
    }

    /// `:`, `=>` and `->` for one another.
    fn wrong_mark(&mut self, at: usize) -> Option<usize> {
        let token = self.tokens[at];
        let frame = *self.frame();
        let of_function =
            |kind: &super::Header| kind.kind == HeaderKind::Function && kind.is_complete;
        match (frame.kind, token.kind) {
            (FrameKind::Branches, Kind::Arrow | Kind::Colon) if self.prev == Kind::BranchWord => {
                let is_block = self.kind_at(at + 1) == Kind::LBrace;
                let mark = if is_block { "" } else { "->" };
                self.error(SyntaxErrorKind::WrongMark(mark), token.span);
                if !is_block {
                    self.plain(Kind::ThinArrow, at);
                }
                Some(at + 1)
            }
            (FrameKind::Arms, Kind::ThinArrow | Kind::Colon)
                if frame.awaits_arrow && frame.n_ternaries == 0 && self.prev_ends =>
            {
                self.frame_mut().awaits_arrow = false;
                self.error(SyntaxErrorKind::WrongMark("=>"), token.span);
                self.write(Kind::ArmArrow, token.span);
                Some(at + 1)
            }
            (FrameKind::Cases, Kind::Arrow)
                if matches!(frame.first, Kind::KwCase | Kind::KwDefault) =>
            {
                self.error(SyntaxErrorKind::WrongMark(":"), token.span);
                self.colon(token);
                Some(at + 1)
            }
            (FrameKind::Clauses, Kind::ThinArrow) if self.prev == Kind::RParen => {
                self.error(SyntaxErrorKind::WrongMark("=>"), token.span);
                self.write(Kind::ArmArrow, token.span);
                Some(at + 1)
            }
            (_, Kind::ThinArrow) if self.header().is_some_and(of_function) => {
                self.error(SyntaxErrorKind::WrongMark(":"), token.span);
                self.colon(token);
                Some(at + 1)
            }
            (kind, Kind::Colon)
                if kind.has_stmts()
                    && self.prev == Kind::Ident
                    && self.kind_at(at + 1) == Kind::Assign
                    && self.touches(at + 1) =>
            {
                let span = token.span.to(self.tokens[at + 1].span);
                self.error(SyntaxErrorKind::WrongMark("="), span);
                self.write(Kind::Assign, span);
                Some(at + 2)
            }
            _ => None,
        }
    }

    /// An assignment where none can stand: reported here, where the place is known.
    fn assign_slip(&mut self, at: usize) -> Option<usize> {
        let token = self.tokens[at];
        let frame = *self.frame();
        let is_plain = token.kind == Kind::Assign;
        let has_params = self.header().is_some_and(|header| header.kind == HeaderKind::Function)
            || (frame.first == Kind::KwType && !frame.in_type);
        if is_plain
            && has_params
            && self.prev == Kind::Ident
            && matches!(self.before_last(), Kind::Less | Kind::Comma)
        {
            return Some(self.type_bound(at));
        }
        let place = match frame.kind {
            _ if frame.in_type || !self.prev_ends => return None,
            FrameKind::Head => AssignPlace::Condition,
            FrameKind::Args => AssignPlace::Args,
            FrameKind::Object if is_plain => AssignPlace::Object,
            FrameKind::Group | FrameKind::Bracket | FrameKind::Interpolation => AssignPlace::Other,
            _ => return None,
        };
        self.error(SyntaxErrorKind::AssignInExpression(place), token.span);
        None
    }

    /// Behind `=>`: a body that assigns is read as if it stood in braces.
    pub(super) fn assigning_body(&mut self, start: usize) {
        let Some(end) = self.assigning_body_end(start) else { return };
        let span = self.tokens[start].span.to(self.tokens[end - 1].span);
        self.error(SyntaxErrorKind::AssignInArrow, span);
        let opener = self.out.len() as u32;
        self.write(Kind::LBraceBlock, Span::empty(span.start));
        let n_headers = self.headers.len();
        self.frames.push(Frame::new(FrameKind::Virtual, After::Value, opener, end, n_headers));
        self.prev_ends = false;
    }

    fn assigning_body_end(&self, start: usize) -> Option<usize> {
        if self.frame().in_type || self.kind_at(start) == Kind::LBrace {
            return None;
        }
        self.item_end(start, true)
    }

    /// Where the expression that begins at `start` ends; with `assigns` only when it assigns
    /// something, outside of brackets and of further arrows.
    fn item_end(&self, start: usize, assigns: bool) -> Option<usize> {
        let has_lines = self.frame().kind.has_lines();
        let (mut n_ternaries, mut has_assign) = (0_u32, false);
        let mut next = start;
        while let Some(token) = self.tokens.get(next) {
            let ends_line = next > start
                && token.newline_before
                && !token.kind.only_continues()
                && self.tokens[next - 1].kind.ends_operand();
            match token.kind {
                _ if ends_line && has_lines => break,
                _ if ends_line && assigns => return None,
                Kind::Arrow if assigns => return None,
                Kind::Comma | Kind::Semicolon => break,
                Kind::Question | Kind::TildeQuestion => n_ternaries += 1,
                Kind::Colon if n_ternaries == 0 => break,
                Kind::Colon => n_ternaries -= 1,
                kind if kind.is_closer() => break,
                kind => has_assign |= kind == Kind::Assign || kind.assign_op().is_some(),
            }
            next = self.pairs[next] as usize + 1;
        }
        (next > start && (has_assign || !assigns)).then_some(next)
    }

    /// `let x = switch (…) { … }`: left out.
    fn switch_value(&mut self, at: usize) -> Option<usize> {
        let is_operand = !self.at_stmt() && (!self.prev_ends || self.frame().is_fresh);
        if !is_operand || self.is_key(at) || !self.heads_brace(at) {
            return None;
        }
        let mut brace = at + 1;
        while self.kind_at(brace) != Kind::LBrace || brace == at + 1 {
            brace = self.pairs[brace] as usize + 1;
        }
        let span = self.tokens[at].span;
        let kind =
            SyntaxErrorKind::Unexpected { expected: Expected::Expression, found: Some(Kind::If) };
        self.error(kind, span);
        let end = self.pairs[brace] as usize;
        self.write(Kind::Error, span.to(self.tokens[end].span));
        Some(end + 1)
    }

    /// `handle { … }` without `with`.
    fn handle_alone(&mut self, at: usize) -> Option<usize> {
        let is_operand = self.at_stmt() || (!self.prev_ends && !self.frame().is_fresh);
        let is_alone = self.kind_at(at + 1) == Kind::LBrace
            && self.is_on_line(at + 1)
            && self.kind_behind(at + 1) != Kind::With;
        if !is_operand || !is_alone || self.header().is_some() {
            return None;
        }
        let end = self.tokens[self.pairs[at + 1] as usize].span.end;
        let expected = Expected::Token(Kind::KwWith);
        let kind = SyntaxErrorKind::Unexpected { expected, found: None };
        self.error(kind, Span::empty(end));
        let is_fresh = self.frame().is_fresh;
        self.push_header(HeaderKind::Handle, true, is_fresh);
        self.write(Kind::KwHandle, self.tokens[at].span);
        Some(at + 1)
    }

    /// `test { … }`
    fn test_without_name(&mut self, at: usize) -> Option<usize> {
        if !self.at_stmt() || self.kind_at(at + 1) != Kind::LBrace || !self.is_on_line(at + 1) {
            return None;
        }
        let span = self.tokens[at + 1].span;
        let expected = Expected::Token(Kind::Str);
        let kind = SyntaxErrorKind::Unexpected { expected, found: Some(Kind::LBraceBlock) };
        self.error(kind, span);
        self.push_header(HeaderKind::Plain, true, true);
        self.write(Kind::KwTest, self.tokens[at].span);
        Some(at + 1)
    }

    /// `println!("…")`: the name is taken for what is wrong.
    pub(super) fn macro_call(&mut self, at: usize) -> bool {
        let next = self.kind_at(at + 1);
        let is_call = matches!(next, Kind::LParen | Kind::LBracket) && self.touches(at + 1);
        let Some(LaidToken { kind: Kind::Ident, span, .. }) = self.out.last().copied() else {
            return false;
        };
        if !is_call || span.end != self.tokens[at].span.start || !is_macro(span.slice(self.text)) {
            return false;
        }
        self.error(SyntaxErrorKind::ForeignWord, span.to(self.tokens[at].span));
        self.out.last_mut().expect("it was just looked at").kind = Kind::Error;
        true
    }
}

/// Statements by the words that are misspelt.
const STATEMENTS: &[(&str, Kind)] = &[
    ("return", Kind::Return),
    ("function", Kind::Function),
    ("const", Kind::Const),
    ("let", Kind::Let),
    ("while", Kind::While),
    ("for", Kind::For),
    ("switch", Kind::Switch),
    ("throw", Kind::Throw),
    ("import", Kind::Import),
    ("export", Kind::Export),
];

fn is_else_if(word: &str) -> bool {
    matches!(word, "elif" | "elseif" | "elsif")
}

/// Macros of Rust that people reach for.
fn is_macro(word: &str) -> bool {
    matches!(word, "println" | "print" | "eprintln" | "eprint" | "dbg" | "format" | "vec" | "panic")
}

fn begins_type(kind: Kind) -> bool {
    kind.is_name()
        || matches!(kind, Kind::LBracket | Kind::LParen | Kind::LBrace | Kind::Str | Kind::Null)
}
