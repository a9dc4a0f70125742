//! Agents that misbehave: the run fails with a code that says what to do, and no process stays.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use common::{Project, answer, processes_in};
use serde_json::{Value, json};

const CALL: &str = "agents[0].call(\"work\")\n";

/// Runs [`CALL`] with one agent; gives back the status and the code of the error.
fn call(settings: &str, script: &str) -> (i32, String) {
    let project = Project::new(CALL);
    project.agent("one", settings, script);
    let (status, object) = project.run_json(&["--set", "agents=[\"one\"]"]);
    // `prism` waits for that, so there is nothing to wait for here.
    assert_eq!(processes_in(project.path()), [0; 0], "every process of the agent is gone");
    if status != 0 {
        kept(&project, &object);
    }
    (status, object["error"]["code"].as_str().unwrap_or_default().to_owned())
}

/// A run that failed says what to do, is listed, and shows again how it ended.
fn kept(project: &Project, object: &Value) {
    let help = &object["error"]["help"];
    assert!(help[0].as_str().is_some_and(|help| !help.is_empty()), "{object}");
    let runs = project.prism(&["runs", "--json"]).json();
    assert_eq!(runs["runs"][0]["run"], object["run"], "{runs}");
    assert_eq!(runs["runs"][0]["status"], "failed", "{runs}");
    let again = project.prism(&["resume", object["run"].as_str().unwrap(), "--json"]);
    assert_eq!(again.status, 1, "{}", again.stderr);
    assert_eq!(again.json()["error"]["code"], object["error"]["code"]);
}

#[test]
fn an_agent_that_answers_gives_a_confident_value() {
    let project = Project::new(CALL);
    project.agent("one", "", &answer("{\"ok\":true}", 0.8));
    let (status, object) = project.run_json(&["--set", "agents=[\"one\"]"]);
    assert_eq!((status, &object["status"]), (0, &json!("completed")), "{object}");
    assert_eq!((&object["value"], &object["confidence"]), (&json!({ "ok": true }), &json!(0.8)));
}

#[test]
fn a_program_that_is_not_there() {
    let project = Project::new(CALL);
    project.write("prism.toml", "[agents.one]\ncommand = [\"./not-there\"]\n");
    let (status, object) = project.run_json(&["--set", "agents=[\"one\"]"]);
    assert_eq!((status, &object["error"]["code"]), (1, &json!("P2103")), "{object}");
    kept(&project, &object);
}

#[test]
fn garbage_and_early_exits() {
    assert_eq!(call("", "echo hello"), (1, "P2108".to_owned()));
    assert_eq!(call("", "printf '\\xff\\xfe\\n'"), (1, "P2109".to_owned()));
    assert_eq!(call("", "exit 3"), (1, "P2105".to_owned()));
    assert_eq!(call("", "exec >&-; sleep 5"), (1, "P2106".to_owned()));
    assert_eq!(call("", "echo '{\"id\":\"other\",\"value\":1}'"), (1, "P2113".to_owned()));
}

#[test]
fn silence_ends_with_the_timeout() {
    assert_eq!(call("timeout = \"200ms\"", "sleep 60"), (1, "P2107".to_owned()));
}

#[test]
fn an_answer_given_twice_is_refused() {
    let twice = format!("{}; {}; sleep 1", answer("1", 0.5), answer("2", 0.5));
    let (status, code) = call("", &twice);
    // The first answer may be complete before the second one is seen.
    assert!(status == 0 || code == "P2114", "{status} {code}");
}

#[test]
fn fifty_megabytes_are_refused_without_being_kept() {
    let script = "printf '{\"id\":\"%s\",\"value\":\"' \"$id\"; \
                  head -c 50000000 /dev/zero | tr '\\0' x; printf '\"}\\n'";
    assert_eq!(call("", script), (1, "P2110".to_owned()));
}

#[test]
fn a_failure_can_be_caught_by_the_program() {
    let project =
        Project::new("let r = 0\ntry { r = agents[0].call(1) } catch (e) { r = e.code }\nr\n");
    project.agent("one", "", "exit 1");
    let (status, object) = project.run_json(&["--set", "agents=[\"one\"]"]);
    assert_eq!((status, &object["value"]), (0, &json!("P2105")), "{object}");
}

#[test]
fn a_failure_is_repeated_as_the_manifest_says() {
    let project = Project::new(CALL);
    let retry = "retry = { max = 3, backoff = \"fixed\", base = \"10ms\" }";
    let script = format!("if mkdir tried; then exit 1; fi; {}", answer("\"second\"", 0.6));
    project.agent("one", retry, &script);
    let (status, object) = project.run_json(&["--set", "agents=[\"one\"]"]);
    assert_eq!((status, &object["value"]), (0, &json!("second")), "{object}");
}

#[test]
fn a_handle_given_by_name_knows_what_the_manifest_says() {
    let project = Project::new("[agents[0].capabilities, agents[1].name, agentCount]\n");
    project.agent("one", "capabilities = [\"code\"]", "exit 1");
    let (status, object) = project.run_json(&["--set", "agents=[\"one\", \"elsewhere\"]"]);
    assert_eq!((status, &object["value"]), (0, &json!([["code"], "elsewhere", 2])), "{object}");
}

#[test]
fn the_header_selects_agents_by_capability() {
    let project = Project::new(
        "/**\n * @agents {\"capabilities\": [\"code\"]}\n */\nagents.map(a => a.name)\n",
    );
    project.agent("first", "capabilities = [\"code\", \"law\"]", "exit 1");
    project.agent("second", "capabilities = [\"law\"]", "exit 1");
    project.agent("third", "capabilities = [\"code\"]", "exit 1");
    let (status, object) = project.run_json(&[]);
    assert_eq!((status, &object["value"]), (0, &json!(["first", "third"])), "{object}");
}

#[test]
fn a_manifest_with_a_mistake_is_shown_and_nothing_runs() {
    let project = Project::new("1\n");
    project.write("prism.toml", "[agents.one]\ncommand = [\"true\"]\ntimout = \"1s\"\n");
    let ran = project.prism(&["run", "main.prism"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("prism.toml:3") && ran.stderr.contains("[P065"), "{}", ran.stderr);
}

/// A program may go on without an answer; why there is none is said all the same.
#[test]
fn an_agent_that_fails_is_named() {
    let project = Project::new("parallel(agents, \"go\").map(a => value(a))");
    project.write("prism.toml", "[agents.gone]\ncommand = [\"./no-such-program\"]\n");
    let ran = project.prism(&["run", "main.prism"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "[null]\n"), "{}", ran.stderr);
    assert!(ran.stderr.starts_with("  gone: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("no-such-program"), "{}", ran.stderr);
}
