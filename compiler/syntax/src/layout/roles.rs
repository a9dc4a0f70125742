//! Brackets: what each one is for.

use prism_span::Span;

use super::frames::{After, Frame, FrameKind, Header, HeaderKind, NO_ARROW};
use super::{MAX_BRACKETS, Scan};
use crate::errors::SyntaxErrorKind;
use crate::token::Kind;

/// The kind an opening bracket is written as, what stands in it, and what it leaves behind.
struct Role {
    kind: Kind,
    frame: FrameKind,
    after: After,
}

impl Scan<'_> {
    /// Opens the bracket at `at`; gives the index to go on with.
    pub(super) fn open(&mut self, at: usize) -> usize {
        let token = self.tokens[at];
        let role = match token.kind {
            Kind::LParen => self.paren(at),
            Kind::LBracket => self.bracket(at),
            Kind::LBrace => self.brace(at),
            _ => Role {
                kind: Kind::InterpOpen,
                frame: FrameKind::Interpolation,
                after: After::Value,
            },
        };
        let in_type = self.frame().in_type && role.frame == FrameKind::Object;
        let opener = self.out.len() as u32;
        self.write(role.kind, token.span);
        let closer = self.pairs[at] as usize;
        let mut frame = Frame::new(role.frame, role.after, opener, closer, self.headers.len());
        frame.in_type = in_type;
        self.frames.push(frame);
        self.prev_ends = false;
        if self.frames.len() <= MAX_BRACKETS {
            return at + 1;
        }
        self.error(SyntaxErrorKind::TooDeep, token.span);
        if !matches!(role.frame, FrameKind::Block | FrameKind::Object | FrameKind::Args) {
            self.write(Kind::TooDeep, Span::empty(token.span.end));
        }
        closer
    }

    fn paren(&mut self, at: usize) -> Role {
        let behind = self.kind_behind(at);
        let params = |after| Role { kind: Kind::LParenParams, frame: FrameKind::Params, after };
        let header = self.header().copied();
        let frame = *self.frame();
        if let Some(header) = header
            && let Some(role) = self.head(at, header)
        {
            return role;
        }
        if self.prev == Kind::While && self.taken_while(at) {
            return Role { kind: Kind::LParenHead, frame: FrameKind::Head, after: After::Value };
        }
        let is_named = self.prev_ends && !frame.is_fresh;
        match frame.kind {
            FrameKind::Operations if is_named => return params(After::Value),
            FrameKind::Clauses if is_named && frame.awaits_arrow => return params(After::Value),
            _ if frame.result_arrow != NO_ARROW => {
                let is_function = self.begins_function_type(at);
                return if is_function { params(After::Value) } else { group() };
            }
            FrameKind::Object if self.is_method(behind) => {
                self.push_header(HeaderKind::Function, false, false);
                return params(After::Params);
            }
            _ => {}
        }
        let awaits_arrow = frame.kind == FrameKind::Arms && frame.awaits_arrow;
        if behind == Kind::Arrow && !awaits_arrow {
            if is_named {
                self.repair_before(self.tokens[at]);
            }
            return params(After::Value);
        }
        if !is_named
            && !awaits_arrow
            && let Some(arrow) = self.result_arrow(at)
        {
            return params(After::ArrowParams(arrow));
        }
        let frame = if is_named { FrameKind::Args } else { FrameKind::Group };
        Role { kind: Kind::LParen, frame, after: After::Value }
    }

    /// `(…): T => …`: the arrow, when a type and then an arrow follow the bracket.
    pub(super) fn result_arrow(&self, at: usize) -> Option<u32> {
        let frame = self.frame();
        let colon = self.pairs[at] as usize + 1;
        let is_other = frame.n_ternaries > 0 || frame.first == Kind::KwCase;
        if self.kind_at(colon) != Kind::Colon || is_other {
            return None;
        }
        let mut n_angles = 0_u32;
        let mut next = colon + 1;
        for _ in 0..32 {
            match self.kind_at(next) {
                Kind::Arrow => return (next > colon + 1).then_some(next as u32),
                Kind::Less => n_angles += 1,
                Kind::Greater if n_angles > 0 => n_angles -= 1,
                Kind::Comma if n_angles > 0 => {}
                Kind::Bar | Kind::TildeGreaterEqual | Kind::Minus | Kind::Number | Kind::Str => {}
                Kind::Null | Kind::True | Kind::False | Kind::LBracket | Kind::LBrace => {}
                // The arrow of a function type is not the one.
                Kind::LParen if self.begins_function_type(next) => {
                    next = self.pairs[next] as usize + 1;
                }
                Kind::LParen => {}
                kind if kind.is_name() => {}
                _ => return None,
            }
            next = self.pairs[next] as usize + 1;
        }
        None
    }

    /// Whether the parentheses at `at`, in a type, hold parameters: an arrow follows them, and
    /// what stands in them is nothing, or begins as a parameter does.
    fn begins_function_type(&self, at: usize) -> bool {
        let (first, second) = (self.kind_at(at + 1), self.kind_at(at + 2));
        let begins = match first {
            Kind::RParen | Kind::Ellipsis => true,
            _ if !first.is_name() => false,
            _ => matches!(second, Kind::Colon | Kind::Comma | Kind::Question | Kind::RParen),
        };
        begins && self.kind_behind(at) == Kind::Arrow
    }

    /// `<T, U>(…) => …`: whether the `<` at `at` begins the type parameters of an arrow.
    pub(super) fn begins_generic(&self, at: usize) -> bool {
        let mut next = at + 1;
        while self.kind_at(next).is_name() && self.kind_at(next + 1) == Kind::Comma {
            next += 2;
        }
        let opener = next + 2;
        self.kind_at(next).is_name()
            && self.kind_at(next + 1) == Kind::Greater
            && self.kind_at(opener) == Kind::LParen
            && (self.kind_behind(opener) == Kind::Arrow || self.result_arrow(opener).is_some())
    }

    /// The `(` of a construct's head or of a function's parameters.
    fn head(&mut self, at: usize, header: Header) -> Option<Role> {
        let role = |kind, frame, after| Some(Role { kind, frame, after });
        match (header.kind, self.prev) {
            (HeaderKind::Function, _) if !header.is_complete => {
                role(Kind::LParenParams, FrameKind::Params, After::Params)
            }
            (HeaderKind::For | HeaderKind::ForEach | HeaderKind::UncertainFor, _)
                if matches!(self.prev, Kind::For | Kind::ForEach) =>
            {
                role(Kind::LParenHead, FrameKind::ForHead, After::Head)
            }
            (HeaderKind::Catch, Kind::Catch) => {
                role(Kind::LParenHead, FrameKind::Params, After::Head)
            }
            (HeaderKind::If | HeaderKind::UncertainIf, Kind::If)
            | (HeaderKind::While | HeaderKind::UncertainWhile, Kind::While)
            | (HeaderKind::Switch, Kind::KwSwitch)
                if self.is_head(at) =>
            {
                role(Kind::LParenHead, FrameKind::Head, After::Head)
            }
            _ => None,
        }
    }

    /// Whether what follows the `)` begins a body rather than going on with the condition.
    fn is_head(&self, at: usize) -> bool {
        let next = self.pairs[at] as usize + 1;
        let Some(token) = self.tokens.get(next) else { return true };
        match token.kind {
            Kind::LParen | Kind::LBracket => token.newline_before,
            Kind::Plus | Kind::Minus => token.newline_before,
            Kind::In | Kind::Instanceof => false,
            Kind::Else | Kind::Catch | Kind::Finally | Kind::Comma | Kind::Colon => true,
            kind => !kind.only_continues(),
        }
    }

    /// `do { … } while (c)`: whether the parentheses are the whole condition.
    fn taken_while(&self, at: usize) -> bool {
        let next = self.pairs[at] as usize + 1;
        let Some(token) = self.tokens.get(next) else { return true };
        token.kind == Kind::Semicolon
            || token.kind.is_closer()
            || (token.newline_before && !token.kind.only_continues())
    }

    /// `{ name(…) { … } }`
    fn is_method(&self, behind: Kind) -> bool {
        let [.., before, key] = self.out.as_slice() else { return false };
        let is_key = matches!(key.kind, Kind::Ident | Kind::Str | Kind::Number);
        let is_first = matches!(before.kind, Kind::LBraceObject | Kind::Comma);
        is_key && is_first && behind == Kind::LBrace
    }

    fn bracket(&mut self, at: usize) -> Role {
        let is_target = self.at_stmt() && self.is_assigned(at);
        let frame =
            if is_target || self.at_pattern(at) { FrameKind::ArrayPat } else { FrameKind::Bracket };
        let kind = if is_target { Kind::LBracketPat } else { Kind::LBracket };
        Role { kind, frame, after: After::Value }
    }

    /// Whether the bracket at `at` is followed by `=`, or by `~> … =`.
    fn is_assigned(&self, at: usize) -> bool {
        let mut next = self.pairs[at] as usize + 1;
        if self.kind_at(next) != Kind::Annotate {
            return self.kind_at(next) == Kind::Assign;
        }
        for _ in 0..32 {
            next = self.tokens.get(next).map_or(next, |_| self.pairs[next] as usize + 1);
            let Some(token) = self.tokens.get(next) else { return false };
            let is_new_line = token.newline_before && !token.kind.only_continues();
            if token.kind == Kind::Assign {
                return true;
            }
            if token.kind == Kind::Semicolon || token.kind.is_closer() || is_new_line {
                return false;
            }
        }
        false
    }

    /// Where a pattern must begin.
    fn at_pattern(&self, at: usize) -> bool {
        let prev = self.prev;
        let frame = *self.frame();
        let is_item = frame.is_fresh || prev == Kind::Ellipsis;
        let in_pattern = match frame.kind {
            FrameKind::ObjectPat | FrameKind::ArrayPat => is_item || prev == Kind::Colon,
            FrameKind::Params => is_item,
            FrameKind::Arms => frame.awaits_arrow && (is_item || prev == Kind::Bar),
            FrameKind::Clauses => frame.awaits_arrow && prev == Kind::Return,
            FrameKind::Block
            | FrameKind::Virtual
            | FrameKind::Cases
            | FrameKind::Branches
            | FrameKind::Agents
            | FrameKind::Operations
            | FrameKind::Names
            | FrameKind::Object
            | FrameKind::Args
            | FrameKind::Group
            | FrameKind::Head
            | FrameKind::ForHead
            | FrameKind::Bracket
            | FrameKind::Interpolation => false,
        };
        let declares = matches!(frame.first, Kind::Let | Kind::Const)
            && (frame.kind.has_stmts() || frame.kind == FrameKind::ForHead);
        in_pattern
            || matches!(prev, Kind::Let | Kind::Const)
            || (declares && prev == Kind::Comma)
            || self.for_each.is_some_and(|each| each.pat == at)
    }

    fn brace(&mut self, at: usize) -> Role {
        if let Some(header) = self.header().copied()
            && self.begins_body(header)
        {
            self.headers.pop();
            self.frame_mut().in_type = false;
            return body(header);
        }
        let first = self.frame().first;
        match self.prev {
            Kind::Import | Kind::Export => return names(),
            Kind::KwType if first == Kind::Import => return names(),
            Kind::Comma if first == Kind::Import => return names(),
            Kind::KwDefault if first == Kind::KwDefault => return object(),
            Kind::Arrow if self.frame().in_type => return object(),
            Kind::Arrow => return self.arrow_body(at),
            Kind::ArmArrow => {
                let role = self.arrow_body(at);
                let is_block = role.frame == FrameKind::Block;
                return if is_block { body(BRANCH) } else { role };
            }
            _ if self.at_pattern(at) => return pattern(),
            _ if self.at_stmt() => return self.stmt_brace(at),
            _ if !self.prev_ends => return object(),
            _ => {}
        }
        if self.frame().kind.has_lines() {
            return Role { kind: Kind::LBraceBlock, frame: FrameKind::Block, after: After::Value };
        }
        self.repair_before(self.tokens[at]);
        object()
    }

    fn begins_body(&self, header: Header) -> bool {
        let is_ready = header.is_complete && header.kind != HeaderKind::Function;
        let is_bare = matches!(self.prev, Kind::ForSemi | Kind::Function | Kind::FunctionExpr);
        self.prev_ends || is_ready || is_bare
    }

    /// A brace at the start of a statement.
    fn stmt_brace(&self, at: usize) -> Role {
        if self.is_assigned(at) {
            return pattern();
        }
        let (first, second) = (self.kind_at(at + 1), self.kind_at(at + 2));
        let is_object = match first {
            Kind::RBrace | Kind::Ellipsis => true,
            Kind::Str | Kind::Number => second == Kind::Colon,
            _ if !first.is_word() || self.is_label(at + 1) => false,
            _ => second == Kind::Colon || (first.is_name() && second == Kind::Comma),
        };
        if is_object { object() } else { body(PLAIN) }
    }

    /// `name: for …`, which other languages have.
    fn is_label(&self, at: usize) -> bool {
        self.kind_at(at + 1) == Kind::Colon
            && matches!(self.kind_at(at + 2), Kind::For | Kind::While | Kind::Do)
    }

    /// The body of an arrow: a block, also where an object was meant.
    fn arrow_body(&mut self, at: usize) -> Role {
        let (first, second) = (self.kind_at(at + 1), self.kind_at(at + 2));
        let is_object = first == Kind::Ellipsis
            || (matches!(first, Kind::Str | Kind::Number) && second == Kind::Colon)
            || (first.is_word() && second == Kind::Colon && !self.is_label(at + 1));
        if is_object {
            let end = self.tokens[self.pairs[at] as usize].span;
            self.error(SyntaxErrorKind::ObjectBody, self.tokens[at].span.to(end));
            return object();
        }
        Role { kind: Kind::LBraceBlock, frame: FrameKind::Block, after: After::Value }
    }
}

