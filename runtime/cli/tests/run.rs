//! `prism run` as a process: exit status, standard output, and input that is wrong.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use common::Project;
use serde_json::json;

#[test]
fn json_is_one_object_with_five_keys() {
    let project = Project::new("print(\"hi\")\nprint(1, 2)\n[1, 2 ~> 0.5] ~> 0.75\n");
    let (status, object) = project.run_json(&[]);
    assert_eq!(status, 0);
    let keys: Vec<&String> = object.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["run", "status", "value", "confidence", "output"]);
    assert!(!object["run"].as_str().unwrap().is_empty());
    assert_eq!(object["status"], "completed");
    assert_eq!(object["value"], json!([1, { "~": [2, 0.5] }]));
    assert_eq!(object["confidence"], 0.75);
    assert_eq!(object["output"], json!(["hi", "1 2"]));
}

#[test]
fn without_json_the_lines_come_first_and_then_the_result() {
    let project = Project::new("print(\"hi\")\n{ a: \"b\" } ~> 0.5\n");
    let ran = project.prism(&["run", "main.prism"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "hi\n{ a: \"b\" } ~> 0.5\n"));
}

#[test]
fn an_artifact_runs_like_its_source_and_is_the_same_every_time() {
    let project = Project::new("let n = input.n\nn * 2\n");
    let build = |out: &str| {
        let compiled = prism_driver::compile_file(
            &project.path().join("main.prism"),
            &prism_driver::Options::default(),
        );
        project.write(out, compiled.expect("the program is right").bytes)
    };
    let (first, second) = (build("a.prismc"), build("b.prismc"));
    assert_eq!(std::fs::read(first).unwrap(), std::fs::read(second).unwrap());
    let ran = project.prism(&["run", "a.prismc", "--json", "--input", "{\"n\": 21}"]);
    assert_eq!((ran.status, &ran.json()["value"]), (0, &json!(42)));
}

#[test]
fn inputs_come_from_text_and_from_files() {
    let project = Project::new("[input, task, agentResults]\n");
    project.write("in.json", "{\"deep\": [1]}");
    let (_, object) = project.run_json(&[
        "--input",
        "@in.json",
        "--set",
        "task=\"go\"",
        "--set",
        "agentResults=[]",
    ]);
    assert_eq!(object["value"], json!([{ "deep": [1] }, "go", []]));
}

