//! Arithmetic and comparison where the fast path of the interpreter was wrong: text, confident
//! operands, NaN, mistakes.

use std::cmp::Ordering;

use prism_bytecode::Reg;

use crate::core::{Core, Window};
use crate::errors::{Problem, Run};
use crate::numbers::{parse_number, power, remainder};
use crate::value::Value;

/// An arithmetic operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arith {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Pow,
}

impl Arith {
    fn symbol(self) -> &'static str {
        match self {
            Arith::Add => "+",
            Arith::Sub => "-",
            Arith::Mul => "*",
            Arith::Div => "/",
            Arith::Rem => "%",
            Arith::Pow => "**",
        }
    }
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compare {
    Less,
    LessEq,
    Greater,
    GreaterEq,
    Equal,
    NotEqual,
    Same,
    NotSame,
}

impl Core {
    /// The smaller confidence of two values; `None` when both are plain.
    pub(crate) fn least(&self, a: Value, b: Value) -> Option<f64> {
        match (self.heap.confidence(a), self.heap.confidence(b)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// The value, confident if there is a confidence. Takes over the value.
    pub(crate) fn with(&mut self, value: Value, confidence: Option<f64>) -> Value {
        match confidence {
            Some(confidence) => self.heap.new_confident(value, confidence),
            None => value,
        }
    }

    #[inline(never)]
    pub(crate) fn arith(&mut self, op: Arith, a: Value, b: Value) -> Run<Value> {
        let confidence = self.least(a, b);
        let (x, y) = (self.heap.plain(a), self.heap.plain(b));
        let result = match (x.as_number(), y.as_number()) {
            (Some(x), Some(y)) => match numbers(op, x, y) {
                Some(number) => Value::any_number(number),
                None => return Err(self.problem(&Problem::DivisionByZero)),
            },
            _ if op == Arith::Add && (x.is_text() || y.is_text()) => self.join(x, y)?,
            _ => {
                let (left, right) = (self.type_name(x), self.type_name(y));
                return Err(self.problem(&Problem::Operator { op: op.symbol(), left, right }));
            }
        };
        Ok(self.with(result, confidence))
    }

    /// `a = x op y` for numbers of which at least one is confident; `false`, and nothing has happened,
    /// where they are others. A box in `a` that nobody else holds is used again.
    #[inline(never)]
    pub(crate) fn confident_numbers(
        &mut self,
        op: impl Fn(f64, f64) -> f64,
        regs: &mut Window,
        a: Reg,
        x: Value,
        y: Value,
    ) -> bool {
        let (x, of_x) = self.heap.number_and_confidence(x);
        let (y, of_y) = self.heap.number_and_confidence(y);
        let number = op(x, y);
        // Also where both are plain: the loop came here because of it.
        if number.is_nan() {
            return false;
        }
        let least = if of_x < of_y { of_x } else { of_y };
        if !self.heap.set_confident(regs[usize::from(a.0)], number, least) {
            let value = self.heap.box_confident(Value::number(number), least);
            self.put(regs, a, value);
        }
        true
    }

    /// The texts of two plain values, one after the other.
    fn join(&mut self, x: Value, y: Value) -> Run<Value> {
        let size = |value: Value| self.heap.text(value).map_or(16, |text| text.as_str().len());
        let size = size(x).saturating_add(size(y));
        self.heap.ask(size)?;
        self.heap.work(size / 8)?;
        let mut out = String::with_capacity(size);
        self.show(x, &mut out)?;
        self.show(y, &mut out)?;
        Ok(self.heap.new_text(out))
    }

    /// `a + b` into the register that holds `a`: a text that nobody else holds grows in place.
    /// Takes over `a`; if it throws, `a` is released.
    #[inline(never)]
    pub(crate) fn add_onto(&mut self, a: Value, b: Value) -> Run<Value> {
        if a.is_text() && self.heap.is_unique(a) && a != b && !b.is_confident() {
            self.append_text(a, b)?;
            return Ok(a);
        }
        let result = self.arith(Arith::Add, a, b);
        self.heap.release(a);
        result
    }

    fn append_text(&mut self, a: Value, b: Value) -> Run<()> {
        if b.is_text() {
            let size = self.heap.str(b).len();
            self.heap.ask(size)?;
            self.heap.work(size / 8)?;
            self.heap.append_text(a, b);
        } else if let Some(number) = b.as_number() {
            self.heap.append_number(a, number);
        } else {
            let mut more = String::new();
            self.show(b, &mut more)?;
            self.heap.append_str(a, &more);
        }
        Ok(())
    }

    /// `a = b + y` for a text `x` in `b`, and a text or a number. `false`, and nothing has happened but
    /// that fuel is gone, where it is more than that or a limit is in its way.
    #[inline(never)]
    pub(crate) fn add_text(
        &mut self,
        regs: &mut Window,
        a: Reg,
        b: Reg,
        x: Value,
        y: Value,
    ) -> bool {
        if !y.is_text() && !y.is_number() {
            return false;
        }
        if a == b && x != y && self.heap.texts.count(x.index()) == 1 {
            return self.append_text(x, y).is_ok();
        }
        let joined = self.join(x, y);
        if let Ok(text) = joined {
            self.put(regs, a, text);
        }
        joined.is_ok()
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn negate(&mut self, value: Value) -> Run<Value> {
        let plain = self.heap.plain(value);
        match plain.as_number() {
            Some(number) => Ok(self.with(Value::any_number(-number), self.heap.confidence(value))),
            None => {
                let operand = self.type_name(plain);
                Err(self.problem(&Problem::Unary { op: "-", operand }))
            }
        }
    }

    /// `+x` and `Number(x)`: the confidence stays.
    pub(crate) fn number_of(&mut self, value: Value) -> Value {
        let plain = self.heap.plain(value);
        let number = match plain {
            Value::TRUE => 1.0,
            Value::FALSE | Value::NULL => 0.0,
            _ if plain.is_number() => plain.raw(),
            _ if plain.is_text() => parse_number(self.heap.str(plain)),
            _ => f64::NAN,
        };
        self.with(Value::any_number(number), self.heap.confidence(value))
    }

    /// A comparison as a plain truth.
    #[cold]
    #[inline(never)]
    pub(crate) fn compare(&mut self, op: Compare, a: Value, b: Value) -> Run<bool> {
        let order = match op {
            Compare::Same => return self.same(a, b),
            Compare::NotSame => return self.same(a, b).map(|same| !same),
            Compare::Equal => return self.loosely_equal(a, b),
            Compare::NotEqual => return self.loosely_equal(a, b).map(|equal| !equal),
            Compare::Less | Compare::LessEq | Compare::Greater | Compare::GreaterEq => {
                self.order(a, b)?
            }
        };
        Ok(match op {
            Compare::Less => order == Some(Ordering::Less),
            Compare::LessEq => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Compare::Greater => order == Some(Ordering::Greater),
            Compare::GreaterEq
            | Compare::Equal
            | Compare::NotEqual
            | Compare::Same
            | Compare::NotSame => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        })
    }

    /// A comparison as a value, confident like its operands.
    pub(crate) fn compare_value(&mut self, op: Compare, a: Value, b: Value) -> Run<Value> {
        let truth = self.compare(op, a, b)?;
        let confidence = self.least(a, b);
        Ok(self.with(Value::bool(truth), confidence))
    }
}

/// The result of an operator on numbers; `None` for a division by zero.
fn numbers(op: Arith, x: f64, y: f64) -> Option<f64> {
    Some(match op {
        Arith::Add => x + y,
        Arith::Sub => x - y,
        Arith::Mul => x * y,
        Arith::Div | Arith::Rem if y == 0.0 => return None,
        Arith::Div => x / y,
        Arith::Rem => remainder(x, y),
        Arith::Pow => power(x, y),
    })
}
