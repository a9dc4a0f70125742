//! Exceptions: where they were thrown, who catches them, what is left behind.

use std::sync::Arc;

use prism_bytecode::{GlobalId, HandlerRange};

use crate::api::{Location, Trap, TrapFrame};
use crate::calls::{Callee, Target};
use crate::convert::{Functions, to_data};
use crate::core::{Core, Window};
use crate::data::Data;
use crate::errors::{Limit, Problem, Raise, Run};
use crate::fiber::{Fiber, FrameKind};
use crate::update::Leaf;
use crate::value::Value;

/// Frames of a trap.
const MAX_TRACE: usize = 32;

impl Core {
    /// Notes where the running function and its callers are.
    #[cold]
    pub(crate) fn trace(&mut self, fiber: &mut Fiber) {
        fiber.trace.clear();
        fiber.trace.push(fiber.pc.saturating_sub(1));
        let callers = fiber.frames.iter().rev().take(MAX_TRACE - 1);
        fiber.trace.extend(callers.map(|frame| frame.pc.saturating_sub(1)));
    }

    /// Goes on where an exception or a cancellation is caught. If nobody does, every frame is
    /// gone and what was on its way at last comes back. Takes over the value.
    pub(crate) fn unwind(&mut self, fiber: &mut Fiber, mut value: Value) -> Run<()> {
        loop {
            if self.catch(fiber, value)? {
                return Ok(());
            }
            self.clear_registers(fiber);
            let Some(frame) = fiber.frames.pop() else { return Err(Raise::Throw(value)) };
            fiber.pc = frame.pc;
            fiber.base = frame.base;
            fiber.n_regs = frame.n_regs;
            fiber.closure = frame.closure;
            match frame.kind {
                FrameKind::Call | FrameKind::Scaled => {}
                FrameKind::Handle => self.uninstall(fiber),
                FrameKind::Clause => fiber.visible = fiber.masks.pop().flatten(),
                FrameKind::Taking => {
                    let handle = fiber.parked.pop().unwrap_or(Value::NULL);
                    if value == Value::CANCEL {
                        self.give_up(fiber, handle, value);
                    } else {
                        self.throw_into(fiber, handle, frame.dst);
                    }
                }
                FrameKind::GivenUp => {
                    self.uninstall(fiber);
                    let next = fiber.parked.pop().unwrap_or(Value::MISSING);
                    if value != Value::CANCEL {
                        self.heap.release(next);
                    } else if next == Value::MISSING {
                        return Ok(());
                    } else {
                        value = next;
                    }
                }
            }
        }
    }

    /// Whether the running function catches at its instruction; if so it goes on there.
    /// A handler that lies before it is a way back, which costs what other ways back cost.
    fn catch(&mut self, fiber: &mut Fiber, value: Value) -> Run<bool> {
        let at = fiber.pc.saturating_sub(1);
        let id = self.program.function_at(at);
        let start = self.program.functions()[id.index()].start;
        let catches = &self.program.module().functions[id.index()].catches;
        let here = at - start;
        let takes = |range: &&HandlerRange| {
            (range.start..range.end).contains(&here) && (range.is_finally || value != Value::CANCEL)
        };
        let Some(range) = catches.iter().find(takes) else { return Ok(false) };
        let (target, reg) = (range.target, range.reg);
        if target <= here {
            if self.heap.fuel == 0
                && let Err(raise) = self.heap.refuel()
            {
                self.heap.release(value);
                return Err(raise);
            }
            self.heap.fuel -= 1;
        }
        fiber.pc = start + target;
        self.put_result(fiber, reg, value);
        Ok(true)
    }

    /// The end of a program by an exception that nobody caught. Takes over the value.
    pub(crate) fn failed(&mut self, fiber: &Fiber, value: Value) -> Trap {
        let mut message = String::new();
        if self.show(value, &mut message).is_err() {
            message = "the program failed".to_owned();
        }
        let data = to_data(self, value, Functions::ByName).unwrap_or(Data::Null);
        let code = data.get("code").and_then(Data::as_text).map_or("P1001", static_code);
        self.heap.release(value);
        let frames = self.trap_frames(&fiber.trace);
        let at = frames.iter().find_map(|frame| frame.at.clone());
        Trap { code, message, at, frames, data }
    }

