//! Runs `test` blocks: each on a machine of its own, several at the same time.
//!
//! The world of a test is empty. Its handlers answer for agents, models and people; what they
//! leave to the host fails the test. Only time is there: it begins at 0 and moves on when every
//! fiber sleeps, so that no test waits.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use prism_agents::duration;
use prism_bytecode::Verified;
use prism_driver::{Counting, Point, Rejected};
use prism_engine::Failure;
use prism_vm::{Answer, Data, Limits, Machine, Outcome, Request, RequestId, Trap};

use crate::problem::Problem;
use crate::{hosts, report, show, words};

/// The tests of one file.
#[derive(Debug)]
pub struct Suite {
    /// As a person would write it.
    pub file: Arc<str>,
    /// Where the paths of the program begin.
    folder: PathBuf,
    module: Arc<Verified>,
    /// Every place that a test could come to; empty when nothing is counted.
    pub points: Vec<Point>,
    /// In the order of the file.
    pub names: Vec<Arc<str>>,
}

/// A test that has run.
#[derive(Debug)]
pub struct Finished {
    /// Index of its suite, and of its name there.
    pub suite: usize,
    pub test: usize,
    /// `None`: it passed.
    pub failure: Option<Failed>,
    pub output: Vec<String>,
    pub time: Duration,
    /// Indices of [`Suite::points`].
    pub reached: BTreeSet<u32>,
}

#[derive(Debug)]
pub struct Failed {
    pub problem: Problem,
    /// Of an expectation.
    pub unmet: Option<Unmet>,
}

/// What an expectation found.
#[derive(Debug)]
pub struct Unmet {
    pub expected: Data,
    pub actual: Data,
    how: How,
}

/// How an expectation is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// The two should be alike: line by line.
    Alike,
    /// They are not of a kind: the one and the other.
    Apart,
    /// They should not be so.
    Opposite,
}

/// Lines that are alike, around those that are not.
const CONTEXT: usize = 3;

impl Failed {
    /// What was expected and what was found, line by line.
    pub fn difference(&self) -> String {
        let Some(Unmet { expected, actual, how }) = &self.unmet else { return String::new() };
        let lines = [expected, actual].map(show::expanded);
        if *how == How::Alike && lines.iter().any(|text| text.contains('\n')) {
            let [expected, actual] = &lines;
            return by_lines(expected, actual);
        }
        let not = if *how == How::Opposite { "not " } else { "" };
        let [expected, actual] = [expected, actual].map(show::entered);
        format!("   expected: {not}{expected}\n   found:    {actual}\n")
    }
}

fn by_lines(expected: &str, actual: &str) -> String {
    let diff = similar::TextDiff::from_lines(expected, actual);
    let mut text = "   - expected\n   + found\n".to_owned();
    let mut shown = 0;
    for group in diff.grouped_ops(CONTEXT) {
        let start = group.first().map_or(0, |op| op.old_range().start);
        if start > shown {
            text.push_str("     …\n");
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let line = change.value().trim_end_matches('\n');
            text.push_str(&format!("   {} {line}\n", change.tag()));
        }
        shown = group.last().map_or(0, |op| op.old_range().end);
    }
    if shown < expected.lines().count() {
        text.push_str("     …\n");
    }
    text
}

/// Compiles a file; `None` when it has no tests.
pub fn suite(path: &Path, counting: Counting) -> Result<Option<Suite>, Rejected> {
    let compiled = prism_driver::compile_tests(path, counting)?;
    let tests = &compiled.module.module().tests;
    let names: Vec<Arc<str>> =
        tests.iter().map(|test| compiled.module.text(test.name).into()).collect();
    Ok((!names.is_empty()).then(|| Suite {
        file: prism_driver::shown(&std::path::absolute(path).unwrap_or_else(|_| path.into())),
        folder: prism_driver::package_of(path),
        module: compiled.module.clone(),
        points: compiled.points,
        names,
    }))
}

/// Runs the chosen tests, `jobs` at a time, and tells of each as it ends.
pub fn run(
    suites: &[Suite],
    chosen: &[(usize, usize)],
    limits: Limits,
    jobs: usize,
    mut tell: impl FnMut(Finished),
) {
    let next = AtomicUsize::new(0);
    let (sender, finished) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, chosen.len().max(1)) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some(&(suite, test)) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // Nobody listens any more when the command is at its end.
                    let _ = sender.send(one(&suites[suite], suite, test, limits));
                }
            });
        }
        drop(sender);
        finished.into_iter().for_each(&mut tell);
    });
}

fn one(suite: &Suite, index: usize, test: usize, limits: Limits) -> Finished {
    let start = Instant::now();
    let mut finished = Finished {
        suite: index,
        test,
        failure: None,
        output: Vec::new(),
        time: Duration::ZERO,
        reached: BTreeSet::new(),
    };
    match machine(suite, test, limits) {
        Ok(mut machine) => {
            let end = drive(&mut machine, &mut finished.output);
            finished.failure = end.err().map(|ended| failed(&ended, &suite.folder));
            finished.reached = machine.reached().clone();
        }
        Err(problem) => finished.failure = Some(Failed { problem, unmet: None }),
    }
    finished.time = start.elapsed();
    finished
}

