//! When a program runs by itself: the value of `@schedule`, and the times that it means.
//!
//! In: the value of the header. Out: a [`Schedule`], or the [`Mistake`] with its place. A schedule
//! gives times, in microseconds since 1970; it has no clock and starts nothing. The compiler
//! checks with this crate what the engine later runs by.

mod ticks;

mod read;

mod mistake;

pub use mistake::{Mistake, What};
pub use read::read;
pub use ticks::{CatchUp, Overlap, Schedule};
