//! The operations on confidence.

use prism_bytecode::Reg;

use crate::core::{Core, Window};
use crate::errors::{Problem, Run};
use crate::value::Value;

/// The operations `a = b op c`; the opcode table says what each computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConfidentOp {
    Scale,
    Product,
    Chain,
    And,
    Or,
    MoreConfident,
    Inherit,
}

impl Core {
    /// The confidence of any value: 1 for a plain one.
    #[inline]
    pub(crate) fn confidence_of(&self, value: Value) -> f64 {
        self.heap.confidence(value).unwrap_or(1.0)
    }

    /// A value given as a confidence or threshold: a number, its own confidence looked through.
    #[inline]
    pub(crate) fn threshold(&mut self, value: Value) -> Run<f64> {
        let number = value.raw();
        if number.is_nan() { self.rare_threshold(value) } else { Ok(number) }
    }

    #[cold]
    #[inline(never)]
    fn rare_threshold(&mut self, value: Value) -> Run<f64> {
        match self.heap.plain(value).as_number() {
            Some(number) if number.is_nan() => Err(self.problem(&Problem::ConfidenceNan)),
            Some(number) => Ok(number),
            None => {
                let found = self.type_name(value);
                Err(self.problem(&Problem::Confidence(found)))
            }
        }
    }

    /// `a = b` with the confidence in `c`, in the way that is frequent: a plain value gets a box.
    /// `false`, and nothing has happened, for all others.
    #[inline(never)]
    pub(crate) fn annotate_plain(&mut self, regs: &mut Window, a: Reg, b: Reg, c: Reg) -> bool {
        let confidence = regs[usize::from(c.0)].raw();
        let value = regs[usize::from(b.0)];
        if confidence.is_nan() || value.is_confident() {
            return false;
        }
        if a == b {
            // It moves into the box.
            regs[usize::from(a.0)] = self.heap.box_confident(value, confidence);
        } else {
            self.heap.retain(value);
            let boxed = self.heap.box_confident(value, confidence);
            self.put(regs, a, boxed);
        }
        true
    }

    /// `a = b` with the confidence in `c`. Where `a` is `b`, the value moves into its box, or the
    /// box stays.
    #[inline(never)]
    pub(crate) fn annotate(&mut self, regs: &mut Window, a: Reg, b: Reg, c: Reg) -> Run<()> {
        let confidence = self.threshold(regs[usize::from(c.0)])?;
        let value = regs[usize::from(b.0)];
        if a == b && (!value.is_confident() || self.heap.is_unique(value)) {
            regs[usize::from(a.0)] = self.heap.made_confident(value, confidence);
            return Ok(());
        }
        let value = self.heap.share(value);
        let confident = self.heap.new_confident(value, confidence);
        self.put(regs, a, confident);
        Ok(())
    }

    /// Borrows `b` and `c`, gives an owned value.
    #[inline(never)]
    pub(crate) fn confident_op(&mut self, op: ConfidentOp, b: Value, c: Value) -> Run<Value> {
        let (value, confidence) = match op {
            ConfidentOp::Scale => (b, self.confidence_of(b) * self.threshold(c)?),
            ConfidentOp::Product => (b, self.confidence_of(b) * self.confidence_of(c)),
            ConfidentOp::Chain => (c, self.confidence_of(b).min(self.confidence_of(c))),
            ConfidentOp::And => {
                let both = self.truthy(b) && self.truthy(c);
                (Value::bool(both), self.confidence_of(b).min(self.confidence_of(c)))
            }
            ConfidentOp::Or => {
                let either = self.truthy(b) || self.truthy(c);
                (Value::bool(either), self.confidence_of(b).max(self.confidence_of(c)))
            }
            ConfidentOp::MoreConfident => {
                let is_right = self.confidence_of(c) > self.confidence_of(b);
                return Ok(self.heap.share(if is_right { c } else { b }));
            }
            ConfidentOp::Inherit => match self.heap.confidence(c) {
                Some(confidence) if !b.is_confident() => (b, confidence),
                _ => return Ok(self.heap.share(b)),
            },
        };
        let value = self.heap.share(value);
        Ok(self.heap.new_confident(value, confidence))
    }

    /// `value`, confident with 1 if it was plain. Gives an owned value.
    pub(crate) fn confident(&mut self, value: Value) -> Value {
        let value = self.heap.share(value);
        if value.is_confident() { value } else { self.heap.new_confident(value, 1.0) }
    }
}
