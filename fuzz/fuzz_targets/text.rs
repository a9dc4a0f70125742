//! Any text keeps the promises of the syntax.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../compiler/syntax/tests/support/promises.rs"]
mod promises;

fuzz_target!(|text: &str| promises::hold(text));