#[test]
fn a_program_with_errors_is_rejected_before_it_runs() {
    let project = Project::new("print(\"never\")\nmissing + 1\n");
    let ran = project.prism(&["run", "main.prism"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.contains("main.prism:2:1"), "{}", ran.stderr);
    let (status, object) = project.run_json(&[]);
    assert_eq!((status, &object["status"]), (1, &json!("rejected")));
    assert_eq!((&object["run"], &object["output"]), (&json!(null), &json!([])));
    assert_eq!(object["error"]["code"], "P0501");
}

#[test]
fn a_program_that_fails_says_where() {
    let project = Project::new("print(\"before\")\nlet zero = input\n1 / zero\n");
    let (status, object) = project.run_json(&["--input", "0"]);
    assert_eq!((status, &object["status"]), (1, &json!("failed")));
    assert_eq!(object["output"], json!(["before"]));
    assert_eq!(object["error"]["line"], 3);
    let ran = project.prism(&["run", "main.prism", "--input", "0"]);
    assert!(ran.stderr.contains("1 / zero"), "the excerpt is shown: {}", ran.stderr);
}

#[test]
fn fuel_stops_an_endless_loop() {
    let project = Project::new("while true { 1 }\n");
    let (status, object) = project.run_json(&["--fuel", "10000"]);
    assert_eq!((status, &object["status"]), (1, &json!("failed")));
    assert!(object["error"]["code"].as_str().unwrap().starts_with("P11"));
}

/// A text of 2 MiB, and eight of them.
const GROWS: &str = "let text = \"x\".repeat(2097152)
let texts = []
for let i = 0; i < 8; i += 1 { texts.push(text + i) }
texts.length
";

#[test]
fn memory_is_what_the_flag_allows() {
    let project = Project::new(GROWS);
    let (status, object) = project.run_json(&["--memory", "8"]);
    assert_eq!((status, &object["status"]), (1, &json!("failed")));
    assert_eq!(object["error"]["code"], "P1102");
    let (status, object) = project.run_json(&["--memory", "64"]);
    assert_eq!((status, &object["value"]), (0, &json!(8)));
    let ran = project.prism(&["run", "main.prism", "--memory", "much"]);
    assert_eq!(ran.status, 2, "{}", ran.stderr);
}

#[test]
fn wrong_usage_exits_with_two_and_a_code() {
    let project = Project::new("input\n");
    let cases: &[(&[&str], &str)] = &[
        (&["run", "main.prism", "--input", "{oops"], "P2201"),
        (&["run", "main.prism", "--set", "task"], "P2202"),
        (&["run", "main.prism", "--input", "1", "--set", "input=2"], "P2203"),
        (&["run", "missing.prism"], "P2204"),
        (&["run", "main.prism", "--input", "@missing.json"], "P2204"),
        (&["run", "main.prism", "--set", "colour=1"], "P2205"),
        (&["run", "main.prism", "--answers", "missing.json"], "P2204"),
        (&["resume", "nothing"], "P2008"),
        (&["events", "nothing"], "P2008"),
        (&["approve", "nothing"], "P2008"),
    ];
    for (args, code) in cases {
        let ran = project.prism(args);
        assert_eq!(ran.status, 2, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(code), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("Help"), "{args:?}: {}", ran.stderr);
    }
    assert_eq!(project.prism(&["dance"]).status, 2);
    assert_eq!(project.prism(&["run"]).status, 2);
}

#[test]
fn broken_files_are_reported_and_not_run() {
    let project = Project::new("1\n");
    project.write("latin.prism", b"let x = \"\xe9\"\n");
    project.write("cut.prism", "function f() { return (1 +");
    project.write("text.prismc", "let x = 1\n");
    for name in ["latin.prism", "cut.prism", "text.prismc", "."] {
        let ran = project.prism(&["run", name]);
        assert!([1, 2].contains(&ran.status), "{name}: {} {}", ran.status, ran.stderr);
        assert!(ran.stderr.contains("[P"), "{name}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{name}");
    }
}

/// The artifact of a small program: 16 bytes of format, 32 of checksum, then the content.
fn artifact(project: &Project) -> Vec<u8> {
    let options = prism_driver::Options::default();
    let compiled = prism_driver::compile_file(&project.path().join("main.prism"), &options);
    compiled.expect("the program is right").bytes
}

fn with_content(artifact: &[u8], content: &[u8]) -> Vec<u8> {
    [&artifact[..16], blake3::hash(content).as_bytes(), content].concat()
}

#[test]
fn a_cut_changed_or_forged_artifact_is_refused() {
    let project = Project::new("[1, 2, 3]\n");
    let right = artifact(&project);
    let mut other_version = right.clone();
    other_version[12] ^= 1;
    let mut changed = right.clone();
    changed[60] ^= 0x55;
    let empty = prism_bytecode::Module::default();
    let cases: &[(&str, &[u8])] = &[
        ("P0901", &[]),
        ("P0901", &right[..7]),
        ("P0901", &right[..40]),
        ("P0902", &other_version),
        ("P0903", &right[..right.len() - 1]),
        ("P0903", &changed),
        ("P0904", &with_content(&right, &[0xff; 9])),
        ("P0905", &prism_bytecode::encode(&empty)),
    ];
    for (code, bytes) in cases {
        project.write("bad.prismc", bytes);
        let ran = project.prism(&["run", "bad.prismc"]);
        assert_eq!(ran.status, 1, "{code}: {}", ran.stderr);
        assert!(ran.stderr.contains(&format!("[{code}]")), "{code}: {}", ran.stderr);
        assert!(ran.stderr.contains("Help"), "{code}: {}", ran.stderr);
    }
}

#[test]
fn no_store_leaves_nothing_behind() {
    let project = Project::new("1\n");
    assert_eq!(project.prism(&["run", "main.prism", "--no-store"]).status, 0);
    assert!(!project.path().join(".prism").exists());
    assert_eq!(project.prism(&["run", "main.prism"]).status, 0);
    assert!(project.path().join(".prism").exists());
}

#[test]
fn the_help_of_every_verb_shows_an_example() {
    let project = Project::new("1\n");
    for verb in ["run", "resume", "runs", "events", "approve", "completions"] {
        let ran = project.prism(&[verb, "--help"]);
        assert_eq!(ran.status, 0);
        assert!(ran.stdout.contains("Example"), "{verb}: {}", ran.stdout);
    }
    let ran = project.prism(&["completions", "bash"]);
    assert!(ran.stdout.contains("prism"), "{}", ran.stderr);
}

/// The program is not entered with an input that its header does not allow.
fn refused(header: &str, input: &str) -> Option<String> {
    let project = Project::new(&format!("/**\n * @input {header}\n */\nprint(\"entered\")\n1\n"));
    let ran = project.prism(&["run", "main.prism", "--json", "--input", input]);
    if ran.status == 0 {
        return None;
    }
    assert_eq!(ran.status, 2, "{}{}", ran.stdout, ran.stderr);
    let object = ran.json();
    assert_eq!(object["error"]["code"], "P2024", "{object}");
    assert!(!ran.stdout.contains("entered"), "{}", ran.stdout);
    let runs = project.prism(&["runs", "--json"]);
    assert!(!runs.stdout.contains("main"), "{}", runs.stdout);
    Some(object["error"]["message"].as_str().unwrap().to_owned())
}

#[test]
fn an_input_that_contradicts_the_header_is_refused() {
    let map = r#"{"who": "string", "times?": "number", "tags": ["string"], "mode": "string | null", "at": {"x": "integer"}}"#;
    let right = r#"{"who": "a", "tags": [], "at": {"x": 1}, "more": true}"#;
    assert_eq!(refused(map, right), None);
    assert_eq!(refused(map, r#"{"tags": [], "mode": null}"#), None, "programs ask softly for more");
    let cases = [
        (r#"{"who": 5, "tags": [], "at": {"x": 1}}"#, "`input.who` must be string, found 5"),
        (
            r#"{"who": "a", "times": "twice", "tags": [], "at": {"x": 1}}"#,
            "`input.times` must be number, found \"twice\"",
        ),
        (
            r#"{"who": "a", "tags": ["b", 7], "at": {"x": 1}}"#,
            "`input.tags[1]` must be string, found 7",
        ),
        (
            r#"{"who": "a", "tags": [], "at": {"x": 1.5}}"#,
            "`input.at.x` must be integer, found 1.5",
        ),
        (r#""hello""#, "`input` must be object, found \"hello\""),
    ];
    for (input, message) in cases {
        assert_eq!(refused(map, input).as_deref(), Some(message), "{input}");
    }
    let schema = r#"{"type": "object", "required": ["mode"], "properties": {"mode": {"enum": ["fast", "slow"]}, "n": {"type": ["number", "null"]}}}"#;
    assert_eq!(refused(schema, r#"{"mode": "fast", "n": null}"#), None);
    let secret = refused(r#"{"pin": "secret"}"#, r#"{"pin": 1234}"#);
    assert_eq!(secret.as_deref(), Some("`input.pin` must be secret, found something else"));
    let missing = refused(schema, r#"{"n": 1}"#);
    assert_eq!(missing.as_deref(), Some("`input.mode` must be \"fast\" | \"slow\", found nothing"));
    let wrong_mode = refused(schema, r#"{"mode": "quick"}"#);
    assert_eq!(
        wrong_mode.as_deref(),
        Some("`input.mode` must be \"fast\" | \"slow\", found \"quick\"")
    );
    let wrong_n = refused(schema, r#"{"mode": "slow", "n": "a"}"#);
    assert_eq!(wrong_n.as_deref(), Some("`input.n` must be number | null, found \"a\""));
}

#[test]
fn a_manifest_is_no_program() {
    let project = Project::new("1");
    project.write("prism.toml", "");
    let ran = project.prism(&["run", "prism.toml"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("it is a manifest, no program"), "{}", ran.stderr);
}

/// A pipe can be read once only.
#[test]
fn a_program_may_come_from_a_pipe() {
    let project = Project::new("1");
    let script = "printf 'let a = 20\\na + 1' | \"$0\" run /dev/stdin --no-store";
    let mut command = std::process::Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_prism")]).current_dir(project.path());
    let ran = common::Ran::of(&mut command);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "21\n"), "{}", ran.stderr);
}

/// What was asked for is lost, and the status says so; a reader that has gone away is none of it.
#[test]
fn output_that_cannot_be_written_is_an_error() {
    let project = Project::new("print(1)\n2");
    let sh = |script: &str| {
        let mut command = std::process::Command::new("bash");
        command.args(["-c", script, env!("CARGO_BIN_EXE_prism")]).current_dir(project.path());
        common::Ran::of(&mut command)
    };
    let full = sh("\"$0\" run main.prism --no-store > /dev/full");
    assert_eq!(full.status, 2);
    assert!(full.stderr.contains("standard output cannot be written"), "{}", full.stderr);
    let gone = sh("\"$0\" run main.prism --no-store | true; exit ${PIPESTATUS[0]}");
    assert_eq!((gone.status, gone.stderr.as_str()), (0, ""));
}

#[test]
fn an_address_that_is_no_store_makes_no_folder() {
    let project = Project::new("1");
    let ran = project.prism(&["run", "main.prism", "--store", "s3://bucket/runs"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("prism values --to"), "{}", ran.stderr);
    assert!(!project.path().join("s3:").exists());
}

#[test]
fn a_pattern_without_a_name_is_called_like_its_file() {
    let project = Project::new("[pattern.name, pattern.version]");
    let (_, object) = project.run_json(&[]);
    assert_eq!(object["value"], json!(["main", "1.0.0"]));
    project.write("main.prism", "/** @name review */\npattern.name");
    assert_eq!(project.run_json(&[]).1["value"], "review");
}
