//! Arithmetic, comparisons, jumps.

use cranelift_codegen::ir::{
    Block, InstBuilder, MemFlagsData, Value,
    condcodes::{CondCode, FloatCC, IntCC},
    types,
};
use prism_vm::tier::{CONFIDENT_TAG, MISSING, NAN, NULL, TRUE};

use super::parts::Parts;
use super::{Emit, view};
use crate::flow::{Arith, Cond, Order, Plan, Src, added};
use crate::kinds::{Form, Kinds};
use crate::step::Math;

/// Added to an integer of less than 51 bits, this leaves the integer in the low bits of the sum:
/// 1.5 × 2⁵².
const SHIFT: f64 = 6_755_399_441_055_744.0;

/// What to multiply by instead of dividing by a power of two, which gives the same number.
fn inverse(divisor: Src) -> Option<f64> {
    let Src::Number(divisor) = divisor else { return None };
    let inverse = divisor.recip();
    let is_power = divisor.to_bits() << 12 == 0;
    (is_power && divisor.is_normal() && inverse.is_normal()).then_some(inverse)
}

fn code(order: Order) -> FloatCC {
    match order {
        Order::Less => FloatCC::LessThan,
        Order::LessEq => FloatCC::LessThanOrEqual,
        Order::Greater => FloatCC::GreaterThan,
        Order::GreaterEq => FloatCC::GreaterThanOrEqual,
        Order::Equal => FloatCC::Equal,
        Order::NotEqual => FloatCC::NotEqual,
    }
}

impl Emit<'_, '_> {
    /// A number with one NaN for all.
    pub(super) fn one_nan(&mut self, number: Value) -> Value {
        let nan = self.b.ins().f64const(f64::from_bits(NAN));
        let is_nan = self.b.ins().fcmp(FloatCC::Unordered, number, number);
        self.b.ins().select(is_nan, nan, number)
    }

    /// The bits of a number.
    pub(super) fn box_number(&mut self, number: Value) -> Value {
        let number = self.one_nan(number);
        self.b.ins().bitcast(types::I64, MemFlagsData::new(), number)
    }

    pub(super) fn arith(&mut self, op: Arith, to: u8, x: Src, y: Src) -> Value {
        let (a, b) = (self.number(x), self.number(y));
        let result = match op {
            Arith::Add => self.b.ins().fadd(a, b),
            Arith::Sub => self.b.ins().fsub(a, b),
            Arith::Mul => self.b.ins().fmul(a, b),
            Arith::Div => match inverse(y) {
                Some(inverse) => {
                    let inverse = self.number(Src::Number(inverse));
                    self.b.ins().fmul(a, inverse)
                }
                None => {
                    self.divisor(y, b);
                    self.b.ins().fdiv(a, b)
                }
            },
            Arith::Rem => {
                self.divisor(y, b);
                self.remainder(a, y, b)
            }
        };
        if let Some(by) = added(op, y)
            && let Some(&index) = self.known.whole.get(&a)
        {
            let by = self.b.ins().iconst(types::I64, by);
            let index = self.b.ins().iadd(index, by);
            self.known.whole.insert(result, index);
        }
        let parts = self.with_least(result, &[x, y]);
        self.drop_old(to);
        self.set(to, parts);
        result
    }

    /// Zero divisors are for the interpreter. Whether it is NaN, which is none, is asked for
    /// apart: one flag of the processor tells what is neither.
    fn divisor(&mut self, src: Src, value: Value) {
        if matches!(src, Src::Number(number) if number != 0.0) {
            return;
        }
        let (unsure, on) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(unsure);
        let zero = self.b.ins().f64const(0.0);
        let is_other = self.b.ins().fcmp(FloatCC::OrderedNotEqual, value, zero);
        self.b.ins().brif(is_other, on, &[], unsure, &[]);
        self.enter_block(unsure);
        let is_nan = self.b.ins().fcmp(FloatCC::Unordered, value, zero);
        let leave = self.way_out();
        self.b.ins().brif(is_nan, on, &[], leave, &[]);
        self.enter_block(on);
    }

