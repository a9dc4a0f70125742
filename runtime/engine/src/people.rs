//! Questions to people, and their decisions.
//!
//! A question is an entry of the journal. A decision is a message to the run: the first one under
//! a question is the only one, whoever writes it, and the run's owner takes it into the journal.

use std::collections::HashSet;
use std::sync::Arc;

use prism_agents::{BoxFuture, json};
use prism_journal::{Digest, Entry, Kind, Message, RunId, Store};
use prism_vm::Data;
use serde_json::{Value, json};

use crate::record::{Asked, expect, now_micros, payload};
use crate::{Error, codec, effects, take_up};

/// Who decides a question whose time is up.
pub(crate) const BY_DEADLINE: &str = "deadline";
/// Who decides a question that the program has given up.
pub(crate) const BY_PROGRAM: &str = "program";

/// Who decides where a script answers for the world and names nobody.
pub(crate) const BY_SCRIPT: &str = "script";

/// What a person is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    pub run: RunId,
    /// Names the question within the run: the effect id.
    pub id: Arc<str>,
    /// `human.approve` or `human.ask`.
    pub effect: Arc<str>,
    pub reason: String,
    /// What the decision is about; `Data::Null` when the program gave nothing.
    pub proposal: Data,
    /// What may be chosen; empty when there is only yes and no.
    pub choices: Vec<Data>,
    /// Who is asked one after the other; empty when anybody is.
    pub steps: Vec<Step>,
    /// When the answer is no by itself, in microseconds since 1970.
    pub deadline: Option<i64>,
    /// When it was asked, in microseconds since 1970.
    pub asked: i64,
    /// Of the whole request: what the decision is bound to.
    pub digest: Digest,
}

/// One step of an escalation.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Who is asked: a person, a role, a team.
    pub to: String,
    /// When the next one is asked, in microseconds since 1970.
    pub until: i64,
}

/// What a person decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    pub approved: bool,
    pub choice: Option<Data>,
    /// May be empty.
    pub reason: String,
    /// Who it was.
    pub by: String,
}

/// What became of a decision.
#[derive(Clone, Debug, PartialEq)]
pub enum Decided {
    /// It is the decision.
    Recorded(Question),
    /// There was one already, and it stays.
    Already(Question, Decision),
}

/// Asks a person at once, for instance on the terminal.
pub trait Ask: Send + Sync {
    /// `None`: nobody answers here; the run waits for a decision from elsewhere. The future is
    /// dropped when the decision comes from elsewhere first.
    fn ask(&self, question: Question) -> BoxFuture<Option<Decision>>;
}

/// The questions of a run that are not decided in its journal, oldest first. Of a run with a
/// checkpoint only the journal behind that is read.
pub fn open_questions(store: &dyn Store, run: RunId) -> Result<Vec<Question>, Error> {
    if store.run(run)?.is_none_or(|record| record.status.is_final()) {
        return Ok(Vec::new());
    }
    let (open, entries) = take_up::open_entries(store, run)?;
    if entries.iter().any(|entry| entry.kind.end().is_some()) {
        return Ok(Vec::new());
    }
    let is_outcome = |entry: &&Entry| matches!(entry.kind, Kind::Decision | Kind::Answer);
    let decided: HashSet<&str> =
        entries.iter().filter(is_outcome).map(|entry| &*entry.effect_id).collect();
    let is_open =
        |entry: &&Entry| entry.kind == Kind::Waiting && !decided.contains(&*entry.effect_id);
    let questions = open.iter().chain(&entries).filter(is_open);
    questions.map(|entry| question_from_entry(store, entry)).collect()
}

/// The open questions that a person can still decide, oldest first: nobody has, and there is time.
pub fn undecided(store: &dyn Store, run: RunId) -> Result<Vec<Question>, Error> {
    let open = open_questions(store, run)?;
    keep_undecided(store, run, open)
}

fn keep_undecided(
    store: &dyn Store,
    run: RunId,
    mut open: Vec<Question>,
) -> Result<Vec<Question>, Error> {
    let now = now_micros();
    open.retain(|question| !question.is_overdue(now));
    if !open.is_empty() {
        let messages = store.messages(Some(run), 0)?;
        open.retain(|question| messages.iter().all(|message| message.key != question.id));
    }
    Ok(open)
}

/// Which question is decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choice<'a> {
    /// `None`: the oldest that is open.
    pub question: Option<&'a str>,
    /// The beginning of the hash of what was seen: the question is decided only if it is that.
    pub proposal: Option<&'a str>,
}

/// The question that a decision would be about: the oldest that is meant and that a person can
/// still decide, else the oldest that is meant.
///
/// Errors: `P2014` when nothing is asked, or no proposal is the one that was seen.
pub fn meant(store: &dyn Store, run: RunId, choice: Choice<'_>) -> Result<Question, Error> {
    let all = all_meant(store, run, choice)?;
    let oldest = all.first().cloned();
    let undecided = keep_undecided(store, run, all)?;
    undecided.into_iter().next().or(oldest).ok_or(Error::NotWaiting { run })
}

