//! One entry of the journal, and the hash that ties it to the one before.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::{RunId, Status};

/// Payloads up to this many bytes stand in the entry; longer ones become blobs.
pub const INLINE_LIMIT: usize = 4096;

/// A BLAKE3 hash: of a request, of a blob, of an entry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// What the first entry of a run has as the hash before it.
    pub const ZERO: Digest = Digest([0; 32]);

    pub fn of(bytes: &[u8]) -> Digest {
        Digest(*blake3::hash(bytes).as_bytes())
    }

    pub fn from_bytes(bytes: [u8; 32]) -> Digest {
        Digest(bytes)
    }

    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The text was not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADigest;

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Digest, NotADigest> {
        blake3::Hash::from_hex(text).map(|hash| Digest(*hash.as_bytes())).map_err(|_| NotADigest)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// What an entry says. The numbers are part of the format and never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// First entry of every run: program, inputs.
    RunStarted = 1,
    /// An effect's attempt is on its way to the outside world.
    AttemptStarted = 2,
    /// That attempt failed; another one may follow.
    AttemptFailed = 3,
    /// The outcome of an effect, as it is fed to the machine.
    Answer = 4,
    /// The run waits for a person.
    Waiting = 5,
    /// The person's decision: the outcome of the effect that waited.
    Decision = 6,
    /// The run waits for a time.
    Timer = 7,
    /// Something worth telling that decides nothing.
    Event = 8,
    /// A process went on with the run.
    RunResumed = 9,
    /// A process put the run down in good order.
    RunInterrupted = 10,
    RunCompleted = 11,
    RunFailed = 12,
    RunCancelled = 13,
}

impl Kind {
    const ALL: [Kind; 13] = [
        Kind::RunStarted,
        Kind::AttemptStarted,
        Kind::AttemptFailed,
        Kind::Answer,
        Kind::Waiting,
        Kind::Decision,
        Kind::Timer,
        Kind::Event,
        Kind::RunResumed,
        Kind::RunInterrupted,
        Kind::RunCompleted,
        Kind::RunFailed,
        Kind::RunCancelled,
    ];

    /// The kind with this number, if there is one.
    pub fn from_number(number: u8) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| *kind as u8 == number)
    }

    /// How a run has ended that has such an entry; `None`: it can go on.
    pub fn end(self) -> Option<Status> {
        match self {
            Kind::RunCompleted => Some(Status::Completed),
            Kind::RunFailed => Some(Status::Failed),
            Kind::RunCancelled => Some(Status::Cancelled),
            Kind::RunStarted
            | Kind::AttemptStarted
            | Kind::AttemptFailed
            | Kind::Answer
            | Kind::Waiting
            | Kind::Decision
            | Kind::Timer
            | Kind::Event
            | Kind::RunResumed
            | Kind::RunInterrupted => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Kind::RunStarted => "run_started",
            Kind::AttemptStarted => "attempt_started",
            Kind::AttemptFailed => "attempt_failed",
            Kind::Answer => "answer",
            Kind::Waiting => "waiting",
            Kind::Decision => "decision",
            Kind::Timer => "timer",
            Kind::Event => "event",
            Kind::RunResumed => "run_resumed",
            Kind::RunInterrupted => "run_interrupted",
            Kind::RunCompleted => "run_completed",
            Kind::RunFailed => "run_failed",
            Kind::RunCancelled => "run_cancelled",
        }
    }
}

/// The name of a blob, and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    pub hash: Digest,
    /// Bytes.
    pub len: u64,
}

impl Reference {
    pub fn to(bytes: &[u8]) -> Reference {
        Reference { hash: Digest::of(bytes), len: bytes.len() as u64 }
    }
}

/// What an entry carries: bytes that the engine understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// At most [`INLINE_LIMIT`] bytes.
    Inline(Arc<[u8]>),
    Blob(Reference),
}

/// One entry, as it is stored and read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub run: RunId,
    /// From 0, without gaps, within the run.
    pub seq: u64,
    /// Microseconds since 1970; by the clock of the process that wrote it.
    pub time: i64,
    pub kind: Kind,
    /// The effect it speaks of, empty when it speaks of the run.
    pub effect_id: Arc<str>,
    /// The effect's name; in `RunStarted` the program's name.
    pub name: Arc<str>,
    /// Of the effect's name and arguments; `Digest::ZERO` when the entry has no request.
    pub request: Digest,
    pub payload: Payload,
    /// The hash of the run's entry before this one.
    pub prev: Digest,
    /// Of all of the above.
    pub hash: Digest,
}

impl Entry {
    /// What `hash` must be.
    ///
    /// BLAKE3 over: the text `prism journal 1`, `prev`, run, seq, time, kind, the two texts and
    /// the request digest, then 0 and the inline bytes, or 1 and the reference. Numbers are
    /// little endian, 8 bytes (kind: 1); texts and bytes are preceded by their length.
    /// `bytes` is room, which serves for many.
    pub(crate) fn expected_hash(&self, bytes: &mut Vec<u8>) -> Digest {
        let inline = match &self.payload {
            Payload::Inline(bytes) => &bytes[..],
            Payload::Blob(_) => &[],
        };
        // In one piece: the pieces are so short that each would cost more than it has to be hashed.
        bytes.clear();
        bytes.reserve(N_OTHERS + self.effect_id.len() + self.name.len() + inline.len());
        bytes.extend(b"prism journal 1");
        bytes.extend(self.prev.bytes());
        bytes.extend(self.run.bytes());
        bytes.extend(self.seq.to_le_bytes());
        bytes.extend(self.time.to_le_bytes());
        bytes.push(self.kind as u8);
        sized(bytes, self.effect_id.as_bytes());
        sized(bytes, self.name.as_bytes());
        bytes.extend(self.request.bytes());
        match &self.payload {
            Payload::Inline(inline) => {
                bytes.push(0);
                sized(bytes, inline);
            }
            Payload::Blob(reference) => {
                bytes.push(1);
                bytes.extend(reference.hash.bytes());
                bytes.extend(reference.len.to_le_bytes());
            }
        }
        Digest::of(bytes)
    }
}

/// At least as many bytes as an entry has that is hashed, beside its texts and inline bytes.
const N_OTHERS: usize = 256;

fn sized(all: &mut Vec<u8>, bytes: &[u8]) {
    all.extend((bytes.len() as u64).to_le_bytes());
    all.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn every_kind_is_found_by_its_number() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_number(kind as u8), Some(kind));
        }
        assert_eq!(Kind::from_number(0), None);
        assert_eq!(Kind::from_number(14), None);
    }
}
