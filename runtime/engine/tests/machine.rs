//! Whole runs of real programs, in bytecode: started, put down, taken up in another engine.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use prism_agents::{AgentSpec, Dispatcher, Registry};
use prism_backend_local::LocalBackend;
use prism_bytecode::{assemble, encode, verify};
use prism_engine::{
    Changes, Choice, Decision, Engine, Error, Fork, Host, Start, Taken, WhenWaiting, cancel,
    decide, find_run, replay, take_up,
};
use prism_journal::{Kind, RunId, Sqlite, Status};
use prism_vm::{Data, Limits};
use serde_json::Value;

/// Three workers ask the agent side by side, then a person approves.
const FAN_OUT: &str = r#"
module "fan-out"
global "input"
input "input", g0
site "agent.call", "main/answer"
site "random", "main/chance"
site "human.approve", "main/approve"

fn "main" ( ) regs 12
    closure r0, r0, 0, @"worker"
    load_const r1, "a"
    spawn r4, r0, 1
    closure r0, r0, 0, @"worker"
    load_const r1, "b"
    spawn r5, r0, 1
    closure r0, r0, 0, @"worker"
    load_const r1, "c"
    spawn r6, r0, 1
    join r4, r4
    join r5, r5
    join r6, r6
    get_global r7, g0
    load_const r8, "go on?"
    perform r8, r8, 1, s2
    new_array r9, r4, 5
    return r9

fn "worker" ("task") regs 6
    load_const r1, "one"
    move r2, r0
    new_object r3, r1, ["agent" "task"]
    perform r4, r3, 1, s0
    perform r5, r5, 0, s1
    return r4
"#;

fn start(program: &str, limits: Limits) -> Start {
    let module = assemble(program).unwrap();
    Start {
        name: "demo".into(),
        artifact: encode(&module).into(),
        module: Arc::new(verify(module).unwrap()),
        inputs: vec![("input".into(), Data::from(5.0))],
        limits,
        scope: None,
        meta: Value::Null,
    }
}

fn engine(folder: &Path) -> Engine {
    let script = folder.join("one.sh");
    let body = "read -r line\nid=${line#*\\\"id\\\":\\\"}\nid=${id%%\\\"*}\n\
                echo call >> calls\n\
                printf '{\"id\":\"%s\",\"value\":\"ok\",\"confidence\":0.5}\\n' \"$id\"\n";
    fs::write(&script, body).unwrap();
    let spec = AgentSpec::local("one", &["sh", script.to_str().unwrap()], folder);
    let backends: Vec<Arc<dyn prism_agents::Backend>> = vec![Arc::new(LocalBackend::new())];
    let dispatcher = Dispatcher::new(Registry::new(vec![spec]), backends);
    let store = Arc::new(Sqlite::open(folder.join("journal.db")).unwrap());
    let host = Host { when_waiting: WhenWaiting::Leave, ..Host::default() };
    Engine::new(store, dispatcher, host)
}

#[tokio::test]
async fn a_run_goes_on_in_another_process_without_its_source() {
    let folder = tempfile::tempdir().unwrap();
    let first = engine(folder.path());
    let begun = first.start(&start(FAN_OUT, Limits::default())).unwrap().wait().await.unwrap();
    assert_eq!((begun.status, begun.questions.len()), (Status::Waiting, 1));
    drop(first);

    let second = engine(folder.path());
    let store = second.store().clone();
    let run = find_run(&*store, &begun.run.to_string()[..10]).unwrap();
    let yes = Decision { approved: true, choice: None, reason: String::new(), by: "me".into() };
    decide(&*store, run, Choice::default(), &yes).unwrap();
    let result = second.resume(run).unwrap().wait().await.unwrap();
    assert_eq!(result.status, Status::Completed);
    let value = result.value.unwrap();
    let items = value.as_array().unwrap();
    let ok = Data::from("ok").with_confidence(0.5);
    assert_eq!(items[..4], [ok.clone(), ok.clone(), ok, Data::from(5.0)]);
    assert_eq!(items[4].get("by"), Some(&Data::from("me")));
    assert_eq!(fs::read_to_string(folder.path().join("calls")).unwrap().lines().count(), 3);
}

/// Effects of a program in the first format have other ids than any program has now.
#[tokio::test]
async fn a_run_of_an_older_format_is_neither_gone_on_with_nor_compared() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let now = start(FAN_OUT, Limits::default());
    let mut older = now.artifact.to_vec();
    older[7] = 1;
    let before = Start { artifact: older.into(), ..now.clone() };
    let run = engine.start(&before).unwrap().wait().await.unwrap().run;
    let store = engine.store().clone();
    let refused = [
        engine.resume(run).err().unwrap(),
        replay(&*store, run, Changes::default()).unwrap_err(),
        replay(&*store, run, changed(&now)).unwrap_err(),
        engine.fork(run, Fork { changes: changed(&now), from: None }).err().unwrap(),
    ];
    let codes = refused.each_ref().map(Error::code);
    assert_eq!(codes, ["P2015"; 4]);
    assert!(refused[3].to_string().contains("another version"), "{}", refused[3]);
    // The same of a run in the format of today.
    let run = engine.start(&now).unwrap().wait().await.unwrap().run;
    assert_eq!(replay(&*store, run, changed(&now)).unwrap().divergence, None);
    engine.shutdown().await;
}

fn changed(program: &Start) -> Changes {
    let program = Some((program.module.clone(), program.artifact.clone()));
    Changes { program, ..Changes::default() }
}

