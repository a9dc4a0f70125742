//! Arithmetic, comparison, jumps, loops, confidence.

mod common;

use common::{gives, main_of, result, throws, trap};
use prism_vm::Data;

/// `a op b` for two constants.
fn binary(op: &str, a: &str, b: &str) -> String {
    format!("load_const r0, {a}\nload_const r1, {b}\n{op} r2, r0, r1\nreturn r2")
}

#[test]
fn arithmetic_is_javascripts_except_for_zero_divisors() {
    for (op, a, b, expected) in [
        ("add", "1", "2", "3"),
        ("add", "\"a\"", "1.5", "\"a1.5\""),
        ("add", "0.1", "\"!\"", "\"0.1!\""),
        ("sub", "1", "0.5", "0.5"),
        ("mul", "3", "-2", "-6"),
        ("div", "9", "2", "4.5"),
        ("rem", "-7", "3", "-1"),
        ("rem", "5.5", "2", "1.5"),
        ("pow", "2", "10", "1024"),
        ("add", "inf", "-inf", "null"),
    ] {
        gives(&binary(op, a, b), expected);
    }
    throws(&binary("div", "1", "0"), "P1006", "division by zero");
    throws(&binary("rem", "1", "0"), "P1006", "division by zero");
    throws(&binary("mul", "\"ab\"", "3"), "P1004", "cannot apply `*` to string and number");
    throws(
        "load_null r0\nadd_i r1, r0, 1\nreturn r1",
        "P1004",
        "cannot apply `+` to null and number",
    );
}

#[test]
fn nan_is_a_number() {
    gives("load_const r0, NaN\nadd_i r0, r0, 1\ntypeof r1, r0\nreturn r1", "\"number\"");
    gives(&binary("less", "NaN", "1"), "false");
    gives(&binary("greater_eq", "NaN", "1"), "false");
    gives(&binary("same", "NaN", "NaN"), "false");
    // `unless <` jumps on NaN, `>=` does not.
    gives(
        "load_const r0, NaN\nload_int r1, 1\njump_not_less r0, r1, yes\nload_int r2, 0\nreturn r2\n\
         yes:\njump_greater_eq r0, r1, no\nload_int r2, 2\nreturn r2\nno:\nreturn_null",
        "2",
    );
}

#[test]
fn constants_and_immediates_are_operands() {
    gives("load_int r0, 10\nadd_k r0, r0, 0.5\nsub_i r0, r0, 3\nmul_k r0, r0, 2\nreturn r0", "15");
    gives("load_int r0, 100\nrem_k r0, r0, 7\ndiv_i r0, r0, 4\nreturn r0", "0.5");
    gives("load_const r0, \"n\"\nadd_k r0, r0, \"=\"\nadd_i r0, r0, 7\nreturn r0", "\"n=7\"");
}

#[test]
fn a_text_grows_in_place_only_when_nobody_else_holds_it() {
    gives(
        "load_const r0, \"a\"\nadd_k r0, r0, \"b\"\ncopy r1, r0\nadd_k r0, r0, \"c\"\n\
         add r1, r1, r1\nnew_array r2, r0, 2\nreturn r2",
        "[\"abc\",\"abab\"]",
    );
}

#[test]
fn comparison_wants_two_numbers_or_two_texts() {
    gives(&binary("less", "\"a\"", "\"b\""), "true");
    gives(&binary("less", "\"B\"", "\"a\""), "true");
    gives(&binary("greater_eq", "2", "2"), "true");
    throws(&binary("less", "1", "\"b\""), "P1005", "cannot compare number and string");
}

