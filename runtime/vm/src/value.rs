//! Values inside a machine: 64 bits each.
//!
//! A number is the bits of its `f64`. Everything else lives in the negative quiet NaNs that
//! arithmetic never makes: the upper 16 bits are a tag, the lower 32 a payload. So the sum of two
//! values, computed as if both were numbers, is NaN whenever one of them is not, and one test
//! of the *result* decides whether the fast path was right.
//!
//! A value is `Copy` and does not count references by itself: whoever stores one calls
//! `Heap::retain`, whoever drops one calls `Heap::release`.

use prism_bytecode::{FunctionId, NativeId};

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Value(u64);

/// What the upper 16 bits say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    Number,
    Simple,
    Text,
    Array,
    Object,
    Closure,
    Confident,
    Other,
}

const SIMPLE: u64 = 0xfff9;
const TEXT: u64 = 0xfffa;
pub(crate) const ARRAY: u64 = 0xfffb;
pub(crate) const OBJECT: u64 = 0xfffc;
const CLOSURE: u64 = 0xfffd;
pub(crate) const CONFIDENT: u64 = 0xfffe;
const OTHER: u64 = 0xffff;

/// Everything from here on is a heap value.
pub const FIRST_HEAP: u64 = TEXT << 48;
/// Everything from here on is no number.
pub const FIRST_TAGGED: u64 = SIMPLE << 48;
pub(crate) const CANONICAL_NAN: u64 = 0x7ff8_0000_0000_0000;

/// Payloads of simple values.
const FUNCTION_BIT: u64 = 1 << 32;
const NATIVE_BIT: u64 = 1 << 33;

impl Value {
    pub(crate) const NULL: Value = Value(FIRST_TAGGED);
    pub(crate) const FALSE: Value = Value(FIRST_TAGGED | 1);
    pub(crate) const TRUE: Value = Value(FIRST_TAGGED | 2);
    /// An argument that was not given, a variable that was not initialised.
    pub(crate) const MISSING: Value = Value(FIRST_TAGGED | 3);
    /// On its way instead of an exception: the fiber, or a part of it, is given up. Seen by no
    /// `catch`, by every `finally`.
    pub(crate) const CANCEL: Value = Value(FIRST_TAGGED | 4);
    pub(crate) const NAN: Value = Value(CANONICAL_NAN);

    /// A number that is no NaN, or a NaN that arithmetic on numbers made.
    #[inline(always)]
    pub(crate) fn number(number: f64) -> Value {
        Value(number.to_bits())
    }

    /// Any number from outside: a NaN becomes the canonical one.
    pub(crate) fn any_number(number: f64) -> Value {
        if number.is_nan() { Value::NAN } else { Value::number(number) }
    }

    #[inline(always)]
    pub(crate) fn bool(flag: bool) -> Value {
        if flag { Value::TRUE } else { Value::FALSE }
    }

    /// A function of the program without captures.
    pub(crate) fn function(id: FunctionId) -> Value {
        Value(FIRST_TAGGED | FUNCTION_BIT | u64::from(id.0))
    }

    /// A function of the machine.
    pub(crate) fn native(id: NativeId) -> Value {
        Value(FIRST_TAGGED | NATIVE_BIT | u64::from(id.0))
    }

    pub(crate) fn heap(tag: Tag, index: u32) -> Value {
        let tag = match tag {
            Tag::Text => TEXT,
            Tag::Array => ARRAY,
            Tag::Object => OBJECT,
            Tag::Closure => CLOSURE,
            Tag::Confident => CONFIDENT,
            Tag::Other => OTHER,
            Tag::Number | Tag::Simple => unreachable!("numbers and simple values have no index"),
        };
        Value(tag << 48 | u64::from(index))
    }

    /// A value that `bits` gave away.
    #[inline(always)]
    pub(crate) fn from_bits(bits: u64) -> Value {
        Value(bits)
    }

    #[inline(always)]
    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    /// The value as if it were a number; NaN for everything else.
    #[inline(always)]
    pub(crate) fn raw(self) -> f64 {
        f64::from_bits(self.0)
    }

    #[inline(always)]
    pub(crate) fn is_number(self) -> bool {
        self.0 < FIRST_TAGGED
    }

    #[inline(always)]
    pub(crate) fn as_number(self) -> Option<f64> {
        self.is_number().then(|| self.raw())
    }

    #[inline(always)]
    pub(crate) fn is_heap(self) -> bool {
        self.0 >= FIRST_HEAP
    }

    #[inline(always)]
    pub(crate) fn is_object(self) -> bool {
        self.0 >> 48 == OBJECT
    }

