//! Words: which are names, and which are what their form makes of them.

use prism_span::Span;

use super::frames::{FrameKind, Header, HeaderKind, NO_ARROW, Tail};
use super::{ForEach, Scan};
use crate::errors::SyntaxErrorKind;
use crate::token::Kind;

/// Classes of JavaScript for which Prism has other values.
const FOREIGN: &[&str] = &["Date", "Map", "Promise", "RegExp", "Set", "WeakMap", "WeakSet"];

impl Scan<'_> {
    /// What the token at `at`, which is no bracket, is where it stands. Remembers the construct
    /// that it begins. `Err` gives the index to go on with when the token is dealt with.
    pub(super) fn kind_here(&mut self, at: usize) -> Result<Kind, usize> {
        let kind = self.tokens[at].kind;
        if !kind.is_word() {
            return Ok(kind);
        }
        if kind == Kind::Ident {
            if let Some(next) = self.label(at) {
                return Err(next);
            }
        } else {
            if self.is_key(at) {
                return Ok(Kind::Ident);
            }
            if let Some(next) = self.refused(at) {
                return Err(next);
            }
            if !kind.is_name() && kind != Kind::Placeholder {
                return Ok(self.reserved(kind, at));
            }
            if let Some(kind) = self.contextual(at) {
                return Ok(kind);
            }
        }
        let frame = self.frame();
        let is_lambda = self.kind_at(at + 1) == Kind::Arrow
            && !frame.awaits_arrow
            && frame.result_arrow == NO_ARROW;
        Ok(match kind {
            _ if is_lambda => Kind::LambdaIdent,
            Kind::Placeholder => Kind::Placeholder,
            _ => Kind::Ident,
        })
    }

    /// Every word is a name after a dot, as a key and as the name of an argument.
    pub(super) fn is_key(&self, at: usize) -> bool {
        if matches!(self.prev, Kind::Dot | Kind::QuestionDot | Kind::TildeDot) {
            return true;
        }
        let (next, after) = (self.kind_at(at + 1), self.kind_at(at + 2));
        let kind = self.tokens[at].kind;
        let frame = self.frame();
        let is_fresh = frame.is_fresh;
        match frame.kind {
            FrameKind::Object => {
                let is_optional = next == Kind::Question && after == Kind::Colon;
                is_fresh && (matches!(next, Kind::Colon | Kind::LParen) || is_optional)
            }
            FrameKind::ObjectPat | FrameKind::Args | FrameKind::Agents => {
                is_fresh && next == Kind::Colon
            }
            FrameKind::Names => {
                let is_type = kind == Kind::Type && next.is_name() && next != Kind::As;
                (is_fresh && !is_type) || matches!(self.prev, Kind::KwAs | Kind::KwType)
            }
            FrameKind::Operations => is_fresh && next == Kind::LParen,
            FrameKind::Clauses => {
                is_fresh && kind != Kind::Return && matches!(next, Kind::Dot | Kind::LParen)
            }
            FrameKind::Block
            | FrameKind::Virtual
            | FrameKind::Cases
            | FrameKind::Branches
            | FrameKind::Arms
            | FrameKind::ArrayPat
            | FrameKind::Params
            | FrameKind::Group
            | FrameKind::Head
            | FrameKind::ForHead
            | FrameKind::Bracket
            | FrameKind::Interpolation => false,
        }
    }

    /// What the reserved word `kind` is at `at`.
    pub(super) fn reserved(&mut self, kind: Kind, at: usize) -> Kind {
        let is_stmt = self.at_stmt();
        let has_uncertain = self.prev == Kind::Uncertain;
        match kind {
            Kind::If if has_uncertain || self.frame().kind == FrameKind::Arms => {}
            Kind::If => {
                if self.header().is_some_and(|header| header.kind == HeaderKind::Else) {
                    self.headers.pop();
                }
                self.push_header(HeaderKind::If, false, true);
            }
            Kind::While if has_uncertain || self.taken == Tail::While => {}
            Kind::While => self.push_header(HeaderKind::While, false, true),
            Kind::For => return self.for_word(at, has_uncertain),
            Kind::Else => self.push_header(HeaderKind::Else, true, true),
            Kind::Do => self.push_header(HeaderKind::Do, true, true),
            Kind::Try => self.push_header(HeaderKind::Try, true, true),
            Kind::Finally => self.push_header(HeaderKind::Finally, true, true),
            Kind::Catch => {
                let is_complete = self.kind_at(at + 1) != Kind::LParen;
                self.push_header(HeaderKind::Catch, is_complete, true);
            }
            Kind::Uncertain => {
                let header = match self.kind_at(at + 1) {
                    Kind::While => HeaderKind::UncertainWhile,
                    Kind::For => HeaderKind::UncertainFor,
                    _ => HeaderKind::UncertainIf,
                };
                self.push_header(header, false, is_stmt);
            }
            Kind::Function => return self.function_word(is_stmt),
            Kind::Return if !self.has_value(at + 1) => return Kind::BareReturn,
            _ => {}
        }
        kind
    }

    /// Whether something that `return` can give back follows on the line.
    fn has_value(&self, at: usize) -> bool {
        let kind = self.kind_at(at);
        self.is_on_line(at) && kind != Kind::Semicolon && !kind.is_closer()
    }

    fn function_word(&mut self, is_stmt: bool) -> Kind {
        let frame = self.frame();
        let is_first = matches!(frame.first, Kind::KwAsync | Kind::KwDefault);
        let follows = frame.kind.has_stmts() && is_first;
        let is_decl = is_stmt || (follows && matches!(self.prev, Kind::KwAsync | Kind::KwDefault));
        self.push_header(HeaderKind::Function, false, is_decl);
        if is_decl { Kind::Function } else { Kind::FunctionExpr }
    }

    /// `for`: whether it goes over values is seen from what follows its pattern.
    fn for_word(&mut self, at: usize, has_uncertain: bool) -> Kind {
        if has_uncertain {
            return Kind::For;
        }
        let mut pat = at + 1;
        pat += usize::from(self.kind_at(pat) == Kind::LParen);
        pat += usize::from(matches!(self.kind_at(pat), Kind::Let | Kind::Const | Kind::Var));
        let mut word = match self.kind_at(pat) {
            Kind::LBracket | Kind::LBrace => self.pairs[pat] as usize + 1,
            _ => pat + 1,
        };
        if self.kind_at(word) == Kind::Comma && self.kind_at(word + 1).is_name() {
            word += 2;
        }
        if matches!(self.kind_at(word), Kind::In | Kind::Of) {
            self.for_each = Some(ForEach { pat, word });
            self.push_header(HeaderKind::ForEach, false, true);
            Kind::ForEach
        } else {
            self.push_header(HeaderKind::For, false, true);
            Kind::For
        }
    }

    /// A word that is more than a name only in its form; `None` when it is a name.
    fn contextual(&mut self, at: usize) -> Option<Kind> {
        let kind = self.tokens[at].kind;
        if kind == Kind::Placeholder {
            return None;
        }
        if kind == Kind::With && self.taken == Tail::With {
            self.push_header(HeaderKind::With, true, false);
            return Some(Kind::KwWith);
        }
        if self.at_stmt()
            && let Some(kind) = self.stmt_word(at)
        {
            return Some(kind);
        }
        if !self.prev_ends || self.frame().is_fresh {
            self.prefix_word(at)
        } else {
            self.infix_word(at)
        }
    }

    /// A word that begins a statement of its own.
    fn stmt_word(&mut self, at: usize) -> Option<Kind> {
        let (next, after) = (self.kind_at(at + 1), self.kind_at(at + 2));
        let names_block = next.is_name() && after == Kind::LBrace;
        let (header, kind) = match self.tokens[at].kind {
            Kind::Agents if next == Kind::LBrace => (HeaderKind::Agents, Kind::KwAgents),
            Kind::Agent if names_block => (HeaderKind::Agent, Kind::KwAgent),
            Kind::Pattern if names_block => (HeaderKind::Plain, Kind::KwPattern),
            Kind::Effect if names_block => (HeaderKind::Effect, Kind::KwEffect),
            Kind::Irreversible if next == Kind::Effect && after.is_name() => {
                return Some(Kind::KwIrreversible);
            }
            Kind::Test if next == Kind::Str && after == Kind::LBrace => {
                (HeaderKind::Plain, Kind::KwTest)
            }
            Kind::In if next == Kind::Context => (HeaderKind::InContext, Kind::KwInContext),
            Kind::Context if names_block => {
                let span = self.tokens[at].span;
                self.error(SyntaxErrorKind::ForeignWord, span);
                self.write(Kind::KwInContext, Span::empty(span.start));
                (HeaderKind::InContext, Kind::KwContext)
            }
            Kind::Switch if self.heads_brace(at) => (HeaderKind::Switch, Kind::KwSwitch),
            Kind::Type if next.is_name() && matches!(after, Kind::Assign | Kind::Less) => {
                return Some(Kind::KwType);
            }
            Kind::Case if self.frame().kind == FrameKind::Cases => return Some(Kind::KwCase),
            Kind::Default
                if self.frame().kind == FrameKind::Cases
                    && matches!(next, Kind::Colon | Kind::Arrow) =>
            {
                return Some(Kind::KwDefault);
            }
            _ => return None,
        };
        let is_complete = header == HeaderKind::Agents;
        self.push_header(header, is_complete, true);
        Some(kind)
    }

    /// A word with something to its right, where an operand or an item begins.
    fn prefix_word(&mut self, at: usize) -> Option<Kind> {
        let next = self.kind_at(at + 1);
        let frame = *self.frame();
        match self.tokens[at].kind {
            Kind::High | Kind::Medium | Kind::Low | Kind::Default
                if frame.kind == FrameKind::Branches && frame.is_fresh =>
            {
                self.push_header(HeaderKind::Branch, true, true);
                Some(Kind::BranchWord)
            }
            Kind::Default if self.prev == Kind::Export => Some(Kind::KwDefault),
            Kind::Type if frame.kind == FrameKind::Names && frame.is_fresh => Some(Kind::KwType),
            Kind::Type if self.prev == Kind::Import && next == Kind::LBrace => Some(Kind::KwType),
            Kind::AgentWord if frame.kind == FrameKind::Agents && next == Kind::LBrace => {
                self.push_header(HeaderKind::Agent, true, true);
                Some(Kind::KwAgentWord)
            }
            Kind::Context if self.prev == Kind::KwInContext => Some(Kind::KwContext),
            Kind::Match if self.heads_brace(at) => {
                self.push_header(HeaderKind::Match, false, frame.is_fresh);
                Some(Kind::KwMatch)
            }
            Kind::Handle if next == Kind::LBrace && self.kind_behind(at + 1) == Kind::With => {
                self.push_header(HeaderKind::Handle, true, frame.is_fresh);
                Some(Kind::KwHandle)
            }
            Kind::Async if self.makes_async(at + 1) => Some(Kind::KwAsync),
            Kind::Fn if self.makes_function(at) => {
                let is_stmt = self.at_stmt();
                Some(self.function_word(is_stmt))
            }
            Kind::As if self.is_namespace() => Some(Kind::KwAs),
            Kind::From if next == Kind::Str && self.prev != Kind::Sep => Some(Kind::KwFrom),
            _ => None,
        }
    }

    /// A word between two operands.
    fn infix_word(&mut self, at: usize) -> Option<Kind> {
        let each = self.for_each.filter(|each| each.word == at);
        let frame = *self.frame();
        match self.tokens[at].kind {
            Kind::In if each.is_some() => Some(Kind::ForIn),
            Kind::Of if each.is_some() => Some(Kind::ForOf),
            Kind::In => Some(Kind::KwIn),
            Kind::LevelWord if self.is_on_line(at) => Some(Kind::KwLevel),
            Kind::From if self.kind_at(at + 1) == Kind::Str || frame.first == Kind::Import => {
                Some(Kind::KwFrom)
            }
            Kind::As if frame.kind == FrameKind::Names => Some(Kind::KwAs),
            Kind::Uses => {
                let is_function = |header: &Header| header.kind == HeaderKind::Function;
                let has_function = self.header().is_some_and(is_function);
                (has_function || frame.in_type).then_some(Kind::KwUses)
            }
            _ => None,
        }
    }

    /// `async function`, `async x =>`, `async (x) =>`; `at` is the second word.
    fn makes_async(&self, at: usize) -> bool {
        self.is_on_line(at)
            && match self.kind_at(at) {
                Kind::Function => true,
                Kind::Fn => self.makes_function(at) || self.kind_at(at + 1) == Kind::Arrow,
                Kind::LParen => {
                    self.kind_behind(at) == Kind::Arrow || self.result_arrow(at).is_some()
                }
                Kind::Less => self.begins_generic(at),
                kind if kind.is_name() || kind == Kind::Placeholder => {
                    self.kind_at(at + 1) == Kind::Arrow
                }
                _ => false,
            }
    }

    /// `fn name(`, `fn name<`, `fn (x) {`; anything else is a name.
    fn makes_function(&self, at: usize) -> bool {
        let (next, after) = (self.kind_at(at + 1), self.kind_at(at + 2));
        match next {
            Kind::LParen => self.kind_behind(at + 1) == Kind::LBrace,
            _ => next.is_name() && matches!(after, Kind::LParen | Kind::Less),
        }
    }

    /// The `as` of `* as name`.
    fn is_namespace(&self) -> bool {
        let [.., before, star] = self.out.as_slice() else { return false };
        star.kind == Kind::Star && matches!(before.kind, Kind::Import | Kind::Export | Kind::Comma)
    }

    /// Whether an operand and then a `{` follow the word at `at`, as after `match` and `switch`.
    pub(super) fn heads_brace(&self, at: usize) -> bool {
        let mut next = at + 1;
        if !self.is_on_line(next) {
            return false;
        }
        for _ in 0..64 {
            let Some(token) = self.tokens.get(next) else { return false };
            let before = self.tokens[next - 1].kind;
            let is_body = token.kind == Kind::LBrace && next > at + 1 && before.ends_operand();
            if is_body {
                return true;
            }
            let ends = matches!(
                token.kind,
                Kind::Comma | Kind::Semicolon | Kind::Colon | Kind::Assign | Kind::Arrow
            );
            let is_new_line = token.newline_before && !token.kind.only_continues();
            if ends || token.kind.is_closer() || (is_new_line && token.kind != Kind::LBrace) {
                return false;
            }
            next = self.pairs[next] as usize + 1;
        }
        false
    }

    /// Labels: `name: for …`, `break name`.
    fn label(&mut self, at: usize) -> Option<usize> {
        let leaves = matches!(self.prev, Kind::Break | Kind::Continue) && self.is_on_line(at);
        let begins = self.kind_at(at + 1) == Kind::Colon
            && matches!(self.kind_at(at + 2), Kind::For | Kind::While | Kind::Do)
            && self.at_stmt();
        let n_tokens = match (begins, leaves) {
            (true, _) => 2,
            (_, true) => 1,
            _ => return None,
        };
        let span = self.tokens[at].span.to(self.tokens[at + n_tokens - 1].span);
        self.error(SyntaxErrorKind::Label, span);
        Some(at + n_tokens)
    }

    /// Words of JavaScript that Prism does not have, in the form that JavaScript gives them.
    /// Reports them, leaves them out or writes what they mean, and gives the index to go on with.
    fn refused(&mut self, at: usize) -> Option<usize> {
        let token = self.tokens[at];
        let next = self.kind_at(at + 1);
        let names_next = next.is_name() && self.is_on_line(at + 1);
        let at_operand = !self.prev_ends || self.frame().is_fresh;
        let at_stmt = self.at_stmt();
        let in_head = self.frame().kind == FrameKind::ForHead;
        let error = match token.kind {
            Kind::As if self.prev_ends && names_next && !self.frame().is_fresh => {
                return self.cast(at);
            }
            Kind::Class | Kind::Interface | Kind::Enum if at_stmt && names_next => {
                return Some(self.refused_block(at));
            }
            Kind::New if at_operand && names_next => {
                if let Some(next) = self.foreign_object(at) {
                    return Some(next);
                }
                SyntaxErrorKind::New
            }
            Kind::Delete if at_operand && names_next => SyntaxErrorKind::Delete,
            Kind::Void if at_operand && next.starts_operand() && self.is_on_line(at + 1) => {
                SyntaxErrorKind::Void
            }
            Kind::This if at_operand => {
                self.error(SyntaxErrorKind::This, token.span);
                self.write(Kind::JsThis, token.span);
                return Some(at + 1);
            }
            Kind::Var if at_stmt || in_head => {
                if !(names_next || matches!(next, Kind::LBracket | Kind::LBrace)) {
                    return None;
                }
                self.error(SyntaxErrorKind::Var, token.span);
                self.write(Kind::Let, token.span);
                return Some(at + 1);
            }
            _ => return None,
        };
        self.error(error, token.span);
        Some(at + 1)
    }

    /// `new Map(…)`, of something that Prism does not have: read as one value that is wrong.
    fn foreign_object(&mut self, at: usize) -> Option<usize> {
        let name = self.tokens[at + 1].span.slice(self.text);
        let is_called = self.kind_at(at + 2) == Kind::LParen && self.is_on_line(at + 2);
        if !FOREIGN.contains(&name) || !is_called {
            return None;
        }
        let token = self.tokens[at];
        let last = self.pairs[at + 2] as usize;
        let end = self.tokens.get(last).map_or(token.span, |closer| closer.span);
        self.error(SyntaxErrorKind::New, token.span);
        self.write(Kind::JsThis, token.span.to(end));
        Some(last + 1)
    }

    /// `x as T`: left out with the type, which is a name with `[]` or `.` behind it.
    fn cast(&mut self, at: usize) -> Option<usize> {
        let first = self.frame().first;
        if self.frame().kind == FrameKind::Names || matches!(first, Kind::Import | Kind::Export) {
            return None;
        }
        let mut next = at + 2;
        while self.kind_at(next) == Kind::LBracket && self.kind_at(next + 1) == Kind::RBracket {
            next += 2;
        }
        let span = self.tokens[at].span.to(self.tokens[next - 1].span);
        self.error(SyntaxErrorKind::Cast, span);
        Some(next)
    }

    /// `x!`, whose mark is left out, or a call of a macro; the token at `at` is a `!`.
    pub(super) fn non_null(&mut self, at: usize) -> bool {
        let token = self.tokens[at];
        if self.macro_call(at) {
            return true;
        }
        let touches = self.out.last().is_some_and(|last| last.span.end == token.span.start);
        let next = self.kind_at(at + 1);
        let ends = !self.is_on_line(at + 1)
            || !next.starts_operand() && !matches!(next, Kind::LParen | Kind::LBrace);
        let is_mark = self.prev_ends && touches && ends;
        if is_mark {
            self.error(SyntaxErrorKind::Cast, token.span);
        }
        is_mark
    }

    /// `function*`: the star at `at` is left out.
    pub(super) fn generator(&mut self, at: usize) -> bool {
        let token = self.tokens[at];
        let is_mark = matches!(self.prev, Kind::Function | Kind::FunctionExpr);
        if is_mark {
            self.error(SyntaxErrorKind::ForeignWord, token.span);
        }
        is_mark
    }

    /// `class X { … }` as a whole.
    fn refused_block(&mut self, at: usize) -> usize {
        let token = self.tokens[at];
        let mut next = at + 1;
        let ends = |kind: Kind| kind == Kind::LBrace || kind.is_closer();
        while self.is_on_line(next) && !ends(self.kind_at(next)) {
            next = self.pairs[next] as usize + 1;
        }
        if self.kind_at(next) == Kind::LBrace {
            next = self.pairs[next] as usize + 1;
        }
        let kind = match token.kind {
            Kind::Interface => SyntaxErrorKind::Interface,
            Kind::Enum => SyntaxErrorKind::Enum,
            _ => SyntaxErrorKind::Class,
        };
        self.error(kind, token.span);
        self.write(Kind::JsClass, token.span.to(self.tokens[next - 1].span));
        self.frame_mut().tail = Tail::Over;
        next
    }
}
