//! A set of files that are checked together: the database, opening, `prism.toml`, and
//! [`check()`], the whole front end in one call.

mod agents;
mod check;
mod db;
mod diagnostics;
mod disk;
mod graph;
mod manifest;
mod open;
mod threads;
mod workspace;

pub use check::{check, check_file, check_in_graph};
pub use db::{Edit, RootDb};
pub use disk::Disk;
pub use graph::{Cycle, cycles, imported_first, imports, module_order};
pub use manifest::{Manifest, read_manifest};
pub use open::{Opened, open};
pub use workspace::{Changes, Workspace};
