//! What the printer works on: tokens with their roles, comments, and parts that stay as they are.

use std::collections::BTreeSet;

use prism_span::Span;

use crate::ast::{Ast, ExprKind, PatKind, StmtKind, TypeKind, UnaryOp};
use crate::layout::LaidToken;
use crate::parse::{Parse, laid_out, parse};
use crate::token::Kind;

#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub kind: PieceKind,
    pub span: Span,
    /// Line breaks before it in the source, behind the piece before it.
    pub n_breaks: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PieceKind {
    Token {
        kind: Kind,
        role: Role,
        /// For an opening bracket: its closer stands on another line.
        is_long: bool,
    },
    /// `// …`, or `/* … */` when not `is_line`.
    Comment { is_line: bool },
    /// A string with interpolation, or a statement with mistakes.
    Verbatim,
}

/// What only the tree knows about a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Plain,
    /// `-` and `+` before an operand.
    Prefix,
    /// `<` and `>` around types.
    Angle,
}

/// The pieces of a text, in order. Only `;` and `,` that mean nothing are left out.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let parsed = parse(text);
    let laid = laid_out(text);
    let mut collector = Collector {
        text,
        marks: Marks::new(text, &parsed),
        comments: parsed.comments.iter().copied().peekable(),
        pieces: Vec::with_capacity(laid.len() + parsed.comments.len()),
        done: 0,
    };
    let broken = apart(balanced(broken(text, &parsed), &laid));
    let mut broken = broken.into_iter().peekable();
    let mut is_left_out = vec![false; laid.len()];
    for (index, token) in laid.iter().enumerate() {
        let begins = |span: &Span| {
            let is_here = !token.span.is_empty() && span.start <= token.span.start;
            is_here || span.end <= token.span.start
        };
        while let Some(span) = broken.next_if(begins) {
            collector.verbatim(span);
        }
        // What opened in a part that stays as it is also closes there.
        is_left_out[index] = token.span.start < collector.done
            || (token.kind.is_closer() && is_left_out[token.partner as usize]);
        if is_left_out[index] {
            continue;
        }
        if token.kind == Kind::StrStart {
            let end = laid[template_end(&laid, index)].span;
            collector.verbatim(token.span.to(end));
            is_left_out[index] = true;
        } else {
            collector.token(&laid, *token);
        }
    }
    for span in broken {
        collector.verbatim(span);
    }
    collector.comments_before(text.len() as u32);
    count_breaks(text, &mut collector.pieces);
    collector.pieces
}

struct Collector<'t> {
    text: &'t str,
    marks: Marks,
    comments: Comments<'t>,
    pieces: Vec<Piece>,
    /// Where the last part that stays as it is ends.
    done: u32,
}

impl Collector<'_> {
    fn push(&mut self, kind: PieceKind, span: Span) {
        self.pieces.push(Piece { kind, span, n_breaks: 0 });
    }

    fn token(&mut self, laid: &[LaidToken], token: LaidToken) {
        self.comments_before(token.span.start);
        let kind = self.marks.token(self.text, laid, token);
        self.push(kind, token.span);
    }

    fn verbatim(&mut self, span: Span) {
        self.comments_before(span.start);
        self.push(PieceKind::Verbatim, span);
        while self.comments.next_if(|comment| comment.start < span.end).is_some() {}
        self.done = span.end;
    }

    fn comments_before(&mut self, end: u32) {
        while let Some(span) = self.comments.next_if(|comment| comment.start < end) {
            let is_line = !span.slice(self.text).starts_with("/*");
            self.push(PieceKind::Comment { is_line }, span);
        }
    }
}

type Comments<'c> = std::iter::Peekable<std::iter::Copied<std::slice::Iter<'c, Span>>>;

