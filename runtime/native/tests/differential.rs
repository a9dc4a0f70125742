//! Programs made by chance give the same in the interpreter and in machine code: outcome, places
//! and names of errors, fuel, memory.
//!
//! `PRISM_NATIVE_CASES=20000 cargo test --release -p prism-native` is the long form.

mod both;
mod make;

use std::sync::Arc;

use both::Ran;
use prism_bytecode::verify;
use prism_vm::Limits;

const DEPTH: u32 = 12;

/// Programs that get to their end, of all runs.
fn compare(is_confident: bool, is_like: impl Fn(&Ran, &Ran) -> bool) {
    let n_cases = std::env::var("PRISM_NATIVE_CASES").ok().and_then(|n| n.parse().ok());
    let n_cases: u64 = n_cases.unwrap_or(60);
    let mut n_done = 0;
    for seed in 0..n_cases {
        let mut chance = fastrand::Rng::with_seed(seed);
        let module = make::module(&mut chance, is_confident);
        let shown = prism_bytecode::disassemble(&module);
        let program = Arc::new(verify(module).unwrap_or_else(|error| panic!("{error}\n{shown}")));
        for fuel in [7, 150, 3_000] {
            // Shallow enough that some programs are too deep.
            let limits = Limits { fuel, depth: DEPTH, memory: 1 << 20, requests: 1 };
            let run = |tier| both::run(&program, limits, tier).expect("no inputs");
            let expected = run(None);
            n_done += u64::from(expected.is_done());
            for hotness in [0, 60] {
                let tier = prism_native::with_hotness(program.clone(), hotness);
                let found = run(Some(tier));
                assert!(
                    is_like(&found, &expected),
                    "seed {seed}, fuel {fuel}, hotness {hotness}: {found:?}, not {expected:?}\n{shown}"
                );
            }
        }
    }
    // Most run into an error or a limit, which is what is hard to get right.
    assert!(n_done * 5 > n_cases, "some programs must get to their end: {n_done}");
}

#[test]
fn machine_code_does_what_the_interpreter_does() {
    compare(false, |found, expected| found == expected);
}

/// Where a program is stopped, registers may hold boxes in the interpreter that machine code has
/// not made, or the other way round; nothing else may.
#[test]
fn machine_code_computes_the_same_confidences() {
    const BOX: usize = 56;
    let most = BOX * make::N_REGS as usize * DEPTH as usize;
    let slack = move |ran: &Ran| if ran.is_done() { 0 } else { most };
    compare(true, move |found, expected| {
        let is_same = (&found.events, found.fuel) == (&expected.events, expected.fuel);
        is_same && found.memory.abs_diff(expected.memory) <= slack(expected)
    });
}
