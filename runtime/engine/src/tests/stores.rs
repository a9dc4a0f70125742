//! Stores that fail in the middle, and how much of them is read.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use prism_journal::{
    Ack, Batch, Checkpoint, Claim, Entry, Error as StoreError, Memory, Message, Reference, Removed,
    RunId, RunRecord, StateKey, Status, Store,
};
use prism_vm::Data;

use super::fake::{Program, Until};
use super::lab::{Lab, go_on, start};
use crate::Error;

/// Takes so many batches, then its disk is full.
pub struct Filling {
    inner: Memory,
    room: AtomicUsize,
    /// While it is there, nothing is acknowledged.
    held: Mutex<Option<Vec<Held>>>,
    /// Entries that were read.
    n_read: AtomicUsize,
}

/// A batch that waits for its acknowledgement, with its entries.
type Held = (Ack, Vec<Entry>);

impl Filling {
    pub fn with_room(batches: usize) -> Filling {
        Filling { room: AtomicUsize::new(batches), ..Filling::around(Memory::new()) }
    }

    /// A full disk with what there is.
    pub fn around(inner: Memory) -> Filling {
        let (room, n_read) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Filling { inner, room, held: Mutex::new(None), n_read }
    }

    /// How many entries were read since the last time.
    pub fn n_read(&self) -> usize {
        self.n_read.swap(0, Ordering::SeqCst)
    }

    /// Acknowledges nothing until `release`.
    pub fn stall(&self) {
        *self.held.lock().unwrap() = Some(Vec::new());
    }

    /// The times of the entries that are not acknowledged.
    pub fn held(&self) -> Vec<i64> {
        let held = self.held.lock().unwrap();
        held.iter().flatten().flat_map(|(_, entries)| entries).map(|entry| entry.time).collect()
    }

    pub fn release(&self) {
        let held = self.held.lock().unwrap().take();
        for (ack, _) in held.into_iter().flatten() {
            ack(Ok(()));
        }
    }
}

impl Store for Filling {
    fn claim(&self, run: RunId) -> Result<Claim, StoreError> {
        self.inner.claim(run)
    }

    fn is_claimed(&self, run: RunId) -> Result<bool, StoreError> {
        self.inner.is_claimed(run)
    }

    fn append(&self, claim: &Claim, batch: Batch, ack: Ack) {
        if let Some(held) = &mut *self.held.lock().unwrap() {
            held.push((ack, batch.entries.clone()));
            return self.inner.append(claim, batch, Box::new(|_| {}));
        }
        let full = || Err(StoreError::DiskFull { path: "disk".into() });
        match self.room.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |room| room.checked_sub(1))
        {
            Ok(_) => self.inner.append(claim, batch, ack),
            Err(_) => ack(full()),
        }
    }

    fn read(&self, run: RunId, from: u64) -> Result<Vec<Entry>, StoreError> {
        let entries = self.inner.read(run, from)?;
        self.n_read.fetch_add(entries.len(), Ordering::SeqCst);
        Ok(entries)
    }

    fn checkpoint(&self, run: RunId) -> Result<Option<Checkpoint>, StoreError> {
        self.inner.checkpoint(run)
    }

    fn run(&self, run: RunId) -> Result<Option<RunRecord>, StoreError> {
        self.inner.run(run)
    }

    fn runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        self.inner.runs()
    }

    fn blob(&self, reference: Reference) -> Result<Arc<[u8]>, StoreError> {
        self.inner.blob(reference)
    }

    fn state(&self, at: &StateKey) -> Result<Option<Arc<[u8]>>, StoreError> {
        self.inner.state(at)
    }

    fn remove(&self, runs: &[RunId]) -> Result<Removed, StoreError> {
        self.inner.remove(runs)
    }

    fn post(&self, run: RunId, key: &str, body: &[u8]) -> Result<bool, StoreError> {
        self.inner.post(run, key, body)
    }

    fn messages(&self, run: Option<RunId>, after: u64) -> Result<Vec<Message>, StoreError> {
        self.inner.messages(run, after)
    }

    fn last_message(&self) -> Result<u64, StoreError> {
        self.inner.last_message()
    }

    fn changes(&self) -> Result<u64, StoreError> {
        self.inner.changes()
    }
}

/// Wherever the disk fills up, the run stops with the code, and goes on when there is room.
#[tokio::test]
async fn a_full_disk_stops_a_run_that_goes_on_later() {
    let program = Program::steps(vec![("random", vec![]); 6]);
    for room in 1..8 {
        let store = Arc::new(Filling::with_room(room));
        let engine = Lab::new().engine_on(store.clone());
        let handle = start(&engine, &program);
        let run = handle.run();
        let error = handle.wait().await.unwrap_err();
        assert_eq!(error.code(), "P2004");
        assert!(error.help().contains("prism resume"), "{}", error.help());
        let before = store.read(run, 0).unwrap();
        assert_eq!(crate::runs(&*store).unwrap()[0].status, Status::Interrupted);

        store.room.store(100, Ordering::SeqCst);
        let result = go_on(&engine, run, &program).unwrap().wait().await.unwrap();
        assert_eq!(result.status, Status::Completed);
        assert_eq!(store.read(run, 0).unwrap()[..before.len()], before);
    }
}

#[tokio::test]
async fn runs_are_found_by_their_first_characters() {
    let lab = Lab::new();
    let one = lab.run(&Program::steps(vec![])).await.run;
    let store = lab.store();
    let name = one.to_string();
    assert_eq!(crate::find_run(&*store, &name).unwrap(), one);
    assert_eq!(crate::find_run(&*store, &name[..12]).unwrap(), one);
    assert_eq!(crate::find_run(&*store, &name[2..12]).unwrap(), one);
    assert!(matches!(crate::find_run(&*store, "r_zzz"), Err(Error::UnknownRun { .. })));
    lab.run(&Program::steps(vec![])).await;
    assert!(matches!(crate::find_run(&*store, "r_"), Err(Error::AmbiguousRun { .. })));
}

#[tokio::test]
async fn the_beginning_is_kept() {
    let lab = Lab::new();
    let run = lab.run(&Program::steps(vec![])).await.run;
    let recorded = crate::recorded(&*lab.store(), run).unwrap();
    assert_eq!((&*recorded.name, &recorded.meta["manifest"]), ("test.prism", &"here".into()));
    assert_eq!(*lab.store().blob(recorded.artifact).unwrap(), *b"artifact");
    assert_eq!(recorded.inputs, Vec::<(Arc<str>, Data)>::new());
}

#[tokio::test]
async fn a_machine_that_waits_for_nothing_is_named() {
    let lab = Lab::new();
    let waits = Program { fibers: Vec::new(), until: Until::First };
    let error = start(&lab.engine(), &waits).wait().await.unwrap_err();
    assert_eq!(error.code(), "P2017");
}
