//! Places in source text: file ids, byte spans and line indices.
//!
//! Two kinds of span exist on purpose.
//! [`Span`] counts from the start of the file and is what the parser and the diagnostics use.
//! [`RelSpan`] counts from the start of an item and is what everything after HIR lowering keeps,
//! so that moving an item does not change what is known about it.

mod line;
mod span;

pub use line::{BYTE_ORDER_MARK, Columns, EditorPosition, LineCol, LineIndex};
pub use span::{FileId, RelSpan, Span};
