//! Schedules: every time starts one run, whoever looks and whatever the clock does.

use std::sync::Arc;

use prism_journal::{Memory, RunId, Sqlite, Status, Store};
use serde_json::{Value, json};

use super::fake::Program;
use super::lab::{Lab, beginning, events, go_on};
use crate::{Error, Planned, Ticked, cancel, plan};

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;
/// 2026-01-01T00:00:00Z.
const NEW_YEAR: i64 = (56 * 365 + 14) * DAY;

/// Plans by this value of `@schedule` at the new year.
fn planned(store: &dyn Store, value: Value) -> Planned {
    let schedule = prism_schedule::read(&value).unwrap();
    let run = plan(store, &beginning(), &schedule, NEW_YEAR).unwrap();
    Planned::read(store, run).unwrap().unwrap()
}

/// The times of the runs that are started at a time, in seconds since the new year.
fn started(planned: &Planned, store: &dyn Store, now: i64) -> Vec<i64> {
    let Ticked { started, .. } = planned.tick(store, now).unwrap();
    started.into_iter().map(|run| time_of(store, run)).collect()
}

fn time_of(store: &dyn Store, run: RunId) -> i64 {
    let first = &store.read(run, 0).unwrap()[0];
    let payload = crate::record::payload(store, first).unwrap();
    (payload["scheduled"]["time"].as_i64().unwrap() - NEW_YEAR) / SECOND
}

/// Lets all runs of a store come to their end.
async fn end_all(store: &Arc<dyn Store>) {
    let engine = Lab::new().engine_on(store.clone());
    for record in store.unfinished().unwrap() {
        if Planned::read(&**store, record.run).unwrap().is_none() {
            let handle = go_on(&engine, record.run, &Program::steps(vec![])).unwrap();
            assert_eq!(handle.wait().await.unwrap().status, Status::Completed);
        }
    }
}

#[test]
fn a_time_starts_one_run() {
    let store = Memory::new();
    let every_minute = planned(&store, json!({ "cron": "* * * * *", "overlap": "allow" }));
    assert_eq!(started(&every_minute, &store, NEW_YEAR + 59 * SECOND), [0; 0]);
    assert_eq!(started(&every_minute, &store, NEW_YEAR + 61 * SECOND), [60]);
    assert_eq!(started(&every_minute, &store, NEW_YEAR + 61 * SECOND), [0; 0]);
    assert_eq!(started(&every_minute, &store, NEW_YEAR + 120 * SECOND), [120]);
    let progress = every_minute.progress(&store).unwrap().unwrap();
    assert_eq!(progress.due, Some(NEW_YEAR + 180 * SECOND));
    let told: Vec<Value> = events(&store, every_minute.run)
        .into_iter()
        .filter(|(name, _)| *name == "ticked")
        .map(|(_, data)| data["started"][0]["time"].clone())
        .collect();
    assert_eq!(told, [json!("2026-01-01T00:01:00.000Z"), json!("2026-01-01T00:02:00.000Z")]);
}

/// Threads with a connection each, as processes have them.
#[test]
fn who_comes_at_the_same_time_starts_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let store = Sqlite::open(&path).unwrap();
    let every_second = planned(&store, json!({ "cron": "* * * * * *", "overlap": "allow" }));
    let work = || {
        let store = Sqlite::open(&path).unwrap();
        let mut started = Vec::new();
        for second in 1..40 {
            match every_second.tick(&store, NEW_YEAR + second * SECOND) {
                Ok(ticked) => started.extend(ticked.started),
                // Another one is at it.
                Err(error) => assert_eq!(error.code(), "P2009", "{error}"),
            }
        }
        started
    };
    let mut all: Vec<RunId> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    all.extend(every_second.tick(&store, NEW_YEAR + 40 * SECOND).unwrap().started);
    let mut times: Vec<i64> = all.iter().map(|run| time_of(&store, *run)).collect();
    times.sort_unstable();
    assert_eq!(times, (1..=40).collect::<Vec<i64>>());
}

#[test]
fn two_schedules_of_one_program_share_its_times() {
    let store = Memory::new();
    let value = json!({ "cron": "* * * * *", "overlap": "allow" });
    let (one, two) = (planned(&store, value.clone()), planned(&store, value));
    assert_eq!(started(&one, &store, NEW_YEAR + 60 * SECOND), [60]);
    assert_eq!(started(&two, &store, NEW_YEAR + 60 * SECOND), [0; 0]);
    assert_eq!(started(&two, &store, NEW_YEAR + 120 * SECOND), [120]);
}

