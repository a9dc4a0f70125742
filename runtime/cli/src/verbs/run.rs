//! `prism run`: from a file to a result.

use std::path::Path;
use std::process::ExitCode;

use prism_cli::program::{Program, Refused, load};
use prism_cli::session::From;
use prism_cli::stores::{self, Place};
use prism_cli::{hosts, inputs, manifest};
use prism_engine::{Mode, Script, Start};
use prism_vm::Limits;
use prism_vm::tier::Maker;
use serde_json::json;

use crate::args;
use crate::deliver::{self, Delivery};
use crate::terminal::Terminal;
use crate::verbs::gc::span;

pub fn run(args: &args::Run, terminal: Terminal) -> ExitCode {
    match prepare(args, terminal) {
        Ok((from, delivery)) => deliver::drive(from, delivery),
        Err(refused) => deliver::refused(&refused, args.output.json, terminal),
    }
}

/// Everything that can be wrong before the run begins is found here, usage first.
pub fn prepare(args: &args::Run, terminal: Terminal) -> Result<(From, Delivery), Refused> {
    let own = args.file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let manifest = manifest::open(manifest::find(own.unwrap_or(Path::new("."))));
    let groups = manifest.iter().flat_map(|manifest| &manifest.groups);
    let groups: Vec<&str> = groups.map(|group| group.name.as_str()).collect();
    let given = inputs::read(args.input.as_deref(), &args.sets, &groups).map_err(Refused::Usage)?;
    let script = script(args.answers.as_deref())?;
    let program = load(&args.file, &prism_driver::Options { level: level(args.level) })?;
    let manifest = manifest.map_err(Refused::Wrong)?;
    let mut inputs = hosts::complete(&program.module, &manifest, given)
        .map_err(|problem| Refused::Wrong(vec![problem]))?;
    hosts::with_name(&mut inputs, &program.name);
    let place = match &args.store.store {
        _ if args.no_store => Place::Memory,
        Some(path) => stores::named(path),
        None => stores::beside(manifest.path.as_deref()),
    };
    let store = stores::open(&place)?;
    let folder = prism_driver::package_of(&args.file);
    let start = start(args, program, inputs, &folder, manifest.path.as_deref());
    let json = args.output.json;
    let tier = tier(args.no_native);
    let registry = manifest.registry;
    let mode = match &args.fast {
        Some(text) => Mode::Fast { within: span("--fast", text)? },
        None => Mode::Full,
    };
    let delivery = Delivery { store, place, folder, registry, script, tier, json, terminal, mode };
    Ok((From::Start(Box::new(start)), delivery))
}

fn start(
    args: &args::Run,
    program: Program,
    inputs: inputs::Inputs,
    folder: &Path,
    manifest: Option<&Path>,
) -> Start {
    let default = Limits::default();
    let limits = Limits {
        fuel: args.fuel.unwrap_or(default.fuel),
        memory: args.memory.map_or(default.memory, |mebibytes| (mebibytes as usize) << 20),
        ..default
    };
    Start {
        name: program.name.clone(),
        module: program.module,
        artifact: program.artifact,
        inputs,
        limits,
        scope: manifest.map(|_| program.name),
        meta: json!({ "folder": folder, "manifest": manifest }),
    }
}

fn level(number: u8) -> prism_driver::Level {
    if number == 0 { prism_driver::Level::None } else { prism_driver::Level::Full }
}

/// Native code, unless `--no-native` says otherwise.
pub fn tier(is_off: bool) -> Option<Maker> {
    (!is_off).then_some(prism_native::tier)
}

/// The script of `--answers`; an empty one without it.
pub fn script(path: Option<&str>) -> Result<Script, Refused> {
    let Some(path) = path else { return Ok(Script::default()) };
    let json = inputs::json_file(path).map_err(Refused::Usage)?;
    Script::from_json(json).map_err(|error| Refused::Usage(deliver::problem(&error)))
}
