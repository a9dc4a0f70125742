//! Equality: `===` structural, `==` loose, and order.

use std::cmp::Ordering;

use crate::core::Core;
use crate::errors::{Problem, Run};
use crate::heap::Other;
use crate::numbers::parse_float;
use crate::value::{Tag, Value};

/// What comparing two values without looking into them says.
enum Shallow {
    Equal,
    Different,
    /// Two arrays or two objects of the same size.
    Deep,
}

impl Core {
    /// `a === b` on the values without their own confidence. Parts compare with theirs looked
    /// through as well.
    pub(crate) fn same(&mut self, a: Value, b: Value) -> Run<bool> {
        match self.shallow(a, b) {
            Shallow::Equal => Ok(true),
            Shallow::Different => Ok(false),
            Shallow::Deep => self.same_deep(a, b),
        }
    }

    /// Whether two texts are equal; `None` if one of both is none.
    #[inline(never)]
    pub(crate) fn same_text(&self, a: Value, b: Value) -> Option<bool> {
        let are_texts = a.is_text() && b.is_text();
        are_texts.then(|| a == b || self.heap.str(a) == self.heap.str(b))
    }

    fn shallow(&self, a: Value, b: Value) -> Shallow {
        let (a, b) = (self.heap.plain(a), self.heap.plain(b));
        if a.is_number() || b.is_number() {
            let equal = a.is_number() && b.is_number() && a.raw() == b.raw();
            return if equal { Shallow::Equal } else { Shallow::Different };
        }
        if a == b {
            return Shallow::Equal;
        }
        let heap = &self.heap;
        let equal = match (a.tag(), b.tag()) {
            (Tag::Text, Tag::Text) => heap.str(a) == heap.str(b),
            (Tag::Array, Tag::Array) => {
                if heap.array(a).map(<[_]>::len) == heap.array(b).map(<[_]>::len) {
                    return Shallow::Deep;
                }
                false
            }
            (Tag::Object, Tag::Object) => {
                if heap.n_fields(a) == heap.n_fields(b) {
                    return Shallow::Deep;
                }
                false
            }
            (Tag::Other, Tag::Other) => match (heap.other(a), heap.other(b)) {
                (Some(Other::Agent(a)), Some(Other::Agent(b))) => a == b,
                (Some(Other::Fiber(a)), Some(Other::Fiber(b))) => a == b,
                (
                    Some(Other::Bound { receiver: a, method: m }),
                    Some(Other::Bound { receiver: b, method: n }),
                ) => a == b && m == n,
                _ => false,
            },
            _ => false,
        };
        if equal { Shallow::Equal } else { Shallow::Different }
    }

    /// Pairs wait on a list, not on the stack; shared parts cost fuel every time.
    fn same_deep(&mut self, a: Value, b: Value) -> Run<bool> {
        let mut pairs = vec![(a, b)];
        while let Some((a, b)) = pairs.pop() {
            match self.shallow(a, b) {
                Shallow::Equal => {}
                Shallow::Different => return Ok(false),
                Shallow::Deep => {
                    let before = pairs.len();
                    if !self.parts(self.heap.plain(a), self.heap.plain(b), &mut pairs) {
                        return Ok(false);
                    }
                    self.heap.work(16 * (pairs.len() - before))?;
                }
            }
        }
        Ok(true)
    }

    /// The parts to compare; `false` when the keys differ.
    fn parts(&self, a: Value, b: Value, pairs: &mut Vec<(Value, Value)>) -> bool {
        let heap = &self.heap;
        if let (Some(a), Some(b)) = (heap.array(a), heap.array(b)) {
            pairs.extend(a.iter().copied().zip(b.iter().copied()).rev());
            return true;
        }
        for at in 0..heap.n_fields(a) {
            let Some(other) = heap.get_key(b, heap.key(a, at)) else { return false };
            pairs.push((heap.object(a).field(at), other));
        }
        true
    }

    /// `a == b`: null equals only null; a number and a text or boolean compare as numbers; a text
    /// and another value compare as texts, but `"" == false`; a boolean and another value by truth.
    pub(crate) fn loosely_equal(&mut self, a: Value, b: Value) -> Run<bool> {
        let (a, b) = (self.heap.plain(a), self.heap.plain(b));
        if self.kind(a) == self.kind(b) {
            return self.same(a, b);
        }
        if a.is_null() || b.is_null() {
            return Ok(false);
        }
        if a.is_number() || b.is_number() {
            return Ok(match (self.loose_number(a), self.loose_number(b)) {
                (Some(a), Some(b)) => a == b,
                _ => false,
            });
        }
        if a.is_text() || b.is_text() {
            let is_empty = |value: Value| value.is_text() && self.heap.str(value).is_empty();
            if (is_empty(a) && b == Value::FALSE) || (a == Value::FALSE && is_empty(b)) {
                return Ok(true);
            }
            return self.equal_as_text(a, b);
        }
        let is_bool = |value| value == Value::TRUE || value == Value::FALSE;
        Ok((is_bool(a) || is_bool(b)) && self.truthy(a) == self.truthy(b))
    }

    fn equal_as_text(&mut self, a: Value, b: Value) -> Run<bool> {
        let (mut left, mut right) = (String::new(), String::new());
        self.show(a, &mut left)?;
        self.show(b, &mut right)?;
        Ok(left == right)
    }

    /// What a value counts as against a number; `None` if it is none.
    fn loose_number(&self, value: Value) -> Option<f64> {
        match value {
            Value::TRUE => Some(1.0),
            Value::FALSE => Some(0.0),
            _ if value.is_number() => Some(value.raw()),
            _ if value.is_text() => Some(parse_float(self.heap.str(value))).filter(|n| !n.is_nan()),
            _ => None,
        }
    }

    /// The order of two numbers or two texts (by UTF-16 units); `None` when NaN is one of them.
    pub(crate) fn order(&mut self, a: Value, b: Value) -> Run<Option<Ordering>> {
        let (a, b) = (self.heap.plain(a), self.heap.plain(b));
        if a.is_number() && b.is_number() {
            return Ok(a.raw().partial_cmp(&b.raw()));
        }
        if let (Some(left), Some(right)) = (self.heap.text(a), self.heap.text(b)) {
            if left.is_ascii() || right.is_ascii() {
                return Ok(Some(left.as_str().cmp(right.as_str())));
            }
            return Ok(Some(left.as_str().encode_utf16().cmp(right.as_str().encode_utf16())));
        }
        let problem = Problem::Compare { left: self.type_name(a), right: self.type_name(b) };
        Err(self.problem(&problem))
    }
}
