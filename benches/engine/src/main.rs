//! Durable steps, run starts and waiting runs through the real engine, beside the disk itself.
//!
//! ```sh
//! cargo run --release --manifest-path benches/engine/Cargo.toml [FOLDER]
//! python3 benches/engine/peers.py          the same steps in LangGraph and DBOS
//! ```
//!
//! A step is `random()`: asked by the machine, journalled, synced, answered. Afterwards every run
//! is read from a store that is opened anew: it has to hold each step once.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use prism_agents::{Dispatcher, Registry};
use prism_bytecode::{assemble, encode, verify};
use prism_engine::{Choice, Decision, Engine, Host, Start, decide};
use prism_journal::{Kind, RunId, Sqlite, Status, Store};
use prism_vm::Limits;
use serde_json::Value;

const SYNCS: u64 = 1_000;

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "bench-engine".to_owned());
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder).expect("the folder can be made");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime");
    // The disk before and after, because others may use it.
    disk(folder);
    runtime.block_on(steps(folder, 1, 5_000));
    disk(folder);
    runtime.block_on(steps(folder, 64, 2_000));
    disk(folder);
    runtime.block_on(starts(folder, 10_000));
    runtime.block_on(waiting(folder, 10_000));
    runtime.block_on(waiting(folder, 100_000));
    std::fs::remove_dir_all(folder).expect("the folder is ours");
}

/// What a sync of 4 KiB takes here.
fn disk(folder: &Path) {
    let file = File::create(folder.join("probe")).expect("a file");
    file.write_all_at(&vec![0; 4096 * SYNCS as usize], 0).expect("room");
    file.sync_all().expect("a sync");
    let mut times: Vec<Duration> = (0..SYNCS)
        .map(|at| {
            file.write_all_at(&[1; 4096], at * 4096).expect("room");
            let begin = Instant::now();
            file.sync_data().expect("a sync");
            begin.elapsed()
        })
        .collect();
    println!("fdatasync of the disk: {}", spread(&mut times));
}

/// `n_runs` runs at once, each of `n_steps` steps one after the other.
async fn steps(folder: &Path, n_runs: u64, n_steps: u64) {
    let program = format!(
        "site \"random\", \"main/step\"\nfn \"main\" ( ) regs 3\n    load_int r0, 0\n    \
         load_const r1, {n_steps}\nagain:\n    perform r2, r2, 0, s0\n    \
         for_less r0, r1, 1, again\n    return r0\n"
    );
    let path = folder.join(format!("steps-{n_runs}.db"));
    let engine = engine(&path);
    let start = start(&program);
    let begin = Instant::now();
    let runs = run_all(&engine, &start, n_runs).await;
    let needed = begin.elapsed().as_secs_f64();
    drop(engine);
    let store = Sqlite::open(&path).expect("the store opens again");
    let mut times = Vec::new();
    for run in runs {
        let entries = store.read(run, 0).expect("the chain holds");
        let answers: Vec<_> = entries.iter().filter(|entry| entry.kind == Kind::Answer).collect();
        assert_eq!(answers.len() as u64, n_steps, "every step is in the journal, once");
        let gap = |two: &[&prism_journal::Entry]| (two[1].time - two[0].time).unsigned_abs();
        times.extend(answers.windows(2).map(|two| Duration::from_micros(gap(two))));
    }
    let rate = (n_runs * n_steps) as f64 / needed;
    println!("{n_runs} at a time: {rate:.0} durable steps/s; a step {}", spread(&mut times));
    println!("memory at most: {} MB", peak_memory());
}

/// Runs that only begin and end, all at once.
async fn starts(folder: &Path, n_runs: u64) {
    let path = folder.join("starts.db");
    let engine = engine(&path);
    let start = start("fn \"main\" ( ) regs 1\n    load_int r0, 1\n    return r0\n");
    let begin = Instant::now();
    let runs = run_all(&engine, &start, n_runs).await;
    let needed = begin.elapsed().as_secs_f64();
    drop(engine);
    let store = Sqlite::open(&path).expect("the store opens again");
    let kept = store.runs().expect("the store reads");
    assert_eq!(kept.iter().filter(|run| run.status == Status::Completed).count(), runs.len());
    println!("durable runs started and ended: {:.0} /s", n_runs as f64 / needed);
}

