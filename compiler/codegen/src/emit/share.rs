//! Closures, cells and globals.

use prism_bytecode::{Inst, Reg, Word};
use prism_ir::function::{GlobalId, OpId, Value};
use prism_ir::op::OpKind;

use super::Emit;
use crate::analyse::Again;
use crate::error::EmitError;

impl Emit<'_> {
    pub(super) fn shared(&mut self, id: OpId, kind: &OpKind) {
        match kind {
            OpKind::Closure { function, captures } => {
                let window = self.window(id, captures);
                let to = self.result(id);
                let word = self.word(function.0, "functions");
                let inst = Inst::Closure(to, window, captures.len() as u8);
                self.asm.op_with(inst, word);
                self.done(id);
            }
            OpKind::CellNew(first) => {
                let first = match first {
                    Some(value) => self.taken(id, *value),
                    None => {
                        let missing = self.temp();
                        self.asm.op(Inst::LoadMissing(missing));
                        missing
                    }
                };
                let to = self.result(id);
                self.asm.op(Inst::NewCell(to, first));
                self.done(id);
            }
            OpKind::CellGet(cell) => self.cell_get(id, *cell),
            OpKind::CellSet { cell, value } => {
                let value = self.taken(id, *value);
                self.write_cell(*cell, value);
                self.finish(id);
            }
            OpKind::UpdateCell { cell, path, value, push } => {
                self.update_cell(id, *cell, path, *value, *push);
            }
            OpKind::GlobalGet(global) => {
                let global = self.global(*global);
                let to = self.result(id);
                self.asm.op(Inst::GetGlobal(to, global));
                self.done(id);
            }
            OpKind::GlobalSet { global, value } => {
                let value = self.taken(id, *value);
                let global = self.global(*global);
                self.asm.op(Inst::SetGlobal(value, global));
                self.finish(id);
            }
            OpKind::UpdateGlobal { global, path, value, push } => {
                let (window, n_steps) = self.path(id, path, *value);
                let inst = match push {
                    true => Inst::PushPathGlobal(window, n_steps),
                    false => Inst::SetPathGlobal(window, n_steps),
                };
                let word: Word = self.word(global.0, "variables of modules");
                self.asm.op_with(inst, word);
                self.finish(id);
            }
            other => unreachable!("nothing shared: {other:?}"),
        }
    }

    /// Ends an operation without a result.
    pub(super) fn finish(&mut self, id: OpId) {
        self.release(id);
        self.done(id);
    }

    /// The number of the capture that a cell is, when it has no register.
    fn captured_cell(&self, cell: Value) -> Option<u8> {
        match self.analysis.again(cell) {
            Some(Again::Captured(index)) => Some(*index),
            Some(Again::Const(_)) | None => None,
        }
    }

    pub(super) fn write_cell(&mut self, cell: Value, from: Reg) {
        match self.captured_cell(cell) {
            Some(index) => self.asm.op(Inst::CapturedSet(index, from)),
            None => {
                let cell = self.src(cell);
                self.asm.op(Inst::CellSet(cell, from));
            }
        }
    }

    fn cell_get(&mut self, id: OpId, cell: Value) {
        match self.captured_cell(cell) {
            Some(index) => {
                let to = self.result(id);
                self.asm.op(Inst::CapturedGet(to, index));
            }
            None => {
                let cell = self.src(cell);
                let to = self.result(id);
                self.asm.op(Inst::CellGet(to, cell));
            }
        }
        self.done(id);
    }

    fn path(&mut self, id: OpId, path: &[Value], value: Value) -> (Reg, u8) {
        let steps: Vec<Value> = path.iter().copied().chain([value]).collect();
        let window = self.window(id, &steps);
        (0..steps.len()).for_each(|at| self.temps.insert(Reg(window.0 + at as u8)));
        (window, path.len() as u8)
    }

    fn update_cell(&mut self, id: OpId, cell: Value, path: &[Value], value: Value, push: bool) {
        let (window, n_steps) = self.path(id, path, value);
        let inst = match (self.captured_cell(cell), push) {
            (Some(index), true) => Inst::PushPathCaptured(index, window, n_steps),
            (Some(index), false) => Inst::SetPathCaptured(index, window, n_steps),
            (None, true) => Inst::PushPathCell(self.src(cell), window, n_steps),
            (None, false) => Inst::SetPathCell(self.src(cell), window, n_steps),
        };
        self.asm.op(inst);
        self.finish(id);
    }

    pub(super) fn global(&mut self, global: GlobalId) -> u16 {
        match u16::try_from(global.0) {
            Ok(id) => id,
            Err(_) => {
                self.fail(EmitError::TooLarge { what: "variables of modules" });
                0
            }
        }
    }
}
