//! Drives a run for somebody at a command line, and hands over what came of it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use prism_agents::Registry;
use prism_cli::problem::Problem;
use prism_cli::program::Refused;
use prism_cli::report;
use prism_cli::session::{Driven, From, Session, Signals, drive as drive_session};
use prism_cli::show::{self, seen};
use prism_cli::stores::{self, Place};
use prism_engine::{
    Environment, Error, Host, Mode, Question, RunResult, Script, Vault, Watch, WhenWaiting,
};
use prism_journal::{Error as StoreError, RunId, Status, Store};
use prism_vm::Data;
use prism_vm::tier::Maker;

use crate::progress::Progress;
use crate::terminal::{Terminal, print, print_error};

/// What driving a run at a command line needs.
pub struct Delivery {
    pub store: Arc<dyn Store>,
    pub place: Place,
    /// Where the paths of the program begin.
    pub folder: PathBuf,
    pub registry: Registry,
    pub script: Script,
    pub tier: Option<Maker>,
    pub json: bool,
    pub terminal: Terminal,
    pub mode: Mode,
}

/// Drives a run and prints what came of it.
pub fn drive(from: From, delivery: Delivery) -> ExitCode {
    let Delivery { store, place, folder, registry, script, tier, json, terminal, mode } = delivery;
    let progress = Arc::new(Progress::new(terminal, !json));
    let ask = terminal.person(&progress);
    let when_waiting = if ask.is_some() { WhenWaiting::Stay } else { WhenWaiting::Leave };
    let watch: Option<Arc<dyn Watch>> = Some(progress.clone());
    let vault: Option<Arc<dyn Vault>> = Some(Arc::new(Environment));
    let host = Host { script, ask, when_waiting, mode, watch, serve: None, tier, vault };
    let signals = Signals::Obey;
    let known = match &from {
        From::Resume(run) => Some(*run),
        From::Start(_) | From::Fork(..) => None,
    };
    let Driven { run, result } = drive_session(Session { store, registry, host, signals }, from);
    progress.finish();
    match result {
        Ok(result) => handed_over(&result, &place, &folder, json, terminal),
        Err(error) => broken_off(run.or(known), &error, json, terminal),
    }
}

/// A run that ended earlier: its lines and its result, once more.
pub fn shown_again(result: &RunResult, folder: &Path, json: bool, terminal: Terminal) -> ExitCode {
    if !json {
        for line in &result.output {
            print(&format!("{line}\n"));
        }
    }
    handed_over(result, &Place::Memory, folder, json, terminal)
}

/// The lines were printed while it ran.
fn handed_over(
    result: &RunResult,
    place: &Place,
    folder: &Path,
    json: bool,
    terminal: Terminal,
) -> ExitCode {
    if json {
        print(&format!("{}\n", report::object(result, folder)));
    } else if let Some(value) = &result.value {
        print_result(value, result.confidence);
    }
    if let Some(failure) = &result.failure {
        print_error(&report::problem(failure, folder).render(terminal.color));
    }
    let (run, store) = (result.run, stores::option(place));
    match result.status {
        Status::Waiting if *place == Place::Memory => print_error(&unkept_text(result)),
        Status::Waiting => print_error(&waiting_text(result, &store)),
        Status::Interrupted if *place == Place::Memory => print_error("interrupted\n"),
        Status::Interrupted => {
            print_error(&format!("interrupted; `prism resume {run}{store}` goes on\n"));
        }
        Status::Cancelled => print_error(&format!("run {run} is cancelled\n")),
        Status::Running | Status::Completed | Status::Failed => {}
    }
    ExitCode::from(report::exit_status(result.status))
}

/// A program that ends with nothing to say prints nothing.
fn print_result(value: &Data, confidence: Option<f64>) {
    let whole = match confidence {
        Some(confidence) => value.clone().with_confidence(confidence),
        None => value.clone(),
    };
    if whole != Data::Null {
        print(&format!("{}\n", show::result(&whole)));
    }
}

