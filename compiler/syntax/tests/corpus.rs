//! The texts that the fuzzer found worth keeping: each reaches something that no other does.

#![allow(clippy::disallowed_methods, reason = "a test reads its cases")]

#[path = "support/promises.rs"]
mod promises;

use std::path::PathBuf;

#[test]
fn what_the_fuzzer_kept_keeps_the_promises() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/text");
    let mut n_texts = 0;
    for entry in std::fs::read_dir(folder).expect("the corpus stands in fuzz/") {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("a file");
        if let Ok(text) = String::from_utf8(bytes) {
            promises::hold(&text);
            n_texts += 1;
        }
    }
    assert!(n_texts > 100, "{n_texts} texts");
}
