//! `prism schedule` and `prism schedules`: programs that run by themselves.

use std::process::ExitCode;

use prism_cli::hosts;
use prism_cli::program::Refused;
use prism_cli::session::From;
use prism_cli::stores;
use prism_engine::{Error, Planned, cancel, iso_time, now_micros, plan};
use prism_journal::{Error as StoreError, RunId, Store};
use serde_json::{Value, json};

use crate::args;
use crate::deliver::{self, engine};
use crate::terminal::{Terminal, print};
use crate::verbs::run::prepare;

/// Times that are shown.
const N_TIMES: usize = 3;

pub fn run(args: &args::Schedule, terminal: Terminal) -> ExitCode {
    let json = args.output.json;
    match planned(args, terminal) {
        Ok(text) => {
            print(&text);
            ExitCode::SUCCESS
        }
        Err(refused) => deliver::refused(&refused, json, terminal),
    }
}

fn planned(args: &args::Schedule, terminal: Terminal) -> Result<String, Refused> {
    let (from, delivery) = prepare(&args.as_run(), terminal)?;
    let From::Start(mut start) = from else { unreachable!("a program is prepared to be started") };
    let schedule = hosts::schedule(&start.module).map_err(Refused::Usage)?;
    hosts::with_scheduled_at(&start.module, &mut start.inputs);
    let (store, now) = (&*delivery.store, now_micros());
    let before = active(store).map_err(|error| engine(&error))?;
    let run = plan(store, &start, &schedule, now).map_err(|error| engine(&error))?;
    let mut replaced = Vec::new();
    for old in before.into_iter().filter(|old| old.name == start.name) {
        replace(store, &old, run, now).map_err(|error| engine(&error))?;
        replaced.push(old.run.to_string());
    }
    let times: Vec<i64> = schedule.between(now, i64::MAX).take(N_TIMES).collect();
    if args.output.json {
        let times: Vec<String> = times.into_iter().map(iso_time).collect();
        let object = json!({
            "schedule": run.to_string(), "program": &*start.name, "replaces": replaced, "next": times,
        });
        return Ok(format!("{object}\n"));
    }
    let mut text = format!("{run}  {}\n", start.name);
    replaced.iter().for_each(|old| text.push_str(&format!("replaces {old}\n")));
    for time in times {
        text.push_str(&format!("next  {}\n", schedule.show(time)));
    }
    text.push_str("`prism worker` starts the runs\n");
    Ok(text)
}

/// What is due under the old schedule is still started by it; then it ends. The runs of both have
/// the same names for the same times, so none comes twice.
fn replace(store: &dyn Store, old: &Planned, new: RunId, now: i64) -> Result<(), Error> {
    match old.tick(store, now) {
        Ok(_) | Err(Error::Ended { .. } | Error::Store(StoreError::Claimed { .. })) => {}
        Err(error) => return Err(error),
    }
    match cancel(store, old.run, &format!("replaced by {new}")) {
        Ok(_) | Err(Error::Ended { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The schedules that have not ended.
fn active(store: &dyn Store) -> Result<Vec<Planned>, Error> {
    let mut active = Vec::new();
    for record in store.unfinished()? {
        active.extend(Planned::read(store, record.run)?);
    }
    Ok(active)
}

/// `prism schedules`: what runs by itself, and when next.
pub fn list(args: &args::Schedules, terminal: Terminal) -> ExitCode {
    let place = args.store.store.as_deref().map_or_else(stores::here, stores::named);
    let listed = stores::open_existing(&place)
        .and_then(|store| listed(&*store, args.json).map_err(|error| engine(&error)));
    match listed {
        Ok(text) => {
            print(&text);
            ExitCode::SUCCESS
        }
        Err(refused) => deliver::refused(&refused, args.json, terminal),
    }
}

fn listed(store: &dyn Store, json: bool) -> Result<String, Error> {
    let (mut objects, mut table): (Vec<Value>, String) = (Vec::new(), String::new());
    for planned in active(store)? {
        let Some(progress) = planned.progress(store)? else { continue };
        let Planned { run, name, schedule, .. } = &planned;
        objects.push(json!({
            "schedule": run.to_string(),
            "program": &**name,
            "when": schedule.to_json(),
            "next": progress.due.map(iso_time),
            "last": progress.last.map(|run| run.to_string()),
        }));
        let next = progress.due.map_or_else(String::new, |due| schedule.show(due));
        table.push_str(&format!("{run}  {next}  {name}\n"));
    }
    if json {
        return Ok(format!("{}\n", json!({ "schedules": objects })));
    }
    Ok(if table.is_empty() { "nothing is scheduled\n".to_owned() } else { table })
}
