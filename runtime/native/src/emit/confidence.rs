//! Confidences of numbers, which code has beside them: infinite for a plain number, so that what
//! is computed of two has the smaller one.

use cranelift_codegen::ir::{InstBuilder, Value, condcodes::FloatCC};

use super::Emit;
use super::parts::Parts;
use crate::flow::{Confide, Src};

impl Emit<'_, '_> {
    /// A number that was computed from others, with the smallest of their confidences.
    pub(super) fn with_least(&mut self, number: Value, of: &[Src]) -> Parts {
        let mut least = None;
        for &src in of {
            let Src::Reg(reg) = src else { continue };
            if !self.kinds[usize::from(reg)].may_be_confident() {
                continue;
            }
            let (_, confidence) = self.pair(reg);
            least = Some(match least {
                None => confidence,
                Some(other) => self.smaller(other, confidence),
            });
        }
        match least {
            Some(confidence) => Parts::Pair(number, confidence),
            None => Parts::Float(number),
        }
    }

    fn smaller(&mut self, x: Value, y: Value) -> Value {
        let is_smaller = self.b.ins().fcmp(FloatCC::LessThan, x, y);
        self.b.ins().select(is_smaller, x, y)
    }

    /// A confidence as the program sees it: 1 for that of a plain number.
    fn seen(&mut self, confidence: Value) -> Value {
        let one = self.b.ins().f64const(1.0);
        self.smaller(confidence, one)
    }

    /// What a program gives as a confidence, as a box holds it. NaN is for the interpreter.
    fn within(&mut self, confidence: Value) -> Value {
        let is_number = self.b.ins().fcmp(FloatCC::Ordered, confidence, confidence);
        self.guard(is_number);
        let zero = self.b.ins().f64const(0.0);
        // Not for `-0` either.
        let is_above = self.b.ins().fcmp(FloatCC::GreaterThan, confidence, zero);
        let confidence = self.b.ins().select(is_above, confidence, zero);
        self.seen(confidence)
    }

    pub(super) fn confide(&mut self, op: Confide, to: u8, x: u8, y: u8) {
        if op == Confide::Inherit {
            return self.inherit(to, x, y);
        }
        let ((x, of_x), (y, of_y)) = (self.pair(x), self.pair(y));
        let (number, confidence) = match op {
            Confide::Annotate => (x, self.within(y)),
            Confide::Scale => {
                let own = self.seen(of_x);
                let scaled = self.b.ins().fmul(own, y);
                (x, self.within(scaled))
            }
            Confide::Product => {
                let (of_x, of_y) = (self.seen(of_x), self.seen(of_y));
                (x, self.b.ins().fmul(of_x, of_y))
            }
            Confide::Chain | Confide::Inherit => {
                let least = self.smaller(of_x, of_y);
                (y, self.seen(least))
            }
        };
        self.drop_old(to);
        self.set(to, Parts::Pair(number, confidence));
    }

    fn inherit(&mut self, to: u8, x: u8, y: u8) {
        let (_, of_y) = self.pair(y);
        let parts = match self.shared(x) {
            Parts::Boxed(number, of_x, bits) => {
                self.retain_box(bits);
                let one = self.b.ins().f64const(1.0);
                let is_plain = self.b.ins().fcmp(FloatCC::GreaterThan, of_x, one);
                let confidence = self.b.ins().select(is_plain, of_y, of_x);
                Parts::Boxed(number, confidence, bits)
            }
            Parts::Float(number) if self.kinds[usize::from(y)].may_be_confident() => {
                Parts::Pair(number, of_y)
            }
            parts => parts,
        };
        self.drop_old(to);
        self.set(to, parts);
    }

    pub(super) fn value_of(&mut self, to: u8, from: u8) {
        let (number, _) = self.pair(from);
        self.drop_old(to);
        self.set_float(to, number);
    }

    pub(super) fn confidence_of(&mut self, to: u8, from: u8) {
        let (_, confidence) = self.pair(from);
        let seen = self.seen(confidence);
        self.drop_old(to);
        self.set_float(to, seen);
    }

    /// Whether the confidence of a number is at least so much. NaN is for the interpreter.
    pub(super) fn is_confident(&mut self, reg: u8, least: Src) -> Value {
        let least = self.number(least);
        let is_number = self.b.ins().fcmp(FloatCC::Ordered, least, least);
        self.guard(is_number);
        let (_, confidence) = self.pair(reg);
        let seen = self.seen(confidence);
        self.b.ins().fcmp(FloatCC::GreaterThanOrEqual, seen, least)
    }
}
