//! Any bytes: what decodes and verifies runs under small limits without a panic.
#![no_main]

mod payload;

use libfuzzer_sys::fuzz_target;
use prism_vm::Machine;

fuzz_target!(|bytes: &[u8]| {
    let Some(program) = payload::program(bytes) else { return };
    if let Ok(mut machine) = Machine::new(program, payload::LIMITS, Vec::new()) {
        machine.run();
    }
});
