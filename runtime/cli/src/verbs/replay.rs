//! `prism replay`: runs a recorded run again, without touching it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use prism_agents::{Registry, json};
use prism_cli::inputs::Inputs;
use prism_cli::manifest::Manifest;
use prism_cli::problem::Problem;
use prism_cli::program::{Program, Refused, load};
use prism_cli::session::{self, From, Session, Signals};
use prism_cli::{hosts, inputs, manifest, report, show, stores, words};
use prism_engine::{
    Changes, Compared, Divergence, Error, Fork, Host, Recorded, Replayed, Script, Shadowed,
    recorded, replay,
};
use prism_vm::{Answer, Location};
use serde_json::{Value, json};

use crate::args::{self, Mode};
use crate::deliver::{self, Delivery, engine};
use crate::terminal::{Terminal, print, print_error};
use crate::verbs::resume::Opened;
use crate::verbs::run::{script, tier};

pub fn run(args: &args::Replay, terminal: Terminal) -> ExitCode {
    match prepare(args).and_then(|prepared| carry_out(args, prepared, terminal)) {
        Ok(status) => status,
        Err(refused) => deliver::refused(&refused, args.output.json, terminal),
    }
}

/// A run and what is to be different.
struct Prepared {
    opened: Opened,
    changes: Changes,
    folder: PathBuf,
    registry: Registry,
    script: Script,
}

fn prepare(args: &args::Replay) -> Result<Prepared, Refused> {
    let script = script(args.answers.as_deref())?;
    let inputs = inputs::read(args.input.as_deref(), &[], &[]).map_err(Refused::Usage)?;
    let opened = Opened::named(&args.of)?;
    let recorded = recorded(&*opened.store, opened.run).map_err(|error| engine(&error))?;
    let mut folder = recorded.meta["folder"].as_str().map(PathBuf::from).unwrap_or_default();
    // What only reads the record needs no agents.
    let needs_agents = mode(args).is_some() || args.program.is_some();
    let manifest = stores::manifest_of(&recorded.meta, &opened.place).filter(|_| needs_agents);
    let manifest = manifest::open(manifest).map_err(Refused::Wrong)?;
    let mut changes = Changes { inputs, ..Changes::default() };
    if let Some(file) = &args.program {
        let level = prism_driver::Level::Full;
        let program = load(file, &prism_driver::Options { level })?;
        folder = prism_driver::package_of(file);
        changes.inputs = with_new_names(changes.inputs, &program, &recorded, &manifest)?;
        changes.program = Some((program.module, program.artifact));
        changes.meta = Some(json!({ "folder": folder, "manifest": manifest.path }));
    }
    Ok(Prepared { opened, changes, folder, registry: manifest.registry, script })
}

/// What answers; `None`: the record alone.
fn mode(args: &args::Replay) -> Option<Mode> {
    args.mode.or(args.from.is_some().then_some(Mode::Freeze))
}

/// Names that the recorded program did not read are supplied as for a run.
fn with_new_names(
    mut changed: Inputs,
    program: &Program,
    recorded: &Recorded,
    manifest: &Manifest,
) -> Result<Inputs, Refused> {
    let known: Inputs = changed.iter().chain(&recorded.inputs).cloned().collect();
    let is_known = |name: &str| known.iter().any(|(known, _)| &**known == name);
    let mut all = hosts::complete(&program.module, manifest, known.clone())
        .map_err(|problem| Refused::Wrong(vec![problem]))?;
    hosts::with_name(&mut all, &program.name);
    changed.extend(all.into_iter().filter(|(name, _)| !is_known(name)));
    Ok(changed)
}

fn carry_out(
    args: &args::Replay,
    prepared: Prepared,
    terminal: Terminal,
) -> Result<ExitCode, Refused> {
    let Prepared { opened, changes, folder, registry, script } = prepared;
    let Opened { store, place, run } = opened;
    let json = args.output.json;
    let told = |error: Error| engine(&error);
    match mode(args) {
        None => {
            let replayed = replay(&*store, run, changes).map_err(told)?;
            Ok(show_replay(&replayed, &folder, json, terminal))
        }
        Some(Mode::Freeze) => {
            let from = args.from.as_deref().map(Into::into);
            let fork = Box::new(Fork { changes, from });
            let tier = tier(false);
            let delivery = Delivery {
                store,
                place,
                folder,
                registry,
                script,
                tier,
                json,
                terminal,
                mode: prism_engine::Mode::Full,
            };
            Ok(deliver::drive(From::Fork(run, fork), delivery))
        }
        Some(Mode::Shadow) => {
            let host = Host { script, ..Host::default() };
            let session = Session { store, registry, host, signals: Signals::Obey };
            let shadowed = session::shadow(session, run, changes, args.from.as_deref());
            Ok(show_shadow(&shadowed.map_err(told)?, &folder, json, terminal))
        }
    }
}

