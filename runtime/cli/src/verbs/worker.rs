//! `prism worker` and `prism resume --all`: drives whatever runs are due.

use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use prism_cli::program::Refused;
use prism_cli::report;
use prism_cli::session::{runtime, signal};
use prism_cli::stores::{self, Place};
use prism_cli::worker::{News, Options, Trouble, work};
use prism_engine::{Error, RunResult, recorded};
use prism_journal::{Status, Store};

use tokio::runtime::Runtime;

use crate::args;
use crate::deliver::{self, engine, problem};
use crate::terminal::{Terminal, print, print_error};
use crate::verbs::gc::span;
use crate::verbs::run::tier;

/// A store that failed is opened again after so long, then each time after twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// But never after more than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

pub fn run(args: &args::Worker, terminal: Terminal) -> ExitCode {
    let retention = args.retention.as_deref().map(|text| span("--retention", text)).transpose();
    let retention = match retention {
        Ok(retention) => retention,
        Err(refused) => return deliver::refused(&refused, args.json, terminal),
    };
    let tier = tier(args.no_native);
    let place = args.store.store.as_deref().map_or_else(stores::here, stores::named);
    let options = Options { place, once: false, limit: args.limit.max(1), retention, tier };
    match drive(options, args.json, terminal) {
        Ok(Ended { .. }) => ExitCode::from(report::INTERRUPTED),
        Err(refused) => deliver::refused(&refused, args.json, terminal),
    }
}

/// Every run that can go on, once.
pub fn resume_all(args: &args::Resume, terminal: Terminal) -> ExitCode {
    let tier = tier(args.no_native);
    let place = args.store.store.as_deref().map_or_else(stores::here, stores::named);
    let options = Options { place, once: true, limit: 1000, retention: None, tier };
    let json = args.output.json;
    match drive(options, json, terminal) {
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

fn drive(options: Options, json: bool, terminal: Terminal) -> Result<Ended, Refused> {
    let (was_stopped, has_failed) = (AtomicBool::new(false), AtomicBool::new(false));
    let stop = pin!(async {
        signal().await;
        was_stopped.store(true, Ordering::Relaxed);
    });
    let tell = |news: &News, store: &dyn Store| {
        has_failed.fetch_or(is_failure(news), Ordering::Relaxed);
        told(news, store, json, terminal);
    };
    let runtime = runtime();
    let worked = keep_working(&options, &runtime, stop, tell, terminal);
    runtime.shutdown_background();
    worked?;
    Ok(Ended {
        was_stopped: was_stopped.load(Ordering::Relaxed),
        has_failed: has_failed.load(Ordering::Relaxed),
    })
}

/// Works until `stop` is ready, or nothing is due. A store that fails is opened again, unless it
/// was to be done once. Stores are opened and closed outside of the runtime: a database's client
/// has one of its own.
fn keep_working(
    options: &Options,
    runtime: &Runtime,
    mut stop: Pin<&mut impl Future<Output = ()>>,
    tell: impl Fn(&News, &dyn Store),
    terminal: Terminal,
) -> Result<(), Refused> {
    let mut store = stores::open(&options.place)?;
    loop {
        let tell = |news: News| tell(&news, &*store);
        let working = work(store.clone(), options.clone(), stop.as_mut(), tell);
        let error = match runtime.block_on(working) {
            Err(error @ Error::Store(_)) if !options.once => error,
            worked => return worked.map_err(|error| engine(&error)),
        };
        // A store that failed is closed before it is opened.
        drop(store);
        let failed = engine(&error);
        match reopened(&options.place, runtime, stop.as_mut(), failed, terminal) {
            Some(opened) => store = opened,
            None => return Ok(()),
        }
    }
}

/// The store, when it can be opened again; `None` when `stop` was ready first.
fn reopened(
    place: &Place,
    runtime: &Runtime,
    mut stop: Pin<&mut impl Future<Output = ()>>,
    mut failed: Refused,
    terminal: Terminal,
) -> Option<Arc<dyn Store>> {
    let mut pause = FIRST_PAUSE;
    loop {
        let _ = deliver::refused(&failed, false, terminal);
        print_error(&format!("the store is opened again in {} s\n", pause.as_secs()));
        let is_stopped = runtime.block_on(async {
            tokio::select! {
                () = stop.as_mut() => true,
                () = tokio::time::sleep(pause) => false,
            }
        });
        if is_stopped {
            return None;
        }
        match stores::open(place) {
            Ok(store) => return Some(store),
            Err(refused) => failed = refused,
        }
        pause = LONGEST_PAUSE.min(pause * 2);
    }
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
