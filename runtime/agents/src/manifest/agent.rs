//! One `[agents.NAME]` table.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::fields::Fields;
use super::{ManifestError, words};
use crate::{AgentSpec, Backoff, BreakerSettings, Delivery, Mode, Resources, Retry};

const KEYS: &[&str] = &[
    "description",
    "capabilities",
    "backend",
    "command",
    "env",
    "concurrency",
    "queue",
    "timeout",
    "grace",
    "retry",
    "delivery",
    "breaker",
    "mode",
    "idle",
    "calls",
    "max_line",
    "resources",
    "provenance",
];

const DELIVERIES: &[(&str, Delivery)] =
    &[("at-least-once", Delivery::AtLeastOnce), ("at-most-once", Delivery::AtMostOnce)];

/// How long a warm process is kept without a call, unless `idle` says otherwise.
const IDLE: Duration = Duration::from_secs(60);

/// Reads the table at `path`; a key that is absent or wrong takes its default.
pub(super) fn read(
    name: &str,
    path: &str,
    table: &DeTable<'_>,
    name_span: Range<usize>,
    dir: &Path,
    errors: &mut Vec<ManifestError>,
) -> AgentSpec {
    let mut fields = Fields::new(path.to_owned(), table, KEYS, errors);
    let default = AgentSpec::local(name, &[], dir);
    // Of interest to the compiler only; a wrong word is reported by both.
    let levels = ["verified", "reviewed", "sampled", "reported"];
    fields.choice("provenance", &levels.map(|level| (level, ())));
    AgentSpec {
        description: fields.text("description"),
        capabilities: capabilities(&mut fields),
        backend: fields.text("backend").map_or(default.backend, Arc::from),
        command: command(&mut fields, path, name_span),
        env: fields.text_table("env").unwrap_or_default(),
        concurrency: count(&mut fields, "concurrency", 1..100_001).unwrap_or(default.concurrency),
        queue: count(&mut fields, "queue", 0..10_000_001).unwrap_or(default.queue),
        timeout: fields.duration("timeout").unwrap_or(default.timeout),
        grace: fields.duration("grace").unwrap_or(default.grace),
        retry: retry(&mut fields),
        delivery: fields.choice("delivery", DELIVERIES).unwrap_or(default.delivery),
        breaker: breaker(&mut fields),
        mode: mode(&mut fields),
        max_line: fields
            .size("max_line", 1 << 10..(1 << 30) + 1)
            .map_or(default.max_line, to_usize),
        resources: resources(&mut fields),
        name: default.name,
        dir: default.dir,
    }
}

fn capabilities(fields: &mut Fields<'_, '_, '_>) -> Vec<Arc<str>> {
    let mut unique: Vec<Arc<str>> = Vec::new();
    for capability in fields.texts("capabilities").unwrap_or_default() {
        if !unique.iter().any(|known| **known == capability) {
            unique.push(capability.into());
        }
    }
    unique
}

fn command(fields: &mut Fields<'_, '_, '_>, path: &str, name_span: Range<usize>) -> Vec<String> {
    let Some(value) = fields.get("command") else {
        fields.report(words::no_command(path, name_span));
        return Vec::new();
    };
    let parts = fields.texts("command").unwrap_or_default();
    let is_empty_array = matches!(value.get_ref(), DeValue::Array(items) if items.is_empty());
    let starts_empty = parts.first().is_some_and(String::is_empty);
    if is_empty_array || starts_empty || parts.iter().any(|part| part.contains('\0')) {
        fields.wrong::<()>("command", "a program and its arguments", value);
    }
    parts
}

fn retry(fields: &mut Fields<'_, '_, '_>) -> Retry {
    const KEYS: &[&str] = &["max", "backoff", "base", "max_delay", "jitter"];
    const BACKOFFS: &[(&str, Backoff)] = &[
        ("fixed", Backoff::Fixed),
        ("linear", Backoff::Linear),
        ("exponential", Backoff::Exponential),
    ];
    let default = Retry::default();
    let Some((table, _)) = fields.table("retry") else { return default };
    let mut inner = fields.inside("retry", table, KEYS);
    Retry {
        max: inner.number("max", 0..1_001).map_or(default.max, to_u32),
        backoff: inner.choice("backoff", BACKOFFS).unwrap_or(default.backoff),
        base: inner.duration("base").unwrap_or(default.base),
        max_delay: inner.duration("max_delay").unwrap_or(default.max_delay),
        jitter: inner.flag("jitter").unwrap_or(default.jitter),
    }
}

fn breaker(fields: &mut Fields<'_, '_, '_>) -> Option<BreakerSettings> {
    const KEYS: &[&str] = &["failures", "successes", "reset"];
    let (table, _) = fields.table("breaker")?;
    let mut inner = fields.inside("breaker", table, KEYS);
    let default = BreakerSettings::default();
    Some(BreakerSettings {
        failures: inner.number("failures", 1..1_000_001).map_or(default.failures, to_u32),
        successes: inner.number("successes", 1..1_000_001).map_or(default.successes, to_u32),
        reset: inner.duration("reset").unwrap_or(default.reset),
    })
}

fn mode(fields: &mut Fields<'_, '_, '_>) -> Mode {
    let is_warm = fields.choice("mode", &[("per-call", false), ("warm", true)]).unwrap_or(false);
    let idle = fields.duration("idle").unwrap_or(IDLE);
    let calls = count(fields, "calls", 1..10_001).unwrap_or(1);
    if is_warm { Mode::Warm { idle, calls } } else { Mode::PerCall }
}

fn resources(fields: &mut Fields<'_, '_, '_>) -> Resources {
    const KEYS: &[&str] = &["cpus", "memory", "gpus", "time"];
    let Some((table, _)) = fields.table("resources") else { return Resources::default() };
    let mut inner = fields.inside("resources", table, KEYS);
    Resources {
        cpus: inner.number("cpus", 1..65_537).map(to_u32),
        memory: inner.size("memory", 1..1 << 50),
        gpus: inner.number("gpus", 0..65_537).map(to_u32),
        time: inner.duration("time"),
    }
}

fn count(fields: &mut Fields<'_, '_, '_>, key: &str, range: Range<u64>) -> Option<usize> {
    fields.number(key, range).map(to_usize)
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).expect("the range of the key fits")
}

fn to_u32(number: u64) -> u32 {
    u32::try_from(number).expect("the range of the key fits")
}
