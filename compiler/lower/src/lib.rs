//! HIR and types → IR: the only crate that sees both.
//!
//! [`program`] links everything the root file reaches into one [`ir::Module`]; [`tests`] brings in
//! its `test` blocks too.
//! A body becomes structured SSA: variables are values that regions pass on; only those that a
//! closure shares and somebody writes, or that a `try` writes, live in cells.

mod branch;
mod call;
mod confidence;
mod coverage;
mod env;
mod expr;
mod facts;
mod function;
mod handle;
mod link;
mod loops;
mod pattern;
mod place;
mod program;
mod stmt;
mod variables;
mod walk;

pub use coverage::{Point, What};
pub use program::{Tests, program, tests};
