//! Machine to bytes: first what is reached, then the reached heap, then the parts.

use std::sync::Arc;

use super::parts;
use super::wire::{Res, Wire};
use crate::core::Core;
use crate::data::Data;
use crate::heap::{Method, Other};
use crate::machine::Machine;
use crate::value::{Tag, Value};

/// Heap values by kind, in the order in which a snapshot holds them.
pub(super) const KINDS: [Tag; 6] =
    [Tag::Text, Tag::Array, Tag::Object, Tag::Closure, Tag::Confident, Tag::Other];

/// Tags of values in a snapshot: numbers, simple values by payload, heap values by kind and index.
pub(super) const NUMBER: u8 = 0;
pub(super) const SIMPLE: u8 = 1;
pub(super) const FIRST_KIND: u8 = 2;

/// Everything after the header.
pub(super) fn content(machine: &mut Machine) -> Vec<u8> {
    let (core, machine_parts) = machine.split();
    let mut gather = Gather { found: Vec::new() };
    parts::machine(&mut gather, core, machine_parts).expect("gathering does not fail");
    let places = reached(core, gather.found);
    let mut writer = Writer { bytes: Vec::new(), places };
    writer.limits(core);
    writer.heap(core);
    parts::machine(&mut writer, core, machine_parts).expect("writing does not fail");
    writer.bytes
}

/// The places in the snapshot of the heap values that are reached from some: for each kind, by
/// index.
struct Places([Vec<Option<u32>>; KINDS.len()]);

/// Those of all that is reached from some values. Of each kind, they are in the order of indices.
fn reached(core: &Core, mut open: Vec<Value>) -> Places {
    let mut places: [Vec<Option<u32>>; KINDS.len()] = Default::default();
    while let Some(value) = open.pop() {
        let (kind, index) = key(value);
        let (places, index) = (&mut places[usize::from(kind)], index as usize);
        if places.len() <= index {
            places.resize(index + 1, None);
        }
        if places[index].replace(0).is_none() {
            core.heap.parts(value, &mut |part| open.push(part));
        }
    }
    for places in &mut places {
        (0..).zip(places.iter_mut().flatten()).for_each(|(next, place)| *place = next);
    }
    Places(places)
}

impl Places {
    fn of(&self, (kind, index): (u8, u32)) -> u32 {
        let place = self.0[usize::from(kind)].get(index as usize).copied().flatten();
        place.expect("what is written was reached")
    }

    fn indices(&self, kind: u8) -> Vec<u32> {
        let places = self.0[usize::from(kind)].iter();
        (0..).zip(places).filter_map(|(index, place)| place.map(|_| index)).collect()
    }
}

/// Kind and index of a heap value.
fn key(value: Value) -> (u8, u32) {
    let kind = KINDS.iter().position(|tag| *tag == value.tag());
    (kind.expect("only heap values have a place") as u8, value.index())
}

/// Collects the heap values that the parts hold.
struct Gather {
    found: Vec<Value>,
}

impl Wire for Gather {
    const READS: bool = false;

    fn int(&mut self, _: &mut u64) -> Res {
        Ok(())
    }

    fn double(&mut self, _: &mut f64) -> Res {
        Ok(())
    }

    fn text(&mut self, _: &mut Arc<str>) -> Res {
        Ok(())
    }

    fn value(&mut self, value: &mut Value) -> Res {
        if value.is_heap() {
            self.found.push(*value);
        }
        Ok(())
    }

    fn list<T: Default>(
        &mut self,
        items: &mut Vec<T>,
        each: impl Fn(&mut Self, &mut T) -> Res,
    ) -> Res {
        items.iter_mut().try_for_each(|item| each(self, item))
    }
}

struct Writer {
    bytes: Vec<u8>,
    places: Places,
}

impl Writer {
    fn limits(&mut self, core: &Core) {
        self.uint(core.limits.fuel);
        self.uint(core.limits.memory as u64);
        self.uint(u64::from(core.limits.depth));
        self.uint(core.limits.requests);
        self.uint(core.heap.fuel_left());
    }

