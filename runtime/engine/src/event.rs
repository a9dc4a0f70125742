//! What happened in a run, for people and programs that watch it.
//!
//! Events are computed from the journal, entry by entry, and numbered from 1. So every reader
//! sees the same events under the same numbers, live or years later.

use prism_journal::RunId;
use serde_json::{Value, json};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub run: RunId,
    /// From 1, without gaps.
    pub seq: u64,
    /// Microseconds since 1970.
    pub time: i64,
    pub kind: EventKind,
    pub data: Value,
}

/// The kinds of events, with the fields of their `data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// `patternName`, and `parent` of a run that was forked.
    Started,
    /// `count`: agents are about to be called.
    AgentsSelected,
    /// `agentId`, `agentName`, `task`, `attempt`, `effectId`
    AgentStarted,
    /// `agentId`, `agentName`, `attempt`, `error`, `retryInMs`, `effectId`: another attempt follows.
    AgentRetrying,
    /// What an agent says before it answers: `agentId`, `agentName`, `message`, `effectId`.
    AgentMessage,
    /// `agentId`, `agentName`, `confidence`, `effectId`
    AgentCompleted,
    /// `agentId`, `agentName`, `error`, `code`, `effectId`
    AgentFailed,
    /// The program needs the answer no more: `agentId`, `agentName`, `effectId`.
    AgentCancelled,
    /// `total`, `completed`, `failed`: of all agent calls so far.
    Progress,
    /// No agent call is open: `total`, `completed`, `failed`.
    AgentsCompleted,
    /// `question`, `reason`, `proposal`, `choices`, `to`, `deadline`: a person is asked.
    Waiting,
    /// The next one is asked: `question`, `to`.
    Escalated,
    /// `question`, `approved`, `choice`, `reason`, `by`
    Decided,
    /// What the program published: `topic`, `data`.
    Published,
    /// A label of the program: `label`.
    Checkpoint,
    /// A line of the program's log: `message`, `data`.
    Log,
    /// A schedule came to times: `started` (`time`, `run`) and `passed` (`time`, `why`).
    Ticked,
    Interrupted,
    /// A process went on with the run.
    Resumed,
    /// `patternName`, `value`, `confidence`, `durationMs`, `agentCount`
    Completed,
    /// `patternName`, `code`, `error`, `durationMs`
    Failed,
    /// `patternName`, `reason`
    Cancelled,
}

impl EventKind {
    pub fn name(self) -> &'static str {
        match self {
            EventKind::Started => "started",
            EventKind::AgentsSelected => "agents_selected",
            EventKind::AgentStarted => "agent_started",
            EventKind::AgentRetrying => "agent_retrying",
            EventKind::AgentMessage => "agent_message",
            EventKind::AgentCompleted => "agent_completed",
            EventKind::AgentFailed => "agent_failed",
            EventKind::AgentCancelled => "agent_cancelled",
            EventKind::Progress => "progress",
            EventKind::AgentsCompleted => "agents_completed",
            EventKind::Waiting => "waiting",
            EventKind::Escalated => "escalated",
            EventKind::Decided => "decided",
            EventKind::Published => "published",
            EventKind::Checkpoint => "checkpoint",
            EventKind::Log => "log",
            EventKind::Ticked => "ticked",
            EventKind::Interrupted => "interrupted",
            EventKind::Resumed => "resumed",
            EventKind::Completed => "completed",
            EventKind::Failed => "failed",
            EventKind::Cancelled => "cancelled",
        }
    }

    /// Whether the run has ended with it.
    pub fn is_last(self) -> bool {
        matches!(self, EventKind::Completed | EventKind::Failed | EventKind::Cancelled)
    }
}

impl Event {
    /// `{"executionId","seq","type","data","timestamp"}`
    pub fn to_json(&self) -> Value {
        json!({
            "executionId": self.run.to_string(),
            "seq": self.seq,
            "type": self.kind.name(),
            "data": self.data,
            "timestamp": iso_time(self.time),
        })
    }
}

/// Microseconds since 1970 as `2026-11-20T10:15:30.123Z`.
pub fn iso_time(micros: i64) -> String {
    let millis = micros.div_euclid(1000);
    let (days, in_day) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let (year, month, day) = civil(days);
    let (hour, minute) = (in_day / 3_600_000, in_day / 60_000 % 60);
    let (second, milli) = (in_day / 1000 % 60, in_day % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Year, month and day of a count of days since 1970-01-01. Years are taken to begin in March,
/// so that the leap day is their last.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let in_era = days.rem_euclid(146_097);
    let year = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * in_year + 2) / 153;
    let day = in_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::iso_time;

    #[test]
    fn times_are_read_by_people() {
        assert_eq!(iso_time(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso_time(951_782_399_999_000), "2000-02-28T23:59:59.999Z");
        assert_eq!(iso_time(951_782_400_000_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(iso_time(1_795_175_266_763_257), "2026-11-20T11:47:46.763Z");
        assert_eq!(iso_time(-1), "1969-12-31T23:59:59.999Z");
    }
}
