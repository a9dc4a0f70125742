//! The first batch that a process writes of a run, which waits a moment for the second.
//!
//! A program that ends at once then needs one sync for its beginning and its end, and ten thousand
//! runs that go on after a crash are moving before anything is written. Nothing may reach the
//! world before the beginning of a run is durable, so nothing is lost by the wait: the batch is
//! sent when the machine stands still, of runs that go on together when all machines do, and by a
//! timer when that takes longer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use prism_journal::{Ack, Batch, Claim, Error as StoreError, Store};

use crate::drive::Driver;

/// How long a machine may compute before the store hears of its run.
const MOMENT: Duration = Duration::from_millis(1);
/// The same of each of those that go on with it: what most need until they stand still.
const EACH: Duration = Duration::from_micros(50);

/// Sends its batch once, whoever asks first. Without a batch it has been sent.
#[derive(Clone, Default)]
pub(crate) struct Opening(Arc<Mutex<Option<(Batch, Ack)>>>);

impl Opening {
    pub(crate) fn put(&self, batch: Batch, ack: Ack) {
        *self.lock() = Some((batch, ack));
    }

    /// Queues the batch, unless that was done.
    pub(crate) fn send(&self, store: &dyn Store, claim: &Claim) {
        // The lock is held until the batch is queued: what is sent afterwards comes afterwards.
        let mut unsent = self.lock();
        if let Some((batch, ack)) = unsent.take() {
            store.append(claim, batch, ack);
        }
    }

    /// Makes the next batch of the run a part of this one, or queues it when this has been sent.
    pub(crate) fn join(&self, next: Batch, ack: Ack, store: &dyn Store, claim: &Claim) {
        let mut unsent = self.lock();
        match unsent.take() {
            Some((mut batch, first)) => {
                batch.entries.reserve_exact(next.entries.len());
                batch.entries.extend(next.entries);
                batch.blobs.extend(next.blobs);
                batch.state.extend(next.state);
                batch.is_awaited = next.is_awaited;
                batch.checkpoint = next.checkpoint;
                let both = |outcome: Result<(), StoreError>| {
                    first(outcome.clone());
                    ack(outcome);
                };
                *unsent = Some((batch, Box::new(both)));
            }
            None => store.append(claim, next, ack),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Batch, Ack)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs that go on together. Each holds it until its machine stands still for the first time; the
/// last one sends the first batches of all, in one piece as far as the store is concerned.
pub(crate) struct Company {
    store: Arc<dyn Store>,
    unsent: Mutex<Vec<Unsent>>,
}

struct Unsent {
    opening: Opening,
    /// A run that is not driven any more writes nothing.
    claim: Weak<Claim>,
}

impl Company {
    /// Of so many runs. Must be called inside a tokio runtime whose thread no machine keeps busy.
    pub(crate) fn of(n_runs: usize, store: Arc<dyn Store>) -> Arc<Company> {
        let company = Arc::new(Company { store, unsent: Mutex::default() });
        let n_runs = u32::try_from(n_runs).unwrap_or(u32::MAX);
        let mut pause = MOMENT + EACH.saturating_mul(n_runs);
        let known = Arc::downgrade(&company);
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            while let Some(company) = known.upgrade() {
                company.send();
                drop(company);
                // Machines that compute for long keep few others from moving.
                pause = pause.saturating_mul(2);
                tokio::time::sleep(pause).await;
            }
        });
        company
    }

    /// Takes a run in that has not begun to move.
    pub(crate) fn take_in(self: Arc<Company>, driver: &mut Driver) {
        let recorder = &mut driver.recorder;
        let (opening, claim) = (recorder.opening.clone(), Arc::downgrade(&recorder.claim));
        self.lock().push(Unsent { opening, claim });
        recorder.company = Some(self);
    }

    fn send(&self) {
        let unsent = std::mem::take(&mut *self.lock());
        for Unsent { opening, claim } in unsent {
            if let Some(claim) = claim.upgrade() {
                opening.send(&*self.store, &claim);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Unsent>> {
        self.unsent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Company {
    fn drop(&mut self) {
        self.send();
    }
}
