//! Tests the Prism examples of pages and documents.
//!
//! In the pages of codes, an example must give the page's code, by checking it or, when it is
//! marked `run`, by running it; a fix must give no error. When the diagnostic itself carries a fix,
//! applying it to the example must take the code away and bring no other error. Everywhere else an example is a case
//! like those of `tests/ui`: its mode stands behind `prism`, and without one it must check; or it
//! is marked `shown`, and the `text` block behind it is what `prismc check` prints.
//! The page for language models has ten patterns, which run with agents and people that agree.

use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use prism_diagnostics::Diagnostic;
use prism_driver::Level;
use prism_tests::case::{Case, ROOT};
use prism_tests::examples::{Example, find};
use prism_tests::files::{Table, below, repository};
use prism_tests::judge::{Strictness, judge};
use prism_tests::program::{self, Code, Given};

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    let codes = repository().join("compiler/diagnostics/codes");
    for path in below(&codes, &[".md"]) {
        let code = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        add(&mut trials, &path, move |example| {
            code_page(&code, example)?;
            mended(&code, example)
        });
    }
    for folder in ["docs", "spec", "stdlib", "examples"] {
        for path in below(&repository().join(folder), &[".md"]) {
            add(&mut trials, &path, document);
        }
    }
    add(&mut trials, &repository().join("README.md"), document);
    add(&mut trials, &repository().join(ONE_PAGE), pattern);
    trials.push(Trial::test(ONE_PAGE, one_page));
    libtest_mimic::run(&arguments, trials).exit();
}

/// One trial per example of a page.
fn add(
    trials: &mut Vec<Trial>,
    path: &Path,
    judge: impl Fn(&Example) -> Result<(), Failed> + Clone + Send + 'static,
) {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let name = path.strip_prefix(repository()).unwrap_or(path).display().to_string();
    for example in find(&text) {
        let judge = judge.clone();
        trials.push(Trial::test(format!("{name}:{}", example.line), move || judge(&example)));
    }
}

fn table(example: &Example) -> Table {
    Table::new([(ROOT.to_owned(), example.code.clone())])
}

/// The codes that checking or running an example gives.
fn codes(example: &Example) -> Result<Vec<String>, Failed> {
    let table = table(example);
    let report = prism_driver::check_files(&table, &[ROOT.to_owned()]).report;
    let mut codes: Vec<String> = report.located().iter().map(|one| one.code.clone()).collect();
    if example.has("run") && !report.has_errors() {
        let program = program::compile(&table, ROOT, Level::Full)
            .map_err(|rejected| rejected.render(false))?;
        let ran = program::run(&program, &Given::default(), Code::Interpreted)?;
        codes.extend(ran.object["error"]["code"].as_str().map(str::to_owned));
    }
    Ok(codes)
}

fn code_page(code: &str, example: &Example) -> Result<(), Failed> {
    let found = codes(example)?;
    let is_fix = example.has("fixed") || example.heading == "Fix";
    match found.iter().any(|one| one == code) {
        true if is_fix => Err(format!("the fix still gives {code}").into()),
        false if !is_fix => Err(format!("the example gives {found:?}, not {code}").into()),
        true | false if is_fix => without_errors(example),
        true | false => Ok(()),
    }
}

/// The fixes that the example's diagnostics carry do what they say.
fn mended(code: &str, example: &Example) -> Result<(), Failed> {
    let table = table(example);
    let before = prism_driver::check_files(&table, &[ROOT.to_owned()]).report;
    let carries = |one: &Diagnostic| one.code.as_str() == code && !one.fixes.is_empty();
    if example.has("fixed") || example.heading == "Fix" || !before.diagnostics.iter().any(carries) {
        return Ok(());
    }
    let fixed = prism_driver::fix_files(&table, &[ROOT.to_owned()]);
    let after = &fixed.checked.report;
    let is_left = |one: &Diagnostic| one.code.as_str() == code;
    let is_new = |one: &Diagnostic| {
        one.is_error() && before.diagnostics.iter().all(|known| known.code != one.code)
    };
    match after.diagnostics.iter().any(|one| is_left(one) || is_new(one)) {
        true => Err(format!("after its fixes:\n{}", after.render(false)).into()),
        false => Ok(()),
    }
}

