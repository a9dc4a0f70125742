//! Large values, kept outside of the database under the names of their hashes.
//!
//! ```text
//! runs.db         the hash, without bytes
//! runs.db.blobs/ab/cdef…      in a folder beside it,
//! s3://bucket/prefix/ab/cdef… or at a place elsewhere
//! ```
//!
//! A value is whole from its first moment. It is there before the row that speaks of it, and goes
//! after it, so a value may be without a row and never the other way round; `sweep` removes what a
//! crash has left.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{Digest, Error};

/// Values of at least so many bytes are kept outside.
pub(crate) const LARGE: usize = 64 * 1024;

/// A place for the large values of one store, and of no other: what it does not know is removed.
pub trait Values: Send + Sync {
    /// Keeps a value durably, unless it is there.
    fn put(&self, hash: Digest, bytes: &[u8]) -> Result<(), Error>;

    /// The bytes under a name, whatever they are; `None` when there are none.
    fn get(&self, hash: Digest) -> Result<Option<Vec<u8>>, Error>;

    /// Removes every value that `is_known` does not want.
    fn sweep(&self, is_known: &mut dyn FnMut(Digest) -> bool) -> Result<(), Error>;
}

/// Opens the place with an address, for a store that keeps its large values there.
pub type Reach<'r> = &'r dyn Fn(&str) -> Result<Arc<dyn Values>, Error>;

/// The folder of a store's large values.
pub(crate) struct Folder {
    store: PathBuf,
    folder: PathBuf,
}

impl Values for Folder {
    fn put(&self, hash: Digest, bytes: &[u8]) -> Result<(), Error> {
        self.keep(hash, bytes).map_err(|error| self.fault(&error))
    }

    fn get(&self, hash: Digest) -> Result<Option<Vec<u8>>, Error> {
        match fs::read(self.place(hash).1) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.fault(&error)),
        }
    }

    fn sweep(&self, is_known: &mut dyn FnMut(Digest) -> bool) -> Result<(), Error> {
        self.remove_others(is_known).map_err(|error| self.fault(&error))
    }
}

impl Folder {
    pub(crate) fn beside(store: &Path) -> Folder {
        let mut folder = store.as_os_str().to_owned();
        folder.push(".blobs");
        Folder { store: store.to_owned(), folder: folder.into() }
    }

    fn fault(&self, error: &io::Error) -> Error {
        Error::of_file(&self.store, error)
    }

    fn place(&self, hash: Digest) -> (PathBuf, PathBuf) {
        let name = hash.to_string();
        let shelf = self.folder.join(&name[..2]);
        let file = shelf.join(&name[2..]);
        (shelf, file)
    }

    fn keep(&self, hash: Digest, bytes: &[u8]) -> io::Result<()> {
        let (shelf, path) = self.place(hash);
        if fs::metadata(&path).is_ok_and(|found| found.len() == bytes.len() as u64) {
            return Ok(());
        }
        if !shelf.is_dir() {
            fs::create_dir_all(&shelf)?;
            sync(&self.folder)?;
            self.folder
                .parent()
                .filter(|above| !above.as_os_str().is_empty())
                .map_or(Ok(()), sync)?;
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

    fn remove_others(&self, is_known: &mut dyn FnMut(Digest) -> bool) -> io::Result<()> {
        let shelves = match fs::read_dir(&self.folder) {
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
                if !hash.is_some_and(&mut *is_known) {
                    fs::remove_file(file.path())?;
                }
            }
        }
        Ok(())
    }

    /// Removes the folder and all that is in it.
    pub(crate) fn remove_all(&self) -> Result<(), Error> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(|error| self.fault(&error)),
        }
    }
}

/// Makes the names in a folder durable.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
