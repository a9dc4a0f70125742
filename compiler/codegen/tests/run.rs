//! Programs as IR text, run by the machine.

use std::sync::Arc;

use prism_vm::{Answer, Data, Limits, Machine, Outcome};

/// The functions after `main`, and the body of `main`; every effect is answered by its first
/// argument. The result in Rust's debug form is long, so lists of numbers and texts are shown.
fn run(body: &str, functions: &str) -> String {
    let text = format!(
        "globals {{ \"g\" }}\nentry @0\nfunction @0 \"main\" () {{\n{body}\n}}\n{functions}\n"
    );
    let module = prism_ir::read(&text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    let code = prism_codegen::emit(&module).unwrap_or_else(|error| panic!("{error}"));
    let shown = prism_bytecode::disassemble(&code);
    let code = prism_bytecode::verify(code).unwrap_or_else(|error| panic!("{error}:\n{shown}"));
    let mut machine =
        Machine::new(Arc::new(code), Limits::default(), Vec::new()).expect("there are no inputs");
    loop {
        match machine.run() {
            Outcome::Done(data) => return show(&data),
            Outcome::Trap(trap) => return format!("{}: {}", trap.code, trap.message),
            Outcome::Perform(requests) => {
                for request in requests {
                    let answer = request.args.first().cloned().unwrap_or_default();
                    machine.resume(request.id, Answer::Value(answer)).expect("it waits");
                }
            }
        }
    }
}

fn show(data: &Data) -> String {
    match data {
        Data::Null => "null".to_owned(),
        Data::Bool(flag) => flag.to_string(),
        Data::Number(number) => number.to_string(),
        Data::Text(text) => text.to_string(),
        Data::Array(items) => {
            format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(" "))
        }
        Data::Object(fields) => {
            let field = |(key, value): &(Arc<str>, Data)| format!("{key}:{}", show(value));
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(" "))
        }
        Data::Confident(value, confidence) => format!("{}~{confidence}", show(value)),
        Data::Agent(agent) => agent.name.to_string(),
        Data::Function(name) => format!("[{name}]"),
    }
}

#[test]
fn parameters_are_optional_collected_and_named() {
    let f = "function @1 \"f\" (\"a\" %0, \"b\"? %1, ...\"c\" %2) {\n%3 = is_absent %1\n\
             %4 = if %3 {\n%5 = const \"none\"\nyield (%5)\n} else {\nyield (%1)\n}\n\
             %6 = array (%0, %4, %2)\nreturn %6\n}";
    let body = "%0 = const 1.0\n%1 = const 2.0\n%2 = call @1 (%0)\n\
                %3 = call @1 (%0, %1, %0, %1)\n%4 = closure @1 ()\n\
                %5 = call_value %4 (%0) [\"b\": %1]\n%6 = array (%0, %1, %1)\n\
                %7 = call_value %4 (...%6)\n%8 = array (%2, %3, %5, %7)\nreturn %8";
    assert_eq!(run(body, f), "[[1 none []] [1 2 [1 2]] [1 2 []] [1 2 [2]]]");
}

#[test]
fn closures_share_cells() {
    let f = "function @1 \"add\" (\"x\" %0) captures (\"xs\" %1: plain cell, \"n\" %2) {\n\
             update_cell %1 [] push %0\nupdate_cell %1 [] push %2\n%3 = cell_get %1\nreturn %3\n}";
    let body = "%0 = array ()\n%1: plain cell = cell_new %0\n%2 = const 7.0\n\
                %3 = closure @1 (%1, %2)\n%4 = const 1.0\n%5 = call_value %3 (%4)\n\
                update_cell %1 [] push %4\n%6 = cell_get %1\n%7 = array (%0, %5, %6)\nreturn %7";
    assert_eq!(run(body, f), "[[] [1 7] [1 7 1]]");
}

