//! SIGKILL at random moments of a fan-out: no recorded call is repeated, none is lost.
//!
//! The agents keep their own log: a line when they start and a line when they answer, with the
//! time and the idempotency key. The checker compares that log with the store, without asking
//! the engine: what the journal has an answer for may not have been started later, and no
//! answer that was in the store before a kill may be missing or different after it.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::time::Duration;

use common::Project;
use prism_journal::{Entry, Kind, Sqlite, Store};
use serde_json::Value;

const N_AGENTS: usize = 10;
/// Two fan-outs to all agents.
const N_CALLS: usize = 2 * N_AGENTS;
const N_KILLS: usize = 50;

const PROGRAM: &str = "\
let first = parallel(agents, \"first\")
let second = parallel(agents, \"second\")
[first.length, second.length, first.map(v => value(v)), second.map(v => value(v))]
";

/// Logs, works for a while, logs, answers with its own name and the task.
const AGENT: &str = "\
key=${line#*\\\"idempotency_key\\\":\\\"}; key=${key%%\\\"*}
task=${line#*\\\"task\\\":\\\"}; task=${task%%\\\"*}
echo \"start $EPOCHREALTIME $key\" >> log
sleep 0.0$((RANDOM % 9 + 1))
echo \"answer $EPOCHREALTIME $key\" >> log
printf '{\"id\":\"%s\",\"value\":\"%s by %s\",\"confidence\":0.9}\\n' \"$id\" \"$task\" \"NAME\"";

#[test]
fn fifty_kills_repeat_nothing_and_lose_nothing() {
    let seed = std::env::var("PRISM_KILL_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("PRISM_KILL_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut kills, mut n_runs) = (Kills::default(), 0);
    while kills.n_all() < N_KILLS {
        one_run(&mut random, &mut kills);
        n_runs += 1;
    }
    println!("{} kills in {n_runs} runs, by recorded answers of {N_CALLS}:", kills.n_all());
    println!("before the run was stored {}, then {:?}", kills.n_early, kills.by_answers);
    let n_inside: usize = kills.by_answers[..N_CALLS].iter().sum();
    assert!(n_inside * 2 > N_KILLS, "most kills fall into the fan-out: {n_inside} of {N_KILLS}");
}

/// At which points of the work the kills fell.
#[derive(Default)]
struct Kills {
    /// Before the store knew of the run.
    n_early: usize,
    /// How many found so many answers recorded.
    by_answers: [usize; N_CALLS + 1],
}

impl Kills {
    fn n_all(&self) -> usize {
        self.n_early + self.by_answers.iter().sum::<usize>()
    }
}

/// Starts a run, kills it again and again, lets it finish, and checks it.
fn one_run(random: &mut fastrand::Rng, kills: &mut Kills) {
    let project = Project::new(PROGRAM);
    let names: Vec<String> = (0..N_AGENTS).map(|i| format!("agent{i}")).collect();
    for name in &names {
        project.agent(name, "concurrency = 1", &AGENT.replace("NAME", name));
    }
    let agents = serde_json::to_string(&names).unwrap();
    let set = format!("agents={agents}");
    let mut known: BTreeMap<String, Entry> = BTreeMap::new();
    let mut child = start(&project, &["run", "main.prism", "--set", &set, "--json"]);
    let run = loop {
        wait_for_a_moment(&project, &mut child, random);
        kill(&mut child);
        known = checked_answers(&project, known);
        let Some(run) = only_run(&project) else {
            // Killed before the run was in the store: nothing was called, so it begins anew.
            assert!(starts(&project).is_empty(), "an agent was called before the run was stored");
            kills.n_early += 1;
            child = start(&project, &["run", "main.prism", "--set", &set, "--json"]);
            continue;
        };
        kills.by_answers[known.len()] += 1;
        if kills.n_all() >= N_KILLS || is_finished(&project) {
            break run;
        }
        child = start(&project, &["resume", &run, "--json"]);
    };
    let ran = project.prism(&["resume", &run, "--json"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    checked_answers(&project, known);
    check_result(&ran.json(), &names);
    check_calls(&project, &names);
}

/// Any time from its start on, or soon after one of its agents has started or answered, so that
/// slow machines are not always killed in their first moments.
fn wait_for_a_moment(project: &Project, child: &mut Child, random: &mut fastrand::Rng) {
    let n_lines = || log(project, "start").len() + log(project, "answer").len();
    let wanted = n_lines() + random.usize(0..12);
    while n_lines() < wanted && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(Duration::from_micros(random.u64(0..30_000)));
}

fn start(project: &Project, args: &[&str]) -> Child {
    let mut command = project.command(args);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// SIGKILL, which no process can catch.
fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn store(project: &Project) -> Option<Sqlite> {
    let path = project.path().join(".prism");
    let file = std::fs::read_dir(path).ok()?.flatten().map(|entry| entry.path()).find(|path| {
        path.extension().is_some_and(|extension| extension == "db" || extension == "sqlite")
    })?;
    Some(Sqlite::open(file).expect("a kill leaves a store that opens"))
}

fn entries(project: &Project) -> Vec<Entry> {
    let Some(store) = store(project) else { return Vec::new() };
    let runs = store.runs().unwrap();
    runs.iter().flat_map(|run| store.read(run.run, 0).expect("the chain holds")).collect()
}

fn only_run(project: &Project) -> Option<String> {
    let runs = store(project)?.runs().unwrap();
    assert!(runs.len() <= 1, "a run that was stored is resumed, not started again");
    runs.first().map(|run| run.run.to_string())
}

fn is_finished(project: &Project) -> bool {
    entries(project).iter().any(|entry| entry.kind == Kind::RunCompleted)
}

/// The answers in the store by effect id; each effect has one, and those of before are the same.
fn checked_answers(project: &Project, before: BTreeMap<String, Entry>) -> BTreeMap<String, Entry> {
    let mut now = BTreeMap::new();
    for entry in entries(project).into_iter().filter(|entry| entry.kind == Kind::Answer) {
        let again = now.insert(entry.effect_id.to_string(), entry.clone());
        assert!(again.is_none(), "two answers for {}", entry.effect_id);
    }
    for (effect_id, entry) in before {
        let after = now.get(&effect_id).unwrap_or_else(|| panic!("lost: {effect_id}"));
        assert_eq!(after.hash, entry.hash, "changed: {effect_id}");
    }
    now
}

fn check_result(object: &Value, names: &[String]) {
    let expected = |task: &str| -> Value {
        names.iter().map(|name| Value::from(format!("{task} by {name}"))).collect()
    };
    assert_eq!(object["value"][2], expected("first"), "{object}");
    assert_eq!(object["value"][3], expected("second"), "{object}");
}

/// The lines `start TIME KEY` of the agents' log, in microseconds since 1970.
fn starts(project: &Project) -> Vec<(i64, String)> {
    log(project, "start")
}

fn log(project: &Project, word: &str) -> Vec<(i64, String)> {
    let mut found = Vec::new();
    for line in project.whole_lines("log") {
        let mut parts = line.splitn(3, ' ');
        if parts.next() == Some(word) {
            let time = parts.next().unwrap().replace(['.', ','], "").parse().unwrap();
            found.push((time, parts.next().unwrap().to_owned()));
        }
    }
    found
}

/// The idempotency key that an agent is given.
fn key_of(entry: &Entry) -> String {
    format!("{}/{}", entry.run, entry.effect_id)
}

/// Compares what the agents saw with what the store says.
fn check_calls(project: &Project, names: &[String]) {
    let answers: Vec<Entry> =
        entries(project).into_iter().filter(|entry| entry.kind == Kind::Answer).collect();
    let starts = starts(project);
    let mut n_called = 0;
    for entry in &answers {
        let own: Vec<&(i64, String)> =
            starts.iter().filter(|(_, key)| *key == key_of(entry)).collect();
        if own.is_empty() {
            continue;
        }
        n_called += 1;
        for (time, key) in own {
            assert!(
                *time <= entry.time,
                "{key} was started again {} µs after its answer was recorded",
                time - entry.time
            );
        }
    }
    assert_eq!(n_called, 2 * names.len(), "every call was made and recorded");
    for (_, key) in &starts {
        let has_answer = answers.iter().any(|entry| *key == key_of(entry));
        assert!(has_answer, "{key} was called and has no answer");
    }
}