fn machine(suite: &Suite, test: usize, limits: Limits) -> Result<Machine, Problem> {
    let nothing = vec![
        ("agents".into(), Data::Array(Vec::new())),
        ("input".into(), Data::Object(Vec::new())),
    ];
    let inputs = hosts::complete(&suite.module, &Default::default(), nothing)?;
    Machine::for_test(suite.module.clone(), test, limits, inputs)
        .map_err(|error| words::no_machine(&error))
}

/// How a test ended that did not pass.
enum Ended {
    Trap(Box<Trap>),
    /// It asked for what no handler answers.
    Asked(Box<Request>),
}

fn drive(machine: &mut Machine, output: &mut Vec<String>) -> Result<(), Ended> {
    let mut clock = Clock::default();
    loop {
        let outcome = machine.run();
        output.extend(machine.take_output());
        match outcome {
            Outcome::Done(_) => return Ok(()),
            Outcome::Trap(trap) => return Err(Ended::Trap(Box::new(trap))),
            Outcome::Perform(requests) => {
                let cancelled = machine.take_cancelled();
                clock.sleeping.retain(|(_, id)| !cancelled.contains(id));
                for request in requests {
                    clock.serve(machine, request)?;
                }
                clock.move_on(machine);
            }
        }
    }
}

/// The time of a test, in milliseconds.
#[derive(Default)]
struct Clock {
    now: f64,
    /// Who is to wake at which time, in the order in which they asked.
    sleeping: Vec<(f64, RequestId)>,
    /// Something was answered at the present time.
    is_moving: bool,
}

impl Clock {
    fn serve(&mut self, machine: &mut Machine, request: Request) -> Result<(), Ended> {
        let answer = match &*request.effect {
            "time.now" => Data::Number(self.now),
            "time.sleep" => {
                let Some(span) = request.args.first().and_then(milliseconds) else {
                    return Err(Ended::Asked(Box::new(request)));
                };
                self.sleeping.push((self.now + span.max(0.0), request.id));
                return Ok(());
            }
            "log" | "checkpoint" | "event.publish" | "time.deadline" => Data::Null,
            _ => return Err(Ended::Asked(Box::new(request))),
        };
        self.is_moving = true;
        self.wake(machine, request.id, answer);
        Ok(())
    }

    /// Wakes the next one, when nobody has anything else to do.
    fn move_on(&mut self, machine: &mut Machine) {
        if std::mem::take(&mut self.is_moving) {
            return;
        }
        let earlier = |a: &(usize, f64), b: &(usize, f64)| a.1.total_cmp(&b.1);
        let times = self.sleeping.iter().map(|(time, _)| *time).enumerate();
        // The first of those at the same time.
        if let Some((at, time)) = times.min_by(earlier) {
            self.now = time;
            let (_, id) = self.sleeping.remove(at);
            self.wake(machine, id, Data::Null);
        }
    }

    fn wake(&self, machine: &mut Machine, id: RequestId, answer: Data) {
        // A request that was cancelled meanwhile takes no answer.
        let _ = machine.resume(id, Answer::Value(answer));
    }
}

fn milliseconds(data: &Data) -> Option<f64> {
    match data.as_text() {
        Some(text) => duration::parse(text).map(|span| span.as_secs_f64() * 1000.0),
        None => data.as_number().filter(|ms| !ms.is_nan()),
    }
}

fn failed(ended: &Ended, folder: &Path) -> Failed {
    match ended {
        Ended::Trap(trap) => {
            let problem = report::problem(&failure(trap), folder);
            let problem = match trap.code {
                words::NO_FUEL => problem.with_help(words::more_fuel("a test", "test")),
                _ => problem,
            };
            Failed { problem, unmet: unmet(&trap.data) }
        }
        Ended::Asked(request) => {
            let failure = Failure {
                code: words::UNHANDLED.to_owned(),
                message: words::unhandled(&request.effect),
                at: request.at.clone(),
                frames: Vec::new(),
                data: Data::object([(
                    "data",
                    Data::object([("help", Data::from(&*words::unhandled_help(&request.effect)))]),
                )]),
            };
            Failed { problem: report::problem(&failure, folder), unmet: None }
        }
    }
}

fn failure(trap: &Trap) -> Failure {
    Failure {
        code: trap.code.to_owned(),
        message: trap.message.clone(),
        at: trap.at.clone(),
        frames: trap.frames.clone(),
        data: trap.data.clone(),
    }
}

/// What the error of an expectation holds.
fn unmet(error: &Data) -> Option<Unmet> {
    let data = error.get("data")?;
    let Some(Data::Text(matcher)) = data.get("matcher") else { return None };
    Some(Unmet {
        expected: data.get("expected")?.clone(),
        actual: data.get("actual")?.clone(),
        how: match &**matcher {
            "toEqual" | "toBe" | "toMatchObject" => How::Alike,
            opposite if opposite.starts_with("not.") => How::Opposite,
            _ => How::Apart,
        },
    })
}
