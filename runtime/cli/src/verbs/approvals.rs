//! `prism approvals`: what people are asked, in one run or in all.

use std::process::ExitCode;

use prism_cli::program::Refused;
use prism_cli::stores;
use prism_engine::{Question, find_run, iso_time, undecided};
use prism_journal::RunId;
use serde_json::{Value, json};

use crate::args;
use crate::deliver::{self, engine, question_text};
use crate::terminal::{Terminal, print};

pub fn run(args: &args::Approvals, terminal: Terminal) -> ExitCode {
    match asked(args) {
        Ok(questions) => {
            print(&if args.json { object(&questions) } else { text(&questions) });
            ExitCode::SUCCESS
        }
        Err(refused) => deliver::refused(&refused, args.json, terminal),
    }
}

/// What can be decided, oldest run first.
fn asked(args: &args::Approvals) -> Result<Vec<Question>, Refused> {
    let place = args.store.store.as_deref().map_or_else(stores::here, stores::named);
    let store = stores::open_existing(&place)?;
    let runs: Vec<RunId> = match &args.run {
        Some(name) => vec![find_run(&*store, name).map_err(|error| engine(&error))?],
        None => {
            let records = store.unfinished().map_err(|error| engine(&error.into()))?;
            let waiting = records.iter().filter(|run| run.open_questions > 0);
            waiting.map(|record| record.run).collect()
        }
    };
    let mut questions = Vec::new();
    for run in runs {
        questions.extend(undecided(&*store, run).map_err(|error| engine(&error))?);
    }
    Ok(questions)
}

fn text(questions: &[Question]) -> String {
    if questions.is_empty() {
        return "nobody is asked\n".to_owned();
    }
    let one = |question: &Question| {
        let (run, hash) = (question.run, question.hash());
        let since = iso_time(question.asked);
        let until = question.deadline.map(|at| format!(", until {}", iso_time(at)));
        let about = question_text(question);
        let until = until.unwrap_or_default();
        format!("{run}  since {since}{until}\n{about}  hash: {}\n", &hash[..16])
    };
    questions.iter().map(one).collect()
}

fn object(questions: &[Question]) -> String {
    let one = |question: &Question| {
        let mut object = question.to_json();
        object["run"] = question.run.to_string().into();
        object["asked"] = iso_time(question.asked).into();
        object
    };
    let approvals: Vec<Value> = questions.iter().map(one).collect();
    format!("{}\n", json!({ "approvals": approvals }))
}
