//! Calls, closures, methods, exceptions.

mod common;

use common::{gives, main_of, result, throws, trap};
use prism_vm::Data;

const FIB: &str = "
fn \"main\" ( ) regs 2
    load_int r0, 15
    call r0, r0, 1, @\"fib\"
    return r0
fn \"fib\" ( \"n\" ) regs 3
    jump_not_less_i r0, 2, more
    return r0
more:
    sub_i r1, r0, 1
    call r1, r1, 1, @\"fib\"
    sub_i r2, r0, 2
    call r2, r2, 1, @\"fib\"
    add r0, r1, r2
    return r0
";

#[test]
fn functions_call_themselves() {
    assert_eq!(result(FIB), Data::Number(610.0));
}

/// `f(a, b?, ...rest)` gives `[a, b, rest]`; `b` defaults to 7.
const F: &str = "
fn \"f\" ( \"a\" \"b\"? ...\"rest\" ) regs 3
    jump_given r1, given
    load_int r1, 7
given:
    new_array r0, r0, 3
    return r0
fn \"g\" ( \"a\" \"b\" ) regs 2
    sub r0, r0, r1
    return r0
";

fn call(lines: &str) -> String {
    result(&(main_of(lines) + F)).to_json_text()
}

#[test]
fn arguments_meet_parameters() {
    let ints = "load_int r1, 1\nload_int r2, 2\nload_int r3, 3\nload_int r4, 4\n";
    assert_eq!(call(&format!("{ints}call r0, r1, 4, @\"f\"\nreturn r0")), "[1,2,[3,4]]");
    assert_eq!(call(&format!("{ints}call r0, r1, 1, @\"f\"\nreturn r0")), "[1,7,[]]");
    assert_eq!(
        call(&format!("{ints}closure r0, r0, 0, @\"f\"\ncall_value r0, r0, 2\nreturn r0")),
        "[1,2,[]]"
    );
    let error = trap(&(main_of("load_int r1, 1\ncall r0, r1, 1, @\"g\"\nreturn r0") + F));
    assert_eq!((error.code, error.message.as_str()), ("P1008", "`g` takes 2 arguments, found 1"));
    let error = trap(&(main_of(&format!("{ints}call r0, r1, 3, @\"g\"\nreturn r0")) + F));
    assert_eq!(error.message, "`g` takes 2 arguments, found 3");
    let error = trap(&(main_of("call r0, r0, 0, @\"f\"\nreturn r0") + F));
    assert_eq!(error.message, "`f` takes at least 1 argument, found 0");
}

#[test]
fn arguments_can_be_named_spread_or_offered() {
    let g = "closure r0, r0, 0, @\"g\"\n";
    assert_eq!(
        call(&format!(
            "{g}load_int r1, 1\nload_int r2, 9\ncall_named r3, r0, 2, [\"b\" \"a\"]\nreturn r3"
        )),
        "8"
    );
    let error = trap(
        &(main_of(&format!(
            "{g}load_int r1, 1\nload_int r2, 9\ncall_named r3, r0, 2, [\"c\"]\nreturn r3"
        )) + F),
    );
    assert_eq!(error.message, "`g` has no parameter `c`");
    let error = trap(
        &(main_of(&format!(
            "{g}load_int r1, 1\nload_int r2, 9\ncall_named r3, r0, 2, [\"a\"]\nreturn r3"
        )) + F),
    );
    assert_eq!(error.message, "`g` gets its parameter `a` twice");
    assert_eq!(
        call(&format!(
            "{g}load_int r1, 5\nload_int r2, 3\nnew_array r4, r1, 2\ncall_array r3, r0, r4\nreturn r3"
        )),
        "2"
    );
    assert_eq!(
        call(&format!(
            "{g}load_int r1, 5\nload_int r2, 3\nload_int r3, 1\noffer r3, r0, 3\nreturn r3"
        )),
        "2"
    );
    assert_eq!(
        call(
            "load_native r0, Math.floor\nload_const r1, 2.5\nload_int r2, 1\noffer r3, r0, 2\nreturn r3"
        ),
        "2"
    );
}

