//! A folder with a store and agents, and runs in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use prism_agents::{AgentSpec, Backoff, Dispatcher, Registry, Retry};
use prism_backend_local::LocalBackend;
use prism_bytecode::{assemble, verify};
use prism_journal::{Entry, Kind, Recovered, RunId, Sqlite, Store};
use prism_vm::Limits;
use serde_json::{Value, json};

use super::fake::Program;
use crate::drive::Driver;
use crate::secrets::Secrets;
use crate::take_up::{self, Beginnings};
use crate::{
    Engine, Error, Event, EventKind, Events, Host, RunHandle, RunResult, Start, Told, Watch,
};

/// Reads a request, notes its key in `calls`, and has `$id` and `$key`.
const PRELUDE: &str = "#!/bin/sh
read -r line
id=${line#*\\\"id\\\":\\\"}
id=${id%%\\\"*}
key=${line#*\\\"idempotency_key\\\":\\\"}
key=${key%%\\\"*}
echo \"$key\" >> \"$CALLS\"
";

pub struct Lab {
    folder: PathBuf,
    /// Removes the folder at the end, unless it belongs to another process.
    _owned: Option<tempfile::TempDir>,
    agents: Vec<AgentSpec>,
    pub host: Host,
}

/// Remembers what it hears.
#[derive(Default)]
pub struct Heard {
    /// Events of this kind, or of all.
    pub only: Option<EventKind>,
    pub events: Mutex<Vec<Event>>,
    pub lines: Mutex<Vec<String>>,
}

impl Watch for Heard {
    fn wants(&self, kind: EventKind) -> bool {
        self.only.is_none_or(|only| only == kind)
    }

    fn event(&self, event: &Event) {
        self.events.lock().unwrap().push(event.clone());
    }

    fn line(&self, line: &str) {
        self.lines.lock().unwrap().push(line.to_owned());
    }
}

impl Lab {
    pub fn new() -> Lab {
        let owned = tempfile::tempdir().unwrap();
        let folder = owned.path().to_owned();
        Lab { folder, _owned: Some(owned), agents: Vec::new(), host: Host::default() }
    }

    /// A lab in the folder of another process.
    pub fn at(folder: PathBuf) -> Lab {
        Lab { folder, _owned: None, agents: Vec::new(), host: Host::default() }
    }

    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// An agent that runs these lines of shell after it has read its request.
    pub fn agent(self, name: &str, body: &str) -> Lab {
        self.agent_with(name, body, |_| {})
    }

    pub fn agent_with(
        mut self,
        name: &str,
        body: &str,
        change: impl FnOnce(&mut AgentSpec),
    ) -> Lab {
        let path = self.path().join(format!("{name}.sh"));
        fs::write(&path, format!("{PRELUDE}{body}\n")).unwrap();
        let program = path.to_str().unwrap();
        let mut spec = AgentSpec::local(name, &["sh", program], self.path());
        spec.env = vec![("CALLS".to_owned(), self.calls_path().to_str().unwrap().to_owned())];
        spec.retry = Retry {
            base: std::time::Duration::from_millis(5),
            backoff: Backoff::Fixed,
            ..Retry::default()
        };
        change(&mut spec);
        self.agents.push(spec);
        self
    }

    /// An agent that answers `ok` with confidence 0.75.
    pub fn ok_agent(self, name: &str) -> Lab {
        self.agent(name, r#"printf '{"id":"%s","value":"ok","confidence":0.75}\n' "$id""#)
    }

    pub fn calls_path(&self) -> PathBuf {
        self.path().join("calls")
    }

    /// The idempotency keys of all calls so far, in order.
    pub fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.calls_path()).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    pub fn store(&self) -> Arc<dyn Store> {
        Arc::new(Sqlite::open(self.path().join("journal.db")).unwrap())
    }

    pub fn engine(&self) -> Engine {
        self.engine_on(self.store())
    }

    pub fn engine_on(&self, store: Arc<dyn Store>) -> Engine {
        let registry = Registry::new(self.agents.clone());
        let dispatcher = Dispatcher::new(registry, vec![Arc::new(LocalBackend::new())]);
        Engine::new(store, dispatcher, self.host.clone())
    }

    /// Runs a program to its end on a fresh engine.
    pub async fn run(&self, program: &Program) -> RunResult {
        start(&self.engine(), program).wait().await.unwrap()
    }

    /// Goes on with a run on a fresh engine.
    pub async fn resume(&self, run: RunId, program: &Program) -> Result<RunResult, Error> {
        go_on(&self.engine(), run, program)?.wait().await
    }
}

pub fn start(engine: &Engine, program: &Program) -> RunHandle {
    engine.begin((program.machine(), Secrets::default()), &beginning()).unwrap()
}

pub fn go_on(engine: &Engine, run: RunId, program: &Program) -> Result<RunHandle, Error> {
    engine.go_on(driver(engine, run, program)?)
}

/// The driver of a run that goes on with a program.
pub fn driver(engine: &Engine, run: RunId, program: &Program) -> Result<Box<Driver>, Error> {
    let claim = engine.store().claim(run)?;
    let recovered = Recovered { checkpoint: None, entries: engine.store().read(run, 0)? };
    let taken = take_up::taken(&**engine.store(), claim, recovered, &mut Beginnings::default())?;
    let (machine, address) = (program.machine(), engine.address(run));
    engine.driver_from_beginning(taken, (machine, Secrets::default()), address)
}

pub fn beginning() -> Start {
    let module = assemble("fn \"main\" ( ) regs 1\n    return_null\n").unwrap();
    Start {
        name: "test.prism".into(),
        module: Arc::new(verify(module).unwrap()),
        artifact: Arc::from(&b"artifact"[..]),
        inputs: Vec::new(),
        limits: Limits::default(),
        scope: None,
        meta: json!({ "manifest": "here" }),
    }
}

pub fn kinds(entries: &[Entry]) -> Vec<Kind> {
    entries.iter().map(|entry| entry.kind).collect()
}

/// All events of a run, as a reader of the store gets them.
pub fn all_events(store: &dyn Store, run: RunId) -> Vec<Event> {
    let told = Events::of(store, run, 1).unwrap().read().unwrap();
    let event = |told| match told {
        Told::Event(event) => event,
        other => panic!("nobody asked for {other:?}"),
    };
    let events: Vec<Event> = told.into_iter().map(event).collect();
    let numbers: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<u64>>());
    events
}

/// The names and data of all events of a run.
pub fn events(store: &dyn Store, run: RunId) -> Vec<(&'static str, Value)> {
    let name_and_data = |event: Event| (event.kind.name(), event.data);
    all_events(store, run).into_iter().map(name_and_data).collect()
}

pub fn event_names(store: &dyn Store, run: RunId) -> Vec<&'static str> {
    events(store, run).into_iter().map(|(name, _)| name).collect()
}
