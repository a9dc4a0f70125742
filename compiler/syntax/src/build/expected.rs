//! What the parser's complaints mean in the user's words.

use std::convert::Infallible;

use lalrpop_util::{ErrorRecovery, ParseError};
use prism_span::Span;

use super::{Builder, span};
use crate::errors::{AssignPlace, Expected, SyntaxErrorKind};
use crate::feed::Tok;
use crate::token::Kind;

impl Builder<'_> {
    /// The grammar could not go on. Only the first such place of a statement is a mistake of its
    /// own. `expected` is what stands there in correct text, for want of better knowledge.
    pub fn unexpected(
        &mut self,
        recovery: ErrorRecovery<u32, Tok, Infallible>,
        expected: Expected,
    ) {
        self.refuse(recovery.error, expected);
    }

    /// The same for an error that the grammar could not step over.
    pub fn refuse(&mut self, error: ParseError<u32, Tok, Infallible>, expected: Expected) {
        self.tick();
        self.progress.n_refused.set(self.progress.n_refused.get() + 1);
        if self.has_failed {
            return;
        }
        let (at, found, names) = match error {
            ParseError::UnrecognizedToken { token: (l, tok, _), expected } if tok.is_border() => {
                (Span::empty(l), None, expected)
            }
            ParseError::UnrecognizedToken { token: (l, tok, r), expected } => {
                (span(l, r), Some(tok), expected)
            }
            ParseError::ExtraToken { token: (l, tok, r) } => (span(l, r), Some(tok), Vec::new()),
            ParseError::UnrecognizedEof { location, expected } => {
                (Span::empty(location), None, expected)
            }
            ParseError::InvalidToken { location } => (Span::empty(location), None, Vec::new()),
            ParseError::User { error } => match error {},
        };
        let found = found.map(Tok::kind);
        if matches!(found, Some(Kind::For | Kind::ForEach)) {
            self.comprehension = Some(at.start);
        }
        let expected = sharpened(expected, names);
        let is_behind_value = matches!(expected, Expected::End | Expected::Token(_));
        let kind = match found {
            Some(Kind::Assign) if is_behind_value => {
                SyntaxErrorKind::AssignInExpression(match expected {
                    Expected::Token(Kind::LBraceBlock) => AssignPlace::Condition,
                    _ => AssignPlace::Other,
                })
            }
            _ => SyntaxErrorKind::Unexpected { expected, found },
        };
        self.error(kind, at);
        self.has_failed = true;
    }
}

/// The tokens between statements, which nobody writes.
const BORDERS: &[&str] = &["BEGIN", "CLOSE_BLOCK", "CLOSE_BODY", "CLOSE_CASES"];

/// What the names of the possible tokens say about the place, beyond the rule that failed.
fn sharpened(expected: Expected, mut names: Vec<String>) -> Expected {
    names.retain(|name| !BORDERS.contains(&name.as_str()));
    let has = |name: &str| names.iter().any(|other| other == name);
    if let [only] = names.as_slice()
        && let Some(kind) = token(only)
    {
        return Expected::Token(kind);
    }
    if has("NUMBER") && has("PREFIX") {
        return if has("\"return\"") { Expected::Statement } else { Expected::Expression };
    }
    if has("NUMBER") && has("\"pattern {\"") {
        return Expected::Pattern;
    }
    if has("NUMBER") && has("\"object {\"") {
        return Expected::Type;
    }
    // A whole statement, which might also be assigned to.
    if has("COMPOUND") {
        return Expected::End;
    }
    let has_more = has("INFIX") || !(has("NUMBER") || has("IDENT") || has("STRING"));
    if has_more && let Some(kind) = ending(has) {
        return Expected::Token(kind);
    }
    if has("INFIX") {
        return Expected::End;
    }
    if has("BLOCK") {
        return Expected::Block;
    }
    if has("IDENT") && !has("NUMBER") {
        return if has("\"params (\"") { Expected::FunctionName } else { Expected::Name };
    }
    if has_more { Expected::End } else { expected }
}

/// The token that ends what is complete so far, or takes it further.
fn ending(has: impl Fn(&str) -> bool) -> Option<Kind> {
    const ENDINGS: &[(&str, Kind)] = &[
        ("\")\"", Kind::RParen),
        ("\"]\"", Kind::RBracket),
        ("\"}\"", Kind::RBrace),
        ("\"${ }\"", Kind::InterpClose),
        ("BLOCK", Kind::LBraceBlock),
        ("\"branches {\"", Kind::LBraceBranches),
        ("\"arms {\"", Kind::LBraceArms),
        ("\"for ;\"", Kind::ForSemi),
        ("\"from\"", Kind::KwFrom),
        ("\"=\"", Kind::Assign),
        ("\":\"", Kind::Colon),
    ];
    ENDINGS.iter().find(|(name, _)| has(name)).map(|(_, kind)| *kind)
}

/// The kind behind a name of the grammar that people would recognise.
fn token(name: &str) -> Option<Kind> {
    Some(match name {
        "\")\"" => Kind::RParen,
        "\"]\"" => Kind::RBracket,
        "\"}\"" => Kind::RBrace,
        "\"params (\"" => Kind::LParenParams,
        "BLOCK" => Kind::LBraceBlock,
        "\"branches {\"" => Kind::LBraceBranches,
        "\"arms {\"" => Kind::LBraceArms,
        "\"from\"" => Kind::KwFrom,
        "\"while\"" => Kind::While,
        "\"with\"" => Kind::KwWith,
        "\"=>\"" => Kind::Arrow,
        "\"arm =>\"" => Kind::ArmArrow,
        "\":\"" => Kind::Colon,
        "\"=\"" => Kind::Assign,
        "\"for ;\"" => Kind::ForSemi,
        "STRING" => Kind::Str,
        "IDENT" => Kind::Ident,
        "NUMBER" => Kind::Number,
        _ => return None,
    })
}
