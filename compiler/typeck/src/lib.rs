//! Types, confidence intervals and effect sets: what the program text decides before a run.
//!
//! In: bodies with resolved names (`prism_hir`). Out: one [`Inference`] per item, and
//! diagnostics. Errors are data ([`errors`]) until [`diagnostics`] puts them into words.

mod builtins;
pub mod confidence;
pub mod effects;
pub mod errors;
mod infer;
mod inference;
pub mod types;
pub mod world;

pub use infer::{Root, infer_body};
pub use inference::{EffectUse, Inference, RootType};
