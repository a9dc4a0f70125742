//! Two instructions as one step do what they do one after the other.
//!
//! Each program is run as it is, and with an instruction between the two that changes nothing and keeps
//! them apart. Outcome and fuel must be the same, whatever the registers hold.

mod common;

use common::{limits, module};
use prism_bytecode::Step;
use prism_vm::{Machine, Outcome};

const GAP: &str = "settle r15";

/// What a register may hold; `R` is the register, `r12` and `r13` are free.
const VALUES: [&str; 12] = [
    "load_int R, 2",
    "load_int R, 0",
    "load_const R, -0.5",
    "load_const R, inf",
    "load_const R, NaN",
    "load_const R, \"text\"",
    "load_null R",
    "load_true R",
    "load_const r12, 3\nload_const r13, 0.25\nannotate R, r12, r13",
    "load_int r12, 7\nload_const r13, \"in\"\nnew_array R, r12, 2",
    "load_int r12, 1\nload_int r13, 2\nnew_array r12, r12, 2\nload_int r13, 3\nnew_array R, r12, 2",
    "load_int r12, 5\nnew_object r12, r12, [\"x\"]\nnew_array R, r12, 1",
];

/// How many places hold more than their instruction, and how the program ends.
fn run(text: &str) -> (usize, Outcome, u64) {
    let module = module(text);
    let places = module.code().iter().zip(module.ready());
    let n_pairs = places.filter(|(inst, ready)| Step::from(**inst) != ready.step).count();
    let mut machine = Machine::new(module, limits(), Vec::new()).expect("no inputs");
    let outcome = machine.run();
    (n_pairs, outcome, machine.fuel_used())
}

/// Runs a program with `{gap}` where the two instructions meet.
#[track_caller]
fn check(text: &str) {
    let (n_pairs, outcome, fuel) = run(&text.replace("{gap}\n", ""));
    let (n_apart, apart, fuel_apart) = run(&text.replace("{gap}", GAP));
    assert_eq!(n_pairs, n_apart + 1, "{text}");
    // As text, in which NaN is NaN and zeros have their sign.
    assert_eq!(format!("{outcome:?}"), format!("{apart:?}"), "{text}");
    assert_eq!(fuel, fuel_apart, "{text}");
}

/// Two instructions over the registers `r0` to `r3`, with all values in `r1` to `r3`.
fn pair(first: &str, second: &str) {
    let set = |value: &str, reg: &str| value.replace('R', reg);
    for b in VALUES {
        for c in VALUES {
            for d in VALUES {
                let [b, c, d] = [set(b, "r1"), set(c, "r2"), set(d, "r3")];
                check(&format!(
                    "fn \"main\" ( ) regs 1\ncall r0, r0, 0, @\"pair\"\nreturn r0\n\
                     fn \"pair\" ( ) regs 16\nload_const r0, \"old\"\n{b}\n{c}\n{d}\n\
                     {first}\n{{gap}}\n{second}\nnew_array r4, r0, 4\nreturn r4\n"
                ));
            }
        }
    }
}

#[test]
fn an_element_and_what_is_computed_from_it() {
    pair("get_index r0, r1, r2", "add r0, r3, r0");
    pair("get_index r0, r1, r2", "sub r0, r3, r0");
    pair("get_index r0, r1, r2", "mul r0, r0, r3");
    // Operands that are overwritten.
    pair("get_index r1, r1, r2", "mul r1, r3, r1");
    pair("get_index r2, r1, r2", "add r2, r3, r2");
}

#[test]
fn a_part_of_an_element() {
    pair("get_index r0, r1, r2", "get_index r0, r0, r3");
    pair("get_index r0, r1, r2", "get_field r0, r0, \"x\"");
}

#[test]
fn two_computations() {
    pair("mul r0, r1, r2", "add r0, r3, r0");
    pair("mul r0, r1, r2", "add r0, r0, r3");
    pair("mul r0, r1, r2", "sub r0, r3, r0");
    pair("mul r0, r1, r2", "mul r0, r3, r0");
    pair("mul r1, r1, r2", "mul r1, r3, r1");
    pair("mul r0, r1, r2", "div_i r0, r0, 0");
    pair("mul r0, r1, r2", "div_i r0, r0, -2");
    pair("add r0, r1, r2", "add_i r0, r0, -2");
    pair("add r1, r1, r2", "add_i r1, r1, 1");
}

#[test]
fn an_instruction_and_the_next() {
    pair("load_int r0, 0", "div r0, r1, r0");
    pair("load_int r0, 2", "div r3, r0, r2");
    pair("load_int r0, 2", "equal r0, r1, r0");
    pair("load_int r0, 0", "same r3, r1, r2");
    pair("copy r0, r1", "copy r1, r2");
    pair("copy r0, r1", "move r3, r2");
}

#[test]
fn results() {
    pair("add r0, r1, r2", "return r0");
    pair("sub r0, r1, r2", "return r0");
    pair("div r0, r1, r2", "return r0");
    pair("equal r0, r1, r2", "return r0");
    pair("same r0, r1, r2", "return r0");
}

#[test]
fn appending() {
    for b in VALUES {
        for c in VALUES {
            let [b, c] = [b.replace('R', "r1"), c.replace('R', "r2")];
            check(&format!(
                "fn \"main\" ( ) regs 16\n{b}\n{c}\nload_int r4, 1\nload_const r5, \"two\"\n\
                 new_array r4, r4, 2\nload_int r5, -1\nstart:\n\
                 array_push r1, r2\n{{gap}}\nfor_each r2, r4, start\n\
                 new_array r3, r1, 2\nreturn r3\n"
            ));
        }
    }
}

/// The same over loops: `r1` is what is counted with, up to `r2`, and `r3` is added.
#[test]
fn counting() {
    let set = |value: &str, reg: &str| value.replace('R', reg);
    for b in VALUES {
        for c in ["load_int R, 9", "load_null R", "load_const R, NaN"] {
            for d in VALUES {
                let [b, c, d] = [set(b, "r1"), set(c, "r2"), set(d, "r3")];
                check(&format!(
                    "fn \"main\" ( ) regs 16\n{b}\n{c}\n{d}\nload_int r0, 1\nstart:\n\
                     add r0, r0, r3\n{{gap}}\nfor_less r1, r2, 1, start\n\
                     new_array r4, r0, 4\nreturn r4\n"
                ));
                check(&format!(
                    "fn \"main\" ( ) regs 16\n{b}\n{c}\n{d}\nload_int r0, 1\nstart:\n\
                     jump_if r0, even\nload_int r0, 1\njump end\neven:\nload_int r0, 0\nend:\n\
                     {{gap}}\nfor_less r1, r2, 1, start\nnew_array r4, r0, 4\nreturn r4\n"
                ));
                check(&format!(
                    "fn \"main\" ( ) regs 16\n{b}\n{c}\n{d}\nload_int r0, 1\nstart:\n\
                     rem_i r3, r1, 3\n{{gap}}\njump_not_equal_i r3, 1, odd\nadd_i r0, r0, 2\nodd:\n\
                     for_less r1, r2, 1, start\nnew_array r4, r0, 4\nreturn r4\n"
                ));
            }
        }
    }
}
