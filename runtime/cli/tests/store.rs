//! Stores that cannot be used: coded, with advice, and never made worse.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use std::process::Command;

use common::Project;

fn refused(project: &Project, code: &str) {
    for args in [&["run", "main.prism"][..], &["runs"]] {
        let ran = project.prism(args);
        assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{args:?}");
        assert!(ran.stderr.contains(&format!("[{code}]")), "{}", ran.stderr);
        assert!(ran.stderr.contains("Help"), "{}", ran.stderr);
    }
}

#[test]
fn a_store_of_a_newer_version_is_left_alone() {
    let project = Project::new("1\n");
    project.prism(&["run", "main.prism"]);
    let file = project.path().join(".prism/runs.db");
    let newer = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); \
                 db.execute('PRAGMA user_version = 99'); db.commit()";
    let status = Command::new("python3").args(["-c", newer]).arg(&file).status().unwrap();
    assert!(status.success());
    refused(&project, "P2001");
}

#[test]
fn a_file_that_is_no_store_is_left_alone() {
    let project = Project::new("1\n");
    let file = project.write(".prism/runs.db", "this is a letter, not a store\n".repeat(400));
    refused(&project, "P2002");
    assert!(std::fs::read_to_string(file).unwrap().starts_with("this is a letter"));
}

#[test]
fn a_store_that_was_overwritten_in_the_middle_is_named() {
    let project = Project::new("1\n");
    for _ in 0..3 {
        project.prism(&["run", "main.prism"]);
    }
    // Folds the log into the file, which is then the only place where the runs are.
    let file = project.path().join(".prism/runs.db");
    let fold = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA user_version')";
    assert!(Command::new("python3").args(["-c", fold]).arg(&file).status().unwrap().success());
    let mut bytes = std::fs::read(&file).unwrap();
    let page = 4096;
    bytes[page..2 * page].fill(0x5a);
    std::fs::write(&file, &bytes).unwrap();
    refused(&project, "P2002");
}

#[test]
fn a_store_without_a_name_is_refused_and_not_made_here() {
    let project = Project::new("1\n");
    let ran = project.prism(&["run", "main.prism", "--store", ""]);
    assert!(ran.status == 2 && ran.stderr.contains("empty"), "{}", ran.stderr);
    let mut by_variable = project.command(&["runs"]);
    let ran = common::Ran::of(by_variable.env("PRISM_STORE", ""));
    assert!(ran.status == 2 && ran.stderr.contains("empty"), "{}", ran.stderr);
    assert!(!project.path().join("runs.db").exists());
}

#[test]
fn a_store_below_a_file_cannot_be_reached() {
    let project = Project::new("1\n");
    project.write("file", "");
    let ran = project.prism(&["run", "main.prism", "--store", "file/below"]);
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("[P20"), "{}", ran.stderr);
    // The program needs none.
    assert_eq!(project.prism(&["run", "main.prism", "--no-store"]).status, 0);
}

#[test]
fn a_store_can_be_named_and_is_then_found_by_name_only() {
    let project = Project::new("input\n");
    let ran = project.prism(&["run", "main.prism", "--json", "--store", "kept"]);
    let run = ran.json()["run"].as_str().unwrap().to_owned();
    assert_eq!(project.prism(&["resume", &run]).status, 2);
    assert_eq!(project.prism(&["resume", &run[..8], "--store", "kept"]).status, 0);
    assert!(project.path().join("kept/runs.db").is_file());
}

#[test]
fn runs_are_listed_in_pages_and_by_status() {
    let project = Project::new("human.approve(\"go?\")\n");
    project.write("fails.prism", "throw Error(\"no\")\n");
    let mut runs: Vec<String> = Vec::new();
    for file in ["main.prism", "fails.prism", "main.prism", "fails.prism", "main.prism"] {
        let ran = project.prism(&["run", file, "--json"]);
        runs.insert(0, ran.json()["run"].as_str().unwrap().to_owned());
    }
    let list = |args: &[&str]| {
        let object = project.prism(&[&["runs", "--json"], args].concat()).json();
        let names = object["runs"].as_array().unwrap().iter();
        let names = names.map(|run| run["run"].as_str().unwrap().to_owned());
        (names.collect::<Vec<_>>(), object["next"].as_str().map(str::to_owned))
    };
    assert_eq!(list(&[]), (runs.clone(), None));
    assert_eq!(list(&["--limit", "2"]), (runs[..2].to_vec(), Some(runs[1].clone())));
    let rest = (runs[2..].to_vec(), None);
    assert_eq!(list(&["--limit", "3", "--before", &runs[1]]), rest);
    let failed = vec![runs[1].clone(), runs[3].clone()];
    assert_eq!(list(&["--status", "failed"]), (failed, None));
    let ran = project.prism(&["runs", "--status", "waiting", "--limit", "1"]);
    assert!(ran.stdout.starts_with(&runs[0]), "{}", ran.stdout);
    assert_eq!(ran.stderr, format!("there are more: --before {}\n", runs[0]));
    let refused = project.prism(&["runs", "--status", "done"]);
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("completed"), "{}", refused.stderr);
    assert!(project.prism(&["runs", "--before", "r_zzz"]).stderr.contains("[P2008]"));
}
