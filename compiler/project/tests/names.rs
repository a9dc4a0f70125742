//! Names, scopes and sugar: what bodies become, through the printer of bodies.

mod common;

use common::{body, function, problems, problems_of};

/// The statements of the module, without the line of their function.
#[track_caller]
fn lowers(source: &str, expected: &[&str]) {
    let text = body(source);
    let found = text.lines().skip(1).map(|line| line.strip_prefix("  ").unwrap_or(line));
    assert_eq!(found.collect::<Vec<_>>(), expected, "{source}");
}

/// The codes of the errors, with the text they point at and the text that the fix inserts.
#[track_caller]
fn rejects(source: &str, expected: &[&str]) {
    assert_eq!(problems(source), expected, "{source}");
}

#[test]
fn a_bare_assignment_declares_in_the_nearest_function_or_module() {
    lowers("if (true) { found = 1 }\nfound", &["if true", "  found#0 = 1", "found#0"]);
    lowers("let f = () => { x = 1; x }", &["let f#0 = fn f() { x#1 = 1; x#1 }"]);
    lowers("let f = () => { x = 2 }\nx = 1", &["let f#0 = fn f() { x#1 = 2 }", "x#1 = 1"]);
    lowers("{ let x = 1 }\nx = 2", &["block", "  let x#1 = 1", "x#0 = 2"]);
    lowers("let f = x => { x = 1 }", &["let f#0 = fn f(x#1) { x#1 = 1 }"]);
}

#[test]
fn an_implicit_variable_may_start_as_the_built_in_it_hides() {
    lowers("max = max(1, 2)", &["let max#0 = ^max", "max#0 = max#0(1, 2)"]);
    lowers("input = input ?? 1", &["let input#0 = ~input", "input#0 = (input#0 ?? 1)"]);
    lowers("task = 1\ntask", &["task#0 = 1", "task#0"]);
}

#[test]
fn functions_see_the_module_by_name() {
    let text =
        function("function f(a) { n = a; g(m); k = 2; k }\nfunction g(x) { x }\nlet n = 0, m");
    let expected = "fn f(a#0)\n  $n = a#0\n  @g($m)\n  k#1 = 2\n  k#1\n";
    assert_eq!(text, expected);
}

#[test]
fn updates_rebind_the_variable_at_the_root() {
    lowers("let o = {}\no.a.b = 1", &["let o#0 = {}", "o#0.a.b = 1"]);
    lowers("let n = 1\nn++\nn -= 2", &["let n#0 = 1", "n#0 = (n#0 + 1)", "n#0 = (n#0 - 2)"]);
    lowers(
        "let xs = []\nxs.push(1)\nxs",
        &["let xs#0 = []", "xs#0 = if array xs#0.push(1)", "xs#0"],
    );
    let once =
        ["let o#0 = {}", "block", "  let index#1 = ?f()", "  o#0[index#1] = (o#0[index#1] + 1)"];
    lowers("let o = {}\no[f()] += 1", &once);
    lowers("let o = {}\no.k ??= 1", &["let o#0 = {}", "o#0.k = (o#0.?k ?? 1)"]);
    lowers("let xs = []\nlet ys = xs.push(1)", &["let xs#0 = []", "let ys#1 = xs#0.push(1)"]);
    // At the end of a block the new value is the block's value, so a constant may stay.
    lowers("const xs = []\nxs.push(1)", &["let xs#0 = []", "xs#0.push(1)"]);
}

#[test]
fn a_pipeline_names_its_value_once() {
    lowers("1 |> f(_, _)", &["(bind _#0 = 1 in ?f(_#0, _#0))"]);
    lowers(
        "1 |> print |> print(2)",
        &["(bind _#1 = (bind _#0 = 1 in ^print(_#0)) in ^print(_#1, 2))"],
    );
    lowers("1 ~|> _.k", &["(~bind _#0 = 1 in _#0.k)"]);
    lowers("1 |> (y => y)", &["(bind _#0 = 1 in fn (y#1) { y#1 }(_#0))"]);
    lowers("1 |> Math.floor", &["(bind _#0 = 1 in ^Math.floor(_#0))"]);
    lowers("1 |> llm", &["(bind _#0 = 1 in perform llm(_#0))"]);
    lowers("1 |> print ~> 0.5", &["(bind _#0 = 1 in (^print(_#0) ~> 0.5))"]);
    lowers(
        "1 |> print(2 |> _ + 1)",
        &["(bind _#0 = 1 in ^print(_#0, (bind _#1 = 2 in (_#1 + 1))))"],
    );
}

