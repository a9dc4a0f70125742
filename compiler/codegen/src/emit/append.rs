//! Adds to a text in a shared variable without copying it.
//!
//! ```text
//!     jump_not_kind r0, string, plain     only a text grows in place
//!     jump_not_kind r1, string, plain     and only a text is added without a way to throw
//!     load_null r2
//!     cell_set r3, r2                     now nobody else holds the text
//! plain:
//!     add r0, r0, r1
//!     cell_set r3, r0
//! ```

use prism_bytecode::{Inst, Kind, Reg};
use prism_ir::function::{OpId, Text, Ty, Value};

use super::Emit;
use crate::analyse::Variable;

impl Emit<'_> {
    /// The addition; `false` when the left side does not die here.
    pub(super) fn append(
        &mut self,
        id: OpId,
        variable: Variable,
        left: Value,
        right: Value,
    ) -> bool {
        let Some(&text) = self.regs.get(left).filter(|_| self.is_last_use(id, left)) else {
            return false;
        };
        // Before any jump: both ways to the addition need it.
        let constant = self.analysis.text(right).cloned();
        let added = match constant {
            Some(_) => None,
            None => Some(self.src(right)),
        };
        let plain = self.asm.label();
        self.asm.compare(Inst::JumpNotKind(text, Kind::Text as u8), plain);
        if let Some(added) = added
            && !self.is_text(right)
        {
            self.asm.compare(Inst::JumpNotKind(added, Kind::Text as u8), plain);
        }
        let null = self.temp();
        self.asm.op(Inst::LoadNull(null));
        self.write(variable, null);
        self.asm.place(plain);
        self.add_in_place(id, text, constant, added);
        true
    }

    /// A text that dies in an addition to it: the sum takes its register and grows in place.
    /// `false` when it is no text, or lives on.
    pub(super) fn grow(&mut self, id: OpId, left: Value, right: Value) -> bool {
        let result = self.function.ops[id].results[0];
        let may_grow = self.function.values[result].ty == Ty::Text && left != right;
        let dies = may_grow && self.is_last_use(id, left);
        let Some(&text) = self.regs.get(left).filter(|_| dies) else {
            return false;
        };
        let constant = self.analysis.text(right).cloned();
        let added = match constant {
            Some(_) => None,
            None => Some(self.src(right)),
        };
        self.add_in_place(id, text, constant, added);
        true
    }

    fn add_in_place(&mut self, id: OpId, text: Reg, constant: Option<Text>, added: Option<Reg>) {
        self.release(id);
        let result = self.function.ops[id].results[0];
        self.settle(result, text, false);
        match (constant, added) {
            (Some(constant), _) => {
                let id = self.tables.builder.text(&constant);
                let word = self.word(id.0, "constants");
                self.asm.op_with(Inst::AddK(text, text), word);
            }
            (None, Some(added)) => self.asm.op(Inst::Add(text, text, added)),
            (None, None) => unreachable!("what is added is a constant or in a register"),
        }
        self.done(id);
    }

    fn is_text(&self, value: Value) -> bool {
        let facts = self.function.values[value];
        facts.is_plain && facts.ty == Ty::Text
    }

    fn write(&mut self, variable: Variable, from: Reg) {
        match variable {
            Variable::Cell(cell) => self.write_cell(cell, from),
            Variable::Global(global) => {
                let global = self.global(global);
                self.asm.op(Inst::SetGlobal(from, global));
            }
        }
    }
}
