//! `prismc explain CODE`: the page of a code; without a code, the list of all.

use std::process::ExitCode;

use prism_diagnostics::Code;

use crate::args::Explain;
use crate::output::{self, usage};

pub fn run(args: &Explain) -> ExitCode {
    let Some(wanted) = &args.code else {
        let rows: Vec<String> =
            Code::ALL.iter().map(|code| format!("{code}  {}\n", code.title())).collect();
        output::print(&rows.concat());
        return ExitCode::SUCCESS;
    };
    match Code::parse(wanted.trim()) {
        Some(code) => {
            output::print(code.page());
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("error: there is no code `{wanted}`\nhelp: `prismc explain` lists all codes");
            usage()
        }
    }
}
