//! Runs agents as processes on this machine.
//!
//! In: attempts whose spec says `backend = "local"`. Out: one report per attempt, after every
//! process of it is gone. A process leads its own group; whatever ends a call (an answer, the
//! deadline, a cancellation, a broken line) ends the whole group, and if Prism itself dies, the
//! system and the guardian end it. What left its group is found by a mark in its environment.

mod backend;

mod program;
mod shared;

mod child;

mod home;

mod process;

mod group;

mod guardian;

mod strays;

mod lines;

mod alarm;

mod stderr;

mod exchange;

mod job;

mod warm;

pub use backend::LocalBackend;
