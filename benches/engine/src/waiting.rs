//! Runs that have made ten steps and wait for a person: what they take, how fast a decision
//! reaches one, and how soon all are there again after the process that drove them is gone.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use prism_cli::stores::Place;
use prism_cli::worker::{self, News};
use prism_engine::{Choice, Decision, Host, WhenWaiting, decide};
use prism_journal::{Kind, RunId, Sqlite, Status, Store};
use tokio::sync::oneshot;

use crate::{engine, engine_with, memory, processor_time, spread, start};

const PROGRAM: &str = "site \"random\", \"main/step\"\nsite \"human.approve\", \"main/ok\"\n\
    fn \"main\" ( ) regs 4\n    load_int r0, 0\n    load_const r1, 10\nagain:\n    \
    perform r2, r2, 0, s0\n    for_less r0, r1, 1, again\n    load_const r3, \"ok?\"\n    \
    perform r3, r3, 1, s1\n    return r3\n";

/// Decisions whose way is timed.
const N_DECISIONS: usize = 100;

/// In one process that keeps the machines of all of them.
pub async fn held(folder: &Path, n_runs: usize) {
    let path = folder.join(format!("held-{n_runs}.db"));
    let before = memory();
    let first = engine(&path);
    let start = start(PROGRAM);
    let begin = Instant::now();
    let handles: Vec<_> = (0..n_runs).map(|_| first.start(&start).expect("a run starts")).collect();
    all_are(&**first.store(), n_runs, |run| run.status == Status::Waiting).await;
    let needed = begin.elapsed().as_secs_f64();
    let each = (memory().saturating_sub(before)) * 1024 / n_runs as u64;
    println!("{n_runs} runs of ten steps wait for a person after {needed:.2} s: {each} bytes each");

    // The other runs stay with the engine while some are decided.
    let elsewhere = Sqlite::open(&path).expect("another process opens the store");
    let mut times = Vec::new();
    let mut handles = handles.into_iter();
    for handle in handles.by_ref().take(N_DECISIONS) {
        let begin = Instant::now();
        decide(&elsewhere, handle.run(), Choice::default(), &yes()).expect("it is asked");
        let result = handle.wait().await.expect("the store works");
        times.push(begin.elapsed());
        assert_eq!(result.status, Status::Completed);
    }
    println!("from a decision elsewhere to the end of the run: {}", spread(&mut times));
    let runs: Vec<RunId> = handles.map(|handle| handle.run()).collect();
    drop((first, elsewhere));
    all_are_free(&path, &runs).await;

    let second = engine(&path);
    let (begin, worked) = (Instant::now(), processor_time());
    let handles: Vec<_> = runs.iter().map(|run| second.resume(*run).expect("it goes on")).collect();
    let read = begin.elapsed();
    all_are(&**second.store(), runs.len(), |run| run.last_seq == 12).await;
    println!(
        "after a restart {} of them are resumed in {} ms, all durable after {} ms, {} ms of \
         processor time",
        handles.len(),
        read.as_millis(),
        begin.elapsed().as_millis(),
        (processor_time() - worked).as_millis()
    );
    check(&**second.store(), &runs);
}

/// The name under which the process that makes runs and puts them down is called.
pub const CHILD: &str = "put-down-child";
const N_PUT_DOWN: usize = 100_000;

fn put_down_path(folder: &Path) -> PathBuf {
    folder.join("put-down.db")
}

/// Runs that wait and that no process has any more.
pub async fn make(folder: &Path) {
    let when_waiting = WhenWaiting::Park { beyond: Duration::ZERO };
    let host = Host { when_waiting, ..Host::default() };
    let engine = engine_with(&put_down_path(folder), host);
    let start = start(PROGRAM);
    let handles: Vec<_> =
        (0..N_PUT_DOWN).map(|_| engine.start(&start).expect("a run starts")).collect();
    for handle in handles {
        assert_eq!(handle.wait().await.expect("the store works").status, Status::Waiting);
    }
}

