//! The one trait that every store implements, and what goes through it.

use std::fmt;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use crate::{Digest, Entry, Error, Reference, RunId, RunRecord};

/// What becomes durable together: all of it, or nothing.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Entries of one run, in order, following the run's last one.
    pub entries: Vec<Entry>,
    /// What entries refer to. A blob that the store has is not stored again.
    pub blobs: Vec<(Reference, Arc<[u8]>)>,
    /// Changes of the program's own state.
    pub state: Vec<StateWrite>,
    /// What becomes of its run's checkpoint.
    pub checkpoint: NextCheckpoint,
    /// Whether its run does nothing before this is durable. A store may then write it before
    /// `append` returns, when there is nobody to share a sync with.
    pub is_awaited: bool,
}

/// Where a run stood before one of its entries: who goes on with it needs only the entries from
/// there on. Nothing depends on it: the journal alone says the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The first entry that it does not account for.
    pub seq: u64,
    /// The hash of the entry before that.
    pub prev: Digest,
    /// What the run's owner makes of it, checksum included.
    pub bytes: Arc<[u8]>,
}

/// What a batch does to the one checkpoint that a run may have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NextCheckpoint {
    #[default]
    Keep,
    /// Takes the place of the one before.
    Put(Checkpoint),
    /// The run ends.
    Drop,
}

/// What there is to go on with a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    pub checkpoint: Option<Checkpoint>,
    /// From the checkpoint on, of which there is at least one; without a checkpoint, all.
    pub entries: Vec<Entry>,
}

/// A key of `state.get` and `state.set`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StateKey {
    /// Who shares it: a run's name, or a name from the manifest.
    pub scope: Arc<str>,
    pub key: Arc<str>,
}

/// A new value under a key.
#[derive(Clone, Debug)]
pub struct StateWrite {
    pub at: StateKey,
    pub value: Arc<[u8]>,
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    pub runs: u64,
    /// Values that no run uses any more.
    pub blobs: u64,
}

/// Called once with the fate of a batch, from the store's own thread or, for a batch that is
/// awaited, from within `append`: must be quick.
/// `Ok` means that the batch survives a crash of the process and of the machine.
pub type Ack = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// Something that another process says to a run, for its owner to take into the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Grows with every message of the store.
    pub number: u64,
    pub run: RunId,
    /// What it answers: an effect id. The first message under a key is the only one.
    pub key: Arc<str>,
    /// Microseconds since 1970.
    pub time: i64,
    pub body: Arc<[u8]>,
}

/// The right to append to a run. At most one exists for a run, across processes;
/// it ends when it is dropped and when its process dies.
pub struct Claim {
    run: RunId,
    /// Names the claim among all that there ever were, where one can be lost before it ends.
    #[cfg(feature = "postgres")]
    fence: u64,
    release: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl Claim {
    /// For stores: `release` runs when the claim ends.
    pub(crate) fn new(run: RunId, release: Box<dyn FnOnce() + Send + Sync>) -> Claim {
        Claim {
            run,
            #[cfg(feature = "postgres")]
            fence: 0,
            release: Some(release),
        }
    }

    /// The same, for a store in which a claim may be lost before it ends.
    #[cfg(feature = "postgres")]
    pub(crate) fn fenced(
        run: RunId,
        fence: u64,
        release: Box<dyn FnOnce() + Send + Sync>,
    ) -> Claim {
        Claim { run, fence, release: Some(release) }
    }

    #[cfg(feature = "postgres")]
    pub(crate) fn fence(&self) -> u64 {
        self.fence
    }

    pub fn run(&self) -> RunId {
        self.run
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(release) = self.release.take() {
            release();
        }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claim({})", self.run)
    }
}

/// A place where journals live.
pub trait Store: Send + Sync {
    /// Takes the right to append to a run.
    ///
    /// Errors: `P2009` while another process, or another part of this one, has it.
    fn claim(&self, run: RunId) -> Result<Claim, Error>;

    /// Whether some process has the run's claim.
    fn is_claimed(&self, run: RunId) -> Result<bool, Error>;

    /// Queues a batch and returns at once; `ack` hears when it is durable, or why it is not.
    /// Batches become durable in the order in which they were queued. After an error no later
    /// batch of the run is accepted through this store.
    fn append(&self, claim: &Claim, batch: Batch, ack: Ack);

    /// The run's entries from `from` on, in order. Hashes and sequence are checked.
    ///
    /// Errors: `P2005` for an entry that was changed or is missing. A run that the store
    /// does not know has no entries.
    fn read(&self, run: RunId, from: u64) -> Result<Vec<Entry>, Error>;

