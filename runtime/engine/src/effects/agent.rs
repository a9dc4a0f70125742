//! `agent.call`, `llm` and `stream_llm`: calls that a dispatcher carries out.

use std::sync::Arc;
use std::time::Duration;

use prism_agents::{AgentCall, AgentError, AgentReply, BoxFuture, Dispatcher, Earlier};
use prism_journal::{Draft, Kind};
use prism_vm::{Answer, Data, EffectError};
use serde_json::json;

use super::{Finished, Served, World, refused, span};
use crate::drive::Signal;
use crate::error;
use crate::record::{Asked, answer_json, now_micros};

/// The agent that serves `llm`, when the manifest has one of that name.
const LLM: &str = "llm";

pub(crate) fn call(world: &World, asked: &Asked) -> Served {
    match call_from_args(asked) {
        Some(call) => submit(world, asked, call),
        None => refused(asked, bad_call()),
    }
}

pub(crate) fn llm(world: &World, asked: &Asked) -> Served {
    if !has_llm(world) {
        return refused(asked, error::no_llm());
    }
    submit(world, asked, llm_call(asked))
}

fn bad_call() -> EffectError {
    error::bad_argument("agent.call", "an object with `agent` and `task`")
}

fn llm_call(asked: &Asked) -> AgentCall {
    let argument = |place: usize| asked.args.get(place).cloned().unwrap_or_default();
    AgentCall { input: argument(1), ..AgentCall::new(LLM, argument(0)) }
}

/// Asks an agent, outside any run; `None` for an effect that is no call. Another key makes it
/// another call for an agent that remembers what it has answered.
pub(crate) fn ask(
    dispatcher: &Dispatcher,
    asked: &Asked,
    key: String,
) -> Option<BoxFuture<Answer>> {
    let call = match &*asked.effect {
        "agent.call" => call_from_args(asked),
        "llm" => Some(llm_call(asked)),
        _ => return None,
    };
    let Some(call) = call else { return Some(Box::pin(async { Answer::Error(bad_call()) })) };
    let agent = call.agent.clone();
    let call = AgentCall { idempotency_key: key, ..call };
    let reply = dispatcher.submit(call, Arc::new(|_| {}));
    Some(Box::pin(async move { finished(&agent, reply.await).answer }))
}

pub(crate) fn has_llm(world: &World) -> bool {
    world.dispatcher.registry().get(LLM).is_ok()
}

fn call_from_args(asked: &Asked) -> Option<AgentCall> {
    let request = asked.args.first()?;
    let field = |key: &str| request.get(key).cloned().unwrap_or_default();
    Some(AgentCall {
        input: field("input"),
        context: field("context"),
        deadline: request.get("timeout").and_then(span),
        ..AgentCall::new(agent_name(asked)?, request.get("task")?.clone())
    })
}

/// The agent of an `agent.call`: a handle, its name, or an object that has one.
fn agent_name(asked: &Asked) -> Option<Arc<str>> {
    let agent = asked.args.first()?.get("agent")?;
    match agent.plain() {
        Data::Agent(handle) => Some(handle.name.clone()),
        Data::Text(name) => Some(name.clone()),
        Data::Object(_) => {
            let named = ["name", "id"].into_iter().find_map(|key| agent.get(key)?.as_text());
            named.map(Arc::from)
        }
        _ => None,
    }
}

fn submit(world: &World, asked: &Asked, mut call: AgentCall) -> Served {
    call.run = world.run.to_string().into();
    call.idempotency_key = format!("{}/{}", world.run, asked.effect_id);
    let tried = world.past.attempts(&asked.effect_id);
    let until = |time: i64| micros(time.saturating_sub(now_micros()));
    call.earlier =
        Earlier { attempts: tried.n_started, failures: tried.n_failed, pause: until(tried.next) };
    // A deadline is counted from the first attempt, whoever makes the others.
    if let (Some(deadline), Some(since)) = (call.deadline, tried.since) {
        let spent = micros(now_micros().saturating_sub(since));
        call.deadline = Some(deadline.saturating_sub(spent));
    }
    let agent = call.agent.clone();
    let (signals, id) = (world.signals.clone(), asked.id);
    // The driver may have ended; then nobody wants to know.
    let notes = Arc::new(move |note| drop(signals.send(Signal::Note(id, note))));
    let reply = world.dispatcher.submit(call, notes);
    let job = async move { finished(&agent, reply.await) };
    Served::Later { before: Vec::new(), job: Box::pin(job), due: None }
}

/// A span of time; none for one that has passed.
fn micros(span: i64) -> Duration {
    Duration::from_micros(u64::try_from(span).unwrap_or_default())
}

fn finished(agent: &str, reply: Result<AgentReply, AgentError>) -> Finished {
    let reasoning = reply.as_ref().ok().and_then(|reply| reply.reasoning.clone());
    let answer = match reply {
        Ok(AgentReply { value, confidence: Some(confidence), .. }) => {
            Answer::Value(value.with_confidence(confidence))
        }
        Ok(AgentReply { value, confidence: None, .. }) => Answer::Value(value),
        Err(error) => Answer::Error(effect_error(agent, error)),
    };
    let mut payload = answer_json(&answer);
    payload["agent"] = agent.into();
    if let Some(reasoning) = reasoning {
        payload["reasoning"] = reasoning.into();
    }
    Finished { kind: Kind::Answer, payload, answer }
}

fn effect_error(agent: &str, error: AgentError) -> EffectError {
    let data = Data::object([
        ("agent", Data::from(agent)),
        ("retryable", Data::from(error.retryable)),
        ("help", Data::from(error.help)),
        ("data", error.data),
    ]);
    EffectError { code: error.code.into(), message: error.message.into(), data }
}

/// A call that the script answers leaves the same entries as one that an agent answers.
pub(crate) fn scripted(asked: &Asked, answer: Answer) -> Served {
    let name = agent_name(asked).unwrap_or_default();
    let mut payload = answer_json(&answer);
    payload["agent"] = (*name).into();
    let before = vec![attempt_started(asked, &name, 1)];
    let finished = Finished { kind: Kind::Answer, payload, answer };
    Served::Now { before, finished, state: None }
}

/// The first attempt's entry keeps the arguments.
pub(crate) fn attempt_started(asked: &Asked, agent: &str, number: u32) -> Draft {
    let mut payload = json!({ "agent": agent, "number": number });
    if number == 1 {
        payload["args"] = asked.args_json();
    }
    asked.draft(Kind::AttemptStarted, &payload)
}

/// The agent that a request goes to, for its entries.
pub(crate) fn name_of(asked: &Asked) -> Arc<str> {
    match &*asked.effect {
        "llm" | "stream_llm" => LLM.into(),
        _ => agent_name(asked).unwrap_or_default(),
    }
}