#[test]
fn missed_times_are_made_up_for_as_the_schedule_says() {
    // Three nines were missed, and it is two in the afternoon.
    let now = NEW_YEAR + 2 * DAY + 14 * HOUR;
    let nine = |day: i64| day * 86_400 + 9 * 3600;
    for (word, expected) in
        [("skip", vec![]), ("last", vec![nine(2)]), ("all", vec![nine(0), nine(1), nine(2)])]
    {
        let store = Memory::new();
        let value = json!({ "cron": "0 9 * * *", "catchUp": word, "overlap": "allow" });
        let daily = planned(&store, value);
        assert_eq!(started(&daily, &store, now), expected, "{word}");
        // What is on time is run under every policy, and what was dealt with is over.
        let next = NEW_YEAR + 3 * DAY + 9 * HOUR + SECOND;
        assert_eq!(started(&daily, &store, next), [nine(3)], "{word}");
    }
}

/// A clock that jumps ten years ahead makes neither a flood nor a long computation.
#[test]
fn a_clock_that_jumps_ahead_starts_the_last_time_only() {
    let store = Memory::new();
    let every_second = planned(&store, json!({ "cron": "* * * * * *", "overlap": "allow" }));
    let later = NEW_YEAR + 3650 * DAY;
    // The last minute counts as on time.
    assert_eq!(started(&every_second, &store, later).len(), 60);
    let store = Memory::new();
    let all = json!({ "cron": "* * * * * *", "overlap": "allow", "catchUp": "all" });
    let all = planned(&store, all);
    assert_eq!(started(&all, &store, later), (1..=100).collect::<Vec<i64>>());
    assert_eq!(started(&all, &store, later), (101..=200).collect::<Vec<i64>>());
}

#[test]
fn a_clock_that_is_put_back_starts_nothing_again() {
    let store = Memory::new();
    let every_minute = planned(&store, json!({ "cron": "* * * * *", "overlap": "allow" }));
    let at = |minute: i64| NEW_YEAR + minute * 60 * SECOND;
    assert_eq!(started(&every_minute, &store, at(1)), [60]);
    assert_eq!(started(&every_minute, &store, at(2)), [120]);
    for minute in 0..3 {
        assert_eq!(started(&every_minute, &store, at(minute)), [0; 0]);
    }
    assert_eq!(started(&every_minute, &store, at(3)), [180]);
}

#[tokio::test]
async fn runs_overlap_only_where_they_may() {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let skip = planned(&*store, json!("* * * * *"));
    let at = |minute: i64| NEW_YEAR + minute * 60 * SECOND;
    assert_eq!(started(&skip, &*store, at(1)), [60]);
    assert_eq!(started(&skip, &*store, at(2)), [0; 0]);
    let passed = events(&*store, skip.run).pop().unwrap().1["passed"].clone();
    assert_eq!(passed, json!([{ "time": "2026-01-01T00:02:00.000Z", "why": "overlap" }]));
    end_all(&store).await;
    assert_eq!(started(&skip, &*store, at(3)), [180]);

    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let value = json!({ "cron": "* * * * *", "overlap": "wait", "catchUp": "all" });
    let wait = planned(&*store, value);
    assert_eq!(started(&wait, &*store, at(3)), [60]);
    assert_eq!(started(&wait, &*store, at(4)), [0; 0]);
    for expected in [120, 180, 240] {
        end_all(&store).await;
        assert_eq!(started(&wait, &*store, at(4)), [expected]);
    }
}

#[tokio::test]
async fn a_schedule_ends_when_it_is_cancelled_and_is_no_run() {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let one = planned(&*store, json!("* * * * *"));
    let engine = Lab::new().engine_on(store.clone());
    let refused = engine.resume(one.run).map(|_| ()).unwrap_err();
    assert_eq!(refused, Error::IsSchedule { run: one.run });
    let refused = crate::replay(&*store, one.run, crate::Changes::default()).unwrap_err();
    assert_eq!(refused.code(), "P2022");
    cancel(&*store, one.run, "not needed").unwrap();
    let ended = one.tick(&*store, NEW_YEAR + HOUR).unwrap_err();
    assert_eq!(ended.code(), "P2013");
    assert_eq!(one.progress(&*store).unwrap(), None);

    // While somebody has it, the wish is left for them.
    let two = planned(&*store, json!("* * * * *"));
    let claim = store.claim(two.run).unwrap();
    cancel(&*store, two.run, "not needed").unwrap();
    drop(claim);
    assert_eq!(two.tick(&*store, NEW_YEAR + HOUR).unwrap(), Ticked::default());
    assert_eq!(store.run(two.run).unwrap().unwrap().status, Status::Cancelled);
}
