//! A set of files that are checked together: the database, opening, `prism.toml`, [`check()`], the
//! whole front end in one call, and [`program_facts()`].

mod agents;
mod ahead;
mod check;
mod db;
mod diagnostics;
mod disk;
mod facts;
mod graph;
mod manifest;
mod open;
mod threads;
mod workspace;

pub use check::{Keep, check, check_file, check_in_graph, check_keeping, release};
pub use db::{Edit, RootDb};
pub use disk::Disk;
pub use facts::{Bound, ProgramFacts, Reason, ReasonKind, program_facts};
pub use graph::{Cycle, cycles, imported_first, imports, module_order};
pub use manifest::{Manifest, read_manifest};
pub use open::{Opened, open, open_to_check};
pub use workspace::{Changes, Workspace};
