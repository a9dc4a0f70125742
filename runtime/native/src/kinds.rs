//! What a register may hold at one place: a set of kinds.

use prism_vm::tier::{
    ARRAY_TAG, CONFIDENT_TAG, FALSE, FIRST_HEAP, FIRST_TAGGED, NULL, OBJECT_TAG, State, TRUE,
};

/// A set of kinds of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Kinds(u16);

/// How code holds a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A number as a float.
    Float,
    /// A number and its confidence, two floats: infinite where the number is plain, so that the
    /// smaller one of two is right for what is computed of them. The box is made when somebody
    /// else is to see it.
    Pair,
    /// The same with the bits of its box, of which the register owns a reference; 0 where there
    /// is none yet, or none at all. So a box that several hold stays one.
    Boxed,
    /// The bits of a value; the register owns a reference where it is one.
    Bits,
}

impl Kinds {
    pub(crate) const NONE: Kinds = Kinds(0);
    pub(crate) const NUMBER: Kinds = Kinds(1);
    pub(crate) const BOOL: Kinds = Kinds(2);
    pub(crate) const NULL: Kinds = Kinds(4);
    pub(crate) const ARRAY: Kinds = Kinds(8);
    /// Texts, functions, the mark of what is missing, and what is confident but no number.
    pub(crate) const OTHER: Kinds = Kinds(16);
    /// Numbers with a confidence.
    pub(crate) const CONFIDENT: Kinds = Kinds(32);
    /// Arrays of which code expects, but does not know, that they hold confident numbers.
    pub(crate) const SURES: Kinds = Kinds(64);
    /// Beside `CONFIDENT`: there may be a box, which others may hold too.
    const BOXED: Kinds = Kinds(128);
    pub(crate) const OBJECT: Kinds = Kinds(256);
    /// Numbers, plain or confident, that nobody else has.
    pub(crate) const FRESH: Kinds = Kinds(33);
    /// Numbers, plain or confident.
    pub(crate) const NUMERIC: Kinds = Kinds(161);
    pub(crate) const ARRAYS: Kinds = Kinds(72);
    /// Values without parts: their truth is easily told.
    pub(crate) const PLAIN: Kinds = Kinds(7);
    pub(crate) const ANY: Kinds = Kinds(383);

    pub(crate) fn of(bits: u64) -> Kinds {
        match bits {
            _ if bits < FIRST_TAGGED => Kinds::NUMBER,
            TRUE | FALSE => Kinds::BOOL,
            NULL => Kinds::NULL,
            _ if bits >> 48 == ARRAY_TAG => Kinds::ARRAY,
            _ if bits >> 48 == OBJECT_TAG => Kinds::OBJECT,
            _ if bits >> 48 == CONFIDENT_TAG => Kinds::OTHER.union(Kinds::CONFIDENT),
            _ => Kinds::OTHER,
        }
    }

    /// What code is compiled for when a register holds this: what is cheap to test, else
    /// anything.
    pub(crate) fn to_expect(bits: u64, state: &State<'_>) -> Kinds {
        match Kinds::of(bits) {
            Kinds::ARRAY if state.begins_confident(bits) => Kinds::SURES,
            kinds @ (Kinds::NUMBER | Kinds::BOOL | Kinds::ARRAY) => kinds,
            _ if state.is_confident_number(bits) => Kinds::NUMERIC,
            _ => Kinds::ANY,
        }
    }

    /// The same for a register that nobody reads: a number with a confidence is given back, an
    /// object stays.
    pub(crate) fn to_expect_dead(bits: u64, state: &State<'_>) -> Kinds {
        match Kinds::of(bits) {
            Kinds::OBJECT => Kinds::OBJECT.union(Kinds::NULL),
            _ if bits < FIRST_HEAP || state.is_confident_number(bits) => Kinds::NULL,
            _ => Kinds::ANY,
        }
    }

    /// What a function is compiled for when it gets such an argument.
    pub(crate) fn as_argument(self) -> Kinds {
        match self {
            Kinds::NUMBER | Kinds::ARRAY | Kinds::SURES => self,
            _ if self.form() == Form::Pair => Kinds::FRESH,
            _ if self.form() == Form::Boxed => Kinds::NUMERIC,
            _ if self.are_arrays() => Kinds::ARRAY,
            _ => Kinds::ANY,
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        self == Kinds::NONE
    }

    pub(crate) const fn union(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    pub(crate) fn both(self, other: Kinds) -> Kinds {
        Kinds(self.0 & other.0)
    }

    /// What is left once a test has shown that it is of these kinds. A test of bits tells plain
    /// numbers from all others.
    pub(crate) fn narrowed(self, needed: Kinds) -> Kinds {
        let both = self.both(needed);
        match self.form() {
            Form::Bits => both.without(Kinds::CONFIDENT).without(Kinds::BOXED),
            Form::Float | Form::Pair | Form::Boxed => both,
        }
    }

    fn without(self, other: Kinds) -> Kinds {
        Kinds(self.0 & !other.0)
    }

    /// The same once there is a box for what is confident.
    pub(crate) fn boxed(self) -> Kinds {
        if self.form() == Form::Pair { self.union(Kinds::BOXED) } else { self }
    }

    /// What two numbers of these kinds give together.
    pub(crate) fn with_number(self, other: Kinds) -> Kinds {
        let all = [self, other].map(|kinds| kinds.without(Kinds::BOXED));
        match all.contains(&Kinds::CONFIDENT) {
            true => Kinds::CONFIDENT,
            false => all[0].union(all[1]),
        }
    }

    /// Whether a register that may hold this may own a reference in code.
    pub(crate) fn may_be_heap(self) -> bool {
        match self.form() {
            Form::Float | Form::Pair => false,
            Form::Boxed => true,
            Form::Bits => !self.heap().is_empty(),
        }
    }

    /// Those of its kinds that are references.
    pub(crate) fn heap(self) -> Kinds {
        let plain = Kinds::PLAIN.union(Kinds::BOXED);
        self.without(plain)
    }

    pub(crate) fn may_be_confident(self) -> bool {
        !self.both(Kinds::CONFIDENT).is_empty()
    }

    pub(crate) fn may_be_number(self) -> bool {
        !self.both(Kinds::NUMBER).is_empty()
    }

    pub(crate) fn are_arrays(self) -> bool {
        !self.is_empty() && self.both(Kinds::ARRAYS) == self
    }

    pub(crate) fn form(self) -> Form {
        match self {
            Kinds::NUMBER => Form::Float,
            Kinds::CONFIDENT | Kinds::FRESH => Form::Pair,
            Kinds::NUMERIC => Form::Boxed,
            _ if self == Kinds::CONFIDENT.union(Kinds::BOXED) => Form::Boxed,
            _ => Form::Bits,
        }
    }
}
