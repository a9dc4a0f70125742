//! The front door: text in, tree and mistakes out.

use prism_span::Span;

use crate::ast::Ast;
use crate::build::{Builder, Progress};
use crate::errors::{SyntaxError, SyntaxErrorKind};
use crate::layout::{self, MAX_ERRORS};
use crate::{lexer, parser};

/// What a text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parse {
    pub ast: Ast,
    /// In the order of the text, at most some hundreds.
    pub errors: Vec<SyntaxError>,
    /// Statements, and beginnings of statements, that could not be read. Names in them may have
    /// been declarations.
    pub broken: Vec<Span>,
    /// Comments, in order, with their marks.
    pub comments: Vec<Span>,
}

/// Reads a file. Broken text gives a tree with `Error` nodes where it could not be read.
pub fn parse(text: &str) -> Parse {
    let mut lexed = lexer::lex(text);
    let tokens = layout::lay_out(text, lexed.tokens, &mut lexed.errors);
    let mut errors = lexed.errors;
    errors.sort_by_key(|error| error.span.start);
    // What comes later would not be shown in any case.
    errors.truncate(2 * MAX_ERRORS);
    let progress = Progress::default();
    let mut builder = Builder::new(text, &progress);
    builder.reserve(tokens.len());
    parser::parse_tokens(&mut builder, tokens, &errors);
    errors.append(&mut builder.errors);
    Parse {
        ast: builder.ast,
        errors: limited(errors, builder.gave_up),
        broken: builder.broken,
        comments: lexed.comments,
    }
}

/// In order, without repetitions, and not too many.
fn limited(mut errors: Vec<SyntaxError>, gave_up: Option<Span>) -> Vec<SyntaxError> {
    errors.sort_by_key(|error| (error.span.start, error.span.end));
    errors.dedup();
    let first_left_out = errors.get(MAX_ERRORS).map(|error| error.span);
    errors.truncate(MAX_ERRORS);
    if let Some(span) = first_left_out.or(gave_up) {
        let last = errors.last().map_or(0, |last| last.span.start);
        let span = Span::empty(span.start.max(last));
        errors.push(SyntaxError { kind: SyntaxErrorKind::TooManyErrors, span });
    }
    errors
}

/// The tokens as the grammar sees them.
pub(crate) fn laid_out(text: &str) -> Vec<layout::LaidToken> {
    let mut lexed = lexer::lex(text);
    layout::lay_out(text, lexed.tokens, &mut lexed.errors)
}
