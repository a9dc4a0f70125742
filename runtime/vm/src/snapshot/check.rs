//! What must be true of the parts of a machine, so that running it indexes nothing that is not
//! there. Values in registers may be anything: instructions look at them before they use them.

use super::RestoreError;
use super::wire::Res;
use crate::core::Core;
use crate::fiber::{Continuation, Fiber, Frame, FrameKind, Installed, State, Wait};
use crate::heap::Other;
use crate::machine::Parts;
use crate::value::{Tag, Value};

pub(super) fn machine(core: &Core, parts: &Parts) -> Res {
    for fiber in parts.fibers.values() {
        self::fiber(core, fiber)?;
    }
    for piece in core.continuations.iter().flatten() {
        continuation(core, piece)?;
    }
    for (request, id) in &parts.waiting {
        let state = parts.fibers.get(id).map(|fiber| &fiber.state);
        let waits = matches!(state, Some(State::Waiting(Wait::Answer(known))) if known == request);
        ensure(waits, "a request that nobody waits for")?;
    }
    let n_functions = core.entries.len();
    ensure(parts.next.is_none_or(|next| next.index() < n_functions), "an unknown function")?;
    let n_pieces = core.continuations.len();
    let is_piece = |index: u32| (index as usize) < n_pieces;
    ensure(core.free_continuations.iter().all(|&index| is_piece(index)), "a free continuation")?;
    let mut others = (0..core.heap.others.len() as u32).map(|index| core.heap.others.get(index));
    let fits = others.all(|other| !matches!(other, Other::Continuation(id) if !is_piece(*id)));
    ensure(fits, "a continuation that is not there")
}

fn fiber(core: &Core, fiber: &Fiber) -> Res {
    if matches!(fiber.state, State::Over(_)) {
        return Ok(());
    }
    let base = bases(&fiber.frames, 0)?;
    ensure(base == u64::from(fiber.base), "registers that do not follow each other")?;
    let end = base + u64::from(fiber.n_regs);
    ensure(fiber.stack.len() as u64 == end, "a stack of another size")?;
    simple_state(core, fiber.closure, fiber.pc)?;
    let outer = |at: usize, installed: &Installed| installed.outer.is_none_or(|outer| outer < at);
    let ordered = fiber.handlers.iter().enumerate().all(|(at, handler)| outer(at, handler));
    ensure(ordered, "handlers out of order")?;
    let own: Vec<&Installed> =
        fiber.handlers.iter().filter(|handler| handler.frame.is_some()).collect();
    handlers(core, &own, &fiber.frames, 0)?;
    for inherited in fiber.handlers.iter().filter(|handler| handler.frame.is_none()) {
        functions(core, inherited)?;
    }
    let n_handlers = fiber.handlers.len();
    parked(core, &fiber.frames, &fiber.parked)?;
    segments(&fiber.frames, &fiber.masks, fiber.visible, |index| index < n_handlers)
}

fn continuation(core: &Core, piece: &Continuation) -> Res {
    let (first, first_frame, first_handler) = piece.origin;
    let Some((handle, inner)) = piece.frames.split_first() else {
        return Err(RestoreError::Malformed("a continuation without frames"));
    };
    ensure(handle.kind == FrameKind::Handle, "a continuation without its handle")?;
    let base = bases(inner, u64::from(first))?;
    ensure(base == u64::from(piece.base), "registers that do not follow each other")?;
    let size = base + u64::from(piece.n_regs) - u64::from(first);
    ensure(piece.stack.len() as u64 == size, "a stack of another size")?;
    simple_state(core, piece.closure, piece.pc)?;
    let is_own = |handler: &&Installed| handler.frame.is_some();
    let own: Vec<&Installed> = piece.handlers.iter().filter(is_own).collect();
    handlers(core, &own, &piece.frames, first_frame)?;
    for ended in piece.handlers.iter().filter(|handler| handler.frame.is_none()) {
        functions(core, ended)?;
    }
    parked(core, &piece.frames, &piece.parked)?;
    let n_handlers = piece.handlers.len();
    let is_known = |index: usize| index < first_handler || index - first_handler < n_handlers;
    let ordered = piece
        .handlers
        .iter()
        .enumerate()
        .all(|(at, installed)| installed.outer.is_none_or(|outer| outer < first_handler + at));
    ensure(ordered && n_handlers > 0, "handlers out of order")?;
    segments(&piece.frames, &piece.masks, piece.visible, is_known)
}

/// Frames whose registers follow each other from `base` on; the base of what comes after them.
fn bases(frames: &[Frame], mut base: u64) -> Result<u64, RestoreError> {
    for frame in frames {
        ensure(base == u64::from(frame.base), "registers that do not follow each other")?;
        base += u64::from(frame.n_regs);
    }
    ensure(base < u64::from(u32::MAX / 2), "too many registers")?;
    Ok(base)
}

/// Own handlers and `handle` frames are the same, in order.
fn handlers(core: &Core, own: &[&Installed], frames: &[Frame], first: usize) -> Res {
    let mut handles =
        (0..frames.len()).filter(|&at| frames[at].kind == FrameKind::Handle).map(|at| at + first);
    for installed in own {
        functions(core, installed)?;
        ensure(installed.frame == handles.next(), "a handler without its frame")?;
    }
    ensure(handles.next().is_none(), "a frame without its handler")
}

fn functions(core: &Core, installed: &Installed) -> Res {
    let table = core.program.module().handlers.get(installed.handler.index());
    let wanted = table.map(|table| table.clauses.len() + usize::from(table.has_return));
    ensure(wanted == Some(installed.functions.len()), "a handler with other clauses")
}

/// One value per frame that parks one, and continuations where they belong.
fn parked(core: &Core, frames: &[Frame], parked: &[Value]) -> Res {
    let kinds = frames.iter().map(|frame| frame.kind);
    let kinds: Vec<FrameKind> =
        kinds.filter(|kind| matches!(kind, FrameKind::Taking | FrameKind::GivenUp)).collect();
    ensure(kinds.len() == parked.len(), "frames without their parked values")?;
    let fits = |(kind, value): (&FrameKind, &Value)| {
        *kind != FrameKind::Taking
            || matches!(core.heap.other(*value), Some(Other::Continuation(_)))
    };
    ensure(kinds.iter().zip(parked).all(fits), "a parked value that is no continuation")
}

/// One mask per clause in place, and only handlers that are there.
fn segments(
    frames: &[Frame],
    masks: &[Option<usize>],
    visible: Option<usize>,
    is_known: impl Fn(usize) -> bool,
) -> Res {
    let n_clauses = frames.iter().filter(|frame| frame.kind == FrameKind::Clause).count();
    ensure(n_clauses == masks.len(), "clauses without a mask")?;
    let known = masks.iter().chain([&visible]).flatten().all(|&index| is_known(index));
    ensure(known, "a handler that is not there")
}

/// A running function: a place in the code, and a closure or none.
fn simple_state(core: &Core, closure: Value, pc: u32) -> Res {
    ensure((pc as usize) < core.program.code().len(), "a place outside the code")?;
    let is_closure = closure.is_null() || closure.tag() == Tag::Closure;
    ensure(is_closure, "a closure that is none")
}

fn ensure(holds: bool, what: &'static str) -> Res {
    if holds { Ok(()) } else { Err(RestoreError::Malformed(what)) }
}
