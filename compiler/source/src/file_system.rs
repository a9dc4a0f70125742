//! The seam to the outside world: how the text of a file is fetched.

use std::sync::Arc;

/// Larger files are refused: spans are 32 bits wide and an editor must stay quick.
pub const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// Why a file has no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    NotFound,
    /// The system's own words.
    Unreadable(String),
    /// Bytes that are not UTF-8 start here.
    NotUtf8 {
        at: u64,
    },
    /// The size in bytes.
    TooLarge(u64),
}

/// Where files come from: a disk, an editor's buffers, a test's table. Many are read at once.
pub trait FileSystem: Sync {
    /// The text of a file of at most [`MAX_FILE_BYTES`] bytes.
    fn read(&self, path: &str) -> Result<Arc<str>, ReadError>;

    /// The `.prism` files in a folder and below it, in order of their paths;
    /// hidden folders and `node_modules` are left out.
    fn sources_below(&self, folder: &str) -> Result<Vec<String>, ReadError>;

    fn is_folder(&self, path: &str) -> bool;
}
