//! Processes that serve several calls at the same time.
#![allow(clippy::unwrap_used, reason = "an answer of another form fails the test")]

mod support;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use prism_agents::{AgentError, AgentNote, AgentReply, AgentSpec, Dispatcher, Mode};
use prism_vm::Data;
use support::{Lab, task};
use tokio::task::JoinHandle;

/// Answers `[process, task]`: `say …` at once, `wait …` when as many wait as the argument of the
/// program says, the last one first.
const AGENT: &str = "\
waiting = []
for line in sys.stdin:
    request = json.loads(line)
    word = request['task'].split()[0]
    if word == 'say': reply([os.getpid(), request['task']])
    if word == 'tell':
        print('one moment', file=sys.stderr, flush=True)
        time.sleep(0.1)
        send(progress='half')
        reply([os.getpid(), request['task']])
    if word == 'crash': sys.exit('crashed on purpose')
    if word == 'garbage': print('garbage', flush=True)
    if word == 'stranger': print(json.dumps({'id': 'call-999', 'value': 1}), flush=True)
    if word == 'again':
        reply([os.getpid(), request['task']])
        reply(2)
    if word == 'wait': waiting.append(request)
    if len(waiting) == N:
        for request in reversed(waiting): reply([os.getpid(), request['task']])
        waiting = []
";

fn shared(lab: &Lab, n_waiting: usize, calls: usize) -> AgentSpec {
    let mode = Mode::Warm { idle: Duration::from_secs(30), calls };
    let body = format!("N = {n_waiting}\n{AGENT}");
    AgentSpec { mode, concurrency: 100, ..lab.python(&body) }
}

fn begin(
    lab: &Lab,
    dispatcher: &Dispatcher,
    text: &str,
) -> JoinHandle<Result<AgentReply, AgentError>> {
    tokio::spawn(dispatcher.submit(task(text), lab.notes()))
}

/// The process that answered, and what it was asked.
fn answer(reply: &AgentReply) -> (u64, String) {
    let items = reply.value.as_array().unwrap();
    (items[0].as_number().unwrap() as u64, items[1].as_text().unwrap().to_owned())
}

async fn process_of(lab: &Lab, dispatcher: &Dispatcher) -> u64 {
    answer(&dispatcher.submit(task("say so"), lab.notes()).await.unwrap()).0
}

