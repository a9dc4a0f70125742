//! What the journal already knows of a run that goes on.

use std::collections::VecDeque;
use std::sync::Arc;

use prism_journal::{Digest, Entry, Kind, RunId, Store};
use prism_vm::Answer;
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;

use crate::Error;
use crate::checkpoint::Stand;
use crate::people::{self, Question};
use crate::record::{Asked, ESCALATED, PRINTED, answer_from_json, expect, payload, plain_answer};
use crate::requests::is_of_request;

/// An outcome in the journal, to be fed again.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) effect_id: Arc<str>,
    pub(crate) effect: Arc<str>,
    pub(crate) answer: Answer,
    /// The program has given the question up: nobody has answered it.
    pub(crate) is_withdrawn: bool,
}

/// The recorded part of a run. Empty for a run that begins.
#[derive(Default)]
pub(crate) struct Past {
    /// In the order in which they were fed, which is the order to feed them in.
    outcomes: VecDeque<Outcome>,
    /// What each effect was asked, until it is asked again: name, digest, arguments where they
    /// were kept.
    requests: FxHashMap<Arc<str>, Remembered>,
    /// Questions and timers that were opened, also those that have an outcome.
    questions: FxHashMap<Arc<str>, Box<Question>>,
    decided: FxHashSet<Arc<str>>,
    due: FxHashMap<Arc<str>, i64>,
    attempts: FxHashMap<Arc<str>, Attempts>,
    /// The steps at which questions are, but for the first.
    escalated: FxHashMap<Arc<str>, usize>,
    /// What it says of requests without an outcome; events do not count.
    open: FxHashMap<Arc<str>, Vec<Entry>>,
    /// How many printed lines the journal has.
    pub(crate) n_printed: usize,
    /// Requests up to this number were announced by `agents_selected`.
    pub(crate) announced: Option<u64>,
}

/// What was tried for an effect. Times are in microseconds since 1970.
#[derive(Clone, Copy, Default)]
pub(crate) struct Attempts {
    pub(crate) n_started: u32,
    pub(crate) n_failed: u32,
    /// When the first one began.
    pub(crate) since: Option<i64>,
    /// When the pause after the last failure ends.
    pub(crate) next: i64,
}

struct Remembered {
    effect: Arc<str>,
    digest: Digest,
    args: Option<Box<Value>>,
}

impl Past {
    pub(crate) fn from_entries(store: &dyn Store, entries: &[Entry]) -> Result<Past, Error> {
        let mut past = Past::default();
        past.make_room(entries);
        for entry in entries {
            past.add(store, entry)?;
        }
        Ok(past)
    }

    /// The past of a run that stands somewhere, with its entries from there on.
    pub(crate) fn from_stand(
        store: &dyn Store,
        stand: &Stand,
        entries: &[Entry],
    ) -> Result<Past, Error> {
        let steps = stand.escalated.iter().map(|(id, step)| (id.clone(), *step as usize));
        let mut past = Past {
            escalated: steps.collect(),
            n_printed: stand.n_printed as usize,
            announced: stand.announced,
            ..Past::default()
        };
        past.make_room(entries);
        for entry in stand.entries.iter().chain(entries) {
            past.add(store, entry)?;
        }
        Ok(past)
    }

    fn add(&mut self, store: &dyn Store, entry: &Entry) -> Result<(), Error> {
        let id = || entry.effect_id.clone();
        if is_of_request(entry.kind) {
            let open = self.open.entry(id()).or_default();
            if open.is_empty() {
                open.reserve_exact(1);
            }
            open.push(entry.clone());
        }
        match entry.kind {
            Kind::Answer => {
                if let Some(answer) = plain_answer(entry) {
                    self.remember(entry, None);
                    self.push_outcome(entry, answer, false);
                    return Ok(());
                }
                let payload = payload(store, entry)?;
                self.remember(entry, payload.get("args"));
                let answer = expect(answer_from_json(payload), entry)?;
                self.push_outcome(entry, answer, false);
            }
            Kind::Decision => {
                let decision = people::decision_from_json(payload(store, entry)?);
                let decision = expect(decision, entry)?;
                let is_withdrawn = decision.by == people::BY_PROGRAM;
                let answer = Answer::Value(people::decision_data(&decision));
                self.remember(entry, None);
                self.decided.insert(id());
                self.push_outcome(entry, answer, is_withdrawn);
            }
            Kind::AttemptStarted => {
                let payload = payload(store, entry)?;
                self.remember(entry, payload.get("args"));
                let attempts = self.attempts.entry(id()).or_default();
                attempts.n_started += 1;
                attempts.since.get_or_insert(entry.time);
            }
            Kind::Waiting => {
                self.remember(entry, None);
                let question = people::question_from_entry(store, entry)?;
                self.questions.insert(id(), Box::new(question));
            }
            Kind::Timer => {
                self.remember(entry, None);
                let due = payload(store, entry)?["due"].as_i64();
                self.due.insert(id(), expect(due, entry)?);
            }
            Kind::Event => {
                let payload = payload(store, entry)?;
                self.announced = self.announced.max(payload["data"]["through"].as_u64());
                if payload["type"] == ESCALATED {
                    let step = payload["data"]["step"].as_u64();
                    self.escalated.insert(id(), expect(step, entry)? as usize);
                }
                if payload["type"] == PRINTED {
                    let lines = expect(payload["data"]["lines"].as_array(), entry)?;
                    let from = expect(payload["data"]["from"].as_u64(), entry)?;
                    self.n_printed = self.n_printed.max(from as usize + lines.len());
                }
            }
            Kind::AttemptFailed => {
                let pause = payload(store, entry)?["retry_in_ms"].as_i64().unwrap_or_default();
                let attempts = self.attempts.entry(id()).or_default();
                attempts.n_failed += 1;
                attempts.next = entry.time.saturating_add(pause.saturating_mul(1000));
            }
            Kind::RunStarted
            | Kind::RunResumed
            | Kind::RunInterrupted
            | Kind::RunCompleted
            | Kind::RunFailed
            | Kind::RunCancelled => {}
        }
        Ok(())
    }

