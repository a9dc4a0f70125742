//! Fibers: a stack of registers, a stack of frames, and what the fiber waits for.

use std::cell::Cell;
use std::sync::Arc;

use prism_bytecode::{HandlerId, Reg};
use rustc_hash::FxHashMap;

use crate::api::RequestId;
use crate::heap::FiberId;
use crate::value::Value;

/// The machine state of a function that called another one, to be taken up at its return.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Frame {
    /// The instruction after the call.
    pub(crate) pc: u32,
    pub(crate) base: u32,
    /// The running closure, for captures; null for a function without.
    pub(crate) closure: Value,
    /// Multiplies the confidence of the callee's result; negative for none.
    pub(crate) confidence: f64,
    pub(crate) n_regs: u8,
    /// Where the result goes.
    pub(crate) dst: Reg,
    pub(crate) kind: FrameKind,
}

/// What the end of the callee means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum FrameKind {
    #[default]
    Call,
    /// A call whose result gets the frame's factor.
    Scaled,
    /// The body of a `handle`: its innermost handler goes away.
    Handle,
    /// A clause that runs in place: the handlers that it could not see are back.
    Clause,
    /// A clause that was given the continuation: what it has not resumed is given up.
    Taking,
    /// A continuation that is given up: its `finally` blocks run.
    GivenUp,
}

/// No factor for the result of a call.
pub(crate) const PLAIN_CALL: f64 = -1.0;

/// Registers of an empty stack: a window must fit above every base.
const FIRST_STACK: usize = 256 + 32;

thread_local! {
    /// The room of a stack that was given back last. A fiber that asks the host for something gives
    /// its room back and needs it again with the answer: without this, the allocator takes a
    /// large block apart and puts it together again for each effect.
    static SPARE: Cell<Vec<Value>> = const { Cell::new(Vec::new()) };
}

pub(crate) struct Fiber {
    pub(crate) id: FiberId,
    /// Names the fiber the same way in every run: `""` for the first, `main.votes[2]/` for the
    /// third one that its call `votes` has made.
    pub(crate) path: Arc<str>,
    pub(crate) stack: Vec<Value>,
    pub(crate) frames: Vec<Frame>,
    /// State of the running function.
    pub(crate) pc: u32,
    pub(crate) base: u32,
    pub(crate) n_regs: u8,
    pub(crate) closure: Value,
    /// Where the result goes that the fiber waits for.
    pub(crate) dst: Reg,
    pub(crate) state: State,
    /// How often each effect and each fiber was asked for, by the hash of the way to it.
    pub(crate) counts: FxHashMap<u64, u32>,
    /// Multiplies the confidence of the result; negative for none.
    pub(crate) confidence: f64,
    /// No handle of it is left.
    pub(crate) is_dropped: bool,
    pub(crate) children: Vec<FiberId>,
    /// Fibers that wait for this one.
    pub(crate) waiters: Vec<FiberId>,
    /// Where the exception that is on its way was first thrown: active instructions, innermost
    /// first.
    pub(crate) trace: Vec<u32>,
    /// Installed handlers, innermost last.
    pub(crate) handlers: Vec<Installed>,
    /// The innermost handler that an effect sees now.
    pub(crate) visible: Option<usize>,
    /// What was visible outside each clause that runs in place, innermost last.
    pub(crate) masks: Vec<Option<usize>>,
    /// For each [`FrameKind::Taking`] its continuation; for each [`FrameKind::GivenUp`] what is
    /// thrown behind it, `MISSING` for nothing. Innermost last, owned.
    pub(crate) parked: Vec<Value>,
    /// Somebody has cancelled it: what is left are `finally` blocks.
    pub(crate) is_cancelled: bool,
}

/// A handler that is in force.
#[derive(Clone, Debug, Default)]
pub(crate) struct Installed {
    pub(crate) handler: HandlerId,
    /// The frame of its `handle`; `None` for a handler of the fiber that spawned this one, and
    /// for one whose clause has ended it.
    pub(crate) frame: Option<usize>,
    /// One function per clause, the return clause last; owned.
    pub(crate) functions: Vec<Value>,
    /// The next handler that an effect sees.
    pub(crate) outer: Option<usize>,
}

