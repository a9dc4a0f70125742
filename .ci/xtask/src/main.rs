//! `cargo xtask VERB`: what a contributor runs, and what CI runs.
//!
//! Every verb is a list of steps from one table; a step is a program and its arguments.
//! The exit status is 0 when every step passed, else 1; 2 for a verb that does not exist.

mod count;
mod steps;
mod tidy;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask VERB

  test    run every test, of the workspace and of what is written in other languages;
          the last line says `N passed, N failed`
  tidy    check what compilers do not: crate table, codes and pages, case headers, file sizes
  ci      what CI runs: format, tidy, clippy, all tests, docs
  bless   rewrite the expected outputs of tests/ui and the snapshots; then read the diff
";

fn main() -> ExitCode {
    let verb = std::env::args().nth(1).unwrap_or_default();
    let root = steps::workspace_root();
    let passed = match verb.as_str() {
        "test" => steps::test(&root),
        "tidy" => tidy::run(&root),
        "ci" => steps::ci(&root),
        "bless" => steps::bless(&root),
        "" | "help" | "--help" | "-h" => {
            print!("{HELP}");
            true
        }
        other => {
            eprint!("there is no verb `{other}`\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
