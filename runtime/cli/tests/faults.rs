//! SIGKILL at random moments of a run that does everything at once: nested parallelism, retries,
//! timers, a person, state, and enough steps beside them for checkpoints in the middle of it.
//!
//! The short form is part of the tests. The long form is one command:
//!
//! ```sh
//! PRISM_KILLS=1000 cargo test --package prism-cli --test faults -- --nocapture
//! ```
//!
//! The checker reads the agents' own log and the entries of the store, and nothing of the engine.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

#[path = "../../journal/tests/support/server.rs"]
mod server;

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use common::Project;
use prism_journal::{Entry, Kind, Payload, Postgres, RunId, Sqlite, Status, Store};
use server::Server;

/// Kills in the short form, per store.
const N_KILLS: usize = 25;

const PROGRAM: &str = "\
import { once } from \"@prism/execution\"
state.set(\"n\", 1)
let outer = parallel([
    () => parallel(agents, \"left\").length,
    () => { time.sleep(30); return parallel(agents, \"right\").length },
    () => agents[0].call(\"alone\").length,
    () => once(\"bank\", \"pay\").outcome,
    () => {
        for let i = 0; i < 100; i += 1 { random() }
        return 100
    },
])
let ok = human.approve({ reason: \"go on?\", proposal: outer })
let last = parallel(agents, \"last\")
[outer, ok.by, last.length, state.get(\"n\"), random() < 1]
";
/// Per run: two fans of three, one alone, one fan of three.
const N_CALLS: usize = 10;

/// Logs, works for a while, fails its first attempt of every call, answers.
const AGENT: &str = "\
key=${line#*\\\"idempotency_key\\\":\\\"}; key=${key%%\\\"*}
echo \"start $EPOCHREALTIME $key\" >> log
sleep 0.0$((RANDOM % 5 + 1))
if [ ! -e \"tried/${key//\\//_}\" ]; then touch \"tried/${key//\\//_}\"; exit 1; fi
echo \"answer $EPOCHREALTIME $key\" >> log
printf '{\"id\":\"%s\",\"value\":\"NAME\",\"confidence\":0.9}\\n' \"$id\"";

/// Logs, works for a while, logs, answers; it must never be asked the same twice.
const BANK: &str = "\
key=${line#*\\\"idempotency_key\\\":\\\"}; key=${key%%\\\"*}
echo \"start $EPOCHREALTIME $key\" >> log
sleep 0.0$((RANDOM % 9 + 1))
echo \"answer $EPOCHREALTIME $key\" >> log
printf '{\"id\":\"%s\",\"value\":\"paid\"}\\n' \"$id\"";

fn n_kills() -> usize {
    std::env::var("PRISM_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(N_KILLS)
}

#[test]
fn kills_lose_and_repeat_nothing_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let open = || -> Box<dyn Store> { Box::new(Sqlite::open(&path).unwrap()) };
    kill_and_check(path.to_str().unwrap(), &open);
}

#[test]
fn kills_lose_and_repeat_nothing_in_postgres() {
    let server = Server::start();
    let (_, address) = server.database(100);
    let open = || -> Box<dyn Store> { Box::new(Postgres::open(&address).unwrap()) };
    kill_and_check(&address, &open);
}

fn kill_and_check(address: &str, open: &dyn Fn() -> Box<dyn Store>) {
    let seed = std::env::var("PRISM_KILL_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("PRISM_KILL_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let project = Project::new(PROGRAM);
    std::fs::create_dir(project.path().join("tried")).unwrap();
    for name in ["a", "b", "c"] {
        let settings = "concurrency = 4\nretry = { max = 3, base = \"5ms\" }";
        project.agent(name, settings, &AGENT.replace("NAME", name));
    }
    project.agent("bank", "delivery = \"at-most-once\"\nretry = { max = 3 }", BANK);
    let set = "agents=[\"a\", \"b\", \"c\"]";
    let begin = ["run", "main.prism", "--set", set, "--store", address];
    let mut known: BTreeMap<(String, String), Entry> = BTreeMap::new();
    let (mut n_kills, wanted) = (0, self::n_kills());
    let span = working_time(&project);
    while n_kills < wanted {
        // A run that has begun goes on, decided if it asks; else there is a new one.
        let store = open();
        let open_run = store.unfinished().unwrap().pop();
        drop(store);
        let name = open_run.as_ref().map(|run| run.run.to_string());
        let resume = name.as_deref().map(|name| ["resume", name, "--store", address]);
        let approve =
            name.as_deref().map(|name| ["approve", name, "--by", "me", "--store", address]);
        let args: &[&str] = match &open_run {
            None => &begin,
            Some(run) if run.open_questions > 0 => approve.as_ref().unwrap(),
            Some(_) => resume.as_ref().unwrap(),
        };
        let mut child = start(&project, args);
        std::thread::sleep(span.mul_f64(random.f64()));
        let is_running = child.try_wait().unwrap().is_none();
        child.kill().unwrap();
        child.wait().unwrap();
        let store = open();
        // A kill before the run was stored, or after its end, hits nothing.
        n_kills += usize::from(is_running && !store.unfinished().unwrap().is_empty());
        known = checked(&*store, known);
    }
    finish(&project, address, open);
    let store = open();
    checked(&*store, known);
    let n_runs = check(&project, &*store);
    println!("{n_kills} kills in {n_runs} runs");
}

/// How long a process may work before it is killed: its start, on this machine now, and a run.
fn working_time(project: &Project) -> Duration {
    project.write("nothing.prism", "1\n");
    let begin = Instant::now();
    assert_eq!(project.prism(&["run", "nothing.prism", "--no-store"]).status, 0);
    begin.elapsed() + Duration::from_millis(400)
}

fn start(project: &Project, args: &[&str]) -> Child {
    let mut command = project.command(args);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Lets every run come to its end.
fn finish(project: &Project, address: &str, open: &dyn Fn() -> Box<dyn Store>) {
    common::eventually("all runs end", || {
        let store = open();
        for run in store.unfinished().unwrap() {
            let verb = if run.open_questions > 0 { "approve" } else { "resume" };
            project.prism(&[verb, &run.run.to_string(), "--store", address]);
        }
        store.unfinished().unwrap().is_empty()
    });
}

/// All outcomes in the store; those that were there before are there unchanged.
fn checked(
    store: &dyn Store,
    before: BTreeMap<(String, String), Entry>,
) -> BTreeMap<(String, String), Entry> {
    let mut now = BTreeMap::new();
    for run in store.runs().unwrap() {
        for entry in store.read(run.run, 0).expect("the chain holds") {
            if matches!(entry.kind, Kind::Answer | Kind::Decision) {
                let key = (run.run.to_string(), entry.effect_id.to_string());
                assert!(now.insert(key.clone(), entry).is_none(), "two outcomes: {key:?}");
            }
        }
    }
    for (key, entry) in before {
        let after = now.get(&key).unwrap_or_else(|| panic!("lost: {key:?}"));
        assert_eq!(after.hash, entry.hash, "changed: {key:?}");
    }
    now
}

/// Compares what the agents saw with what the store says; gives the number of runs.
fn check(project: &Project, store: &dyn Store) -> usize {
    let log = std::fs::read_to_string(project.path().join("log")).unwrap();
    let mut starts: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    for line in log.lines() {
        let [word, time, key] = line.splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap();
        if word == "start" {
            let time = time.replace(['.', ','], "").parse().unwrap();
            starts.entry(key.to_owned()).or_default().push(time);
        } else {
            *answers.entry(key.to_owned()).or_default() += 1;
        }
    }
    let runs = store.runs().unwrap();
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for run in &runs {
        assert_eq!(run.status, Status::Completed, "{}", run.run);
        let entries = store.read(run.run, 0).unwrap();
        let count = |kind: Kind| entries.iter().filter(|entry| entry.kind == kind).count();
        assert_eq!((count(Kind::Timer), count(Kind::Decision)), (1, 1), "{}", run.run);
        *outcomes.entry(check_once(run.run, &entries, &starts, &answers)).or_default() += 1;
        let calls: Vec<&Entry> = entries
            .iter()
            .filter(|entry| entry.kind == Kind::Answer && &*entry.name == "agent.call")
            .collect();
        assert_eq!(calls.len(), N_CALLS, "{}", run.run);
        for call in calls {
            let key = format!("{}/{}", run.run, call.effect_id);
            assert!(answers.contains_key(&key), "{key} has an answer that no agent gave");
            for start in &starts[&key] {
                let late = start - call.time;
                assert!(late <= 0, "{key} was started {late} µs after its answer was recorded");
            }
        }
    }
    let known = |key: &&String| runs.iter().any(|run| key.starts_with(&run.run.to_string()));
    assert!(starts.keys().all(|key| known(&key)), "a call of a run that was not stored");
    println!("outcomes of calls that are made at most once: {outcomes:?}");
    runs.len()
}

/// The bank was asked at most once, and the program was told the truth; gives what it was told.
fn check_once(
    run: RunId,
    entries: &[Entry],
    starts: &BTreeMap<String, Vec<i64>>,
    answers: &BTreeMap<String, usize>,
) -> String {
    let mut of_bank = entries.iter().filter(|entry| &*entry.name == "agent.once");
    let begun = of_bank.next().unwrap();
    let answer = of_bank.next().unwrap();
    assert!(of_bank.next().is_none(), "{run}: two attempts, or two outcomes");
    assert_eq!((begun.kind, answer.kind), (Kind::AttemptStarted, Kind::Answer), "{run}");
    let key = format!("{run}/{}", answer.effect_id);
    let n_starts = starts.get(&key).map_or(0, Vec::len);
    let Payload::Inline(bytes) = &answer.payload else { panic!("{run}: a long outcome") };
    let payload: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    let outcome = payload["value"]["outcome"].as_str().unwrap().to_owned();
    match &*outcome {
        "answer" => assert_eq!((n_starts, answers.get(&key)), (1, Some(&1)), "{key}"),
        "unknown" => assert!(n_starts <= 1, "{key} was started {n_starts} times"),
        other => panic!("{key}: {other}"),
    }
    if let Some(start) = starts.get(&key).and_then(|starts| starts.first()) {
        assert!(begun.time <= *start, "{key} was started before that was on record");
    }
    outcome
}
