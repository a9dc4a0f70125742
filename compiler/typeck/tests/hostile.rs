//! Programs that were written to hurt the checker: it stays fast and does not fall over.

mod support;

use std::fmt::Write;
use std::time::{Duration, Instant};

/// Checks a program and gives the number of problems. A minute would be far too long.
#[expect(clippy::disallowed_methods, reason = "the test is about time")]
fn check(source: &str) -> usize {
    let (db, file) = support::open(source);
    let start = Instant::now();
    let found = prism_typeck::check(&db, file).len();
    let needed = start.elapsed();
    assert!(needed < Duration::from_secs(20), "{needed:?} for {} bytes", source.len());
    found
}

#[test]
fn a_long_sum_is_not_deep() {
    let sum = vec!["1"; 20_000].join(" + ");
    assert_eq!(check(&sum), 0);
}

#[test]
fn a_long_condition_is_not_deep() {
    for op in [" && ", " || ", " ?? "] {
        let source = format!("let x = input\nif ({}) {{ print(x) }}", vec!["x"; 5_000].join(op));
        check(&source);
    }
}

#[test]
fn a_long_chain_of_else_if_is_not_deep() {
    let mut source = "let x = input\nif (x == 0) { print(0) }".to_owned();
    for i in 0..1_000 {
        write!(source, " else if (x == {i}) {{ print({i}) }}").expect("texts can be written");
    }
    check(&source);
}

#[test]
fn nested_loops_do_not_multiply() {
    let depth = 60;
    let mut source = "let a = null\nlet b = 0\n".to_owned();
    for i in 0..depth {
        writeln!(source, "for x{i} in input {{\n a = [a, b]\n b = a")
            .expect("texts can be written");
    }
    source.push_str("print(a)\n");
    source.push_str(&"}\n".repeat(depth));
    check(&source);
}

#[test]
fn a_chain_of_functions_is_not_deep() {
    let mut source = "function f0(x) { return x }\n".to_owned();
    for i in 1..3_000 {
        writeln!(source, "function f{i}(x) {{ return f{}(x) + 1 }}", i - 1)
            .expect("texts can be written");
    }
    assert_eq!(check(&source), 0);
}

#[test]
fn a_circle_of_functions_comes_to_an_end() {
    let n = 300;
    let mut source = String::new();
    for i in 0..n {
        let next = (i + 1) % n;
        writeln!(
            source,
            "function f{i}(x) {{ return x < 1 ? {i} ~> 0.9 : f{next}(x - 1) ~~ (1 ~> 0.99) }}"
        )
        .expect("texts can be written");
    }
    check(&source);
}

#[test]
fn recursive_types_that_name_each_other_do_not_explode() {
    let n = 12;
    let mut source = String::new();
    for i in 0..n {
        let fields: Vec<String> = (0..n).map(|j| format!("f{j}?: T{j}[]")).collect();
        writeln!(source, "type T{i} = {{ {} }}", fields.join(", ")).expect("texts can be written");
    }
    source.push_str("let t: T0 = { f1: [{ f2: [] }] }\nt");
    assert_eq!(check(&source), 0);
}

#[test]
fn values_that_grow_without_end_become_any() {
    let source = "let x = {}\nwhile (input) { x = { a: x, b: [x, x], c: () => x } }\nx";
    assert_eq!(check(source), 0);
}

#[test]
fn large_literals_are_linear() {
    let rows: Vec<String> =
        (0..5_000).map(|i| format!("{{ id: {i}, name: \"n{i}\", tags: [\"a\", {i}] }}")).collect();
    assert_eq!(check(&format!("let rows = [{}]\nrows.length", rows.join(",\n"))), 0);
    let keys: Vec<String> = (0..5_000).map(|i| format!("k{i}: {i}")).collect();
    assert_eq!(check(&format!("let o = {{ {} }}\no.k1", keys.join(", "))), 0);
}

#[test]
fn many_branches_join_in_time() {
    let mut source = String::new();
    for i in 0..1_500 {
        writeln!(source, "let v{i} = input\nif (v{i}) {{ v{i} = {i} }} else {{ v{i} = \"a\" }}")
            .expect("texts can be written");
    }
    assert_eq!(check(&source), 0);
}

#[test]
fn values_that_share_their_parts_are_looked_at_once() {
    let fields = |part: &str| -> String {
        let all: Vec<String> = (0..60).map(|i| format!("f{i}: {part}")).collect();
        format!("{{ {} }}", all.join(", "))
    };
    let mut source = "let v0 = { go: () => llm(\"?\"), x: input }\n".to_owned();
    for i in 1..10 {
        writeln!(source, "let v{i} = {}", fields(&format!("v{}", i - 1)))
            .expect("texts can be written");
    }
    source.push_str("let w = input ? v7 : { ...v7, f0: v6.f1 }\nprint(v7, w)\nfoo(v7)\n");
    source.push_str("function foo(f) { return [f, f].map(x => x.f1) }\n`${JSON.stringify(v6)}`");
    check(&source);
}