#[test]
fn equality_is_structural_or_loose() {
    for (op, a, b, expected) in [
        ("same", "1", "1", "true"),
        ("same", "1", "\"1\"", "false"),
        ("equal", "1", "\"1\"", "true"),
        ("equal", "5", "\"5px\"", "true"),
        ("equal", "0", "\"\"", "false"),
        ("not_equal", "\"a\"", "\"a\"", "false"),
    ] {
        gives(&binary(op, a, b), expected);
    }
    let array = |op| {
        format!(
            "load_int r0, 1\nnew_array r1, r0, 1\nload_int r0, 1\nnew_array r2, r0, 1\n{op} r0, r1, r2\nreturn r0"
        )
    };
    gives(&array("same"), "true");
    gives("load_null r0\nload_int r1, 0\nequal r2, r0, r1\nreturn r2", "false");
    gives("load_false r0\nload_int r1, 0\nequal r2, r0, r1\nreturn r2", "true");
    gives("load_true r0\nload_const r1, \"x\"\nequal r2, r0, r1\nreturn r2", "false");
    gives("load_true r0\nload_const r1, \"true\"\nequal r2, r0, r1\nreturn r2", "true");
}

#[test]
fn truth_is_zero_empty_false_and_null() {
    for (load, truth) in [
        ("load_int r0, 0", false),
        ("load_const r0, \"\"", false),
        ("load_null r0", false),
        ("load_false r0", false),
        ("load_const r0, NaN", true),
        ("load_const r0, \"0\"", true),
        ("new_array r0, r1, 0", true),
    ] {
        gives(&format!("{load}\nnot r1, r0\nnot r1, r1\nreturn r1"), &truth.to_string());
        gives(
            &format!(
                "{load}\njump_if r0, yes\nload_false r1\nreturn r1\nyes:\nload_true r1\nreturn r1"
            ),
            &truth.to_string(),
        );
    }
}

#[test]
fn a_loop_counts() {
    let text = main_of(
        "load_int r0, 0\nload_int r1, 0\nload_int r2, 1000\n\
         again:\nadd r1, r1, r0\nfor_less r0, r2, 1, again\nreturn r1",
    );
    assert_eq!(result(&text), Data::Number(499_500.0));
}

#[test]
fn for_each_goes_through_items_with_their_index() {
    gives(
        "load_int r0, 5\nload_int r1, 6\nload_int r2, 7\nnew_array r3, r0, 3\n\
         items r4, r3\nload_int r5, -1\nload_int r6, 0\njump test\n\
         body:\nmul r7, r8, r5\nadd r6, r6, r7\ntest:\nfor_each r8, r4, body\nreturn r6",
        "20",
    );
    gives(
        "load_int r0, 1\nload_int r1, 2\nnew_object r2, r0, [\"b\" \"a\"]\nitems r3, r2\nreturn r3",
        "[\"b\",\"a\"]",
    );
    throws("load_int r0, 1\nitems r1, r0\nreturn r1", "P1015", "cannot iterate over number");
}

/// Loads `value ~> confidence` into a register; uses r15.
fn confident(reg: u8, value: &str, confidence: f64) -> String {
    format!(
        "load_const r{reg}, {value}\nload_const r15, {confidence:?}\nannotate r{reg}, r{reg}, r15\n"
    )
}

#[test]
fn plain_operators_take_the_smaller_confidence() {
    let two = confident(0, "10", 0.9) + &confident(1, "20", 0.8);
    gives(&format!("{two}add r2, r0, r1\nreturn r2"), "{\"~\":[30,0.8]}");
    gives(&format!("{two}less r2, r0, r1\nreturn r2"), "{\"~\":[true,0.8]}");
    gives(&format!("{two}add_i r2, r0, 1\nreturn r2"), "{\"~\":[11,0.9]}");
    gives(&format!("{two}neg r2, r0\nreturn r2"), "{\"~\":[-10,0.9]}");
    gives(&format!("{two}not r2, r0\nreturn r2"), "false");
    gives(
        &format!("{two}jump_less r0, r1, yes\nreturn_null\nyes:\nload_true r2\nreturn r2"),
        "true",
    );
    let text = confident(0, "\"a\"", 0.5);
    gives(&format!("{text}add_k r0, r0, \"b\"\nreturn r0"), "{\"~\":[\"ab\",0.5]}");
}

