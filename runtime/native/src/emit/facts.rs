//! What holds in all turns of a loop: looked up on the way into it, kept in variables.

use cranelift_codegen::ir::{Block, InstBuilder, MemFlagsData, Value, condcodes::IntCC, types};
use cranelift_frontend::{FunctionBuilder, Variable};

use super::{Emit, view};
use crate::flow::{Fact, Src};
use crate::kinds::Kinds;

/// Room for a fact.
pub(super) fn declare(b: &mut FunctionBuilder<'_>, fact: &Fact) -> [Variable; 2] {
    let first = match fact {
        Fact::Unique(_) | Fact::Numbers => types::I8,
        Fact::Elements(_) | Fact::Inner(..) | Fact::Index(_) | Fact::Arena => types::I64,
        Fact::Item(..) => types::F64,
    };
    [b.declare_var(first), b.declare_var(types::I64)]
}

impl Emit<'_, '_> {
    /// A fact of the loops around the current head.
    pub(super) fn fact(&mut self, wanted: Fact) -> Option<[Variable; 2]> {
        self.fact_beside(wanted, wanted)
    }

    /// Whether the items of the loop that has looked this one up are numbers.
    pub(super) fn numbers_of(&mut self, item: Fact) -> Option<Variable> {
        self.fact_beside(item, Fact::Numbers).map(|[are_numbers, _]| are_numbers)
    }

    /// Another fact of the loop that has looked one up.
    fn fact_beside(&mut self, wanted: Fact, other: Fact) -> Option<[Variable; 2]> {
        let head = self.head?;
        let loops = self.body.loops.iter().zip(&self.facts);
        let mut around =
            loops.filter(|(each, _)| each.heads.contains(&head) && each.facts.contains(&wanted));
        around.find_map(|(each, variables)| {
            let at = each.facts.iter().position(|fact| *fact == other)?;
            Some(variables[at])
        })
    }

    /// Looks up the facts of the loops that a way to a head leads into.
    pub(super) fn look_up(&mut self, target: u32) {
        let body = self.body;
        for (at, each) in body.loops.iter().enumerate() {
            let is_inside = self.head.is_some_and(|head| each.heads.contains(&head));
            if is_inside || !each.heads.contains(&target) {
                continue;
            }
            let mut are_numbers = self.b.ins().iconst(types::I8, 1);
            for (fact, [first, second]) in each.facts.iter().zip(self.facts[at].clone()) {
                match *fact {
                    Fact::Elements(array) => {
                        let (pointer, length) = self.elements_at(array);
                        self.b.def_var(first, pointer);
                        self.b.def_var(second, length);
                    }
                    Fact::Inner(array, at) => {
                        let (pointer, length) = self.inner_elements(array, at);
                        self.b.def_var(first, pointer);
                        self.b.def_var(second, length);
                    }
                    Fact::Unique(array) => {
                        let bits = self.array_in(array);
                        let is_unique = self.is_unique(bits);
                        self.b.def_var(first, is_unique);
                    }
                    Fact::Item(array, at) => {
                        let (number, is_number) = self.item(array, at);
                        self.b.def_var(first, number);
                        are_numbers = self.b.ins().band(are_numbers, is_number);
                    }
                    Fact::Arena => {
                        let arrays = self.load_view(view!(arrays));
                        self.b.def_var(first, arrays);
                    }
                    Fact::Index(reg) => {
                        let index = self.first_index(reg);
                        self.b.def_var(first, index);
                    }
                    // The last one.
                    Fact::Numbers => self.b.def_var(first, are_numbers),
                }
            }
        }
    }

    /// The number in a register as an integer, from which a loop counts on.
    fn first_index(&mut self, reg: u8) -> Value {
        let number = self.number_in(reg);
        let (index, is_whole) = self.whole(number);
        let half = self.b.ins().iconst(types::I64, 1 << 50);
        let above = self.b.ins().iadd(index, half);
        let size = self.b.ins().iconst(types::I64, 1 << 51);
        let is_small = self.b.ins().icmp(IntCC::UnsignedLessThan, above, size);
        let is_right = self.b.ins().band(is_whole, is_small);
        // As far from every index as can be, on either way.
        let none = self.b.ins().iconst(types::I64, i64::MIN);
        self.b.ins().select(is_right, index, none)
    }

