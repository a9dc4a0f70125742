//! What the tests of this crate share.

use prism_project::RootDb;
use prism_source::SourceFile;

/// A database with one file.
pub fn open(source: &str) -> (RootDb, SourceFile) {
    let mut db = RootDb::new();
    let file = db.set_file("main.prism", source);
    (db, file)
}
