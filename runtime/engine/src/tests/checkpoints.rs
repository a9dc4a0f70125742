//! Runs that go on from a checkpoint, and runs that could not.

use std::sync::Arc;

use prism_agents::{Dispatcher, Registry};
use prism_bytecode::{assemble, encode, verify};
use prism_journal::{Kind, Memory, RunId, Status, Store};
use prism_vm::{Answer, Data, Limits, Machine};
use serde_json::{Value, json};

use super::lab::Heard;
use super::stores::Filling;
use crate::{
    Choice, Decision, Engine, Events, Host, Mode, RunResult, Script, Start, Taken, Told, Watch,
    WhenWaiting, decide, open_questions, take_up,
};

/// 200 steps whose answers are added, a question to a person, one more step.
const PROGRAM: &str = "site \"random\", \"main/step\"\nsite \"human.approve\", \"main/ok\"\n\
    fn \"main\" ( ) regs 6\n    load_int r0, 0\n    load_const r1, 200\n    load_int r4, 0\n\
    again:\n    perform r2, r2, 0, s0\n    add r4, r4, r2\n    for_less r0, r1, 1, again\n    \
    load_const r3, \"ok?\"\n    perform r3, r3, 1, s1\n    perform r2, r2, 0, s0\n    \
    add r4, r4, r2\n    return r4\n";

fn engine(store: &Memory, host: Host) -> Engine {
    let dispatcher = Dispatcher::new(Registry::new(Vec::new()), Vec::new());
    let host = Host { when_waiting: WhenWaiting::Leave, ..host };
    Engine::new(Arc::new(store.clone()), dispatcher, host)
}

fn start(program: &str) -> Start {
    let module = assemble(program).unwrap();
    Start {
        name: "steps".into(),
        artifact: encode(&module).into(),
        module: Arc::new(verify(module).unwrap()),
        inputs: Vec::new(),
        limits: Limits::default(),
        scope: None,
        meta: Value::Null,
    }
}

/// A run that waits for the person, by an engine that is gone.
async fn waiting(store: &Memory, host: Host) -> RunId {
    let result = engine(store, host).start(&start(PROGRAM)).unwrap().wait().await.unwrap();
    assert_eq!(result.status, Status::Waiting);
    result.run
}

fn taken(store: &Memory, run: RunId) -> Taken {
    take_up(store, &[run]).pop().unwrap().unwrap()
}

/// Lets the run go to its end from there, and checks that this is where the journal leads.
async fn ends_well(store: &Memory, host: Host, taken: Taken) -> RunResult {
    let run = taken.run();
    let before = store.read(run, 0).unwrap();
    let yes = Decision { approved: true, choice: None, reason: String::new(), by: "me".into() };
    decide(store, run, Choice::default(), &yes).unwrap();
    let handle = engine(store, host).go_on_with(vec![taken]).unwrap().pop().unwrap();
    let result = handle.wait().await.unwrap();
    assert_eq!(result.status, Status::Completed, "{:?}", result.failure);
    let entries = store.read(run, 0).unwrap();
    assert_eq!(entries[..before.len()], before);
    let answers = crate::answers(store, run).unwrap();
    let numbers = answers.iter().filter_map(|(_, answer)| match answer {
        Answer::Value(value) => value.as_number(),
        Answer::Error(_) => None,
    });
    let numbers: Vec<f64> = numbers.collect();
    assert_eq!(numbers.len(), 201, "each step once");
    let sum = numbers.iter().fold(0.0, |sum, number| sum + number);
    assert_eq!(result.value, Some(Data::from(sum)));
    let count = |kind| entries.iter().filter(|entry| entry.kind == kind).count();
    assert_eq!((count(Kind::Waiting), count(Kind::RunResumed)), (1, 1));
    assert_eq!(store.checkpoint(run).unwrap(), None, "it has ended");
    result
}

#[tokio::test]
async fn a_run_goes_on_from_its_checkpoint_in_either_mode() {
    for mode in [Mode::Full, Mode::Fast { within: std::time::Duration::from_secs(60) }] {
        let store = Memory::new();
        let run = waiting(&store, Host { mode, ..Host::default() }).await;
        let taken = taken(&store, run);
        let seq = taken.stand.as_ref().unwrap().seq;
        assert!((128..201).contains(&seq), "{seq}");
        assert_eq!(taken.entries[0].seq, seq);
        assert_eq!(&*taken.recorded().name, "steps");
        ends_well(&store, Host::default(), taken).await;
    }
}

