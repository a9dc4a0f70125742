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
