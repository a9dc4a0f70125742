//! `prism worker` and `prism resume --all`: drives whatever runs are due.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use prism_cli::program::Refused;
use prism_cli::session::{runtime, signal};
use prism_cli::worker::{News, Options, Trouble, work};
use prism_cli::{report, stores};
use prism_engine::{RunResult, recorded};
use prism_journal::{Status, Store};

use crate::args;
use crate::deliver::{self, engine, problem};
use crate::terminal::{Terminal, print, print_error};
use crate::verbs::gc::span;
use crate::verbs::run::tier;

pub fn run(args: &args::Worker, terminal: Terminal) -> ExitCode {
    let retention = args.retention.as_deref().map(|text| span("--retention", text)).transpose();
    let retention = match retention {
        Ok(retention) => retention,
        Err(refused) => return deliver::refused(&refused, args.json, terminal),
    };
    let tier = tier(args.no_native);
    let options = Options { once: false, limit: args.limit.max(1), retention, tier };
    let place = args.store.store.as_deref();
    match drive(options, place, args.json, terminal) {
        Ok(Ended { .. }) => ExitCode::from(report::INTERRUPTED),
        Err(refused) => deliver::refused(&refused, args.json, terminal),
    }
}

/// Every run that can go on, once.
pub fn resume_all(args: &args::Resume, terminal: Terminal) -> ExitCode {
    let tier = tier(args.no_native);
    let options = Options { once: true, limit: 1000, retention: None, tier };
    let json = args.output.json;
    match drive(options, args.store.store.as_deref(), json, terminal) {
        Ok(Ended { was_stopped: true, .. }) => ExitCode::from(report::INTERRUPTED),
        Ok(Ended { has_failed: true, .. }) => ExitCode::from(report::FAILED),
        Ok(Ended { .. }) => ExitCode::SUCCESS,
        Err(refused) => deliver::refused(&refused, json, terminal),
    }
}

struct Ended {
    was_stopped: bool,
    /// A run failed, or could not be driven.
    has_failed: bool,
}

fn drive(
    options: Options,
    place: Option<&Path>,
    json: bool,
    terminal: Terminal,
) -> Result<Ended, Refused> {
    let place = place.map_or_else(stores::here, stores::named);
    let store = stores::open(&place)?;
    let (was_stopped, has_failed) = (AtomicBool::new(false), AtomicBool::new(false));
    let stop = async {
        signal().await;
        was_stopped.store(true, Ordering::Relaxed);
    };
    let tell = |news: News| {
        has_failed.fetch_or(is_failure(&news), Ordering::Relaxed);
        told(&news, &*store, json, terminal);
    };
    let runtime = runtime();
    let worked = runtime.block_on(work(store.clone(), options, stop, tell));
    runtime.shutdown_background();
    worked.map_err(|error| engine(&error))?;
    Ok(Ended { was_stopped: was_stopped.into_inner(), has_failed: has_failed.into_inner() })
}

fn is_failure(news: &News) -> bool {
    match news {
        News::Taken(_) | News::Fired(..) => false,
        News::Left(result) => matches!(result.status, Status::Failed | Status::Cancelled),
        News::Failed(..) => true,
    }
}

fn told(news: &News, store: &dyn Store, json: bool, terminal: Terminal) {
    match news {
        News::Taken(run) => print_error(&format!("{run} goes on\n")),
        News::Fired(schedule, runs) => {
            runs.iter().for_each(|run| print_error(&format!("{schedule} starts {run}\n")));
        }
        News::Left(result) => left(result, store, json, terminal),
        News::Failed(run, trouble) => {
            print_error(&format!("{run} stays as it is\n"));
            let problems = match &**trouble {
                Trouble::Engine(error) => vec![problem(error)],
                Trouble::Manifest(problems) => problems.clone(),
            };
            problems.iter().for_each(|problem| print_error(&problem.render(terminal.color)));
        }
    }
}

fn left(result: &RunResult, store: &dyn Store, json: bool, terminal: Terminal) {
    let begun = recorded(store, result.run);
    let folder = begun.ok().and_then(|begun| begun.meta["folder"].as_str().map(PathBuf::from));
    let folder = folder.unwrap_or_default();
    if json {
        print(&format!("{}\n", report::object(result, &folder)));
        return;
    }
    print(&format!("{}  {}\n", result.run, result.status.name()));
    if let Some(failure) = &result.failure {
        print_error(&report::problem(failure, &folder).render(terminal.color));
    }
}
