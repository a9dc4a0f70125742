//! From new requests to work under way.

use prism_journal::Draft;
use prism_vm::RequestId;
use serde_json::json;

use super::{Driver, Signal};
use crate::effects::{self, Served};
use crate::record::{Asked, PRINTED, event_draft};
use crate::recorder::Then;
use crate::requests::{Stage, Work};

impl Driver {
    /// Begins to serve what the machine has newly asked for, with one batch of entries.
    pub(super) fn serve_fresh(&mut self) {
        if !self.is_begun {
            return;
        }
        self.note_stand();
        let mut drafts = self.withdrawals();
        drafts.extend(self.printed());
        let fresh = self.requests.take_fresh();
        drafts.extend(self.announcement(&fresh));
        let (mut state, mut then) = (Vec::new(), Then::default());
        drafts.reserve_exact(fresh.len());
        then.feed.reserve_exact(fresh.len());
        for id in fresh {
            let Some(pending) = self.requests.get_mut(id) else { continue };
            match effects::serve(&mut self.world, &pending.asked) {
                Served::Now { before, finished, state: write } => {
                    drafts.extend(before);
                    drafts.push(pending.asked.draft(finished.kind, finished.payload));
                    state.extend(write);
                    then.feed.push((id, finished.answer));
                    pending.stage = Stage::Answered;
                }
                Served::Later { before, job, due } => {
                    drafts.extend(before);
                    let signals = self.world.signals.clone();
                    let job = self.jobs.spawn(async move {
                        signals.send(Signal::Finished(id, Box::new(Ok(job.await))));
                    });
                    pending.stage = Stage::UnderWay { work: Work::Job(job), due, gate: None };
                }
                Served::Called { call, gate } => {
                    let work = Work::Call(call);
                    pending.stage = Stage::UnderWay { work, due: None, gate };
                }
                Served::Ask { before, question } => {
                    drafts.extend(before);
                    let past = &mut self.world.past;
                    drafts.extend(effects::escalation(past, &pending.asked, &question));
                    then.ask.push(id);
                    pending.stage = Stage::Asking(Box::new(question));
                }
            }
        }
        if drafts.is_empty() {
            self.ask_people(then.ask);
        } else {
            self.record(drafts, state, then);
        }
    }

    /// The lines that the program has printed since the last time it stood still. One that goes on
    /// prints them again, which the journal does not repeat.
    fn printed(&mut self) -> Option<Draft> {
        let from = self.world.past.n_printed;
        let lines = self.output.get(from..).filter(|lines| !lines.is_empty())?;
        let data = json!({ "from": from, "lines": lines });
        self.world.past.n_printed = self.output.len();
        Some(event_draft(None, PRINTED, data))
    }

    /// Closes the questions of requests that were given up.
    fn withdrawals(&mut self) -> Vec<Draft> {
        let withdraw = std::mem::take(&mut self.requests.to_withdraw);
        let draft = |asked: &Asked| {
            let finished = effects::withdrawal(asked);
            asked.draft(finished.kind, finished.payload)
        };
        withdraw.iter().map(draft).collect()
    }

    /// Says how many agents are about to be called, once for each call.
    fn announcement(&mut self, fresh: &[RequestId]) -> Option<Draft> {
        let announced = self.world.past.announced;
        let is_new = |id: &&RequestId| announced.is_none_or(|through| id.0 > through);
        let calls: Vec<&RequestId> = fresh
            .iter()
            .filter(is_new)
            .filter(|id| {
                let pending = self.requests.get(**id);
                pending.is_some_and(|pending| effects::calls_agent(&self.world, &pending.asked))
            })
            .collect();
        let through = calls.last()?.0;
        self.world.past.announced = Some(through);
        let data = json!({ "count": calls.len(), "through": through });
        Some(event_draft(None, "agents_selected", data))
    }

    /// Puts durable questions to people.
    pub(super) fn ask_people(&mut self, ids: Vec<RequestId>) {
        for id in ids {
            let Some(pending) = self.requests.get_mut(id) else { continue };
            let Stage::Asking(question) = &pending.stage else { continue };
            let question = question.clone();
            let (ask, signals) = (self.ask.clone(), self.world.signals.clone());
            let tell = move |signal| signals.send(signal);
            let is_parked = ask.is_none();
            // A decision may have been left before the run was here to hear of it.
            if let Some(decided) = effects::decided(&*self.world.store, &question).transpose() {
                tell(Signal::Finished(id, Box::new(decided)));
                pending.stage = Stage::Asked { question, job: None, is_parked: false };
                continue;
            }
            let job = (ask.is_some() || question.deadline.is_some()).then(|| {
                let (store, question) = (self.world.store.clone(), (*question).clone());
                self.jobs.spawn(effects::decide_here(store, question, ask, id, tell))
            });
            pending.stage = Stage::Asked { question, job, is_parked };
        }
    }
}
