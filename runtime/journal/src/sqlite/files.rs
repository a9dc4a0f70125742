//! Large values, as files beside the database that are named by their hash.
//!
//! ```text
//! runs.db         the hash, without bytes
//! runs.db.blobs/ab/cdef…
//! ```
//!
//! A file is whole from its first moment: it gets its name when it is on disk. It is there before
//! the row that speaks of it, and goes after it, so a file may be without a row and never the
//! other way round; `sweep` removes what a crash has left.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::Digest;

/// Values of at least so many bytes are files.
pub(super) const LARGE: usize = 64 * 1024;

/// The folder of a store's large values.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn beside(store: &Path) -> Folder {
        let mut name = store.as_os_str().to_owned();
        name.push(".blobs");
        Folder(name.into())
    }

    fn place(&self, hash: Digest) -> (PathBuf, PathBuf) {
        let name = hash.to_string();
        let shelf = self.0.join(&name[..2]);
        let file = shelf.join(&name[2..]);
        (shelf, file)
    }

    /// Keeps a value, unless it is there.
    pub(super) fn put(&self, hash: Digest, bytes: &[u8]) -> io::Result<()> {
        let (shelf, path) = self.place(hash);
        if fs::metadata(&path).is_ok_and(|found| found.len() == bytes.len() as u64) {
            return Ok(());
        }
        if !shelf.is_dir() {
            fs::create_dir_all(&shelf)?;
            sync(&self.0)?;
            self.0.parent().filter(|above| !above.as_os_str().is_empty()).map_or(Ok(()), sync)?;
        }
        let draft = shelf.join(format!("new-{:016x}", fastrand::u64(..)));
        let written = File::create_new(&draft).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&draft, &path)
        });
        if written.is_err() {
            // One that stays is litter, and is swept.
            let _ = fs::remove_file(&draft);
        }
        written.and_then(|()| sync(&shelf))
    }

    /// The bytes under a name, whatever they are; `None` when there are none.
    pub(super) fn get(&self, hash: Digest) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.place(hash).1) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes every file that `is_known` does not want.
    pub(super) fn sweep(&self, mut is_known: impl FnMut(Digest) -> bool) -> io::Result<()> {
        let shelves = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            shelves => shelves?,
        };
        for shelf in shelves {
            let shelf = shelf?;
            for file in fs::read_dir(shelf.path())? {
                let file = file?;
                let name = [shelf.file_name(), file.file_name()].map(|part| part.into_string());
                let hash = match name {
                    [Ok(shelf), Ok(file)] => format!("{shelf}{file}").parse().ok(),
                    _ => None,
                };
                if !hash.is_some_and(&mut is_known) {
                    fs::remove_file(file.path())?;
                }
            }
        }
        Ok(())
    }

    /// Removes the folder and all that is in it.
    pub(super) fn remove_all(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}

/// Makes the names in a folder durable.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