fn document(example: &Example) -> Result<(), Failed> {
    if example.has("shown") {
        return shown(example);
    }
    let modes = ["check-pass", "check-fail", "run", "run-fail"];
    let mode = modes.into_iter().find(|mode| example.has(mode)).unwrap_or("check-pass");
    let case =
        Case::parse(&format!("//@ {mode}\n{}", example.code)).map_err(|error| error.to_string())?;
    let found = judge(&case, Strictness::Errors)?;
    let is_shown = mode.starts_with("run") && case.output.is_some();
    match case.output {
        Some(expected) if is_shown && !is_same(&expected, &found) => {
            Err(format!("expected:\n  {}\nfound:\n  {}", expected.join("\n  "), found.join("\n  "))
                .into())
        }
        Some(_) | None => Ok(()),
    }
}

/// What `prismc check` prints about the example is the block behind it.
fn shown(example: &Example) -> Result<(), Failed> {
    let report = prism_driver::check_files(&table(example), &[ROOT.to_owned()]).report;
    let printed = report.render(false);
    match example.output.as_deref() {
        Some(output) if output.trim_end() == printed.trim_end() => Ok(()),
        Some(output) => Err(format!("expected:\n{output}\nfound:\n{printed}").into()),
        None => Err("no `text` block behind it shows what is printed".into()),
    }
}

/// Line by line; a result is JSON, and a document may write its numbers in another way.
fn is_same(expected: &[String], found: &[String]) -> bool {
    let result = |line: &str| -> Option<serde_json::Value> {
        let value = line.strip_prefix("= ")?;
        serde_json::from_str(value).ok()
    };
    let is_line = |(expected, found): (&String, &String)| {
        expected == found || result(expected).is_some_and(|value| result(found) == Some(value))
    };
    expected.len() == found.len() && expected.iter().zip(found).all(is_line)
}

/// The language on one page, for language models.
const ONE_PAGE: &str = "spec/llms.txt";

/// The page is short, and has as many patterns as it promises.
fn one_page() -> Result<(), Failed> {
    let text = std::fs::read_to_string(repository().join(ONE_PAGE))?;
    let n_patterns = find(&text).len();
    match (text.len(), n_patterns) {
        (..=12_000, 10) => Ok(()),
        (n_bytes, n_patterns) => Err(format!("{n_patterns} patterns, {n_bytes} bytes").into()),
    }
}

/// A pattern runs to its end in a world that answers everything.
fn pattern(example: &Example) -> Result<(), Failed> {
    let world = "//@ run\n\
        //@ set: task=\"Do it\"\n\
        //@ set: agents=[\"a\", \"b\", \"c\"]\n\
        //@ input: {\"text\": \"t\", \"documents\": [{\"text\": \"x\"}, {\"text\": \"y\"}]}\n\
        //@ answers: {\"llm\": {\"value\": \"yes\", \"confidence\": 0.8}, \
        \"agent.call\": {\"value\": {\"verdict\": \"approve\"}, \"confidence\": 0.9}, \
        \"human.approve\": {\"value\": {\"approved\": true, \"reason\": \"\", \"by\": \"ada\"}}}\n";
    let case = Case::parse(&format!("{world}{}", example.code)).map_err(|e| e.to_string())?;
    judge(&case, Strictness::Errors)?;
    Ok(())
}

fn without_errors(example: &Example) -> Result<(), Failed> {
    let report = prism_driver::check_files(&table(example), &[ROOT.to_owned()]).report;
    match report.has_errors() {
        true => Err(report.render(false).into()),
        false => Ok(()),
    }
}
