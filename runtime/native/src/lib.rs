//! Machine code for hot functions and loops.
//!
//! ```text
//! bytecode → steps → live registers → kinds of values → Cranelift → machine code
//! ```
//!
//! Code is compiled for one place of the program, a function's start or the head of a loop, and
//! for the kinds of values that its registers hold there. Where a value is of another kind, or an
//! instruction is none of ours, the code stores its registers and gives up: the interpreter goes
//! on at that very instruction. So nothing here raises an error, calls an effect or decides a
//! limit; the results, the places of errors and the fuel used are the interpreter's.
#![doc = include_str!("../README.md")]

mod kinds;

mod step;

mod live;

mod flow;

mod emit;

mod host;

mod unit;

mod tier;

pub use tier::{eager, tier, with_hotness};
