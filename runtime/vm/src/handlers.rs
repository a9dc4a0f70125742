//! Handlers of the program: `handle { … } with { … }`.
//!
//! A handler is deep: it stays in force after a resumption. A clause that resumes at its end runs
//! in place, as a call whose result answers the effect; meanwhile it sees only the handlers
//! outside its own. Any other clause gets a continuation: the piece of the fiber's stacks from
//! the `handle` up to the effect, cut out. Resuming puts the piece back on top of the resumer;
//! the continuation is then used up.
//!
//! A clause that throws before it resumes answers with an error, as the host may: the piece comes
//! back, and the error is thrown where the effect was performed. A clause that ends without
//! having resumed gives up what it was given: the piece comes back to run its `finally` blocks
//! and nothing else. Meanwhile its handler has ended, and answers only with clauses that resume
//! at their end.
//!
//! A fiber sees the handlers of the fiber that spawned it, for clauses that resume at their end.

use prism_bytecode::{FunctionId, HandlerId, Reg, SiteId, Verified};

use crate::calls::{Callee, Match, Target};
use crate::core::Core;
use crate::errors::{Limit, Problem, Raise, Run};
use crate::fiber::{Continuation, Fiber, Frame, FrameKind, Installed, PLAIN_CALL};
use crate::heap::Other;
use crate::value::Value;

/// Bytes charged for a continuation beside its registers, until its handle is gone.
const PIECE: usize = size_of::<Continuation>();

/// The clause that takes an effect.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handled {
    handler: usize,
    clause: usize,
}

impl Core {
    /// `handle`: runs `functions[0]` under the handler whose clauses are the others. Takes over
    /// the functions.
    pub(crate) fn install(
        &mut self,
        fiber: &mut Fiber,
        handler: HandlerId,
        mut functions: Vec<Value>,
        dst: Reg,
    ) -> Run<()> {
        let body = functions.remove(0);
        let callee = self.callee(body)?;
        self.heap.release(body);
        let Target::Function { id, closure } = callee.target else {
            return Err(Raise::Limit(Limit::Fault("the body of a handle is no function")));
        };
        let mut args = Vec::new();
        self.fit(id, &mut args, Match::Exact)?;
        let frame = self.frame(fiber, dst, PLAIN_CALL, FrameKind::Handle)?;
        let at = Some(fiber.frames.len());
        fiber.frames.push(frame);
        let outer = fiber.visible;
        fiber.visible = Some(fiber.handlers.len());
        fiber.handlers.push(Installed { handler, frame: at, functions, outer });
        self.enter(fiber, id, closure, args);
        Ok(())
    }

    /// Takes the innermost handler out of force.
    pub(crate) fn uninstall(&mut self, fiber: &mut Fiber) {
        if let Some(mut installed) = fiber.handlers.pop() {
            fiber.visible = installed.outer;
            self.release_all(&mut installed.functions);
        }
    }

    /// The clause of the innermost visible handler that takes the effect of a site.
    pub(crate) fn handled(&self, fiber: &Fiber, site: SiteId) -> Option<Handled> {
        let module = self.program.module();
        let effect = module.sites[site.index()].effect;
        let mut next = fiber.visible;
        while let Some(handler) = next {
            let installed = &fiber.handlers[handler];
            let clauses = &module.handlers[installed.handler.index()].clauses;
            if let Some(clause) = clauses.iter().position(|clause| {
                clause.effect == effect
                    || module.strings[clause.effect.index()] == module.strings[effect.index()]
            }) {
                return Some(Handled { handler, clause });
            }
            next = installed.outer;
        }
        None
    }

