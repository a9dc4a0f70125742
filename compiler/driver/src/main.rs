//! `prismc`: checks, formats, builds and explains Prism programs.
//!
//! In: arguments. Out: files, standard output, and the exit status: 0 clean, 1 the program has
//! errors, 2 the command could not be understood or a file could not be read.
//! One file per verb in `verbs/`; what they share with `prism` is the library half of this crate.

mod args;
mod output;
mod verbs;

use std::process::ExitCode;

use args::{Args, Verb};
use clap::Parser;
use prism_allocator::Allocator;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

fn main() -> ExitCode {
    let args = Args::parse();
    let color = output::use_color(args.color);
    prism_driver::guarded(|| match args.verb {
        Verb::Check(check) => verbs::check::run(&check, color),
        Verb::Fmt(fmt) => verbs::fmt::run(&fmt, color),
        Verb::Build(build) => verbs::build::run(&build, color),
        Verb::Doc(doc) => verbs::doc::run(&doc, color),
        Verb::Explain(explain) => verbs::explain::run(&explain),
        Verb::Lsp(_) => prism_lsp_server::run(),
        Verb::Completions(completions) => verbs::completions::run(completions.shell),
    })
}
