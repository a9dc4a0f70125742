//! Every code has a line in the registry, a page and a test, and nobody uses another one.
//!
//! The example of a page is a test too when it is Prism: `tests/runners/documents.rs` runs it.

use std::collections::BTreeSet;

use super::{Problem, Tracked};

const REGISTRY: &str = "compiler/diagnostics/src/codes.rs";
const PAGES: &str = "compiler/diagnostics/codes/";

pub(super) fn check(files: &[Tracked]) -> Vec<Problem> {
    let Some(registry) = files.iter().find(|file| file.path == REGISTRY) else {
        return vec![Problem::new(REGISTRY, 0, "the registry of codes is missing")];
    };
    let known = registered(registry);
    let pages: BTreeSet<&str> = files.iter().filter_map(|file| page_code(&file.path)).collect();
    let mut tested: BTreeSet<&str> =
        files.iter().flat_map(|file| codes_in(test_part(file))).collect();
    tested.extend(
        files.iter().filter(|page| has_example(page)).filter_map(|page| page_code(&page.path)),
    );
    let mut problems = Vec::new();
    for (line, code) in &known {
        if !pages.contains(code) {
            problems.push(Problem::new(REGISTRY, *line, format!("{code} has no page in {PAGES}")));
        }
        if !tested.contains(code) {
            let message = format!("{code} has no case in tests/ui and no other test names it");
            problems.push(Problem::new(REGISTRY, *line, message));
        }
    }
    let names: BTreeSet<&str> = known.iter().map(|(_, code)| *code).collect();
    for page in pages.difference(&names) {
        problems.push(Problem::new(&format!("{PAGES}{page}.md"), 0, "no code of the registry"));
    }
    for file in files.iter().filter(|file| is_source(file)) {
        problems.extend(unknown(file, &names));
    }
    problems
}

/// The rows `P0001 => "…"` with their lines.
fn registered(registry: &Tracked) -> Vec<(usize, &str)> {
    registry
        .lines()
        .filter_map(|(number, line)| {
            let (code, _) = line.trim().split_once(" => ")?;
            is_code(code).then_some((number, code))
        })
        .collect()
}

fn page_code(path: &str) -> Option<&str> {
    path.strip_prefix(PAGES)?.strip_suffix(".md")
}

fn has_example(page: &Tracked) -> bool {
    let example = page.text.split("## Example").nth(1).and_then(|rest| rest.split("\n## ").next());
    example.is_some_and(|example| example.contains("```prism"))
}

fn is_source(file: &Tracked) -> bool {
    file.has_extension(&["rs"]) && !file.is_test() && file.path != REGISTRY
}

/// Codes in string literals of a source file that the registry lacks. Tests may name others.
fn unknown(file: &Tracked, known: &BTreeSet<&str>) -> Vec<Problem> {
    let own = file.text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut problems = Vec::new();
    for (index, line) in own.lines().enumerate() {
        for code in codes_in(line).filter(|code| !known.contains(code)) {
            if line.contains(&format!("\"{code}\"")) {
                let message = format!("{code} has no line in {REGISTRY}");
                problems.push(Problem::new(&file.path, index + 1, message));
            }
        }
    }
    problems
}

/// The part of a file that tests something.
fn test_part(file: &Tracked) -> &str {
    if file.is_test() {
        return &file.text;
    }
    let from = file.text.find("#[cfg(test)]").filter(|_| file.has_extension(&["rs"]));
    from.map_or("", |from| &file.text[from..])
}

fn codes_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| is_code(word))
}

fn is_code(word: &str) -> bool {
    word.len() == 5
        && word.starts_with('P')
        && word[1..].bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::super::{file, shown};
    use super::*;

    #[test]
    fn missing_pages_tests_and_lines_are_found() {
        let files = [
            file(REGISTRY, "codes! {\n    P0001 => \"a\",\n    P0002 => \"b\",\n}\n"),
            file("compiler/diagnostics/codes/P0001.md", ""),
            file("compiler/diagnostics/codes/P0009.md", ""),
            file("tests/ui/syntax/x.prism", "@ //~ P0001\n"),
            file("runtime/vm/src/a.rs", "fail(\"P1001\")\n#[cfg(test)]\nsee(\"P7777\")"),
        ];
        assert_eq!(
            shown(&check(&files)),
            [
                "compiler/diagnostics/src/codes.rs:3: P0002 has no page in \
                 compiler/diagnostics/codes/",
                "compiler/diagnostics/src/codes.rs:3: P0002 has no case in tests/ui and no other \
                 test names it",
                "compiler/diagnostics/codes/P0009.md: no code of the registry",
                "runtime/vm/src/a.rs:1: P1001 has no line in compiler/diagnostics/src/codes.rs",
            ]
        );
    }
}