    /// The run's first entry, `None` when the store does not know the run. Its hash is checked.
    ///
    /// Errors: those of `read`.
    fn first(&self, run: RunId) -> Result<Option<Entry>, Error> {
        Ok(self.read(run, 0)?.into_iter().next())
    }

    /// The run's checkpoint, as it was put. A store may have none.
    fn checkpoint(&self, run: RunId) -> Result<Option<Checkpoint>, Error>;

    /// What there is to go on with each of these runs, in the same order. A checkpoint that the
    /// journal does not follow is left out.
    fn recover(&self, runs: &[RunId]) -> Vec<Result<Recovered, Error>> {
        recover_each(self, runs)
    }

    /// One run, `None` when the store does not know it.
    fn run(&self, run: RunId) -> Result<Option<RunRecord>, Error>;

    /// All runs, oldest first.
    fn runs(&self) -> Result<Vec<RunRecord>, Error>;

    /// The runs that can still do something, oldest first.
    fn unfinished(&self) -> Result<Vec<RunRecord>, Error> {
        Ok(self.runs()?.into_iter().filter(|run| !run.status.is_final()).collect())
    }

    /// The last entry of each of these runs, in the same order.
    ///
    /// Errors: those of `read`.
    fn ends(&self, runs: &[RunId]) -> Result<Vec<Entry>, Error> {
        let end = |run: &RunId| {
            let missing = Error::Missing { run: *run, seq: 0 };
            let last = self.run(*run)?.ok_or(missing.clone())?.last_seq;
            self.read(*run, last)?.pop().ok_or(missing)
        };
        runs.iter().map(end).collect()
    }

    /// A blob's bytes.
    ///
    /// Errors: `P2006` when it is missing or its bytes are not those of its name.
    fn blob(&self, reference: Reference) -> Result<Arc<[u8]>, Error>;

    /// The value last written under a key.
    fn state(&self, at: &StateKey) -> Result<Option<Arc<[u8]>>, Error>;

    /// Leaves a message for a run, durably. `false`: the key had one already, which stays.
    fn post(&self, run: RunId, key: &str, body: &[u8]) -> Result<bool, Error>;

    /// Messages with a number above `after`, in order; of one run or of all.
    fn messages(&self, run: Option<RunId>, after: u64) -> Result<Vec<Message>, Error>;

    /// The message that a run has under a key.
    fn message(&self, run: RunId, key: &str) -> Result<Option<Message>, Error> {
        Ok(self.messages(Some(run), 0)?.into_iter().find(|message| &*message.key == key))
    }

    /// The number of the newest message; 0 before the first.
    fn last_message(&self) -> Result<u64, Error>;

    /// Removes runs with their messages, their own state, and the values that no other run uses.
    /// One that is unknown, has not ended or is claimed stays.
    fn remove(&self, runs: &[RunId]) -> Result<Removed, Error>;

    /// A number that differs from the one before when anybody wrote to the store.
    /// Cheap: made to be asked every few milliseconds.
    fn changes(&self) -> Result<u64, Error>;

    /// Becomes readable when somebody may have written to the store, and stays so until it is
    /// read. `None`: nobody says so, and `changes` has to be asked now and then.
    fn bell(&self) -> Option<OwnedFd> {
        None
    }

    /// How long to rest before `changes` is asked again: somebody who decides waits half of it.
    fn rest(&self) -> Duration {
        Duration::from_millis(2)
    }
}

/// Reads one run after the other.
pub(crate) fn recover_each<S: Store + ?Sized>(
    store: &S,
    runs: &[RunId],
) -> Vec<Result<Recovered, Error>> {
    let recover = |run: &RunId| {
        if let Some(checkpoint) = store.checkpoint(*run)?
            && let Ok(entries) = store.read(*run, checkpoint.seq)
            && entries.first().is_some_and(|first| first.prev == checkpoint.prev)
        {
            return Ok(Recovered { checkpoint: Some(checkpoint), entries });
        }
        Ok(Recovered { checkpoint: None, entries: store.read(*run, 0)? })
    };
    runs.iter().map(recover).collect()
}

/// Checks that entries follow each other and that nothing in them was changed.
/// `seq` and `prev` are what the first one must have.
pub(crate) fn check_chain(entries: &[Entry], mut seq: u64, mut prev: Digest) -> Result<(), Error> {
    let mut room = Vec::new();
    for entry in entries {
        if entry.seq != seq {
            return Err(Error::Missing { run: entry.run, seq });
        }
        if entry.prev != prev || entry.hash != entry.expected_hash(&mut room) {
            return Err(Error::Changed { run: entry.run, seq });
        }
        seq += 1;
        prev = entry.hash;
    }
    Ok(())
}
