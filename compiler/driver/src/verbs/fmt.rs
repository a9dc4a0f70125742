//! `prismc fmt`: programs in one style.

use std::path::Path;
use std::process::ExitCode;

use prism_driver::{CLEAN, ERRORS, Formatted};

use super::check::count;
use crate::args::Fmt;
use crate::output::{self, usage};

pub fn run(args: &Fmt, color: bool) -> ExitCode {
    if args.paths.iter().any(|path| path == Path::new("-")) {
        return standard_input(args);
    }
    let formatted = prism_driver::fmt(&args.paths);
    if let Some(report) = &formatted.unreadable {
        output::print_error(&report.render(color));
        return usage();
    }
    let refused = if args.check { Vec::new() } else { formatted.write() };
    tell(args, &formatted, &refused);
    match (refused.is_empty(), args.check && !formatted.changed.is_empty()) {
        (false, _) => usage(),
        (true, true) => ERRORS,
        (true, false) => CLEAN,
    }
}

/// The names of changed files on standard output, the rest on standard error.
fn tell(args: &Fmt, formatted: &Formatted, refused: &[String]) {
    let names = formatted.names().iter().map(|name| format!("{name}\n")).collect::<String>();
    output::print(&names);
    for (name, n_mistakes) in &formatted.broken {
        let mistakes = count(*n_mistakes, "mistake", "s");
        output::print_error(&format!(
            "{name}: {mistakes}: those statements stay as they are; `prismc check` explains\n"
        ));
    }
    output::print_error(&refused.iter().map(|line| format!("error: {line}\n")).collect::<String>());
    let files = count(formatted.n_files, "file", "s");
    let n_changed = formatted.changed.len() - refused.len();
    let done = if args.check { "to change" } else { "changed" };
    output::print_error(&format!("{files}, {n_changed} {done}\n"));
}

/// `-`: from standard input to standard output.
fn standard_input(args: &Fmt) -> ExitCode {
    let text = match std::io::read_to_string(std::io::stdin()) {
        Ok(text) => text,
        Err(error) => {
            output::print_error(&format!("error: standard input: {error}\n"));
            return usage();
        }
    };
    let formatted = prism_driver::formatted_text(&text);
    if args.check {
        return if formatted == text { CLEAN } else { ERRORS };
    }
    output::print(&formatted);
    CLEAN
}
