//! Writes a run's journal, and says what became durable.

use std::collections::VecDeque;
use std::sync::Arc;

use prism_agents::Gate;
use prism_journal::{
    Ack, Batch, Claim, Draft, Entry, Error as StoreError, Log, NextCheckpoint, StateWrite, Store,
};
use prism_vm::{Answer, RequestId};

use crate::checkpoint::Pace;
use crate::drive::Signal;
use crate::events::Fold;
use crate::inbox::Signals;
use crate::opening::{Company, Opening};
use crate::secrets::Secrets;
use crate::{Error, Watch};

/// What must wait until a batch is durable.
#[derive(Default)]
pub(crate) struct Then {
    /// Answers to feed, in this order.
    pub(crate) feed: Vec<(RequestId, Answer)>,
    /// Requests whose question may now be put to people.
    pub(crate) ask: Vec<RequestId>,
    /// Attempts that may now go out.
    pub(crate) open: Vec<Gate>,
}

/// The end of a run's journal, as its owner writes it.
pub(crate) struct Recorder {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) claim: Arc<Claim>,
    pub(crate) opening: Opening,
    /// Until the machine stands still for the first time.
    pub(crate) company: Option<Arc<Company>>,
    pub(crate) log: Log,
    pub(crate) fold: Fold,
    pub(crate) watch: Option<Arc<dyn Watch>>,
    pub(crate) signals: Signals,
    pub(crate) sent: VecDeque<(Vec<Entry>, Then)>,
    pub(crate) secrets: Secrets,
    /// Whether the run goes on only when its entries are durable.
    pub(crate) is_awaited: bool,
    /// The run's first entry.
    pub(crate) first: Entry,
    pub(crate) pace: Pace,
    /// What the next batch does to the run's checkpoint.
    pub(crate) checkpoint: NextCheckpoint,
}

impl Recorder {
    /// Queues entries and gives them; a `Signal::Durable` tells their fate.
    /// Secrets are in none of them, nor in the answers that will be fed: a run that goes on is
    /// fed the same.
    pub(crate) fn append(
        &mut self,
        mut drafts: Vec<Draft>,
        state: Vec<StateWrite>,
        mut then: Then,
    ) -> &[Entry] {
        drafts.iter_mut().for_each(|draft| self.secrets.hide_json(&mut draft.payload));
        then.feed.iter_mut().for_each(|(_, answer)| self.secrets.hide_answer(answer));
        let mut batch = self.log.batch(drafts);
        batch.state = state;
        self.send(batch, then);
        self.sent.back().map_or(&[], |(entries, _)| entries)
    }

    fn send(&mut self, mut batch: Batch, then: Then) {
        batch.is_awaited = self.is_awaited;
        batch.checkpoint = std::mem::take(&mut self.checkpoint);
        let ack = self.expect(&batch, then);
        self.opening.join(batch, ack, &*self.store, &self.claim);
        match self.company.take() {
            Some(company) => drop(company),
            None => self.opening.send(&*self.store, &self.claim),
        }
    }

    /// Takes the first batch that this process writes of a run; it is sent with the next one.
    pub(crate) fn open(&mut self, batch: Batch) {
        let ack = self.expect(&batch, Then::default());
        self.opening.put(batch, ack);
    }

    /// The same for one entry about the run.
    pub(crate) fn open_with(&mut self, draft: Draft) {
        let batch = self.log.batch(vec![draft]);
        self.open(batch);
    }

    /// Notes that the machine stands still, and nothing is to be written.
    pub(crate) fn stands_still(&mut self) {
        self.company = None;
    }

    fn expect(&mut self, batch: &Batch, then: Then) -> Ack {
        self.sent.push_back((batch.entries.clone(), then));
        let signals = self.signals.clone();
        Box::new(move |outcome: Result<(), StoreError>| {
            signals.send(Signal::Durable(outcome.map_err(Box::new)));
        })
    }

    /// Takes the fate of the oldest batch that is not settled, and tells its events.
    pub(crate) fn settle(&mut self, outcome: Result<(), StoreError>) -> Result<Then, Error> {
        outcome?;
        let (entries, then) = self.sent.pop_front().expect("a fate belongs to a batch");
        if let Some(watch) = &self.watch {
            let mut events = Vec::new();
            for entry in &entries {
                self.fold.push(&*self.store, entry, |kind| watch.wants(kind), &mut events)?;
            }
            events.iter().for_each(|event| watch.event(event));
        }
        Ok(then)
    }

    /// When the oldest entry was made that is not durable, in microseconds since 1970.
    pub(crate) fn oldest(&self) -> Option<i64> {
        self.first_unsettled().map(|entry| entry.time)
    }

    /// The entries that are not durable.
    pub(crate) fn unsettled(&self) -> impl Iterator<Item = &Entry> {
        self.sent.iter().flat_map(|(entries, _)| entries)
    }

    /// The oldest one of them.
    pub(crate) fn first_unsettled(&self) -> Option<&Entry> {
        self.unsettled().next()
    }

    /// The next batch ends the run.
    pub(crate) fn drop_checkpoint(&mut self) {
        self.checkpoint = match self.pace.is_kept {
            true => NextCheckpoint::Drop,
            false => NextCheckpoint::Keep,
        };
    }

    /// Whether everything that was queued is durable.
    pub(crate) fn is_settled(&self) -> bool {
        self.sent.is_empty()
    }
}
