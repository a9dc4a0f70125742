//! Tests and their opposites.

use prism_bytecode::Inst;

/// The test that jumps exactly when this one does not.
pub(super) fn opposite(inst: Inst) -> Option<Inst> {
    Some(match inst {
        Inst::JumpIf(a, d) => Inst::JumpUnless(a, d),
        Inst::JumpUnless(a, d) => Inst::JumpIf(a, d),
        Inst::JumpNull(a, d) => Inst::JumpNotNull(a, d),
        Inst::JumpNotNull(a, d) => Inst::JumpNull(a, d),
        Inst::JumpLess(a, b) => Inst::JumpNotLess(a, b),
        Inst::JumpNotLess(a, b) => Inst::JumpLess(a, b),
        Inst::JumpLessEq(a, b) => Inst::JumpNotLessEq(a, b),
        Inst::JumpNotLessEq(a, b) => Inst::JumpLessEq(a, b),
        Inst::JumpGreater(a, b) => Inst::JumpNotGreater(a, b),
        Inst::JumpNotGreater(a, b) => Inst::JumpGreater(a, b),
        Inst::JumpGreaterEq(a, b) => Inst::JumpNotGreaterEq(a, b),
        Inst::JumpNotGreaterEq(a, b) => Inst::JumpGreaterEq(a, b),
        Inst::JumpLessI(a, b) => Inst::JumpNotLessI(a, b),
        Inst::JumpNotLessI(a, b) => Inst::JumpLessI(a, b),
        Inst::JumpLessEqI(a, b) => Inst::JumpNotLessEqI(a, b),
        Inst::JumpNotLessEqI(a, b) => Inst::JumpLessEqI(a, b),
        Inst::JumpGreaterI(a, b) => Inst::JumpNotGreaterI(a, b),
        Inst::JumpNotGreaterI(a, b) => Inst::JumpGreaterI(a, b),
        Inst::JumpGreaterEqI(a, b) => Inst::JumpNotGreaterEqI(a, b),
        Inst::JumpNotGreaterEqI(a, b) => Inst::JumpGreaterEqI(a, b),
        Inst::JumpEqual(a, b) => Inst::JumpNotEqual(a, b),
        Inst::JumpNotEqual(a, b) => Inst::JumpEqual(a, b),
        Inst::JumpSame(a, b) => Inst::JumpNotSame(a, b),
        Inst::JumpNotSame(a, b) => Inst::JumpSame(a, b),
        Inst::JumpEqualI(a, b) => Inst::JumpNotEqualI(a, b),
        Inst::JumpNotEqualI(a, b) => Inst::JumpEqualI(a, b),
        Inst::JumpSameI(a, b) => Inst::JumpNotSameI(a, b),
        Inst::JumpNotSameI(a, b) => Inst::JumpSameI(a, b),
        Inst::JumpKind(a, kind) => Inst::JumpNotKind(a, kind),
        Inst::JumpNotKind(a, kind) => Inst::JumpKind(a, kind),
        Inst::JumpConfident(a, b) => Inst::JumpNotConfident(a, b),
        Inst::JumpNotConfident(a, b) => Inst::JumpConfident(a, b),
        _ => return None,
    })
}
