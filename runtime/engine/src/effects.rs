//! What the host does for each effect.

mod agent;

mod person;

mod state;

mod time;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use prism_agents::{BoxFuture, Dispatcher, Gate, OnItsWay, duration};
use prism_journal::{Draft, Kind, RunId, StateKey, StateWrite, Store};
use prism_vm::{Answer, Data, EffectError};
use serde_json::{Value, json};

use crate::inbox::Signals;
use crate::inherited::Inherited;
use crate::past::Past;
use crate::people::Question;
use crate::record::{Answered, Asked, event_draft, now_micros};
use crate::{Script, Serve, codec, error};

pub(crate) use agent::{ask as ask_agent, attempt_started, given, is_unknown, name_of as agent_of};
pub(crate) use person::{decide_here, decided, escalation, finish, withdrawal};

/// What an effect needs of the world.
pub(crate) struct World {
    pub(crate) run: RunId,
    /// The run's id as a text.
    pub(crate) name: Arc<str>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) script: Script,
    /// Who is asked before the world.
    pub(crate) own: Option<Arc<dyn Serve>>,
    pub(crate) past: Past,
    pub(crate) inherited: Inherited,
    pub(crate) signals: Signals,
    /// Where the program's state lives that it shares; `None`: it has its own.
    pub(crate) scope: Option<Arc<str>>,
    /// State that is queued, but not yet in the store.
    pub(crate) unsaved: HashMap<StateKey, Arc<[u8]>>,
}

impl World {
    /// The same for every attempt to serve a request: run and effect id.
    fn key(&self, asked: &Asked) -> String {
        [&*self.name, "/", &*asked.effect_id].concat()
    }

    fn has_own_state(&self) -> bool {
        self.scope.as_ref().is_none_or(|scope| **scope == *self.run.to_string())
    }
}

/// An outcome, as the journal and the machine get it.
pub(crate) struct Finished {
    pub(crate) kind: Kind,
    /// As the journal has it.
    pub(crate) payload: Vec<u8>,
    pub(crate) answer: Answer,
}

/// How an effect is carried out.
pub(crate) enum Served {
    /// The outcome is there; entries and state go into the journal with it.
    Now { before: Vec<Draft>, finished: Finished, state: Option<StateWrite> },
    /// The outcome comes when the future is ready. Dropping it stops the work.
    /// `due`: when that is, for what only waits; in microseconds since 1970.
    Later { before: Vec<Draft>, job: BoxFuture<Finished>, due: Option<i64> },
    /// A call is on its way, and the driver hears of its outcome.
    /// `gate`: opened when the start of the call is durable.
    Called { call: OnItsWay, gate: Option<Gate> },
    /// A person is asked once the entries are durable.
    Ask { before: Vec<Draft>, question: Question },
}

/// Begins to carry out an effect.
pub(crate) fn serve(world: &mut World, asked: &Asked) -> Served {
    // A run's own state is written in any case: other runs do not have it.
    if !(&*asked.effect == "state.set" && world.has_own_state())
        && let Some(served) = world.inherited.take(asked)
    {
        world.script.skip(&asked.effect);
        return served;
    }
    if let Some(answer) = world.script.next(&asked.effect) {
        return scripted(world, asked, answer);
    }
    let own = world.own.as_ref();
    if let Some(job) = own.and_then(|own| own.serve(&asked.effect, &asked.args, &world.key(asked)))
    {
        let asked = asked.clone();
        let job = async move { finished(&asked, job.await) };
        return Served::Later { before: Vec::new(), job: Box::pin(job), due: None };
    }
    match &*asked.effect {
        "agent.call" => agent::call(world, asked),
        "agent.once" => agent::once(world, asked),
        "llm" | "stream_llm" => agent::llm(world, asked),
        "human.approve" | "human.ask" => person::ask(world, asked),
        "time.now" => time::now(asked),
        "time.sleep" => time::sleep(world, asked),
        "random" => now(asked, Answer::Value(Data::from(fastrand::f64()))),
        "time.deadline" => now(asked, Answer::Value(Data::Null)),
        "log" => told(asked, "log", json!({ "message": arg(asked, 0), "data": arg(asked, 1) })),
        "checkpoint" => told(asked, "checkpoint", json!({ "label": arg(asked, 0) })),
        "event.publish" => publish(asked),
        "state.get" => state::get(world, asked),
        "state.set" => state::set(world, asked),
        other => refused(asked, error::not_served(other)),
    }
}

/// Whether an effect is a call of an agent, for the count of `agents_selected`.
pub(crate) fn calls_agent(world: &World, asked: &Asked) -> bool {
    match &*asked.effect {
        "agent.call" | "agent.once" => true,
        "llm" | "stream_llm" => !world.script.speaks_of(&asked.effect) && agent::has_llm(world),
        _ => false,
    }
}

fn scripted(world: &World, asked: &Asked, answer: Answer) -> Served {
    match &*asked.effect {
        "agent.call" => agent::scripted(asked, answer),
        "agent.once" => agent::scripted(asked, agent::outcome_of(asked, answer)),
        "human.approve" | "human.ask" => person::scripted(world, asked, answer),
        _ => now(asked, answer),
    }
}

/// An outcome without anything before it. Its entry keeps the arguments.
fn now(asked: &Asked, answer: Answer) -> Served {
    Served::Now { before: Vec::new(), finished: finished(asked, answer), state: None }
}

fn finished(asked: &Asked, answer: Answer) -> Finished {
    let args = Some(asked.args()).filter(|_| !asked.args.is_empty());
    let payload = codec::bytes(&Answered { args, ..Answered::with(&answer) });
    Finished { kind: Kind::Answer, payload, answer }
}

fn refused(asked: &Asked, error: EffectError) -> Served {
    now(asked, Answer::Error(error))
}

/// An effect that is done when it is told.
fn told(asked: &Asked, event: &str, data: Value) -> Served {
    let before = vec![event_draft(Some(asked), event, data)];
    Served::Now { before, finished: finished(asked, Answer::Value(Data::Null)), state: None }
}

fn publish(asked: &Asked) -> Served {
    let Some(topic) = asked.args.first().and_then(Data::as_text) else {
        return refused(asked, error::bad_argument("event.publish", "a topic and a value"));
    };
    told(asked, "published", json!({ "topic": topic, "data": arg(asked, 1) }))
}

/// An argument as the journal writes it; null when it was not given.
fn arg(asked: &Asked, place: usize) -> Value {
    asked.args.get(place).map_or(Value::Null, codec::to_json)
}

/// Longer spans are cut to this: a hundred years, so that sums with a time never overflow.
const LONGEST_SECONDS: f64 = 100.0 * 366.0 * 86_400.0;

/// A time span: a number of milliseconds, or a text such as `30s`.
pub(crate) fn span(data: &Data) -> Option<Duration> {
    if let Some(text) = data.as_text() {
        return duration::parse(text);
    }
    let ms = data.as_number().filter(|ms| !ms.is_nan())?;
    Some(Duration::from_secs_f64((ms / 1000.0).clamp(0.0, LONGEST_SECONDS)))
}

/// The time after a span, in microseconds since 1970.
pub(crate) fn after(span: Duration) -> i64 {
    let span = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    now_micros().saturating_add(span)
}
