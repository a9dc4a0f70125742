//! What the driver needs of a machine.

use std::sync::Arc;

use prism_bytecode::Verified;
use prism_vm::{Answer, Data, Limits, Outcome, RequestId, ResumeError};

use crate::Error;

/// Something that computes and stops at effects.
pub(crate) trait Compute: Send {
    fn run(&mut self) -> Outcome;
    fn resume(&mut self, id: RequestId, answer: Answer) -> Result<(), ResumeError>;
    fn take_output(&mut self) -> Vec<String>;
    fn take_cancelled(&mut self) -> Vec<RequestId>;
}

/// A machine with a program and its inputs.
pub(crate) fn machine(
    _module: &Arc<Verified>,
    _limits: Limits,
    _inputs: &[(Arc<str>, Data)],
) -> Result<Box<dyn Compute>, Error> {
    Err(Error::Load { detail: "this build has no machine".to_owned() })
}
