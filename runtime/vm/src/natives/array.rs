//! Methods of arrays that call no function of the program. What would change the array in
//! JavaScript gives a new one, in place when nobody else holds the old.

use std::cmp::Ordering;

use super::{Function, arg, array_arg, number, number_or, position};
use crate::core::Core;
use crate::errors::{Problem, Run};
use crate::numbers::to_index;
use crate::value::Value;

pub(super) fn find(name: &str) -> Option<Function> {
    let function: Function = match name {
        "Array.isArray" => |_, args| Ok(Value::bool(arg(args, 0).is_array())),
        "Array.from" => from,
        "Array.of" => |core, args| {
            let items = args.iter_mut().map(std::mem::take).collect();
            Ok(core.heap.new_array(items))
        },
        "array.push" => push,
        "array.unshift" => |core, args| {
            let array = array_arg(core, args, 0, "unshift")?;
            let old = items(core, array)?;
            let new: Vec<Value> = args[1..].iter_mut().map(std::mem::take).collect();
            collect(core, [new, old].concat())
        },
        "array.concat" => concat,
        "array.join" => super::text::join,
        "array.with" => |core, args| {
            let array = array_arg(core, args, 0, "with")?;
            let index = number(core, args, 1, "with")?;
            let value = std::mem::take(&mut args[2]);
            let length = core.length(array);
            let Some(at) = to_index(index).filter(|&at| at < length) else {
                core.heap.release(value);
                return Err(core.problem(&Problem::OutOfBounds { index, length }));
            };
            let array = core.heap.own_array(std::mem::take(&mut args[0]))?;
            let old = std::mem::replace(&mut core.heap.array_mut(array)[at], value);
            core.heap.release(old);
            Ok(array)
        },
        "array.fill" => fill,
        "array.toSpliced" => spliced,
        _ => return find_reading(name).or_else(|| find_ordering(name)),
    };
    Some(function)
}

fn find_reading(name: &str) -> Option<Function> {
    let function: Function = match name {
        "array.at" => |core, args| {
            let array = array_arg(core, args, 0, "at")?;
            let at = number(core, args, 1, "at")?.trunc();
            let length = core.length(array);
            let at = if at < 0.0 { at + length as f64 } else { at };
            let item = to_index(at).and_then(|at| core.heap.arrays.get(array.index()).get(at));
            let item = item.copied().unwrap_or(Value::NULL);
            Ok(core.heap.share(item))
        },
        "array.slice" => |core, args| {
            let array = array_arg(core, args, 0, "slice")?;
            let length = core.length(array);
            let start = position(number_or(core, args, 1, 0.0, "slice")?, length);
            let end = position(number_or(core, args, 2, f64::INFINITY, "slice")?, length);
            let items = core.heap.arrays.get(array.index());
            let part = items.get(start..end.max(start)).unwrap_or_default().to_vec();
            shared(core, part)
        },
        "array.includes" => |core, args| {
            let found = index_of(core, args, "includes")?;
            Ok(Value::bool(found.is_some()))
        },
        "array.indexOf" => |core, args| {
            let found = index_of(core, args, "indexOf")?;
            Ok(Value::number(found.map_or(-1.0, |at| at as f64)))
        },
        "array.lastIndexOf" => |core, args| {
            let array = array_arg(core, args, 0, "lastIndexOf")?;
            let wanted = arg(args, 1);
            for at in (0..core.length(array)).rev() {
                let item = core.heap.arrays.get(array.index())[at];
                if core.same(item, wanted)? {
                    return Ok(Value::number(at as f64));
                }
            }
            Ok(Value::number(-1.0))
        },
        "array.values" => |core, args| {
            array_arg(core, args, 0, "values")?;
            Ok(std::mem::take(&mut args[0]))
        },
        "array.keys" => |core, args| {
            let array = array_arg(core, args, 0, "keys")?;
            let length = core.length(array);
            core.heap.ask(length * 8)?;
            core.heap.work(length)?;
            let keys = (0..length).map(|at| Value::number(at as f64)).collect();
            Ok(core.heap.new_array(keys))
        },
        "array.entries" => |core, args| {
            let array = array_arg(core, args, 0, "entries")?;
            let items = items(core, array)?;
            core.heap.ask(items.len() * 64)?;
            let pairs = items.iter().enumerate().map(|(at, &item)| {
                core.heap.retain(item);
                core.heap.new_array(vec![Value::number(at as f64), item])
            });
            let pairs = pairs.collect();
            Ok(core.heap.new_array(pairs))
        },
        "array.flat" => |core, args| {
            let array = array_arg(core, args, 0, "flat")?;
            let depth = number_or(core, args, 1, 1.0, "flat")?;
            flat(core, array, to_index(depth).unwrap_or(usize::MAX))
        },
        _ => return None,
    };
    Some(function)
}

