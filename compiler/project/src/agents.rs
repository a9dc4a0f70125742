//! What a program asks of agents, against the agents that its manifest has.

use std::collections::BTreeSet;
use std::sync::Arc;

use prism_diagnostics::{Diagnostic, Place, nearest};
use prism_hir::body::{ExprId, ExprKind, Field, Text};
use prism_hir::{Item, header, header_spans, item_tree};
use prism_source::{Agent, Agents, Db, Origin, SourceFile};
use serde_json::Value;

use crate::diagnostics::{no_agent, only_once, too_few_agents, unbound_agent};

/// Agents and capabilities that the header, calls and declarations name and the manifest does
/// not have. Nothing without a manifest that has agents.
pub(crate) fn agents_against_manifest(db: &dyn Db, file: SourceFile) -> Vec<Diagnostic> {
    let agents = file.package(db).and_then(|package| package.agents(db).clone());
    let (Some(agents), Origin::User) = (agents, file.origin(db)) else { return Vec::new() };
    let mut found = header_against_manifest(db, file, &agents);
    let names = || agents.keys().map(|name| &**name);
    for item in item_tree(db, file).bodies() {
        for Named { name, expr, is_once } in agent_names(db, item).iter() {
            let span = item.layout(db).absolute(prism_hir::body_spans(db, item).expr(*expr));
            let at = Place::new(file.id(db), span);
            match agents.get(name) {
                None => found.push(no_agent(at, "name", name, nearest(name, names()))),
                Some(agent) if agent.at_most_once && !is_once => found.push(only_once(at, name)),
                Some(_) => {}
            }
        }
    }
    for (name, span) in prism_hir::agent_declarations(db, file) {
        if !agents.contains_key(&name) {
            let at = Place::new(file.id(db), span);
            found.push(unbound_agent(at, &name, nearest(&name, names())));
        }
    }
    found
}

/// An agent that a call names in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub name: Text,
    expr: ExprId,
    /// Whether the call is an `agent.once`.
    is_once: bool,
}

/// The names in `agent.call({ agent: "name", … })`, and in `agent.once`.
#[salsa::tracked]
pub(crate) fn agent_names<'db>(db: &'db dyn Db, item: Item<'db>) -> Arc<[Named]> {
    let body = prism_hir::body(db, item);
    let mut names = Vec::new();
    for (_, expr) in body.exprs.iter() {
        let ExprKind::Perform { effect, args } = &expr.kind else { continue };
        let request = args.first().map(|arg| &body.exprs[arg.value].kind);
        let is_once = match &**effect {
            "agent.call" => false,
            "agent.once" => true,
            _ => continue,
        };
        let Some(ExprKind::Object(fields)) = request else { continue };
        for field in fields {
            if let Field::Named { name, value } = field
                && &**name == "agent"
                && let ExprKind::Text(agent) = &body.exprs[*value].kind
            {
                names.push(Named { name: agent.clone(), expr: *value, is_once });
            }
        }
    }
    names.into()
}

/// What `@agents` and `@minAgents` ask for and the manifest does not have.
fn header_against_manifest(db: &dyn Db, file: SourceFile, agents: &Agents) -> Vec<Diagnostic> {
    let header = header(db, file);
    let spans = header_spans(db, file);
    let place = |key: &str| {
        let index = header.entries.iter().position(|entry| &*entry.key == key)?;
        Some(Place::new(file.id(db), spans.get(index)?.value))
    };
    let wanted = Wanted::of(header.value("agents"));
    let mut found = Vec::new();
    if let Some(at) = place("agents") {
        found = wanted.unknown(agents, at);
    }
    let least = header.value("minAgents").and_then(Value::as_u64);
    if let (Some(at), Some(least), true) = (place("minAgents"), least, found.is_empty()) {
        let fitting = wanted.fitting(agents);
        if (fitting as u64) < least {
            found.push(too_few_agents(at, fitting, least));
        }
    }
    found
}

/// What a header asks of agents.
#[derive(Default)]
pub(crate) struct Wanted<'a> {
    pub capabilities: Vec<&'a str>,
    pub names: Vec<&'a str>,
}

impl<'a> Wanted<'a> {
    pub fn of(value: Option<&'a Value>) -> Wanted<'a> {
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
        let known: BTreeSet<&str> =
            agents.values().flat_map(|agent| agent.capabilities.iter().map(|one| &**one)).collect();
        let mut found = Vec::new();
        for wanted in self.capabilities.iter().filter(|wanted| !known.contains(*wanted)) {
            let nearest = prism_diagnostics::nearest(wanted, known.iter().copied());
            found.push(no_agent(at, "capability", wanted, nearest));
        }
        let names = || agents.keys().map(|name| &**name);
        for wanted in self.names.iter().filter(|wanted| !agents.contains_key(**wanted)) {
            found.push(no_agent(at, "name", wanted, prism_diagnostics::nearest(wanted, names())));
        }
        found.truncate(1);
        found
    }

    /// How many agents have every capability.
    pub fn fitting(&self, agents: &Agents) -> usize {
        let has = |capabilities: &[Arc<str>], wanted: &str| {
            capabilities.iter().any(|one| &**one == wanted)
        };
        let fits = |(name, agent): &(&Arc<str>, &Agent)| {
            self.capabilities.iter().all(|wanted| has(&agent.capabilities, wanted))
                && (self.names.is_empty() || self.names.contains(&&***name))
        };
        agents.iter().filter(fits).count()
    }
}
