//! Confidence: annotations, gates, bands.

use prism_bytecode::{Inst, Reg};
use prism_ir::function::{OpId, Value};
use prism_ir::op::{ConfidenceOp, Const, OpKind};

use super::Emit;

/// The code of an exception for a confidence that is missing.
const NO_CONFIDENCE: &str = "P1019";

impl Emit<'_> {
    pub(super) fn confidence(&mut self, id: OpId, kind: &OpKind) {
        match kind {
            OpKind::Confidence { op: ConfidenceOp::Gate, .. } => self.test_value(id, kind),
            OpKind::Confidence { op, left, right } => {
                let b = self.src(*left);
                let c = self.src(*right);
                let a = self.result(id);
                self.asm.op(confidence_inst(*op)(a, b, c));
                self.done(id);
            }
            OpKind::ConfidenceOf(value) => self.simple(id, *value, Inst::ConfidenceOf),
            OpKind::ValueOf(value) => self.simple(id, *value, Inst::ValueOf),
            OpKind::MakeConfident(value) => self.simple(id, *value, Inst::ToConfident),
            OpKind::Halve(value) => {
                let b = self.src(*value);
                let half = self.temp();
                self.load_number(0.5, half);
                let a = self.result(id);
                self.asm.op(Inst::Scale(a, b, half));
                self.done(id);
            }
            OpKind::Band { value, high, medium, strict } => {
                self.band(id, *value, *high, *medium, *strict);
            }
            other => unreachable!("not about confidence: {other:?}"),
        }
    }

    /// One instruction that reads a value and writes another.
    pub(super) fn simple(&mut self, id: OpId, value: Value, make: fn(Reg, Reg) -> Inst) {
        let b = self.src(value);
        let a = self.result(id);
        self.asm.op(make(a, b));
        self.done(id);
    }

    fn band(&mut self, id: OpId, value: Value, high: Value, medium: Value, strict: bool) {
        let value_reg = self.src(value);
        let high = self.src(high);
        let medium = self.src(medium);
        let to = self.result_apart(id);
        self.protect_dead(id);
        if strict && !self.is_confident(value) {
            self.expect_confident(value_reg);
        }
        let end = self.asm.label();
        for (band, limit) in [(2, high), (1, medium)] {
            self.asm.op(Inst::LoadInt(to, band));
            self.asm.compare(Inst::JumpConfident(value_reg, limit), end);
        }
        self.asm.op(Inst::LoadInt(to, 0));
        self.asm.place(end);
        self.done(id);
    }

    /// Whether the value was made confident on the spot.
    fn is_confident(&self, value: Value) -> bool {
        let maker = self.analysis.maker.get(value).map(|op| &self.function.ops[*op].kind);
        match maker {
            Some(OpKind::Confidence { op, .. }) => *op == ConfidenceOp::Annotate,
            Some(OpKind::MakeConfident(_)) => true,
            _ => false,
        }
    }

    /// Throws for a plain value. A plain value takes over the confidence of another one, here
    /// zero, and a confident one keeps its own: the two readings differ only for a plain value.
    fn expect_confident(&mut self, value: Reg) {
        let (null, zero, own) = (self.temp(), self.temp(), self.temp());
        self.load_const(&Const::Null, null);
        self.load_number(0.0, zero);
        self.asm.op(Inst::Annotate(null, null, zero));
        self.asm.op(Inst::Inherit(null, value, null));
        self.asm.op(Inst::ConfidenceOf(zero, null));
        self.asm.op(Inst::ConfidenceOf(own, value));
        let fits = self.asm.label();
        self.asm.compare(Inst::JumpSame(zero, own), fits);
        self.throw_error(NO_CONFIDENCE, "`uncertain` needs a confident value, found a plain one");
        self.asm.place(fits);
    }
}

fn confidence_inst(op: ConfidenceOp) -> fn(Reg, Reg, Reg) -> Inst {
    match op {
        ConfidenceOp::Annotate => Inst::Annotate,
        ConfidenceOp::AtLeast => Inst::AtLeast,
        ConfidenceOp::And => Inst::ConfidentAnd,
        ConfidenceOp::Or => Inst::ConfidentOr,
        ConfidenceOp::Chain => Inst::Chain,
        ConfidenceOp::More => Inst::MoreConfident,
        ConfidenceOp::Product => Inst::Product,
        ConfidenceOp::Scale => Inst::Scale,
        ConfidenceOp::Inherit => Inst::Inherit,
        ConfidenceOp::Gate => unreachable!("a gate is a test"),
    }
}
