//! The engine of an embedding program.

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use prism_agents::AgentSpec;
use prism_driver::{Compiled, Located, Options};
use prism_engine::{Host, RunResult, Start, Vault, WhenWaiting};
use prism_journal::{Memory, RunId, Sqlite, Store};
use prism_vm::{Data, Limits};
use serde_json::Value;

use crate::handlers::{Call, Failure, Handlers};
use crate::sources::{ROOT, Sources};
use crate::{Error, backend};

/// Compiles and runs programs. What it serves is said before the first run.
pub struct Engine {
    handlers: Handlers,
    store: Arc<dyn Store>,
    limits: Limits,
    vault: Option<Arc<dyn Vault>>,
    /// Made by the first run, inside of the caller's runtime.
    driving: OnceLock<prism_engine::Engine>,
}

impl Default for Engine {
    fn default() -> Engine {
        Engine::new()
    }
}

impl Engine {
    /// Without agents; its journal is in memory.
    pub fn new() -> Engine {
        Engine {
            handlers: Handlers::default(),
            store: Arc::new(Memory::new()),
            limits: Limits::default(),
            vault: None,
            driving: OnceLock::new(),
        }
    }

    /// Serves calls of an agent: all at once if need be, ten minutes each, none tried twice.
    /// It is in `agents`, in the order of these calls.
    #[must_use]
    pub fn agent<F>(self, name: &str, handler: impl Fn(Call) -> F + Send + Sync + 'static) -> Engine
    where
        F: Future<Output = Result<Data, Failure>> + Send + 'static,
    {
        self.agent_with(name, |_| {}, handler)
    }

    /// Serves calls of an agent with settings: what it can do, how many calls at a time, how
    /// long each, how often again, when to rest. `command`, `dir`, `env` and the like mean
    /// nothing here.
    #[must_use]
    pub fn agent_with<F>(
        mut self,
        name: &str,
        settings: impl FnOnce(&mut AgentSpec),
        handler: impl Fn(Call) -> F + Send + Sync + 'static,
    ) -> Engine
    where
        F: Future<Output = Result<Data, Failure>> + Send + 'static,
    {
        let mut spec = AgentSpec { concurrency: usize::MAX, ..AgentSpec::local(name, &[], "") };
        settings(&mut spec);
        (spec.name, spec.backend) = (name.into(), backend::NAME.into());
        let handler = Arc::new(move |call| Box::pin(handler(call)) as _);
        self.handlers.agents.push((spec, handler));
        self
    }

    /// Adds a function that programs import from `"@host"`: `price(item: string): number`.
    /// Its calls are effects: they are journalled, and not made again after a crash.
    #[must_use]
    pub fn function<F>(
        mut self,
        signature: &str,
        handler: impl Fn(Vec<Data>) -> F + Send + Sync + 'static,
    ) -> Engine
    where
        F: Future<Output = Result<Data, Failure>> + Send + 'static,
    {
        let handler = Arc::new(move |_: &str, args| Box::pin(handler(args)) as _);
        self.handlers.function(signature, handler);
        self
    }

    /// Adds an effect that programs import from `"@host"`; the handler gets the operation's name.
    #[must_use]
    pub fn effect<F>(
        mut self,
        name: &str,
        operations: &[&str],
        handler: impl Fn(String, Vec<Data>) -> F + Send + Sync + 'static,
    ) -> Engine
    where
        F: Future<Output = Result<Data, Failure>> + Send + 'static,
    {
        let handler = Arc::new(move |operation: &str, args| {
            Box::pin(handler(operation.to_owned(), args)) as _
        });
        self.handlers.effect(name, operations, handler);
        self
    }

    /// What each run may use.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Engine {
        self.limits = limits;
        self
    }

    /// Where the secrets are that a program's `@input` declares and its input does not hold: the
    /// store keeps none, so a run that goes on asks for them.
    #[must_use]
    pub fn vault(mut self, vault: impl Vault + 'static) -> Engine {
        self.vault = Some(Arc::new(vault));
        self
    }

    /// Keeps runs in an SQLite file, so that they survive a crash.
    pub fn store(mut self, file: &Path) -> Result<Engine, Error> {
        self.store = Arc::new(Sqlite::open(file).map_err(Error::Store)?);
        Ok(self)
    }

    /// What is wrong with a program, and what is noteworthy.
    pub fn check(&self, source: &str) -> Vec<Located> {
        let root = [ROOT.to_owned()];
        prism_driver::check_files(&self.sources(source), &root).report.located()
    }

    /// Compiles a program and runs it to its end, or until only a person can go on.
    pub async fn run(&self, source: &str, input: impl Into<Value>) -> Result<RunResult, Error> {
        let Compiled { module, bytes, .. } =
            prism_driver::compile(&self.sources(source), ROOT, &Options::default())
                .map_err(Error::Rejected)?;
        let inputs = vec![
            ("input".into(), Data::from(&input.into())),
            ("agents".into(), self.handlers.handles()),
        ];
        let start = Start {
            name: "embedded".into(),
            module,
            artifact: bytes.into(),
            inputs,
            limits: self.limits,
            scope: None,
            meta: Value::Null,
        };
        Ok(self.driving().start(&start)?.wait().await?)
    }

    /// Goes on with a run of the store: what was answered is not asked again.
    pub async fn resume(&self, run: RunId) -> Result<RunResult, Error> {
        Ok(self.driving().resume(run)?.wait().await?)
    }

    fn sources(&self, program: &str) -> Sources {
        Sources { program: program.into(), host: self.handlers.module().into() }
    }

    fn driving(&self) -> &prism_engine::Engine {
        self.driving.get_or_init(|| {
            let host = Host {
                when_waiting: WhenWaiting::Leave,
                serve: Some(Arc::new(self.handlers.clone())),
                vault: self.vault.clone(),
                ..Host::default()
            };
            prism_engine::Engine::new(self.store.clone(), self.handlers.dispatcher(), host)
        })
    }
}
