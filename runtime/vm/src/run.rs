//! The interpreter: a quick loop for what is frequent, and the long way for all instructions else.
//!
//! The quick loop keeps the state of the running function in locals (`pc`, `regs`) and writes it back
//! to the fiber where something else needs it. What it does not do by itself it leaves untouched;
//! then `slow` does that one instruction, with the state in the fiber. Errors come from there.
//!
//! Ownership: a value in a register counts as one holder. `put` releases what the register held.
//! Functions of other rooms borrow values that they get by `Value` and give owned ones, unless
//! they say otherwise.

#[macro_use]
mod machinery;

#[macro_use]
mod words;

mod quick;

mod slow;

mod stop;

mod window;

use prism_bytecode::Ready;

use crate::core::Core;
use crate::errors::Raise;
use crate::fiber::{Fiber, PLAIN_CALL};

use quick::quick;
use slow::slow;
pub(crate) use stop::{Ask, Exit};
use stop::{Next, deliver};

/// Runs a fiber until it ends, fails, or asks for something.
pub(crate) fn run(core: &mut Core, fiber: &mut Fiber) -> Exit {
    let program = core.program.clone();
    let mut marked = core.marked.clone();
    let mut pending = deliver(core, fiber);
    loop {
        let next = match pending.take() {
            Some(raise) => Next::Raise(raise),
            None => {
                let code = marked.as_deref().unwrap_or(program.ready());
                match quick(core, fiber, code) {
                    Next::Slow => slow(core, fiber, code),
                    next => next,
                }
            }
        };
        match next {
            Next::Slow | Next::Reload => {
                if std::mem::take(&mut core.heap.is_dealt) {
                    core.look(fiber);
                }
                if marked.as_deref().map(<[Ready]>::as_ptr)
                    != core.marked.as_deref().map(<[Ready]>::as_ptr)
                {
                    marked = core.marked.clone();
                }
            }
            Next::Exit(exit) => return exit,
            Next::Raise(Raise::Limit(limit)) => return Exit::Limit(limit),
            Next::Raise(Raise::Throw(value)) => match core.unwind(fiber, value) {
                Ok(()) => {}
                Err(Raise::Throw(value)) => return Exit::Failed(value),
                Err(Raise::Limit(limit)) => return Exit::Limit(limit),
            },
        }
    }
}

const _: () = assert!(PLAIN_CALL < 0.0);
