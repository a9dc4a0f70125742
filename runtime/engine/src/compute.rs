//! What the driver needs of a machine.

use std::sync::Arc;

use prism_bytecode::Verified;
use prism_vm::tier::Maker;
use prism_vm::{Answer, Data, Limits, Machine, Outcome, RequestId, ResumeError};

use crate::Error;

/// Something that computes and stops at effects: a machine, or a test's idea of one.
pub(crate) trait Compute: Send {
    fn run(&mut self) -> Outcome;
    fn resume(&mut self, id: RequestId, answer: Answer) -> Result<(), ResumeError>;
    fn take_output(&mut self) -> Vec<String>;
    fn take_cancelled(&mut self) -> Vec<RequestId>;
}

impl Compute for Machine {
    fn run(&mut self) -> Outcome {
        Machine::run(self)
    }

    fn resume(&mut self, id: RequestId, answer: Answer) -> Result<(), ResumeError> {
        Machine::resume(self, id, answer)
    }

    fn take_output(&mut self) -> Vec<String> {
        Machine::take_output(self)
    }

    fn take_cancelled(&mut self) -> Vec<RequestId> {
        Machine::take_cancelled(self)
    }
}

/// A machine with a program and its inputs.
pub(crate) fn machine(
    module: &Arc<Verified>,
    limits: Limits,
    inputs: &[(Arc<str>, Data)],
    tier: Option<Maker>,
) -> Result<Box<dyn Compute>, Error> {
    let mut machine = Machine::new(module.clone(), limits, inputs.to_vec())
        .map_err(|error| Error::Load { detail: error.to_string() })?;
    if let Some(tier) = tier {
        machine.install(tier(module.clone()));
    }
    Ok(Box::new(machine))
}
