//! A session of `prism repl`: a program that grows by what is entered.
//!
//! After each entry the whole program runs again, with the answers that its effects had before;
//! so what was entered earlier has its old values, and nothing is asked twice. An entry that is
//! refused or fails is forgotten.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use prism_agents::duration;
use prism_driver::{Options, Rejected};
use prism_vm::{Answer, Data, EffectError, Limits, Machine, Outcome, Request, RequestId, Trap};

use crate::problem::Problem;
use crate::{hosts, show, words};

/// What was entered so far.
#[derive(Debug)]
pub struct Repl {
    /// Where imports begin.
    folder: PathBuf,
    entries: Vec<String>,
    /// What their effects got, in that order.
    answers: Vec<Given>,
    n_printed: usize,
    limits: Limits,
}

/// What came of an entry.
#[derive(Debug)]
pub enum Reply {
    /// Lines that it printed, and its value with its type; `None` for null.
    Done { printed: Vec<String>, value: Option<String> },
    /// The compiler refused it.
    Rejected(Box<Rejected>),
    /// It ran and failed.
    Failed { printed: Vec<String>, problem: Problem },
}

/// A program after it has run.
struct Ran {
    end: Result<Data, Trap>,
    printed: Vec<String>,
    answers: Vec<Given>,
}

/// An effect by its id, and its answer.
type Given = (Arc<str>, Answer);

/// Nobody sleeps longer at the prompt.
const LONGEST: Duration = Duration::from_secs(1_000_000_000);

impl Repl {
    /// `limits` are those of the whole program, each time that it runs.
    pub fn new(folder: &Path, limits: Limits) -> Repl {
        Repl {
            folder: folder.to_owned(),
            entries: Vec::new(),
            answers: Vec::new(),
            n_printed: 0,
            limits,
        }
    }

    /// Runs an entry behind those before it.
    pub fn enter(&mut self, entry: &str) -> Reply {
        // An entry without a value has none: not that of the entry before it.
        let text = format!("{}\nnull\n{entry}", self.entries.join("\n"));
        let compiled = match prism_driver::compile_text(&self.folder, &text, &Options::default()) {
            Ok(compiled) => compiled,
            Err(rejected) => return Reply::Rejected(Box::new(rejected)),
        };
        let ran = match self.run(&compiled) {
            Ok(ran) => ran,
            Err(problem) => return Reply::Failed { printed: Vec::new(), problem },
        };
        let printed: Vec<String> = ran.printed.iter().skip(self.n_printed).cloned().collect();
        match ran.end {
            Ok(value) => {
                self.entries.push(entry.to_owned());
                self.answers = ran.answers;
                self.n_printed = ran.printed.len();
                let shown = || format!("{} : {}", show::entered(&value), compiled.result);
                Reply::Done { printed, value: (value != Data::Null).then(shown) }
            }
            Err(trap) => {
                let code = trap.data.get("code").and_then(Data::as_text).unwrap_or(trap.code);
                let problem = Problem::new(code, &trap.message);
                let problem = match trap.code {
                    words::NO_FUEL => problem.with_help(words::more_fuel("an entry", "repl")),
                    _ => problem,
                };
                Reply::Failed { printed, problem }
            }
        }
    }

    /// Forgets everything that was entered.
    pub fn reset(&mut self) {
        *self = Repl::new(&self.folder, self.limits);
    }

    /// The type of an expression, which is not run.
    pub fn type_of(&self, entry: &str) -> Result<String, Box<Rejected>> {
        let text = format!("{}\n{entry}", self.entries.join("\n"));
        let compiled = prism_driver::compile_text(&self.folder, &text, &Options::default());
        compiled.map(|compiled| compiled.result).map_err(Box::new)
    }

    fn run(&self, compiled: &prism_driver::Compiled) -> Result<Ran, Problem> {
        let none = vec![("agents".into(), Data::Array(Vec::new()))];
        let inputs = hosts::complete(&compiled.module, &Default::default(), none)?;
        let mut machine = Machine::new(compiled.module.clone(), self.limits, inputs)
            .map_err(|error| words::no_machine(&error))?;
        let mut waiting = Waiting::new(&self.answers);
        let mut printed = Vec::new();
        let end = loop {
            let outcome = machine.run();
            printed.extend(machine.take_output());
            match outcome {
                Outcome::Done(value) => break Ok(value),
                Outcome::Trap(trap) => break Err(trap),
                Outcome::Perform(requests) => waiting.add(requests, &machine.take_cancelled()),
            }
            if let Some((request, answer)) = waiting.next() {
                // A request that was cancelled meanwhile takes no answer.
                let _ = machine.resume(request, answer);
            }
        };
        Ok(Ran { end, printed, answers: waiting.given })
    }
}

/// What a program waits for, and what it got so far, in the order in which it got it.
struct Waiting<'a> {
    /// What it got when it ran before.
    recorded: &'a [Given],
    requests: Vec<(Request, Instant)>,
    given: Vec<Given>,
}

impl<'a> Waiting<'a> {
    fn new(recorded: &'a [Given]) -> Waiting<'a> {
        Waiting { recorded, requests: Vec::new(), given: Vec::new() }
    }

    fn add(&mut self, requests: Vec<Request>, cancelled: &[RequestId]) {
        let now = Instant::now();
        self.requests.extend(requests.into_iter().map(|request| (request, now)));
        self.requests.retain(|(request, _)| !cancelled.contains(&request.id));
    }

    /// The next answer: as before, else of what need not wait, else of who wakes up first.
    fn next(&mut self) -> Option<(RequestId, Answer)> {
        let known = self.recorded.get(self.given.len());
        let again = known.and_then(|(name, _)| {
            self.requests.iter().position(|(request, _)| request.effect_id == *name)
        });
        let at = again.or_else(|| self.due())?;
        let (request, asked) = self.requests.remove(at);
        let answer = match known {
            Some((_, answer)) if again.is_some() => answer.clone(),
            _ => serve(&request, asked),
        };
        self.given.push((request.effect_id, answer.clone()));
        Some((request.id, answer))
    }

    fn due(&self) -> Option<usize> {
        let all = self.requests.iter().enumerate();
        all.min_by_key(|(_, (request, asked))| *asked + pause(request)).map(|(at, _)| at)
    }
}

/// Time and chance are there; nothing else is.
fn serve(request: &Request, asked: Instant) -> Answer {
    let value = match &*request.effect {
        "time.now" => Data::Number(now()),
        "time.sleep" => {
            std::thread::sleep((asked + pause(request)).saturating_duration_since(Instant::now()));
            Data::Null
        }
        "random" => Data::Number(fastrand::f64()),
        "log" | "checkpoint" | "event.publish" | "time.deadline" => Data::Null,
        other => {
            return Answer::Error(EffectError {
                code: "P2011".into(),
                message: words::not_at_the_prompt(other).into(),
                data: Data::Null,
            });
        }
    };
    Answer::Value(value)
}

fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis() as f64
}

/// How long a request waits for its answer.
fn pause(request: &Request) -> Duration {
    match &*request.effect {
        "time.sleep" => request.args.first().map_or(Duration::ZERO, span).min(LONGEST),
        _ => Duration::ZERO,
    }
}

fn span(data: &Data) -> Duration {
    let named = data.as_text().and_then(duration::parse);
    let counted = || Duration::try_from_secs_f64(data.as_number()? / 1000.0).ok();
    named.or_else(counted).unwrap_or_default()
}
