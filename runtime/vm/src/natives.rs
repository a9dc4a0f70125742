//! The functions of the machine, one room per kind of receiver.
//!
//! A function borrows its arguments, or takes them out of the slice when it changes them in place;
//! what is left is released by the caller. It gives an owned value. Most see plain arguments, and
//! their result gets the smallest confidence among them; those of [`RAW`] see the values as they
//! are.

mod array;

mod general;

mod json;

mod math;

mod object;

mod text;

use std::sync::OnceLock;

use prism_bytecode::{NATIVES, NativeId};

use crate::core::Core;
use crate::errors::{Problem, Run};
use crate::numbers::to_index;
use crate::value::Value;

pub(crate) type Function = fn(&mut Core, &mut [Value]) -> Run<Value>;

#[derive(Clone, Copy)]
struct Row {
    code: Code,
    is_raw: bool,
}

#[derive(Clone, Copy)]
enum Code {
    /// A function of one number.
    Number(fn(f64) -> f64),
    Other(Function),
}

/// Functions that look at confidence themselves, or only move values.
const RAW: &[&str] = &[
    "print",
    "console.log",
    "console.warn",
    "console.error",
    "console.info",
    "console.debug",
    "max",
    "min",
    "value",
    "Error",
    "Array.of",
    "Object.assign",
    "Object.freeze",
    "Promise.resolve",
    "Promise.reject",
    "array.concat",
    "array.fill",
    "array.push",
    "array.unshift",
    "array.with",
    "array.toSpliced",
    "object.with",
];

/// Runs a function whose number of arguments fits.
pub(crate) fn run(core: &mut Core, id: NativeId, args: &mut [Value]) -> Run<Value> {
    let row = rows()[id.index()];
    if row.is_raw || args.iter().all(|arg| !arg.is_confident()) {
        return row.code.run(core, id, args);
    }
    let mut confidence = 1.0f64;
    for arg in &mut *args {
        confidence = confidence.min(core.confidence_of(*arg));
        *arg = core.heap.take_plain(std::mem::take(arg));
    }
    let result = row.code.run(core, id, args)?;
    Ok(core.heap.new_confident(result, confidence))
}

/// What a function of one number gives, unless that is NaN; `None` for other functions and values.
pub(crate) fn of_number(id: NativeId, x: Value) -> Option<f64> {
    match rows()[id.index()].code {
        Code::Number(f) => Some(f(x.as_number()?)).filter(|result| !result.is_nan()),
        Code::Other(_) => None,
    }
}

impl Code {
    fn run(self, core: &mut Core, id: NativeId, args: &mut [Value]) -> Run<Value> {
        match self {
            Code::Number(f) => {
                let x = number(core, args, 0, NATIVES[id.index()].name)?;
                Ok(Value::any_number(f(x)))
            }
            Code::Other(function) => function(core, args),
        }
    }
}

/// One row per row of [`NATIVES`].
fn rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let row = |name: &str| Row {
            code: find(name).expect("every function of the table is here; a test says so"),
            is_raw: RAW.contains(&name),
        };
        NATIVES.iter().map(|native| row(native.name)).collect()
    })
}

fn find(name: &str) -> Option<Code> {
    math::find_number(name).map(Code::Number).or_else(|| find_other(name).map(Code::Other))
}

fn find_other(name: &str) -> Option<Function> {
    general::find(name)
        .or_else(|| math::find(name))
        .or_else(|| text::find(name))
        .or_else(|| array::find(name))
        .or_else(|| object::find(name))
        .or_else(|| json::find(name))
}

// What arguments must be.

/// The argument, null when it is not given.
fn arg(args: &[Value], at: usize) -> Value {
    match args.get(at) {
        Some(&Value::MISSING) | None => Value::NULL,
        Some(&value) => value,
    }
}

fn wrong(
    core: &mut Core,
    function: &'static str,
    wanted: &'static str,
    found: Value,
) -> crate::errors::Raise {
    let found = core.type_name(found);
    core.problem(&Problem::Argument { function, wanted, found })
}

fn range(core: &mut Core, function: &'static str, what: &'static str) -> crate::errors::Raise {
    core.problem(&Problem::ArgumentRange { function, what })
}

fn number(core: &mut Core, args: &[Value], at: usize, function: &'static str) -> Run<f64> {
    let value = arg(args, at);
    value.as_number().ok_or_else(|| wrong(core, function, "a number", value))
}

/// A number, or what it is when it is not given.
fn number_or(
    core: &mut Core,
    args: &[Value],
    at: usize,
    otherwise: f64,
    function: &'static str,
) -> Run<f64> {
    if arg(args, at).is_null() { Ok(otherwise) } else { number(core, args, at, function) }
}

/// A copy of a text argument.
fn string(core: &mut Core, args: &[Value], at: usize, function: &'static str) -> Run<String> {
    let value = arg(args, at);
    match core.heap.text(value) {
        Some(text) => Ok(text.as_str().to_owned()),
        None => Err(wrong(core, function, "a string", value)),
    }
}

fn array_arg(core: &mut Core, args: &[Value], at: usize, function: &'static str) -> Run<Value> {
    let value = arg(args, at);
    if value.is_array() { Ok(value) } else { Err(wrong(core, function, "an array", value)) }
}

fn object_arg(core: &mut Core, args: &[Value], at: usize, function: &'static str) -> Run<Value> {
    let value = arg(args, at);
    if value.is_object() { Ok(value) } else { Err(wrong(core, function, "an object", value)) }
}

/// A position as `slice` takes it: negative counts from the end, cut to 0..=length.
fn position(number: f64, length: usize) -> usize {
    if number.is_nan() {
        return 0;
    }
    let whole = number.trunc();
    let from_start = if whole < 0.0 { whole + length as f64 } else { whole };
    to_index(from_start.max(0.0)).unwrap_or(length).min(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_of_the_table_is_here() {
        for native in NATIVES {
            assert!(find(native.name).is_some(), "{}", native.name);
        }
        for name in RAW {
            assert!(NATIVES.iter().any(|native| native.name == *name), "{name}");
        }
    }

    #[test]
    fn positions_count_from_either_end() {
        let cases = [(1.0, 1), (-1.0, 4), (-9.0, 0), (9.0, 5), (f64::NAN, 0), (1.9, 1)];
        for (number, at) in cases.into_iter().chain([(f64::INFINITY, 5), (f64::NEG_INFINITY, 0)]) {
            assert_eq!(position(number, 5), at, "{number}");
        }
    }
}
