//! Arrays and variables of the program.

use cranelift_codegen::ir::{
    InstBuilder, MemFlagsData, StackSlot, StackSlotData, StackSlotKind, Value, condcodes::IntCC,
    types,
};
use prism_vm::tier::{ARRAY_TAG, FIRST_HEAP, FIRST_TAGGED};

use super::parts::Parts;
use super::{Emit, view};
use crate::flow::{Fact, Plan, Src};
use crate::kinds::Kinds;

impl Emit<'_, '_> {
    /// The entry of an array in the arena.
    pub(super) fn array_entry(&mut self, bits: Value) -> Value {
        let index = self.index_of(bits);
        self.entry_of(index)
    }

    fn entry_of(&mut self, index: Value) -> Value {
        let arrays = match self.fact(Fact::Arena) {
            Some([arrays, _]) => self.b.use_var(arrays),
            None => self.load_view(view!(arrays)),
        };
        self.entry_in(arrays, index, self.places.entry)
    }

    /// Where the elements of an array are, and how many.
    pub(super) fn elements(&mut self, bits: Value) -> (Value, Value) {
        let entry = self.array_entry(bits);
        self.elements_of(entry)
    }

    fn elements_of(&mut self, entry: Value) -> (Value, Value) {
        let flags = self.memory.arrays;
        let pointer = self.b.ins().load(types::I64, flags, entry, self.places.pointer);
        let length = self.b.ins().load(types::I64, flags, entry, self.places.length);
        (pointer, length)
    }

    /// The same for the array in a register.
    pub(super) fn elements_in(&mut self, array: u8) -> (Value, Value) {
        let bits = self.boxed(array);
        self.known_elements(Fact::Elements(array), bits)
    }

    /// The same for an array that the loops around may know.
    fn known_elements(&mut self, fact: Fact, bits: Value) -> (Value, Value) {
        match self.fact(fact) {
            Some([pointer, length]) => (self.b.use_var(pointer), self.b.use_var(length)),
            None => self.elements(bits),
        }
    }

    /// A number as an integer, which is right if it is that of an element.
    fn index(&mut self, at: Src) -> Value {
        if let Src::Number(number) = at
            && (0.0..1e9).contains(&number)
            && number.fract() == 0.0
        {
            return self.b.ins().iconst(types::I64, number as i64);
        }
        let number = self.number(at);
        if let Some(&index) = self.known.whole.get(&number) {
            return index;
        }
        let (index, is_whole) = self.whole(number);
        self.guard(is_whole);
        self.known.whole.insert(number, index);
        index
    }

    fn place_among(&mut self, pointer: Value, length: Value, index: Value) -> Value {
        let is_inside = self.b.ins().icmp(IntCC::UnsignedLessThan, index, length);
        self.guard(is_inside);
        let offset = self.b.ins().ishl_imm_u(index, 3);
        self.b.ins().iadd(pointer, offset)
    }

    pub(super) fn element(&mut self, to: u8, array: u8, at: Src, inner: Option<Src>, kinds: Kinds) {
        let flags = self.memory.elements;
        if inner.is_none()
            && kinds == Kinds::NUMBER
            && let Some(number) = self.known_item(array, at)
        {
            self.drop_old(to);
            return self.set_float(to, number);
        }
        let place = match inner {
            None => self.element_place(array, at),
            Some(inner) => self.inner_place(array, at, inner),
        };
        if kinds == Kinds::NUMBER {
            if self.known.numbers.insert(place) {
                self.number_at(place);
            }
            let number = self.b.ins().load(types::F64, flags, place, 0);
            self.drop_old(to);
            return self.set_float(to, number);
        }
        let bits = self.b.ins().load(types::I64, flags, place, 0);
        let parts = self.read(bits, kinds);
        self.hold(parts, kinds);
        self.drop_old(to);
        self.set(to, parts);
    }

    /// One more holder of a value, for a register.
    pub(super) fn hold(&mut self, parts: Parts, kinds: Kinds) {
        match parts {
            Parts::Boxed(_, _, bits) => self.retain_box(bits),
            Parts::Bits(bits) if kinds.may_be_heap() => self.retain(bits, kinds),
            Parts::Float(_) | Parts::Pair(..) | Parts::Bits(_) => {}
        }
    }

    /// A value out of its bits, which must be of these kinds.
    pub(super) fn read(&mut self, bits: Value, kinds: Kinds) -> Parts {
        if kinds == Kinds::ANY {
            return Parts::Bits(bits);
        }
        let leave = self.way_out();
        self.loaded(kinds, bits, leave)
    }

    /// The element at a place is a number. Its upper half says so, which is compared with a
    /// constant that fits into an instruction.
    fn number_at(&mut self, place: Value) {
        let at = if cfg!(target_endian = "little") { 4 } else { 0 };
        let upper = self.b.ins().load(types::I32, self.memory.elements, place, at);
        let first = self.b.ins().iconst(types::I32, (FIRST_TAGGED >> 32) as i64);
        let is_number = self.b.ins().icmp(IntCC::UnsignedLessThan, upper, first);
        self.guard(is_number);
    }

