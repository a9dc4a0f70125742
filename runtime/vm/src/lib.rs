//! The machine: runs a verified module, computes, and stops at every effect.
//!
//! No I/O, no clock, no threads, no randomness: a run is a pure function of the module, the
//! inputs and the answers.
#![doc = include_str!("../README.md")]

mod data;

mod api;

mod json;

mod machine;

mod snapshot;

pub mod tier;

mod fiber;

mod run;

mod calls;

mod way;

mod unwind;

mod handlers;

mod core;

mod value;

mod heap;

mod convert;

mod arith;

mod equal;

mod confidence;

mod members;

mod update;

mod pick;

mod show;

mod numbers;

mod natives;

mod errors;

pub use api::{
    Answer, EffectError, Limits, LoadError, Location, Outcome, Request, RequestId, ResumeError,
    Trap, TrapFrame,
};
pub use data::{AgentRef, Data, MAX_DEPTH};
pub use json::JsonError;
pub use machine::Machine;
pub use snapshot::RestoreError;