    /// Integers without a sign have a short way; it gives the same as the long one.
    fn remainder(&mut self, x: Value, y: Src, y_value: Value) -> Value {
        let (fast, slow) = (self.b.create_block(), self.b.create_block());
        let done = self.b.create_block();
        self.b.set_cold_block(slow);
        let result = self.b.append_block_param(done, types::F64);
        let (a, is_whole) = self.whole(x);
        let constant = match y {
            Src::Number(number) if (1.0..2e9).contains(&number) && number.fract() == 0.0 => {
                Some(number as i64)
            }
            _ => None,
        };
        let limit = if constant.is_some() { 1 << 50 } else { 1 << 31 };
        let limit = self.b.ins().iconst(types::I64, limit);
        let mut is_fast = self.b.ins().icmp(IntCC::UnsignedLessThan, a, limit);
        is_fast = self.b.ins().band(is_fast, is_whole);
        let divisor = match constant {
            Some(number) => self.b.ins().iconst(types::I64, number),
            None => {
                let (b, is_b_whole) = self.whole(y_value);
                // Zero is 2³² - 1 here, and too large.
                let one = self.b.ins().iconst(types::I64, 1);
                let less = self.b.ins().isub(b, one);
                let is_small = self.b.ins().icmp(IntCC::UnsignedLessThan, less, limit);
                is_fast = self.b.ins().band(is_fast, is_small);
                is_fast = self.b.ins().band(is_fast, is_b_whole);
                b
            }
        };
        self.b.ins().brif(is_fast, fast, &[], slow, &[]);
        self.enter_block(fast);
        let rest = match constant {
            Some(_) => self.b.ins().urem(a, divisor),
            None => {
                let a = self.b.ins().ireduce(types::I32, a);
                let b = self.b.ins().ireduce(types::I32, divisor);
                let rest = self.b.ins().urem(a, b);
                self.b.ins().uextend(types::I64, rest)
            }
        };
        let rest = self.b.ins().fcvt_from_sint(types::F64, rest);
        self.b.ins().jump(done, &[rest.into()]);
        self.enter_block(slow);
        self.b.ins().call(self.host.remainder, &[x, y_value]);
        let state = self.state();
        let rest = self.b.ins().load(types::F64, self.memory.view, state, view!(result));
        self.b.ins().jump(done, &[rest.into()]);
        self.enter_block(done);
        result
    }

    /// A number as an integer, and whether it is one of less than 51 bits. What is none gives
    /// an integer that is no index either, or the second result is false. It is true for NaN:
    /// one flag of the processor tells both.
    pub(super) fn whole(&mut self, number: Value) -> (Value, Value) {
        let shift = self.b.ins().f64const(SHIFT);
        let shifted = self.b.ins().fadd(number, shift);
        let back = self.b.ins().fsub(shifted, shift);
        let is_whole = self.b.ins().fcmp(FloatCC::UnorderedOrEqual, back, number);
        let bits = self.b.ins().bitcast(types::I64, MemFlagsData::new(), shifted);
        let zero = self.bits(SHIFT.to_bits());
        (self.b.ins().isub(bits, zero), is_whole)
    }

    pub(super) fn math(&mut self, to: u8, from: u8, math: Math) {
        let x = self.number(Src::Reg(from));
        let result = match math {
            Math::Abs => self.b.ins().fabs(x),
            Math::Ceil => self.b.ins().ceil(x),
            Math::Floor => self.b.ins().floor(x),
            Math::Sqrt => self.b.ins().sqrt(x),
            Math::Trunc => self.b.ins().trunc(x),
        };
        if to != from {
            self.drop_old(to);
        }
        self.set_null(from);
        self.set_float(to, result);
    }

    pub(super) fn compare(&mut self, order: Order, x: Src, y: Src) -> Value {
        let (x, y) = (self.number(x), self.number(y));
        self.b.ins().fcmp(code(order), x, y)
    }

    /// Whether a register without parts is truthy.
    pub(super) fn truth(&mut self, reg: u8) -> Value {
        let kinds = self.kinds[usize::from(reg)];
        let bits = match self.held(reg) {
            Parts::Float(number) | Parts::Pair(number, _) | Parts::Boxed(number, ..) => {
                return self.number_truth(number);
            }
            Parts::Bits(bits) => bits,
        };
        let yes = self.bits(TRUE);
        let is_true = self.b.ins().icmp(IntCC::Equal, bits, yes);
        if !kinds.may_be_number() {
            return is_true;
        }
        let number = self.b.ins().bitcast(types::F64, MemFlagsData::new(), bits);
        let is_other = self.number_truth(number);
        let is_number = self.is_kind(bits, Kinds::NUMBER);
        self.b.ins().select(is_number, is_other, is_true)
    }

    /// Every number but zero is truthy, NaN too.
    fn number_truth(&mut self, number: Value) -> Value {
        let zero = self.b.ins().f64const(0.0);
        self.b.ins().fcmp(FloatCC::NotEqual, number, zero)
    }

