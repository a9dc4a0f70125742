//! Who drives which run: one byte per run, far behind the end of a small file.
//!
//! The locks are the kernel's (open file description locks), so a process that dies gives all
//! of them back at once, and ten thousand of them need one file descriptor.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use super::fault::At;
use crate::{Claim, Error, RunId};

#[derive(Clone)]
pub(super) struct Locks {
    path: Arc<Path>,
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    /// Opened by the first question.
    file: Option<Arc<File>>,
    runs: HashSet<RunId>,
}

impl Locks {
    /// The locks of the store at `path`; their file has `-lock` after its name.
    pub(super) fn beside(path: &Path) -> Locks {
        let mut name = path.as_os_str().to_owned();
        name.push("-lock");
        Locks { path: PathBuf::from(name).into(), held: Arc::default() }
    }

    pub(super) fn claim(&self, run: RunId) -> Result<Claim, Error> {
        let mut held = self.held();
        let file = self.file(&mut held)?;
        if held.runs.contains(&run) {
            return Err(Error::Claimed { run });
        }
        match fcntl(&*file, FcntlArg::F_OFD_SETLK(&byte(run, libc::F_WRLCK))) {
            Ok(_) => {}
            Err(Errno::EAGAIN | Errno::EACCES) => return Err(Error::Claimed { run }),
            Err(errno) => return Err(At(&self.path).unreachable(&errno.into())),
        }
        held.runs.insert(run);
        let locks = self.clone();
        Ok(Claim::new(run, Box::new(move || locks.release(&file, run))))
    }

    pub(super) fn is_claimed(&self, run: RunId) -> Result<bool, Error> {
        let mut held = self.held();
        if held.runs.contains(&run) {
            return Ok(true);
        }
        let file = self.file(&mut held)?;
        let mut lock = byte(run, libc::F_WRLCK);
        fcntl(&*file, FcntlArg::F_OFD_GETLK(&mut lock))
            .map_err(|errno| At(&self.path).unreachable(&errno.into()))?;
        Ok(i32::from(lock.l_type) != libc::F_UNLCK)
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

    fn file(&self, held: &mut Held) -> Result<Arc<File>, Error> {
        if let Some(file) = &held.file {
            return Ok(file.clone());
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&self.path)
            .map_err(|error| At(&self.path).unreachable(&error))?;
        let file = Arc::new(file);
        held.file = Some(file.clone());
        Ok(file)
    }
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
