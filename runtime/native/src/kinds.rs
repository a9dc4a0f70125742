//! What a register may hold at one place: a set of kinds.

use prism_vm::tier::{ARRAY_TAG, FALSE, FIRST_TAGGED, NULL, TRUE};

/// A set of kinds of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Kinds(u8);

impl Kinds {
    pub(crate) const NONE: Kinds = Kinds(0);
    pub(crate) const NUMBER: Kinds = Kinds(1);
    pub(crate) const BOOL: Kinds = Kinds(2);
    pub(crate) const NULL: Kinds = Kinds(4);
    pub(crate) const ARRAY: Kinds = Kinds(8);
    /// Texts, objects, functions, confident values, the mark of what is missing.
    pub(crate) const OTHER: Kinds = Kinds(16);
    /// Values without parts: their truth is easily told.
    pub(crate) const PLAIN: Kinds = Kinds(7);
    pub(crate) const ANY: Kinds = Kinds(31);

    pub(crate) fn of(bits: u64) -> Kinds {
        match bits {
            _ if bits < FIRST_TAGGED => Kinds::NUMBER,
            TRUE | FALSE => Kinds::BOOL,
            NULL => Kinds::NULL,
            _ if bits >> 48 == ARRAY_TAG => Kinds::ARRAY,
            _ => Kinds::OTHER,
        }
    }

    /// What code is compiled for when a register holds this: what is cheap to test, else
    /// anything.
    pub(crate) fn to_expect(bits: u64) -> Kinds {
        match Kinds::of(bits) {
            Kinds::NULL | Kinds::OTHER => Kinds::ANY,
            kinds => kinds,
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        self == Kinds::NONE
    }

    pub(crate) fn union(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    pub(crate) fn both(self, other: Kinds) -> Kinds {
        Kinds(self.0 & other.0)
    }

    /// Whether a register that may hold this may own a reference.
    pub(crate) fn may_be_heap(self) -> bool {
        self.0 & (Kinds::ARRAY.0 | Kinds::OTHER.0) != 0
    }

    pub(crate) fn may_be_number(self) -> bool {
        self.0 & Kinds::NUMBER.0 != 0
    }

    /// Whether it lives as a float in code, not as the bits of a value.
    pub(crate) fn is_float(self) -> bool {
        self == Kinds::NUMBER
    }
}
