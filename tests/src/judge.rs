//! Judges a case: compiles, runs at every level, replays, and compares with what it claims.

use prism_cli::program::Program;
use prism_diagnostics::Severity;
use prism_driver::{Level, Report};
use serde_json::Value;

use crate::case::{Case, Expectation, Mode, ROOT};
use crate::files::Table;
use crate::machine::repeat;
use crate::program::{self, Code, Given, LEVELS};
use crate::replay::replay;

/// Which diagnostics a case must expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// Errors and warnings.
    Warnings,
    /// Errors: a document shows what it is about, not what a lint thinks of it.
    Errors,
}

/// What the case shows: the printed lines and the result, or the rendered diagnostics.
/// `Err`: what it claims is not true, in words.
pub fn judge(case: &Case, strictness: Strictness) -> Result<Vec<String>, String> {
    let files = case.files.iter().map(|file| (file.path.clone(), file.text.clone()));
    let table = Table::new(files);
    let report = prism_driver::check_files(&table, &[ROOT.to_owned()]).report;
    let judge = Judge { case, table, report, strictness };
    match case.mode {
        Mode::CheckPass | Mode::CheckFail => judge.check(),
        Mode::Run | Mode::RunFail => judge.run(),
    }
}

struct Judge<'c> {
    case: &'c Case,
    table: Table,
    report: Report,
    strictness: Strictness,
}

impl Judge<'_> {
    fn check(&self) -> Result<Vec<String>, String> {
        let rendered = self.report.render(false);
        self.expect_diagnostics(&self.case.expected)?;
        if self.report.has_errors() != (self.case.mode == Mode::CheckFail) {
            return Err(format!("the mode is not true:\n{rendered}"));
        }
        Ok(rendered.lines().map(str::to_owned).collect())
    }

    /// At every level, and at each again from the journal and through snapshots, once in machine
    /// code; all outcomes are the same.
    fn run(&self) -> Result<Vec<String>, String> {
        if self.report.has_errors() {
            return Err(format!("it does not compile:\n{}", self.report.render(false)));
        }
        let mut outcomes: Vec<(String, Value)> = Vec::new();
        let mut requests: Vec<(Level, Vec<String>)> = Vec::new();
        for level in LEVELS {
            let (program, given) = (self.program_at(level)?, self.given());
            let ran = program::run(&program, &given, Code::Interpreted)?;
            let again = replay(&ran).map_err(|error| format!("from its journal: {error}"))?;
            let asked = repeat(&program, &given, &ran, level);
            requests.push((level, asked.map_err(|error| format!("{level:?}, {error}"))?));
            outcomes.push((format!("{level:?}"), without_name(ran.object)));
            outcomes.push((format!("{level:?}, from its journal"), without_name(again.object)));
        }
        let (plain, first) = &outcomes[0];
        for (how, other) in &outcomes[1..] {
            if other != first {
                return Err(format!("{plain}: {first}\n{how}: {other}"));
            }
        }
        for (level, other) in &requests[1..] {
            if *other != requests[0].1 {
                return Err(format!("{:?}\n{level:?}: {other:?}", requests[0]));
            }
        }
        self.expect_outcome(first)?;
        Ok(shown(first))
    }

    fn program_at(&self, level: Level) -> Result<Program, String> {
        program::compile(&self.table, ROOT, level)
            .map_err(|rejected| format!("{level:?}: {}", rejected.render(false)))
    }

    fn given(&self) -> Given {
        Given {
            inputs: self.case.inputs.clone(),
            answers: self.case.answers.clone(),
            limits: self.case.limits.clone(),
        }
    }

    /// The status fits the mode; a failure is expected where it happened.
    fn expect_outcome(&self, object: &Value) -> Result<(), String> {
        let is_run = self.case.mode == Mode::Run;
        let wanted = if is_run { "completed" } else { "failed" };
        if object["status"] != wanted {
            return Err(format!("expected a run that is {wanted}: {object}"));
        }
        let mut expected = self.case.expected.clone();
        if !is_run {
            let text = |key: &str| object["error"][key].as_str().unwrap_or("nothing").to_owned();
            let line = object["error"]["line"].as_u64().unwrap_or(0) as u32;
            let failure = Expectation { file: text("file"), line, code: text("code") };
            let place = expected.iter().position(|one| one.is_at(&failure));
            let place = place
                .ok_or_else(|| format!("it failed, and not as expected: {failure:?}\n{object}"))?;
            expected.remove(place);
        }
        self.expect_diagnostics(&expected)
    }

    /// Every diagnostic is expected as far as the strictness goes, and everything expected occurs.
    fn expect_diagnostics(&self, expected: &[Expectation]) -> Result<(), String> {
        let mut missing: Vec<&Expectation> = expected.iter().collect();
        let mut problems = String::new();
        for located in self.report.located() {
            let is_optional = match self.strictness {
                Strictness::Warnings => located.severity == Severity::Hint,
                Strictness::Errors => located.severity != Severity::Error,
            };
            let found = Expectation { file: located.file, line: located.line, code: located.code };
            match missing.iter().position(|one| one.is_at(&found)) {
                Some(place) => {
                    missing.remove(place);
                }
                None if is_optional => {}
                None => problems.push_str(&format!("not expected: {found}\n")),
            }
        }
        for one in missing {
            problems.push_str(&format!("expected: {one}\n"));
        }
        match problems.is_empty() {
            true => Ok(()),
            false => Err(format!("{problems}{}", self.report.render(false))),
        }
    }
}

/// Two runs have different names, and nothing else may differ.
fn without_name(mut object: Value) -> Value {
    object["run"] = Value::Null;
    object
}

/// The printed lines, then the result of a run that has one.
fn shown(object: &Value) -> Vec<String> {
    let lines = object["output"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut shown: Vec<String> = lines
        .iter()
        .flat_map(|line| line.as_str().unwrap_or_default().split('\n'))
        .map(str::to_owned)
        .collect();
    if object["status"] == "completed" {
        let confidence = &object["confidence"];
        shown.push(match confidence.is_null() {
            true => format!("= {}", object["value"]),
            false => format!("= {} ~> {confidence}", object["value"]),
        });
    }
    shown
}
