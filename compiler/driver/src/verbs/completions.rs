//! `prismc completions SHELL`: the script that teaches a shell our arguments.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Args;

pub fn run(shell: Shell) -> ExitCode {
    clap_complete::generate(shell, &mut Args::command(), "prismc", &mut std::io::stdout());
    ExitCode::SUCCESS
}