fn all_meant(store: &dyn Store, run: RunId, choice: Choice<'_>) -> Result<Vec<Question>, Error> {
    let is_meant = |open: &Question| choice.question.is_none_or(|id| id == &*open.id);
    let is_seen =
        |open: &Question| choice.proposal.is_none_or(|seen| open.hash().starts_with(seen));
    let open = open_questions(store, run)?.into_iter().filter(is_meant);
    let (seen, others): (Vec<Question>, Vec<Question>) = open.partition(is_seen);
    match (seen.is_empty(), others.first()) {
        (true, Some(other)) => {
            let seen = choice.proposal.unwrap_or_default().to_owned();
            Err(Error::OtherProposal { run, seen, found: other.hash() })
        }
        _ => Ok(seen),
    }
}

/// Decides a question of a run. One whose time is up has decided itself, also when no process was
/// there to say so.
///
/// Errors: `P2014` when nothing is asked, the choice is not offered, or the proposal is not the
/// one that was seen.
pub fn decide(
    store: &dyn Store,
    run: RunId,
    choice: Choice<'_>,
    decision: &Decision,
) -> Result<Decided, Error> {
    let mut last = None;
    for question in all_meant(store, run, choice)? {
        if question.is_overdue(now_micros()) {
            post(store, &question, &deadline_decision())?;
        } else {
            check_choice(&question, decision)?;
            if post(store, &question, decision)? {
                return Ok(Decided::Recorded(question));
            }
        }
        last = Some(question);
    }
    let question = last.ok_or(Error::NotWaiting { run })?;
    let message = find(store, &question)?.ok_or(Error::NotWaiting { run })?;
    Ok(Decided::Already(question, message))
}

fn check_choice(question: &Question, decision: &Decision) -> Result<(), Error> {
    let Some(choice) = &decision.choice else { return Ok(()) };
    if question.choices.is_empty() || question.choices.contains(choice) {
        return Ok(());
    }
    let choices = question.choices.iter().map(show).collect();
    Err(Error::NotAChoice { choice: show(choice), choices })
}

fn show(choice: &Data) -> String {
    match choice.as_text() {
        Some(text) => text.to_owned(),
        None => codec::to_json(choice).to_string(),
    }
}

/// Leaves a decision for the run. `false`: there was one.
pub(crate) fn post(
    store: &dyn Store,
    question: &Question,
    decision: &Decision,
) -> Result<bool, Error> {
    let body = decision_json(decision, question.digest).to_string();
    Ok(store.post(question.run, &question.id, body.as_bytes())?)
}

/// The decision that was left for a question.
pub(crate) fn find(store: &dyn Store, question: &Question) -> Result<Option<Decision>, Error> {
    Ok(store.message(question.run, &question.id)?.as_ref().and_then(decision_from_message))
}

pub(crate) fn decision_from_message(message: &Message) -> Option<Decision> {
    decision_from_json(codec::parse(&message.body).ok()?)
}

/// The payload of a `decision`, and the body of the message before it.
pub(crate) fn decision_json(decision: &Decision, question: Digest) -> Value {
    json!({
        "approved": decision.approved,
        "choice": decision.choice.as_ref().map(codec::to_json),
        "reason": decision.reason,
        "by": decision.by,
        "question": question.to_string(),
    })
}

pub(crate) fn decision_from_json(mut payload: Value) -> Option<Decision> {
    let choice = match payload["choice"].take() {
        Value::Null => None,
        choice => Some(codec::from_json(choice).ok()?),
    };
    Some(Decision {
        approved: payload["approved"].as_bool()?,
        choice,
        reason: payload["reason"].as_str()?.to_owned(),
        by: payload["by"].as_str()?.to_owned(),
    })
}

/// What the program gets.
pub(crate) fn decision_data(decision: &Decision) -> Data {
    Data::object([
        ("approved", Data::from(decision.approved)),
        ("choice", decision.choice.clone().unwrap_or_default()),
        ("reason", Data::from(decision.reason.as_str())),
        ("by", Data::from(decision.by.as_str())),
    ])
}

/// The decision that a scripted value stands for: a boolean, one of the choices, or an object.
pub(crate) fn decision_from_script(value: &Data) -> Decision {
    let plain = value.plain();
    let text = |key: &str, default: &str| {
        plain.get(key).and_then(Data::as_text).unwrap_or(default).to_owned()
    };
    let choice = match plain {
        Data::Bool(_) | Data::Null => None,
        Data::Object(_) => plain.get("choice").filter(|choice| **choice != Data::Null).cloned(),
        choice => Some(choice.clone()),
    };
    let approved = match plain {
        Data::Bool(approved) => *approved,
        Data::Null => false,
        Data::Object(_) => plain.get("approved").and_then(Data::as_bool).unwrap_or(true),
        _ => true,
    };
    Decision { approved, choice, reason: text("reason", ""), by: text("by", BY_SCRIPT) }
}

/// The decision that a question takes by itself.
pub(crate) fn deadline_decision() -> Decision {
    Decision {
        approved: false,
        choice: None,
        reason: "nobody decided before the deadline".to_owned(),
        by: BY_DEADLINE.to_owned(),
    }
}

