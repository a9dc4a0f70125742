//! Opens programs once: the files that were named, everything they import, and their manifests.

use prism_diagnostics::Diagnostic;
use prism_source::{FileSystem, SourceFile};

use crate::check::Keep;
use crate::db::RootDb;
use crate::workspace::Workspace;

/// Programs that were opened. The diagnostics say what could not be read, and what is wrong in
/// the manifests; what is wrong in the programs is for [`crate::check()`].
pub struct Opened {
    pub db: RootDb,
    /// The files that were named, or found in the folders that were named.
    pub roots: Vec<SourceFile>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads files, the `.prism` files of folders, and all that they import.
pub fn open(fs: &dyn FileSystem, paths: &[String]) -> Opened {
    opened(fs, paths, |_| {})
}

/// The same for [`crate::check_keeping`]: files that import nothing but what was named are
/// checked as soon as they are read, and `keep` of them is kept.
pub fn open_to_check(fs: &dyn FileSystem, paths: &[String], keep: Keep) -> Opened {
    opened(fs, paths, |workspace| workspace.check_ahead(fs, keep))
}

fn opened(
    fs: &dyn FileSystem,
    paths: &[String],
    before_imports: impl FnOnce(&mut Workspace),
) -> Opened {
    let mut workspace = Workspace::new();
    for path in paths {
        workspace.include(fs, path);
    }
    before_imports(&mut workspace);
    workspace.settle(fs);
    let (roots, diagnostics) = (workspace.roots().to_vec(), workspace.reports().to_vec());
    Opened { db: workspace.into_db(), roots, diagnostics }
}