#[test]
fn a_box_that_is_used_again_was_nobody_elses() {
    let x = confident(0, "10", 0.9);
    let both = "copy r1, r0\nload_int r2, 5\n";
    let pair = "new_array r3, r0, 2\nreturn r3";
    // Its only holder changes it in place, and keeps the confidence.
    gives(&format!("{x}{both}add r1, r1, r2\n{pair}"), "[{\"~\":[10,0.9]},{\"~\":[15,0.9]}]");
    gives(&format!("{x}{both}sub r1, r1, r2\n{pair}"), "[{\"~\":[10,0.9]},{\"~\":[5,0.9]}]");
    // A product whose register holds a box that somebody else has as well, and then one of its own.
    gives(
        &format!(
            "{x}load_int r2, 5\nmul r1, r0, r2\ncopy r3, r1\nmul r1, r0, r2\nsub r1, r1, r2\n\
             copy r4, r1\ncopy r5, r3\nnew_array r6, r4, 2\nreturn r6"
        ),
        "[{\"~\":[45,0.9]},{\"~\":[50,0.9]}]",
    );
    throws(&format!("{x}div_i r0, r0, 0\nreturn r0"), "P1006", "division by zero");
    let less = "load_const r2, 0.25\nannotate r1, r1, r2\n";
    gives(&format!("{x}{both}{less}{pair}"), "[{\"~\":[10,0.9]},{\"~\":[10,0.25]}]");
    gives(&format!("{x}load_const r2, 0.25\nannotate r0, r0, r2\nreturn r0"), "{\"~\":[10,0.25]}");
    gives(
        &format!("{x}load_int r2, 5\nadd r0, r0, r2\nadd_i r0, r0, 1\nreturn r0"),
        "{\"~\":[16,0.9]}",
    );
    // What is added may be less sure, no number, or make NaN.
    let sum = |x: &str, y: &str| format!("{x}{y}add r0, r0, r1\nreturn r0");
    gives(&sum(&x, &confident(1, "1", 0.5)), "{\"~\":[11,0.5]}");
    gives(&sum(&x, "load_const r1, \"!\"\n"), "{\"~\":[\"10!\",0.9]}");
    gives(&sum(&confident(0, "inf", 0.9), "load_const r1, -inf\n"), "{\"~\":[null,0.9]}");
    throws(&sum(&x, "load_null r1\n"), "P1004", "cannot apply `+` to number and null");
}

#[test]
fn annotation_replaces_and_clamps() {
    let x = confident(0, "5", 0.9);
    gives(&format!("{x}{}annotate r1, r0, r2\nreturn r1", "load_const r2, 1.5\n"), "{\"~\":[5,1]}");
    gives(&format!("{x}confidence_of r1, r0\nreturn r1"), "0.9");
    gives(&format!("{x}value_of r1, r0\nreturn r1"), "5");
    gives("load_int r0, 5\nconfidence_of r1, r0\nreturn r1", "1");
    throws(
        "load_int r0, 5\nload_const r1, \"high\"\nannotate r2, r0, r1\nreturn r2",
        "P1019",
        "a confidence must be a number, found string",
    );
    throws(
        "load_int r0, 5\nload_const r1, NaN\nannotate r2, r0, r1\nreturn r2",
        "P1019",
        "a confidence must be a number, found NaN",
    );
}