/// The token that ends the string with interpolation that begins at `start`.
fn template_end(laid: &[LaidToken], start: usize) -> usize {
    let mut depth = 0;
    for (index, token) in laid.iter().enumerate().skip(start) {
        match token.kind {
            Kind::StrStart => depth += 1,
            Kind::StrEnd => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    laid.len() - 1
}

fn count_breaks(text: &str, pieces: &mut [Piece]) {
    let mut end = 0;
    for piece in pieces {
        let gap = text.get(end..piece.span.start as usize).unwrap_or("");
        piece.n_breaks = gap.bytes().filter(|byte| *byte == b'\n').count() as u32;
        // What has no text has no side of a line break.
        if !piece.span.is_empty() {
            end = end.max(piece.span.end as usize);
        }
    }
}

/// What the tree tells about places of the text.
struct Marks {
    prefixes: BTreeSet<u32>,
    angles: BTreeSet<u32>,
}

impl Marks {
    fn new(text: &str, parsed: &Parse) -> Marks {
        let ast = &parsed.ast;
        Marks { prefixes: prefixes(text, ast), angles: angles(text, ast) }
    }

    fn token(&self, text: &str, laid: &[LaidToken], token: LaidToken) -> PieceKind {
        let start = token.span.start;
        let role = match token.kind {
            Kind::Minus | Kind::Plus if self.prefixes.contains(&start) => Role::Prefix,
            Kind::Less | Kind::Greater if self.angles.contains(&start) => Role::Angle,
            _ => Role::Plain,
        };
        let end = laid[token.partner as usize].span.end.max(token.span.end);
        let is_long = token.kind.is_opener() && Span::new(start, end).slice(text).contains('\n');
        PieceKind::Token { kind: token.kind, role, is_long }
    }
}

fn prefixes(text: &str, ast: &Ast) -> BTreeSet<u32> {
    let exprs = ast.exprs.iter().filter_map(|(_, expr)| match expr.kind {
        ExprKind::Unary { op: UnaryOp::Negate | UnaryOp::Plus, .. } => Some(expr.span),
        _ => None,
    });
    let pats = ast.pats.iter().filter_map(|(_, pat)| match pat.kind {
        PatKind::Number { literal } => Some(literal),
        _ => None,
    });
    let types = ast.types.iter().filter_map(|(_, ty)| match ty.kind {
        TypeKind::Number => Some(ty.span),
        _ => None,
    });
    let starts = exprs.chain(pats).chain(types).map(|span| span.start);
    starts.filter(|start| text[*start as usize..].starts_with(['-', '+'])).collect()
}

/// Where `<` and `>` stand around types and around the parameters of a type.
fn angles(text: &str, ast: &Ast) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    let mut around = |first: Span, last: Span| {
        let open = text[..first.start as usize].rfind('<');
        let close = text[last.end as usize..].find('>').map(|at| at + last.end as usize);
        found.extend(open.into_iter().chain(close).map(|at| at as u32));
    };
    for (_, ty) in ast.types.iter() {
        if let TypeKind::Name { args, .. } = ty.kind
            && let ([first, ..], [.., last]) = (&ast[args], &ast[args])
        {
            around(ast[*first].span, ast[*last].span);
        }
    }
    let functions = ast.functions.iter().map(|(_, function)| function.type_params);
    let aliases = ast.stmts.iter().filter_map(|(_, stmt)| match stmt.kind {
        StmtKind::TypeAlias { params, .. } => Some(params),
        _ => None,
    });
    for names in functions.chain(aliases) {
        if let ([first, ..], [.., last]) = (&ast[names], &ast[names]) {
            around(first.span, last.span);
        }
    }
    found
}

/// The innermost statement around each mistake, or the mistake where no statement is.
fn broken(text: &str, parsed: &Parse) -> Vec<Span> {
    let stmts: Vec<Span> = parsed.ast.stmts.iter().map(|(_, stmt)| stmt.span).collect();
    let mut broken = Vec::new();
    for error in &parsed.errors {
        let around = stmts.iter().filter(|stmt| {
            stmt.start <= error.span.start && error.span.end <= stmt.end && !stmt.is_empty()
        });
        let span = around.min_by_key(|stmt| stmt.len()).copied().unwrap_or(error.span);
        let end = text.ceil_char_boundary(span.end as usize) as u32;
        broken.push(Span::new(span.start, end));
    }
    broken
}

/// Each part with the other halves of its brackets.
fn balanced(mut broken: Vec<Span>, laid: &[LaidToken]) -> Vec<Span> {
    for span in &mut broken {
        loop {
            let first = laid.partition_point(|token| token.span.start < span.start);
            let inside = laid[first..].iter().take_while(|token| token.span.end <= span.end);
            let partners = inside.filter(|token| !token.span.is_empty());
            let whole = partners
                .map(|token| laid[token.partner as usize].span)
                .fold(*span, |whole, partner| whole.cover(partner));
            if whole == *span {
                break;
            }
            *span = whole;
        }
    }
    broken
}

/// In order, and none touching another.
fn apart(mut broken: Vec<Span>) -> Vec<Span> {
    broken.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut apart: Vec<Span> = Vec::new();
    for span in broken.into_iter().filter(|span| !span.is_empty()) {
        match apart.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => apart.push(span),
        }
    }
    apart
}
