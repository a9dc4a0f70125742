//! Brings operands to where instructions want them.

use prism_bytecode::{Inst, Reg};
use prism_ir::function::{OpId, Value};
use prism_ir::op::Const;

use super::Emit;
use crate::analyse::Again;

impl Emit<'_> {
    /// A register that holds the value, to be read only.
    pub(super) fn src(&mut self, value: Value) -> Reg {
        if let Some(reg) = self.held(value) {
            return reg;
        }
        let reg = self.temp();
        self.load(value, reg);
        reg
    }

    /// The register that holds the value already.
    pub(super) fn held(&self, value: Value) -> Option<Reg> {
        match self.analysis.again(value) {
            Some(again) => {
                self.hoisted.iter().find(|(known, _)| known == again).map(|(_, reg)| *reg)
            }
            None => self.regs.get(value).copied(),
        }
    }

    /// Makes a value that needs no register of its own.
    pub(super) fn load(&mut self, value: Value, to: Reg) {
        match self.analysis.again(value) {
            Some(again) => self.load_again(&again.clone(), to),
            // Only code that is never reached reads a value that was never made.
            None => self.asm.op(Inst::LoadNull(to)),
        }
    }

    pub(super) fn load_again(&mut self, again: &Again, to: Reg) {
        match again {
            Again::Captured(index) => self.asm.op(Inst::Captured(to, *index)),
            Again::Const(constant) => self.load_const(constant, to),
        }
    }

    pub(super) fn load_const(&mut self, constant: &Const, to: Reg) {
        match constant {
            Const::Null => self.asm.op(Inst::LoadNull(to)),
            Const::Bool(true) => self.asm.op(Inst::LoadTrue(to)),
            Const::Bool(false) => self.asm.op(Inst::LoadFalse(to)),
            Const::Number(number) => self.load_number(*number, to),
            Const::Text(text) => {
                let id = self.tables.builder.text(text);
                self.load_constant(id.0, to);
            }
        }
    }

    pub(super) fn load_number(&mut self, number: f64, to: Reg) {
        let small = number as i16;
        if f64::from(small).to_bits() == number.to_bits() {
            self.asm.op(Inst::LoadInt(to, small));
        } else {
            let id = self.tables.builder.number(number);
            self.load_constant(id.0, to);
        }
    }

    fn load_constant(&mut self, id: u32, to: Reg) {
        match u16::try_from(id) {
            Ok(id) => self.asm.op(Inst::LoadConst(to, id)),
            Err(_) => {
                let word = self.word(id, "constants");
                self.asm.op_with(Inst::LoadConstWide(to), word);
            }
        }
    }

    /// Whether the operation is the value's end, and reads it once.
    pub(super) fn is_last_use(&self, op: OpId, value: Value) -> bool {
        self.analysis.has_register(value)
            && self.deaths.at_op(op).contains(&value)
            && self.n_reads(op, value) == 1
    }

    pub(super) fn n_reads(&self, op: OpId, value: Value) -> usize {
        let mut count = 0;
        self.function.ops[op]
            .kind
            .for_each_operand(|operand| count += usize::from(operand == value));
        count
    }

    /// A register whose value the instruction may take away.
    pub(super) fn taken(&mut self, op: OpId, value: Value) -> Reg {
        match self.regs.get(value) {
            Some(&reg) if self.is_last_use(op, value) => reg,
            _ => {
                let reg = self.temp();
                self.bring(value, reg);
                reg
            }
        }
    }

    /// Puts the value into a register without taking it away from where it is.
    pub(super) fn bring(&mut self, value: Value, to: Reg) {
        match self.held(value) {
            Some(from) => self.asm.op(Inst::Copy(to, from)),
            None => self.load(value, to),
        }
    }

    /// The register of a container that the operation updates, which becomes the result's. It is
    /// the container's own where that dies: the update then happens in place.
    pub(super) fn updated(&mut self, op: OpId, container: Value) -> Reg {
        let Some(&result) = self.function.ops[op].results.first() else {
            unreachable!("an update has a result")
        };
        if self.is_last_use(op, container)
            && let Some(&reg) = self.regs.get(container)
        {
            self.settle(result, reg, false);
            return reg;
        }
        let reg = self.define_result(op, self.occupied.union(self.temps));
        self.bring(container, reg);
        reg
    }

    /// After an update: everything that died is free, the result is not.
    pub(super) fn updated_done(&mut self, op: OpId, result: Reg) {
        self.release(op);
        self.occupied.insert(result);
        self.done(op);
    }
}
