//! Reads values of a manifest and notes what is wrong with them.

use std::ops::Range;
use std::sync::Arc;

use prism_span::Span;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::{Entry, ManifestError};

#[derive(Debug, Clone, PartialEq)]
pub enum ManifestProblem {
    NotToml {
        reason: String,
    },
    UnknownKey {
        table: String,
        key: String,
        nearest: Option<String>,
    },
    UnknownAgentKey {
        path: String,
        key: String,
        nearest: Option<String>,
    },
    Wrong {
        path: String,
        expected: &'static str,
    },
    WrongAgent {
        path: String,
        expected: &'static str,
    },
    BandsCross {
        high: f64,
        medium: f64,
    },
    /// A group asks for an agent, by `name` or `capability`, that the manifest does not have.
    NoAgent {
        what: &'static str,
        name: String,
        nearest: Option<String>,
    },
    GroupName {
        name: String,
        why: &'static str,
    },
}

#[derive(Default)]
pub(super) struct Reader {
    pub errors: Vec<ManifestError>,
}

impl Reader {
    pub fn report(&mut self, at: Range<usize>, problem: ManifestProblem) {
        let at = Span::new(at.start as u32, at.end as u32);
        self.errors.push(ManifestError { at, problem });
    }

    pub fn unknown_key(&mut self, table: &str, key: &str, at: Range<usize>, known: &[&str]) {
        let nearest = prism_diagnostics::nearest(key, known.iter().copied()).map(str::to_owned);
        let (table, key) = (table.to_owned(), key.to_owned());
        self.report(at, ManifestProblem::UnknownKey { table, key, nearest });
    }

    pub fn unknown_agent_key(&mut self, path: &str, key: &str, at: Range<usize>, known: &[&str]) {
        let nearest = prism_diagnostics::nearest(key, known.iter().copied()).map(str::to_owned);
        let (path, key) = (path.to_owned(), key.to_owned());
        self.report(at, ManifestProblem::UnknownAgentKey { path, key, nearest });
    }

    fn wrong(&mut self, path: &str, value: &Entry<'_>, expected: &'static str) {
        let path = path.to_owned();
        self.report(value.span(), ManifestProblem::Wrong { path, expected });
    }

    pub fn table<'t, 'i>(&mut self, path: &str, value: &'t Entry<'i>) -> Option<&'t DeTable<'i>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => {
                self.wrong(path, value, "a table");
                None
            }
        }
    }

    pub fn text(&mut self, path: &str, value: &Entry<'_>) -> Option<Arc<str>> {
        match value.get_ref() {
            DeValue::String(text) => Some(Arc::from(&**text)),
            _ => {
                self.wrong(path, value, "a text");
                None
            }
        }
    }

    pub fn boolean(&mut self, path: &str, value: &Entry<'_>) -> Option<bool> {
        match value.get_ref() {
            DeValue::Boolean(value) => Some(*value),
            _ => {
                self.wrong(path, value, "`true` or `false`");
                None
            }
        }
    }

    /// A number from 0 to 1.
    pub fn confidence(&mut self, path: &str, value: &Entry<'_>) -> Option<f64> {
        let number = match value.get_ref() {
            DeValue::Float(number) => number.as_str().replace('_', "").parse().ok(),
            DeValue::Integer(number) => number.as_str().replace('_', "").parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| (0.0..=1.0).contains(number));
        if number.is_none() {
            self.wrong(path, value, "a number from 0 to 1");
        }
        number
    }
}

/// The entries of a table in the order of the text.
pub(super) fn in_order<'t, 'i>(
    table: &'t DeTable<'i>,
) -> Vec<(&'t Spanned<DeString<'i>>, &'t Entry<'i>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}
