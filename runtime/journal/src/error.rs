//! What can go wrong with a store, and every sentence that this crate says about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::{Digest, RunId};

/// Why a store did not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The store was made by a newer Prism.
    Newer {
        path: PathBuf,
        found: i64,
        supported: i64,
    },
    /// A format that this Prism cannot make.
    NoFormat {
        path: PathBuf,
        wanted: i64,
        oldest: i64,
        newest: i64,
    },
    /// The file is no store at all.
    NotAStore {
        path: PathBuf,
    },
    /// The database file itself is damaged.
    Damaged {
        path: PathBuf,
        detail: String,
    },
    /// Another program keeps the store to itself.
    Locked {
        path: PathBuf,
    },
    DiskFull {
        path: PathBuf,
    },
    /// An entry is not what was written.
    Changed {
        run: RunId,
        seq: u64,
    },
    /// An entry is gone.
    Missing {
        run: RunId,
        seq: u64,
    },
    /// An entry has a kind that this Prism does not know.
    UnknownKind {
        run: RunId,
        seq: u64,
        kind: i64,
    },
    /// A blob is gone or not what was written.
    Blob {
        hash: Digest,
    },
    /// The large values are at a place that this program does not know how to reach.
    Elsewhere {
        path: PathBuf,
        address: String,
    },
    /// The file cannot be opened, read or written.
    Unreachable {
        path: PathBuf,
        detail: String,
    },
    /// Another process has the run.
    Claimed {
        run: RunId,
    },
    /// Entries that do not follow the run's last one.
    OutOfOrder {
        run: RunId,
        seq: u64,
    },
    /// An earlier write failed; nothing is written any more.
    Stopped {
        cause: Box<Error>,
    },
}

impl Error {
    /// What the system said about a file of the store.
    pub(crate) fn of_file(store: &Path, error: &io::Error) -> Error {
        let path = store.to_path_buf();
        if error.kind() == io::ErrorKind::StorageFull {
            return Error::DiskFull { path };
        }
        Error::Unreachable { path, detail: error.to_string() }
    }

    /// `P20xx`, with a page.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Newer { .. } | Error::UnknownKind { .. } => "P2001",
            Error::NoFormat { .. } => "P2021",
            Error::NotAStore { .. } | Error::Damaged { .. } => "P2002",
            Error::Locked { .. } => "P2003",
            Error::DiskFull { .. } => "P2004",
            Error::Changed { .. } | Error::Missing { .. } => "P2005",
            Error::Blob { .. } => "P2006",
            Error::Elsewhere { .. } => "P2023",
            Error::Unreachable { .. } => "P2007",
            Error::Claimed { .. } | Error::OutOfOrder { .. } => "P2009",
            Error::Stopped { cause } => cause.code(),
        }
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Error::Newer { .. } | Error::UnknownKind { .. } => {
                "use the Prism that wrote it, or a newer one; or name another store with `--store`"
                    .to_owned()
            }
            Error::NoFormat { oldest, newest, .. } => {
                format!("choose a format from {oldest} to {newest}")
            }
            Error::NotAStore { .. } => {
                "name another file with `--store`; this one is left as it is".to_owned()
            }
            Error::Damaged { path, .. } => format!(
                "copy {} and its `-wal` file aside before anything else, then restore a backup, \
                 or name another store with `--store`",
                path.display()
            ),
            Error::Locked { .. } => {
                "end the program that holds it (`lsof` names it), or try again when it is done"
                    .to_owned()
            }
            Error::DiskFull { path } => format!(
                "free some space where {} lies, then `prism resume` the run: what was \
                 acknowledged is on disk",
                path.display()
            ),
            Error::Changed { run, .. } | Error::Missing { run, .. } => format!(
                "the run's record cannot be trusted from there on; restore the store from a \
                 backup, or start {run} anew"
            ),
            Error::Blob { .. } => {
                "restore the store from a backup, or start the run anew".to_owned()
            }
            Error::Unreachable { path, .. } if path.starts_with("postgres:") => {
                "check the address, that the server runs, and that the user may use the database; \
                 a run goes on with `prism resume` when it is there again"
                    .to_owned()
            }
            Error::Elsewhere { .. } => {
                "use a Prism that knows such places, or bring the values back with `prism values \
                 --to beside`"
                    .to_owned()
            }
            Error::Unreachable { path, .. } if path.starts_with("s3:") => {
                "check the address, that the bucket is there, and the credentials, which come from \
                 the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, \
                 AWS_ENDPOINT_URL; a run goes on with `prism resume` when it is there again"
                    .to_owned()
            }
            Error::Unreachable { .. } => {
                "check that the folder exists, is on a local disk and is writable, or name another \
                 store with `--store`"
                    .to_owned()
            }
            Error::Claimed { run } => {
                format!("wait for it, or end it; `prism events {run} --follow` shows what it does")
            }
            Error::OutOfOrder { run, .. } => {
                format!("end the other process, then `prism resume {run}`")
            }
            Error::Stopped { cause } => cause.help(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Newer { path, found, supported } => write!(
                f,
                "the store {} has format {found}, this Prism reads up to {supported}",
                path.display()
            ),
            Error::NoFormat { path, wanted, .. } => {
                write!(f, "the store {} cannot be brought to format {wanted}", path.display())
            }
            Error::NotAStore { path } => write!(f, "{} is not a Prism store", path.display()),
            Error::Damaged { path, detail } => {
                write!(f, "the store {} is damaged: {detail}", path.display())
            }
            Error::Locked { path } => {
                write!(f, "another program keeps the store {} locked", path.display())
            }
            Error::DiskFull { path } => {
                write!(f, "no space left for the store {}", path.display())
            }
            Error::Changed { run, seq } => {
                write!(f, "entry {seq} of run {run} is not what was written")
            }
            Error::Missing { run, seq } => write!(f, "entry {seq} of run {run} is missing"),
            Error::UnknownKind { run, seq, kind } => {
                write!(
                    f,
                    "entry {seq} of run {run} has kind {kind}, which this Prism does not know"
                )
            }
            Error::Blob { hash } => write!(f, "the stored value {hash} is missing or damaged"),
            Error::Elsewhere { path, address } => {
                write!(
                    f,
                    "the store {} keeps its large values at {address}, which this program does \
                     not reach",
                    path.display()
                )
            }
            Error::Unreachable { path, detail } => {
                write!(f, "the store {} cannot be used: {detail}", path.display())
            }
            Error::Claimed { run } => write!(f, "run {run} is being driven by another process"),
            Error::OutOfOrder { run, seq } => {
                write!(f, "run {run} went on elsewhere: entry {seq} does not follow its last one")
            }
            Error::Stopped { cause } => write!(f, "{cause}"),
        }
    }
}

impl std::error::Error for Error {}
