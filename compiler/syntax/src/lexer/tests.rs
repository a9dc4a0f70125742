//! Tokens of small texts, and what holds for all.

use proptest::prelude::*;

use super::*;

/// The gaps between tokens hold nothing but spaces, comments and a shebang.
fn check_gaps(text: &str) {
    let lexed = lex(text);
    let mut at = 0;
    let mut printed = String::new();
    for token in &lexed.tokens {
        let Span { start, end } = token.span;
        assert!(at <= start as usize && start <= end, "{text:?}: {token:?}");
        let gap = &text[at..start as usize];
        let is_comment = |at: usize| lexed.comments.iter().any(|c| c.contains(at as u32));
        for (offset, c) in gap.char_indices() {
            let is_space = c.is_whitespace() || c == '\u{feff}';
            assert!(is_space || is_comment(at + offset), "{text:?}: {gap:?}");
        }
        printed.push_str(gap);
        printed.push_str(token.span.slice(text));
        at = end as usize;
    }
    printed.push_str(&text[at..]);
    assert_eq!(printed, text);
}

proptest! {
    #[test]
    fn tokens_and_their_gaps_are_the_text(text in "([a-z0-9 \n\"'`${}()/*\\\\.~>|=é#]|// |/\\*|\\*/){0,40}") {
        check_gaps(&text);
    }
}

#[test]
fn the_inside_of_interpolations_has_true_spans() {
    let text = "\"a${b + \"c${d}\"}e\"";
    let words: Vec<(Kind, &str)> =
        lex(text).tokens.iter().map(|token| (token.kind, token.span.slice(text))).collect();
    let expected = [
        (Kind::StrStart, "\""),
        (Kind::Chunk, "a"),
        (Kind::InterpOpen, "${"),
        (Kind::Ident, "b"),
        (Kind::Plus, "+"),
        (Kind::StrStart, "\""),
        (Kind::Chunk, "c"),
        (Kind::InterpOpen, "${"),
        (Kind::Ident, "d"),
        (Kind::InterpClose, "}"),
        (Kind::StrEnd, "\""),
        (Kind::InterpClose, "}"),
        (Kind::Chunk, "e"),
        (Kind::StrEnd, "\""),
    ];
    assert_eq!(words, expected);
}

#[test]
fn mistakes_of_the_text() {
    let kinds = |text: &str| lex(text).errors.iter().map(|error| error.kind).collect::<Vec<_>>();
    assert_eq!(kinds("a # b"), [SyntaxErrorKind::UnknownCharacter]);
    assert_eq!(kinds("\"a\nb"), [SyntaxErrorKind::UnclosedString { quote: Quote::Double, end: 2 }]);
    assert_eq!(
        kinds("`a\nb"),
        [SyntaxErrorKind::UnclosedString { quote: Quote::Backtick, end: 4 }]
    );
    assert_eq!(kinds("\"${a\nb"), [SyntaxErrorKind::UnclosedInterpolation]);
    assert_eq!(kinds("/* a"), [SyntaxErrorKind::UnclosedComment]);
    assert_eq!(kinds("1abc 0x 1_000"), [SyntaxErrorKind::BadNumber, SyntaxErrorKind::BadNumber]);
    assert_eq!(kinds("'\\u{110000}' \"\\u{1F600}\\q\""), [SyntaxErrorKind::BadEscape]);
    assert_eq!(kinds("x = /a+\\/b/g"), [SyntaxErrorKind::Regex]);
    assert_eq!(kinds("a / b / c"), []);
    assert_eq!(kinds("f(\"\"\"a\n\"b\" \"\"\")"), [SyntaxErrorKind::TripleQuotes]);
    assert_eq!(kinds("'''a''' ''"), [SyntaxErrorKind::TripleQuotes]);
    let unclosed = SyntaxErrorKind::UnclosedString { quote: Quote::Double, end: 4 };
    assert_eq!(kinds("\"\"\"a"), [unclosed]);
}
