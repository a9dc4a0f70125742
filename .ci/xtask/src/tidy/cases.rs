//! A case of `tests/ui` begins with its mode and with one sentence of specification.

use super::{Problem, Tracked};

const MODES: &[&str] = &["check-pass", "check-fail", "run", "run-fail"];

pub(super) fn check(files: &[Tracked]) -> Vec<Problem> {
    let cases = files.iter().filter(|file| file.path.starts_with("tests/ui/"));
    cases.filter(|file| file.has_extension(&["prism"])).flat_map(case).collect()
}

fn case(file: &Tracked) -> Vec<Problem> {
    let mut lines = file.text.lines();
    let mut problems = Vec::new();
    let mode = lines.next().and_then(|line| line.strip_prefix("//@ "));
    if !mode.is_some_and(|mode| MODES.contains(&mode)) {
        let message = format!("the first line must be `//@ MODE`, one of {}", MODES.join(", "));
        problems.push(Problem::new(&file.path, 1, message));
    }
    let sentence = lines.next().and_then(|line| line.strip_prefix("// "));
    if !sentence.is_some_and(|sentence| sentence.ends_with('.') && sentence.contains(' ')) {
        let message = "the second line must be a comment with one sentence that says what holds";
        problems.push(Problem::new(&file.path, 2, message));
    }
    if file.path.matches('/').count() != 4 {
        let message = "a case lies in tests/ui/<room>/<subject>/<what_happens>.prism";
        problems.push(Problem::new(&file.path, 0, message));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::super::{file, shown};
    use super::*;

    #[test]
    fn mode_sentence_and_place_are_required() {
        let files = [
            file("tests/ui/hir/names/shadowing.prism", "//@ run\n// An inner name wins.\n1\n"),
            file("tests/ui/hir/bad.prism", "//@ runs\n// why\n"),
        ];
        assert_eq!(
            shown(&check(&files)),
            [
                "tests/ui/hir/bad.prism:1: the first line must be `//@ MODE`, one of check-pass, \
                 check-fail, run, run-fail",
                "tests/ui/hir/bad.prism:2: the second line must be a comment with one sentence \
                 that says what holds",
                "tests/ui/hir/bad.prism: a case lies in \
                 tests/ui/<room>/<subject>/<what_happens>.prism",
            ]
        );
    }
}
