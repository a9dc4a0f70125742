//! Replays what the fuzzer has found worth keeping: payloads of artifacts, real and mutated.
//! The same as `fuzz/fuzz_targets/artifact.rs`, by an ordinary compiler.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]
#![allow(clippy::disallowed_methods, reason = "the corpus is files; the machine has none")]

use std::path::Path;
use std::sync::Arc;

use prism_vm::{Limits, Machine};

/// Whether a machine ran the payload; it may have trapped.
fn ran(payload: &[u8]) -> bool {
    let Ok(module) = prism_bytecode::decode(&prism_bytecode::seal(payload)) else { return false };
    let Ok(verified) = prism_bytecode::verify(module) else { return false };
    let limits = Limits { fuel: 20_000, memory: 1 << 20, depth: 200, requests: 20 };
    match Machine::new(Arc::new(verified), limits, Vec::new()) {
        Ok(mut machine) => {
            machine.run();
            true
        }
        Err(_) => false,
    }
}

#[test]
fn the_corpus_runs_without_a_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/artifact");
    let files = std::fs::read_dir(&folder).unwrap().flatten();
    let payloads: Vec<Vec<u8>> = files.map(|entry| std::fs::read(entry.path()).unwrap()).collect();
    let n_ran = payloads.iter().filter(|payload| ran(payload)).count();
    // Most of what a fuzzer keeps is refused; a corpus of another bytecode would be as a whole.
    assert!(n_ran > 80, "{n_ran} of {} run", payloads.len());
}
