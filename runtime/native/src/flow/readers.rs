//! What becomes of the value in a register: who reads it next, and who else may get to hold it.

use prism_bytecode::Inst;

use super::Around;
use crate::kinds::Kinds;
use crate::live::Live;
use crate::step::{Regs, Step};

/// How a confident number out of an array is held from a place on: with its box, unless it is only
/// computed with.
pub(super) fn sure(pc: u32, reg: u8, around: &Around<'_>) -> Kinds {
    let is_passed_on = around.passed_on.get(&pc).is_none_or(|regs| regs.contains(reg));
    if is_passed_on { Kinds::NUMERIC } else { Kinds::FRESH }
}

/// Registers that it reads and whose values somebody else may have afterwards.
pub(super) fn passes_on(step: &Step) -> Regs {
    let (read, _) = step.registers();
    let is_comparison = matches!(
        step.inst,
        Inst::Equal(..)
            | Inst::NotEqual(..)
            | Inst::Same(..)
            | Inst::NotSame(..)
            | Inst::JumpEqual(..)
            | Inst::JumpNotEqual(..)
            | Inst::JumpSame(..)
            | Inst::JumpNotSame(..)
            | Inst::JumpEqualI(..)
            | Inst::JumpNotEqualI(..)
            | Inst::JumpSameI(..)
            | Inst::JumpNotSameI(..)
            | Inst::ForLess(..)
            | Inst::ForLessEq(..)
    );
    let is_computed_with = |reg| matches!(usable(step, reg), Kinds::NUMBER | Kinds::BOOL);
    read.filter(|reg| !is_comparison && !is_computed_with(reg))
}

/// The kinds that the next reader of a register can use, if it follows soon.
pub(super) fn wanted(pc: u32, reg: u8, live: &Live, around: &Around<'_>) -> Kinds {
    if around.heads.contains(&pc) { Kinds::ANY } else { wanted_from(pc, reg, live, around) }
}

/// The same where others may come to the first instruction.
pub(super) fn wanted_from(mut pc: u32, reg: u8, live: &Live, around: &Around<'_>) -> Kinds {
    for _ in 0..16 {
        if !live.contains_key(&pc) {
            break;
        }
        let step = Step::at(around.program, pc);
        let (read, written) = step.registers();
        if read.contains(reg) {
            return usable(&step, reg);
        }
        if written.contains(reg) || step.ends() || around.heads.contains(&step.next) {
            break;
        }
        pc = step.next;
    }
    Kinds::ANY
}

/// The kinds that a reader of a register can use.
fn usable(step: &Step, reg: u8) -> Kinds {
    match step.inst {
        Inst::JumpIf(..) | Inst::JumpUnless(..) | Inst::Not(..) | Inst::Truthy(..) => Kinds::BOOL,
        Inst::GetIndex(_, b, _) | Inst::GetIndexI(_, b, _) if b.0 == reg => Kinds::ARRAYS,
        Inst::Length(..) | Inst::Items(..) => Kinds::ARRAYS,
        Inst::GetField(..) => Kinds::OBJECT,
        Inst::Add(..)
        | Inst::Sub(..)
        | Inst::Mul(..)
        | Inst::Div(..)
        | Inst::Rem(..)
        | Inst::AddI(..)
        | Inst::SubI(..)
        | Inst::MulI(..)
        | Inst::DivI(..)
        | Inst::RemI(..)
        | Inst::AddK(..)
        | Inst::SubK(..)
        | Inst::MulK(..)
        | Inst::DivK(..)
        | Inst::RemK(..)
        | Inst::Neg(..)
        | Inst::Annotate(..)
        | Inst::Scale(..)
        | Inst::Product(..)
        | Inst::Chain(..)
        | Inst::ValueOf(..)
        | Inst::ConfidenceOf(..)
        | Inst::JumpConfident(..)
        | Inst::JumpNotConfident(..)
        | Inst::Less(..)
        | Inst::LessEq(..)
        | Inst::Greater(..)
        | Inst::GreaterEq(..)
        | Inst::JumpLess(..)
        | Inst::JumpLessEq(..)
        | Inst::JumpGreater(..)
        | Inst::JumpGreaterEq(..)
        | Inst::JumpNotLess(..)
        | Inst::JumpNotLessEq(..)
        | Inst::JumpNotGreater(..)
        | Inst::JumpNotGreaterEq(..)
        | Inst::JumpLessI(..)
        | Inst::JumpLessEqI(..)
        | Inst::JumpGreaterI(..)
        | Inst::JumpGreaterEqI(..)
        | Inst::JumpNotLessI(..)
        | Inst::JumpNotLessEqI(..)
        | Inst::JumpNotGreaterI(..)
        | Inst::JumpNotGreaterEqI(..)
        | Inst::GetIndex(..) => Kinds::NUMBER,
        _ => Kinds::ANY,
    }
}
