//! One sentence per line in Markdown, so that a diff shows which sentence changed.

use super::{Problem, Tracked};

/// A full stop after these ends no sentence.
const ABBREVIATIONS: &[&str] = &["e.g", "i.e", "etc", "vs", "cf", "No", "p", "Dr"];

pub(super) fn check(files: &[Tracked]) -> Vec<Problem> {
    // What a test expects is not prose that somebody wrote.
    let pages = files.iter().filter(|file| file.has_extension(&["md"]));
    pages.filter(|file| !file.path.contains("/tests/")).flat_map(page).collect()
}

fn page(file: &Tracked) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut fenced = false;
    for (number, line) in file.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        let is_prose = !fenced && !line.trim_start().starts_with(['|', '#', '>']);
        if is_prose && holds_two_sentences(line) {
            problems.push(Problem::new(&file.path, number, "one sentence per line"));
        }
    }
    problems
}

fn holds_two_sentences(line: &str) -> bool {
    let line = without_code(line);
    line.match_indices(". ").any(|(at, _)| {
        let before = &line[..at];
        let after = line[at + 2..].trim_start();
        let word = before.rsplit([' ', '(']).next().unwrap_or_default();
        let ends = word.chars().next_back().is_some_and(|c| c.is_alphabetic() || c == ')');
        ends && !ABBREVIATIONS.contains(&word) && after.starts_with(|c: char| c.is_uppercase())
    })
}

/// The line with what stands between backticks taken out.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("x")
}

#[cfg(test)]
mod tests {
    use super::super::{file, shown};
    use super::*;

    #[test]
    fn two_sentences_on_a_line_are_found_outside_code_and_tables() {
        let text = "One. Two.\nSee `a. B`, e.g. Rust.\n| A. B |\n```\nC. D\n```\nVersion 1. Good\n";
        assert_eq!(shown(&check(&[file("a.md", text)])), ["a.md:1: one sentence per line"]);
    }
}