#[test]
fn a_text_in_a_shared_variable_grows_and_survives_a_failure() {
    let body = "%0 = const \"a\"\nglobal_set g0, %0\n%1 = global_get g0\n%2 = global_get g0\n\
                %3 = const \"b\"\n%4 = add %2, %3\nglobal_set g0, %4\n%5 = const 1.0\n\
                try {\n%6 = global_get g0\n%7 = object []\n%8 = negate %7\n%9 = add %6, %8\n\
                global_set g0, %9\nyield ()\n} catch (%10) {\nyield ()\n}\n\
                %11 = global_get g0\n%12 = add %11, %5\nglobal_set g0, %12\n%13 = global_get g0\n\
                %14 = array (%1, %13)\nreturn %14";
    assert_eq!(run(body, ""), "[a ab1]");
}

#[test]
fn a_later_turn_may_leave_for_a_place_that_needs_more() {
    // The second turn leaves the outer loop, behind which `%0` is read again.
    let body = "%0 = array ()\n%1 = const 0.0\nloop 'l0 () from () {\n\
                %2 = loop 'l1 (%3, %4) from (%1, %0) {\n%5 = const 1.0\n%6 = less %3, %5\n\
                if %6 {\n%7 = array (%5, %5)\n%8 = push %7, %5\n%9 = add %3, %5\n\
                continue 'l1 (%9, %8)\n} else {\nbreak 'l0 ()\n}\nunreachable\n}\n\
                return %2\n}\nreturn %0";
    assert_eq!(run(body, ""), "[]");
}

const CLAUSES: &str = "function @1 \"body\" () {\n%0 = const 5.0\n\
    %1 = perform \"ask\" at \"body.a\" (%0)\n%2 = perform \"ask\" at \"body.b\" (%1)\n\
    %3 = add %1, %2\nreturn %3\n}\n\
    function @2 \"last\" (\"resume\" %0, \"x\" %1) {\n%2 = const 10.0\n%3 = less %1, %2\n\
    %4 = if %3 {\n%5 = add %1, %2\n%6 = resume %0, %5\nyield (%6)\n} else {\n\
    %7 = resume %0, %1\nyield (%7)\n}\nreturn %4\n}\n\
    function @3 \"wraps\" (\"resume\" %0, \"x\" %1) {\n%2 = resume %0, %1\n\
    %3 = array (%2)\nreturn %3\n}\n\
    function @4 \"leaves\" (\"resume\" %0, \"x\" %1) {\nreturn %1\n}\n\
    function @5 \"done\" (\"value\" %0) {\n%1 = object [\"value\": %0]\nreturn %1\n}";

#[test]
fn clauses_resume_last_later_or_never() {
    let body = "%0 = closure @1 ()\n%1 = closure @2 ()\n%2 = closure @3 ()\n%3 = closure @4 ()\n\
                %4 = closure @5 ()\n%5 = handle %0 [\"ask\": %1]\n\
                %6 = handle %0 [\"ask\": %2] on_return %4\n%7 = handle %0 [\"ask\": %3]\n\
                %8 = handle %0 []\n%9 = array (%5, %6, %7, %8)\nreturn %9";
    // The last one asks the host, which answers with what it was asked.
    assert_eq!(run(body, CLAUSES), "[30 [[{value:10}]] 5 10]");
}

#[test]
fn a_clause_that_ends_by_resuming_needs_no_continuation() {
    let text = format!(
        "entry @0\nfunction @0 \"main\" () {{\n%0 = closure @1 ()\n%1 = closure @2 ()\n\
         %2 = closure @3 ()\n%3 = handle %0 [\"ask\": %1, \"tell\": %2]\nreturn %3\n}}\n{CLAUSES}\n"
    );
    let module = prism_ir::read(&text).unwrap_or_else(|error| panic!("{error}"));
    let code = prism_codegen::emit(&module).unwrap_or_else(|error| panic!("{error}"));
    let clauses: Vec<bool> =
        code.handlers[0].clauses.iter().map(|clause| clause.resumes_last).collect();
    assert_eq!(clauses, [true, false]);
}

