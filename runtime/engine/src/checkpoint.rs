//! Where a run stands, as bytes: who goes on with it needs its journal only from there on.
//!
//! A [`Stand`] accounts for all entries before one, whose outcomes the machine has had and whose
//! successors it has not. It holds the machine, and what the engine would know from those
//! entries. The journal alone says the same: what cannot be read here is read there.
//!
//! Layout: magic, BLAKE3 of the rest with the place that it belongs to (32 bytes), the rest.
//! Numbers are LEB128 varints of 64 bits, texts and bytes are preceded by their length.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use prism_journal::{Checkpoint, Digest, Entry, Kind, Payload, Reference, RunId};
use prism_vm::{Data, Location, RequestId};

use crate::codec;
use crate::record::Asked;

const MAGIC: [u8; 8] = *b"prismcp\x01";
const HEADER: usize = 8 + 32;

/// Where a run stands before the entry `seq`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stand {
    pub(crate) seq: u64,
    /// The hash of the entry before.
    pub(crate) prev: Digest,
    /// How the run began.
    pub(crate) first: Entry,
    /// The requests that the machine waits for, in its order.
    pub(crate) requests: Vec<Asked>,
    /// What the journal says of them before `seq`, in its order; without hashes.
    pub(crate) entries: Vec<Entry>,
    /// The steps at which questions are, but for the first.
    pub(crate) escalated: Vec<(Arc<str>, u64)>,
    /// Effects that the program has given up, and of which there is an outcome from `seq` on.
    pub(crate) cancelled: Vec<Arc<str>>,
    pub(crate) n_printed: u64,
    pub(crate) announced: Option<u64>,
    /// What was told of, where the process told it.
    pub(crate) counted: Option<Counted>,
    /// All printed lines.
    pub(crate) output: Vec<String>,
    pub(crate) machine: Vec<u8>,
}

/// What a `Fold` has counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Counted {
    pub(crate) n_events: u64,
    pub(crate) total: u64,
    pub(crate) completed: u64,
    pub(crate) failed: u64,
    /// Calls without an outcome that were told.
    pub(crate) called: Vec<Arc<str>>,
}

impl Stand {
    pub(crate) fn to_checkpoint(&self) -> Checkpoint {
        let mut writer = Writer(vec![0; HEADER]);
        writer.stand(self);
        let mut bytes = writer.0;
        let (seq, prev) = (self.seq, self.prev);
        let hash = checksum(self.first.run, seq, prev, &bytes[HEADER..]);
        bytes[..MAGIC.len()].copy_from_slice(&MAGIC);
        bytes[MAGIC.len()..HEADER].copy_from_slice(hash.bytes());
        Checkpoint { seq, prev, bytes: bytes.into() }
    }

    /// `None` for one that is damaged, or that another version has written.
    pub(crate) fn of(run: RunId, checkpoint: &Checkpoint) -> Option<Stand> {
        let Checkpoint { seq, prev, bytes } = checkpoint;
        let (header, content) = bytes.split_first_chunk::<HEADER>()?;
        let is_whole = header[..MAGIC.len()] == MAGIC
            && header[MAGIC.len()..] == *checksum(run, *seq, *prev, content).bytes();
        let mut reader = Reader(if is_whole { content } else { return None });
        let stand = reader.stand(run, *seq, *prev)?;
        reader.0.is_empty().then_some(stand)
    }
}

/// Another Prism may number otherwise what a machine holds.
fn checksum(run: RunId, seq: u64, prev: Digest, content: &[u8]) -> Digest {
    let version = env!("CARGO_PKG_VERSION").as_bytes();
    let place = [&run.bytes()[..], &seq.to_le_bytes(), prev.bytes(), version].concat();
    Digest::of(&[*Digest::of(&place).bytes(), *Digest::of(content).bytes()].concat())
}

