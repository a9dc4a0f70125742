use super::*;
use crate::{Backoff, BreakerSettings, Delivery, Mode, Resources, Retry};
use std::time::Duration;

fn read(text: &str) -> (Vec<AgentSpec>, Vec<ManifestError>) {
    read_agents(text, Path::new("/project"))
}

/// The one error of a manifest, with the text it points at.
fn error(text: &str) -> (&'static str, String, String, &str) {
    let (specs, errors) = read(text);
    assert_eq!((specs.len(), errors.len()), (0, 1), "{errors:?}");
    let error = errors.into_iter().next().unwrap();
    (error.code, error.message, error.help, &text[error.span])
}

#[test]
fn every_key_is_read() {
    let (specs, errors) = read(
        r#"
[package]
name = "x"

[agents.reviewer]
description = "reads code"
capabilities = ["code", "security", "code"]
command = ["python3", "agents/reviewer.py"]
env = { MODE = "strict" }
concurrency = 2
queue = 7
timeout = "30s"
grace = "250ms"
retry = { max = 3, backoff = "linear", base = "1s", max_delay = "10s", jitter = false }
breaker = { failures = 5, successes = 2, reset = "30s" }
mode = "warm"
idle = "5m"
calls = 8
delivery = "at-most-once"
max_line = "1Mi"
resources = { cpus = 4, memory = "8Gi", gpus = 1, time = "1h" }
"#,
    );
    assert_eq!(errors, []);
    let expected = AgentSpec {
        description: Some("reads code".to_owned()),
        capabilities: vec!["code".into(), "security".into()],
        env: vec![("MODE".to_owned(), "strict".to_owned())],
        concurrency: 2,
        queue: 7,
        timeout: Duration::from_secs(30),
        grace: Duration::from_millis(250),
        retry: Retry {
            max: 3,
            backoff: Backoff::Linear,
            base: Duration::from_secs(1),
            max_delay: Duration::from_secs(10),
            jitter: false,
        },
        breaker: Some(BreakerSettings {
            failures: 5,
            successes: 2,
            reset: Duration::from_secs(30),
        }),
        mode: Mode::Warm { idle: Duration::from_secs(300), calls: 8 },
        delivery: Delivery::AtMostOnce,
        max_line: 1 << 20,
        resources: Resources {
            cpus: Some(4),
            memory: Some(8 << 30),
            gpus: Some(1),
            time: Some(Duration::from_secs(3600)),
        },
        ..AgentSpec::local("reviewer", &["python3", "agents/reviewer.py"], "/project")
    };
    assert_eq!(specs, [expected]);
}

#[test]
fn agents_come_in_the_order_of_the_file() {
    let (specs, _) = read("[agents]\nz = {command=[\"a\"]}\na = {command=[\"a\"]}\n");
    let names: Vec<&str> = specs.iter().map(|spec| &*spec.name).collect();
    assert_eq!(names, ["z", "a"]);
    assert_eq!(read("x = 1\n"), (vec![], vec![]));
}

#[test]
fn an_unknown_key_names_the_nearest() {
    let (code, message, help, at) = error("[agents.a]\ncommand = [\"x\"]\ntimout = \"1s\"\n");
    assert_eq!((code, at), ("P0651", "timout"));
    assert_eq!(message, "unknown key `timout` in `[agents.a]`");
    assert_eq!(help, "did you mean `timeout`?");
    let (code, message, ..) = error("[agents.a]\ncommand = [\"x\"]\nretry = { maks = 1 }\n");
    assert_eq!((code, message.as_str()), ("P0651", "unknown key `maks` in `[agents.a.retry]`"));
}

#[test]
fn wrong_values_are_reported_where_they_stand() {
    for (line, at) in [
        ("timeout = 30", "30"),
        ("timeout = \"soon\"", "\"soon\""),
        ("timeout = \"0s\"", "\"0s\""),
        ("concurrency = 0", "0"),
        ("concurrency = -1", "-1"),
        ("concurrency = 1.5", "1.5"),
        ("capabilities = \"code\"", "\"code\""),
        ("capabilities = [1]", "1"),
        ("mode = \"hot\"", "\"hot\""),
        ("retry = 3", "3"),
        ("breaker = { failures = 0 }", "0"),
        ("max_line = \"1\"", "\"1\""),
        ("env = { A = 1 }", "1"),
        ("resources = { memory = \"lots\" }", "\"lots\""),
    ] {
        let text = format!("[agents.a]\ncommand = [\"x\"]\n{line}\n");
        let (code, message, _, found) = error(&text);
        assert_eq!((code, found), ("P0652", at), "{message}");
        assert!(message.contains("must be"), "{message}");
    }
}

#[test]
fn a_command_is_needed() {
    let (code, message, _, at) = error("[agents.a]\ntimeout = \"1s\"\n");
    assert_eq!((code, message.as_str(), at), ("P0653", "`[agents.a]` has no `command`", "a"));
    assert_eq!(error("[agents.a]\ncommand = []\n").0, "P0652");
    assert_eq!(error("[agents.a]\ncommand = [\"\"]\n").0, "P0652");
    assert_eq!(error("[agents.a]\ncommand = \"sh -c x\"\n").0, "P0652");
}

#[test]
fn a_manifest_that_is_not_toml_is_one_error() {
    let (code, message, ..) = error("[agents.a\n");
    assert_eq!(code, "P0650");
    assert!(message.starts_with("prism.toml is not TOML: "), "{message}");
    assert_eq!(error("agents = 1\n").0, "P0652");
    assert_eq!(error("[agents]\na = 1\n").0, "P0652");
    assert_eq!(error("[agents.\"a b\"]\ncommand = [\"x\"]\n").0, "P0654");
}

#[test]
fn an_agent_with_an_error_does_not_hide_the_others() {
    let text = "[agents.a]\n[agents.b]\ncommand = [\"x\"]\n";
    let (specs, errors) = read(text);
    assert_eq!((specs.len(), errors.len()), (1, 1));
}
