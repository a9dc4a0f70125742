//! `prism schedule`, `prism schedules`, and workers that start what is due.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

#[path = "../../journal/tests/support/server.rs"]
mod server;

use std::collections::BTreeSet;
use std::process::{Child, Stdio};

use common::{Project, eventually};
use serde_json::Value;
use server::Server;

const PROGRAM: &str = "\
/**
 * @name beat
 * @schedule {\"cron\": \"* * * * * *\", \"catchUp\": \"all\", \"overlap\": \"allow\"}
 */
context.scheduledAt
";

fn worker(project: &Project, store: &str) -> Child {
    let mut command = project.command(&["worker", "--store", store]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn end(mut worker: Child) {
    worker.kill().unwrap();
    worker.wait().unwrap();
}

/// The completed runs of the schedule.
fn runs(project: &Project, store: &str) -> Vec<String> {
    let listed = project.prism(&["runs", "--json", "--store", store]).json();
    let runs = listed["runs"].as_array().unwrap();
    let of = |run: &&Value| run["program"] == "beat" && run["status"] == "completed";
    runs.iter().filter(of).map(|run| run["run"].as_str().unwrap().to_owned()).collect()
}

/// Three workers, one of which is killed: every second has one run, without a gap.
#[test]
fn three_workers_start_every_time_once_in_postgres() {
    let server = Server::start();
    let (_, address) = server.database(100);
    beats(&format!("{address}&lease=1s"), 3);
}

#[test]
fn a_worker_starts_every_time_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    beats(folder.path().join("runs.db").to_str().unwrap(), 1);
}

fn beats(store: &str, n_workers: usize) {
    let project = Project::new(PROGRAM);
    let planned = project.prism(&["schedule", "main.prism", "--json", "--store", store]);
    assert_eq!(planned.status, 0, "{}", planned.stderr);
    let planned = planned.json();
    let schedule = planned["schedule"].as_str().unwrap();
    assert_eq!(planned["next"].as_array().unwrap().len(), 3);
    let mut workers: Vec<Child> = (0..n_workers).map(|_| worker(&project, store)).collect();
    eventually("two times have come", || runs(&project, store).len() >= 2);
    end(workers.remove(0));
    workers.push(worker(&project, store));
    let before = runs(&project, store).len();
    eventually("more times have come", || runs(&project, store).len() >= before + 3);
    let ran = project.prism(&["cancel", schedule, "--store", store]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    eventually("nothing is on its way", || {
        let listed = project.prism(&["runs", "--json", "--store", store]).json();
        let is_over = |run: &Value| run["status"] == "completed" || run["status"] == "cancelled";
        listed["runs"].as_array().unwrap().iter().all(is_over)
    });
    workers.into_iter().for_each(end);

    let events = project.prism(&["events", schedule, "--store", store]).stdout;
    let mut told = Vec::new();
    for line in events.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let started = event["data"]["started"].as_array().cloned().unwrap_or_default();
        told.extend(started.iter().map(|one| one["run"].as_str().unwrap().to_owned()));
    }
    let runs = runs(&project, store);
    let as_set = |runs: &[String]| runs.iter().cloned().collect::<BTreeSet<String>>();
    assert!(as_set(&told).is_subset(&as_set(&runs)), "{told:?}\n{runs:?}");
    let mut times = Vec::new();
    for run in &runs {
        let status = project.prism(&["status", run, "--json", "--store", store]).json();
        times.push(status["result"]["value"].as_i64().unwrap());
    }
    times.sort_unstable();
    for pair in times.windows(2) {
        assert_eq!(pair[1] - pair[0], 1000, "{times:?}");
    }
}

#[test]
fn schedules_are_listed_replaced_and_ended() {
    let text = |when: &str| format!("/**\n * @name report\n * @schedule {when}\n */\n1\n");
    let project = Project::new(&text("0 9 1 1 * Europe/Berlin"));
    assert_eq!(project.prism(&["schedules"]).stdout, "nothing is scheduled\n");
    let planned = project.prism(&["schedule", "main.prism"]);
    assert_eq!(planned.status, 0, "{}", planned.stderr);
    assert!(planned.stdout.contains("-01-01 09:00:00 CET\n"), "{}", planned.stdout);
    let listed = || project.prism(&["schedules", "--json"]).json()["schedules"].clone();
    let first = listed();
    assert_eq!(first[0]["program"], "report");
    assert_eq!(first[0]["when"]["zone"], "Europe/Berlin");
    assert_eq!(first[0]["last"], Value::Null);

    project.write("main.prism", text("0 10 1 1 *"));
    let again = project.prism(&["schedule", "main.prism", "--json"]).json();
    assert_eq!(again["replaces"], serde_json::json!([first[0]["schedule"]]));
    let second = listed();
    assert_eq!(second.as_array().unwrap().len(), 1);
    assert_eq!(second[0]["when"]["cron"], "0 10 1 1 *");
    let name = second[0]["schedule"].as_str().unwrap();
    // Nothing of it was interrupted: it waits for its time.
    assert_eq!(project.prism(&["status", name, "--json"]).json()["status"], "running");
    let refused = project.prism(&["resume", name]);
    assert_eq!(refused.status, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("[P2022]"), "{}", refused.stderr);
    assert_eq!(project.prism(&["cancel", name]).status, 0);
    assert_eq!(project.prism(&["schedules"]).stdout, "nothing is scheduled\n");
}

#[test]
fn a_program_that_does_not_say_when_is_refused() {
    let project = Project::new("1\n");
    let refused = project.prism(&["schedule", "main.prism"]);
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("[P2210]"), "{}", refused.stderr);
    project.write("main.prism", "/** @schedule 0 25 * * * */\n1\n");
    let refused = project.prism(&["schedule", "main.prism"]);
    assert_eq!(refused.status, 1);
    assert!(refused.stderr.contains("[P0605]"), "{}", refused.stderr);
    assert_eq!(project.prism(&["runs"]).stdout, "no runs yet\n");
}
