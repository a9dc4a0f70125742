//! What the functions of programs may do, and how sure their results are.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use prism_project::{Keep, RootDb};
use prism_source::Origin;
use prism_span::LineIndex;
use prism_typeck::summaries;
use serde_json::{Value, json};

use crate::compile::{Checked, check_keeping};
use crate::rooted::shown;

/// One function of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionEffects {
    pub file: Arc<str>,
    /// `module` for the statements of the file.
    pub name: Arc<str>,
    /// `(plan: Plan, note?) => string ~>= 0.9`, with the confidence of the result.
    pub ty: String,
    /// As `uses` would name them.
    pub effects: Vec<Arc<str>>,
    /// Every operation, and the line where it first enters.
    pub enters: Vec<(Arc<str>, u32)>,
    /// It calls a value of which nothing is known.
    pub calls_unknown: bool,
}

impl FunctionEffects {
    /// `review.prism ship: (plan: any ~>= 0.9) => null uses agent (agent.call at line 3)`.
    pub fn line(&self) -> String {
        let mut uses = self.effects.iter().map(|name| &**name).collect::<Vec<_>>();
        if self.calls_unknown {
            uses.push("what it is given");
        }
        let uses = if uses.is_empty() { "none".to_owned() } else { uses.join(", ") };
        let enters: Vec<String> =
            self.enters.iter().map(|(name, line)| format!("{name} at line {line}")).collect();
        let enters =
            if enters.is_empty() { String::new() } else { format!(" ({})", enters.join(", ")) };
        format!("{} {}: {} uses {uses}{enters}", self.file, self.name, self.ty)
    }

    pub fn json(&self) -> Value {
        let enter = |(operation, line): &(Arc<str>, u32)| json!({ "operation": &**operation, "line": line });
        json!({
            "file": &*self.file,
            "name": &*self.name,
            "type": self.ty,
            "effects": self.effects.iter().map(|name| &**name).collect::<Vec<_>>(),
            "enters": self.enters.iter().map(enter).collect::<Vec<_>>(),
            "calls_unknown": self.calls_unknown,
        })
    }
}

/// Checks files and folders, and lists the functions of every file of the programs.
pub fn effects(paths: &[PathBuf]) -> (Checked, Vec<FunctionEffects>) {
    let (checked, db) = check_keeping(paths, Keep::Bodies);
    let functions = functions(&db);
    (checked, functions)
}

fn functions(db: &RootDb) -> Vec<FunctionEffects> {
    let mut all = Vec::new();
    for file in db.user_files() {
        if file.origin(db) != Origin::User || !file.path(db).ends_with(".prism") {
            continue;
        }
        let lines = LineIndex::new(file.text(db));
        all.extend(summaries(db, file).into_iter().map(|summary| {
            FunctionEffects {
                file: shown(Path::new(&**file.path(db))),
                name: summary.name,
                ty: summary.ty,
                effects: summary.effects.families(),
                enters: summary
                    .entries
                    .into_iter()
                    .map(|(operation, span)| (operation, lines.position(span.start).line))
                    .collect(),
                calls_unknown: summary.effects.calls_unknown,
            }
        }));
    }
    all
}
