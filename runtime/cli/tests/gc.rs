//! `prism gc`, `prism migrate`, and workers that keep runs only so long.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use std::process::Stdio;

use common::{Project, eventually};
use serde_json::json;

fn n_runs(project: &Project) -> usize {
    project.prism(&["runs", "--json"]).json()["runs"].as_array().unwrap().len()
}

#[test]
fn runs_that_ended_are_removed() {
    let project =
        Project::new("let long = \"long \".repeat(40000)\nstate.set(\"k\", long)\nlong\n");
    project.write("asks.prism", "human.approve({ reason: \"ok?\" }).approved\n");
    for _ in 0..3 {
        assert_eq!(project.prism(&["run", "main.prism"]).status, 0);
    }
    let none = project.prism(&["gc", "--older-than", "1000000d", "--json"]);
    assert_eq!(none.json(), json!({ "runs": 0, "values": 0 }), "{}", none.stderr);
    assert_eq!(project.prism(&["run", "asks.prism"]).status, 3);
    let none = project.prism(&["gc", "--older-than", "1d", "--json"]).json();
    assert_eq!(none, json!({ "runs": 0, "values": 0 }));
    let would = project.prism(&["gc", "--older-than", "0s", "--keep", "1", "--dry-run", "--json"]);
    assert_eq!(would.json()["would_remove"].as_array().unwrap().len(), 2);
    assert_eq!(n_runs(&project), 4);
    let ran = project.prism(&["gc", "--older-than", "0s", "--keep", "1"]);
    assert_eq!(ran.stdout, "removed 2 runs and 0 stored values\n", "{}", ran.stderr);
    assert_eq!(n_runs(&project), 2);
    // The last of them had what all had: the program, and the long values.
    let ran = project.prism(&["gc", "--older-than", "0s", "--json"]);
    assert_eq!(ran.json()["runs"], 1, "{}", ran.stderr);
    assert_eq!(ran.json()["values"].as_u64().unwrap(), 3, "{}", ran.stdout);
    let refused = project.prism(&["gc", "--older-than", "month"]);
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("[P2211]"), "{}", refused.stderr);
}

#[test]
fn a_worker_keeps_runs_only_so_long() {
    let project = Project::new("1\n");
    assert_eq!(project.prism(&["run", "main.prism"]).status, 0);
    let mut command = project.command(&["worker", "--retention", "0s"]);
    let mut worker = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("the run is gone", || n_runs(&project) == 0);
    worker.kill().unwrap();
    worker.wait().unwrap();
}

#[test]
fn a_store_goes_to_an_older_format_and_back() {
    let project = Project::new("let x = random()\nx == x\n");
    let (_, object) = project.run_json(&[]);
    let run = object["run"].as_str().unwrap();
    let ran = project.prism(&["migrate", "--to", "1", "--json"]);
    assert_eq!(ran.json(), json!({ "from": 4, "to": 1 }), "{}", ran.stderr);
    let ran = project.prism(&["replay", run]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(project.prism(&["migrate", "--to", "4"]).stdout, "format 4 → 4\n");
    let refused = project.prism(&["migrate", "--to", "9"]);
    assert_eq!(refused.status, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("[P2021]"), "{}", refused.stderr);
}
