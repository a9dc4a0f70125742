//! Schedules: runs without a machine, which start other runs when their time has come.
//!
//! ```text
//! run_started {…, schedule} ─→ parked {due, until} ─→ ticked {started, passed} ─→ parked … ─→ run_cancelled
//! ```
//!
//! Exactly once: whoever deals with a time has the claim of the schedule, and the run of a time
//! has a name that follows from the program's name and the time, so that nothing starts it twice,
//! also after a crash in between, and on a clock that was put back.

use std::sync::mpsc;
use std::time::Duration;

use prism_journal::{
    Batch, Claim, Digest, Draft, Entry, Error as StoreError, Kind, Log, Reference, RunId, Store,
};
use prism_schedule::{CatchUp, Overlap, Schedule};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::record::{PARKED, event_draft, expect, payload, run_draft};
use crate::{Error, Start, cancel, start, take_up};

/// A time that is dealt with later than this was missed.
const LATE: Duration = Duration::from_secs(60);

/// Runs that are started at once; the rest follows.
const MOST: usize = 100;

/// How often a time that waits for the run before is looked at again.
const PAUSE: Duration = Duration::from_secs(1);

/// The event that says what became of times.
pub(crate) const TICKED: &str = "ticked";

/// A schedule in a store, as it was planned.
#[derive(Clone, Debug)]
pub struct Planned {
    pub run: RunId,
    pub name: Arc<str>,
    pub schedule: Schedule,
    artifact: Reference,
    /// The payload of the first entry.
    beginning: Value,
}

/// What was done about a schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ticked {
    /// Runs that were started; nobody drives them yet.
    pub started: Vec<RunId>,
    /// When there is something to do next; `None`: never again.
    pub due: Option<i64>,
}

/// How far a schedule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Times up to this one were dealt with.
    pub until: i64,
    /// The next one.
    pub due: Option<i64>,
    /// The last run that it started.
    pub last: Option<RunId>,
}

/// Plans runs of a program. Nothing is started before `now`.
pub fn plan(
    store: &dyn Store,
    start: &Start,
    schedule: &Schedule,
    now: i64,
) -> Result<RunId, Error> {
    let run = RunId::generate();
    let claim = store.claim(run)?;
    let artifact = Reference::to(&start.artifact);
    let mut log = Log::new(run);
    let progress = Progress { until: now, due: schedule.next(now), last: None };
    let first = start::scheduled_draft(start, artifact, schedule);
    let mut batch = log.batch(vec![first, progress.draft()]);
    batch.blobs.push((artifact, start.artifact.clone()));
    append_all(store, vec![(&claim, batch)])?;
    Ok(run)
}

impl Planned {
    /// The schedule that a run is; `None` for a run of a program.
    pub fn read(store: &dyn Store, run: RunId) -> Result<Option<Planned>, Error> {
        let first = store.first(run)?;
        let first = first.ok_or_else(|| Error::UnknownRun { name: run.to_string() })?;
        let recorded = start::from_entry(store, &first)?;
        let Some(schedule) = recorded.schedule else { return Ok(None) };
        let beginning = payload(store, &first)?;
        Ok(Some(Planned {
            run,
            name: recorded.name,
            schedule,
            artifact: recorded.artifact,
            beginning,
        }))
    }

    /// Deals with every time up to `now`, by the policies of the schedule.
    ///
    /// Errors: `P2009` while another process does, `P2013` when the schedule has ended.
    pub fn tick(&self, store: &dyn Store, now: i64) -> Result<Ticked, Error> {
        let claim = store.claim(self.run)?;
        let last = self.last_entry(store)?;
        take_up::expect_unfinished(&last)?;
        let mut log = Log::after(&last);
        let messages = store.messages(Some(self.run), 0)?;
        if let Some(wish) = messages.iter().find(|message| &*message.key == cancel::KEY) {
            let reason = json!({ "reason": cancel::reason(wish), "output": [] });
            let ended = log.batch(vec![run_draft(Kind::RunCancelled, &reason)]);
            append_all(store, vec![(&claim, ended)])?;
            return Ok(Ticked::default());
        }
        let mut progress = expect(Progress::from_payload(&payload(store, &last)?), &last)?;
        let (ticked, told) = self.deal(store, &mut progress, now)?;
        let mut drafts: Vec<Draft> =
            told.map(|told| event_draft(None, TICKED, told)).into_iter().collect();
        drafts.push(progress.draft());
        append_all(store, vec![(&claim, log.batch(drafts))])?;
        Ok(ticked)
    }

    /// How far it is; `None` when it has ended.
    pub fn progress(&self, store: &dyn Store) -> Result<Option<Progress>, Error> {
        let last = self.last_entry(store)?;
        match take_up::expect_unfinished(&last) {
            Ok(()) => Ok(Some(expect(Progress::from_payload(&payload(store, &last)?), &last)?)),
            Err(_) => Ok(None),
        }
    }

    fn last_entry(&self, store: &dyn Store) -> Result<Entry, Error> {
        let unknown = || Error::UnknownRun { name: self.run.to_string() };
        let record = store.run(self.run)?.ok_or_else(unknown)?;
        store.read(self.run, record.last_seq)?.pop().ok_or_else(unknown)
    }

