//! SIGKILL while ten thousand runs are in flight, or one that has come far: how soon each asks for
//! its next step in a second process, from the start of that, and whether one was asked for twice.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use prism_agents::BoxFuture;
use prism_engine::{Host, Serve, take_up};
use prism_journal::{Kind, RunId, Sqlite, Store};
use prism_vm::{Answer, Data};

use crate::{engine, engine_with, processor_time, start};

/// The names under which the process that is killed and the one after it are called.
pub const CHILD: &str = "crash-child";
pub const SECOND: &str = "crash-second";

/// What is killed.
#[derive(Clone, Copy)]
pub struct Flight {
    pub name: &'static str,
    pub n_runs: usize,
    /// Steps that every run has made before the kill.
    pub n_steps: u64,
}

pub const MANY: Flight = Flight { name: "crash", n_runs: 10_000, n_steps: 10 };
pub const LONG: Flight = Flight { name: "long", n_runs: 1, n_steps: 50_000 };

const PROGRAM: &str = "site \"random\", \"main/step\"\nfn \"main\" ( ) regs 3\n    \
    load_int r0, 0\n    load_const r1, 1000000\nagain:\n    perform r2, r2, 0, s0\n    \
    for_less r0, r1, 1, again\n    return r0\n";

/// Starts all runs and drives them until it is killed.
pub async fn work(folder: &Path, flight: Flight) {
    let engine = engine(&folder.join(flight.name));
    let start = start(PROGRAM);
    let handles: Vec<_> =
        (0..flight.n_runs).map(|_| engine.start(&start).expect("a run starts")).collect();
    for handle in handles {
        drop(handle.wait().await);
    }
}

/// Notes which runs have asked for a step.
#[derive(Default)]
struct Moving(Mutex<HashSet<RunId>>);

impl Serve for Moving {
    fn serve(&self, _: &str, _: &[Data], key: &str) -> Option<BoxFuture<Answer>> {
        let run = key.split('/').next().and_then(|run| run.parse().ok()).expect("a run's name");
        self.0.lock().expect("nobody panics").insert(run);
        None
    }
}

pub async fn recovery(folder: &Path, flight: Flight) {
    let path = folder.join(flight.name);
    let own = std::env::current_exe().expect("this program");
    let process = |name| {
        let mut process = Command::new(&own);
        process.args([name, flight.name]).env("BENCH_FOLDER", folder).stdin(Stdio::null());
        process
    };
    let mut child = process(CHILD).spawn().expect("a second process");
    while !is_in_flight(&path, flight) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    child.kill().expect("it lives");
    child.wait().expect("it is dead");
    let size = std::fs::metadata(&path).expect("a store").len() >> 20;

    let begin = Instant::now();
    let mut second = process(SECOND).stdout(Stdio::piped()).spawn().expect("a third process");
    let mut told = String::new();
    BufReader::new(second.stdout.take().expect("a pipe")).read_line(&mut told).expect("a line");
    let moving = begin.elapsed().as_millis();
    assert!(second.wait().expect("it ends").success());
    println!(
        "{} runs after SIGKILL, {size} MB: all ask for their next step {moving} ms after a second \
         process starts; {}",
        flight.n_runs,
        told.trim_end()
    );
    let store = Sqlite::open(&path).expect("the store opens again");
    let runs = store.unfinished().expect("the store reads");
    assert_eq!(runs.len(), flight.n_runs, "every run is there");
    for run in &runs {
        let entries = store.read(run.run, 0).expect("the chain holds");
        let steps = entries.iter().filter(|entry| entry.kind == Kind::Answer);
        for (place, step) in steps.enumerate() {
            let expected = format!("#{place}");
            assert!(step.effect_id.ends_with(&expected), "a step is missing, or there twice");
        }
    }
}

/// Goes on with all runs until each has asked for a step, and tells how that went in one line.
pub async fn go_on(folder: &Path, flight: Flight) {
    let moving = Arc::new(Moving::default());
    let serve: Option<Arc<dyn Serve>> = Some(moving.clone());
    let begin = Instant::now();
    let engine = engine_with(&folder.join(flight.name), Host { serve, ..Host::default() });
    let runs = engine.store().unfinished().expect("the store reads");
    assert_eq!(runs.len(), flight.n_runs, "every run is there");
    let listed = begin.elapsed();
    let names: Vec<RunId> = runs.iter().map(|run| run.run).collect();
    let taken: Vec<_> = take_up(&**engine.store(), &names)
        .into_iter()
        .map(|taken| taken.expect("it can go on"))
        .collect();
    let read = begin.elapsed();
    let handles = engine.go_on_with(taken).expect("they go on");
    let resumed = begin.elapsed();
    while moving.0.lock().expect("nobody panics").len() < flight.n_runs {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    println!(
        "listed after {} ms, read after {}, taken up after {}, {} ms of processor time",
        listed.as_millis(),
        read.as_millis(),
        resumed.as_millis(),
        processor_time().as_millis()
    );
    handles.iter().for_each(|handle| handle.stopper().interrupt());
    for handle in handles {
        handle.wait().await.expect("the store works");
    }
}

/// Whether every run has made its steps.
fn is_in_flight(path: &Path, flight: Flight) -> bool {
    if !path.exists() {
        return false;
    }
    let store = Sqlite::open(path).expect("the store opens");
    let runs = store.runs().expect("the store reads");
    runs.len() == flight.n_runs && runs.iter().all(|run| run.last_seq >= flight.n_steps)
}
