//! The attempts that are out: who waits for each, and what is freed when it is over.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::breaker::{Epoch, Verdict};
use crate::lane::Lane;
use crate::pump::Pump;
use crate::{AgentError, AgentReply, Notes, Report, Ticket};

type Outcome = Result<AgentReply, AgentError>;

#[derive(Default)]
pub(crate) struct Board {
    next: AtomicU64,
    pending: Mutex<HashMap<Ticket, Posted>>,
}

/// What an attempt holds until its outcome is known, also when nobody waits for it any more:
/// a cancelled process that is still going away keeps its place.
pub(crate) struct Pending {
    lane: Arc<Lane>,
    place: OwnedSemaphorePermit,
    epoch: Option<Epoch>,
    notes: Notes,
}

struct Posted {
    pending: Pending,
    waiter: oneshot::Sender<Outcome>,
}

impl Pending {
    pub(crate) fn new(
        lane: &Arc<Lane>,
        place: OwnedSemaphorePermit,
        epoch: Option<Epoch>,
        notes: &Notes,
    ) -> Pending {
        Pending { lane: lane.clone(), place, epoch, notes: notes.clone() }
    }
}

impl Board {
    pub(crate) fn post(&self, pending: Pending) -> (Ticket, oneshot::Receiver<Outcome>) {
        let ticket = Ticket(self.next.fetch_add(1, Ordering::Relaxed));
        let (waiter, outcome) = oneshot::channel();
        self.pending().insert(ticket, Posted { pending, waiter });
        (ticket, outcome)
    }

    /// Takes a backend's report. A second outcome for the same ticket finds nobody.
    pub(crate) fn report(&self, report: Report) {
        match report {
            Report::Note(ticket, note) => {
                let notes = self.pending().get(&ticket).and_then(Posted::listener);
                if let Some(notes) = notes {
                    notes(note);
                }
            }
            Report::Done(ticket, outcome) => {
                let posted = self.pending().remove(&ticket);
                if let Some(posted) = posted {
                    posted.settle(outcome);
                }
            }
        }
    }

    fn pending(&self) -> MutexGuard<'_, HashMap<Ticket, Posted>> {
        self.pending.lock().expect("no code panics while it holds the board")
    }
}

impl Posted {
    /// Who hears the notes: nobody, once the call was given up.
    fn listener(&self) -> Option<Notes> {
        (!self.waiter.is_closed()).then(|| self.pending.notes.clone())
    }

    fn settle(self, outcome: Outcome) {
        let Pending { lane, place, epoch, .. } = self.pending;
        lane.tell(epoch, verdict(&outcome));
        drop(place);
        // Nobody listens when the call was given up; the outcome is then of no use.
        let _ = self.waiter.send(outcome);
    }
}

/// An agent that answers with an error of its own is in good health.
fn verdict(outcome: &Outcome) -> Verdict {
    match outcome {
        Ok(_) => Verdict::Success,
        Err(error) if error.code == "P2116" => Verdict::Success,
        Err(error) if error.code == "P2117" => Verdict::Unknown,
        Err(_) => Verdict::Failure,
    }
}

/// Cancels its attempt when dropped before the outcome came.
pub(crate) struct Claim<'a> {
    pump: &'a Pump,
    ticket: Option<Ticket>,
}

impl<'a> Claim<'a> {
    pub(crate) fn new(pump: &'a Pump, ticket: Ticket) -> Claim<'a> {
        Claim { pump, ticket: Some(ticket) }
    }

    pub(crate) fn settle(&mut self) {
        self.ticket = None;
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.pump.cancel(ticket);
        }
    }
}
