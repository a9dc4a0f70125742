//! The files of an embedded program: its text, and the module that declares what the host serves.

use std::sync::Arc;

use prism_source::{FileSystem, HOST, ReadError, normalize};

pub(crate) const ROOT: &str = "main.prism";

pub(crate) struct Sources {
    pub program: Arc<str>,
    pub host: Arc<str>,
}

impl FileSystem for Sources {
    fn read(&self, path: &str) -> Result<Arc<str>, ReadError> {
        match normalize(path).as_str() {
            ROOT => Ok(self.program.clone()),
            HOST => Ok(self.host.clone()),
            _ => Err(ReadError::NotFound),
        }
    }

    fn sources_below(&self, _: &str) -> Result<Vec<String>, ReadError> {
        Ok(vec![ROOT.to_owned()])
    }

    fn is_folder(&self, _: &str) -> bool {
        false
    }
}
