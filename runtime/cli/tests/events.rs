//! `prism events`: readers that come late, go on elsewhere, stand still, or outlive the run's
//! process.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};

use common::{Project, answer, eventually};
use serde_json::Value;

/// A `prism events` in the background; killed when it is dropped.
struct Reader {
    process: Child,
    lines: BufReader<ChildStdout>,
}

impl Reader {
    fn start(project: &Project, args: &[&str]) -> Reader {
        let mut command = project.command(&[&["events"], args].concat());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap());
        Reader { process, lines }
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// All that is left, when the run has ended.
    fn rest(mut self) -> Vec<Value> {
        let mut text = String::new();
        self.lines.read_to_string(&mut text).unwrap();
        assert!(self.process.wait().unwrap().success());
        lines(&text)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn numbers(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["seq"].as_u64().unwrap()).collect()
}

/// Agents that answer one after the other, each when there is a file with its number.
fn stepwise(n_calls: usize) -> (Project, String) {
    let program = format!("for (let i = 0; i < {n_calls}; i++) {{ agents[0].call(i) }}\n\"end\"\n");
    let project = Project::new(&program);
    let wait = "n=${line#*\\\"task\\\":}; n=${n%%,*}\n\
        echo start >> calls\nwhile [ ! -e \"go$n\" ]; do sleep 0.01; done";
    project.agent("one", "", &format!("{wait}\n{}", answer("1", 0.5)));
    (project, "agents=[\"one\"]".to_owned())
}

fn n_starts(project: &Project) -> usize {
    std::fs::read_to_string(project.path().join("calls")).unwrap_or_default().lines().count()
}

/// The run's process is killed twice; readers that were there all the time, from the first event
/// or from a later one, see what a reader sees who comes when all is over.
#[test]
fn a_follower_outlives_the_process_of_the_run() {
    let (project, set) = stepwise(6);
    let start = |args: &[&str]| {
        let mut command = project.command(args);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let mut process = start(&["run", "main.prism", "--set", &set]);
    eventually("the first call is made", || n_starts(&project) == 1);
    let listed = project.prism(&["runs", "--json"]).json();
    let run = listed["runs"][0]["run"].as_str().unwrap().to_owned();
    let mut all = Reader::start(&project, &[&run, "--follow"]);
    let late = Reader::start(&project, &[&run, "--follow", "--from", "9"]);
    let shown = Reader::start(&project, &[&run, "--follow", "--from", "9", "--snapshots", "4"]);
    let mut seen = vec![all.next()];
    for (n_done, n_calls) in [(2, 3), (4, 6)] {
        for call in 0..n_done {
            project.write(&format!("go{call}"), "");
        }
        eventually("two more calls are answered", || n_starts(&project) == n_calls);
        process.kill().unwrap();
        process.wait().unwrap();
        // The reader is not the last to know, and not the first to be told it is over.
        while seen.iter().filter(|event| event["type"] == "agent_completed").count() < n_done {
            seen.push(all.next());
        }
        process = start(&["resume", &run]);
        eventually("the call is made again", || n_starts(&project) == n_calls + 1);
    }
    (4..6).for_each(|call| drop(project.write(&format!("go{call}"), "")));
    assert!(process.wait().unwrap().success());

    seen.extend(all.rest());
    let afterwards = lines(&project.prism(&["events", &run]).stdout);
    assert_eq!(seen, afterwards);
    assert_eq!(numbers(&seen), (1..=seen.len() as u64).collect::<Vec<u64>>());
    assert_eq!(seen.iter().filter(|event| event["type"] == "resumed").count(), 2);
    assert_eq!(late.rest(), afterwards[8..]);

    // Before event 9, and after 12, 16, …: what the events up to there add up to.
    let shown = shown.rest();
    let (snapshots, events): (Vec<Value>, Vec<Value>) =
        shown.into_iter().partition(|line| line["type"] == "snapshot");
    assert_eq!(events, afterwards[8..]);
    let expected = (8..=afterwards.len() as u64).filter(|seq| seq % 4 == 0);
    assert_eq!(numbers(&snapshots), expected.collect::<Vec<u64>>());
    for snapshot in &snapshots {
        let n_events = snapshot["seq"].as_u64().unwrap() as usize;
        check_snapshot(&snapshot["data"], &afterwards[..n_events]);
    }
}

/// Counts anew, from all events, what a snapshot says.
fn check_snapshot(snapshot: &Value, events: &[Value]) {
    let count = |kind: &str| events.iter().filter(|event| event["type"] == kind).count() as u64;
    let progress = &snapshot["progress"];
    assert_eq!(progress["total"], count("agents_selected"), "each selects one");
    assert_eq!(progress["completed"].as_u64().unwrap(), {
        // The event that tells the sum follows the one that is summed.
        let is_told = events.last().is_some_and(|event| event["type"] != "agent_completed");
        count("agent_completed") - u64::from(!is_told)
    });
    let mut at_work: BTreeSet<&str> = BTreeSet::new();
    for event in events {
        let id = event["data"]["effectId"].as_str().unwrap_or_default();
        match event["type"].as_str().unwrap() {
            "agent_started" => drop(at_work.insert(id)),
            "agent_completed" => drop(at_work.remove(id)),
            "resumed" => at_work.clear(),
            _ => {}
        }
    }
    let listed: BTreeSet<&str> =
        snapshot["agents"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(listed, at_work);
    let is_over = count("completed") == 1;
    assert_eq!(snapshot["status"], if is_over { "completed" } else { "running" });
    let end = if is_over { &events[events.len() - 1]["data"] } else { &Value::Null };
    assert_eq!(&snapshot["end"], end);
}

/// The run goes to its end while nobody reads what the reader prints; then the reader is told
/// how far it is behind, and misses nothing.
#[test]
fn a_reader_that_stands_still_holds_up_nothing() {
    const N_LINES: u64 = 3_000;
    let project = Project::new(&format!(
        "human.approve(\"go?\")\nlet jobs = []\n\
         for (let i = 0; i < {N_LINES}; i++) {{ jobs.push(() => log(\"line ${{i}}\")) }}\n\
         parallel(jobs).length\n"
    ));
    let (_, object) = project.run_json(&[]);
    let run = object["run"].as_str().unwrap().to_owned();
    let mut reader = Reader::start(&project, &[&run, "--follow"]);
    let mut seen = vec![reader.next(), reader.next()];
    assert_eq!(seen[1]["type"], "waiting");
    // A pipe holds some hundred events, and nobody takes them out.
    let approved = project.prism(&["approve", &run, "--json"]);
    assert_eq!(approved.json()["value"], N_LINES, "{}", approved.stderr);

    seen.extend(reader.rest());
    let (lags, events): (Vec<Value>, Vec<Value>) =
        seen.into_iter().partition(|line| line["type"] == "lagged");
    assert_eq!(events, lines(&project.prism(&["events", &run]).stdout));
    assert_eq!(numbers(&events), (1..=events.len() as u64).collect::<Vec<u64>>());
    let n_logs = events.iter().filter(|event| event["type"] == "log").count();
    assert_eq!(n_logs as u64, N_LINES);
    assert_eq!(lags.len(), 1, "{lags:?}");
    let (seq, behind) = (&lags[0]["seq"], lags[0]["data"]["behind"].as_u64().unwrap());
    assert!(behind > 1_000, "{lags:?}");
    assert!(seq.as_u64().unwrap() + behind <= events.len() as u64, "{lags:?}");
}

#[test]
fn snapshots_of_every_no_event_are_refused() {
    let project = Project::new("1\n");
    let ran = project.prism(&["events", "r_abc", "--snapshots", "0"]);
    assert_eq!(ran.status, 2, "{}", ran.stderr);
}

/// Pages of a run's events: each says where the next one begins, the last one nothing.
#[test]
fn events_are_read_in_pages() {
    let project = Project::new("for (let i = 0; i < 5; i++) { log(`${i}`) }\n1\n");
    let (_, object) = project.run_json(&[]);
    let run = object["run"].as_str().unwrap();
    let all = lines(&project.prism(&["events", run]).stdout);
    let (mut read, mut from) = (Vec::new(), 1);
    loop {
        let start = from.to_string();
        let ran = project.prism(&["events", run, "--from", &start, "--limit", "3"]);
        let mut page = lines(&ran.stdout);
        let more = page.pop_if(|last| last["type"] == "more");
        assert!(page.len() == 3 || more.is_none(), "{}", ran.stdout);
        read.extend(page);
        let Some(more) = more else { break };
        from = more["data"]["next"].as_u64().unwrap();
        assert_eq!(more["seq"].as_u64(), Some(from - 1));
    }
    assert_eq!((read, all.len()), (all.clone(), 7));
    // As many as there are: nothing follows.
    assert_eq!(lines(&project.prism(&["events", run, "--limit", "7"]).stdout), all);
    let followed = project.prism(&["events", run, "--follow", "--limit", "2"]);
    assert_eq!(numbers(&lines(&followed.stdout)), [1, 2, 2]);
    assert_eq!(project.prism(&["events", run, "--limit", "0"]).status, 2);
    let from_zero = project.prism(&["events", run, "--from", "0", "--limit", "7"]);
    assert_eq!(lines(&from_zero.stdout), all);
    assert_eq!(project.prism(&["events", run, "--from", "8", "--limit", "1"]).stdout, "");
}
