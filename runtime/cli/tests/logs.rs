//! `prism logs`: the lines of a program and of its agents, each once, in order.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use std::io::Read;
use std::process::Stdio;

use common::{Project, answer, eventually};
use serde_json::{Value, json};

/// Prints, asks a reviewer who says what he does, logs, asks a silent agent, prints.
fn reviewed() -> Project {
    let project = Project::new(
        "print(\"begin\")\nlet a = agents[0].call(\"a\")\nprint(\"a is there\")\n\
         log(\"half\", { done: 1 })\nagents[1].call(\"b\")\nprint(\"end\")\n1\n",
    );
    let says = "echo start >> calls\necho 'reading the change' >&2\necho 'it is long' >&2\n";
    project.agent("reviewer", "", &format!("{says}{}", answer("1", 0.5)));
    let waits = "echo start >> calls\nwhile [ ! -e go ]; do sleep 0.01; done\n";
    project.agent("silent", "", &format!("{waits}{}", answer("1", 0.5)));
    project
}

const SET: &str = "agents=[\"reviewer\", \"silent\"]";
const LINES: &str = "begin\nreviewer: reading the change\nreviewer: it is long\na is there\n\
    half {\"done\":1}\nend\n";

#[test]
fn lines_of_program_and_agents_stand_in_order() {
    let project = reviewed();
    project.write("go", "");
    let (status, object) = project.run_json(&["--set", SET]);
    assert_eq!(status, 0, "{object}");
    let run = object["run"].as_str().unwrap();
    assert_eq!(project.prism(&["logs", run]).stdout, LINES);
    assert_eq!(project.prism(&["logs", run, "--follow"]).stdout, LINES);
    let of = |agent: &str| project.prism(&["logs", run, "--agent", agent]).stdout;
    assert_eq!(of("reviewer"), "reviewer: reading the change\nreviewer: it is long\n");
    assert_eq!(of("silent"), "");

    let text = project.prism(&["logs", run, "--json"]).stdout;
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let from: Vec<&str> = lines.iter().map(|line| line["from"].as_str().unwrap()).collect();
    assert_eq!(from, ["output", "agent", "agent", "output", "log", "output"]);
    assert_eq!(lines[1]["agent"], "reviewer");
    assert!(lines[1]["effectId"].as_str().unwrap().ends_with("#0"), "{}", lines[1]);
    assert_eq!(lines[4]["data"], json!({ "done": 1 }));
    assert!(lines.windows(2).all(|two| two[0]["seq"].as_u64() <= two[1]["seq"].as_u64()));
    assert!(lines.iter().all(|line| line["run"] == run));
}

/// A run that goes on prints its lines again from the first, which its log does not repeat.
#[test]
fn a_line_stands_once_although_the_process_was_killed() {
    let project = reviewed();
    let mut command = project.command(&["run", "main.prism", "--set", SET]);
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let n_starts = || {
        let calls = std::fs::read_to_string(project.path().join("calls")).unwrap_or_default();
        calls.lines().count()
    };
    eventually("the second agent is asked", || n_starts() == 2);
    process.kill().unwrap();
    process.wait().unwrap();
    let listed = project.prism(&["runs", "--json"]).json();
    let run = listed["runs"][0]["run"].as_str().unwrap();
    let before = project.prism(&["logs", run]).stdout;
    assert_eq!(before, LINES.strip_suffix("end\n").unwrap());

    let mut follower = project.command(&["logs", run, "--follow"]);
    let mut follower = follower.stdout(Stdio::piped()).spawn().unwrap();
    project.write("go", "");
    assert_eq!(project.prism(&["resume", run]).status, 0);
    let mut followed = String::new();
    follower.stdout.take().unwrap().read_to_string(&mut followed).unwrap();
    assert!(follower.wait().unwrap().success());
    assert_eq!(followed, LINES);
    assert_eq!(project.prism(&["replay", run]).status, 0, "lines decide nothing");
}

#[test]
fn logs_of_no_run_are_refused() {
    let project = Project::new("1\n");
    project.prism(&["run", "main.prism"]);
    let ran = project.prism(&["logs", "r_zzz"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("[P2008]"), "{}", ran.stderr);
}

#[test]
fn lines_are_read_in_pages() {
    let project = reviewed();
    project.write("go", "");
    let (_, object) = project.run_json(&["--set", SET]);
    let run = object["run"].as_str().unwrap();
    let page = |from: &str, agent: &[&str]| {
        project.prism(&[&["logs", run, "--limit", "2", "--from", from], agent].concat())
    };
    let first = page("1", &[]);
    assert_eq!(first.stdout, "begin\nreviewer: reading the change\n");
    assert_eq!(first.stderr, "there are more: --from 3\n");
    let last = page("5", &[]);
    assert_eq!((&*last.stdout, &*last.stderr), ("half {\"done\":1}\nend\n", ""));
    // Lines keep their numbers, whoever else's are left out.
    let of_agent = page("3", &["--agent", "reviewer"]);
    assert_eq!((&*of_agent.stdout, &*of_agent.stderr), ("reviewer: it is long\n", ""));
    let text = page("1", &["--json"]).stdout;
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["number"], &lines[1]["number"]), (&json!(1), &json!(2)));
    assert_eq!(lines[2..], [json!({ "run": run, "next": 3 })]);
    assert_eq!(project.prism(&["logs", run, "--limit", "none"]).status, 2);
}

/// A run that nobody drives is cancelled by whoever asks for it, with all that it has printed.
#[test]
fn a_cancelled_run_keeps_its_lines() {
    let project = Project::new("print(\"before\")\nhuman.approve(\"go?\")\n");
    let (_, object) = project.run_json(&[]);
    let run = object["run"].as_str().unwrap();
    assert_eq!(project.prism(&["cancel", run, "--reason", "no more"]).status, 0);
    assert_eq!(project.prism(&["logs", run]).stdout, "before\n");
    let again = project.prism(&["resume", run]);
    assert_eq!((again.status, again.stdout.as_str()), (1, "before\n"));
    assert!(again.stderr.contains("is cancelled"), "{}", again.stderr);
}
