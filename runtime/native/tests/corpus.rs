//! Replays what the fuzzers have found worth keeping, payloads of artifacts, in both tiers: what
//! `fuzz/fuzz_targets/native.rs` does, by an ordinary compiler.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod both;

use std::path::Path;
use std::sync::Arc;

use prism_vm::Limits;

#[test]
fn machine_code_does_what_the_interpreter_does_with_the_corpus() {
    let limits = Limits { fuel: 20_000, memory: 1 << 20, depth: 200, requests: 20 };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/artifact");
    let mut n_ran = 0;
    for file in std::fs::read_dir(&folder).unwrap().flatten() {
        let artifact = prism_bytecode::seal(&std::fs::read(file.path()).unwrap());
        let Ok(module) = prism_bytecode::decode(&artifact) else { continue };
        let Ok(program) = prism_bytecode::verify(module).map(Arc::new) else { continue };
        let Some(expected) = both::run(&program, limits, None) else { continue };
        let tier = prism_native::with_hotness(program.clone(), 0);
        let found = both::run(&program, limits, Some(tier)).unwrap();
        if !expected.is_out_of_memory() {
            let name = file.file_name();
            let (found, expected) =
                ((&found.events, found.fuel), (&expected.events, expected.fuel));
            assert_eq!(found, expected, "{}", name.display());
        }
        n_ran += 1;
    }
    assert!(n_ran > 80, "{n_ran} programs of the corpus run");
}
