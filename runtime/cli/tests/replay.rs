//! `prism replay`, `prism diff` and `prism audit`: a recorded run is only read.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use std::process::Command;

use common::{Project, Ran};
use serde_json::Value;

const PROGRAM: &str = "\
let first = agents[0].call(\"first\")
let second = agents[0].call(\"second\", first)
let third = agents[0].call(\"third ${input}\", second)
[first, second, third]
";

/// The same through calls of the library, one after the other.
const VOTES: &str = "\
let first = agents[0].call(\"first\")
let votes = parallel(1)([() => agents[0].call(\"left\"), () => agents[0].call(\"right\")])
let last = agents[0].call(\"last\", first)
[first, ...votes, last]
";

/// Answers with the content of `answer` after noting its task.
const AGENT: &str = "\
task=${line#*\\\"task\\\":\\\"}; task=${task%%\\\"*}
echo \"$task\" >> calls
printf '{\"id\":\"%s\",\"value\":\"%s %s\",\"confidence\":0.5}\\n' \"$id\" \"$(cat answer)\" \"$task\"";

/// A project and the name of its one run.
fn recorded() -> (Project, String) {
    recorded_of(PROGRAM)
}

fn recorded_of(program: &str) -> (Project, String) {
    let project = Project::new(program);
    project.agent("one", "", AGENT);
    project.write("answer", "old");
    let (status, object) = project.run_json(&["--set", "agents=[\"one\"]", "--input", "1"]);
    assert_eq!(status, 0, "{object}");
    let run = object["run"].as_str().unwrap().to_owned();
    std::fs::remove_file(project.path().join("calls")).unwrap();
    (project, run)
}

fn calls(project: &Project) -> Vec<String> {
    let text = std::fs::read_to_string(project.path().join("calls")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn head(project: &Project, run: &str) -> String {
    let ran = project.prism(&["audit", "verify", run, "--json"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    ran.json()["head"].as_str().unwrap().to_owned()
}

fn n_runs(project: &Project) -> usize {
    project.prism(&["runs", "--json"]).json()["runs"].as_array().unwrap().len()
}

#[test]
fn a_run_replays_identically_and_asks_nobody() {
    let (project, run) = recorded();
    let ran = project.prism(&["replay", &run]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    assert_eq!(ran.stdout, "identical: 3 recorded answers, then completed\n");
    assert_eq!((calls(&project).len(), n_runs(&project)), (0, 1));
}

#[test]
fn a_run_that_waits_replays_as_far_as_it_is() {
    let project = Project::new("let a = random()\nhuman.approve({ reason: \"ok?\" })\n");
    let (status, object) = project.run_json(&[]);
    assert_eq!(status, 3);
    let ran = project.prism(&["replay", object["run"].as_str().unwrap()]);
    assert_eq!(ran.stdout, "identical: 1 recorded answer, then it can go on\n");
}

#[test]
fn a_failure_replays_identically() {
    let project = Project::new("let a = llm(\"x\")\nthrow \"never ${a}\"\n");
    project.write("answers.json", r#"{"llm": "yes"}"#);
    let (status, object) = project.run_json(&["--answers", "answers.json"]);
    assert_eq!(status, 1);
    let ran = project.prism(&["replay", object["run"].as_str().unwrap()]);
    assert_eq!(ran.stdout, "identical: 1 recorded answer, then failed\n");
}

#[test]
fn another_program_shows_where_it_leaves_the_record() {
    let (project, run) = recorded();
    project.write("new.prism", PROGRAM.replace("\"second\"", "\"2nd\""));
    let ran = project.prism(&["replay", &run, "--program", "new.prism", "--json"]);
    assert_eq!(ran.status, 1);
    let found = &ran.json()["divergence"];
    assert_eq!(ran.json()["answers"], 1);
    assert_eq!((&found["file"], &found["line"]), (&"new.prism".into(), &2.into()), "{found}");
    assert!(found["recorded"].as_str().unwrap().contains("second"), "{found}");
    assert!(!found.to_string().contains('`'), "{found}");
    assert!(found["requested"].as_str().unwrap().contains("2nd"), "{found}");
    let ran = project.prism(&["replay", &run, "--program", "new.prism"]);
    assert!(ran.stderr.contains("let second = agents[0].call(\"2nd\""), "{}", ran.stderr);
    assert_eq!(calls(&project), Vec::<String>::new());
}

#[test]
fn a_program_that_ends_otherwise_is_different_at_its_end() {
    let (project, run) = recorded();
    project.write("new.prism", PROGRAM.replace("[first, second, third]", "[first]"));
    let ran = project.prism(&["replay", &run, "--program", "new.prism", "--json"]);
    assert_eq!((ran.status, &ran.json()["answers"]), (1, &3.into()));
    assert_eq!(ran.json()["divergence"]["effectId"], "");
}

#[test]
fn a_fork_asks_from_its_site_on_and_leaves_its_parent_alone() {
    let (project, run) = recorded();
    let before = head(&project, &run);
    project.write("answer", "new");
    let ran = project.prism(&["replay", &run, "--from", "main.prism:3", "--json"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let fork = ran.json();
    assert_eq!(calls(&project), ["third 1"]);
    let value = |place: usize| fork["value"][place]["~"][0].as_str().unwrap();
    assert_eq!([value(0), value(1), value(2)], ["old first", "old second", "new third 1"]);
    let name = fork["run"].as_str().unwrap();
    assert!(name != run && n_runs(&project) == 2);
    assert_eq!(head(&project, &run), before);

    let events = project.prism(&["events", name]);
    let first: Value = serde_json::from_str(events.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(first["data"]["parent"], run);
    // The fork's journal is whole by itself: it replays, and can be forked again.
    let ran = project.prism(&["replay", name]);
    assert_eq!(ran.stdout, "identical: 3 recorded answers, then completed\n");
    assert_eq!(project.prism(&["replay", name, "--from", ":3"]).status, 0);

    let diff = project.prism(&["diff", &run, name, "--json"]);
    assert_eq!(diff.status, 1);
    let diff = diff.json();
    assert_eq!((&diff["same"], diff["differences"].as_array().unwrap().len()), (&2.into(), 2));
    assert_eq!(diff["differences"][0]["what"], "main.third/agent.call#0");
    assert_eq!(diff["differences"][1]["what"], "result");
    assert_eq!(project.prism(&["diff", &run, &run]).status, 0);
}

#[test]
fn what_people_were_asked_is_told_in_a_difference() {
    let project = Project::new("human.approve({ reason: \"ship?\", proposal: { days: 3 } }).by\n");
    let (status, object) = project.run_json(&[]);
    assert_eq!(status, 3, "{object}");
    let run = object["run"].as_str().unwrap().to_owned();
    assert_eq!(project.prism(&["approve", &run, "--by", "ada"]).status, 0);
    let fork = project.prism(&["replay", &run, "--from", ":1", "--json"]).json();
    let fork = fork["run"].as_str().unwrap();
    assert_eq!(project.prism(&["approve", fork, "--by", "bob"]).status, 0);
    let diff = project.prism(&["diff", &run, fork, "--json"]).json();
    let asked = "from human.approve({\"reason\":\"ship?\",\"proposal\":{\"days\":3}})";
    assert!(diff["differences"][0]["left"].as_str().unwrap().ends_with(asked), "{diff}");
    assert!(diff["differences"][0]["right"].as_str().unwrap().contains("bob"), "{diff}");
}

#[test]
fn a_place_where_nothing_was_asked_is_refused_with_those_where_something_was() {
    let (project, run) = recorded();
    let ran = project.prism(&["replay", &run, "--from", "main.prism:4"]);
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("[P2019]") && ran.stderr.contains("`FILE:LINE`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("main.third"), "{}", ran.stderr);
}

/// `VOTES` with calls before, between and behind its own.
fn with_more_calls() -> String {
    let more = |name: &str| format!("let {name} = parallel([() => agents[0].call(\"{name}\")])\n");
    let [first, votes, last, result] = VOTES.lines().collect::<Vec<_>>()[..] else { panic!() };
    let asked = "let asked = agents[0].call(\"asked\")\n";
    format!(
        "{}{first}\n{asked}{votes}\n{}{last}\n{}{result}\n",
        more("before"),
        more("between"),
        more("after")
    )
}

#[test]
fn calls_that_are_added_leave_the_recorded_ones_their_answers() {
    let (project, run) = recorded_of(VOTES);
    project.write("answer", "new");
    project.write("new.prism", with_more_calls());
    let args = ["replay", &run, "--program", "new.prism", "--mode", "freeze", "--json"];
    let ran = project.prism(&args);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(calls(&project), ["before", "asked", "between", "after"]);
    let fork = ran.json();
    let values: Vec<&str> = (0..4).map(|at| fork["value"][at]["~"][0].as_str().unwrap()).collect();
    assert_eq!(values, ["old first", "old left", "old right", "old last"]);
    // Its journal is whole by itself.
    let ran = project.prism(&["replay", fork["run"].as_str().unwrap()]);
    assert_eq!(ran.stdout, "identical: 8 recorded answers, then completed\n");
}

#[test]
fn a_program_replays_when_what_is_new_asks_nobody() {
    let (project, run) = recorded_of(VOTES);
    let [first, rest @ ..] = &VOTES.lines().collect::<Vec<_>>()[..] else { panic!() };
    let pure = "parallel([() => 1, () => 2]).map(x => x + 1)\n";
    let new = format!("let all = {pure}{first}\nlet more = {pure}{}\n", rest.join("\n"));
    project.write("new.prism", new);
    let ran = project.prism(&["replay", &run, "--program", "new.prism"]);
    assert_eq!(ran.stdout, "identical: 4 recorded answers, then completed\n", "{}", ran.stderr);
    // What is new at the end is the only difference.
    let after = "let after = parallel([() => agents[0].call(\"after\")])\n";
    let result = VOTES.rfind('[').unwrap();
    project.write("new.prism", format!("{}{after}{}", &VOTES[..result], &VOTES[result..]));
    let ran = project.prism(&["replay", &run, "--program", "new.prism", "--json"]);
    let replayed = ran.json();
    assert_eq!((ran.status, &replayed["answers"]), (1, &4.into()));
    let id = "main.after[0]/main.after.lambda.agents.call/agent.call#0";
    assert_eq!(replayed["divergence"]["effectId"], id);
}

/// The question loses its race, and the program gives it up.
const RACE: &str = "\
import { race } from \"@prism/execution\"
let first = race([() => human.approve(\"go?\"), () => agents[0].call(\"fast\")])
let last = agents[0].call(\"last\")
[first, last]
";

#[test]
fn a_question_that_was_given_up_is_no_answer_for_another_program() {
    let (project, run) = recorded_of(RACE);
    let export = project.prism(&["audit", "export", &run]).stdout;
    assert!(export.contains("\"by\":\"program\""), "{export}");
    project.write("answer", "new");
    project.write("new.prism", RACE.replace("fast", "other"));
    let args = ["replay", &run, "--program", "new.prism", "--mode", "freeze", "--json"];
    let ran = project.prism(&args);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let fork = ran.json();
    assert_eq!(fork["value"][0]["~"][0], "new other", "{fork}");
    assert_eq!(fork["value"][1]["~"][0], "old last");
    assert_eq!(calls(&project), ["other"]);
}

#[test]
fn a_fork_begins_at_a_call_of_the_library() {
    for (site, asked) in [
        ("main.last", &["last"][..]),
        ("main.votes[1]", &["right", "last"]),
        ("main.votes", &["left", "right", "last"]),
    ] {
        let (project, run) = recorded_of(VOTES);
        let ran = project.prism(&["replay", &run, "--from", site, "--json"]);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert_eq!(calls(&project), asked, "{site}");
    }
    let (project, run) = recorded_of(VOTES);
    assert_eq!(project.prism(&["replay", &run, "--from", "main.votes[2]"]).status, 2);
    assert_eq!(project.prism(&["replay", &run, "--from", "main.vote"]).status, 2);
}

#[test]
fn a_fork_that_waits_still_has_the_answers_of_its_parent_when_it_goes_on() {
    let (project, run) = recorded_of(VOTES);
    project.write("new.prism", format!("human.approve({{ reason: \"go on?\" }})\n{VOTES}"));
    let args = ["replay", &run, "--program", "new.prism", "--mode", "freeze", "--json"];
    let ran = project.prism(&args);
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    let fork = ran.json()["run"].as_str().unwrap().to_owned();
    assert_eq!(project.prism(&["approve", &fork]).status, 0);
    let ran = project.prism(&["resume", &fork, "--json"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(calls(&project), Vec::<String>::new());
    assert_eq!(ran.json()["value"][3]["~"][0], "old last");
}

#[test]
fn a_fork_with_another_input_asks_only_what_changes() {
    let (project, run) = recorded();
    let ran = project.prism(&["replay", &run, "--mode", "freeze", "--input", "2", "--json"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(calls(&project), ["third 2"]);
}

/// Another program may read names that the recorded one did not: they come from the manifest.
#[test]
fn another_program_has_the_names_of_the_host_that_it_reads() {
    let (project, run) = recorded();
    let manifest = std::fs::read_to_string(project.path().join("prism.toml")).unwrap();
    project.write("prism.toml", manifest + "[groups]\npair = [\"one\"]\n");
    project
        .write("new.prism", format!("{PROGRAM}[...pair.map(a => a.name), agents.length, input]"));
    let ran =
        project.prism(&["replay", &run, "--program", "new.prism", "--mode", "freeze", "--json"]);
    assert_eq!((ran.status, &ran.json()["value"]), (0, &serde_json::json!(["one", 1, 1])));
    assert_eq!(calls(&project), [""; 0]);
}

#[test]
fn a_site_that_the_run_does_not_have_is_refused() {
    let (project, run) = recorded();
    let ran = project.prism(&["replay", &run, "--from", "main.fourth"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("[P2019]") && ran.stderr.contains("main.third"), "{}", ran.stderr);
    assert_eq!(project.prism(&["replay", &run, "--from", "main.prism:4"]).status, 2);
    assert_eq!(n_runs(&project), 1);
}

#[test]
fn a_site_has_the_name_of_its_variable_and_may_have_a_number() {
    let project = Project::new("for (let i of [1, 2, 3]) { let word = llm(\"w\") }\n");
    project.write("answers.json", r#"{"llm": "yes"}"#);
    let (_, object) = project.run_json(&["--answers", "answers.json"]);
    let run = object["run"].as_str().unwrap();
    for (site, n_recorded) in [("main.word", 0), ("main.word#2", 2)] {
        let args = ["replay", run, "--from", site, "--answers", "answers.json", "--json"];
        let ran = project.prism(&args);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        let fork = ran.json()["run"].as_str().unwrap().to_owned();
        let export = project.prism(&["audit", "export", &fork]).stdout;
        let times: Vec<Value> =
            export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let is_copy =
            |line: &&Value| line["kind"] == "answer" && line["micros"] == times[0]["micros"];
        assert_eq!(times.iter().filter(is_copy).count(), n_recorded, "{site}");
    }
}

#[test]
fn a_shadow_asks_again_and_changes_nothing() {
    let (project, run) = recorded();
    let before = head(&project, &run);
    let ran = project.prism(&["replay", &run, "--mode", "shadow"]);
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.ends_with("3 of 3 calls answered the same\n"), "{}", ran.stdout);
    project.write("answer", "new");
    let ran =
        project.prism(&["replay", &run, "--mode", "shadow", "--from", "main.prism:2", "--json"]);
    assert_eq!(ran.status, 1);
    let object = ran.json();
    assert_eq!((&object["same"], &object["different"]), (&0.into(), &2.into()));
    // The third call is made with what was recorded, not with what is said now.
    assert_eq!(object["calls"][1]["live"]["value"], "new third 1");
    assert_eq!(object["calls"][1]["recorded"]["value"], "old third 1");
    assert_eq!((head(&project, &run), n_runs(&project)), (before, 1));
}

/// Changes the store with a statement of SQL, as somebody with access to the file could.
fn tamper(project: &Project, sql: &str) {
    let script = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); \
                  db.executescript(sys.argv[2]); db.commit()";
    let file = project.path().join(".prism/runs.db");
    let status = Command::new("python3").args(["-c", script]).arg(&file).arg(sql).status().unwrap();
    assert!(status.success());
}

fn refused(project: &Project, run: &str, words: &str) -> Ran {
    let ran = project.prism(&["audit", "verify", run]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("[P2005]") && ran.stderr.contains(words), "{}", ran.stderr);
    ran
}

#[test]
fn an_audit_names_what_was_changed_lost_or_moved() {
    let cases = [
        (
            "UPDATE entries SET payload = CAST(replace(payload, 'old', 'odd') AS BLOB) WHERE seq = 3",
            "entry 3",
        ),
        ("UPDATE entries SET time = time + 1 WHERE seq = 2", "entry 2"),
        ("UPDATE entries SET kind = 8 WHERE seq = 5", "entry 5"),
        ("DELETE FROM entries WHERE seq = 4", "entry 4"),
        (
            "UPDATE entries SET seq = seq + 100 WHERE seq IN (3, 4); \
             UPDATE entries SET seq = 207 - seq WHERE seq > 100;",
            "entry 4",
        ),
    ];
    for (sql, words) in cases {
        let (project, run) = recorded();
        head(&project, &run);
        tamper(&project, sql);
        refused(&project, &run, words);
    }
}

#[test]
fn an_audit_with_an_earlier_head_sees_that_the_end_was_cut_off() {
    let (project, run) = recorded();
    let head = head(&project, &run);
    assert_eq!(project.prism(&["audit", "verify", &run, "--head", &head]).status, 0);
    tamper(&project, "DELETE FROM entries WHERE seq = (SELECT max(seq) FROM entries)");
    assert_eq!(project.prism(&["audit", "verify", &run]).status, 0, "a prefix is whole");
    let ran = project.prism(&["audit", "verify", &run, "--head", &head]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("no longer contains the expected head"), "{}", ran.stderr);
    let ran = project.prism(&["audit", "verify", &run, "--head", "12ab"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("[P2206]"), "{}", ran.stderr);
}

/// The chain as `spec/journal.md` describes it, computed from what `audit export` prints.
#[test]
fn an_export_holds_the_whole_chain() {
    let (project, run) = recorded();
    let ran = project.prism(&["audit", "export", &run]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let lines: Vec<Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() > 6);
    let mut prev = "0".repeat(64);
    for (seq, line) in lines.iter().enumerate() {
        assert_eq!((&line["seq"], &line["prev"]), (&seq.into(), &prev.as_str().into()));
        prev = hash(line);
        assert_eq!(line["hash"], prev.as_str(), "entry {seq}");
    }
}

fn hash(line: &Value) -> String {
    let text = |key: &str| line[key].as_str().unwrap();
    let kinds = [
        "run_started",
        "attempt_started",
        "attempt_failed",
        "answer",
        "waiting",
        "decision",
        "timer",
        "event",
        "run_resumed",
        "run_interrupted",
        "run_completed",
    ];
    let kind = kinds.iter().position(|kind| *kind == text("kind")).unwrap() as u8 + 1;
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"prism journal 1");
    hasher.update(blake3::Hash::from_hex(text("prev")).unwrap().as_bytes());
    hasher.update(&run_bytes(text("run")));
    hasher.update(&line["seq"].as_u64().unwrap().to_le_bytes());
    hasher.update(&line["micros"].as_i64().unwrap().to_le_bytes());
    hasher.update(&[kind]);
    for part in [text("effectId"), text("name")] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.update(blake3::Hash::from_hex(text("request")).unwrap().as_bytes());
    let payload = line["payload"].to_string();
    hasher.update(&[0]);
    hasher.update(&(payload.len() as u64).to_le_bytes());
    hasher.update(payload.as_bytes());
    hasher.finalize().to_string()
}

/// Crockford's base 32, five bits per character.
fn run_bytes(run: &str) -> [u8; 10] {
    let digits = "0123456789abcdefghjkmnpqrstvwxyz";
    let number = run[2..].bytes().fold(0u128, |number, digit| {
        number << 5 | digits.bytes().position(|known| known == digit).unwrap() as u128
    });
    number.to_be_bytes()[6..].try_into().unwrap()
}
