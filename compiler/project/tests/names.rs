//! Names, scopes and sugar: what bodies become, through the printer of bodies.

mod common;

use common::{body, problems};

fn lowers(source: &str, expected: &str) {
    let expected: Vec<&str> = expected.trim().lines().map(str::trim_end).collect();
    let found = body(source);
    let found: Vec<&str> =
        found.lines().skip(1).map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
    assert_eq!(found, expected, "{source}");
}

fn rejects(source: &str, expected: &[&str]) {
    assert_eq!(problems(source), expected, "{source}");
}

#[test]
fn bare_assignments_declare_in_the_nearest_function_or_module() {
    lowers("if (true) { found = 1 }\nfound", "if true\n  found#0 = 1\nfound#0");
    lowers("let f = () => { x = 1; x }", "let f#0 = fn f() { x#1 = 1; x#1 }");
    lowers(
        "x = 1\nlet f = () => { x = 2 }",
        "let f#0 = fn f() { x#1 = 2 }".replace("let f#0", "x#1 = 1\nlet f#0").as_str(),
    );
}