    pub(super) fn condition(&mut self, cond: Cond) -> Value {
        match cond {
            Cond::Compare(order, x, y) => self.compare(order, x, y),
            Cond::Confident(reg, least) => self.is_confident(reg, least),
            Cond::Truthy(reg) => self.truth(reg),
            Cond::Null(reg) | Cond::Missing(reg)
                if self.kinds[usize::from(reg)].form() != Form::Bits =>
            {
                self.b.ins().iconst(types::I8, 0)
            }
            Cond::Null(reg) => {
                let bits = self.boxed(reg);
                if !self.kinds[usize::from(reg)].both(Kinds::OTHER).is_empty() {
                    // A null may hide behind a confidence.
                    let tag = self.b.ins().ushr_imm_u(bits, 48);
                    let is_plain =
                        self.b.ins().icmp_imm_u(IntCC::NotEqual, tag, CONFIDENT_TAG as i64);
                    self.guard(is_plain);
                }
                let null = self.bits(NULL);
                self.b.ins().icmp(IntCC::Equal, bits, null)
            }
            Cond::Missing(reg) => {
                let bits = self.boxed(reg);
                let missing = self.bits(MISSING);
                self.b.ins().icmp(IntCC::Equal, bits, missing)
            }
            Cond::Known(holds) => self.b.ins().iconst(types::I8, i64::from(holds)),
        }
    }

    pub(super) fn test(&mut self, cond: Cond, is_not: bool, target: u32, next: u32) {
        if let Cond::Known(holds) = cond {
            let to = if holds == is_not { next } else { target };
            if to == target && target < next {
                self.pay();
            }
            return self.edge(to);
        }
        let (yes, no) = (self.b.create_block(), self.b.create_block());
        let near = if target < next { yes } else { no };
        let (if_true, if_false) = if is_not { (no, yes) } else { (yes, no) };
        match cond {
            Cond::Compare(order, x, y) => {
                let (x, y) = (self.number(x), self.number(y));
                self.branch(code(order), x, y, [if_true, if_false], near);
            }
            _ => {
                let holds = self.condition(cond);
                self.b.ins().brif(holds, if_true, &[], if_false, &[]);
            }
        }
        self.enter_block(yes);
        if target < next {
            self.pay();
        }
        self.edge(target);
        self.enter_block(no);
        self.edge(next);
    }

    pub(super) fn count(&mut self, plan: &Plan, next: u32) {
        let Plan::Count { reg, step, order, limit, target, next: behind } = *plan else {
            unreachable!("the plan counts")
        };
        let (x, limit) = (self.number(Src::Reg(reg)), self.number(Src::Reg(limit)));
        let step = self.b.ins().f64const(step);
        let sum = self.b.ins().fadd(x, step);
        if let Some((reg, by)) = plan.counts() {
            self.count_index(reg, sum, by);
        }
        let (yes, no) = (self.b.create_block(), self.b.create_block());
        self.branch(code(order), sum, limit, [yes, no], yes);
        self.enter_block(yes);
        if target < next {
            self.pay();
        }
        self.set_float(reg, sum);
        self.edge(target);
        self.enter_block(no);
        self.set_float(reg, sum);
        self.edge(behind);
    }

    /// Goes to the first block if a comparison holds, else to the second. What is named second
    /// stands next to the code before it, in which a loop should go on: Cranelift gives registers
    /// to code that stands together.
    fn branch(&mut self, code: FloatCC, x: Value, y: Value, to: [Block; 2], near: Block) {
        let [if_true, if_false] = to;
        if near == if_false {
            let holds = self.b.ins().fcmp(code, x, y);
            self.b.ins().brif(holds, if_true, &[], if_false, &[]);
        } else {
            let fails = self.b.ins().fcmp(code.complement(), x, y);
            self.b.ins().brif(fails, if_false, &[], if_true, &[]);
        }
    }

    /// One unit of fuel.
    pub(super) fn pay(&mut self) {
        let left = self.fuel_left();
        self.take_fuel(left);
    }

    /// What is left of the fuel, at least one unit.
    pub(super) fn fuel_left(&mut self) -> Value {
        let (have, none) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(none);
        let left = self.b.append_block_param(have, types::I64);
        let fuel = self.b.use_var(self.left);
        self.b.ins().brif(fuel, have, &[fuel.into()], none, &[]);
        self.enter_block(none);
        self.store_fuel();
        self.b.ins().call(self.host.refuel, &[]);
        self.load_fuel();
        let fuel = self.b.use_var(self.left);
        let leave = self.way_out();
        self.b.ins().brif(fuel, have, &[fuel.into()], leave, &[]);
        self.enter_block(have);
        self.b.def_var(self.left, left);
        left
    }

    pub(super) fn take_fuel(&mut self, left: Value) {
        let one = self.b.ins().iconst(types::I64, 1);
        let less = self.b.ins().isub(left, one);
        self.b.def_var(self.left, less);
    }

    /// Says what is left of the fuel, before others look.
    pub(super) fn store_fuel(&mut self) {
        let left = self.b.use_var(self.left);
        let fuel = self.load_view(view!(fuel));
        self.b.ins().store(self.memory.fuel, left, fuel, 0);
    }

    /// Others may have taken fuel.
    pub(super) fn load_fuel(&mut self) {
        let fuel = self.load_view(view!(fuel));
        let left = self.b.ins().load(types::I64, self.memory.fuel, fuel, 0);
        self.b.def_var(self.left, left);
    }
}
