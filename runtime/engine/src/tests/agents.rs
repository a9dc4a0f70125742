//! Calls of agents, and what the journal and the events say of them.

use std::sync::Arc;

use prism_agents::Retry;
use prism_journal::{Kind, Status};
use prism_vm::Data;
use serde_json::json;

use super::fake::{Program, Until, call};
use super::lab::{Heard, Lab, all_events, event_names, events, go_on, kinds, start};
use crate::{EventKind, Script};

#[tokio::test]
async fn a_fan_out_is_journalled_and_told() {
    let mut lab = Lab::new().ok_agent("one").ok_agent("two");
    let heard = Arc::new(Heard::default());
    lab.host.watch = Some(heard.clone());
    let result = lab.run(&Program::all(vec![vec![call("one", "a")], vec![call("two", "b")]])).await;
    let ok = Data::from(vec![Data::from("ok").with_confidence(0.75)]);
    assert_eq!(result.value, Some(Data::from(vec![ok.clone(), ok])));
    assert_eq!((result.status, result.confidence), (Status::Completed, None));
    assert_eq!(result.output.len(), 2);

    let store = lab.store();
    let names = event_names(&*store, result.run);
    let mut sorted = names.clone();
    sorted[2..names.len() - 2].sort_unstable();
    assert_eq!(
        sorted,
        [
            "started",
            "agents_selected",
            "agent_completed",
            "agent_completed",
            "agent_started",
            "agent_started",
            "progress",
            "progress",
            "agents_completed",
            "completed"
        ]
    );
    let told = events(&*store, result.run);
    assert_eq!(told[0].1, json!({ "patternName": "test.prism" }));
    assert_eq!(told[1].1, json!({ "count": 2 }));
    assert_eq!(told[names.len() - 2].1, json!({ "total": 2, "completed": 2, "failed": 0 }));
    let live: Vec<&str> = heard.events.lock().unwrap().iter().map(|e| e.kind.name()).collect();
    assert_eq!(live, names);
    assert_eq!(*heard.lines.lock().unwrap(), result.output);
}

#[tokio::test]
async fn one_call_leaves_these_entries() {
    let lab = Lab::new().ok_agent("one");
    let result = lab.run(&Program::steps(vec![call("one", "a")])).await;
    let entries = lab.store().read(result.run, 0).unwrap();
    let expected =
        [Kind::RunStarted, Kind::Event, Kind::AttemptStarted, Kind::Answer, Kind::RunCompleted];
    assert_eq!(kinds(&entries), expected);
    assert_eq!(entries[2].request, entries[3].request);
    assert_eq!(lab.calls(), [format!("{}/main/0/agent.call#0", result.run)]);
    assert_eq!(crate::outcome(&*lab.store(), result.run).unwrap(), Some(result));
}

#[tokio::test]
async fn each_attempt_is_journalled() {
    let lab = Lab::new().agent_with(
        "flaky",
        r#"[ $(wc -l < "$CALLS") -lt 3 ] && exit 1
           printf '{"id":"%s","value":"at last"}\n' "$id""#,
        |spec| spec.retry = Retry { max: 5, ..spec.retry.clone() },
    );
    let result = lab.run(&Program::steps(vec![call("flaky", "a")])).await;
    let entries = lab.store().read(result.run, 0).unwrap();
    let attempts = kinds(&entries).into_iter().filter(|kind| *kind == Kind::AttemptStarted).count();
    assert_eq!(attempts, 3);
    let calls = lab.calls();
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|key| *key == calls[0]));
    let names = event_names(&*lab.store(), result.run);
    assert_eq!(names.iter().filter(|name| **name == "agent_retrying").count(), 2);
    assert_eq!(names.iter().filter(|name| **name == "agent_started").count(), 1);
}

#[tokio::test]
async fn a_failed_call_is_an_answer_that_can_be_caught() {
    let lab = Lab::new().agent("bad", "echo garbage");
    let program = Program::steps(vec![call("bad", "a"), call("nobody", "b")]);
    let result = lab.run(&program).await;
    let answers = result.value.unwrap();
    let answers = answers.as_array().unwrap()[0].as_array().unwrap();
    assert!(answers[0].as_text().unwrap().starts_with("P21"), "{answers:?}");
    assert!(answers[1].as_text().unwrap().starts_with("P2101"), "{answers:?}");
    let names = event_names(&*lab.store(), result.run);
    assert_eq!(names.iter().filter(|name| **name == "agent_failed").count(), 2);
}

