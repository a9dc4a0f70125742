//! Programs that are typed in rather than read from a file.

use std::path::Path;
use std::sync::Arc;

use prism_project::Disk;
use prism_source::{FileSystem, ReadError};
use prism_syntax::ast::Quote;
use prism_syntax::{SyntaxError, SyntaxErrorKind};

use crate::compile::{Compiled, Options, Rejected, compile};

/// The name of what was entered, in diagnostics and places.
const ENTERED: &str = "prompt.prism";

/// A folder of the disk, and in it a text that is no file.
struct Entered<'t> {
    folder: &'t Path,
    text: &'t str,
}

impl FileSystem for Entered<'_> {
    fn read(&self, path: &str) -> Result<Arc<str>, ReadError> {
        match path {
            ENTERED => Ok(self.text.into()),
            _ => Disk.read(&self.folder.join(path).to_string_lossy()),
        }
    }

    fn sources_below(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        Disk.sources_below(&self.folder.join(folder).to_string_lossy())
    }

    fn is_folder(&self, path: &str) -> bool {
        path != ENTERED && self.folder.join(path).is_dir()
    }
}

/// Compiles a text as if it were a file in a folder.
pub fn compile_text(folder: &Path, text: &str, options: &Options) -> Result<Compiled, Rejected> {
    compile(&Entered { folder, text }, ENTERED, options).map_err(|mut rejected| {
        // What is not used yet may be used by what is entered next.
        if let Rejected::Errors(report) = &mut rejected {
            report.keep_errors();
        }
        rejected
    })
}

/// Whether a text could end here: no bracket, comment or string of several lines is open.
pub fn is_complete(text: &str) -> bool {
    let is_open = |error: &SyntaxError| {
        matches!(
            error.kind,
            SyntaxErrorKind::UnclosedString { quote: Quote::Backtick | Quote::Triple, .. }
                | SyntaxErrorKind::UnclosedInterpolation
                | SyntaxErrorKind::UnclosedComment
                | SyntaxErrorKind::UnclosedBracket { .. }
        )
    };
    !prism_syntax::parse(text).errors.iter().any(is_open)
}

#[cfg(test)]
mod tests {
    use super::is_complete;

    #[test]
    fn open_brackets_and_texts_go_on() {
        for open in ["f(1,", "if x {", "[1", "`a", "/* a", "let f = x => {\n  x"] {
            assert!(!is_complete(open), "{open}");
        }
        for whole in ["", "1 + 1", "if x { 1 }", "\"a\"", "x )", "let ="] {
            assert!(is_complete(whole), "{whole}");
        }
    }
}
