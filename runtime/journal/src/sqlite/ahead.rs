//! Room in the write-ahead log before it is needed.
//!
//! To sync a file that has grown, the file system writes its own journal as well, which takes half
//! as long again and waits for another thread. So a log that grows is made longer by many frames
//! at once. SQLite takes zeros for the end of the log, and writes over them.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::wal::{self, SMALL};

/// How much a log becomes longer at once, some sixty transactions of one step.
const ROOM: usize = 256 * 1024;

/// The log of a store, as one connection writes it.
#[derive(Default)]
pub(super) struct Ahead {
    log: Option<File>,
    /// How long it was when it was looked at last.
    length: u64,
}

impl Ahead {
    /// Makes a log longer that has grown. Nobody else may write meanwhile: the caller's transaction
    /// is open. Best effort: without room, syncs take longer.
    pub(super) fn make_room(&mut self, path: &Path) {
        if self.log.is_none() {
            self.log = OpenOptions::new().write(true).open(wal::beside(path)).ok();
        }
        let Some(log) = &self.log else { return };
        let length = log.metadata().map_or(0, |log| log.len());
        if length > self.length.max(SMALL) && log.write_all_at(&[0; ROOM], length).is_ok() {
            self.length = length + ROOM as u64;
        }
    }
}
