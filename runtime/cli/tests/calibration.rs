//! `prism calibration`: numbers reckoned by hand from runs whose questions were decided.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use common::{Project, answer};
use serde_json::{Value, json};

/// Two agents; the one that is surer is proposed.
const PROGRAM: &str = "\
/** @name review */
let answers = agents.map(a => a.call(input))
let plan = answers[0] ~||> answers[1]
human.approve({ reason: \"ship?\", proposal: plan }).approved
";

/// Runs and decides: `good` is approved, `bad` is not.
fn decided() -> Project {
    let project = Project::new(PROGRAM);
    // `sure` says `good` whatever it is asked, `careful` what it is asked.
    project.agent("sure", "", &answer("\"good\"", 0.75));
    let echo = "task=${line#*\\\"task\\\":\\\"}; task=${task%%\\\"*}\n\
                printf '{\"id\":\"%s\",\"value\":\"%s\",\"confidence\":0.5}\\n' \"$id\" \"$task\"";
    project.agent("careful", "", echo);
    for (task, reject) in [("good", false), ("good", false), ("good", true), ("bad", true)] {
        let input = format!("\"{task}\"");
        let set = "agents=[\"sure\", \"careful\"]";
        let (status, object) = project.run_json(&["--input", &input, "--set", set]);
        assert_eq!(status, 3, "{object}");
        let run = object["run"].as_str().unwrap();
        let no = if reject { vec!["--reject"] } else { vec![] };
        let ran = project.prism(&[&["approve", run, "--by", "ada"], &no[..]].concat());
        assert_eq!(ran.status, 0, "{}", ran.stderr);
    }
    project
}

#[test]
fn statements_are_judged_by_what_people_decided() {
    let project = decided();
    let object = project.prism(&["calibration", "--json"]).json();
    let groups = object["groups"].as_array().unwrap();
    let of = |agent: Value| groups.iter().find(|group| group["agent"] == agent).unwrap();
    // `sure` said `good` at 0.75 to all four proposals of `good`: approved twice, rejected twice.
    // Brier: (2 × 0.0625 + 2 × 0.5625) / 4 = 0.3125; ECE: |0.75 − 0.5|.
    let sure = of(json!("sure"));
    assert_eq!((&sure["program"], &sure["n"]), (&json!("review"), &json!(4)));
    assert_eq!((&sure["brier"], &sure["ece"]), (&json!(0.3125), &json!(0.25)));
    assert_eq!(sure["map"], json!([[0.75, 0.5]]));
    // `careful` said `good` at 0.5 three times; its `bad` was never proposed.
    // Brier: (0.25 × 3) / 3; right twice of three times.
    let careful = of(json!("careful"));
    assert_eq!((&careful["n"], &careful["brier"]), (&json!(3), &json!(0.25)));
    let bins = json!([{ "from": 0.5, "to": 0.6, "n": 3, "stated": 0.5, "right": 2.0 / 3.0 }]);
    assert_eq!(careful["bins"], bins);
    // What the program proposed is what `sure` said.
    assert_eq!(of(Value::Null)["brier"], json!(0.3125));
    assert_eq!(groups.len(), 3);
}

#[test]
fn a_table_a_picture_and_an_empty_store() {
    let project = Project::new("1\n");
    let nothing = "nobody has decided about anything that was stated with a confidence\n";
    assert_eq!(project.prism(&["calibration"]).stdout, nothing);
    let project = decided();
    let ran = project.prism(&["calibration", "--agent", "sure", "--svg", "plot.svg"]);
    let expected = "review · sure: 4 judged, Brier 0.312, ECE 0.250\n\
                    \x20 stated      n   mean  right\n\
                    \x20 0.7–0.8      4  0.750  0.500  ██████████····┃·····\n";
    assert_eq!(ran.stdout, expected);
    let picture = std::fs::read_to_string(project.path().join("plot.svg")).unwrap();
    assert!(picture.contains(">review · sure · n 4 · Brier 0.312 · ECE 0.250<"), "{picture}");
    let refused = project.prism(&["calibration", "--svg", "no/such/folder.svg"]);
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("[P2209]"), "{}", refused.stderr);
}

#[test]
fn a_question_that_nobody_decided_judges_nothing() {
    let program = "let plan = agents[0].call(\"plan\")\n\
                   human.approve({ reason: \"ship?\", proposal: plan, deadline: 1 }).by\n";
    let project = Project::new(program);
    project.agent("sure", "", &answer("\"good\"", 0.75));
    let (status, object) = project.run_json(&["--set", "agents=[\"sure\"]"]);
    // The process may leave before the deadline is over; whoever goes on finds that it is.
    if status == 3 {
        let ran = project.prism(&["resume", object["run"].as_str().unwrap(), "--json"]);
        assert_eq!(ran.json()["value"], "deadline", "{}", ran.stderr);
    }
    assert_eq!(project.prism(&["calibration", "--json"]).json(), json!({ "groups": [] }));
}