    /// A number that the loops around have looked up.
    fn known_item(&mut self, array: u8, at: Src) -> Option<Value> {
        let [number, _] = self.fact(Fact::Item(array, at))?;
        let are_numbers = self.numbers_of(Fact::Item(array, at))?;
        let are_numbers = self.b.use_var(are_numbers);
        if self.known.facts.insert(are_numbers) {
            self.guard(are_numbers);
        }
        Some(self.b.use_var(number))
    }

    /// The place of an element that exists.
    fn element_place(&mut self, array: u8, at: Src) -> Value {
        let bits = self.boxed(array);
        let number = self.number(at);
        if let Some(&found) = self.known.places.get(&(bits, number)) {
            return found;
        }
        let index = self.index(at);
        let (pointer, length) = self.known_elements(Fact::Elements(array), bits);
        let place = self.place_among(pointer, length, index);
        self.known.places.insert((bits, number), place);
        place
    }

    fn inner_place(&mut self, array: u8, at: Src, inner: Src) -> Value {
        if let Some([pointer, length]) = self.fact(Fact::Inner(array, at)) {
            let index = self.index(inner);
            let (pointer, length) = (self.b.use_var(pointer), self.b.use_var(length));
            return self.place_among(pointer, length, index);
        }
        let place = self.element_place(array, at);
        let number = self.number(inner);
        if let Some(&found) = self.known.places.get(&(place, number)) {
            return found;
        }
        // The tag and the index of an array, each by itself.
        let (flags, is_little) = (self.memory.elements, cfg!(target_endian = "little"));
        let (tag_at, index_at) = if is_little { (6, 0) } else { (0, 4) };
        let tag = self.b.ins().uload16(types::I64, flags, place, tag_at);
        let is_array = self.b.ins().icmp_imm_u(IntCC::Equal, tag, ARRAY_TAG as i64);
        self.guard(is_array);
        let index = self.b.ins().uload32(flags, place, index_at);
        let entry = self.entry_of(index);
        let (pointer, length) = self.elements_of(entry);
        let index = self.index(inner);
        let found = self.place_among(pointer, length, index);
        self.known.places.insert((place, number), found);
        found
    }

    /// The array in a register has one holder.
    fn unique(&mut self, array: u8, bits: Value) {
        if self.known.unique.contains(&bits) {
            return;
        }
        let is_unique = match self.fact(Fact::Unique(array)) {
            Some([is_unique, _]) => self.b.use_var(is_unique),
            None => self.is_unique(bits),
        };
        self.guard(is_unique);
        self.known.unique.insert(bits);
    }

    pub(super) fn is_unique(&mut self, bits: Value) -> Value {
        let entry = self.array_entry(bits);
        let count = self.b.ins().load(types::I32, self.memory.arrays, entry, self.places.count);
        self.b.ins().icmp_imm_u(IntCC::Equal, count, 1)
    }

    pub(super) fn set_element(&mut self, array: u8, at: Src, from: u8) {
        let bits = self.boxed(array);
        let place = self.element_place(array, at);
        self.unique(array, bits);
        let flags = self.memory.elements;
        let mut old = None;
        if self.kinds[usize::from(array)] == Kinds::SURES {
            old = Some(self.b.ins().load(types::I64, flags, place, 0));
        } else if !self.known.numbers.contains(&place) {
            let old = self.b.ins().load(types::I64, flags, place, 0);
            let first = self.bits(FIRST_HEAP);
            let is_plain = self.b.ins().icmp(IntCC::UnsignedLessThan, old, first);
            self.guard(is_plain);
        }
        let value = self.stored(from);
        self.b.ins().store(flags, value, place, 0);
        if let Some(old) = old {
            self.release(old, Kinds::ANY);
        }
        if self.kinds[usize::from(from)] == Kinds::NUMBER {
            self.known.numbers.insert(place);
        } else {
            // Another place may be the same one.
            self.known.numbers.clear();
        }
        self.set_null(from);
    }

    pub(super) fn push(&mut self, array: u8, from: u8) {
        let bits = self.boxed(array);
        let (pointer, length) = self.elements(bits);
        self.unique(array, bits);
        let entry = self.array_entry(bits);
        let value = self.boxed(from);
        let flags = self.memory.arrays;
        let capacity = self.b.ins().load(types::I64, flags, entry, self.places.capacity);
        let (room, full) = (self.b.create_block(), self.b.create_block());
        let done = self.b.create_block();
        self.b.set_cold_block(full);
        let has_room = self.b.ins().icmp(IntCC::UnsignedLessThan, length, capacity);
        self.b.ins().brif(has_room, room, &[], full, &[]);
        self.enter_block(room);
        let offset = self.b.ins().ishl_imm_u(length, 3);
        let place = self.b.ins().iadd(pointer, offset);
        self.b.ins().store(self.memory.elements, value, place, 0);
        let one = self.b.ins().iconst(types::I64, 1);
        let longer = self.b.ins().iadd(length, one);
        self.b.ins().store(flags, longer, entry, self.places.length);
        self.b.ins().jump(done, &[]);
        self.enter_block(full);
        self.store_fuel();
        self.b.ins().call(self.host.push, &[bits, value]);
        self.load_fuel();
        self.b.ins().jump(done, &[]);
        self.enter_block(done);
        // Elements may have moved.
        self.known.places.clear();
        self.known.numbers.clear();
        self.set_null(from);
    }

