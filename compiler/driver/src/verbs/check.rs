//! `prismc check`: what is wrong with programs.

use std::process::ExitCode;

use prism_diagnostics::Severity;
use prism_driver::{CLEAN, ERRORS};
use serde_json::json;

use crate::args::Check;
use crate::output::{self, usage};

pub fn run(args: &Check, color: bool) -> ExitCode {
    let checked = prism_driver::check(&args.paths);
    let report = &checked.report;
    let (errors, warnings) = (report.count(Severity::Error), report.count(Severity::Warning));
    if args.json {
        let object = json!({
            "diagnostics": report.json(),
            "errors": errors,
            "warnings": warnings,
            "files": checked.n_files,
        });
        output::print(&format!("{object}\n"));
    } else {
        output::print_error(&report.render(color));
        output::print_error(&summary(checked.n_files, errors, warnings));
    }
    match (checked.is_unreadable, errors) {
        (true, _) => usage(),
        (false, 0) => CLEAN,
        (false, _) => ERRORS,
    }
}

fn summary(n_files: usize, errors: usize, warnings: usize) -> String {
    let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let found = match (errors, warnings) {
        (0, 0) => "nothing to report".to_owned(),
        (_, 0) => count(errors, "error"),
        (0, _) => count(warnings, "warning"),
        _ => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
    };
    format!("{}: {found}\n", count(n_files, "file"))
}
