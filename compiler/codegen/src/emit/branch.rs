//! Tests that lead to two places.

use prism_bytecode::{Inst, Kind, Reg};
use prism_ir::function::{OpId, Value};
use prism_ir::op::{BinaryOp, ConfidenceOp, Const, OpKind, PatternOp};

use super::Emit;
use crate::analyse::How;
use crate::asm::Label;

/// Which of the two places comes next in the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    True,
    False,
}

impl Next {
    fn flipped(self) -> Next {
        match self {
            Next::True => Next::False,
            Next::False => Next::True,
        }
    }
}

/// Where a test leads. Only the place that is not next gets a jump.
#[derive(Debug, Clone, Copy)]
struct Fork {
    if_true: Label,
    if_false: Label,
    next: Next,
}

impl Emit<'_> {
    /// Goes to `if_true` or `if_false` by the truth of a value. The caller places `next`.
    pub(super) fn branch(&mut self, value: Value, if_true: Label, if_false: Label, next: Next) {
        let fork = Fork { if_true, if_false, next };
        if let Some(constant) = self.analysis.constant(value) {
            let goal = if is_truthy(constant) { if_true } else { if_false };
            return self.asm.jump(goal);
        }
        match self.analysis.maker.get(value) {
            Some(&op) if self.analysis.how(op) == How::Fused => self.fused(op, fork),
            _ => {
                let reg = self.src(value);
                self.fork(fork, Inst::JumpIf(reg, 0), Inst::JumpUnless(reg, 0));
            }
        }
    }

    /// A test with a short distance and its opposite.
    fn fork(&mut self, fork: Fork, jumps_if: Inst, jumps_unless: Inst) {
        match fork.next {
            Next::True => self.asm.test(jumps_unless, fork.if_false),
            Next::False => self.asm.test(jumps_if, fork.if_true),
        }
    }

    /// A test that is followed by a jump word, and its opposite.
    fn fork_wide(&mut self, fork: Fork, jumps_if: Inst, jumps_unless: Inst) {
        match fork.next {
            Next::True => self.asm.compare(jumps_unless, fork.if_false),
            Next::False => self.asm.compare(jumps_if, fork.if_true),
        }
    }

    fn fused(&mut self, op: OpId, fork: Fork) {
        let function = self.function;
        match &function.ops[op].kind {
            OpKind::Unary { operand, .. } => {
                self.branch(*operand, fork.if_false, fork.if_true, fork.next.flipped());
            }
            OpKind::If { .. } => {
                self.test_if(op, fork.if_true, fork.if_false);
            }
            kind => self.test_of(kind, fork),
        }
    }

    /// Whether a test of this kind holds, as a boolean in `to`, which is none of its operands.
    pub(super) fn test_to_value(&mut self, kind: &OpKind, to: Reg) {
        let (if_true, if_false, end) = (self.asm.label(), self.asm.label(), self.asm.label());
        self.test_of(kind, Fork { if_true, if_false, next: Next::True });
        self.asm.place(if_true);
        self.asm.op(Inst::LoadTrue(to));
        self.asm.jump(end);
        self.asm.place(if_false);
        self.asm.op(Inst::LoadFalse(to));
        self.asm.place(end);
    }

    fn test_of(&mut self, kind: &OpKind, fork: Fork) {
        match kind {
            OpKind::Binary { op, left, right, .. } => self.compare(*op, *left, *right, fork),
            OpKind::Confidence { op: ConfidenceOp::AtLeast, left, right } => {
                self.at_least(*left, *right, fork);
            }
            OpKind::Confidence { op: ConfidenceOp::Gate, left, right } => {
                let value = self.src(*left);
                self.asm.test(Inst::JumpUnless(value, 0), fork.if_false);
                self.at_least(*left, *right, fork);
            }
            OpKind::IsAbsent(value) => {
                let reg = self.src(*value);
                self.asm.test(Inst::JumpGiven(reg, 0), fork.if_false);
                self.jump_unless_next(fork);
            }
            OpKind::Pattern { op, value } => self.pattern_test(op, *value, fork),
            other => unreachable!("no test: {other:?}"),
        }
    }

    /// After a test that went to `if_false`: the other place, unless it comes next.
    fn jump_unless_next(&mut self, fork: Fork) {
        match fork.next {
            Next::True => {}
            Next::False => self.asm.jump(fork.if_true),
        }
    }

    fn at_least(&mut self, value: Value, limit: Value, fork: Fork) {
        let value = self.src(value);
        let limit = self.src(limit);
        self.fork_wide(
            fork,
            Inst::JumpConfident(value, limit),
            Inst::JumpNotConfident(value, limit),
        );
    }

    fn compare(&mut self, op: BinaryOp, left: Value, right: Value, fork: Fork) {
        let is_equality = matches!(
            op,
            BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::Identical | BinaryOp::NotIdentical
        );
        if is_equality && (self.analysis.is_null(left) || self.analysis.is_null(right)) {
            let tested = if self.analysis.is_null(left) { right } else { left };
            let is_equal = matches!(op, BinaryOp::Equal | BinaryOp::Identical);
            let reg = self.src(tested);
            let (null, not_null) = (Inst::JumpNull(reg, 0), Inst::JumpNotNull(reg, 0));
            return match is_equal {
                true => self.fork(fork, null, not_null),
                false => self.fork(fork, not_null, null),
            };
        }
        let a = self.src(left);
        let (jumps_if, jumps_unless) = match (self.held(right), self.analysis.small(right)) {
            (None, Some(b)) => small_comparison(op, a, b),
            _ => {
                let b = self.src(right);
                comparison(op, a, b)
            }
        };
        self.fork_wide(fork, jumps_if, jumps_unless);
    }

    fn pattern_test(&mut self, op: &PatternOp, value: Value, fork: Fork) {
        let reg = self.src(value);
        match op {
            PatternOp::IsNull | PatternOp::IsConst(Const::Null) => {
                self.fork(fork, Inst::JumpNull(reg, 0), Inst::JumpNotNull(reg, 0));
            }
            PatternOp::IsConst(constant) => {
                let known = self.temp();
                self.load_const(constant, known);
                let same = Inst::JumpSame(reg, known);
                self.fork_wide(fork, same, Inst::JumpNotSame(reg, known));
            }
            PatternOp::HasField(name) => {
                if !self.is_object(value) {
                    let is_other = Inst::JumpNotKind(reg, Kind::Object as u8);
                    self.asm.compare(is_other, fork.if_false);
                }
                self.has_field(reg, name, fork);
            }
            PatternOp::IsObject(fields) => {
                let is_other = Inst::JumpNotKind(reg, Kind::Object as u8);
                self.asm.compare(is_other, fork.if_false);
                for name in fields {
                    let has = self.asm.label();
                    self.has_field(reg, name, Fork { if_true: has, next: Next::True, ..fork });
                    self.asm.place(has);
                }
                self.jump_unless_next(fork);
            }
            PatternOp::IsArray { length, at_least } => {
                let is_other = Inst::JumpNotKind(reg, Kind::Array as u8);
                self.asm.compare(is_other, fork.if_false);
                self.has_length(reg, *length, *at_least, fork);
            }
            PatternOp::ExpectArray
            | PatternOp::ExpectObject
            | PatternOp::Element(_)
            | PatternOp::Field(_)
            | PatternOp::ArrayRest(_)
            | PatternOp::ObjectRest(_) => unreachable!("no test: {op:?}"),
        }
    }

    /// Whether the value was made an object on the spot.
    fn is_object(&self, value: Value) -> bool {
        let maker = self.analysis.maker.get(value).map(|op| &self.function.ops[*op].kind);
        let is_expected = |op: &PatternOp| *op == PatternOp::ExpectObject;
        matches!(maker, Some(OpKind::Pattern { op, .. }) if is_expected(op))
    }

    fn has_field(&mut self, object: Reg, name: &str, fork: Fork) {
        let field = self.temp();
        let id = self.tables.builder.string(name);
        let word = self.word(id.0, "texts");
        self.asm.op_with(Inst::PickFieldMaybe(field, object), word);
        self.asm.test(Inst::JumpGiven(field, 0), fork.if_true);
        match fork.next {
            Next::True => self.asm.jump(fork.if_false),
            Next::False => {}
        }
    }

    fn has_length(&mut self, array: Reg, length: u32, at_least: bool, fork: Fork) {
        if at_least && length == 0 {
            return self.jump_unless_next(fork);
        }
        let found = self.temp();
        self.asm.op(Inst::Length(found, array));
        let op = if at_least { BinaryOp::GreaterEqual } else { BinaryOp::Identical };
        let (jumps_if, jumps_unless) = match i8::try_from(length) {
            Ok(length) => small_comparison(op, found, length),
            Err(_) => {
                let wanted = self.temp();
                self.load_number(f64::from(length), wanted);
                comparison(op, found, wanted)
            }
        };
        self.fork_wide(fork, jumps_if, jumps_unless);
    }
}

