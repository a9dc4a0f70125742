//! Diagnostics together with the texts they point into.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use prism_diagnostics::render::{self, Sources};
use prism_diagnostics::{Diagnostic, Severity};
use prism_span::{FileId, LineIndex};
use serde_json::Value;

/// So many diagnostics are shown to people.
const MAX_SHOWN: usize = 200;

/// What the compiler has to say about some files.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// In order of file and place.
    pub diagnostics: Vec<Diagnostic>,
    pub sources: SourceTable,
}

/// Names and texts by file.
#[derive(Debug, Clone, Default)]
pub struct SourceTable(pub BTreeMap<FileId, (Arc<str>, Arc<str>)>);

/// Where a diagnostic is, for tests and lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    pub file: String,
    /// From 1.
    pub line: u32,
    pub code: String,
    pub severity: Severity,
}

impl SourceTable {
    /// Takes a file over under the name that `shown` gives it.
    pub(crate) fn add(
        &mut self,
        from: &dyn Sources,
        file: FileId,
        shown: &dyn Fn(&Arc<str>) -> Arc<str>,
    ) {
        self.0
            .entry(file)
            .or_insert_with(|| (shown(&from.name(file)), from.text(file).unwrap_or_default()));
    }
}

impl Sources for SourceTable {
    fn name(&self, file: FileId) -> Arc<str> {
        self.0.get(&file).map_or_else(|| "unknown file".into(), |(name, _)| name.clone())
    }

    fn text(&self, file: FileId) -> Option<Arc<str>> {
        self.0.get(&file).map(|(_, text)| text.clone())
    }
}

impl Report {
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }

    /// Forgets what is no error.
    pub(crate) fn keep_errors(&mut self) {
        self.diagnostics.retain(|diagnostic| diagnostic.severity == Severity::Error);
    }

    /// With excerpts, for people: the first of them in the order of the text, but errors before
    /// anything else.
    pub fn render(&self, color: bool) -> String {
        let n_more = self.diagnostics.len().saturating_sub(MAX_SHOWN);
        if n_more == 0 {
            return render::text(&self.diagnostics, &self.sources, color);
        }
        let mut by_severity: Vec<usize> = (0..self.diagnostics.len()).collect();
        by_severity.sort_by_key(|index| self.diagnostics[*index].severity != Severity::Error);
        let (shown, others) = by_severity.split_at_mut(MAX_SHOWN);
        shown.sort_unstable();
        let is_error = |index: &&usize| self.diagnostics[**index].severity == Severity::Error;
        let n_errors = others.iter().filter(is_error).count();
        let shown: Vec<Diagnostic> =
            shown.iter().map(|index| self.diagnostics[*index].clone()).collect();
        let mut text = render::text(&shown, &self.sources, color);
        let _ = writeln!(
            text,
            "and {n_more} more, {n_errors} of them errors; `prismc check --json` lists all"
        );
        text
    }

    /// The place of every diagnostic.
    pub fn located(&self) -> Vec<Located> {
        let located = |diagnostic: &Diagnostic| {
            let place = diagnostic.place;
            let lines = LineIndex::new(&self.sources.text(place.file).unwrap_or_default());
            Located {
                file: self.sources.name(place.file).to_string(),
                line: lines.position(place.span.start).line,
                code: diagnostic.code.to_string(),
                severity: diagnostic.severity,
            }
        };
        self.diagnostics.iter().map(located).collect()
    }

    /// An array with one object per diagnostic, for tools.
    pub fn json(&self) -> Value {
        render::json(&self.diagnostics, &self.sources)
    }
}
