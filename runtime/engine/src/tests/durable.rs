//! Time, chance and state: asked once, the same for ever.

use std::time::{Duration, Instant};

use prism_journal::{Kind, RunId, Status};
use prism_vm::Data;

use super::fake::Program;
use super::lab::{Lab, driver, kinds, start};
use crate::WhenWaiting;
use crate::opening::Company;

/// Starts a program that ends with a question, lets it reach the question, and puts it down.
async fn put_down(lab: &Lab, program: &Program) -> RunId {
    let engine = lab.engine();
    let handle = start(&engine, program);
    let (run, stopper) = (handle.run(), handle.stopper());
    let store = engine.store().clone();
    while !kinds(&store.read(run, 0).unwrap()).contains(&Kind::Waiting) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    stopper.interrupt();
    assert_eq!(handle.wait().await.unwrap().status, Status::Interrupted);
    run
}

fn approve() -> crate::Decision {
    crate::Decision { approved: true, choice: None, reason: String::new(), by: "me".to_owned() }
}

fn question() -> (&'static str, Vec<Data>) {
    ("human.approve", vec![Data::object([("reason", Data::from("go on?"))])])
}

#[tokio::test]
async fn what_was_answered_is_answered_again_the_same() {
    let lab = Lab::new();
    let set = ("state.set", vec![Data::from("n"), Data::from(7.0)]);
    let get = ("state.get", vec![Data::from("n")]);
    let missing = ("state.get", vec![Data::from("no"), Data::from("default")]);
    let steps = vec![
        ("random", vec![]),
        ("time.now", vec![]),
        set,
        get,
        missing,
        ("checkpoint", vec![Data::from("half")]),
        ("event.publish", vec![Data::from("topic"), Data::from(1.0)]),
        ("log", vec![Data::from("line")]),
        question(),
    ];
    let program = Program::steps(steps);
    let run = put_down(&lab, &program).await;
    let store = lab.store();
    let recorded: Vec<_> = store.read(run, 0).unwrap();
    crate::decide(&*store, run, crate::Choice::default(), &approve()).unwrap();
    drop(store);
    let result = lab.resume(run, &program).await.unwrap();
    let value = result.value.unwrap();
    let answers = value.as_array().unwrap()[0].as_array().unwrap();
    assert!((0.0..1.0).contains(&answers[0].as_number().unwrap()));
    assert!(answers[1].as_number().unwrap() > 1.7e12);
    assert_eq!(answers[3..5], [Data::from(7.0), Data::from("default")]);
    assert_eq!(answers[8].get("approved"), Some(&Data::from(true)));
    let after = lab.store().read(run, 0).unwrap();
    assert_eq!(after[..recorded.len()], recorded);
    let new: Vec<Kind> = kinds(&after[recorded.len()..]);
    assert_eq!(new, [Kind::RunResumed, Kind::Decision, Kind::RunCompleted]);
}

const NAP: Duration = Duration::from_millis(300);

fn nap(span: Duration) -> (&'static str, Vec<Data>) {
    ("time.sleep", vec![Data::from(span.as_millis() as f64)])
}

#[tokio::test]
async fn a_sleep_ends_at_the_time_that_was_journalled() {
    let lab = Lab::new();
    let program = Program::all(vec![vec![nap(NAP)], vec![question()]]);
    let run = put_down(&lab, &program).await;
    let entries = lab.store().read(run, 0).unwrap();
    let timer = entries.iter().find(|entry| entry.kind == Kind::Timer).unwrap();
    let due = crate::record::payload(&*lab.store(), timer).unwrap()["due"].as_i64().unwrap();
    tokio::time::sleep(NAP).await;
    crate::decide(&*lab.store(), run, crate::Choice::default(), &approve()).unwrap();
    lab.resume(run, &program).await.unwrap();
    let entries = lab.store().read(run, 0).unwrap();
    let answer = entries.iter().find(|entry| &*entry.name == "time.sleep" && entry.seq > timer.seq);
    assert!(answer.unwrap().time >= due);
    assert_eq!(kinds(&entries).iter().filter(|kind| **kind == Kind::Timer).count(), 1);
}

/// However often a process goes on with a run, the nap is not taken again from its beginning.
#[tokio::test]
async fn a_restart_does_not_move_the_end_of_a_sleep() {
    let mut lab = Lab::new();
    lab.host.when_waiting = WhenWaiting::Park { beyond: Duration::ZERO };
    let program = Program::steps(vec![nap(Duration::from_secs(3600))]);
    let first = lab.run(&program).await;
    assert_eq!(first.status, Status::Waiting);
    assert!(first.due.unwrap() > crate::now_micros());
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(lab.resume(first.run, &program).await.unwrap().due, first.due);
    }
}

#[tokio::test]
async fn a_sleep_takes_its_time() {
    let lab = Lab::new();
    let begin = Instant::now();
    let nap = |span: Data| ("time.sleep", vec![span]);
    let steps = vec![nap(Data::from(50.0)), nap(Data::from("10ms")), nap(Data::from(-1e300))];
    lab.run(&Program::steps(steps)).await;
    assert!(begin.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn wrong_arguments_are_errors_of_the_program() {
    let lab = Lab::new();
    let steps = vec![
        ("time.sleep", vec![Data::from("soon")]),
        ("time.sleep", vec![Data::from(f64::NAN)]),
        ("state.set", vec![]),
        ("agent.call", vec![Data::Null]),
        ("human.ask", vec![Data::from(1.0)]),
        ("event.publish", vec![]),
    ];
    let value = lab.run(&Program::steps(steps)).await.value.unwrap();
    for answer in value.as_array().unwrap()[0].as_array().unwrap() {
        assert!(answer.as_text().unwrap().starts_with("P2018"), "{answer:?}");
    }
}

#[tokio::test]
async fn runs_that_go_on_together_do_not_wait_for_one_that_does_not_move() {
    let lab = Lab::new();
    let program = Program::steps(vec![question()]);
    let (moving, still) = (put_down(&lab, &program).await, put_down(&lab, &program).await);
    let engine = lab.engine();
    let store = engine.store().clone();
    crate::decide(&*store, moving, crate::Choice::default(), &approve()).unwrap();
    let mut first = driver(&engine, moving, &program).unwrap();
    let mut second = driver(&engine, still, &program).unwrap();
    let company = Company::of(2, store.clone());
    company.clone().take_in(&mut first);
    company.take_in(&mut second);
    let signals = first.world.signals.clone();
    let result = engine.spawn(moving, signals, first.drive()).wait().await.unwrap();
    assert_eq!(result.status, Status::Completed);
    let is_resumed = |run| kinds(&store.read(run, 0).unwrap()).contains(&Kind::RunResumed);
    assert!(is_resumed(moving));
    drop(second);
}