fn find_ordering(name: &str) -> Option<Function> {
    let function: Function = match name {
        "array.reverse" | "array.toReversed" => |core, args| {
            array_arg(core, args, 0, "reverse")?;
            let array = core.heap.own_array(std::mem::take(&mut args[0]))?;
            let items = core.heap.array_mut(array);
            items.reverse();
            let length = items.len();
            core.heap.work(length)?;
            Ok(array)
        },
        "array.sort" => sort,
        _ => return None,
    };
    Some(function)
}

/// A copy of the items, each held by the array only; paid for.
fn items(core: &mut Core, array: Value) -> Run<Vec<Value>> {
    let items = core.heap.array(array).unwrap_or_default().to_vec();
    core.heap.ask(items.len() * 8)?;
    core.heap.work(items.len())?;
    Ok(items)
}

/// A new array of items that somebody else holds too.
fn shared(core: &mut Core, items: Vec<Value>) -> Run<Value> {
    core.heap.work(items.len())?;
    for &item in &items {
        core.heap.retain(item);
    }
    Ok(core.heap.new_array(items))
}

/// A new array of items, the same for those that were taken from arguments: they gain a holder
/// and lose the argument.
fn collect(core: &mut Core, items: Vec<Value>) -> Run<Value> {
    shared(core, items)
}

fn push(core: &mut Core, args: &mut [Value]) -> Run<Value> {
    array_arg(core, args, 0, "push")?;
    let array = core.heap.own_array(std::mem::take(&mut args[0]))?;
    for item in &mut args[1..] {
        core.heap.push(array, std::mem::take(item));
    }
    Ok(array)
}

/// Arrays among the arguments are appended item by item, confidence looked through.
fn concat(core: &mut Core, args: &mut [Value]) -> Run<Value> {
    array_arg(core, args, 0, "concat")?;
    let mut array = std::mem::take(&mut args[0]);
    for item in &mut args[1..] {
        let item = std::mem::take(item);
        if core.heap.plain(item).is_array() {
            let result = core.spread_array(&mut array, item);
            core.heap.release(item);
            result?;
        } else {
            array = core.heap.own_array(array)?;
            core.heap.push(array, item);
        }
    }
    Ok(array)
}

/// `Array.from(x)`: items of an array, characters of a text, or `length` nulls.
fn from(core: &mut Core, args: &mut [Value]) -> Run<Value> {
    let source = arg(args, 0);
    if source.is_object() {
        let length = core.heap.get_key(source, "length").and_then(Value::as_number);
        if let Some(length) = length.and_then(to_index) {
            core.heap.ask(length.saturating_mul(8))?;
            core.heap.work(length)?;
            return Ok(core.heap.new_array(vec![Value::NULL; length]));
        }
    }
    core.items(source)
}

