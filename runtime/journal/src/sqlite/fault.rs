//! What SQLite reports, as an error of ours.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::Error;

/// Where it happened.
#[derive(Clone, Copy)]
pub(super) struct At<'a>(pub(super) &'a Path);

impl At<'_> {
    pub(super) fn fault(self, error: &rusqlite::Error) -> Error {
        let path = self.0.to_path_buf();
        let detail = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Error::NotAStore { path },
            Some(ErrorCode::DiskFull) => Error::DiskFull { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Locked { path },
            Some(
                ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::SystemIoFailure
                | ErrorCode::NoLargeFileSupport
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::OutOfMemory,
            ) => Error::Unreachable { path, detail },
            // A missing table, a column of another type, a duplicate row number: the file says
            // that it is a store and is not what a store writes.
            Some(_) | None => Error::Damaged { path, detail },
        }
    }

    pub(super) fn unreachable(self, error: &std::io::Error) -> Error {
        Error::of_file(self.0, error)
    }
}
