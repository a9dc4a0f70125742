//! Applies the fixes that diagnostics carry, in rounds, until none is left to apply.
//!
//! ```text
//! round    check → the first fix of each diagnostic → those that do not overlap → new texts
//! writing  each changed file once, beside itself and then renamed
//! ```
//!
//! While a file has errors of syntax, only they are mended in it. A fix is applied whole or not at all; one that overlaps another waits for the next round,
//! where it is made anew for the changed text. Rounds happen in memory. A round after which the
//! changed files have more errors than before is taken back, and is the last; a statement that
//! has become readable may show errors that nobody could see before. What may be null or missing is
//! asked for softly only where null may be the answer.
//! The standard library is never changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use prism_diagnostics::render::Sources;
use prism_diagnostics::{
    Code, Diagnostic, Edit, Fix, Place, Severity, apply_edits, fixes_together, with_line_ends_of,
};
use prism_project::{Disk, Keep, Opened, open_to_check};
use prism_source::{FileSystem, Origin, ReadError};
use prism_span::FileId;
use serde_json::{Value, json};

use crate::compile::{Checked, absolute, checked_opened};
use crate::report::Report;
use crate::rooted::shown;

/// How many rounds there are at most; more would be two fixes that undo each other.
const MAX_ROUNDS: usize = 8;

/// Programs after their fixes.
#[derive(Debug)]
pub struct Fixed {
    /// What is still wrong.
    pub checked: Checked,
    /// In the order in which they were applied.
    pub applied: Vec<Applied>,
    /// The changed texts by path, and what they were.
    pub changed: BTreeMap<Arc<str>, Change>,
}

/// One fix that was applied.
#[derive(Debug, Clone)]
pub struct Applied {
    /// From 1. Places are those of the text before the round.
    pub round: usize,
    pub title: String,
    /// The diagnostic as `prismc check --json` gives it, with this fix only.
    diagnostic: Value,
}

/// A text before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub before: Arc<str>,
    pub after: Arc<str>,
}

/// Applies fixes to files of the disk. The second part says which files could not be written.
pub fn fix(paths: &[PathBuf]) -> (Fixed, Vec<String>) {
    let fixed = fixed_files(&Disk, &absolute(paths), |path| shown(Path::new(&**path)));
    let refused = |(path, change): (&Arc<str>, &Change)| {
        let path = Path::new(&**path);
        let reason = write(path, change).err()?;
        Some(format!("`{}` was not changed: {reason}", shown(path)))
    };
    let refused = fixed.changed.iter().filter_map(refused).collect();
    (fixed, refused)
}

/// The same for any file system, without writing.
pub fn fix_files(files: &dyn FileSystem, paths: &[String]) -> Fixed {
    fixed_files(files, paths, Arc::clone)
}

fn fixed_files(
    files: &dyn FileSystem,
    paths: &[String],
    shown: impl Fn(&Arc<str>) -> Arc<str>,
) -> Fixed {
    let mut overlay = Overlay { files, texts: BTreeMap::new() };
    let (mut opened, mut checked) = overlay.checked(paths, &shown);
    let mut applied = Vec::new();
    let mut traded = BTreeSet::new();
    for round in 1..=MAX_ROUNDS {
        let chosen = chosen(&opened, &checked.report, &traded);
        if chosen.is_empty() {
            break;
        }
        let kept = overlay.texts.clone();
        overlay.apply(&opened, &chosen);
        let (next, next_checked) = overlay.checked(paths, &shown);
        let touched = touched(&checked.report, &chosen);
        let softened = softened(&opened, &checked.report, &chosen);
        let worse = &lines_with_errors(&next, &next_checked.report)
            - &lines_with_errors(&opened, &checked.report);
        let bad: BTreeSet<Line> = softened.intersection(&worse).cloned().collect();
        if !bad.is_empty() {
            overlay.texts = kept;
            traded.extend(bad);
            continue;
        }
        if badness(&next_checked.report, &touched) > badness(&checked.report, &touched) {
            overlay.texts = kept;
            break;
        }
        applied.extend(told(&checked.report, &chosen, round));
        (opened, checked) = (next, next_checked);
    }
    let changed = overlay.texts.into_iter().filter(|(_, change)| change.before != change.after);
    Fixed { checked, applied, changed: changed.collect() }
}

