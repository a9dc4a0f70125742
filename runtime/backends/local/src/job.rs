//! One attempt inside this backend: how it is told to stop, and how it tells what came of it.

use std::sync::Arc;

use prism_agents::{AgentError, AgentNote, AgentReply, Attempt, Report, Reports, Ticket, errors};
use tokio::sync::oneshot;

/// Where the notes of one attempt go.
pub(crate) type Note = dyn Fn(AgentNote) + Send + Sync;

/// Becomes ready when the attempt is cancelled.
#[derive(Default)]
pub(crate) struct Cancelled(Option<oneshot::Receiver<()>>);

impl Cancelled {
    pub(crate) fn new(signal: oneshot::Receiver<()>) -> Cancelled {
        Cancelled(Some(signal))
    }

    /// Whether the attempt is cancelled before it is over, once one of both is so.
    pub(crate) async fn was_sent(self) -> bool {
        match self.0 {
            Some(signal) => signal.await.is_ok(),
            None => false,
        }
    }

    /// Never ready when the sender is gone without having sent.
    pub(crate) async fn wait(&mut self) {
        if let Some(signal) = &mut self.0 {
            let was_sent = signal.await.is_ok();
            self.0 = None;
            if was_sent {
                return;
            }
        }
        std::future::pending().await
    }
}

/// An attempt that owes its outcome. If it is dropped without one, because the runtime stops or
/// the code fails, the call is reported as cancelled.
pub(crate) struct Job {
    pub(crate) attempt: Attempt,
    pub(crate) cancelled: Cancelled,
    pub(crate) note: Box<Note>,
    finish: Option<Finish>,
}

/// What happens with the outcome.
type Finish = Box<dyn FnOnce(Result<AgentReply, AgentError>) + Send + Sync>;

impl Job {
    /// `forget` runs just before the outcome is reported.
    pub(crate) fn new(
        attempt: Attempt,
        cancelled: Cancelled,
        reports: Reports,
        forget: Arc<dyn Fn(Ticket) + Send + Sync>,
    ) -> Job {
        let ticket = attempt.ticket;
        let to_notes = reports.clone();
        let note = Box::new(move |note| to_notes(Report::Note(ticket, note)));
        let finish: Finish = Box::new(move |result| {
            forget(ticket);
            reports(Report::Done(ticket, result));
        });
        Job { attempt, cancelled, note, finish: Some(finish) }
    }

    pub(crate) fn finish(mut self, result: Result<AgentReply, AgentError>) {
        if let Some(finish) = self.finish.take() {
            finish(result);
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if let Some(finish) = self.finish.take() {
            finish(Err(errors::cancelled(&self.attempt.spec.name)));
        }
    }
}
