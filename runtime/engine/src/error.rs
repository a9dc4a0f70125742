//! What can keep a run from going on, and every sentence that this crate says about it.

use std::fmt;
use std::sync::Arc;

use prism_journal::RunId;
use prism_vm::{Data, EffectError};

use crate::secrets;

/// Why a run cannot start, go on, or be asked about. The run itself is not ended by it: what is
/// in the journal stays, and `prism resume` continues when the cause is gone.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    Store(prism_journal::Error),
    /// The store does not know the run.
    UnknownRun {
        name: String,
    },
    /// Several runs start with these characters.
    AmbiguousRun {
        name: String,
        runs: Vec<RunId>,
    },
    /// The program asks for something else than its journal says.
    Diverged {
        run: RunId,
        effect_id: Arc<str>,
        recorded: String,
        requested: String,
    },
    /// The run has ended.
    Ended {
        run: RunId,
        status: &'static str,
    },
    /// Nothing that a run did is at this site.
    UnknownSite {
        run: RunId,
        site: String,
        known: Vec<String>,
    },
    /// Nobody is asked for a decision.
    NotWaiting {
        run: RunId,
    },
    /// The question is not the one that was seen.
    OtherProposal {
        run: RunId,
        seen: String,
        found: String,
    },
    /// A choice that the question does not offer.
    NotAChoice {
        choice: String,
        choices: Vec<String>,
    },
    /// An entry's payload is not what this engine writes.
    Unreadable {
        run: RunId,
        seq: u64,
    },
    /// The program in the journal is not one that this Prism runs.
    Program {
        run: RunId,
        detail: String,
    },
    /// The inputs do not make a machine.
    Load {
        detail: String,
    },
    /// What the header declares as secret, and what is wrong with it.
    Secret {
        path: String,
        is_missing: bool,
    },
    /// A part of `input` that is not what the header declares.
    Input {
        path: String,
        expected: String,
        found: String,
    },
    /// A script of answers that is not one.
    Script {
        detail: String,
    },
    /// The run is a schedule, which has no machine.
    IsSchedule {
        run: RunId,
    },
    /// The machine waits, and nothing is under way that could answer it.
    Stuck {
        run: RunId,
    },
}

impl Error {
    /// `P20xx`, with a page.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Store(error) => error.code(),
            Error::UnknownRun { .. } | Error::AmbiguousRun { .. } => "P2008",
            Error::Diverged { .. } => "P2010",
            Error::Script { .. } => "P2012",
            Error::Ended { .. } => "P2013",
            Error::NotWaiting { .. } | Error::NotAChoice { .. } | Error::OtherProposal { .. } => {
                "P2014"
            }
            Error::Unreadable { .. } | Error::Program { .. } => "P2015",
            Error::Load { .. } => "P2016",
            Error::Stuck { .. } => "P2017",
            Error::UnknownSite { .. } => "P2019",
            Error::Secret { .. } => "P2020",
            Error::IsSchedule { .. } => "P2022",
            Error::Input { .. } => "P2024",
        }
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Error::Store(error) => error.help(),
            Error::UnknownRun { .. } => {
                "`prism runs` lists the runs of this store; `--store` names another one".to_owned()
            }
            Error::AmbiguousRun { runs, .. } => {
                let names: Vec<String> = runs.iter().map(RunId::to_string).collect();
                format!("write more of the name: {}", names.join(", "))
            }
            Error::Diverged { .. } => {
                "run the program anew; if this is the program that the run started with, its \
                 journal shows a fault of Prism that is worth a report"
                    .to_owned()
            }
            Error::Script { .. } => "write an object from effect names to lists of answers: \
                 {\"llm\": [{\"value\": \"yes\", \"confidence\": 0.9}]}"
                .to_owned(),
            Error::Ended { run, .. } => format!("`prism events {run}` shows how it went"),
            Error::UnknownSite { known, .. } if known.is_empty() => {
                "the run asked for nothing; leave `--from` out".to_owned()
            }
            Error::UnknownSite { known, .. } => {
                format!("name a line of the program (`FILE:LINE`), or one of {}", known.join(", "))
            }
            Error::NotWaiting { run } => format!("`prism events {run}` shows where it stands"),
            Error::OtherProposal { run, .. } => {
                format!("look again at what is proposed: `prism approvals {run}`")
            }
            Error::NotAChoice { choices, .. } => format!("choose one of: {}", choices.join(", ")),
            Error::Unreadable { .. } | Error::Program { .. } => {
                "resume it with the Prism that started it, or run the program anew".to_owned()
            }
            Error::Secret { path, is_missing: true } => format!(
                "the journal never holds it: set {} in the environment and try again",
                secrets::variable(path)
            ),
            Error::Secret { .. } => {
                "a shorter text cannot be told from others that read the same: use a longer secret, \
                 or declare the field as a string"
                    .to_owned()
            }
            Error::Input { path, .. } => format!(
                "the header of the program says so in `@input`: give `{path}` as it is described, \
                 or change the header"
            ),
            Error::Load { .. } => "give smaller inputs, or raise the memory limit".to_owned(),
            Error::IsSchedule { run } => {
                format!("`prism worker` starts its runs; `prism cancel {run}` ends it")
            }
            Error::Stuck { run } => {
                format!("`prism resume {run}` tries again; the program may wait for itself")
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Store(error) => write!(f, "{error}"),
            Error::UnknownRun { name } => write!(f, "no run is called `{name}`"),
            Error::AmbiguousRun { name, runs } => {
                write!(f, "{} runs start with `{name}`", runs.len())
            }
            Error::Diverged { run, effect_id, recorded, requested } => write!(
                f,
                "the program of run {run} diverged from its journal at `{effect_id}`: expected \
                 {recorded}, found {requested}"
            ),
            Error::Ended { run, status } => write!(f, "run {run} is {status}"),
            Error::UnknownSite { run, site, .. } => {
                write!(f, "run {run} has no answer at the site `{site}`")
            }
            Error::NotWaiting { run } => write!(f, "run {run} waits for nobody's decision"),
            Error::OtherProposal { run, seen, found } => {
                write!(f, "the proposal of run {run} is {found}, not the one that was seen, {seen}")
            }
            Error::NotAChoice { choice, .. } => write!(f, "`{choice}` is none of the choices"),
            Error::Unreadable { run, seq } => {
                write!(f, "entry {seq} of run {run} cannot be understood")
            }
            Error::Program { run, detail } => {
                write!(f, "the program of run {run} cannot be loaded: {detail}")
            }
            Error::Load { detail } => write!(f, "the program cannot be started: {detail}"),
            Error::Secret { path, is_missing: true } => {
                write!(f, "nobody gives the secret `input.{path}`")
            }
            Error::Secret { path, .. } => {
                write!(f, "the secret `input.{path}` is shorter than four characters")
            }
            Error::Input { path, expected, found } => {
                write!(f, "`{path}` must be {expected}, found {found}")
            }
            Error::Script { detail } => write!(f, "the script of answers is wrong: {detail}"),
            Error::IsSchedule { run } => {
                write!(f, "{run} is a schedule, which starts runs and is none")
            }
            Error::Stuck { run } => write!(f, "run {run} waits, but for no effect of the host"),
        }
    }
}

