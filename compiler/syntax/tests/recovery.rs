//! Broken texts: one error per mistake, and the rest intact.

mod support;

use prism_diagnostics::{Code, apply_edits};
use prism_span::FileId;
use support::flat;

fn codes(text: &str) -> Vec<&'static str> {
    let parse = prism_syntax::parse(text);
    let found = prism_syntax::diagnostics(text, &parse, FileId(0));
    found.iter().map(|diagnostic| diagnostic.code.as_str()).collect()
}

fn message(text: &str) -> String {
    let parse = prism_syntax::parse(text);
    let found = prism_syntax::diagnostics(text, &parse, FileId(0));
    found.iter().map(|diagnostic| diagnostic.message.as_str()).collect::<Vec<_>>().join(" / ")
}

/// The text with every fix applied.
fn fixed(text: &str) -> String {
    let parse = prism_syntax::parse(text);
    let found = prism_syntax::diagnostics(text, &parse, FileId(0));
    let edits = found.into_iter().flat_map(|diagnostic| diagnostic.fixes).flat_map(|fix| fix.edits);
    apply_edits(text, &edits.collect::<Vec<_>>())
}

/// One error with the message; the trees of `before` and `after` around it stay what they are.
#[track_caller]
fn check(broken: &str, code: Code, expected: &str) {
    for text in [broken.to_owned(), format!("let before = 1\n{broken}\nlet after = [2]\n")] {
        assert_eq!(codes(&text), [code.as_str()], "{text}");
        assert_eq!(message(&text), expected, "{text}");
    }
    let tree = flat(&format!("let before = 1\n{broken}\nlet after = [2]\n"));
    assert!(tree.starts_with("let(pat before(=(number 1)))"), "{tree}");
    assert!(tree.ends_with("let(pat after(=(array(number 2))))"), "{tree}");
}

#[test]
fn unfinished_lines() {
    let message = "expected an expression, found the end of the statement";
    for text in ["let x =", "a +", "f(1) ||", "return x *", "x = a ?"] {
        check(text, Code::P0101, message);
    }
    check("foo.", Code::P0101, "expected a name, found the end of the statement");
    check("f(a, b", Code::P0104, "expected `)` for this `(`");
    check("o = { a: 1, b:", Code::P0104, "expected `}` for this `{`");
}

#[test]
fn mistakes_in_expressions() {
    check("a + * b", Code::P0101, "expected an expression, found `*`");
    check("f(a, , b)", Code::P0101, "expected an expression, found `,`");
    check("let x = [1, * 2, 3]", Code::P0101, "expected an expression, found `*`");
    check("x = (a, b)", Code::P0101, "expected `)`, found `,`");
    check("a ? b", Code::P0101, "expected `:`, found the end of the statement");
    check("f(a => )", Code::P0101, "expected an expression, found `)`");
    check("a, b", Code::P0101, "expected the end of the statement, found `,`");
    check("match a { 1 => throw b }", Code::P0101, "expected an expression, found `throw`");
}

#[test]
fn mistakes_in_statements() {
    check("let 5 + 3 = x", Code::P0101, "expected `=`, found `+`");
    check("if a b", Code::P0101, "expected `{`, found `b`");
    check("for x of { }", Code::P0101, "expected `{`, found the end of the statement");
    assert_eq!(message("else { a }"), "expected a statement, found `else`");
    check("function f { a }", Code::P0101, "expected `(` and the parameters, found a block");
    check("import a from", Code::P0101, "expected a string, found the end of the statement");
    check("let x: string? = null", Code::P0101, "expected `=`, found `?`");
    check("import { a } \"m\"", Code::P0101, "expected `from`, found `\"m\"`");
    check("function (a) { }", Code::P0117, "expected a function name after `function`");
    check("const if = 3", Code::P0101, "expected a name or a pattern, found `if`");
    check("a = = b", Code::P0101, "expected an expression, found `=`");
    check("if (a = b) { c }", Code::P0112, "an assignment cannot stand inside an expression");
}

