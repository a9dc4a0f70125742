//! `prism gc` and `prism migrate`: what becomes of a store over the years.

use std::process::ExitCode;
use std::time::Duration;

use prism_agents::duration;
use prism_cli::program::Refused;
use prism_cli::stores::{self, Place};
use prism_cli::words;
use prism_engine::{iso_time, now_micros, old_runs, remove};
use prism_journal::{Postgres, RunId, Sqlite};
use serde_json::{Value, json};

use crate::args;
use crate::deliver::{self, engine};
use crate::terminal::{Terminal, print};

pub fn run(args: &args::Gc, terminal: Terminal) -> ExitCode {
    match removed(args) {
        Ok(text) => {
            print(&text);
            ExitCode::SUCCESS
        }
        Err(refused) => deliver::refused(&refused, args.json, terminal),
    }
}

/// The span of an option, such as `30d`.
pub fn span(option: &str, text: &str) -> Result<Duration, Refused> {
    duration::parse_ago(text).ok_or_else(|| Refused::Usage(words::no_span(option, text)))
}

fn removed(args: &args::Gc) -> Result<String, Refused> {
    let span = span("--older-than", &args.older_than)?;
    let before = now_micros().saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX));
    let place = args.store.store.as_deref().map_or_else(stores::here, stores::named);
    let store = stores::open_existing(&place)?;
    let old = old_runs(&*store, before, args.keep).map_err(|error| engine(&error))?;
    if args.dry_run {
        if args.json {
            let runs: Vec<String> = old.iter().map(|record| record.run.to_string()).collect();
            return Ok(format!("{}\n", json!({ "would_remove": runs })));
        }
        let line = |record: &prism_journal::RunRecord| {
            let (run, status) = (record.run, record.status.name());
            format!("{run}  {status:<11}  {}  {}\n", iso_time(record.updated), record.name)
        };
        return Ok(old.iter().map(line).collect());
    }
    let runs: Vec<RunId> = old.iter().map(|record| record.run).collect();
    let done = remove(&*store, &runs).map_err(|error| engine(&error))?;
    if args.json {
        return Ok(format!("{}\n", json!({ "runs": done.runs, "values": done.blobs })));
    }
    Ok(format!("removed {} runs and {} stored values\n", done.runs, done.blobs))
}

/// `prism migrate`: a store as another Prism reads it.
pub fn migrate(args: &args::Migrate, terminal: Terminal) -> ExitCode {
    let place = args.store.store.as_deref().map_or_else(stores::here, stores::named);
    let migrated = match &place {
        Place::File(path) => Sqlite::migrate(path, args.to),
        Place::Database(address) => Postgres::migrate(address, args.to),
        Place::Memory => unreachable!("no option names a store in memory"),
    };
    match migrated {
        Ok(from) => {
            let object: Value = json!({ "from": from, "to": args.to });
            let text = format!("format {from} → {}", args.to);
            print(&if args.json { format!("{object}\n") } else { format!("{text}\n") });
            ExitCode::SUCCESS
        }
        Err(error) => deliver::refused(&engine(&error.into()), args.json, terminal),
    }
}
