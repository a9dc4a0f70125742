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
        let absolute = absolute(program);
        let folder = package_of(&absolute);
        let inside = absolute.strip_prefix(&folder).unwrap_or(&absolute);
        let inside = inside.to_string_lossy().into_owned();
        (Rooted { files, folder }, inside)
    }

    /// A path of the program as a person would write it here.
    pub fn shown(&self, path: &str) -> Arc<str> {
        if path.starts_with('@') { path.into() } else { shown(&self.folder.join(path)) }
    }

    fn path(&self, path: &str) -> String {
        self.folder.join(path).to_string_lossy().into_owned()
    }
}

/// The folder where a program's paths begin: that of the nearest manifest, or else its own.
pub fn package_of(program: &Path) -> PathBuf {
    let absolute = absolute(program);
    let own = absolute.parent().unwrap_or(Path::new("/"));
    let package = own.ancestors().find(|folder| folder.join(MANIFEST).is_file());
    package.unwrap_or(own).to_owned()
}

/// A path as a person would write it here: relative when it lies below this folder.
pub fn shown(path: &Path) -> Arc<str> {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).to_string_lossy().into()
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
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
