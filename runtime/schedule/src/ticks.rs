//! A schedule, and its times.

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use croner::Cron;
use serde_json::{Value, json};

/// When a program runs, and what becomes of times at which it could not.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// As written.
    pub(crate) text: String,
    pub(crate) cron: Cron,
    pub(crate) zone: Tz,
    pub(crate) catch_up: CatchUp,
    pub(crate) overlap: Overlap,
}

/// What becomes of times that passed while nobody was there to start the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatchUp {
    /// Nothing.
    Skip,
    /// The last of them is made up for.
    Last,
    /// All of them are.
    All,
}

/// What becomes of a time at which the run before has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// It is passed over.
    Skip,
    /// It comes when that run has ended.
    Wait,
    /// Both run.
    Allow,
}

impl CatchUp {
    pub(crate) const WORDS: [(&str, CatchUp); 3] =
        [("skip", CatchUp::Skip), ("last", CatchUp::Last), ("all", CatchUp::All)];
}

impl Overlap {
    pub(crate) const WORDS: [(&str, Overlap); 3] =
        [("skip", Overlap::Skip), ("wait", Overlap::Wait), ("allow", Overlap::Allow)];
}

impl Schedule {
    /// The first time after this one. Both in microseconds since 1970; a time is a whole second.
    ///
    /// On a clock that is put forward, a time of day that does not exist is the first one behind
    /// the gap; on a clock that is put back, one that comes twice is the first of both, unless the
    /// schedule goes by intervals.
    pub fn next(&self, after: i64) -> Option<i64> {
        let after: DateTime<Tz> = self.zone.timestamp_micros(after).single()?;
        let next = self.cron.find_next_occurrence(&after, false).ok()?;
        Some(next.timestamp_micros())
    }

    /// The last time up to this one.
    pub fn last(&self, until: i64) -> Option<i64> {
        let until: DateTime<Tz> = self.zone.timestamp_micros(until).single()?;
        let last = self.cron.find_previous_occurrence(&until, true).ok()?;
        Some(last.timestamp_micros())
    }

    /// The times after `after`, up to `until`, in order.
    pub fn between(&self, after: i64, until: i64) -> impl Iterator<Item = i64> {
        let next = move |from: &i64| self.next(*from).filter(|next| *next <= until);
        std::iter::successors(next(&after), next)
    }

    pub fn catch_up(&self) -> CatchUp {
        self.catch_up
    }

    pub fn overlap(&self) -> Overlap {
        self.overlap
    }

    /// A time as the clocks of its zone show it.
    pub fn show(&self, time: i64) -> String {
        let local = self.zone.timestamp_micros(time).single();
        local.map_or_else(String::new, |local| local.format("%Y-%m-%d %H:%M:%S %Z").to_string())
    }

    /// The value of `@schedule` that means the same, complete.
    pub fn to_json(&self) -> Value {
        let catch_up = CatchUp::WORDS.iter().find(|(_, known)| *known == self.catch_up);
        let overlap = Overlap::WORDS.iter().find(|(_, known)| *known == self.overlap);
        json!({
            "cron": self.text,
            "zone": self.zone.name(),
            "catchUp": catch_up.map(|(word, _)| *word),
            "overlap": overlap.map(|(word, _)| *word),
        })
    }
}
