//! On a terminal the person is asked directly. Python lends the terminal.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use std::process::Command;

use common::Project;

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

fn on_terminal(project: &Project, answers: &str) -> (i32, String) {
    let output = Command::new("python3")
        .args(["-c", TERMINAL, answers, env!("CARGO_BIN_EXE_prism"), "run", "main.prism"])
        .current_dir(project.path())
        .env("TERM", "xterm")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
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
