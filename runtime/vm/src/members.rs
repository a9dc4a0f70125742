//! Reading members: `o.k` in its modes, `xs[i]`, methods as values, and what each remembers.

use std::sync::Arc;

use prism_bytecode::{Kind, MemberMode, NATIVES, StrId, native};

use crate::convert::from_data;
use crate::core::Core;
use crate::errors::{Problem, Run, TypeName};
use crate::heap::{AtomId, DICT_BIT, Method, Other, ShapeId};
use crate::numbers::to_index;
use crate::value::{Tag, Value};

/// What a plain member read found.
enum Found {
    /// Owned.
    Value(Value),
    /// The key is not there.
    Missing,
}

impl Core {
    /// `value.key` for `GetField`. Gives an owned value.
    #[inline(never)]
    pub(crate) fn get_field(&mut self, value: Value, key: StrId, at: usize) -> Run<Value> {
        let plain = self.heap.plain(value);
        match self.member(plain, key, at)? {
            Found::Value(found) => Ok(self.scaled(found, self.heap.confidence(value))),
            Found::Missing => Err(self.no_member(plain, key)),
        }
    }

    /// `value.key` in another mode.
    pub(crate) fn get_field_as(
        &mut self,
        value: Value,
        key: StrId,
        mode: MemberMode,
        at: usize,
    ) -> Run<Value> {
        let plain = self.heap.plain(value);
        let confidence = self.heap.confidence(value);
        let found = match (plain.is_null(), mode) {
            (true, MemberMode::Soft) => return Err(self.no_member(plain, key)),
            (true, MemberMode::Optional | MemberMode::Confident) => Found::Missing,
            (false, _) => self.member(plain, key, at)?,
        };
        Ok(match (found, mode) {
            (Found::Value(found), MemberMode::Confident) => {
                self.scaled(found, Some(confidence.unwrap_or(1.0)))
            }
            (Found::Value(found), MemberMode::Optional | MemberMode::Soft) => {
                self.scaled(found, confidence)
            }
            (Found::Missing, MemberMode::Confident) => {
                self.heap.new_confident(Value::NULL, confidence.unwrap_or(1.0))
            }
            (Found::Missing, MemberMode::Optional | MemberMode::Soft) => Value::NULL,
        })
    }

    /// The value with the product of its confidence and another. Takes over the value.
    pub(crate) fn scaled(&mut self, value: Value, by: Option<f64>) -> Value {
        let Some(by) = by else { return value };
        let confidence = self.heap.confidence(value).unwrap_or(1.0) * by;
        self.heap.new_confident(value, confidence)
    }

    /// Reads a member of a plain value that is not null.
    fn member(&mut self, plain: Value, key: StrId, at: usize) -> Run<Found> {
        match plain.tag() {
            Tag::Object => Ok(self.object_member(plain, key, at)),
            Tag::Number
            | Tag::Simple
            | Tag::Text
            | Tag::Array
            | Tag::Closure
            | Tag::Other
            | Tag::Confident => self.other_member(plain, key),
        }
    }

    fn object_member(&mut self, object: Value, key: StrId, at: usize) -> Found {
        let found = match self.shape_of(object) {
            Some(shape) => {
                let atom = self.atom(key);
                let found = self.heap.shapes.find(shape, atom);
                if let Some(place) = found {
                    self.caches[at] = [shape.0, place as u32, 0];
                }
                found
            }
            None => {
                let text = self.module_text(key).clone();
                self.heap.find_key(object, &text)
            }
        };
        match found {
            Some(place) => {
                let field = self.heap.object(object).field(place);
                Found::Value(self.heap.share(field))
            }
            // Methods of objects are not members: a key of data may have any name.
            None => Found::Missing,
        }
    }

    fn shape_of(&self, object: Value) -> Option<ShapeId> {
        self.heap.object(object).shape()
    }

