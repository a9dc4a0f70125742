//! Printing, conversions, promises.

use std::sync::Arc;

use super::{Function, arg, number_or, range};
use crate::convert::{Functions, to_data};
use crate::core::{Core, LINE};
use crate::errors::{Run, THROWN};
use crate::heap::Other;
use crate::numbers::{number_text, parse_float, parse_int, to_index};
use crate::show::to_fixed;
use crate::value::Value;
use crate::{AgentRef, Data};

pub(super) fn find(name: &str) -> Option<Function> {
    let function: Function = match name {
        "print" | "console.log" | "console.warn" | "console.error" | "console.info" => {
            |core, args| print(core, args, "")
        }
        "console.debug" => |core, args| print(core, args, "[DEBUG] "),
        "value" => |core, args| {
            let plain = core.heap.plain(arg(args, 0));
            Ok(core.heap.share(plain))
        },
        "Error" => error,
        "agent" => agent,
        "Number" => |core, args| match args {
            [] => Ok(Value::number(0.0)),
            _ => Ok(core.number_of(arg(args, 0))),
        },
        "String" => |core, args| match args {
            [] => Ok(core.heap.new_text("")),
            _ => core.show_value(arg(args, 0)),
        },
        "Boolean" => |core, args| Ok(Value::bool(core.truthy(arg(args, 0)))),
        "parseFloat" | "Number.parseFloat" => |core, args| {
            let text = shown(core, arg(args, 0))?;
            Ok(Value::any_number(parse_float(&text)))
        },
        "parseInt" | "Number.parseInt" => |core, args| {
            let text = shown(core, arg(args, 0))?;
            let radix = number_or(core, args, 1, 0.0, "parseInt")?;
            let radix = (radix != 0.0).then_some(radix as u32);
            Ok(Value::any_number(parse_int(&text, radix)))
        },
        "isNaN" => |core, args| number_check(core, args, f64::is_nan),
        "isFinite" => |core, args| number_check(core, args, f64::is_finite),
        "Promise.resolve" => |core, args| promise(core, args, false),
        "Promise.reject" => |core, args| promise(core, args, true),
        "coverage.hit" => |core, args| {
            core.reached.extend(arg(args, 0).as_number().map(|point| point as u32));
            Ok(Value::NULL)
        },
        "callback.takes" => |core, args| Ok(Value::number(core.takes(arg(args, 0)))),
        "fiber.failed" => |core, args| {
            let fiber = core.fiber_of(arg(args, 0));
            Ok(Value::bool(fiber.is_some_and(|id| core.unseen.contains(&id))))
        },
        "promise.isDone" => |core, args| {
            let fiber = core.fiber_of(arg(args, 0));
            Ok(Value::bool(fiber.is_none_or(|id| core.over.contains(&id))))
        },
        _ => return find_method(name),
    };
    Some(function)
}

fn find_method(name: &str) -> Option<Function> {
    let function: Function = match name {
        "number.toFixed" => |core, args| {
            let digits = digits(core, args, "toFixed", 0.0, 0.0, 100.0)?;
            let x = super::number(core, args, 0, "toFixed")?;
            Ok(core.heap.new_text(to_fixed(x, digits)))
        },
        "number.toPrecision" => |core, args| {
            let x = super::number(core, args, 0, "toPrecision")?;
            if arg(args, 1).is_null() {
                return Ok(core.heap.new_text(number_text(x)));
            }
            let digits = digits(core, args, "toPrecision", 1.0, 1.0, 100.0)?;
            Ok(core.heap.new_text(to_precision(x, digits)))
        },
        "number.toString" => |core, args| {
            let radix = digits(core, args, "toString", 10.0, 2.0, 36.0)?;
            let x = super::number(core, args, 0, "toString")?;
            let text = if radix == 10 { number_text(x) } else { in_radix(x, radix) };
            Ok(core.heap.new_text(text))
        },
        "number.toLocaleString" => |core, args| {
            let x = super::number(core, args, 0, "toLocaleString")?;
            Ok(core.heap.new_text(grouped(x)))
        },
        "boolean.toString" | "function.toString" | "object.toString" | "array.toString" => {
            |core, args| core.show_value(arg(args, 0))
        }
        _ => return None,
    };
    Some(function)
}

fn print(core: &mut Core, args: &[Value], prefix: &str) -> Run<Value> {
    let line = core.print_line(args)?;
    let line = format!("{prefix}{line}");
    core.heap.ask(line.len())?;
    core.heap.grow(line.len() + LINE);
    core.output.push(line);
    Ok(Value::NULL)
}