#[test]
fn bands_and_gates_choose_by_confidence() {
    let f = "function @1 \"f\" (\"k\" %0) {\n%1 = const \"v\"\n%2 = annotate %1, %0\n\
             %3 = const 0.8\n%4 = const 0.4\n%5 = strict_band %2, %3, %4\n%6 = gate %2, %4\n\
             %7 = at_least %2, %3\n%8 = halve %2\n%9 = array (%5, %6, %7, %8)\nreturn %9\n}";
    let body = "%0 = const 0.9\n%1 = const 0.5\n%2 = const 0.25\n%3 = call @1 (%0)\n\
                %4 = call @1 (%1)\n%5 = call @1 (%2)\n%6 = array (%3, %4, %5)\nreturn %6";
    let expected = "[[2 true true v~0.45] [1 true false v~0.25] [0 false false v~0.125]]";
    assert_eq!(run(body, f), expected);
    let plain = "%0 = const 0.5\n%1 = strict_band %0, %0, %0\nreturn %1";
    let message = "P1019: `uncertain` needs a confident value, found a plain one";
    assert_eq!(run(plain, ""), message);
}

#[test]
fn patterns_test_and_take_apart() {
    let f = "function @1 \"f\" (\"v\" %0) {\n%1 = is_array %0, 2\n%2 = is_array %0, 1..\n\
             %3 = is_object %0 [\"a\"]\n%4 = has_field %0, \"b\"\n%5 = is_const %0, 3.0\n\
             %6 = is_null %0\n%7 = array (%1, %2, %3, %4, %5, %6)\nreturn %7\n}";
    let body = "%0 = const 3.0\n%1 = const null\n%2 = array (%0, %1)\n\
                %3 = object [\"a\": %0, \"b\": %1]\n%4 = call @1 (%2)\n%5 = call @1 (%3)\n\
                %6 = call @1 (%0)\n%7 = call @1 (%1)\n%8 = array (%4, %5, %6, %7)\nreturn %8";
    let expected = "[[true true false false false false] [false false true true false false] \
                    [false false false false true false] [false false false false false true]]";
    assert_eq!(run(body, f), expected);
    let parts = "%0 = const 1.0\n%1 = array (%0, %0, %0)\n%2 = expect_array %1\n\
                 %3 = element %2, 200\n%4 = array_rest %2, 1\n%5 = array_rest %2, 200\n\
                 %6 = object [\"a\": %0, \"b\": %0]\n%7 = object_rest %6 [\"a\", \"a\"]\n\
                 %8 = field %6, \"c\"\n%9 = array (%3, %4, %5, %7, %8)\nreturn %9";
    assert_eq!(run(parts, ""), "[null [1 1] [] {b:1} null]");
    let wrong = "%0 = const 1.0\n%1 = expect_array %0\nreturn %1";
    assert_eq!(run(wrong, ""), "P1015: cannot destructure a value that is not an array");
}

#[test]
fn methods_of_null_and_unknown_names() {
    let body = "%0 = const null\n%1 = call_method? %0, \"push\" (%0)\n%2 = array ()\n\
                %3 = call_method? %2, \"push\" (%0)\n%4 = native \"Math.PI\"\n\
                %5 = array (%1, %3, %4)\nreturn %5";
    assert_eq!(run(body, ""), format!("[null [null] {}]", std::f64::consts::PI));
    let unknown = "%0 = call_native \"Math.nope\" ()\nreturn %0";
    assert_eq!(run(unknown, ""), "P1002: `Math.nope` is not defined");
    let fails = "%0 = fail \"P1003\" \"too early\"\nreturn %0";
    assert_eq!(run(fails, ""), "P1003: too early");
}

#[test]
fn traps_know_their_line() {
    let text = "files { \"a.prism\" [0, 10, 20] }\nentry @0\nfunction @0 \"main\" () {\n\
                %0 = const 1.0\n%1 = const 0.0\n%2 = divide %0, %1 !0:13..18\nreturn %2\n}\n";
    let module = prism_ir::read(text).unwrap_or_else(|error| panic!("{error}"));
    let code = prism_codegen::emit(&module).unwrap_or_else(|error| panic!("{error}"));
    let code = prism_bytecode::verify(code).unwrap_or_else(|error| panic!("{error}"));
    let machine = Machine::new(Arc::new(code), Limits::default(), Vec::new());
    match machine.expect("there are no inputs").run() {
        Outcome::Trap(trap) => {
            let at = trap.at.expect("the place is known");
            assert_eq!(
                (&*at.file, at.start, at.end, at.line, at.column),
                ("a.prism", 13, 18, 2, 4)
            );
        }
        other => panic!("{other:?}"),
    }
}
