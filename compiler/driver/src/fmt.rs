//! Formats the files that were named, and those of folders that were named.
//!
//! Statements with mistakes stay as they are; what they are is for `check` to say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use prism_project::{Disk, Opened, open};
use prism_source::FileSystem;

use crate::compile::{absolute, is_unreadable};
use crate::fix::{Change, write};
use crate::report::{Report, SourceTable};
use crate::rooted::shown;

/// Files and what formatting makes of them.
#[derive(Debug)]
pub struct Formatted {
    /// Files that could not be read.
    pub unreadable: Option<Report>,
    pub n_files: usize,
    /// The texts that change, by path.
    pub changed: BTreeMap<Arc<str>, Change>,
    /// Files with mistakes in their text, as they are shown, with the number of mistakes.
    pub broken: Vec<(Arc<str>, usize)>,
}

/// Formats files of the disk, and writes nothing.
pub fn fmt(paths: &[PathBuf]) -> Formatted {
    formatted(&Disk, &absolute(paths), |path| shown(Path::new(&**path)))
}

/// The same for any file system.
pub fn fmt_files(files: &dyn FileSystem, paths: &[String]) -> Formatted {
    formatted(files, paths, Arc::clone)
}

/// The text in Prism's style.
pub fn formatted_text(text: &str) -> String {
    prism_syntax::format(text)
}

impl Formatted {
    /// The files that change, as they are shown.
    pub fn names(&self) -> Vec<Arc<str>> {
        self.changed.keys().map(|path| shown(Path::new(&**path))).collect()
    }

    /// Writes the files that change; gives what is said about those that could not be written.
    pub fn write(&self) -> Vec<String> {
        let refused = |(path, change): (&Arc<str>, &Change)| {
            let path = Path::new(&**path);
            let reason = write(path, change).err()?;
            Some(format!("`{}` was not changed: {reason}", shown(path)))
        };
        self.changed.iter().filter_map(refused).collect()
    }
}

fn formatted(
    files: &dyn FileSystem,
    paths: &[String],
    shown: impl Fn(&Arc<str>) -> Arc<str>,
) -> Formatted {
    let opened = open(files, paths);
    let mut found = Formatted {
        unreadable: unreadable(&opened),
        n_files: opened.roots.len(),
        changed: BTreeMap::new(),
        broken: Vec::new(),
    };
    for file in &opened.roots {
        let (path, before) = (file.path(&opened.db), file.text(&opened.db));
        let n_mistakes = prism_syntax::parse(before).errors.len();
        if n_mistakes > 0 {
            found.broken.push((shown(path), n_mistakes));
        }
        let after: Arc<str> = formatted_text(before).into();
        if after != *before {
            found.changed.insert(path.clone(), Change { before: before.clone(), after });
        }
    }
    found
}

fn unreadable(opened: &Opened) -> Option<Report> {
    let diagnostics = opened.diagnostics.clone();
    is_unreadable(opened).then(|| Report { diagnostics, sources: SourceTable::default() })
}
