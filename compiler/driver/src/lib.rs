//! The compiler as a library: what `prismc`, `prism` and the tests have in common.
//!
//! ```text
//! check    files → project::open → project::check → Report
//! effects  check → what every function may do
//! fix      check → edits that do not overlap → check again → … → files
//! fmt      files → project::open → syntax::format → files
//! doc      check → what each file declares → Markdown or HTML
//! compile  check → lower → verify → optimize, verified after each pass → emit → verify → encode
//! ```
//!
//! The compiler's only input and output happen here and in `project::Disk`.

mod compile;
mod doc;
mod effects;
mod emit;
mod entered;
mod facts;
mod fix;
mod fmt;
mod guard;
mod printed;
mod report;
mod rooted;

use std::process::ExitCode;

pub use compile::{
    Checked, Compiled, CompiledTests, Counting, Options, Point, Rejected, check, check_files,
    compile, compile_file, compile_read, compile_tests, sources,
};
pub use doc::{Format, doc, doc_files};
pub use effects::{FunctionEffects, effects};
pub use emit::{Stage, emit, emit_file};
pub use entered::{compile_text, is_complete};
pub use facts::{FileFacts, facts};
pub use fix::{Applied, Change, Fixed, fix, fix_files};
pub use fmt::{Formatted, fmt, fmt_files, formatted_text};
pub use guard::{INTERNAL, guarded};
pub use printed::{is_closed, print};
pub use prism_lower::What;
pub use prism_opt::Level;
pub use report::{Located, Report, SourceTable};
pub use rooted::{package_of, shown};

/// Exit statuses of `prismc`.
pub const CLEAN: ExitCode = ExitCode::SUCCESS;
pub const ERRORS: ExitCode = ExitCode::FAILURE;