/// In a store, put down, beside `prism worker`, which takes up what is decided.
pub async fn put_down(folder: &Path) {
    let own = std::env::current_exe().expect("this program");
    let made = Command::new(own).arg(CHILD).env("BENCH_FOLDER", folder).status();
    assert!(made.expect("a second process").success());
    let (path, n_runs) = (put_down_path(folder), N_PUT_DOWN);
    let runs: Vec<RunId> = {
        let store = Sqlite::open(&path).expect("the store opens");
        let mut runs = store.unfinished().expect("the store reads").into_iter();
        runs.by_ref().step_by(n_runs / N_DECISIONS).map(|record| record.run).collect()
    };
    let size: u64 = [&path, &path.with_extension("db-wal")]
        .into_iter()
        .filter_map(|file| std::fs::metadata(file).ok())
        .map(|file| file.len())
        .sum();
    println!("{n_runs} runs that are put down: {} bytes each on disk", size / n_runs as u64);

    let before = memory();
    let (begin, worked) = (Instant::now(), processor_time());
    let store: Arc<dyn Store> = Arc::new(Sqlite::open(&path).expect("a worker opens the store"));
    let (stop, stopped) = oneshot::channel::<()>();
    let ended: Arc<Mutex<Vec<(RunId, Instant)>>> = Arc::default();
    let n_taken = Arc::new(AtomicUsize::new(0));
    let tell = {
        let (ended, n_taken) = (ended.clone(), n_taken.clone());
        move |news: News| match news {
            News::Taken(_) => drop(n_taken.fetch_add(1, Ordering::Relaxed)),
            News::Left(result) => {
                ended.lock().expect("nobody panics").push((result.run, Instant::now()));
            }
            News::Fired(schedule, _) => panic!("{schedule} is no schedule of this bench"),
            News::Failed(run, _) => panic!("{run} cannot be driven"),
        }
    };
    let place = Place::File(path.clone());
    let options = worker::Options { place, once: false, limit: 1_000, retention: None, tier: None };
    let decided = async {
        // The first decision is taken in when all runs have been looked at.
        let mut times = Vec::new();
        let elsewhere = Sqlite::open(&path).expect("another process opens the store");
        for run in &runs {
            let decided = Instant::now();
            decide(&elsewhere, *run, Choice::default(), &yes()).expect("it is asked");
            let end = loop {
                if let Some((_, end)) =
                    ended.lock().expect("nobody panics").iter().find(|(ended, _)| ended == run)
                {
                    break *end;
                }
                tokio::time::sleep(Duration::from_micros(100)).await;
            };
            times.push(end - decided);
            if times.len() == 1 {
                let each = memory().saturating_sub(before) * 1024 / n_runs as u64;
                println!(
                    "a worker knows all {n_runs}, and a decision is carried out, {} ms after it \
                     begins, {} ms of processor time: {each} bytes each",
                    begin.elapsed().as_millis(),
                    (processor_time() - worked).as_millis()
                );
            }
        }
        println!("from a decision elsewhere to the end of the run: {}", spread(&mut times[1..]));
        let begin = (processor_time(), Instant::now());
        tokio::time::sleep(Duration::from_secs(5)).await;
        let share = (processor_time() - begin.0).div_duration_f64(begin.1.elapsed());
        println!("while nothing happens, a worker takes {:.1} % of a processor", share * 100.0);
        drop(stop);
    };
    let work = worker::work(store.clone(), options, async { drop(stopped.await) }, tell);
    let (worked, ()) = tokio::join!(work, decided);
    worked.expect("the store works");
    assert_eq!(n_taken.load(Ordering::Relaxed), runs.len(), "only what was decided is driven");
    check(&*store, &runs);
}

/// No step was made again.
fn check(store: &dyn Store, runs: &[RunId]) {
    for run in runs.iter().step_by(7) {
        let entries = store.read(*run, 0).expect("the chain holds");
        let steps = entries.iter().filter(|entry| &*entry.name == "random");
        assert_eq!(steps.filter(|entry| entry.kind == Kind::Answer).count(), 10);
    }
}

fn yes() -> Decision {
    Decision { approved: true, choice: None, reason: String::new(), by: "bench".to_owned() }
}

async fn all_are(
    store: &dyn Store,
    n_runs: usize,
    is_so: impl Fn(&prism_journal::RunRecord) -> bool,
) {
    let count = || store.runs().expect("the store reads").iter().filter(|run| is_so(run)).count();
    while count() < n_runs {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// An engine that is dropped gives its runs back a moment later, on its own thread.
async fn all_are_free(path: &Path, runs: &[RunId]) {
    let store = Sqlite::open(path).expect("the store opens again");
    while runs.iter().any(|run| store.is_claimed(*run).expect("the locks can be asked")) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
