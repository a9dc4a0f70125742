//! Texts, arrays and objects.

use prism_bytecode::{Inst, MemberMode, Reg};
use prism_ir::function::{OpId, Text, Ty, Value};
use prism_ir::op::{self, OpKind};

use super::Emit;

impl Emit<'_> {
    pub(super) fn data(&mut self, id: OpId, kind: &OpKind) {
        match kind {
            OpKind::Template(values) => self.of_window(id, values, Inst::Concat),
            OpKind::Array(values) => self.of_window(id, values, Inst::NewArray),
            OpKind::Object(fields) => self.object(id, fields),
            OpKind::ArrayPush { array, value } => {
                let item = self.taken(id, *value);
                let to = self.updated(id, *array);
                self.asm.op(Inst::ArrayPush(to, item));
                self.updated_done(id, to);
            }
            OpKind::ArraySpread { array, items } => {
                let items = self.src(*items);
                let to = self.updated(id, *array);
                self.asm.op(Inst::ArraySpread(to, items));
                self.updated_done(id, to);
            }
            OpKind::ObjectSet { object, name, value } => self.set_field(id, *object, name, *value),
            OpKind::ObjectSpread { object, fields } => {
                let fields = self.src(*fields);
                let to = self.updated(id, *object);
                self.asm.op(Inst::ObjectSpread(to, fields));
                self.updated_done(id, to);
            }
            OpKind::IndexSet { container, index, value } => {
                self.set_index(id, *container, *index, *value);
            }
            OpKind::Update { container, path, value, push } => {
                self.update(id, *container, path, *value, *push);
            }
            OpKind::Member { object, name, mode } => self.member(id, *object, name, *mode),
            OpKind::Index { object, index, optional } => self.index(id, *object, *index, *optional),
            OpKind::Items { subject, .. } => {
                let subject = self.src(*subject);
                let to = self.items_result(id);
                self.asm.op(Inst::Items(to, subject));
                self.done(id);
            }
            OpKind::ItemCount(items) => {
                let items = self.src(*items);
                let to = self.result(id);
                self.asm.op(Inst::Length(to, items));
                self.done(id);
            }
            OpKind::ItemAt { items, index } => self.index(id, *items, *index, false),
            other => unreachable!("not about data: {other:?}"),
        }
    }

    fn of_window(&mut self, id: OpId, values: &[Value], make: fn(Reg, Reg, u8) -> Inst) {
        let window = self.window(id, values);
        let to = self.result(id);
        self.asm.op(make(to, window, values.len() as u8));
        self.done(id);
    }

    /// A name that occurs again keeps its first place and gets its last value.
    fn object(&mut self, id: OpId, fields: &[(Text, Value)]) {
        let mut names: Vec<&Text> = Vec::with_capacity(fields.len());
        let mut values: Vec<Value> = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            match names.iter().position(|known| *known == name) {
                Some(at) => values[at] = *value,
                None => {
                    names.push(name);
                    values.push(*value);
                }
            }
        }
        let keys = self.tables.builder.keys(names.iter().map(|name| &***name));
        let window = self.window(id, &values);
        let to = self.result(id);
        let word = self.word(keys.0, "lists of names");
        self.asm.op_with(Inst::NewObject(to, window), word);
        self.done(id);
    }

    fn set_field(&mut self, id: OpId, object: Value, name: &Text, value: Value) {
        let value = self.taken(id, value);
        let to = self.updated(id, object);
        let word = self.text_word(name);
        self.asm.op_with(Inst::SetField(to, value), word);
        self.updated_done(id, to);
    }

    fn set_index(&mut self, id: OpId, container: Value, index: Value, value: Value) {
        let index = self.src(index);
        let value = self.taken(id, value);
        let to = self.updated(id, container);
        self.asm.op(Inst::SetIndex(to, index, value));
        self.updated_done(id, to);
    }

    fn update(&mut self, id: OpId, container: Value, path: &[Value], value: Value, push: bool) {
        match (path, push) {
            ([step], false) => match self.analysis.text(*step).cloned() {
                Some(name) => return self.set_field(id, container, &name, value),
                None => return self.set_index(id, container, *step, value),
            },
            ([], true) => {
                let item = self.taken(id, value);
                let to = self.updated(id, container);
                self.asm.op(Inst::ArrayPush(to, item));
                return self.updated_done(id, to);
            }
            _ => {}
        }
        let steps: Vec<Value> = path.iter().copied().chain([value]).collect();
        let window = self.window(id, &steps);
        (0..steps.len()).for_each(|at| self.temps.insert(Reg(window.0 + at as u8)));
        let to = self.updated(id, container);
        let n_steps = path.len() as u8;
        self.asm.op(match push {
            true => Inst::PushPath(to, window, n_steps),
            false => Inst::SetPath(to, window, n_steps),
        });
        self.updated_done(id, to);
    }

    fn member(&mut self, id: OpId, object: Value, name: &Text, mode: op::MemberMode) {
        let facts = self.function.values[object];
        let has_length = facts.is_plain && matches!(facts.ty, Ty::Array | Ty::Text);
        let b = self.src(object);
        let a = self.result(id);
        let mode = match mode {
            op::MemberMode::Plain if has_length && &**name == "length" => {
                self.asm.op(Inst::Length(a, b));
                return self.done(id);
            }
            op::MemberMode::Plain => None,
            op::MemberMode::Optional => Some(MemberMode::Optional),
            op::MemberMode::Confident => Some(MemberMode::Confident),
            op::MemberMode::Soft => Some(MemberMode::Soft),
        };
        let inst = match mode {
            None => Inst::GetField(a, b),
            Some(mode) => Inst::GetFieldAs(a, b, mode as u8),
        };
        let word = self.text_word(name);
        self.asm.op_with(inst, word);
        self.done(id);
    }

    fn index(&mut self, id: OpId, object: Value, index: Value, optional: bool) {
        let b = self.src(object);
        let small = self.analysis.small(index).filter(|at| *at >= 0 && !optional);
        match small {
            Some(at) => {
                let a = self.result(id);
                self.asm.op(Inst::GetIndexI(a, b, at));
            }
            None => {
                let c = self.src(index);
                let a = self.result(id);
                let inst = if optional { Inst::GetIndexOptional } else { Inst::GetIndex };
                self.asm.op(inst(a, b, c));
            }
        }
        self.done(id);
    }

    /// Items that a loop goes through stand beside a free register, for its position.
    fn items_result(&mut self, id: OpId) -> Reg {
        let value = self.function.ops[id].results[0];
        if !self.analysis.items.contains_idx(value) {
            return self.result(id);
        }
        self.release(id);
        let free = self.occupied.union(self.reserved).lowest_room(2);
        let Some(pair) = free.or_else(|| self.occupied.lowest_room(2)) else {
            return self.define_result(id, self.occupied);
        };
        self.use_up_to(u16::from(pair.0) + 1);
        self.settle(value, pair, false);
        pair
    }
}
