//! Drives one run: the machine computes, the host acts, the journal remembers.
//!
//! ```text
//! machine.run ── Done, Trap ──────────────────────────────→ last entry → result
//!      │ ↑ one answer at a time, in the journal's order
//!      │ └──── recorded outcome, else durable outcome ←─ ack ─┐
//!      └ Perform → serve each → attempt, question, timer ─────┤
//!                        └ agents, people, clock → Finished → append
//! ```
//!
//! The machine runs to a standstill after each answer. So the order of entries alone decides
//! what it does, and feeding a journal again repeats the run.

mod serve;

mod stand;

mod listen;

mod end;

use std::collections::VecDeque;
use std::sync::Arc;

use prism_agents::AgentNote;
use prism_journal::{Draft, Error as StoreError, Message, StateWrite};
use prism_vm::{Answer, Data, Outcome, Request, RequestId, Trap};
use serde_json::json;
use tokio::task::JoinSet;

use crate::compute::Compute;
use crate::effects::{self, Finished, World};
use crate::inbox::Inbox;
use crate::mailbox::Delivery;
use crate::people::Ask;
use crate::record::{Asked, event_draft, micros, now_micros};
use crate::recorder::{Recorder, Then};
use crate::requests::{Requests, Stage};
use crate::result::RunResult;
use crate::{Error, Mode, WhenWaiting};

/// What the driver waits for. Small, because every run has room for a few dozen.
pub(crate) enum Signal {
    /// The fate of the oldest unsettled batch.
    Durable(Result<(), Box<StoreError>>),
    /// And when, in microseconds since 1970.
    Note(RequestId, Box<(AgentNote, i64)>),
    Finished(RequestId, Box<Result<Finished, Error>>),
    /// The time of a step of a question is over.
    Escalated(RequestId),
    /// A question that only another process can decide.
    Parked(RequestId),
    /// Another process says something to the run.
    Message(Box<Message>),
    Stop(Stop),
}

/// Why a run is put down.
#[derive(Clone, Debug)]
pub(crate) enum Stop {
    Interrupt,
    Cancel(String),
}

/// One run on its way.
pub(crate) struct Driver {
    pub(crate) machine: Box<dyn Compute>,
    pub(crate) world: World,
    pub(crate) recorder: Recorder,
    pub(crate) inbox: Inbox,
    pub(crate) ask: Option<Arc<dyn Ask>>,
    pub(crate) when_waiting: WhenWaiting,
    pub(crate) mode: Mode,
    pub(crate) requests: Requests,
    /// Answers that the machine has not had yet; durable ones, but in fast mode.
    pub(crate) ready: VecDeque<(RequestId, Answer)>,
    pub(crate) jobs: JoinSet<()>,
    pub(crate) output: Vec<String>,
    /// Whether the run's beginning is durable: before that, nothing reaches the world.
    pub(crate) is_begun: bool,
    pub(crate) _delivery: Delivery,
}

/// How the machine ended.
pub(crate) enum End {
    Done(Data),
    Trap(Trap),
}

impl Driver {
    /// Its end is boxed: a run that waits has no room for it.
    pub(crate) async fn drive(mut self: Box<Self>) -> Result<RunResult, Error> {
        loop {
            if let Some(end) = self.advance()? {
                return Box::pin(self.finish(end)).await;
            }
            self.serve_fresh();
            if let Some(result) = self.idle_result().await? {
                return Ok(result);
            }
            let stop = match !self.ready.is_empty() && self.may_feed() {
                true => self.take_in(None)?,
                false => self.listen().await?,
            };
            if let Some(stop) = stop {
                return Box::pin(self.stop(stop)).await;
            }
        }
    }

    /// Whether the machine may get answers that are ready. In fast mode they are not durable, and
    /// wait while the disk is behind, whatever else is heard meanwhile.
    fn may_feed(&self) -> bool {
        match self.mode {
            Mode::Full => true,
            Mode::Fast { within } => {
                let oldest = self.recorder.oldest().unwrap_or(i64::MAX);
                now_micros() <= oldest.saturating_add(micros(within))
            }
        }
    }

    /// Queues entries. What must wait until they are durable is `then`; answers need not wait in
    /// fast mode.
    fn record(&mut self, drafts: Vec<Draft>, state: Vec<StateWrite>, mut then: Then) {
        if self.mode != Mode::Full {
            // What the journal has is what the program gets.
            then.feed.iter_mut().for_each(|(_, answer)| self.recorder.secrets.hide_answer(answer));
            self.ready.extend(then.feed.drain(..));
        }
        // While others are under way, there is something to do until the disk is done.
        let is_alone = self.requests.len() <= then.feed.len().max(1);
        self.recorder.is_awaited = is_alone && self.mode == Mode::Full;
        let entries = self.recorder.append(drafts, state, then);
        self.requests.note(entries);
    }

