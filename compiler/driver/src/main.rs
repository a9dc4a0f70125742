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
use mimalloc::MiMalloc;

/// Checking makes many small values, on all processors. Where the system has large pages to give,
/// a program that lives for a moment takes them: each of them saves 512 faults.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    let color = output::use_color(args.color);
    prism_driver::guarded(|| match args.verb {
        Verb::Check(check) => verbs::check::run(&check, color),
        Verb::Fmt(fmt) => verbs::fmt::run(&fmt, color),
        Verb::Build(build) => verbs::build::run(&build, color),
        Verb::Doc(doc) => verbs::doc::run(&doc, color),
        Verb::Explain(explain) => verbs::explain::run(&explain),
        Verb::Lsp(_) => {
            use_small_pages();
            prism_lsp_server::run()
        }
        Verb::Completions(completions) => verbs::completions::run(completions.shell),
    })
}

/// What lives beside an editor for hours gives memory back, which it can only do by whole pages.
/// Where the system refuses, it is larger and works as well.
fn use_small_pages() {
    #[cfg(target_os = "linux")]
    rustix::thread::disable_transparent_huge_pages(true).ok();
}