fn fill(core: &mut Core, args: &mut [Value]) -> Run<Value> {
    let array = array_arg(core, args, 0, "fill")?;
    let length = core.length(array);
    let start = position(number_or(core, args, 2, 0.0, "fill")?, length);
    let end = position(number_or(core, args, 3, f64::INFINITY, "fill")?, length);
    let array = core.heap.own_array(std::mem::take(&mut args[0]))?;
    core.heap.work(length)?;
    for at in start..end {
        let value = core.heap.share(args[1]);
        let old = std::mem::replace(&mut core.heap.array_mut(array)[at], value);
        core.heap.release(old);
    }
    Ok(array)
}

/// `xs.toSpliced(start, count, ...new)`.
fn spliced(core: &mut Core, args: &mut [Value]) -> Run<Value> {
    let array = array_arg(core, args, 0, "toSpliced")?;
    let old = items(core, array)?;
    let start = position(number(core, args, 1, "toSpliced")?, old.len());
    let count = number_or(core, args, 2, f64::INFINITY, "toSpliced")?.max(0.0);
    let end = position(start as f64 + count, old.len());
    let new = args.get(3..).unwrap_or_default();
    let parts = [&old[..start], new, &old[end..]].concat();
    shared(core, parts)
}

fn index_of(core: &mut Core, args: &[Value], name: &'static str) -> Run<Option<usize>> {
    let array = array_arg(core, args, 0, name)?;
    let length = core.length(array);
    let start = position(number_or(core, args, 2, 0.0, name)?, length);
    let wanted = arg(args, 1);
    for at in start..length {
        let item = core.heap.arrays.get(array.index())[at];
        core.heap.work(1)?;
        if core.same(item, wanted)? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// Flattens to a depth, without recursion.
fn flat(core: &mut Core, array: Value, depth: usize) -> Run<Value> {
    let out = core.heap.new_array(Vec::new());
    let mut open = vec![(array, 0usize)];
    while let Some((array, at)) = open.pop() {
        let Some(&item) = core.heap.arrays.get(array.index()).get(at) else { continue };
        open.push((array, at + 1));
        let plain = core.heap.plain(item);
        if plain.is_array() && open.len() <= depth {
            open.push((plain, 0));
        } else {
            core.heap.retain(item);
            core.heap.push(out, item);
            core.heap.work(4)?;
            core.heap.ask(0)?;
        }
    }
    Ok(out)
}

/// `sort()` without a comparison: numbers by size when all are numbers, else by text.
fn sort(core: &mut Core, args: &mut [Value]) -> Run<Value> {
    array_arg(core, args, 0, "sort")?;
    let array = core.heap.own_array(std::mem::take(&mut args[0]))?;
    let length = core.length(array);
    core.heap.work(length.saturating_mul(8))?;
    let items = std::mem::take(core.heap.array_mut(array));
    let sorted = sort_items(core, items);
    match sorted {
        Ok(items) => {
            *core.heap.array_mut(array) = items;
            Ok(array)
        }
        Err(raise) => Err(raise),
    }
}

fn sort_items(core: &mut Core, mut items: Vec<Value>) -> Run<Vec<Value>> {
    if items.iter().all(|item| core.heap.plain(*item).is_number()) {
        items.sort_by(|a, b| {
            let (a, b) = (core.heap.plain(*a).raw(), core.heap.plain(*b).raw());
            a.partial_cmp(&b).unwrap_or(Ordering::Equal)
        });
        return Ok(items);
    }
    let mut keyed = Vec::with_capacity(items.len());
    let mut size = 0;
    for &item in &items {
        let mut key = String::new();
        core.show(core.heap.plain(item), &mut key)?;
        size += key.len() + 32;
        core.heap.ask(size)?;
        keyed.push((key, item));
    }
    keyed.sort_by(|(a, x), (b, y)| {
        // Null goes to the end, as `undefined` does.
        x.is_null().cmp(&y.is_null()).then_with(|| a.encode_utf16().cmp(b.encode_utf16()))
    });
    for (slot, (_, item)) in items.iter_mut().zip(keyed) {
        *slot = item;
    }
    Ok(items)
}
