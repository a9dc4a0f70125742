//! One file per verb of `prismc`.

pub mod build;
pub mod check;
pub mod completions;
pub mod doc;
pub mod explain;
pub mod fmt;
