//! Replay: does the program still do what its journal says?

use std::collections::BTreeSet;
use std::iter;
use std::sync::Arc;

use prism_journal::{RunId, Status, Store};
use prism_vm::{Answer, Data, Location};
use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::drive::End;
use crate::past;
use crate::record::{Asked, Site};
use crate::rerun::{Changes, Original, Rerun};
use crate::result::RunResult;
use crate::{Error, codec};

/// What became of a replay.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    pub run: RunId,
    /// Recorded answers that the program took.
    pub n_answers: usize,
    /// How the recorded run ended; `None` while it can go on.
    pub ended: Option<Status>,
    /// Where the program went another way; `None`: identical.
    pub divergence: Option<Divergence>,
}

/// The first place where a program does not do what was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Divergence {
    /// Empty at the end of the run.
    pub effect_id: Arc<str>,
    /// Where the program asks for what it asks now.
    pub at: Option<Location>,
    pub recorded: String,
    pub requested: String,
}

/// Runs the program of a run again, with the recorded answers and nothing else.
///
/// Errors: `P2008` unknown, and whatever keeps the journal from being read.
pub fn replay(store: &dyn Store, run: RunId, changes: Changes) -> Result<Replayed, Error> {
    let original = Original::read(store, run, changes)?;
    let mut rerun = original.rerun(store)?;
    let divergence = follow(&mut rerun, original.ended.as_ref(), &mut |_, _| {});
    let ended = original.ended.map(|ended| ended.status);
    Ok(Replayed { run, n_answers: rerun.n_fed, ended, divergence })
}

/// Feeds the journal until it ends or the program leaves it; `fed` hears of every answer.
pub(crate) fn follow(
    rerun: &mut Rerun,
    ended: Option<&RunResult>,
    fed: &mut dyn FnMut(Asked, Answer),
) -> Option<Divergence> {
    loop {
        let fresh = match rerun.compute() {
            Ok(end) => return at_end(rerun, &end, ended),
            Err(fresh) => fresh,
        };
        if let Some(divergence) = fresh.iter().find_map(|asked| mismatch(rerun, asked)) {
            return Some(divergence);
        }
        match rerun.next_outcome() {
            Some(outcome) if rerun.waits_for(&outcome.effect_id) => {
                let answer = outcome.answer.clone();
                fed(rerun.feed(outcome), answer);
            }
            Some(outcome) => return Some(not_asked(rerun, &outcome)),
            None => return at_standstill(rerun, ended),
        }
    }
}

fn mismatch(rerun: &Rerun, asked: &Asked) -> Option<Divergence> {
    let (recorded, requested) = rerun.past.mismatch(asked)?;
    let (effect_id, at) = (asked.effect_id.clone(), asked.at.clone());
    Some(Divergence { effect_id, at, recorded, requested })
}

/// The journal goes on with an effect that the program does not ask for.
fn not_asked(rerun: &Rerun, outcome: &past::Outcome) -> Divergence {
    let instead = rerun.waiting.iter().find(|asked| !rerun.past.knows(&asked.effect_id));
    Divergence {
        effect_id: outcome.effect_id.clone(),
        at: instead.and_then(|asked| asked.at.clone()),
        recorded: rerun.past.show_request(&outcome.effect_id),
        requested: instead.map_or_else(|| "no such request".to_owned(), past::show_asked),
    }
}

/// The program waits, and the journal has no more answers.
fn at_standstill(rerun: &Rerun, ended: Option<&RunResult>) -> Option<Divergence> {
    let ended = ended.filter(|ended| ended.status != Status::Cancelled)?;
    let asked = rerun.waiting.iter().next();
    Some(Divergence {
        effect_id: asked.map(|asked| asked.effect_id.clone()).unwrap_or_default(),
        at: asked.and_then(|asked| asked.at.clone()),
        recorded: show_end(ended),
        requested: asked.map_or_else(|| "nothing".to_owned(), past::show_asked),
    })
}

