//! Ctrl-C puts a run down: the agents' processes end, the status is 130, and `resume` goes on.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use std::process::{Command, Stdio};

use common::{Project, answer, eventually, processes_with};
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
    let folder = project.path().to_str().unwrap().to_owned();
    let args = ["run", "main.prism", "--set", "agents=[\"fast\", \"slow\"]", "--json"];
    let child = project.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.unwrap();
    eventually("the slow agent is at work", || project.path().join("slow.tried").is_dir());
    let kill = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    eventually("every process of the agents is gone", || processes_with(&folder).is_empty());
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

#[test]
fn terminate_does_the_same() {
    interrupted("-TERM");
}
