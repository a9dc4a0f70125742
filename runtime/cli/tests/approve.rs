//! A run that waits for a person: without a terminal it is put down, and a decision goes on.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use common::{Project, eventually};
use serde_json::{Value, json};

const ASK: &str = "\
print(\"before\")
let d = human.approve({ reason: \"ship?\", choices: [\"now\", \"later\"] })
print(\"after\")
d
";

fn waiting() -> (Project, String) {
    let project = Project::new(ASK);
    let (status, object) = project.run_json(&[]);
    assert_eq!((status, &object["status"]), (3, &json!("waiting")), "{object}");
    let run = object["run"].as_str().unwrap().to_owned();
    (project, run)
}

#[test]
fn a_waiting_run_says_how_to_decide() {
    let project = Project::new(ASK);
    let ran = project.prism(&["run", "main.prism"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (3, "before\n"));
    assert!(ran.stderr.contains("prism approve"), "{}", ran.stderr);
    assert!(ran.stderr.contains("ship?"), "{}", ran.stderr);
}

#[test]
fn a_question_with_choices_says_how_to_choose() {
    let (project, run) = waiting();
    let ran = project.prism(&["resume", &run]);
    let expected = format!("prism approve {run} --choice '…'\n");
    assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("prism approve {run} --reject")), "{}", ran.stderr);
}

#[test]
fn a_proposal_cannot_disguise_itself_on_a_terminal() {
    let project = Project::new(
        "human.approve({ reason: \"pay?\", proposal: \"1000 to mallory\\u{1b}[2K\\u{1b}[1G\\u{202e}1 to ada\\n\
         ? pay?\\n  hash: 0\" })\n",
    );
    let asked = "? pay?\n  proposal: 1000 to mallory\u{fffd}[2K\u{fffd}[1G\u{fffd}1 to ada\n      \
                 ? pay?\n        hash: 0\n";
    let ran = project.prism(&["run", "main.prism"]);
    assert!(ran.stderr.starts_with(asked), "{:?}", ran.stderr);
    let ran = project.prism(&["approvals"]);
    assert!(ran.stdout.contains(asked), "{:?}", ran.stdout);
    let object = project.prism(&["approvals", "--json"]).json();
    let proposal = object["approvals"][0]["proposal"].as_str().unwrap();
    assert!(proposal.contains('\u{1b}'), "tools get it as it is: {object}");
}

#[test]
fn approving_goes_on_and_prints_the_whole_result() {
    let (project, run) = waiting();
    let ran = project.prism(&["approve", &run, "--choice", "now", "--by", "ada", "--json"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let object = ran.json();
    assert_eq!(object["status"], "completed");
    assert_eq!(object["output"], json!(["before", "after"]));
    assert_eq!(object["value"]["approved"], true);
    assert_eq!(object["value"]["choice"], "now");
    assert_eq!(object["value"]["by"], "ada");
    // Asking again repeats what is known and runs nothing.
    let again = project.prism(&["resume", &run, "--json"]);
    assert_eq!((again.status, again.json()), (0, object));
}

#[test]
fn rejecting_is_an_answer_like_any_other() {
    let (project, run) = waiting();
    let ran = project.prism(&["approve", &run, "--reject", "--reason", "too early", "--json"]);
    let object = ran.json();
    assert_eq!((ran.status, &object["value"]["approved"]), (0, &json!(false)), "{object}");
    assert_eq!(object["value"]["reason"], "too early");
}

#[test]
fn a_decision_can_be_recorded_first_and_used_later() {
    let (project, run) = waiting();
    assert_eq!(project.prism(&["approve", &run, "--no-resume"]).status, 0);
    let ran = project.prism(&["resume", &run, "--json"]);
    assert_eq!((ran.status, &ran.json()["value"]["approved"]), (0, &json!(true)));
}

#[test]
fn a_decision_that_is_only_recorded_says_where_the_run_stands() {
    let (project, run) = waiting();
    let before = project.prism(&["status", &run, "--json"]).json();
    assert_eq!(before["questions"][0]["reason"], "ship?");
    let ran = project.prism(&["approve", &run, "--choice", "now", "--no-resume", "--json"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let object = ran.json();
    assert_eq!((&object["run"], &object["status"]), (&json!(run), &json!("waiting")), "{object}");
    assert_eq!(object["questions"], json!([]), "nobody is asked any more");
    assert_eq!(project.prism(&["status", &run, "--json"]).json(), object);
}

#[test]
fn a_run_can_be_resumed_without_machine_code() {
    let (project, run) = waiting();
    assert_eq!(project.prism(&["approve", &run, "--no-resume"]).status, 0);
    let ran = project.prism(&["resume", &run, "--no-native", "--json"]);
    assert_eq!((ran.status, &ran.json()["value"]["approved"]), (0, &json!(true)));
}

#[test]
fn resuming_without_a_decision_still_waits() {
    let (project, run) = waiting();
    let ran = project.prism(&["resume", &run, "--json"]);
    assert_eq!((ran.status, &ran.json()["status"]), (3, &json!("waiting")));
}

#[test]
fn an_unknown_choice_and_a_second_decision_are_refused() {
    let (project, run) = waiting();
    let ran = project.prism(&["approve", &run, "--choice", "never"]);
    assert!(ran.status == 2 && ran.stderr.contains("P2014"), "{}", ran.stderr);
    assert_eq!(project.prism(&["approve", &run, "--choice", "now"]).status, 0);
    let ran = project.prism(&["approve", &run]);
    assert!(ran.status == 2 && ran.stderr.contains("[P20"), "{}", ran.stderr);
}

#[test]
fn a_script_can_decide() {
    let project = Project::new(ASK);
    project.write("answers.json", "{\"human.approve\": [{\"value\": {\"approved\": false}}]}");
    let (status, object) = project.run_json(&["--answers", "answers.json"]);
    assert_eq!((status, &object["value"]["approved"]), (0, &json!(false)), "{object}");
}

#[test]
fn runs_and_events_tell_what_happened() {
    let (project, run) = waiting();
    let runs = project.prism(&["runs", "--json"]).json();
    assert_eq!(runs["runs"][0]["run"], run.as_str());
    assert_eq!(runs["runs"][0]["status"], "waiting");
    let listed = project.prism(&["runs"]).stdout;
    assert!(listed.contains("waiting"), "{listed}");
    let events = |args: &[&str]| -> Vec<Value> {
        let ran = project.prism(&[&["events", &run], args].concat());
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let before = events(&[]);
    let kinds: Vec<&str> = before.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds.first(), Some(&"started"));
    assert!(kinds.contains(&"waiting"), "{kinds:?}");
    project.prism(&["approve", &run]);
    let after = events(&["--follow"]);
    assert_eq!(after[..before.len()], before[..], "the past does not change");
    let seqs: Vec<u64> = after.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=after.len() as u64).collect::<Vec<_>>());
    assert_eq!(after.last().unwrap()["type"], "completed");
    assert_eq!(events(&["--from", "3"])[0]["seq"], 3);
}

#[test]
fn a_script_that_runs_out_fails_the_run() {
    let project = Project::new("human.approve(\"first?\")\nhuman.approve(\"second?\").by\n");
    project.write("answers.json", "{\"human.approve\": [true]}");
    let (status, object) = project.run_json(&["--answers", "answers.json"]);
    assert_eq!((status, &object["status"]), (1, &json!("failed")), "{object}");
    assert_eq!(object["error"]["code"], "P2012");
}

/// The question is older than the run's checkpoint, which knows that it is open.
#[test]
fn a_question_before_the_checkpoint_is_found() {
    let project = Project::new(
        "import { parallel } from \"@prism/execution\"\n\
         parallel([() => human.approve(\"go?\"), () => {\n\
         for (let i = 0; i < 400; i++) { random() }\n\
         return human.approve(\"sure?\")\n}])\n",
    );
    let (status, object) = project.run_json(&[]);
    assert_eq!(status, 3, "{object}");
    let run = object["run"].as_str().unwrap();
    let asked = |args: &[&str]| -> Vec<Value> {
        let object = project.prism(&[args, &["--json"]].concat()).json();
        let found = object.get("approvals").or(object.get("questions")).unwrap().as_array();
        found.unwrap().iter().map(|question| question["reason"].clone()).collect()
    };
    assert_eq!(asked(&["approvals"]), ["go?", "sure?"]);
    assert_eq!(asked(&["status", run]), ["go?", "sure?"]);
    assert_eq!(project.prism(&["approve", run]).status, 3);
    assert_eq!(asked(&["approvals", run]), ["sure?"]);
    assert_eq!(project.prism(&["approve", run]).status, 0);
    assert_eq!(asked(&["status", run]), Vec::<Value>::new());
}

const THREE: &str = "\
parallel([
  () => human.approve({ reason: \"first?\", proposal: 1 }),
  () => human.ask({ reason: \"second?\", proposal: 2, choices: [\"x\", { k: 1 }] }),
  () => human.approve({ reason: \"third?\", deadline: \"10m\" })
]).map(d => [d.approved, d.choice, d.by])
";

/// The reasons of what is asked, and the hashes.
fn asked(project: &Project) -> (Vec<String>, Vec<String>) {
    let object = project.prism(&["approvals", "--json"]).json();
    let all = object["approvals"].as_array().unwrap();
    let text = |key: &str| all.iter().map(|one| one[key].as_str().unwrap().to_owned()).collect();
    (text("reason"), text("hash"))
}

/// Any question can be decided, by its hash, and one that was decided is asked no more.
#[test]
fn the_questions_of_a_run_are_decided_in_any_order() {
    let project = Project::new(THREE);
    let (_, object) = project.run_json(&[]);
    let run = object["run"].as_str().unwrap();
    let (reasons, hashes) = asked(&project);
    assert_eq!(reasons, ["first?", "second?", "third?"]);
    let decide = |args: &[&str]| {
        let ran = project.prism(&[&["approve", run, "--no-resume"], args].concat());
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        ran.stderr
    };
    decide(&["--proposal", &hashes[1], "--choice", "{\"k\": 1}", "--by", "bob"]);
    assert_eq!(asked(&project).0, ["first?", "third?"]);
    decide(&["--by", "ann"]);
    assert_eq!(asked(&project).0, ["third?"]);
    decide(&["--reject", "--by", "cyd"]);
    assert_eq!(asked(&project).0, [""; 0]);
    let again = decide(&["--proposal", &hashes[1], "--reject"]);
    assert!(again.contains("bob has decided already") && !again.contains("recorded"), "{again}");
    let unseen = project.prism(&["approve", run, "--proposal", "0123"]);
    assert!(unseen.status == 2 && unseen.stderr.contains("P2014"), "{}", unseen.stderr);
    let result = project.prism(&["resume", run, "--json"]).json();
    let expected = json!([[true, null, "ann"], [true, { "k": 1 }, "bob"], [false, null, "cyd"]]);
    assert_eq!(result["value"], expected, "{result}");
}

/// Nobody was there to say that the time was up; it was all the same.
#[test]
fn a_decision_after_the_deadline_is_too_late() {
    let project = Project::new("let d = human.approve({ reason: \"?\", deadline: \"2s\" })\nd.by");
    let (status, object) = project.run_json(&[]);
    assert_eq!(status, 3, "{object}");
    let run = object["run"].as_str().unwrap();
    eventually("nobody is asked any more", || asked(&project).0.is_empty());
    let ran = project.prism(&["approve", run, "--by", "ann", "--json"]);
    assert_eq!((ran.status, &ran.json()["value"]), (0, &json!("deadline")), "{}", ran.stderr);
    assert!(ran.stderr.contains("deadline has decided already: rejected"), "{}", ran.stderr);
}

/// A decision of the script has its question, so that the others still count as open.
#[test]
fn a_scripted_decision_hides_no_question() {
    let project = Project::new(THREE);
    project.write("answers.json", "{\"human.ask\": \"x\"}");
    let (status, object) = project.run_json(&["--answers", "answers.json"]);
    assert_eq!(status, 3, "{object}");
    assert_eq!(asked(&project).0, ["first?", "third?"]);
    let runs = project.prism(&["runs", "--json"]).json();
    let run = &runs["runs"][0];
    assert_eq!((&run["status"], &run["questions"]), (&json!("waiting"), &json!(2)));
    let calibrated = project.prism(&["calibration", "--json"]).json();
    assert_eq!(calibrated["groups"], json!([]), "a script is no person");
}

#[test]
fn a_run_that_is_kept_nowhere_cannot_be_decided() {
    let project = Project::new(ASK);
    let ran = project.prism(&["run", "main.prism", "--no-store"]);
    assert_eq!(ran.status, 3);
    assert!(!ran.stderr.contains("prism approve"), "{}", ran.stderr);
    assert!(ran.stderr.contains("run it without --no-store"), "{}", ran.stderr);
}