    fn other_member(&mut self, plain: Value, key: StrId) -> Run<Found> {
        let name = self.module_text(key).clone();
        let kind = self.kind(plain);
        match (kind, &*name) {
            (Kind::Null, _) => return Err(self.no_member(plain, key)),
            (Kind::Array | Kind::Text, "length") => {
                return Ok(Found::Value(Value::number(self.length(plain) as f64)));
            }
            (Kind::Function, "name") => {
                let name = self.callee_name(plain);
                return Ok(Found::Value(self.heap.new_text(name)));
            }
            (Kind::Agent, _) => {
                if let Some(found) = self.agent_member(plain, &name)? {
                    return Ok(Found::Value(found));
                }
            }
            _ => {}
        }
        match self.find_method(kind, &name) {
            Some(method) => Ok(Found::Value(self.bound(plain, method))),
            None => Ok(Found::Missing),
        }
    }

    fn agent_member(&mut self, agent: Value, name: &str) -> Run<Option<Value>> {
        let Some(agent) = self.heap.agent(agent) else { return Ok(None) };
        let attribute = agent.attributes.iter().find(|(key, _)| &**key == name);
        if let Some((_, data)) = attribute {
            let data = data.clone();
            return from_data(self, &data).map(Some);
        }
        if name == "name" || name == "id" {
            let name = agent.name.clone();
            return Ok(Some(self.heap.new_text(name)));
        }
        Ok(None)
    }

    fn bound(&mut self, receiver: Value, method: Method) -> Value {
        let receiver = self.heap.share(receiver);
        self.heap.new_other(Other::Bound { receiver, method })
    }

    /// The method of a kind: the program's own first, then the machine's.
    pub(crate) fn find_method(&self, kind: Kind, name: &str) -> Option<Method> {
        let module = self.program.module();
        let own = module
            .methods
            .iter()
            .find(|method| method.kind == kind && *module.strings[method.name.index()] == *name);
        if let Some(own) = own {
            return Some(Method::Function(own.function));
        }
        native(&format!("{}.{name}", kind.name())).map(Method::Native)
    }

    /// Why there is no such member.
    #[cold]
    fn no_member(&mut self, plain: Value, key: StrId) -> crate::errors::Raise {
        let key = self.module_text(key).clone();
        let of = self.type_name(plain);
        let problem = match self.kind(plain) {
            Kind::Null => Problem::PropertyOfNull(key),
            Kind::Object => {
                let nearest = self.nearest_key(plain, &key);
                Problem::NoProperty { key, of, nearest }
            }
            _ => Problem::PropertyOf { key, of },
        };
        self.problem(&problem)
    }

    fn nearest_key(&self, object: Value, key: &str) -> Option<Arc<str>> {
        let n_fields = self.heap.n_fields(object).min(64);
        let keys = (0..n_fields).map(|at| self.heap.key(object, at));
        let near = keys.map(|known| (distance(known, key), known));
        let (distance, nearest) = near.min_by_key(|(distance, _)| *distance)?;
        (distance <= key.len().max(nearest.len()) / 3).then(|| nearest.clone())
    }

    // Indices.

    /// `value[index]`. Gives an owned value.
    #[inline(never)]
    pub(crate) fn get_index(&mut self, value: Value, index: Value) -> Run<Value> {
        let found = self.at(value, index)?;
        let Some(found) = found else {
            let plain = self.heap.plain(value);
            return match (self.heap.array(plain), index.as_number()) {
                (Some(items), Some(index)) => {
                    let length = items.len();
                    Err(self.problem(&Problem::OutOfBounds { index, length }))
                }
                _ => Ok(Value::NULL),
            };
        };
        Ok(self.scaled(found, self.heap.confidence(value)))
    }

    /// `value?.[index]`.
    pub(crate) fn get_index_optional(&mut self, value: Value, index: Value) -> Run<Value> {
        if self.heap.plain(value).is_null() {
            return Ok(Value::NULL);
        }
        let Some(found) = self.at(value, index)? else { return Ok(Value::NULL) };
        Ok(self.scaled(found, self.heap.confidence(value)))
    }

