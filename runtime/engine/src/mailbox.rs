//! What other processes say to the runs that this one drives: decisions and wishes to cancel.
//!
//! One task asks the store for all runs when it rings, so that a hundred thousand runs that wait for
//! a person cost one question now and then, not one each.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use prism_journal::{Bell, Message, RunId, Store};

use crate::drive::Signal;
use crate::event_loop::EventLoop;
use crate::inbox::Signals;
use crate::{Error, runs};

#[derive(Clone, Default)]
pub(crate) struct Mailbox {
    boxes: Arc<Mutex<Boxes>>,
    /// How many runs there are.
    n_runs: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Boxes {
    runs: HashMap<RunId, Signals>,
    is_polled: bool,
}

/// Ends the delivery to a run when it is dropped.
pub(crate) struct Delivery {
    mailbox: Mailbox,
    run: RunId,
}

impl Mailbox {
    /// Delivers the run's messages from now on. What was left before, the run looks up itself.
    pub(crate) fn deliver(
        &self,
        store: &Arc<dyn Store>,
        event_loop: &EventLoop,
        run: RunId,
        signals: Signals,
    ) -> Delivery {
        let mut boxes = self.lock();
        boxes.runs.insert(run, signals);
        self.n_runs.store(boxes.runs.len(), Ordering::Relaxed);
        if !boxes.is_polled {
            boxes.is_polled = true;
            event_loop.spawn_beside(listen(self.clone(), store.clone()));
        }
        Delivery { mailbox: self.clone(), run }
    }

    /// Hands messages to their runs. `false`: no run is left, and nobody polls any more.
    fn distribute(&self, messages: Vec<Message>) -> bool {
        let mut boxes = self.lock();
        for message in messages {
            if let Some(signals) = boxes.runs.get(&message.run) {
                // If the driver has ended, the message stays in the store.
                signals.send(Signal::Message(Box::new(message)));
            }
        }
        boxes.is_polled = !boxes.runs.is_empty();
        boxes.is_polled
    }

    fn lock(&self) -> MutexGuard<'_, Boxes> {
        self.boxes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many runs are driven here, as it changes.
    pub(crate) fn n_runs(&self) -> Arc<AtomicUsize> {
        self.n_runs.clone()
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        let mut boxes = self.mailbox.lock();
        boxes.runs.remove(&self.run);
        self.mailbox.n_runs.store(boxes.runs.len(), Ordering::Relaxed);
    }
}

/// The store is asked so often at least, though nobody has rung.
const SELDOM: Duration = Duration::from_millis(500);

/// Asks the store for messages until no run is left. The first pause comes first, so that short
/// runs never ask. A store that does not answer is asked again; a run that needs it finds out by
/// itself.
async fn listen(mailbox: Mailbox, store: Arc<dyn Store>) {
    let rest = store.rest();
    tokio::time::sleep(rest).await;
    let mut bell = Bell::of(&*store, rest);
    let store = Arc::downgrade(&store);
    let mut ear = Ear { mailbox: mailbox.clone(), store: store.clone(), place: Place::default() };
    let wait = move || {
        while ear.hears() {
            bell.wait(SELDOM);
        }
    };
    let thread = thread::Builder::new().name("prism-mailbox".to_owned()).spawn(wait);
    // When the system has no thread left, without the bell.
    if thread.is_err() {
        let mut ear = Ear { mailbox, store, place: Place::default() };
        while ear.hears() {
            tokio::time::sleep(rest).await;
        }
    }
}

/// Who asks, and for whom.
struct Ear {
    mailbox: Mailbox,
    /// Somebody who listens is no reason to keep it.
    store: Weak<dyn Store>,
    place: Place,
}

impl Ear {
    /// Takes what there is to its runs. `false`: nobody wants it any more.
    fn hears(&mut self) -> bool {
        let Some(store) = self.store.upgrade() else { return false };
        let news = self.place.news(&*store, &self.mailbox).unwrap_or_default();
        self.mailbox.distribute(news)
    }
}

/// How far the messages of a store are read.
#[derive(Default)]
struct Place {
    /// `None` before the first look.
    after: Option<u64>,
    changes: Option<u64>,
}

impl Place {
    fn news(&mut self, store: &dyn Store, mailbox: &Mailbox) -> Result<Vec<Message>, Error> {
        let changes = store.changes()?;
        if self.changes == Some(changes) {
            return Ok(Vec::new());
        }
        let messages = match self.after {
            Some(after) => store.messages(None, after)?,
            None => self.first_look(store, mailbox)?,
        };
        self.after = self.after.max(messages.last().map(|last| last.number));
        self.changes = Some(changes);
        Ok(messages)
    }

    /// What was said to the runs since they are here, and before: they know what they know.
    fn first_look(&mut self, store: &dyn Store, mailbox: &Mailbox) -> Result<Vec<Message>, Error> {
        self.after = Some(store.last_message()?);
        let runs: Vec<RunId> = mailbox.lock().runs.keys().copied().collect();
        let mut messages = runs::messages(store, &runs)?;
        messages.sort_by_key(|message| message.number);
        Ok(messages)
    }
}