/// Of a run that is kept nowhere: nobody can decide it, and it is lost.
fn unkept_text(result: &RunResult) -> String {
    let mut text: String = result.questions.iter().map(question_text).collect();
    text.push_str(
        "it waits for a person, and is kept nowhere: run it without --no-store, or script the \
         decision with --answers\n",
    );
    text
}

fn waiting_text(result: &RunResult, store: &str) -> String {
    let mut text: String = result.questions.iter().map(question_text).collect();
    let run = result.run;
    // The oldest question is the one that `prism approve` decides.
    let has_choices = result.questions.first().is_some_and(|oldest| !oldest.choices.is_empty());
    let choice = if has_choices { " --choice '…'" } else { "" };
    text.push_str(&format!(
        "waiting for a person\n   yes: prism approve {run}{store}{choice}\n    no: prism approve \
         {run}{store} --reject --reason '…'\n"
    ));
    text
}

/// What a person is asked, fact by fact.
pub fn question_text(question: &Question) -> String {
    let mut text = format!("? {}\n", seen(&question.reason));
    if let Some(to) = question.to(prism_engine::now_micros()) {
        text.push_str(&format!("  asked: {}\n", seen(to)));
    }
    if question.proposal != Data::Null {
        text.push_str(&format!("  proposal: {}\n", seen(&show::result(&question.proposal))));
    }
    if !question.choices.is_empty() {
        let choices: Vec<String> = question.choices.iter().map(show::result).collect();
        text.push_str(&format!("  choices: {}\n", seen(&choices.join(", "))));
    }
    text
}

/// The run is as its journal has it.
fn broken_off(run: Option<RunId>, error: &Error, json: bool, terminal: Terminal) -> ExitCode {
    let run = run.map(|run| run.to_string());
    let found = problem(error);
    let (status, word) = match is_usage(error) {
        true => (report::USAGE, "rejected"),
        false => (report::FAILED, "failed"),
    };
    if json {
        let object = report::object_of_problems(run.as_deref(), word, std::slice::from_ref(&found));
        print(&format!("{object}\n"));
    }
    print_error(&found.render(terminal.color));
    ExitCode::from(status)
}

/// Nothing was run.
pub fn refused(refused: &Refused, json: bool, terminal: Terminal) -> ExitCode {
    let (status, problems) = match refused {
        Refused::Usage(problem) => (report::USAGE, vec![problem.clone()]),
        Refused::Wrong(problems) => (report::FAILED, problems.clone()),
        Refused::Rejected(rejected) => {
            if json {
                print(&format!("{}\n", report::object_of_rejection(rejected)));
            }
            print_error(&rejected.render(terminal.color));
            return ExitCode::from(report::FAILED);
        }
    };
    if json {
        print(&format!("{}\n", report::object_of_problems(None, "rejected", &problems)));
    }
    for problem in &problems {
        print_error(&problem.render(terminal.color));
    }
    ExitCode::from(status)
}

pub fn problem(error: &Error) -> Problem {
    Problem::new(error.code(), error.to_string()).with_help(error.help())
}

/// The command named something that is not there, or not so.
fn is_usage(error: &Error) -> bool {
    match error {
        Error::UnknownRun { .. }
        | Error::AmbiguousRun { .. }
        | Error::NotWaiting { .. }
        | Error::NotAChoice { .. }
        | Error::OtherProposal { .. }
        | Error::Ended { .. }
        | Error::UnknownSite { .. }
        | Error::Secret { .. }
        | Error::Input { .. }
        | Error::IsSchedule { .. }
        | Error::Script { .. }
        | Error::Store(StoreError::Claimed { .. }) => true,
        Error::Store(_)
        | Error::Diverged { .. }
        | Error::Unreadable { .. }
        | Error::Program { .. }
        | Error::Load { .. }
        | Error::Stuck { .. } => false,
    }
}

/// What the engine says about a command before anything is driven.
pub fn engine(error: &Error) -> Refused {
    match error {
        Error::Store(error) => stores::refused(error),
        error if is_usage(error) => Refused::Usage(problem(error)),
        error => Refused::Wrong(vec![problem(error)]),
    }
}
