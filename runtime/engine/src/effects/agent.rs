//! `agent.call`, `agent.once`, `llm` and `stream_llm`: calls that a dispatcher carries out.

use std::sync::Arc;
use std::time::Duration;

use prism_agents::{
    AgentCall, AgentError, AgentReply, BoxFuture, Dispatcher, Earlier, Gate, Notes, OnItsWay,
};
use prism_journal::{Draft, Entry, Kind};
use prism_vm::{Answer, Data, EffectError};
use serde::Serialize;

use super::{Finished, Served, World, refused, span};
use crate::described::{has_contract, kept};
use crate::drive::Signal;
use crate::record::{Answered, Args, Asked, now_micros};
use crate::{codec, error};

type Reply = Result<AgentReply, AgentError>;

/// The agent that serves `llm`, when the manifest has one of that name.
const LLM: &str = "llm";

pub(crate) fn call(world: &World, asked: &Asked) -> Served {
    match call_from_args(asked) {
        Some(call) => submit(world, asked, call),
        None => refused(asked, bad_call("agent.call")),
    }
}

/// A call that is made at most once. Where it was begun and its end is not on record, whatever the
/// reason, the program is told that its outcome is unknown.
pub(crate) fn once(world: &World, asked: &Asked) -> Served {
    let Some(call) = call_from_args(asked) else { return refused(asked, bad_call("agent.once")) };
    let agent = call.agent.clone();
    if world.past.attempts(&asked.effect_id).n_started > 0 {
        let finished = recorded(&agent, Answer::Value(unknown(&agent, error::BEGUN)), None);
        return Served::Now { before: Vec::new(), finished, state: None };
    }
    let gate = Gate::closed();
    let call = AgentCall { once: Some(gate.clone()), ..call };
    let (has_begun, handle) = (gate.clone(), handle_with_contract(asked));
    let outcome = move |reply: Reply| match reply {
        Err(error) if has_begun.is_open() && error.leaves_open() => {
            recorded(&agent, Answer::Value(unknown(&agent, &error.message)), None)
        }
        reply => {
            let reasoning = reasoning_of(&reply);
            let outcome = match kept(handle.as_ref(), answer_of(&agent, reply)) {
                Answer::Value(value) => Answer::Value(known(value)),
                failed @ Answer::Error(_) => failed,
            };
            recorded(&agent, outcome, reasoning)
        }
    };
    Served::Called { call: send(world, asked, call, outcome), gate: Some(gate) }
}

/// What `agent.once` gives for a scripted answer: an error with the code of an unknown outcome is
/// that outcome.
pub(crate) fn outcome_of(asked: &Asked, answer: Answer) -> Answer {
    match answer {
        Answer::Value(value) => Answer::Value(known(value)),
        Answer::Error(error) if &*error.code == error::UNKNOWN => {
            Answer::Value(unknown(&name_of(asked), &error.message))
        }
        failed @ Answer::Error(_) => failed,
    }
}

/// Whether an answer in the journal is an outcome of `agent.once` that nobody knows.
pub(crate) fn is_unknown(entry: &Entry, answer: &Data) -> bool {
    let outcome = answer.get("outcome").and_then(Data::as_text);
    &*entry.name == "agent.once" && outcome == Some("unknown")
}

/// What the agent has given, in an answer of the journal.
pub(crate) fn given<'a>(entry: &Entry, answer: &'a Data) -> &'a Data {
    let inside = if &*entry.name == "agent.once" { answer.get("value") } else { None };
    inside.unwrap_or(answer)
}

fn known(value: Data) -> Data {
    Data::object([("outcome", Data::from("answer")), ("value", value)])
}

fn unknown(agent: &str, reason: &str) -> Data {
    Data::object([
        ("outcome", Data::from("unknown")),
        ("agent", Data::from(agent)),
        ("reason", Data::from(reason)),
    ])
}

pub(crate) fn llm(world: &World, asked: &Asked) -> Served {
    if !has_llm(world) {
        return refused(asked, error::no_llm());
    }
    submit(world, asked, llm_call(asked))
}

fn bad_call(effect: &str) -> EffectError {
    error::bad_argument(
        effect,
        "an object with `agent`, `task`, and perhaps a `timeout` such as `\"30s\"`",
    )
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
    let Some(call) = call else {
        return Some(Box::pin(async { Answer::Error(bad_call("agent.call")) }));
    };
    let agent = call.agent.clone();
    let call = AgentCall { idempotency_key: key, ..call };
    let reply = dispatcher.submit(call, Arc::new(|_| {}));
    let handle = handle_with_contract(asked);
    Some(Box::pin(async move { kept(handle.as_ref(), answer_of(&agent, reply.await)) }))
}

