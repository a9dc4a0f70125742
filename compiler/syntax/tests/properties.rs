//! What holds for every text.

mod support;

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use prism_syntax::{dump, parse};
use proptest::prelude::*;

/// Pieces that texts are made of, broken ones among them.
const PIECES: &[&str] = &[
    "a",
    "b1",
    "_",
    "1",
    "0.5",
    "\"s\"",
    "'t'",
    "`u`",
    "\"a${b}c\"",
    "\"a${",
    "`",
    "```",
    "}",
    "{",
    "(",
    ")",
    "[",
    "]",
    ",",
    ";",
    ":",
    ".",
    "?.",
    "~.",
    "...",
    "?",
    "~?",
    "=>",
    "->",
    "=",
    "+=",
    "++",
    "!",
    "~",
    "<~",
    "+",
    "-",
    "*",
    "/",
    "**",
    "==",
    "<",
    ">",
    "&&",
    "||",
    "??",
    "|>",
    "~|>",
    "~?>",
    "~>",
    "~~",
    "~>=",
    "~@>",
    "|",
    "&",
    "#",
    "\\",
    "é",
    "\n",
    "\n  ",
    " ",
    "// c\n",
    "/* c */",
    "/*",
    "if",
    "else",
    "for",
    "while",
    "do",
    "let",
    "const",
    "function",
    "return",
    "break",
    "true",
    "null",
    "typeof",
    "import",
    "export",
    "try",
    "catch",
    "throw",
    "uncertain",
    "agents",
    "agent",
    "Agent",
    "as",
    "async",
    "case",
    "class",
    "context",
    "default",
    "effect",
    "fn",
    "from",
    "handle",
    "high",
    "in",
    "low",
    "match",
    "new",
    "of",
    "pattern",
    "switch",
    "test",
    "this",
    "type",
    "uses",
    "var",
    "with",
];

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(PIECES).prop_map(|piece| format!("{piece} "));
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Every span lies in the text, and on characters.
fn spans_fit(text: &str) {
    let parsed = parse(text);
    let fits = |span: prism_span::Span| {
        assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} of {text:?}");
    };
    parsed.ast.exprs.iter().for_each(|(_, expr)| fits(expr.span));
    parsed.ast.stmts.iter().for_each(|(_, stmt)| fits(stmt.span));
    parsed.ast.pats.iter().for_each(|(_, pat)| fits(pat.span));
    parsed.ast.types.iter().for_each(|(_, ty)| fits(ty.span));
    parsed.ast.blocks.iter().for_each(|(_, block)| fits(block.span));
    parsed.errors.iter().for_each(|error| fits(error.span));
    let found = prism_syntax::diagnostics(text, &parsed, prism_span::FileId(0));
    for edit in found.iter().flat_map(|found| &found.fixes).flat_map(|fix| &fix.edits) {
        fits(edit.place.span);
    }
    dump::ast(text, &parsed);
    dump::tokens(text);
}

fn conformance() -> &'static [(PathBuf, String)] {
    static CASES: OnceLock<Vec<(PathBuf, String)>> = OnceLock::new();
    CASES.get_or_init(read_conformance)
}

#[expect(clippy::disallowed_methods, reason = "a test reads its cases")]
fn read_conformance() -> Vec<(PathBuf, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let entries = fs::read_dir(&folder).expect("the conformance cases stand beside the project");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "prism"));
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read_to_string(path).expect("text"))).collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads its cases")]
fn conformance_cases_parse_unless_they_are_syntax_errors() {
    let cases = conformance();
    assert!(cases.len() > 100);
    for (path, text) in cases {
        let about = fs::read_to_string(path.with_extension("json")).expect("a description");
        let is_broken = about.contains("\"error\": \"syntax\"");
        let errors = support::errors(text);
        assert_eq!(!errors.is_empty(), is_broken, "{}: {errors:?}", path.display());
        spans_fit(text);
    }
}

#[test]
fn every_form_parses() {
    let text = include_str!("all_forms.prism");
    assert_eq!(support::errors(text), []);
    spans_fit(text);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_text_gives_a_tree(text in "\\PC{0,80}") {
        spans_fit(&text);
    }

    #[test]
    fn any_row_of_tokens_gives_a_tree(text in pieces()) {
        spans_fit(&text);
    }

    #[test]
    fn any_row_of_tokens_can_be_formatted(text in pieces()) {
        let once = prism_syntax::format(&text);
        prop_assert_eq!(prism_syntax::format(&once), once);
    }

    #[test]
    fn a_changed_program_gives_a_tree(
        which in 0usize..119, at in any::<prop::sample::Index>(), piece in prop::sample::select(PIECES),
        is_cut in any::<bool>(),
    ) {
        let cases = conformance();
        let (_, text) = &cases[which % cases.len()];
        let at = text.floor_char_boundary(at.index(text.len() + 1));
        let rest = if is_cut { "" } else { &text[at..] };
        let text = format!("{}{piece}{rest}", &text[..at]);
        spans_fit(&text);
        let once = prism_syntax::format(&text);
        prop_assert_eq!(prism_syntax::format(&once), once);
    }
}