    pub(super) fn new_array(&mut self, to: u8, first: u8, count: u8) {
        let slot = self.items_slot();
        for at in 0..count {
            let value = self.boxed(first + at);
            self.b.ins().stack_store(types::I64, value, slot, i32::from(at) * 8);
            self.set_null(first + at);
        }
        let items = self.b.ins().stack_addr(types::I64, slot, 0);
        let n_items = self.b.ins().iconst(types::I64, i64::from(count));
        self.store_fuel();
        let state = self.state();
        let call = self.b.ins().call(self.host.new_array, &[state, items, n_items]);
        self.load_fuel();
        let array = self.b.inst_results(call)[0];
        // The arena may have moved.
        self.known.places.clear();
        if !(first..first + count).contains(&to) {
            self.drop_old(to);
        }
        self.set_bits(to, array);
    }

    /// Room for the items of a new array; one for all, so that frames stay small.
    fn items_slot(&mut self) -> StackSlot {
        if let Some(slot) = self.items {
            return slot;
        }
        let plans = self.body.plans.values();
        let most = plans.map(|plan| match plan {
            Plan::NewArray { count, .. } => *count,
            _ => 1,
        });
        let size = u32::from(most.max().unwrap_or(1)) * 8;
        let data = StackSlotData::new(StackSlotKind::ExplicitSlot, size, 3);
        let slot = self.b.create_sized_stack_slot(data);
        self.items = Some(slot);
        slot
    }

    pub(super) fn each(&mut self, to: u8, array: u8, kinds: Kinds, target: u32, next: u32) {
        let index = self.number(Src::Reg(array + 1));
        let one = self.b.ins().f64const(1.0);
        let following = self.b.ins().fadd(index, one);
        let at = match self.known.whole.get(&index) {
            Some(&index) => {
                // A negative one may be no integer.
                let one = self.b.ins().iconst(types::I64, 1);
                let at = self.b.ins().iadd(index, one);
                let zero = self.b.ins().iconst(types::I64, 0);
                let is_right = self.b.ins().icmp(IntCC::SignedGreaterThanOrEqual, at, zero);
                self.guard(is_right);
                at
            }
            None => {
                let (at, is_whole) = self.whole(following);
                self.guard(is_whole);
                at
            }
        };
        let (pointer, length) = self.elements_in(array);
        let is_there = self.b.ins().icmp(IntCC::UnsignedLessThan, at, length);
        let (yes, no) = (self.b.create_block(), self.b.create_block());
        self.b.ins().brif(is_there, yes, &[], no, &[]);
        self.enter_block(yes);
        let offset = self.b.ins().ishl_imm_u(at, 3);
        let place = self.b.ins().iadd(pointer, offset);
        let item = self.b.ins().load(types::I64, self.memory.elements, place, 0);
        let parts = self.read(item, kinds);
        if target < next {
            self.pay();
        }
        self.hold(parts, kinds);
        self.drop_old(to);
        let old = self.kinds.clone();
        self.set(to, parts);
        self.set_float(array + 1, following);
        self.count_index(array + 1, following, 1);
        self.kinds[usize::from(to)] = kinds;
        self.edge(target);
        self.kinds = old;
        self.enter_block(no);
        self.edge(next);
    }

    pub(super) fn get_global(&mut self, to: u8, global: u16) {
        let globals = self.load_view(view!(globals));
        let at = i32::from(global) * 8;
        let bits = self.b.ins().load(types::I64, self.memory.globals, globals, at);
        let is_number = self.is_kind(bits, Kinds::NUMBER);
        self.guard(is_number);
        self.drop_old(to);
        let number = self.b.ins().bitcast(types::F64, MemFlagsData::new(), bits);
        self.set_float(to, number);
    }

    pub(super) fn set_global(&mut self, from: u8, global: u16) {
        let globals = self.load_view(view!(globals));
        let at = i32::from(global) * 8;
        let old = self.b.ins().load(types::I64, self.memory.globals, globals, at);
        let first = self.bits(FIRST_HEAP);
        let is_plain = self.b.ins().icmp(IntCC::UnsignedLessThan, old, first);
        self.guard(is_plain);
        let value = self.stored(from);
        self.b.ins().store(self.memory.globals, value, globals, at);
        self.set_null(from);
    }
}
