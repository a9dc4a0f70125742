//! Sizes of files, and what no tracked file may contain.

use std::collections::BTreeSet;

use super::{Problem, Tracked};

const LONGEST: usize = 800;

/// Tables: long because what they list is long.
const TABLES: &[&str] =
    &["compiler/diagnostics/src/codes.rs", "compiler/syntax/src/grammar.lalrpop"];

const SOURCES: &[&str] = &["rs", "lalrpop", "prism", "py", "sh", "ts", "js"];

/// What the project has at its top: a new one is added here, and argued for in
/// `docs/architecture.md`.
const TOP: &[&str] = &[
    ".cargo",
    ".ci",
    ".gitignore",
    "Cargo.lock",
    "Cargo.toml",
    "README.md",
    "benches",
    "clippy.toml",
    "compiler",
    "docs",
    "editors",
    "examples",
    "fuzz",
    "lsp",
    "runtime",
    "rustfmt.toml",
    "spec",
    "stdlib",
    "tests",
];

/// Folders whose names at the root of a path betray the machine that wrote them.
const MACHINE_FOLDERS: &[&str] = &["work", "tmp", "root", "farm", "home", "Users"];

pub(super) fn check(files: &[Tracked]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = files.iter().flat_map(file_problems).collect();
    let top = |file: &Tracked| file.path.split('/').next().unwrap_or_default().to_owned();
    let tops: BTreeSet<String> = files.iter().map(top).collect();
    let unknown = tops.iter().filter(|name| !TOP.contains(&name.as_str()));
    problems.extend(unknown.map(|name| Problem::new(name, 0, "this is no part of the project")));
    problems
}

fn file_problems(file: &Tracked) -> Vec<Problem> {
    let mut problems = Vec::new();
    let lines = file.text.lines().count();
    let is_limited = file.has_extension(SOURCES) && !file.is_test();
    if is_limited && lines > LONGEST && !TABLES.contains(&file.path.as_str()) {
        let message = format!("{lines} lines; split it along an axis you can name");
        problems.push(Problem::new(&file.path, 0, message));
    }
    // Lock files hold addresses of registries, and nothing that people write.
    if file.path.ends_with(".lock") {
        return problems;
    }
    for (number, line) in file.lines() {
        if let Some(message) = forbidden(file, line) {
            problems.push(Problem::new(&file.path, number, message));
        }
    }
    problems
}

/// Why a line may not be there. This file and the guide's copy speak about the forbidden words,
/// so they are put together here instead of written.
fn forbidden(file: &Tracked, line: &str) -> Option<String> {
    if has_machine_path(line) {
        return Some("an absolute path of a machine".to_owned());
    }
    if !file.has_extension(SOURCES) && !file.has_extension(&["md"]) {
        return None;
    }
    let is_word = |word: &str| {
        line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|found| found == word)
    };
    let unfinished = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    if let Some(word) = unfinished.into_iter().find(|word| is_word(word)) {
        return Some(format!("{word}: finish it, or open an issue and say nothing here"));
    }
    let silenced = [concat!("#[", "ignore"), concat!("#[should", "_panic")];
    let attribute = silenced.into_iter().find(|attribute| line.trim_start().starts_with(attribute));
    attribute.map(|attribute| format!("{attribute}]: assert what happens instead"))
}

/// `/folder/x` at the start of a word.
fn has_machine_path(line: &str) -> bool {
    MACHINE_FOLDERS.iter().any(|folder| {
        let path = format!("/{folder}/");
        line.match_indices(&path).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + path.len()..].chars().next();
            let is_start = !before.is_some_and(|c| c.is_alphanumeric() || "._-})*".contains(c));
            is_start && after.is_some_and(|c| c.is_ascii_alphanumeric())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::{file, shown};
    use super::*;

    #[test]
    fn long_files_are_refused_except_tables_and_tests() {
        let long = "x\n".repeat(LONGEST + 1);
        let files = [
            file("compiler/ir/src/a.rs", &long),
            file("compiler/ir/tests/a.rs", &long),
            file("compiler/diagnostics/src/codes.rs", &long),
        ];
        let found = shown(&check(&files));
        assert_eq!(found, ["compiler/ir/src/a.rs: 801 lines; split it along an axis you can name"]);
    }

    #[test]
    fn what_is_no_part_of_the_project_is_named_once() {
        let files = [file("tmp5/a.rs", ""), file("tmp5/b/c.rs", ""), file("docs/a.md", "")];
        assert_eq!(shown(&check(&files)), ["tmp5: this is no part of the project"]);
    }

    #[test]
    fn forbidden_words_and_paths_are_found() {
        let text = format!(
            "// {}: later\n    #[{}]\nlet p = \"/{}/me/x\";\nsee https://a.b/{}/x\nTODOS\n",
            concat!("TO", "DO"),
            concat!("ign", "ore"),
            "home",
            "work",
        );
        let lines: Vec<usize> =
            check(&[file("lsp/src/b.rs", &text)]).iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [1, 2, 3]);
    }
}
