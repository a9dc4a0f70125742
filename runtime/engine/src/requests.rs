//! The requests that a machine waits for, and how far each is.

use std::sync::Arc;
use std::time::Instant;

use prism_agents::{Gate, OnItsWay};
use prism_journal::{Entry, Kind};
use prism_vm::RequestId;
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::task::AbortHandle;

use crate::people::Question;
use crate::record::{Asked, now_micros};

/// A request that has no answer yet.
pub(crate) struct Pending {
    pub(crate) asked: Asked,
    pub(crate) stage: Stage,
    /// What the journal says of it; events do not count.
    pub(crate) entries: Vec<Entry>,
    /// Whether an attempt has begun in this process.
    pub(crate) is_called: bool,
    /// When a message of its agent was journalled last.
    pub(crate) last_message: Option<Instant>,
    /// What its agent has written to its standard error, and no entry has.
    pub(crate) said: Vec<String>,
}

/// How far a request is.
pub(crate) enum Stage {
    /// Not served yet.
    Fresh,
    /// `due`: it is over at that time, in microseconds since 1970, and not before.
    /// `gate`: to open when the start of its attempt is durable.
    UnderWay { work: Work, due: Option<i64>, gate: Option<Gate> },
    /// The entry of the question is on its way to the disk.
    Asking(Box<Question>),
    /// People may decide; parked when only another process can.
    Asked {
        question: Box<Question>,
        /// Who asks here, and who watches the deadline; `None`: nobody has to.
        job: Option<AbortHandle>,
        is_parked: bool,
    },
    /// The outcome is on its way to the disk.
    Answered,
}

/// What brings about the outcome of a request.
pub(crate) enum Work {
    Job(AbortHandle),
    Call(OnItsWay),
}

impl Work {
    pub(crate) fn stop(&self) {
        match self {
            Work::Job(job) => job.abort(),
            Work::Call(call) => call.give_up(),
        }
    }
}

#[derive(Default)]
pub(crate) struct Requests {
    /// Boxed: a table has room for some before it has any.
    pending: FxHashMap<RequestId, Box<Pending>>,
    by_effect_id: FxHashMap<Arc<str>, RequestId>,
    /// In the order of the machine; some may have been answered or given up since.
    fresh: Vec<RequestId>,
    /// Effect ids that the program has given up.
    cancelled: FxHashSet<Arc<str>>,
    /// Questions that were given up, and whose end is not in the journal.
    pub(crate) to_withdraw: Vec<Asked>,
}

impl Requests {
    /// Takes a request with what the journal says of it.
    pub(crate) fn add(&mut self, asked: Asked, entries: Vec<Entry>) {
        let id = asked.id;
        self.by_effect_id.insert(asked.effect_id.clone(), id);
        self.fresh.push(id);
        let (stage, last_message, said) = (Stage::Fresh, None, Vec::new());
        let pending = Pending { asked, stage, entries, is_called: false, last_message, said };
        self.pending.insert(id, Box::new(pending));
    }

    /// Notes what the journal says of requests from now on.
    pub(crate) fn note(&mut self, entries: &[Entry]) {
        for entry in entries {
            if is_of_request(entry.kind)
                && let Some(id) = self.find(&entry.effect_id)
                && let Some(pending) = self.pending.get_mut(&id)
            {
                // Most have one, and wait long with it.
                if pending.entries.is_empty() {
                    pending.entries.reserve_exact(1);
                }
                pending.entries.push(entry.clone());
            }
        }
    }

    /// How many have no answer yet.
    pub(crate) fn len(&self) -> usize {
        self.pending.len()
    }

    /// All, oldest first.
    pub(crate) fn in_order(&self) -> Vec<&Pending> {
        let mut all: Vec<&Pending> = self.pending.values().map(|pending| &**pending).collect();
        all.sort_unstable_by_key(|pending| pending.asked.id);
        all
    }

    /// Notes that the program has given up an effect.
    pub(crate) fn note_cancelled(&mut self, effect_id: Arc<str>) {
        self.cancelled.insert(effect_id);
    }

    pub(crate) fn get(&self, id: RequestId) -> Option<&Pending> {
        self.pending.get(&id).map(|pending| &**pending)
    }

    pub(crate) fn get_mut(&mut self, id: RequestId) -> Option<&mut Pending> {
        self.pending.get_mut(&id).map(|pending| &mut **pending)
    }

