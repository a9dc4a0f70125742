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
    libtest_mimic::run(&arguments, trials.collect()).exit();
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
