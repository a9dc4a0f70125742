//! Any bytes: what decodes and verifies does in machine code what the interpreter does.
#![no_main]

#[path = "../../runtime/native/tests/both/mod.rs"]
mod both;
mod payload;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(program) = payload::program(bytes) else { return };
    let Some(expected) = both::run(&program, payload::LIMITS, None) else { return };
    // At once, and in the middle of a loop that has run for a while.
    for hotness in [0, 20] {
        let tier = prism_native::with_hotness(program.clone(), hotness);
        let found = both::run(&program, payload::LIMITS, Some(tier)).expect("it took no inputs");
        if !expected.is_out_of_memory() && !found.is_out_of_memory() {
            assert_eq!((&found.events, found.fuel), (&expected.events, expected.fuel));
        }
    }
});
