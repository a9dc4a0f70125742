//! `prism test`: from files to a list of what holds and what does not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;

use prism_cli::testing::{Failed, Finished, Suite, Unmet};
use prism_cli::{junit, report, testing, words};
use prism_driver::{Counting, Point, Rejected};
use prism_vm::Limits;
use serde_json::{Value, json};

use crate::args;
use crate::terminal::{Terminal, print, print_error};

pub fn run(args: &args::Test, terminal: Terminal) -> ExitCode {
    let here = [PathBuf::from(".")];
    let paths = if args.paths.is_empty() { &here[..] } else { &args.paths };
    let files = match prism_driver::sources(paths) {
        Ok(files) => files,
        Err(rejected) => {
            print_error(&rejected.render(terminal.color));
            return ExitCode::from(report::USAGE);
        }
    };
    let counting = if args.coverage { Counting::Points } else { Counting::Nothing };
    let (mut suites, mut rejected) = (Vec::new(), Vec::new());
    for file in &files {
        match testing::suite(file, counting) {
            Ok(suite) => suites.extend(suite),
            Err(errors) => rejected.push(errors),
        }
    }
    let all = suites.iter().enumerate();
    let chosen: Vec<(usize, usize)> = all
        .flat_map(|(at, suite)| (0..suite.names.len()).map(move |test| (at, test)))
        .filter(|&(at, test)| {
            args.filter.as_ref().is_none_or(|part| suites[at].names[test].contains(part.as_str()))
        })
        .collect();
    let shown = Shown { args, terminal, n_tests: chosen.len() };
    let mut finished = Vec::new();
    let limits = Limits { fuel: args.fuel, ..Limits::default() };
    testing::run(&suites, &chosen, limits, jobs(args), |test| {
        shown.tell(&suites, &test, finished.len() + 1);
        finished.push(test);
    });
    finished.sort_by_key(|test| (test.suite, test.test));
    shown.finish(&suites, &finished, &rejected)
}

fn jobs(args: &args::Test) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    args.jobs.unwrap_or_else(cores)
}

struct Shown<'a> {
    args: &'a args::Test,
    terminal: Terminal,
    n_tests: usize,
}

impl Shown<'_> {
    /// How far it is, for a person who watches.
    fn tell(&self, suites: &[Suite], test: &Finished, n_done: usize) {
        if self.terminal.is_watched {
            let name = &suites[test.suite].names[test.test];
            print_error(&format!("\r\x1b[K{n_done}/{} {name}", self.n_tests));
            if n_done == self.n_tests {
                print_error("\r\x1b[K");
            }
        }
    }

    fn finish(&self, suites: &[Suite], finished: &[Finished], rejected: &[Rejected]) -> ExitCode {
        let n_failed = finished.iter().filter(|test| test.failure.is_some()).count();
        let coverage = self.args.coverage.then(|| coverage(suites, finished));
        for errors in rejected {
            print_error(&errors.render(self.terminal.color));
        }
        if self.args.json {
            print(&format!("{}\n", object(suites, finished, rejected, coverage.as_ref())));
        } else {
            self.lines(suites, finished, coverage.as_ref());
        }
        if let Some(path) = &self.args.junit
            && let Err(error) = std::fs::write(path, junit::document(suites, finished))
        {
            print_error(&words::unwritable(path, &error).render(self.terminal.color));
            return ExitCode::from(report::USAGE);
        }
        if finished.is_empty() && rejected.is_empty() {
            let problem = words::no_tests(self.args.filter.as_deref());
            print_error(&problem.render(self.terminal.color));
            return ExitCode::from(report::FAILED);
        }
        let is_clean = n_failed == 0 && rejected.is_empty();
        ExitCode::from(if is_clean { report::COMPLETED } else { report::FAILED })
    }

    fn lines(&self, suites: &[Suite], finished: &[Finished], coverage: Option<&Coverage>) {
        for test in finished {
            let word = if test.failure.is_some() { "FAILED" } else { "ok" };
            let suite = &suites[test.suite];
            print(&format!("{word:<6} {}: {}\n", suite.file, suite.names[test.test]));
        }
        for test in finished {
            let Some(failed) = &test.failure else { continue };
            let suite = &suites[test.suite];
            print(&format!("\n{}: {}\n", suite.file, suite.names[test.test]));
            print(&failed.problem.render(self.terminal.color));
            print(&failed.difference());
            for line in &test.output {
                print(&format!("   printed: {line}\n"));
            }
        }
        let n_failed = finished.iter().filter(|test| test.failure.is_some()).count();
        print(&format!("\n{} passed, {n_failed} failed\n", finished.len() - n_failed));
        let Some(coverage) = coverage else { return };
        print(&format!("reached {} of {} places\n", coverage.reached, coverage.total));
        for point in &coverage.missed {
            let Point { file, line, column, what } = point;
            print(&format!("   {file}:{line}:{column}: {}\n", words::never_reached(*what)));
        }
    }
}

/// Where the tests of all files went together.
struct Coverage {
    reached: usize,
    total: usize,
    missed: Vec<Point>,
}

fn coverage(suites: &[Suite], finished: &[Finished]) -> Coverage {
    // Two files may import the same module: a place counts once.
    let mut places: BTreeMap<&Point, bool> = BTreeMap::new();
    for (at, suite) in suites.iter().enumerate() {
        let of_suite = finished.iter().filter(|test| test.suite == at);
        let reached: BTreeSet<u32> = of_suite.flat_map(|test| &test.reached).copied().collect();
        for (index, point) in suite.points.iter().enumerate() {
            *places.entry(point).or_default() |= reached.contains(&(index as u32));
        }
    }
    let total = places.len();
    let missed: Vec<Point> =
        places.into_iter().filter(|(_, is_reached)| !is_reached).map(|(p, _)| p.clone()).collect();
    Coverage { reached: total - missed.len(), total, missed }
}

fn object(
    suites: &[Suite],
    finished: &[Finished],
    rejected: &[Rejected],
    coverage: Option<&Coverage>,
) -> Value {
    let tests: Vec<Value> = finished.iter().map(|test| test_json(suites, test)).collect();
    let n_failed = finished.iter().filter(|test| test.failure.is_some()).count();
    let mut object = json!({
        "passed": finished.len() - n_failed, "failed": n_failed, "tests": tests,
    });
    if !rejected.is_empty() {
        object["rejected"] = rejected.iter().map(Rejected::json).collect();
    }
    if let Some(coverage) = coverage {
        let missed = coverage.missed.iter().map(|Point { file, line, column, what }| {
            let what = words::never_reached(*what);
            json!({ "file": &**file, "line": line, "column": column, "what": what })
        });
        object["coverage"] = json!({
            "reached": coverage.reached, "total": coverage.total,
            "missed": missed.collect::<Vec<Value>>(),
        });
    }
    object
}

fn test_json(suites: &[Suite], test: &Finished) -> Value {
    let suite = &suites[test.suite];
    let mut object = json!({
        "file": &*suite.file,
        "name": &*suite.names[test.test],
        "status": if test.failure.is_some() { "failed" } else { "passed" },
        "ms": test.time.as_micros() as f64 / 1000.0,
        "output": test.output,
    });
    if let Some(Failed { problem, unmet }) = &test.failure {
        object["error"] = problem.json();
        if let Some(Unmet { expected, actual, .. }) = unmet {
            object["error"]["expected"] = report::value(expected);
            object["error"]["actual"] = report::value(actual);
        }
    }
    object
}
