//! From text to a tree: tokens, layout, grammar, AST, formatter.
//!
//! [`parse`] never fails: it gives a complete tree and what is wrong with the text.

pub mod ast;
pub mod literal;

/// How deep a tree can be: deeper parts are reported and become `Error` nodes.
pub const MAX_DEPTH: u32 = 1000;
