//! One instruction, the long way: what may fail, call other rooms, stop the fiber, or is rare.
//!
//! The arms are in the order of the opcode table. What `quick` has tried is not tried again.

use prism_bytecode::{
    FunctionId, GlobalId, HandlerId, Inst, KeysId, Kind, MemberMode, NativeId, Ready, SiteId, Step,
    StrId,
};

use std::hint::cold_path;

use super::stop::{Ask, Exit, Next, end_segment, go_back};
use super::window::window;
use crate::arith::{Arith, Compare};
use crate::calls::Match;
use crate::confidence::ConfidentOp;
use crate::core::{Core, take_window};
use crate::errors::{Limit, Problem, Raise};
use crate::fiber::{Fiber, FrameKind};
use crate::heap::Other;
use crate::tier::Left;
use crate::update::Leaf;
use crate::value::Value;

/// Runs the instruction at the fiber's place.
#[inline(never)]
#[expect(clippy::too_many_lines, reason = "one arm per opcode, in the order of the table")]
pub(super) fn slow(core: &mut Core, fiber: &mut Fiber, code: &[Ready]) -> Next {
    let at = fiber.pc as usize;
    let mut pc = at + 1;
    let mut regs = window(&mut fiber.stack, fiber.base);

    // The state in the fiber must be true whenever somebody else looks at it.
    macro_rules! pc {
        () => {
            pc
        };
    }
    macro_rules! go {
        ($pc:expr) => {
            pc = $pc
        };
    }
    macro_rules! skip {
        () => {
            pc += 1
        };
    }
    macro_rules! save {
        () => {
            fiber.pc = pc as u32
        };
    }
    macro_rules! raise {
        ($raise:expr) => {{
            let raise = $raise;
            save!();
            if matches!(raise, Raise::Throw(_)) {
                core.trace(fiber);
            }
            return Next::Raise(raise);
        }};
    }
    macro_rules! tri {
        ($result:expr) => {
            match $result {
                Ok(value) => value,
                Err(raise) => raise!(raise),
            }
        };
    }
    macro_rules! fault {
        ($what:expr) => {
            raise!(Raise::Limit(Limit::Fault($what)))
        };
    }
    let ready = match code.get(at) {
        Some(ready) => *ready,
        None => fault!("the code has no end"),
    };
    // A step that is more than its instruction begins with it.
    let inst = match ready.step {
        Step::Arg(word) => Inst::Arg(word),
        _ => core.program.code()[at],
    };
    machinery!($ core fiber regs ready);

    macro_rules! done {
        ($reg:expr, $result:expr) => {{
            let value = tri!($result);
            put!($reg, value);
        }};
    }
    macro_rules! arith {
        ($op:ident, $a:expr, $x:expr, $y:expr) => {
            done!($a, core.arith(Arith::$op, $x, $y))
        };
    }
    // A text in the register that gets the sum may grow in place.
    macro_rules! add {
        ($a:expr, $b:expr, $y:expr) => {{
            let (x, y): (Value, Value) = (reg!($b), $y);
            if $a == $b && x.is_text() {
                reg!($a) = Value::NULL;
                reg!($a) = tri!(core.add_onto(x, y));
            } else {
                arith!(Add, $a, x, y);
            }
        }};
    }
    macro_rules! constant {
        () => {
            core.constants[extra!() as usize]
        };
    }
    macro_rules! compare {
        ($op:ident, $a:expr, $b:expr, $c:expr) => {
            done!($a, core.compare_value(Compare::$op, reg!($b), reg!($c)))
        };
    }
    macro_rules! test {
        ($op:ident, $x:expr, $y:expr) => {
            tri!(core.compare(Compare::$op, $x, $y))
        };
    }
    macro_rules! confident {
        ($op:ident, $a:expr, $b:expr, $c:expr) => {
            done!($a, core.confident_op(ConfidentOp::$op, reg!($b), reg!($c)))
        };
    }
    // The values of a window, taken.
    macro_rules! taken {
        ($first:expr, $count:expr) => {
            take_window(regs, usize::from($first.0), $count)
        };
    }
    macro_rules! call {
        ($callee:expr, $args:expr, $how:expr, $dst:expr) => {{
            let (callee, args) = ($callee, $args);
            save!();
            tri!(core.call(fiber, callee, args, $how, $dst));
            return Next::Reload;
        }};
    }
    macro_rules! call_value {
        ($a:expr, $b:expr, $count:expr, $how:expr) => {{
            let target = tri!(core.callee(reg!($b)));
            let mut args = taken!($b, $count + 1);
            core.heap.release(args.remove(0));
            call!(target, args, $how, $a);
        }};
    }
    macro_rules! ask {
        ($dst:expr, $ask:expr) => {{
            let ask = $ask;
            save!();
            fiber.dst = $dst;
            return Next::Exit(Exit::Ask(ask));
        }};
    }
    // An update of a variable that is not a register: taken out, updated, put back.
    macro_rules! update_cell {
        ($cell:expr, $first:expr, $count:expr, $leaf:expr) => {{
            let cell: Value = $cell;
            let Some(mut root) = core.heap.swap_cell(cell, Value::NULL) else {
                fault!("an update of what is no cell")
            };
            let result = core.update_window(&mut root, regs, $first, $count, $leaf);
            core.heap.swap_cell(cell, root);
            tri!(result);
        }};
    }
    macro_rules! update_global {
        ($first:expr, $count:expr, $leaf:expr) => {{
            let global = GlobalId(extra!());
            let mut root = std::mem::take(&mut core.globals[global.index()]);
            let result = core.update_window(&mut root, regs, $first, $count, $leaf);
            core.globals[global.index()] = root;
            tri!(result);
        }};
    }
    macro_rules! capture {
        ($index:expr) => {
            match core.capture(fiber.closure, $index) {
                Some(value) => value,
                None => fault!("a capture is missing"),
            }
        };
    }

    match inst {
        // Arithmetic.
        Inst::Add(a, b, c) => add!(a, b, reg!(c)),
        Inst::Sub(a, b, c) => arith!(Sub, a, reg!(b), reg!(c)),
        Inst::Mul(a, b, c) => arith!(Mul, a, reg!(b), reg!(c)),
        Inst::Div(a, b, c) => arith!(Div, a, reg!(b), reg!(c)),
        Inst::Rem(a, b, c) => arith!(Rem, a, reg!(b), reg!(c)),
        Inst::Pow(a, b, c) => arith!(Pow, a, reg!(b), reg!(c)),
        Inst::AddI(a, b, c) => add!(a, b, imm!(c)),
        Inst::SubI(a, b, c) => arith!(Sub, a, reg!(b), imm!(c)),
        Inst::MulI(a, b, c) => arith!(Mul, a, reg!(b), imm!(c)),
        Inst::DivI(a, b, c) => arith!(Div, a, reg!(b), imm!(c)),
        Inst::RemI(a, b, c) => arith!(Rem, a, reg!(b), imm!(c)),
        Inst::AddK(a, b) => add!(a, b, constant!()),
        Inst::SubK(a, b) => arith!(Sub, a, reg!(b), constant!()),
        Inst::MulK(a, b) => arith!(Mul, a, reg!(b), constant!()),
        Inst::DivK(a, b) => arith!(Div, a, reg!(b), constant!()),
        Inst::RemK(a, b) => arith!(Rem, a, reg!(b), constant!()),
        Inst::Neg(a, b) => done!(a, core.negate(reg!(b))),
        Inst::ToNumber(a, b) => {
            let value = core.number_of(reg!(b));
            put!(a, value);
        }
        Inst::Typeof(a, b) => {
            let name = core.type_name(reg!(b)).0;
            let value = core.heap.new_text(name);
            put!(a, value);
        }
        Inst::Truthy(a, b) => {
            let truth = core.truthy(reg!(b));
            put!(a, Value::bool(truth));
        }

        // Comparison to a boolean.
        Inst::Equal(a, b, c) => compare!(Equal, a, b, c),
        Inst::NotEqual(a, b, c) => compare!(NotEqual, a, b, c),
        Inst::Same(a, b, c) => compare!(Same, a, b, c),
        Inst::NotSame(a, b, c) => compare!(NotSame, a, b, c),
        Inst::Less(a, b, c) => compare!(Less, a, b, c),
        Inst::LessEq(a, b, c) => compare!(LessEq, a, b, c),
        Inst::Greater(a, b, c) => compare!(Greater, a, b, c),
        Inst::GreaterEq(a, b, c) => compare!(GreaterEq, a, b, c),
        Inst::InstanceOf(a, b, c) => {
            let is = tri!(core.instance_of(reg!(b), reg!(c)));
            put!(a, Value::bool(is));
        }
        Inst::In(a, b, c) => {
            let is = tri!(core.contains(reg!(b), reg!(c)));
            put!(a, Value::bool(is));
        }

        // Jumps.
        Inst::JumpLess(a, b) => branch!(test!(Less, reg!(a), reg!(b))),
        Inst::JumpLessEq(a, b) => branch!(test!(LessEq, reg!(a), reg!(b))),
        Inst::JumpGreater(a, b) => branch!(test!(Greater, reg!(a), reg!(b))),
        Inst::JumpGreaterEq(a, b) => branch!(test!(GreaterEq, reg!(a), reg!(b))),
        Inst::JumpNotLess(a, b) => branch!(!test!(Less, reg!(a), reg!(b))),
        Inst::JumpNotLessEq(a, b) => branch!(!test!(LessEq, reg!(a), reg!(b))),
        Inst::JumpNotGreater(a, b) => branch!(!test!(Greater, reg!(a), reg!(b))),
        Inst::JumpNotGreaterEq(a, b) => branch!(!test!(GreaterEq, reg!(a), reg!(b))),
        Inst::JumpLessI(a, b) => branch!(test!(Less, reg!(a), imm!(b))),
        Inst::JumpLessEqI(a, b) => branch!(test!(LessEq, reg!(a), imm!(b))),
        Inst::JumpGreaterI(a, b) => branch!(test!(Greater, reg!(a), imm!(b))),
        Inst::JumpGreaterEqI(a, b) => branch!(test!(GreaterEq, reg!(a), imm!(b))),
        Inst::JumpNotLessI(a, b) => branch!(!test!(Less, reg!(a), imm!(b))),
        Inst::JumpNotLessEqI(a, b) => branch!(!test!(LessEq, reg!(a), imm!(b))),
        Inst::JumpNotGreaterI(a, b) => branch!(!test!(Greater, reg!(a), imm!(b))),
        Inst::JumpNotGreaterEqI(a, b) => branch!(!test!(GreaterEq, reg!(a), imm!(b))),
        Inst::JumpEqual(a, b) => branch!(test!(Equal, reg!(a), reg!(b))),
        Inst::JumpNotEqual(a, b) => branch!(test!(NotEqual, reg!(a), reg!(b))),
        Inst::JumpSame(a, b) => branch!(test!(Same, reg!(a), reg!(b))),
        Inst::JumpNotSame(a, b) => branch!(test!(NotSame, reg!(a), reg!(b))),
        Inst::JumpEqualI(a, b) => branch!(test!(Equal, reg!(a), imm!(b))),
        Inst::JumpNotEqualI(a, b) => branch!(test!(NotEqual, reg!(a), imm!(b))),
        Inst::JumpSameI(a, b) => branch!(test!(Same, reg!(a), imm!(b))),
        Inst::JumpNotSameI(a, b) => branch!(test!(NotSame, reg!(a), imm!(b))),
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
            branch!(test!(Less, reg!(a), reg!(b)));
        }
        Inst::ForLessEq(a, b, c) => {
            add!(a, a, imm!(c));
            branch!(test!(LessEq, reg!(a), reg!(b)));
        }
        Inst::ForEach(..) => fault!("no array to go through"),

        // Confidence.
        Inst::Annotate(a, b, c) => tri!(core.annotate(regs, a, b, c)),
        Inst::ValueOf(a, b) => {
            let value = core.heap.plain(reg!(b));
            core.heap.retain(value);
            put!(a, value);
        }
        Inst::ToConfident(a, b) => {
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
            let least = tri!(core.threshold(reg!(c)));
            put!(a, Value::bool(core.confidence_of(reg!(b)) >= least));
        }

        // Text, arrays, objects.
        Inst::Concat(a, b, count) => {
            let mut parts = taken!(b, count);
            let text = core.concat(&parts);
            core.release_all(&mut parts);
            put!(a, tri!(text));
        }
        Inst::ArrayPush(a, b) => {
            let item = std::mem::take(&mut reg!(b));
            tri!(core.push_array(&mut reg!(a), item));
        }
        Inst::ArraySpread(a, b) => {
            let source = core.heap.share(reg!(b));
            let result = core.spread_array(&mut reg!(a), source);
            core.heap.release(source);
            tri!(result);
        }
        Inst::ArrayRest(a, b, from) => done!(a, core.array_rest(reg!(b), from)),
        Inst::PickIndex(a, b, at) => done!(a, core.pick_index(reg!(b), at, Value::NULL)),
        Inst::PickIndexMaybe(a, b, at) => done!(a, core.pick_index(reg!(b), at, Value::MISSING)),
        Inst::SetField(a, b) => {
            let value = std::mem::take(&mut reg!(b));
            let key = StrId(extra!());
            tri!(core.set_field(&mut reg!(a), key, value, at + 1));
        }
        Inst::ObjectSpread(a, b) => {
            let source = core.heap.share(reg!(b));
            let result = core.spread_object(&mut reg!(a), source);
            core.heap.release(source);
            tri!(result);
        }
        Inst::ObjectRest(a, b) => done!(a, core.object_rest(reg!(b), KeysId(extra!()))),
        Inst::PickField(a, b) => done!(a, core.pick_field(reg!(b), StrId(extra!()), Value::NULL)),
        Inst::PickFieldMaybe(a, b) => {
            done!(a, core.pick_field(reg!(b), StrId(extra!()), Value::MISSING));
        }
        Inst::GetField(a, b) => done!(a, core.get_field(reg!(b), StrId(extra!()), at + 1)),
        Inst::GetFieldAs(a, b, mode) => {
            let key = StrId(extra!());
            let Some(mode) = MemberMode::from_u8(mode) else { fault!("an unknown mode") };
            done!(a, core.get_field_as(reg!(b), key, mode, at + 1));
        }
        Inst::GetIndex(a, b, c) => done!(a, core.get_index(reg!(b), reg!(c))),
        Inst::GetIndexI(a, b, c) => done!(a, core.get_index(reg!(b), imm!(c))),
        Inst::GetIndexOptional(a, b, c) => done!(a, core.get_index_optional(reg!(b), reg!(c))),
        Inst::SetIndex(a, b, c) => {
            let value = std::mem::take(&mut reg!(c));
            let index = reg!(b);
            let mut root = std::mem::take(&mut reg!(a));
            let result = core.update(&mut root, &[index], Leaf::Set, value);
            reg!(a) = root;
            tri!(result);
        }
        Inst::SetPath(a, b, count) => {
            let mut root = std::mem::take(&mut reg!(a));
            let result = core.update_window(&mut root, regs, b, count, Leaf::Set);
            put!(a, root);
            tri!(result);
        }
        Inst::PushPath(a, b, count) => {
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
        Inst::Items(a, b) => done!(a, core.items(reg!(b))),

        // Variables that functions share.
        Inst::NewCell(a, b) => {
            let value = std::mem::take(&mut reg!(b));
            let cell = core.heap.new_other(Other::Cell(value));
            put!(a, cell);
        }
        Inst::CellGet(_, b) => match core.heap.cell(reg!(b)) {
            Some(_) => raise!(core.uninitialised(None)),
            None => fault!("no cell to read"),
        },
        Inst::CellSet(..) => fault!("no cell to write"),
        Inst::Captured(..) => fault!("a capture is missing"),
        Inst::CapturedGet(_, index) => match core.heap.cell(capture!(index)) {
            Some(_) => raise!(core.uninitialised(None)),
            None => fault!("no cell to read"),
        },
        Inst::CapturedSet(index, _) => {
            capture!(index);
            fault!("no cell to write")
        }
        Inst::GetGlobal(_, id) => raise!(core.uninitialised(Some(GlobalId(u32::from(id))))),

        // Calls.
        Inst::Call(a, b, count) => {
            let id = FunctionId(extra!());
            if id.index() >= core.entries.len() {
                fault!("a function is missing")
            }
            let args = taken!(b, count);
            call!(crate::calls::direct(id), args, Match::Exact, a);
        }
        Inst::CallValue(a, b, count) => call_value!(a, b, count, Match::Exact),
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
        Inst::Offer(a, b, count) => call_value!(a, b, count, Match::Offer),
        Inst::CallMethod(a, b, count) => {
            let name = core.module_text(StrId(extra!())).clone();
            let target = tri!(core.method_callee(reg!(b), &name, at + 1));
            let mut args = taken!(b, count + 1);
            core.heap.release(args.remove(0));
            call!(target, args, Match::Exact, a);
        }
        Inst::CallMethodArray(a, b, c) => {
            let name = core.module_text(StrId(extra!())).clone();
            let target = tri!(core.method_callee(reg!(b), &name, at + 1));
            let args = tri!(core.spread_args(reg!(c)));
            call!(target, args, Match::Exact, a);
        }
        Inst::CallNative(a, b, count) => {
            let id = NativeId(extra!());
            let first = usize::from(b.0);
            let end = first + usize::from(count);
            let result = core.native(id, &mut regs[first..end]);
            for slot in &mut regs[first..end] {
                core.heap.release(std::mem::take(slot));
            }
            done!(a, result);
        }
        Inst::CallNativeArray(a, b) => {
            let id = NativeId(extra!());
            let mut args = tri!(core.spread_args(reg!(b)));
            let result = core.native(id, &mut args);
            core.release_all(&mut args);
            done!(a, result);
        }

        // Errors.
        Inst::Throw(a) => {
            let value = std::mem::take(&mut reg!(a));
            let error = tri!(core.thrown(value));
            raise!(Raise::Throw(error));
        }
        Inst::Rethrow(a) => {
            let value = std::mem::take(&mut reg!(a));
            save!();
            return Next::Raise(Raise::Throw(value));
        }
        Inst::UnknownName() => {
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
            let handler = HandlerId(extra!());
            let functions = taken!(b, count + 1);
            save!();
            tri!(core.install(fiber, handler, functions, a));
            return Next::Reload;
        }
        Inst::Resume(a, b, c) => {
            let value = std::mem::take(&mut reg!(c));
            let continuation = reg!(b);
            save!();
            tri!(core.resume_continuation(fiber, continuation, value, a));
            return Next::Reload;
        }
        // Verified code never comes here by itself: an entry of native code.
        Inst::Arg(_) if core.marked.is_some() => {
            pc = at;
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

        Inst::LoadNull(_)
        | Inst::LoadTrue(_)
        | Inst::LoadFalse(_)
        | Inst::LoadMissing(_)
        | Inst::LoadInt(..)
        | Inst::LoadConst(..)
        | Inst::LoadConstWide(_)
        | Inst::LoadNative(..)
        | Inst::Move(..)
        | Inst::Copy(..)
        | Inst::Settle(_)
        | Inst::Not(..)
        | Inst::Jump(_)
        | Inst::JumpIf(..)
        | Inst::JumpUnless(..)
        | Inst::JumpNull(..)
        | Inst::JumpNotNull(..)
        | Inst::JumpGiven(..)
        | Inst::ConfidenceOf(..)
        | Inst::NewArray(..)
        | Inst::Length(..)
        | Inst::NewObject(..)
        | Inst::SetGlobal(..)
        | Inst::Closure(..)
        | Inst::Return(_)
        | Inst::ReturnNull() => fault!("the quick loop does this by itself"),
    }
    save!();
    Next::Reload
}