/// Waits until so many calls have been handed to processes.
async fn until_begun(lab: &Lab, n_calls: usize) {
    let end = Instant::now() + Duration::from_secs(20);
    let begun = || {
        let heard = lab.heard();
        heard.iter().filter(|note| matches!(note, AgentNote::AttemptStarted { .. })).count()
    };
    while begun() < n_calls {
        assert!(Instant::now() < end, "only {} calls", begun());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_has_several_calls_at_once() {
    let lab = Lab::new();
    let dispatcher = lab.dispatcher(shared(&lab, 8, 8));
    for round in 0..3 {
        let texts: Vec<String> = (0..8).map(|n| format!("wait {round} {n}")).collect();
        let calls: Vec<_> = texts.iter().map(|text| begin(&lab, &dispatcher, text)).collect();
        for (call, text) in calls.into_iter().zip(&texts) {
            assert_eq!(answer(&call.await.unwrap().unwrap()).1, *text);
        }
    }
    assert_eq!(lab.processes().len(), 1);
    dispatcher.shutdown().await;
    assert_eq!(lab.processes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_calls_than_a_process_takes_go_to_another_one() {
    let lab = Lab::new();
    let dispatcher = lab.dispatcher(shared(&lab, 4, 4));
    let calls: Vec<_> = (0..12).map(|n| begin(&lab, &dispatcher, &format!("wait {n}"))).collect();
    let mut processes = BTreeSet::new();
    for call in calls {
        processes.insert(answer(&call.await.unwrap().unwrap()).0);
    }
    assert_eq!(processes.len(), 3);
    dispatcher.shutdown().await;
    assert_eq!(lab.processes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_a_process_ends_all_its_calls() {
    let bad = [("crash", "P2105"), ("garbage", "P2108"), ("stranger", "P2113")];
    for (word, code) in bad {
        let lab = Lab::new();
        let dispatcher = lab.dispatcher(shared(&lab, 9, 9));
        let before = process_of(&lab, &dispatcher).await;
        let others: Vec<_> = (0..3).map(|_| begin(&lab, &dispatcher, "wait")).collect();
        until_begun(&lab, 4).await;
        let error = dispatcher.submit(task(word), lab.notes()).await.unwrap_err();
        assert_eq!(error.code, code, "{error}");
        for call in others {
            assert_eq!(call.await.unwrap().unwrap_err().code, code);
        }
        assert_eq!(lab.processes().len(), 0, "after {word}");
        assert_ne!(process_of(&lab, &dispatcher).await, before);
        dispatcher.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_answer_ends_the_process() {
    let lab = Lab::new();
    let dispatcher = lab.dispatcher(shared(&lab, 9, 9));
    let first = dispatcher.submit(task("again"), lab.notes()).await.unwrap();
    lab.until_no_process(Duration::from_secs(20)).await;
    assert_ne!(process_of(&lab, &dispatcher).await, answer(&first).0);
    dispatcher.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_does_not_answer_in_time_gets_no_more_calls() {
    let lab = Lab::new();
    let spec = AgentSpec { timeout: Duration::from_millis(500), ..shared(&lab, 2, 9) };
    let dispatcher = lab.dispatcher(spec);
    let before = process_of(&lab, &dispatcher).await;
    let late = begin(&lab, &dispatcher, "wait for nobody");
    assert_eq!(late.await.unwrap().unwrap_err().code, "P2107");
    assert_ne!(process_of(&lab, &dispatcher).await, before);
    dispatcher.shutdown().await;
    assert_eq!(lab.processes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_call_leaves_the_others_and_the_process() {
    let lab = Lab::new();
    let dispatcher = lab.dispatcher(shared(&lab, 3, 9));
    let process = process_of(&lab, &dispatcher).await;
    let (cancelled, other) =
        (begin(&lab, &dispatcher, "wait 1"), begin(&lab, &dispatcher, "wait 2"));
    until_begun(&lab, 3).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    cancelled.abort();
    assert!(cancelled.await.unwrap_err().is_cancelled());
    assert_eq!(process_of(&lab, &dispatcher).await, process);
    // Now three have come, and all are answered; one answer is for nobody.
    let last = begin(&lab, &dispatcher, "wait 3");
    for call in [other, last] {
        assert_eq!(answer(&call.await.unwrap().unwrap()).0, process);
    }
    assert_eq!(process_of(&lab, &dispatcher).await, process);
    dispatcher.shutdown().await;
    assert_eq!(lab.processes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_without_work_is_ended() {
    let lab = Lab::new();
    let mode = Mode::Warm { idle: Duration::from_millis(200), calls: 9 };
    let dispatcher = lab.dispatcher(AgentSpec { mode, ..shared(&lab, 2, 9) });
    let first = process_of(&lab, &dispatcher).await;
    lab.until_no_process(Duration::from_secs(20)).await;
    assert_ne!(process_of(&lab, &dispatcher).await, first);
    dispatcher.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_and_standard_error_are_passed_on() {
    let lab = Lab::new();
    let dispatcher = lab.dispatcher(shared(&lab, 2, 9));
    dispatcher.submit(task("tell"), lab.notes()).await.unwrap();
    let heard = lab.heard();
    assert!(heard.contains(&AgentNote::Progress(Data::from("half"))), "{heard:?}");
    assert!(heard.contains(&AgentNote::Stderr("one moment".to_owned())), "{heard:?}");
    dispatcher.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_does_not_start_fails_each_call() {
    let lab = Lab::new();
    let mode = Mode::Warm { idle: Duration::from_secs(30), calls: 9 };
    lab.file("agent", "#!/does/not/exist\n", 0o755);
    let spec = AgentSpec { mode, concurrency: 100, ..lab.spec(&["./agent"]) };
    let dispatcher = lab.dispatcher(spec);
    let calls: Vec<_> = (0..20).map(|_| begin(&lab, &dispatcher, "say so")).collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap_err().code, "P2104");
    }
    dispatcher.shutdown().await;
}
