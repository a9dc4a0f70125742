//! Runs every case of `tests/ui`; see `tests/README.md` for what a case may say.

use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use prism_tests::case::{Case, Mode, with_output};
use prism_tests::files::{below, repository};
use prism_tests::judge::{Strictness, judge};

fn main() {
    let arguments = Arguments::from_args();
    let root = repository().join("tests/ui");
    let trials = below(&root, &[".prism"]).into_iter().map(|path| {
        let name = path.strip_prefix(&root).unwrap_or(&path).with_extension("");
        Trial::test(name.display().to_string(), move || case(&path))
    });
    let covered = Trial::test("README.md names enough cases of every part", covered);
    libtest_mimic::run(&arguments, trials.chain([covered]).collect()).exit();
}

/// The folders in the table of `tests/README.md` have at least three cases each.
fn covered() -> Result<(), Failed> {
    let text = std::fs::read_to_string(repository().join("tests/README.md"))?;
    let table = text.split("## What is covered").nth(1).unwrap_or_default();
    let cells = table.lines().filter_map(|line| line.strip_suffix(" |")?.rsplit("| ").next());
    let folders: Vec<&str> = cells
        .flat_map(|cell| cell.split('`'))
        .filter(|word| word.contains('/') && !word.contains(' '))
        .collect();
    let is_thin =
        |folder: &&&str| below(&repository().join("tests/ui").join(folder), &[".prism"]).len() < 3;
    let thin: Vec<&&str> = folders.iter().filter(is_thin).collect();
    match (folders.len(), thin.is_empty()) {
        (20.., true) => Ok(()),
        (n_folders, _) => Err(format!("{n_folders} folders; too few cases: {thin:?}").into()),
    }
}

fn case(path: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(path)?;
    let case = Case::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let output = judge(&case, Strictness::Warnings)?;
    compare_output(path, &text, &case, &output)
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