/// So many entries of a run are worth a checkpoint at least, and at most.
const FEWEST: u64 = 8;
const MOST: u64 = 128;
/// So many entries the runs of a process have together behind their checkpoints: a second of
/// reading would be too much, and a checkpoint costs as much as some entries.
const TOGETHER: u64 = 1 << 15;
/// So many bytes of a checkpoint are paid for by an entry.
const PER_ENTRY: u64 = 64;
/// A machine takes so many times the room of its checkpoint, about.
const ROOM: u64 = 8;
/// Of more bytes than this there is none.
const LONGEST: usize = 8 << 20;

/// When a run gets a checkpoint.
pub(crate) struct Pace {
    /// What the last one does not account for.
    from: u64,
    /// Bytes of the last one.
    size: u64,
    /// Whether the store has one.
    pub(crate) is_kept: bool,
    /// How many runs this process drives.
    n_driven: Arc<AtomicUsize>,
}

impl Pace {
    /// Of a run that stands at an entry.
    pub(crate) fn from(from: u64, is_kept: bool, n_driven: Arc<AtomicUsize>) -> Pace {
        Pace { from, size: 0, is_kept, n_driven }
    }

    /// Whether enough has happened before the entry `seq`.
    pub(crate) fn is_due(&self, seq: u64, memory: impl FnOnce() -> usize) -> bool {
        let n_entries = seq.saturating_sub(self.from);
        if n_entries < FEWEST {
            return false;
        }
        let n_driven = self.n_driven.load(Ordering::Relaxed).max(1) as u64;
        n_entries >= (TOGETHER / n_driven).clamp(FEWEST, MOST)
            && n_entries * PER_ENTRY >= self.size.max(memory() as u64 / ROOM)
    }

    /// Takes a checkpoint into account; `None`: it is too long to be kept.
    pub(crate) fn note(&mut self, checkpoint: Checkpoint) -> Option<Checkpoint> {
        (self.from, self.size) = (checkpoint.seq, checkpoint.bytes.len() as u64);
        let is_short = checkpoint.bytes.len() <= LONGEST;
        self.is_kept |= is_short;
        is_short.then_some(checkpoint)
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn stand(&mut self, stand: &Stand) {
        self.entry(&stand.first);
        self.list(&stand.requests, Writer::asked);
        self.list(&stand.entries, Writer::entry);
        self.list(&stand.escalated, |writer, (id, step)| {
            writer.text(id);
            writer.uint(*step);
        });
        self.list(&stand.cancelled, |writer, id| writer.text(id));
        self.uint(stand.n_printed);
        self.optional(stand.announced.as_ref(), |writer, through| writer.uint(*through));
        self.optional(stand.counted.as_ref(), Writer::counted);
        self.list(&stand.output, |writer, line| writer.text(line));
        self.bytes(&stand.machine);
    }

    fn counted(&mut self, counted: &Counted) {
        for count in [counted.n_events, counted.total, counted.completed, counted.failed] {
            self.uint(count);
        }
        self.list(&counted.called, |writer, id| writer.text(id));
    }

    fn asked(&mut self, asked: &Asked) {
        self.uint(asked.id.0);
        self.text(&asked.effect);
        self.text(&asked.effect_id);
        self.0.extend(asked.digest.bytes());
        self.text(&asked.args().to_string());
        self.optional(asked.at.as_ref(), |writer, at| {
            writer.text(&at.file);
            for number in [at.start, at.end, at.line, at.column] {
                writer.uint(u64::from(number));
            }
        });
    }

    fn entry(&mut self, entry: &Entry) {
        self.uint(entry.seq);
        self.0.extend(entry.time.to_le_bytes());
        self.0.push(entry.kind as u8);
        self.text(&entry.effect_id);
        self.text(&entry.name);
        self.0.extend(entry.request.bytes());
        match &entry.payload {
            Payload::Inline(bytes) => {
                self.0.push(0);
                self.bytes(bytes);
            }
            Payload::Blob(reference) => {
                self.0.push(1);
                self.0.extend(reference.hash.bytes());
                self.uint(reference.len);
            }
        }
    }

    fn list<T>(&mut self, items: &[T], each: impl Fn(&mut Writer, &T)) {
        self.uint(items.len() as u64);
        items.iter().for_each(|item| each(self, item));
    }

    fn optional<T>(&mut self, item: Option<&T>, write: impl FnOnce(&mut Writer, &T)) {
        self.0.push(u8::from(item.is_some()));
        if let Some(item) = item {
            write(self, item);
        }
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.uint(bytes.len() as u64);
        self.0.extend(bytes);
    }

    fn uint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }
}

