//! `prism events`: what happened in a run, one JSON object per line.

use std::process::ExitCode;
use std::time::Duration;

use prism_cli::program::Refused;
use prism_engine::{Error, Events};

use crate::args;
use crate::deliver::{self, engine};
use crate::terminal::{Terminal, print};
use crate::verbs::resume::Opened;

/// How often the store is asked for news.
pub const PAUSE: Duration = Duration::from_millis(20);

pub fn run(args: &args::Events, terminal: Terminal) -> ExitCode {
    let printed = Opened::named(&args.of).and_then(|opened| {
        let mut events = Events::of(&*opened.store, opened.run, args.from)
            .map_err(|error: Error| engine(&error))?;
        if let Some(every) = args.snapshots {
            events = events.with_snapshots(every);
        }
        if let Some(limit) = args.limit {
            events = events.with_limit(limit);
        }
        follow(&mut events, args.follow)
    });
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(refused) => deliver::refused(&refused, false, terminal),
    }
}

fn follow(events: &mut Events<'_>, goes_on: bool) -> Result<(), Refused> {
    loop {
        for told in events.read().map_err(|error| engine(&error))? {
            print(&format!("{}\n", told.to_json()));
        }
        if !goes_on || events.is_over() || prism_driver::is_closed() {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
}
