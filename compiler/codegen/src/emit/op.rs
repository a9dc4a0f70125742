//! Operations, by kind.

use prism_bytecode::{Inst, Reg};
use prism_ir::function::{OpId, Text, Value};
use prism_ir::op::{BinaryOp, OpKind, UnaryOp};

use super::Emit;
use crate::analyse::How;

impl Emit<'_> {
    pub(super) fn op(&mut self, id: OpId) {
        match self.analysis.how(id) {
            How::Own => {}
            How::Again | How::Fused | How::InLoop => return,
            How::Element => {
                let element = self.function.ops[id].results[0];
                self.occupied.insert(self.regs[element]);
                return self.done(id);
            }
        }
        let function = self.function;
        let op = &function.ops[id];
        self.source = op.source;
        self.asm.source(op.source);
        self.temps = crate::regs::Regs::NONE;
        self.kind(id, &op.kind);
    }

    fn kind(&mut self, id: OpId, kind: &OpKind) {
        match kind {
            OpKind::Const(_) => unreachable!("constants are made where they are used"),
            OpKind::Unary { op, operand } => self.unary(id, *op, *operand),
            OpKind::Binary { op, confident, left, right } => {
                self.binary(id, *op, *left, *right, *confident);
            }
            OpKind::Template(_)
            | OpKind::Array(_)
            | OpKind::ArrayPush { .. }
            | OpKind::ArraySpread { .. }
            | OpKind::Object(_)
            | OpKind::ObjectSet { .. }
            | OpKind::ObjectSpread { .. }
            | OpKind::IndexSet { .. }
            | OpKind::Update { .. }
            | OpKind::Member { .. }
            | OpKind::Index { .. }
            | OpKind::Items { .. }
            | OpKind::ItemCount(_)
            | OpKind::ItemAt { .. } => self.data(id, kind),
            OpKind::Pattern { op, value } => self.pattern(id, op, *value),
            OpKind::Confidence { .. }
            | OpKind::ConfidenceOf(_)
            | OpKind::ValueOf(_)
            | OpKind::MakeConfident(_)
            | OpKind::Halve(_)
            | OpKind::Band { .. } => self.confidence(id, kind),
            OpKind::Call { .. }
            | OpKind::CallValue { .. }
            | OpKind::CallMethod { .. }
            | OpKind::CallNative { .. }
            | OpKind::Native(_)
            | OpKind::Offer { .. }
            | OpKind::Perform { .. }
            | OpKind::Spawn { .. }
            | OpKind::Join { .. }
            | OpKind::JoinAny { .. }
            | OpKind::Cancel { .. }
            | OpKind::Fail { .. }
            | OpKind::Handle { .. }
            | OpKind::Resume { .. } => self.call(id, kind),
            OpKind::Closure { .. }
            | OpKind::CellNew(_)
            | OpKind::CellGet(_)
            | OpKind::CellSet { .. }
            | OpKind::UpdateCell { .. }
            | OpKind::GlobalGet(_)
            | OpKind::GlobalSet { .. }
            | OpKind::UpdateGlobal { .. } => self.shared(id, kind),
            OpKind::IsAbsent(_) => self.test_value(id, kind),
            OpKind::If { condition, then, otherwise } => {
                self.if_op(id, *condition, *then, *otherwise);
            }
            OpKind::Loop { initial, body } => self.loop_op(id, initial, *body),
            OpKind::Try { body, catch, finally } => self.try_op(id, *body, *catch, *finally),
        }
    }

    /// A test that nobody jumps on, as a boolean.
    pub(super) fn test_value(&mut self, id: OpId, kind: &OpKind) {
        let to = self.result_apart(id);
        // The operands may have died here; until the end nobody else may have their registers.
        self.protect_dead(id);
        self.test_to_value(kind, to);
        self.done(id);
    }

    /// Registers of operands that die here stay untouched until the operation is over.
    pub(super) fn protect_dead(&mut self, id: OpId) {
        for value in self.deaths.at_op(id) {
            if let Some(reg) = self.regs.get(*value) {
                self.temps.insert(*reg);
            }
        }
    }

    fn unary(&mut self, id: OpId, op: UnaryOp, operand: Value) {
        let b = self.src(operand);
        let a = self.result(id);
        self.asm.op(match op {
            UnaryOp::Not => Inst::Not(a, b),
            UnaryOp::Negate => Inst::Neg(a, b),
            UnaryOp::Plus => Inst::ToNumber(a, b),
            UnaryOp::Typeof => Inst::Typeof(a, b),
            UnaryOp::Await => Inst::Await(a, b),
        });
        self.done(id);
    }

    fn binary(&mut self, id: OpId, op: BinaryOp, left: Value, right: Value, confident: bool) {
        if let Some(variable) = self.analysis.appends.get(id).copied()
            && self.append(id, variable, left, right)
        {
            return;
        }
        if op == BinaryOp::Add && !confident && self.grow(id, left, right) {
            return;
        }
        let swaps = op == BinaryOp::Multiply && self.analysis.swaps(self.function, left, right);
        let (left, right) = if swaps { (right, left) } else { (left, right) };
        let a = match self.arithmetic_with_constant(id, op, left, right) {
            Some(a) => a,
            None => {
                let b = self.src(left);
                let c = self.src(right);
                let a = self.result(id);
                self.asm.op(binary_inst(op, a, b, c));
                a
            }
        };
        if confident {
            self.asm.op(Inst::ToConfident(a, a));
        }
        self.done(id);
    }

    /// Arithmetic whose right operand fits the instruction or its extra word.
    fn arithmetic_with_constant(
        &mut self,
        id: OpId,
        op: BinaryOp,
        left: Value,
        right: Value,
    ) -> Option<Reg> {
        if let Some(small) = self.analysis.small(right) {
            let make = small_inst(op)?;
            let b = self.src(left);
            let a = self.result(id);
            self.asm.op(make(a, b, small));
            return Some(a);
        }
        let make = constant_inst(op)?;
        let constant = match (self.analysis.number(right), self.analysis.text(right).cloned()) {
            (Some(number), _) => self.tables.builder.number(number),
            (None, Some(text)) if op == BinaryOp::Add => self.tables.builder.text(&text),
            (None, _) => return None,
        };
        let b = self.src(left);
        let a = self.result(id);
        let word = self.word(constant.0, "constants");
        self.asm.op_with(make(a, b), word);
        Some(a)
    }

    /// The word that names a text.
    pub(super) fn text_word(&mut self, text: &Text) -> prism_bytecode::Word {
        let id = self.tables.builder.string(text);
        self.word(id.0, "texts")
    }
}

