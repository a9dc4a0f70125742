//! The crate table of `docs/architecture.md` equals what the manifests say.
//!
//! The table is the fenced block with the info string `crates`; a line is `name: import import`,
//! names without `prism-`. Imports are normal and build dependencies on our own packages;
//! what tests import is not a matter of architecture.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{Problem, Tracked};

const PAGE: &str = "docs/architecture.md";

type Edges = BTreeMap<String, BTreeSet<String>>;

pub(super) fn check(root: &Path, files: &[Tracked]) -> Vec<Problem> {
    let Some(page) = files.iter().find(|file| file.path == PAGE) else {
        return vec![Problem::new(PAGE, 0, "this page is missing; it holds the crate table")];
    };
    let real = match metadata(root) {
        Ok(real) => real,
        Err(error) => return vec![Problem::new("Cargo.toml", 0, error)],
    };
    compare(&table(page), &real)
}

/// The table: per crate its line and its imports.
fn table(page: &Tracked) -> BTreeMap<String, (usize, BTreeSet<String>)> {
    let mut rows = BTreeMap::new();
    let mut inside = false;
    for (number, line) in page.lines() {
        if line.starts_with("```") {
            inside = line == "```crates";
        } else if inside && let Some((name, imports)) = line.split_once(':') {
            let imports = imports.split_whitespace().map(str::to_owned).collect();
            rows.insert(name.trim().to_owned(), (number, imports));
        }
    }
    rows
}

fn metadata(root: &Path) -> Result<Edges, String> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let data: Value =
        serde_json::from_slice(&output.stdout).map_err(|error| format!("metadata: {error}"))?;
    let packages = data["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(packages.iter().map(|package| (short(&package["name"]), imports(package))).collect())
}

fn imports(package: &Value) -> BTreeSet<String> {
    let dependencies = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    dependencies
        .iter()
        .filter(|dependency| dependency["path"].is_string() && dependency["kind"] != "dev")
        .map(|dependency| short(&dependency["name"]))
        .collect()
}

fn short(name: &Value) -> String {
    let name = name.as_str().unwrap_or_default();
    name.strip_prefix("prism-").unwrap_or(name).to_owned()
}

fn compare(table: &BTreeMap<String, (usize, BTreeSet<String>)>, real: &Edges) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, imports) in real {
        let Some((line, listed)) = table.get(name) else {
            problems.push(Problem::new(PAGE, 0, format!("the table lacks the crate `{name}`")));
            continue;
        };
        for import in imports.difference(listed) {
            let message = format!("`{name}` imports `{import}`, which its line does not list");
            problems.push(Problem::new(PAGE, *line, message));
        }
        for import in listed.difference(imports) {
            let message = format!("`{name}` does not import `{import}`, which its line lists");
            problems.push(Problem::new(PAGE, *line, message));
        }
    }
    for (name, (line, _)) in table.iter().filter(|(name, _)| !real.contains_key(*name)) {
        problems.push(Problem::new(PAGE, *line, format!("there is no crate `{name}`")));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::super::{file, shown};
    use super::*;

    #[test]
    fn differences_are_found_in_both_directions() {
        let page = file(PAGE, "x\n```crates\nspan:\nhir: span ir\nold: span\n```\nnot: a row\n");
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let real = Edges::from([
            ("span".to_owned(), set(&[])),
            ("hir".to_owned(), set(&["span", "syntax"])),
            ("vm".to_owned(), set(&[])),
        ]);
        assert_eq!(
            shown(&compare(&table(&page), &real)),
            [
                "docs/architecture.md:4: `hir` imports `syntax`, which its line does not list",
                "docs/architecture.md:4: `hir` does not import `ir`, which its line lists",
                "docs/architecture.md: the table lacks the crate `vm`",
                "docs/architecture.md:5: there is no crate `old`",
            ]
        );
    }
}