/// The program has ended. What the journal has beyond that was given up when it ended then.
fn at_end(rerun: &mut Rerun, end: &End, ended: Option<&RunResult>) -> Option<Divergence> {
    let next = rerun.next_outcome();
    let recorded = match (ended, &next) {
        (Some(ended), _) if ended.status != Status::Cancelled => {
            if is_same_end(end, ended) {
                return None;
            }
            show_end(ended)
        }
        (_, None) => return None,
        (_, Some(_)) => String::new(),
    };
    let (effect_id, recorded) = match next {
        Some(next) => (next.effect_id.clone(), rerun.past.show_request(&next.effect_id)),
        None => (Arc::from(""), recorded),
    };
    let at = match end {
        End::Done(_) => None,
        End::Trap(trap) => trap.at.clone(),
    };
    let requested = match end {
        End::Done(value) => show_value(value),
        End::Trap(trap) => format!("the failure {trap}"),
    };
    Some(Divergence { effect_id, at, recorded, requested })
}

fn is_same_end(end: &End, ended: &RunResult) -> bool {
    match end {
        End::Done(value) => whole(ended).is_some_and(|whole| text(value) == text(&whole)),
        End::Trap(trap) => ended.failure.as_ref().is_some_and(|failure| {
            (failure.code.as_str(), &failure.message) == (trap.code, &trap.message)
        }),
    }
}

/// The value of a run with its confidence.
fn whole(ended: &RunResult) -> Option<Data> {
    let value = ended.value.clone()?;
    Some(match ended.confidence {
        Some(confidence) => value.with_confidence(confidence),
        None => value,
    })
}

/// Equal for equal values, NaN included.
fn text(value: &Data) -> Value {
    codec::to_json(value)
}

fn show_value(value: &Data) -> String {
    format!("the result {}", past::cut(&text(value).to_string()))
}

fn show_end(ended: &RunResult) -> String {
    match (whole(ended), &ended.failure) {
        (Some(value), _) => show_value(&value),
        (None, Some(failure)) => format!("the failure {}: {}", failure.code, failure.message),
        (None, None) => format!("a run that is {}", ended.status.name()),
    }
}

/// Which outcomes a program takes that may have changed: those whose request is still the same,
/// in the recorded order, before the first one that is at `end`. The rerun stands then where the
/// world would have to be asked. Also says whether `end` was met.
pub(crate) fn keep(rerun: &mut Rerun, end: Option<&Site>) -> (Vec<Asked>, bool) {
    // A program that has changed may still want the answer to a question that was given up.
    let outcomes = rerun.past.take_outcomes().into_iter().filter(|outcome| !outcome.is_withdrawn);
    let mut outcomes: Vec<Option<past::Outcome>> = outcomes.map(Some).collect();
    let named = |(place, outcome): (usize, &Option<past::Outcome>)| {
        outcome.as_ref().map(|outcome| (outcome.effect_id.clone(), place))
    };
    let places: FxHashMap<Arc<str>, usize> =
        outcomes.iter().enumerate().rev().filter_map(named).collect();
    let (mut kept, mut ready) = (Vec::new(), BTreeSet::new());
    while let Err(fresh) = rerun.compute() {
        let is_same = |asked: &&Asked| rerun.past.mismatch(asked).is_none();
        let place = |asked: &Asked| places.get(&asked.effect_id).copied();
        ready.extend(fresh.iter().filter(is_same).filter_map(place));
        // What was given up meanwhile is passed over.
        let mut next = iter::from_fn(|| ready.pop_first()).filter_map(|at| outcomes[at].take());
        let Some(outcome) = next.find(|next| rerun.waits_for(&next.effect_id)) else { break };
        let asked = rerun.feed(outcome);
        if end.is_some_and(|end| end.holds(&asked)) {
            return (kept, true);
        }
        kept.push(asked);
    }
    (kept, false)
}
