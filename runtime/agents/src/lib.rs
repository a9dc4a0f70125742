//! How Prism reaches agents: what an agent is, how it is found, and what a call goes through.
//!
//! In: the `[agents.*]` tables of `prism.toml` and [`AgentCall`]s. Out: an [`AgentReply`] or an
//! [`AgentError`] with a code. In between: a bounded queue and a semaphore per agent, retries,
//! a breaker, one deadline. Where a call really runs is a [`Backend`]'s business.

mod call;

mod spec;

mod registry;

mod dispatcher;

pub mod manifest;

mod lane;

mod way;

mod breaker;

mod backoff;

mod pump;

mod board;

mod backend;

pub mod duration;

pub mod errors;

pub mod json;

pub mod protocol;

mod nearest;

pub use backend::{Attempt, Backend, BoxFuture, Report, Reports, Ticket};
pub use call::{AgentCall, AgentError, AgentNote, AgentReply, Earlier, Gate, Notes};
pub use dispatcher::{Dispatcher, OnItsWay};
pub use registry::Registry;
pub use spec::{AgentSpec, Backoff, BreakerSettings, Delivery, Mode, Resources, Retry};
