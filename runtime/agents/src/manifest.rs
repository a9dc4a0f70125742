//! Reads the `[agents.*]` tables of `prism.toml`.
//!
//! Other top-level tables belong to other readers and are passed over. Inside an agent's table
//! every key must be known: a mistyped `timout` would otherwise be a call without a limit.

mod agent;

mod fields;

mod groups;

mod words;

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::AgentSpec;
use fields::in_order;
pub use groups::{Group, Members, read_groups};

/// What is wrong with a manifest, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct ManifestError {
    /// `P065x`, with a page.
    pub code: &'static str,
    pub message: String,
    pub help: String,
    /// Bytes of the manifest's text.
    pub span: Range<usize>,
}

/// The agents of a manifest in the order of the file, and everything that is wrong with them.
/// `dir` is the manifest's directory. An agent with an error is left out of the list.
pub fn read_agents(text: &str, dir: &Path) -> (Vec<AgentSpec>, Vec<ManifestError>) {
    let mut errors = Vec::new();
    let specs = match DeTable::parse(text) {
        Ok(manifest) => agents_of(manifest.get_ref(), dir, &mut errors),
        Err(error) => {
            errors.push(words::not_toml(error.message(), error.span().unwrap_or(0..0)));
            Vec::new()
        }
    };
    (specs, errors)
}

fn agents_of(
    manifest: &DeTable<'_>,
    dir: &Path,
    errors: &mut Vec<ManifestError>,
) -> Vec<AgentSpec> {
    let Some((_, value)) = manifest.iter().find(|(key, _)| key.get_ref() == "agents") else {
        return Vec::new();
    };
    let DeValue::Table(agents) = value.get_ref() else {
        errors.push(words::wrong_type("agents", "a table", value));
        return Vec::new();
    };
    let mut specs = Vec::new();
    for (name, table) in in_order(agents) {
        specs.extend(agent_of(name, table, dir, errors));
    }
    specs
}

fn agent_of(
    name: &Spanned<toml::de::DeString<'_>>,
    value: &Spanned<DeValue<'_>>,
    dir: &Path,
    errors: &mut Vec<ManifestError>,
) -> Option<AgentSpec> {
    let path = format!("agents.{}", name.get_ref());
    if !is_agent_name(name.get_ref()) {
        errors.push(words::bad_name(name.get_ref(), name.span()));
        return None;
    }
    let DeValue::Table(table) = value.get_ref() else {
        errors.push(words::wrong_type(&path, "a table", value));
        return None;
    };
    let n_before = errors.len();
    let spec = agent::read(name.get_ref(), &path, table, name.span(), dir, errors);
    (errors.len() == n_before).then_some(spec)
}

/// Names appear in programs, terminals, file names and job names.
fn is_agent_name(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    !name.is_empty() && name.len() <= 128 && name.chars().all(plain)
}

#[cfg(test)]
mod tests;
