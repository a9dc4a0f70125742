//! Real agents in a temporary directory, and a count of the processes they leave behind.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use prism_agents::{
    AgentCall, AgentError, AgentNote, AgentReply, AgentSpec, Dispatcher, Notes, Registry,
};
use prism_backend_local::LocalBackend;
use prism_vm::Data;
use tempfile::TempDir;

/// The environment variable by which every descendant of a test's agents is found, also one
/// that left its process group.
const MARK: &str = "PRISM_TEST_MARK";

pub struct Lab {
    pub dir: TempDir,
    pub mark: String,
    pub notes: Arc<Mutex<Vec<AgentNote>>>,
}

impl Lab {
    pub fn new() -> Lab {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Lab {
            dir: tempfile::tempdir().unwrap(),
            mark: format!("{}-{number}", std::process::id()),
            notes: Arc::default(),
        }
    }

    /// Writes an executable script and gives the spec of an agent that is this script.
    pub fn agent(&self, script: &str) -> AgentSpec {
        self.file("agent", script, 0o755);
        self.spec(&["./agent"])
    }

    /// An agent in Python; `reply(value, **more)` answers, `request` is what was asked.
    pub fn python(&self, body: &str) -> AgentSpec {
        let head = "#!/usr/bin/env python3\nimport json, os, subprocess, sys, time\n\
             def read():\n    return json.loads(sys.stdin.readline())\n\
             def send(**fields):\n    print(json.dumps({'id': request['id'], **fields}), flush=True)\n\
             def reply(value, **more):\n    send(value=value, **more)\n";
        self.agent(&format!("{head}{body}"))
    }

    pub fn file(&self, name: &str, text: &str, mode: u32) {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    pub fn spec(&self, command: &[&str]) -> AgentSpec {
        AgentSpec {
            env: vec![(MARK.to_owned(), self.mark.clone())],
            grace: Duration::from_millis(300),
            timeout: Duration::from_secs(20),
            ..AgentSpec::local("tester", command, self.dir.path())
        }
    }

    pub fn dispatcher(&self, spec: AgentSpec) -> Dispatcher {
        Dispatcher::new(Registry::new(vec![spec]), vec![Arc::new(LocalBackend::new())])
    }

    pub fn notes(&self) -> Notes {
        let notes = self.notes.clone();
        Arc::new(move |note| notes.lock().unwrap().push(note))
    }

    pub fn heard(&self) -> Vec<AgentNote> {
        self.notes.lock().unwrap().clone()
    }

    /// One call with a task; afterwards no process of the agent may be left.
    pub async fn call(&self, spec: AgentSpec) -> Result<AgentReply, AgentError> {
        let outcome = self.dispatcher(spec).submit(task("do it"), self.notes()).await;
        assert_eq!(self.processes(), Vec::<String>::new(), "left behind");
        outcome
    }

    /// The error of a call, which must have this code, whatever else happens.
    pub async fn failure(&self, spec: AgentSpec, code: &str) -> AgentError {
        match self.call(spec).await {
            Err(error) if error.code == code => error,
            other => panic!("expected {code}, found {other:?}"),
        }
    }

    /// Every process that carries the mark, as `pid command`.
    pub fn processes(&self) -> Vec<String> {
        marked(&self.mark)
    }

    /// Waits for at least so many; a shell may not have started its own yet.
    pub async fn until_processes(&self, n_processes: usize) {
        let end = Instant::now() + Duration::from_secs(20);
        while self.processes().len() < n_processes {
            assert!(Instant::now() < end, "only {:?}", self.processes());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn until_no_process(&self, limit: Duration) {
        let end = Instant::now() + limit;
        while !self.processes().is_empty() {
            assert!(Instant::now() < end, "left behind: {:?}", self.processes());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn until_file(&self, name: &str) -> String {
        let path = self.dir.path().join(name);
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            match std::fs::read_to_string(&path) {
                Ok(text) if text.ends_with('\n') => return text,
                _ => assert!(Instant::now() < end, "{} never came", path.display()),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

pub fn marked(mark: &str) -> Vec<String> {
    let wanted = format!("{MARK}={mark}").into_bytes();
    let has_mark = |path: &Path| {
        let environ = std::fs::read(path.join("environ")).unwrap_or_default();
        environ.split(|byte| *byte == 0).any(|variable| variable == wanted)
    };
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| has_mark(path))
        .map(|path| {
            let command = std::fs::read(path.join("cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            format!("{} {command}", path.file_name().unwrap().to_string_lossy())
        })
        .collect()
}

pub fn task(text: &str) -> AgentCall {
    AgentCall {
        idempotency_key: "run-1/site".to_owned(),
        ..AgentCall::new("tester", Data::from(text))
    }
}
