//! What an editor asks, answered with plain data: byte spans, names, Markdown.
//!
//! In: a database, a file and often a byte in it. Out: one type per feature.
//! Nothing here knows a protocol, a thread or a disk; `prism-lsp-server` does.

mod complete;
mod declared;
mod definition;
mod fixes;
mod format;
mod hover;
mod spot;
mod symbols;
mod words;

pub use complete::{Completion, CompletionKind, Completions, completions};
pub use declared::Target;
pub use definition::definition;
pub use fixes::{Action, actions, fix_all};
pub use format::format;
pub use hover::{Hover, Told, hover};
pub use symbols::{Symbol, SymbolKind, symbols};
