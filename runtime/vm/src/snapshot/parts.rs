//! What a machine is made of, besides the heap: the order of a snapshot.

use std::sync::Arc;

use prism_bytecode::{FunctionId, HandlerId};

use super::RestoreError;
use super::wire::{Res, Wire};
use crate::api::RequestId;
use crate::core::Core;
use crate::fiber::{Continuation, Delivery, End, Fiber, Frame, FrameKind, Installed, State, Wait};
use crate::heap::FiberId;
use crate::machine::Parts;
use crate::value::Value;

/// Everything that a snapshot holds.
pub(super) fn machine<W: Wire>(w: &mut W, core: &mut Core, parts: &mut Parts) -> Res {
    self::core(w, core)?;
    let mut fibers: Vec<Box<Fiber>> = std::mem::take(&mut parts.fibers).into_values().collect();
    let result = w.list(&mut fibers, |w, fiber| self::fiber(w, fiber));
    parts.fibers = fibers.into_iter().map(|fiber| (fiber.id, fiber)).collect();
    result?;
    let mut ready: Vec<FiberId> = parts.ready.iter().copied().collect();
    w.list(&mut ready, fiber_id)?;
    parts.ready = ready.into();
    let waiting = parts.waiting.iter();
    let mut waiting: Vec<(u64, FiberId)> = waiting.map(|(id, fiber)| (id.0, *fiber)).collect();
    w.list(&mut waiting, |w, (request, fiber)| {
        w.int(request)?;
        fiber_id(w, fiber)
    })?;
    parts.waiting = waiting.into_iter().map(|(id, fiber)| (RequestId(id), fiber)).collect();
    let mut cancelled: Vec<u64> = parts.cancelled.iter().map(|id| id.0).collect();
    w.list(&mut cancelled, W::int)?;
    parts.cancelled = cancelled.into_iter().map(RequestId).collect();
    w.int(&mut parts.n_requests)?;
    w.u32(&mut parts.n_fibers)?;
    let mut next = parts.next.map(FunctionId::index);
    w.optional(&mut next)?;
    parts.next = next.map(|index| FunctionId(index as u32));
    Ok(())
}

fn core<W: Wire>(w: &mut W, core: &mut Core) -> Res {
    w.list(&mut core.globals, W::value)?;
    let mut output: Vec<Arc<str>> = core.output.iter().map(|line| line.as_str().into()).collect();
    w.list(&mut output, W::text)?;
    core.output = output.iter().map(|line| line.to_string()).collect();
    w.list(&mut core.continuations, |w, slot| {
        let mut is_some = slot.is_some();
        w.flag(&mut is_some)?;
        if is_some {
            continuation(w, slot.get_or_insert_default())?;
        }
        Ok(())
    })?;
    w.list(&mut core.free_continuations, W::u32)?;
    let mut over: Vec<FiberId> = core.over.iter().copied().collect();
    w.list(&mut over, fiber_id)?;
    core.over = over.into_iter().collect();
    let mut unseen: Vec<FiberId> = core.unseen.iter().copied().collect();
    w.list(&mut unseen, fiber_id)?;
    core.unseen = unseen.into_iter().collect();
    Ok(())
}

fn fiber<W: Wire>(w: &mut W, fiber: &mut Fiber) -> Res {
    fiber_id(w, &mut fiber.id)?;
    w.text(&mut fiber.path)?;
    state(w, &mut fiber.state)?;
    w.list(&mut fiber.frames, frame)?;
    w.u32(&mut fiber.pc)?;
    w.u32(&mut fiber.base)?;
    w.byte(&mut fiber.n_regs)?;
    w.byte(&mut fiber.dst.0)?;
    w.value(&mut fiber.closure)?;
    stack(w, fiber)?;
    let mut counts: Vec<(u64, u32)> = fiber.counts.iter().map(|(way, n)| (*way, *n)).collect();
    counts.sort_unstable();
    w.list(&mut counts, |w, (way, count)| {
        w.int(way)?;
        w.u32(count)
    })?;
    fiber.counts = counts.into_iter().collect();
    w.double(&mut fiber.confidence)?;
    w.flag(&mut fiber.is_dropped)?;
    w.list(&mut fiber.children, fiber_id)?;
    w.list(&mut fiber.waiters, fiber_id)?;
    w.list(&mut fiber.trace, W::u32)?;
    w.list(&mut fiber.handlers, installed)?;
    w.optional(&mut fiber.visible)?;
    w.list(&mut fiber.masks, W::optional)?;
    w.list(&mut fiber.parked, W::value)?;
    w.flag(&mut fiber.is_cancelled)
}

