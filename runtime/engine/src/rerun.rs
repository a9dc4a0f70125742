//! A machine that is fed from a journal and nothing else: nobody is asked, nothing is written.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use prism_bytecode::Verified;
use prism_journal::{Entry, RunId, Store};
use prism_vm::{Answer, Data, Outcome, RequestId};
use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::compute::{self, Compute};
use crate::drive::End;
use crate::past::{self, Past};
use crate::record::{Asked, payload};
use crate::result::{self, RunResult};
use crate::secrets::Secrets;
use crate::start::{self, Recorded};
use crate::{Error, engine};

/// What is different from the run as it was recorded.
#[derive(Clone, Default)]
pub struct Changes {
    /// Another program, with the bytes that it can be decoded from.
    pub program: Option<(Arc<Verified>, Arc<[u8]>)>,
    /// Names of the host that get another value.
    pub inputs: Vec<(Arc<str>, Data)>,
    /// In place of [`Start::meta`](crate::Start).
    pub meta: Option<Value>,
}

/// A run as it was recorded, with its changes applied.
pub(crate) struct Original {
    pub(crate) run: RunId,
    pub(crate) entries: Vec<Entry>,
    pub(crate) recorded: Recorded,
    pub(crate) module: Arc<Verified>,
    pub(crate) artifact: Arc<[u8]>,
    pub(crate) inputs: Vec<(Arc<str>, Data)>,
    /// How it ended, if it has.
    pub(crate) ended: Option<RunResult>,
}

impl Original {
    pub(crate) fn read(store: &dyn Store, run: RunId, changes: Changes) -> Result<Original, Error> {
        let entries = store.read(run, 0)?;
        let first = entries.first().ok_or_else(|| Error::UnknownRun { name: run.to_string() })?;
        let mut recorded = start::from_entry(store, first)?;
        if recorded.schedule.is_some() {
            return Err(Error::IsSchedule { run });
        }
        let last = entries.last().unwrap_or(first);
        let ended = result::from_entry(last, payload(store, last)?)?;
        let (module, artifact) = match changes.program {
            Some(program) => {
                expect_same_names(store, run, &recorded)?;
                program
            }
            None => (engine::load(store, run, &recorded)?, store.blob(recorded.artifact)?),
        };
        let mut inputs = recorded.inputs.clone();
        for (name, value) in changes.inputs {
            inputs.retain(|(known, _)| *known != name);
            inputs.push((name, value));
        }
        recorded.meta = changes.meta.unwrap_or(recorded.meta);
        Ok(Original { run, entries, recorded, module, artifact, inputs, ended })
    }

    pub(crate) fn machine(&self) -> Result<Box<dyn Compute>, Error> {
        compute::machine(&self.module, self.recorded.limits, &self.inputs, None)
    }

    pub(crate) fn rerun(&self, store: &dyn Store) -> Result<Rerun, Error> {
        let past = Past::from_entries(store, &self.entries)?;
        Ok(Rerun::new(self.machine()?, past))
    }
}

/// Refuses a run whose effects have their names from another format of programs: no program of
/// today asks under those.
fn expect_same_names(store: &dyn Store, run: RunId, recorded: &Recorded) -> Result<(), Error> {
    let format = prism_bytecode::format(&store.blob(recorded.artifact)?);
    if format == Some(prism_bytecode::FORMAT) {
        return Ok(());
    }
    let detail = "its effects are named as by another version of Prism".to_owned();
    Err(Error::Program { run, detail })
}

/// The requests that a machine waits for.
#[derive(Default)]
pub(crate) struct Waiting {
    requests: BTreeMap<RequestId, Asked>,
    by_effect_id: FxHashMap<Arc<str>, RequestId>,
}

impl Waiting {
    fn add(&mut self, asked: Asked) {
        self.by_effect_id.insert(asked.effect_id.clone(), asked.id);
        self.requests.insert(asked.id, asked);
    }

    fn take(&mut self, id: RequestId) -> Option<Asked> {
        let asked = self.requests.remove(&id)?;
        self.by_effect_id.remove(&asked.effect_id);
        Some(asked)
    }

    fn find(&self, effect_id: &str) -> Option<RequestId> {
        self.by_effect_id.get(effect_id).copied()
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Asked> {
        self.requests.values()
    }
}

/// A machine on its way through a journal.
pub(crate) struct Rerun {
    machine: Box<dyn Compute>,
    pub(crate) past: Past,
    pub(crate) waiting: Waiting,
    given_up: HashSet<Arc<str>>,
    pub(crate) n_fed: usize,
}

impl Rerun {
    pub(crate) fn new(machine: Box<dyn Compute>, past: Past) -> Rerun {
        Rerun { machine, past, waiting: Waiting::default(), given_up: HashSet::new(), n_fed: 0 }
    }

    /// Runs the machine to a standstill. Gives its end, or the requests that are new.
    pub(crate) fn compute(&mut self) -> Result<End, Vec<Asked>> {
        let outcome = self.machine.run();
        self.machine.take_output();
        let fresh: Vec<Asked> = match outcome {
            Outcome::Done(value) => return Ok(End::Done(value)),
            Outcome::Trap(trap) => return Ok(End::Trap(trap)),
            Outcome::Perform(requests) => {
                // The journal has hidden them all.
                let asked = |request| Asked::from_request(request, &Secrets::default());
                requests.into_iter().map(asked).collect()
            }
        };
        fresh.iter().for_each(|asked| self.waiting.add(asked.clone()));
        for id in self.machine.take_cancelled() {
            if let Some(asked) = self.waiting.take(id) {
                self.given_up.insert(asked.effect_id);
            }
        }
        Err(fresh)
    }

    /// The next outcome of the journal for a request that was not given up.
    pub(crate) fn next_outcome(&mut self) -> Option<past::Outcome> {
        loop {
            let outcome = self.past.next_outcome()?;
            if self.waits_for(&outcome.effect_id) || !self.given_up.contains(&outcome.effect_id) {
                return Some(outcome);
            }
        }
    }

    pub(crate) fn waits_for(&self, effect_id: &str) -> bool {
        self.waiting.find(effect_id).is_some()
    }

    /// Hands an outcome to the machine, which waits for it; gives the request.
    pub(crate) fn feed(&mut self, outcome: past::Outcome) -> Asked {
        let id = self.waiting.find(&outcome.effect_id);
        let asked = id.and_then(|id| self.waiting.take(id));
        let asked = asked.expect("the caller has asked `waits_for`");
        self.n_fed += 1;
        if let Err(error) = self.machine.resume(asked.id, outcome.answer) {
            let refusal = crate::error::not_taken(&error);
            // A request that waits takes an error: it is not nested.
            let _ = self.machine.resume(asked.id, Answer::Error(refusal));
        }
        asked
    }
}