#[test]
fn habits_of_other_languages_have_their_own_words() {
    for (text, code) in [
        ("x = /a+/g", "P0130"),
        ("class A { b() { } }", "P0131"),
        ("interface A { b: c }", "P0132"),
        ("x = new A(1)", "P0133"),
        ("x = this.y", "P0134"),
        ("var x = 1", "P0135"),
        ("delete o.k", "P0136"),
        ("outer: while (a) { break outer }", "P0137"),
        ("x = a & b", "P0138"),
        ("x = i++ + 1", "P0139"),
        ("x = y as T[]", "P0140"),
        ("x = y!.z", "P0140"),
        ("f = x => y = 1", "P0112"),
        ("f = x => { k: 1 }", "P0110"),
        ("function { }", "P0117"),
        ("def f", "P0141"),
        ("elif a", "P0141"),
        ("public let x = 1", "P0141"),
        ("foreach x", "P0141"),
        ("function* f() { yield 1 }", "P0141"),
        ("context review { a }", "P0141"),
        ("s = 'it's'", "P0002"),
        ("f(a, b { c }", "P0104"),
    ] {
        let mut found = codes(text);
        found.dedup();
        assert_eq!(found, [code], "{text}: {}", message(text));
    }
}

#[test]
fn a_declaration_keeps_its_name() {
    let tree = flat("let total = = 1\n");
    assert_eq!(tree, "let(pat total(=(number 1)))");
    let broken = |text: &str| -> Vec<String> {
        let spans = prism_syntax::parse(text).broken;
        spans.iter().map(|span| span.slice(text).to_owned()).collect()
    };
    assert_eq!(broken("let total += 1"), ["let total"]);
    assert_eq!(broken("total + = 1"), [] as [&str; 0]);
}

#[test]
fn every_mistake_in_a_block_is_its_own() {
    let text = "function f(a) {\n  let x = * 2\n  g(a b)\n  return x +\n}\nlet y = * 3\nf(1)\n";
    assert_eq!(codes(text), ["P0101", "P0103", "P0101", "P0101"]);
    let tree = flat(text);
    assert!(tree.starts_with("declare function(f, param(pat a), block(let(pat x("), "{tree}");
    assert!(tree.ends_with("expression(call(name f, number 1))"), "{tree}");
}

#[test]
fn n_independent_mistakes_give_n_errors() {
    let mistakes = [
        "let a = ",
        "f(1 2)",
        "x = (1 + 2",
        "let s = \"open",
        "b ] c",
        "@",
        "if c d",
        "let = 2",
        "new A()",
        "m(* 2)",
        "for x { }",
        "o. + 1",
        "12px",
        "a b",
        "try { a }",
        "match x { 1 -> 2 }",
    ];
    for n in 1..=50 {
        let mut text = String::new();
        for index in 0..n {
            text.push_str(mistakes[index % mistakes.len()]);
            text.push_str(&format!("\nlet ok{index} = f({index})\n"));
        }
        let found = codes(&text);
        let expected: usize = (0..n)
            .map(|index| if mistakes[index % mistakes.len()] == "b ] c" { 2 } else { 1 })
            .sum();
        assert_eq!(found.len(), expected, "{text}\n{}", message(&text));
        assert_eq!(flat(&text).matches("let(pat ok").count(), n, "{text}");
    }
}

/// One mistake each, on one line.
const MISTAKES: &[&str] = &[
    "let a =",
    "let a = = 1",
    "let = 2",
    "let x: = 3",
    "let [a, = b",
    "const c",
    "f(1 2)",
    "f(a, b",
    "g(, )",
    "foo.",
    "o. + 1",
    "m(* 2)",
    "x = (1 + 2",
    "y = [1, 2",
    "o = { a: 1, b: }",
    "x = 5 +",
    "x = a ? b",
    "a = 1 = 2",
    "let s = \"open",
    "12px",
    "@",
    "a b",
    "if c d",
    "else { a }",
    "for x { }",
    "try { a }",
    "throw",
    "return *",
    "switch (a) { foo }",
    "match x { 1 -> 2 }",
    "match x { => 2 }",
    "uncertain if (a) { hi { } }",
    "agents { A: 1 }",
    "effect e { 1 }",
    "handle { a } with { b }",
    "type T =",
    "fn f(a b) { a }",
    "f = x => { k: 1 }",
    "def f",
    "class A { }",
    "new A()",
    "x = this",
    "var q = 1",
    "delete a.b",
    "x = a & b",
    "x = i++ + 1",
    "x = y as T",
    "x = /a+/",
    "1 = 2",
    "`a ${}`",
];

