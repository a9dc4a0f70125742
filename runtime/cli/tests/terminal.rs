//! On a terminal the person is asked directly. Python lends the terminal.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use std::process::{Command, Stdio};

use common::{Project, eventually};

/// Runs a command on a terminal of its own; types each answer when its prompt appears.
const TERMINAL: &str = "
import os, pty, sys
answers = [pair.split('=') for pair in sys.argv[1].split(';')]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
seen = b''
while True:
    try:
        chunk = os.read(terminal, 4096)
    except OSError:
        break
    if not chunk:
        break
    seen += chunk
    if answers and answers[0][0].encode() in seen:
        os.write(terminal, answers.pop(0)[1].encode() + b'\\n')
sys.stdout.write(seen.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";

fn command(project: &Project, answers: &str) -> Command {
    let mut command = Command::new("python3");
    command
        .args(["-c", TERMINAL, answers, env!("CARGO_BIN_EXE_prism"), "run", "main.prism"])
        .current_dir(project.path())
        .env("TERM", "xterm")
        .env("NO_COLOR", "1");
    command
}

fn on_terminal(project: &Project, answers: &str) -> (i32, String) {
    let output = command(project, answers).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).replace('\r', "");
    (output.status.code().unwrap_or(-1), text)
}

#[test]
fn a_person_is_asked_and_answers() {
    let project =
        Project::new("let d = human.approve({ reason: \"ship?\" })\n[d.approved, d.reason]\n");
    let (status, text) = on_terminal(&project, "[y/n]=n;empty=later");
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("? ship?"), "{text}");
    assert!(text.ends_with("[false, \"later\"]\n"), "{text}");
}

#[test]
fn a_choice_is_offered_by_number() {
    let project = Project::new(
        "human.approve({ reason: \"when?\", choices: [\"now\", \"later\"] }).choice\n",
    );
    let (status, text) = on_terminal(&project, "which one?=2;empty=");
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("choices: now, later"), "{text}");
    assert!(text.ends_with("\nlater\n"), "{text}");
}

#[test]
fn questions_of_fibers_are_asked_one_after_the_other() {
    let project = Project::new(
        "parallel([\n\
         () => human.ask({ reason: \"colour?\", choices: [\"red\", \"green\"] }).choice,\n\
         () => human.approve({ reason: \"ship?\" }).approved\n])\n",
    );
    let (status, text) = on_terminal(&project, "which one?=2;empty=;[y/n]=n;empty=");
    assert_eq!(status, 0, "{text}");
    let place = |words: &str| text.find(words).unwrap();
    assert!(place("reason (may be empty)") < place("? ship?"), "{text}");
    assert!(text.ends_with("[\"green\", false]\n"), "{text}");
}

#[test]
fn a_decision_from_elsewhere_counts_too() {
    let project =
        Project::new("let d = human.approve({ reason: \"ship?\" })\n[d.approved, d.by]\n");
    let child = command(&project, "never=").stdout(Stdio::piped()).spawn().unwrap();
    let mut run = String::new();
    eventually("the run waits", || {
        let runs = project.prism(&["runs", "--json"]).json();
        let first = &runs["runs"][0];
        run = first["run"].as_str().unwrap_or_default().to_owned();
        first["status"] == "waiting"
    });
    let ran = project.prism(&["approve", &run, "--by", "ada"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("recorded"), "{}", ran.stderr);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).replace('\r', "");
    assert!(output.status.success() && text.ends_with("[true, \"ada\"]\n"), "{text}");
}

#[test]
fn agents_at_work_are_shown_and_leave_no_trace() {
    let project = Project::new(
        "/**\n * @agents {\"capabilities\": [\"work\"]}\n */\nprint(\"one\")\n\
         value(parallel(agents, \"go\")[0])\n",
    );
    let script = format!("sleep 0.4; {}", common::answer("\"done\"", 0.9));
    project.agent("worker", "capabilities = [\"work\"]", &script);
    let (status, text) = on_terminal(&project, "never=");
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("worker at work"), "{text:?}");
    assert!(text.ends_with("done\n"), "{text:?}");
}
