//! Code as an interpreter reads it: every instruction together with the word behind it.

use crate::{Extra, Inst};

/// An instruction at its place in [`Verified::code`](crate::Verified::code).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    pub inst: Inst,
    /// The id or the distance in the word behind it, or its own if it is an [`Inst::Jump`]. For
    /// [`Inst::GetIndex`], what the next instruction wants of the element: [`Ready::TO_ELEMENT`],
    /// [`Ready::TO_FIELD`], or 0 for anything else.
    pub word: i32,
}

impl Ready {
    /// The next instruction is `GetIndex` and replaces the element by an element of it.
    pub const TO_ELEMENT: i32 = 1;
    /// The next instruction is `GetField` and replaces the element by a field of it.
    pub const TO_FIELD: i32 = 2;
}

/// One per word of code.
pub(crate) fn ready(code: &[Inst]) -> Vec<Ready> {
    let next = code.iter().skip(1).map(Some).chain([None]);
    code.iter().zip(next).map(|(&inst, next)| Ready { inst, word: word(inst, next) }).collect()
}

fn word(inst: Inst, next: Option<&Inst>) -> i32 {
    match (inst, next) {
        (Inst::Jump(word), _) => word.distance(),
        (Inst::GetIndex(a, ..), Some(&Inst::GetIndex(to, from, at)))
            if to == a && from == a && at != a =>
        {
            Ready::TO_ELEMENT
        }
        (Inst::GetIndex(a, ..), Some(&Inst::GetField(to, from))) if to == a && from == a => {
            Ready::TO_FIELD
        }
        (_, Some(Inst::Jump(word))) if inst.op().extra() == Some(Extra::Jump) => word.distance(),
        (_, Some(Inst::Arg(word))) => word.value() as i32,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Reg, Word};

    #[test]
    fn an_instruction_brings_what_follows_it() {
        let (a, b) = (Reg(1), Reg(2));
        let code = [
            Inst::JumpLess(a, b),
            Inst::Jump(Word::jump(-7).unwrap_or_else(|| unreachable!())),
            Inst::GetIndex(a, b, b),
            Inst::GetIndex(a, a, b),
            Inst::GetIndex(a, a, b),
            Inst::GetField(a, a),
            Inst::Arg(Word::id(70_000).unwrap_or_else(|| unreachable!())),
            Inst::GetIndex(a, b, b),
            Inst::GetIndex(a, a, a),
            Inst::ReturnNull(),
        ];
        let words: Vec<i32> = ready(&code).iter().map(|ready| ready.word).collect();
        // The index of the last element is not there any more once the first is read.
        assert_eq!(words, [-7, -7, 1, 1, 2, 70_000, 0, 0, 0, 0]);
        assert_eq!(size_of::<Ready>(), 8);
    }
}