#[test]
fn an_annotation_as_a_whole_condition_is_a_gate() {
    lowers("1 ~> 0.5 ? 2 : 3", &["((1 gate 0.5) ? 2 : 3)"]);
    lowers("(1 ~> 0.5) ? 2 : 3", &["((1 ~> 0.5) ? 2 : 3)"]);
    lowers("if (1 ~> 0.5) { 2 }", &["if (1 gate 0.5)", "  2"]);
    lowers(
        "uncertain if (1 ~> 0.5) { high { 2 } default { 3 } }",
        &["uncertain if (1 ~> 0.5)", "high", "  2", "default", "  3"],
    );
}

#[test]
fn members_before_a_default_are_read_softly() {
    lowers("input.a.b ?? 1", &["(~input.a.?b ?? 1)"]);
    lowers("input.a || input.b || 1", &["((~input.?a || ~input.?b) || 1)"]);
    lowers("input.a && 1", &["(~input.a && 1)"]);
}

#[test]
fn effects_are_performed_and_their_operations_are_functions() {
    lowers("Date.now() + Math.random()", &["(perform time.now() + perform random())"]);
    lowers("[\"a\"].map(llm)", &["[\"a\"].map(fn llm(prompt#0) { perform llm(prompt#0) })"]);
    lowers("llm(\"a\", options: 1)", &["perform llm(\"a\", 1)"]);
    lowers(
        "workspace.read(\"a\")\nworkspace.path",
        &["perform workspace.read(\"a\")", "~workspace.path"],
    );
    lowers("let agent = input\nagent.call(1)", &["let agent#0 = ~input", "agent#0.call(1)"]);
}

#[test]
fn agents_are_variables_of_the_module() {
    lowers("agents { A: Agent { role: \"x\" } }", &["let A#0 = ^__agent(\"A\", {role: \"x\"})"]);
}

#[test]
fn alternatives_of_a_pattern_share_their_variables() {
    lowers("match 1 { [a] | {a} => a }", &["match 1 { [a#0] | {a: a#0} => a#0 }"]);
}

#[test]
fn undefined_names_are_errors_with_the_nearest_name() {
    rejects("let result = 1\nprint(reslt)", &["P0501 `reslt` → result"]);
    rejects("prnt(1)", &["P0501 `prnt` → print"]);
    rejects("nowhere + nowhere", &["P0501 `nowhere`"]);
    rejects("let r = 1\ntry { r = nowhere } catch { r = 2 }", &["P0501 warning `nowhere`"]);
    rejects("try { nowhere } finally { 1 }", &["P0501 `nowhere`"]);
}

#[test]
fn names_of_unreadable_statements_may_be_declared_there() {
    for unreadable in ["let total = = 1", "let total += 1", "let total++", "const total: = 2 3 ="] {
        let found = problems(&format!("{unreadable}\nprint(total)"));
        assert!(!found.is_empty(), "{unreadable}");
        assert!(found.iter().all(|line| !line.starts_with("P05")), "{unreadable}: {found:?}");
    }
}

#[test]
fn a_scope_declares_a_name_once() {
    rejects("let a = 1\nlet a = 2", &["P0502 `a`"]);
    rejects("let f = (a, a) => a\nf", &["P0502 `a`"]);
    rejects("function f() { 1 }\nlet f = 2", &["P0502 `f`"]);
    rejects("let f = a => { const a = 1; a }\nf", &[]);
}

