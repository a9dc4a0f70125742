//! From a call to its outcome: queue, place, breaker, attempts, deadline.
//!
//! ```text
//! submit → lane (queue, semaphore, breaker) → pump (batches) → backend
//!                                   outcome ← board ← reports ←┘
//! ```

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;

use crate::backoff::pause;
use crate::board::{Board, Claim, Pending};
use crate::breaker::{Epoch, Verdict};
use crate::lane::Lane;
use crate::pump::Pump;
use crate::{
    AgentCall, AgentError, AgentNote, AgentReply, AgentSpec, Attempt, Backend, BoxFuture, Delivery,
    Notes, Registry, errors,
};

/// Sends calls to agents. Cheap to clone; all clones share queues and breakers.
#[derive(Clone)]
pub struct Dispatcher {
    inner: Arc<Inner>,
}

struct Inner {
    registry: Registry,
    lanes: HashMap<Arc<str>, Arc<Lane>>,
    pumps: HashMap<&'static str, Pump>,
    board: Arc<Board>,
    /// Where calls are on their way, whoever waits for them.
    runtime: Handle,
}

impl Dispatcher {
    /// Must be called inside a tokio runtime with time enabled.
    pub fn new(registry: Registry, backends: Vec<Arc<dyn Backend>>) -> Dispatcher {
        let board = Arc::new(Board::default());
        let lanes =
            registry.iter().map(|spec| (spec.name.clone(), Arc::new(Lane::new(spec)))).collect();
        let pumps = backends
            .into_iter()
            .map(|backend| (backend.name(), Pump::start(backend, board.clone())))
            .collect();
        let runtime = Handle::current();
        Dispatcher { inner: Arc::new(Inner { registry, lanes, pumps, board, runtime }) }
    }

    /// The agents that can be called.
    pub fn registry(&self) -> &Registry {
        &self.inner.registry
    }

    /// What is wrong with the agents before any is called: a missing program, a backend that is
    /// not there. One error per agent, in the order of the manifest.
    pub fn check(&self) -> Vec<AgentError> {
        let inner = &self.inner;
        let check = |spec: &Arc<AgentSpec>| inner.pump(spec)?.backend().check(spec);
        inner.registry.iter().filter_map(|spec| check(spec).err()).collect()
    }

    /// Calls an agent. The future may be dropped at any time: the attempt is then cancelled and
    /// everything it started is ended; its place is free again when that is done.
    ///
    /// The call is on its way on the dispatcher's own runtime, where its backend is: between the
    /// end of a call and the beginning of the next one in its place nobody else is waited for.
    pub fn submit(
        &self,
        call: AgentCall,
        notes: Notes,
    ) -> BoxFuture<Result<AgentReply, AgentError>> {
        let (inner, agent) = (self.inner.clone(), call.agent.clone());
        let mut way = OnItsWay(self.inner.runtime.spawn(async move {
            let until = call.deadline.map(|deadline| Instant::now() + deadline);
            let lane = inner.lane(&call.agent)?;
            if lane.spec.delivery == Delivery::AtMostOnce && call.once.is_none() {
                return Err(errors::only_once(&call.agent));
            }
            let call = Arc::new(call);
            repeat(&inner, &lane, &Job { call, notes, until }).await
        }));
        // A call whose runtime has stopped is cancelled.
        Box::pin(
            async move { (&mut way.0).await.unwrap_or_else(|_| Err(errors::cancelled(&agent))) },
        )
    }

    /// Ends every attempt. Ready when nothing that an agent started is left.
    pub async fn shutdown(&self) {
        for pump in self.inner.pumps.values() {
            pump.backend().shutdown().await;
        }
    }
}

/// Ends its call when dropped.
struct OnItsWay(JoinHandle<Result<AgentReply, AgentError>>);

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A call on its way, with the instant at which it must be over.
struct Job {
    call: Arc<AgentCall>,
    notes: Notes,
    until: Option<Instant>,
}

