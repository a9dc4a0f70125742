//! Code as an interpreter reads it: at every place the step to be done there, together with what
//! is behind the instruction.
//!
//! A step is the instruction itself, or the instruction and the next one where the two follow each
//! other often. The next instruction keeps its own step: jumps may lead to it, and an interpreter
//! that cannot do both does the first alone.

use crate::{Extra, Inst, Reg, Word};

macro_rules! steps {
    ($($(#[doc = $doc:literal])* $op:ident = $name:literal ($($x:ident: $kind:ident),*) $(+ $extra:ident)?;)*) => {
        /// What is to be done at a place.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Step {
            $($(#[doc = $doc])* $op($(operand_type!($kind)),*),)*

            // An element, and what is computed from it in the same register. The word is the
            // register of the other operand `d`.
            /// `a = d + b[c]`
            ElementAdd(Reg, Reg, Reg),
            /// `a = d - b[c]`
            ElementSub(Reg, Reg, Reg),
            /// `a = d * b[c]`
            ElementMul(Reg, Reg, Reg),
            /// `a = b[c][d]`
            ElementElement(Reg, Reg, Reg),
            /// `a = b[c].d`, where the word says nothing
            ElementField(Reg, Reg, Reg),

            // Two computations in the same register. The word is the other operand `d` of the
            // second, a register or a small number.
            /// `a = d + b * c`
            MulAdd(Reg, Reg, Reg),
            /// `a = d - b * c`
            MulSub(Reg, Reg, Reg),
            /// `a = d * (b * c)`
            MulMul(Reg, Reg, Reg),
            /// `a = b * c / d`, a small number
            MulDivI(Reg, Reg, Reg),
            /// `a = b + c + d`, a small number
            AddAddI(Reg, Reg, Reg),

            // An instruction and any one of this kind behind it.
            AddForLess(Reg, Reg, Reg),
            RemIJumpNotEqualI(Reg, Reg, i8),
            LoadIntDiv(Reg, i16),
            LoadIntEqual(Reg, i16),
            CopyCopy(Reg, Reg),
            CopyMove(Reg, Reg),
            ArrayPushForEach(Reg, Reg),

            // The result of the function.
            /// `return b + c`
            ReturnAdd(Reg, Reg, Reg),
            /// `return b - c`
            ReturnSub(Reg, Reg, Reg),
            /// `return b / c`
            ReturnDiv(Reg, Reg, Reg),
            /// `return b == c`
            ReturnEqual(Reg, Reg, Reg),

            /// A jump to the `ForLess` at the end of a loop.
            JumpForLess(Word),
        }

        impl From<Inst> for Step {
            fn from(inst: Inst) -> Step {
                match inst { $(Inst::$op($($x),*) => Step::$op($($x),*),)* }
            }
        }
    };
}

instructions!(steps);

/// A place of [`Verified::code`](crate::Verified::code).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    pub step: Step,
    /// For jumps, where they go: the place, or its complement for a way back. Else what the step
    /// says, or the id in the word behind the instruction.
    pub word: i32,
}

/// One per word of code.
pub(crate) fn ready(code: &[Inst]) -> Vec<Ready> {
    (0..code.len()).map(|at| place(code, at)).collect()
}

fn place(code: &[Inst], at: usize) -> Ready {
    let inst = code[at];
    if let Some((step, word)) = pair(code, at) {
        return Ready { step, word };
    }
    let word = match inst {
        Inst::Jump(word) => target(at + 1, word.distance()),
        Inst::JumpIf(_, distance)
        | Inst::JumpUnless(_, distance)
        | Inst::JumpNull(_, distance)
        | Inst::JumpNotNull(_, distance)
        | Inst::JumpGiven(_, distance) => target(at + 1, distance.into()),
        _ => match code.get(at + 1) {
            Some(Inst::Jump(word)) if inst.op().extra() == Some(Extra::Jump) => {
                target(at + 2, word.distance())
            }
            Some(Inst::Arg(word)) => word.value() as i32,
            _ => 0,
        },
    };
    Ready { step: inst.into(), word }
}

/// Where a jump goes. The code of a program is shorter than 2³¹ words.
fn target(from: usize, distance: i32) -> i32 {
    let place = from as i32 + distance;
    if distance < 0 { !place } else { place }
}

/// An instruction and the next one as one step.
fn pair(code: &[Inst], at: usize) -> Option<(Step, i32)> {
    let (inst, next) = (code[at], *code.get(at + 1)?);
    let register = |reg: Reg| i32::from(reg.0);
    // The operand beside the result of the first in what replaces that result.
    let beside = |a: Reg, to: Reg, x: Reg, y: Reg| match to == a {
        true if y == a && x != a => Some(register(x)),
        true if x == a && y != a => Some(register(y)),
        _ => None,
    };
    match (inst, next) {
        (Inst::GetIndex(a, b, c), Inst::Add(to, x, y)) if y == a => {
            Some((Step::ElementAdd(a, b, c), beside(a, to, x, y)?))
        }
        (Inst::GetIndex(a, b, c), Inst::Sub(to, x, y)) if y == a => {
            Some((Step::ElementSub(a, b, c), beside(a, to, x, y)?))
        }
        (Inst::GetIndex(a, b, c), Inst::Mul(to, x, y)) => {
            Some((Step::ElementMul(a, b, c), beside(a, to, x, y)?))
        }
        (Inst::GetIndex(a, b, c), Inst::GetIndex(to, from, d))
            if to == a && from == a && d != a =>
        {
            Some((Step::ElementElement(a, b, c), register(d)))
        }
        (Inst::GetIndex(a, b, c), Inst::GetField(to, from)) if to == a && from == a => {
            Some((Step::ElementField(a, b, c), 0))
        }
        (Inst::Mul(a, b, c), Inst::Add(to, x, y)) => {
            Some((Step::MulAdd(a, b, c), beside(a, to, x, y)?))
        }
        (Inst::Mul(a, b, c), Inst::Sub(to, x, y)) if y == a => {
            Some((Step::MulSub(a, b, c), beside(a, to, x, y)?))
        }
        (Inst::Mul(a, b, c), Inst::Mul(to, x, y)) => {
            Some((Step::MulMul(a, b, c), beside(a, to, x, y)?))
        }
        (Inst::Mul(a, b, c), Inst::DivI(to, x, d)) if to == a && x == a => {
            Some((Step::MulDivI(a, b, c), d.into()))
        }
        (Inst::Add(a, b, c), Inst::AddI(to, x, d)) if to == a && x == a => {
            Some((Step::AddAddI(a, b, c), d.into()))
        }
        (Inst::Add(a, b, c), Inst::ForLess(..)) => Some((Step::AddForLess(a, b, c), 0)),
        (Inst::RemI(a, b, c), Inst::JumpNotEqualI(..)) => {
            Some((Step::RemIJumpNotEqualI(a, b, c), 0))
        }
        (Inst::LoadInt(a, b), Inst::Div(..)) => Some((Step::LoadIntDiv(a, b), 0)),
        (Inst::LoadInt(a, b), Inst::Equal(..) | Inst::Same(..)) => {
            Some((Step::LoadIntEqual(a, b), 0))
        }
        (Inst::Copy(a, b), Inst::Copy(..)) => Some((Step::CopyCopy(a, b), 0)),
        (Inst::Copy(a, b), Inst::Move(..)) => Some((Step::CopyMove(a, b), 0)),
        (Inst::ArrayPush(a, b), Inst::ForEach(..)) => Some((Step::ArrayPushForEach(a, b), 0)),
        (Inst::Add(a, b, c), Inst::Return(x)) if x == a => Some((Step::ReturnAdd(a, b, c), 0)),
        (Inst::Sub(a, b, c), Inst::Return(x)) if x == a => Some((Step::ReturnSub(a, b, c), 0)),
        (Inst::Div(a, b, c), Inst::Return(x)) if x == a => Some((Step::ReturnDiv(a, b, c), 0)),
        (Inst::Equal(a, b, c) | Inst::Same(a, b, c), Inst::Return(x)) if x == a => {
            Some((Step::ReturnEqual(a, b, c), 0))
        }
        (Inst::Jump(word), _) => {
            let to = (at as i32 + 1).checked_add(word.distance())?;
            match code.get(usize::try_from(to).ok()?)? {
                Inst::ForLess(..) if word.distance() >= 0 => Some((Step::JumpForLess(word), to)),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reg(number: u8) -> Reg {
        Reg(number)
    }

    fn jump(distance: i32) -> Inst {
        Inst::Jump(Word::jump(distance).expect("near"))
    }

    fn steps(code: &[Inst]) -> Vec<(Step, i32)> {
        ready(code).iter().map(|ready| (ready.step, ready.word)).collect()
    }

    #[test]
    fn an_instruction_brings_what_follows_it() {
        let (a, b) = (reg(1), reg(2));
        let word = Word::id(70_000).expect("it fits");
        let code = [
            Inst::AddK(a, b),
            Inst::Arg(word),
            Inst::JumpIf(a, 1),
            Inst::JumpLess(a, b),
            jump(-5),
            Inst::ReturnNull(),
        ];
        let expected = [
            (Step::AddK(a, b), 70_000),
            (Step::Arg(word), 0),
            (Step::JumpIf(a, 1), 4),
            (Step::JumpLess(a, b), !0),
            (Step::Jump(Word::jump(-5).expect("near")), !0),
            (Step::ReturnNull(), 0),
        ];
        assert_eq!(steps(&code), expected);
        assert_eq!(size_of::<Ready>(), 8);
    }

    #[test]
    fn a_pair_is_one_step_where_the_second_replaces_the_result_of_the_first() {
        let (a, b, c, d) = (reg(1), reg(2), reg(3), reg(4));
        let pair = |first, second| steps(&[first, second, Inst::ReturnNull()])[0];
        let get = Inst::GetIndex(a, b, c);
        assert_eq!(pair(get, Inst::Add(a, d, a)), (Step::ElementAdd(a, b, c), 4));
        assert_eq!(pair(get, Inst::Mul(a, a, d)), (Step::ElementMul(a, b, c), 4));
        assert_eq!(pair(get, Inst::Sub(a, d, a)), (Step::ElementSub(a, b, c), 4));
        assert_eq!(pair(get, Inst::GetIndex(a, a, d)), (Step::ElementElement(a, b, c), 4));
        assert_eq!(pair(get, Inst::GetField(a, a)), (Step::ElementField(a, b, c), 0));
        let mul = Inst::Mul(a, b, c);
        assert_eq!(pair(mul, Inst::Add(a, a, d)), (Step::MulAdd(a, b, c), 4));
        assert_eq!(pair(mul, Inst::Sub(a, d, a)), (Step::MulSub(a, b, c), 4));
        assert_eq!(pair(mul, Inst::Mul(a, d, a)), (Step::MulMul(a, b, c), 4));
        assert_eq!(pair(mul, Inst::DivI(a, a, -2)), (Step::MulDivI(a, b, c), -2));
        let add = Inst::Add(a, b, c);
        assert_eq!(pair(add, Inst::AddI(a, a, -2)), (Step::AddAddI(a, b, c), -2));
        assert_eq!(pair(add, Inst::Return(a)), (Step::ReturnAdd(a, b, c), 0));
    }

    #[test]
    fn other_pairs_stay_two_steps() {
        let (a, b, c, d) = (reg(1), reg(2), reg(3), reg(4));
        let get = Inst::GetIndex(a, b, c);
        let mul = Inst::Mul(a, b, c);
        let pairs = [
            // The result of the first is still there, or is both operands.
            (get, Inst::Mul(d, a, b)),
            (get, Inst::Mul(a, a, a)),
            (mul, Inst::Add(d, d, a)),
            // Text: its order is that of the operands.
            (get, Inst::Add(a, a, d)),
            // The other way round.
            (get, Inst::Sub(a, a, d)),
            (mul, Inst::Sub(a, a, d)),
            // The index of the second element is not there any more.
            (get, Inst::GetIndex(a, a, a)),
            (get, Inst::GetField(d, a)),
            (Inst::Add(a, b, c), Inst::AddI(d, a, 1)),
            (Inst::Add(a, b, c), Inst::Return(d)),
        ];
        for (first, second) in pairs {
            let code = [first, second, Inst::ReturnNull()];
            assert_eq!(steps(&code)[0].0, first.into(), "{code:?}");
        }
    }

    #[test]
    fn a_jump_to_the_end_of_a_counting_loop_is_one_step_with_it() {
        let (a, b) = (reg(1), reg(2));
        let end = Inst::ForLess(a, b, 1);
        let code = [jump(1), Inst::LoadNull(a), end, jump(-3), Inst::ReturnNull()];
        assert_eq!(steps(&code)[0], (Step::JumpForLess(Word::jump(1).expect("near")), 2));
        assert_eq!(steps(&code)[2], (Step::ForLess(a, b, 1), !1));
        // A way back pays for itself and for the loop.
        let code = [end, jump(0), jump(-3), Inst::ReturnNull()];
        assert_eq!(steps(&code)[2].0, code[2].into());
    }
}
