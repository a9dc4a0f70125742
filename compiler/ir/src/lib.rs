//! The typed IR: structured SSA.
//!
//! A function body is a tree of regions; a region is a list of operations that ends in one exit.
//! `if`, `loop`, `try` and `handle` hold regions; their results are what the regions yield.
//! Every value has [`Facts`]: a type, whether it is plain, and the interval of its confidence.

mod build;
pub mod function;
pub mod op;

pub use build::Builder;
