//! `prism runs`: what ran in a store, newest first.

use std::process::ExitCode;

use prism_cli::program::Refused;
use prism_cli::stores;
use prism_engine::{find_run, iso_time, runs};
use prism_journal::{RunId, RunRecord};
use serde_json::{Value, json};

use crate::args;
use crate::deliver::{self, engine};
use crate::terminal::{Terminal, print, print_error};

/// Newest first.
struct Listed {
    records: Vec<RunRecord>,
    /// The last one of these, when older ones are left out.
    next: Option<RunId>,
}

pub fn run(args: &args::Runs, terminal: Terminal) -> ExitCode {
    match listed(args) {
        Ok(listed) if args.json => {
            print(&object(&listed));
            ExitCode::SUCCESS
        }
        Ok(listed) => {
            print(&table(&listed.records));
            if let Some(next) = listed.next {
                print_error(&format!("there are more: --before {next}\n"));
            }
            ExitCode::SUCCESS
        }
        Err(refused) => deliver::refused(&refused, args.json, terminal),
    }
}

fn listed(args: &args::Runs) -> Result<Listed, Refused> {
    let place = args.store.store.as_deref().map_or_else(stores::here, stores::named);
    let store = stores::open_existing(&place)?;
    let before = args.before.as_deref().map(|name| find_run(&*store, name)).transpose();
    let before = before.map_err(|error| engine(&error))?;
    let mut records = runs(&*store).map_err(|error| engine(&error))?;
    records.retain(|record| {
        before.is_none_or(|before| record.run < before)
            && args.status.is_none_or(|status| record.status == status)
    });
    records.reverse();
    let limit = args.limit.and_then(|limit| usize::try_from(limit.get()).ok());
    let next = limit.filter(|limit| *limit < records.len()).map(|limit| {
        records.truncate(limit);
        records[limit - 1].run
    });
    Ok(Listed { records, next })
}

fn object(listed: &Listed) -> String {
    let run = |record: &RunRecord| {
        json!({
            "run": record.run.to_string(),
            "status": record.status.name(),
            "program": &*record.name,
            "started": iso_time(record.started),
            "updated": iso_time(record.updated),
            "questions": record.open_questions,
        })
    };
    let runs: Vec<Value> = listed.records.iter().map(run).collect();
    format!("{}\n", json!({ "runs": runs, "next": listed.next.map(|next| next.to_string()) }))
}

fn table(records: &[RunRecord]) -> String {
    if records.is_empty() {
        return "no runs yet\n".to_owned();
    }
    let row = |record: &RunRecord| {
        let (run, status) = (record.run.to_string(), record.status.name());
        format!("{run}  {status:<11}  {}  {}\n", iso_time(record.started), record.name)
    };
    records.iter().map(row).collect()
}
