//! One helper per feature: everything the tests know about the database stands here.

#![allow(dead_code, reason = "every test binary uses its own part")]

use prism_diagnostics::Severity;
use prism_hir::{dump, item_tree};
use prism_project::{RootDb, check};

/// The body of a module's statements, as text.
pub fn body(source: &str) -> String {
    let mut db = RootDb::new();
    let file = db.set_file("main.prism", source);
    dump(&prism_hir::body(&db, item_tree(&db, file).module))
}

/// The body of the first function, as text.
pub fn function(source: &str) -> String {
    let mut db = RootDb::new();
    let file = db.set_file("main.prism", source);
    dump(&prism_hir::body(&db, item_tree(&db, file).items[0]))
}

/// What is wrong with one file: `P0501 error 3..7 text of the place: message`.
pub fn problems(source: &str) -> Vec<String> {
    problems_of(&[("main.prism", source)])
}

pub fn problems_of(files: &[(&str, &str)]) -> Vec<String> {
    let mut db = RootDb::new();
    for (path, text) in files {
        db.set_file(path, *text);
    }
    let line = |diagnostic: &prism_diagnostics::Diagnostic| {
        let file = db.file_by_id(diagnostic.place.file).expect("a file of the database");
        let text = diagnostic.place.span.slice(file.text(&db));
        let mark = match diagnostic.severity {
            Severity::Error => "",
            Severity::Warning => " warning",
            Severity::Hint => " hint",
        };
        let fix = diagnostic.fixes.first().map(|fix| format!(" → {}", fix.edits[0].insert));
        format!("{}{mark} `{text}`{}", diagnostic.code, fix.unwrap_or_default())
    };
    check(&db).iter().map(line).collect()
}
