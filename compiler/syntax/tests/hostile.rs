//! Texts made to hurt: they end in time, with few errors and without a deep stack.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a person may ask for times"
)]

use prism_syntax::{SyntaxErrorKind, dump, parse};

/// Parses, renders and dumps; gives the errors.
fn errors(text: &str) -> Vec<SyntaxErrorKind> {
    let parsed = parse(text);
    let found = prism_syntax::diagnostics(text, &parsed, prism_span::FileId(0));
    assert!(found.len() <= 201, "{} errors", found.len());
    dump::ast(text, &parsed);
    parsed.errors.iter().map(|error| error.kind).collect()
}

#[test]
fn one_thing_repeated() {
    let things = [
        "(",
        "[",
        "{",
        ")",
        "]",
        "}",
        "({",
        "(]",
        "){",
        "f(",
        "{ a: ",
        "x => {",
        "a b ",
        "a, ",
        "`${",
        "\"${",
        "match a { _ => ",
        "function f() { ",
        "switch (a) { case ",
        "/ ",
        "/*",
        "\\",
        "#",
        "é",
        "case 1: ",
        "} else { ",
        "!",
        "?.",
        "a.",
        "a ~> ",
        "T<",
        "let x: T | ",
        "a[",
        "try { ",
        "for (;;) ",
        "export ",
        "async ",
        "match ",
        "do ",
        "throw ",
        "_ |> ",
        "let = ",
        "if (a) ",
        "'",
        "\"",
        "`",
        "=>",
    ];
    for thing in things {
        errors(&thing.repeat(20_000));
        errors(&format!("{thing}\n").repeat(4_000));
    }
}

#[test]
fn long_chains_have_a_limit_of_their_own() {
    let n = 100_000;
    for text in [
        format!("x = {}a", "a + ".repeat(n)),
        format!("x = {}a", "- ".repeat(n)),
        format!("x = a{}", ".b".repeat(n)),
        format!("x = a{}", "(1)".repeat(n)),
        format!("if (a) {{ }} {}", "else if (b) { } ".repeat(n)),
        format!("x = {}y", "x => ".repeat(n)),
        format!("x = {}y", "a ? b : ".repeat(n)),
        format!("let x: {}T", "(a: T) => ".repeat(n)),
    ] {
        let found = errors(&format!("{text}\nlet y = 1\n"));
        assert_eq!(found, [SyntaxErrorKind::TooDeep], "{}", &text[..40]);
    }
}

#[test]
fn chains_and_nesting_below_the_limits_are_fine() {
    for text in [
        format!("x = {}a", "a + ".repeat(390)),
        format!("x = a{}", ".b".repeat(390)),
        format!("if (a) {{ }} {}", "else if (b) { } ".repeat(390)),
        format!("x = {}1{}", "(".repeat(250), ")".repeat(250)),
        format!("x = {}{}", "[".repeat(250), "]".repeat(250)),
        format!("{}{}", "if (a) { ".repeat(200), "} ".repeat(200)),
    ] {
        assert_eq!(errors(&text), [], "{}", &text[..40]);
    }
}

#[test]
fn a_part_that_is_too_deep_leaves_the_rest_alone() {
    let deep = format!("let x = {}1{}\nlet y = 2\n", "(".repeat(300), ")".repeat(300));
    assert_eq!(errors(&deep), [SyntaxErrorKind::TooDeep]);
    assert_eq!(parse(&deep).ast.root_stmts().len(), 2);
}

#[test]
fn one_long_line() {
    assert_eq!(errors(&"x".repeat(5_000_000)), []);
    assert_eq!(errors(&format!("x = \"{}\"", "y".repeat(5_000_000))), []);
    assert_eq!(errors(&format!("x = [{}]", "1, ".repeat(100_000))), []);
}

/// Texts of five megabytes are read in time that grows with their length. The time is for a
/// person to look at: `PRISM_LONG=1 cargo test --release -p prism-syntax --test hostile -- --nocapture`.
#[test]
fn five_megabytes() {
    let is_long = std::env::var_os("PRISM_LONG").is_some();
    let length = if is_long { 5_000_000 } else { 100_000 };
    let mut state = 1_u64;
    let mut random = |choices: &[&'static str]| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        choices[(state >> 33) as usize % choices.len()]
    };
    let tokens = [
        "a ",
        "1 ",
        "( ",
        ") ",
        "[ ",
        "] ",
        "{ ",
        "} ",
        ", ",
        ": ",
        "? ",
        "=> ",
        "= ",
        "~> ",
        "|> ",
        ". ",
        "`",
        "\"",
        "${",
        "let ",
        "if ",
        "else ",
        "match ",
        "function ",
        "\n",
        "// ",
        "/* ",
        "*/ ",
        "uncertain ",
        "... ",
        "- ",
    ];
    let mut mixed = String::new();
    while mixed.len() < length {
        mixed.push_str(random(&tokens));
    }
    let texts = [
        ("(", "(".repeat(length)),
        ("{", "{".repeat(length)),
        ("[", "[".repeat(length)),
        ("f(", "f(".repeat(length / 2)),
        ("random tokens", mixed.clone()),
        ("random tokens on one line", mixed.replace('\n', " ").replace("// ", "")),
        ("one line of terms", format!("x = {}1", "1 + ".repeat(length / 4))),
        ("one line of elements", format!("x = [{}]", "f(1), ".repeat(length / 6))),
        ("one line of statements", "f(1); ".repeat(length / 6)),
    ];
    for (name, text) in texts {
        let start = std::time::Instant::now();
        let n_errors = errors(&text).len();
        let parsed = start.elapsed();
        if is_long {
            println!("{name}: {} bytes, {n_errors} errors, {parsed:.2?}", text.len());
        }
    }
}