    /// Runs the machine as far as recorded and durable answers take it.
    fn advance(&mut self) -> Result<Option<End>, Error> {
        loop {
            let outcome = self.machine.run();
            self.take_output();
            let answered = match outcome {
                Outcome::Done(value) => {
                    self.drop_cancelled();
                    return Ok(Some(End::Done(value)));
                }
                Outcome::Trap(trap) => {
                    self.drop_cancelled();
                    return Ok(Some(End::Trap(trap)));
                }
                Outcome::Perform(requests) => self.take_requests(requests)?,
            };
            self.drop_cancelled();
            if let Some(id) = answered {
                let outcome = self.world.past.next_outcome().expect("`take_requests` has seen it");
                self.world.script.skip(&outcome.effect);
                self.resume(id, outcome.answer);
                continue;
            }
            let Some((id, answer)) = self.next_answer()? else { return Ok(None) };
            self.feed(id, answer);
        }
    }

    /// Takes in what the machine asks for. One that it asks for alone, and that the journal answers
    /// next, is given back instead: most are so on the way through a journal, and nobody has to
    /// find them.
    fn take_requests(&mut self, requests: Vec<Request>) -> Result<Option<RequestId>, Error> {
        let is_alone = requests.len() == 1;
        for request in requests {
            let asked = Asked::from_request(request, &self.recorder.secrets);
            self.world.past.check(self.world.run, &asked)?;
            if is_alone && self.world.past.answers_next(&asked.effect_id) {
                return Ok(Some(asked.id));
            }
            let entries = self.world.past.take_open(&asked.effect_id);
            self.requests.add(asked, entries);
        }
        Ok(None)
    }

    fn take_output(&mut self) {
        let mut lines = self.machine.take_output();
        lines.iter_mut().for_each(|line| self.recorder.secrets.hide_text(line));
        if let Some(watch) = &self.recorder.watch {
            lines.iter().for_each(|line| watch.line(line));
        }
        self.output.extend(lines);
    }

    /// The journal's next answer, and when it has no more, the next one that may be fed.
    fn next_answer(&mut self) -> Result<Option<(RequestId, Answer)>, Error> {
        while let Some(outcome) = self.world.past.next_outcome() {
            self.world.script.skip(&outcome.effect);
            if let Some(id) = self.requests.find(&outcome.effect_id) {
                return Ok(Some((id, outcome.answer)));
            }
            if !self.requests.is_cancelled(&outcome.effect_id) {
                return Err(Error::Diverged {
                    run: self.world.run,
                    effect_id: outcome.effect_id,
                    recorded: outcome.effect.to_string(),
                    requested: "no such request".to_owned(),
                });
            }
        }
        Ok(if self.may_feed() { self.ready.pop_front() } else { None })
    }

    fn feed(&mut self, id: RequestId, answer: Answer) {
        if self.requests.remove(id).is_some() {
            self.resume(id, answer);
        }
    }

    fn resume(&mut self, id: RequestId, answer: Answer) {
        if let Err(error) = self.machine.resume(id, answer) {
            let refusal = crate::error::not_taken(&error);
            // A request that waits takes an error: it is not nested.
            let _ = self.machine.resume(id, Answer::Error(refusal));
        }
    }

    /// Stops the work for requests that the program has given up.
    fn drop_cancelled(&mut self) {
        let is_live = self.world.past.is_used_up();
        let mut drafts = Vec::new();
        for id in self.machine.take_cancelled() {
            let Some(pending) = self.requests.cancel(id) else { continue };
            let (asked, mut is_question) = (pending.asked, false);
            match pending.stage {
                Stage::UnderWay { work, .. } => {
                    work.stop();
                    drafts.extend(self.cancellation(&asked).filter(|_| is_live));
                }
                Stage::Asked { job, .. } => {
                    if let Some(job) = job {
                        job.abort();
                    }
                    is_question = true;
                }
                Stage::Asking(_) => is_question = true,
                Stage::Fresh | Stage::Answered => {}
            }
            if is_question || self.world.past.is_open_question(&asked.effect_id) {
                self.requests.to_withdraw.push(asked);
            }
        }
        if !drafts.is_empty() {
            self.recorder.append(drafts, Vec::new(), Then::default());
        }
    }

    /// What is told of an agent's call that nobody needs any more.
    fn cancellation(&self, asked: &Asked) -> Option<Draft> {
        let data = || json!({ "agent": &*effects::agent_of(asked) });
        effects::calls_agent(&self.world, asked)
            .then(|| event_draft(Some(asked), "agent_cancelled", data()))
    }
}