#[test]
fn constants_keep_their_value() {
    rejects("const a = 1\na = 2", &["P0505 `a` → let"]);
    rejects("const o = {}\no.k = 2", &["P0505 `o` → let"]);
    rejects("const xs = []\nxs.push(2)\nxs", &["P0505 `xs` → let"]);
    rejects("function f() { 1 }\nf = 2", &["P0505 `f`"]);
    rejects("const a = 1\nfunction f() { a = 2 }\nf()", &["P0505 `a`"]);
}

#[test]
fn a_name_has_no_value_before_its_declaration() {
    rejects("print(a)\nlet a = 1", &["P0506 `a`"]);
    rejects("let a = a", &["P0506 `a`"]);
    rejects("let f = () => a\nlet a = 1\nf()", &[]);
}

#[test]
fn exits_stand_in_what_they_leave() {
    rejects("return 1", &["P0509 `return 1`"]);
    rejects("break", &["P0510 `break`"]);
    rejects("while (input) { let f = () => { continue }; f() }", &["P0510 `continue`"]);
    rejects("switch (input) { case 1: break }", &[]);
    rejects("resume(1)", &["P0511 `resume(1)`"]);
}

#[test]
fn methods_that_change_and_return_are_refused() {
    rejects("let xs = [1]\nlet x = xs.pop()\nx", &["P0513 `xs.pop()`"]);
    rejects("let q = input\nq.shift(1)", &[]);
}

#[test]
fn imports_and_exports_lead_somewhere() {
    let lib = ("lib.prism", "export const one = 1\nexport default 2\nlet hidden = 3\n");
    let found = |main: &str| problems_of(&[("main.prism", main), lib]);
    assert_eq!(found("import { one, hidden } from \"./lib\"\none + hidden"), ["P0503 `hidden`"]);
    assert_eq!(found("import { on } from \"./lib\"\non"), ["P0503 `on` → one"]);
    assert_eq!(
        found("import d, * as lib from \"./lib.prism\"\nd + lib.one + lib.two"),
        ["P0503 `two`"]
    );
    assert_eq!(found("import x from \"./lbi\"\nx"), ["P0504 `\"./lbi\"` → \"./lib\""]);
    assert_eq!(found("export { one as uno, two } from \"./lib\""), ["P0503 `two`"]);
    assert_eq!(found("export { nope }"), ["P0522 `nope`"]);
    assert_eq!(found("import { one } from \"./lib\"\none = 2"), ["P0505 `one`"]);
}

#[test]
fn old_names_of_the_standard_library_work() {
    rejects("import { parallel } from \"@parallax/primitives/execution\"\nparallel", &[]);
    rejects(
        "import { parallel } from \"execution\"\nparallel",
        &["P0504 `\"execution\"` → \"@prism/execution\""],
    );
}

#[test]
fn circles_of_modules_are_allowed_for_functions_alone() {
    let a = "import { g } from \"./b\"\nexport function f() { return g() }\n";
    let b = "import { f } from \"./a\"\nexport function g() { return f }\n";
    assert_eq!(problems_of(&[("a.prism", a), ("b.prism", b)]), [""; 0]);
    let a = "import { g } from \"./b\"\nexport const f = g + 1\n";
    let b = "import { f } from \"./a\"\nexport const g = f + 1\n";
    assert_eq!(problems_of(&[("a.prism", a), ("b.prism", b)]), ["P0508 `\"./b\"`"]);
}

#[test]
fn re_exports_in_a_circle_end() {
    let a = "export * from \"./b\"\nexport { x } from \"./b\"\n";
    let b = "export * from \"./a\"\nexport { x } from \"./a\"\n";
    let found = problems_of(&[("a.prism", a), ("b.prism", b)]);
    assert!(
        found.iter().all(|line| line.starts_with("P0503") || line.starts_with("P0508")),
        "{found:?}"
    );
}

#[test]
fn types_have_names_too() {
    rejects("let a: nmber = 1\na", &["P0512 `nmber` → number"]);
    rejects("type V<T> = T | null\nlet a: V<string> = null\na", &[]);
    rejects("type V = string\nV", &["P0518 `V`"]);
    rejects("function f<T>(x: T): T { return x }\nf(1)", &[]);
}