#[test]
fn a_callback_says_how_much_it_takes() {
    let takes = "call_native r0, r0, 1, callback.takes\nreturn r0";
    assert_eq!(call(&format!("closure r0, r0, 0, @\"g\"\n{takes}")), "2");
    assert_eq!(call(&format!("load_native r0, Math.floor\n{takes}")), "1");
    // JSON has no infinity: a function takes all that there is, and so does what is none.
    assert_eq!(call(&format!("load_native r0, max\n{takes}")), "null");
    assert_eq!(call(&format!("load_int r0, 1\n{takes}")), "null");
    // The receiver of a method that was taken from it is given already.
    assert_eq!(call(&format!("new_array r0, r0, 0\nget_field r0, r0, \"at\"\n{takes}")), "1");
}

#[test]
fn calling_what_is_no_function_says_so() {
    throws(
        "load_int r0, 5\ncall_value r1, r0, 0\nreturn r1",
        "P1007",
        "cannot call number: it is not a function",
    );
    throws(
        "load_int r0, 5\ncall_method r1, r0, 0, \"nope\"\nreturn r1",
        "P1016",
        "number has no method `nope`",
    );
    throws(
        "load_null r0\ncall_method r1, r0, 0, \"nope\"\nreturn r1",
        "P1010",
        "cannot read `nope` of null",
    );
}

#[test]
fn closures_share_cells() {
    let text = main_of(
        "load_int r0, 10\nnew_cell r0, r0\ncopy r1, r0\nclosure r1, r1, 1, @\"bump\"\n\
         copy r2, r1\ncall_value r3, r2, 0\ncopy r2, r1\ncall_value r3, r2, 0\ncell_get r4, r0\n\
         new_array r3, r3, 2\nreturn r3",
    ) + "fn \"bump\" ( ) regs 1 captures 1\ncaptured_get r0, c0\nadd_i r0, r0, 1\ncaptured_set c0, r0\ncaptured_get r0, c0\nreturn r0";
    assert_eq!(result(&text).to_json_text(), "[12,12]");
}

#[test]
fn methods_are_fields_then_the_programs_then_the_machines() {
    let array = "load_int r0, 3\nload_int r1, 1\nnew_array r0, r0, 2\n";
    gives(&format!("{array}call_method r2, r0, 0, \"reverse\"\nreturn r2"), "[1,3]");
    let text = format!(
        "method array, \"twice\", @\"twice\"\n{}fn \"twice\" ( \"xs\" ) regs 2\ncopy r1, r0\narray_spread r0, r1\nreturn r0",
        main_of(&format!("{array}call_method r2, r0, 0, \"twice\"\nreturn r2"))
    );
    assert_eq!(result(&text).to_json_text(), "[3,1,3,1]");
    let field = main_of(
        "closure r1, r1, 0, @\"g\"\nnew_object r0, r1, [\"with\"]\nload_int r1, 5\nload_int r2, 3\ncall_method r3, r0, 2, \"with\"\nreturn r3",
    ) + F;
    assert_eq!(result(&field).to_json_text(), "2");
    gives(
        &format!(
            "{array}get_field r2, r0, \"join\"\nload_const r3, \"-\"\ncall_value r2, r2, 1\nreturn r2"
        ),
        "\"3-1\"",
    );
}

#[test]
fn confident_functions_and_receivers_pass_their_confidence_on() {
    let half = "load_const r9, 0.5\n";
    let g = format!(
        "{half}closure r0, r0, 0, @\"g\"\nannotate r0, r0, r9\nload_int r1, 5\nload_int r2, 3\n"
    );
    assert_eq!(call(&format!("{g}call_value r3, r0, 2\nreturn r3")), "{\"~\":[2,0.5]}");
    assert_eq!(
        call(&format!("{g}annotate r1, r1, r9\ncall_value r3, r0, 2\nreturn r3")),
        "{\"~\":[2,0.25]}"
    );
    gives(
        &format!(
            "{half}new_array r0, r0, 0\nannotate r0, r0, r9\nload_int r1, 1\ncall_method r2, r0, 1, \"push\"\nreturn r2"
        ),
        "{\"~\":[[1],0.5]}",
    );
    gives(
        &format!(
            "{half}load_const r0, 2.5\nannotate r0, r0, r9\ncall_native r1, r0, 1, Math.floor\nreturn r1"
        ),
        "{\"~\":[2,0.5]}",
    );
}

/// `lines` inside a try whose handler returns the exception.
fn caught(lines: &str) -> String {
    result(&main_of(&format!(
        "from:\n{lines}\nto:\nreturn_null\ncaught:\nreturn r9\ncatch from, to, caught, r9"
    )))
    .to_json_text()
}