    /// A request whose outcome has not come yet: a second outcome changes nothing.
    pub(crate) fn unanswered(&mut self, id: RequestId) -> Option<&mut Pending> {
        self.get_mut(id).filter(|pending| !matches!(pending.stage, Stage::Answered))
    }

    /// What keeps the attempt of a request back.
    pub(crate) fn gate(&self, id: RequestId) -> Option<Gate> {
        match &self.get(id)?.stage {
            Stage::UnderWay { gate, .. } => gate.clone(),
            Stage::Fresh | Stage::Asking(_) | Stage::Asked { .. } | Stage::Answered => None,
        }
    }

    /// The request that the machine waits for under an effect id.
    pub(crate) fn find(&self, effect_id: &str) -> Option<RequestId> {
        self.by_effect_id.get(effect_id).copied()
    }

    pub(crate) fn is_cancelled(&self, effect_id: &str) -> bool {
        self.cancelled.contains(effect_id)
    }

    /// Requests that nobody has begun to serve.
    pub(crate) fn take_fresh(&mut self) -> Vec<RequestId> {
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.retain(|id| self.pending.contains_key(id));
        fresh
    }

    /// Takes out a request that gets its answer, or was given up.
    pub(crate) fn remove(&mut self, id: RequestId) -> Option<Box<Pending>> {
        let pending = self.pending.remove(&id)?;
        self.by_effect_id.remove(&pending.asked.effect_id);
        Some(pending)
    }

    /// Takes out a request that was given up, and remembers that it was.
    pub(crate) fn cancel(&mut self, id: RequestId) -> Option<Box<Pending>> {
        let pending = self.remove(id)?;
        self.cancelled.insert(pending.asked.effect_id.clone());
        Some(pending)
    }

    /// Stops all work that is under way.
    pub(crate) fn stop(&self) {
        for pending in self.pending.values() {
            if let Stage::UnderWay { work, .. } = &pending.stage {
                work.stop();
            }
        }
    }

    /// Notes that only another process can decide a question.
    pub(crate) fn park(&mut self, id: RequestId) {
        if let Some(Pending { stage: Stage::Asked { is_parked, .. }, .. }) = self.get_mut(id) {
            *is_parked = true;
        }
    }

    /// Whether this process can bring about an answer; one that is due after `horizon` does not
    /// count, nor does a question that only others decide and whose deadline is after `now`.
    pub(crate) fn is_any_under_way(&self, horizon: i64, now: i64) -> bool {
        self.pending.values().any(|pending| match &pending.stage {
            Stage::UnderWay { due: Some(due), .. } => *due <= horizon,
            Stage::UnderWay { due: None, .. } => true,
            Stage::Asking(_) | Stage::Fresh | Stage::Answered => true,
            Stage::Asked { question, is_parked, .. } => {
                !is_parked || question.deadline.is_some_and(|deadline| deadline <= now)
            }
        })
    }

    /// When something happens by itself next: a timer ends, a deadline passes.
    pub(crate) fn next_due(&self) -> Option<i64> {
        let dues = self.pending.values().filter_map(|pending| match &pending.stage {
            Stage::UnderWay { due, .. } => *due,
            Stage::Asking(question) | Stage::Asked { question, .. } => {
                question.next_due(now_micros())
            }
            Stage::Fresh | Stage::Answered => None,
        });
        dues.min()
    }

    /// The open questions, oldest first.
    pub(crate) fn questions(&self) -> Vec<Question> {
        let mut questions: Vec<(RequestId, Question)> = self
            .pending
            .iter()
            .filter_map(|(id, pending)| match &pending.stage {
                Stage::Asking(question) | Stage::Asked { question, .. } => {
                    Some((*id, (**question).clone()))
                }
                Stage::Fresh | Stage::UnderWay { .. } | Stage::Answered => None,
            })
            .collect();
        questions.sort_by_key(|(id, _)| *id);
        questions.into_iter().map(|(_, question)| question).collect()
    }
}

/// Whether an entry says how far a request is that has no outcome yet.
pub(crate) fn is_of_request(kind: Kind) -> bool {
    match kind {
        Kind::AttemptStarted | Kind::AttemptFailed | Kind::Waiting | Kind::Timer => true,
        Kind::RunStarted
        | Kind::Answer
        | Kind::Decision
        | Kind::Event
        | Kind::RunResumed
        | Kind::RunInterrupted
        | Kind::RunCompleted
        | Kind::RunFailed
        | Kind::RunCancelled => false,
    }
}