    /// The end of a program by a limit.
    pub(crate) fn limited(&mut self, fiber: Option<&Fiber>, limit: Limit) -> Trap {
        let trace: Vec<u32> = fiber.map_or_else(Vec::new, |fiber| {
            let callers = fiber.frames.iter().rev().take(MAX_TRACE - 1).map(|frame| frame.pc);
            std::iter::once(fiber.pc).chain(callers).map(|pc| pc.saturating_sub(1)).collect()
        });
        let frames = self.trap_frames(&trace);
        let at = frames.iter().find_map(|frame| frame.at.clone());
        Trap { code: limit.code(), message: limit.message(), at, frames, data: Data::Null }
    }

    /// The innermost place in the program itself; what the library does is its caller's doing.
    pub(crate) fn place_in_program(&self, fiber: &Fiber) -> Option<Location> {
        let innermost = self.location(fiber.pc.saturating_sub(1));
        let is_own = |at: &Location| !at.file.starts_with('@');
        if innermost.as_ref().is_some_and(is_own) {
            return innermost;
        }
        let callers = fiber.frames.iter().rev().take(MAX_TRACE);
        let mut places = callers.filter_map(|frame| self.location(frame.pc.saturating_sub(1)));
        places.find(is_own).or(innermost)
    }

    fn trap_frames(&self, trace: &[u32]) -> Vec<TrapFrame> {
        let frame =
            |&pc: &u32| TrapFrame { function: self.function_name(pc), at: self.location(pc) };
        trace.iter().map(frame).collect()
    }

    /// The exception for a variable without a value.
    #[cold]
    pub(crate) fn uninitialised(&mut self, global: Option<GlobalId>) -> Raise {
        let name: Arc<str> = match global {
            Some(id) => {
                let name = self.program.module().globals[id.index()].name;
                self.module_text(name).clone()
            }
            None => "a variable".into(),
        };
        self.problem(&Problem::Uninitialised(name))
    }

    /// A capture of a closure.
    #[inline(always)]
    pub(crate) fn capture(&self, closure: Value, index: u8) -> Option<Value> {
        let captures = &self.heap.closures.find(closure.in_closures())?.captures;
        captures.get(usize::from(index)).copied()
    }

    /// An update whose keys and value are in a window, which it takes.
    pub(crate) fn update_window(
        &mut self,
        root: &mut Value,
        regs: &mut Window,
        first: prism_bytecode::Reg,
        count: u8,
        leaf: Leaf,
    ) -> Run<()> {
        let first = usize::from(first.0);
        let end = first + usize::from(count);
        let value = std::mem::take(&mut regs[end]);
        let result = self.update(root, &regs[first..end], leaf, value);
        for slot in &mut regs[first..end] {
            self.heap.release(std::mem::take(slot));
        }
        result
    }

    /// Releases what a call that does not happen would have called.
    pub(crate) fn release_callee(&mut self, callee: Callee) {
        if let Some(receiver) = callee.receiver {
            self.heap.release(receiver);
        }
        if let Target::Function { closure, .. } = callee.target {
            self.heap.release(closure);
        }
    }
}

/// The code of an error as traps carry it. Codes of the program's own errors are in the data.
fn static_code(code: &str) -> &'static str {
    const KNOWN: [&str; 26] = [
        "P1001", "P1002", "P1003", "P1004", "P1005", "P1006", "P1007", "P1008", "P1009", "P1010",
        "P1011", "P1012", "P1013", "P1014", "P1015", "P1016", "P1017", "P1018", "P1019", "P1020",
        "P1021", "P1022", "P1023", "P1024", "P1025", "P1026",
    ];
    KNOWN.into_iter().find(|known| *known == code).unwrap_or("P1001")
}
