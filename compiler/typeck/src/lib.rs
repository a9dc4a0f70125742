//! Types, confidence intervals and effect sets: what the program text decides before a run.
//!
//! In: bodies with resolved names (`prism_hir`). Out: one [`Inference`] per item ([`infer`]),
//! what callers may rely on ([`signature`]), and [`diagnostics()`]. Errors are data until
//! `diagnostics.rs` puts them into words.

mod builtins;
mod check;
mod confidence;
mod diagnostics;
mod effects;
mod errors;
mod flow;
mod inference;
mod queries;
mod secrets;
mod summary;
mod types;
mod walk;
mod world;

pub use builtins::receiver_of;
pub use check::{check, settle};
pub use confidence::{Confidence, Label, Presence};
pub use diagnostics::diagnostics;
pub use effects::{Effects, builtin_families, family_of};
pub use errors::{Problem, ProblemKind, Site};
pub use inference::{EffectUse, Inference, RootType};
pub use queries::{callees, infer, release, signature};
pub use secrets::{Flows, Leak, Part, Reader, Secrets};
pub use summary::{FunctionSummary, summaries};
pub use types::{
    DisplayType, Fact, FieldType, FunctionType, Kinds, ObjectType, ParamType, Type, TypeId, Types,
    display_confidence,
};
pub use world::Typed;
