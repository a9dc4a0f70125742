//! Updates: `o.k = v`, `xs[i] = v`, `o.a[i].push(v)`.
//!
//! An update is checked from the root down before anything changes, so that a program that
//! catches its failure finds the old value. Then every container on the way is made unique
//! (copied if others hold it), its part is taken out, and put back when the innermost is done.
//! Confident containers keep their confidence.

use std::sync::Arc;

use prism_bytecode::{Kind, Reg};

use crate::core::{Core, Window};
use crate::errors::{Problem, Run};
use crate::heap::Confident;
use crate::numbers::{integer, to_index};
use crate::value::Value;

/// What to do at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaf {
    /// Set the last key.
    Set,
    /// Append to the array.
    Push,
}

/// Where a part was taken out.
enum Hole {
    Field { object: Value, at: usize },
    Item { array: Value, at: usize },
    Inside { confident: Value },
}

impl Core {
    /// The root with the update applied. Takes over root and value, borrows the keys. On failure
    /// the root comes back unchanged, and the value is released.
    pub(crate) fn update(
        &mut self,
        root: &mut Value,
        keys: &[Value],
        leaf: Leaf,
        value: Value,
    ) -> Run<()> {
        if let Err(raise) = self.check_update(*root, keys, leaf) {
            self.heap.release(value);
            return Err(raise);
        }
        let (last, way) = match leaf {
            Leaf::Set => keys.split_last().map_or((None, keys), |(last, way)| (Some(*last), way)),
            Leaf::Push => (None, keys),
        };
        let mut holes = Vec::new();
        let mut place = std::mem::replace(root, Value::NULL);
        for &key in way {
            place = self.open(place, key, &mut holes)?;
        }
        place = self.unwrap_in_place(place, &mut holes);
        place = match (leaf, last) {
            (Leaf::Push, _) => {
                let array = self.heap.own_array(place)?;
                self.heap.push(array, value);
                array
            }
            (Leaf::Set, Some(key)) => self.set_at(place, key, value)?,
            // `SetPath` without keys is the variable itself.
            (Leaf::Set, None) => {
                self.heap.release(place);
                value
            }
        };
        while let Some(hole) = holes.pop() {
            place = self.close(hole, place);
        }
        *root = place;
        Ok(())
    }

    /// `root[W[0]][W[1]] = W[2]` where nothing need be copied or added and nothing is confident,
    /// remembering where fields are. It takes the window, or does nothing at all.
    pub(crate) fn set_part(
        &mut self,
        root: Value,
        regs: &mut Window,
        first: Reg,
        at: usize,
    ) -> bool {
        let first = usize::from(first.0);
        let (way, last) = (regs[first], regs[first + 1]);
        let inner = match root.is_object() {
            true => {
                self.known_field(root, way, at).map(|place| self.heap.object(root).field(place))
            }
            false => self.heap.element(root, way),
        };
        let Some(inner) = inner.filter(|_| self.heap.is_unique(root)) else { return false };
        let place = if inner.is_array() && self.heap.arrays.count(inner.index()) == 1 {
            let at = integer(last.raw());
            at.and_then(|at| self.heap.array_mut(inner).get_mut(at as usize))
        } else if inner.is_object()
            && !root.is_object()
            && self.heap.objects.count(inner.index()) == 1
        {
            let place = self.known_field(inner, last, at);
            place.map(|place| self.heap.object_mut(inner).field_mut(place))
        } else {
            None
        };
        let Some(place) = place else { return false };
        let old = std::mem::replace(place, std::mem::take(&mut regs[first + 2]));
        self.heap.release(old);
        for slot in &mut regs[first..first + 2] {
            self.heap.release(std::mem::take(slot));
        }
        true
    }

    /// The position of a field that an object has, for keys that are constants.
    fn known_field(&mut self, object: Value, key: Value, at: usize) -> Option<usize> {
        let keys = self.heap.object(object).keys;
        let [shape, place, text] = self.caches[at];
        // The text counts from 1, so an empty cache fits no key.
        if keys == shape && key.is_text() && text == key.index() + 1 {
            return Some(place as usize);
        }
        if !self.is_constant_text(key) || self.heap.object(object).shape().is_none() {
            return None;
        }
        let place = self.heap.find_key(object, self.heap.str(key))?;
        self.caches[at] = [keys, place as u32, key.index() + 1];
        Some(place)
    }

    /// Everything that can be wrong with an update.
    fn check_update(&mut self, root: Value, keys: &[Value], leaf: Leaf) -> Run<()> {
        let mut place = self.heap.plain(root);
        for (at, &key) in keys.iter().enumerate() {
            let is_last = at + 1 == keys.len() && leaf == Leaf::Set;
            place = match self.kind(place) {
                Kind::Array => {
                    let Some(number) = key.as_number() else {
                        let found = self.index_type(key);
                        return Err(self.problem(&Problem::NotAnIndex(found)));
                    };
                    if number.fract() != 0.0 && number.is_finite() {
                        return Err(self.problem(&Problem::NoElement(number)));
                    }
                    let items = self.heap.arrays.get(place.index());
                    let length = items.len();
                    match to_index(number).filter(|&at| at < length + usize::from(is_last)) {
                        Some(at) => items.get(at).copied().unwrap_or(Value::NULL),
                        None => {
                            let problem = Problem::OutOfBounds { index: number, length };
                            return Err(self.problem(&problem));
                        }
                    }
                }
                Kind::Object => self.check_key(place, key, is_last)?,
                _ => {
                    let found = self.type_name(place);
                    let what = "set a part of";
                    return Err(self.problem(&Problem::NotUpdatable { what, found }));
                }
            };
            place = self.heap.plain(place);
        }
        if leaf == Leaf::Push && !place.is_array() {
            let found = self.type_name(place);
            return Err(self.problem(&Problem::NotUpdatable { what: "push to", found }));
        }
        Ok(())
    }

