//! The first batch that a process writes of a run, which waits a moment for the second.
//!
//! A program that ends at once then needs one sync for its beginning and its end, and ten thousand
//! runs that go on after a crash are moving before anything is written. Nothing may reach the
//! world before the beginning of a run is durable, so nothing is lost by the wait: the driver
//! sends the batch when the machine stands still, and a timer when that takes longer.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use prism_journal::{Ack, Batch, Claim, Error as StoreError, Store};

/// How long a machine may compute before the store hears of its run.
const MOMENT: Duration = Duration::from_millis(1);

/// Sends its batch once, whoever asks first. Without a batch it has been sent.
#[derive(Clone, Default)]
pub(crate) struct Opening(Arc<Mutex<Option<(Batch, Ack)>>>);

impl Opening {
    pub(crate) fn new(batch: Batch, ack: Ack) -> Opening {
        Opening(Arc::new(Mutex::new(Some((batch, ack)))))
    }

    /// Queues the batch, unless that was done.
    pub(crate) fn send(&self, store: &dyn Store, claim: &Claim) {
        // The lock is held until the batch is queued: what is sent afterwards comes afterwards.
        let mut unsent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((batch, ack)) = unsent.take() {
            store.append(claim, batch, ack);
        }
    }

    /// Queues the next batch of the run, in one piece with this one unless that has been sent.
    pub(crate) fn send_with(&self, next: Batch, ack: Ack, store: &dyn Store, claim: &Claim) {
        let mut unsent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match unsent.take() {
            Some((mut batch, first)) => {
                batch.entries.extend(next.entries);
                batch.blobs.extend(next.blobs);
                batch.state.extend(next.state);
                batch.is_awaited = next.is_awaited;
                batch.checkpoint = next.checkpoint;
                let both = |outcome: Result<(), StoreError>| {
                    first(outcome.clone());
                    ack(outcome);
                };
                store.append(claim, batch, Box::new(both));
            }
            None => store.append(claim, next, ack),
        }
    }
}

/// Sends the first batches of runs in a moment, of those that are still driven then. Must be called
/// inside a tokio runtime whose thread no machine keeps busy.
pub(crate) fn send_soon(openings: Vec<(Opening, Weak<Claim>)>, store: Arc<dyn Store>) {
    // Many runs that go on together wait for each other before they stand still.
    let moment = MOMENT.saturating_mul(u32::try_from(openings.len()).unwrap_or(u32::MAX));
    tokio::spawn(async move {
        tokio::time::sleep(moment).await;
        for (opening, claim) in openings {
            if let Some(claim) = claim.upgrade() {
                opening.send(&*store, &claim);
            }
        }
    });
}
