//! The interpreter: one loop, one arm per opcode, in the order of the opcode table.
//!
//! The loop keeps the state of the running function in locals (`pc`, `regs`) and writes it back
//! to the fiber where something else needs it. An arm is either the fast path and a call of the
//! slow one, or a call of the room that does the work. Errors leave the inner loop with `raise`.
//!
//! Ownership: a value in a register counts as one holder. `put` releases what the register held.
//! Functions of other rooms borrow values that they get by `Value` and give owned ones, unless
//! they say otherwise.

#[macro_use]
mod machinery;

mod stop;

mod window;

use std::hint::cold_path;

use prism_bytecode::{
    Entry, FunctionId, GlobalId, HandlerId, Inst, KeysId, Kind, MemberMode, NativeId, Ready, Reg,
    SiteId, StrId,
};

use crate::arith::{Arith, Compare};
use crate::calls::Match;
use crate::confidence::ConfidentOp;
use crate::core::Core;
use crate::errors::{Limit, Problem, Raise};
use crate::fiber::{Fiber, Frame, FrameKind, PLAIN_CALL};
use crate::heap::Other;
use crate::numbers::{integer, remainder, small};
use crate::tier::Left;
use crate::update::Leaf;
use crate::value::Value;

pub(crate) use stop::{Ask, Exit};
use stop::{Next, deliver};
use window::{move_args, take_window, window};

