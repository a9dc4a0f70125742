//! A process that is killed at any moment: nothing recorded is lost or asked for again.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

use prism_journal::{Kind, RunId, Sqlite, Status, Store};
use prism_vm::Data;

use super::fake::{Program, call};
use super::lab::{Lab, start};

/// Eight agents at once, each called twice, with a sleep and a random number between.
fn fan_out() -> Program {
    let fiber = |number: usize| {
        let task = format!("task {number}");
        vec![
            call("worker", &task),
            ("random", vec![]),
            ("time.sleep", vec![Data::from(3.0)]),
            call("worker", &task),
        ]
    };
    Program::all((0..8).map(fiber).collect())
}

fn with_worker(lab: Lab) -> Lab {
    lab.agent_with(
        "worker",
        r#"sleep 0.00$(($$ % 8)); printf '{"id":"%s","value":"%s"}\n' "$id" "$$""#,
        |spec| spec.concurrency = 3,
    )
}

/// The answers of the run's journal, by idempotency key.
fn recorded_calls(store: &dyn Store, run: RunId) -> HashSet<String> {
    let entries = store.read(run, 0).unwrap();
    let answers = entries.iter().filter(|entry| entry.kind == Kind::Answer);
    let calls = answers.filter(|entry| &*entry.name == "agent.call");
    calls.map(|entry| format!("{run}/{}", entry.effect_id)).collect()
}

fn count(calls: &[String]) -> HashMap<String, usize> {
    calls.iter().fold(HashMap::new(), |mut counts, call| {
        *counts.entry(call.clone()).or_default() += 1;
        counts
    })
}

#[tokio::test]
async fn sigkill_at_any_moment_loses_nothing_and_repeats_nothing() {
    if let Ok(folder) = std::env::var("PRISM_ENGINE_CHILD") {
        let lab = with_worker(Lab::at(folder.into()));
        let handle = start(&lab.engine(), &fan_out());
        println!("\nrun {}", handle.run());
        handle.wait().await.unwrap();
        std::process::exit(0);
    }
    let rounds: u64 =
        std::env::var("PRISM_CRASH_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(50);
    let mut n_unfinished = 0;
    for round in 0..rounds {
        let lab = with_worker(Lab::new());
        let moment = Moment { n_calls: fastrand::usize(0..16), pause: pause() };
        let Some(run) = killed_run(&lab, moment) else { continue };
        let store = Sqlite::open(lab.path().join("journal.db")).unwrap();
        let Some(record) = store.run(run).unwrap() else { continue };
        // The guardian ends what the dead process has started.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let (recorded, before) = (recorded_calls(&store, run), count(&lab.calls()));
        drop(store);
        if record.status == Status::Completed {
            continue;
        }
        n_unfinished += 1;
        all_are_gone(&lab, run).await;
        let result = lab.resume(run, &fan_out()).await.unwrap();
        assert_eq!(result.status, Status::Completed, "round {round}, {moment:?}");
        let after = count(&lab.calls());
        for call in &recorded {
            assert_eq!(after[call], before[call], "round {round}: {call} was repeated");
        }
        assert_eq!(recorded_calls(&*lab.store(), run).len(), 16);
    }
    assert!(n_unfinished * 3 > rounds, "{n_unfinished} of {rounds} were killed in the middle");
}

/// A process that was being started when its parent was killed holds the claim for a moment more.
async fn all_are_gone(lab: &Lab, run: RunId) {
    let store = lab.store();
    for _ in 0..10_000 {
        if !store.is_claimed(run).unwrap() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("the claim of a process that is dead stays");
}

/// When a process is killed: so long after so many calls of agents, however fast it is.
#[derive(Clone, Copy, Debug)]
struct Moment {
    n_calls: usize,
    pause: Duration,
}

fn pause() -> Duration {
    Duration::from_micros(fastrand::u64(..6_000))
}

/// Starts the run in a process of its own and kills that at a moment.
fn killed_run(lab: &Lab, moment: Moment) -> Option<RunId> {
    let test = "tests::crash::sigkill_at_any_moment_loses_nothing_and_repeats_nothing";
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env("PRISM_ENGINE_CHILD", lab.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    while lab.calls().len() < moment.n_calls && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(moment.pause);
    child.kill().unwrap();
    child.wait().unwrap();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    let name = said.lines().find_map(|line| line.strip_prefix("run "))?;
    name.parse().ok()
}
