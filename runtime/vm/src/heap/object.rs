//! Objects: fields by position, keys by shape or by dictionary.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Heap, OBJECT_SLOT, ShapeId};
use crate::errors::Run;
use crate::value::{Tag, Value};

/// Fields that live in the object itself.
const INLINE: usize = 4;
/// Objects among which one of a shape is looked for, at most.
const SAMPLE: usize = 4096;
/// Set in `keys` for dictionaries.
pub(crate) const DICT_BIT: u32 = 1 << 31;

/// An object. The fields stand in the order in which their keys were added.
#[derive(Default)]
pub(crate) struct Object {
    /// A shape, or [`DICT_BIT`] and the index of a dictionary.
    pub(crate) keys: u32,
    pub(crate) inline: [Value; INLINE],
    pub(crate) more: Vec<Value>,
}

/// The keys of an object that has many of them.
#[derive(Default)]
pub(crate) struct Dict {
    keys: Vec<Arc<str>>,
    index: BTreeMap<Arc<str>, u32>,
    is_error: bool,
}

impl Dict {
    pub(super) fn bytes(&self) -> usize {
        self.keys.iter().map(|key| key.len() + 64).sum()
    }
}

impl Object {
    pub(crate) fn dict(&self) -> Option<u32> {
        (self.keys & DICT_BIT != 0).then_some(self.keys & !DICT_BIT)
    }

    pub(crate) fn shape(&self) -> Option<ShapeId> {
        (self.keys & DICT_BIT == 0).then_some(ShapeId(self.keys))
    }

    #[inline(always)]
    pub(crate) fn field(&self, at: usize) -> Value {
        match self.inline.get(at) {
            Some(value) => *value,
            None => self.more.get(at - INLINE).copied().unwrap_or(Value::NULL),
        }
    }

    #[inline(always)]
    pub(crate) fn field_mut(&mut self, at: usize) -> &mut Value {
        if at < INLINE { &mut self.inline[at] } else { &mut self.more[at - INLINE] }
    }

    /// Adds the field at position `at`, which is the number of fields so far.
    #[inline]
    pub(crate) fn add_field(&mut self, at: usize, value: Value) {
        if at < INLINE {
            self.inline[at] = value;
        } else {
            self.more.push(value);
        }
    }
}

impl Heap {
    pub(crate) fn new_object(&mut self, shape: ShapeId) -> Value {
        self.grow(OBJECT_SLOT);
        let object = Object { keys: shape.0, ..Object::default() };
        Value::heap(Tag::Object, self.objects.alloc(object))
    }

    #[inline(always)]
    pub(crate) fn object(&self, object: Value) -> &Object {
        self.objects.get(object.index())
    }

    /// The object of a value that is one.
    #[inline(always)]
    pub(crate) fn find_object(&self, value: Value) -> Option<&Object> {
        self.objects.find(value.in_objects())
    }

    #[inline(always)]
    pub(crate) fn object_mut(&mut self, object: Value) -> &mut Object {
        self.objects.get_mut(object.index())
    }

    /// Whether objects with these keys have the field at a place in themselves.
    pub(crate) fn is_in_entry(keys: u32, place: usize) -> bool {
        keys & DICT_BIT == 0 && place < INLINE
    }

    /// What some object with these keys has at such a place, if there is one among the first
    /// objects; borrowed.
    pub(crate) fn some_field(&self, keys: u32, place: usize) -> Option<Value> {
        let n_objects = self.objects.len().min(SAMPLE) as u64;
        let mut objects = (0..n_objects).filter_map(|at| self.objects.find(at));
        objects.find(|object| object.keys == keys).map(|object| object.field(place))
    }

    /// The number of fields.
    pub(crate) fn n_fields(&self, object: Value) -> usize {
        let object = self.object(object);
        match object.dict() {
            Some(dict) => self.dicts.get(dict).keys.len(),
            None => self.shapes.keys(ShapeId(object.keys)).len(),
        }
    }

    /// The key at a position below [`Heap::n_fields`].
    pub(crate) fn key(&self, object: Value, at: usize) -> &Arc<str> {
        let object = self.object(object);
        match object.dict() {
            Some(dict) => &self.dicts.get(dict).keys[at],
            None => self.shapes.name(self.shapes.keys(ShapeId(object.keys))[at]),
        }
    }

