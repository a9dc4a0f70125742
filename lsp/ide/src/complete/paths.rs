//! Modules to import, and what they export.

use prism_hir::exports;
use prism_project::RootDb;
use prism_source::{Db, Origin, Resolution, SourceFile, resolve};

use super::members::exported;
use super::{Completion, CompletionKind};

/// The modules that a file could import: the standard library, and the files of the program by
/// their way from here.
pub(super) fn paths(db: &RootDb, file: SourceFile, written: &str) -> Vec<Completion> {
    let files = db.files().by_path(db);
    let from = file.path(db);
    let mut found = Vec::new();
    for (path, other) in files.iter().filter(|(_, other)| **other != file) {
        let label = match other.origin(db) {
            // The rest is for the compiler.
            Origin::Standard if path.contains("/methods/") || path.ends_with("/prelude") => {
                continue;
            }
            Origin::Standard => path.to_string(),
            Origin::User => relative(from, path),
        };
        if label.starts_with(written) {
            found.push(Completion::new(label, CompletionKind::Module));
        }
    }
    found
}

/// `./lib` for `/p/lib.prism` in `/p/main.prism`.
fn relative(from: &str, to: &str) -> String {
    let to = to.strip_suffix(".prism").unwrap_or(to);
    let (from, to): (Vec<&str>, Vec<&str>) = (from.split('/').collect(), to.split('/').collect());
    let folders = &from[..from.len() - 1];
    let n_common = folders.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let n_common = n_common.min(to.len() - 1);
    let up = "../".repeat(folders.len() - n_common);
    let start = if up.is_empty() { "./" } else { &up };
    format!("{start}{}", to[n_common..].join("/"))
}

/// What the module of an import exports.
pub(super) fn exports_of(db: &RootDb, file: SourceFile, specifier: &str) -> Vec<Completion> {
    let Resolution::Found(from) = resolve(db, file, specifier) else { return Vec::new() };
    let found = exports(db, from).into_iter().filter(|(name, _)| &**name != "default");
    found.map(|(name, definition)| exported(db, &name, &definition)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_from_one_file_to_another() {
        assert_eq!(relative("/p/main.prism", "/p/lib.prism"), "./lib");
        assert_eq!(relative("/p/main.prism", "/p/sub/lib.prism"), "./sub/lib");
        assert_eq!(relative("/p/sub/main.prism", "/p/lib.prism"), "../lib");
        assert_eq!(relative("/p/a/b/main.prism", "/q/lib.prism"), "../../../q/lib");
    }
}
