//! The language server as a process: what an editor sends, and what it gets.

mod client;
mod diagnostics;
mod edits;
mod features;
mod hostile;
mod words;

use std::path::Path;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        write(folder.path(), name, text);
    }
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder to write in");
    std::fs::write(path, text).expect("a file to write");
}