    fn check_key(&mut self, object: Value, key: Value, is_last: bool) -> Run<Value> {
        let key = self.key_text(key)?;
        match self.heap.get_key(object, &key) {
            Some(part) => Ok(part),
            None if is_last => Ok(Value::NULL),
            None => {
                let of = self.type_name(object);
                Err(self.problem(&Problem::NoProperty { key, of, nearest: None }))
            }
        }
    }

    /// Takes a part out of a container that is made unique. Takes over the container.
    fn open(&mut self, place: Value, key: Value, holes: &mut Vec<Hole>) -> Run<Value> {
        let place = self.unwrap_in_place(place, holes);
        if place.is_array() {
            let array = self.heap.own_array(place)?;
            let at = key.as_number().and_then(to_index).unwrap_or(0);
            let part = std::mem::take(&mut self.heap.array_mut(array)[at]);
            holes.push(Hole::Item { array, at });
            return Ok(part);
        }
        let object = self.heap.own_object(place)?;
        let key = self.key_text(key)?;
        let at = self.heap.find_key(object, &key).unwrap_or(0);
        let part = std::mem::take(self.heap.object_mut(object).field_mut(at));
        holes.push(Hole::Field { object, at });
        Ok(part)
    }

    /// The plain value of a confident one, taken out of a box that is made unique.
    fn unwrap_in_place(&mut self, place: Value, holes: &mut Vec<Hole>) -> Value {
        if !place.is_confident() {
            return place;
        }
        let (confident, plain) = if self.heap.is_unique(place) {
            let boxed = self.heap.confidents.get_mut(place.index());
            (place, std::mem::take(&mut boxed.value))
        } else {
            let Confident { value, confidence } = *self.heap.confidents.get(place.index());
            let plain = self.heap.share(value);
            self.heap.release(place);
            (self.heap.new_confident(Value::NULL, confidence), plain)
        };
        holes.push(Hole::Inside { confident });
        plain
    }

    /// Puts a part back and gives the container.
    fn close(&mut self, hole: Hole, part: Value) -> Value {
        match hole {
            Hole::Field { object, at } => {
                *self.heap.object_mut(object).field_mut(at) = part;
                object
            }
            Hole::Item { array, at } => {
                self.heap.array_mut(array)[at] = part;
                array
            }
            Hole::Inside { confident } => {
                // A part set to a confident value replaces the confidence of its place.
                let plain = self.heap.take_plain(part);
                self.heap.confidents.get_mut(confident.index()).value = plain;
                confident
            }
        }
    }

    /// Sets one key of a container that `check_update` has seen. Takes over both.
    fn set_at(&mut self, place: Value, key: Value, value: Value) -> Run<Value> {
        if place.is_array() {
            let array = self.heap.own_array(place)?;
            let at = key.as_number().and_then(to_index).unwrap_or(0);
            match self.heap.array_mut(array).get_mut(at) {
                Some(item) => {
                    let old = std::mem::replace(item, value);
                    self.heap.release(old);
                }
                None => self.heap.push(array, value),
            }
            return Ok(array);
        }
        let object = self.heap.own_object(place)?;
        let key = self.key_text(key)?;
        self.heap.set_key(object, &key, value);
        Ok(object)
    }

    /// `target.key = value` for `SetField`, remembering where. Takes over the value.
    #[inline(never)]
    pub(crate) fn set_field(
        &mut self,
        target: &mut Value,
        key: prism_bytecode::StrId,
        value: Value,
        at: usize,
    ) -> Run<()> {
        if !target.is_object() {
            let name = self.module_text(key).clone();
            let name = self.heap.new_text(name);
            let result = self.update(target, &[name], Leaf::Set, value);
            self.heap.release(name);
            return result;
        }
        let object = self.heap.own_object(std::mem::take(target))?;
        *target = object;
        let Some(shape) = self.heap.object(object).shape() else {
            let name: Arc<str> = self.module_text(key).clone();
            self.heap.set_key(object, &name, value);
            return Ok(());
        };
        let atom = self.atom(key);
        let n_fields = self.heap.shapes.keys(shape).len();
        let (place, next) = match self.heap.shapes.find(shape, atom) {
            Some(place) => (place, shape.0),
            None => (n_fields, self.grown_shape(shape, atom).map_or(0, |next| next.0)),
        };
        if next != 0 {
            self.caches[at] = [shape.0, place as u32, next];
        }
        let name = self.module_text(key).clone();
        self.heap.set_key(object, &name, value);
        Ok(())
    }
}