/// An arm or a clause with a block.
const BRANCH: Header = Header { kind: HeaderKind::Branch, is_complete: true, is_stmt: true };
/// A block that stands by itself.
const PLAIN: Header = Header { kind: HeaderKind::Plain, is_complete: true, is_stmt: true };

fn object() -> Role {
    Role { kind: Kind::LBraceObject, frame: FrameKind::Object, after: After::Value }
}

fn group() -> Role {
    Role { kind: Kind::LParen, frame: FrameKind::Group, after: After::Value }
}

fn pattern() -> Role {
    Role { kind: Kind::LBracePat, frame: FrameKind::ObjectPat, after: After::Value }
}

fn names() -> Role {
    Role { kind: Kind::LBraceNames, frame: FrameKind::Names, after: After::Value }
}

/// The body of a construct.
fn body(header: Header) -> Role {
    let (kind, frame) = match header.kind {
        HeaderKind::UncertainIf | HeaderKind::UncertainWhile | HeaderKind::UncertainFor => {
            (Kind::LBraceBranches, FrameKind::Branches)
        }
        HeaderKind::Switch => (Kind::LBraceCases, FrameKind::Cases),
        HeaderKind::Match => (Kind::LBraceArms, FrameKind::Arms),
        HeaderKind::With => (Kind::LBraceClauses, FrameKind::Clauses),
        HeaderKind::Agents => (Kind::LBraceAgents, FrameKind::Agents),
        HeaderKind::Agent => (Kind::LBraceObject, FrameKind::Object),
        HeaderKind::Effect => (Kind::LBraceOps, FrameKind::Operations),
        HeaderKind::If
        | HeaderKind::Else
        | HeaderKind::While
        | HeaderKind::For
        | HeaderKind::ForEach
        | HeaderKind::Do
        | HeaderKind::Try
        | HeaderKind::Catch
        | HeaderKind::Finally
        | HeaderKind::Function
        | HeaderKind::Handle
        | HeaderKind::Branch
        | HeaderKind::InContext
        | HeaderKind::Plain => (Kind::LBraceBlock, FrameKind::Block),
    };
    Role { kind, frame, after: After::Body(header) }
}
