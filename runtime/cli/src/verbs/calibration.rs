//! `prism calibration`: how often stated confidences were right.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use prism_cli::program::Refused;
use prism_cli::{plot, stores, words};
use prism_engine::{Judged, Reliability, judged, reliability};
use serde_json::{Value, json};

use crate::args;
use crate::deliver::{self, engine};
use crate::terminal::{Terminal, print};

pub fn run(args: &args::Calibration, terminal: Terminal) -> ExitCode {
    match report(args) {
        Ok(text) => {
            print(&text);
            ExitCode::SUCCESS
        }
        Err(refused) => deliver::refused(&refused, args.json, terminal),
    }
}

/// What is reckoned together.
struct Group {
    program: Arc<str>,
    /// `None`: what the program itself proposed.
    agent: Option<Arc<str>>,
    found: Reliability,
}

impl Group {
    fn title(&self) -> String {
        match &self.agent {
            Some(agent) => format!("{} · {agent}", self.program),
            None => format!("{} · its proposals", self.program),
        }
    }
}

fn report(args: &args::Calibration) -> Result<String, Refused> {
    let place = args.store.store.as_deref().map_or_else(stores::here, stores::named);
    let store = stores::open_existing(&place)?;
    let mut all = judged(&*store).map_err(|error| engine(&error))?;
    all.retain(|one| {
        args.program.as_deref().is_none_or(|program| program == &*one.program)
            && args.agent.as_deref().is_none_or(|agent| one.agent.as_deref() == Some(agent))
    });
    let groups = grouped(&all);
    if let Some(path) = &args.svg {
        let panels: Vec<(String, Reliability)> =
            groups.iter().map(|group| (group.title(), group.found.clone())).collect();
        std::fs::write(path, plot::svg(&panels))
            .map_err(|error| Refused::Usage(words::unwritable(path, &error)))?;
    }
    Ok(if args.json { object(&groups) } else { tables(&groups) })
}

/// Program and agent.
type Key = (Arc<str>, Option<Arc<str>>);

fn grouped(all: &[Judged]) -> Vec<Group> {
    let mut groups: BTreeMap<Key, Vec<&Judged>> = BTreeMap::new();
    for one in all {
        groups.entry((one.program.clone(), one.agent.clone())).or_default().push(one);
    }
    let group = |((program, agent), of): (Key, Vec<&Judged>)| {
        Some(Group { program, agent, found: reliability(of)? })
    };
    groups.into_iter().filter_map(group).collect()
}

fn object(groups: &[Group]) -> String {
    let bin = |(place, bin): (usize, &prism_engine::Bin)| {
        let edge = |place: usize| place as f64 / prism_engine::N_BINS as f64;
        json!({
            "from": edge(place), "to": edge(place + 1),
            "n": bin.n, "stated": bin.stated, "right": bin.right,
        })
    };
    let group = |group: &Group| {
        let Reliability { n, brier, ece, bins, map } = &group.found;
        let filled = bins.iter().enumerate().filter(|(_, bin)| bin.n > 0);
        json!({
            "program": &*group.program,
            "agent": group.agent.as_deref(),
            "n": n, "brier": brier, "ece": ece,
            "bins": filled.map(bin).collect::<Vec<Value>>(),
            "map": map.iter().map(|(stated, right)| json!([stated, right])).collect::<Vec<Value>>(),
        })
    };
    format!("{}\n", json!({ "groups": groups.iter().map(group).collect::<Vec<Value>>() }))
}

fn tables(groups: &[Group]) -> String {
    if groups.is_empty() {
        return "nobody has decided about anything that was stated with a confidence\n".to_owned();
    }
    let table = |group: &Group| {
        let Reliability { n, brier, ece, .. } = &group.found;
        let title = group.title();
        let table = plot::table(&group.found);
        format!("{title}: {n} judged, Brier {brier:.3}, ECE {ece:.3}\n{table}")
    };
    groups.iter().map(table).collect::<Vec<String>>().join("\n")
}
