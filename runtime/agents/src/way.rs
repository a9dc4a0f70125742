//! A call on its way to its outcome.
//!
//! ```text
//! pause → queue → place (→ gate) → out ── answer, final failure → done
//!   ↑───────────── failed, again ──┘
//! ```
//!
//! Nobody waits for it: whoever frees a place takes the next call out of the queue, and whoever
//! hears of an outcome tells it. Only what needs the clock has a task.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::task::AbortHandle;

use crate::lane::Lane;
use crate::{AgentCall, AgentError, AgentNote, AgentReply, Notes, Ticket, errors};

/// Who hears the outcome of a call: once, on any thread.
pub(crate) type Done = Box<dyn FnOnce(Result<AgentReply, AgentError>) + Send>;

/// Dropping the last one of a call without an outcome cancels it: whatever had it on its way has
/// stopped.
pub(crate) struct Way {
    pub(crate) call: Arc<AgentCall>,
    pub(crate) lane: Arc<Lane>,
    notes: Notes,
    /// When it must be over.
    until: Option<Instant>,
    progress: Mutex<Progress>,
}

pub(crate) struct Progress {
    /// `None`: the outcome is told, or nobody wants it any more.
    done: Option<Done>,
    pub(crate) stage: Stage,
    /// What waits for a time, or for the gate.
    task: Option<AbortHandle>,
    /// Of the attempt that is made, or comes next; from 1.
    pub(crate) number: u32,
    failures: u32,
    /// Why the last attempt failed.
    pub(crate) last: Option<AgentError>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Between two attempts, or before the first.
    Resting,
    /// In the queue of its agent.
    Queued,
    /// It has a place.
    Going,
    Out(Ticket),
}

/// What comes after an attempt that failed.
pub(crate) enum Next {
    /// Another one, after this pause.
    Attempt(Duration),
    /// Nothing: nobody wants it any more, or the failure was told.
    Nothing,
}

impl Way {
    pub(crate) fn new(call: AgentCall, lane: Arc<Lane>, notes: Notes, done: Done) -> Way {
        let progress = Progress {
            done: Some(done),
            stage: Stage::Resting,
            task: None,
            number: call.earlier.attempts + 1,
            failures: call.earlier.failures,
            last: None,
        };
        let left = |deadline: Duration| deadline.saturating_sub(call.earlier.spent);
        let until = call.deadline.map(|deadline| Instant::now() + left(deadline));
        Way { call: Arc::new(call), lane, notes, until, progress: Mutex::new(progress) }
    }

    pub(crate) fn until(&self) -> Option<Instant> {
        self.until
    }

    pub(crate) fn time_left(&self) -> Duration {
        self.until.map_or(Duration::MAX, |until| until.saturating_duration_since(Instant::now()))
    }

    pub(crate) fn too_late(&self) -> AgentError {
        errors::deadline_passed(&self.call.agent, self.call.deadline.unwrap_or_default())
    }

    pub(crate) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().expect("no code panics while it holds the progress of a call")
    }

    /// Tells a note, as long as somebody wants the outcome.
    pub(crate) fn note(&self, note: AgentNote) {
        if !self.progress().is_over() {
            (self.notes)(note);
        }
    }

    /// Goes from one stage to another, if it is wanted, and there.
    pub(crate) fn goes(&self, from: Stage, to: Stage) -> bool {
        let mut progress = self.progress();
        let goes = !progress.is_over() && progress.stage == from;
        if goes {
            progress.stage = to;
        }
        goes
    }

    /// Remembers a task that must not outlive the stage; it is stopped when that is over.
    pub(crate) fn keep(&self, stage: Stage, task: AbortHandle) {
        let mut progress = self.progress();
        match !progress.is_over() && progress.stage == stage {
            true => progress.task = Some(task),
            false => task.abort(),
        }
    }

    /// Tells the outcome.
    pub(crate) fn finish(&self, outcome: Result<AgentReply, AgentError>) {
        let done = self.progress().end();
        if let Some(done) = done {
            done(outcome);
        }
    }

    /// An attempt failed; `pause` says how long the one after so many failures waits.
    pub(crate) fn failed(&self, error: AgentError, pause: impl FnOnce(u32) -> Duration) -> Next {
        let is_late = error.code == "P2107" && self.time_left().is_zero();
        let error = if is_late { self.too_late() } else { error };
        if self.call.once.is_some() {
            self.finish(Err(error));
            return Next::Nothing;
        }
        let (number, failures) = {
            let mut progress = self.progress();
            if progress.is_over() {
                return Next::Nothing;
            }
            progress.failures += 1;
            (progress.number, progress.failures)
        };
        let wait = pause(failures);
        let is_left = failures <= self.lane.spec.retry.max && wait < self.time_left();
        let retry_in = (error.retryable && is_left).then_some(wait);
        self.note(AgentNote::AttemptFailed { number, error: error.clone(), retry_in });
        if retry_in.is_none() {
            self.finish(Err(error));
            return Next::Nothing;
        }
        let mut progress = self.progress();
        progress.stage = Stage::Resting;
        progress.number += 1;
        progress.last = Some(error);
        Next::Attempt(wait)
    }

    /// Nobody wants the outcome any more. Gives where the call was, if it was on its way.
    pub(crate) fn give_up(&self) -> Option<Stage> {
        let mut progress = self.progress();
        let (done, stage) = (progress.end(), progress.stage);
        drop(progress);
        done.map(|_| stage)
    }
}

impl Progress {
    pub(crate) fn is_over(&self) -> bool {
        self.done.is_none()
    }

    /// The attempt goes out.
    pub(crate) fn goes_out(&mut self, ticket: Ticket) {
        self.stage = Stage::Out(ticket);
        self.stop_task();
    }

    fn end(&mut self) -> Option<Done> {
        self.stop_task();
        self.done.take()
    }

    fn stop_task(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.finish(Err(errors::cancelled(&self.call.agent)));
    }
}
