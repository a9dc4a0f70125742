//! A store that lives as long as the process: for `--no-store`, and for tests.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::store::check_chain;
use crate::{
    Ack, Batch, Checkpoint, Claim, Digest, Entry, Error, Message, NextCheckpoint, Reference,
    Removed, RunId, RunRecord, StateKey, Store,
};

/// A store in memory. Acknowledges at once; forgets all at the end.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Contents>>);

#[derive(Default)]
struct Contents {
    runs: BTreeMap<RunId, (RunRecord, Vec<Entry>)>,
    checkpoints: HashMap<RunId, Checkpoint>,
    claimed: HashSet<RunId>,
    blobs: HashMap<Digest, Arc<[u8]>>,
    /// Which run uses which blob.
    uses: HashSet<(RunId, Digest)>,
    state: HashMap<StateKey, Arc<[u8]>>,
    messages: Vec<Message>,
    /// Ever: numbers are not used twice.
    n_messages: u64,
    n_changes: u64,
}

impl Memory {
    pub fn new() -> Memory {
        Memory::default()
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Memory {
    fn claim(&self, run: RunId) -> Result<Claim, Error> {
        if !self.lock().claimed.insert(run) {
            return Err(Error::Claimed { run });
        }
        let store = self.clone();
        Ok(Claim::new(
            run,
            Box::new(move || {
                store.lock().claimed.remove(&run);
            }),
        ))
    }

    fn is_claimed(&self, run: RunId) -> Result<bool, Error> {
        Ok(self.lock().claimed.contains(&run))
    }

    fn append(&self, _claim: &Claim, batch: Batch, ack: Ack) {
        let outcome = self.lock().append(batch);
        ack(outcome);
    }

    fn read(&self, run: RunId, from: u64) -> Result<Vec<Entry>, Error> {
        let contents = self.lock();
        let Some((_, entries)) = contents.runs.get(&run) else { return Ok(Vec::new()) };
        check_chain(entries, 0, Digest::ZERO)?;
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        Ok(entries.get(from..).unwrap_or_default().to_vec())
    }

    fn checkpoint(&self, run: RunId) -> Result<Option<Checkpoint>, Error> {
        Ok(self.lock().checkpoints.get(&run).cloned())
    }

    fn run(&self, run: RunId) -> Result<Option<RunRecord>, Error> {
        Ok(self.lock().runs.get(&run).map(|(record, _)| record.clone()))
    }

    fn runs(&self) -> Result<Vec<RunRecord>, Error> {
        Ok(self.lock().runs.values().map(|(record, _)| record.clone()).collect())
    }

    fn blob(&self, reference: Reference) -> Result<Arc<[u8]>, Error> {
        let hash = reference.hash;
        self.lock().blobs.get(&hash).cloned().ok_or(Error::Blob { hash })
    }

    fn state(&self, at: &StateKey) -> Result<Option<Arc<[u8]>>, Error> {
        Ok(self.lock().state.get(at).cloned())
    }

    fn post(&self, run: RunId, key: &str, body: &[u8]) -> Result<bool, Error> {
        let mut contents = self.lock();
        if contents.messages.iter().any(|message| message.run == run && &*message.key == key) {
            return Ok(false);
        }
        contents.n_changes += 1;
        contents.n_messages += 1;
        let number = contents.n_messages;
        let time = crate::log::now_micros();
        contents.messages.push(Message { number, run, key: key.into(), time, body: body.into() });
        Ok(true)
    }

    fn messages(&self, run: Option<RunId>, after: u64) -> Result<Vec<Message>, Error> {
        let contents = self.lock();
        let wanted =
            |message: &&Message| message.number > after && run.is_none_or(|run| run == message.run);
        Ok(contents.messages.iter().filter(wanted).cloned().collect())
    }

    fn remove(&self, runs: &[RunId]) -> Result<Removed, Error> {
        Ok(self.lock().remove(runs))
    }

    fn last_message(&self) -> Result<u64, Error> {
        Ok(self.lock().n_messages)
    }

    fn changes(&self) -> Result<u64, Error> {
        Ok(self.lock().n_changes)
    }
}

impl Contents {
    fn remove(&mut self, runs: &[RunId]) -> Removed {
        let mut removed = Removed::default();
        for run in runs {
            let has_ended = self.runs.get(run).is_some_and(|(record, _)| record.status.is_final());
            if !has_ended || self.claimed.contains(run) {
                continue;
            }
            self.runs.remove(run);
            self.checkpoints.remove(run);
            self.messages.retain(|message| message.run != *run);
            self.uses.retain(|(user, _)| user != run);
            let scope = run.to_string();
            self.state.retain(|key, _| *key.scope != scope);
            removed.runs += 1;
        }
        let n_before = self.blobs.len();
        let used: HashSet<Digest> = self.uses.iter().map(|(_, hash)| *hash).collect();
        self.blobs.retain(|hash, _| used.contains(hash));
        removed.blobs = (n_before - self.blobs.len()) as u64;
        self.n_changes += 1;
        removed
    }

    fn append(&mut self, batch: Batch) -> Result<(), Error> {
        if let Some(first) = batch.entries.first() {
            let next = self.runs.get(&first.run).map_or(0, |(record, _)| record.last_seq + 1);
            if first.seq != next {
                return Err(Error::OutOfOrder { run: first.run, seq: first.seq });
            }
        }
        self.n_changes += 1;
        if let Some(first) = batch.entries.first() {
            let run = first.run;
            self.uses.extend(batch.blobs.iter().map(|(reference, _)| (run, reference.hash)));
            match batch.checkpoint {
                NextCheckpoint::Keep => {}
                NextCheckpoint::Put(checkpoint) => drop(self.checkpoints.insert(run, checkpoint)),
                NextCheckpoint::Drop => drop(self.checkpoints.remove(&run)),
            }
        }
        for entry in batch.entries {
            match self.runs.get_mut(&entry.run) {
                Some((record, entries)) => {
                    record.add(Some(entry.kind), entry.time, entry.seq, entry.hash);
                    entries.push(entry);
                }
                None => {
                    let record = RunRecord::first(
                        entry.run,
                        entry.name.clone(),
                        entry.time,
                        entry.seq,
                        entry.hash,
                    );
                    self.runs.insert(entry.run, (record, vec![entry]));
                }
            }
        }
        self.blobs
            .extend(batch.blobs.into_iter().map(|(reference, bytes)| (reference.hash, bytes)));
        self.state.extend(batch.state.into_iter().map(|write| (write.at, write.value)));
        Ok(())
    }
}
