//! `Object.*` and the methods of objects.

use std::sync::Arc;

use prism_bytecode::Kind;

use super::{Function, arg, array_arg, object_arg, wrong};
use crate::core::Core;
use crate::errors::Run;
use crate::heap::Shapes;
use crate::value::Value;

pub(super) fn find(name: &str) -> Option<Function> {
    let function: Function = match name {
        "Object.keys" => |core, args| {
            let source = arg(args, 0);
            match core.kind(source) {
                Kind::Object => core.key_array(source),
                Kind::Array => {
                    let length = core.length(source);
                    core.heap.ask(length * 96)?;
                    core.heap.work(length * 4)?;
                    let keys = (0..length).map(|at| core.heap.new_text(at.to_string()));
                    let keys = keys.collect();
                    Ok(core.heap.new_array(keys))
                }
                _ => Err(wrong(core, "Object.keys", "an object", source)),
            }
        },
        "Object.values" => |core, args| {
            if arg(args, 0).is_array() {
                return Ok(std::mem::take(&mut args[0]));
            }
            let object = object_arg(core, args, 0, "Object.values")?;
            let fields = fields(core, object)?;
            let values = fields.into_iter().map(|(_, value)| value).collect();
            Ok(core.heap.new_array(values))
        },
        "Object.entries" => |core, args| {
            let object = object_arg(core, args, 0, "Object.entries")?;
            let fields = fields(core, object)?;
            let mut pairs = Vec::with_capacity(fields.len());
            for (key, value) in fields {
                let key = core.heap.new_text(key);
                pairs.push(core.heap.new_array(vec![key, value]));
            }
            Ok(core.heap.new_array(pairs))
        },
        "Object.assign" => |core, args| {
            object_arg(core, args, 0, "Object.assign")?;
            let mut target = std::mem::take(&mut args[0]);
            for &source in &args[1..] {
                core.spread_object(&mut target, source)?;
            }
            Ok(target)
        },
        "Object.fromEntries" => from_entries,
        "Object.freeze" => |_, args| Ok(std::mem::take(&mut args[0])),
        "Object.hasOwn" | "object.hasOwnProperty" => |core, args| {
            let object = object_arg(core, args, 0, "hasOwn")?;
            let key = core.key_text(arg(args, 1))?;
            Ok(Value::bool(core.heap.find_key(object, &key).is_some()))
        },
        "object.with" => |core, args| {
            object_arg(core, args, 0, "with")?;
            let key = core.key_text(arg(args, 1))?;
            let object = core.heap.own_object(std::mem::take(&mut args[0]))?;
            core.heap.set_key(object, &key, std::mem::take(&mut args[2]));
            Ok(object)
        },
        "object.without" => |core, args| {
            let object = object_arg(core, args, 0, "without")?;
            let mut keys = Vec::new();
            for &key in &args[1..] {
                keys.push(core.key_text(key)?);
            }
            core.without(object, |key| keys.iter().any(|dropped| **dropped == *key))
        },
        _ => return None,
    };
    Some(function)
}

/// The fields of an object, the values held once more.
fn fields(core: &mut Core, object: Value) -> Run<Vec<(Arc<str>, Value)>> {
    let n_fields = core.heap.n_fields(object);
    core.heap.ask(n_fields * 64)?;
    core.heap.work(n_fields * 4)?;
    let mut fields = Vec::with_capacity(n_fields);
    for at in 0..n_fields {
        let value = core.heap.object(object).field(at);
        core.heap.retain(value);
        fields.push((core.heap.key(object, at).clone(), value));
    }
    Ok(fields)
}

fn from_entries(core: &mut Core, args: &mut [Value]) -> Run<Value> {
    let entries = array_arg(core, args, 0, "Object.fromEntries")?;
    let object = core.heap.new_object(Shapes::EMPTY);
    for at in 0..core.length(entries) {
        core.heap.work(4)?;
        let entry = core.heap.arrays.get(entries.index())[at];
        let entry = core.heap.plain(entry);
        let Some(&[key, value, ..]) = core.heap.array(entry) else {
            core.heap.release(object);
            return Err(wrong(core, "Object.fromEntries", "pairs of key and value", entry));
        };
        let key = core.key_text(key)?;
        core.heap.retain(value);
        core.heap.set_key(object, &key, value);
    }
    Ok(object)
}
