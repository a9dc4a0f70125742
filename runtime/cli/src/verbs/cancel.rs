//! `prism cancel`: ends a run, here or where it is driven.

use std::process::ExitCode;

use prism_engine::{Cancelled, cancel};
use serde_json::json;

use crate::args;
use crate::deliver::{self, engine};
use crate::terminal::{Terminal, print, print_error};
use crate::verbs::resume::Opened;

pub fn run(args: &args::Cancel, terminal: Terminal) -> ExitCode {
    let cancelled = Opened::named(&args.of).and_then(|opened| {
        let done = cancel(&*opened.store, opened.run, &args.reason).map_err(|error| engine(&error));
        done.map(|done| (done, opened.run))
    });
    match cancelled {
        Ok((done, run)) => {
            if args.json {
                let ended = done == Cancelled::Now;
                print(&format!("{}\n", json!({ "run": run.to_string(), "ended": ended })));
            }
            print_error(&match done {
                Cancelled::Now => format!("run {run} is cancelled\n"),
                Cancelled::Asked => format!("the process that drives run {run} will end it\n"),
            });
            ExitCode::SUCCESS
        }
        Err(refused) => deliver::refused(&refused, args.json, terminal),
    }
}