impl std::error::Error for Error {}

impl From<prism_journal::Error> for Error {
    fn from(error: prism_journal::Error) -> Error {
        Error::Store(error)
    }
}

fn effect_error(code: &str, message: String) -> EffectError {
    EffectError { code: code.into(), message: message.into(), data: Data::Null }
}

/// The code of an outcome of `agent.once` that nobody knows.
pub(crate) const UNKNOWN: &str = "P2122";

/// Why the outcome of a call is unknown that an earlier process has begun.
pub(crate) const BEGUN: &str = "the process that called the agent ended before an answer came";

/// No model is bound to `llm`.
pub(crate) fn no_llm() -> EffectError {
    let message = "No LLM provider configured; bind one in prism.toml as the agent `llm`, or \
                   script it with `--answers`";
    effect_error("P2011", message.to_owned())
}

/// The host does not serve this effect.
pub(crate) fn not_served(effect: &str) -> EffectError {
    let message = format!(
        "this host does not serve the effect `{effect}`; handle it in the program, or script it \
         with `--answers`"
    );
    effect_error("P2011", message)
}

/// The program gave an effect something that it does not take.
pub(crate) fn bad_argument(effect: &str, expected: &str) -> EffectError {
    effect_error("P2018", format!("`{effect}` takes {expected}"))
}

/// An agent has given something else than its declaration says; the answer is kept.
pub(crate) fn contradicts(
    agent: &str,
    path: &str,
    expected: &str,
    found: &str,
    answer: prism_vm::Data,
) -> EffectError {
    let message = format!(
        "the contract of agent `{agent}` says that `{path}` is {expected}, and it gave {found}"
    );
    let data = prism_vm::Data::object([("agent", agent.into()), ("answer", answer)]);
    EffectError { data, ..effect_error("P2124", message) }
}

/// The script has answered this effect as often as it could.
pub(crate) fn script_exhausted(effect: &str, n_answers: usize) -> EffectError {
    let message =
        format!("the script has {n_answers} answers for `{effect}`, the program asks once more");
    effect_error("P2012", message)
}

/// The machine does not take an answer, because it is nested too deep.
pub(crate) fn not_taken(error: &prism_vm::ResumeError) -> EffectError {
    effect_error("P2018", error.to_string())
}
