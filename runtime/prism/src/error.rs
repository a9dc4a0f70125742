//! Why there is no result.

use std::fmt;

/// A program that was refused, or a run that could not be driven. A program that ran and failed
/// is no error here: its [`RunResult`](crate::RunResult) says so.
#[derive(Debug)]
pub enum Error {
    /// The compiler found errors.
    Rejected(prism_driver::Rejected),
    /// The engine or its store.
    Engine(prism_engine::Error),
    /// The journal cannot be opened.
    Store(prism_journal::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Rejected(rejected) => f.write_str(&rejected.render(false)),
            Error::Engine(error) => write!(f, "{}: {error}", error.code()),
            Error::Store(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<prism_engine::Error> for Error {
    fn from(error: prism_engine::Error) -> Error {
        Error::Engine(error)
    }
}
