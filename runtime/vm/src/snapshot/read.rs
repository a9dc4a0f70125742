//! Bytes to machine. The bytes may come from anywhere: every index is checked here, and what
//! parts say of each other in `check.rs`.

use std::sync::Arc;

use prism_bytecode::{FunctionId, NATIVES, NativeId, Verified};

use super::RestoreError;
use super::wire::{Res, Wire};
use super::write::{FIRST_KIND, KINDS, NUMBER, SIMPLE};
use super::{check, parts};
use crate::api::Limits;
use crate::core::Core;
use crate::data::{AgentRef, Data};
use crate::heap::{Closure, Confident, FiberId, Method, Other, Shapes, Text};
use crate::machine::{Machine, Parts};
use crate::value::{Tag, Value};

type Read<T> = Result<T, RestoreError>;

pub(super) fn machine(module: Arc<Verified>, content: &[u8]) -> Read<Machine> {
    let n_functions = module.functions().len();
    let mut reader =
        Reader { bytes: content, n_functions, first: [0; 6], counts: [0; 6], held: Vec::new() };
    let limits = reader.limits()?;
    let fuel = reader.uint()?;
    let mut core = Core::new(module, Limits { fuel: u64::MAX, memory: usize::MAX, ..limits });
    reader.heap(&mut core)?;
    let n_globals = core.globals.len();
    let mut machine_parts = Parts::default();
    parts::machine(&mut reader, &mut core, &mut machine_parts)?;
    if !reader.bytes.is_empty() || core.globals.len() != n_globals {
        return Err(RestoreError::Malformed("parts that do not fit the program"));
    }
    for value in std::mem::take(&mut reader.held) {
        core.heap.retain(value);
    }
    check::machine(&core, &machine_parts)?;
    for fiber in machine_parts.fibers.values() {
        core.heap.grow(fiber.stack.len() * size_of::<Value>());
    }
    core.limits = limits;
    core.heap.set_limits(limits.memory, fuel);
    Ok(Machine::from_parts(core, machine_parts))
}

struct Reader<'a> {
    bytes: &'a [u8],
    n_functions: usize,
    /// For each kind, the index of the first entry, and their number.
    first: [u32; 6],
    counts: [u32; 6],
    /// What the parts read so far hold.
    held: Vec<Value>,
}