fn show_replay(replayed: &Replayed, folder: &Path, json: bool, terminal: Terminal) -> ExitCode {
    let answers = words::recorded_answers(replayed.n_answers);
    let end = replayed.ended.map_or("it can go on", |status| status.name());
    if json {
        let object = json!({
            "run": replayed.run.to_string(),
            "replay": verdict(replayed.divergence.is_none()),
            "answers": replayed.n_answers,
            "status": replayed.ended.map(|status| status.name()),
            "divergence": replayed.divergence.as_ref().map(|found| divergence_json(found, folder)),
        });
        print(&format!("{object}\n"));
    } else if replayed.divergence.is_none() {
        print(&format!("identical: {answers}, then {end}\n"));
    }
    match &replayed.divergence {
        None => ExitCode::SUCCESS,
        Some(divergence) => {
            if !json {
                print(&format!("different after {answers}\n"));
                print_error(&problem(divergence, folder).render(terminal.color));
            }
            ExitCode::from(report::FAILED)
        }
    }
}

fn verdict(is_same: bool) -> &'static str {
    if is_same { "identical" } else { "different" }
}

/// The first difference, at the place in the program that makes it.
fn problem(divergence: &Divergence, folder: &Path) -> Problem {
    let Divergence { effect_id, at, recorded, requested } = divergence;
    let place = if effect_id.is_empty() { "its end".to_owned() } else { format!("`{effect_id}`") };
    let message = format!("the program leaves the record at {place}");
    let problem = Problem::new("P2010", message)
        .with_help(format!("recorded: {recorded}"))
        .with_help(format!("now: {requested}"));
    report::located(problem, at.as_ref(), folder)
}

fn divergence_json(divergence: &Divergence, folder: &Path) -> Value {
    let at = divergence.at.as_ref();
    json!({
        "effectId": &*divergence.effect_id,
        "recorded": divergence.recorded,
        "requested": divergence.requested,
        "file": at.map(|at| report::file(at, folder).to_string()),
        "line": at.map(|at: &Location| at.line),
        "column": at.map(|at| at.column),
    })
}

fn show_shadow(shadowed: &Shadowed, folder: &Path, json: bool, terminal: Terminal) -> ExitCode {
    let n_other = shadowed.calls.iter().filter(|call| call.recorded != call.live).count();
    if json {
        let object = json!({
            "run": shadowed.run.to_string(),
            "calls": shadowed.calls.iter().map(call_json).collect::<Vec<Value>>(),
            "same": shadowed.calls.len() - n_other,
            "different": n_other,
            "divergence": shadowed.divergence.as_ref().map(|found| divergence_json(found, folder)),
        });
        print(&format!("{object}\n"));
    } else {
        shadowed.calls.iter().for_each(|call| print(&call_text(call)));
        let n_calls = shadowed.calls.len();
        print(&format!("{} of {n_calls} calls answered the same\n", n_calls - n_other));
        if let Some(divergence) = &shadowed.divergence {
            print_error(&problem(divergence, folder).render(terminal.color));
        }
    }
    let is_same = n_other == 0 && shadowed.divergence.is_none();
    if is_same { ExitCode::SUCCESS } else { ExitCode::from(report::FAILED) }
}

fn call_text(call: &Compared) -> String {
    let Compared { effect_id, agent, recorded, live } = call;
    if recorded == live {
        return format!("same       {agent}  {effect_id}\n");
    }
    let (recorded, live) = (answer_text(recorded), answer_text(live));
    format!("different  {agent}  {effect_id}\n  recorded: {recorded}\n  now:      {live}\n")
}

fn answer_text(answer: &Answer) -> String {
    match answer {
        Answer::Value(value) => show::result(value),
        Answer::Error(error) => format!("{}: {}", error.code, error.message),
    }
}

fn call_json(call: &Compared) -> Value {
    json!({
        "effectId": &*call.effect_id,
        "agent": &*call.agent,
        "same": call.recorded == call.live,
        "recorded": answer_json(&call.recorded),
        "live": answer_json(&call.live),
    })
}

fn answer_json(answer: &Answer) -> Value {
    match answer {
        Answer::Value(value) => json!({
            "value": json::to_value(value.plain()).unwrap_or(Value::Null),
            "confidence": value.confidence(),
        }),
        Answer::Error(error) => {
            json!({ "error": { "code": &*error.code, "message": &*error.message } })
        }
    }
}
