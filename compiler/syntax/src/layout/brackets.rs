//! Balances brackets, so that everything after works on pairs.
//!
//! Correct text passes unchanged. Otherwise closers without an opener are left out, and a closer
//! is put in for every opener without one: before a closer of another kind that ends something
//! around it, or where the indentation says that the opener's part is over.
//! A `)` or `]` never ends a `{`.

use prism_span::Span;

use crate::ast::Quote;
use crate::errors::{SyntaxError, SyntaxErrorKind};
use crate::token::{Kind, Token};

/// For each token the index of its partner, for brackets; its own index for the others.
pub(super) type Pairs = Vec<u32>;

/// Balances the tokens in place and gives their pairs.
pub(super) fn balance(text: &str, tokens: &mut Vec<Token>, errors: &mut Vec<SyntaxError>) -> Pairs {
    let found = pair(tokens);
    if found.is_balanced {
        return found.pairs;
    }
    *tokens = Repair::new(text, &found.unclosed, errors).run(tokens);
    pair(tokens).pairs
}

struct Found {
    pairs: Pairs,
    /// Openers without a closer, in no order.
    unclosed: Vec<usize>,
    is_balanced: bool,
}

fn pair(tokens: &[Token]) -> Found {
    let mut pairs: Pairs = (0..tokens.len() as u32).collect();
    let mut stack = Stack::default();
    let mut unclosed = Vec::new();
    let mut is_balanced = true;
    for (index, token) in tokens.iter().enumerate() {
        if token.kind.is_opener() {
            stack.push(Open { index, kind: token.kind, indent: 0, outer: [0; 2] });
        } else if token.kind.is_closer() {
            if !stack.holds(token.kind) {
                is_balanced = false;
                continue;
            }
            while let Some(open) = stack.pop() {
                if closer(open.kind) == token.kind {
                    pairs[open.index] = index as u32;
                    pairs[index] = open.index as u32;
                    break;
                }
                unclosed.push(open.index);
            }
        }
    }
    unclosed.extend(stack.open.iter().map(|open| open.index));
    is_balanced &= unclosed.is_empty();
    Found { pairs, unclosed, is_balanced }
}

const fn closer(open: Kind) -> Kind {
    match open {
        Kind::LParen => Kind::RParen,
        Kind::LBracket => Kind::RBracket,
        Kind::InterpOpen => Kind::InterpClose,
        _ => Kind::RBrace,
    }
}

#[derive(Clone, Copy)]
struct Open {
    index: usize,
    kind: Kind,
    /// Bytes before the first token of the line that it stands on.
    indent: u32,
    /// The counts of the stack around it, for braces and interpolations.
    outer: [u32; 2],
}

/// The brackets that are open, and how many `(` and `[` since the last brace or interpolation.
#[derive(Default)]
struct Stack {
    open: Vec<Open>,
    counts: [u32; 2],
}

impl Stack {
    fn push(&mut self, mut open: Open) {
        match open.kind {
            Kind::LParen => self.counts[0] += 1,
            Kind::LBracket => self.counts[1] += 1,
            _ => open.outer = std::mem::take(&mut self.counts),
        }
        self.open.push(open);
    }

    fn pop(&mut self) -> Option<Open> {
        let open = self.open.pop()?;
        match open.kind {
            Kind::LParen => self.counts[0] -= 1,
            Kind::LBracket => self.counts[1] -= 1,
            _ => self.counts = open.outer,
        }
        Some(open)
    }

    /// The innermost brace or interpolation.
    fn brace(&self) -> Option<&Open> {
        let n_others = (self.counts[0] + self.counts[1]) as usize;
        self.open.len().checked_sub(n_others + 1).map(|at| &self.open[at])
    }

    /// Whether the closer can end something that is open.
    fn holds(&self, closer: Kind) -> bool {
        match closer {
            Kind::RParen => self.counts[0] > 0,
            Kind::RBracket => self.counts[1] > 0,
            Kind::InterpClose => true,
            _ => self.brace().is_some_and(|open| open.kind == Kind::LBrace),
        }
    }
}

/// The second look at a text whose brackets do not match.
struct Repair<'t> {
    text: &'t str,
    stack: Stack,
    tokens: Vec<Token>,
    /// The indentation of the current line.
    indent: u32,
    /// Openers without a closer, as far as the first look could tell.
    unclosed: Vec<usize>,
    n_unclosed_braces: usize,
    openers: Vec<Span>,
    /// Strings that do not end on their line: where they end, their errors, and the closers that
    /// were put in behind them.
    strings: Vec<(u32, usize, String)>,
    errors: &'t mut Vec<SyntaxError>,
}

