//! What all calls of one agent share: its places, its queue, its breaker.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::breaker::{Breaker, Epoch, Permission, Verdict};
use crate::{AgentError, AgentSpec, errors};

pub(crate) struct Lane {
    pub(crate) spec: Arc<AgentSpec>,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    breaker: Option<Mutex<Breaker>>,
}

impl Lane {
    pub(crate) fn new(spec: &Arc<AgentSpec>) -> Lane {
        let places = spec.concurrency.clamp(1, Semaphore::MAX_PERMITS);
        Lane {
            spec: spec.clone(),
            places: Arc::new(Semaphore::new(places)),
            waiting: AtomicUsize::new(0),
            breaker: spec.breaker.clone().map(|settings| Mutex::new(Breaker::new(settings))),
        }
    }

    /// A place to run in, first come, first served. `P2119` when too many wait already.
    pub(crate) async fn place(&self) -> Result<OwnedSemaphorePermit, AgentError> {
        if let Ok(free) = self.places.clone().try_acquire_owned() {
            return Ok(free);
        }
        let _turn = self.queue()?;
        Ok(self.places.clone().acquire_owned().await.expect("the semaphore is never closed"))
    }

    /// Whether the breaker lets a call out; `P2118` if not. Without a breaker there is no epoch.
    pub(crate) fn ask(&self, last: Option<&AgentError>) -> Result<Option<Epoch>, AgentError> {
        let Some(breaker) = &self.breaker else { return Ok(None) };
        let mut breaker = breaker.lock().expect("no code panics while it holds the breaker");
        match breaker.ask(Instant::now()) {
            Permission::Granted(epoch) => Ok(Some(epoch)),
            Permission::Refused(again) => {
                let last = last.map(|error| error.message.as_str());
                Err(errors::resting(&self.spec.name, breaker.failures(), again, last))
            }
        }
    }

    pub(crate) fn tell(&self, epoch: Option<Epoch>, verdict: Verdict) {
        if let (Some(breaker), Some(epoch)) = (&self.breaker, epoch) {
            let mut breaker = breaker.lock().expect("no code panics while it holds the breaker");
            breaker.tell(epoch, verdict, Instant::now());
        }
    }

    fn queue(&self) -> Result<Turn<'_>, AgentError> {
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed);
        let turn = Turn(&self.waiting);
        if waiting >= self.spec.queue {
            return Err(errors::queue_full(&self.spec.name, waiting));
        }
        Ok(turn)
    }
}

/// One call in the queue; leaves it when dropped.
struct Turn<'a>(&'a AtomicUsize);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
