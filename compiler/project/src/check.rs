//! The whole front end: everything that is wrong with a program.

use std::collections::BTreeSet;

use prism_diagnostics::{Code, Diagnostic, Place, Severity};
use prism_hir::item_tree;
use prism_source::{Db, LintLevel, SourceFile, parse};
use prism_span::Span;
use rustc_hash::FxHashSet;

use crate::agents::agents_against_manifest;
use crate::db::RootDb;
use crate::diagnostics::cycle_diagnostic;
use crate::graph::{self, Cycle};
use crate::threads;

/// What is wrong with the files of the program, in order of file and place.
pub fn check(db: &RootDb) -> Vec<Diagnostic> {
    check_keeping(db, Keep::Nothing)
}

/// The same, for somebody who goes on with what was found out about the files.
pub fn check_keeping(db: &RootDb, keep: Keep) -> Vec<Diagnostic> {
    let files = db.user_files();
    let wanted: FxHashSet<SourceFile> = files.iter().copied().collect();
    // Files that import each other belong to one thread: where inference runs in circles, it
    // then always begins at the same place.
    let mut groups = graph::groups(db, &files);
    groups.iter_mut().for_each(|group| group.retain(|file| wanted.contains(file)));
    threads::map(db, &groups, |db, group| {
        group.iter().for_each(|file| check_and_release(db, *file, keep));
    });
    let cycles = graph::cycles(db, &files);
    files.iter().flat_map(|file| in_graph(db, *file, checked(db, *file), &cycles)).collect()
}

/// Finds what is wrong with a file, for whoever asks again.
pub(crate) fn check_and_release(db: &RootDb, file: SourceFile, keep: Keep) {
    checked(db, file);
    // Whatever else is computed anew needs the tree.
    if !parse(db, file).tree.is_released() {
        release(db, file, keep);
    }
}

/// What is kept of a file that was checked, beside what it is to those who import it. Trees,
/// bodies and what is known inside of them are large, and can be computed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// All of the present text: somebody works with it.
    Newest,
    /// Bodies, to be compiled.
    Bodies,
    Nothing,
}

/// Gives up what need not be kept of a file.
pub fn release(db: &RootDb, file: SourceFile, keep: Keep) {
    match keep {
        Keep::Newest => prism_hir::release_old_trees(db, file),
        Keep::Bodies => parse(db, file).tree.release(),
        Keep::Nothing => prism_typeck::release(db, file),
    }
}

/// What is wrong with one file and with its place among `cycles`, in order of place. What need
/// not be kept of the file is given up.
pub fn check_in_graph(
    db: &RootDb,
    file: SourceFile,
    cycles: &[Cycle],
    keep: Keep,
) -> Vec<Diagnostic> {
    match keep {
        Keep::Newest => settle_imports(db, file),
        Keep::Bodies | Keep::Nothing => settle_one_by_one(db, file),
    }
    let found = in_graph(db, file, checked(db, file), cycles);
    release(db, file, keep);
    found
}

fn in_graph(
    db: &RootDb,
    file: SourceFile,
    found: &[Diagnostic],
    cycles: &[Cycle],
) -> Vec<Diagnostic> {
    let mut all = found.to_vec();
    let cycles = cycles.iter().filter(|cycle| cycle.files.first() == Some(&file));
    all.extend(cycles.map(|cycle| cycle_diagnostic(db, cycle, cycle_place(db, cycle))));
    all.sort_by_key(order);
    all.dedup();
    all
}

/// What is wrong with one file, in the order of its text. Circles of modules are left out.
pub fn check_file(db: &dyn Db, file: SourceFile) -> &Vec<Diagnostic> {
    settle_one_by_one(db, file);
    checked(db, file)
}

/// Everything that a file reaches is inferred before the file, and callees before callers.
fn settle_one_by_one(db: &dyn Db, file: SourceFile) {
    for imported in graph::module_order(db, file) {
        prism_typeck::settle(db, imported);
    }
}

/// The same for a file that is edited again and again: as long as nothing is edited that it
/// imports, only its imports are looked at, however many files they reach. What each of them
/// reaches is remembered, so this is not for all files.
fn settle_imports(db: &dyn Db, file: SourceFile) {
    let imports = graph::imports(db, file);
    // In a circle inference always begins at the same place.
    if imports.iter().any(|import| reached_from(db, import.file).contains(&file)) {
        return settle_one_by_one(db, file);
    }
    for import in imports {
        settled(db, import.file);
    }
}

