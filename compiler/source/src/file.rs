//! The inputs: source files and the table that finds them by path.

use std::collections::BTreeMap;
use std::sync::Arc;

use prism_span::FileId;

use crate::Package;

/// Who wrote a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A program's own file.
    User,
    /// The embedded standard library; it may name natives (`__offer`).
    Standard,
}

/// One source text. `path` uses `/`; a module of the standard library is `@prism/<module>`.
/// Only a file of the standard library and a manifest have no package.
#[salsa::input(debug)]
pub struct SourceFile {
    #[returns(copy)]
    pub id: FileId,
    pub path: Arc<str>,
    pub text: Arc<str>,
    #[returns(copy)]
    pub origin: Origin,
    #[returns(copy)]
    pub package: Option<Package>,
}

/// Every file that an import can reach, by its normalized path.
#[salsa::input(debug)]
pub struct Files {
    pub by_path: Arc<BTreeMap<Arc<str>, SourceFile>>,
}
