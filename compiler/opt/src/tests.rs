//! Each pass has a case where it fires and one where it must not.

use crate::{Level, Rewrite, optimize, run_pass};

/// Runs one pass over the body of a function `f(%0)` and gives the body's lines.
fn after(pass: &str, body: &str) -> (Vec<String>, Vec<Rewrite>) {
    let text = format!("function @0 \"f\" (\"a\" %0) {{\n{body}\n}}\n");
    let module = prism_ir::read(&text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    let mut function = module.functions[0].clone();
    let rewrites = run_pass(pass, &mut function);
    let printed = prism_ir::print_function(&prism_ir::compact(&function), 0);
    let lines: Vec<String> = printed.lines().map(|line| line.trim().to_owned()).collect();
    (lines[1..lines.len() - 1].to_vec(), rewrites)
}

fn fires(pass: &str, body: &str, expected: &[&str], equation: &str) {
    let (lines, rewrites) = after(pass, body);
    assert_eq!(lines, expected);
    let equations: Vec<&str> = rewrites.iter().map(|rewrite| &*rewrite.equation).collect();
    assert!(equations.contains(&equation), "{equations:?}");
}

fn leaves_alone(pass: &str, body: &str) {
    let (lines, rewrites) = after(pass, body);
    assert_eq!(lines, body.lines().map(str::trim).collect::<Vec<_>>());
    assert_eq!(rewrites, []);
}

#[test]
fn constants_fold_and_lead_to_more() {
    fires(
        "fold-constants",
        "%1 = const 2.0\n%2 = const 3.0\n%3 = add %1, %2 !0:5..8\n%4 = less %3, %2\nreturn %4",
        &[
            "%1 = const 2.0",
            "%2 = const 3.0",
            "%3: plain number = const 5.0 !0:5..8",
            "%4: plain boolean = const false",
            "return %4",
        ],
        "add 2, 3 = 5",
    );
    fires(
        "fold-constants",
        "%1 = const \"a\"\n%2 = const \"b\"\n%3 = add %1, %2\nreturn %3",
        &["%1 = const \"a\"", "%2 = const \"b\"", "%3: plain text = const \"ab\"", "return %3"],
        "add \"a\", \"b\" = \"ab\"",
    );
}

#[test]
fn what_throws_or_is_confident_does_not_fold() {
    leaves_alone("fold-constants", "%1 = const 1.0\n%2 = const 0.0\n%3 = divide %1, %2\nreturn %3");
    leaves_alone("fold-constants", "%1 = const 1.0\n%2 = const \"1\"\n%3 = less %1, %2\nreturn %3");
    leaves_alone("fold-constants", "%1 = const 1.0\n%2 = add~ %1, %1\nreturn %2");
    leaves_alone("fold-constants", "%1 = const \"a\"\n%2 = negate %1\nreturn %2");
    leaves_alone(
        "fold-constants",
        "%1 = const 1.0\n%2 = const \"1\"\n%3 = equal %1, %2\nreturn %3",
    );
}

#[test]
fn gates_are_decided_by_intervals() {
    fires(
        "decide-gates",
        "%1: any ~[0.9, 1.0] = not %0\n%2 = const 0.8\n%3 = at_least %1, %2\nreturn %3",
        &[
            "%1: any ~[0.9, 1.0] = not %0",
            "%2 = const 0.8",
            "%3: plain boolean = const true",
            "return %3",
        ],
        "at_least [0.9, 1], 0.8 = true",
    );
    fires(
        "decide-gates",
        "%1 = const 0.5\n%2: any ~[0.5, 0.5] = annotate %0, %1\n%3 = const 0.7\n\
         %4 = strict_band %2, %3, %1\nreturn %4",
        &[
            "%1 = const 0.5",
            "%2: any ~[0.5, 0.5] = annotate %0, %1",
            "%3 = const 0.7",
            "%4: plain number = const 1.0",
            "return %4",
        ],
        "band [0.5, 0.5], 0.7, 0.5 = 1",
    );
}

#[test]
fn gates_that_depend_stay() {
    let open = "%1: any ~[0.5, 1.0] = not %0\n%2 = const 0.8\n%3 = at_least %1, %2\nreturn %3";
    leaves_alone("decide-gates", open);
    // Confident enough, but the gate asks for the value, too.
    let gate = "%1: any ~[0.9, 1.0] = not %0\n%2 = const 0.8\n%3 = gate %1, %2\nreturn %3";
    leaves_alone("decide-gates", gate);
    // `uncertain` of a plain value throws.
    let plain = "%1: plain any = not %0\n%2 = const 0.8\n%3 = strict_band %1, %2, %2\nreturn %3";
    leaves_alone("decide-gates", plain);
}

#[test]
fn dead_paths_go() {
    fires(
        "remove-dead-paths",
        "%1 = const true\n%2 = if %1 !0:1..2 {\n%3 = not %0\nyield (%3)\n} else {\nyield (%0)\n}\n\
         return %2",
        &["%1 = const true", "%2 = not %0", "return %2"],
        "if true { a } else { b } = a",
    );
    fires(
        "remove-dead-paths",
        "%1 = const 0.0\nif %1 {\nyield ()\n} else {\nreturn %0\n}\n%2 = not %0\nreturn %2",
        &["%1 = const 0.0", "return %0"],
        "code behind an exit = nothing",
    );
    // What follows is decided by what came before.
    fires(
        "remove-dead-paths",
        "%1 = const true\n%2 = if %1 {\nyield (%1)\n} else {\nyield (%0)\n}\n\
         if %2 {\nyield ()\n} else {\nthrow %0\n}\nreturn %2",
        &["%1 = const true", "return %1"],
        "if true { a } else { b } = a",
    );
}

#[test]
fn paths_that_depend_stay() {
    leaves_alone("remove-dead-paths", "if %0 {\nyield ()\n} else {\nreturn %0\n}\nreturn %0");
    let around = "loop 'l0 () from () {\nif %0 {\ncontinue 'l0 ()\n} else {\nbreak 'l0 ()\n}\n\
                  unreachable\n}\nreturn %0";
    leaves_alone("remove-dead-paths", around);
}

#[test]
fn unused_values_go_with_what_they_used() {
    fires(
        "remove-unused",
        "%1 = const 1.0\n%2 = array (%1, %0)\n%3 = if %0 {\n%4 = not %0\nyield (%4)\n} else {\n\
         yield (%2)\n}\nreturn %0",
        &["return %0"],
        "a value that nobody reads = nothing",
    );
}

#[test]
fn what_may_throw_or_has_effects_stays() {
    leaves_alone("remove-unused", "%1 = add %0, %0\nreturn %0");
    leaves_alone("remove-unused", "%1 = member %0, \"k\", plain\nreturn %0");
    leaves_alone("remove-unused", "%1 = perform \"llm\" at \"f.llm\" (%0)\nreturn %0");
    leaves_alone("remove-unused", "%1 = call_value %0 ()\nreturn %0");
}

#[test]
fn the_whole_pipeline_works_together() {
    let text = "entry @0\nfunction @0 \"main\" () {\n\
        %0 = const 0.9\n%1 = const \"x\"\n%2: any ~[0.9, 0.9] = annotate %1, %0\n%3 = const 0.8\n\
        %4 = at_least %2, %3\n%5 = if %4 {\nyield (%2)\n} else {\n\
        %6 = perform \"human.approve\" at \"main.a\" (%2)\nyield (%6)\n}\nreturn %5\n}\n";
    let mut module = prism_ir::read(text).expect("the text is a module");
    assert_eq!(optimize(&mut module, Level::None), []);
    let rewrites = optimize(&mut module, Level::Full);
    let expected = "entry @0\nfunction @0 \"main\" () {\n  %0 = const 0.9\n  %1 = const \"x\"\n  \
                    %2: any ~[0.9, 0.9] = annotate %1, %0\n  return %2\n}\n";
    assert_eq!(prism_ir::print(&module), expected);
    assert_eq!(
        rewrites[0].to_string(),
        "decide-gates: at_least [0.9, 0.9], 0.8 = true (in `main`)"
    );
}

/// A loop that counts to 9 and does the rest of `turn` in between; `%1` is `%0 ~> 0.9`.
fn counting(carried: &str, from: &str, turn: &str, next: &str) -> String {
    format!(
        "%1: plain number = const 0.9\n%2 = annotate %0, %1\n%3: plain number = const 0.0\n\
         %4: plain number = const 9.0\n\
         %5, %6 = loop 'l0 (%7, {carried}) from (%3, {from}) {{\n%8: plain boolean = less %7, %4\n\
         if %8 {{\n{turn}\n%9: plain number = add %7, %1\ncontinue 'l0 (%9, {next})\n}} else {{\n\
         break 'l0 (%7, {carried})\n}}\nunreachable\n}}\nreturn %6"
    )
}

fn splits(carried: &str, from: &str, turn: &str, next: &str, expected: &[&str]) {
    let (lines, rewrites) = after("split-confidence", &counting(carried, from, turn, next));
    let inside = |line: &&String| !line.starts_with("%1:") && !line.starts_with("%3:");
    let lines: Vec<&str> = lines.iter().filter(inside).map(|line| &**line).collect();
    let around = lines.iter().position(|line| line.contains("= loop")).unwrap_or(0);
    assert_eq!(&lines[around..around + expected.len()], expected);
    assert_eq!(rewrites.len(), 1);
}

#[test]
fn a_confident_sum_is_carried_as_its_value() {
    splits(
        "%10",
        "%2",
        "%11 = add %10, %7",
        "%11",
        &[
            "%7, %8: plain any, %9: plain number = loop 'l0 (%10, %11: plain any) from (%3, %5) {",
            "%12: plain boolean = less %10, %4",
            "if %12 {",
            "%13: plain any = add %11, %10",
            "%14: plain number = add %10, %1",
            "continue 'l0 (%14, %13)",
            "} else {",
            "break 'l0 (%10, %11, %6)",
            "}",
            "unreachable",
            "}",
            "%15: plain number = const 1.0",
            "%16: plain boolean = less %15, %9",
            "%17 = if %16 {",
            "yield (%8)",
            "} else {",
            "%18 = annotate %8, %9",
            "yield (%18)",
            "}",
            "return %17",
        ],
    );
}

#[test]
fn a_sum_that_becomes_confident_in_its_first_turn_is_so_if_there_is_one() {
    splits(
        "%10",
        "%3",
        "%12 = multiply %2, %7\n%11 = add~ %10, %12",
        "%11",
        &[
            "%13, %14: plain any, %15: plain number = loop 'l0 (%16, %17: plain any) from (%3, %3) {",
            "%18: plain boolean = less %16, %4",
            "if %18 {",
            "%19: plain any = multiply %6, %16",
            "%20: plain any = add %17, %19",
            "%21: plain number = add %16, %1",
            "continue 'l0 (%21, %20)",
            "} else {",
            "break 'l0 (%16, %17, %12)",
        ],
    );
}

#[test]
fn a_confidence_that_depends_on_the_way_is_carried() {
    splits(
        "%10",
        "%3",
        "%11 = if %7 {\n%12 = multiply %2, %7\n%13 = add %10, %12\nyield (%13)\n} else {\n\
         yield (%10)\n}",
        "%11",
        &[
            "%8, %9: plain any, %10: plain number = \
             loop 'l0 (%11, %12: plain any, %13: plain number) from (%3, %3, %5) {",
            "%14: plain boolean = less %11, %4",
            "if %14 {",
            "%15: plain any, %16: plain number = if %11 {",
            "%17: plain any = multiply %6, %11",
            "%18: plain any = add %12, %17",
            "%19: plain boolean = less %13, %7",
            "%20: plain number = if %19 {",
            "yield (%13)",
            "} else {",
            "yield (%7)",
            "}",
            "yield (%18, %20)",
            "} else {",
            "yield (%12, %13)",
            "}",
            "%21: plain number = add %11, %1",
            "continue 'l0 (%21, %15, %16)",
        ],
    );
}

#[test]
fn what_may_be_plain_has_a_loop_for_each_case() {
    let text = counting("%10", "%0", "%12 = multiply %10, %0\n%11 = add %12, %7", "%11");
    let (lines, rewrites) = after("split-confidence", &text);
    assert_eq!(rewrites.len(), 2);
    let at = |line: &str| lines.iter().position(|found| found == line).expect(line);
    // As it was, where `%0` has a confidence of 1 or none.
    let asks = at("%6: plain boolean = at_least %0, %5");
    assert_eq!(at("%7, %8 = if %6 {"), asks + 1);
    assert_eq!(at("%9, %10 = loop 'l0 (%11, %12) from (%3, %0) {"), asks + 2);
    assert_eq!(at("%14 = multiply %12, %0"), at("%15 = add %14, %11") - 1);
    // Split.
    let value = at("%17: plain any = value_of %0");
    let split = "%30, %31: plain any, %32: plain number = \
                 loop 'l1 (%33, %34: plain any) from (%3, %17) {";
    assert!(at("yield (%9, %10)") < value && value < at(split));
    assert_eq!(at("%36: plain any = multiply %34, %17"), at("%37: plain any = add %36, %33") - 1);
    assert_eq!(at("yield (%30, %41)"), lines.len() - 3);
    assert_eq!(lines[lines.len() - 1], "return %8");
}

#[test]
fn what_is_wanted_whole_is_not_split() {
    let stays = |carried, from, turn, next| {
        let (_, rewrites) = after("split-confidence", &counting(carried, from, turn, next));
        assert_eq!(rewrites, []);
    };
    // Stored, asked for its confidence, left early.
    stays("%10", "%2", "%12 = array (%10)\n%11 = add %10, %7", "%11");
    stays("%10", "%2", "%12 = confidence_of %10\n%11 = add %10, %12", "%11");
    stays("%10", "%2", "if %7 {\nreturn %10\n} else {\nyield ()\n}\n%11 = add %10, %7", "%11");
    // A confidence that is computed, or that the machine clamps.
    stays("%10", "%3", "%12 = annotate %7, %7\n%11 = add %10, %12", "%11");
    stays("%10", "%3", "%12 = annotate %7, %4\n%11 = add %10, %12", "%11");
    // A loop inside takes the value.
    let inner = "loop 'l1 (%12) from (%10) {\nbreak 'l1 ()\n}\n%11 = add %10, %7";
    stays("%10", "%2", inner, "%11");
}