    /// What the loops around the current head know of the numbers that they count.
    pub(super) fn know_indices(&mut self) {
        for (reg, index) in self.indices() {
            let number = self.number(Src::Reg(reg));
            let index = self.b.use_var(index);
            self.known.whole.insert(number, index);
        }
    }

    /// The integers of the loops around, by register.
    fn indices(&self) -> Vec<(u8, Variable)> {
        let loops = self.body.loops.iter().zip(&self.facts);
        let around =
            loops.filter(|(each, _)| self.head.is_some_and(|head| each.heads.contains(&head)));
        let facts = around.flat_map(|(each, variables)| each.facts.iter().zip(variables));
        let indices = facts.filter_map(|(fact, [index, _])| match fact {
            Fact::Index(reg) => Some((*reg, *index)),
            _ => None,
        });
        indices.collect()
    }

    /// A number that a loop counts is now so much more.
    pub(super) fn count_index(&mut self, reg: u8, number: Value, by: i64) {
        for (_, variable) in self.indices().into_iter().filter(|(known, _)| *known == reg) {
            let index = self.b.use_var(variable);
            let by = self.b.ins().iconst(types::I64, by);
            let index = self.b.ins().iadd(index, by);
            self.b.def_var(variable, index);
            self.known.whole.insert(number, index);
        }
    }

    /// What the head that is gone to has in a register, without what `number` remembers.
    fn number_in(&mut self, reg: u8) -> Value {
        self.registers.float(&mut self.b, reg)
    }

    fn array_in(&mut self, reg: u8) -> Value {
        self.registers.bits(&mut self.b, reg)
    }

    fn elements_at(&mut self, array: u8) -> (Value, Value) {
        let bits = self.array_in(array);
        self.elements(bits)
    }

    /// Where the elements of an element are, and how many: none if it is no array, so that
    /// every use of one is refused at its own place.
    fn inner_elements(&mut self, array: u8, at: Src) -> (Value, Value) {
        let none = self.b.ins().iconst(types::I64, 0);
        let (bits, done) = self.item_or(array, at, none, none);
        let is_array = self.b.create_block();
        let is_kind = self.is_kind(bits, Kinds::ARRAY);
        self.b.ins().brif(is_kind, is_array, &[], done, &[none.into(), none.into()]);
        self.enter_block(is_array);
        let (pointer, length) = self.elements(bits);
        self.b.ins().jump(done, &[pointer.into(), length.into()]);
        self.enter_block(done);
        let found = self.b.block_params(done);
        (found[0], found[1])
    }

    /// The number that an element is, and whether it is one.
    fn item(&mut self, array: u8, at: Src) -> (Value, Value) {
        let zero = self.b.ins().f64const(0.0);
        let no = self.b.ins().iconst(types::I8, 0);
        let (bits, done) = self.item_or(array, at, zero, no);
        let is_number = self.is_kind(bits, Kinds::NUMBER);
        let number = self.b.ins().bitcast(types::F64, MemFlagsData::new(), bits);
        self.b.ins().jump(done, &[number.into(), is_number.into()]);
        self.enter_block(done);
        let found = self.b.block_params(done);
        (found[0], found[1])
    }

    /// The bits of an element, and a block that is gone to with two other values where there is
    /// none. Nothing that `number` remembers: what follows may be on another way.
    fn item_or(&mut self, array: u8, at: Src, first: Value, second: Value) -> (Value, Block) {
        let number = match at {
            Src::Reg(reg) => self.number_in(reg),
            Src::Number(number) => self.b.ins().f64const(number),
        };
        let (there, done) = (self.b.create_block(), self.b.create_block());
        for value in [first, second] {
            let of = self.b.func.dfg.value_type(value);
            self.b.append_block_param(done, of);
        }
        let (index, is_whole) = self.whole(number);
        let (pointer, length) = self.elements_at(array);
        let is_inside = self.b.ins().icmp(IntCC::UnsignedLessThan, index, length);
        let is_there = self.b.ins().band(is_whole, is_inside);
        self.b.ins().brif(is_there, there, &[], done, &[first.into(), second.into()]);
        self.enter_block(there);
        let offset = self.b.ins().ishl_imm_u(index, 3);
        let place = self.b.ins().iadd(pointer, offset);
        (self.b.ins().load(types::I64, self.memory.elements, place, 0), done)
    }
}
