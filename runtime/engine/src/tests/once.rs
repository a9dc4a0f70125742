//! Calls that are made at most once.

use std::sync::Arc;
use std::time::Duration;

use prism_agents::{Delivery, Retry};
use prism_journal::{Kind, Status};
use prism_vm::Data;
use serde_json::json;

use super::fake::{Program, Steps, call};
use super::lab::{Lab, event_names, events, kinds, start};
use super::stores::Filling;
use crate::RunResult;

pub fn once(agent: &str) -> Steps {
    let (_, args) = call(agent, "pay");
    vec![("agent.once", args)]
}

/// What the only fiber was answered.
fn answer(result: &RunResult) -> Data {
    let fibers = result.value.as_ref().and_then(Data::as_array).unwrap();
    fibers[0].as_array().unwrap()[0].clone()
}

fn field(answer: &Data, key: &str) -> String {
    answer.get(key).and_then(Data::as_text).unwrap_or_default().to_owned()
}

/// A bank with three attempts to spare, which runs these lines of shell.
pub fn bank(body: &str) -> Lab {
    Lab::new().agent_with("bank", body, |spec| {
        spec.retry = Retry { max: 3, base: Duration::from_millis(1), ..Retry::default() };
        spec.delivery = Delivery::AtMostOnce;
    })
}

#[tokio::test]
async fn an_answer_is_an_outcome() {
    let lab = bank(r#"printf '{"id":"%s","value":"paid","confidence":0.75}\n' "$id""#);
    let result = lab.run(&Program::steps(once("bank"))).await;
    let paid = Data::from("paid").with_confidence(0.75);
    assert_eq!(answer(&result), Data::object([("outcome", Data::from("answer")), ("value", paid)]));
    let entries = lab.store().read(result.run, 0).unwrap();
    let expected =
        [Kind::RunStarted, Kind::Event, Kind::AttemptStarted, Kind::Answer, Kind::RunCompleted];
    assert_eq!(kinds(&entries), expected);
    let completed =
        events(&*lab.store(), result.run).into_iter().find(|e| e.0 == "agent_completed");
    assert_eq!(completed.unwrap().1["confidence"], json!(0.75));
    assert_eq!(lab.calls(), [format!("{}/main/0/agent.once#0", result.run)]);
}

#[tokio::test]
async fn an_agent_that_dies_is_not_asked_again() {
    let lab = bank("exit 1");
    let result = lab.run(&Program::steps(once("bank"))).await;
    let outcome = answer(&result);
    assert_eq!(field(&outcome, "outcome"), "unknown");
    assert_eq!(field(&outcome, "agent"), "bank");
    assert_eq!(lab.calls().len(), 1);
    let failed = events(&*lab.store(), result.run).into_iter().find(|e| e.0 == "agent_failed");
    assert_eq!(failed.unwrap().1["code"], json!("P2122"));
}

#[tokio::test]
async fn a_failure_that_the_agent_reports_is_known() {
    let lab = bank(r#"printf '{"id":"%s","error":{"message":"no money"}}\n' "$id""#);
    let result = lab.run(&Program::steps(once("bank"))).await;
    let message = answer(&result);
    assert!(message.as_text().unwrap().starts_with("P2116: "), "{message:?}");
    assert_eq!(lab.calls().len(), 1);
}

#[tokio::test]
async fn what_was_begun_by_a_process_that_ended_is_unknown() {
    let lab = bank("sleep 60");
    let handle = start(&lab.engine(), &Program::steps(once("bank")));
    let (run, stopper) = (handle.run(), handle.stopper());
    while lab.calls().is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    stopper.interrupt();
    assert_eq!(handle.wait().await.unwrap().status, Status::Interrupted);
    let result = lab.resume(run, &Program::steps(once("bank"))).await.unwrap();
    assert_eq!(field(&answer(&result), "outcome"), "unknown");
    assert_eq!(lab.calls().len(), 1);
    let names = event_names(&*lab.store(), run);
    assert_eq!(names.iter().filter(|name| **name == "agent_started").count(), 1, "{names:?}");
}

#[tokio::test]
async fn nothing_goes_out_before_its_start_is_durable() {
    let lab = bank(r#"printf '{"id":"%s","value":"paid"}\n' "$id""#);
    // Room for the beginning and for `agents_selected`, not for the attempt.
    let store = Arc::new(Filling::with_room(2));
    let result = start(&lab.engine_on(store), &Program::steps(once("bank"))).wait().await;
    assert_eq!(result.unwrap_err().code(), "P2004");
    assert_eq!(lab.calls(), [""; 0]);
}

#[tokio::test]
async fn a_call_that_may_be_repeated_is_refused() {
    let lab = bank("exit 1");
    let result = lab.run(&Program::steps(vec![call("bank", "pay")])).await;
    let message = answer(&result);
    assert!(message.as_text().unwrap().starts_with("P2123: "), "{message:?}");
    assert_eq!(lab.calls(), [""; 0]);
}
