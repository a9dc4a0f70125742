//! `prism status`: where one run stands.

use std::path::PathBuf;
use std::process::ExitCode;

use prism_cli::program::Refused;
use prism_cli::report;
use prism_engine::{begun, iso_time, open_questions, outcome, record};
use serde_json::{Value, json};

use crate::args;
use crate::deliver::{self, engine, question_text};
use crate::terminal::{Terminal, print};
use crate::verbs::resume::Opened;

pub fn run(args: &args::Status, terminal: Terminal) -> ExitCode {
    let json = args.output.json;
    match status(args, json) {
        Ok(text) => {
            print(&text);
            ExitCode::SUCCESS
        }
        Err(refused) => deliver::refused(&refused, json, terminal),
    }
}

fn status(args: &args::Status, json: bool) -> Result<String, Refused> {
    let told = |error| engine(&error);
    let opened = Opened::named(&args.of)?;
    let (store, run) = (&*opened.store, opened.run);
    let record = record(store, run).map_err(told)?;
    let begun = begun(store, run).map_err(told)?;
    let questions = open_questions(store, run).map_err(told)?;
    let result = outcome(store, run).map_err(told)?;
    let is_driven = store.is_claimed(run).map_err(|error| told(error.into()))?;
    let folder = begun.meta["folder"].as_str().map(PathBuf::from).unwrap_or_default();
    let parent = begun.parent.map(|parent| parent.run.to_string());
    if json {
        let mut object = json!({
            "run": run.to_string(),
            "status": record.status.name(),
            "program": &*record.name,
            "started": iso_time(record.started),
            "updated": iso_time(record.updated),
            "entries": record.last_seq + 1,
            "driven": is_driven,
            "parent": parent,
            "questions": questions.iter().map(|question| question.to_json()).collect::<Vec<Value>>(),
        });
        object["result"] = result.map_or(Value::Null, |result| report::object(&result, &folder));
        return Ok(format!("{object}\n"));
    }
    let (status, name) = (record.status.name(), &record.name);
    let (started, updated) = (iso_time(record.started), iso_time(record.updated));
    let mut text = format!("{run}  {status}  {name}\nstarted {started}, last entry {updated}\n");
    if is_driven {
        text.push_str("a process drives it\n");
    }
    if let Some(parent) = parent {
        text.push_str(&format!("forked from {parent}\n"));
    }
    questions.iter().for_each(|question| text.push_str(&question_text(question)));
    Ok(text)
}