/// A number of a row that looks like chance.
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize
}

/// A program with `n` mistakes at the top, in functions and in branches, and their lines.
fn program_with(n: usize, state: &mut u64) -> (String, Vec<usize>) {
    let (mut text, mut lines) = (String::new(), Vec::new());
    for index in 0..n {
        let mistake = MISTAKES[next(state) % MISTAKES.len()];
        let (before, after) = match next(state) % 4 {
            0 => (format!("function f{index}(a) {{\n  let ok{index} = a\n"), "  return a()\n}\n"),
            1 => (format!("if (a) {{\n  let ok{index} = 1\n"), "} else {\n  b()\n}\n"),
            2 => (format!("let ok{index} = xs.map(x => {{\n"), "  return x\n})\n"),
            _ => (format!("let ok{index} = f({index})\n"), ""),
        };
        let indent = if after.is_empty() { "" } else { "  " };
        text.push_str(&before);
        lines.push(text.matches('\n').count());
        text.push_str(&format!("{indent}{mistake}\n{after}"));
    }
    (text, lines)
}

#[test]
fn every_mistake_is_reported_on_its_own_line() {
    let mut state = 7;
    for round in 0..400 {
        let (text, lines) = program_with(1 + round % 50, &mut state);
        let errors = prism_syntax::parse(&text).errors;
        let line = |at: u32| text[..at as usize].matches('\n').count();
        let found: Vec<usize> = errors.iter().map(|error| line(error.span.start)).collect();
        assert_eq!(found, lines, "{text}\n{}", message(&text));
        let tree = flat(&text);
        assert_eq!(tree.matches("let(pat ok").count(), lines.len(), "{text}");
    }
}

#[test]
fn open_brackets_end_where_the_indentation_says() {
    assert_eq!(codes("f(a, [1\nlet b = 2\n"), ["P0104", "P0104"]);
    let text = "function f() {\n  if (a) {\n    b()\n}\nfunction g() { }\n";
    assert_eq!(codes(text), ["P0104"]);
    let expected = "declare function(f, block(if(name a, block(expression(call(name b)))))), \
                    declare function(g, block)";
    assert_eq!(flat(text), expected);
}

#[test]
fn fixes_make_the_text_right() {
    for (broken, right) in [
        ("let x = (1 + 2\nlet y = 3\n", "let x = (1 + 2)\nlet y = 3\n"),
        ("a b\n", "a; b\n"),
        ("f(a b)", "f(a, b)"),
        ("context review { a }", "in context review { a }"),
        ("let x: string? = null", "let x: string | null = null"),
        ("a and b", "a && b"),
        ("var x = 1", "let x = 1"),
        ("new Map()", "{}"),
        ("new Point(1)", "Point(1)"),
        ("a & b", "a && b"),
        ("x => {k: 1}", "x => ({k: 1})"),
        ("1 ~> a * 2", "1 ~> (a * 2)"),
        ("f(x => a |> g)", "f(x => (a |> g))"),
        ("f(1))", "f(1)"),
        ("if (a = 1) { }", "if (a == 1) { }"),
    ] {
        let result = fixed(broken);
        assert_eq!(result, right, "{broken}");
        assert_eq!(codes(&result), [] as [&str; 0], "{result}");
    }
}

#[test]
fn characters_that_cannot_be_seen_are_shown_by_their_numbers() {
    assert_eq!(message("let a = \u{1}1"), "`\\u{1}` is not part of the language");
    assert_eq!(message("let a = §1"), "`§` is not part of the language");
}