    /// Starts what is to be started; gives what is to be told, if there is anything.
    fn deal(
        &self,
        store: &dyn Store,
        progress: &mut Progress,
        now: i64,
    ) -> Result<(Ticked, Option<Value>), Error> {
        // A clock that was put back shows times again; their runs are there.
        progress.until = progress.until.min(now);
        let (times, mut passed) = self.due(progress.until, now);
        let (mut started, mut told) = (Vec::new(), Vec::new());
        let mut batches: Vec<(Claim, Batch)> = Vec::new();
        let (mut until, mut pause) = (now, None);
        if times.len() == MOST {
            until = times[MOST - 1];
        }
        for (place, time) in times.iter().enumerate() {
            let before = if place == 0 { progress.until } else { times[place - 1] };
            let is_free = self.schedule.overlap() == Overlap::Allow
                || batches.is_empty() && has_ended(store, progress.last)?;
            if !is_free && self.schedule.overlap() == Overlap::Wait {
                (until, pause) = (before, Some(now.saturating_add(PAUSE.as_micros() as i64)));
                break;
            }
            if !is_free {
                passed.push(json!({ "time": time, "why": "overlap" }));
                continue;
            }
            let run =
                RunId::of_time(*time, Digest::of(format!("{}\0{time}", self.name).as_bytes()));
            progress.last = Some(run);
            let Some(claim) = unstarted(store, run)? else { continue };
            batches.push((claim, self.beginning_of(store, run, *time)?));
            started.push(run);
            told.push(json!({ "time": time, "run": run.to_string() }));
        }
        append_all(store, batches.iter().map(|(claim, batch)| (claim, batch.clone())).collect())?;
        progress.until = until;
        progress.due = pause.or_else(|| self.schedule.next(until));
        let is_news = !(told.is_empty() && passed.is_empty());
        let told = is_news.then(|| json!({ "started": told, "passed": passed }));
        Ok((Ticked { started, due: progress.due }, told))
    }

    /// The times that are run for, at most [`MOST`], and what is told of those that are not.
    fn due(&self, until: i64, now: i64) -> (Vec<i64>, Vec<Value>) {
        let on_time = now.saturating_sub(LATE.as_micros() as i64).max(until);
        let late = self.schedule.last(on_time).filter(|time| *time > until);
        let missed = |from: i64| json!({ "after": until, "time": from, "why": "missed" });
        let first = match (self.schedule.catch_up(), late) {
            (CatchUp::All, _) => {
                return (self.schedule.between(until, now).take(MOST).collect(), Vec::new());
            }
            (_, None) => {
                return (self.schedule.between(on_time, now).take(MOST).collect(), Vec::new());
            }
            (CatchUp::Skip, Some(late)) => (None, missed(late)),
            (CatchUp::Last, Some(late)) if self.schedule.between(on_time, now).next().is_some() => {
                (None, missed(late))
            }
            (CatchUp::Last, Some(late)) => {
                let earlier = self.schedule.last(late - 1).filter(|time| *time > until);
                let Some(earlier) = earlier else { return (vec![late], Vec::new()) };
                (Some(late), missed(earlier))
            }
        };
        let (late, missed) = first;
        let on_time = self.schedule.between(on_time, now);
        (late.into_iter().chain(on_time).take(MOST).collect(), vec![missed])
    }

    /// The first entry of the run of a time.
    fn beginning_of(&self, store: &dyn Store, run: RunId, time: i64) -> Result<Batch, Error> {
        let mut payload = self.beginning.clone();
        if let Some(fields) = payload.as_object_mut() {
            fields.shift_remove("schedule");
        }
        payload["process"] = std::process::id().into();
        payload["scheduled"] = json!({ "by": self.run.to_string(), "time": time });
        if let Some(context) = payload["inputs"].get_mut("context").and_then(Value::as_object_mut) {
            context.insert("scheduledAt".to_owned(), (time / 1000).into());
        }
        let bytes = payload.to_string().into_bytes();
        let draft = Draft { name: self.name.clone(), ..Draft::of_run(Kind::RunStarted, bytes) };
        let mut batch = Log::new(run).batch(vec![draft]);
        batch.blobs.push((self.artifact, store.blob(self.artifact)?));
        Ok(batch)
    }
}

impl Progress {
    fn draft(&self) -> Draft {
        let last = self.last.map(|run| run.to_string());
        event_draft(None, PARKED, json!({ "due": self.due, "until": self.until, "last": last }))
    }

    fn from_payload(payload: &Value) -> Option<Progress> {
        let data = &payload["data"];
        let last = match data["last"].as_str() {
            Some(run) => Some(run.parse().ok()?),
            None => None,
        };
        Some(Progress { until: data["until"].as_i64()?, due: data["due"].as_i64(), last })
    }
}

fn has_ended(store: &dyn Store, run: Option<RunId>) -> Result<bool, Error> {
    let Some(run) = run else { return Ok(true) };
    // A run that is no longer in the store has ended, and was removed.
    Ok(store.run(run)?.is_none_or(|record| record.status.is_final()))
}

/// The claim of a run that nobody has started.
fn unstarted(store: &dyn Store, run: RunId) -> Result<Option<Claim>, Error> {
    match store.claim(run) {
        Ok(claim) => Ok(store.run(run)?.is_none().then_some(claim)),
        Err(StoreError::Claimed { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Writes batches and waits until all are durable.
fn append_all(store: &dyn Store, batches: Vec<(&Claim, Batch)>) -> Result<(), Error> {
    let (ack, fates) = mpsc::channel();
    let n_batches = batches.len();
    for (claim, batch) in batches {
        let ack = ack.clone();
        // The receiver is below and waits.
        store.append(claim, batch, Box::new(move |outcome| drop(ack.send(outcome))));
    }
    for _ in 0..n_batches {
        fates.recv().expect("a store tells the fate of every batch")?;
    }
    Ok(())
}
