//! `prism runs`: what ran in a store, newest first.

use std::process::ExitCode;

use prism_cli::program::Refused;
use prism_cli::stores;
use prism_engine::{iso_time, runs};
use prism_journal::RunRecord;
use serde_json::{Value, json};

use crate::args;
use crate::deliver::{self, engine};
use crate::terminal::{Terminal, print};

pub fn run(args: &args::Runs, terminal: Terminal) -> ExitCode {
    let place = args.store.store.as_deref().map_or_else(stores::here, stores::named);
    let listed = stores::open_existing(&place)
        .map_err(|problem| Refused::Wrong(vec![problem]))
        .and_then(|store| runs(&*store).map_err(|error| engine(&error)));
    match listed {
        Ok(mut records) => {
            records.reverse();
            print(&if args.json { object(&records) } else { table(&records) });
            ExitCode::SUCCESS
        }
        Err(refused) => deliver::refused(&refused, args.json, terminal),
    }
}

fn object(records: &[RunRecord]) -> String {
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
    format!("{}\n", json!({ "runs": records.iter().map(run).collect::<Vec<Value>>() }))
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
