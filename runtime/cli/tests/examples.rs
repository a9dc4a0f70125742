//! The examples of the repository do what their manifests say.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use std::path::{Path, PathBuf};

use common::Project;
use serde_json::{Value, json};

fn example(name: &str) -> String {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join("examples").join(name).canonicalize().unwrap().display().to_string()
}

/// Runs an example with a store of its own; a folder of the test is where paths begin.
fn run(project: &Project, name: &str, args: &[&str]) -> (i32, Value) {
    let store = project.path().join("store").display().to_string();
    let example = example(name);
    let first = ["run", example.as_str(), "--json", "--store", &store];
    let ran = project.prism(&[&first, args].concat());
    (ran.status, ran.json())
}

#[test]
fn consensus_releases_what_is_sure_and_escalates_what_is_not() {
    let project = Project::new("");
    let sure = "task=\"Release 2.4.1: fix a typo in the footer. All tests pass.\"";
    let (status, object) = run(&project, "consensus/consensus.prism", &["--set", sure]);
    assert_eq!((status, &object["status"]), (0, &json!("completed")), "{object}");
    assert_eq!(object["value"], "release");
    assert!((object["confidence"].as_f64().unwrap() - 0.95).abs() < 1e-9, "{object}");

    let unsure = "task=\"Release 3.0.0: rewrite the payment flow.\"";
    let (status, object) = run(&project, "consensus/consensus.prism", &["--set", unsure]);
    assert_eq!((status, &object["status"]), (3, &json!("waiting")), "{object}");
    assert_eq!(object["questions"][0]["reason"], "human-review");
    let run = object["run"].as_str().unwrap();
    let ran = project.prism(&["approve", run, "--store", "store", "--reject", "--json"]);
    assert_eq!((ran.status, &ran.json()["value"]["approved"]), (0, &json!(false)));
}

#[test]
fn workspace_asks_its_group_of_agents_about_the_repository() {
    let project = Project::new("");
    let (status, object) = run(&project, "workspace/workspace.prism", &[]);
    assert_eq!((status, &object["status"]), (0, &json!("completed")), "{object}");
    let answer = &object["value"][0]["~"][0];
    assert!(answer["files"].as_u64().unwrap() > 2, "{object}");
    assert!(
        answer["kinds"]
            .as_array()
            .unwrap()
            .iter()
            .any(|kind| kind["kind"] == ".prism" || kind["kind"] == ".rs"),
        "{object}"
    );
}

#[test]
fn code_review_finds_what_is_wrong_in_real_files() {
    let project = Project::new("");
    let key = ["gh", "p_", "Zq3vN8xKp2WdR7tLm5YbJ9sHc4GfQ6uEaB1n"].concat();
    project.write("code/config.py", format!("TOKEN = \"{key}\"\n"));
    project.write("code/work.py", "def work():\n    \"\"\"Works.\"\"\"\n    return 1\n");
    let path = project.path().join("code").display().to_string();
    let input = json!({ "path": path }).to_string();
    let (_, object) = run(&project, "code-review/review.prism", &["--input", &input]);
    let output: Vec<&str> =
        object["output"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert!(output[0].contains("5 of 5 reviewers answered"), "{output:?}");
    assert!(output.iter().any(|line| line.contains("config.py:1")), "{output:?}");
    assert!(object["value"] == "reject" || object["status"] == "waiting", "{object}");
    assert!(!output.iter().any(|line| line.contains(&key)), "a report repeats no secret");
}
