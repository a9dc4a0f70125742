//! `prism status`: where one run stands.

use std::path::PathBuf;
use std::process::ExitCode;

use prism_cli::program::Refused;
use prism_cli::report;
use prism_engine::{Question, Recorded, RunResult, begun, iso_time, outcome, record, undecided};
use prism_journal::{RunId, RunRecord};
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
    let opened = Opened::named(&args.of)?;
    if json {
        return Ok(format!("{}\n", object(&opened)?));
    }
    Ok(text(opened.run, &Standing::read(&opened)?))
}

/// Where a run stands, as `--json` says it.
pub fn object(opened: &Opened) -> Result<Value, Refused> {
    let Standing { record, begun, questions, result, is_driven } = Standing::read(opened)?;
    let folder = begun.meta["folder"].as_str().map(PathBuf::from).unwrap_or_default();
    Ok(json!({
        "run": opened.run.to_string(),
        "status": record.status.name(),
        "program": &*record.name,
        "started": iso_time(record.started),
        "updated": iso_time(record.updated),
        "entries": record.last_seq + 1,
        "driven": is_driven,
        "parent": begun.parent.map(|parent| parent.run.to_string()),
        "questions": questions.iter().map(Question::to_json).collect::<Vec<Value>>(),
        "result": result.map_or(Value::Null, |result| report::object(&result, &folder)),
    }))
}

fn text(run: RunId, standing: &Standing) -> String {
    let Standing { record, begun, questions, is_driven, .. } = standing;
    let (status, name) = (record.status.name(), &record.name);
    let (started, updated) = (iso_time(record.started), iso_time(record.updated));
    let mut text = format!("{run}  {status}  {name}\nstarted {started}, last entry {updated}\n");
    if *is_driven {
        text.push_str("a process drives it\n");
    }
    if let Some(parent) = &begun.parent {
        text.push_str(&format!("forked from {}\n", parent.run));
    }
    questions.iter().for_each(|question| text.push_str(&question_text(question)));
    text
}

/// What the store says of a run.
struct Standing {
    record: RunRecord,
    begun: Recorded,
    questions: Vec<Question>,
    result: Option<RunResult>,
    is_driven: bool,
}

impl Standing {
    fn read(opened: &Opened) -> Result<Standing, Refused> {
        let told = |error| engine(&error);
        let (store, run) = (&*opened.store, opened.run);
        Ok(Standing {
            record: record(store, run).map_err(told)?,
            begun: begun(store, run).map_err(told)?,
            questions: undecided(store, run).map_err(told)?,
            result: outcome(store, run).map_err(told)?,
            is_driven: store.is_claimed(run).map_err(|error| told(error.into()))?,
        })
    }
}
