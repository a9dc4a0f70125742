//! `prismc doc`: pages about modules and patterns.

use std::path::Path;
use std::process::ExitCode;

use prism_driver::{CLEAN, Format, Rejected};

use crate::args::{Doc, DocFormat};
use crate::output::{self, usage};

pub fn run(args: &Doc, color: bool) -> ExitCode {
    match prism_driver::doc(&args.paths, format(args)) {
        Ok(page) => deliver(args, &page),
        Err(rejected) => {
            output::print_error(&rejected.render(color));
            match rejected {
                Rejected::Unreadable(_) => usage(),
                Rejected::Errors(_) | Rejected::Internal(_) => prism_driver::ERRORS,
            }
        }
    }
}

/// What was asked for, or what the name of the output says, or Markdown.
fn format(args: &Doc) -> Format {
    let ending = args.output.as_deref().and_then(Path::extension);
    let is_html = ending.is_some_and(|ending| ending == "html" || ending == "htm");
    match args.format {
        Some(DocFormat::Md) => Format::Markdown,
        Some(DocFormat::Html) => Format::Html,
        None if is_html => Format::Html,
        None => Format::Markdown,
    }
}

fn deliver(args: &Doc, page: &str) -> ExitCode {
    match &args.output {
        Some(path) if path != Path::new("-") => match std::fs::write(path, page) {
            Ok(()) => CLEAN,
            Err(error) => {
                output::print_error(&format!("error: `{}`: {error}\n", path.display()));
                usage()
            }
        },
        Some(_) | None => {
            output::print(page);
            CLEAN
        }
    }
}
