//! Agents that are functions of the embedding program.
//!
//! They are called like any other agent: queue, places, retry, breaker, deadline and events are
//! those of the dispatcher; only where an attempt runs is different.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use prism_agents::{
    AgentError, AgentReply, AgentSpec, Attempt, Backend, BoxFuture, Report, Reports, Ticket, errors,
};
use prism_vm::Data;
use tokio::task::AbortHandle;

use crate::handlers::{AgentHandler, Call, Failure};

/// The name that the specs of such agents give their backend.
pub(crate) const NAME: &str = "embedded";

pub(crate) struct Embedded {
    handlers: HashMap<Arc<str>, AgentHandler>,
    running: Arc<Mutex<HashMap<Ticket, AbortHandle>>>,
}

impl Embedded {
    pub fn new(handlers: HashMap<Arc<str>, AgentHandler>) -> Embedded {
        Embedded { handlers, running: Arc::default() }
    }

    fn start(&self, attempt: Attempt, reports: Reports) {
        let Attempt { ticket, spec, call, number, until } = attempt;
        let handler = self.handlers[&spec.name].clone();
        let call = Call {
            agent: call.agent.clone(),
            task: call.task.clone(),
            input: call.input.clone(),
            context: call.context.clone(),
            key: call.idempotency_key.clone(),
            attempt: number,
        };
        let timed = tokio::time::timeout_at(until.into(), async move { handler(call).await });
        // Held until the task is registered, so that it cannot be done before.
        let mut running = lock(&self.running);
        let task = tokio::spawn(timed);
        running.insert(ticket, task.abort_handle());
        let tasks = self.running.clone();
        tokio::spawn(async move {
            let outcome = match task.await {
                Ok(Ok(answer)) => answered(&spec, answer),
                Ok(Err(_)) => Err(errors::timed_out(&spec.name, spec.timeout)),
                Err(end) if end.is_cancelled() => Err(errors::cancelled(&spec.name)),
                Err(_) => Err(panicked(&spec.name)),
            };
            lock(&tasks).remove(&ticket);
            reports(Report::Done(ticket, outcome));
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing panics while it holds the map; a map is whole at any time.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn panicked(agent: &str) -> AgentError {
    let help = "the function that the host gave for this agent has a mistake; its message went to \
                the host's standard error";
    AgentError { help: help.to_owned(), ..errors::exited(agent, "panicked") }
}

fn answered(spec: &AgentSpec, answer: Result<Data, Failure>) -> Result<AgentReply, AgentError> {
    match answer {
        Ok(value) => {
            let confidence = value.confidence();
            let value = value.plain().clone();
            Ok(AgentReply { value, confidence, reasoning: None })
        }
        Err(Failure(message)) => Err(errors::reported(&spec.name, &message, true, Data::Null)),
    }
}

impl Backend for Embedded {
    fn name(&self) -> &'static str {
        NAME
    }

    fn check(&self, _: &AgentSpec) -> Result<(), AgentError> {
        Ok(())
    }

    fn submit(&self, batch: Vec<Attempt>, reports: Reports) {
        for attempt in batch {
            self.start(attempt, reports.clone());
        }
    }

    fn cancel(&self, tickets: &[Ticket]) {
        let running = lock(&self.running);
        for handle in tickets.iter().filter_map(|ticket| running.get(ticket)) {
            handle.abort();
        }
    }

    fn shutdown(&self) -> BoxFuture<()> {
        let running = self.running.clone();
        Box::pin(async move {
            while !lock(&running).is_empty() {
                lock(&running).values().for_each(AbortHandle::abort);
                tokio::task::yield_now().await;
            }
        })
    }
}
