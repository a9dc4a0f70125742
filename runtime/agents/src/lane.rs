//! What all calls of one agent share: its places, its queue, its breaker.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use crate::breaker::{Breaker, Epoch, Permission, Verdict};
use crate::way::{Stage, Way};
use crate::{AgentError, AgentSpec, errors};

pub(crate) struct Lane {
    pub(crate) spec: Arc<AgentSpec>,
    places: Mutex<Places>,
    breaker: Option<Mutex<Breaker>>,
}

struct Places {
    n_free: usize,
    /// First come, first served. Calls that were given up are passed over.
    queue: VecDeque<Arc<Way>>,
    /// Calls in the queue that were not given up.
    n_waiting: usize,
    /// Calls are cancelled.
    is_closed: bool,
}

/// So many calls that were given up may be in a queue, beside as many as there are others.
const PASSED_OVER: usize = 64;

impl Lane {
    pub(crate) fn new(spec: &Arc<AgentSpec>) -> Lane {
        let n_free = spec.concurrency.max(1);
        let places = Places { n_free, queue: VecDeque::new(), n_waiting: 0, is_closed: false };
        Lane {
            spec: spec.clone(),
            places: Mutex::new(places),
            breaker: spec.breaker.clone().map(|settings| Mutex::new(Breaker::new(settings))),
        }
    }

    /// Gives a call a place, or takes it into the queue; whether it has a place. `P2119` when too
    /// many wait already.
    pub(crate) fn enter(&self, way: &Arc<Way>) -> Result<bool, AgentError> {
        let mut places = self.places();
        if places.is_closed {
            return Err(errors::cancelled(&self.spec.name));
        }
        if places.n_free > 0 {
            let has_place = way.goes(Stage::Resting, Stage::Going);
            places.n_free -= usize::from(has_place);
            return Ok(has_place);
        }
        if places.n_waiting >= self.spec.queue {
            return Err(errors::queue_full(&self.spec.name, places.n_waiting));
        }
        if way.goes(Stage::Resting, Stage::Queued) {
            places.n_waiting += 1;
            places.queue.push_back(way.clone());
        }
        Ok(false)
    }

    /// Gives the place of a call to the next one, which is gone from the queue then. `None`: the
    /// place is free.
    pub(crate) fn pass_on(&self) -> Option<Arc<Way>> {
        let mut places = self.places();
        while let Some(way) = places.queue.pop_front() {
            if way.goes(Stage::Queued, Stage::Going) {
                places.n_waiting -= 1;
                return Some(way);
            }
        }
        places.n_free += 1;
        None
    }

    /// A call in the queue was given up, or failed there.
    pub(crate) fn passes_over(&self) {
        let mut places = self.places();
        // A lane that was closed has counted them already.
        places.n_waiting = places.n_waiting.saturating_sub(1);
        if places.queue.len() > 2 * places.n_waiting + PASSED_OVER {
            places.queue.retain(|way| !way.progress().is_over());
        }
    }

    /// Lets nobody in any more, and gives the calls that have no place.
    pub(crate) fn close(&self) -> VecDeque<Arc<Way>> {
        let mut places = self.places();
        places.is_closed = true;
        places.n_waiting = 0;
        std::mem::take(&mut places.queue)
    }

    /// Whether the breaker lets a call out; `P2118` if not. Without a breaker there is no epoch.
    pub(crate) fn ask(&self, way: &Way) -> Result<Option<Epoch>, AgentError> {
        let Some(breaker) = &self.breaker else { return Ok(None) };
        let mut breaker = breaker.lock().expect("no code panics while it holds the breaker");
        match breaker.ask(Instant::now()) {
            Permission::Granted(epoch) => Ok(Some(epoch)),
            Permission::Refused(again) => {
                let last = way.progress().last.clone();
                let last = last.as_ref().map(|error| error.message.as_str());
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

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().expect("no code panics while it holds the places")
    }
}