/// A process dies with many runs in flight, of which one has ended and one has a wish to be
/// cancelled; the next process takes all of them up together.
#[tokio::test]
async fn runs_that_are_taken_up_together_go_on_as_each_would() {
    const N_RUNS: usize = 200;
    let folder = tempfile::tempdir().unwrap();
    let first = engine(folder.path());
    let program = "site \"random\", \"main/step\"\nsite \"human.approve\", \"main/ok\"\n\
        fn \"main\" ( ) regs 4\n    load_int r0, 0\n    load_const r1, 5\nagain:\n    \
        perform r2, r2, 0, s0\n    for_less r0, r1, 1, again\n    load_const r3, \"ok?\"\n    \
        perform r3, r3, 1, s1\n    perform r2, r2, 0, s0\n    return r3\n";
    let start = start(program, Limits::default());
    let mut runs = Vec::new();
    let handles: Vec<_> = (0..N_RUNS).map(|_| first.start(&start).unwrap()).collect();
    for handle in handles {
        runs.push(handle.wait().await.unwrap().run);
    }
    drop(first);
    let second = engine(folder.path());
    let store = second.store().clone();
    let yes = Decision { approved: true, choice: None, reason: String::new(), by: "me".into() };
    for run in &runs {
        decide(&*store, *run, Choice::default(), &yes).unwrap();
    }
    cancel(&*store, runs[7], "no").unwrap();
    store.post(runs[9], "cancel", br#"{"reason":"asked"}"#).unwrap();
    let held = store.claim(runs[11]).unwrap();
    runs.push(RunId::generate());

    let mut refused = Vec::new();
    let mut taken = Vec::new();
    for (place, run) in take_up(&*store, &runs).into_iter().enumerate() {
        match run {
            Ok(run) => taken.push(run),
            Err(error) => refused.push((place, error.code())),
        }
    }
    assert_eq!(refused, [(7, "P2013"), (11, "P2009"), (N_RUNS, "P2008")]);
    let expected: Vec<RunId> = taken.iter().map(Taken::run).collect();
    let mut statuses = HashMap::new();
    for (run, handle) in expected.into_iter().zip(second.go_on_with(taken).unwrap()) {
        let result = handle.wait().await.unwrap();
        assert_eq!(result.run, run);
        *statuses.entry(result.status).or_insert(0) += 1;
        let entries = store.read(run, 0).unwrap();
        let steps = entries.iter().filter(|entry| entry.kind == Kind::Answer);
        let steps: Vec<_> = steps.map(|step| step.effect_id.to_string()).collect();
        let all: Vec<_> = (0..6).map(|number| format!("main/step#{number}")).collect();
        let n_steps = if result.status == Status::Completed { 6 } else { 5 };
        assert_eq!(steps[..n_steps], all[..n_steps], "no step is missing, none is made again");
        let resumed = entries.iter().filter(|entry| entry.kind == Kind::RunResumed);
        assert_eq!(resumed.count(), 1);
    }
    assert_eq!(statuses[&Status::Completed] + statuses[&Status::Cancelled], N_RUNS - 2);
    assert_eq!(statuses[&Status::Cancelled], 1, "the wish reached its run");
    drop(held);
}

#[tokio::test]
async fn a_limit_fails_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let program = "fn \"main\" ( ) regs 2\nagain:\n    jump again\n";
    let limits = Limits { fuel: 1000, ..Limits::default() };
    let result =
        engine(folder.path()).start(&start(program, limits)).unwrap().wait().await.unwrap();
    assert_eq!(result.status, Status::Failed);
    assert!(result.failure.unwrap().code.starts_with("P11"));
}

#[tokio::test]
async fn a_program_that_this_prism_does_not_read_stays_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let mut begin = start(FAN_OUT, Limits::default());
    begin.artifact = Arc::from(&b"from the future"[..]);
    let begun = engine.start(&begin).unwrap().wait().await.unwrap();
    let error = engine.resume(begun.run).err().unwrap();
    assert!(matches!(error, Error::Program { .. }), "{error}");
    assert_eq!(error.code(), "P2015");
    assert_eq!(engine.store().run(begun.run).unwrap().unwrap().status, Status::Waiting);
}

/// A machine that computes for long keeps neither agents nor signals waiting.
#[tokio::test]
async fn the_callers_thread_is_free_while_a_program_computes() {
    let folder = tempfile::tempdir().unwrap();
    let program = "fn \"main\" ( ) regs 2\nagain:\n    jump again\n";
    let limits = Limits { fuel: 5_000_000, ..Limits::default() };
    let handle = engine(folder.path()).start(&start(program, limits)).unwrap();
    let mut ended = std::pin::pin!(handle.wait());
    let mut n_naps = 0;
    loop {
        tokio::select! {
            biased;
            _ = &mut ended => break,
            () = tokio::time::sleep(std::time::Duration::from_millis(1)) => n_naps += 1,
        }
    }
    assert!(n_naps > 0, "nothing else happened meanwhile");
}

#[tokio::test]
async fn inputs_beyond_the_memory_limit_start_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let limits = Limits { memory: 10_000, ..Limits::default() };
    let mut begin = start(FAN_OUT, limits);
    begin.inputs = vec![("input".into(), Data::from("x".repeat(100_000)))];
    let error = engine.start(&begin).err().unwrap();
    assert_eq!(error.code(), "P2016");
    assert_eq!(engine.store().runs().unwrap(), []);
}