#[tokio::test]
async fn the_journal_alone_decides_where_a_checkpoint_is_no_use() {
    let module = |program: &str| Arc::new(verify(assemble(program).unwrap()).unwrap());
    let other = module("fn \"main\" ( ) regs 1\n    return_null\n");
    let other = Machine::new(other, Limits::default(), Vec::new()).unwrap().snapshot().unwrap();
    type Change = Box<dyn Fn(&mut Vec<u8>)>;
    let changes: [(&str, Change); 4] = [
        ("of another program", Box::new(move |machine| *machine = other.clone())),
        ("of another version", Box::new(|machine| machine[7] ^= 0x40)),
        ("damaged", Box::new(|machine| *machine.last_mut().unwrap() ^= 1)),
        ("cut off", Box::new(|machine| machine.truncate(50))),
    ];
    for (what, change) in changes {
        println!("{what}");
        let store = Memory::new();
        let run = waiting(&store, Host::default()).await;
        let mut taken = taken(&store, run);
        change(&mut taken.stand.as_mut().unwrap().machine);
        ends_well(&store, Host::default(), taken).await;
    }
}

/// A script counts the answers that it has given from the first on.
#[tokio::test]
async fn a_run_with_a_script_goes_all_the_way() {
    let store = Memory::new();
    let run = waiting(&store, Host::default()).await;
    let numbers: Vec<u64> = (0..300).collect();
    let script = Script::from_json(json!({ "random": numbers })).unwrap();
    let taken = taken(&store, run);
    assert!(taken.stand.is_some());
    ends_well(&store, Host { script, ..Host::default() }, taken).await;
    let (_, last) = crate::answers(&store, run).unwrap().pop().unwrap();
    assert_eq!(last, Answer::Value(Data::from(200.0)), "the 201st");
}

/// Whoever watches hears of each event once, whether the process before was watched or not.
#[tokio::test]
async fn events_are_told_on_from_a_checkpoint() {
    for is_watched in [true, false] {
        let store = Memory::new();
        let (first, second) = (Arc::new(Heard::default()), Arc::new(Heard::default()));
        let watch = |heard: &Arc<Heard>| Some(heard.clone() as Arc<dyn Watch>);
        let host = Host { watch: watch(&first).filter(|_| is_watched), ..Host::default() };
        let run = waiting(&store, host).await;
        let taken = taken(&store, run);
        assert_eq!(taken.stand.as_ref().unwrap().counted.is_some(), is_watched);
        ends_well(&store, Host { watch: watch(&second), ..Host::default() }, taken).await;
        let told = Events::of(&store, run, 1).unwrap().read().unwrap();
        let all: Vec<_> = told
            .into_iter()
            .map(|told| match told {
                Told::Event(event) => event,
                other => panic!("nobody asked for {other:?}"),
            })
            .collect();
        let mut heard = first.events.lock().unwrap().clone();
        let rest = second.events.lock().unwrap().clone();
        if !is_watched {
            heard = all[..all.len() - rest.len()].to_vec();
        }
        heard.extend(rest);
        assert_eq!(heard, all);
    }
}

/// Of a run that waits for a person the journal behind its checkpoint is read, of one that has
/// ended nothing.
#[tokio::test]
async fn questions_are_looked_for_behind_the_checkpoint() {
    let memory = Memory::new();
    let run = waiting(&memory, Host::default()).await;
    let n_entries = memory.read(run, 0).unwrap().len();
    let seq = memory.checkpoint(run).unwrap().unwrap().seq as usize;
    let store = Filling::around(memory.clone());
    let open = open_questions(&store, run).unwrap();
    assert_eq!(open.iter().map(|open| &*open.reason).collect::<Vec<_>>(), ["ok?"]);
    assert_eq!(store.n_read(), n_entries - seq);
    let taken = taken(&memory, run);
    ends_well(&memory, Host::default(), taken).await;
    assert_eq!(open_questions(&store, run).unwrap(), []);
    assert_eq!(store.n_read(), 0);
}