#[test]
fn operators_of_confidence() {
    let two = confident(0, "1", 0.3) + &confident(1, "2", 0.6);
    for (op, expected) in [
        ("chain", "{\"~\":[2,0.3]}"),
        ("more_confident", "{\"~\":[2,0.6]}"),
        ("product", "{\"~\":[1,0.18]}"),
        ("confident_and", "{\"~\":[true,0.3]}"),
        ("confident_or", "{\"~\":[true,0.6]}"),
        ("inherit", "{\"~\":[1,0.3]}"),
    ] {
        gives(&format!("{two}{op} r2, r0, r1\nreturn r2"), expected);
    }
    gives(&format!("{two}load_int r3, 7\ninherit r2, r3, r1\nreturn r2"), "{\"~\":[7,0.6]}");
    gives(&format!("{two}load_const r3, 0.5\nscale r2, r1, r3\nreturn r2"), "{\"~\":[2,0.3]}");
    gives("load_int r0, 1\nto_confident r1, r0\nreturn r1", "{\"~\":[1,1]}");
    let test = |k| {
        format!(
            "{two}load_const r3, {k}\njump_confident r1, r3, yes\nload_false r4\nreturn r4\nyes:\nload_true r4\nreturn r4"
        )
    };
    gives(&test("0.6"), "true");
    gives(&test("0.61"), "false");
    gives(&format!("{two}load_const r3, 0.5\nat_least r4, r1, r3\nreturn r4"), "true");
}

#[test]
fn fuel_memory_and_depth_are_traps_that_nobody_catches() {
    let text = main_of("again:\njump again\ncatch again, end, again, r0\nend:").replace("end:", "");
    let text =
        text.replace("catch again, end, again, r0", "x:\nreturn_null\ncatch again, x, x, r0");
    assert_eq!(trap(&text).code, "P1101");
    let text = main_of("load_const r0, \"aaaaaaaaaaaaaaaa\"\nagain:\nadd r0, r0, r0\njump again");
    assert_eq!(trap(&text).code, "P1102");
    let text = "fn \"f\" ( ) regs 1\ncall r0, r0, 0, @\"f\"\nreturn r0";
    let trap = trap(text);
    assert_eq!((trap.code, trap.frames.len()), ("P1103", 32));
}

#[test]
fn fuel_used_is_the_same_every_time() {
    let text =
        main_of("load_int r0, 0\nload_int r1, 10\nagain:\nfor_less r0, r1, 1, again\nreturn r0");
    let used = || {
        let mut machine = common::machine(&text);
        machine.run();
        machine.fuel_used()
    };
    assert_eq!((used(), used()), (9, 9));
}

#[test]
fn what_no_compiler_writes_is_a_trap() {
    throws("cell_get r0, r1\nreturn r0", "P1199", "the bytecode is wrong: no cell to read");
    throws(
        "load_int r1, -1\nfor_each r2, r0, x\nx:\nreturn_null",
        "P1199",
        "the bytecode is wrong: no array to go through",
    );
}

#[test]
fn nothing_grows_beside_the_memory_limit() {
    let kib = "load_const r0, \"x\"\nload_const r1, 1024\ncall_method r0, r0, 1, \"repeat\"\n";
    let forever = [
        // Lines that the host has not taken.
        "copy r2, r0\ncall_native r2, r2, 1, print\n",
        // Keys of objects that nobody holds any more, and of objects that are held.
        "add r3, r0, r5\nload_int r4, 1\nnew_object r2, r2, []\nset_index r2, r3, r4\narray_push r6, r2\n",
        // Fibers that are over.
        "load_native r2, Math.abs\ncopy r3, r5\nspawn r2, r2, 1\narray_push r6, r2\n",
        // Texts that are shown again and again.
        "copy r2, r0\narray_push r6, r2\nconcat r3, r6, 1\nload_null r6\nmove r6, r3\nnew_array r6, r6, 1\n",
    ];
    for body in forever {
        let text = main_of(&format!(
            "{kib}load_int r5, 0\nnew_array r6, r6, 0\nload_const r7, 1000000\nagain:\n{body}for_less r5, r7, 1, again\nreturn_null"
        ));
        let limits = prism_vm::Limits { memory: 2 << 20, fuel: 10_000_000, ..common::limits() };
        let mut machine =
            prism_vm::Machine::new(common::module(&text), limits, Vec::new()).expect("it loads");
        let prism_vm::Outcome::Trap(trap) = machine.run() else { panic!("it ends: {body}") };
        assert_eq!(trap.code, "P1102", "{body}");
    }
}
