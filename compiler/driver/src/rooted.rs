//! Paths inside a program are relative to its package, so that the same program gives the same
//! artifact wherever it lies.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use prism_source::{FileSystem, ReadError};

const MANIFEST: &str = "prism.toml";

/// A file system seen from a folder: relative paths begin there.
pub(crate) struct Rooted<'f> {
    files: &'f dyn FileSystem,
    folder: PathBuf,
}

impl<'f> Rooted<'f> {
    /// The file system of the package of a program, and the program's path in it.
    /// A package is the folder of the nearest manifest, or else the program's own folder.
    pub fn of(files: &'f dyn FileSystem, program: &Path) -> (Rooted<'f>, String) {
        let absolute = std::path::absolute(program).unwrap_or_else(|_| program.to_owned());
        let own = absolute.parent().unwrap_or(Path::new("/"));
        let package = own.ancestors().find(|folder| folder.join(MANIFEST).is_file());
        let folder = package.unwrap_or(own).to_owned();
        let inside = absolute.strip_prefix(&folder).unwrap_or(&absolute);
        let inside = inside.to_string_lossy().into_owned();
        (Rooted { files, folder }, inside)
    }

    /// A path of the program as a person would write it here.
    pub fn shown(&self, path: &str) -> Arc<str> {
        if path.starts_with('@') {
            return path.into();
        }
        let absolute = self.folder.join(path);
        let here = std::env::current_dir().unwrap_or_default();
        absolute.strip_prefix(&here).unwrap_or(&absolute).to_string_lossy().into()
    }

    fn path(&self, path: &str) -> String {
        self.folder.join(path).to_string_lossy().into_owned()
    }
}

impl FileSystem for Rooted<'_> {
    fn read(&self, path: &str) -> Result<Arc<str>, ReadError> {
        self.files.read(&self.path(path))
    }

    fn sources_below(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        self.files.sources_below(&self.path(folder))
    }

    fn is_folder(&self, path: &str) -> bool {
        self.files.is_folder(&self.path(path))
    }
}
