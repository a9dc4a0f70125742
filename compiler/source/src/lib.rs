//! Source texts as salsa inputs, how imports find them, and the query that parses one.
//!
//! Everything after this crate asks for files through [`Db`]; nobody here or later reads a disk.
//! [`FileSystem`] is the seam through which `project` and the editor fill the inputs.

mod db;
mod file;
mod file_system;
mod kept;
mod package;
mod parsed;
mod resolve;

pub use db::Db;
pub use file::{Files, Origin, SourceFile};
pub use file_system::{FileSystem, MAX_FILE_BYTES, ReadError};
pub use kept::Kept;
pub use package::{Agent, Agents, BandLimits, LintLevel, Package};
pub use parsed::{Parsed, Tree, parse};
pub use resolve::{HOST, PRELUDE, Resolution, candidates, normalize, resolve, std_module};
