//! What inference knows of the value of a program: its type and its confidence.

mod support;

/// Checks the fact of the last statement, for each program.
fn check(cases: &[(&str, &str)]) {
    for (source, expected) in cases {
        let (db, file) = support::open(source);
        let inference = prism_typeck::infer(&db, prism_hir::item_tree(&db, file).module);
        let found = inference.display(inference.root.0.result);
        assert_eq!(found, *expected, "in\n{source}");
    }
}

#[test]
fn literals_have_their_own_type() {
    check(&[
        ("5", "5"),
        ("\"a\"", "\"a\""),
        ("`a${1}`", "string"),
        ("[1, \"a\"]", "[1, \"a\"]"),
        ("let o = { a: 1, b: { c: null } }\no", "{ a: 1, b: { c: null } }"),
        ("null", "null"),
        ("x => x", "(x) => any"),
        ("(a, b = 1, ...rest) => 1", "(a, b?, ...rest: any[]) => 1"),
    ]);
}

#[test]
fn operators_compute_types() {
    check(&[
        ("1 + 2", "number"),
        ("1 + \"a\"", "string"),
        ("1 < 2", "boolean"),
        ("!input", "boolean"),
        ("input + 1", "any"),
        ("input - 1", "number"),
        ("typeof input", "string"),
        ("<~ input", "number"),
        ("input ?? 5", "any"),
        ("null ?? 5", "5"),
        ("0 || \"a\"", "\"a\""),
        ("1 && \"a\"", "\"a\""),
        ("input ? 1 : \"a\"", "1 | \"a\""),
        ("true ? 1 : \"a\"", "1"),
    ]);
}

#[test]
fn confidence_follows_the_rule_of_each_operator() {
    check(&[
        ("5 ~> 0.9", "5 ~> 0.9"),
        ("(1 ~> 0.9) + (2 ~> 0.8)", "number ~> 0.8"),
        ("(1 ~> 0.9) * 2", "number ~> 0.9"),
        ("(1 ~> 0.9) ~|| (0 ~> 0.2)", "boolean ~> 0.9"),
        ("(1 ~> 0.9) ~&& (0 ~> 0.2)", "boolean ~> 0.2"),
        ("(1 ~> 0.9) ~~ (2 ~> 0.5)", "2 ~> 0.5"),
        ("(1 ~> 0.3) ~||> (2 ~> 0.5)", "2 ~> 0.5"),
        ("(1 ~> 0.6) ~@> (2 ~> 0.5)", "1 ~> 0.3"),
        ("(1 ~> 0.7) ~@> (2 ~> 0.5)", "2 ~> 0.5"),
        ("(1 ~> 0.4) ~?? 2", "2"),
        ("(true ~> 0.5) ~? (1 ~> 0.5) : (2 ~> 1)", "1 ~> 0.25"),
        ("-(5 ~> 0.4)", "-5 ~> 0.4"),
        ("(5 ~> 0.9) ~> 0.2", "5 ~> 0.2"),
        ("input ? 1 ~> 0.5 : 2 ~> 0.7", "1 | 2 ~> 0.5..0.7"),
        ("value(5 ~> 0.4)", "5"),
        ("`${5 ~> 0.4}`", "string"),
        ("(5 ~> 0.4) == 5", "boolean ~> 0.4"),
        ("!(5 ~> 0.4)", "false"),
    ]);
}

#[test]
fn confidence_travels_through_containers_and_calls() {
    check(&[
        ("let o = { n: 10 ~> 0.5 } ~> 0.5\no.n", "10 ~> 0.25"),
        ("let xs = [10, 20] ~> 0.7\nxs[1]", "20 ~> 0.7"),
        ("([1, 2] ~> 0.8).map(x => x * 10)", "number[] ~> 0.8"),
        ("[1 ~> 0.5, 2 ~> 0.6].map(x => x)", "(number ~> 0.5..0.6)[]"),
        ("function f() ~> 0.6 { return 10 }\nf()", "10 ~> 0.6"),
        ("let f = x => x ~> 0.5\nf(1)", "any ~> 0.5"),
        ("([\"a\"] ~> 0.5).length", "number ~> 0.5"),
        ("(\"a,b\" ~> 0.5).split(\",\")", "string[] ~> 0.5"),
        ("5 ~> 0.9 |> _ + 1", "number ~> 0.9"),
        ("let { a } = { a: 1 ~> 0.3 } ~> 0.1\na", "1 ~> 0.3"),
        ("match (5 ~> 0.3) { n => n }", "5 ~> 0.3"),
    ]);
}

#[test]
fn gates_narrow_the_interval() {
    check(&[
        ("llm(\"?\") ~?> [0.8, 1 ~> 0.9]", "any ~>= 0.8"),
        ("let v = llm(\"?\")\nif (<~ v >= 0.8) { v } else { 1 ~> 0.9 }", "any ~>= 0.8"),
        ("let v = llm(\"?\")\nif (<~ v < 0.8) { 1 ~> 0.9 } else { v }", "any ~>= 0.8"),
        ("let v = llm(\"?\")\nv ~> 0.8 ? v : 1 ~> 0.9", "any ~>= 0.8"),
        ("let v = llm(\"?\")\nuncertain if v { high -> v, default -> 1 ~> 0.9 }", "any ~>= 0.7"),
        ("let v = llm(\"?\")\nuncertain if v { low -> v, default -> 1 ~> 0.2 }", "any ~> 0..0.5"),
    ]);
}

#[test]
fn loops_find_what_holds_in_every_round() {
    check(&[
        ("let n = 0\nwhile (n < 3) { n = n + 1 }\nn", "number"),
        ("let s = 1 ~> 0.9\nfor i in [1] { s = s + (2 ~> 0.8) }\ns", "number ~> 0.8..0.9"),
        ("let s = 1 ~> 0.9\nfor i in [1] { s = s ~> 0.5 }\ns", "number ~> 0.5..0.9"),
        ("let xs = []\nfor i in [1, 2] { xs.push(i) }\nxs", "number[]"),
        ("let x = null\nfor i in [1] { x = { next: x } }\nx", "null | { next: any }"),
        ("let x = null\nfor i in [1] { if (input) { x = 5\n break } }\nx", "null | number"),
        (
            "let c = { v: 1 ~> 0.9 }\nfor i in [1] { c = { v: c.v ~~ (2 ~> 0.95) } }\nc.v",
            "1 | 2 ~> 0.9",
        ),
    ]);
}

#[test]
fn what_is_not_certain_is_any() {
    check(&[
        ("input", "any"),
        ("let f = x => x\nf(1)", "any"),
        ("let x = 1\nlet set = () => { x = \"a\" }\nset()\nx", "any"),
        ("JSON.parse(\"1\")", "any"),
    ]);
}

#[test]
fn functions_of_two_files_may_call_each_other() {
    let mut db = prism_project::RootDb::new();
    db.set_file(
        "b.prism",
        "import { even } from \"./a\"\nexport function odd(n) { log(n)\n return n == 0 ? false ~> 0.5 : even(n - 1) }\n",
    );
    let file = db.set_file(
        "a.prism",
        "import { odd } from \"./b\"\nexport function even(n) { return n == 0 ? true ~> 0.6 : odd(n - 1) }\neven(4)\n",
    );
    assert_eq!(prism_typeck::check(&db, file), []);
    let inference = prism_typeck::infer(&db, prism_hir::item_tree(&db, file).module);
    assert_eq!(inference.effects().to_string(), "log");
    assert!(inference.root.0.result.ty == prism_typeck::TypeId::ANY);
}