    #[inline(always)]
    pub(crate) fn is_array(self) -> bool {
        self.0 >> 48 == ARRAY
    }

    #[inline(always)]
    pub(crate) fn is_text(self) -> bool {
        self.0 >> 48 == TEXT
    }

    #[inline(always)]
    pub(crate) fn is_closure(self) -> bool {
        self.0 >> 48 == CLOSURE
    }

    #[inline(always)]
    pub(crate) fn is_confident(self) -> bool {
        self.0 >> 48 == CONFIDENT
    }

    pub(crate) fn is_null(self) -> bool {
        self == Value::NULL
    }

    #[inline(always)]
    pub(crate) fn tag(self) -> Tag {
        match self.0 >> 48 {
            SIMPLE => Tag::Simple,
            TEXT => Tag::Text,
            ARRAY => Tag::Array,
            OBJECT => Tag::Object,
            CLOSURE => Tag::Closure,
            CONFIDENT => Tag::Confident,
            OTHER => Tag::Other,
            _ => Tag::Number,
        }
    }

    /// The index of a heap value in the arena of its kind.
    #[inline(always)]
    pub(crate) fn index(self) -> u32 {
        self.0 as u32
    }

    /// The index of an array in its arena; for any other value one beyond every arena, so that a
    /// look-up tests the kind as well.
    #[inline(always)]
    pub(crate) fn in_arrays(self) -> u64 {
        self.0.wrapping_sub(ARRAY << 48)
    }

    /// The same for objects.
    #[inline(always)]
    pub(crate) fn in_objects(self) -> u64 {
        self.0.wrapping_sub(OBJECT << 48)
    }

    /// The same for closures.
    #[inline(always)]
    pub(crate) fn in_closures(self) -> u64 {
        self.0.wrapping_sub(CLOSURE << 48)
    }

    /// The same for the rarer kinds.
    #[inline(always)]
    pub(crate) fn in_others(self) -> u64 {
        self.0.wrapping_sub(OTHER << 48)
    }

    /// What tells simple values from each other.
    pub(crate) fn payload(self) -> u64 {
        self.0 & 0xffff_ffff_ffff
    }

    /// The simple value with a payload. The ids of functions are not checked.
    pub(crate) fn from_payload(payload: u64) -> Option<Value> {
        let value = Value(FIRST_TAGGED | (payload & 0xffff_ffff_ffff));
        let is_known = payload <= Value::CANCEL.payload()
            || payload >> 32 == FUNCTION_BIT >> 32
            || payload >> 32 == NATIVE_BIT >> 32;
        is_known.then_some(value)
    }

    pub(crate) fn as_function(self) -> Option<FunctionId> {
        let is_function = self.0 >> 32 == (FIRST_TAGGED | FUNCTION_BIT) >> 32;
        is_function.then(|| FunctionId(self.index()))
    }

    pub(crate) fn as_native(self) -> Option<NativeId> {
        let is_native = self.0 >> 32 == (FIRST_TAGGED | NATIVE_BIT) >> 32;
        is_native.then(|| NativeId(self.index()))
    }
}

impl Default for Value {
    fn default() -> Value {
        Value::NULL
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.as_number() {
            Some(number) => write!(f, "{number}"),
            None => write!(f, "{:?}:{:x}", self.tag(), self.0 & 0xffff_ffff_ffff),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_nans_and_numbers_are_not_boxes() {
        for tag in [Tag::Text, Tag::Array, Tag::Object, Tag::Closure, Tag::Confident, Tag::Other] {
            let value = Value::heap(tag, 7);
            assert!(value.raw().is_nan() && value.is_heap() && !value.is_number());
            assert_eq!((value.tag(), value.index()), (tag, 7));
        }
        for number in [0.0, -0.0, 1.5, f64::INFINITY, f64::NEG_INFINITY] {
            let value = Value::number(number);
            assert!(value.is_number() && !value.is_heap(), "{number}");
            assert_eq!(value.tag(), Tag::Number);
        }
        let minus_nan = f64::from_bits(u64::MAX);
        assert!(Value::any_number(minus_nan).is_number());
    }

    #[test]
    fn functions_are_values_without_a_heap() {
        let function = Value::function(FunctionId(u32::MAX));
        assert_eq!(function.as_function(), Some(FunctionId(u32::MAX)));
        assert_eq!((function.as_native(), function.is_heap()), (None, false));
        assert_eq!(Value::native(NativeId(3)).as_native(), Some(NativeId(3)));
        assert_eq!(Value::NULL.as_function(), None);
    }
}