pub(super) fn is_truthy(constant: &Const) -> bool {
    match constant {
        Const::Null => false,
        Const::Bool(flag) => *flag,
        Const::Number(number) => *number != 0.0,
        Const::Text(text) => !text.is_empty(),
    }
}

/// The jump that is taken when the comparison holds, and the one when it does not.
fn comparison(op: BinaryOp, a: Reg, b: Reg) -> (Inst, Inst) {
    match op {
        BinaryOp::Less => (Inst::JumpLess(a, b), Inst::JumpNotLess(a, b)),
        BinaryOp::LessEqual => (Inst::JumpLessEq(a, b), Inst::JumpNotLessEq(a, b)),
        BinaryOp::Greater => (Inst::JumpGreater(a, b), Inst::JumpNotGreater(a, b)),
        BinaryOp::GreaterEqual => (Inst::JumpGreaterEq(a, b), Inst::JumpNotGreaterEq(a, b)),
        BinaryOp::Equal => (Inst::JumpEqual(a, b), Inst::JumpNotEqual(a, b)),
        BinaryOp::NotEqual => (Inst::JumpNotEqual(a, b), Inst::JumpEqual(a, b)),
        BinaryOp::Identical => (Inst::JumpSame(a, b), Inst::JumpNotSame(a, b)),
        BinaryOp::NotIdentical => (Inst::JumpNotSame(a, b), Inst::JumpSame(a, b)),
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Remainder
        | BinaryOp::Power
        | BinaryOp::Instanceof
        | BinaryOp::In => unreachable!("{op:?} is not fused"),
    }
}

