//! Any bytes: what decodes and verifies runs under small limits without a panic.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use prism_bytecode::Module;
use prism_vm::{Limits, Machine};

fuzz_target!(|bytes: &[u8]| {
    let Ok(module) = prism_bytecode::decode(&sealed(bytes)) else { return };
    let Ok(verified) = prism_bytecode::verify(module) else { return };
    let limits = Limits { fuel: 20_000, memory: 1 << 20, depth: 200, requests: 20 };
    if let Ok(mut machine) = Machine::new(Arc::new(verified), limits, Vec::new()) {
        machine.run();
    }
});

/// The bytes as the payload of an artifact whose header is right: no fuzzer guesses a checksum.
fn sealed(payload: &[u8]) -> Vec<u8> {
    let mut artifact = prism_bytecode::encode(&Module::default())[..16].to_vec();
    artifact.extend(blake3::hash(payload).as_bytes());
    artifact.extend(payload);
    artifact
}
