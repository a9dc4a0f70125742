//! A machine that is fed from a journal and nothing else: nobody is asked, nothing is written.

use std::collections::HashSet;
use std::sync::Arc;

use prism_bytecode::Verified;
use prism_journal::{Entry, RunId, Store};
use prism_vm::{Answer, Data, Outcome, RequestId};
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
                expect_same_names(store, &recorded)?;
                program
            }
            None => (engine::load(store, &recorded)?, store.blob(recorded.artifact)?),
        };
        let mut inputs = recorded.inputs.clone();
        for (name, value) in changes.inputs {
            inputs.retain(|(known, _)| *known != name);
            inputs.push((name, value));
        }
        recorded.meta = changes.meta.unwrap_or(recorded.meta);
        Ok(Original { entries, recorded, module, artifact, inputs, ended })
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
fn expect_same_names(store: &dyn Store, recorded: &Recorded) -> Result<(), Error> {
    let format = prism_bytecode::format(&store.blob(recorded.artifact)?);
    if format == Some(prism_bytecode::FORMAT) {
        return Ok(());
    }
    let detail = "its effects are named as by another version of Prism".to_owned();
    Err(Error::Program { run: recorded.run, detail })
}

/// A machine on its way through a journal.
pub(crate) struct Rerun {
    machine: Box<dyn Compute>,
    pub(crate) past: Past,
    /// What the machine waits for, oldest first.
    pub(crate) waiting: Vec<Asked>,
    given_up: HashSet<Arc<str>>,
    pub(crate) n_fed: usize,
}

impl Rerun {
    pub(crate) fn new(machine: Box<dyn Compute>, past: Past) -> Rerun {
        Rerun { machine, past, waiting: Vec::new(), given_up: HashSet::new(), n_fed: 0 }
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
        self.waiting.extend(fresh.iter().cloned());
        for id in self.machine.take_cancelled() {
            if let Some(asked) = self.take(id) {
                self.given_up.insert(asked.effect_id);
            }
        }
        Err(fresh)
    }

    fn take(&mut self, id: RequestId) -> Option<Asked> {
        let place = self.waiting.iter().position(|asked| asked.id == id)?;
        Some(self.waiting.remove(place))
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
        self.waiting.iter().any(|asked| &*asked.effect_id == effect_id)
    }

    /// Hands an outcome to the machine, which waits for it; gives the request.
    pub(crate) fn feed(&mut self, outcome: past::Outcome) -> Asked {
        let place = self.waiting.iter().position(|asked| asked.effect_id == outcome.effect_id);
        let asked = self.waiting.remove(place.expect("the caller has asked `waits_for`"));
        self.n_fed += 1;
        if let Err(error) = self.machine.resume(asked.id, outcome.answer) {
            let refusal = crate::error::not_taken(&error);
            // A request that waits takes an error: it is not nested.
            let _ = self.machine.resume(asked.id, Answer::Error(refusal));
        }
        asked
    }
}
