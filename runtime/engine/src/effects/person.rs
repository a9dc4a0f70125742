//! `human.approve` and `human.ask`: questions that wait, here or elsewhere, for a person.

use std::sync::Arc;
use std::time::Duration;

use prism_journal::{Digest, Kind, Store};
use prism_vm::Answer;

use super::{Finished, Served, World, refused};
use crate::drive::Signal;
use crate::people::{
    self, Ask, Decision, Question, deadline_decision, decision_data, decision_from_script,
    decision_json, question_from_request, question_json,
};
use crate::record::Asked;
use crate::{Error, error};

/// How often the store is asked whether another process has decided.
const POLL: Duration = Duration::from_millis(10);

pub(crate) fn ask(world: &World, asked: &Asked) -> Served {
    if let Some(question) = world.past.question(&asked.effect_id) {
        return Served::Ask { before: Vec::new(), question: question.clone() };
    }
    let Some(question) = question_from_request(world.run, asked) else {
        return refused(asked, error::bad_argument(&asked.effect, "an object with `reason`"));
    };
    let before = vec![asked.draft(Kind::Waiting, &question_json(&question))];
    Served::Ask { before, question }
}

/// The script decides: the question and the decision are journalled together.
pub(crate) fn scripted(asked: &Asked, answer: Answer) -> Served {
    match answer {
        Answer::Value(value) => {
            let finished = finished(&decision_from_script(&value), asked.digest);
            Served::Now { before: Vec::new(), finished, state: None }
        }
        Answer::Error(error) => refused(asked, error),
    }
}

fn finished(decision: &Decision, question: Digest) -> Finished {
    Finished {
        kind: Kind::Decision,
        payload: decision_json(decision, question),
        answer: Answer::Value(decision_data(decision)),
    }
}

/// Waits until a question is decided: by `ask`, by another process through the store, or by its
/// deadline. Whoever is first has decided.
pub(crate) async fn decision(
    store: Arc<dyn Store>,
    question: Question,
    ask: Option<Arc<dyn Ask>>,
    park: impl FnOnce() -> Signal + Send,
    signals: tokio::sync::mpsc::UnboundedSender<Signal>,
) -> Result<Finished, Error> {
    let mut here = ask.map(|ask| ask.ask(question.clone()));
    let mut park = Some(park);
    let mut seen = None;
    loop {
        let changes = store.changes()?;
        if seen != Some(changes)
            && let Some(decision) = people::find(&*store, &question)?
        {
            return Ok(finished(&decision, question.digest));
        }
        seen = Some(changes);
        if here.is_none()
            && let Some(park) = park.take()
        {
            // The driver may have ended; then nobody wants to know.
            let _ = signals.send(park());
        }
        let decided = tokio::select! {
            decision = poll(&mut here), if here.is_some() => {
                here = None;
                decision
            }
            () = until(question.deadline) => Some(deadline_decision()),
            () = tokio::time::sleep(POLL) => None,
        };
        if let Some(decision) = decided {
            people::post(&*store, &question, &decision)?;
            seen = None;
        }
    }
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
        by: "program".to_owned(),
    };
    finished(&decision, asked.digest)
}