    /// For the outcomes among these entries.
    fn make_room(&mut self, entries: &[Entry]) {
        let is_outcome = |entry: &&Entry| matches!(entry.kind, Kind::Answer | Kind::Decision);
        let n_outcomes = entries.iter().filter(is_outcome).count();
        self.outcomes.reserve_exact(n_outcomes);
        self.requests.reserve(n_outcomes);
    }

    fn push_outcome(&mut self, entry: &Entry, answer: Answer, is_withdrawn: bool) {
        let (effect_id, effect) = (entry.effect_id.clone(), entry.name.clone());
        self.open.remove(&effect_id);
        self.outcomes.push_back(Outcome { effect_id, effect, answer, is_withdrawn });
    }

    fn remember(&mut self, entry: &Entry, args: Option<&Value>) {
        let known = self.requests.entry(entry.effect_id.clone()).or_insert_with(|| Remembered {
            effect: entry.name.clone(),
            digest: entry.request,
            args: None,
        });
        if known.args.is_none() {
            known.args = args.cloned().map(Box::new);
        }
    }

    /// Takes out what the journal says of a request without an outcome.
    pub(crate) fn take_open(&mut self, effect_id: &str) -> Vec<Entry> {
        self.open.remove(effect_id).unwrap_or_default()
    }

    /// Whether the next outcome to feed is of this effect.
    pub(crate) fn answers_next(&self, effect_id: &str) -> bool {
        self.outcomes.front().is_some_and(|next| *next.effect_id == *effect_id)
    }

    /// The next outcome to feed.
    pub(crate) fn next_outcome(&mut self) -> Option<Outcome> {
        let next = self.outcomes.pop_front();
        if next.is_some() && self.outcomes.is_empty() {
            // A run may wait for long after that.
            self.outcomes.shrink_to_fit();
            self.requests.shrink_to_fit();
        }
        next
    }

    /// Whether every recorded outcome has been taken.
    pub(crate) fn is_used_up(&self) -> bool {
        self.outcomes.is_empty()
    }

    /// Checks that a request is the one that the journal knows under its effect id, which is asked
    /// once.
    pub(crate) fn check(&mut self, run: RunId, asked: &Asked) -> Result<(), Error> {
        match self.mismatch(asked) {
            Some((recorded, requested)) => {
                let effect_id = asked.effect_id.clone();
                Err(Error::Diverged { run, effect_id, recorded, requested })
            }
            None => {
                self.requests.remove(&asked.effect_id);
                Ok(())
            }
        }
    }

    /// The recorded request and the one that is made now under its effect id, if they differ.
    pub(crate) fn mismatch(&self, asked: &Asked) -> Option<(String, String)> {
        let known = self.requests.get(&asked.effect_id)?;
        (known.digest != asked.digest).then(|| (known.show(), show_asked(asked)))
    }

    /// Whether the journal has anything about an effect.
    pub(crate) fn knows(&self, effect_id: &str) -> bool {
        self.requests.contains_key(effect_id)
    }

    /// A recorded request, for people.
    pub(crate) fn show_request(&self, effect_id: &str) -> String {
        self.requests.get(effect_id).map(Remembered::show).unwrap_or_default()
    }

    /// Takes all outcomes that are left.
    pub(crate) fn take_outcomes(&mut self) -> VecDeque<Outcome> {
        std::mem::take(&mut self.outcomes)
    }

    /// What was tried for an effect before.
    pub(crate) fn attempts(&self, effect_id: &str) -> Attempts {
        self.attempts.get(effect_id).copied().unwrap_or_default()
    }

    /// The step that the journal has of a question.
    pub(crate) fn escalated(&self, effect_id: &str) -> usize {
        self.escalated.get(effect_id).copied().unwrap_or_default()
    }

    pub(crate) fn note_escalated(&mut self, effect_id: Arc<str>, step: usize) {
        self.escalated.insert(effect_id, step);
    }

    pub(crate) fn question(&self, effect_id: &str) -> Option<&Question> {
        self.questions.get(effect_id).map(|question| &**question)
    }

    /// Whether the journal has a question without a decision.
    pub(crate) fn is_open_question(&self, effect_id: &str) -> bool {
        self.questions.contains_key(effect_id) && !self.decided.contains(effect_id)
    }

    pub(crate) fn due(&self, effect_id: &str) -> Option<i64> {
        self.due.get(effect_id).copied()
    }
}

impl Remembered {
    fn show(&self) -> String {
        show(&self.effect, self.digest, self.args.as_ref().map(ToString::to_string))
    }
}

/// A request as an error shows it.
pub(crate) fn show_asked(asked: &Asked) -> String {
    show(&asked.effect, asked.digest, Some(asked.args().to_string()))
}

fn show(effect: &str, digest: Digest, args: Option<String>) -> String {
    let Some(text) = args else { return format!("{effect} with digest {digest}") };
    let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    format!("{effect}({})", cut(inside.unwrap_or(&text)))
}

/// A text as part of a line.
pub(crate) fn cut(text: &str) -> String {
    const LONGEST: usize = 120;
    let end = text.floor_char_boundary(LONGEST);
    let dots = if end < text.len() { "…" } else { "" };
    format!("{}{dots}", &text[..end])
}
