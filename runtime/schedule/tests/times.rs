//! Times of schedules, reckoned by hand, and what is refused.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

use prism_schedule::{CatchUp, Overlap, Schedule, What, read};
use serde_json::{Value, json};

fn schedule(value: impl Into<Value>) -> Schedule {
    read(&value.into()).unwrap()
}

/// The first `n` times after 2026-01-01T00:00:00Z plus so many hours, as local clocks show them.
fn times(schedule: &Schedule, hours: i64, n: usize) -> Vec<String> {
    // 56 years with 14 leap days.
    let new_year = (56 * 365 + 14) * 24;
    let from = (new_year + hours) * 3600 * 1_000_000;
    schedule.between(from, i64::MAX).take(n).map(|time| schedule.show(time)).collect()
}

/// Hours from the new year to the start of a day; months are counted from 0.
fn day(month: usize, day: i64) -> i64 {
    let days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    (days[..month].iter().sum::<i64>() + day - 1) * 24
}

#[test]
fn a_pattern_is_read_in_utc_and_in_a_zone() {
    let plain = schedule("0 9 * * 1-5");
    // 2026 begins on a Thursday.
    let expected =
        ["2026-01-01 09:00:00 UTC", "2026-01-02 09:00:00 UTC", "2026-01-05 09:00:00 UTC"];
    assert_eq!(times(&plain, 0, 3), expected);
    let zoned = schedule("0 9 * * 1-5 America/New_York");
    assert_eq!(times(&zoned, 0, 1), ["2026-01-01 09:00:00 EST"]);
    // 9:00 EST is 14:00 UTC.
    assert_eq!(zoned.next((56 * 365 + 14) * 86_400_000_000), Some(1_767_276_000_000_000));
}

#[test]
fn steps_need_no_star() {
    let quarters = schedule("0-59/20 8-9 * * *");
    let expected =
        ["2026-01-01 08:00:00 UTC", "2026-01-01 08:20:00 UTC", "2026-01-01 08:40:00 UTC"];
    assert_eq!(times(&quarters, 0, 3), expected);
}

#[test]
fn seconds_are_a_sixth_field_in_front() {
    let every = schedule("*/20 * * * * *");
    let expected =
        ["2026-01-01 00:00:20 UTC", "2026-01-01 00:00:40 UTC", "2026-01-01 00:01:00 UTC"];
    assert_eq!(times(&every, 0, 3), expected);
}

#[test]
fn a_time_in_the_gap_comes_behind_it_and_a_repeated_one_comes_once() {
    // Berlin goes from 02:00 to 03:00 on March 29, and from 03:00 back to 02:00 on October 25.
    let daily = schedule("30 2 * * * Europe/Berlin");
    let expected =
        ["2026-03-28 02:30:00 CET", "2026-03-29 03:00:00 CEST", "2026-03-30 02:30:00 CEST"];
    assert_eq!(times(&daily, day(2, 28), 3), expected);
    let expected =
        ["2026-10-24 02:30:00 CEST", "2026-10-25 02:30:00 CEST", "2026-10-26 02:30:00 CET"];
    assert_eq!(times(&daily, day(9, 24), 3), expected);
}

#[test]
fn a_year_of_days_has_as_many_times_as_days() {
    let daily = schedule("30 2 * * * Europe/Berlin");
    let begin = (56 * 365 + 14) * 86_400_000_000;
    assert_eq!(daily.between(begin, begin + 365 * 86_400_000_000).count(), 365);
    let hourly = schedule("0 * * * * Europe/Berlin");
    // Intervals go by hours that pass: the year has as many as on any other clock.
    assert_eq!(hourly.between(begin, begin + 365 * 86_400_000_000).count(), 365 * 24);
}

#[test]
fn policies_have_defaults_and_words() {
    let plain = schedule("0 9 * * *");
    assert_eq!((plain.catch_up(), plain.overlap()), (CatchUp::Last, Overlap::Skip));
    let value = json!({
        "cron": "0 9 * * *", "zone": "Asia/Tokyo", "catchUp": "all", "overlap": "wait",
    });
    let full = schedule(value.clone());
    assert_eq!((full.catch_up(), full.overlap()), (CatchUp::All, Overlap::Wait));
    assert_eq!(full.to_json(), value);
    assert_eq!(read(&plain.to_json()).unwrap().to_json(), plain.to_json());
}

/// What is wrong, and the bytes that are.
fn mistake(value: impl Into<Value>) -> (What, String) {
    let mistake = read(&value.into()).unwrap_err();
    (mistake.what, mistake.part[mistake.at].to_owned())
}

#[test]
fn the_wrong_field_is_found() {
    let field = |value: &str| match mistake(value) {
        (What::Field { name, .. }, at) => (name, at),
        other => panic!("{other:?}"),
    };
    assert_eq!(field("61 * * * *"), ("minutes", "61".to_owned()));
    assert_eq!(field("0 9 0 * *"), ("days", "0".to_owned()));
    assert_eq!(field("0 0 25 * * *"), ("hours", "25".to_owned()));
    assert_eq!(field("0 9 * * MOM Europe/Berlin"), ("weekdays", "MOM".to_owned()));
    assert_eq!(field("*/0 * * * *").0, "minutes");
}

#[test]
fn other_mistakes_have_their_place() {
    assert_eq!(mistake(7), (What::Shape, String::new()));
    assert_eq!(mistake("0 9 *"), (What::Fields { found: 3 }, "0 9 *".to_owned()));
    assert_eq!(mistake("").0, What::Fields { found: 0 });
    assert_eq!(mistake("0 9 30 2 *"), (What::Never, "0 9 30 2 *".to_owned()));
    let zone = |nearest: Option<&str>| What::Zone { nearest: nearest.map(str::to_owned) };
    let found = mistake("0 9 * * * Europe/berlin");
    assert_eq!(found, (zone(Some("Europe/Berlin")), "Europe/berlin".to_owned()));
    assert_eq!(mistake("0 9 * * * Mars/Base"), (zone(None), "Mars/Base".to_owned()));
    assert_eq!(mistake(json!({ "zone": "UTC" })).0, What::NoCron);
    let found = mistake(json!({ "cron": "0 9 * * *", "tz": "UTC" }));
    assert_eq!(found, (What::UnknownKey { key: "tz".to_owned() }, "tz".to_owned()));
    let (what, at) = mistake(json!({ "cron": "0 9 * * *", "overlap": "never" }));
    assert!(matches!(what, What::Value { key: "overlap", .. }), "{what:?}");
    assert_eq!(at, "never");
}
