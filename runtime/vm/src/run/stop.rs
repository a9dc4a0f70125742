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

/// What the inner loop does next.
pub(super) enum Next {
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
