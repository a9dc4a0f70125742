//! Looks for damage in the write-ahead log before SQLite reads it.
//!
//! SQLite takes the first frame with a wrong checksum for the end of the log, because that is
//! how a torn write looks, and forgets what follows. But a transaction begins only after the one
//! before it is synced. So when frames of a later transaction follow a broken frame, nothing was
//! torn: acknowledged entries would be lost without a word. Nothing is torn either in a log that
//! was closed in good order, so its end is noted then.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::fault::At;
use super::locks;
use crate::Error;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// The log ends with one word per byte order of its checksums.
const MAGIC: u32 = 0x377f_0682;
/// A process that writes meanwhile may show half of what it does; damage stays.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(5);

/// Fails with `P2002` when the log beside `path` is broken before its end.
pub(super) fn check(path: &Path) -> Result<(), Error> {
    let mut attempt = 1;
    loop {
        let found = look(path).map_err(|error| At(path).unreachable(&error))?;
        let Some(offset) = found.and_then(|found| found.damage(closed_at(path))) else {
            return Ok(());
        };
        if attempt == ATTEMPTS {
            let log = beside(path);
            let detail = format!(
                "its write-ahead log {} is broken at byte {offset}, and more was written after it",
                log.display()
            );
            return Err(Error::Damaged { path: path.to_path_buf(), detail });
        }
        attempt += 1;
        thread::sleep(PAUSE);
    }
}

/// Notes how far the log goes, so that `check` knows it when a log that was closed in good order
/// is shorter later. Best effort: without the note, only the last transaction is less guarded.
pub(super) fn note_end(path: &Path) {
    if let Ok(Some(found)) = look(path) {
        let note = Closed { salts: found.salts, end: found.end };
        let file = fs::create_dir_all(locks::folder(path)).and_then(|()| {
            OpenOptions::new().write(true).create(true).truncate(false).open(note_of(path))
        });
        let _ = file.and_then(|file| file.write_all_at(&note.to_bytes(), 0));
    }
}

/// Where the note is.
fn note_of(path: &Path) -> PathBuf {
    locks::folder(path).join("log-end")
}

fn closed_at(path: &Path) -> Option<Closed> {
    let mut bytes = [0; Closed::SIZE];
    File::open(note_of(path)).ok()?.read_exact(&mut bytes).ok()?;
    Some(Closed::from_bytes(&bytes))
}

/// A log at the time its store was closed.
struct Closed {
    salts: (u32, u32),
    end: u64,
}

impl Closed {
    const SIZE: usize = 16;

    fn to_bytes(&self) -> [u8; Closed::SIZE] {
        let mut bytes = [0; Closed::SIZE];
        bytes[..4].copy_from_slice(&self.salts.0.to_be_bytes());
        bytes[4..8].copy_from_slice(&self.salts.1.to_be_bytes());
        bytes[8..].copy_from_slice(&self.end.to_be_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; Closed::SIZE]) -> Closed {
        let end = u64::from(word(bytes, 8)) << 32 | u64::from(word(bytes, 12));
        Closed { salts: (word(bytes, 0), word(bytes, 4)), end }
    }
}

/// The log of the store at `path`.
pub(super) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// What a log holds.
struct Found {
    salts: (u32, u32),
    /// Where its last complete transaction ends.
    end: u64,
    /// The offset of a broken frame that a later transaction follows.
    broken: Option<u64>,
}

impl Found {
    /// Where the log is broken, if it is.
    fn damage(&self, closed: Option<Closed>) -> Option<u64> {
        let is_shorter =
            closed.is_some_and(|closed| closed.salts == self.salts && self.end < closed.end);
        self.broken.or(is_shorter.then_some(self.end))
    }
}

/// Reads the log beside `path`; `None` when there is none, or none that has begun.
fn look(path: &Path) -> io::Result<Option<Found>> {
    match File::open(beside(path)) {
        Ok(file) => scan(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn scan(file: File) -> io::Result<Option<Found>> {
    let length = file.metadata()?.len();
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut header = [0; HEADER];
    if !fill(&mut reader, &mut header)? {
        return Ok(None);
    }
    let page = word(&header, 8) as usize;
    let salts = (word(&header, 16), word(&header, 20));
    let mut sums = Sums { is_big_endian: word(&header, 0) & 1 == 1, pair: (0, 0) };
    sums.add(&header[..24]);
    let is_sound = word(&header, 0) & !1 == MAGIC
        && page.is_power_of_two()
        && (512..=65_536).contains(&page)
        && sums.pair == (word(&header, 24), word(&header, 28));
    let mut offset = HEADER as u64;
    if !is_sound {
        // The header is synced before the first frame is written.
        let has_frame = length >= offset + (FRAME_HEADER + 512) as u64;
        return Ok(has_frame.then_some(Found { salts, end: 0, broken: Some(0) }));
    }
    let mut frames = Frames { sums, salts, end: offset, broken: None };
    let mut frame = vec![0; FRAME_HEADER + page];
    while fill(&mut reader, &mut frame)? {
        let next = offset + frame.len() as u64;
        if frames.is_after_broken_commit(&frame, offset, next) {
            let broken = frames.broken.map(|broken| broken.offset);
            return Ok(Some(Found { salts, end: frames.end, broken }));
        }
        offset = next;
    }
    Ok(Some(Found { salts, end: frames.end, broken: None }))
}

/// Reads a whole buffer; `false` when the file ends before.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The running checksum of a log.
struct Sums {
    is_big_endian: bool,
    pair: (u32, u32),
}

impl Sums {
    fn add(&mut self, bytes: &[u8]) {
        let (mut first, mut second) = self.pair;
        for eight in bytes.chunks_exact(8) {
            let (mut left, mut right) = (word(eight, 0), word(eight, 4));
            if !self.is_big_endian {
                (left, right) = (left.swap_bytes(), right.swap_bytes());
            }
            first = first.wrapping_add(left).wrapping_add(second);
            second = second.wrapping_add(right).wrapping_add(first);
        }
        self.pair = (first, second);
    }
}

/// What the frames so far have shown.
struct Frames {
    sums: Sums,
    salts: (u32, u32),
    /// Where the last sound transaction ends.
    end: u64,
    broken: Option<Broken>,
}

struct Broken {
    offset: u64,
    /// Whether a transaction has ended since.
    has_commit: bool,
}

impl Frames {
    /// Takes the next frame, and says whether it begins a transaction after a broken one.
    fn is_after_broken_commit(&mut self, frame: &[u8], offset: u64, next: u64) -> bool {
        let is_ours = (word(frame, 8), word(frame, 12)) == self.salts;
        if self.broken.is_none() {
            self.sums.add(&frame[..8]);
            self.sums.add(&frame[FRAME_HEADER..]);
            if is_ours && self.sums.pair == (word(frame, 16), word(frame, 20)) {
                if word(frame, 4) != 0 {
                    self.end = next;
                }
                return false;
            }
            self.broken = Some(Broken { offset, has_commit: false });
        }
        let Some(broken) = &mut self.broken else { return false };
        if is_ours && broken.has_commit {
            return true;
        }
        broken.has_commit |= is_ours && word(frame, 4) != 0;
        false
    }
}
