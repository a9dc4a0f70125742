//! Facts of a program: how often it asks agents and models at most, and what it needs.

use std::collections::BTreeSet;

use prism_hir::body::{ExprKind, Name, Text};
use prism_hir::{header, item_tree};
use prism_source::{Db, Origin, SourceFile};
use prism_typeck::{Effects, infer};
use serde_json::Value;

use crate::agents::{Wanted, agent_names};
use crate::graph::module_order;

mod calls;
mod count;
mod repeats;
mod walk;

pub use count::{Bound, Reason, ReasonKind};

/// What the text of a program says of every run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramFacts {
    /// How often an agent is asked. Attempts of the platform after a failure do not count.
    pub agent_calls: Bound,
    pub model_calls: Bound,
    /// Agents that calls, declarations and the header name.
    pub agents: BTreeSet<Text>,
    /// Groups of the manifest whose names the program reads.
    pub groups: BTreeSet<Text>,
    pub capabilities: BTreeSet<Text>,
    /// `@minAgents`.
    pub min_agents: Option<u64>,
    /// What the statements of its modules may do, as `uses` names it.
    pub effects: Vec<Text>,
    /// They call values of which nothing is known, which may have further effects.
    pub calls_unknown: bool,
}

/// The facts of the program that `root` is.
pub fn program_facts(db: &dyn Db, root: SourceFile) -> ProgramFacts {
    let modules: Vec<SourceFile> =
        module_order(db, root).into_iter().filter(|file| file.origin(db) == Origin::User).collect();
    let header = header(db, root);
    let wanted = Wanted::of(header.value("agents"));
    let mut facts = ProgramFacts {
        agent_calls: Bound::AtMost(0),
        model_calls: Bound::AtMost(0),
        agents: wanted.names.iter().map(|name| Text::from(*name)).collect(),
        groups: BTreeSet::new(),
        capabilities: wanted.capabilities.iter().map(|name| Text::from(*name)).collect(),
        min_agents: header.value("minAgents").and_then(Value::as_u64),
        effects: Vec::new(),
        calls_unknown: false,
    };
    let mut effects = Effects::NONE;
    for file in &modules {
        facts.needs_of(db, *file);
        effects.add(infer(db, item_tree(db, *file).module).effects());
    }
    facts.effects = effects.families();
    facts.calls_unknown = effects.calls_unknown;
    let count = calls::count(db, &modules, n_agents(db, root));
    (facts.agent_calls, facts.model_calls) = count.agents_and_models();
    facts
}

impl ProgramFacts {
    fn needs_of(&mut self, db: &dyn Db, file: SourceFile) {
        let declared = prism_hir::agent_declarations(db, file).into_iter().map(|(name, _)| name);
        self.agents.extend(declared);
        let package = file.package(db);
        let groups = package.map(|package| package.groups(db).clone()).unwrap_or_default();
        for item in item_tree(db, file).bodies() {
            self.agents.extend(agent_names(db, item).iter().map(|named| named.name.clone()));
            for (_, expr) in prism_hir::body(db, item).exprs.iter() {
                if let ExprKind::Name(Name::Host(name)) = &expr.kind
                    && groups.contains(name)
                {
                    self.groups.insert(name.clone());
                }
            }
        }
    }
}

/// How many `agents` the header chooses, where something limits them.
fn n_agents(db: &dyn Db, root: SourceFile) -> Option<u64> {
    let header = header(db, root);
    let most = header.value("maxAgents").and_then(Value::as_u64);
    let bound = root.package(db).and_then(|package| package.agents(db).clone());
    let fitting = bound.map(|agents| Wanted::of(header.value("agents")).fitting(&agents) as u64);
    match (most, fitting) {
        (Some(most), Some(fitting)) => Some(most.min(fitting)),
        (most, fitting) => most.or(fitting),
    }
}
