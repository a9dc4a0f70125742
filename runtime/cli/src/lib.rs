//! What `prism` does between its arguments and its exit status.
//!
//! ```text
//! program::load → manifest::open → hosts::inputs → session::drive → report
//! ```
//!
//! The binary is `main.rs` with one file per verb; this library half exists so that tests run
//! programs the way the binary does.

pub mod hosts;
pub mod inputs;
pub mod junit;
mod listener;
pub mod manifest;
pub mod plot;
pub mod problem;
pub mod program;
pub mod repl;
pub mod report;
pub mod session;
pub mod show;
pub mod stores;
pub mod testing;
pub mod words;
pub mod worker;
mod workspace;
