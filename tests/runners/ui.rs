//! Runs every case of `tests/ui`; see `tests/README.md` for what a case may say.

use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use prism_driver::Level;
use prism_tests::case::{Case, Expectation, Mode, ROOT, with_output};
use prism_tests::files::{Table, below, repository};
use prism_tests::program::{self, Given, LEVELS, Ran};
use prism_tests::replay::replay;
use serde_json::Value;

fn main() {
    let arguments = Arguments::from_args();
    let root = repository().join("tests/ui");
    let trials = below(&root, &[".prism"]).into_iter().map(|path| {
        let name = path.strip_prefix(&root).unwrap_or(&path).with_extension("");
        Trial::test(name.display().to_string(), move || case(&path))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn case(path: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(path)?;
    let case = Case::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let files = case.files.iter().map(|file| (file.path.clone(), file.text.clone()));
    let table = Table::new(files);
    let report = prism_driver::check_files(&table, &[ROOT.to_owned()]).report;
    let output = match case.mode {
        Mode::CheckPass | Mode::CheckFail => {
            expect_diagnostics(&case, &report, &case.expected)?;
            if report.has_errors() != (case.mode == Mode::CheckFail) {
                return Err(format!("the mode is not true:\n{}", report.render(false)).into());
            }
            report.render(false).lines().map(str::to_owned).collect()
        }
        Mode::Run | Mode::RunFail => {
            if report.has_errors() {
                return Err(format!("it does not compile:\n{}", report.render(false)).into());
            }
            run_everywhere(&case, &table, &report)?
        }
    };
    compare_output(path, &text, &case, &output)
}

/// At every level, and at each again from the journal; all outcomes are the same.
fn run_everywhere(
    case: &Case,
    table: &Table,
    report: &prism_driver::Report,
) -> Result<Vec<String>, Failed> {
    let mut outcomes: Vec<(String, Value)> = Vec::new();
    for level in LEVELS {
        let ran = run_at(case, table, level)?;
        let again = replay(&ran).map_err(|error| format!("from its journal: {error}"))?;
        outcomes.push((format!("{level:?}"), without_name(ran.object)));
        outcomes.push((format!("{level:?}, from its journal"), without_name(again.object)));
    }
    let (_, first) = &outcomes[0];
    for (how, other) in &outcomes[1..] {
        if other != first {
            let (plain, _) = &outcomes[0];
            return Err(format!("{plain}: {first}\n{how}: {other}").into());
        }
    }
    expect_outcome(case, report, first)?;
    Ok(shown(first))
}

fn run_at(case: &Case, table: &Table, level: Level) -> Result<Ran, Failed> {
    let program = program::compile(table, ROOT, level)
        .map_err(|rejected| format!("{level:?}: {}", rejected.render(false)))?;
    let given = Given {
        inputs: case.inputs.clone(),
        answers: case.answers.clone(),
        limits: case.limits.clone(),
    };
    Ok(program::run(&program, &given)?)
}

/// Two runs have different names, and nothing else may differ.
fn without_name(mut object: Value) -> Value {
    object["run"] = Value::Null;
    object
}

/// The status fits the mode; a failure is expected where it happened.
fn expect_outcome(
    case: &Case,
    report: &prism_driver::Report,
    object: &Value,
) -> Result<(), Failed> {
    let wanted = if case.mode == Mode::Run { "completed" } else { "failed" };
    if object["status"] != wanted {
        return Err(format!("expected a run that is {wanted}: {object}").into());
    }
    let mut expected = case.expected.clone();
    if case.mode == Mode::RunFail {
        let text = |key: &str| object["error"][key].as_str().unwrap_or("nothing").to_owned();
        let line = object["error"]["line"].as_u64().unwrap_or(0) as u32;
        let failure = Expectation { file: text("file"), line, code: text("code") };
        let is_it = |one: &Expectation| {
            one.line == line && one.code == failure.code && same_file(&one.file, &failure.file)
        };
        let Some(place) = expected.iter().position(is_it) else {
            return Err(format!("it failed, and not as expected: {failure:?}\n{object}").into());
        };
        expected.remove(place);
    }
    expect_diagnostics(case, report, &expected)
}

fn same_file(left: &str, right: &str) -> bool {
    prism_source::normalize(left) == prism_source::normalize(right)
}

/// Every error and warning is expected, and everything expected occurs. Hints may be left out.
fn expect_diagnostics(
    case: &Case,
    report: &prism_driver::Report,
    expected: &[Expectation],
) -> Result<(), Failed> {
    let mut missing: Vec<&Expectation> = expected.iter().collect();
    let mut problems = String::new();
    for found in &report.located() {
        let is_it = |one: &&Expectation| {
            one.line == found.line && one.code == found.code && same_file(&one.file, &found.file)
        };
        match missing.iter().position(is_it) {
            Some(place) => {
                missing.remove(place);
            }
            None if found.is_hint => {}
            None => {
                let (file, line, code) = (&found.file, found.line, &found.code);
                problems.push_str(&format!("not expected: {file}:{line} {code}\n"));
            }
        }
    }
    for one in missing {
        problems.push_str(&format!("expected: {}:{} {}\n", one.file, one.line, one.code));
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(format!("{problems}{:?}\n{}", case.mode, report.render(false)).into()),
    }
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

/// A run shows its output. What a check says is compared only where a case shows it.
fn compare_output(path: &Path, text: &str, case: &Case, found: &[String]) -> Result<(), Failed> {
    let is_run = matches!(case.mode, Mode::Run | Mode::RunFail);
    let expected = case.output.as_deref();
    let is_same = expected.unwrap_or_default() == found;
    if is_same || (!is_run && expected.is_none()) {
        return Ok(());
    }
    if std::env::var_os("PRISM_BLESS").is_some() {
        std::fs::write(path, with_output(text, found))?;
        return Ok(());
    }
    let listed = |lines: &[String]| lines.join("\n  ");
    let expected = listed(expected.unwrap_or_default());
    Err(format!("expected:\n  {expected}\nfound:\n  {}", listed(found)).into())
}
