//! `prismc check`: what is wrong with programs, and with `--fix` what can be mended.

use std::process::ExitCode;

use prism_diagnostics::Severity;
use prism_driver::{Applied, CLEAN, Checked, ERRORS, FileFacts, FunctionEffects};
use serde_json::{Value, json};

use crate::args::Check;
use crate::output::{self, usage};

pub fn run(args: &Check, color: bool) -> ExitCode {
    if args.fix {
        return fix(args, color);
    }
    if args.effects {
        return effects(args, color);
    }
    if args.facts {
        return facts(args, color);
    }
    let (checked, db) = prism_driver::check(&args.paths);
    std::mem::forget(db);
    if args.json {
        output::print(&format!("{}\n", object(&checked)));
    } else {
        tell(&checked, color);
    }
    status(&checked)
}

/// The functions with their effects: the list on standard output, the report on standard error.
fn effects(args: &Check, color: bool) -> ExitCode {
    let (checked, functions) = prism_driver::effects(&args.paths);
    if args.json {
        let mut object = object(&checked);
        object["functions"] = functions.iter().map(FunctionEffects::json).collect();
        output::print(&format!("{object}\n"));
    } else {
        output::print(&functions.iter().map(|one| format!("{}\n", one.line())).collect::<String>());
        tell(&checked, color);
    }
    status(&checked)
}

/// The facts of each program: on standard output, the report on standard error.
fn facts(args: &Check, color: bool) -> ExitCode {
    let (checked, programs) = prism_driver::facts(&args.paths);
    if args.json {
        let mut object = object(&checked);
        object["programs"] = programs.iter().map(FileFacts::json).collect();
        output::print(&format!("{object}\n"));
    } else {
        output::print(&programs.iter().map(FileFacts::lines).collect::<String>());
        tell(&checked, color);
    }
    status(&checked)
}

/// The same after every fix that can be applied.
fn fix(args: &Check, color: bool) -> ExitCode {
    let (fixed, refused) = prism_driver::fix(&args.paths);
    let n_changed = fixed.changed.len() - refused.len();
    if args.json {
        let mut object = object(&fixed.checked);
        object["applied"] = fixed.applied.iter().map(Applied::json).collect();
        object["changed"] = json!(n_changed);
        object["refused"] = json!(refused);
        output::print(&format!("{object}\n"));
    } else {
        let lines = fixed.applied.iter().map(|fix| format!("fixed {}\n", fix.line()));
        output::print_error(&lines.collect::<String>());
        output::print_error(
            &refused.iter().map(|line| format!("error: {line}\n")).collect::<String>(),
        );
        tell(&fixed.checked, color);
        let fixes = count(fixed.applied.len(), "fix", "es");
        output::print_error(&format!("{fixes}, {} changed\n", count(n_changed, "file", "s")));
    }
    if refused.is_empty() { status(&fixed.checked) } else { usage() }
}

fn object(checked: &Checked) -> Value {
    json!({
        "diagnostics": checked.report.json(),
        "errors": checked.report.count(Severity::Error),
        "warnings": checked.report.count(Severity::Warning),
        "files": checked.n_files,
    })
}

fn tell(checked: &Checked, color: bool) {
    output::print_error(&checked.report.render(color));
    output::print_error(&summary(checked));
}

fn status(checked: &Checked) -> ExitCode {
    match (checked.is_unreadable, checked.report.has_errors()) {
        (true, _) => usage(),
        (false, false) => CLEAN,
        (false, true) => ERRORS,
    }
}

pub(super) fn count(n: usize, word: &str, plural: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { plural })
}

fn summary(checked: &Checked) -> String {
    let of = |severity| checked.report.count(severity);
    let found = match (of(Severity::Error), of(Severity::Warning)) {
        (0, 0) => "nothing to report".to_owned(),
        (errors, 0) => count(errors, "error", "s"),
        (0, warnings) => count(warnings, "warning", "s"),
        (errors, warnings) => {
            format!("{}, {}", count(errors, "error", "s"), count(warnings, "warning", "s"))
        }
    };
    format!("{}: {found}\n", count(checked.n_files, "file", "s"))
}
