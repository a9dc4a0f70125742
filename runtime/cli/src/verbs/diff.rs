//! `prism diff`: what is different between two runs.

use std::process::ExitCode;

use prism_cli::program::Refused;
use prism_cli::report;
use prism_engine::{Comparison, Difference, compare, find_run};
use serde_json::{Value, json};

use crate::args;
use crate::deliver::{self, engine};
use crate::terminal::{Terminal, print};
use crate::verbs::resume::Opened;

pub fn run(args: &args::Diff, terminal: Terminal) -> ExitCode {
    let json = args.output.json;
    match compared(args) {
        Ok(comparison) => {
            print(&if json { object(&comparison) } else { text(&comparison) });
            let is_same = comparison.differences.is_empty();
            if is_same { ExitCode::SUCCESS } else { ExitCode::from(report::FAILED) }
        }
        Err(refused) => deliver::refused(&refused, json, terminal),
    }
}

fn compared(args: &args::Diff) -> Result<Comparison, Refused> {
    let left = Opened::find(&args.left, args.store.store.as_deref())?;
    let right = find_run(&*left.store, &args.right).map_err(|error| engine(&error))?;
    compare(&*left.store, left.run, right).map_err(|error| engine(&error))
}

fn text(comparison: &Comparison) -> String {
    let Comparison { left, right, n_same, differences } = comparison;
    let mut text = format!("- {left}\n+ {right}\n");
    for Difference { what, left, right } in differences {
        text.push_str(&format!("{what}\n"));
        for (sign, side) in [('-', left), ('+', right)] {
            if let Some(side) = side {
                text.push_str(&format!("  {sign} {side}\n"));
            }
        }
    }
    text + &format!("{n_same} effects the same, {} differences\n", differences.len())
}

fn object(comparison: &Comparison) -> String {
    let difference =
        |one: &Difference| json!({ "what": &*one.what, "left": one.left, "right": one.right });
    let object = json!({
        "left": comparison.left.to_string(),
        "right": comparison.right.to_string(),
        "same": comparison.n_same,
        "differences": comparison.differences.iter().map(difference).collect::<Vec<Value>>(),
    });
    format!("{object}\n")
}
