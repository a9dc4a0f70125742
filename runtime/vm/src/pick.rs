//! Building and taking apart: literals, spread, patterns, iteration.

use std::sync::Arc;

use prism_bytecode::{FunctionId, KeysId, Kind, Reg, StrId};

use crate::core::{Core, Window, take_window};
use crate::errors::{Problem, Run};
use crate::heap::Shapes;
use crate::value::Value;

impl Core {
    /// An array of the values of a window, which it takes.
    #[inline(never)]
    pub(crate) fn make_array(&mut self, regs: &mut Window, first: Reg, count: u8) -> Value {
        let items = take_window(regs, usize::from(first.0), count);
        self.heap.new_array(items)
    }

    /// A closure whose captures are a window, which it takes.
    #[inline(never)]
    pub(crate) fn make_closure(
        &mut self,
        id: FunctionId,
        regs: &mut Window,
        first: Reg,
        count: u8,
    ) -> Value {
        let captures = take_window(regs, usize::from(first.0), count);
        self.heap.new_closure(id, captures.into_boxed_slice())
    }

    /// An object of the names of a list and the values of a window, which it takes.
    #[inline(never)]
    pub(crate) fn make_object(
        &mut self,
        keys: KeysId,
        regs: &mut Window,
        first: Reg,
        at: usize,
    ) -> Value {
        let first = usize::from(first.0);
        let count = self.program.module().keys[keys.index()].len();
        let values = &mut regs[first..first + count];
        let [cached, shape, _] = self.caches[at];
        let object = self.heap.new_object(Shapes::EMPTY);
        if cached == 1 {
            self.heap.object_mut(object).keys = shape;
            for (place, value) in values.iter_mut().enumerate() {
                self.heap.add_field(object, place, std::mem::take(value));
            }
            return object;
        }
        let program = self.program.clone();
        let module = program.module();
        for (key, value) in module.keys[keys.index()].iter().zip(values) {
            let key = &module.strings[key.index()];
            self.heap.set_key(object, key, std::mem::take(value));
        }
        if let Some(shape) = self.heap.object(object).shape() {
            self.caches[at] = [1, shape.0, 0];
        }
        object
    }

    /// Appends the elements of `source` to the array `target`.
    pub(crate) fn spread_array(&mut self, target: &mut Value, source: Value) -> Run<()> {
        let source = self.heap.plain(source);
        let Some(items) = self.heap.array(source) else {
            let found = self.type_name(source);
            return Err(self.problem(&Problem::Spread { wanted: "an array", found }));
        };
        let items = items.to_vec();
        self.heap.work(items.len())?;
        if !target.is_array() {
            let found = self.type_name(*target);
            return Err(self.problem(&Problem::NotUpdatable { what: "push to", found }));
        }
        *target = self.heap.own_array(std::mem::take(target))?;
        self.heap.reserve(*target, items.len())?;
        for item in items {
            let item = self.heap.share(item);
            self.heap.push(*target, item);
        }
        Ok(())
    }

    /// Appends one element to the array `target`. Takes over the item.
    #[inline(never)]
    pub(crate) fn push_array(&mut self, target: &mut Value, item: Value) -> Run<()> {
        self.update(target, &[], crate::update::Leaf::Push, item)
    }

    /// Sets the fields of `source` in the object `target`.
    pub(crate) fn spread_object(&mut self, target: &mut Value, source: Value) -> Run<()> {
        let source = self.heap.plain(source);
        match self.kind(source) {
            Kind::Null => return Ok(()),
            Kind::Object if target.is_object() => {}
            _ => {
                let found = self.type_name(source);
                return Err(self.problem(&Problem::Spread { wanted: "an object", found }));
            }
        }
        *target = self.heap.own_object(std::mem::take(target))?;
        let n_fields = self.heap.n_fields(source);
        self.heap.work(n_fields * 4)?;
        for at in 0..n_fields {
            let key = self.heap.key(source, at).clone();
            let value = self.heap.object(source).field(at);
            let value = self.heap.share(value);
            self.heap.set_key(*target, &key, value);
        }
        Ok(())
    }

    /// The elements of an array pattern's subject.
    fn subject(&mut self, value: Value) -> Run<Value> {
        let plain = self.heap.plain(value);
        if plain.is_array() {
            return Ok(plain);
        }
        let found = self.type_name(plain);
        Err(self.problem(&Problem::Destructure { wanted: "an array", found }))
    }

    /// The element of an array pattern, owned.
    pub(crate) fn pick_index(&mut self, value: Value, at: i8, otherwise: Value) -> Run<Value> {
        let array = self.subject(value)?;
        let items = self.heap.arrays.get(array.index());
        let found = usize::try_from(at).ok().and_then(|at| items.get(at)).copied();
        Ok(self.heap.share(found.unwrap_or(otherwise)))
    }

    /// The rest of an array pattern, owned.
    pub(crate) fn array_rest(&mut self, value: Value, from: i8) -> Run<Value> {
        let array = self.subject(value)?;
        let from = usize::try_from(from).unwrap_or(0);
        let items = self.heap.arrays.get(array.index());
        let rest = items.get(from..).unwrap_or_default().to_vec();
        self.heap.work(rest.len())?;
        for &item in &rest {
            self.heap.retain(item);
        }
        Ok(self.heap.new_array(rest))
    }