impl<'t> Repair<'t> {
    fn new(text: &'t str, unclosed: &[usize], errors: &'t mut Vec<SyntaxError>) -> Repair<'t> {
        let mut unclosed = unclosed.to_vec();
        unclosed.sort_unstable();
        let is_line = |error: &SyntaxError| {
            let SyntaxErrorKind::UnclosedString { quote, .. } = error.kind else { return false };
            matches!(quote, Quote::Single | Quote::Double)
        };
        let errors_at = errors.iter().enumerate().filter(|(_, error)| is_line(error));
        let mut strings: Vec<(u32, usize, String)> =
            errors_at.map(|(index, error)| (error.span.end, index, String::new())).collect();
        strings.sort_unstable();
        Repair {
            text,
            stack: Stack::default(),
            tokens: Vec::new(),
            indent: 0,
            unclosed,
            n_unclosed_braces: 0,
            openers: Vec::new(),
            strings,
            errors,
        }
    }

    fn run(mut self, tokens: &[Token]) -> Vec<Token> {
        let is_brace = |index: &&usize| tokens[**index].kind == Kind::LBrace;
        self.n_unclosed_braces = self.unclosed.iter().filter(is_brace).count();
        for (index, token) in tokens.iter().enumerate() {
            if token.newline_before || index == 0 {
                self.indent = self.indent_at(token.span.start);
                self.line_start(token.kind);
            }
            if token.kind.is_closer() {
                self.closer(*token);
                continue;
            }
            if token.kind.is_opener() {
                let (kind, indent) = (token.kind, self.indent);
                self.stack.push(Open { index, kind, indent, outer: [0; 2] });
                self.openers.push(token.span);
            }
            self.tokens.push(*token);
        }
        while !self.stack.open.is_empty() {
            self.insert_closer();
        }
        self.tokens
    }

    /// Ends what the indentation of a new line, or the statement on it, shows to be over.
    fn line_start(&mut self, kind: Kind) {
        while let Some(&top) = self.stack.open.last() {
            let is_over = match kind {
                Kind::RBrace => self.is_left_by_brace(),
                _ if kind.is_closer() || top.kind == Kind::InterpOpen => false,
                _ if !self.is_unclosed(top) => false,
                _ => self.indent <= top.indent || (top.kind != Kind::LBrace && is_statement(kind)),
            };
            if !is_over {
                return;
            }
            self.insert_closer();
        }
    }

    fn is_unclosed(&self, open: Open) -> bool {
        self.unclosed.binary_search(&open.index).is_ok()
    }

    /// Whether a `}` at the start of this line belongs to a brace further out.
    fn is_left_by_brace(&self) -> bool {
        let [.., outer, top] = self.stack.open.as_slice() else { return false };
        let are_braces = outer.kind == Kind::LBrace && top.kind == Kind::LBrace;
        let fits_outer = top.indent > self.indent && outer.indent >= self.indent;
        self.n_unclosed_braces > 0 && are_braces && fits_outer
    }

    fn closer(&mut self, token: Token) {
        // `f({ a: 1 )`: the brace is the mistake, not the parenthesis.
        if !self.stack.holds(token.kind)
            && let Some(&top) = self.stack.brace()
            && top.kind == Kind::LBrace
            && self.is_unclosed(top)
            && top.outer[usize::from(token.kind == Kind::RBracket)] > 0
        {
            while self.stack.open.last().is_some_and(|open| open.index >= top.index) {
                self.insert_closer();
            }
        }
        if !self.stack.holds(token.kind) {
            let kind = SyntaxErrorKind::StrayCloser(token.kind);
            self.errors.push(SyntaxError { kind, span: token.span });
            return;
        }
        while self.stack.open.last().is_some_and(|open| closer(open.kind) != token.kind) {
            self.insert_closer();
        }
        self.stack.pop();
        self.openers.pop();
        self.tokens.push(token);
    }

    /// Ends the innermost bracket behind the last token.
    fn insert_closer(&mut self) {
        let (Some(open), Some(span)) = (self.stack.pop(), self.openers.pop()) else { return };
        self.n_unclosed_braces -=
            usize::from(open.kind == Kind::LBrace).min(self.n_unclosed_braces);
        let end = self.tokens.last().map_or(span.end, |token| token.span.end);
        if !self.is_in_string(closer(open.kind), span, end) {
            let kind = SyntaxErrorKind::UnclosedBracket { open: open.kind, end };
            self.errors.push(SyntaxError { kind, span });
        }
        let (kind, span) = (closer(open.kind), Span::empty(end));
        self.tokens.push(Token { kind, newline_before: false, span });
    }

    /// Whether a string without an end, the last token, explains that the closer is missing; one
    /// that ends with all closers so far has swallowed them.
    fn is_in_string(&mut self, closer: Kind, opener: Span, end: u32) -> bool {
        let Ok(found) = self.strings.binary_search_by_key(&end, |(end, ..)| *end) else {
            return false;
        };
        let (_, index, closers) = &mut self.strings[found];
        let error = &mut self.errors[*index];
        let start = error.span.start;
        let SyntaxErrorKind::UnclosedString { end: quote_end, .. } = &mut error.kind else {
            return false;
        };
        closers.push(match closer {
            Kind::RParen => ')',
            Kind::RBracket => ']',
            _ => '}',
        });
        let inside = Span::new(start, end).slice(self.text).trim_end_matches([' ', '\t', ';']);
        if let Some(kept) = inside.strip_suffix(closers.as_str()) {
            *quote_end = start + kept.len() as u32;
        }
        opener.start < start
    }

    fn indent_at(&self, start: u32) -> u32 {
        let before = &self.text[..start as usize];
        start - before.rfind('\n').map_or(0, |at| at + 1) as u32
    }
}

/// Words that begin a statement and can stand in no expression.
const fn is_statement(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Let
            | Kind::Const
            | Kind::If
            | Kind::For
            | Kind::While
            | Kind::Do
            | Kind::Return
            | Kind::Break
            | Kind::Continue
            | Kind::Import
            | Kind::Export
            | Kind::Try
            | Kind::Throw
    )
}
