//! Reads for destructuring and `match`.

use prism_bytecode::{Inst, Kind, native};
use prism_ir::function::{OpId, Text, Value};
use prism_ir::op::{Const, OpKind, PatternOp};

use super::Emit;

/// The code of an exception for a value that does not have the shape of a pattern.
const CANNOT_DESTRUCTURE: &str = "P1015";

impl Emit<'_> {
    pub(super) fn pattern(&mut self, id: OpId, op: &PatternOp, value: Value) {
        match op {
            PatternOp::ExpectArray => self.expect(id, value, Kind::Array, "an array"),
            PatternOp::ExpectObject => self.expect(id, value, Kind::Object, "an object"),
            PatternOp::Element(at) => self.element_of(id, value, *at),
            PatternOp::Field(name) => {
                let b = self.src(value);
                let a = self.result(id);
                let word = self.text_word(name);
                self.asm.op_with(Inst::PickField(a, b), word);
                self.done(id);
            }
            PatternOp::ArrayRest(from) => self.array_rest(id, value, *from),
            PatternOp::ObjectRest(names) => self.object_rest(id, value, names),
            PatternOp::HasField(_)
            | PatternOp::IsArray { .. }
            | PatternOp::IsObject(_)
            | PatternOp::IsConst(_)
            | PatternOp::IsNull => {
                self.test_value(id, &OpKind::Pattern { op: op.clone(), value });
            }
        }
    }

    /// The plain value if it is of a kind; else it throws.
    fn expect(&mut self, id: OpId, value: Value, kind: Kind, wanted: &str) {
        let b = self.src(value);
        let fits = self.asm.label();
        self.asm.compare(Inst::JumpKind(b, kind as u8), fits);
        let message = format!("cannot destructure a value that is not {wanted}");
        self.throw_error(CANNOT_DESTRUCTURE, &message);
        self.asm.place(fits);
        let a = self.result(id);
        self.asm.op(Inst::ValueOf(a, b));
        self.done(id);
    }

    /// Throws an error with a code and a message that are known now.
    pub(super) fn throw_error(&mut self, code: &str, message: &str) {
        let taken = self.occupied.union(self.temps);
        let free = taken.union(self.reserved).lowest_room(2);
        let Some(window) = free.or_else(|| taken.lowest_room(2)) else {
            return self.too_many_registers();
        };
        let second = prism_bytecode::Reg(window.0 + 1);
        self.use_up_to(second.0.into());
        self.load_const(&Const::Text(message.into()), window);
        self.load_const(&Const::Text(code.into()), second);
        let error = native("Error").expect("the machine makes errors");
        let word = self.word(error.0, "functions of the machine");
        self.asm.op_with(Inst::CallNative(window, window, 2), word);
        self.asm.op(Inst::Throw(window));
    }

    fn element_of(&mut self, id: OpId, value: Value, at: u32) {
        let b = self.src(value);
        match i8::try_from(at) {
            Ok(at) => {
                let a = self.result(id);
                self.asm.op(Inst::PickIndex(a, b, at));
            }
            Err(_) => {
                let index = self.temp();
                self.load_number(f64::from(at), index);
                let a = self.result(id);
                self.asm.op(Inst::GetIndexOptional(a, b, index));
            }
        }
        self.done(id);
    }

    fn array_rest(&mut self, id: OpId, value: Value, from: u32) {
        let Ok(from) = i8::try_from(from) else {
            return self.long_array_rest(id, value, from);
        };
        let b = self.src(value);
        let a = self.result(id);
        self.asm.op(Inst::ArrayRest(a, b, from));
        self.done(id);
    }

    fn long_array_rest(&mut self, id: OpId, value: Value, from: u32) {
        let taken = self.occupied.union(self.temps);
        let Some(window) = taken.lowest_room(2) else { return self.too_many_registers() };
        let second = prism_bytecode::Reg(window.0 + 1);
        self.use_up_to(second.0.into());
        self.bring(value, window);
        self.load_number(f64::from(from), second);
        let slice = native("array.slice").expect("the machine slices arrays");
        let a = self.result(id);
        let word = self.word(slice.0, "functions of the machine");
        self.asm.op_with(Inst::CallNative(a, window, 2), word);
        self.done(id);
    }

    fn object_rest(&mut self, id: OpId, value: Value, names: &[Text]) {
        let mut distinct: Vec<&str> = names.iter().map(|name| &**name).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let keys = self.tables.builder.keys(distinct);
        let b = self.src(value);
        let a = self.result(id);
        let word = self.word(keys.0, "lists of names");
        self.asm.op_with(Inst::ObjectRest(a, b), word);
        self.done(id);
    }
}
