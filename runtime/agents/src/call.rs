//! One call of an agent: the request, the answer, the failure, and what is heard in between.

use std::sync::Arc;
use std::time::Duration;

use prism_vm::Data;
use tokio::sync::Semaphore;

/// What a program asks of an agent.
#[derive(Clone, Debug)]
pub struct AgentCall {
    /// The agent's name in `prism.toml`.
    pub agent: Arc<str>,
    /// What to do: usually a text.
    pub task: Data,
    /// What to do it with; `Data::Null` when the program gave none.
    pub input: Data,
    /// What the program knows around the task; `Data::Null` when the program gave none.
    pub context: Data,
    /// Time for the whole call: waiting for a place, every attempt, every pause between them.
    /// `None`: only the agent's own `timeout`, which holds for each attempt.
    pub deadline: Option<Duration>,
    /// The same for every attempt, and for a repetition after a crash: run and effect id.
    pub idempotency_key: String,
    /// The run that asks.
    pub run: Arc<str>,
    pub earlier: Earlier,
    /// `Some`: the agent is asked at most once, and not before the gate is open. Otherwise it is
    /// asked until it has answered or `retry` says no.
    pub once: Option<Gate>,
}

/// Keeps the one attempt of a call back until its start is on record.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    pub fn closed() -> Gate {
        Gate(Arc::new(Semaphore::new(0)))
    }

    /// Lets the attempt go out.
    pub fn open(&self) {
        self.0.add_permits(1);
    }

    /// Whether the attempt may have gone out.
    pub fn is_open(&self) -> bool {
        self.0.available_permits() > 0
    }

    pub(crate) async fn opened(&self) {
        // The permit goes back at once: an open gate stays open. Nobody closes the semaphore.
        let _ = self.0.acquire().await;
    }
}

/// What was tried for a call before this process took it up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Attempts that were started, with or without an end.
    pub attempts: u32,
    /// Attempts that failed: they count against `retry.max`.
    pub failures: u32,
    /// What is left of the pause after the last failure.
    pub pause: Duration,
    /// Since the first attempt: a deadline counts from there, whoever makes the others.
    pub spent: Duration,
}

impl AgentCall {
    /// A call with a task and nothing else.
    pub fn new(agent: impl Into<Arc<str>>, task: Data) -> AgentCall {
        AgentCall {
            agent: agent.into(),
            task,
            input: Data::Null,
            context: Data::Null,
            deadline: None,
            idempotency_key: String::new(),
            run: Arc::from(""),
            earlier: Earlier::default(),
            once: None,
        }
    }
}

/// What an agent answered.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentReply {
    pub value: Data,
    /// In [0, 1]. `None` when the agent gave none.
    pub confidence: Option<f64>,
    pub reasoning: Option<String>,
}

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentError {
    /// `P21xx`, with a page.
    pub code: &'static str,
    /// One line: what happened.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// Whether another attempt may succeed.
    pub retryable: bool,
    /// What the agent itself attached to its error, else `Data::Null`.
    pub data: Data,
}

impl AgentError {
    /// Whether the agent may have done its work, although there is no answer. False for what
    /// happens before an agent has its request, and when the agent itself says that it failed.
    pub fn leaves_open(&self) -> bool {
        const BEFORE: [&str; 7] = ["P2101", "P2103", "P2104", "P2118", "P2119", "P2121", "P2123"];
        !BEFORE.contains(&self.code) && self.code != "P2116"
    }
}

impl std::fmt::Display for AgentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.message)
    }
}

impl std::error::Error for AgentError {}

/// What happens to a call before its outcome.
#[derive(Clone, Debug, PartialEq)]
pub enum AgentNote {
    /// Attempt `number` (1-based) is on its way to the agent.
    AttemptStarted { number: u32 },
    /// Attempt `number` failed; the next one starts after `retry_in`, or never.
    AttemptFailed { number: u32, error: AgentError, retry_in: Option<Duration> },
    /// The agent says how far it is.
    Progress(Data),
    /// A line that the agent wrote to its standard error.
    Stderr(String),
}

/// Where notes go. Called from the runtime's threads, in order; must not block for long,
/// because the agent's output is not read meanwhile.
pub type Notes = Arc<dyn Fn(AgentNote) + Send + Sync>;
