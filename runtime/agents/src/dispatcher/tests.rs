use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

use prism_vm::Data;
use tokio::runtime::{Builder, Runtime};

use super::*;
use crate::{BreakerSettings, Earlier, Report, Reports, Ticket};

type Outcome = Result<AgentReply, AgentError>;

/// Holds attempts until they are answered.
#[derive(Clone, Default)]
struct Held(Arc<Mutex<Vec<(Attempt, Reports)>>>);

impl Held {
    fn tasks(&self) -> Vec<Data> {
        self.0.lock().unwrap().iter().map(|(attempt, _)| attempt.call.task.clone()).collect()
    }

    fn answer(&self, outcome: Outcome) {
        let (attempt, reports) = self.0.lock().unwrap().remove(0);
        reports(Report::Done(attempt.ticket, outcome));
    }
}

impl Backend for Held {
    fn name(&self) -> &'static str {
        "local"
    }

    fn check(&self, _: &AgentSpec) -> Result<(), AgentError> {
        Ok(())
    }

    fn submit(&self, batch: Vec<Attempt>, reports: Reports) {
        let batch = batch.into_iter().map(|attempt| (attempt, reports.clone()));
        self.0.lock().unwrap().extend(batch);
    }

    fn cancel(&self, _: &[Ticket]) {}

    fn shutdown(&self) -> BoxFuture<()> {
        Box::pin(std::future::ready(()))
    }
}

struct Lab {
    runtime: Runtime,
    held: Held,
    dispatcher: Dispatcher,
}

impl Lab {
    /// An agent with one place.
    fn new(change: impl FnOnce(&mut AgentSpec)) -> Lab {
        let mut spec = AgentSpec { concurrency: 1, ..AgentSpec::local("a", &["x"], ".") };
        change(&mut spec);
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let held = Held::default();
        let dispatcher = {
            let _inside = runtime.enter();
            Dispatcher::new(Registry::new(vec![spec]), vec![Arc::new(held.clone())])
        };
        Lab { runtime, held, dispatcher }
    }

    fn send(&self, task: &str) -> (OnItsWay, Receiver<Outcome>) {
        self.send_call(AgentCall::new("a", Data::from(task)))
    }

    fn send_call(&self, call: AgentCall) -> (OnItsWay, Receiver<Outcome>) {
        let (tell, outcome) = channel();
        let done = move |outcome| drop(tell.send(outcome));
        (self.dispatcher.send(call, Arc::new(|_| {}), done), outcome)
    }

    /// Lets the runtime do what it has to do now.
    fn turn(&self) {
        self.runtime.block_on(async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        });
    }
}

fn code(outcome: &Receiver<Outcome>) -> &'static str {
    match outcome.try_recv() {
        Ok(Ok(_)) => "answer",
        Ok(Err(error)) => error.code,
        Err(_) => "nothing",
    }
}

fn reply() -> Outcome {
    Ok(AgentReply { value: Data::Null, confidence: None, reasoning: None })
}

#[test]
fn a_call_that_is_given_up_in_the_queue_leaves_it() {
    let lab = Lab::new(|spec| spec.queue = 1);
    let (_first, first) = lab.send("first");
    let (second, given_up) = lab.send("second");
    assert_eq!(code(&lab.send("too many").1), "P2119");
    drop(second);
    let (_third, third) = lab.send("third");
    assert_eq!(code(&lab.send("too many").1), "P2119");
    lab.turn();
    assert_eq!(lab.held.tasks(), [Data::from("first")]);
    lab.held.answer(reply());
    lab.turn();
    assert_eq!((code(&first), code(&given_up)), ("answer", "nothing"));
    assert_eq!(lab.held.tasks(), [Data::from("third")]);
    lab.held.answer(reply());
    assert_eq!(code(&third), "answer");
    let (_fourth, _) = lab.send("fourth");
    lab.turn();
    assert_eq!(lab.held.tasks(), [Data::from("fourth")]);
}

#[test]
fn a_deadline_passes_in_the_queue_as_well() {
    let lab = Lab::new(|_| {});
    let (_first, first) = lab.send("first");
    let deadline = Some(Duration::from_millis(1));
    let late = AgentCall { deadline, ..AgentCall::new("a", Data::from("late")) };
    let (_late, late) = lab.send_call(late);
    let (_last, last) = lab.send("last");
    lab.runtime.block_on(async { tokio::time::sleep(Duration::from_millis(20)).await });
    assert_eq!((code(&late), code(&first)), ("P2120", "nothing"));
    lab.held.answer(reply());
    lab.turn();
    assert_eq!((code(&first), lab.held.tasks()), ("answer", vec![Data::from("last")]));
    lab.held.answer(reply());
    assert_eq!(code(&last), "answer");
}

#[test]
fn a_deadline_counts_from_the_first_attempt_and_is_told_whole() {
    let lab = Lab::new(|_| {});
    let _first = lab.send("first");
    let (deadline, spent) = (Some(Duration::from_secs(7)), Duration::from_secs(8));
    let earlier = Earlier { attempts: 1, spent, ..Earlier::default() };
    let late = AgentCall { deadline, earlier, ..AgentCall::new("a", Data::from("late")) };
    let (_late, late) = lab.send_call(late);
    lab.runtime.block_on(async { tokio::time::sleep(Duration::from_millis(20)).await });
    let error = late.try_recv().unwrap().unwrap_err();
    assert_eq!((error.code, error.message.contains("within its 7 s")), ("P2120", true), "{error}");
}

#[test]
fn calls_are_cancelled_when_the_runtime_stops_wherever_they_are() {
    let lab = Lab::new(|spec| {
        spec.retry.max = 1;
        spec.retry.base = Duration::from_secs(3600);
        spec.retry.jitter = false;
    });
    let (_pausing, pausing) = lab.send("fails");
    lab.turn();
    lab.held.answer(Err(errors::reported("a", "not now", true, Data::Null)));
    let (_out, out) = lab.send("out");
    let queued: Vec<_> = (0..10_000).map(|_| lab.send("queued")).collect();
    // A call whose order nobody has taken yet.
    assert_eq!(lab.held.tasks(), []);
    drop(lab.runtime);
    assert_eq!((code(&pausing), code(&out)), ("P2117", "P2117"));
    assert!(queued.iter().all(|(_, outcome)| code(outcome) == "P2117"));
    let (tell, late) = channel();
    let call = AgentCall::new("a", Data::Null);
    let _late =
        lab.dispatcher.send(call, Arc::new(|_| {}), move |outcome| drop(tell.send(outcome)));
    assert_eq!(code(&late), "P2117");
}

#[test]
fn a_breaker_refuses_all_that_wait() {
    let lab = Lab::new(|spec| {
        let reset = Duration::from_secs(3600);
        spec.breaker = Some(BreakerSettings { failures: 1, successes: 1, reset });
    });
    let (_first, first) = lab.send("first");
    let others: Vec<_> = (0..50_000).map(|_| lab.send("other")).collect();
    lab.turn();
    lab.held.answer(Err(errors::timed_out("a", Duration::from_secs(1))));
    assert_eq!(code(&first), "P2107");
    assert!(others.iter().all(|(_, outcome)| code(outcome) == "P2118"));
}
