//! What happens while the machine waits.

use std::time::{Duration, Instant};

use prism_agents::{AgentNote, Gate};
use prism_journal::{Draft, Error as StoreError, Kind, Message};
use prism_vm::RequestId;
use serde_json::json;
use tokio::task::coop;

use super::{Driver, Signal, Stop};
use crate::effects::Finished;
use crate::record::{STDERR, event_draft};
use crate::recorder::Then;
use crate::requests::Stage;
use crate::{Error, cancel, codec, effects, people};

/// What an agent says on the way is journalled at most this often per call.
const MESSAGE_PAUSE: Duration = Duration::from_millis(250);

impl Driver {
    /// Waits for something to happen, and journals all that has happened.
    pub(super) async fn listen(&mut self) -> Result<Option<Stop>, Error> {
        let signal = match self.inbox.try_recv() {
            Some(signal) => {
                // A run whose entries are durable at once never waits.
                coop::consume_budget().await;
                signal
            }
            None => {
                self.recorder.stands_still();
                self.inbox.recv().await
            }
        };
        self.take_in(Some(signal))
    }

    /// Journals what was heard, `first` first, in one batch.
    pub(super) fn take_in(&mut self, first: Option<Signal>) -> Result<Option<Stop>, Error> {
        let mut signal = first.or_else(|| self.inbox.try_recv());
        let (mut drafts, mut then, mut stop) = (Vec::new(), Then::default(), None);
        let mut said = Vec::new();
        while let Some(heard) = signal {
            match heard {
                Signal::Durable(outcome) => self.settled(outcome.map_err(|error| *error))?,
                Signal::Note(id, noted) => match *noted {
                    (AgentNote::Stderr(line), _) => {
                        if let Some(pending) = self.requests.get_mut(id) {
                            pending.said.push(line);
                            said.push(id);
                        }
                    }
                    (note, time) => {
                        drafts.extend(self.said(id));
                        if matches!(note, AgentNote::AttemptStarted { .. }) {
                            then.open.extend(self.requests.gate(id));
                        }
                        drafts.extend(self.note(id, note, time));
                    }
                },
                Signal::Finished(id, finished) => {
                    drafts.extend(self.said(id));
                    if let Some(pending) = self.requests.unanswered(id) {
                        let finished = (*finished)?;
                        drafts.push(pending.asked.draft(finished.kind, finished.payload));
                        then.feed.push((id, finished.answer));
                        pending.stage = Stage::Answered;
                    }
                }
                Signal::Escalated(id) => drafts.extend(self.escalation(id)),
                Signal::Parked(id) => self.requests.park(id),
                Signal::Message(message) if &*message.key == cancel::KEY => {
                    stop = Some(Stop::Cancel(cancel::reason(&message)));
                }
                Signal::Message(message) => {
                    if let Some((id, finished)) = self.decided(&message) {
                        let pending = self.requests.get_mut(id).expect("`decided` has found it");
                        drafts.push(pending.asked.draft(finished.kind, finished.payload));
                        then.feed.push((id, finished.answer));
                        pending.stage = Stage::Answered;
                    }
                }
                Signal::Stop(why) => stop = Some(why),
            }
            signal = self.inbox.try_recv();
        }
        drafts.extend(said.into_iter().filter_map(|id| self.said(id)));
        if !drafts.is_empty() {
            self.record(drafts, Vec::new(), then);
        }
        Ok(stop)
    }

    /// Says that the next one is asked, when that is so and was not said.
    fn escalation(&mut self, id: RequestId) -> Option<Draft> {
        let pending = self.requests.get(id)?;
        match &pending.stage {
            Stage::Asked { question, .. } => {
                effects::escalation(&mut self.world.past, &pending.asked, question)
            }
            Stage::Fresh | Stage::UnderWay { .. } | Stage::Asking(_) | Stage::Answered => None,
        }
    }

    /// The open question that a message decides.
    fn decided(&self, message: &Message) -> Option<(RequestId, Finished)> {
        let id = self.requests.find(&message.key)?;
        match &self.requests.get(id)?.stage {
            Stage::Asked { question, .. } => {
                let decision = people::decision_from_message(message)?;
                Some((id, effects::finish(&decision, question)))
            }
            Stage::Fresh | Stage::UnderWay { .. } | Stage::Asking(_) | Stage::Answered => None,
        }
    }

    /// A batch is durable: its answers may be fed, its questions asked.
    fn settled(&mut self, outcome: Result<(), StoreError>) -> Result<(), Error> {
        let then = self.recorder.settle(outcome)?;
        self.is_begun = true;
        if self.recorder.is_settled() {
            self.world.unsaved.clear();
        }
        then.open.iter().for_each(Gate::open);
        self.ready.reserve_exact(then.feed.len());
        self.ready.extend(then.feed);
        self.ask_people(then.ask);
        Ok(())
    }

    /// The entry for what an agent has written to its standard error since the last one.
    fn said(&mut self, id: RequestId) -> Option<Draft> {
        let pending = self.requests.get_mut(id).filter(|pending| !pending.said.is_empty())?;
        let lines = std::mem::take(&mut pending.said);
        let agent = effects::agent_of(&pending.asked);
        let data = json!({ "agent": &*agent, "lines": lines });
        Some(event_draft(Some(&pending.asked), STDERR, data))
    }

    /// The entry for what is heard of an agent, if it is worth one.
    fn note(&mut self, id: RequestId, note: AgentNote, time: i64) -> Option<Draft> {
        let pending = self.requests.get_mut(id)?;
        let agent = effects::agent_of(&pending.asked);
        match note {
            AgentNote::AttemptStarted { number } => {
                let is_first = !std::mem::replace(&mut pending.is_called, true);
                Some(effects::attempt_started(&pending.asked, &agent, number, is_first))
            }
            AgentNote::AttemptFailed { number, error, retry_in } => {
                let payload = json!({
                    "agent": &*agent,
                    "number": number,
                    "code": error.code,
                    "message": error.message,
                    "retry_in_ms": retry_in.map(|pause| pause.as_millis() as u64),
                });
                // The pause began then, however late that is heard here.
                let draft = pending.asked.draft(Kind::AttemptFailed, codec::bytes(&payload));
                Some(Draft { time: Some(time), ..draft })
            }
            AgentNote::Progress(message) => {
                let now = Instant::now();
                let last = pending.last_message.replace(now);
                if last.is_some_and(|last| now - last < MESSAGE_PAUSE) {
                    pending.last_message = last;
                    return None;
                }
                let data = json!({ "agent": &*agent, "message": codec::to_json(&message) });
                Some(event_draft(Some(&pending.asked), "agent_message", data))
            }
            // Lines are gathered by `take_in`.
            AgentNote::Stderr(_) => None,
        }
    }
}
