//! `prism run --fast SPAN` and SIGKILL: what a crash loses is no longer than the span.
//!
//! Each turn of the program asks for the time and hands it to an agent, which writes it down. The
//! times that the agent has and the journal has not are what the program had gone on from, and is
//! lost. They are times of the engine, told by the program: how fast anything is does not matter.
//!
//! ```sh
//! PRISM_KILLS=200 cargo test --package prism-cli --test fast -- --nocapture
//! ```

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use common::{Project, eventually};
use prism_journal::{Kind, Payload, Sqlite, Store};
use rusqlite::Connection;

/// Kills in the short form; before every second one the disk stands still.
const N_KILLS: usize = 6;
const SPAN_MS: i64 = 150;

const PROGRAM: &str = "\
for (let i = 0; i < 1000000; i++) { agents[0].call(time.now()) }
";

/// Answers line by line, and writes every task down.
const AGENT: &str = "\
while :; do
  task=${line#*\\\"task\\\":}; task=${task%%,*}
  echo \"$task\" >> told
  printf '{\"id\":\"%s\",\"value\":1}\\n' \"$id\"
  read -r line || exit 0
  id=${line#*\\\"id\\\":\\\"}; id=${id%%\\\"*}
done";

#[test]
fn a_crash_in_fast_mode_loses_no_more_than_the_span() {
    let wanted = std::env::var("PRISM_KILLS").ok().and_then(|n| n.parse().ok());
    let (mut longest, mut n_lossy) = (0, 0);
    let wanted = wanted.unwrap_or(N_KILLS);
    for kill in 0..wanted {
        let lost = kill_one(kill % 2 == 0);
        longest = longest.max(lost.unwrap_or_default());
        n_lossy += usize::from(lost.is_some());
    }
    println!("{n_lossy} of {wanted} kills lost something, at most {longest} of {SPAN_MS} ms");
    assert!(n_lossy > 0, "a disk that stands still loses what was on its way to it");
}

/// How many milliseconds of a run are lost by a kill; `None`: nothing is.
fn kill_one(is_disk_stuck: bool) -> Option<i64> {
    let project = Project::new(PROGRAM);
    project.agent("one", "mode = \"warm\"", AGENT);
    let store = project.path().join("runs.db");
    let span = format!("{SPAN_MS}ms");
    let mut process = start(&project, &span);
    let enough = fastrand::usize(20..200);
    // What is older than the span is in the journal, so the run has to be older than that.
    eventually("the agent is asked for long enough", || {
        let told = told(&project);
        let age = told.last().zip(told.first()).map_or(0, |(last, first)| last - first);
        told.len() >= enough && age > 2 * SPAN_MS
    });
    if is_disk_stuck {
        // Whoever holds the one lock for writing keeps everybody else from the disk.
        let other = Connection::open(&store).unwrap();
        other.busy_timeout(Duration::from_secs(20)).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let mut before = 0;
        eventually("the run stands still, too", || {
            std::thread::sleep(Duration::from_millis(2 * SPAN_MS as u64));
            let now = told(&project).len();
            std::mem::replace(&mut before, now) == now
        });
        process.kill().unwrap();
        process.wait().unwrap();
    } else {
        std::thread::sleep(Duration::from_micros(fastrand::u64(0..50_000)));
        process.kill().unwrap();
        process.wait().unwrap();
    }
    let (told, kept) = (told(&project), recorded(&store));
    assert!(kept.len() > 1, "a run does not keep everything to itself");
    let first_lost = *told.difference(&kept).next()?;
    let last_told = *told.last().unwrap();
    assert!(
        last_told - first_lost <= SPAN_MS,
        "{} ms of the run are lost, {SPAN_MS} may be",
        last_told - first_lost
    );
    Some(last_told - first_lost)
}

fn start(project: &Project, span: &str) -> Child {
    let set = "agents=[\"one\"]";
    let args = ["run", "main.prism", "--set", set, "--store", "runs.db", "--fast", span];
    let mut command = project.command(&args);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The times that the agent was told.
fn told(project: &Project) -> BTreeSet<i64> {
    project.whole_lines("told").iter().map(|line| line.parse().unwrap()).collect()
}

/// The times that the journal has.
fn recorded(path: &Path) -> BTreeSet<i64> {
    let store = Sqlite::open(path).unwrap();
    let runs = store.runs().unwrap();
    let [run] = runs.as_slice() else { panic!("{} runs", runs.len()) };
    let entries = store.read(run.run, 0).expect("the chain holds");
    let times =
        entries.iter().filter(|entry| entry.kind == Kind::Answer && &*entry.name == "time.now");
    let time = |payload: &Payload| {
        let Payload::Inline(bytes) = payload else { panic!("a long time") };
        let payload: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        payload["value"].as_i64().unwrap()
    };
    times.map(|entry| time(&entry.payload)).collect()
}
