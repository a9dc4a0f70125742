//! Objects.

use cranelift_codegen::ir::{InstBuilder, Value, condcodes::IntCC, types};

use super::{Count, Emit, view};
use crate::kinds::Kinds;

impl Emit<'_, '_> {
    /// The entry of an object in the arena.
    fn object_entry(&mut self, bits: Value) -> Value {
        let arena = self.load_view(view!(objects));
        let index = self.index_of(bits);
        self.entry_in(arena, index, self.places.object_entry)
    }

    pub(super) fn object_count(&mut self, bits: Value) -> Count {
        let entry = self.object_entry(bits);
        (self.memory.objects, entry, self.places.object_count)
    }

    pub(super) fn field(&mut self, to: u8, object: u8, shape: u32, place: u32, kinds: Kinds) {
        let bits = self.boxed(object);
        let entry = self.object_entry(bits);
        let flags = self.memory.objects;
        let keys = self.b.ins().load(types::I32, flags, entry, self.places.keys);
        let shape = self.b.ins().iconst(types::I32, i64::from(shape));
        let is_shape = self.b.ins().icmp(IntCC::Equal, keys, shape);
        self.guard(is_shape);
        let at = self.places.fields + place as i32 * 8;
        let bits = self.b.ins().load(types::I64, flags, entry, at);
        let parts = self.read(bits, kinds);
        self.hold(parts, kinds);
        self.drop_old(to);
        self.set(to, parts);
    }
}
