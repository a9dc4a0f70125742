//! The agents of `examples/`, run as their manifests say.
#![allow(clippy::unwrap_used, reason = "an example that cannot be read fails the test")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use prism_agents::manifest::read_agents;
use prism_agents::{AgentCall, AgentReply, Dispatcher, Registry};
use prism_backend_local::LocalBackend;
use prism_vm::Data;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../examples").join(name)
}

/// A dispatcher for the manifest of an example, which must be without errors.
fn open(name: &str) -> (Registry, Dispatcher) {
    let dir = example(name);
    let text = std::fs::read_to_string(dir.join("prism.toml")).unwrap();
    let (specs, errors) = read_agents(&text, &dir);
    assert_eq!(errors, []);
    let registry = Registry::new(specs);
    let dispatcher = Dispatcher::new(registry.clone(), vec![Arc::new(LocalBackend::new())]);
    assert_eq!(dispatcher.check(), []);
    (registry, dispatcher)
}

/// What every agent of an example answers, in the order of its manifest.
async fn answers(name: &str, task: &str, input: Data) -> Vec<(String, AgentReply)> {
    let (registry, dispatcher) = open(name);
    let mut replies = Vec::new();
    for spec in registry.iter() {
        let call = AgentCall {
            input: input.clone(),
            ..AgentCall::new(spec.name.clone(), Data::from(task))
        };
        let reply = dispatcher.submit(call, Arc::new(|_| {})).await.unwrap();
        replies.push((spec.name.to_string(), reply));
    }
    dispatcher.shutdown().await;
    replies
}

#[tokio::test(flavor = "multi_thread")]
async fn five_reviewers_read_a_room_of_this_project() {
    let input = Data::object([("path", Data::from("../../runtime/agents"))]);
    let replies = answers("code-review", "Review this code.", input).await;
    let names: Vec<&str> = replies.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["secrets", "safety", "complexity", "coverage", "hygiene"]);
    for (name, reply) in &replies {
        let field = |key| reply.value.get(key).unwrap_or(&Data::Null);
        assert_eq!(field("agent").as_text(), Some(name.as_str()));
        assert_eq!(field("verdict").as_text(), Some("approve"), "{reply:?}");
        assert!(field("lines").as_number().unwrap() > 1000.0, "{reply:?}");
        assert!(field("findings").as_array().is_some());
        assert!(reply.confidence.is_some_and(|confidence| confidence > 0.7), "{reply:?}");
        assert!(reply.reasoning.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_judges_are_sure_of_one_note_and_not_of_another() {
    for (note, confidence) in [
        ("Release 2.4.1: fix a typo in the footer. All tests pass.", 0.95),
        ("Release 3.0.0: rewrite the payment flow.", 0.4),
    ] {
        for (name, reply) in answers("consensus", note, Data::Null).await {
            assert_eq!(reply.value, Data::from("release"), "{name}");
            assert_eq!(reply.confidence, Some(confidence), "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lister_sees_the_workspace() {
    let path = example("workspace").display().to_string();
    let input = Data::object([("workspacePath", Data::from(path))]);
    let replies = answers("workspace", "Review code", input).await;
    assert!(replies[0].1.value.get("files").and_then(Data::as_number).unwrap() >= 3.0);
}

#[test]
fn the_reviewers_pass_their_own_tests() {
    let output = Command::new("python3")
        .args(["-m", "unittest", "discover", "-s", "tests"])
        .current_dir(example("code-review"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The blocks of `docs/agents.md` in this language.
fn blocks(language: &str) -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/agents.md");
    let text = std::fs::read_to_string(page).unwrap();
    let begin = format!("```{language}\n");
    let after = text.split(begin.as_str()).skip(1);
    after.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agents_of_the_documentation_do_what_it_says() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("agents")).unwrap();
    for program in blocks("python") {
        let name = program.lines().next().unwrap().trim_start_matches("# ");
        std::fs::write(dir.path().join(name), &program).unwrap();
    }
    let (specs, errors) = read_agents(&blocks("toml")[0], dir.path());
    assert_eq!((specs.len(), errors), (2, Vec::new()));
    let dispatcher = Dispatcher::new(Registry::new(specs), vec![Arc::new(LocalBackend::new())]);
    let ask = |agent: &str, task: String| {
        let call = AgentCall::new(agent, Data::from(task.as_str()));
        tokio::spawn(dispatcher.submit(call, Arc::new(|_| {})))
    };
    let length = ask("length", "four".to_owned()).await.unwrap().unwrap();
    assert_eq!((length.value, length.confidence), (Data::from(4.0), Some(0.9)));
    let calls: Vec<_> = (0..40).map(|n| ask("model", format!("text {n}"))).collect();
    for (n, call) in calls.into_iter().enumerate() {
        let reply = call.await.unwrap().unwrap();
        assert_eq!(reply.value.as_text(), Some(format!("TEXT {n}").as_str()));
    }
    dispatcher.shutdown().await;
}
