//! How often programs ask, and what they need: in words and as JSON.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use prism_project::{Bound, Keep, ProgramFacts, Reason, RootDb, program_facts};
use prism_source::Origin;
use prism_span::LineIndex;
use serde_json::{Value, json};

use crate::compile::{Checked, check_keeping};
use crate::rooted::shown;

/// The facts of one file as a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    pub file: Arc<str>,
    pub facts: ProgramFacts,
    /// What stands in the way of a bound for agents and for models.
    agents: Option<Obstacle>,
    models: Option<Obstacle>,
}

/// Why there is no bound, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Obstacle {
    why: String,
    file: Arc<str>,
    line: u32,
}

/// Checks files and folders, and gives the facts of every file as a program.
pub fn facts(paths: &[PathBuf]) -> (Checked, Vec<FileFacts>) {
    let (checked, db) = check_keeping(paths, Keep::Bodies);
    let mut all = Vec::new();
    for file in db.user_files() {
        if file.origin(&db) == Origin::User && file.path(&db).ends_with(".prism") {
            let facts = program_facts(&db, file);
            all.push(FileFacts {
                file: shown(Path::new(&**file.path(&db))),
                agents: obstacle(&db, facts.agent_calls),
                models: obstacle(&db, facts.model_calls),
                facts,
            });
        }
    }
    (checked, all)
}

fn obstacle(db: &RootDb, bound: Bound) -> Option<Obstacle> {
    let Bound::Unknown(Reason { kind, at }) = bound else { return None };
    let file = db.file_by_id(at.file)?;
    let line = LineIndex::new(file.text(db)).position(at.span.start).line;
    Some(Obstacle { why: kind.to_string(), file: shown(Path::new(&**file.path(db))), line })
}

impl FileFacts {
    /// One line for the calls, and one for each kind of thing that the program needs.
    pub fn lines(&self) -> String {
        let facts = &self.facts;
        let agents = calls(facts.agent_calls, self.agents.as_ref(), "agent");
        let models = calls(facts.model_calls, self.models.as_ref(), "model");
        let mut lines = vec![agents];
        if facts.model_calls != Bound::AtMost(0) {
            lines.push(models);
        }
        if let Some(least) = facts.min_agents {
            lines.push(format!("needs {least} or more agents to choose from"));
        }
        let needs = [
            ("agents", &facts.agents),
            ("groups", &facts.groups),
            ("capabilities", &facts.capabilities),
        ];
        for (what, names) in needs {
            if !names.is_empty() {
                let names: Vec<&str> = names.iter().map(|name| &**name).collect();
                lines.push(format!("needs the {what} {}", names.join(", ")));
            }
        }
        if facts.effects.iter().any(|effect| &**effect == "human") {
            lines.push("asks people".to_owned());
        }
        let mut uses: Vec<&str> = facts.effects.iter().map(|name| &**name).collect();
        if facts.calls_unknown {
            uses.push("what unknown functions use");
        }
        let uses = if uses.is_empty() { "none".to_owned() } else { uses.join(", ") };
        lines.push(format!("uses {uses}"));
        lines.iter().map(|line| format!("{}: {line}\n", self.file)).collect()
    }

    pub fn json(&self) -> Value {
        let facts = &self.facts;
        json!({
            "file": &*self.file,
            "agent_calls": bound(facts.agent_calls, self.agents.as_ref()),
            "model_calls": bound(facts.model_calls, self.models.as_ref()),
            "min_agents": facts.min_agents,
            "agents": names(&facts.agents),
            "groups": names(&facts.groups),
            "capabilities": names(&facts.capabilities),
            "effects": names(&facts.effects),
            "calls_unknown": facts.calls_unknown,
        })
    }
}

fn names<'a>(names: impl IntoIterator<Item = &'a Arc<str>>) -> Value {
    names.into_iter().map(|name| Value::from(&**name)).collect()
}

fn calls(bound: Bound, obstacle: Option<&Obstacle>, what: &str) -> String {
    match (bound, obstacle) {
        (Bound::AtMost(0), _) => format!("no {what} calls"),
        (Bound::AtMost(1), _) => format!("at most 1 {what} call"),
        (Bound::AtMost(n), _) => format!("at most {n} {what} calls"),
        (Bound::Unknown(_), Some(Obstacle { why, file, line })) => {
            format!("no bound on {what} calls: {why} ({file}:{line})")
        }
        (Bound::Unknown(_), None) => format!("no bound on {what} calls"),
    }
}

fn bound(bound: Bound, obstacle: Option<&Obstacle>) -> Value {
    match bound {
        Bound::AtMost(n) => json!({ "at_most": n }),
        Bound::Unknown(_) => json!({
            "at_most": null,
            "why": obstacle.map(|found| found.why.as_str()),
            "file": obstacle.map(|found| &*found.file),
            "line": obstacle.map(|found| found.line),
        }),
    }
}
