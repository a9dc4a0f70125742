//! The whole front end: everything that is wrong with a program.

use std::collections::BTreeSet;

use prism_diagnostics::{Diagnostic, Place, Severity};
use prism_hir::{header, header_spans, item_tree};
use prism_source::{Agents, Db, LintLevel, Origin, SourceFile, parse};
use prism_span::Span;
use serde_json::Value;

use crate::db::RootDb;
use crate::diagnostics::{cycle_diagnostic, no_agent, too_few_agents};
use crate::graph::{self, Cycle};

/// What is wrong with the files of the program, in order of file and place.
pub fn check(db: &RootDb) -> Vec<Diagnostic> {
    let files = db.user_files();
    let mut all: Vec<Diagnostic> = Vec::new();
    for file in graph::imported_first(db, &files) {
        all.extend(check_file(db, file).iter().cloned());
    }
    for cycle in graph::cycles(db, &files) {
        all.push(cycle_diagnostic(db, &cycle, cycle_place(db, &cycle)));
    }
    let path = |diagnostic: &Diagnostic| {
        db.file_by_id(diagnostic.place.file).map(|file| file.path(db).clone())
    };
    all.sort_by_cached_key(|diagnostic| (path(diagnostic), order(diagnostic)));
    all.dedup();
    all
}

fn order(diagnostic: &Diagnostic) -> (Span, Severity, &'static str) {
    (diagnostic.place.span, diagnostic.severity, diagnostic.code.as_str())
}

/// What is wrong with one file. A statement that could not be read gives one error: what
/// follows from it is left out.
#[salsa::tracked]
pub fn check_file(db: &dyn Db, file: SourceFile) -> Vec<Diagnostic> {
    let mut all: Vec<Diagnostic> = parse(db, file).diagnostics.to_vec();
    all.extend(prism_hir::file_diagnostics(db, file));
    for item in item_tree(db, file).bodies() {
        all.extend(prism_hir::body_diagnostics(db, item));
    }
    all.extend(agents_against_manifest(db, file));
    all.extend(prism_typeck::check(db, file));
    let all = with_levels(db, file, all);
    let mut all = once_per_cause(all);
    all.sort_by_key(order);
    all
}

/// Applies the lint levels of the manifest to warnings and hints.
fn with_levels(db: &dyn Db, file: SourceFile, all: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let Some(package) = file.package(db) else { return all };
    let lints = package.lints(db);
    let level = |diagnostic: &Diagnostic| lints.get(diagnostic.code.as_str()).copied();
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

/// Two rooms may stumble over the same text; the first error of a place counts.
fn once_per_cause(all: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut seen: BTreeSet<(Place, bool)> = BTreeSet::new();
    let is_first = |diagnostic: &Diagnostic| {
        !diagnostic.is_error() || seen.insert((diagnostic.place, diagnostic.place.span.is_empty()))
    };
    let mut is_first = is_first;
    all.into_iter().filter(|diagnostic| is_first(diagnostic)).collect()
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

/// What `@agents` and `@minAgents` ask for and the manifest does not have.
fn agents_against_manifest(db: &dyn Db, file: SourceFile) -> Vec<Diagnostic> {
    let agents = file.package(db).and_then(|package| package.agents(db).clone());
    let (Some(agents), Origin::User) = (agents, file.origin(db)) else { return Vec::new() };
    let header = header(db, file);
    let spans = header_spans(db, file);
    let place = |key: &str| {
        let index = header.entries.iter().position(|entry| &*entry.key == key)?;
        Some(Place::new(file.id(db), spans.get(index)?.value))
    };
    let wanted = Wanted::of(header.value("agents"));
    let mut found = Vec::new();
    if let Some(at) = place("agents") {
        found = wanted.unknown(&agents, at);
    }
    let least = header.value("minAgents").and_then(Value::as_u64);
    if let (Some(at), Some(least), true) = (place("minAgents"), least, found.is_empty()) {
        let fitting = wanted.fitting(&agents);
        if (fitting as u64) < least {
            found.push(too_few_agents(at, fitting, least));
        }
    }
    found
}

/// What a header asks of agents.
#[derive(Default)]
struct Wanted<'a> {
    capabilities: Vec<&'a str>,
    names: Vec<&'a str>,
}

impl<'a> Wanted<'a> {
    fn of(value: Option<&'a Value>) -> Wanted<'a> {
        let texts = |value: Option<&'a Value>| -> Vec<&'a str> {
            value
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect()
        };
        match value {
            Some(list @ Value::Array(_)) => {
                Wanted { names: texts(Some(list)), ..Wanted::default() }
            }
            Some(Value::Object(object)) => Wanted {
                capabilities: texts(object.get("capabilities")),
                names: texts(object.get("names")),
            },
            _ => Wanted::default(),
        }
    }

    fn unknown(&self, agents: &Agents, at: Place) -> Vec<Diagnostic> {
        let known: BTreeSet<&str> = agents
            .values()
            .flat_map(|capabilities| capabilities.iter().map(|one| &**one))
            .collect();
        let mut found = Vec::new();
        for wanted in self.capabilities.iter().filter(|wanted| !known.contains(*wanted)) {
            let nearest = prism_hir::nearest::nearest(wanted, known.iter().copied());
            found.push(no_agent(at, "capability", wanted, nearest));
        }
        let names = || agents.keys().map(|name| &**name);
        for wanted in self.names.iter().filter(|wanted| !agents.contains_key(**wanted)) {
            found.push(no_agent(at, "name", wanted, prism_hir::nearest::nearest(wanted, names())));
        }
        found.truncate(1);
        found
    }

    /// How many agents have every capability.
    fn fitting(&self, agents: &Agents) -> usize {
        let has = |capabilities: &[std::sync::Arc<str>], wanted: &str| {
            capabilities.iter().any(|one| &**one == wanted)
        };
        let fits = |(name, capabilities): &(&std::sync::Arc<str>, &std::sync::Arc<[_]>)| {
            self.capabilities.iter().all(|wanted| has(capabilities, wanted))
                && (self.names.is_empty() || self.names.contains(&&***name))
        };
        agents.iter().filter(fits).count()
    }
}