/// `Error(message, code, data)`.
fn error(core: &mut Core, args: &mut [Value]) -> Run<Value> {
    let message = core.heap.plain(arg(args, 0));
    let message = if message.is_null() && args.is_empty() {
        core.heap.new_text("")
    } else {
        core.show_value(message)?
    };
    let code = core.heap.plain(arg(args, 1));
    let code = if code.is_null() { THROWN.to_owned() } else { shown(core, code)? };
    let data = core.heap.share(arg(args, 2));
    Ok(core.new_error(message, &code, data))
}

/// A handle from a name and an object of attributes; `name` is among them.
fn agent(core: &mut Core, args: &mut [Value]) -> Run<Value> {
    let name: Arc<str> = shown(core, arg(args, 0))?.into();
    let data = to_data(core, arg(args, 1), Functions::Refused)?.into_plain();
    let Data::Object(mut attributes) = data else {
        return Err(super::wrong(core, "agent", "an object", arg(args, 1)));
    };
    if !attributes.iter().any(|(key, _)| &**key == "name") {
        attributes.insert(0, ("name".into(), Data::Text(name.clone())));
    }
    Ok(core.heap.new_other(Other::Agent(AgentRef { name, attributes })))
}

fn promise(core: &mut Core, args: &mut [Value], is_rejected: bool) -> Run<Value> {
    let value = args.first_mut().map(std::mem::take).unwrap_or_default();
    if !is_rejected && core.kind(value) == prism_bytecode::Kind::Promise {
        return Ok(value);
    }
    let value = if is_rejected { core.thrown(value)? } else { value };
    Ok(core.heap.new_other(Other::Promise { value, is_rejected }))
}

fn number_check(core: &mut Core, args: &[Value], check: fn(f64) -> bool) -> Run<Value> {
    let number = core.number_of(arg(args, 0));
    Ok(Value::bool(number.as_number().is_some_and(check)))
}

/// The text form of an argument.
fn shown(core: &mut Core, value: Value) -> Run<String> {
    let mut text = String::new();
    core.show(value, &mut text)?;
    Ok(text)
}

fn digits(
    core: &mut Core,
    args: &[Value],
    name: &'static str,
    otherwise: f64,
    min: f64,
    max: f64,
) -> Run<usize> {
    let digits = number_or(core, args, 1, otherwise, name)?;
    if !(min..=max).contains(&digits) {
        return Err(range(core, name, "the number of digits is out of range"));
    }
    Ok(to_index(digits).unwrap_or(0))
}

fn to_precision(x: f64, digits: usize) -> String {
    if !x.is_finite() {
        return number_text(x);
    }
    let scientific = format!("{:.*e}", digits - 1, x);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -6 || exponent >= digits as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{}", exponent.abs());
    }
    to_fixed(x, (digits as i32 - 1 - exponent).max(0) as usize)
}

/// A number in another base; fractions to 52 binary digits.
fn in_radix(x: f64, radix: usize) -> String {
    if !x.is_finite() {
        return number_text(x);
    }
    let digit = |d: f64| char::from_digit(d as u32, radix as u32).unwrap_or('0');
    let base = radix as f64;
    let (mut whole, mut part) = (x.abs().trunc(), x.abs().fract());
    let mut text = Vec::new();
    while whole >= 1.0 {
        text.push(digit(whole % base));
        whole = (whole / base).trunc();
    }
    if text.is_empty() {
        text.push('0');
    }
    if x < 0.0 {
        text.push('-');
    }
    text.reverse();
    if part > 0.0 {
        text.push('.');
        for _ in 0..52 {
            part *= base;
            text.push(digit(part.trunc()));
            part = part.fract();
            if part == 0.0 {
                break;
            }
        }
    }
    text.into_iter().collect()
}

/// Thousands with commas, at most three decimals.
fn grouped(x: f64) -> String {
    if !x.is_finite() {
        return number_text(x);
    }
    let fixed = to_fixed(x.abs(), 3);
    let (whole, part) = fixed.split_once('.').unwrap_or((&fixed, ""));
    let mut text = String::from(if x < 0.0 { "-" } else { "" });
    for (at, c) in whole.char_indices() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(c);
    }
    let part = part.trim_end_matches('0');
    if !part.is_empty() {
        text.push('.');
        text.push_str(part);
    }
    text
}
