//! From the value of `@schedule` to a schedule.
//!
//! ```text
//! 0 9 * * 1-5                      at nine from Monday to Friday, in UTC
//! 0 9 * * 1-5 Europe/Berlin        … on the clocks of Berlin
//! {"cron": "0 9 * * 1-5", "zone": "Europe/Berlin", "catchUp": "last", "overlap": "skip"}
//! ```

use std::ops::Range;
use std::str::FromStr;

use chrono_tz::{TZ_VARIANTS, Tz};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use serde_json::{Map, Value};

use crate::{CatchUp, Mistake, Overlap, Schedule, What};

/// Fields of a pattern with what they take, the seconds first.
const FIELDS: [(&str, &str); 6] = [
    ("seconds", "0 to 59"),
    ("minutes", "0 to 59"),
    ("hours", "0 to 23"),
    ("days", "1 to 31, `L` for the last one"),
    ("months", "1 to 12, or JAN to DEC"),
    ("weekdays", "0 to 7 from Sunday to Sunday, or SUN to SAT"),
];

/// Reads the value of `@schedule`.
pub fn read(value: &Value) -> Result<Schedule, Mistake> {
    match value {
        Value::String(text) => from_text(text),
        Value::Object(fields) => from_object(fields),
        _ => Err(whole("", What::Shape)),
    }
}

/// A mistake that is all of a part.
fn whole(part: &str, what: What) -> Mistake {
    Mistake { part: part.to_owned(), at: 0..part.len(), what }
}

/// A pattern, and behind it a zone where there is one.
fn from_text(text: &str) -> Result<Schedule, Mistake> {
    let words = words(text);
    let is_zone = |word: &str| word.contains('/') && word.starts_with(char::is_alphabetic);
    let last = words.last().filter(|last| words.len() > 1 && is_zone(&text[(*last).clone()]));
    match last {
        Some(last) => {
            let (pattern, name) = (text[..last.start].trim_end(), &text[last.clone()]);
            Ok(Schedule { zone: zone(name)?, ..schedule(pattern)? })
        }
        None => schedule(text.trim()),
    }
}

fn from_object(fields: &Map<String, Value>) -> Result<Schedule, Mistake> {
    const KEYS: [&str; 4] = ["cron", "zone", "catchUp", "overlap"];
    if let Some(key) = fields.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(whole(key, What::UnknownKey { key: key.clone() }));
    }
    let text = |key: &'static str, expected: &'static str| match fields.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(whole(key, What::Value { key, expected })),
    };
    let pattern = text("cron", "a text")?.ok_or_else(|| whole("", What::NoCron))?;
    let mut schedule = schedule(pattern)?;
    if let Some(name) = text("zone", "a text")? {
        schedule.zone = zone(name)?;
    }
    const CATCH_UP: &str = "`skip`, `last` or `all`";
    if let Some(word) = text("catchUp", CATCH_UP)? {
        schedule.catch_up = chosen(word, &CatchUp::WORDS, "catchUp", CATCH_UP)?;
    }
    const OVERLAP: &str = "`skip`, `wait` or `allow`";
    if let Some(word) = text("overlap", OVERLAP)? {
        schedule.overlap = chosen(word, &Overlap::WORDS, "overlap", OVERLAP)?;
    }
    Ok(schedule)
}

fn chosen<T: Copy>(
    word: &str,
    words: &[(&str, T)],
    key: &'static str,
    expected: &'static str,
) -> Result<T, Mistake> {
    let known = words.iter().find(|(known, _)| *known == word);
    known.map(|(_, chosen)| *chosen).ok_or_else(|| whole(word, What::Value { key, expected }))
}

/// A pattern, in UTC, with the policies that hold where none is named.
fn schedule(pattern: &str) -> Result<Schedule, Mistake> {
    let cron = cron(pattern)?;
    let (catch_up, overlap) = (CatchUp::Last, Overlap::Skip);
    let schedule = Schedule { text: pattern.to_owned(), cron, zone: Tz::UTC, catch_up, overlap };
    match schedule.next(0) {
        Some(_) => Ok(schedule),
        None => Err(whole(pattern, What::Never)),
    }
}

fn cron(pattern: &str) -> Result<Cron, Mistake> {
    let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
    if let Ok(cron) = parser.parse(pattern) {
        return Ok(cron);
    }
    let words = words(pattern);
    let n_fields = words.len();
    if !(5..=6).contains(&n_fields) {
        return Err(whole(pattern, What::Fields { found: n_fields }));
    }
    let wrong = words.iter().enumerate().find(|(place, word)| {
        let alone: Vec<&str> = (0..n_fields)
            .map(|other| if other == *place { &pattern[(*word).clone()] } else { "*" })
            .collect();
        parser.parse(&alone.join(" ")).is_err()
    });
    let mistake = |at, field: usize| {
        let (name, takes) = FIELDS[field + 6 - n_fields];
        Mistake { part: pattern.to_owned(), at, what: What::Field { name, takes } }
    };
    // Fields that are right alone and wrong together contradict each other in their days.
    Err(wrong
        .map_or_else(|| whole(pattern, What::Never), |(place, word)| mistake(word.clone(), place)))
}

fn zone(name: &str) -> Result<Tz, Mistake> {
    Tz::from_str(name).map_err(|_| {
        let folded = name.to_lowercase();
        let is_near = |zone: &&Tz| {
            let known = zone.name().to_lowercase();
            known == folded || known.rsplit('/').next() == folded.rsplit('/').next()
        };
        let nearest = TZ_VARIANTS.iter().find(is_near).map(|zone| zone.name().to_owned());
        whole(name, What::Zone { nearest })
    })
}

/// The bytes of each word.
fn words(text: &str) -> Vec<Range<usize>> {
    let start = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    text.split_whitespace().map(|word| start(word)..start(word) + word.len()).collect()
}
