//! Where a call runs: the trait that every backend implements.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::Handle;

use crate::{AgentCall, AgentError, AgentNote, AgentReply, AgentSpec};

/// A future that owns all it needs.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send + 'static>>;

/// Names one attempt, unique within a dispatcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// One attempt to get one call answered.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub ticket: Ticket,
    pub spec: Arc<AgentSpec>,
    pub call: Arc<AgentCall>,
    /// 1 for the first attempt of a call.
    pub number: u32,
    /// When the attempt must be over; never later than the call's own deadline.
    pub until: Instant,
}

/// What a backend says about an attempt.
#[derive(Clone, Debug)]
pub enum Report {
    /// Something happened before the outcome.
    Note(Ticket, AgentNote),
    /// The outcome: exactly once per attempt, and only after everything that the attempt
    /// started is gone.
    Done(Ticket, Result<AgentReply, AgentError>),
}

/// Where a backend reports to. Called from the runtime's threads.
pub type Reports = Arc<dyn Fn(Report) + Send + Sync>;

/// Runs attempts somewhere: in processes, containers, jobs.
pub trait Backend: Send + Sync {
    /// The name that `backend = "…"` uses.
    fn name(&self) -> &'static str;

    /// Whether the agent could be started at all: asked before a run begins.
    fn check(&self, spec: &AgentSpec) -> Result<(), AgentError>;

    /// Where batches are handed over; `None`: on the dispatcher's runtime. A backend that works on
    /// a thread of its own has nobody else to wait for, then, between two attempts.
    fn runtime(&self) -> Option<Handle> {
        None
    }

    /// Starts a batch and returns at once. What became ready together arrives together.
    fn submit(&self, batch: Vec<Attempt>, reports: Reports);

    /// Stops attempts and returns at once; each still reports `Done`, with `P2117`, unless its
    /// outcome was already on its way. Unknown tickets are not an error.
    fn cancel(&self, tickets: &[Ticket]);

    /// Stops everything. The future is ready when nothing that the backend started is left.
    fn shutdown(&self) -> BoxFuture<()>;
}
