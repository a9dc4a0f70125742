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
    /// Bytes.
    fn memory_used(&self) -> usize;
    /// All of it as bytes; `None` when it cannot be kept so.
    fn snapshot(&mut self) -> Option<Vec<u8>>;
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

    fn memory_used(&self) -> usize {
        Machine::memory_used(self)
    }

    fn snapshot(&mut self) -> Option<Vec<u8>> {
        Machine::snapshot(self)
    }
}

/// A machine with a program and its inputs.
pub(crate) fn machine(
    module: &Arc<Verified>,
    limits: Limits,
    inputs: &[(Arc<str>, Data)],
    tier: Option<Maker>,
) -> Result<Box<dyn Compute>, Error> {
    let machine = Machine::new(module.clone(), limits, inputs.to_vec())
        .map_err(|error| Error::Load { detail: error.to_string() })?;
    Ok(with_tier(machine, module, tier))
}

/// The machine of a snapshot; `None`: the bytes are none of this program.
pub(crate) fn restored(
    module: &Arc<Verified>,
    snapshot: &[u8],
    tier: Option<Maker>,
) -> Option<Box<dyn Compute>> {
    let machine = Machine::restore(module.clone(), snapshot).ok()?;
    Some(with_tier(machine, module, tier))
}

fn with_tier(
    mut machine: Machine,
    module: &Arc<Verified>,
    tier: Option<Maker>,
) -> Box<dyn Compute> {
    if let Some(tier) = tier {
        machine.install(tier(module.clone()));
    }
    Box::new(machine)
}