    fn heap(&mut self, core: &Core) {
        let found: Vec<Vec<u32>> =
            (0..).zip(KINDS).map(|(kind, _)| self.places.indices(kind)).collect();
        found.iter().for_each(|indices| self.uint(indices.len() as u64));
        for (kind, indices) in KINDS.into_iter().zip(found) {
            indices.into_iter().for_each(|index| self.entry(core, Value::heap(kind, index)));
        }
    }

    fn entry(&mut self, core: &Core, value: Value) {
        let index = value.index();
        match value.tag() {
            Tag::Text => self.str(core.heap.str(value)),
            Tag::Array => self.values(core.heap.arrays.get(index)),
            Tag::Object => self.object(core, value),
            Tag::Closure => {
                let closure = core.heap.closures.get(index);
                self.uint(u64::from(closure.function.0));
                self.values(&closure.captures);
            }
            Tag::Confident => {
                let confident = core.heap.confidents.get(index);
                self.one(confident.value);
                self.bytes.extend(confident.confidence.to_bits().to_le_bytes());
            }
            Tag::Other => self.other(core.heap.others.get(index)),
            Tag::Number | Tag::Simple => {}
        }
    }

    fn object(&mut self, core: &Core, object: Value) {
        self.bytes.push(u8::from(core.heap.is_error(object)));
        let n_fields = core.heap.n_fields(object);
        self.uint(n_fields as u64);
        for at in 0..n_fields {
            self.str(core.heap.key(object, at));
            self.one(core.heap.object(object).field(at));
        }
    }

    fn other(&mut self, other: &Other) {
        match other {
            Other::Free => self.bytes.push(0),
            Other::Cell(value) => {
                self.bytes.push(1);
                self.one(*value);
            }
            Other::Agent(agent) => {
                self.bytes.push(2);
                self.str(&agent.name);
                self.str(&Data::Object(agent.attributes.clone()).to_json_text());
            }
            Other::Fiber(id) => {
                self.bytes.push(3);
                self.uint(u64::from(id.0));
            }
            Other::Promise { value, is_rejected } => {
                self.bytes.push(if *is_rejected { 5 } else { 4 });
                self.one(*value);
            }
            Other::Bound { receiver, method } => {
                let (tag, id) = match method {
                    Method::Function(id) => (6, id.0),
                    Method::Native(id) => (7, id.0),
                };
                self.bytes.push(tag);
                self.uint(u64::from(id));
                self.one(*receiver);
            }
            Other::Continuation(id) => {
                self.bytes.push(8);
                self.uint(u64::from(*id));
            }
        }
    }

    fn values(&mut self, values: &[Value]) {
        self.uint(values.len() as u64);
        for &value in values {
            self.one(value);
        }
    }

    fn one(&mut self, value: Value) {
        match value.tag() {
            Tag::Number => {
                self.bytes.push(NUMBER);
                self.bytes.extend(value.raw().to_bits().to_le_bytes());
            }
            Tag::Simple => {
                self.bytes.push(SIMPLE);
                self.uint(value.payload());
            }
            Tag::Text | Tag::Array | Tag::Object | Tag::Closure | Tag::Confident | Tag::Other => {
                let key = key(value);
                self.bytes.push(FIRST_KIND + key.0);
                self.uint(u64::from(self.places.of(key)));
            }
        }
    }

    fn str(&mut self, text: &str) {
        self.uint(text.len() as u64);
        self.bytes.extend(text.as_bytes());
    }

    fn uint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}

impl Wire for Writer {
    const READS: bool = false;

    fn int(&mut self, number: &mut u64) -> Res {
        self.uint(*number);
        Ok(())
    }

    fn double(&mut self, number: &mut f64) -> Res {
        self.bytes.extend(number.to_bits().to_le_bytes());
        Ok(())
    }

    fn text(&mut self, text: &mut Arc<str>) -> Res {
        self.str(text);
        Ok(())
    }

    fn value(&mut self, value: &mut Value) -> Res {
        self.one(*value);
        Ok(())
    }

    fn list<T: Default>(
        &mut self,
        items: &mut Vec<T>,
        each: impl Fn(&mut Self, &mut T) -> Res,
    ) -> Res {
        self.uint(items.len() as u64);
        items.iter_mut().try_for_each(|item| each(self, item))
    }
}