#[tokio::test]
async fn who_wants_some_events_hears_of_them_under_the_numbers_that_all_have() {
    let heard = Arc::new(Heard { only: Some(EventKind::AgentFailed), ..Heard::default() });
    let mut lab = Lab::new().agent("bad", "echo garbage").ok_agent("good");
    lab.host.watch = Some(heard.clone());
    let calls = vec![call("good", "a"), call("bad", "b"), call("good", "c"), call("nobody", "d")];
    let result = lab.run(&Program::steps(calls)).await;
    let mut expected = all_events(&*lab.store(), result.run);
    expected.retain(|event| event.kind == EventKind::AgentFailed);
    assert_eq!(expected.len(), 2);
    assert_eq!(*heard.events.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_trap_fails_the_run_and_is_kept() {
    let lab = Lab::new();
    let fibers = vec![vec![("http.get", vec![Data::from("https://example.org")])]];
    let result = lab.run(&Program { fibers, until: Until::Trap }).await;
    assert_eq!(result.status, Status::Failed);
    let failure = result.failure.clone().unwrap();
    assert_eq!(failure.code, "P1001");
    assert!(failure.message.contains("does not serve the effect `http.get`"), "{failure:?}");
    assert_eq!(crate::outcome(&*lab.store(), result.run).unwrap(), Some(result));
}

#[tokio::test]
async fn what_the_program_gives_up_is_cancelled() {
    let lab = Lab::new().ok_agent("quick").agent("slow", "sleep 60");
    let fibers = vec![vec![call("slow", "a")], vec![call("quick", "b"), call("quick", "c")]];
    let engine = lab.engine();
    let result = start(&engine, &Program { fibers, until: Until::First }).wait().await.unwrap();
    engine.shutdown().await;
    assert_eq!(result.status, Status::Completed);
}

#[tokio::test]
async fn a_script_answers_instead_of_the_world() {
    let mut lab = Lab::new();
    let script = json!({ "agent.call": [{ "value": 1, "confidence": 0.5 }], "llm": ["yes"] });
    lab.host.script = Script::from_json(script).unwrap();
    let llm = ("llm", vec![Data::from("Really?")]);
    let result = lab.run(&Program::steps(vec![call("x", "a"), llm, call("x", "b")])).await;
    let answers = result.value.unwrap();
    let answers = answers.as_array().unwrap()[0].as_array().unwrap().to_vec();
    assert_eq!(answers[..2], [Data::from(1.0).with_confidence(0.5), Data::from("yes")]);
    assert!(answers[2].as_text().unwrap().starts_with("P2012"), "{answers:?}");
    let names = event_names(&*lab.store(), result.run);
    assert!(names.contains(&"agent_started") && names.contains(&"agent_completed"));
}

#[tokio::test]
async fn llm_needs_a_provider_and_an_agent_of_that_name_is_one() {
    let prompt = Program::steps(vec![("llm", vec![Data::from("Really?")])]);
    let without = Lab::new().run(&prompt).await.value.unwrap();
    let text = without.as_array().unwrap()[0].as_array().unwrap()[0].clone();
    assert!(text.as_text().unwrap().starts_with("P2011: No LLM provider configured"), "{text:?}");

    let with = Lab::new().ok_agent("llm").run(&prompt).await.value.unwrap();
    let answer = with.as_array().unwrap()[0].as_array().unwrap()[0].clone();
    assert_eq!(answer, Data::from("ok").with_confidence(0.75));
}

#[tokio::test]
async fn an_interrupted_fan_out_goes_on_without_repeating_an_answer() {
    let lab = Lab::new()
        .ok_agent("quick")
        .agent("slow", r#"sleep 1; printf '{"id":"%s","value":"late"}\n' "$id""#);
    let program = Program::all(vec![vec![call("quick", "a")], vec![call("slow", "b")]]);
    let engine = lab.engine();
    let handle = start(&engine, &program);
    let run = handle.run();
    let stopper = handle.stopper();
    let (store, called) = (engine.store().clone(), lab.calls_path());
    tokio::spawn(async move {
        let both = || std::fs::read_to_string(&called).unwrap_or_default().lines().count() == 2;
        while !(both() && kinds(&store.read(run, 0).unwrap()).contains(&Kind::Answer)) {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        stopper.interrupt();
    });
    let result = handle.wait().await.unwrap();
    assert_eq!(result.status, Status::Interrupted);
    engine.shutdown().await;
    drop(engine);

    let again = lab.resume(run, &program).await.unwrap();
    assert_eq!(again.status, Status::Completed);
    let calls = lab.calls();
    let count = |key: &str| calls.iter().filter(|call| call.ends_with(key)).count();
    assert_eq!((count("main/0/agent.call#0"), count("main/1/agent.call#0")), (1, 2));
    let names = event_names(&*lab.store(), run);
    assert_eq!(names.iter().filter(|name| **name == "agents_selected").count(), 1);
    let told = events(&*lab.store(), run);
    let started = told.iter().filter(|(name, _)| *name == "agent_started");
    let mut tasks: Vec<&str> = started.map(|(_, data)| data["task"].as_str().unwrap()).collect();
    tasks.sort_unstable();
    assert_eq!(tasks, ["a", "b", "b"]);
    let life = ["started", "interrupted", "resumed", "completed"];
    assert!(names.into_iter().filter(|name| life.contains(name)).eq(life));
    assert_eq!(lab.resume(run, &program).await.unwrap_err().code(), "P2013");
}

#[tokio::test]
async fn another_process_cannot_take_a_live_run() {
    let lab = Lab::new().agent("slow", "sleep 60");
    let program = Program::steps(vec![call("slow", "a")]);
    let engine = lab.engine();
    let handle = start(&engine, &program);
    let error = go_on(&lab.engine(), handle.run(), &program).err().unwrap();
    assert_eq!(error.code(), "P2009");
    handle.stopper().cancel("enough");
    let result = handle.wait().await.unwrap();
    assert_eq!(result.status, Status::Cancelled);
    engine.shutdown().await;
    let last = events(&*lab.store(), result.run).pop().unwrap();
    assert_eq!(last.0, "cancelled");
    assert_eq!(last.1["reason"], "enough");
}

#[tokio::test]
async fn a_changed_program_is_found_out() {
    let lab = Lab::new().ok_agent("one");
    let first =
        Program::all(vec![vec![call("one", "a")], vec![("human.ask", vec![Data::from("?")])]]);
    let engine = lab.engine();
    let handle = start(&engine, &first);
    let run = handle.run();
    let store = engine.store().clone();
    while !kinds(&store.read(run, 0).unwrap()).contains(&Kind::Answer) {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    handle.stopper().interrupt();
    handle.wait().await.unwrap();
    let other = Program::all(vec![vec![call("one", "other")], first.fibers[1].clone()]);
    let error = lab.resume(run, &other).await.unwrap_err();
    assert_eq!(error.code(), "P2010");
    let text = error.to_string();
    assert!(text.contains(r#""task":"a""#) && text.contains(r#""task":"other""#), "{text}");
    let fewer = Program::all(vec![vec![], first.fibers[1].clone()]);
    assert_eq!(lab.resume(run, &fewer).await.unwrap_err().code(), "P2010");
}

#[tokio::test]
async fn a_timeout_of_any_size_is_one() {
    let lab = Lab::new().ok_agent("one").agent("slow", "sleep 60");
    let with_timeout = |agent: &str, timeout: Data| {
        let (effect, args) = call(agent, "a");
        let Data::Object(mut fields) = args[0].clone() else { panic!() };
        fields.push(("timeout".into(), timeout));
        (effect, vec![Data::Object(fields)])
    };
    let steps = vec![
        with_timeout("one", Data::from(1e300)),
        with_timeout("slow", Data::from(30.0)),
        with_timeout("slow", Data::from("20ms")),
        with_timeout("one", Data::from("soon")),
    ];
    let value = lab.run(&Program::steps(steps)).await.value.unwrap();
    let answers = value.as_array().unwrap()[0].as_array().unwrap();
    assert_eq!(answers[0], Data::from("ok").with_confidence(0.75));
    for (answer, code) in answers[1..].iter().zip(["P2120", "P2120", "P2018"]) {
        assert!(answer.as_text().unwrap().starts_with(code), "{answer:?}");
    }
}
