//! A session of `prism repl`: a program that grows by what is entered.
//!
//! After each entry the whole program runs again, with the answers that its effects had before;
//! so what was entered earlier has its old values, and nothing is asked twice. An entry that is
//! refused or fails is forgotten.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prism_agents::duration;
use prism_driver::{Options, Rejected};
use prism_vm::{Answer, Data, EffectError, Limits, Machine, Outcome, Request, Trap};

use crate::problem::Problem;
use crate::{hosts, show, words};

/// What was entered so far.
#[derive(Debug)]
pub struct Repl {
    /// Where imports begin.
    folder: PathBuf,
    entries: Vec<String>,
    answers: BTreeMap<Arc<str>, Answer>,
    n_printed: usize,
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
    answers: BTreeMap<Arc<str>, Answer>,
}

impl Repl {
    pub fn new(folder: &Path) -> Repl {
        Repl {
            folder: folder.to_owned(),
            entries: Vec::new(),
            answers: BTreeMap::new(),
            n_printed: 0,
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
                Reply::Failed { printed, problem: Problem::new(code, &trap.message) }
            }
        }
    }

    /// Forgets everything that was entered.
    pub fn reset(&mut self) {
        *self = Repl::new(&self.folder);
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
        let mut machine = Machine::new(compiled.module.clone(), Limits::default(), inputs)
            .map_err(|error| words::no_machine(&error))?;
        let mut answers = self.answers.clone();
        let mut printed = Vec::new();
        let end = loop {
            let outcome = machine.run();
            printed.extend(machine.take_output());
            match outcome {
                Outcome::Done(value) => break Ok(value),
                Outcome::Trap(trap) => break Err(trap),
                Outcome::Perform(requests) => {
                    for request in requests {
                        let known = answers.get(&request.effect_id).cloned();
                        let answer = known.unwrap_or_else(|| serve(&request));
                        answers.insert(request.effect_id, answer.clone());
                        // A request that was cancelled meanwhile takes no answer.
                        let _ = machine.resume(request.id, answer);
                    }
                }
            }
        };
        Ok(Ran { end, printed, answers })
    }
}

/// Time and chance are there; nothing else is.
fn serve(request: &Request) -> Answer {
    let value = match &*request.effect {
        "time.now" => Data::Number(now()),
        "time.sleep" => {
            std::thread::sleep(request.args.first().map_or(Duration::ZERO, span));
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

fn span(data: &Data) -> Duration {
    let named = data.as_text().and_then(duration::parse);
    let counted = || Duration::try_from_secs_f64(data.as_number()? / 1000.0).ok();
    named.or_else(counted).unwrap_or_default()
}
