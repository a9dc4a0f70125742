//! The loop: one arm per opcode, in the order of the opcode table.
//!
//! An arm does what is frequent and cannot fail. Anything else it leaves to `slow`, before it has
//! changed anything. So hardly anything here calls a function and goes on with its operands
//! afterwards, and the compiler has registers for the state of the loop.

use std::hint::cold_path;

use prism_bytecode::{Entry, FunctionId, KeysId, Kind, NativeId, Ready, Reg, Step, StrId};

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
    // The stack grows outside of this loop only.
    let n_slots = fiber.stack.len();
    let mut regs = window(&mut fiber.stack, fiber.base);
    // What comes after the step.
    let mut rest = code.get(fiber.pc as usize..).unwrap_or_default().iter();
    'run: loop {
        macro_rules! pc {
            () => {
                code.len() - rest.len()
            };
        }
        // Verified code does not end here; `slow` says so.
        macro_rules! end {
            () => {{
                cold_path();
                fiber.pc = u32::MAX;
                return Next::Slow;
            }};
        }
        macro_rules! go {
            ($pc:expr) => {{
                let Some(there) = code.get($pc..) else { end!() };
                rest = there.iter();
            }};
        }
        macro_rules! skip {
            () => {{
                if rest.next().is_none() {
                    end!();
                }
            }};
        }
        let Some(mut ready) = rest.next() else { end!() };
        macro_rules! slow {
            () => {{
                cold_path();
                fiber.pc = code.element_offset(ready).unwrap_or(code.len()) as u32;
                return Next::Slow;
            }};
        }
        machinery!($ core fiber regs ready);

        words!($ core regs);
        // The register that the word of the step names.
        macro_rules! word {
            () => {
                regs[usize::from(ready.word as u8)]
            };
        }
        // Goes on with the next instruction, which the step is about as well.
        macro_rules! follow {
            () => {{
                let Some(next) = rest.next() else { end!() };
                ready = next;
            }};
        }
        // Computes with an element, and skips the instruction that would; if that is not for
        // numbers, only gets the element.
        macro_rules! element {
            ($a:expr, $b:expr, $c:expr, $f:expr) => {{
                let item = some!(core.heap.element(reg!($b), reg!($c)));
                let result: f64 = $f(word!().raw(), item.raw());
                if result.is_nan() {
                    cold_path();
                    held!($a, item);
                } else {
                    skip!();
                    number!($a, result);
                }
            }};
        }
        // Two computations; if the second is not for numbers, only the first.
        macro_rules! pair {
            ($a:expr, $b:expr, $c:expr, $first:expr, $d:expr, $second:expr) => {{
                let (x, y) = (reg!($b).raw(), reg!($c).raw());
                let result: f64 = $second($d.raw(), $first(x, y));
                if result.is_nan() {
                    cold_path();
                    arith!($a, reg!($b), reg!($c), $first);
                } else {
                    skip!();
                    number!($a, result);
                }
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
        // Appends to an array.
        macro_rules! push {
            ($a:expr, $b:expr) => {{
                let item = std::mem::take(&mut reg!($b));
                let target = reg!($a);
                let Some(items) = core.heap.arrays.find_unique(target.in_arrays()) else {
                    reg!($b) = item;
                    slow!();
                };
                if items.len() < items.capacity() {
                    items.push(item);
                } else {
                    cold_path();
                    core.heap.push(target, item);
                }
            }};
        }
        // The end of a loop over an array.
        macro_rules! each {
            ($a:expr, $b:expr) => {{
                let index = Reg($b.0 + 1);
                let next = reg!(index).raw() + 1.0;
                let items = some!(core.heap.array(reg!($b)));
                let item = integer(next).and_then(|next| items.get(next as usize).copied());
                match item {
                    Some(item) => {
                        held!($a, item);
                        number!(index, next);
                        branch!(true);
                    }
                    None => branch!(false),
                }
            }};
        }
        // Makes a function the running one whose parameters are exactly the registers of a window,
        // if there is room for it, and fuel.
        macro_rules! enter {
            ($entry:expr, $closure:expr, $first:expr, $count:expr, $dst:expr, $prepare:block) => {{
                let (entry, first): (&Entry, u8) = ($entry, $first);
                let Entry { start, n_regs, .. } = *entry;
                let base = fiber.base as usize + usize::from(fiber.n_regs);
                let n_frames = fiber.frames.len();
                if core.heap.fuel == 0 || n_slots < base + 256 {
                    slow!();
                }
                if n_frames >= core.limits.depth as usize || n_frames == fiber.frames.capacity() {
                    slow!();
                }
                fiber.frames.push(Frame {
                    pc: pc!() as u32,
                    base: fiber.base,
                    closure: fiber.closure,
                    confidence: PLAIN_CALL,
                    n_regs: fiber.n_regs,
                    dst: $dst,
                    kind: FrameKind::Call,
                });
                core.heap.fuel -= 1;
                $prepare
                // Most calls have one argument.
                if $count == 1 {
                    let only = std::mem::take(&mut regs[usize::from(first)]);
                    regs = window(&mut fiber.stack, base as u32);
                    regs[0] = only;
                } else {
                    let from = fiber.base as usize + usize::from(first);
                    move_args(&mut fiber.stack, from, base, $count);
                    regs = window(&mut fiber.stack, base as u32);
                }
                fiber.base = base as u32;
                fiber.n_regs = n_regs;
                fiber.closure = $closure;
                go!(start as usize);
            }};
        }

        let result = 'value: {
            match ready.step {
                // Loads and moves.
                Step::LoadNull(a) => plain!(a, Value::NULL),
                Step::LoadTrue(a) => plain!(a, Value::TRUE),
                Step::LoadFalse(a) => plain!(a, Value::FALSE),
                Step::LoadMissing(a) => plain!(a, Value::MISSING),
                Step::LoadInt(a, number) => number!(a, f64::from(number)),
                Step::LoadConst(a, id) => held!(a, core.constants[usize::from(id)]),
                Step::LoadConstWide(a) => held!(a, core.constants[extra!() as usize]),
                Step::LoadNative(a, id) => plain!(a, Value::native(NativeId(u32::from(id)))),
                Step::Move(a, b) => {
                    let value = std::mem::take(&mut reg!(b));
                    put!(a, value);
                }
                Step::Copy(a, b) => held!(a, reg!(b)),
                Step::CopyCopy(a, b) => {
                    held!(a, reg!(b));
                    follow!();
                    let (Step::Copy(a, b) | Step::CopyCopy(a, b) | Step::CopyMove(a, b)) =
                        ready.step
                    else {
                        slow!()
                    };
                    held!(a, reg!(b));
                }
                Step::CopyMove(a, b) => {
                    held!(a, reg!(b));
                    follow!();
                    let Step::Move(a, b) = ready.step else { slow!() };
                    let value = std::mem::take(&mut reg!(b));
                    put!(a, value);
                }
                Step::LoadIntEqual(a, number) => {
                    number!(a, f64::from(number));
                    follow!();
                    match ready.step {
                        Step::Equal(a, b, c) | Step::Same(a, b, c) => {
                            let same = same!(reg!(b), reg!(c));
                            plain!(a, Value::bool(same));
                        }
                        Step::ReturnEqual(_, b, c) => {
                            let same = same!(reg!(b), reg!(c));
                            break 'value Value::bool(same);
                        }
                        _ => slow!(),
                    }
                }
                Step::Settle(a) => {
                    if reg!(a) == Value::MISSING {
                        reg!(a) = Value::NULL;
                    }
                }

                // Arithmetic.
                Step::Add(a, b, c) => add!(a, b, reg!(c)),
                Step::Sub(a, b, c) => arith!(a, reg!(b), reg!(c), |x, y| x - y),
                Step::Mul(a, b, c) => arith!(a, reg!(b), reg!(c), |x, y| x * y),
                Step::Div(a, b, c) => divide!(a, reg!(b), reg!(c), |x, y| x / y),
                Step::Rem(a, b, c) => divide!(a, reg!(b), reg!(c), remainder),
                Step::AddI(a, b, c) => add!(a, b, imm!(c)),
                Step::SubI(a, b, c) => arith!(a, reg!(b), imm!(c), |x, y| x - y),
                Step::MulI(a, b, c) => arith!(a, reg!(b), imm!(c), |x, y| x * y),
                Step::DivI(a, b, c) => divide!(a, reg!(b), imm!(c), |x, y| x / y),
                Step::RemI(a, b, c) => rem_i!(a, b, c),
                Step::AddK(a, b) => add!(a, b, core.constants[extra!() as usize]),
                Step::SubK(a, b) => {
                    arith!(a, reg!(b), core.constants[extra!() as usize], |x, y| x - y);
                }
                Step::MulK(a, b) => {
                    arith!(a, reg!(b), core.constants[extra!() as usize], |x, y| x * y);
                }
                Step::DivK(a, b) => {
                    divide!(a, reg!(b), core.constants[extra!() as usize], |x, y| x / y);
                }
                Step::RemK(a, b) => {
                    divide!(a, reg!(b), core.constants[extra!() as usize], remainder);
                }
                Step::Neg(a, b) => {
                    let number = -reg!(b).raw();
                    if number.is_nan() {
                        slow!();
                    }
                    number!(a, number);
                }
                Step::Not(a, b) => {
                    let truth = truthy!(reg!(b));
                    plain!(a, Value::bool(!truth));
                }

                Step::MulAdd(a, b, c) => pair!(a, b, c, |x, y| x * y, word!(), |d, x| d + x),
                Step::MulSub(a, b, c) => pair!(a, b, c, |x, y| x * y, word!(), |d, x| d - x),
                Step::MulMul(a, b, c) => pair!(a, b, c, |x, y| x * y, word!(), |d, x| d * x),
                Step::MulDivI(a, b, c) => {
                    pair!(a, b, c, |x, y| x * y, imm!(ready.word), |d, x| match d {
                        0.0 => f64::NAN,
                        _ => x / d,
                    });
                }
                Step::AddAddI(a, b, c) => {
                    let sum = reg!(b).raw() + reg!(c).raw();
                    let result = sum + f64::from(ready.word);
                    if result.is_nan() {
                        cold_path();
                        add!(a, b, reg!(c));
                    } else {
                        skip!();
                        number!(a, result);
                    }
                }
                Step::AddForLess(a, b, c) => {
                    add!(a, b, reg!(c));
                    follow!();
                    let Step::ForLess(a, b, c) = ready.step else { slow!() };
                    count!(a, b, c, <, >=);
                }
                Step::RemIJumpNotEqualI(a, b, c) => {
                    rem_i!(a, b, c);
                    follow!();
                    let Step::JumpNotEqualI(a, b) = ready.step else { slow!() };
                    branch!(!same_small!(reg!(a), b));
                }
                Step::LoadIntDiv(a, number) => {
                    number!(a, f64::from(number));
                    follow!();
                    let (Step::Div(a, b, c) | Step::ReturnDiv(a, b, c)) = ready.step else {
                        slow!()
                    };
                    divide!(a, reg!(b), reg!(c), |x, y| x / y);
                }

                // Comparison to a boolean.
                Step::Equal(a, b, c) | Step::Same(a, b, c) => {
                    let same = same!(reg!(b), reg!(c));
                    plain!(a, Value::bool(same));
                }
                Step::NotEqual(a, b, c) | Step::NotSame(a, b, c) => {
                    let same = same!(reg!(b), reg!(c));
                    plain!(a, Value::bool(!same));
                }
                Step::Less(a, b, c) => compare!(a, b, c, <),
                Step::LessEq(a, b, c) => compare!(a, b, c, <=),
                Step::Greater(a, b, c) => compare!(a, b, c, >),
                Step::GreaterEq(a, b, c) => compare!(a, b, c, >=),

                // Jumps.
                Step::Jump(_) => jump!(),
                Step::JumpForLess(_) => {
                    go!(ready.word.cast_unsigned() as usize);
                    follow!();
                    let Step::ForLess(a, b, c) = ready.step else { slow!() };
                    count!(a, b, c, <, >=);
                }
                Step::JumpIf(a, _) => {
                    if truthy!(reg!(a)) {
                        jump!();
                    }
                }
                Step::JumpUnless(a, _) => {
                    if !truthy!(reg!(a)) {
                        jump!();
                    }
                }
                Step::JumpNull(a, _) => {
                    if core.heap.plain(reg!(a)).is_null() {
                        jump!();
                    }
                }
                Step::JumpNotNull(a, _) => {
                    if !core.heap.plain(reg!(a)).is_null() {
                        jump!();
                    }
                }
                Step::JumpGiven(a, _) => {
                    if reg!(a) != Value::MISSING {
                        jump!();
                    }
                }
                Step::JumpLess(a, b) => branch!(test!(reg!(a), reg!(b), <, >=)),
                Step::JumpLessEq(a, b) => branch!(test!(reg!(a), reg!(b), <=, >)),
                Step::JumpGreater(a, b) => branch!(test!(reg!(a), reg!(b), >, <=)),
                Step::JumpGreaterEq(a, b) => branch!(test!(reg!(a), reg!(b), >=, <)),
                Step::JumpNotLess(a, b) => branch!(test!(reg!(a), reg!(b), >=, <)),
                Step::JumpNotLessEq(a, b) => branch!(test!(reg!(a), reg!(b), >, <=)),
                Step::JumpNotGreater(a, b) => branch!(test!(reg!(a), reg!(b), <=, >)),
                Step::JumpNotGreaterEq(a, b) => branch!(test!(reg!(a), reg!(b), <, >=)),
                Step::JumpLessI(a, b) => branch!(test!(reg!(a), imm!(b), <, >=)),
                Step::JumpLessEqI(a, b) => branch!(test!(reg!(a), imm!(b), <=, >)),
                Step::JumpGreaterI(a, b) => branch!(test!(reg!(a), imm!(b), >, <=)),
                Step::JumpGreaterEqI(a, b) => branch!(test!(reg!(a), imm!(b), >=, <)),
                Step::JumpNotLessI(a, b) => branch!(test!(reg!(a), imm!(b), >=, <)),
                Step::JumpNotLessEqI(a, b) => branch!(test!(reg!(a), imm!(b), >, <=)),
                Step::JumpNotGreaterI(a, b) => branch!(test!(reg!(a), imm!(b), <=, >)),
                Step::JumpNotGreaterEqI(a, b) => branch!(test!(reg!(a), imm!(b), <, >=)),
                Step::JumpEqual(a, b) | Step::JumpSame(a, b) => branch!(same!(reg!(a), reg!(b))),
                Step::JumpNotEqual(a, b) | Step::JumpNotSame(a, b) => {
                    branch!(!same!(reg!(a), reg!(b)));
                }
                Step::JumpEqualI(a, b) | Step::JumpSameI(a, b) => branch!(same_small!(reg!(a), b)),
                Step::JumpNotEqualI(a, b) | Step::JumpNotSameI(a, b) => {
                    branch!(!same_small!(reg!(a), b));
                }
                Step::JumpKind(a, kind) => branch!(kind!(reg!(a)) as u8 == kind),
                Step::JumpNotKind(a, kind) => branch!(kind!(reg!(a)) as u8 != kind),
                Step::JumpConfident(a, b) => {
                    branch!(test!(Value::number(core.confidence_of(reg!(a))), reg!(b), >=, <));
                }
                Step::JumpNotConfident(a, b) => {
                    branch!(test!(Value::number(core.confidence_of(reg!(a))), reg!(b), <, >=));
                }
                Step::ForLess(a, b, c) => count!(a, b, c, <, >=),
                Step::ForLessEq(a, b, c) => count!(a, b, c, <=, >),
                Step::ForEach(a, b) => each!(a, b),

                // Confidence.
                Step::Annotate(a, b, c) => {
                    if !core.annotate_plain(regs, a, b, c) {
                        slow!();
                    }
                }
                Step::ValueOf(a, b) => held!(a, core.heap.plain(reg!(b))),
                Step::ConfidenceOf(a, b) => number!(a, core.confidence_of(reg!(b))),

                // Text, arrays, objects.
                Step::NewArray(a, b, count) => {
                    let array = core.make_array(regs, b, count);
                    put!(a, array);
                }
                Step::ArrayPush(a, b) => push!(a, b),
                Step::ArrayPushForEach(a, b) => {
                    push!(a, b);
                    follow!();
                    let Step::ForEach(a, b) = ready.step else { slow!() };
                    each!(a, b);
                }
                Step::Length(a, b) => number!(a, core.length(reg!(b)) as f64),
                Step::NewObject(a, b) => {
                    let cache = pc!();
                    let object = core.make_object(KeysId(extra!()), regs, b, cache);
                    put!(a, object);
                }
                Step::SetField(a, b) => {
                    let value = std::mem::take(&mut reg!(b));
                    let target = reg!(a);
                    let [shape, place, next] = core.caches[pc!()];
                    let place = place as usize;
                    match core.heap.objects.find_unique(target.in_objects()) {
                        Some(object) if object.keys == shape && next == shape => {
                            let old = std::mem::replace(object.field_mut(place), value);
                            core.heap.release(old);
                        }
                        Some(object) if object.keys == shape && next != 0 => {
                            object.keys = next;
                            core.heap.add_field(target, place, value);
                        }
                        _ => {
                            reg!(b) = value;
                            slow!();
                        }
                    }
                    skip!();
                }
                Step::GetField(a, b) => {
                    let source = reg!(b);
                    let cache = pc!();
                    skip!();
                    if let Some(object) = core.heap.find_object(source) {
                        let [shape, place, _] = core.caches[cache];
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
                Step::GetIndex(a, b, c) => held!(a, some!(core.heap.element(reg!(b), reg!(c)))),
                // An element that is only the way to a part of it needs no holder meanwhile.
                Step::ElementElement(a, b, c) => {
                    let mut item = some!(core.heap.element(reg!(b), reg!(c)));
                    if let Some(inner) = core.heap.element(item, word!()) {
                        skip!();
                        item = inner;
                    }
                    held!(a, item);
                }
                Step::ElementField(a, b, c) => {
                    let mut item = some!(core.heap.element(reg!(b), reg!(c)));
                    if let Some(object) = core.heap.find_object(item) {
                        let [shape, place, _] = core.caches[pc!() + 1];
                        if object.keys == shape {
                            rest.nth(1);
                            item = object.field(place as usize);
                        }
                    }
                    held!(a, item);
                }
                Step::ElementAdd(a, b, c) => element!(a, b, c, |x, y| x + y),
                Step::ElementSub(a, b, c) => element!(a, b, c, |x, y| x - y),
                Step::ElementMul(a, b, c) => element!(a, b, c, |x, y| x * y),
                Step::GetIndexI(a, b, c) => held!(a, some!(core.heap.element(reg!(b), imm!(c)))),
                Step::SetIndex(a, b, c) => {
                    let value = std::mem::take(&mut reg!(c));
                    let (target, index) = (reg!(a), reg!(b));
                    if let Some(item) = core.heap.element_mut(target, index) {
                        let old = std::mem::replace(item, value);
                        core.heap.release(old);
                    } else {
                        reg!(c) = value;
                        slow!();
                    }
                }
                Step::SetPath(a, b, count) => {
                    if count != 2 || !core.set_part(reg!(a), regs, b, pc!() - 1) {
                        slow!();
                    }
                }

                // Variables that functions share.
                Step::CellGet(a, b) => {
                    let value = some!(core.heap.cell(reg!(b)));
                    if value == Value::MISSING {
                        slow!();
                    }
                    held!(a, value);
                }
                Step::CellSet(a, b) => {
                    let cell = some!(core.heap.cell_mut(reg!(a)));
                    let old = std::mem::replace(cell, std::mem::take(&mut reg!(b)));
                    core.heap.release(old);
                }
                Step::Captured(a, index) => held!(a, some!(core.capture(fiber.closure, index))),
                Step::CapturedGet(a, index) => {
                    let cell = some!(core.capture(fiber.closure, index));
                    let value = some!(core.heap.cell(cell));
                    if value == Value::MISSING {
                        slow!();
                    }
                    held!(a, value);
                }
                Step::CapturedSet(index, b) => {
                    let cell = some!(core.capture(fiber.closure, index));
                    let cell = some!(core.heap.cell_mut(cell));
                    let old = std::mem::replace(cell, std::mem::take(&mut reg!(b)));
                    core.heap.release(old);
                }
                Step::GetGlobal(a, id) => {
                    let value = core.globals[usize::from(id)];
                    if value == Value::MISSING {
                        slow!();
                    }
                    held!(a, value);
                }
                Step::SetGlobal(a, id) => {
                    let value = std::mem::take(&mut reg!(a));
                    let old = std::mem::replace(&mut core.globals[usize::from(id)], value);
                    core.heap.release(old);
                }
                Step::Closure(a, b, count) => {
                    let closure = core.make_closure(FunctionId(extra!()), regs, b, count);
                    put!(a, closure);
                }

                // Calls.
                Step::Call(a, b, count) => {
                    let entry = some!(core.entries.get(extra!() as usize));
                    if entry.n_exact != count {
                        slow!();
                    }
                    enter!(entry, Value::NULL, b.0, count, a, {});
                }
                Step::CallValue(a, b, count) => {
                    let (id, closure) = some!(core.plain_function(reg!(b)));
                    let entry = &core.entries[id.index()];
                    if entry.n_exact != count {
                        slow!();
                    }
                    // The closure moves from the window into the fiber.
                    enter!(entry, closure, b.0 + 1, count, a, { reg!(b) = Value::NULL });
                }
                Step::Offer(a, b, count) => {
                    let (id, closure) = some!(core.plain_function(reg!(b)));
                    let entry = &core.entries[id.index()];
                    let exact = entry.n_exact;
                    // 255 with a rest parameter.
                    if exact > count {
                        slow!();
                    }
                    enter!(entry, closure, b.0 + 1, exact, a, {
                        reg!(b) = Value::NULL;
                        for extra in exact..count {
                            put!(Reg(b.0 + 1 + extra), Value::NULL);
                        }
                    });
                }
                Step::CallNative(a, b, 1) => {
                    let result = some!(natives::of_number(NativeId(extra!()), reg!(b)));
                    reg!(b) = Value::NULL;
                    number!(a, result);
                }
                Step::ReturnAdd(a, b, c) => {
                    let sum = reg!(b).raw() + reg!(c).raw();
                    if !sum.is_nan() {
                        break 'value Value::number(sum);
                    }
                    cold_path();
                    add!(a, b, reg!(c));
                }
                Step::ReturnSub(a, b, c) => {
                    let result = reg!(b).raw() - reg!(c).raw();
                    if !result.is_nan() {
                        break 'value Value::number(result);
                    }
                    cold_path();
                    arith!(a, reg!(b), reg!(c), |x, y| x - y);
                }
                Step::ReturnDiv(a, b, c) => {
                    let (x, y) = (reg!(b).raw(), reg!(c).raw());
                    let result = x / y;
                    if !result.is_nan() && y != 0.0 {
                        break 'value Value::number(result);
                    }
                    cold_path();
                    divide!(a, reg!(b), reg!(c), |x, y| x / y);
                }
                Step::ReturnEqual(_, b, c) => {
                    let same = same!(reg!(b), reg!(c));
                    break 'value Value::bool(same);
                }
                Step::Return(a) => {
                    break 'value std::mem::take(&mut reg!(a));
                }
                Step::ReturnNull() => break 'value Value::NULL,

                Step::Pow(..)
                | Step::ToNumber(..)
                | Step::Typeof(..)
                | Step::Truthy(..)
                | Step::InstanceOf(..)
                | Step::In(..)
                | Step::ToConfident(..)
                | Step::Inherit(..)
                | Step::Product(..)
                | Step::Scale(..)
                | Step::ConfidentAnd(..)
                | Step::ConfidentOr(..)
                | Step::Chain(..)
                | Step::MoreConfident(..)
                | Step::AtLeast(..)
                | Step::Concat(..)
                | Step::ArraySpread(..)
                | Step::ArrayRest(..)
                | Step::PickIndex(..)
                | Step::PickIndexMaybe(..)
                | Step::ObjectSpread(..)
                | Step::ObjectRest(..)
                | Step::PickField(..)
                | Step::PickFieldMaybe(..)
                | Step::GetFieldAs(..)
                | Step::GetIndexOptional(..)
                | Step::PushPath(..)
                | Step::SetPathCell(..)
                | Step::PushPathCell(..)
                | Step::SetPathCaptured(..)
                | Step::PushPathCaptured(..)
                | Step::SetPathGlobal(..)
                | Step::PushPathGlobal(..)
                | Step::Items(..)
                | Step::NewCell(..)
                | Step::CallNamed(..)
                | Step::CallArray(..)
                | Step::CallMethod(..)
                | Step::CallMethodArray(..)
                | Step::CallNative(..)
                | Step::CallNativeArray(..)
                | Step::Throw(..)
                | Step::Rethrow(..)
                | Step::UnknownName()
                | Step::Perform(..)
                | Step::Spawn(..)
                | Step::Join(..)
                | Step::JoinAny(..)
                | Step::Cancel(..)
                | Step::Await(..)
                | Step::Handle(..)
                | Step::Resume(..)
                | Step::Arg(..) => slow!(),
            }
            continue 'run;
        };
        finish!(result);
    }
}