/// Runs a fiber until it ends, fails, or asks for something.
pub(crate) fn run(core: &mut Core, fiber: &mut Fiber) -> Exit {
    let program = core.program.clone();
    let mut marked = core.marked.clone();
    let mut pending = deliver(core, fiber);
    loop {
        let next = match pending.take() {
            Some(raise) => Next::Raise(raise),
            None => step(core, fiber, marked.as_deref().unwrap_or(program.ready())),
        };
        match next {
            Next::Reload => {
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

/// Runs the current function and what it calls directly, until something unusual.
#[expect(clippy::too_many_lines, reason = "one arm per opcode, in the order of the table")]
fn step(core: &mut Core, fiber: &mut Fiber, code: &[Ready]) -> Next {
    let mut pc = fiber.pc as usize;
    let mut regs = window(&mut fiber.stack, fiber.base);

    let mut ready;

    machinery!($ core fiber regs pc ready);

    loop {
        ready = match code.get(pc) {
            Some(ready) => ready,
            None => fault!("the code has no end"),
        };
        pc += 1;
        let inst = ready.inst;
        match inst {
            // Loads and moves.
            Inst::LoadNull(a) => put!(a, Value::NULL),
            Inst::LoadTrue(a) => put!(a, Value::TRUE),
            Inst::LoadFalse(a) => put!(a, Value::FALSE),
            Inst::LoadMissing(a) => put!(a, Value::MISSING),
            Inst::LoadInt(a, number) => number!(a, f64::from(number)),
            Inst::LoadConst(a, id) => {
                let value = core.constants[usize::from(id)];
                core.heap.retain(value);
                put!(a, value);
            }
            Inst::LoadConstWide(a) => {
                cold_path();
                let value = core.constants[extra!() as usize];
                core.heap.retain(value);
                put!(a, value);
            }
            Inst::LoadNative(a, id) => put!(a, Value::native(NativeId(u32::from(id)))),
            Inst::Move(a, b) => {
                let value = std::mem::take(&mut reg!(b));
                put!(a, value);
            }
            Inst::Copy(a, b) => {
                let value = reg!(b);
                core.heap.retain(value);
                put!(a, value);
            }
            Inst::Settle(a) => {
                if reg!(a) == Value::MISSING {
                    reg!(a) = Value::NULL;
                }
            }

            // Arithmetic.
            Inst::Add(a, b, c) => add!(a, b, reg!(c)),
            Inst::Sub(a, b, c) => arith!(Sub, a, reg!(b), reg!(c), |x, y| x - y),
            Inst::Mul(a, b, c) => arith!(Mul, a, reg!(b), reg!(c), |x, y| x * y),
            Inst::Div(a, b, c) => divide!(Div, a, reg!(b), reg!(c), |x, y| x / y),
            Inst::Rem(a, b, c) => divide!(Rem, a, reg!(b), reg!(c), remainder),
            Inst::Pow(a, b, c) => {
                cold_path();
                let value = tri!(core.arith(Arith::Pow, reg!(b), reg!(c)));
                put!(a, value);
            }
            Inst::AddI(a, b, c) => add!(a, b, imm!(c)),
            Inst::SubI(a, b, c) => arith!(Sub, a, reg!(b), imm!(c), |x, y| x - y),
            Inst::MulI(a, b, c) => arith!(Mul, a, reg!(b), imm!(c), |x, y| x * y),
            Inst::DivI(a, b, c) => divide!(Div, a, reg!(b), imm!(c), |x, y| x / y),
            Inst::RemI(a, b, c) => match small(reg!(b).raw()) {
                Some(number) if c > 0 => {
                    number!(a, f64::from(number % u32::from(c.unsigned_abs())))
                }
                _ => divide!(Rem, a, reg!(b), imm!(c), remainder),
            },
            Inst::AddK(a, b) => add!(a, b, core.constants[extra!() as usize]),
            Inst::SubK(a, b) => {
                arith!(Sub, a, reg!(b), core.constants[extra!() as usize], |x, y| x - y);
            }
            Inst::MulK(a, b) => {
                arith!(Mul, a, reg!(b), core.constants[extra!() as usize], |x, y| x * y);
            }
            Inst::DivK(a, b) => {
                divide!(Div, a, reg!(b), core.constants[extra!() as usize], |x, y| x / y);
            }
            Inst::RemK(a, b) => {
                divide!(Rem, a, reg!(b), core.constants[extra!() as usize], remainder);
            }
            Inst::Neg(a, b) => {
                let value = reg!(b);
                if value.is_number() {
                    put!(a, Value::any_number(-value.raw()));
                } else {
                    let value = tri!(core.negate(value));
                    put!(a, value);
                }
            }
            Inst::ToNumber(a, b) => {
                cold_path();
                let value = core.number_of(reg!(b));
                put!(a, value);
            }
            Inst::Not(a, b) => {
                let truth = core.truthy(reg!(b));
                put!(a, Value::bool(!truth));
            }
            Inst::Typeof(a, b) => {
                cold_path();
                let name = core.type_name(reg!(b)).0;
                let value = core.heap.new_text(name);
                put!(a, value);
            }
            Inst::Truthy(a, b) => {
                cold_path();
                let truth = core.truthy(reg!(b));
                put!(a, Value::bool(truth));
            }

            // Comparison to a boolean.
            Inst::Equal(a, b, c) => compare!(Equal, a, b, c, ==),
            Inst::NotEqual(a, b, c) => compare!(NotEqual, a, b, c, !=),
            Inst::Same(a, b, c) => compare!(Same, a, b, c, ==),
            Inst::NotSame(a, b, c) => compare!(NotSame, a, b, c, !=),
            Inst::Less(a, b, c) => compare!(Less, a, b, c, <),
            Inst::LessEq(a, b, c) => compare!(LessEq, a, b, c, <=),
            Inst::Greater(a, b, c) => compare!(Greater, a, b, c, >),
            Inst::GreaterEq(a, b, c) => compare!(GreaterEq, a, b, c, >=),
            Inst::InstanceOf(a, b, c) => {
                let is = tri!(core.instance_of(reg!(b), reg!(c)));
                put!(a, Value::bool(is));
            }
            Inst::In(a, b, c) => {
                let is = tri!(core.contains(reg!(b), reg!(c)));
                put!(a, Value::bool(is));
            }

            // Jumps.
            Inst::Jump(_) => jump!(ready.word),
            Inst::JumpIf(a, distance) => {
                if core.truthy(reg!(a)) {
                    jump!(distance);
                }
            }
            Inst::JumpUnless(a, distance) => {
                if !core.truthy(reg!(a)) {
                    jump!(distance);
                }
            }
            Inst::JumpNull(a, distance) => {
                if core.heap.plain(reg!(a)).is_null() {
                    jump!(distance);
                }
            }
            Inst::JumpNotNull(a, distance) => {
                if !core.heap.plain(reg!(a)).is_null() {
                    jump!(distance);
                }
            }
            Inst::JumpGiven(a, distance) => {
                if reg!(a) != Value::MISSING {
                    jump!(distance);
                }
            }
            Inst::JumpLess(a, b) => branch!(test!(Less, reg!(a), reg!(b), <, >=)),
            Inst::JumpLessEq(a, b) => branch!(test!(LessEq, reg!(a), reg!(b), <=, >)),
            Inst::JumpGreater(a, b) => branch!(test!(Greater, reg!(a), reg!(b), >, <=)),
            Inst::JumpGreaterEq(a, b) => branch!(test!(GreaterEq, reg!(a), reg!(b), >=, <)),
            Inst::JumpNotLess(a, b) => branch!(!test!(Less, reg!(a), reg!(b), <, >=)),
            Inst::JumpNotLessEq(a, b) => branch!(!test!(LessEq, reg!(a), reg!(b), <=, >)),
            Inst::JumpNotGreater(a, b) => branch!(!test!(Greater, reg!(a), reg!(b), >, <=)),
            Inst::JumpNotGreaterEq(a, b) => branch!(!test!(GreaterEq, reg!(a), reg!(b), >=, <)),
            Inst::JumpLessI(a, b) => branch!(test!(Less, reg!(a), imm!(b), <, >=)),
            Inst::JumpLessEqI(a, b) => branch!(test!(LessEq, reg!(a), imm!(b), <=, >)),
            Inst::JumpGreaterI(a, b) => branch!(test!(Greater, reg!(a), imm!(b), >, <=)),
            Inst::JumpGreaterEqI(a, b) => branch!(test!(GreaterEq, reg!(a), imm!(b), >=, <)),
            Inst::JumpNotLessI(a, b) => branch!(!test!(Less, reg!(a), imm!(b), <, >=)),
            Inst::JumpNotLessEqI(a, b) => branch!(!test!(LessEq, reg!(a), imm!(b), <=, >)),
            Inst::JumpNotGreaterI(a, b) => branch!(!test!(Greater, reg!(a), imm!(b), >, <=)),
            Inst::JumpNotGreaterEqI(a, b) => branch!(!test!(GreaterEq, reg!(a), imm!(b), >=, <)),
            Inst::JumpEqual(a, b) => branch!(same!(Equal, reg!(a), reg!(b), true)),
            Inst::JumpNotEqual(a, b) => branch!(same!(NotEqual, reg!(a), reg!(b), false)),
            Inst::JumpSame(a, b) => branch!(same!(Same, reg!(a), reg!(b), true)),
            Inst::JumpNotSame(a, b) => branch!(same!(NotSame, reg!(a), reg!(b), false)),
            Inst::JumpEqualI(a, b) => branch!(same_small!(Equal, reg!(a), b, true)),
            Inst::JumpNotEqualI(a, b) => branch!(same_small!(NotEqual, reg!(a), b, false)),
            Inst::JumpSameI(a, b) => branch!(same_small!(Same, reg!(a), b, true)),
            Inst::JumpNotSameI(a, b) => branch!(same_small!(NotSame, reg!(a), b, false)),
            Inst::JumpKind(a, kind) => branch!(core.kind(reg!(a)) as u8 == kind),
            Inst::JumpNotKind(a, kind) => branch!(core.kind(reg!(a)) as u8 != kind),
            Inst::JumpConfident(a, b) => {
                let least = tri!(core.threshold(reg!(b)));
                branch!(core.confidence_of(reg!(a)) >= least);
            }
            Inst::JumpNotConfident(a, b) => {
                let least = tri!(core.threshold(reg!(b)));
                branch!(core.confidence_of(reg!(a)) < least);
            }
            Inst::ForLess(a, b, c) => {
                add!(a, a, imm!(c));
                branch!(test!(Less, reg!(a), reg!(b), <, >=));
            }
            Inst::ForLessEq(a, b, c) => {
                add!(a, a, imm!(c));
                branch!(test!(LessEq, reg!(a), reg!(b), <=, >));
            }
            Inst::ForEach(a, b) => {
                let index = Reg(b.0 + 1);
                let next = reg!(index).raw() + 1.0;
                let Some(items) = core.heap.array(reg!(b)) else {
                    fault!("no array to go through")
                };
                let item = if next >= 0.0 { items.get(next as usize).copied() } else { None };
                match item {
                    Some(item) => {
                        core.heap.retain(item);
                        put!(a, item);
                        number!(index, next);
                        branch!(true);
                    }
                    None => branch!(false),
                }
            }

            // Confidence.
            Inst::Annotate(a, b, c) => tri!(core.annotate(regs, a, b, c)),
            Inst::ConfidenceOf(a, b) => number!(a, core.confidence_of(reg!(b))),
            Inst::ValueOf(a, b) => {
                cold_path();
                let value = core.heap.plain(reg!(b));
                core.heap.retain(value);
                put!(a, value);
            }
            Inst::ToConfident(a, b) => {
                cold_path();
                let value = core.confident(reg!(b));
                put!(a, value);
            }
            Inst::Inherit(a, b, c) => confident!(Inherit, a, b, c),
            Inst::Product(a, b, c) => confident!(Product, a, b, c),
            Inst::Scale(a, b, c) => confident!(Scale, a, b, c),
            Inst::ConfidentAnd(a, b, c) => confident!(And, a, b, c),
            Inst::ConfidentOr(a, b, c) => confident!(Or, a, b, c),
            Inst::Chain(a, b, c) => confident!(Chain, a, b, c),
            Inst::MoreConfident(a, b, c) => confident!(MoreConfident, a, b, c),
            Inst::AtLeast(a, b, c) => {
                cold_path();
                let least = tri!(core.threshold(reg!(c)));
                put!(a, Value::bool(core.confidence_of(reg!(b)) >= least));
            }

            // Text, arrays, objects.
            Inst::Concat(a, b, count) => {
                cold_path();
                let mut parts = taken!(b, count);
                let text = core.concat(&parts);
                core.release_all(&mut parts);
                put!(a, tri!(text));
            }
            Inst::NewArray(a, b, count) => {
                cold_path();
                let items = taken!(b, count);
                let array = core.heap.new_array(items);
                put!(a, array);
            }
            Inst::ArrayPush(a, b) => {
                let item = std::mem::take(&mut reg!(b));
                let target = reg!(a);
                if target.is_array() && core.heap.arrays.count(target.index()) == 1 {
                    core.heap.push(target, item);
                } else {
                    cold_path();
                    tri!(core.push_array(&mut reg!(a), item));
                }
            }
            Inst::ArraySpread(a, b) => {
                cold_path();
                let source = core.heap.share(reg!(b));
                let result = core.spread_array(&mut reg!(a), source);
                core.heap.release(source);
                tri!(result);
            }
            Inst::ArrayRest(a, b, from) => {
                cold_path();
                let rest = tri!(core.array_rest(reg!(b), from));
                put!(a, rest);
            }
            Inst::Length(a, b) => number!(a, core.length(reg!(b)) as f64),
            Inst::PickIndex(a, b, at) => {
                cold_path();
                let item = tri!(core.pick_index(reg!(b), at, Value::NULL));
                put!(a, item);
            }
            Inst::PickIndexMaybe(a, b, at) => {
                cold_path();
                let item = tri!(core.pick_index(reg!(b), at, Value::MISSING));
                put!(a, item);
            }
            Inst::NewObject(a, b) => {
                cold_path();
                let at = pc;
                let keys = KeysId(extra!());
                let count = core.program.module().keys[keys.index()].len();
                let first = usize::from(b.0);
                let object = core.make_object(keys, &mut regs[first..first + count], at);
                put!(a, object);
            }
            Inst::SetField(a, b) => {
                let value = std::mem::take(&mut reg!(b));
                let at = pc;
                let key = StrId(extra!());
                let target = reg!(a);
                if target.is_object() {
                    let [shape, place, next] = core.caches[at];
                    let place = place as usize;
                    let is_hit = core.heap.object(target).keys == shape
                        && core.heap.objects.count(target.index()) == 1
                        && next != 0;
                    if is_hit && next == shape {
                        let field = core.heap.object_mut(target).field_mut(place);
                        let old = std::mem::replace(field, value);
                        core.heap.release(old);
                        continue;
                    }
                    if is_hit {
                        core.heap.object_mut(target).keys = next;
                        core.heap.add_field(target, place, value);
                        continue;
                    }
                }
                cold_path();
                tri!(core.set_field(&mut reg!(a), key, value, at));
            }
            Inst::ObjectSpread(a, b) => {
                cold_path();
                let source = core.heap.share(reg!(b));
                let result = core.spread_object(&mut reg!(a), source);
                core.heap.release(source);
                tri!(result);
            }
            Inst::ObjectRest(a, b) => {
                cold_path();
                let keys = KeysId(extra!());
                let rest = tri!(core.object_rest(reg!(b), keys));
                put!(a, rest);
            }
            Inst::PickField(a, b) => {
                cold_path();
                let key = StrId(extra!());
                let field = tri!(core.pick_field(reg!(b), key, Value::NULL));
                put!(a, field);
            }
            Inst::PickFieldMaybe(a, b) => {
                cold_path();
                let key = StrId(extra!());
                let field = tri!(core.pick_field(reg!(b), key, Value::MISSING));
                put!(a, field);
            }
            Inst::GetField(a, b) => {
                let at = pc;
                let key = StrId(extra!());
                let source = reg!(b);
                if source.is_object() {
                    let object = core.heap.object(source);
                    let [shape, place, _] = core.caches[at];
                    if object.keys == shape {
                        let value = object.field(place as usize);
                        core.heap.retain(value);
                        put!(a, value);
                        continue;
                    }
                } else if (source.is_array() || source.is_text()) && core.is_length(key) {
                    number!(a, core.length(source) as f64);
                    continue;
                }
                cold_path();
                let value = tri!(core.get_field(source, key, at));
                put!(a, value);
            }
            Inst::GetFieldAs(a, b, mode) => {
                cold_path();
                let at = pc;
                let key = StrId(extra!());
                let Some(mode) = MemberMode::from_u8(mode) else { fault!("an unknown mode") };
                let value = tri!(core.get_field_as(reg!(b), key, mode, at));
                put!(a, value);
            }
            Inst::GetIndex(a, b, c) => {
                let (source, index) = (reg!(b), reg!(c));
                let Some(mut item) = core.heap.element(source, index) else {
                    cold_path();
                    let value = tri!(core.get_index(source, index));
                    put!(a, value);
                    continue;
                };
                // An element that is only the way to a part of it needs no holder meanwhile.
                if ready.word == Ready::TO_ELEMENT {
                    if let Some(Ready { inst: Inst::GetIndex(_, _, c), .. }) = code.get(pc)
                        && let Some(inner) = core.heap.element(item, reg!(c))
                    {
                        pc += 1;
                        item = inner;
                    }
                } else if ready.word == Ready::TO_FIELD && item.is_object() {
                    let object = core.heap.object(item);
                    let [shape, place, _] = core.caches[pc + 1];
                    if object.keys == shape {
                        pc += 2;
                        item = object.field(place as usize);
                    }
                }
                core.heap.retain(item);
                put!(a, item);
            }
            Inst::GetIndexI(a, b, c) => match core.heap.element(reg!(b), imm!(c)) {
                Some(item) => {
                    core.heap.retain(item);
                    put!(a, item);
                }
                None => {
                    cold_path();
                    let value = tri!(core.get_index(reg!(b), imm!(c)));
                    put!(a, value);
                }
            },
            Inst::GetIndexOptional(a, b, c) => {
                cold_path();
                let value = tri!(core.get_index_optional(reg!(b), reg!(c)));
                put!(a, value);
            }
            Inst::SetIndex(a, b, c) => {
                let value = std::mem::take(&mut reg!(c));
                let (target, index) = (reg!(a), reg!(b));
                if target.is_array()
                    && core.heap.arrays.count(target.index()) == 1
                    && let Some(at) = integer(index.raw())
                    && let Some(item) = core.heap.array_mut(target).get_mut(at as usize)
                {
                    let old = std::mem::replace(item, value);
                    core.heap.release(old);
                } else {
                    cold_path();
                    let mut root = std::mem::take(&mut reg!(a));
                    let index = if a == b { root } else { index };
                    let result = core.update(&mut root, &[index], Leaf::Set, value);
                    reg!(a) = root;
                    tri!(result);
                }
            }
            Inst::SetPath(a, b, count) => {
                if count == 2 && core.set_part(reg!(a), regs, b, pc - 1) {
                    continue;
                }
                cold_path();
                let mut root = std::mem::take(&mut reg!(a));
                let result = core.update_window(&mut root, regs, b, count, Leaf::Set);
                put!(a, root);
                tri!(result);
            }
            Inst::PushPath(a, b, count) => {
                cold_path();
                let mut root = std::mem::take(&mut reg!(a));
                let result = core.update_window(&mut root, regs, b, count, Leaf::Push);
                put!(a, root);
                tri!(result);
            }
            Inst::SetPathCell(a, b, count) => update_cell!(reg!(a), b, count, Leaf::Set),
            Inst::PushPathCell(a, b, count) => update_cell!(reg!(a), b, count, Leaf::Push),
            Inst::SetPathCaptured(a, b, count) => update_cell!(capture!(a), b, count, Leaf::Set),
            Inst::PushPathCaptured(a, b, count) => update_cell!(capture!(a), b, count, Leaf::Push),
            Inst::SetPathGlobal(b, count) => update_global!(b, count, Leaf::Set),
            Inst::PushPathGlobal(b, count) => update_global!(b, count, Leaf::Push),
            Inst::Items(a, b) => {
                cold_path();
                let items = tri!(core.items(reg!(b)));
                put!(a, items);
            }

            // Variables that functions share.
            Inst::NewCell(a, b) => {
                cold_path();
                let value = std::mem::take(&mut reg!(b));
                let cell = core.heap.new_other(Other::Cell(value));
                put!(a, cell);
            }
            Inst::CellGet(a, b) => {
                let Some(value) = core.heap.cell(reg!(b)) else { fault!("no cell to read") };
                if value == Value::MISSING {
                    raise!(core.uninitialised(None));
                }
                core.heap.retain(value);
                put!(a, value);
            }
            Inst::CellSet(a, b) => {
                let value = std::mem::take(&mut reg!(b));
                match core.heap.swap_cell(reg!(a), value) {
                    Some(old) => core.heap.release(old),
                    None => fault!("no cell to write"),
                }
            }
            Inst::Captured(a, index) => {
                let value = capture!(index);
                core.heap.retain(value);
                put!(a, value);
            }
            Inst::CapturedGet(a, index) => {
                let Some(value) = core.heap.cell(capture!(index)) else {
                    fault!("no cell to read")
                };
                if value == Value::MISSING {
                    raise!(core.uninitialised(None));
                }
                core.heap.retain(value);
                put!(a, value);
            }
            Inst::CapturedSet(index, b) => {
                let value = std::mem::take(&mut reg!(b));
                match core.heap.swap_cell(capture!(index), value) {
                    Some(old) => core.heap.release(old),
                    None => fault!("no cell to write"),
                }
            }
            Inst::GetGlobal(a, id) => {
                let value = core.globals[usize::from(id)];
                if value == Value::MISSING {
                    raise!(core.uninitialised(Some(GlobalId(u32::from(id)))));
                }
                core.heap.retain(value);
                put!(a, value);
            }
            Inst::SetGlobal(a, id) => {
                let value = std::mem::take(&mut reg!(a));
                let old = std::mem::replace(&mut core.globals[usize::from(id)], value);
                core.heap.release(old);
            }
            Inst::Closure(a, b, count) => {
                cold_path();
                let id = FunctionId(extra!());
                let captures = taken!(b, count).into_boxed_slice();
                let closure = core.heap.new_closure(id, captures);
                put!(a, closure);
            }

            // Calls.
            Inst::Call(a, b, count) => {
                let id = extra!() as usize;
                let Some(&entry) = core.entries.get(id) else { fault!("a function is missing") };
                if entry.n_exact == count && core.heap.fuel > 0 {
                    enter!(entry, Value::NULL, b.0, count, a);
                    continue;
                }
                let args = taken!(b, count);
                call!(crate::calls::direct(FunctionId(id as u32)), args, Match::Exact, a);
            }
            Inst::CallValue(a, b, count) => {
                let callee = reg!(b);
                if let Some((id, closure)) = core.plain_function(callee) {
                    let entry = core.entries[id.index()];
                    if entry.n_exact == count && core.heap.fuel > 0 {
                        // The closure moves from the window into the fiber.
                        reg!(b) = Value::NULL;
                        enter!(entry, closure, b.0 + 1, count, a);
                        continue;
                    }
                }
                cold_path();
                let target = tri!(core.callee(callee));
                let mut args = taken!(b, count + 1);
                core.heap.release(args.remove(0));
                call!(target, args, Match::Exact, a);
            }
            Inst::CallNamed(a, b, count) => {
                let names = KeysId(extra!());
                let target = tri!(core.callee(reg!(b)));
                let mut args = taken!(b, count + 1);
                core.heap.release(args.remove(0));
                if let Err(raise) = core.place_names(&target, &mut args, names) {
                    core.release_all(&mut args);
                    core.release_callee(target);
                    raise!(raise);
                }
                call!(target, args, Match::Exact, a);
            }
            Inst::CallArray(a, b, c) => {
                let target = tri!(core.callee(reg!(b)));
                let args = tri!(core.spread_args(reg!(c)));
                call!(target, args, Match::Exact, a);
            }
            Inst::Offer(a, b, count) => {
                let callee = reg!(b);
                if let Some((id, closure)) = core.plain_function(callee) {
                    let entry = core.entries[id.index()];
                    // 255 with a rest parameter.
                    if entry.n_exact <= count && core.heap.fuel > 0 {
                        reg!(b) = Value::NULL;
                        for extra in entry.n_exact..count {
                            put!(Reg(b.0 + 1 + extra), Value::NULL);
                        }
                        enter!(entry, closure, b.0 + 1, entry.n_exact, a);
                        continue;
                    }
                }
                cold_path();
                let target = tri!(core.callee(callee));
                let mut args = taken!(b, count + 1);
                core.heap.release(args.remove(0));
                call!(target, args, Match::Offer, a);
            }
            Inst::CallMethod(a, b, count) => {
                let at = pc;
                let name = core.module_text(StrId(extra!())).clone();
                let target = tri!(core.method_callee(reg!(b), &name, at));
                let mut args = taken!(b, count + 1);
                core.heap.release(args.remove(0));
                call!(target, args, Match::Exact, a);
            }
            Inst::CallMethodArray(a, b, c) => {
                let at = pc;
                let name = core.module_text(StrId(extra!())).clone();
                let target = tri!(core.method_callee(reg!(b), &name, at));
                let args = tri!(core.spread_args(reg!(c)));
                call!(target, args, Match::Exact, a);
            }
            Inst::CallNative(a, b, count) => {
                cold_path();
                let id = NativeId(extra!());
                let first = usize::from(b.0);
                let end = first + usize::from(count);
                let result = core.native(id, &mut regs[first..end]);
                for slot in &mut regs[first..end] {
                    core.heap.release(std::mem::take(slot));
                }
                put!(a, tri!(result));
            }
            Inst::CallNativeArray(a, b) => {
                cold_path();
                let id = NativeId(extra!());
                let mut args = tri!(core.spread_args(reg!(b)));
                let result = core.native(id, &mut args);
                core.release_all(&mut args);
                put!(a, tri!(result));
            }
            Inst::Return(a) => {
                let value = std::mem::take(&mut reg!(a));
                finish!(value);
            }
            Inst::ReturnNull() => finish!(Value::NULL),

            // Errors.
            Inst::Throw(a) => {
                cold_path();
                let value = std::mem::take(&mut reg!(a));
                let error = tri!(core.thrown(value));
                raise!(Raise::Throw(error));
            }
            Inst::Rethrow(a) => {
                cold_path();
                let value = std::mem::take(&mut reg!(a));
                save!();
                return Next::Raise(Raise::Throw(value));
            }
            Inst::UnknownName() => {
                cold_path();
                let name = core.module_text(StrId(extra!())).clone();
                raise!(core.problem(&Problem::UnknownName(name)));
            }

            // Effects and fibers.
            Inst::Perform(a, b, count) => {
                let site = SiteId(extra!());
                let args = taken!(b, count);
                save!();
                if !fiber.handlers.is_empty()
                    && let Some(handled) = core.handled(fiber, site)
                {
                    tri!(core.perform(fiber, handled, args, a));
                    return Next::Reload;
                }
                ask!(a, Ask::Perform { site, args });
            }
            Inst::Spawn(a, b, count) => {
                let args = taken!(b, count + 1);
                ask!(a, Ask::Spawn { args });
            }
            Inst::Join(a, b) => ask!(a, Ask::Join(reg!(b))),
            Inst::JoinAny(a, b) => ask!(a, Ask::JoinAny(reg!(b))),
            Inst::Cancel(a) => ask!(a, Ask::Cancel(reg!(a))),
            Inst::Await(a, b) => {
                let value = reg!(b);
                if core.kind(value) == Kind::Promise {
                    ask!(a, Ask::Join(value));
                }
                core.heap.retain(value);
                put!(a, value);
            }
            Inst::Handle(a, b, count) => {
                cold_path();
                let handler = HandlerId(extra!());
                let functions = taken!(b, count + 1);
                save!();
                tri!(core.install(fiber, handler, functions, a));
                return Next::Reload;
            }
            Inst::Resume(a, b, c) => {
                cold_path();
                let value = std::mem::take(&mut reg!(c));
                let continuation = reg!(b);
                save!();
                tri!(core.resume_continuation(fiber, continuation, value, a));
                return Next::Reload;
            }
            // Verified code never comes here by itself: an entry of native code.
            Inst::Arg(_) if core.marked.is_some() => {
                pc -= 1;
                save!();
                match core.enter_native(fiber) {
                    Left::Returned(bits) => {
                        regs = window(&mut fiber.stack, fiber.base);
                        finish!(Value::from_bits(bits));
                    }
                    Left::At | Left::Refused => return Next::Reload,
                }
            }
            Inst::Arg(_) => fault!("a word that is no instruction"),
        }
    }
}

const _: () = assert!(PLAIN_CALL < 0.0);