pub(crate) fn has_llm(world: &World) -> bool {
    world.dispatcher.registry().get(LLM).is_ok()
}

fn call_from_args(asked: &Asked) -> Option<AgentCall> {
    let request = asked.args.first()?;
    let field = |key: &str| request.get(key).cloned().unwrap_or_default();
    let deadline = match request.get("timeout").map(Data::plain) {
        None | Some(Data::Null) => None,
        Some(timeout) => Some(span(timeout)?),
    };
    Some(AgentCall {
        input: field("input"),
        context: field("context"),
        deadline,
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

/// The agent that a request names, where it is a handle that says what the agent answers.
fn handle_with_contract(asked: &Asked) -> Option<Data> {
    let handle = asked.args.first()?.get("agent")?;
    has_contract(handle).then(|| handle.clone())
}

fn submit(world: &World, asked: &Asked, call: AgentCall) -> Served {
    let (agent, handle) = (call.agent.clone(), handle_with_contract(asked));
    let outcome = move |reply| {
        let reasoning = reasoning_of(&reply);
        recorded(&agent, kept(handle.as_ref(), answer_of(&agent, reply)), reasoning)
    };
    Served::Called { call: send(world, asked, call, outcome), gate: None }
}

/// Sends the call on its way. The driver hears of its outcome, which is made an entry where it
/// comes in.
fn send(
    world: &World,
    asked: &Asked,
    call: AgentCall,
    outcome: impl FnOnce(Reply) -> Finished + Send + 'static,
) -> OnItsWay {
    let (signals, id) = (world.signals.clone(), asked.id);
    let done = move |reply| signals.send(Signal::Finished(id, Box::new(Ok(outcome(reply)))));
    world.dispatcher.send(addressed(world, asked, call), notes(world, asked), done)
}

/// The call as a part of its run: with its key, and what was tried before.
fn addressed(world: &World, asked: &Asked, mut call: AgentCall) -> AgentCall {
    call.run = world.name.clone();
    call.idempotency_key = world.key(asked);
    let tried = world.past.attempts(&asked.effect_id);
    let until = |time: i64| micros(time.saturating_sub(now_micros()));
    let spent = tried.since.map_or(0, |since| now_micros().saturating_sub(since));
    call.earlier = Earlier {
        attempts: tried.n_started,
        failures: tried.n_failed,
        pause: until(tried.next),
        spent: micros(spent),
    };
    call
}

/// Where the driver hears of the call.
fn notes(world: &World, asked: &Asked) -> Notes {
    let (signals, id) = (world.signals.clone(), asked.id);
    // The driver may have ended; then nobody wants to know.
    Arc::new(move |note| signals.send(Signal::Note(id, Box::new((note, now_micros())))))
}

/// A span of time; none for one that has passed.
fn micros(span: i64) -> Duration {
    Duration::from_micros(u64::try_from(span).unwrap_or_default())
}

fn reasoning_of(reply: &Reply) -> Option<String> {
    reply.as_ref().ok().and_then(|reply| reply.reasoning.clone())
}

fn answer_of(agent: &str, reply: Reply) -> Answer {
    match reply {
        Ok(AgentReply { value, confidence: Some(confidence), .. }) => {
            Answer::Value(value.with_confidence(confidence))
        }
        Ok(AgentReply { value, confidence: None, .. }) => Answer::Value(value),
        Err(error) => Answer::Error(effect_error(agent, error)),
    }
}

/// The outcome of a call, as its entry has it.
fn recorded(agent: &str, answer: Answer, reasoning: Option<String>) -> Finished {
    let reasoning = reasoning.as_deref();
    let said = Answered { agent: Some(agent), reasoning, ..Answered::with(&answer) };
    Finished { kind: Kind::Answer, payload: codec::bytes(&said), answer }
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
    let before = vec![attempt_started(asked, &name, 1, true)];
    let finished = recorded(&name, kept(handle_with_contract(asked).as_ref(), answer), None);
    Served::Now { before, finished, state: None }
}

/// The payload of an attempt.
#[derive(Serialize)]
struct Attempted<'a> {
    agent: &'a str,
    number: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<Args<'a>>,
}

/// The entry of the first attempt in a process keeps the arguments: whoever is told of it is told
/// what the agent was asked.
pub(crate) fn attempt_started(asked: &Asked, agent: &str, number: u32, is_first: bool) -> Draft {
    let args = is_first.then(|| asked.args());
    asked.draft(Kind::AttemptStarted, codec::bytes(&Attempted { agent, number, args }))
}

/// The agent that a request goes to, for its entries.
pub(crate) fn name_of(asked: &Asked) -> Arc<str> {
    match &*asked.effect {
        "llm" | "stream_llm" => LLM.into(),
        _ => agent_name(asked).unwrap_or_default(),
    }
}
