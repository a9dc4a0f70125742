//! One attempt inside this backend: how it is told to stop, and how it tells what came of it.

use std::sync::Arc;

use prism_agents::{AgentError, AgentNote, AgentReply, Attempt, Report, Reports, Ticket, errors};
use tokio::sync::oneshot;

/// Where the notes of one attempt go.
pub(crate) type Note<'n> = dyn Fn(AgentNote) + Send + Sync + 'n;

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
    desk: Option<Arc<Desk>>,
}

/// Where the attempts of a backend report.
pub(crate) struct Desk {
    pub(crate) reports: Reports,
    /// Told just before an outcome is reported.
    pub(crate) forget: Box<dyn Fn(Ticket) + Send + Sync>,
}

impl Job {
    pub(crate) fn new(attempt: Attempt, cancelled: Cancelled, desk: Arc<Desk>) -> Job {
        Job { attempt, cancelled, desk: Some(desk) }
    }

    /// Tells something that happened before the outcome.
    pub(crate) fn note(&self, note: AgentNote) {
        if let Some(desk) = &self.desk {
            (desk.reports)(Report::Note(self.attempt.ticket, note));
        }
    }

    pub(crate) fn finish(mut self, result: Result<AgentReply, AgentError>) {
        self.report(result);
    }

    fn report(&mut self, result: Result<AgentReply, AgentError>) {
        if let Some(desk) = self.desk.take() {
            let ticket = self.attempt.ticket;
            (desk.forget)(ticket);
            (desk.reports)(Report::Done(ticket, result));
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if self.desk.is_some() {
            self.report(Err(errors::cancelled(&self.attempt.spec.name)));
        }
    }
}
