//! `prism approve`: records what a person decided, and goes on with the run.

use std::process::ExitCode;

use prism_agents::json;
use prism_cli::program::Refused;
use prism_engine::{Choice, Decided, Decision, Error, Question, Script, decide, meant};
use prism_vm::Data;

use crate::args;
use crate::deliver::{self, engine};
use crate::terminal::{Terminal, print, print_error, user};
use crate::verbs::resume::{Opened, go_on};
use crate::verbs::run::tier;
use crate::verbs::status;

pub fn run(args: &args::Approve, terminal: Terminal) -> ExitCode {
    let json = args.output.json;
    let decided = Opened::named(&args.of).and_then(|opened| Ok((record(&opened, args)?, opened)));
    match decided {
        Ok((Next::Nothing, opened)) => recorded(&opened, json, terminal),
        Ok((Next::GoOn, opened)) => go_on(opened, Script::default(), tier(false), json, terminal),
        Err(refused) => deliver::refused(&refused, json, terminal),
    }
}

/// The decision is there, and this process leaves the run alone.
fn recorded(opened: &Opened, json: bool, terminal: Terminal) -> ExitCode {
    print_error(&format!("run {} goes on elsewhere or later\n", opened.run));
    if !json {
        return ExitCode::SUCCESS;
    }
    match status::object(opened) {
        Ok(object) => {
            print(&format!("{object}\n"));
            ExitCode::SUCCESS
        }
        Err(refused) => deliver::refused(&refused, json, terminal),
    }
}

enum Next {
    GoOn,
    /// Another process drives the run and takes the decision up, or nobody shall now.
    Nothing,
}

fn record(opened: &Opened, args: &args::Approve) -> Result<Next, Refused> {
    let Opened { store, run, .. } = opened;
    let told = |error: Error| engine(&error);
    let proposal = args.proposal.as_deref();
    let question = meant(&**store, *run, Choice { question: None, proposal }).map_err(told)?;
    let decision = Decision {
        approved: !args.reject,
        choice: args.choice.as_deref().map(|choice| offered(&question, choice)),
        reason: args.reason.clone(),
        by: args.by.clone().unwrap_or_else(user),
    };
    let choice = Choice { question: Some(&question.id), proposal };
    match decide(&**store, *run, choice, &decision).map_err(told)? {
        Decided::Recorded(_) => print_error("recorded\n"),
        Decided::Already(_, earlier) => {
            let word = if earlier.approved { "approved" } else { "rejected" };
            let by = earlier.by;
            print_error(&format!("{by} has decided already: {word}; that decision stays\n"));
        }
    }
    let is_driven = store.is_claimed(*run).map_err(|error| told(Error::Store(error)))?;
    Ok(if args.no_resume || is_driven { Next::Nothing } else { Next::GoOn })
}

/// The choice as the program offers it, named as it is shown or as JSON; what is not offered is
/// refused by the engine.
fn offered(question: &Question, text: &str) -> Data {
    let json = serde_json::from_str(text).ok().map(json::from_value);
    let is_meant = |choice: &&Data| {
        prism_cli::show::result(choice) == text || json.as_ref() == Some(choice.plain())
    };
    question.choices.iter().find(is_meant).cloned().unwrap_or_else(|| Data::from(text))
}
