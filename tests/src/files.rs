//! A file system that is a table: what a case or an example says, and nothing else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use prism_source::{FileSystem, ReadError, normalize};

/// Texts by path.
#[derive(Debug, Clone, Default)]
pub struct Table(BTreeMap<String, Arc<str>>);

impl Table {
    /// `./x.prism` and `x.prism` are the same file.
    pub fn new(files: impl IntoIterator<Item = (String, String)>) -> Table {
        Table(files.into_iter().map(|(path, text)| (normalize(&path), text.into())).collect())
    }
}

impl FileSystem for Table {
    fn read(&self, path: &str) -> Result<Arc<str>, ReadError> {
        self.0.get(&normalize(path)).cloned().ok_or(ReadError::NotFound)
    }

    fn sources_below(&self, _folder: &str) -> Result<Vec<String>, ReadError> {
        Ok(self.0.keys().cloned().collect())
    }

    fn is_folder(&self, _path: &str) -> bool {
        false
    }
}

/// The files below a folder of the repository with one of these endings, in order of path.
/// Build output and hidden folders are left out.
pub fn below(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules"
            {
                waiting.push(path);
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the root")
}
