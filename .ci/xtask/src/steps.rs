//! The verbs as lists of steps.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::count::Count;
use crate::tidy;

/// A program to run in the root of the workspace.
struct Step {
    name: &'static str,
    command: &'static [&'static str],
    env: &'static [(&'static str, &'static str)],
}

/// Every test program. Each prints a summary that [`Count`] can read.
const TESTS: &[Step] = &[
    Step {
        name: "the workspace: unit, integration, ui, conformance and doc tests",
        command: &["cargo", "test", "--workspace", "--no-fail-fast"],
        env: &[],
    },
    Step {
        name: "the agents of examples/code-review",
        command: &["python3", "-m", "unittest", "discover", "-s", "examples/code-review/tests"],
        env: &[],
    },
    Step {
        name: "the language server under other people's clients",
        command: &["python3", "lsp/tests/run.py"],
        env: &[],
    },
];

const FORMAT: Step =
    Step { name: "format", command: &["cargo", "fmt", "--all", "--check"], env: &[] };

const CLIPPY: Step = Step {
    name: "clippy",
    command: &["cargo", "clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
    env: &[],
};

const DOCS: Step = Step {
    name: "docs",
    command: &["cargo", "doc", "--workspace", "--no-deps", "--quiet"],
    env: &[("RUSTDOCFLAGS", "-D warnings")],
};

const BLESS: &[Step] = &[
    Step {
        name: "expected outputs of tests/",
        command: &["cargo", "test", "--package", "prism-tests", "--no-fail-fast"],
        env: &[("PRISM_BLESS", "1"), ("INSTA_UPDATE", "always")],
    },
    Step {
        name: "snapshots",
        command: &["cargo", "test", "--workspace", "--exclude", "prism-tests", "--no-fail-fast"],
        env: &[("INSTA_UPDATE", "always")],
    },
];

/// Runs every test and prints one last line: `N passed, N failed`.
pub fn test(root: &Path) -> bool {
    let mut total = Count::default();
    let mut all_succeeded = true;
    for step in TESTS {
        let (count, succeeded) = run_counted(root, step);
        total.add(count);
        // A program that could not be built, or that died, has said nothing about its tests.
        if !succeeded && count.failed == 0 {
            total.failed += 1;
        }
        all_succeeded &= succeeded;
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    all_succeeded
}

pub fn ci(root: &Path) -> bool {
    run(root, &FORMAT)
        & announced("tidy", || tidy::run(root))
        & run(root, &CLIPPY)
        & run(root, &DOCS)
        & test(root)
}

pub fn bless(root: &Path) -> bool {
    let passed = BLESS.iter().fold(true, |passed, step| run(root, step) & passed);
    println!("now read `git diff`: what is expected has changed where the outputs have");
    passed
}

/// The folder of the workspace's `Cargo.toml`, whatever the current folder is.
pub fn workspace_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("xtask lies two folders below the root").to_owned()
}

fn announced(name: &str, step: impl FnOnce() -> bool) -> bool {
    println!("==> {name}");
    let passed = step();
    if !passed {
        println!("==> {name}: failed");
    }
    passed
}

fn run(root: &Path, step: &Step) -> bool {
    announced(step.name, || match command(root, step).status() {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("{}: {error}", step.command[0]);
            false
        }
    })
}

/// Runs a step, passes its output on as it comes, and counts the tests in it.
fn run_counted(root: &Path, step: &Step) -> (Count, bool) {
    let mut count = Count::default();
    let succeeded = announced(step.name, || {
        counted(root, step, &mut count).unwrap_or_else(|error| {
            eprintln!("{}: {error}", step.command[0]);
            false
        })
    });
    (count, succeeded)
}

/// Python reports on standard error, so both streams are read.
fn counted(root: &Path, step: &Step, count: &mut Count) -> std::io::Result<bool> {
    let (output, input) = std::io::pipe()?;
    let mut command = command(root, step);
    command.stdout(input.try_clone()?).stderr(input);
    let mut child = command.spawn()?;
    // The output ends when nobody can write to it any more, and the command could.
    drop(command);
    for line in BufReader::new(output).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        count.read_line(line.trim_end());
        println!("{line}");
    }
    Ok(child.wait()?.success())
}

fn command(root: &Path, step: &Step) -> Command {
    let mut command = Command::new(step.command[0]);
    command.args(&step.command[1..]).envs(step.env.iter().copied()).current_dir(root);
    command
}
