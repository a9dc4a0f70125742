//! The typed IR: structured SSA.
//!
//! A function body is a tree of regions; a region is a list of operations that ends in one exit.
//! `if`, `loop`, `try` and `handle` hold regions; their results are what the regions yield.
//! Every value has [`function::Facts`]: a type, whether it is plain, and the interval of its confidence.

pub mod function;
pub mod op;

mod build;
mod compact;
mod names;
mod operands;

mod print;
mod read;
mod verify;

pub use build::Builder;
pub use compact::{compact, duplicate};
pub use print::{print, print_function};
pub use read::{ReadError, read};
pub use verify::{Broken, MAX_DEPTH, VerifyError, verify, verify_function};