    /// The field of an object pattern, owned.
    pub(crate) fn pick_field(&mut self, value: Value, key: StrId, otherwise: Value) -> Run<Value> {
        let plain = self.heap.plain(value);
        if plain.is_object() {
            let atom = self.atom(key);
            let found = match self.heap.object(plain).shape() {
                Some(shape) => self
                    .heap
                    .shapes
                    .find(shape, atom)
                    .map(|place| self.heap.object(plain).field(place)),
                None => self.heap.get_key(plain, self.module_text(key)),
            };
            return Ok(self.heap.share(found.unwrap_or(otherwise)));
        }
        match self.kind(plain) {
            Kind::Array | Kind::Text | Kind::Agent => {
                let mode = prism_bytecode::MemberMode::Optional;
                let found = self.get_field_as(plain, key, mode, 0)?;
                Ok(if found.is_null() { otherwise } else { found })
            }
            _ => {
                let found = self.type_name(plain);
                Err(self.problem(&Problem::Destructure { wanted: "an object", found }))
            }
        }
    }

    /// The rest of an object pattern, owned.
    pub(crate) fn object_rest(&mut self, value: Value, keys: KeysId) -> Run<Value> {
        let source = self.heap.plain(value);
        if !source.is_object() {
            let found = self.type_name(source);
            return Err(self.problem(&Problem::Destructure { wanted: "an object", found }));
        }
        let program = self.program.clone();
        let module = program.module();
        let taken: Vec<&Arc<str>> =
            module.keys[keys.index()].iter().map(|key| &module.strings[key.index()]).collect();
        self.without(source, |key| taken.iter().any(|taken| ***taken == *key))
    }

    /// A new object without some keys.
    pub(crate) fn without(&mut self, source: Value, drop: impl Fn(&str) -> bool) -> Run<Value> {
        let n_fields = self.heap.n_fields(source);
        self.heap.work(n_fields * 4)?;
        let rest = self.heap.new_object(Shapes::EMPTY);
        for at in 0..n_fields {
            let key = self.heap.key(source, at).clone();
            if !drop(&key) {
                let value = self.heap.object(source).field(at);
                let value = self.heap.share(value);
                self.heap.set_key(rest, &key, value);
            }
        }
        Ok(rest)
    }

    /// What `for … in` goes through, owned.
    pub(crate) fn items(&mut self, value: Value) -> Run<Value> {
        let plain = self.heap.plain(value);
        match self.kind(plain) {
            Kind::Array => Ok(self.heap.share(plain)),
            Kind::Object => self.key_array(plain),
            Kind::Text => {
                let text = self.heap.str(plain).to_owned();
                self.heap.ask(text.len() * 48)?;
                self.heap.work(text.len())?;
                let chars = text.chars().map(|c| self.heap.new_text(String::from(c)));
                let chars: Vec<Value> = chars.collect();
                Ok(self.heap.new_array(chars))
            }
            _ => {
                let found = self.type_name(plain);
                Err(self.problem(&Problem::NotIterable(found)))
            }
        }
    }

    /// The keys of an object as an array of texts, owned.
    pub(crate) fn key_array(&mut self, object: Value) -> Run<Value> {
        let n_fields = self.heap.n_fields(object);
        self.heap.work(n_fields * 4)?;
        let mut keys = Vec::with_capacity(n_fields);
        for at in 0..n_fields {
            let key = self.heap.key(object, at).clone();
            keys.push(self.heap.new_text(key));
        }
        Ok(self.heap.new_array(keys))
    }

    /// The texts of values, joined.
    pub(crate) fn concat(&mut self, values: &[Value]) -> Run<Value> {
        let mut out = String::new();
        for &value in values {
            if value.is_text() {
                let size = self.heap.str(value).len();
                self.heap.work(size / 8)?;
                self.heap.ask(out.len() + size)?;
            }
            self.show(value, &mut out)?;
        }
        self.heap.ask(out.len())?;
        Ok(self.heap.new_text(out))
    }

    /// `value instanceof name`.
    pub(crate) fn instance_of(&mut self, value: Value, name: Value) -> Run<bool> {
        let plain = self.heap.plain(name);
        let wanted = match self.kind(plain) {
            Kind::Text => self.heap.str(plain).to_ascii_lowercase(),
            // `x instanceof Array`: the names of the language are functions.
            Kind::Function => self.callee_name(plain).to_ascii_lowercase(),
            _ => String::new(),
        };
        let subject = self.heap.plain(value);
        if wanted == "error" {
            return Ok(subject.is_object() && self.heap.is_error(subject));
        }
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == wanted);
        match kind {
            Some(kind) => Ok(self.kind(subject) == kind),
            None => {
                let mut name = String::new();
                self.show(plain, &mut name)?;
                Err(self.problem(&Problem::UnknownType(name.into())))
            }
        }
    }
}
