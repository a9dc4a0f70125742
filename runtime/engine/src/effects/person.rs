//! `human.approve` and `human.ask`: questions that wait, here or elsewhere, for a person.

use std::sync::Arc;

use prism_journal::{Digest, Draft, Kind, Store};
use prism_vm::{Answer, RequestId};
use serde_json::json;

use super::{Finished, Served, World, refused};
use crate::drive::Signal;
use crate::past::Past;
use crate::people::{
    self, Ask, Decision, Question, deadline_decision, decision_data, decision_from_script,
    decision_json, question_from_request, question_json,
};
use crate::record::{Asked, ESCALATED, event_draft, now_micros};
use crate::{Error, codec, error};

pub(crate) fn ask(world: &World, asked: &Asked) -> Served {
    if let Some(question) = world.past.question(&asked.effect_id) {
        return Served::Ask { before: Vec::new(), question: question.clone() };
    }
    let Some(question) = question_from_request(world.run, asked) else {
        let expected = "an object with `reason`, `choices` as a list, a `deadline` such as `\"2d\"`, \
                        and `chain` as a list of `{ to, within }`";
        return refused(asked, error::bad_argument(&asked.effect, expected));
    };
    let before = vec![asked.draft(Kind::Waiting, codec::bytes(&question_json(&question)))];
    Served::Ask { before, question }
}

/// The script decides: the question and the decision are journalled together.
pub(crate) fn scripted(world: &World, asked: &Asked, answer: Answer) -> Served {
    let value = match answer {
        Answer::Value(value) => value,
        Answer::Error(error) => return refused(asked, error),
    };
    let before = match ask(world, asked) {
        Served::Ask { before, .. } => before,
        refused => return refused,
    };
    let finished = finished(&decision_from_script(&value), asked.digest, None);
    Served::Now { before, finished, state: None }
}

/// `to`: who was asked last.
fn finished(decision: &Decision, question: Digest, to: Option<&str>) -> Finished {
    let mut payload = decision_json(decision, question);
    if let Some(to) = to {
        payload["to"] = to.into();
    }
    Finished {
        kind: Kind::Decision,
        payload: codec::bytes(&payload),
        answer: Answer::Value(decision_data(decision)),
    }
}

/// The outcome of a question that was decided before.
pub(crate) fn decided(store: &dyn Store, question: &Question) -> Result<Option<Finished>, Error> {
    Ok(people::find(store, question)?.map(|decision| finish(&decision, question)))
}

/// The outcome of a question.
pub(crate) fn finish(decision: &Decision, question: &Question) -> Finished {
    finished(decision, question.digest, question.to(now_micros()))
}

/// The entry that says who is asked now, when that is not the first one and was not said before.
pub(crate) fn escalation(past: &mut Past, asked: &Asked, question: &Question) -> Option<Draft> {
    let step = question.step(now_micros())?;
    if step <= past.escalated(&asked.effect_id) {
        return None;
    }
    past.note_escalated(asked.effect_id.clone(), step);
    let data = json!({ "step": step, "to": question.steps[step].to });
    Some(event_draft(Some(asked), ESCALATED, data))
}

/// Waits until a question is decided here: by `ask`, or by its deadline. Whoever is first has
/// decided, also in another process, which the run's mailbox hears of.
pub(crate) async fn decide_here(
    store: Arc<dyn Store>,
    question: Question,
    ask: Option<Arc<dyn Ask>>,
    id: RequestId,
    tell: impl Fn(Signal) + Send,
) {
    let mut here = ask.map(|ask| ask.ask(question.clone()));
    let decision = loop {
        let decision = tokio::select! {
            decision = poll(&mut here), if here.is_some() => decision,
            () = until(question.next_due(now_micros())) => {
                if question.deadline.is_none_or(|deadline| now_micros() < deadline) {
                    tell(Signal::Escalated(id));
                    continue;
                }
                Some(deadline_decision())
            }
        };
        match decision {
            Some(decision) => break decision,
            None => {
                here = None;
                tell(Signal::Parked(id));
            }
        }
    };
    let settled = people::post(&*store, &question, &decision)
        .and_then(|_| Ok(people::find(&*store, &question)?.unwrap_or(decision)));
    let finished = settled.map(|decision| finish(&decision, &question));
    tell(Signal::Finished(id, Box::new(finished)));
}

async fn poll(here: &mut Option<prism_agents::BoxFuture<Option<Decision>>>) -> Option<Decision> {
    here.as_mut()?.await
}

async fn until(deadline: Option<i64>) {
    match deadline {
        Some(deadline) => super::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// The end of a question that the program has given up.
pub(crate) fn withdrawal(asked: &Asked) -> Finished {
    let decision = Decision {
        approved: false,
        choice: None,
        reason: "the program needs the answer no more".to_owned(),
        by: people::BY_PROGRAM.to_owned(),
    };
    finished(&decision, asked.digest, None)
}
