//! What `prism.toml` says about one agent.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use prism_vm::{AgentRef, Data};

/// One `[agents.NAME]` table, complete: every default is filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentSpec {
    pub name: Arc<str>,
    /// One sentence for people and for models that choose an agent.
    pub description: Option<String>,
    /// In the order of the manifest, without duplicates.
    pub capabilities: Vec<Arc<str>>,
    /// The backend's name: `local` unless the manifest says otherwise.
    pub backend: Arc<str>,
    /// Program and arguments; no shell is involved. Never empty.
    pub command: Vec<String>,
    /// The manifest's directory: the working directory of the agent, and what a relative
    /// program path is relative to.
    pub dir: PathBuf,
    /// Added to the environment of the process.
    pub env: Vec<(String, String)>,
    /// Attempts that may run at the same time; at least 1.
    pub concurrency: usize,
    /// Calls that may wait for a place.
    pub queue: usize,
    /// Time for one attempt.
    pub timeout: Duration,
    /// How long a process may take to go away once it has been asked to.
    pub grace: Duration,
    pub retry: Retry,
    pub delivery: Delivery,
    /// `None`: no breaker.
    pub breaker: Option<BreakerSettings>,
    pub mode: Mode,
    /// The longest line, in bytes, that the agent may write.
    pub max_line: usize,
    pub resources: Resources,
}

impl AgentSpec {
    /// The spec of a local agent with every default: four at a time, ten minutes, no retry.
    pub fn local(name: &str, command: &[&str], dir: impl Into<PathBuf>) -> AgentSpec {
        AgentSpec {
            name: name.into(),
            description: None,
            capabilities: Vec::new(),
            backend: "local".into(),
            command: command.iter().map(|part| (*part).to_owned()).collect(),
            dir: dir.into(),
            env: Vec::new(),
            concurrency: 4,
            queue: 1_000_000,
            timeout: Duration::from_secs(600),
            grace: Duration::from_secs(2),
            retry: Retry::default(),
            delivery: Delivery::AtLeastOnce,
            breaker: None,
            mode: Mode::PerCall,
            max_line: 8 << 20,
            resources: Resources::default(),
        }
    }

    /// The value a program holds for this agent.
    pub fn handle(&self) -> AgentRef {
        let capabilities = self.capabilities.iter().cloned().map(Data::Text).collect();
        let mut attributes: Vec<(Arc<str>, Data)> = vec![
            ("id".into(), Data::Text(self.name.clone())),
            ("name".into(), Data::Text(self.name.clone())),
            ("capabilities".into(), Data::Array(capabilities)),
        ];
        if let Some(description) = &self.description {
            attributes.push(("description".into(), Data::Text(description.as_str().into())));
        }
        AgentRef { name: self.name.clone(), attributes }
    }
}

/// What a program may rely on when a call is cut off in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The agent is asked again under the same key.
    AtLeastOnce,
    /// The agent is never asked again, so that only [`AgentCall::once`](crate::AgentCall) may
    /// call it.
    AtMostOnce,
}

/// How a failed attempt is repeated.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// Attempts after the first one.
    pub max: u32,
    pub backoff: Backoff,
    /// The pause before the second attempt.
    pub base: Duration,
    /// No pause is longer.
    pub max_delay: Duration,
    /// Whether each pause is drawn between half and all of its length.
    pub jitter: bool,
}

impl Default for Retry {
    fn default() -> Retry {
        Retry {
            max: 0,
            backoff: Backoff::Exponential,
            base: Duration::from_secs(1),
            max_delay: Duration::from_secs(30),
            jitter: true,
        }
    }
}

/// How the pause grows from one attempt to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backoff {
    Fixed,
    Linear,
    Exponential,
}

/// When calls of an agent are refused without trying.
#[derive(Clone, Debug, PartialEq)]
pub struct BreakerSettings {
    /// Failures in a row that open the breaker.
    pub failures: u32,
    /// Successes in a row, after the rest, that close it.
    pub successes: u32,
    /// How long it stays open before one call may try.
    pub reset: Duration,
}

impl Default for BreakerSettings {
    fn default() -> BreakerSettings {
        BreakerSettings { failures: 5, successes: 2, reset: Duration::from_secs(30) }
    }
}

/// How long one process of the agent lives.
#[derive(Clone, Debug, PartialEq)]
pub enum Mode {
    /// One process per call.
    PerCall,
    /// A process is kept for further calls, and ended after `idle` without one. It serves as many
    /// at once as `calls` says, at least 1.
    Warm { idle: Duration, calls: usize },
}

/// What a call needs from the machine it runs on; the backends that schedule use it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resources {
    pub cpus: Option<u32>,
    /// Bytes.
    pub memory: Option<u64>,
    pub gpus: Option<u32>,
    /// The longest time a call may run there.
    pub time: Option<Duration>,
}