impl Job {
    fn time_left(&self) -> Duration {
        self.until.map_or(Duration::MAX, |until| until.saturating_duration_since(Instant::now()))
    }

    fn too_late(&self) -> AgentError {
        errors::deadline_passed(&self.call.agent, self.call.deadline.unwrap_or_default())
    }
}

/// Attempts until one succeeds, the failure is final, or time is up.
async fn repeat(inner: &Inner, lane: &Arc<Lane>, job: &Job) -> Result<AgentReply, AgentError> {
    let retry = &lane.spec.retry;
    let mut last: Option<AgentError> = None;
    let earlier = job.call.earlier;
    let (mut number, mut failures) = (earlier.attempts + 1, earlier.failures);
    if !earlier.pause.is_zero() {
        tokio::time::sleep(earlier.pause.min(job.time_left())).await;
    }
    loop {
        let place = place(lane, job).await?;
        if let Some(gate) = &job.call.once {
            (job.notes)(AgentNote::AttemptStarted { number });
            gate.opened().await;
        }
        let epoch = lane.ask(last.as_ref())?;
        let error = match attempt(inner, lane, job, number, place, epoch).await {
            Ok(reply) => return Ok(reply),
            Err(error) => error,
        };
        if job.call.once.is_some() {
            return Err(error);
        }
        failures += 1;
        let wait = pause(retry, failures, fastrand::f64());
        let again = error.retryable && failures <= retry.max && wait < job.time_left();
        let retry_in = again.then_some(wait);
        (job.notes)(AgentNote::AttemptFailed { number, error: error.clone(), retry_in });
        if !again {
            return Err(error);
        }
        tokio::time::sleep(wait).await;
        last = Some(error);
        number += 1;
    }
}

/// Waits for a free place of the agent, at the end of its queue.
async fn place(lane: &Lane, job: &Job) -> Result<OwnedSemaphorePermit, AgentError> {
    match job.until {
        None => lane.place().await,
        Some(until) => tokio::time::timeout_at(until.into(), lane.place())
            .await
            .unwrap_or_else(|_| Err(job.too_late())),
    }
}

async fn attempt(
    inner: &Inner,
    lane: &Arc<Lane>,
    job: &Job,
    number: u32,
    place: OwnedSemaphorePermit,
    epoch: Option<Epoch>,
) -> Result<AgentReply, AgentError> {
    let pump = inner.pump(&lane.spec).inspect_err(|_| lane.tell(epoch, Verdict::Unknown))?;
    let (ticket, outcome) = inner.board.post(Pending::new(lane, place, epoch, &job.notes));
    if job.call.once.is_none() {
        (job.notes)(AgentNote::AttemptStarted { number });
    }
    let end = Instant::now() + lane.spec.timeout;
    let until = job.until.map_or(end, |until| until.min(end));
    let (spec, call) = (lane.spec.clone(), job.call.clone());
    pump.start_attempt(Attempt { ticket, spec, call, number, until });
    let mut claim = Claim::new(pump, ticket);
    let outcome = outcome.await.unwrap_or_else(|_| Err(errors::cancelled(&lane.spec.name)));
    claim.settle();
    match outcome {
        Err(error) if error.code == "P2107" && job.time_left().is_zero() => Err(job.too_late()),
        outcome => outcome,
    }
}

impl Inner {
    fn lane(&self, agent: &str) -> Result<Arc<Lane>, AgentError> {
        let spec = self.registry.get(agent)?;
        Ok(self.lanes.get(&spec.name).expect("every agent of the registry has a lane").clone())
    }

    fn pump(&self, spec: &AgentSpec) -> Result<&Pump, AgentError> {
        self.pumps.get(&*spec.backend).ok_or_else(|| {
            let mut known: Vec<&str> = self.pumps.keys().copied().collect();
            known.sort_unstable();
            errors::no_backend(&spec.name, &spec.backend, &known)
        })
    }
}
