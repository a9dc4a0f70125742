//! The attempts that are out: whose each is, and what is freed when it is over.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::breaker::{Epoch, Verdict};
use crate::dispatcher::Place;
use crate::way::Way;
use crate::{AgentError, AgentReply, Report, Ticket};

#[derive(Default)]
pub(crate) struct Board {
    next: AtomicU64,
    pending: Mutex<BTreeMap<Ticket, Pending>>,
}

/// What an attempt holds until its outcome is known, also when nobody waits for it any more:
/// a cancelled process that is still going away keeps its place.
pub(crate) struct Pending {
    pub(crate) way: Arc<Way>,
    pub(crate) place: Place,
    pub(crate) epoch: Option<Epoch>,
}

impl Board {
    pub(crate) fn ticket(&self) -> Ticket {
        Ticket(self.next.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn post(&self, ticket: Ticket, pending: Pending) {
        self.pending().insert(ticket, pending);
    }

    /// Takes a backend's report. A second outcome for the same ticket finds nobody.
    pub(crate) fn report(&self, report: Report) {
        match report {
            Report::Note(ticket, note) => {
                let way = self.pending().get(&ticket).map(|pending| pending.way.clone());
                if let Some(way) = way {
                    way.note(note);
                }
            }
            Report::Done(ticket, outcome) => {
                if let Some(pending) = self.take(ticket) {
                    pending.settle(outcome);
                }
            }
        }
    }

    /// An attempt that did not go out after all.
    pub(crate) fn take(&self, ticket: Ticket) -> Option<Pending> {
        self.pending().remove(&ticket)
    }

    fn pending(&self) -> MutexGuard<'_, BTreeMap<Ticket, Pending>> {
        self.pending.lock().expect("no code panics while it holds the board")
    }
}

impl Pending {
    /// The next call of the agent goes out before anybody hears of the outcome.
    fn settle(self, outcome: Result<AgentReply, AgentError>) {
        let Pending { way, place, epoch } = self;
        way.lane.tell(epoch, verdict(&outcome));
        let dispatcher = place.free();
        match outcome {
            Ok(reply) => way.finish(Ok(reply)),
            Err(error) => dispatcher.failed(way, error),
        }
    }
}

/// An agent that answers with an error of its own is in good health.
fn verdict(outcome: &Result<AgentReply, AgentError>) -> Verdict {
    match outcome {
        Ok(_) => Verdict::Success,
        Err(error) if error.code == "P2116" => Verdict::Success,
        Err(error) if error.code == "P2117" => Verdict::Unknown,
        Err(_) => Verdict::Failure,
    }
}
