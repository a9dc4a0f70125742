//! Who drives which run: one byte per run, far behind the end of a small file.
//!
//! The locks are the kernel's (open file description locks), so a process that dies gives all
//! of them back at once. The kernel looks through all locks of a file for each new one, so the
//! runs are dealt out to a few files: ten thousand locks take 20 ms then, and more than a second
//! in one file.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use rustc_hash::{FxHashMap, FxHashSet};

use super::fault::At;
use crate::{Claim, Error, RunId};

/// How many files the locks of a store are in.
const N_FILES: u64 = 64;

/// The folder beside the store at `path`, with `-locks` after its name.
pub(super) fn folder(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-locks");
    name.into()
}

#[derive(Clone)]
pub(super) struct Locks {
    folder: Arc<Path>,
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    /// Those that were needed so far, by number.
    files: FxHashMap<u64, Arc<File>>,
    /// Those that were only looked at, which may be allowed where writing is not.
    looked_at: FxHashMap<u64, Arc<File>>,
    runs: FxHashSet<RunId>,
}

impl Locks {
    /// The locks of the store at `path`.
    pub(super) fn beside(path: &Path) -> Locks {
        Locks { folder: folder(path).into(), held: Arc::default() }
    }

    pub(super) fn claim(&self, run: RunId) -> Result<Claim, Error> {
        let mut held = self.held();
        let file = self.file(&mut held, run)?;
        if !held.runs.insert(run) {
            return Err(Error::Claimed { run });
        }
        // Other threads need not wait for what the kernel says.
        drop(held);
        let locked = fcntl(&*file, FcntlArg::F_OFD_SETLK(&byte(run, libc::F_WRLCK)));
        if let Err(errno) = locked {
            self.held().runs.remove(&run);
            return Err(match errno {
                Errno::EAGAIN | Errno::EACCES => Error::Claimed { run },
                errno => At(&self.folder).unreachable(&errno.into()),
            });
        }
        let locks = self.clone();
        Ok(Claim::new(run, Box::new(move || locks.release(&file, run))))
    }

    pub(super) fn is_claimed(&self, run: RunId) -> Result<bool, Error> {
        let mut held = self.held();
        if held.runs.contains(&run) {
            return Ok(true);
        }
        let Some(file) = self.file_to_look_at(&mut held, run)? else { return Ok(false) };
        let mut lock = byte(run, libc::F_WRLCK);
        fcntl(&*file, FcntlArg::F_OFD_GETLK(&mut lock))
            .map_err(|errno| At(&self.folder).unreachable(&errno.into()))?;
        Ok(i32::from(lock.l_type) != libc::F_UNLCK)
    }

    /// How many runs this store has claimed.
    pub(super) fn n_held(&self) -> usize {
        self.held().runs.len()
    }

    fn release(&self, file: &File, run: RunId) {
        let mut held = self.held();
        // Unlocking a byte that this description has locked cannot fail, and a claim that stays
        // would only end with the process.
        let _ = fcntl(file, FcntlArg::F_OFD_SETLK(&byte(run, libc::F_UNLCK)));
        held.runs.remove(&run);
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, held: &mut Held, run: RunId) -> Result<Arc<File>, Error> {
        let number = number(run);
        if let Some(file) = held.files.get(&number) {
            return Ok(file.clone());
        }
        let file = fs::create_dir_all(&self.folder).and_then(|()| {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            options.open(self.path(number))
        });
        let file = Arc::new(file.map_err(|error| At(&self.folder).unreachable(&error))?);
        held.files.insert(number, file.clone());
        Ok(file)
    }

    /// `None`: nobody has ever claimed a run whose lock is in this file.
    fn file_to_look_at(&self, held: &mut Held, run: RunId) -> Result<Option<Arc<File>>, Error> {
        let number = number(run);
        if let Some(file) = held.files.get(&number).or(held.looked_at.get(&number)) {
            return Ok(Some(file.clone()));
        }
        match File::open(self.path(number)) {
            Ok(file) => {
                let file = Arc::new(file);
                held.looked_at.insert(number, file.clone());
                Ok(Some(file))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(At(&self.folder).unreachable(&error)),
        }
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:02}"))
    }
}

/// Which file has the lock of a run. Runs that are made in one moment have names one after the
/// other, which share this byte: the kernel makes one lock of bytes that touch.
fn number(run: RunId) -> u64 {
    u64::from(run.bytes()[8]) % N_FILES
}

/// The byte that stands for a run: 62 bits of its name, of which 40 are random.
fn byte(run: RunId, kind: libc::c_int) -> libc::flock {
    let mut low = [0; 8];
    low.copy_from_slice(&run.bytes()[2..]);
    libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: (u64::from_be_bytes(low) & ((1 << 62) - 1)) as libc::off_t,
        l_len: 1,
        l_pid: 0,
    }
}
