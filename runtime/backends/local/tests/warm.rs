//! Processes that are kept for several calls.
#![allow(clippy::unwrap_used, reason = "an answer of another form fails the test")]

mod support;

use std::time::Duration;

use prism_agents::{AgentSpec, Mode};
use prism_vm::Data;
use support::{Lab, task};

/// Answers every request with its own process id and the number of the call.
const ECHO: &str = "n = 0\nfor line in sys.stdin:\n    request = json.loads(line)\n    n += 1\n\
    \x20   if request['task'] == 'crash': sys.exit('crashed on purpose')\n\
    \x20   if request['task'] == 'hang': time.sleep(60)\n\
    \x20   if request['task'] == 'garbage': print('garbage', flush=True); continue\n\
    \x20   reply([os.getpid(), n])\n\
    \x20   if request['task'] == 'twice': reply(2)\n";

fn warm(lab: &Lab) -> AgentSpec {
    let mode = Mode::Warm { idle: Duration::from_secs(30), calls: 1 };
    AgentSpec { mode, concurrency: 2, ..lab.python(ECHO) }
}

fn pair(value: &Data) -> (u64, u64) {
    let items = value.as_array().unwrap();
    (items[0].as_number().unwrap() as u64, items[1].as_number().unwrap() as u64)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_serves_calls_in_a_row() {
    let lab = Lab::new();
    let dispatcher = lab.dispatcher(warm(&lab));
    let mut seen = Vec::new();
    for _ in 0..50 {
        let reply = dispatcher.submit(task("go"), lab.notes()).await.unwrap();
        seen.push(pair(&reply.value));
    }
    let first = seen[0].0;
    let expected: Vec<_> = (1..=50).map(|n| (first, n)).collect();
    assert_eq!(seen, expected);
    assert_eq!(lab.processes().len(), 1);
    dispatcher.shutdown().await;
    assert_eq!(lab.processes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_processes_than_places() {
    let lab = Lab::new();
    let dispatcher = lab.dispatcher(warm(&lab));
    let calls: Vec<_> =
        (0..40).map(|_| tokio::spawn(dispatcher.submit(task("go"), lab.notes()))).collect();
    let mut processes = std::collections::BTreeSet::new();
    for call in calls {
        processes.insert(pair(&call.await.unwrap().unwrap().value).0);
    }
    assert!((1..=2).contains(&processes.len()), "{processes:?}");
    assert!(lab.processes().len() <= 2, "{:?}", lab.processes());
    dispatcher.shutdown().await;
    assert_eq!(lab.processes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_fails_is_replaced() {
    let lab = Lab::new();
    let spec = AgentSpec { timeout: Duration::from_secs(2), concurrency: 1, ..warm(&lab) };
    let dispatcher = lab.dispatcher(spec);
    for (bad, code) in [("crash", "P2105"), ("garbage", "P2108"), ("hang", "P2107")] {
        let before = dispatcher.submit(task("go"), lab.notes()).await.unwrap();
        let error = dispatcher.submit(task(bad), lab.notes()).await.unwrap_err();
        assert_eq!(error.code, code, "{error}");
        assert_eq!(lab.processes().len(), 0, "after {bad}");
        let after = dispatcher.submit(task("go"), lab.notes()).await.unwrap();
        assert_ne!(pair(&before.value).0, pair(&after.value).0);
        assert_eq!(pair(&after.value).1, 1);
    }
    dispatcher.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_answer_ends_the_process_before_the_next_call() {
    let lab = Lab::new();
    let dispatcher = lab.dispatcher(AgentSpec { concurrency: 1, ..warm(&lab) });
    let first = dispatcher.submit(task("twice"), lab.notes()).await.unwrap();
    lab.until_no_process(Duration::from_secs(20)).await;
    let second = dispatcher.submit(task("go"), lab.notes()).await.unwrap();
    assert_ne!(pair(&first.value).0, pair(&second.value).0);
    dispatcher.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_without_work_is_ended() {
    let lab = Lab::new();
    let mode = Mode::Warm { idle: Duration::from_millis(200), calls: 1 };
    let dispatcher = lab.dispatcher(AgentSpec { mode, ..warm(&lab) });
    let first = dispatcher.submit(task("go"), lab.notes()).await.unwrap();
    lab.until_no_process(Duration::from_secs(20)).await;
    let second = dispatcher.submit(task("go"), lab.notes()).await.unwrap();
    assert_ne!(pair(&first.value).0, pair(&second.value).0);
    dispatcher.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_call_costs_the_process() {
    let lab = Lab::new();
    let dispatcher = lab.dispatcher(AgentSpec { concurrency: 1, ..warm(&lab) });
    dispatcher.submit(task("go"), lab.notes()).await.unwrap();
    let call = tokio::spawn(dispatcher.submit(task("hang"), lab.notes()));
    tokio::time::sleep(Duration::from_millis(100)).await;
    call.abort();
    lab.until_no_process(Duration::from_secs(20)).await;
    assert!(dispatcher.submit(task("go"), lab.notes()).await.is_ok());
    dispatcher.shutdown().await;
    assert_eq!(lab.processes().len(), 0);
}
