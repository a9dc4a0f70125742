//! Printing and reading are inverse, and bad text is an error with a place.

use prism_ir::{MAX_DEPTH, print, read, verify};

/// One of everything that can be written.
const ALL: &str = include_str!("all.ir");

#[test]
fn everything_reads_back_as_it_was_printed() {
    let module = read(ALL).expect("the text is a module");
    verify(&module).expect("the module is well formed");
    assert_eq!(print(&module), ALL);
    assert_eq!(read(&print(&module)).as_ref(), Ok(&module));
}

#[test]
fn mistakes_have_a_place() {
    let cases = [
        ("function @1 \"f\" () {", "line 1, column 10: expected the number of the next function"),
        ("function @0 \"f\" () {\n  %0 = nonsense\n", "line 2, column 8: expected an operation"),
        ("function @0 \"f\" () {\n  return %3\n", "line 2, column 10: expected a value from above"),
        ("function @0 \"f\" (\"a\" %0, \"b\" %0)", "line 1, column 30: expected a new value"),
        ("function @0 \"f\" () {\n  break 'l1 ()", "line 2, column 9: expected a loop from above"),
        ("globals { \"a", "line 1, column 11: expected the closing quote of a text"),
        ("entry @99999999999", "line 1, column 7: expected a function"),
        ("§", "line 1, column 1: expected a word, a value or a sign, found `§`"),
    ];
    for (text, expected) in cases {
        let error = read(text).expect_err(text).to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
}

#[test]
fn no_cut_of_a_text_breaks_the_reader() {
    for (at, _) in ALL.char_indices() {
        let _ = read(&ALL[..at]);
        let _ = read(&ALL[at..]);
    }
}

#[test]
fn nesting_is_limited_and_what_is_allowed_works() {
    let nested = |depth: usize| {
        let mut text = String::from("entry @0\nfunction @0 \"f\" (\"a\" %0) {\n");
        text.push_str(&"if %0 {\n".repeat(depth));
        text.push_str(&"yield ()\n} else {\nyield ()\n}\n".repeat(depth));
        text.push_str("return %0\n}\n");
        text
    };
    let allowed = read(&nested(MAX_DEPTH - 1)).expect("the nesting is allowed");
    assert!(verify(&allowed).is_err_and(|error| error.broken == prism_ir::Broken::Entry));
    assert_eq!(read(&print(&allowed)).as_ref(), Ok(&allowed));
    let error = read(&nested(100_000)).expect_err("the nesting is too deep");
    assert_eq!(error.expected, "fewer nested regions");
}
