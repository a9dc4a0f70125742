//! Values of the heap as [`Data`] and back.

use std::sync::Arc;

use crate::core::Core;
use crate::data::{AgentRef, Data, MAX_DEPTH};
use crate::errors::{Problem, Run};
use crate::heap::{Other, Shapes};
use crate::value::{Tag, Value};

/// How functions leave the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Functions {
    /// By name: results, and what was thrown.
    ByName,
    /// Not at all: arguments of effects.
    Refused,
}

/// The data of a value. What is shared inside the heap is repeated outside, so the size is held
/// against the memory limit.
pub(crate) fn to_data(core: &mut Core, value: Value, functions: Functions) -> Run<Data> {
    let mut out = Outgoing { functions, bytes: 0, asked: 0 };
    out.data(core, value, 0)
}

/// Bytes that one value is held to take outside: as data, as JSON, and as text on its way to a
/// store or a screen.
const OUTSIDE: usize = 256;

struct Outgoing {
    functions: Functions,
    bytes: usize,
    /// How much of `bytes` was asked for.
    asked: usize,
}

impl Outgoing {
    fn data(&mut self, core: &mut Core, value: Value, depth: usize) -> Run<Data> {
        if depth > MAX_DEPTH {
            return Err(core.problem(&Problem::TooDeep));
        }
        self.bytes += OUTSIDE;
        if self.bytes - self.asked > 4096 {
            core.heap.work((self.bytes - self.asked) / 16)?;
            core.heap.ask(self.bytes)?;
            self.asked = self.bytes;
        }
        match value.tag() {
            Tag::Number => Ok(Data::Number(value.raw())),
            Tag::Text => {
                self.bytes += core.heap.str(value).len();
                Ok(Data::Text(core.heap.arc(value)))
            }
            Tag::Array => self.array(core, value, depth),
            Tag::Object => self.object(core, value, depth),
            Tag::Confident => {
                let confidence = core.heap.confidence(value).unwrap_or(1.0);
                let plain = self.data(core, core.heap.plain(value), depth)?;
                Ok(Data::Confident(Box::new(plain), confidence))
            }
            Tag::Simple | Tag::Closure | Tag::Other => self.rare(core, value),
        }
    }

    fn array(&mut self, core: &mut Core, array: Value, depth: usize) -> Run<Data> {
        let len = core.length(array);
        let mut items = Vec::new();
        for at in 0..len {
            let item = core.heap.arrays.get(array.index())[at];
            items.push(self.data(core, item, depth + 1)?);
        }
        Ok(Data::Array(items))
    }

    fn object(&mut self, core: &mut Core, object: Value, depth: usize) -> Run<Data> {
        let len = core.heap.n_fields(object);
        let mut fields = Vec::new();
        for at in 0..len {
            let key = core.heap.key(object, at).clone();
            let field = core.heap.object(object).field(at);
            fields.push((key, self.data(core, field, depth + 1)?));
        }
        Ok(Data::Object(fields))
    }

    fn rare(&mut self, core: &mut Core, value: Value) -> Run<Data> {
        match value {
            Value::NULL | Value::MISSING => return Ok(Data::Null),
            Value::TRUE => return Ok(Data::Bool(true)),
            Value::FALSE => return Ok(Data::Bool(false)),
            _ => {}
        }
        match core.heap.other(value) {
            Some(Other::Agent(agent)) => return Ok(Data::Agent(agent.clone())),
            Some(Other::Cell(_) | Other::Free) => return Ok(Data::Null),
            Some(
                Other::Fiber(_)
                | Other::Promise { .. }
                | Other::Bound { .. }
                | Other::Continuation(_),
            )
            | None => {}
        }
        match self.functions {
            Functions::ByName => Ok(Data::Function(core.callee_name(value))),
            Functions::Refused => {
                let found = core.type_name(value);
                Err(core.problem(&Problem::CannotLeave(found)))
            }
        }
    }
}

/// The value of data, owned. Functions come back as their text form.
pub(crate) fn from_data(core: &mut Core, data: &Data) -> Run<Value> {
    value(core, data, 0)
}

/// Whether data is nested no deeper than machines take.
pub(crate) fn is_shallow(data: &Data) -> bool {
    let mut level = parts(data);
    let mut depth = 1;
    while !level.is_empty() {
        if depth > MAX_DEPTH {
            return false;
        }
        depth += 1;
        level = level.into_iter().flat_map(parts).collect();
    }
    true
}

/// Everything directly inside data.
fn parts(data: &Data) -> Vec<&Data> {
    match data {
        Data::Array(items) => items.iter().collect(),
        Data::Object(fields) => fields.iter().map(|(_, value)| value).collect(),
        Data::Agent(agent) => agent.attributes.iter().map(|(_, value)| value).collect(),
        Data::Confident(value, _) => vec![value],
        Data::Null | Data::Bool(_) | Data::Number(_) | Data::Text(_) | Data::Function(_) => {
            Vec::new()
        }
    }
}

fn value(core: &mut Core, data: &Data, depth: usize) -> Run<Value> {
    if depth > MAX_DEPTH {
        return Err(core.problem(&Problem::TooDeep));
    }
    Ok(match data {
        Data::Null => Value::NULL,
        Data::Bool(flag) => Value::bool(*flag),
        Data::Number(number) => Value::any_number(*number),
        Data::Text(text) => core.heap.new_text(text.clone()),
        Data::Array(items) => {
            core.heap.ask(items.len() * 8)?;
            let array = core.heap.new_array(Vec::with_capacity(items.len()));
            for item in items {
                let item = value(core, item, depth + 1)?;
                core.heap.push(array, item);
            }
            array
        }
        Data::Object(fields) => {
            let object = core.heap.new_object(Shapes::EMPTY);
            for (key, field) in fields {
                let field = value(core, field, depth + 1)?;
                core.heap.set_key(object, key, field);
            }
            object
        }
        Data::Agent(AgentRef { name, attributes }) => {
            let agent = AgentRef { name: name.clone(), attributes: attributes.clone() };
            core.heap.new_other(Other::Agent(agent))
        }
        Data::Function(name) => {
            let text: Arc<str> = format!("[Function: {name}]").into();
            core.heap.new_text(text)
        }
        Data::Confident(plain, confidence) => {
            let plain = value(core, plain, depth + 1)?;
            let confidence = if confidence.is_nan() { 0.0 } else { *confidence };
            core.heap.new_confident(plain, confidence)
        }
    })
}
