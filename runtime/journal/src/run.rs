//! What the store knows of a run without reading its payloads.

use std::sync::Arc;

use crate::{Digest, Kind, RunId};

/// Where a run stands, by its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Status {
    /// It has work to do. Whether a process does it, only its claim tells.
    Running = 1,
    /// At least one question to a person is open.
    Waiting = 2,
    /// Put down in good order; `prism resume` continues it.
    Interrupted = 3,
    Completed = 4,
    Failed = 5,
    Cancelled = 6,
}

impl Status {
    const ALL: [Status; 6] = [
        Status::Running,
        Status::Waiting,
        Status::Interrupted,
        Status::Completed,
        Status::Failed,
        Status::Cancelled,
    ];

    pub fn from_number(number: u8) -> Option<Status> {
        Status::ALL.into_iter().find(|status| *status as u8 == number)
    }

    pub fn name(self) -> &'static str {
        match self {
            Status::Running => "running",
            Status::Waiting => "waiting",
            Status::Interrupted => "interrupted",
            Status::Completed => "completed",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more can happen to the run.
    pub fn is_final(self) -> bool {
        match self {
            Status::Completed | Status::Failed | Status::Cancelled => true,
            Status::Running | Status::Waiting | Status::Interrupted => false,
        }
    }
}

/// A run in a list: the sum of its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRecord {
    pub run: RunId,
    /// The program's name.
    pub name: Arc<str>,
    pub status: Status,
    /// Questions to people that have no decision yet.
    pub open_questions: u32,
    /// Microseconds since 1970, of the first and of the last entry.
    pub started: i64,
    pub updated: i64,
    /// Sequence number and hash of the last entry.
    pub last_seq: u64,
    pub last_hash: Digest,
}

impl RunRecord {
    /// The record after a run's first entry.
    pub(crate) fn first(
        run: RunId,
        name: Arc<str>,
        time: i64,
        seq: u64,
        hash: Digest,
    ) -> RunRecord {
        RunRecord {
            run,
            name,
            status: Status::Running,
            open_questions: 0,
            started: time,
            updated: time,
            last_seq: seq,
            last_hash: hash,
        }
    }

    /// Takes the next entry into account; an unknown kind changes no status.
    pub(crate) fn add(&mut self, kind: Option<Kind>, time: i64, seq: u64, hash: Digest) {
        self.updated = time;
        self.last_seq = seq;
        self.last_hash = hash;
        let Some(kind) = kind else { return };
        let open = match kind {
            Kind::Waiting => self.open_questions + 1,
            Kind::Decision => self.open_questions.saturating_sub(1),
            _ => self.open_questions,
        };
        self.status = match kind.end() {
            Some(end) => end,
            None if kind == Kind::RunInterrupted => Status::Interrupted,
            None => self.with_questions(open),
        };
    }

    fn with_questions(&mut self, open: u32) -> Status {
        self.open_questions = open;
        if open > 0 { Status::Waiting } else { Status::Running }
    }
}