    /// Runs a clause. Takes over the arguments.
    pub(crate) fn perform(
        &mut self,
        fiber: &mut Fiber,
        handled: Handled,
        mut args: Vec<Value>,
        dst: Reg,
    ) -> Run<()> {
        let installed = &fiber.handlers[handled.handler];
        let table = &self.program.module().handlers[installed.handler.index()];
        let resumes_last = table.clauses[handled.clause].resumes_last;
        let function = installed.functions[handled.clause];
        let is_foreign = !resumes_last && installed.frame.is_none();
        let Callee { target, confidence, .. } = self.callee(function)?;
        let Target::Function { id, closure } = target else {
            return Err(Raise::Limit(Limit::Fault("a clause is no function")));
        };
        let fits = match is_foreign {
            false => self.fit_clause(id, &mut args, !resumes_last),
            true => Err(self.problem(&Problem::ForeignContinuation)),
        };
        if let Err(raise) = fits {
            self.release_all(&mut args);
            self.heap.release(closure);
            return Err(raise);
        }
        if resumes_last {
            let frame = self.frame(fiber, dst, confidence, FrameKind::Clause)?;
            fiber.frames.push(frame);
            fiber.masks.push(fiber.visible);
            fiber.visible = fiber.handlers[handled.handler].outer;
            self.enter(fiber, id, closure, args);
            return Ok(());
        }
        let (continuation, frame) = cut(fiber, handled.handler, dst);
        let size = continuation.stack.len() * size_of::<Value>();
        let index = self.keep_continuation(continuation);
        self.heap.grow(PIECE + size);
        let handle = self.heap.new_other(Other::Continuation(index));
        args.push(handle);
        self.heap.retain(handle);
        match self.frame(fiber, frame.dst, confidence, FrameKind::Taking) {
            Ok(frame) => {
                fiber.frames.push(frame);
                fiber.parked.push(handle);
                self.enter(fiber, id, closure, args);
                Ok(())
            }
            Err(raise) => {
                self.heap.release(handle);
                self.release_all(&mut args);
                self.heap.release(closure);
                Err(raise)
            }
        }
    }

    /// Makes the arguments of an operation fit a clause, which takes as many as it likes. The
    /// continuation, where it takes that, comes behind them.
    fn fit_clause(
        &mut self,
        id: FunctionId,
        args: &mut Vec<Value>,
        takes_continuation: bool,
    ) -> Run<()> {
        let entry = self.program.functions()[id.index()];
        let n_params = usize::from(entry.n_params).saturating_sub(usize::from(takes_continuation));
        let positional = n_params.saturating_sub(usize::from(entry.has_rest));
        let mut rest = args.split_off(positional.min(args.len()));
        let params = &self.program.module().functions[id.index()].params;
        let is_short = params.iter().take(positional).skip(args.len()).any(|p| !p.is_optional);
        if is_short {
            let raise = self.arity(id, entry, args);
            self.release_all(&mut rest);
            return Err(raise);
        }
        args.resize(positional, Value::MISSING);
        match entry.has_rest {
            true => args.push(self.heap.new_array(rest)),
            false => self.release_all(&mut rest),
        }
        Ok(())
    }

    /// The end of a function that was not called: the body of a `handle`, a clause in place.
    /// The fiber has the state of the frame again. Takes over the value.
    pub(crate) fn end_segment(&mut self, fiber: &mut Fiber, frame: Frame, value: Value) -> Run<()> {
        let value = self.result(value, frame.confidence);
        match frame.kind {
            FrameKind::Call | FrameKind::Scaled => self.put_result(fiber, frame.dst, value),
            FrameKind::Clause => {
                fiber.visible = fiber.masks.pop().flatten();
                self.put_result(fiber, frame.dst, value);
            }
            FrameKind::Handle => return self.end_handle(fiber, frame.dst, value),
            FrameKind::Taking => {
                self.put_result(fiber, frame.dst, value);
                let handle = fiber.parked.pop().unwrap_or(Value::NULL);
                if self.give_up(fiber, handle, Value::MISSING) {
                    return Err(Raise::Throw(Value::CANCEL));
                }
            }
            FrameKind::GivenUp => {
                // A `finally` went on by itself; nobody wants its value.
                self.heap.release(value);
                self.uninstall(fiber);
                let next = fiber.parked.pop().unwrap_or(Value::MISSING);
                if next != Value::MISSING {
                    return Err(Raise::Throw(next));
                }
            }
        }
        Ok(())
    }

    /// The clause that had this continuation is over: puts back what it has not resumed, so
    /// that `CANCEL` can pass through it, and then `next`; whether there is anything to run.
    /// Takes over both values.
    pub(crate) fn give_up(&mut self, fiber: &mut Fiber, handle: Value, next: Value) -> bool {
        let index = match self.heap.other(handle) {
            Some(Other::Continuation(index)) => *index as usize,
            _ => return false,
        };
        let piece = self.continuations.get_mut(index);
        let piece = piece.and_then(|slot| slot.take_if(|piece| cleans_up(&self.program, piece)));
        self.heap.release(handle);
        let Some(mut piece) = piece else { return false };
        self.heap.shrink(piece.stack.len() * size_of::<Value>());
        if let Some(handler) = piece.handlers.first_mut() {
            handler.frame = None;
        }
        let Fiber { pc, base, closure, n_regs, .. } = *fiber;
        let kind = FrameKind::GivenUp;
        let frame = Frame { pc, base, closure, confidence: PLAIN_CALL, n_regs, dst: Reg(0), kind };
        fiber.parked.push(next);
        let grown = paste(fiber, piece, frame);
        self.heap.grow(grown);
        true
    }

