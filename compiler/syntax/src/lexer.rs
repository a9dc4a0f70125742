//! From text to tokens.
//!
//! Logos finds the tokens; this file adds what needs memory: strings with interpolation, whose
//! inside is lexed in place with true spans, and regular expressions, which are found only to be
//! refused. Text that is no token becomes [`Kind::Error`] and an error.
//! Spaces and comments are the gaps between tokens, so the tokens and the text together give
//! back every byte.

#[cfg(test)]
mod tests;

use logos::Logos;
use prism_span::Span;

use crate::ast::Quote;
use crate::errors::{SyntaxError, SyntaxErrorKind};
use crate::token::{Kind, Token};

/// The tokens of a text, its comments and what is wrong with it, each in order.
pub(crate) struct Lexed {
    pub tokens: Vec<Token>,
    pub comments: Vec<Span>,
    pub errors: Vec<SyntaxError>,
}

pub(crate) fn lex(text: &str) -> Lexed {
    let mut lexer = Lexer {
        text,
        inner: Kind::lexer(text),
        tokens: Vec::with_capacity(text.len() / 4),
        last_end: 0,
        open: Vec::new(),
        errors: Vec::new(),
    };
    lexer.skip_shebang();
    while let Some(found) = lexer.inner.next() {
        let span = lexer.inner.span();
        lexer.token(found.unwrap_or(Kind::Error), span.start, span.end);
    }
    lexer.close_interpolations(text.len(), |_| true);
    lexer.unclosed_comment();
    Lexed { tokens: lexer.tokens, comments: lexer.inner.extras, errors: lexer.errors }
}

struct Lexer<'t> {
    text: &'t str,
    inner: logos::Lexer<'t, Kind>,
    tokens: Vec<Token>,
    /// Where the last token ends.
    last_end: usize,
    /// The interpolations around the current position, innermost last.
    open: Vec<Interpolation>,
    errors: Vec<SyntaxError>,
}

#[derive(Clone, Copy)]
struct Interpolation {
    quote: Quote,
    /// Braces opened inside it.
    braces: u32,
    start: usize,
}

