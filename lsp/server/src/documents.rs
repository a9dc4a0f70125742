//! The texts that are open in the editor, over the files of the disk.

use std::collections::BTreeMap;
use std::sync::Arc;

use prism_project::Disk;
use prism_source::{FileSystem, MAX_FILE_BYTES, ReadError};
use prism_span::{Columns, EditorPosition, LineIndex};
use tower_lsp::ls_types::{Position, TextDocumentContentChangeEvent, Uri};

/// The open documents by path.
#[derive(Debug, Clone, Default)]
pub struct Documents {
    open: BTreeMap<String, Document>,
}

#[derive(Debug, Clone)]
pub struct Document {
    /// As the editor writes it.
    pub uri: Uri,
    pub version: i32,
    text: Arc<str>,
}

impl Documents {
    pub fn open(&mut self, path: String, uri: Uri, version: i32, text: String) {
        self.open.insert(path, Document { uri, version, text: text.into() });
    }

    pub fn close(&mut self, path: &str) {
        self.open.remove(path);
    }

    pub fn get(&self, path: &str) -> Option<&Document> {
        self.open.get(path)
    }

    /// Applies changes in their order; a change without a range is the whole text.
    /// A document that is not open stays as it is.
    pub fn change(
        &mut self,
        path: &str,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        columns: Columns,
    ) {
        let Some(document) = self.open.get_mut(path) else { return };
        document.version = version;
        let mut text = document.text.to_string();
        for change in changes {
            match change.range {
                Some(range) => {
                    let lines = LineIndex::new(&text);
                    let start = offset(&lines, &text, range.start, columns);
                    let end = offset(&lines, &text, range.end, columns);
                    text.replace_range(start..end.max(start), &change.text);
                }
                None => text = change.text,
            }
        }
        document.text = text.into();
    }
}

fn offset(lines: &LineIndex, text: &str, position: Position, columns: Columns) -> usize {
    let position = EditorPosition { line: position.line, column: position.character };
    lines.from_editor(text, position, columns) as usize
}

impl FileSystem for Documents {
    fn read(&self, path: &str) -> Result<Arc<str>, ReadError> {
        match self.open.get(path) {
            Some(document) if document.text.len() as u64 > MAX_FILE_BYTES => {
                Err(ReadError::TooLarge(document.text.len() as u64))
            }
            Some(document) => Ok(document.text.clone()),
            None => Disk.read(path),
        }
    }

    fn sources_below(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        Disk.sources_below(folder)
    }

    fn is_folder(&self, path: &str) -> bool {
        !self.open.contains_key(path) && Disk.is_folder(path)
    }
}
