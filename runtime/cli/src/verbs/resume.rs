//! `prism resume`: goes on where a run's journal ends.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use prism_cli::manifest;
use prism_cli::program::Refused;
use prism_cli::session::From;
use prism_cli::stores::{self, Place};
use prism_engine::{Mode, RunResult, Script, begun, find_run, outcome};
use prism_journal::{RunId, Store};
use prism_vm::tier::Maker;

use crate::args;
use crate::deliver::{self, Delivery, engine};
use crate::terminal::Terminal;
use crate::verbs::run::{script, tier};
use crate::verbs::worker;

pub fn run(args: &args::Resume, terminal: Terminal) -> ExitCode {
    let Some(name) = &args.run else { return worker::resume_all(args, terminal) };
    let found = script(args.answers.as_deref()).and_then(|script| {
        let opened = Opened::find(name, args.store.store.as_deref())?;
        Ok((opened, script))
    });
    match found {
        Ok((opened, script)) => {
            go_on(opened, script, tier(args.no_native), args.output.json, terminal)
        }
        Err(refused) => deliver::refused(&refused, args.output.json, terminal),
    }
}

/// A run of a store that has been opened.
pub struct Opened {
    pub store: Arc<dyn Store>,
    pub place: Place,
    pub run: RunId,
}

impl Opened {
    pub fn named(of: &args::Named) -> Result<Opened, Refused> {
        Opened::find(&of.run, of.store.store.as_deref())
    }

    pub fn find(name: &str, path: Option<&std::path::Path>) -> Result<Opened, Refused> {
        let place = path.map_or_else(stores::here, stores::named);
        let store = stores::open_existing(&place)?;
        let run = find_run(&*store, name).map_err(|error| engine(&error))?;
        Ok(Opened { store, place, run })
    }
}

/// Goes on with a run, or shows again how it ended.
pub fn go_on(
    opened: Opened,
    script: Script,
    tier: Option<Maker>,
    json: bool,
    terminal: Terminal,
) -> ExitCode {
    match prepare(&opened, script, tier, json, terminal) {
        Ok(Taken::Up(delivery)) => deliver::drive(From::Resume(opened.run), *delivery),
        Ok(Taken::Ended(result, folder)) => deliver::shown_again(&result, &folder, json, terminal),
        Err(refused) => deliver::refused(&refused, json, terminal),
    }
}

/// Where a run stands when it is named.
enum Taken {
    Up(Box<Delivery>),
    /// It has ended; the folder is where its program's paths begin.
    Ended(Box<RunResult>, PathBuf),
}

fn prepare(
    opened: &Opened,
    script: Script,
    tier: Option<Maker>,
    json: bool,
    terminal: Terminal,
) -> Result<Taken, Refused> {
    let Opened { store, place, run } = opened;
    let recorded = begun(&**store, *run).map_err(|error| engine(&error))?;
    let folder = recorded.meta["folder"].as_str().map(PathBuf::from).unwrap_or_default();
    if let Some(result) = outcome(&**store, *run).map_err(|error| engine(&error))? {
        return Ok(Taken::Ended(Box::new(result), folder));
    }
    let manifest = stores::manifest_of(&recorded.meta, place);
    let manifest = manifest::open(manifest).map_err(Refused::Wrong)?;
    Ok(Taken::Up(Box::new(Delivery {
        store: store.clone(),
        place: place.clone(),
        folder,
        registry: manifest.registry,
        script,
        tier,
        json,
        terminal,
        mode: Mode::Full,
    })))
}