/// The question that a request asks. `None`: its argument is neither a text nor an object, its
/// choices are no list, or its times cannot be read.
pub(crate) fn question_from_request(run: RunId, asked: &Asked) -> Option<Question> {
    let argument = asked.args.first().unwrap_or(&Data::Null).plain();
    let reason = match argument {
        Data::Text(text) => text.to_string(),
        Data::Object(_) => {
            argument.get("reason").and_then(Data::as_text).unwrap_or_default().to_owned()
        }
        _ => return None,
    };
    let now = now_micros();
    let steps = steps(argument.get("chain"), now)?;
    let deadline = match argument.get("deadline").map(Data::plain) {
        None | Some(Data::Null) => None,
        Some(deadline) => Some(effects::after(effects::span(deadline)?)),
    };
    let choices = match argument.get("choices").map(Data::plain) {
        None | Some(Data::Null) => Vec::new(),
        Some(choices) => choices.as_array()?.to_vec(),
    };
    let last = steps.last().map(|step| step.until);
    Some(Question {
        run,
        id: asked.effect_id.clone(),
        effect: asked.effect.clone(),
        reason,
        proposal: argument.get("proposal").cloned().unwrap_or_default(),
        choices,
        steps,
        deadline: deadline.into_iter().chain(last).min(),
        asked: now,
        digest: asked.digest,
    })
}

/// `[{ to, within }, …]`: each is asked when the time of the one before is over.
fn steps(chain: Option<&Data>, now: i64) -> Option<Vec<Step>> {
    let chain = match chain.map(Data::plain) {
        None | Some(Data::Null) => return Some(Vec::new()),
        Some(chain) => chain.as_array()?,
    };
    let mut until = now;
    let step = |step: &Data| {
        let within = step.get("within").and_then(effects::span)?;
        until = until.saturating_add(i64::try_from(within.as_micros()).ok()?);
        Some(Step { to: step.get("to")?.as_text()?.to_owned(), until })
    };
    chain.iter().map(step).collect()
}

/// The payload of `waiting`.
pub(crate) fn question_json(question: &Question) -> Value {
    json!({
        "reason": question.reason,
        "proposal": codec::to_json(&question.proposal),
        "choices": question.choices.iter().map(codec::to_json).collect::<Vec<Value>>(),
        "steps": question.steps.iter().map(step_json).collect::<Vec<Value>>(),
        "deadline": question.deadline,
    })
}

fn step_json(step: &Step) -> Value {
    json!({ "to": step.to, "until": step.until })
}

fn step_from_json(step: &Value) -> Option<Step> {
    Some(Step { to: step["to"].as_str()?.to_owned(), until: step["until"].as_i64()? })
}

pub(crate) fn question_from_entry(store: &dyn Store, entry: &Entry) -> Result<Question, Error> {
    let mut payload = payload(store, entry)?;
    let proposal = expect(codec::from_json(payload["proposal"].take()).ok(), entry)?;
    let choices = expect(codec::from_json(payload["choices"].take()).ok(), entry)?;
    // Older records have no steps.
    let steps = payload["steps"].as_array().into_iter().flatten();
    let steps: Option<Vec<Step>> = steps.map(step_from_json).collect();
    Ok(Question {
        run: entry.run,
        id: entry.effect_id.clone(),
        effect: entry.name.clone(),
        reason: expect(payload["reason"].as_str(), entry)?.to_owned(),
        proposal,
        choices: expect(choices.as_array(), entry)?.to_vec(),
        steps: expect(steps, entry)?,
        deadline: payload["deadline"].as_i64(),
        asked: entry.time,
        digest: entry.request,
    })
}

impl Question {
    /// What a decision is bound to: the hash of the effect, the proposal, the choices, all of it.
    pub fn hash(&self) -> String {
        self.digest.to_string()
    }

    /// The step that is on at a time; `None`: anybody may decide from the start.
    pub fn step(&self, now: i64) -> Option<usize> {
        let last = self.steps.len().checked_sub(1)?;
        Some(self.steps.iter().position(|step| now < step.until).unwrap_or(last))
    }

    /// Who is asked at a time.
    pub fn to(&self, now: i64) -> Option<&str> {
        self.step(now).map(|step| &*self.steps[step].to)
    }

    /// Whether it has decided itself by a time.
    fn is_overdue(&self, now: i64) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }

    /// When something happens to it by itself after a time.
    pub(crate) fn next_due(&self, now: i64) -> Option<i64> {
        let ends = self.steps.iter().map(|step| step.until).chain(self.deadline);
        ends.filter(|end| *end > now).min().or(self.deadline)
    }

    /// `{"question","effect","reason","proposal","choices","deadline"}`, for people.
    pub fn to_json(&self) -> Value {
        let plain = |data: &Data| json::to_value(data).unwrap_or(Value::Null);
        json!({
            "question": &*self.id,
            "effect": &*self.effect,
            "reason": self.reason,
            "proposal": plain(&self.proposal),
            "choices": self.choices.iter().map(plain).collect::<Vec<Value>>(),
            "to": self.to(now_micros()),
            "deadline": self.deadline.map(crate::event::iso_time),
            "hash": self.hash(),
        })
    }
}