/// A line of a file, from 0.
type Line = (Arc<str>, usize);

fn line(opened: &Opened, place: Place) -> Option<Line> {
    let file = opened.db.file_by_id(place.file)?;
    let before = file.text(&opened.db).get(..place.span.start as usize)?;
    Some((file.path(&opened.db).clone(), before.matches('\n').count()))
}

/// The lines of the fixes that make something softer. They change no number of lines.
fn softened(opened: &Opened, report: &Report, chosen: &[(usize, Fix)]) -> BTreeSet<Line> {
    let soft = chosen.iter().filter(|(index, _)| is_soft(&report.diagnostics[*index]));
    soft.filter_map(|(index, _)| line(opened, report.diagnostics[*index].place)).collect()
}

/// Where there is an error that no fix makes softer.
fn lines_with_errors(opened: &Opened, report: &Report) -> BTreeSet<Line> {
    let errors = report.diagnostics.iter().filter(|one| one.is_error() && !is_soft(one));
    errors.filter_map(|one| line(opened, one.place)).collect()
}

/// What may be null or missing is asked for with `?.`; whether null may be the answer, only the
/// program around it shows.
fn is_soft(diagnostic: &Diagnostic) -> bool {
    matches!(diagnostic.code, Code::P0216 | Code::P0217)
}

/// The names of the files that fixes change.
fn touched(report: &Report, chosen: &[(usize, Fix)]) -> BTreeSet<Arc<str>> {
    let edits = chosen.iter().flat_map(|(_, fix)| &fix.edits);
    edits.map(|edit| report.sources.name(edit.place.file)).collect()
}

/// Errors in the text of these files, then all errors in them.
fn badness(report: &Report, files: &BTreeSet<Arc<str>>) -> (usize, usize) {
    let errors = report.diagnostics.iter().filter(|one| one.severity == Severity::Error);
    let errors = errors.filter(|one| files.contains(&report.sources.name(one.place.file)));
    (errors.clone().filter(|one| one.code.is_syntax()).count(), errors.count())
}

/// Files, some of them with other texts.
struct Overlay<'f> {
    files: &'f dyn FileSystem,
    texts: BTreeMap<Arc<str>, Change>,
}

impl Overlay<'_> {
    fn checked(
        &self,
        paths: &[String],
        shown: impl Fn(&Arc<str>) -> Arc<str>,
    ) -> (Opened, Checked) {
        let opened = open_to_check(self, paths, Keep::Nothing);
        let checked = checked_opened(&opened, Keep::Nothing, shown);
        (opened, checked)
    }

    fn apply(&mut self, opened: &Opened, chosen: &[(usize, Fix)]) {
        let mut by_file: BTreeMap<FileId, Vec<Edit>> = BTreeMap::new();
        for edit in chosen.iter().flat_map(|(_, fix)| &fix.edits) {
            by_file.entry(edit.place.file).or_default().push(edit.clone());
        }
        for (file, edits) in by_file {
            let file = opened.db.file_by_id(file).expect("an edit was chosen for a known file");
            let text = file.text(&opened.db);
            let edits: Vec<Edit> =
                edits.into_iter().map(|edit| with_line_ends_of(text, edit)).collect();
            let after: Arc<str> = apply_edits(text, &edits).into();
            let path = file.path(&opened.db).clone();
            let change = Change { before: text.clone(), after: after.clone() };
            self.texts.entry(path).or_insert(change).after = after;
        }
    }
}