    /// The position of a key.
    pub(crate) fn find_key(&self, object: Value, key: &str) -> Option<usize> {
        let object = self.object(object);
        match object.dict() {
            Some(dict) => self.dicts.get(dict).index.get(key).map(|&at| at as usize),
            None => {
                let atom = self.shapes.find_atom(key)?;
                self.shapes.find(ShapeId(object.keys), atom)
            }
        }
    }

    /// The value of a key; borrowed.
    pub(crate) fn get_key(&self, object: Value, key: &str) -> Option<Value> {
        self.find_key(object, key).map(|at| self.object(object).field(at))
    }

    /// Whether it is an error: its text form is its message.
    pub(crate) fn is_error(&self, object: Value) -> bool {
        let object = self.object(object);
        match object.dict() {
            Some(dict) => self.dicts.get(dict).is_error,
            None => self.shapes.is_error(ShapeId(object.keys)),
        }
    }

    /// Makes an object unique, copying it if others hold it, and gives it back.
    pub(crate) fn own_object(&mut self, object: Value) -> Run<Value> {
        if self.objects.count(object.index()) == 1 {
            return Ok(object);
        }
        let n_fields = self.n_fields(object);
        self.ask(n_fields * 8)?;
        self.work(n_fields)?;
        let source = self.object(object);
        let mut copy =
            Object { keys: source.keys, inline: source.inline, more: source.more.clone() };
        if let Some(dict) = source.dict() {
            let dict = self.copy_dict(dict);
            copy.keys = dict | DICT_BIT;
        }
        for &value in copy.inline.iter().chain(&copy.more) {
            self.retain(value);
        }
        self.grow(OBJECT_SLOT + copy.more.capacity() * 8);
        self.release(object);
        Ok(Value::heap(Tag::Object, self.objects.alloc(copy)))
    }

    fn copy_dict(&mut self, dict: u32) -> u32 {
        let source = self.dicts.get(dict);
        let copy = Dict {
            keys: source.keys.clone(),
            index: source.index.clone(),
            is_error: source.is_error,
        };
        self.grow(copy.bytes());
        self.dicts.alloc(copy)
    }

    /// Sets a field of a unique object. Takes over the value.
    pub(crate) fn set_key(&mut self, object: Value, key: &Arc<str>, value: Value) {
        if let Some(at) = self.find_key(object, key) {
            let old = std::mem::replace(self.object_mut(object).field_mut(at), value);
            self.release(old);
            return;
        }
        self.add_key(object, key, value);
    }

    /// Adds a field that a unique object does not have. Takes over the value.
    fn add_key(&mut self, object: Value, key: &Arc<str>, value: Value) {
        let at = self.n_fields(object);
        let keys = self.object(object).keys;
        if keys & DICT_BIT == 0 {
            match self.shapes.add(ShapeId(keys), key) {
                Some(next) => self.object_mut(object).keys = next.0,
                None => self.make_dict(object),
            }
        }
        if let Some(dict) = self.object(object).dict() {
            let dict = self.dicts.get_mut(dict);
            dict.index.insert(key.clone(), at as u32);
            dict.keys.push(key.clone());
            self.grow(key.len() + 64);
        }
        self.add_field(object, at, value);
    }

    /// Adds the value of the key that the caller added to the shape.
    pub(crate) fn add_field(&mut self, object: Value, at: usize, value: Value) {
        let target = self.objects.get_mut(object.index());
        let before = target.more.capacity();
        target.add_field(at, value);
        let grown = target.more.capacity() - before;
        if grown > 0 {
            self.grow(grown * 8);
        }
    }

    fn make_dict(&mut self, object: Value) {
        let n_fields = self.n_fields(object);
        let keys: Vec<Arc<str>> = (0..n_fields).map(|at| self.key(object, at).clone()).collect();
        let index = keys.iter().zip(0..).map(|(key, at)| (key.clone(), at)).collect();
        let is_error = self.is_error(object);
        let dict = Dict { keys, index, is_error };
        self.grow(dict.bytes());
        let dict = self.dicts.alloc(dict);
        self.object_mut(object).keys = dict | DICT_BIT;
    }
}