    /// The element or field, owned; `None` for a missing key and an index out of range.
    fn at(&mut self, value: Value, index: Value) -> Run<Option<Value>> {
        let plain = self.heap.plain(value);
        match self.kind(plain) {
            Kind::Array => {
                let Some(number) = index.as_number() else {
                    let found = self.index_type(index);
                    return Err(self.problem(&Problem::NotAnIndex(found)));
                };
                let items = self.heap.arrays.get(plain.index());
                let found = to_index(number).and_then(|at| items.get(at)).copied();
                Ok(found.map(|found| self.heap.share(found)))
            }
            Kind::Object => {
                let key = self.key_text(index)?;
                let found = self.heap.get_key(plain, &key);
                Ok(found.map(|found| self.heap.share(found)))
            }
            Kind::Agent => {
                let key = self.key_text(index)?;
                self.agent_member(plain, &key)
            }
            _ => {
                let found = self.type_name(plain);
                Err(self.problem(&Problem::NotIndexable(found)))
            }
        }
    }

    /// The type of an index that is none; a confident number is not a number here.
    pub(crate) fn index_type(&self, index: Value) -> TypeName {
        if index.is_confident() { TypeName("a confident value") } else { self.type_name(index) }
    }

    /// A value as a key of an object: its text, without its confidence.
    pub(crate) fn key_text(&mut self, key: Value) -> Run<Arc<str>> {
        let plain = self.heap.plain(key);
        if plain.is_text() {
            return Ok(self.heap.arc(plain));
        }
        let mut out = String::new();
        self.show(plain, &mut out)?;
        Ok(out.into())
    }

    /// The length of an array or text, the number of keys of an object, else 0.
    pub(crate) fn length(&self, value: Value) -> usize {
        let plain = self.heap.plain(value);
        match plain.tag() {
            Tag::Array => self.heap.arrays.get(plain.index()).len(),
            Tag::Text => self.heap.texts.get(plain.index()).units(),
            Tag::Object => self.heap.n_fields(plain),
            Tag::Number | Tag::Simple | Tag::Closure | Tag::Confident | Tag::Other => 0,
        }
    }

    /// `key in container`.
    pub(crate) fn contains(&mut self, key: Value, container: Value) -> Run<bool> {
        let plain = self.heap.plain(container);
        match self.kind(plain) {
            Kind::Object => {
                let key = self.key_text(key)?;
                Ok(self.heap.find_key(plain, &key).is_some())
            }
            Kind::Array => {
                let index = self.heap.plain(key).as_number();
                let whole = index.filter(|n| n.fract() == 0.0).and_then(to_index);
                Ok(whole.is_some_and(|at| at < self.length(plain)))
            }
            Kind::Agent => {
                let key = self.key_text(key)?;
                let found = self.agent_member(plain, &key)?;
                self.heap.release(found.unwrap_or(Value::NULL));
                Ok(found.is_some())
            }
            _ => {
                let (left, right) = (self.type_name(key), self.type_name(plain));
                Err(self.problem(&Problem::Operator { op: "in", left, right }))
            }
        }
    }

    // What instructions remember.

    /// The method that `CallMethod` at a word of code found for a kind before.
    pub(crate) fn cached_method(&self, at: usize, kind: Kind) -> Option<Method> {
        let [key, id, is_native] = self.caches[at];
        if key != DICT_BIT | kind as u32 {
            return None;
        }
        Some(match is_native {
            0 => Method::Function(prism_bytecode::FunctionId(id)),
            _ => Method::Native(prism_bytecode::NativeId(id)),
        })
    }

    pub(crate) fn cache_method(&mut self, at: usize, kind: Kind, method: Method) {
        let (id, is_native) = match method {
            Method::Function(id) => (id.0, 0),
            Method::Native(id) => (id.0, 1),
        };
        debug_assert!(is_native == 0 || (id as usize) < NATIVES.len());
        self.caches[at] = [DICT_BIT | kind as u32, id, is_native];
    }

    /// The shape with one key more, by atom.
    pub(crate) fn grown_shape(&mut self, shape: ShapeId, atom: AtomId) -> Option<ShapeId> {
        let name = self.heap.shapes.name(atom).clone();
        self.heap.shapes.add(shape, &name)
    }
}

/// Edits between two short texts; case counts nothing.
fn distance(a: &str, b: &str) -> usize {
    let lower = |text: &str| text.to_lowercase().chars().take(40).collect::<Vec<_>>();
    let (a, b) = (lower(a), lower(b));
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = change.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
