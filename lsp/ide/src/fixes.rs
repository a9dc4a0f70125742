//! The fixes that diagnostics carry, as actions of an editor.

use std::collections::BTreeMap;

use prism_diagnostics::{Diagnostic, Edit, fixes_together, with_line_ends_of};
use prism_project::RootDb;
use prism_source::{Origin, SourceFile};
use prism_span::Span;

/// A change that somebody may choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    pub title: String,
    /// The diagnostic that it mends, by its position in what was given.
    pub mends: Option<usize>,
    /// The first fix of its diagnostic.
    pub is_preferred: bool,
    pub edits: Vec<(SourceFile, Vec<Edit>)>,
}

/// The fixes of the diagnostics of a file that touch a range.
pub fn actions(db: &RootDb, diagnostics: &[Diagnostic], range: Span) -> Vec<Action> {
    let mut found = Vec::new();
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        let span = diagnostic.place.span;
        if span.start > range.end || range.start > span.end {
            continue;
        }
        for (nth, fix) in diagnostic.fixes.iter().enumerate() {
            if !fix.edits.is_empty() && fix.edits.iter().all(|edit| is_ours(db, edit)) {
                found.push(Action {
                    title: fix.title.clone(),
                    mends: Some(index),
                    is_preferred: nth == 0,
                    edits: by_file(db, fix.edits.iter()),
                });
            }
        }
    }
    found
}

/// One round of what `prismc check --fix` does, inside one file.
pub fn fix_all(db: &RootDb, file: SourceFile, diagnostics: &[Diagnostic]) -> Option<Action> {
    let is_inside = |edit: &Edit| edit.place.file == file.id(db) && is_ours(db, edit);
    let chosen = fixes_together(diagnostics, is_inside);
    let edits = by_file(db, chosen.iter().flat_map(|(_, fix)| &fix.edits));
    let title = match chosen.len() {
        0 => return None,
        1 => "apply the only fix of this file".to_owned(),
        n => format!("apply {n} fixes of this file"),
    };
    Some(Action { title, mends: None, is_preferred: false, edits })
}

/// The edit changes a file of the program, at a place that its text has.
fn is_ours(db: &RootDb, edit: &Edit) -> bool {
    db.file_by_id(edit.place.file).is_some_and(|file| {
        let is_there = file.text(db).get(edit.place.span.range()).is_some();
        file.origin(db) == Origin::User && is_there
    })
}

fn by_file<'e>(db: &RootDb, edits: impl Iterator<Item = &'e Edit>) -> Vec<(SourceFile, Vec<Edit>)> {
    let mut by_file: BTreeMap<_, (SourceFile, Vec<Edit>)> = BTreeMap::new();
    for edit in edits {
        let Some(file) = db.file_by_id(edit.place.file) else { continue };
        let edit = with_line_ends_of(file.text(db), edit.clone());
        by_file.entry(edit.place.file).or_insert_with(|| (file, Vec::new())).1.push(edit);
    }
    by_file.into_values().collect()
}
