//! The machine: runs a verified module, computes, and stops at every effect.
//!
//! No I/O, no clock, no threads, no randomness: a run is a pure function of the module, the
//! inputs and the answers.

mod data;

mod api;

pub use api::{
    Answer, EffectError, Limits, LoadError, Location, Outcome, Request, RequestId, ResumeError,
    Trap, TrapFrame,
};
pub use data::{AgentRef, Data, MAX_DEPTH};
