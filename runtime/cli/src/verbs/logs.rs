//! `prism logs`: what a run and its agents wrote, line by line.

use std::process::ExitCode;

use prism_cli::program::Refused;
use prism_engine::{Line, Logs, Source};

use crate::args;
use crate::deliver::{self, engine};
use crate::terminal::{Terminal, print};
use crate::verbs::events::PAUSE;
use crate::verbs::resume::Opened;

pub fn run(args: &args::Logs, terminal: Terminal) -> ExitCode {
    match follow(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(refused) => deliver::refused(&refused, false, terminal),
    }
}

fn follow(args: &args::Logs) -> Result<(), Refused> {
    let opened = Opened::named(&args.of)?;
    let mut logs = Logs::of(&*opened.store, opened.run).map_err(|error| engine(&error))?;
    loop {
        let lines = logs.read().map_err(|error| engine(&error))?;
        for line in lines.iter().filter(|line| is_wanted(line, args.agent.as_deref())) {
            let text = if args.json { line.to_json().to_string() } else { shown(line) };
            print(&format!("{text}\n"));
        }
        if !args.follow || logs.is_over() {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
}

fn is_wanted(line: &Line, agent: Option<&str>) -> bool {
    match (&line.from, agent) {
        (_, None) => true,
        (Source::Agent { name, .. }, Some(agent)) => **name == *agent,
        (Source::Output | Source::Log { .. }, Some(_)) => false,
    }
}

/// As a person reads it: the line, behind the agent's name.
fn shown(line: &Line) -> String {
    let text = &line.text;
    match &line.from {
        Source::Log { data } if !data.is_null() => format!("{text} {data}"),
        Source::Output | Source::Log { .. } => text.clone(),
        Source::Agent { name, .. } => format!("{name}: {text}"),
    }
}