    /// The clause that had this continuation throws: puts back what it has not resumed, so that
    /// the error can pass through it. `dst` gets the value of the `handle`. Takes over the
    /// handle.
    pub(crate) fn throw_into(&mut self, fiber: &mut Fiber, handle: Value, dst: Reg) {
        let piece = match self.heap.other(handle) {
            Some(Other::Continuation(index)) => {
                self.continuations.get_mut(*index as usize).and_then(Option::take)
            }
            _ => None,
        };
        self.heap.release(handle);
        let Some(piece) = piece else { return };
        self.heap.shrink(piece.stack.len() * size_of::<Value>());
        let Fiber { pc, base, closure, n_regs, .. } = *fiber;
        let kind = FrameKind::Handle;
        let frame = Frame { pc, base, closure, confidence: PLAIN_CALL, n_regs, dst, kind };
        let grown = paste(fiber, piece, frame);
        self.heap.grow(grown);
    }

    /// Whether a fiber that is cancelled now has something to do first.
    pub(crate) fn has_finally(&self, fiber: &Fiber) -> bool {
        let pcs = fiber.frames.iter().map(|frame| frame.pc).chain([fiber.pc]);
        !fiber.parked.is_empty() || any_finally(&self.program, pcs)
    }

    fn end_handle(&mut self, fiber: &mut Fiber, dst: Reg, value: Value) -> Run<()> {
        let Some(installed) = fiber.handlers.last() else {
            return Err(Raise::Limit(Limit::Fault("a handler is missing")));
        };
        let has_return = self.program.module().handlers[installed.handler.index()].has_return;
        let Some(&clause) = installed.functions.last().filter(|_| has_return) else {
            self.uninstall(fiber);
            self.put_result(fiber, dst, value);
            return Ok(());
        };
        let callee = self.callee(clause)?;
        self.uninstall(fiber);
        self.call(fiber, callee, vec![value], Match::Exact, dst)
    }

    /// `resume(value)`. Borrows the continuation, takes over the value.
    pub(crate) fn resume_continuation(
        &mut self,
        fiber: &mut Fiber,
        continuation: Value,
        value: Value,
        dst: Reg,
    ) -> Run<()> {
        let Some(Other::Continuation(index)) = self.heap.other(continuation) else {
            let found = self.type_name(continuation);
            self.heap.release(value);
            return Err(self.problem(&Problem::NotCallable(found)));
        };
        let index = *index as usize;
        let Some(piece) = self.continuations.get_mut(index).and_then(Option::take) else {
            self.heap.release(value);
            return Err(self.problem(&Problem::Resumed));
        };
        self.heap.shrink(piece.stack.len() * size_of::<Value>());
        if fiber.frames.len() + piece.frames.len() > self.limits.depth as usize {
            return Err(Raise::Limit(Limit::Depth(self.limits.depth)));
        }
        let frame = self.frame(fiber, dst, PLAIN_CALL, FrameKind::Handle)?;
        let answer = piece.dst;
        let grown = paste(fiber, piece, frame);
        self.heap.grow(grown);
        self.put_result(fiber, answer, value);
        Ok(())
    }

    fn keep_continuation(&mut self, piece: Continuation) -> u32 {
        if let Some(index) = self.free_continuations.pop() {
            self.continuations[index as usize] = Some(piece);
            return index;
        }
        self.continuations.push(Some(piece));
        self.continuations.len() as u32 - 1
    }

    /// The last handle of a continuation is gone: releases what it holds, if nobody resumed it.
    pub(crate) fn drop_continuation(&mut self, index: u32) {
        self.free_continuations.push(index);
        self.heap.shrink(PIECE);
        let Some(piece) = self.continuations.get_mut(index as usize).and_then(Option::take) else {
            return;
        };
        self.heap.shrink(piece.stack.len() * size_of::<Value>());
        let Continuation { mut stack, mut parked, frames, handlers, closure, .. } = piece;
        self.release_all(&mut stack);
        self.release_all(&mut parked);
        self.heap.release(closure);
        // The first frame belongs to the function that contains the `handle`.
        for frame in frames.iter().skip(1) {
            self.heap.release(frame.closure);
        }
        for mut installed in handlers {
            self.release_all(&mut installed.functions);
        }
    }