#[salsa::tracked]
fn reached_from(db: &dyn Db, file: SourceFile) -> Vec<SourceFile> {
    graph::module_order(db, file)
}

#[salsa::tracked]
fn settled(db: &dyn Db, file: SourceFile) {
    for reached in reached_from(db, file) {
        prism_typeck::settle(db, *reached);
    }
}

fn order(diagnostic: &Diagnostic) -> (Span, Severity, &'static str) {
    (diagnostic.place.span, diagnostic.severity, diagnostic.code.as_str())
}

/// What is wrong with one file, when those that it imports are settled. A statement that could
/// not be read gives one error: what follows from it is left out.
#[salsa::tracked]
fn checked(db: &dyn Db, file: SourceFile) -> Vec<Diagnostic> {
    let mut all: Vec<Diagnostic> = parse(db, file).diagnostics.to_vec();
    all.extend(prism_hir::file_diagnostics(db, file));
    for item in item_tree(db, file).bodies() {
        all.extend(prism_hir::body_diagnostics(db, item));
    }
    all.extend(agents_against_manifest(db, file));
    all.extend(prism_typeck::check(db, file));
    let all = with_levels(db, file, all);
    let mut all = once_per_cause(all, file.text(db));
    all.sort_by_key(order);
    all
}

/// Applies the lint levels of the manifest to warnings and hints. In a strict package a value
/// that is computed and not used is an error, unless the levels say otherwise.
fn with_levels(db: &dyn Db, file: SourceFile, all: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let Some(package) = file.package(db) else { return all };
    let lints = package.lints(db);
    let is_strict = package.is_strict(db);
    let level = |diagnostic: &Diagnostic| {
        let strict = (is_strict && diagnostic.code == Code::P0701).then_some(LintLevel::Deny);
        lints.get(diagnostic.code.as_str()).copied().or(strict)
    };
    let apply = |mut diagnostic: Diagnostic| {
        if diagnostic.severity == Severity::Error {
            return Some(diagnostic);
        }
        match level(&diagnostic) {
            Some(LintLevel::Allow) => return None,
            Some(LintLevel::Warn) => diagnostic.severity = Severity::Warning,
            Some(LintLevel::Deny) => diagnostic.severity = Severity::Error,
            None => {}
        }
        Some(diagnostic)
    };
    all.into_iter().filter_map(apply).collect()
}

/// Two rooms may stumble over the same text; the first error of a place counts. What is not used
/// where something could not be read, or on the same line, was meant for something, and a warning
/// about text that has an error of syntax is about something that was not meant.
fn once_per_cause(mut all: Vec<Diagnostic>, text: &str) -> Vec<Diagnostic> {
    let mut seen: BTreeSet<Place> = BTreeSet::new();
    let is_unused = |diagnostic: &Diagnostic| diagnostic.code == Code::P0701;
    all.retain(|diagnostic| {
        !diagnostic.is_error() || is_unused(diagnostic) || seen.insert(diagnostic.place)
    });
    let unread: Vec<Place> = all
        .iter()
        .filter(|one| one.is_error() && one.code < Code::P0201)
        .map(|one| one.place)
        .collect();
    let is_unread = |place: Place| {
        unread
            .iter()
            .any(|unread| unread.file == place.file && unread.span.contains_span(place.span))
    };
    let is_beside = |place: Place| {
        unread.iter().any(|unread| {
            let (first, second) = (unread.span.min(place.span), unread.span.max(place.span));
            let between = text.get(first.end as usize..second.start as usize);
            unread.file == place.file && !between.unwrap_or_default().contains('\n')
        })
    };
    all.retain(|diagnostic| {
        let place = diagnostic.place;
        // The literals of a list without its brackets are no targets.
        let follows = is_unused(diagnostic) || diagnostic.code == Code::P0514;
        !(is_unused(diagnostic) && seen.contains(&place) || follows && is_beside(place))
    });
    all.retain(|diagnostic| diagnostic.is_error() || !is_unread(diagnostic.place));
    all
}

/// Where the first module of a circle imports the next.
fn cycle_place(db: &RootDb, cycle: &Cycle) -> Place {
    let Some(first) = cycle.files.first() else {
        return Place::new(prism_span::FileId(0), Span::empty(0));
    };
    let text = first.text(db);
    // The path stands in the text as written, in one kind of quotes or another.
    let found = ["\"", "'"].iter().find_map(|quote| {
        let written = format!("{quote}{}{quote}", cycle.specifier);
        text.find(&written).map(|at| Span::new(at as u32, (at + written.len()) as u32))
    });
    Place::new(first.id(db), found.unwrap_or_default())
}
