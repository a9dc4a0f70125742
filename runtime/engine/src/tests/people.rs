//! Questions: answered here, elsewhere, too late, twice, or never.

use std::sync::Arc;
use std::time::Duration;

use prism_agents::BoxFuture;
use prism_journal::{Kind, RunId, Status, Store};
use prism_vm::Data;
use serde_json::{Value, json};

use super::fake::{Program, Until};
use super::lab::{Lab, event_names, events, kinds, start};
use crate::{
    Ask, Choice, Decided, Decision, Question, Script, WhenWaiting, decide, now_micros,
    open_questions,
};

fn ask(fields: &[(&'static str, Data)]) -> (&'static str, Vec<Data>) {
    ("human.approve", vec![Data::object(fields.iter().cloned())])
}

fn proposal() -> Program {
    Program::steps(vec![ask(&[
        ("reason", Data::from("ship it?")),
        ("proposal", Data::from("plan b")),
        ("choices", Data::from(vec![Data::from("now"), Data::from("later")])),
    ])])
}

fn decision(approved: bool, choice: Option<&str>, by: &str) -> Decision {
    Decision {
        approved,
        choice: choice.map(Data::from),
        reason: "so".to_owned(),
        by: by.to_owned(),
    }
}

async fn until_waiting(store: &dyn Store, run: RunId) {
    while open_questions(store, run).unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_decision_of_another_process_reaches_the_run() {
    let lab = Lab::new();
    let engine = lab.engine();
    let handle = start(&engine, &proposal());
    let run = handle.run();
    let elsewhere = lab.store();
    until_waiting(&*elsewhere, run).await;
    assert_eq!(elsewhere.run(run).unwrap().unwrap().status, Status::Waiting);
    let open = open_questions(&*elsewhere, run).unwrap().remove(0);
    assert_eq!((open.reason.as_str(), &open.proposal), ("ship it?", &Data::from("plan b")));

    let error = decide(&*elsewhere, run, Choice::default(), &decision(true, Some("never"), "me"))
        .unwrap_err();
    assert_eq!(error.code(), "P2014");
    let yes = decision(true, Some("later"), "me");
    assert_eq!(decide(&*elsewhere, run, Choice::default(), &yes).unwrap(), Decided::Recorded(open));
    let result = handle.wait().await.unwrap();
    let value = result.value.unwrap();
    let answer = &value.as_array().unwrap()[0].as_array().unwrap()[0];
    assert_eq!(answer.get("choice"), Some(&Data::from("later")));
    assert_eq!(answer.get("by"), Some(&Data::from("me")));
    let names = event_names(&*elsewhere, run);
    assert_eq!(names, ["started", "waiting", "decided", "completed"]);
    let late = decide(&*elsewhere, run, Choice::default(), &yes).unwrap_err();
    assert_eq!(late.code(), "P2014");
}

#[tokio::test]
async fn the_first_decision_stays() {
    let mut lab = Lab::new();
    lab.host.when_waiting = WhenWaiting::Leave;
    let result = lab.run(&proposal()).await;
    assert_eq!((result.status, result.questions.len()), (Status::Waiting, 1));
    let store = lab.store();
    decide(&*store, result.run, Choice::default(), &decision(false, None, "first")).unwrap();
    let second =
        decide(&*store, result.run, Choice::default(), &decision(true, None, "second")).unwrap();
    let Decided::Already(_, stays) = second else { panic!("{second:?}") };
    assert_eq!(stays.by, "first");
    let again = lab.resume(result.run, &proposal()).await.unwrap();
    assert_eq!(again.status, Status::Completed);
    let (name, data) = events(&*store, result.run).remove(3);
    assert_eq!((name, &data["by"]), ("decided", &json!("first")));
    assert_eq!(data["approved"], json!(false));
}

#[tokio::test]
async fn a_run_that_waits_again_asks_only_once() {
    let mut lab = Lab::new();
    lab.host.when_waiting = WhenWaiting::Leave;
    let result = lab.run(&proposal()).await;
    for _ in 0..3 {
        let again = lab.resume(result.run, &proposal()).await.unwrap();
        assert_eq!(
            again.questions,
            result
                .questions
                .iter()
                .map(|question| Question { asked: again.questions[0].asked, ..question.clone() })
                .collect::<Vec<Question>>()
        );
    }
    let entries = kinds(&lab.store().read(result.run, 0).unwrap());
    assert_eq!(entries.iter().filter(|kind| **kind == Kind::Waiting).count(), 1);
}

struct Says(Option<Decision>);

impl Ask for Says {
    fn ask(&self, _question: Question) -> BoxFuture<Option<Decision>> {
        let said = self.0.clone();
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            said
        })
    }
}

#[tokio::test]
async fn a_person_at_the_terminal_decides() {
    let mut lab = Lab::new();
    lab.host.ask = Some(Arc::new(Says(Some(decision(true, None, "terminal")))));
    lab.host.when_waiting = WhenWaiting::Leave;
    let result = lab.run(&proposal()).await;
    assert_eq!(result.status, Status::Completed);
}

#[tokio::test]
async fn nobody_at_the_terminal_leaves_the_run_waiting() {
    let mut lab = Lab::new();
    lab.host.ask = Some(Arc::new(Says(None)));
    lab.host.when_waiting = WhenWaiting::Leave;
    assert_eq!(lab.run(&proposal()).await.status, Status::Waiting);
}

#[tokio::test]
async fn a_deadline_decides_no() {
    let lab = Lab::new();
    let steps = vec![ask(&[("reason", Data::from("?")), ("deadline", Data::from(40.0))])];
    let value = lab.run(&Program::steps(steps)).await.value.unwrap();
    let answer = &value.as_array().unwrap()[0].as_array().unwrap()[0];
    assert_eq!(answer.get("approved"), Some(&Data::from(false)));
    assert_eq!(answer.get("by"), Some(&Data::from("deadline")));
}

#[tokio::test]
async fn a_script_decides() {
    let mut lab = Lab::new();
    let script = json!({ "human.approve": [false, "later", { "approved": true, "by": "ann" }] });
    lab.host.script = Script::from_json(script).unwrap();
    let question = || ask(&[("reason", Data::from("?"))]);
    let steps = vec![question(), question(), question()];
    let value = lab.run(&Program::steps(steps)).await.value.unwrap();
    let answers = value.as_array().unwrap()[0].as_array().unwrap();
    let approved: Vec<_> = answers.iter().map(|a| a.get("approved").cloned().unwrap()).collect();
    assert_eq!(approved, [Data::from(false), Data::from(true), Data::from(true)]);
    assert_eq!(answers[1].get("choice"), Some(&Data::from("later")));
    assert_eq!(answers[2].get("by"), Some(&Data::from("ann")));
}

#[tokio::test]
async fn a_question_that_the_program_gives_up_is_closed() {
    let mut lab = Lab::new();
    lab.host.when_waiting = WhenWaiting::Leave;
    let nap = ("time.sleep", vec![Data::from(30.0)]);
    let race =
        Program { fibers: vec![proposal().fibers[0].clone(), vec![nap]], until: Until::First };
    let result = lab.run(&race).await;
    assert_eq!(result.status, Status::Completed);
    assert_eq!(open_questions(&*lab.store(), result.run).unwrap(), []);
}

/// A question with a chain of two: the first has no time, the second an hour.
fn chained(within: &str) -> Program {
    let step = |to: &str, within: &str| {
        Data::object([("to", Data::from(to)), ("within", Data::from(within))])
    };
    let chain = Data::from(vec![step("team", "1ms"), step("lead", within)]);
    let request = Data::object([("reason", Data::from("ok?")), ("chain", chain)]);
    Program::steps(vec![("human.approve", vec![request])])
}

#[tokio::test]
async fn the_next_one_is_asked_when_the_time_is_over() {
    let mut lab = Lab::new();
    lab.host.when_waiting = WhenWaiting::Park { beyond: Duration::ZERO };
    let program = chained("1h");
    let result = lab.run(&program).await;
    assert_eq!(result.status, Status::Waiting);
    tokio::time::sleep(Duration::from_millis(5)).await;
    // However often it is taken up, the journal says once who is asked.
    for _ in 0..3 {
        let again = lab.resume(result.run, &program).await.unwrap();
        assert_eq!(again.status, Status::Waiting);
        assert_eq!(again.due, again.questions[0].deadline);
    }
    let store = lab.store();
    let told = events(&*store, result.run);
    let escalated: Vec<&Value> =
        told.iter().filter(|(name, _)| *name == "escalated").map(|(_, data)| &data["to"]).collect();
    assert_eq!(escalated, ["lead"]);
    let open = open_questions(&*store, result.run).unwrap().remove(0);
    assert_eq!((open.to(open.asked), open.to(now_micros())), (Some("team"), Some("lead")));
    assert_eq!(open.steps[1].until - open.steps[0].until, 3_600_000_000);

    let yes = Decision { approved: true, choice: None, reason: String::new(), by: "ada".into() };
    decide(&*store, result.run, Choice::default(), &yes).unwrap();
    drop(store);
    let done = lab.resume(result.run, &program).await.unwrap();
    assert_eq!(done.status, Status::Completed);
    let store = lab.store();
    let entries = store.read(result.run, 0).unwrap();
    let decision = entries.iter().find(|entry| entry.kind == Kind::Decision).unwrap();
    let payload = crate::record::payload(&*store, decision).unwrap();
    assert_eq!((&payload["by"], &payload["to"]), (&json!("ada"), &json!("lead")));
}

#[tokio::test]
async fn after_the_last_step_the_answer_is_no() {
    let lab = Lab::new();
    let result = lab.run(&chained("1ms")).await;
    assert_eq!(result.status, Status::Completed);
    let decision = result.value.unwrap().as_array().unwrap()[0].as_array().unwrap()[0].clone();
    assert_eq!(decision.get("by").and_then(Data::as_text), Some("deadline"));
    let mut names = event_names(&*lab.store(), result.run);
    // Whether the second was still asked depends on how fast this machine is.
    names.retain(|name| *name != "escalated");
    assert_eq!(names, ["started", "waiting", "decided", "completed"]);
}

#[tokio::test]
async fn a_chain_that_is_none_is_refused() {
    let request = Data::object([("reason", Data::from("ok?")), ("chain", Data::from("team"))]);
    let result = Lab::new().run(&Program::steps(vec![("human.approve", vec![request])])).await;
    let answer = result.value.unwrap().as_array().unwrap()[0].as_array().unwrap()[0].clone();
    assert!(answer.as_text().unwrap().starts_with("P2018: "), "{answer:?}");
}
