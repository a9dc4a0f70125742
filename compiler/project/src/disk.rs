//! The disk as a file system of the compiler.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use prism_source::{FileSystem, MAX_FILE_BYTES, ReadError};

/// Paths are taken as the system takes them: relative ones from the current folder.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Disk {
    /// Would a search from above look at this path, which is relative to where it began?
    pub fn searches(path: &str) -> bool {
        let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
        !folders.split('/').any(is_skipped)
    }
}

impl FileSystem for Disk {
    fn read(&self, path: &str) -> Result<Arc<str>, ReadError> {
        let mut file = fs::File::open(path).map_err(|error| unreadable(&error))?;
        let size = file.metadata().map_err(|error| unreadable(&error))?;
        if size.is_dir() {
            return Err(ReadError::Unreadable("it is a folder".to_owned()));
        }
        if size.len() > MAX_FILE_BYTES {
            return Err(ReadError::TooLarge(size.len()));
        }
        // A pipe or a growing file has no size to trust.
        let mut bytes = Vec::with_capacity(size.len() as usize + 1);
        let mut limited = (&mut file).take(MAX_FILE_BYTES + 1);
        limited.read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(ReadError::TooLarge(bytes.len() as u64));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(text.into()),
            Err(error) => Err(ReadError::NotUtf8 { at: error.utf8_error().valid_up_to() as u64 }),
        }
    }

    fn sources_below(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        let mut found = Vec::new();
        let mut waiting = vec![folder.to_owned()];
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(&folder).map_err(|error| unreadable(&error))? {
                let entry = entry.map_err(|error| unreadable(&error))?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = Path::new(&folder).join(&name).to_string_lossy().into_owned();
                // A link to a folder is not followed: it may lead back.
                let kind = entry.file_type().map_err(|error| unreadable(&error))?;
                if kind.is_dir() && !is_skipped(&name) {
                    waiting.push(path);
                } else if !kind.is_dir() && name.ends_with(".prism") {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }

    fn is_folder(&self, path: &str) -> bool {
        Path::new(path).is_dir()
    }
}

fn is_skipped(name: &str) -> bool {
    name.starts_with('.') || name == "node_modules" || name == "target"
}

fn unreadable(error: &io::Error) -> ReadError {
    match error.kind() {
        io::ErrorKind::NotFound => ReadError::NotFound,
        _ => ReadError::Unreadable(error.to_string()),
    }
}
