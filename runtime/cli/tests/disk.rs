//! A disk that is full: coded, with advice, and the run goes on when there is room again.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use std::process::{Command, Stdio};

use common::{Project, answer, eventually, processes_in};
use serde_json::{Value, json};

const PROGRAM: &str = "\
let first = agents[0].call(\"first\")
let second = agents[1].call(\"second\")
[value(first), value(second)]
";

/// The second agent leaves no room on the disk before it answers.
fn project() -> Project {
    let project = Project::new(PROGRAM);
    std::fs::create_dir(project.path().join("disk")).unwrap();
    project.agent("first", "", &format!("echo x >> first.log; {}", answer("1", 0.9)));
    let fill = "if mkdir filled; then cat /dev/zero > disk/filler; fi 2>/dev/null";
    project.agent("second", "", &format!("{fill}; {}", answer("2", 0.9)));
    project
}

/// Runs a script in which `$prism` is the program and `disk` has 600 kB of its own; `false` when
/// this system lets nobody mount.
fn on_small_disk(project: &Project, script: &str) -> bool {
    let mount = "mount -t tmpfs -o size=600k tmpfs disk || exit 77\n";
    let shell = |command: &mut Command| {
        command
            .args(["-c", &format!("{mount}{script}")])
            .env("prism", env!("CARGO_BIN_EXE_prism"))
            .env("NO_COLOR", "1")
            .current_dir(project.path())
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .status()
    };
    let mut apart = Command::new("unshare");
    let status = shell(apart.args(["--user", "--map-root-user", "--mount", "sh"]));
    status.is_ok_and(|status| status.success())
}

fn text(project: &Project, name: &str) -> String {
    std::fs::read_to_string(project.path().join(name)).unwrap()
}

fn json_of(project: &Project, name: &str) -> Value {
    serde_json::from_str(&text(project, name)).unwrap()
}

#[test]
fn a_disk_that_fills_up_loses_no_answer() {
    let project = project();
    let script = r#"
        $prism run main.prism --store disk --set 'agents=["first","second"]' --json \
            > run.json 2> run.err
        echo $? > run.status
        $prism runs --store disk > full.out 2> full.err
        echo $? > full.status
        rm disk/filler
        $prism runs --store disk --json > runs.json
        run=$(sed 's/.*"run":"\([^"]*\)".*/\1/' runs.json)
        $prism resume "$run" --store disk --json > resumed.json
        echo $? > resumed.status
    "#;
    if !on_small_disk(&project, script) {
        println!("nothing is tested: this system lets nobody mount a small disk");
        return;
    }
    assert_eq!(text(&project, "run.status"), "1\n");
    let object = json_of(&project, "run.json");
    assert_eq!(object["error"]["code"], "P2004", "{object}");
    let advice = text(&project, "run.err");
    assert!(advice.contains("[P2004]") && advice.contains("prism resume"), "{advice}");
    // Even reading wants a little room; who asks on a full disk is told so.
    if text(&project, "full.status") != "0\n" {
        assert!(text(&project, "full.err").contains("[P20"), "{}", text(&project, "full.err"));
    }
    assert_eq!(json_of(&project, "runs.json")["runs"][0]["status"], "interrupted");
    assert_eq!(text(&project, "resumed.status"), "0\n");
    assert_eq!(json_of(&project, "resumed.json")["value"], json!([1, 2]));
    assert_eq!(text(&project, "first.log"), "x\n", "a recorded answer is not asked for again");
    eventually("every process of the agents is gone", || processes_in(project.path()).is_empty());
}

#[test]
fn a_store_that_does_not_fit_is_not_half_made() {
    let project = project();
    let script = r#"
        cat /dev/zero > disk/filler 2>/dev/null
        echo 1 > one.prism
        $prism run one.prism --store disk > run.out 2> run.err
        echo $? > run.status
        ls disk > left
        rm disk/filler
        $prism run one.prism --store disk > again.out
    "#;
    if !on_small_disk(&project, script) {
        println!("nothing is tested: this system lets nobody mount a small disk");
        return;
    }
    assert_eq!(text(&project, "run.status"), "1\n");
    assert!(text(&project, "run.err").contains("[P2004]"), "{}", text(&project, "run.err"));
    assert!(text(&project, "run.err").contains("Help"), "{}", text(&project, "run.err"));
    assert_eq!(text(&project, "left"), "filler\n");
    assert_eq!(text(&project, "again.out"), "1\n");
}

/// A limit on the size of files is met in the middle of a write, like a full disk.
#[test]
fn a_limit_on_the_size_of_files_is_coded_too() {
    let project = Project::new("1\n");
    let limited = "trap '' XFSZ; ulimit -f 60; exec \"$prism\" run main.prism";
    let output = Command::new("sh")
        .args(["-c", limited])
        .env("prism", env!("CARGO_BIN_EXE_prism"))
        .current_dir(project.path())
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("[P20") && stderr.contains("Help"), "{stderr}");
    let ran = project.prism(&["run", "main.prism"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "1\n"), "{}", ran.stderr);
}

#[test]
fn a_worker_goes_on_when_there_is_room_again() {
    let project = project();
    project.write("main.prism", format!("human.approve(\"go?\")\n{PROGRAM}"));
    let script = r#"
        soon() { n=0; until eval "$1"; do n=$((n + 1)); test $n -lt 600 || exit 1; sleep 0.1; done; }
        $prism run main.prism --store disk --set 'agents=["first","second"]' --json > run.json
        run=$(sed 's/.*"run":"\([^"]*\)".*/\1/' run.json)
        $prism worker --store disk > worker.out 2> worker.err &
        worker=$!
        $prism approve "$run" --store disk --no-resume
        soon 'grep -q "opened again" worker.err'
        rm disk/filler
        soon 'grep -q completed worker.out'
        kill $worker
        wait $worker
        echo $? > worker.status
        $prism resume "$run" --store disk --json > resumed.json
    "#;
    if !on_small_disk(&project, script) {
        println!("nothing is tested: this system lets nobody mount a small disk");
        return;
    }
    let told = text(&project, "worker.err");
    assert!(told.contains("[P2004]"), "{told}");
    assert_eq!(text(&project, "worker.status"), "130\n", "{told}");
    assert_eq!(json_of(&project, "resumed.json")["value"], json!([1, 2]));
    assert_eq!(text(&project, "first.log"), "x\n", "what was answered is not asked again");
}
