//! The table `[groups]`: names for several agents, which programs use without declaring them.
//!
//! ```text
//! [groups]
//! reviewers = ["security", "style"]
//! judges = { capabilities = ["judge"] }
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;

use prism_diagnostics::nearest;
use prism_hir::builtins;
use prism_source::Agents;
use prism_syntax::ast::ExprKind;
use prism_syntax::ast::StmtKind;
use toml::Spanned;
use toml::de::{DeString, DeValue};

use super::Entry;
use super::values::{ManifestProblem, Reader, in_order};

/// The names of the groups that programs can use.
pub(super) fn read(
    value: &Entry<'_>,
    agents: Option<&Agents>,
    reader: &mut Reader,
) -> BTreeSet<Arc<str>> {
    let mut names = BTreeSet::new();
    let Some(table) = reader.table("groups", value) else { return names };
    let none = Agents::new();
    for (name, value) in in_order(table) {
        members(name.get_ref(), value, agents.unwrap_or(&none), reader);
        if is_usable(name, reader) {
            names.insert(Arc::from(&**name.get_ref()));
        }
    }
    names
}

/// A program can write the name, and it means nothing else there.
fn is_usable(name: &Spanned<DeString<'_>>, reader: &mut Reader) -> bool {
    let text = &**name.get_ref();
    let why = if !is_name(text) {
        "it is no name of the language"
    } else if builtins::builtin(text).is_some() || builtins::is_effect_namespace(text) {
        "every program has this name already"
    } else {
        return true;
    };
    reader.report(name.span(), ManifestProblem::GroupName { name: text.to_owned(), why });
    false
}

/// The language itself says what a name is.
fn is_name(text: &str) -> bool {
    let parse = prism_syntax::parse(text);
    let [stmt] = parse.ast.root_stmts() else { return false };
    let stmt = parse.ast[*stmt];
    let is_whole = stmt.span.range() == (0..text.len());
    let is_name = |expr: prism_syntax::ast::ExprId| matches!(parse.ast[expr].kind, ExprKind::Name);
    is_whole
        && matches!(stmt.kind, StmtKind::Expr(expr) if is_name(expr))
        && parse.errors.is_empty()
}

fn members(name: &str, value: &Entry<'_>, agents: &Agents, reader: &mut Reader) {
    let path = format!("groups.{name}");
    match value.get_ref() {
        DeValue::Array(_) => each_text(&path, value, reader, |reader, agent, at| {
            if !agents.contains_key(agent) {
                let nearest = nearest(agent, agents.keys().map(|name| &**name));
                unknown(reader, "name", agent, nearest, at);
            }
        }),
        DeValue::Table(table) => {
            for (key, value) in in_order(table) {
                match &**key.get_ref() {
                    "capabilities" => capabilities(&path, value, agents, reader),
                    key_text => {
                        let table = format!("`{path}`");
                        reader.unknown_key(&table, key_text, key.span(), &["capabilities"]);
                    }
                }
            }
            if !table.iter().any(|(key, _)| key.get_ref() == "capabilities") {
                wrong(reader, &path, value);
            }
        }
        _ => wrong(reader, &path, value),
    }
}

fn capabilities(path: &str, value: &Entry<'_>, agents: &Agents, reader: &mut Reader) {
    let known: BTreeSet<&str> =
        agents.values().flat_map(|own| own.capabilities.iter().map(|c| &**c)).collect();
    each_text(path, value, reader, |reader, capability, at| {
        if !known.contains(capability) {
            let nearest = nearest(capability, known.iter().copied());
            unknown(reader, "capability", capability, nearest, at);
        }
    });
}

fn each_text(
    path: &str,
    value: &Entry<'_>,
    reader: &mut Reader,
    mut check: impl FnMut(&mut Reader, &str, std::ops::Range<usize>),
) {
    let DeValue::Array(items) = value.get_ref() else { return wrong(reader, path, value) };
    for item in items.iter() {
        match item.get_ref().as_str() {
            Some(text) => check(reader, text, item.span()),
            None => wrong(reader, path, item),
        }
    }
}

fn unknown(
    reader: &mut Reader,
    what: &'static str,
    name: &str,
    nearest: Option<&str>,
    at: std::ops::Range<usize>,
) {
    let (name, nearest) = (name.to_owned(), nearest.map(str::to_owned));
    reader.report(at, ManifestProblem::NoAgent { what, name, nearest });
}

fn wrong(reader: &mut Reader, path: &str, value: &Entry<'_>) {
    let expected = "a list of agents' names, or `{ capabilities = [\"…\"] }`";
    reader.report(value.span(), ManifestProblem::Wrong { path: path.to_owned(), expected });
}