impl FileSystem for Overlay<'_> {
    fn read(&self, path: &str) -> Result<Arc<str>, ReadError> {
        match self.texts.get(path) {
            Some(change) => Ok(change.after.clone()),
            None => self.files.read(path),
        }
    }

    fn sources_below(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        self.files.sources_below(folder)
    }

    fn is_folder(&self, path: &str) -> bool {
        self.files.is_folder(path)
    }
}

/// The fixes of a round, with the positions of their diagnostics. Those that make something
/// softer come last, and not where they would trade one error for another.
fn chosen(opened: &Opened, report: &Report, traded: &BTreeSet<Line>) -> Vec<(usize, Fix)> {
    let chosen = fixes_together(&report.diagnostics, |edit| is_ours(opened, edit));
    let of = |(index, _): &(usize, &Fix)| &report.diagnostics[*index];
    let (soft, firm): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|one| is_soft(of(one)));
    let is_traded = |one: &(usize, &Fix)| {
        line(opened, of(one).place).is_some_and(|line| traded.contains(&line))
    };
    let soft: Vec<_> = soft.into_iter().filter(|one| !is_traded(one)).collect();
    let chosen = if firm.is_empty() { soft } else { firm };
    chosen.into_iter().map(|(index, fix)| (index, fix.clone())).collect()
}

/// The edit changes a file of the program, at a place that its text has.
fn is_ours(opened: &Opened, edit: &Edit) -> bool {
    opened.db.file_by_id(edit.place.file).is_some_and(|file| {
        let text = file.text(&opened.db);
        file.origin(&opened.db) == Origin::User && text.get(edit.place.span.range()).is_some()
    })
}

fn told(report: &Report, chosen: &[(usize, Fix)], round: usize) -> Vec<Applied> {
    let only = |(index, fix): &(usize, Fix)| {
        let diagnostic = report.diagnostics[*index].clone();
        Diagnostic { fixes: vec![fix.clone()], ..diagnostic }
    };
    let diagnostics = chosen.iter().map(only).collect();
    let told = Report { diagnostics, sources: report.sources.clone() }.json();
    let Value::Array(told) = told else { return Vec::new() };
    let applied = |(diagnostic, (_, fix)): (Value, &(usize, Fix))| Applied {
        round,
        title: fix.title.clone(),
        diagnostic,
    };
    told.into_iter().zip(chosen).map(applied).collect()
}

impl Applied {
    /// `{"round","code","message","file","title","edits"}`.
    pub fn json(&self) -> Value {
        let of = |key: &str| self.diagnostic[key].clone();
        json!({
            "round": self.round,
            "code": of("code"),
            "message": of("message"),
            "file": of("file"),
            "title": self.title,
            "edits": self.diagnostic["fixes"][0]["edits"].clone(),
        })
    }

    /// `review.prism:3:5: P0501: write `total``.
    pub fn line(&self) -> String {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let start = &self.diagnostic["start"];
        let (file, code) = (text(&self.diagnostic["file"]), text(&self.diagnostic["code"]));
        format!("{file}:{}:{}: {code}: {}", start["line"], start["column"], self.title)
    }
}

/// Replaces a file at once: whoever reads it sees the old text or the new one.
pub(crate) fn write(path: &Path, change: &Change) -> Result<(), String> {
    let words = |error: std::io::Error| error.to_string();
    // A link stays a link.
    let path = std::fs::canonicalize(path).map_err(words)?;
    let now = std::fs::read(&path).map_err(words)?;
    if now != change.before.as_bytes() {
        return Err("it was changed meanwhile".to_owned());
    }
    let permissions = std::fs::metadata(&path).map_err(words)?.permissions();
    if permissions.readonly() {
        return Err("it is read-only".to_owned());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let written = std::fs::write(&beside, change.after.as_bytes())
        .and_then(|()| std::fs::set_permissions(&beside, permissions))
        .and_then(|()| std::fs::rename(&beside, &path));
    if written.is_err() {
        // What could not take the file's place is of no use to anybody.
        let _ = std::fs::remove_file(&beside);
    }
    written.map_err(words)
}
