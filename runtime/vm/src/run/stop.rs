//! Why the interpreter stops, and how it goes on.

use prism_bytecode::SiteId;

use crate::core::Core;
use crate::errors::{Limit, Raise};
use crate::fiber::{Delivery, Fiber, State};
use crate::value::Value;

/// Why the loop stopped.
pub(crate) enum Exit {
    /// The fiber's function returned; owned.
    Done(Value),
    /// Nobody caught this; owned.
    Failed(Value),
    Limit(Limit),
    /// It asks the scheduler for something; the result goes to `fiber.dst`.
    Ask(Ask),
}

pub(crate) enum Ask {
    /// Arguments are owned.
    Perform {
        site: SiteId,
        args: Vec<Value>,
    },
    Join(Value),
    JoinAny(Value),
    Spawn {
        args: Vec<Value>,
    },
    Cancel(Value),
}

/// What comes after a piece of code.
pub(super) enum Next {
    /// The instruction at the fiber's place is none for the quick loop.
    Slow,
    Raise(Raise),
    /// The running function changed: take its state from the fiber.
    Reload,
    Exit(Exit),
}

/// Gives a fiber what it waited for.
pub(super) fn deliver(core: &mut Core, fiber: &mut Fiber) -> Option<Raise> {
    match std::mem::replace(&mut fiber.state, State::Ready) {
        State::Delivered(Delivery::Value(value)) => {
            core.put_result(fiber, fiber.dst, value);
            None
        }
        State::Delivered(Delivery::Throw(value)) => {
            core.trace(fiber);
            Some(Raise::Throw(value))
        }
        State::Ready | State::Waiting(_) | State::Over(_) => None,
    }
}

/// A way back when the fuel that was dealt out is used up: looks for more. `pc` is what comes
/// next where the way back is not taken.
#[cold]
#[inline(never)]
pub(super) fn go_back(core: &mut Core, fiber: &mut Fiber, pc: usize, target: u32) -> Next {
    fiber.pc = pc as u32;
    if let Err(raise) = core.heap.refuel() {
        return Next::Raise(raise);
    }
    core.heap.fuel -= 1;
    fiber.pc = target;
    Next::Reload
}

/// The end of a function that was not just called. Takes over the value.
#[cold]
#[inline(never)]
pub(super) fn end_segment(core: &mut Core, fiber: &mut Fiber, value: Value) -> Next {
    let frame = fiber.frames.pop().expect("the caller has looked at it");
    fiber.pc = frame.pc;
    fiber.base = frame.base;
    fiber.n_regs = frame.n_regs;
    fiber.closure = frame.closure;
    match core.end_segment(fiber, frame, value) {
        Ok(()) => Next::Reload,
        Err(raise) => {
            core.trace(fiber);
            Next::Raise(raise)
        }
    }
}
