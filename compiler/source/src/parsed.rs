//! The query that parses a file.

use std::sync::Arc;

use prism_diagnostics::Diagnostic;
use prism_syntax::ast::Ast;

use crate::{Db, SourceFile};

/// The tree of a file and what is wrong with its text.
#[derive(Debug, Clone)]
pub struct Parsed {
    pub ast: Arc<Ast>,
    pub diagnostics: Arc<[Diagnostic]>,
    /// Names that stand in statements nobody could read: they may have been declared there.
    pub broken: Arc<[Box<str>]>,
}

/// Parses the text of a file. Its result is not compared: a text that changed has another tree.
#[salsa::tracked(no_eq)]
pub fn parse(db: &dyn Db, file: SourceFile) -> Parsed {
    let text = file.text(db);
    Parsed {
        ast: Arc::new(Ast::new(text.len() as u32)),
        diagnostics: Arc::new([]),
        broken: Arc::new([]),
    }
}