impl Reader<'_> {
    fn limits(&mut self) -> Read<Limits> {
        let fuel = self.uint()?;
        let memory = usize::try_from(self.uint()?).unwrap_or(usize::MAX);
        let depth = u32::try_from(self.uint()?).unwrap_or(u32::MAX);
        Ok(Limits { fuel, memory, depth, requests: self.uint()? })
    }

    /// Makes empty entries first: values refer to each other in any order.
    fn heap(&mut self, core: &mut Core) -> Res {
        for (kind, tag) in KINDS.into_iter().enumerate() {
            let count = self.uint()?;
            if count > self.bytes.len() as u64 {
                return Err(RestoreError::Malformed("more values than bytes"));
            }
            self.counts[kind] = count as u32;
            self.first[kind] = core.heap.make_room(tag, count as usize);
        }
        for (kind, tag) in KINDS.into_iter().enumerate() {
            for place in 0..self.counts[kind] {
                let value = Value::heap(tag, self.first[kind] + place);
                self.entry(core, value)?;
                for value in std::mem::take(&mut self.held) {
                    core.heap.retain(value);
                }
            }
        }
        Ok(())
    }

    fn entry(&mut self, core: &mut Core, entry: Value) -> Res {
        let index = entry.index();
        match entry.tag() {
            Tag::Text => {
                let text = self.str()?;
                core.heap.grow(text.len() + 32);
                *core.heap.texts.get_mut(index) = Text::from(text);
            }
            Tag::Array => {
                let values = self.values()?;
                core.heap.grow(values.capacity() * 8 + 32);
                *core.heap.arrays.get_mut(index) = values;
            }
            Tag::Object => self.object(core, entry)?,
            Tag::Closure => {
                let function = self.function()?;
                let captures: Box<[Value]> = self.values()?.into();
                core.heap.grow(captures.len() * 8 + 32);
                *core.heap.closures.get_mut(index) = Closure { function, captures };
            }
            Tag::Confident => {
                let value = self.one()?;
                let mut confidence = 0.0;
                self.double(&mut confidence)?;
                if value.is_confident() || !(0.0..=1.0).contains(&confidence) {
                    return Err(RestoreError::Malformed("a confidence"));
                }
                core.heap.grow(32);
                *core.heap.confidents.get_mut(index) = Confident { value, confidence };
            }
            Tag::Other => {
                let other = self.other()?;
                core.heap.grow(32);
                *core.heap.others.get_mut(index) = other;
            }
            Tag::Number | Tag::Simple => {}
        }
        Ok(())
    }

    fn object(&mut self, core: &mut Core, object: Value) -> Res {
        let is_error = self.tag()? != 0;
        let shape = if is_error { Shapes::ERROR } else { Shapes::EMPTY };
        core.heap.object_mut(object).keys = shape.0;
        core.heap.grow(80);
        let n_fields = self.uint()?;
        for _ in 0..n_fields {
            let key: Arc<str> = self.str()?.into();
            let value = self.one()?;
            if core.heap.find_key(object, &key).is_some() {
                return Err(RestoreError::Malformed("a key twice"));
            }
            core.heap.set_key(object, &key, value);
        }
        Ok(())
    }

    fn other(&mut self) -> Read<Other> {
        Ok(match self.tag()? {
            1 => Other::Cell(self.one()?),
            2 => {
                let name = self.str()?.into();
                let text = self.str()?;
                let attributes = match Data::from_json_text(&text) {
                    Ok(Data::Object(attributes)) => attributes,
                    Ok(Data::Agent(agent)) => agent.attributes,
                    Ok(_) | Err(_) => return Err(RestoreError::Malformed("an agent")),
                };
                Other::Agent(AgentRef { name, attributes })
            }
            3 => Other::Fiber(FiberId(self.narrow()?)),
            tag @ (4 | 5) => Other::Promise { value: self.one()?, is_rejected: tag == 5 },
            6 => {
                let method = Method::Function(self.function()?);
                Other::Bound { receiver: self.one()?, method }
            }
            7 => {
                let method = Method::Native(native(self.uint()?)?);
                Other::Bound { receiver: self.one()?, method }
            }
            8 => Other::Continuation(self.narrow()?),
            _ => return Err(RestoreError::Malformed("an unknown kind of value")),
        })
    }

    fn function(&mut self) -> Read<FunctionId> {
        let id = self.narrow()?;
        if (id as usize) < self.n_functions {
            return Ok(FunctionId(id));
        }
        Err(RestoreError::Malformed("an unknown function"))
    }

    /// A value by its payload.
    fn simple(&mut self) -> Read<Value> {
        let value = Value::from_payload(self.uint()?);
        let is_known = |value: &Value| {
            value.as_function().is_none_or(|id| id.index() < self.n_functions)
                && value.as_native().is_none_or(|id| id.index() < NATIVES.len())
        };
        value.filter(is_known).ok_or(RestoreError::Malformed("an unknown value"))
    }

    fn values(&mut self) -> Read<Vec<Value>> {
        let count = self.uint()?;
        if count > self.bytes.len() as u64 {
            return Err(RestoreError::Malformed("a list longer than the snapshot"));
        }
        let mut values = Vec::with_capacity(count as usize);
        for _ in 0..count {
            values.push(self.one()?);
        }
        Ok(values)
    }

    /// A value; noted as held.
    fn one(&mut self) -> Read<Value> {
        let tag = self.tag()?;
        if tag == NUMBER {
            let mut number = 0.0;
            self.double(&mut number)?;
            return Ok(Value::any_number(number));
        }
        if tag == SIMPLE {
            return self.simple();
        }
        let kind = usize::from(tag - FIRST_KIND);
        let place = self.narrow()?;
        if kind >= KINDS.len() || place >= self.counts[kind] {
            return Err(RestoreError::Malformed("a value that is not there"));
        }
        let value = Value::heap(KINDS[kind], self.first[kind] + place);
        self.held.push(value);
        Ok(value)
    }

    fn str(&mut self) -> Read<String> {
        let length = usize::try_from(self.uint()?).unwrap_or(usize::MAX);
        let Some((head, rest)) = self.bytes.split_at_checked(length) else {
            return Err(RestoreError::Malformed("a text longer than the snapshot"));
        };
        self.bytes = rest;
        String::from_utf8(head.to_vec()).map_err(|_| RestoreError::Malformed("a text"))
    }

    fn tag(&mut self) -> Read<u8> {
        let Some((&tag, rest)) = self.bytes.split_first() else {
            return Err(RestoreError::Malformed("the end is missing"));
        };
        self.bytes = rest;
        Ok(tag)
    }

    fn narrow(&mut self) -> Read<u32> {
        u32::try_from(self.uint()?).map_err(|_| RestoreError::Malformed("a number too large"))
    }

    fn uint(&mut self) -> Read<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.tag()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(RestoreError::Malformed("a number too large"))
    }
}

fn native(id: u64) -> Read<NativeId> {
    let is_known = id < NATIVES.len() as u64;
    is_known
        .then_some(NativeId(id as u32))
        .ok_or(RestoreError::Malformed("an unknown function of the machine"))
}

impl Wire for Reader<'_> {
    const READS: bool = true;

    fn int(&mut self, number: &mut u64) -> Res {
        *number = self.uint()?;
        Ok(())
    }

    fn double(&mut self, number: &mut f64) -> Res {
        let Some((head, rest)) = self.bytes.split_first_chunk() else {
            return Err(RestoreError::Malformed("the end is missing"));
        };
        self.bytes = rest;
        *number = f64::from_bits(u64::from_le_bytes(*head));
        Ok(())
    }

    fn text(&mut self, text: &mut Arc<str>) -> Res {
        *text = self.str()?.into();
        Ok(())
    }

    fn value(&mut self, value: &mut Value) -> Res {
        *value = self.one()?;
        Ok(())
    }

    fn list<T: Default>(
        &mut self,
        items: &mut Vec<T>,
        each: impl Fn(&mut Self, &mut T) -> Res,
    ) -> Res {
        let count = self.uint()?;
        if count > self.bytes.len() as u64 {
            return Err(RestoreError::Malformed("a list longer than the snapshot"));
        }
        items.clear();
        for _ in 0..count {
            let mut item = T::default();
            each(self, &mut item)?;
            items.push(item);
        }
        Ok(())
    }
}