/// The registers in use; those above are null.
fn stack<W: Wire>(w: &mut W, fiber: &mut Fiber) -> Res {
    let end = (fiber.base as usize + usize::from(fiber.n_regs)).min(fiber.stack.len());
    let mut used = fiber.stack[..end].to_vec();
    w.list(&mut used, W::value)?;
    if W::READS {
        fiber.stack = used;
    }
    Ok(())
}

fn frame<W: Wire>(w: &mut W, frame: &mut Frame) -> Res {
    w.u32(&mut frame.pc)?;
    w.u32(&mut frame.base)?;
    w.value(&mut frame.closure)?;
    w.double(&mut frame.confidence)?;
    w.byte(&mut frame.n_regs)?;
    w.byte(&mut frame.dst.0)?;
    let mut kind = frame.kind as u8;
    w.byte(&mut kind)?;
    frame.kind = match kind {
        0 => FrameKind::Call,
        1 => FrameKind::Scaled,
        2 => FrameKind::Handle,
        3 => FrameKind::Clause,
        4 => FrameKind::Taking,
        5 => FrameKind::GivenUp,
        _ => return Err(RestoreError::Malformed("an unknown kind of frame")),
    };
    Ok(())
}

fn installed<W: Wire>(w: &mut W, installed: &mut Installed) -> Res {
    let HandlerId(handler) = &mut installed.handler;
    w.u32(handler)?;
    w.optional(&mut installed.frame)?;
    w.list(&mut installed.functions, W::value)?;
    w.optional(&mut installed.outer)
}

fn continuation<W: Wire>(w: &mut W, piece: &mut Continuation) -> Res {
    w.list(&mut piece.stack, W::value)?;
    w.list(&mut piece.frames, frame)?;
    w.list(&mut piece.handlers, installed)?;
    w.list(&mut piece.masks, W::optional)?;
    w.list(&mut piece.parked, W::value)?;
    w.optional(&mut piece.visible)?;
    w.u32(&mut piece.pc)?;
    w.u32(&mut piece.base)?;
    w.byte(&mut piece.n_regs)?;
    w.value(&mut piece.closure)?;
    w.byte(&mut piece.dst.0)?;
    let (first, frame, handler) = &mut piece.origin;
    w.u32(first)?;
    w.index(frame)?;
    w.index(handler)
}

/// 0 ready · 1, 2 delivered · 3, 4, 5 waiting · 6, 7, 8 over.
fn state<W: Wire>(w: &mut W, state: &mut State) -> Res {
    let (mut kind, mut value, mut ids, mut request) = (0, Value::NULL, Vec::new(), 0);
    match state {
        State::Ready => {}
        State::Delivered(Delivery::Value(known)) => (kind, value) = (1, *known),
        State::Delivered(Delivery::Throw(known)) => (kind, value) = (2, *known),
        State::Waiting(Wait::Answer(id)) => (kind, request) = (3, id.0),
        State::Waiting(Wait::Join(id)) => (kind, ids) = (4, vec![*id]),
        State::Waiting(Wait::JoinAny(known)) => (kind, ids) = (5, known.clone()),
        State::Over(End::Returned(known)) => (kind, value) = (6, *known),
        State::Over(End::Threw(known)) => (kind, value) = (7, *known),
        State::Over(End::Cancelled) => kind = 8,
    }
    w.byte(&mut kind)?;
    w.value(&mut value)?;
    w.list(&mut ids, fiber_id)?;
    w.int(&mut request)?;
    *state = match (kind, ids.first()) {
        (0, _) => State::Ready,
        (1, _) => State::Delivered(Delivery::Value(value)),
        (2, _) => State::Delivered(Delivery::Throw(value)),
        (3, _) => State::Waiting(Wait::Answer(RequestId(request))),
        (4, Some(id)) => State::Waiting(Wait::Join(*id)),
        (5, _) => State::Waiting(Wait::JoinAny(ids)),
        (6, _) => State::Over(End::Returned(value)),
        (7, _) => State::Over(End::Threw(value)),
        (8, _) => State::Over(End::Cancelled),
        _ => return Err(RestoreError::Malformed("an unknown state of a fiber")),
    };
    Ok(())
}

fn fiber_id<W: Wire>(w: &mut W, id: &mut FiberId) -> Res {
    w.u32(&mut id.0)
}
