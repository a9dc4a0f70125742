//! What the compiler tells people: diagnostics, their codes and pages, and the renderers.
//!
//! Every room makes [`Diagnostic`]s in its own `diagnostics.rs`; nobody else formats them.
//! A code is one line in `codes.rs` and one page in `codes/`.

mod codes;
mod diagnostic;
mod fixes;
mod nearest;
pub mod render;

pub use codes::Code;
pub use diagnostic::{Diagnostic, Edit, Fix, Label, Place, Severity};
pub use fixes::{apply_edits, fixes_together, with_line_ends_of};
pub use nearest::nearest;
