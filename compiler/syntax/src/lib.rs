//! From text to a tree: tokens, layout, grammar, AST, formatter.
//!
//! [`parse`] never fails: it gives a complete tree and what is wrong with the text.

pub mod ast;
mod build;
mod diagnostics;
pub mod dump;
mod errors;
mod feed;
mod format;
mod layout;
mod lexer;
pub mod literal;
mod parse;
mod parser;
mod token;
mod walk;

pub use diagnostics::diagnostics;
pub use errors::{Expected, SyntaxError, SyntaxErrorKind};
pub use format::format;
pub use parse::{Parse, parse};
pub use token::Kind;

/// How deep a tree can be: deeper parts are reported and become `Error` nodes.
pub const MAX_DEPTH: u32 = 400;