/// What is left to do after an effect whose clause did not answer it in place.
#[derive(Debug, Default)]
pub(crate) struct Continuation {
    /// Registers from the body of the `handle` up, owned.
    pub(crate) stack: Vec<Value>,
    /// From the frame of the `handle` up.
    pub(crate) frames: Vec<Frame>,
    pub(crate) handlers: Vec<Installed>,
    pub(crate) masks: Vec<Option<usize>>,
    pub(crate) parked: Vec<Value>,
    pub(crate) visible: Option<usize>,
    pub(crate) pc: u32,
    pub(crate) base: u32,
    pub(crate) n_regs: u8,
    pub(crate) closure: Value,
    /// Where the answer goes.
    pub(crate) dst: Reg,
    /// Where the piece began: register, frame, handler.
    pub(crate) origin: (u32, usize, usize),
}

pub(crate) enum State {
    /// In the queue, or running.
    Ready,
    /// In the queue, with the result of what it waited for.
    Delivered(Delivery),
    Waiting(Wait),
    Over(End),
}

/// What a fiber goes on with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Delivery {
    /// Owned.
    Value(Value),
    /// Owned; thrown where the fiber waited.
    Throw(Value),
}

#[derive(Clone, Debug)]
pub(crate) enum Wait {
    Answer(RequestId),
    Join(FiberId),
    /// The positions are those of the array given to `JoinAny`.
    JoinAny(Vec<FiberId>),
}

/// How a fiber ended; the values are owned.
pub(crate) enum End {
    Returned(Value),
    Threw(Value),
    Cancelled,
}

impl Default for Fiber {
    /// A fiber without a stack, to be filled in.
    fn default() -> Fiber {
        Fiber::with_stack(FiberId(0), "".into(), Vec::new())
    }
}

impl Fiber {
    pub(crate) fn new(id: FiberId, path: Arc<str>) -> Fiber {
        let mut stack = SPARE.take();
        stack.clear();
        stack.resize(FIRST_STACK, Value::NULL);
        Fiber::with_stack(id, path, stack)
    }

    fn with_stack(id: FiberId, path: Arc<str>, stack: Vec<Value>) -> Fiber {
        Fiber {
            id,
            path,
            stack,
            frames: Vec::new(),
            pc: 0,
            base: 0,
            n_regs: 0,
            closure: Value::NULL,
            dst: Reg(0),
            state: State::Ready,
            counts: FxHashMap::default(),
            confidence: PLAIN_CALL,
            is_dropped: false,
            children: Vec::new(),
            waiters: Vec::new(),
            trace: Vec::new(),
            handlers: Vec::new(),
            visible: None,
            masks: Vec::new(),
            parked: Vec::new(),
            is_cancelled: false,
        }
    }

    /// Notes who waits for this fiber. Somebody who waits for one of many, again and again, is
    /// noted once.
    pub(crate) fn add_waiter(&mut self, waiter: FiberId) {
        if self.waiters.last() != Some(&waiter) {
            self.waiters.push(waiter);
        }
    }

    /// Gives back the registers that are not in use, while the fiber waits for the host; gives
    /// the bytes that were freed. `reach` must come before the fiber goes on.
    pub(crate) fn compact(&mut self) -> usize {
        let n_used = self.base as usize + usize::from(self.n_regs);
        let Some(used) = self.stack.get(..n_used) else { return 0 };
        let used = used.to_vec();
        self.replace_stack(used)
    }

    /// Gives back all registers of a fiber that is over; gives the bytes that were freed.
    pub(crate) fn drop_stack(&mut self) -> usize {
        self.replace_stack(Vec::new())
    }

    fn replace_stack(&mut self, stack: Vec<Value>) -> usize {
        let room = std::mem::replace(&mut self.stack, stack);
        let n_freed = room.len() - self.stack.len();
        if room.capacity() == FIRST_STACK {
            SPARE.set(room);
        }
        n_freed * size_of::<Value>()
    }

    /// Makes room for a window above `base`; gives the bytes that were added.
    pub(crate) fn reach(&mut self, base: usize) -> usize {
        let needed = base + 256;
        if needed <= self.stack.len() {
            return 0;
        }
        let (before, after) = (self.stack.len(), needed.max(self.stack.len() * 2));
        let mut room = SPARE.take();
        if room.capacity() >= after {
            room.clear();
            room.extend_from_slice(&self.stack);
            self.stack = room;
        }
        self.stack.resize(after, Value::NULL);
        (after - before) * size_of::<Value>()
    }
}