impl Lexer<'_> {
    fn token(&mut self, kind: Kind, start: usize, end: usize) {
        if !self.open.is_empty() && self.newline_before(start) {
            self.close_interpolations(self.last_end, |quote| {
                matches!(quote, Quote::Double | Quote::Escaped)
            });
        }
        let next = self.text.as_bytes().get(end);
        if kind.is_word() && next.is_some_and(|byte| !byte.is_ascii()) {
            return self.word(kind, start, end);
        }
        match kind {
            Kind::DoubleQuote => self.string_or_triple(Quote::Double, start),
            Kind::SingleQuote => self.string_or_triple(Quote::Single, start),
            Kind::Backtick => self.string(Quote::Backtick, start),
            Kind::TripleBacktick => self.string(Quote::Triple, start),
            Kind::LBrace => {
                if let Some(interpolation) = self.open.last_mut() {
                    interpolation.braces += 1;
                }
                self.push(kind, start, end);
            }
            Kind::RBrace => self.closing_brace(start, end),
            Kind::Slash if self.at_operand() => self.slash(start, end),
            Kind::Number => self.number(start, end),
            Kind::Error if self.begins_escaped(start) => self.string(Quote::Escaped, start),
            Kind::Error => self.unreadable(start, end),
            Kind::Beyond => self.beyond(start, end),
            _ => self.push(kind, start, end),
        }
    }

    /// A word that may go on with letters beyond ASCII.
    fn word(&mut self, kind: Kind, start: usize, end: usize) {
        let rest = &self.text[end..];
        let len = rest.find(|c| !unicode_ident::is_xid_continue(c)).unwrap_or(rest.len());
        if len == 0 {
            return self.push(kind, start, end);
        }
        self.push(Kind::Ident, start, end + len);
        self.jump(end + len);
    }

    /// A character beyond ASCII: a letter begins a name, a space is a space.
    fn beyond(&mut self, start: usize, end: usize) {
        match self.text[start..end].chars().next() {
            Some(c) if unicode_ident::is_xid_start(c) => self.word(Kind::Ident, start, end),
            Some(c) if c.is_whitespace() || c == '\u{feff}' => {}
            _ => self.unreadable(start, end),
        }
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let newline_before = self.newline_before(start);
        let span = Span::new(start as u32, end as u32);
        self.tokens.push(Token { kind, newline_before, span });
        self.last_end = end;
    }

    fn newline_before(&self, start: usize) -> bool {
        let gap = self.text.as_bytes().get(self.last_end..start).unwrap_or(&[]);
        gap.contains(&b'\n')
    }

    fn error(&mut self, kind: SyntaxErrorKind, start: usize, end: usize) {
        self.errors.push(SyntaxError { kind, span: Span::new(start as u32, end as u32) });
    }

    fn skip_shebang(&mut self) {
        if self.text.starts_with("#!") {
            let len = self.text.find('\n').unwrap_or(self.text.len());
            self.inner.bump(len);
            self.inner.extras.push(Span::new(0, len as u32));
        }
    }

    /// Whether an expression must begin here, as far as the last token says.
    fn at_operand(&self) -> bool {
        self.tokens.last().is_none_or(|token| !token.kind.ends_operand())
    }

    fn closing_brace(&mut self, start: usize, end: usize) {
        match self.open.last_mut() {
            Some(Interpolation { braces: 0, quote, start: opened }) => {
                let (quote, opened) = (*quote, *opened);
                self.open.pop();
                self.push(Kind::InterpClose, start, end);
                self.string_rest(quote, opened, end);
            }
            Some(interpolation) => {
                interpolation.braces -= 1;
                self.push(Kind::RBrace, start, end);
            }
            None => self.push(Kind::RBrace, start, end),
        }
    }

    /// A string whose opening quote was just read.
    fn string(&mut self, quote: Quote, start: usize) {
        let inside = start + quote.as_str().len();
        if self.is_behind_operand(quote) {
            return self.outer_end(start, inside);
        }
        match self.scan(quote, inside) {
            Found::End(at) => {
                let end = at + quote.as_str().len();
                self.push(Kind::Str, start, end);
                self.escapes(quote, inside, at);
                self.jump(end);
            }
            Found::Interpolation(at) => {
                self.push(Kind::StrStart, start, inside);
                self.interpolation(quote, start, inside, at);
            }
            Found::Nothing(_) if self.is_inside(quote) => self.outer_end(start, inside),
            Found::Nothing(at) => {
                self.push(Kind::Str, start, at);
                self.unclosed_string(quote, start, at);
                self.jump(at);
            }
        }
    }

    /// A string, or what another language writes in three quotes.
    fn string_or_triple(&mut self, quote: Quote, start: usize) {
        let quotes = if quote == Quote::Double { "\"\"\"" } else { "'''" };
        let inside = self.text[start..].strip_prefix(quotes);
        match inside.and_then(|inside| inside.find(quotes)) {
            Some(len) => {
                let end = start + len + 2 * quotes.len();
                self.push(Kind::Str, start, end);
                self.error(SyntaxErrorKind::TripleQuotes, start, end);
                self.jump(end);
            }
            None => self.string(quote, start),
        }
    }

    /// A quote that begins no string ends the one whose interpolation was left open.
    fn outer_end(&mut self, start: usize, inside: usize) {
        self.open.pop();
        self.push(Kind::InterpClose, start, start);
        self.push(Kind::StrEnd, start, inside);
        self.error(SyntaxErrorKind::UnclosedInterpolation, start, inside);
    }

    fn is_inside(&self, quote: Quote) -> bool {
        self.open.last().is_some_and(|open| open.quote == quote)
    }

    /// In an interpolation nothing follows an operand but an operator or the end.
    fn is_behind_operand(&self, quote: Quote) -> bool {
        let is_outermost = self.open.last().is_some_and(|open| open.braces == 0);
        self.is_inside(quote) && is_outermost && !self.at_operand()
    }

    /// `\"` inside the interpolation of a `"…"`: a quote, as if the outer text were read first.
    fn begins_escaped(&self, start: usize) -> bool {
        let is_inside = |open: &Interpolation| matches!(open.quote, Quote::Double | Quote::Escaped);
        self.open.last().is_some_and(is_inside) && self.text[start..].starts_with("\\\"")
    }

    /// The string that began at `opened` goes on at `from`, behind an interpolation.
    fn string_rest(&mut self, quote: Quote, opened: usize, from: usize) {
        match self.scan(quote, from) {
            Found::End(at) => {
                self.chunk(quote, from, at);
                self.push(Kind::StrEnd, at, at + quote.as_str().len());
                self.jump(at + quote.as_str().len());
            }
            Found::Interpolation(at) => self.interpolation(quote, opened, from, at),
            Found::Nothing(at) => {
                self.chunk(quote, from, at);
                self.push(Kind::StrEnd, at, at);
                self.unclosed_string(quote, opened, at);
                self.jump(at);
            }
        }
    }

    /// `${` at `at`, with text from `from` before it.
    fn interpolation(&mut self, quote: Quote, opened: usize, from: usize, at: usize) {
        self.chunk(quote, from, at);
        self.push(Kind::InterpOpen, at, at + 2);
        self.open.push(Interpolation { quote, braces: 0, start: opened });
        self.jump(at + 2);
    }

    fn unclosed_string(&mut self, quote: Quote, start: usize, end: usize) {
        let kind = SyntaxErrorKind::UnclosedString { quote, end: end as u32 };
        self.error(kind, start, end);
    }

    fn chunk(&mut self, quote: Quote, start: usize, end: usize) {
        if start < end {
            self.push(Kind::Chunk, start, end);
            self.escapes(quote, start, end);
        }
    }

    /// Reports `\\u` and `\\x` that name no character.
    fn escapes(&mut self, quote: Quote, start: usize, end: usize) {
        if quote == Quote::Triple || !self.text[start..end].contains('\\') {
            return;
        }
        let mut at = start;
        while let Some(found) = self.text[at..end].find('\\') {
            let escape = at + found;
            let rest = &self.text[escape + 1..end];
            let len = escape_len(rest);
            if len.is_err() {
                let digits = rest.find(['}', ' ']).map_or(1, |at| at + 1).min(8);
                let to = self.text.floor_char_boundary((escape + 1 + digits).min(end));
                self.error(SyntaxErrorKind::BadEscape, escape, to);
            }
            let first = rest.chars().next().map_or(0, char::len_utf8);
            at = escape + 1 + len.unwrap_or(first).max(first);
        }
    }

    fn unclosed_comment(&mut self) {
        let Some(last) = self.inner.extras.last().copied() else { return };
        let comment = last.slice(self.text);
        if comment.starts_with("/*") && (comment.len() < 4 || !comment.ends_with("*/")) {
            let (start, end) = (last.start as usize, last.end as usize);
            self.error(SyntaxErrorKind::UnclosedComment, start, end);
        }
    }

    /// Ends the innermost interpolations that were left open, as long as `of` holds.
    fn close_interpolations(&mut self, at: usize, of: impl Fn(Quote) -> bool) {
        while let Some(interpolation) = self.open.pop_if(|open| of(open.quote)) {
            self.push(Kind::InterpClose, at, at);
            self.push(Kind::StrEnd, at, at);
            let kind = SyntaxErrorKind::UnclosedInterpolation;
            self.error(kind, interpolation.start, at);
        }
    }

    /// What ends the text of a string that goes on at `from`.
    fn scan(&self, quote: Quote, from: usize) -> Found {
        let bytes = self.text.as_bytes();
        let quotes = quote.as_str().as_bytes();
        let mut at = from;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'\\' if quote == Quote::Escaped && bytes.get(at + 1) == Some(&b'"') => {
                    return Found::End(at);
                }
                b'\\' if quote != Quote::Triple => at += 1,
                b'\n' if matches!(quote, Quote::Single | Quote::Double | Quote::Escaped) => {
                    return Found::Nothing(at - usize::from(bytes[at - 1] == b'\r'));
                }
                b'$' if quote != Quote::Single && bytes.get(at + 1) == Some(&b'{') => {
                    return Found::Interpolation(at);
                }
                _ if byte == quotes[0] && bytes[at..].starts_with(quotes) => return Found::End(at),
                _ => {}
            }
            at += 1;
        }
        Found::Nothing(bytes.len())
    }

    /// `/` where an expression must begin: a regular expression, if it ends on this line.
    fn slash(&mut self, start: usize, end: usize) {
        let line = &self.text[end..];
        let mut escaped = false;
        let stop = line.bytes().position(|byte| {
            let found = matches!(byte, b'/' | b'\n') && !escaped;
            escaped = byte == b'\\' && !escaped;
            found
        });
        let close = stop.filter(|at| line.as_bytes()[*at] == b'/');
        match close {
            Some(at) if at > 0 => {
                let flags = line[at + 1..].bytes().take_while(u8::is_ascii_alphabetic).count();
                let end = end + at + 1 + flags;
                self.push(Kind::Regex, start, end);
                self.error(SyntaxErrorKind::Regex, start, end);
                self.jump(end);
            }
            Some(_) | None => self.push(Kind::Slash, start, end),
        }
    }

    /// A number; letters that touch it are part of the mistake.
    fn number(&mut self, start: usize, end: usize) {
        let rest = self.text[end..].bytes();
        let letters = rest.take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
        self.push(Kind::Number, start, end + letters);
        if letters > 0 {
            self.error(SyntaxErrorKind::BadNumber, start, end + letters);
            self.jump(end + letters);
        }
    }

    /// Text that is no token; neighbours are one mistake.
    fn unreadable(&mut self, start: usize, end: usize) {
        let touches = self
            .tokens
            .last_mut()
            .filter(|last| last.kind == Kind::Error && last.span.end as usize == start);
        match (touches, self.errors.last_mut()) {
            (Some(last), Some(error)) => {
                last.span.end = end as u32;
                error.span.end = end as u32;
                self.last_end = end;
            }
            _ => {
                self.push(Kind::Error, start, end);
                self.error(SyntaxErrorKind::UnknownCharacter, start, end);
            }
        }
    }

    /// Lets logos go on at `to`.
    fn jump(&mut self, to: usize) {
        let at = self.inner.span().end;
        self.inner.bump(to - at);
    }
}

enum Found {
    End(usize),
    Interpolation(usize),
    /// The text ends here, or the line of a string of one line.
    Nothing(usize),
}

/// Bytes of the escape after its backslash; an error for digits that name no character.
fn escape_len(rest: &str) -> Result<usize, ()> {
    let hex = |digits: &str| u32::from_str_radix(digits, 16).map_err(|_| ());
    match rest.as_bytes() {
        [b'u', b'{', ..] => {
            let (digits, _) = rest[2..].split_once('}').ok_or(())?;
            char::from_u32(hex(digits)?).ok_or(())?;
            Ok(3 + digits.len())
        }
        [b'u', ..] => hex(rest.get(1..5).ok_or(())?).map(|_| 5),
        [b'x', ..] => hex(rest.get(1..3).ok_or(())?).map(|_| 3),
        _ => Ok(0),
    }
}
