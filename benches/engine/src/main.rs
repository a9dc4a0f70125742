//! Durable steps, run starts and waiting runs through the real engine, beside the disk itself.
//!
//! ```sh
//! cargo run --release --manifest-path benches/engine/Cargo.toml -- [steps|starts|crash|long|waiting]…
//! python3 benches/engine/peers.py          the same steps in LangGraph, DBOS and Restate
//! ```
//!
//! The stores are in the folder that `BENCH_FOLDER` names, else in `bench-engine`.
//!
//! A step is `random()`: asked by the machine, journalled, synced, answered. Afterwards every run
//! is read from a store that is opened anew: it has to hold each step once. The build is that of
//! `prism`.

mod crash;
mod waiting;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use prism_agents::{Dispatcher, Registry};
use prism_bytecode::{assemble, encode, verify};
use prism_engine::{Engine, Host, Start};
use prism_journal::{Kind, RunId, Sqlite, Status, Store};
use prism_vm::Limits;
use serde_json::Value;

#[global_allocator]
static ALLOCATOR: prism_allocator::Allocator = prism_allocator::Allocator;

const SYNCS: u64 = 1_000;

fn main() {
    let folder = std::env::var("BENCH_FOLDER").unwrap_or_else(|_| "bench-engine".to_owned());
    let folder = Path::new(&folder);
    let names: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    std::fs::create_dir_all(folder).expect("the folder can be made");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    match names.first().map(String::as_str) {
        Some(name @ (crash::CHILD | crash::SECOND)) => {
            let flights = [crash::MANY, crash::LONG];
            let flight = flights.into_iter().find(|flight| is_wanted(flight.name));
            let flight = flight.expect("one of these");
            return match name {
                crash::CHILD => runtime.block_on(crash::work(folder, flight)),
                _ => runtime.block_on(crash::go_on(folder, flight)),
            };
        }
        Some(waiting::CHILD) => return runtime.block_on(waiting::make(folder)),
        Some(_) | None => {}
    }
    if is_wanted("steps") {
        // The disk before and after, because others may use it.
        disk(folder);
        runtime.block_on(steps(folder, 1, 5_000, Company::Alone));
        runtime.block_on(steps(folder, 1, 5_000, Company::Another));
        disk(folder);
        runtime.block_on(steps(folder, 64, 2_000, Company::Alone));
        disk(folder);
    }
    if is_wanted("starts") {
        runtime.block_on(starts(folder, 10_000));
    }
    if is_wanted("crash") {
        runtime.block_on(crash::recovery(folder, crash::MANY));
    }
    if is_wanted("long") {
        runtime.block_on(crash::recovery(folder, crash::LONG));
    }
    if is_wanted("waiting") {
        runtime.block_on(waiting::put_down(folder));
        runtime.block_on(waiting::held(folder, 10_000));
    }
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

/// Whether the process has another run, which does nothing: one that is alone writes its entries
/// itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Company {
    Alone,
    Another,
}

/// `n_runs` runs at once, each of `n_steps` steps one after the other.
async fn steps(folder: &Path, n_runs: u64, n_steps: u64, company: Company) {
    let program = format!(
        "site \"random\", \"main/step\"\nfn \"main\" ( ) regs 3\n    load_int r0, 0\n    \
         load_const r1, {n_steps}\nagain:\n    perform r2, r2, 0, s0\n    \
         for_less r0, r1, 1, again\n    return r0\n"
    );
    let path = folder.join(format!("steps-{n_runs}-{company:?}.db"));
    let engine = engine(&path);
    let other = (company == Company::Another).then(|| engine.store().claim(RunId::generate()));
    let start = start(&program);
    let (begin, worked) = (Instant::now(), processor_time());
    let runs = run_all(&engine, &start, n_runs).await;
    let needed = begin.elapsed().as_secs_f64();
    let worked = (processor_time() - worked).as_secs_f64() * 1e6 / (n_runs * n_steps) as f64;
    drop((engine, other));
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
    println!(
        "{n_runs} at a time, {company:?}: {rate:.0} durable steps/s, {worked:.0} µs of processor \
         time each; a step {}",
        spread(&mut times)
    );
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
    engine_with(path, Host::default())
}

fn engine_with(path: &Path, host: Host) -> Engine {
    let store = Arc::new(Sqlite::open(path).expect("a store"));
    let dispatcher = Dispatcher::new(Registry::new(Vec::new()), Vec::new());
    Engine::new(store, dispatcher, host)
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

/// Of this process until now.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: u64 = fields[11..13].iter().filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
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
