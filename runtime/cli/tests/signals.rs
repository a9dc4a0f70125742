//! Ctrl-C puts a run down: the agents' processes end, the status is 130, and `resume` goes on.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use std::process::{Command, Stdio};

use common::{Project, answer, eventually, processes_in};
use serde_json::json;

const PROGRAM: &str = "\
print(\"start\")
let fast = agents[0].call(\"fast\")
let slow = agents[1].call(\"slow\")
[value(fast), value(slow)]
";

/// The second agent hangs the first time it is called, and answers from then on.
fn project() -> Project {
    let project = Project::new(PROGRAM);
    project.agent("fast", "", &format!("echo x >> fast.log; {}", answer("1", 0.9)));
    let slow = format!("if mkdir slow.tried; then sleep 300; fi; {}", answer("2", 0.9));
    project.agent("slow", "", &slow);
    project
}

fn interrupted(signal: &str) {
    let project = project();
    let args = ["run", "main.prism", "--set", "agents=[\"fast\", \"slow\"]", "--json"];
    let child = project.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.unwrap();
    eventually("the slow agent is at work", || project.path().join("slow.tried").is_dir());
    assert!(processes_in(project.path()).len() > 1, "`prism` and the slow agent");
    kill(signal, child.id());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(processes_in(project.path()), [0; 0], "every process of the agents is gone");
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object["status"], "interrupted");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("prism resume"), "{stderr}");
    let run = object["run"].as_str().unwrap();
    let ran = project.prism(&["resume", run, "--json"]);
    assert_eq!((ran.status, &ran.json()["value"]), (0, &json!([1, 2])), "{}", ran.stderr);
    assert_eq!(ran.json()["output"], json!(["start"]));
    let calls = std::fs::read_to_string(project.path().join("fast.log")).unwrap();
    assert_eq!(calls, "x\n", "an agent that had answered is not called again");
}

#[test]
fn interrupt_ends_the_agents_and_resume_goes_on() {
    interrupted("-INT");
}

/// A machine that computes hears of no signal: its run is left, and can be taken up again.
#[test]
fn a_program_that_computes_for_ever_is_left() {
    let project = Project::new(
        "let first = agents[0].call(\"first\")\nwhile value(first) == 1 { 1 }\nvalue(first)\n",
    );
    let script = format!("echo x >> first.log; {}", answer("1", 0.9));
    project.agent("first", "mode = \"warm\"", &format!("{script}; sleep 300"));
    let args = ["run", "main.prism", "--set", "agents=[\"first\"]", "--fuel", FOR_EVER];
    let child = project.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.unwrap();
    let is_computing = || {
        let events = project.prism(&["events", &only_run(&project)?]).stdout;
        events.contains("agent_completed").then_some(())
    };
    eventually("the program computes", || is_computing().is_some());
    kill("-INT", child.id());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("prism resume"), "{stderr}");
    assert_eq!(processes_in(project.path()), [0; 0], "every process of the agents is gone");
    let runs = project.prism(&["runs", "--json"]).json();
    assert_eq!(runs["runs"][0]["status"], "interrupted", "{runs}");
    // It goes on: the answer is known, and the machine computes again until it is stopped.
    let run = only_run(&project).unwrap();
    let mut again = project.command(&["resume", &run]).stderr(Stdio::null()).spawn().unwrap();
    let n_resumed = || project.prism(&["events", &run]).stdout.matches("resumed").count();
    eventually("the run is taken up again", || n_resumed() == 1);
    kill("-INT", again.id());
    assert_eq!(again.wait().unwrap().code(), Some(130));
    let calls = std::fs::read_to_string(project.path().join("first.log")).unwrap();
    assert_eq!(calls, "x\n", "what had been answered is not asked again");
}

const FOR_EVER: &str = "1000000000000000";

fn only_run(project: &Project) -> Option<String> {
    let runs = project.prism(&["runs", "--json"]).json();
    Some(runs["runs"][0]["run"].as_str()?.to_owned())
}

fn kill(signal: &str, process: u32) {
    let kill = Command::new("kill").args([signal, &process.to_string()]).status();
    assert!(kill.unwrap().success());
}

#[test]
fn terminate_does_the_same() {
    interrupted("-TERM");
}