#[test]
fn thrown_values_become_errors() {
    assert_eq!(
        caught("load_const r0, \"boom\"\nthrow r0"),
        "{\"message\":\"boom\",\"code\":\"P1001\",\"data\":\"boom\"}"
    );
    assert_eq!(
        caught("load_int r0, 404\nnew_object r0, r0, [\"code\"]\nthrow r0"),
        "{\"message\":\"{ code: 404 }\",\"code\":404,\"data\":null}"
    );
    assert_eq!(
        caught("load_null r0\nadd r0, r0, r0"),
        "{\"message\":\"cannot apply `+` to null and null\",\"code\":\"P1004\",\"data\":null}"
    );
    assert_eq!(
        caught(
            "load_const r0, \"m\"\nload_const r1, \"E1\"\ncall_native r0, r0, 2, Error\nthrow r0"
        ),
        "{\"message\":\"m\",\"code\":\"E1\",\"data\":null}"
    );
    let shown = main_of(
        "from:\nload_const r0, \"boom\"\nthrow r0\nto:\nreturn_null\ncaught:\nconcat r0, r9, 1\nreturn r0\ncatch from, to, caught, r9",
    );
    assert_eq!(result(&shown), Data::text("boom"));
    throws("unknown_name \"missingName\"", "P1002", "`missingName` is not defined");
}

#[test]
fn exceptions_leave_functions_until_somebody_catches() {
    let text = main_of(
        "from:\ncall r0, r0, 0, @\"a\"\nto:\nreturn r0\ncaught:\nget_field r1, r9, \"message\"\nreturn r1\ncatch from, to, caught, r9",
    ) + "fn \"a\" ( ) regs 2\nfrom:\ncall r0, r0, 0, @\"b\"\nto:\nreturn r0\nfinally:\nrethrow r1\ncatch from, to, finally, r1\n\
           fn \"b\" ( ) regs 3\nnew_array r0, r0, 0\nload_const r1, \"deep\"\nthrow r1";
    assert_eq!(result(&text), Data::text("deep"));
}

#[test]
fn a_trap_names_the_place_of_the_first_throw() {
    let text = "fn \"main\" ( ) regs 2\nfrom:\ncall r0, r0, 0, @\"b\"\nto:\nreturn r0\nfinally:\nrethrow r1\ncatch from, to, finally, r1\n\
                fn \"b\" ( ) regs 1\nload_const r0, \"x\"\nthrow r0";
    let trap = trap(text);
    let names: Vec<&str> = trap.frames.iter().map(|frame| &*frame.function).collect();
    assert_eq!((names, trap.message.as_str()), (vec!["b", "main"], "x"));
}

#[test]
fn functions_that_capture_themselves_are_freed_when_memory_runs_out() {
    // A million closures, each stored in the cell that it captures, in 1 MiB.
    let text = main_of(
        "load_int r0, 0\nload_const r1, 1000000\nagain:\nload_null r2\nnew_cell r2, r2\ncopy r3, r2\n\
         closure r3, r3, 1, @\"f\"\ncell_set r2, r3\nload_const r4, \"kept\"\nadd_k r4, r4, \"!\"\nfor_less r0, r1, 1, again\n\
         new_array r5, r4, 1\nreturn r5",
    ) + "fn \"f\" ( ) regs 1 captures 1\nreturn_null";
    let limits = prism_vm::Limits { memory: 1 << 20, ..common::limits() };
    let mut machine =
        prism_vm::Machine::new(common::module(&text), limits, Vec::new()).expect("it loads");
    assert_eq!(machine.run(), prism_vm::Outcome::Done(Data::Array(vec![Data::text("kept!")])));
    // What is really held is not freed.
    let text = text
        .replace("cell_set r2, r3\n", "cell_set r2, r3\nnew_array r6, r6, 2\n")
        .replace("add_k r4", "copy r7, r2\nadd_k r4");
    let text = text
        .replace("load_int r0, 0\n", "load_int r0, 0\nnew_array r8, r8, 0\n")
        .replace("copy r7, r2\n", "copy r7, r2\narray_push r8, r7\n");
    let mut machine =
        prism_vm::Machine::new(common::module(&text), limits, Vec::new()).expect("it loads");
    let prism_vm::Outcome::Trap(trap) = machine.run() else { panic!("memory is too small") };
    assert_eq!(trap.code, "P1102");
}
