//! What an editor asks, answered with plain data: byte spans, names, Markdown.
//!
//! In: a database, a file and often a byte in it. Out: one type per feature.
//! Nothing here knows a protocol, a thread or a disk; `prism-lsp-server` does.

mod fixes;
mod format;
mod symbols;

pub use fixes::{Action, actions, fix_all};
pub use format::format;
pub use symbols::{Symbol, SymbolKind, symbols};
