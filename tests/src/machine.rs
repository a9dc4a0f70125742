//! Runs a program on a bare machine with the answers that a run was given, straight through and
//! by way of a snapshot at every standstill: the same requests, lines, outcome and fuel.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use prism_cli::program::Program;
use prism_driver::Level;
use prism_engine::answers;
use prism_vm::{Answer, Machine, Outcome, RequestId};

use crate::program::{Given, Ran, machine_parts};

/// All that a host sees of a run.
#[derive(Debug, PartialEq)]
struct Seen {
    /// `effect effect-id arguments`, in order.
    requests: Vec<String>,
    cancelled: Vec<RequestId>,
    output: Vec<String>,
    /// A value, or the code and the place of a trap.
    end: String,
    fuel: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum How {
    Straight,
    /// A machine is replaced by one made from its snapshot whenever it waits.
    Snapshots,
    /// With machine code for everything that runs twice.
    Native,
}

/// Runs it three times, or four; gives the requests. `Err`: what differs, in words.
pub fn repeat(
    program: &Program,
    given: &Given,
    ran: &Ran,
    level: Level,
) -> Result<Vec<String>, String> {
    let recorded = answers(&*ran.store, ran.run).map_err(|error| error.to_string())?;
    let first = run(program, given, &recorded, How::Straight)?;
    // Compiling is slow in a debug build, so only what everybody runs is compiled.
    let native = (level == Level::Full).then_some(How::Native);
    for how in [How::Straight, How::Snapshots].into_iter().chain(native) {
        let again = run(program, given, &recorded, how)?;
        if again != first {
            let how = match how {
                How::Straight => "again",
                How::Snapshots => "through snapshots",
                How::Native => "in machine code",
            };
            return Err(format!("on a machine: {first:?}\n{how}: {again:?}"));
        }
    }
    match ran.object["error"]["code"].as_str() {
        Some(code) if !first.end.starts_with(code) => {
            Err(format!("the engine: {code}\non a machine: {}", first.end))
        }
        Some(_) | None => Ok(first.requests),
    }
}

fn run(
    program: &Program,
    given: &Given,
    recorded: &[(Arc<str>, Answer)],
    how: How,
) -> Result<Seen, String> {
    let (inputs, limits) = machine_parts(program, given)?;
    let module = program.module.clone();
    let mut machine =
        Machine::new(module.clone(), limits, inputs).map_err(|error| error.to_string())?;
    if how == How::Native {
        machine.install(prism_native::eager(module.clone()));
    }
    let mut seen = Seen {
        requests: Vec::new(),
        cancelled: Vec::new(),
        output: Vec::new(),
        end: String::new(),
        fuel: 0,
    };
    let (mut waiting, mut ids) = (BTreeMap::new(), BTreeSet::new());
    let mut recorded = recorded.iter();
    loop {
        let outcome = machine.run();
        seen.output.extend(machine.take_output());
        seen.cancelled.extend(machine.take_cancelled());
        match outcome {
            Outcome::Done(value) => seen.end = value.to_json_text(),
            Outcome::Trap(trap) => {
                // The error of a host keeps its code in what was thrown.
                let thrown = trap.data.get("code").and_then(|code| code.as_text());
                let code = thrown.unwrap_or(trap.code);
                seen.end = format!("{code} {:?} {}", trap.at, trap.message);
            }
            Outcome::Perform(requests) => {
                for request in requests {
                    let args: Vec<String> =
                        request.args.iter().map(|arg| arg.to_json_text()).collect();
                    let line = format!("{} {} {args:?}", request.effect, request.effect_id);
                    seen.requests.push(line);
                    if !ids.insert(request.effect_id.clone()) {
                        return Err(format!("two requests are {}", request.effect_id));
                    }
                    waiting.insert(request.effect_id, request.id);
                }
                if how == How::Snapshots {
                    machine = restored(&mut machine, &module)?;
                }
                let next = recorded.find_map(|(effect_id, answer)| {
                    let id = waiting.remove(effect_id)?;
                    (!seen.cancelled.contains(&id)).then_some((id, answer))
                });
                if let Some((id, answer)) = next {
                    machine.resume(id, answer.clone()).map_err(|error| error.to_string())?;
                    continue;
                }
                seen.end = "waits".to_owned();
            }
        }
        seen.fuel = machine.fuel_used();
        return Ok(seen);
    }
}

/// The machine of a machine's snapshot, whose snapshot is the same.
fn restored(
    machine: &mut Machine,
    module: &Arc<prism_bytecode::Verified>,
) -> Result<Machine, String> {
    let bytes = machine.snapshot().ok_or("a machine that waits has a snapshot")?;
    let mut restored =
        Machine::restore(module.clone(), &bytes).map_err(|error| error.to_string())?;
    match restored.snapshot() {
        Some(again) if again == bytes => Ok(restored),
        Some(_) | None => Err("the snapshot of a restored machine is another one".to_owned()),
    }
}
