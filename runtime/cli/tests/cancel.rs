//! What a program gives up is stopped: the agent's process is gone before the program goes on
//! to its end, and the journal says so.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use common::{Project, answer, processes_in};
use serde_json::{Value, json};

/// Runs a program with an agent that answers and one that never does; gives back its value and
/// the agents whose calls were cancelled.
fn run(program: &str) -> (Value, Vec<String>) {
    let project = Project::new(program);
    project.agent("quick", "", &answer("\"quick\"", 0.9));
    project.agent("slow", "", "sleep 600");
    let (status, object) = project.run_json(&["--set", "agents=[\"slow\", \"quick\"]"]);
    assert_eq!(status, 0, "{object}");
    assert_eq!(processes_in(project.path()), [0; 0], "every process of the agents is gone");
    let name = object["run"].as_str().unwrap();
    let events = project.prism(&["events", name]).stdout;
    let events = events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let cancelled = events.filter(|event| event["type"] == "agent_cancelled");
    let cancelled = cancelled.map(|event| event["data"]["agentName"].as_str().unwrap().to_owned());
    (object["value"].clone(), cancelled.collect())
}

#[test]
fn the_loser_of_a_race() {
    let program = "import { race } from \"@prism/execution\"\nrace(agents, \"go\")\n";
    assert_eq!(run(program), (json!("quick"), vec!["slow".to_owned()]));
}

#[test]
fn what_a_quorum_does_not_need() {
    let program = "import { quorum } from \"@prism/execution\"\nquorum(1, agents, \"go\").length\n";
    assert_eq!(run(program), (json!(1), vec!["slow".to_owned()]));
}

#[test]
fn what_is_not_done_in_time() {
    let program = "import { timeout } from \"@prism/execution\"\n\
                   timeout(200, () => agents[0].call(\"go\"), { fallback: \"late\" })\n";
    assert_eq!(run(program), (json!("late"), vec!["slow".to_owned()]));
}

#[test]
fn what_still_runs_in_a_scope_that_is_left() {
    let program = "import { scope, join } from \"@prism/execution\"\n\
                   scope(spawn => {\n  spawn(() => agents[0].call(\"go\"))\n  \
                   let b = spawn(() => agents[1].call(\"go\"))\n  value(join(b))\n})\n";
    assert_eq!(run(program), (json!("quick"), vec!["slow".to_owned()]));
}

#[test]
fn the_others_of_a_failure() {
    let program = "let seen = []\ntry {\n  parallel([() => agents[0].call(\"go\"), () => { agents[1].call(\"go\"); throw \"broken\" }])\n\
                   } catch (e) {\n  seen = [e.message, e.data.outcomes.map(o => o.status)]\n}\nseen\n";
    let expected = json!(["broken", ["cancelled", "rejected"]]);
    assert_eq!(run(program), (expected, vec!["slow".to_owned()]));
}
