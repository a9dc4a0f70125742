//! Checkpoints: a run goes on from its last one, and goes on all the same when that is damaged.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use std::process::Stdio;

use common::{Project, Ran, eventually};
use prism_journal::{Entry, Kind, Payload, RunId, Sqlite, Status, Store};
use rusqlite::Connection;

/// A person is asked and a timer runs while steps are made, and after them.
const PROGRAM: &str = "\
/**
 * @name steps
 * @input {\"key\": \"secret?\"}
 */
let steps = () => {
    let sum = 0
    for let i = 0; i < 300; i += 1 {
        sum += random()
        if i % 100 == 50 { print(\"${i} steps\") }
    }
    return sum
}
let [sum, ok, woken] = parallel([
    steps,
    () => human.approve({ reason: \"go on?\" }),
    () => { time.sleep(3000); return \"woken\" },
])
print(\"together\")
[sum, ok.by, woken, random() < 1]
";

const LINES: [&str; 4] = ["50 steps", "150 steps", "250 steps", "together"];

struct Killed {
    project: Project,
    run: RunId,
}

impl Killed {
    /// A run that was killed when it had made its steps.
    fn new(args: &[&str]) -> Killed {
        let project = Project::new(PROGRAM);
        let mut command = project.command(&[&["run", "main.prism"], args].concat());
        let mut running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut found = None;
        eventually("the steps are made", || {
            let path = project.path().join(".prism/runs.db");
            let store = path.exists().then(|| Sqlite::open(path).unwrap());
            let run = store.as_ref().and_then(|store| store.runs().unwrap().pop());
            found = run.filter(|run| run.last_seq >= 305).map(|run| run.run);
            found.is_some()
        });
        running.kill().unwrap();
        running.wait().unwrap();
        Killed { project, run: found.unwrap() }
    }

    fn store(&self) -> Sqlite {
        Sqlite::open(self.project.path().join(".prism/runs.db")).unwrap()
    }

    fn sql(&self, statement: &str) {
        let path = self.project.path().join(".prism/runs.db");
        let n_changed = Connection::open(path).unwrap().execute(statement, []).unwrap();
        assert!(n_changed > 0, "{statement}");
    }

    fn approve(&self) {
        let args = ["approve", &self.run.to_string(), "--by", "me", "--no-resume"];
        let ran = self.project.prism(&args);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
    }

    /// Every step once, one question, one timer, each line, and the sum of what the journal has.
    fn is_complete(&self) {
        let store = self.store();
        assert_eq!(store.run(self.run).unwrap().unwrap().status, Status::Completed);
        assert_eq!(store.checkpoint(self.run).unwrap(), None);
        let entries = store.read(self.run, 0).unwrap();
        let of = |kind| entries.iter().filter(move |entry| entry.kind == kind);
        assert_eq!((of(Kind::Waiting).count(), of(Kind::Timer).count()), (1, 1));
        let steps = of(Kind::Answer).filter(|entry| &*entry.name == "random");
        let steps: Vec<f64> = steps.map(|step| json(step)["value"].as_f64().unwrap()).collect();
        assert_eq!(steps.len(), 301);
        let sum = steps[..300].iter().fold(0.0, |sum, step| sum + step);
        let end = json(entries.last().unwrap());
        assert_eq!(end["value"], serde_json::json!([sum, "me", "woken", true]));
        assert_eq!(end["output"], serde_json::json!(LINES));
        let printed = of(Kind::Event).filter(|entry| json(entry)["type"] == "printed");
        let printed =
            printed.flat_map(|entry| json(entry)["data"]["lines"].as_array().unwrap().clone());
        assert_eq!(printed.collect::<Vec<_>>(), LINES);
        let replayed = self.project.prism(&["replay", &self.run.to_string()]);
        assert_eq!(replayed.status, 0, "{}", replayed.stderr);
    }
}

fn json(entry: &Entry) -> serde_json::Value {
    let Payload::Inline(bytes) = &entry.payload else { panic!("a long payload") };
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn a_run_goes_on_from_its_checkpoint() {
    let killed = Killed::new(&[]);
    let checkpoint = killed.store().checkpoint(killed.run).unwrap().unwrap();
    assert!(checkpoint.seq > 128, "{}", checkpoint.seq);
    killed.approve();
    // What is not read cannot matter.
    let early = "WHERE seq BETWEEN 20 AND 100";
    killed.sql(&format!("UPDATE entries SET time = time + 1 {early}"));
    assert_eq!(killed.store().read(killed.run, 0).unwrap_err().code(), "P2005");
    let ran = killed.project.prism(&["resume", &killed.run.to_string()]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let printed: Vec<&str> = ran.stdout.lines().take(4).collect();
    assert_eq!(printed, LINES);
    killed.sql(&format!("UPDATE entries SET time = time - 1 {early}"));
    killed.is_complete();
}

#[test]
fn a_run_goes_on_without_a_checkpoint_that_is_damaged() {
    let killed = Killed::new(&[]);
    killed.approve();
    let damaged = "substr(bytes, 1, 99) || x'00' || substr(bytes, 101)";
    killed.sql(&format!("UPDATE checkpoints SET bytes = CAST({damaged} AS BLOB)"));
    let ran = killed.project.prism(&["resume", &killed.run.to_string()]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    killed.is_complete();
}

/// A machine holds its secrets in clear.
#[test]
fn a_run_with_secrets_has_no_checkpoint() {
    let killed = Killed::new(&["--input", r#"{"key":"k-s3cr3t-77"}"#]);
    assert_eq!(killed.store().checkpoint(killed.run).unwrap(), None);
    killed.approve();
    let mut resume = killed.project.command(&["resume", &killed.run.to_string()]);
    let ran = Ran::of(resume.env("PRISM_SECRET_KEY", "k-s3cr3t-77"));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    killed.is_complete();
}

/// Events that a reader does not want are not looked for in the journal of a run that can go on:
/// here one of their entries is damaged, which nobody notices.
#[test]
fn later_events_are_read_from_the_checkpoint_on() {
    let project = Project::new(
        "for (let i = 0; i < 400; i++) { log(`${i}`) }\nhuman.approve(\"go?\")\nlog(\"end\")\n",
    );
    let (status, object) = project.run_json(&[]);
    let run = object["run"].as_str().unwrap();
    assert_eq!(status, 3, "{object}");
    let events = |args: &[&str]| project.prism(&[&["events", run], args].concat());
    let all = events(&[]).stdout;
    let of_store = Sqlite::open(project.path().join(".prism/runs.db")).unwrap();
    let checkpoint = of_store.checkpoint(run.parse().unwrap()).unwrap();
    assert!(checkpoint.is_some_and(|checkpoint| checkpoint.seq > 200));
    drop(of_store);
    let path = project.path().join(".prism/runs.db");
    let damage = "UPDATE entries SET time = time + 1 WHERE seq = 5";
    assert_eq!(Connection::open(path).unwrap().execute(damage, []).unwrap(), 1);
    let early = events(&["--from", "2", "--limit", "1"]);
    assert!(early.status == 1 && early.stderr.contains("P2005"), "{}", early.stderr);
    let late = events(&["--from", "400"]);
    let expected: Vec<&str> = all.lines().skip(399).collect();
    assert_eq!((late.status, late.stdout.lines().collect::<Vec<_>>()), (0, expected));
    let page = events(&["--from", "400", "--limit", "1"]).stdout;
    assert!(page.starts_with(all.lines().nth(399).unwrap()) && page.contains("\"next\":401"));
}
