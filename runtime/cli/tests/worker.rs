//! `prism worker`, `prism resume --all`, `prism approvals`, `prism cancel`: runs that nobody watches.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::{Project, answer, eventually, processes_in};
use serde_json::Value;

/// A `prism` in the background; killed when it is dropped.
struct Background(Child);

impl Background {
    fn start(project: &Project, args: &[&str]) -> Background {
        let mut command = project.command(args);
        Background(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    fn terminate(mut self) -> Option<i32> {
        let pid = i32::try_from(self.0.id()).unwrap();
        // SAFETY: a signal to a child that has not been waited for.
        #[allow(unsafe_code, reason = "the standard library only kills")]
        unsafe {
            libc::kill(pid, libc::SIGTERM);
        }
        self.0.wait().unwrap().code()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn runs(project: &Project) -> Vec<Value> {
    project.prism(&["runs", "--json"]).json()["runs"].as_array().unwrap().clone()
}

fn is_all(project: &Project, status: &str) -> bool {
    let runs = runs(project);
    !runs.is_empty() && runs.iter().all(|run| run["status"] == status)
}

fn calls(folder: &Path) -> usize {
    std::fs::read_to_string(folder.join("calls")).unwrap_or_default().lines().count()
}

/// A project with a run whose process was killed while its agent worked.
fn crashed() -> Project {
    let project = Project::new("let first = random()\nagents[0].call(\"go\")\n");
    let body =
        format!("echo call >> calls\nwhile [ ! -e go ]; do sleep 0.01; done\n{}", answer("1", 0.5));
    project.agent("one", "", &body);
    let run = Background::start(&project, &["run", "main.prism", "--set", "agents=[\"one\"]"]);
    eventually("the agent is called", || calls(project.path()) == 1);
    run.kill();
    project.write("go", "");
    project
}

#[test]
fn a_worker_goes_on_with_what_crashed() {
    let project = crashed();
    let worker = Background::start(&project, &["worker"]);
    eventually("the run is completed", || is_all(&project, "completed"));
    assert_eq!(worker.terminate(), Some(130));
    assert_eq!(calls(project.path()), 2);
    assert_eq!(processes_in(project.path()), Vec::<i32>::new());
}

#[test]
fn a_worker_reads_a_manifest_again_that_it_could_not_read() {
    let project = crashed();
    let path = project.path().join("prism.toml");
    let manifest = std::fs::read(&path).unwrap();
    project.write("prism.toml", "[agents.one");
    let told = std::fs::File::create(project.path().join("told")).unwrap();
    let worker = project.command(&["worker"]).stdout(Stdio::null()).stderr(told).spawn().unwrap();
    let worker = Background(worker);
    eventually("the worker says what is wrong", || {
        std::fs::read_to_string(project.path().join("told")).unwrap().contains("[P0650]")
    });
    assert!(is_all(&project, "interrupted"));
    std::fs::write(&path, manifest).unwrap();
    eventually("the run is completed", || is_all(&project, "completed"));
    assert_eq!(worker.terminate(), Some(130));
}

/// The journal knows the manifest by its whole path.
#[test]
fn runs_go_on_in_a_folder_that_was_moved() {
    let (before, project) = (crashed(), Project::new(""));
    let name = runs(&before)[0]["run"].as_str().unwrap().to_owned();
    let here = project.path();
    let copied = Command::new("cp").arg("-r").arg(before.path().join(".")).arg(here).status();
    assert!(copied.unwrap().success());
    let old = before.path().join("prism.toml").display().to_string();
    drop(before);
    let ran = project.prism(&["resume", &name, "--json"]);
    assert_eq!((ran.status, &ran.json()["value"]), (0, &1.into()), "{}", ran.stderr);
    // What only reads the record does not ask for a manifest.
    std::fs::remove_file(here.join("prism.toml")).unwrap();
    assert_eq!(project.prism(&["replay", &name]).status, 0);
    let ran = project.prism(&["replay", &name, "--mode", "shadow"]);
    assert!(ran.status == 1 && ran.stderr.contains(&old), "{}", ran.stderr);
}

#[test]
fn a_run_that_another_process_drives_has_not_failed() {
    let project = crashed();
    std::fs::remove_file(project.path().join("go")).unwrap();
    let name = runs(&project)[0]["run"].as_str().unwrap().to_owned();
    let _worker = Background::start(&project, &["worker"]);
    eventually("the agent is called again", || calls(project.path()) == 2);
    let ran = project.prism(&["resume", &name, "--json"]);
    assert_eq!((ran.status, &ran.json()["status"]), (2, &"rejected".into()), "{}", ran.stderr);
    assert_eq!(ran.json()["error"]["code"], "P2009");
    project.write("go", "");
    eventually("the run is completed", || is_all(&project, "completed"));
}

/// Whether a process has memory with code that is no part of a file.
fn has_made_code(worker: &Background) -> bool {
    let maps = std::fs::read_to_string(format!("/proc/{}/maps", worker.0.id())).unwrap();
    maps.lines().any(|line| {
        let parts: Vec<&str> = line.split_whitespace().collect();
        parts[1].contains('x') && parts.len() == 5
    })
}

/// Whether a worker, with these arguments, has machine code when it calls an agent after a loop.
fn makes_code_for_a_loop(args: &[&str]) -> bool {
    let project = Project::new(
        "let sum = 0\nfor let i = 0; i < 300000; i += 1 { sum += i % 7 }\n\
         agents[0].call(\"go\")\nsum\n",
    );
    let body =
        format!("echo call >> calls\nwhile [ ! -e go ]; do sleep 0.01; done\n{}", answer("1", 0.5));
    project.agent("one", "", &body);
    let run = Background::start(&project, &["run", "main.prism", "--set", "agents=[\"one\"]"]);
    eventually("the agent is called", || calls(project.path()) == 1);
    run.kill();
    let worker = Background::start(&project, &[&["worker"], args].concat());
    eventually("the agent is called again", || calls(project.path()) == 2);
    let has_made_code = has_made_code(&worker);
    project.write("go", "");
    eventually("the run is completed", || is_all(&project, "completed"));
    let run = runs(&project)[0]["run"].as_str().unwrap().to_owned();
    let status = project.prism(&["status", &run, "--json"]).json();
    assert_eq!(status["result"]["value"], 899997, "{status}");
    has_made_code
}

#[test]
fn a_worker_makes_machine_code_of_what_is_hot() {
    assert!(makes_code_for_a_loop(&[]));
}

#[test]
fn a_worker_interprets_everything_when_told_so() {
    assert!(!makes_code_for_a_loop(&["--no-native"]));
}

#[test]
fn resuming_all_ends_when_nothing_is_due() {
    let project = crashed();
    project.prism(&["run", "main.prism", "--set", "agents=[\"one\"]"]);
    project.write("asks.prism", "human.approve({ reason: \"ok?\" }).approved\n");
    project.prism(&["run", "asks.prism"]);
    let ran = project.prism(&["resume", "--all", "--json"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let statuses: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["status"].clone())
        .collect();
    assert_eq!(statuses.len(), 2, "a run that has ended is not driven: {}", ran.stdout);
    assert!(statuses.contains(&"completed".into()) && statuses.contains(&"waiting".into()));
    // It was put down until somebody decides, so there is nothing to do.
    let ran = project.prism(&["resume", "--all", "--json"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, ""));
}

#[test]
fn resuming_all_and_one_at_once_is_refused() {
    let project = Project::new("1\n");
    assert_eq!(project.prism(&["resume", "r_abc", "--all"]).status, 2);
    assert_eq!(project.prism(&["resume"]).status, 2);
}

#[test]
fn a_worker_takes_up_decisions_and_timers() {
    let project = Project::new(
        "let ok = human.approve({ reason: \"ok?\" })\ntime.sleep(1500)\n[ok.by, ok.approved]\n",
    );
    let (status, object) = project.run_json(&[]);
    assert_eq!(status, 3);
    let run = object["run"].as_str().unwrap();
    let worker = Background::start(&project, &["worker"]);
    let kinds = || {
        let text = project.prism(&["audit", "export", run]).stdout;
        let kind = |line: &str| serde_json::from_str::<Value>(line).unwrap()["kind"].clone();
        text.lines().map(|line| kind(line).as_str().unwrap().to_owned()).collect::<Vec<String>>()
    };
    eventually("the run is put down", || kinds().last().is_some_and(|kind| kind == "event"));
    let ran = project.prism(&["approve", run, "--by", "me", "--no-resume"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    eventually("the run is completed", || is_all(&project, "completed"));
    worker.terminate();
    let kinds = kinds();
    let count = |wanted: &str| kinds.iter().filter(|kind| *kind == wanted).count();
    // Started, asked; taken up, put down; decided, asleep, put down; woken, done.
    assert_eq!((count("timer"), count("run_resumed"), count("decision")), (1, 3, 1), "{kinds:?}");
    let status = project.prism(&["status", run, "--json"]).json();
    assert_eq!(status["result"]["value"], serde_json::json!(["me", true]));
}

/// Three workers and twenty decisions: each run is driven by one of them and ends once.
#[test]
fn workers_share_what_is_due() {
    let project = Project::new("human.approve({ reason: \"ok?\" }).approved\n");
    for _ in 0..20 {
        project.prism(&["run", "main.prism"]);
    }
    let asked = project.prism(&["approvals", "--json"]).json();
    let asked = asked["approvals"].as_array().unwrap();
    assert_eq!(asked.len(), 20);
    let workers: Vec<Background> =
        (0..3).map(|_| Background::start(&project, &["worker"])).collect();
    for one in asked {
        project.prism(&["approve", one["run"].as_str().unwrap(), "--no-resume"]);
    }
    eventually("all runs are completed", || is_all(&project, "completed"));
    for worker in workers {
        assert_eq!(worker.terminate(), Some(130));
    }
    for run in runs(&project) {
        let name = run["run"].as_str().unwrap();
        assert_eq!(project.prism(&["audit", "verify", name]).status, 0);
        let events = project.prism(&["events", name]).stdout;
        assert_eq!(events.matches("\"decided\"").count(), 1);
    }
}

#[test]
fn a_decision_is_bound_to_the_proposal_that_was_seen() {
    let project = Project::new(
        "let a = human.approve({ reason: \"a?\", proposal: \"plan a\" })\n\
         let b = human.approve({ reason: \"b?\", proposal: \"plan b\" })\n[a.approved, b.approved]\n",
    );
    let (_, object) = project.run_json(&[]);
    let run = object["run"].as_str().unwrap();
    let hash = || {
        let listed = project.prism(&["approvals", run, "--json"]).json();
        listed["approvals"][0]["hash"].as_str().unwrap().to_owned()
    };
    let seen = hash();
    assert_eq!(project.prism(&["approve", run, "--proposal", &seen[..16]]).status, 3);
    assert_ne!(hash(), seen);
    // The second proposal is not what this person has seen.
    let ran = project.prism(&["approve", run, "--proposal", &seen]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("[P2014]"), "{}", ran.stderr);
    let ran = project.prism(&["approve", run, "--reject", "--proposal", &hash(), "--json"]);
    assert_eq!(ran.json()["value"], serde_json::json!([true, false]));
    assert_eq!(project.prism(&["approvals"]).stdout, "nobody is asked\n");
}

#[test]
fn a_run_is_cancelled_wherever_it_is() {
    let project = crashed();
    let name = runs(&project)[0]["run"].as_str().unwrap().to_owned();
    let ran = project.prism(&["cancel", &name, "--reason", "not needed", "--json"]);
    assert_eq!(ran.json(), serde_json::json!({ "run": name, "ended": true }));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(is_all(&project, "cancelled"));
    let ran = project.prism(&["cancel", &name]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("[P2013]"), "{}", ran.stderr);

    // One that a process drives is ended by that process, with its agent.
    std::fs::remove_file(project.path().join("go")).unwrap();
    let run = Background::start(&project, &["run", "main.prism", "--set", "agents=[\"one\"]"]);
    eventually("the agent is called", || calls(project.path()) == 2);
    let name = runs(&project)[0]["run"].as_str().unwrap().to_owned();
    let ran = project.prism(&["cancel", &name, "--reason", "not needed", "--json"]);
    assert_eq!((ran.status, ran.json()), (0, serde_json::json!({ "run": name, "ended": false })));
    eventually("the run is cancelled", || is_all(&project, "cancelled"));
    eventually("the agent is gone", || {
        processes_in(project.path()).iter().all(|pid| *pid == i32::try_from(run.0.id()).unwrap())
    });
    let events = project.prism(&["events", &name]).stdout;
    assert!(events.lines().last().unwrap().contains("not needed"), "{events}");
}

/// The journal decides about repetitions: a crash neither gives new ones nor shortens a pause.
#[test]
fn a_restart_does_not_reset_retries() {
    // A machine that is too busy lets the pause pass before the kill; then a longer one is tried.
    let pauses = [400, 1_600, 6_400];
    assert!(pauses.into_iter().any(killed_in_a_pause), "no kill fell into a pause");
}

/// Kills a run in the pause after its first failure, and checks how it goes on. `false`: the kill
/// came too late.
fn killed_in_a_pause(pause_ms: i64) -> bool {
    let project = Project::new("try { agents[0].call(\"go\") } catch (e) { \"gave up\" }\n");
    let retry = format!(
        "retry = {{ max = 2, base = \"{pause_ms}ms\", backoff = \"fixed\", jitter = false }}"
    );
    project.agent("one", &retry, "echo call >> calls\nexit 1");
    let run = Background::start(&project, &["run", "main.prism", "--set", "agents=[\"one\"]"]);
    let entries = || {
        let name = runs(&project)[0]["run"].as_str().unwrap().to_owned();
        let text = project.prism(&["audit", "export", &name]).stdout;
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    eventually("the first attempt has failed", || {
        calls(project.path()) >= 1
            && entries().iter().any(|entry| entry["kind"] == "attempt_failed")
    });
    run.kill();
    let at_kill = entries();
    if at_kill.last().unwrap()["kind"] != "attempt_failed" || calls(project.path()) != 1 {
        return false;
    }
    let ran = project.prism(&["resume", "--all", "--json"]);
    assert_eq!(ran.json()["value"], "gave up", "{}", ran.stderr);
    assert_eq!(calls(project.path()), 3);
    let entries = entries();
    let of = |kind: &str| entries.iter().filter(|entry| entry["kind"] == kind).collect::<Vec<_>>();
    let (started, failed) = (of("attempt_started"), of("attempt_failed"));
    let numbers: Vec<&Value> = started.iter().map(|entry| &entry["payload"]["number"]).collect();
    assert_eq!(numbers, [1, 2, 3]);
    for (failed, next) in failed.iter().zip(&started[1..]) {
        let pause = next["micros"].as_i64().unwrap() - failed["micros"].as_i64().unwrap();
        assert!(pause >= pause_ms * 1_000, "only {pause} µs after a failure");
    }
    assert_eq!(failed[2]["payload"]["retry_in_ms"], Value::Null);
    true
}
