//! What a program does in a tier: for tests and for the fuzzer.

#![allow(dead_code, reason = "not every user asks for everything")]

use std::sync::Arc;

use prism_bytecode::Verified;
use prism_vm::tier::Tier;
use prism_vm::{Answer, Data, Limits, Machine, Outcome};

/// How often a program is answered.
const N_ANSWERS: usize = 4;

/// What a run may be asked about.
#[derive(Debug, PartialEq)]
pub struct Ran {
    /// What it printed and how each stretch ended, as text: NaN is not equal to itself, and `-0`
    /// is to `0`.
    pub events: Vec<String>,
    pub fuel: u64,
    pub memory: usize,
}

impl Ran {
    pub fn is_done(&self) -> bool {
        self.end().starts_with("Done")
    }

    /// A register may hold a box that machine code has not made, so memory ends elsewhere.
    pub fn is_out_of_memory(&self) -> bool {
        self.end().contains("P1102")
    }

    fn end(&self) -> &str {
        self.events.last().map_or("", String::as_str)
    }
}

/// Runs a program until it ends, or has asked for a few things; `None` for one with inputs.
pub fn run(program: &Arc<Verified>, limits: Limits, tier: Option<Box<dyn Tier>>) -> Option<Ran> {
    let mut machine = Machine::new(program.clone(), limits, Vec::new()).ok()?;
    if let Some(tier) = tier {
        machine.install(tier);
    }
    let mut events = Vec::new();
    for _ in 0..=N_ANSWERS {
        let outcome = machine.run();
        events.extend(machine.take_output());
        events.push(format!("{outcome:?}"));
        let Outcome::Perform(requests) = outcome else { break };
        for request in requests {
            let number = Data::Number(1.5);
            let answer = match request.id.0 % 2 {
                0 => number,
                _ => Data::Confident(Box::new(number), 0.5),
            };
            // A request that was cancelled takes no answer.
            let _ = machine.resume(request.id, Answer::Value(answer));
        }
    }
    Some(Ran { events, fuel: machine.fuel_used(), memory: machine.memory_used() })
}
