//! Where a run stands after so many of its events.
//!
//! Events are the differences, a [`Standing`] is their sum: whoever has one and all events after
//! its number knows as much as who has read from the first event on.

use std::collections::BTreeMap;

use prism_journal::{RunId, Status};
use serde_json::{Value, json};

use crate::event::{Event, EventKind, iso_time};

/// The sum of a run's events up to a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub run: RunId,
    /// The last event that is counted; 0: none is.
    pub seq: u64,
    /// The time of that event.
    pub time: i64,
    pub status: Status,
    pub pattern: Value,
    /// `total`, `completed`, `failed` of agent calls.
    pub progress: Value,
    /// Calls under way, by effect id: `agentId`, `attempt`.
    pub agents: BTreeMap<String, Value>,
    /// Open questions, by effect id: `reason`, `to`.
    pub questions: BTreeMap<String, Value>,
    /// The label of the last checkpoint.
    pub checkpoint: Value,
    /// The data of the last event of a run that has ended.
    pub end: Value,
}

impl Standing {
    /// Before the first event.
    pub(crate) fn of(run: RunId) -> Standing {
        Standing {
            run,
            seq: 0,
            time: 0,
            status: Status::Running,
            pattern: Value::Null,
            progress: json!({ "total": 0, "completed": 0, "failed": 0 }),
            agents: BTreeMap::new(),
            questions: BTreeMap::new(),
            checkpoint: Value::Null,
            end: Value::Null,
        }
    }

    /// Takes the next event into account.
    pub(crate) fn add(&mut self, event: &Event) {
        (self.seq, self.time) = (event.seq, event.time);
        let (data, mut put_down) = (&event.data, None);
        match event.kind {
            EventKind::Started => self.pattern = data["patternName"].clone(),
            EventKind::AgentsSelected => {
                let count = |value: &Value| value.as_u64().unwrap_or_default();
                let total = count(&self.progress["total"]) + count(&data["count"]);
                self.progress["total"] = total.into();
            }
            EventKind::AgentStarted => {
                let call = json!({ "agentId": data["agentId"], "attempt": data["attempt"] });
                self.agents.insert(id(data, "effectId"), call);
            }
            // The attempt that failed is over, and the next one is on its way.
            EventKind::AgentRetrying => {
                if let Some(call) = self.agents.get_mut(&id(data, "effectId")) {
                    call["attempt"] = (data["attempt"].as_u64().unwrap_or_default() + 1).into();
                }
            }
            EventKind::AgentCompleted | EventKind::AgentFailed => {
                self.agents.remove(&id(data, "effectId"));
            }
            EventKind::AgentCancelled => {
                self.agents.remove(&id(data, "effectId"));
                let total = self.progress["total"].as_u64().unwrap_or_default();
                self.progress["total"] = total.saturating_sub(1).into();
            }
            EventKind::Progress | EventKind::AgentsCompleted => self.progress = data.clone(),
            EventKind::Waiting => {
                let question = json!({ "reason": data["reason"], "to": data["to"] });
                self.questions.insert(id(data, "question"), question);
            }
            EventKind::Escalated => {
                if let Some(question) = self.questions.get_mut(&id(data, "question")) {
                    question["to"] = data["to"].clone();
                }
            }
            EventKind::Decided => {
                self.questions.remove(&id(data, "question"));
            }
            EventKind::Checkpoint => self.checkpoint = data["label"].clone(),
            EventKind::AgentMessage | EventKind::Published | EventKind::Log | EventKind::Ticked => {
            }
            // Whatever was under way is so no more; calls without an answer start again.
            EventKind::Resumed => self.agents.clear(),
            EventKind::Interrupted => {
                self.agents.clear();
                put_down = Some(Status::Interrupted);
            }
            EventKind::Completed => put_down = Some(self.end(Status::Completed, data)),
            EventKind::Failed => put_down = Some(self.end(Status::Failed, data)),
            EventKind::Cancelled => put_down = Some(self.end(Status::Cancelled, data)),
        }
        let open = if self.questions.is_empty() { Status::Running } else { Status::Waiting };
        self.status = put_down.unwrap_or(open);
    }

    fn end(&mut self, status: Status, data: &Value) -> Status {
        self.agents.clear();
        self.questions.clear();
        self.end = data.clone();
        status
    }

    /// `{"executionId","seq","type":"snapshot","data","timestamp"}`
    pub fn to_json(&self) -> Value {
        json!({
            "executionId": self.run.to_string(),
            "seq": self.seq,
            "type": "snapshot",
            "data": {
                "status": self.status.name(),
                "patternName": self.pattern,
                "progress": self.progress,
                "agents": self.agents,
                "questions": self.questions,
                "checkpoint": self.checkpoint,
                "end": self.end,
            },
            "timestamp": iso_time(self.time),
        })
    }
}

fn id(data: &Value, key: &str) -> String {
    data[key].as_str().unwrap_or_default().to_owned()
}
