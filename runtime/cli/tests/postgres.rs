//! Workers of several machines on one PostgreSQL: stopped, killed, taken over.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

#[path = "../../journal/tests/support/server.rs"]
mod server;

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};

use common::{Project, eventually};
use prism_journal::{Entry, Kind, Postgres, Store};
use serde_json::Value;
use server::Server;

const N_RUNS: usize = 12;
const PROGRAM: &str = "\
let both = parallel(agents, \"first\")
time.sleep(20)
let ok = human.approve({ reason: \"go on?\" })
let again = parallel(agents, \"second\")
[both.length, again.length, ok.by]
";
/// Notes when it starts and when it answers; fails the first time.
const AGENT: &str = "\
key=${line#*\\\"idempotency_key\\\":\\\"}; key=${key%%\\\"*}
echo \"start $EPOCHREALTIME $key\" >> log
sleep 0.0$((RANDOM % 5 + 1))
if [ ! -e \"tried-${key//\\//_}\" ]; then touch \"tried-${key//\\//_}\"; exit 1; fi
echo \"answer $EPOCHREALTIME $key\" >> log
printf '{\"id\":\"%s\",\"value\":\"NAME\",\"confidence\":0.9}\\n' \"$id\"";

struct Workers<'a> {
    project: &'a Project,
    address: &'a str,
    running: Vec<Child>,
}

impl Workers<'_> {
    fn start(&mut self) {
        let mut command = self.project.command(&["worker", "--store", self.address]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.running.push(child.unwrap());
    }

    fn signal(&self, place: usize, name: &str) {
        let pid = self.running[place].id().to_string();
        Command::new("kill").args([name, &pid]).status().unwrap();
    }
}

impl Drop for Workers<'_> {
    fn drop(&mut self) {
        for child in &mut self.running {
            // It may have ended.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn three_workers_lose_and_repeat_nothing_while_they_are_stopped_and_killed() {
    let server = Server::start();
    let (_, address) = server.database(600);
    let project = Project::new(PROGRAM);
    for name in ["a", "b"] {
        let retry = "concurrency = 4\nretry = { max = 3, base = \"10ms\" }";
        project.agent(name, retry, &AGENT.replace("NAME", name));
    }
    let args = ["run", "main.prism", "--set", "agents=[\"a\", \"b\"]", "--store", &address];
    let starts: Vec<Child> = (0..N_RUNS)
        .map(|_| {
            let mut command = project.command(&args);
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    // Half of them are killed on their way.
    for (number, mut start) in starts.into_iter().enumerate() {
        if number % 2 == 0 {
            std::thread::sleep(std::time::Duration::from_millis(30));
            start.kill().unwrap();
        }
        start.wait().unwrap();
    }
    let store = Postgres::open(&address).unwrap();
    let n_runs = store.runs().unwrap().len();
    assert!(n_runs >= N_RUNS / 2, "those that were not killed are there: {n_runs}");

    let mut workers = Workers { project: &project, address: &address, running: Vec::new() };
    (0..3).for_each(|_| workers.start());
    let mut random = fastrand::Rng::new();
    let mut n_faults = 0;
    eventually("all runs are completed", || {
        for approval in approvals(&project, &address) {
            let run = approval["run"].as_str().unwrap();
            let args = ["approve", run, "--by", "me", "--no-resume", "--store", &address];
            project.prism(&args);
        }
        // One worker at a time is stopped for longer than its lease, or killed and replaced.
        if n_faults < 6 {
            n_faults += 1;
            let place = random.usize(0..workers.running.len());
            if random.bool() {
                workers.signal(place, "-STOP");
                std::thread::sleep(std::time::Duration::from_millis(900));
                workers.signal(place, "-CONT");
            } else {
                let mut killed = workers.running.remove(place);
                killed.kill().unwrap();
                killed.wait().unwrap();
                workers.start();
            }
        }
        store.unfinished().unwrap().is_empty()
    });
    check(&project, &store);
}

#[test]
fn a_worker_outlives_a_crash_of_the_database() {
    let mut server = Server::start();
    let (_, address) = server.database(600);
    let project = Project::new("human.approve({ reason: \"go on?\" }).by\n");
    let ran = project.prism(&["run", "main.prism", "--store", &address, "--json"]);
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    let run = ran.json()["run"].as_str().unwrap().to_owned();
    let mut worker = project.command(&["worker", "--store", &address]);
    let told = std::fs::File::create(project.path().join("told")).unwrap();
    let child = worker.stdout(Stdio::null()).stderr(told).spawn().unwrap();
    let mut workers = Workers { project: &project, address: &address, running: vec![child] };
    eventually("the worker has the run", || {
        std::fs::read_to_string(project.path().join("told")).unwrap().contains("goes on")
    });
    server.crash();
    eventually("the worker misses its store", || {
        std::fs::read_to_string(project.path().join("told")).unwrap().contains("opened again")
    });
    server.go_up();
    let args = ["approve", &run, "--by", "me", "--no-resume", "--store", &address];
    assert_eq!(project.prism(&args).status, 0);
    let store = Postgres::open(&address).unwrap();
    eventually("the run is completed", || store.unfinished().unwrap().is_empty());
    assert_eq!(workers.running[0].try_wait().unwrap(), None, "it still works");
}

fn approvals(project: &Project, address: &str) -> Vec<Value> {
    let ran = project.prism(&["approvals", "--json", "--store", address]);
    ran.json()["approvals"].as_array().unwrap().clone()
}

/// Reads the agents' own log and the entries, and nothing of the engine.
fn check(project: &Project, store: &Postgres) {
    let log = std::fs::read_to_string(project.path().join("log")).unwrap();
    let mut starts: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let mut answered: BTreeMap<String, usize> = BTreeMap::new();
    for line in log.lines() {
        let [word, time, key] = line.splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap();
        if word == "start" {
            let time = time.replace(['.', ','], "").parse().unwrap();
            starts.entry(key.to_owned()).or_default().push(time);
        } else {
            *answered.entry(key.to_owned()).or_default() += 1;
        }
    }
    for run in store.runs().unwrap() {
        let entries = store.read(run.run, 0).expect("the chain holds");
        let of =
            |kind: Kind| entries.iter().filter(|entry| entry.kind == kind).collect::<Vec<&Entry>>();
        assert_eq!(of(Kind::RunCompleted).len(), 1, "{}", run.run);
        assert_eq!((of(Kind::Timer).len(), of(Kind::Decision).len()), (1, 1), "{}", run.run);
        let calls: Vec<&Entry> =
            of(Kind::Answer).into_iter().filter(|entry| &*entry.name == "agent.call").collect();
        assert_eq!(calls.len(), 4, "{}", run.run);
        for call in calls {
            let key = format!("{}/{}", run.run, call.effect_id);
            assert!(answered.contains_key(&key), "{key} has an answer that no agent gave");
            for start in &starts[&key] {
                let late = start - call.time;
                assert!(late <= 0, "{key} was started {late} µs after its answer was recorded");
            }
        }
    }
}

#[test]
fn a_database_that_is_not_there_is_refused() {
    let project = Project::new("1\n");
    let ran = project.prism(&["run", "main.prism", "--store", "postgres://me@/x?host=/nowhere"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("[P2007]") && ran.stderr.contains("server runs"), "{}", ran.stderr);
}
