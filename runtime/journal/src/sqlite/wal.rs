//! Looks for damage in the write-ahead log before SQLite reads it.
//!
//! SQLite takes the first frame with a wrong checksum for the end of the log, because that is
//! how a torn write looks, and forgets what follows. But a transaction begins only after the one
//! before it is synced. So when frames of a later transaction follow a broken frame, nothing was
//! torn: acknowledged entries would be lost without a word.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::fault::At;
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
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    let log = PathBuf::from(name);
    for attempt in 1.. {
        let broken = match File::open(&log) {
            Ok(file) => scan(file).map_err(|error| At(path).unreachable(&error))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(At(path).unreachable(&error)),
        };
        let Some(offset) = broken else { return Ok(()) };
        if attempt == ATTEMPTS {
            let detail = format!(
                "its write-ahead log {} is broken at byte {offset}, and later steps follow",
                log.display()
            );
            return Err(Error::Damaged { path: path.to_path_buf(), detail });
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// The offset of a broken frame that a later transaction follows.
fn scan(file: File) -> io::Result<Option<u64>> {
    let length = file.metadata()?.len();
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut header = [0; HEADER];
    if !fill(&mut reader, &mut header)? {
        return Ok(None);
    }
    let page = word(&header, 8) as usize;
    let has_frame = length >= (HEADER + FRAME_HEADER + 512) as u64;
    let mut sums = Sums { is_big_endian: word(&header, 0) & 1 == 1, pair: (0, 0) };
    sums.add(&header[..24]);
    let is_sound = word(&header, 0) & !1 == MAGIC
        && page.is_power_of_two()
        && (512..=65_536).contains(&page)
        && sums.pair == (word(&header, 24), word(&header, 28));
    if !is_sound {
        // The header is synced before the first frame is written.
        return Ok(has_frame.then_some(0));
    }
    let mut frames = Frames { sums, salts: (word(&header, 16), word(&header, 20)), broken: None };
    let mut frame = vec![0; FRAME_HEADER + page];
    let mut offset = HEADER as u64;
    while fill(&mut reader, &mut frame)? {
        if frames.is_after_broken_commit(&frame, offset) {
            return Ok(frames.broken.map(|broken| broken.offset));
        }
        offset += frame.len() as u64;
    }
    Ok(None)
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
    broken: Option<Broken>,
}

struct Broken {
    offset: u64,
    /// Whether a transaction has ended since.
    has_commit: bool,
}

impl Frames {
    /// Takes the next frame, and says whether it begins a transaction after a broken one.
    fn is_after_broken_commit(&mut self, frame: &[u8], offset: u64) -> bool {
        let is_ours = (word(frame, 8), word(frame, 12)) == self.salts;
        if self.broken.is_none() {
            self.sums.add(&frame[..8]);
            self.sums.add(&frame[FRAME_HEADER..]);
            if is_ours && self.sums.pair == (word(frame, 16), word(frame, 20)) {
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
