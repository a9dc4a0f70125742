//! `prism logs`: what a run and its agents wrote, line by line.

use std::num::NonZeroU64;
use std::process::ExitCode;

use prism_cli::program::Refused;
use prism_engine::{Line, Logs, Source};
use serde_json::json;

use crate::args;
use crate::deliver::{self, engine};
use crate::terminal::{Terminal, print, print_error};
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
    let mut n_left = args.limit.map_or(u64::MAX, NonZeroU64::get);
    loop {
        let lines = logs.read().map_err(|error| engine(&error))?;
        for line in lines.iter().filter(|line| is_wanted(line, args)) {
            if n_left == 0 {
                say_more(line, args.json);
                return Ok(());
            }
            n_left -= 1;
            let text = if args.json { line.to_json().to_string() } else { shown(line) };
            print(&format!("{text}\n"));
        }
        if !args.follow || logs.is_over() || n_left == 0 || prism_driver::is_closed() {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
}

fn is_wanted(line: &Line, args: &args::Logs) -> bool {
    let is_of = |agent: &str| match &line.from {
        Source::Agent { name, .. } => **name == *agent,
        Source::Output | Source::Log { .. } => false,
    };
    line.number >= args.from && args.agent.as_deref().is_none_or(is_of)
}

/// Says where the lines go on that were left out.
fn say_more(next: &Line, json: bool) {
    let number = next.number;
    if json {
        print(&format!("{}\n", json!({ "run": next.run.to_string(), "next": number })));
    } else {
        print_error(&format!("there are more: --from {number}\n"));
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
