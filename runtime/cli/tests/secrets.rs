//! Secrets that `@input` declares: the agent gets them where the program says so, and nobody else.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use common::{Project, Ran};
use serde_json::json;

const SECRET: &str = "k-s3cr3t-77";

/// Gives the secret away in every way that the checker lets pass when it is revealed.
const PROGRAM: &str = "\
/**
 * @name keyed
 * @input {\"who\": \"string\", \"key\": \"secret\"}
 */
let seen = agents[0].call(\"use ${reveal(input.key)}\")
print(\"the key is ${reveal(input.key)}\")
let d = human.approve({ reason: \"go on with ${reveal(input.key)}?\" })
let again = agents[0].call(\"once more ${reveal(input.key)}\")
if input.who == \"eve\" { throw \"no key like ${reveal(input.key)}\" }
{ seen: seen, again: again, key: reveal(input.key), who: input.who }
";

/// Notes its task in `got` and says it again.
const ECHO: &str = "\
task=${line#*\\\"task\\\":\\\"}; task=${task%%\\\"*}
echo \"$task\" >> got
printf '{\"id\":\"%s\",\"value\":\"%s\",\"confidence\":1}\\n' \"$id\" \"$task\"";

fn project() -> Project {
    let project = Project::new(PROGRAM);
    project.agent("one", "", ECHO);
    project
}

fn input(who: &str) -> String {
    json!({ "who": who, "key": SECRET }).to_string()
}

fn start(project: &Project, input: &str) -> (String, Ran) {
    let ran = project.prism(&[
        "run",
        "main.prism",
        "--json",
        "--set",
        "agents=[\"one\"]",
        "--input",
        input,
    ]);
    assert_eq!(ran.status, 3, "{}{}", ran.stdout, ran.stderr);
    (ran.json()["run"].as_str().unwrap().to_owned(), ran)
}

fn with_secret(project: &Project, args: &[&str]) -> Ran {
    let output = project.command(args).env("PRISM_SECRET_KEY", SECRET).output().unwrap();
    Ran {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Nothing that Prism wrote or said holds the secret; what the agent wrote down is its own.
fn assert_hidden(project: &Project, said: &[&Ran]) {
    for ran in said {
        assert!(!ran.stdout.contains(SECRET), "{}", ran.stdout);
        assert!(!ran.stderr.contains(SECRET), "{}", ran.stderr);
    }
    let mut folders = vec![project.path().to_owned()];
    let mut n_files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if entry.file_name() != "got" {
                n_files += 1;
                let bytes = std::fs::read(&path).unwrap();
                let found = bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
                assert!(!found, "{} holds the secret", path.display());
            }
        }
    }
    assert!(n_files >= 4, "the store is a file beside the program");
}

#[test]
fn journal_events_and_results_hold_no_secret() {
    let project = project();
    let (run, started) = start(&project, &input("ada"));
    let asked = project.prism(&["approvals"]);
    let approved = with_secret(&project, &["approve", &run, "--json"]);
    assert_eq!(approved.status, 0, "{}{}", approved.stdout, approved.stderr);
    let events = project.prism(&["events", &run]);
    let exported = project.prism(&["audit", "export", &run]);
    let status = project.prism(&["status", &run]);
    let object = approved.json();
    assert_eq!(
        object["value"],
        json!({
            "seen": { "~": ["use [secret]", 1] }, "again": { "~": ["once more [secret]", 1] },
            "key": "[secret]", "who": "ada",
        })
    );
    assert_eq!(object["output"], json!(["the key is [secret]"]));
    assert!(exported.stdout.contains("[secret]"), "{}", exported.stdout);
    let got = std::fs::read_to_string(project.path().join("got")).unwrap();
    assert_eq!(got, format!("use {SECRET}\nonce more {SECRET}\n"));
    assert_hidden(&project, &[&started, &asked, &approved, &events, &exported, &status]);
}

#[test]
fn errors_hold_no_secret() {
    let project = project();
    let (run, started) = start(&project, &input("eve"));
    let failed = with_secret(&project, &["approve", &run]);
    assert_eq!(failed.status, 1, "{}{}", failed.stdout, failed.stderr);
    assert!(failed.stderr.contains("no key like [secret]"), "{}", failed.stderr);
    assert_hidden(&project, &[&started, &failed]);
}

#[test]
fn a_run_that_goes_on_needs_the_secret_again_and_a_replay_does_not() {
    let project = project();
    let (run, _) = start(&project, &input("ada"));
    let without = project.prism(&["approve", &run]);
    assert!(without.status != 0 && without.stderr.contains("P2020"), "{}", without.stderr);
    assert!(without.stderr.contains("PRISM_SECRET_KEY"), "{}", without.stderr);
    assert_eq!(with_secret(&project, &["resume", &run]).status, 0);
    let replayed = project.prism(&["replay", &run]);
    assert_eq!(replayed.status, 0, "{}", replayed.stderr);
    assert!(replayed.stdout.starts_with("identical"), "{}", replayed.stdout);
}

#[test]
fn the_environment_gives_what_the_input_leaves_out() {
    let project = project();
    let args = ["run", "main.prism", "--set", "agents=[\"one\"]", "--input", "{\"who\": \"ada\"}"];
    assert_eq!(with_secret(&project, &args).status, 3);
    let got = std::fs::read_to_string(project.path().join("got")).unwrap();
    assert_eq!(got, format!("use {SECRET}\n"));
}

#[test]
fn a_secret_that_is_too_short_is_refused() {
    let project = project();
    let ran = project.prism(&["run", "main.prism", "--input", "{\"key\": \"abc\"}"]);
    assert!(ran.status != 0 && ran.stderr.contains("P2020"), "{}", ran.stderr);
}