/// Runs that have made ten steps and wait for a person: what they take, how fast a decision
/// reaches one, and how soon all are there again after the process that drove them is gone.
async fn waiting(folder: &Path, n_runs: u64) {
    let program = "site \"random\", \"main/step\"\nsite \"human.approve\", \"main/ok\"\n\
        fn \"main\" ( ) regs 4\n    load_int r0, 0\n    load_const r1, 10\nagain:\n    \
        perform r2, r2, 0, s0\n    for_less r0, r1, 1, again\n    load_const r3, \"ok?\"\n    \
        perform r3, r3, 1, s1\n    return r3\n";
    let path = folder.join(format!("waiting-{n_runs}.db"));
    let before = memory();
    let first = engine(&path);
    let start = start(program);
    let begin = Instant::now();
    let handles: Vec<_> = (0..n_runs).map(|_| first.start(&start).expect("a run starts")).collect();
    all_ask(&**first.store(), n_runs).await;
    let needed = begin.elapsed().as_secs_f64();
    let each = (memory().saturating_sub(before)) * 1024 / n_runs;
    println!("{n_runs} runs of ten steps wait for a person after {needed:.2} s: {each} bytes each");

    // The other runs stay with the engine while some are decided.
    let elsewhere = Sqlite::open(&path).expect("another process opens the store");
    let mut times = Vec::new();
    let mut handles = handles.into_iter();
    for handle in handles.by_ref().take(100) {
        let yes = Decision {
            approved: true,
            choice: None,
            reason: String::new(),
            by: "bench".to_owned(),
        };
        let begin = Instant::now();
        decide(&elsewhere, handle.run(), Choice::default(), &yes).expect("it is asked");
        let result = handle.wait().await.expect("the store works");
        times.push(begin.elapsed());
        assert_eq!(result.status, Status::Completed);
    }
    println!("from a decision elsewhere to the end of the run: {}", spread(&mut times));
    let runs: Vec<RunId> = handles.map(|handle| handle.run()).collect();
    drop((first, elsewhere));

    let second = engine(&path);
    let begin = Instant::now();
    let handles: Vec<_> = runs.iter().map(|run| second.resume(*run).expect("it goes on")).collect();
    let read = begin.elapsed();
    let n_steps = |run: &RunId| {
        let entries = second.store().read(*run, 0).expect("the chain holds");
        entries.iter().filter(|entry| entry.kind == Kind::Answer).count()
    };
    let n_resumed = || {
        let runs = second.store().runs().expect("the store reads");
        runs.iter().filter(|run| run.last_seq == 12).count()
    };
    while n_resumed() < runs.len() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!(
        "after a restart {} of them are resumed in {:.0} ms, all durable after {:.0} ms",
        handles.len(),
        read.as_secs_f64() * 1e3,
        begin.elapsed().as_secs_f64() * 1e3
    );
    assert!(runs.iter().step_by(997).all(|run| n_steps(run) == 10), "no step was made again");
}

async fn all_ask(store: &dyn Store, n_runs: u64) {
    let n_waiting = || {
        let runs = store.runs().expect("the store reads");
        runs.iter().filter(|run| run.status == Status::Waiting).count() as u64
    };
    while n_waiting() < n_runs {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn run_all(engine: &Engine, start: &Start, n_runs: u64) -> Vec<RunId> {
    let handles: Vec<_> = (0..n_runs).map(|_| engine.start(start).expect("a run starts")).collect();
    let mut runs = Vec::with_capacity(handles.len());
    for handle in handles {
        let result = handle.wait().await.expect("the store works");
        assert_eq!(result.status, Status::Completed, "{:?}", result.failure);
        runs.push(result.run);
    }
    runs
}

fn engine(path: &Path) -> Engine {
    let store = Arc::new(Sqlite::open(path).expect("a store"));
    let dispatcher = Dispatcher::new(Registry::new(Vec::new()), Vec::new());
    Engine::new(store, dispatcher, Host::default())
}

fn start(program: &str) -> Start {
    let module = assemble(program).expect("the program is assembly");
    Start {
        name: "bench".into(),
        artifact: encode(&module).into(),
        module: Arc::new(verify(module).expect("the program verifies")),
        inputs: Vec::new(),
        limits: Limits { requests: u64::MAX, ..Limits::default() },
        scope: None,
        meta: Value::Null,
    }
}

fn spread(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_micros();
    format!("p50 {} µs, p99 {} µs, min {} µs", at(0.5), at(0.99), at(0.0))
}

/// In megabytes, of this process until now.
fn peak_memory() -> u64 {
    of_process("VmHWM:") / 1024
}

/// In kilobytes, of this process now.
fn memory() -> u64 {
    of_process("VmRSS:")
}

fn of_process(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