fn small_inst(op: BinaryOp) -> Option<fn(Reg, Reg, i8) -> Inst> {
    match op {
        BinaryOp::Add => Some(Inst::AddI),
        BinaryOp::Subtract => Some(Inst::SubI),
        BinaryOp::Multiply => Some(Inst::MulI),
        BinaryOp::Divide => Some(Inst::DivI),
        BinaryOp::Remainder => Some(Inst::RemI),
        BinaryOp::Power
        | BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Identical
        | BinaryOp::NotIdentical
        | BinaryOp::Less
        | BinaryOp::LessEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterEqual
        | BinaryOp::Instanceof
        | BinaryOp::In => None,
    }
}

fn constant_inst(op: BinaryOp) -> Option<fn(Reg, Reg) -> Inst> {
    match op {
        BinaryOp::Add => Some(Inst::AddK),
        BinaryOp::Subtract => Some(Inst::SubK),
        BinaryOp::Multiply => Some(Inst::MulK),
        BinaryOp::Divide => Some(Inst::DivK),
        BinaryOp::Remainder => Some(Inst::RemK),
        BinaryOp::Power
        | BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Identical
        | BinaryOp::NotIdentical
        | BinaryOp::Less
        | BinaryOp::LessEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterEqual
        | BinaryOp::Instanceof
        | BinaryOp::In => None,
    }
}

fn binary_inst(op: BinaryOp, a: Reg, b: Reg, c: Reg) -> Inst {
    match op {
        BinaryOp::Add => Inst::Add(a, b, c),
        BinaryOp::Subtract => Inst::Sub(a, b, c),
        BinaryOp::Multiply => Inst::Mul(a, b, c),
        BinaryOp::Divide => Inst::Div(a, b, c),
        BinaryOp::Remainder => Inst::Rem(a, b, c),
        BinaryOp::Power => Inst::Pow(a, b, c),
        BinaryOp::Equal => Inst::Equal(a, b, c),
        BinaryOp::NotEqual => Inst::NotEqual(a, b, c),
        BinaryOp::Identical => Inst::Same(a, b, c),
        BinaryOp::NotIdentical => Inst::NotSame(a, b, c),
        BinaryOp::Less => Inst::Less(a, b, c),
        BinaryOp::LessEqual => Inst::LessEq(a, b, c),
        BinaryOp::Greater => Inst::Greater(a, b, c),
        BinaryOp::GreaterEqual => Inst::GreaterEq(a, b, c),
        BinaryOp::Instanceof => Inst::InstanceOf(a, b, c),
        BinaryOp::In => Inst::In(a, b, c),
    }
}
