//! The loop: one arm per opcode, in the order of the opcode table.
//!
//! An arm does what is frequent and cannot fail. Anything else it leaves to `slow`, before it has
//! changed anything. So hardly anything here calls a function and goes on with its operands
//! afterwards, and the compiler has registers for the state of the loop.

use std::hint::cold_path;

use prism_bytecode::{FunctionId, Inst, KeysId, Kind, NativeId, Ready, Reg, StrId};

use super::stop::{Exit, Next, end_segment, go_back};
use super::window::{move_args, window};
use crate::core::Core;
use crate::fiber::{Fiber, Frame, FrameKind, PLAIN_CALL};
use crate::natives;
use crate::numbers::{integer, remainder, small};
use crate::value::Value;

/// Runs until something unusual: an instruction for `slow`, or the end of the fiber.
#[expect(clippy::too_many_lines, reason = "one arm per opcode, in the order of the table")]
pub(super) fn quick(core: &mut Core, fiber: &mut Fiber, code: &[Ready]) -> Next {
    let mut pc = fiber.pc as usize;
    let mut regs = window(&mut fiber.stack, fiber.base);
    loop {
        let at = pc;
        macro_rules! slow {
            () => {{
                cold_path();
                fiber.pc = at as u32;
                return Next::Slow;
            }};
        }
        let Some(ready) = code.get(at) else { slow!() };
        machinery!($ core fiber regs pc ready);

        // A value without parts.
        macro_rules! plain {
            ($reg:expr, $value:expr) => {{
                let value: Value = $value;
                let old = std::mem::replace(&mut reg!($reg), value);
                if old.is_heap() {
                    cold_path();
                    core.heap.release(old);
                }
            }};
        }
        macro_rules! number {
            ($reg:expr, $number:expr) => {
                plain!($reg, Value::number($number))
            };
        }
        macro_rules! held {
            ($reg:expr, $value:expr) => {{
                let value = $value;
                core.heap.retain(value);
                put!($reg, value);
            }};
        }
        macro_rules! some {
            ($value:expr) => {
                match $value {
                    Some(value) => value,
                    None => slow!(),
                }
            };
        }
        // Arithmetic as if both were numbers; NaN says that one was not, or that the result is NaN.
        macro_rules! arith {
            ($a:expr, $x:expr, $y:expr, $f:expr) => {{
                let (x, y): (Value, Value) = ($x, $y);
                let result: f64 = $f(x.raw(), y.raw());
                if !result.is_nan() {
                    number!($a, result);
                } else if !core.confident_numbers($f, regs, $a, x, y) {
                    slow!();
                }
            }};
        }
        // A confident number in the register that gets the sum changes in place, a text may grow.
        macro_rules! add {
            ($a:expr, $b:expr, $y:expr) => {{
                let (x, y): (Value, Value) = (reg!($b), $y);
                let sum = x.raw() + y.raw();
                if !sum.is_nan() {
                    number!($a, sum);
                } else {
                    let is_done = if x.is_text() {
                        core.add_text(regs, $a, $b, x, y)
                    } else {
                        ($a == $b && core.heap.add_to_confident(x, y))
                            || core.confident_numbers(|x, y| x + y, regs, $a, x, y)
                    };
                    if !is_done {
                        slow!();
                    }
                }
            }};
        }
        // Zero divisors are for the slow way.
        macro_rules! divide {
            ($a:expr, $x:expr, $y:expr, $f:expr) => {{
                arith!($a, $x, $y, |x: f64, y: f64| if y != 0.0 { $f(x, y) } else { f64::NAN });
            }};
        }
        // A comparison that is surely true or surely false on numbers.
        macro_rules! test {
            ($x:expr, $y:expr, $yes:tt, $no:tt) => {{
                let (x, y): (f64, f64) = ($x.raw(), $y.raw());
                if x $yes y {
                    true
                } else if x $no y {
                    false
                } else {
                    slow!()
                }
            }};
        }
        macro_rules! compare {
            ($a:expr, $b:expr, $c:expr, $holds:tt) => {{
                let (x, y) = (reg!($b), reg!($c));
                if !x.is_number() || !y.is_number() {
                    slow!();
                }
                plain!($a, Value::bool(x.raw() $holds y.raw()));
            }};
        }
        // Whether two numbers or two texts are equal.
        macro_rules! same {
            ($x:expr, $y:expr) => {{
                let (x, y): (Value, Value) = ($x, $y);
                if x.is_number() && y.is_number() {
                    x.raw() == y.raw()
                } else {
                    some!(core.same_text(x, y))
                }
            }};
        }
        macro_rules! same_small {
            ($x:expr, $number:expr) => {{
                let x: Value = $x;
                if !x.is_number() {
                    slow!();
                }
                x.raw() == f64::from($number)
            }};
        }
        macro_rules! truthy {
            ($value:expr) => {
                match $value {
                    Value::TRUE => true,
                    Value::FALSE => false,
                    value => core.truthy(value),
                }
            };
        }
        macro_rules! kind {
            ($value:expr) => {{
                let value: Value = $value;
                if value.is_number() { Kind::Number } else { core.kind(value) }
            }};
        }
        // The end of a counting loop.
        macro_rules! count {
            ($a:expr, $b:expr, $c:expr, $yes:tt, $no:tt) => {{
                let old = reg!($a);
                let sum = old.raw() + f64::from($c);
                if sum.is_nan() {
                    slow!();
                }
                reg!($a) = Value::number(sum);
                let limit = reg!($b).raw();
                let goes_on = if sum $yes limit {
                    true
                } else if sum $no limit {
                    false
                } else {
                    reg!($a) = old;
                    slow!()
                };
                branch!(goes_on);
            }};
        }
        // The base of a callee, if there is room for it, and fuel.
        macro_rules! room {
            () => {{
                let base = fiber.base as usize + usize::from(fiber.n_regs);
                let is_full = fiber.frames.len() == fiber.frames.capacity()
                    || fiber.frames.len() >= core.limits.depth as usize
                    || fiber.stack.len() < base + 256;
                if is_full || core.heap.fuel == 0 {
                    slow!();
                }
                regs = window(&mut fiber.stack, fiber.base);
                base
            }};
        }
        // Makes a function the running one whose parameters are exactly the registers of a window.
        macro_rules! enter {
            ($base:expr, $entry:expr, $closure:expr, $first:expr, $count:expr, $dst:expr) => {{
                let (base, first): (usize, u8) = ($base, $first);
                core.heap.fuel -= 1;
                // Most calls have one argument.
                let only = match $count {
                    1 => std::mem::take(&mut regs[usize::from(first)]),
                    _ => Value::NULL,
                };
                fiber.frames.push(Frame {
                    pc: pc as u32,
                    base: fiber.base,
                    closure: fiber.closure,
                    confidence: PLAIN_CALL,
                    n_regs: fiber.n_regs,
                    dst: $dst,
                    kind: FrameKind::Call,
                });
                if $count == 1 {
                    regs = window(&mut fiber.stack, base as u32);
                    regs[0] = only;
                } else {
                    let from = fiber.base as usize + usize::from(first);
                    move_args(&mut fiber.stack, from, base, $count);
                    regs = window(&mut fiber.stack, base as u32);
                }
                pc = $entry.start as usize;
                fiber.base = base as u32;
                fiber.n_regs = $entry.n_regs;
                fiber.closure = $closure;
            }};
        }

        pc = at + 1;
        match ready.inst {
            // Loads and moves.
            Inst::LoadNull(a) => plain!(a, Value::NULL),
            Inst::LoadTrue(a) => plain!(a, Value::TRUE),
            Inst::LoadFalse(a) => plain!(a, Value::FALSE),
            Inst::LoadMissing(a) => plain!(a, Value::MISSING),
            Inst::LoadInt(a, number) => number!(a, f64::from(number)),
            Inst::LoadConst(a, id) => held!(a, core.constants[usize::from(id)]),
            Inst::LoadConstWide(a) => held!(a, core.constants[extra!() as usize]),
            Inst::LoadNative(a, id) => plain!(a, Value::native(NativeId(u32::from(id)))),
            Inst::Move(a, b) => {
                let value = std::mem::take(&mut reg!(b));
                put!(a, value);
            }
            Inst::Copy(a, b) => held!(a, reg!(b)),
            Inst::Settle(a) => {
                if reg!(a) == Value::MISSING {
                    reg!(a) = Value::NULL;
                }
            }

            // Arithmetic.
            Inst::Add(a, b, c) => add!(a, b, reg!(c)),
            Inst::Sub(a, b, c) => arith!(a, reg!(b), reg!(c), |x, y| x - y),
            Inst::Mul(a, b, c) => arith!(a, reg!(b), reg!(c), |x, y| x * y),
            Inst::Div(a, b, c) => divide!(a, reg!(b), reg!(c), |x, y| x / y),
            Inst::Rem(a, b, c) => divide!(a, reg!(b), reg!(c), remainder),
            Inst::AddI(a, b, c) => add!(a, b, imm!(c)),
            Inst::SubI(a, b, c) => arith!(a, reg!(b), imm!(c), |x, y| x - y),
            Inst::MulI(a, b, c) => arith!(a, reg!(b), imm!(c), |x, y| x * y),
            Inst::DivI(a, b, c) => divide!(a, reg!(b), imm!(c), |x, y| x / y),
            Inst::RemI(a, b, c) => match small(reg!(b).raw()) {
                Some(number) if c > 0 => {
                    number!(a, f64::from(number % u32::from(c.unsigned_abs())));
                }
                _ => divide!(a, reg!(b), imm!(c), remainder),
            },
            Inst::AddK(a, b) => add!(a, b, core.constants[extra!() as usize]),
            Inst::SubK(a, b) => {
                arith!(a, reg!(b), core.constants[extra!() as usize], |x, y| x - y);
            }
            Inst::MulK(a, b) => {
                arith!(a, reg!(b), core.constants[extra!() as usize], |x, y| x * y);
            }
            Inst::DivK(a, b) => {
                divide!(a, reg!(b), core.constants[extra!() as usize], |x, y| x / y);
            }
            Inst::RemK(a, b) => {
                divide!(a, reg!(b), core.constants[extra!() as usize], remainder);
            }
            Inst::Neg(a, b) => {
                let number = -reg!(b).raw();
                if number.is_nan() {
                    slow!();
                }
                number!(a, number);
            }
            Inst::Not(a, b) => {
                let truth = truthy!(reg!(b));
                plain!(a, Value::bool(!truth));
            }

            // Comparison to a boolean.
            Inst::Equal(a, b, c) | Inst::Same(a, b, c) => {
                let same = same!(reg!(b), reg!(c));
                plain!(a, Value::bool(same));
            }
            Inst::NotEqual(a, b, c) | Inst::NotSame(a, b, c) => {
                let same = same!(reg!(b), reg!(c));
                plain!(a, Value::bool(!same));
            }
            Inst::Less(a, b, c) => compare!(a, b, c, <),
            Inst::LessEq(a, b, c) => compare!(a, b, c, <=),
            Inst::Greater(a, b, c) => compare!(a, b, c, >),
            Inst::GreaterEq(a, b, c) => compare!(a, b, c, >=),

            // Jumps.
            Inst::Jump(_) => jump!(ready.word),
            Inst::JumpIf(a, distance) => {
                if truthy!(reg!(a)) {
                    jump!(distance);
                }
            }
            Inst::JumpUnless(a, distance) => {
                if !truthy!(reg!(a)) {
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
            Inst::JumpLess(a, b) => branch!(test!(reg!(a), reg!(b), <, >=)),
            Inst::JumpLessEq(a, b) => branch!(test!(reg!(a), reg!(b), <=, >)),
            Inst::JumpGreater(a, b) => branch!(test!(reg!(a), reg!(b), >, <=)),
            Inst::JumpGreaterEq(a, b) => branch!(test!(reg!(a), reg!(b), >=, <)),
            Inst::JumpNotLess(a, b) => branch!(test!(reg!(a), reg!(b), >=, <)),
            Inst::JumpNotLessEq(a, b) => branch!(test!(reg!(a), reg!(b), >, <=)),
            Inst::JumpNotGreater(a, b) => branch!(test!(reg!(a), reg!(b), <=, >)),
            Inst::JumpNotGreaterEq(a, b) => branch!(test!(reg!(a), reg!(b), <, >=)),
            Inst::JumpLessI(a, b) => branch!(test!(reg!(a), imm!(b), <, >=)),
            Inst::JumpLessEqI(a, b) => branch!(test!(reg!(a), imm!(b), <=, >)),
            Inst::JumpGreaterI(a, b) => branch!(test!(reg!(a), imm!(b), >, <=)),
            Inst::JumpGreaterEqI(a, b) => branch!(test!(reg!(a), imm!(b), >=, <)),
            Inst::JumpNotLessI(a, b) => branch!(test!(reg!(a), imm!(b), >=, <)),
            Inst::JumpNotLessEqI(a, b) => branch!(test!(reg!(a), imm!(b), >, <=)),
            Inst::JumpNotGreaterI(a, b) => branch!(test!(reg!(a), imm!(b), <=, >)),
            Inst::JumpNotGreaterEqI(a, b) => branch!(test!(reg!(a), imm!(b), <, >=)),
            Inst::JumpEqual(a, b) | Inst::JumpSame(a, b) => branch!(same!(reg!(a), reg!(b))),
            Inst::JumpNotEqual(a, b) | Inst::JumpNotSame(a, b) => {
                branch!(!same!(reg!(a), reg!(b)));
            }
            Inst::JumpEqualI(a, b) | Inst::JumpSameI(a, b) => branch!(same_small!(reg!(a), b)),
            Inst::JumpNotEqualI(a, b) | Inst::JumpNotSameI(a, b) => {
                branch!(!same_small!(reg!(a), b));
            }
            Inst::JumpKind(a, kind) => branch!(kind!(reg!(a)) as u8 == kind),
            Inst::JumpNotKind(a, kind) => branch!(kind!(reg!(a)) as u8 != kind),
            Inst::JumpConfident(a, b) => {
                branch!(test!(Value::number(core.confidence_of(reg!(a))), reg!(b), >=, <));
            }
            Inst::JumpNotConfident(a, b) => {
                branch!(test!(Value::number(core.confidence_of(reg!(a))), reg!(b), <, >=));
            }
            Inst::ForLess(a, b, c) => count!(a, b, c, <, >=),
            Inst::ForLessEq(a, b, c) => count!(a, b, c, <=, >),
            Inst::ForEach(a, b) => {
                let index = Reg(b.0 + 1);
                let next = reg!(index).raw() + 1.0;
                let items = some!(core.heap.array(reg!(b)));
                let item = if next >= 0.0 { items.get(next as usize).copied() } else { None };
                match item {
                    Some(item) => {
                        held!(a, item);
                        number!(index, next);
                        branch!(true);
                    }
                    None => branch!(false),
                }
            }

            // Confidence.
            Inst::Annotate(a, b, c) => {
                if a != b || !core.annotate_in_place(regs, a, c) {
                    slow!();
                }
            }
            Inst::ConfidenceOf(a, b) => number!(a, core.confidence_of(reg!(b))),

            // Text, arrays, objects.
            Inst::NewArray(a, b, count) => {
                let array = core.make_array(regs, b, count);
                put!(a, array);
            }
            Inst::ArrayPush(a, b) => {
                let item = std::mem::take(&mut reg!(b));
                let target = reg!(a);
                if !target.is_array() || core.heap.arrays.count(target.index()) != 1 {
                    reg!(b) = item;
                    slow!();
                }
                core.heap.push(target, item);
            }
            Inst::Length(a, b) => number!(a, core.length(reg!(b)) as f64),
            Inst::NewObject(a, b) => {
                let object = core.make_object(KeysId(extra!()), regs, b, at + 1);
                put!(a, object);
            }
            Inst::SetField(a, b) => {
                let value = std::mem::take(&mut reg!(b));
                let target = reg!(a);
                let [shape, place, next] = core.caches[at + 1];
                let place = place as usize;
                if !target.is_object()
                    || core.heap.object(target).keys != shape
                    || core.heap.objects.count(target.index()) != 1
                    || next == 0
                {
                    reg!(b) = value;
                    slow!();
                }
                pc += 1;
                if next == shape {
                    let field = core.heap.object_mut(target).field_mut(place);
                    let old = std::mem::replace(field, value);
                    core.heap.release(old);
                } else {
                    core.heap.object_mut(target).keys = next;
                    core.heap.add_field(target, place, value);
                }
            }
            Inst::GetField(a, b) => {
                let source = reg!(b);
                pc += 1;
                if source.is_object() {
                    let object = core.heap.object(source);
                    let [shape, place, _] = core.caches[at + 1];
                    if object.keys != shape {
                        slow!();
                    }
                    held!(a, object.field(place as usize));
                } else if source.is_array() || source.is_text() {
                    if !core.is_length(StrId(ready.word.cast_unsigned())) {
                        slow!();
                    }
                    number!(a, core.length(source) as f64);
                } else {
                    slow!();
                }
            }
            Inst::GetIndex(a, b, c) => {
                let mut item = some!(core.heap.element(reg!(b), reg!(c)));
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
                held!(a, item);
            }
            Inst::GetIndexI(a, b, c) => held!(a, some!(core.heap.element(reg!(b), imm!(c)))),
            Inst::SetIndex(a, b, c) => {
                let value = std::mem::take(&mut reg!(c));
                let (target, index) = (reg!(a), reg!(b));
                if target.is_array()
                    && core.heap.arrays.count(target.index()) == 1
                    && let Some(index) = integer(index.raw())
                    && let Some(item) = core.heap.array_mut(target).get_mut(index as usize)
                {
                    let old = std::mem::replace(item, value);
                    core.heap.release(old);
                } else {
                    reg!(c) = value;
                    slow!();
                }
            }
            Inst::SetPath(a, b, count) => {
                if count != 2 || !core.set_part(reg!(a), regs, b, at) {
                    slow!();
                }
            }

            // Variables that functions share.
            Inst::CellGet(a, b) => {
                let value = some!(core.heap.cell(reg!(b)));
                if value == Value::MISSING {
                    slow!();
                }
                held!(a, value);
            }
            Inst::CellSet(a, b) => {
                let cell = some!(core.heap.cell_mut(reg!(a)));
                let old = std::mem::replace(cell, std::mem::take(&mut reg!(b)));
                core.heap.release(old);
            }
            Inst::Captured(a, index) => held!(a, some!(core.capture(fiber.closure, index))),
            Inst::CapturedGet(a, index) => {
                let cell = some!(core.capture(fiber.closure, index));
                let value = some!(core.heap.cell(cell));
                if value == Value::MISSING {
                    slow!();
                }
                held!(a, value);
            }
            Inst::CapturedSet(index, b) => {
                let cell = some!(core.capture(fiber.closure, index));
                let cell = some!(core.heap.cell_mut(cell));
                let old = std::mem::replace(cell, std::mem::take(&mut reg!(b)));
                core.heap.release(old);
            }
            Inst::GetGlobal(a, id) => {
                let value = core.globals[usize::from(id)];
                if value == Value::MISSING {
                    slow!();
                }
                held!(a, value);
            }
            Inst::SetGlobal(a, id) => {
                let value = std::mem::take(&mut reg!(a));
                let old = std::mem::replace(&mut core.globals[usize::from(id)], value);
                core.heap.release(old);
            }
            Inst::Closure(a, b, count) => {
                let closure = core.make_closure(FunctionId(extra!()), regs, b, count);
                put!(a, closure);
            }

            // Calls.
            Inst::Call(a, b, count) => {
                let entry = *some!(core.entries.get(extra!() as usize));
                if entry.n_exact != count {
                    slow!();
                }
                let base = room!();
                enter!(base, entry, Value::NULL, b.0, count, a);
            }
            Inst::CallValue(a, b, count) => {
                let (id, closure) = some!(core.plain_function(reg!(b)));
                let entry = core.entries[id.index()];
                if entry.n_exact != count {
                    slow!();
                }
                let base = room!();
                // The closure moves from the window into the fiber.
                reg!(b) = Value::NULL;
                enter!(base, entry, closure, b.0 + 1, count, a);
            }
            Inst::Offer(a, b, count) => {
                let (id, closure) = some!(core.plain_function(reg!(b)));
                let entry = core.entries[id.index()];
                // 255 with a rest parameter.
                if entry.n_exact > count {
                    slow!();
                }
                let base = room!();
                reg!(b) = Value::NULL;
                for extra in entry.n_exact..count {
                    put!(Reg(b.0 + 1 + extra), Value::NULL);
                }
                enter!(base, entry, closure, b.0 + 1, entry.n_exact, a);
            }
            Inst::CallNative(a, b, 1) => {
                let result = some!(natives::of_number(NativeId(extra!()), reg!(b)));
                reg!(b) = Value::NULL;
                number!(a, result);
            }
            Inst::Return(a) => {
                let value = std::mem::take(&mut reg!(a));
                finish!(value);
            }
            Inst::ReturnNull() => finish!(Value::NULL),

            Inst::Pow(..)
            | Inst::ToNumber(..)
            | Inst::Typeof(..)
            | Inst::Truthy(..)
            | Inst::InstanceOf(..)
            | Inst::In(..)
            | Inst::ValueOf(..)
            | Inst::ToConfident(..)
            | Inst::Inherit(..)
            | Inst::Product(..)
            | Inst::Scale(..)
            | Inst::ConfidentAnd(..)
            | Inst::ConfidentOr(..)
            | Inst::Chain(..)
            | Inst::MoreConfident(..)
            | Inst::AtLeast(..)
            | Inst::Concat(..)
            | Inst::ArraySpread(..)
            | Inst::ArrayRest(..)
            | Inst::PickIndex(..)
            | Inst::PickIndexMaybe(..)
            | Inst::ObjectSpread(..)
            | Inst::ObjectRest(..)
            | Inst::PickField(..)
            | Inst::PickFieldMaybe(..)
            | Inst::GetFieldAs(..)
            | Inst::GetIndexOptional(..)
            | Inst::PushPath(..)
            | Inst::SetPathCell(..)
            | Inst::PushPathCell(..)
            | Inst::SetPathCaptured(..)
            | Inst::PushPathCaptured(..)
            | Inst::SetPathGlobal(..)
            | Inst::PushPathGlobal(..)
            | Inst::Items(..)
            | Inst::NewCell(..)
            | Inst::CallNamed(..)
            | Inst::CallArray(..)
            | Inst::CallMethod(..)
            | Inst::CallMethodArray(..)
            | Inst::CallNative(..)
            | Inst::CallNativeArray(..)
            | Inst::Throw(..)
            | Inst::Rethrow(..)
            | Inst::UnknownName()
            | Inst::Perform(..)
            | Inst::Spawn(..)
            | Inst::Join(..)
            | Inst::JoinAny(..)
            | Inst::Cancel(..)
            | Inst::Await(..)
            | Inst::Handle(..)
            | Inst::Resume(..)
            | Inst::Arg(..) => slow!(),
        }
    }
}