fn small_comparison(op: BinaryOp, a: Reg, b: i8) -> (Inst, Inst) {
    match op {
        BinaryOp::Less => (Inst::JumpLessI(a, b), Inst::JumpNotLessI(a, b)),
        BinaryOp::LessEqual => (Inst::JumpLessEqI(a, b), Inst::JumpNotLessEqI(a, b)),
        BinaryOp::Greater => (Inst::JumpGreaterI(a, b), Inst::JumpNotGreaterI(a, b)),
        BinaryOp::GreaterEqual => (Inst::JumpGreaterEqI(a, b), Inst::JumpNotGreaterEqI(a, b)),
        BinaryOp::Equal => (Inst::JumpEqualI(a, b), Inst::JumpNotEqualI(a, b)),
        BinaryOp::NotEqual => (Inst::JumpNotEqualI(a, b), Inst::JumpEqualI(a, b)),
        BinaryOp::Identical => (Inst::JumpSameI(a, b), Inst::JumpNotSameI(a, b)),
        BinaryOp::NotIdentical => (Inst::JumpNotSameI(a, b), Inst::JumpSameI(a, b)),
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Remainder
        | BinaryOp::Power
        | BinaryOp::Instanceof
        | BinaryOp::In => unreachable!("{op:?} is not fused"),
    }
}