    /// The handlers that a fiber spawned here sees.
    pub(crate) fn inherit_handlers(&mut self, fiber: &Fiber, child: &mut Fiber) {
        let mut chain = Vec::new();
        let mut next = fiber.visible;
        while let Some(at) = next {
            chain.push(at);
            next = fiber.handlers[at].outer;
        }
        for at in chain.into_iter().rev() {
            let Installed { handler, ref functions, .. } = fiber.handlers[at];
            for &function in functions {
                self.heap.retain(function);
            }
            let functions = functions.clone();
            let outer = child.visible;
            child.visible = Some(child.handlers.len());
            child.handlers.push(Installed { handler, frame: None, functions, outer });
        }
    }
}

/// Cuts the fiber at the frame of a handler: the piece above, and the frame, whose state the
/// fiber has again.
fn cut(fiber: &mut Fiber, handler: usize, dst: Reg) -> (Continuation, Frame) {
    let first_frame = fiber.handlers[handler].frame.unwrap_or(0);
    let mut frames = fiber.frames.split_off(first_frame);
    let frame = frames[0];
    frames[0].closure = Value::NULL;
    let first = frame.base + u32::from(frame.n_regs);
    let end = fiber.base as usize + usize::from(fiber.n_regs);
    let stack = fiber.stack[first as usize..end].iter_mut().map(std::mem::take).collect();
    let n_masks = frames.iter().filter(|frame| frame.kind == FrameKind::Clause).count();
    let masks = fiber.masks.split_off(fiber.masks.len() - n_masks);
    let is_parked = |frame: &&Frame| matches!(frame.kind, FrameKind::Taking | FrameKind::GivenUp);
    let n_parked = frames.iter().filter(is_parked).count();
    let parked = fiber.parked.split_off(fiber.parked.len() - n_parked);
    let handlers = fiber.handlers.split_off(handler);
    let outer = handlers[0].outer;
    let piece = Continuation {
        stack,
        frames,
        handlers,
        masks,
        parked,
        visible: fiber.visible,
        pc: fiber.pc,
        base: fiber.base,
        n_regs: fiber.n_regs,
        closure: fiber.closure,
        dst,
        origin: (first, first_frame, handler),
    };
    fiber.visible = outer;
    fiber.pc = frame.pc;
    fiber.base = frame.base;
    fiber.n_regs = frame.n_regs;
    fiber.closure = frame.closure;
    (piece, frame)
}

/// Puts a piece on top of the running function, which goes on at `frame` when the piece ends.
/// Gives the bytes by which the stack grew.
fn paste(fiber: &mut Fiber, piece: Continuation, frame: Frame) -> usize {
    let (first, first_frame, first_handler) = piece.origin;
    let base = fiber.base + u32::from(fiber.n_regs);
    let moved = |old: u32| old - first + base;
    let grown = fiber.reach(moved(piece.base) as usize + usize::from(piece.n_regs));
    let end = base as usize + piece.stack.len();
    fiber.stack[base as usize..end].copy_from_slice(&piece.stack);

    let (frame_base, handler_base) = (fiber.frames.len(), fiber.handlers.len());
    let resumer = fiber.visible;
    let handler = |old: Option<usize>| match old {
        Some(old) if old >= first_handler => Some(old - first_handler + handler_base),
        Some(_) | None => resumer,
    };
    fiber.frames.push(frame);
    for old in piece.frames.into_iter().skip(1) {
        fiber.frames.push(Frame { base: moved(old.base), ..old });
    }
    for (at, old) in piece.handlers.into_iter().enumerate() {
        let frame = old.frame.map(|frame| frame - first_frame + frame_base);
        let outer = if at == 0 { resumer } else { handler(old.outer) };
        fiber.handlers.push(Installed { frame, outer, ..old });
    }
    fiber.masks.extend(piece.masks.into_iter().map(handler));
    fiber.parked.extend(piece.parked);
    fiber.visible = handler(piece.visible);
    fiber.pc = piece.pc;
    fiber.base = moved(piece.base);
    fiber.n_regs = piece.n_regs;
    fiber.closure = piece.closure;
    grown
}

/// Whether a piece that is given up has something to do first.
fn cleans_up(program: &Verified, piece: &Continuation) -> bool {
    let pcs = piece.frames.iter().skip(1).map(|frame| frame.pc).chain([piece.pc]);
    !piece.parked.is_empty() || any_finally(program, pcs)
}

/// Whether one of the places, each behind the instruction that is under way, is inside a
/// `try` with a `finally`.
fn any_finally(program: &Verified, mut pcs: impl Iterator<Item = u32>) -> bool {
    pcs.any(|pc| {
        let at = pc.saturating_sub(1);
        let id = program.function_at(at);
        let here = at - program.functions()[id.index()].start;
        let catches = &program.module().functions[id.index()].catches;
        catches.iter().any(|range| range.is_finally && (range.start..range.end).contains(&here))
    })
}
