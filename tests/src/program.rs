//! Runs a program the way `prism run --json` does: same loading, same host names, same engine,
//! same report; only the store is in memory and the agents are scripted.

use std::path::Path;
use std::sync::Arc;

use prism_cli::program::Program;
use prism_cli::session::{self, Driven, Session, Signals};
use prism_cli::{hosts, inputs, report};
use prism_driver::{Level, Options, Rejected};
use prism_engine::{Host, Script, Start, WhenWaiting};
use prism_journal::{Memory, RunId, Store};
use prism_vm::Limits;
use prism_vm::tier::Maker;
use serde_json::Value;

use crate::files::Table;

/// Every level of the optimizer.
pub const LEVELS: [Level; 2] = [Level::None, Level::Full];

/// What a program is run with.
#[derive(Debug, Clone, Default)]
pub struct Given {
    pub inputs: Vec<(String, Value)>,
    pub answers: Option<Value>,
    /// `fuel`, `memory`, `depth`, `requests`.
    pub limits: Vec<(String, u64)>,
}

/// A run that has ended, and the store that remembers it.
pub struct Ran {
    pub run: RunId,
    /// What `prism run --json` prints.
    pub object: Value,
    pub store: Arc<dyn Store>,
}

/// Compiles the root file of a table.
pub fn compile(files: &Table, root: &str, level: Level) -> Result<Program, Rejected> {
    let compiled = prism_driver::compile(files, root, &Options { level })?;
    Ok(Program {
        name: root.trim_end_matches(".prism").into(),
        module: compiled.module,
        artifact: compiled.bytes.into(),
    })
}

/// How code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    Interpreted,
    /// Machine code for everything that runs twice.
    Native,
}

/// Runs a program to its end. `Err`: it could not be driven, in words.
pub fn run(program: &Program, given: &Given, code: Code) -> Result<Ran, String> {
    let (inputs, limits) = machine_parts(program, given)?;
    let script = match &given.answers {
        Some(answers) => Script::from_json(answers.clone()).map_err(|error| error.to_string())?,
        None => Script::default(),
    };
    let start = Start {
        name: program.name.clone(),
        module: program.module.clone(),
        artifact: program.artifact.clone(),
        inputs,
        limits,
        scope: None,
        meta: Value::Null,
    };
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    drive(store, script, session::From::Start(Box::new(start)), code)
}

/// Inputs and limits of a machine, with the names that the host makes itself.
pub fn machine_parts(program: &Program, given: &Given) -> Result<(inputs::Inputs, Limits), String> {
    let values = given.inputs.iter().map(|(name, value)| inputs::supplied(name, value.clone()));
    let inputs = hosts::complete(&program.module, &Default::default(), values.collect())
        .map_err(|problem| problem.render(false))?;
    Ok((inputs, limits(&given.limits)?))
}

/// Drives a run in a store without agents, people or signals.
pub fn drive(
    store: Arc<dyn Store>,
    script: Script,
    from: session::From,
    code: Code,
) -> Result<Ran, String> {
    let tier: Option<Maker> = match code {
        Code::Interpreted => None,
        Code::Native => Some(prism_native::eager),
    };
    let host = Host { script, when_waiting: WhenWaiting::Leave, tier, ..Host::default() };
    let registry = Default::default();
    let session = Session { store: store.clone(), registry, host, signals: Signals::Ignore };
    let Driven { run, result } = session::drive(session, from);
    let result = result.map_err(|error| format!("{}: {error}", error.code()))?;
    let run = run.ok_or("a run that was driven has a name")?;
    Ok(Ran { run, object: report::object(&result, Path::new("")), store })
}

fn limits(given: &[(String, u64)]) -> Result<Limits, String> {
    let mut limits = Limits::default();
    for (name, value) in given {
        match name.as_str() {
            "fuel" => limits.fuel = *value,
            "requests" => limits.requests = *value,
            "memory" => limits.memory = usize::try_from(*value).unwrap_or(usize::MAX),
            "depth" => limits.depth = u32::try_from(*value).unwrap_or(u32::MAX),
            other => return Err(format!("there is no limit `{other}`")),
        }
    }
    Ok(limits)
}
