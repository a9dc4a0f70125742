//! Runs assembly and says what came out.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::sync::Arc;

use prism_bytecode::{Verified, assemble, verify};
use prism_vm::{Data, Limits, Machine, Outcome, Trap};

/// The verified module of a text.
pub fn module(text: &str) -> Arc<Verified> {
    let module = assemble(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    Arc::new(verify(module).unwrap_or_else(|error| panic!("{error}\n{text}")))
}

/// A machine at the start of a text.
pub fn machine(text: &str) -> Machine {
    Machine::new(module(text), limits(), Vec::new()).expect("no inputs, no error")
}

pub fn limits() -> Limits {
    Limits { fuel: 10_000_000, memory: 64 << 20, depth: 1_000, requests: 10_000 }
}

/// A `main` of these lines with 16 registers.
pub fn main_of(lines: &str) -> String {
    format!("fn \"main\" ( ) regs 16\n{lines}\n")
}

/// The result of a whole text.
pub fn result(text: &str) -> Data {
    match machine(text).run() {
        Outcome::Done(data) => data,
        other => panic!("{other:?}\n{text}"),
    }
}

/// The trap of a whole text.
pub fn trap(text: &str) -> Trap {
    match machine(text).run() {
        Outcome::Trap(trap) => trap,
        other => panic!("{other:?}\n{text}"),
    }
}

/// The result of lines, as JSON text.
pub fn json(lines: &str) -> String {
    result(&main_of(lines)).to_json_text()
}

/// Checks the result of lines.
#[track_caller]
pub fn gives(lines: &str, expected: &str) {
    assert_eq!(json(lines), expected, "{lines}");
}

/// Checks the code and the message of what lines throw.
#[track_caller]
pub fn throws(lines: &str, code: &str, message: &str) {
    let trap = trap(&main_of(lines));
    assert_eq!((trap.code, trap.message.as_str()), (code, message), "{lines}");
}