/// What is left to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn stand(&mut self, run: RunId, seq: u64, prev: Digest) -> Option<Stand> {
        Some(Stand {
            seq,
            prev,
            first: self.entry(run)?,
            requests: self.list(Reader::asked)?,
            entries: self.list(|reader| reader.entry(run))?,
            escalated: self.list(|reader| Some((reader.text()?.into(), reader.uint()?)))?,
            cancelled: self.list(|reader| reader.text().map(Arc::from))?,
            n_printed: self.uint()?,
            announced: self.optional(Reader::uint)?,
            counted: self.optional(Reader::counted)?,
            output: self.list(|reader| reader.text().map(str::to_owned))?,
            machine: self.bytes()?.to_vec(),
        })
    }

    fn counted(&mut self) -> Option<Counted> {
        Some(Counted {
            n_events: self.uint()?,
            total: self.uint()?,
            completed: self.uint()?,
            failed: self.uint()?,
            called: self.list(|reader| reader.text().map(Arc::from))?,
        })
    }

    fn asked(&mut self) -> Option<Asked> {
        Some(Asked {
            id: RequestId(self.uint()?),
            effect: self.text()?.into(),
            effect_id: self.text()?.into(),
            digest: self.digest()?,
            args: match codec::from_json(codec::parse(self.bytes()?).ok()?).ok()? {
                Data::Array(args) => args,
                _ => return None,
            },
            at: self.optional(Reader::location)?,
        })
    }

    fn location(&mut self) -> Option<Location> {
        let file = self.text()?.into();
        let mut number = || u32::try_from(self.uint()?).ok();
        let (start, end, line, column) = (number()?, number()?, number()?, number()?);
        Some(Location { file, start, end, line, column })
    }

    fn entry(&mut self, run: RunId) -> Option<Entry> {
        Some(Entry {
            run,
            seq: self.uint()?,
            time: i64::from_le_bytes(self.chunk()?),
            kind: Kind::from_number(self.chunk::<1>()?[0])?,
            effect_id: self.text()?.into(),
            name: self.text()?.into(),
            request: self.digest()?,
            payload: match self.chunk::<1>()? {
                [0] => Payload::Inline(self.bytes()?.into()),
                [1] => Payload::Blob(Reference { hash: self.digest()?, len: self.uint()? }),
                _ => return None,
            },
            prev: Digest::ZERO,
            hash: Digest::ZERO,
        })
    }

    fn list<T>(&mut self, each: impl Fn(&mut Reader<'a>) -> Option<T>) -> Option<Vec<T>> {
        let n_items = self.uint()?;
        // Every item takes a byte at least.
        if n_items > self.0.len() as u64 {
            return None;
        }
        (0..n_items).map(|_| each(self)).collect()
    }

    fn optional<T>(
        &mut self,
        read: impl FnOnce(&mut Reader<'a>) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.chunk::<1>()? {
            [0] => Some(None),
            [1] => read(self).map(Some),
            _ => None,
        }
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.uint()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }

    fn digest(&mut self) -> Option<Digest> {
        self.chunk().map(Digest::from_bytes)
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (chunk, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*chunk)
    }

    fn uint(&mut self) -> Option<u64> {
        let mut number = 0;
        for place in 0..10 {
            let [byte] = self.chunk()?;
            let bits = u64::from(byte & 0x7f);
            number |= bits.checked_shl(7 * place)?;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand() -> Stand {
        let entry = |seq, kind, payload| Entry {
            run: RunId::from_bytes([7; 10]),
            seq,
            time: -5,
            kind,
            effect_id: "0/main.answer#2".into(),
            name: "agent.call".into(),
            request: Digest::of(b"request"),
            payload,
            prev: Digest::ZERO,
            hash: Digest::ZERO,
        };
        let blob = Payload::Blob(Reference::to(b"long"));
        Stand {
            seq: 300,
            prev: Digest::of(b"before"),
            first: entry(0, Kind::RunStarted, Payload::Inline((*b"{}").into())),
            requests: vec![Asked {
                id: RequestId(u64::MAX),
                effect: "agent.call".into(),
                effect_id: "0/main.answer#2".into(),
                args: vec![Data::from(f64::INFINITY), Data::from("é").with_confidence(0.5)],
                digest: Digest::of(b"request"),
                at: Some(Location { file: "a.prism".into(), start: 1, end: 2, line: 3, column: 4 }),
            }],
            entries: vec![entry(9, Kind::AttemptStarted, blob)],
            escalated: vec![("ask#0".into(), 2)],
            cancelled: vec!["1/ask#0".into()],
            n_printed: 1,
            announced: Some(128),
            counted: Some(Counted {
                n_events: 300,
                called: vec!["a".into()],
                ..Counted::default()
            }),
            output: vec!["a line".to_owned(), String::new()],
            machine: vec![0, 255],
        }
    }

    #[test]
    fn a_stand_reads_back_as_it_was() {
        let stand = stand();
        assert_eq!(Stand::of(stand.first.run, &stand.to_checkpoint()), Some(stand.clone()));
        let bare = Stand { announced: None, counted: None, requests: Vec::new(), ..stand };
        assert_eq!(Stand::of(bare.first.run, &bare.to_checkpoint()), Some(bare));
    }

    #[test]
    fn one_that_is_not_as_it_was_written_is_none() {
        let (run, whole) = (stand().first.run, stand().to_checkpoint());
        for at in 0..whole.bytes.len() {
            let mut bytes = whole.bytes.to_vec();
            bytes[at] ^= 1;
            let damaged = Checkpoint { bytes: bytes.into(), ..whole.clone() };
            assert_eq!(Stand::of(run, &damaged), None, "byte {at}");
            let cut = Checkpoint { bytes: whole.bytes[..at].into(), ..whole.clone() };
            assert_eq!(Stand::of(run, &cut), None, "{at} bytes");
        }
        assert_eq!(Stand::of(RunId::from_bytes([8; 10]), &whole), None, "of another run");
        for other in [
            Checkpoint { seq: 299, ..whole.clone() },
            Checkpoint { prev: Digest::ZERO, ..whole.clone() },
        ] {
            assert_eq!(Stand::of(run, &other), None, "of another place");
        }
    }

    /// Whatever stands behind a header that fits, it is read or it is none.
    #[test]
    fn bytes_by_chance_are_none() {
        let (run, prev) = (RunId::from_bytes([7; 10]), Digest::ZERO);
        for length in 0..2_000 {
            let content: Vec<u8> = (0..length % 200).map(|_| fastrand::u8(..)).collect();
            let hash = checksum(run, 1, prev, &content);
            let bytes = [&MAGIC[..], &hash.bytes()[..], &content].concat().into();
            assert_eq!(Stand::of(run, &Checkpoint { seq: 1, prev, bytes }), None);
        }
    }

    #[test]
    fn a_checkpoint_waits_until_it_is_worth_its_while() {
        let pace = |n_driven| Pace::from(10, false, Arc::new(AtomicUsize::new(n_driven)));
        let due = |pace: &Pace, memory| (10..).find(|seq| pace.is_due(*seq, || memory));
        // Alone, among many, among very many; with a machine of a megabyte.
        assert_eq!(due(&pace(1), 4096), Some(10 + 128));
        assert_eq!(due(&pace(1024), 4096), Some(10 + 32));
        assert_eq!(due(&pace(100_000), 4096), Some(10 + 8));
        assert_eq!(due(&pace(100_000), 1 << 20), Some(10 + 2048));
        let mut pace = pace(100_000);
        let of = |len| Checkpoint { seq: 20, prev: Digest::ZERO, bytes: vec![0; len].into() };
        assert_eq!(pace.note(of(LONGEST + 1)), None);
        assert!(!pace.is_kept);
        assert!(pace.note(of(6_400)).is_some() && pace.is_kept);
        assert_eq!(due(&pace, 0), Some(20 + 100));
    }
}
