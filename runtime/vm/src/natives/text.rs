//! Methods of texts. Positions and lengths count UTF-16 units, as in JavaScript; a text that a cut
//! goes through the middle of a character gets U+FFFD there.

use super::{Function, arg, array_arg, number, number_or, position, range, string, wrong};
use crate::core::Core;
use crate::errors::Run;
use crate::numbers::{is_space, to_index};
use crate::value::Value;

/// A text by units.
enum Units {
    Ascii(String),
    Wide(Vec<u16>),
}

impl Units {
    fn of(text: String) -> Units {
        if text.is_ascii() {
            Units::Ascii(text)
        } else {
            Units::Wide(text.encode_utf16().collect())
        }
    }

    fn len(&self) -> usize {
        match self {
            Units::Ascii(text) => text.len(),
            Units::Wide(units) => units.len(),
        }
    }

    fn at(&self, at: usize) -> Option<u16> {
        match self {
            Units::Ascii(text) => text.as_bytes().get(at).map(|&byte| u16::from(byte)),
            Units::Wide(units) => units.get(at).copied(),
        }
    }

    /// The text from `start` to `end`; empty when they cross.
    fn slice(&self, start: usize, end: usize) -> String {
        if start >= end {
            return String::new();
        }
        match self {
            Units::Ascii(text) => text.get(start..end).unwrap_or_default().to_owned(),
            Units::Wide(units) => {
                String::from_utf16_lossy(units.get(start..end).unwrap_or_default())
            }
        }
    }

    /// The first position of a text from `start` on.
    fn find(&self, needle: &Units, start: usize) -> Option<usize> {
        let last = self.len().checked_sub(needle.len())?;
        (start..=last).find(|&at| self.holds(needle, at))
    }

    fn find_last(&self, needle: &Units, start: usize) -> Option<usize> {
        let last = self.len().checked_sub(needle.len())?;
        (0..=last.min(start)).rev().find(|&at| self.holds(needle, at))
    }

    fn holds(&self, needle: &Units, at: usize) -> bool {
        at + needle.len() <= self.len()
            && match (self, needle) {
                (Units::Ascii(text), Units::Ascii(needle)) => {
                    text.as_bytes()[at..].starts_with(needle.as_bytes())
                }
                _ => (0..needle.len()).all(|i| self.at(at + i) == needle.at(i)),
            }
    }
}

pub(super) fn find(name: &str) -> Option<Function> {
    let function: Function = match name {
        "string.toString" => |core, args| Ok(core.heap.share(arg(args, 0))),
        "string.at" => |core, args| {
            let units = receiver(core, args)?;
            let at = number(core, args, 1, "at")?.trunc();
            let at = if at < 0.0 { at + units.len() as f64 } else { at };
            let unit = to_index(at).filter(|&at| at < units.len());
            Ok(unit.map_or(Value::NULL, |at| core.heap.new_text(units.slice(at, at + 1))))
        },
        "string.charAt" => |core, args| {
            let at = number_or(core, args, 1, 0.0, "charAt")?;
            let unit = unit(core, args, to_index(at))?;
            let text = unit.map_or_else(String::new, |unit| String::from_utf16_lossy(&[unit]));
            Ok(core.heap.new_text(text))
        },
        "string.charCodeAt" => |core, args| {
            let at = number_or(core, args, 1, 0.0, "charCodeAt")?;
            let unit = unit(core, args, to_index(at))?;
            Ok(unit.map_or(Value::NAN, |unit| Value::number(f64::from(unit))))
        },
        "string.codePointAt" => |core, args| {
            let at = number_or(core, args, 1, 0.0, "codePointAt")?;
            let first = unit(core, args, to_index(at))?;
            let second = unit(core, args, to_index(at + 1.0))?;
            let point = first.map(|first| code_point(first, second.unwrap_or(0)));
            Ok(point.map_or(Value::NULL, |point| Value::number(f64::from(point))))
        },
        "string.concat" => |core, args| core.concat(args),
        "string.localeCompare" => |core, args| {
            let a = string(core, args, 0, "localeCompare")?;
            let b = string(core, args, 1, "localeCompare")?;
            Ok(Value::number(f64::from(collate(&a, &b) as i8)))
        },
        "String.fromCharCode" => |core, args| {
            let mut units = Vec::with_capacity(args.len());
            for at in 0..args.len() {
                units.push(number(core, args, at, "fromCharCode")? as u32 as u16);
            }
            Ok(core.heap.new_text(String::from_utf16_lossy(&units)))
        },
        "String.fromCodePoint" => |core, args| {
            let mut text = String::new();
            for at in 0..args.len() {
                let point = number(core, args, at, "fromCodePoint")?;
                let c =
                    to_index(point).and_then(|p| u32::try_from(p).ok()).and_then(char::from_u32);
                let wrong = || range(core, "fromCodePoint", "not a code point");
                text.push(c.ok_or_else(wrong)?);
            }
            Ok(core.heap.new_text(text))
        },
        _ => return find_search(name).or_else(|| find_cut(name)).or_else(|| find_change(name)),
    };
    Some(function)
}

fn find_search(name: &str) -> Option<Function> {
    let function: Function = match name {
        "string.includes" => |core, args| {
            let found = search(core, args, "includes")?;
            Ok(Value::bool(found.is_some()))
        },
        "string.indexOf" => |core, args| {
            let found = search(core, args, "indexOf")?;
            Ok(Value::number(found.map_or(-1.0, |at| at as f64)))
        },
        "string.lastIndexOf" => |core, args| {
            let (units, needle) = both(core, args, "lastIndexOf")?;
            let start = number_or(core, args, 2, f64::INFINITY, "lastIndexOf")?;
            let found = units.find_last(&needle, position(start.max(0.0), units.len()));
            Ok(Value::number(found.map_or(-1.0, |at| at as f64)))
        },
        "string.startsWith" => |core, args| {
            let (units, needle) = both(core, args, "startsWith")?;
            let start = number_or(core, args, 2, 0.0, "startsWith")?;
            Ok(Value::bool(units.holds(&needle, position(start.max(0.0), units.len()))))
        },
        "string.endsWith" => |core, args| {
            let (units, needle) = both(core, args, "endsWith")?;
            let end = number_or(core, args, 2, f64::INFINITY, "endsWith")?;
            let start = position(end.max(0.0), units.len()).checked_sub(needle.len());
            Ok(Value::bool(start.is_some_and(|start| units.holds(&needle, start))))
        },
        _ => return None,
    };
    Some(function)
}

fn find_cut(name: &str) -> Option<Function> {
    let function: Function = match name {
        "string.slice" => |core, args| {
            let units = receiver(core, args)?;
            let start = position(number_or(core, args, 1, 0.0, "slice")?, units.len());
            let end = position(number_or(core, args, 2, f64::INFINITY, "slice")?, units.len());
            Ok(core.heap.new_text(units.slice(start, end)))
        },
        "string.substring" => |core, args| {
            let units = receiver(core, args)?;
            let start = number_or(core, args, 1, 0.0, "substring")?.max(0.0);
            let end = number_or(core, args, 2, f64::INFINITY, "substring")?.max(0.0);
            let (start, end) = (position(start, units.len()), position(end, units.len()));
            Ok(core.heap.new_text(units.slice(start.min(end), start.max(end))))
        },
        "string.substr" => |core, args| {
            let units = receiver(core, args)?;
            let start = position(number_or(core, args, 1, 0.0, "substr")?, units.len());
            let length = number_or(core, args, 2, f64::INFINITY, "substr")?.max(0.0);
            let end = position(start as f64 + length, units.len());
            Ok(core.heap.new_text(units.slice(start, end)))
        },
        "string.split" => split,
        "string.trim" => |core, args| trimmed(core, args, |text| text.trim_matches(is_space)),
        "string.trimStart" => {
            |core, args| trimmed(core, args, |text| text.trim_start_matches(is_space))
        }
        "string.trimEnd" => {
            |core, args| trimmed(core, args, |text| text.trim_end_matches(is_space))
        }
        _ => return None,
    };
    Some(function)
}

fn find_change(name: &str) -> Option<Function> {
    let function: Function = match name {
        "string.toLowerCase" => |core, args| mapped(core, args, str::to_lowercase),
        "string.toUpperCase" => |core, args| mapped(core, args, str::to_uppercase),
        "string.padStart" => |core, args| pad(core, args, true),
        "string.padEnd" => |core, args| pad(core, args, false),
        "string.repeat" => |core, args| {
            let text = string(core, args, 0, "repeat")?;
            let count = number(core, args, 1, "repeat")?;
            let Some(count) = to_index(count) else {
                return Err(range(core, "repeat", "the count must be a number from 0 on"));
            };
            let size = text.len().saturating_mul(count);
            core.heap.ask(size)?;
            core.heap.work(size / 8)?;
            Ok(core.heap.new_text(text.repeat(count)))
        },
        "string.replace" => |core, args| {
            let (text, from, to) = three(core, args, "replace")?;
            Ok(core.heap.new_text(text.replacen(&from, &to, 1)))
        },
        "string.replaceAll" => |core, args| {
            let (text, from, to) = three(core, args, "replaceAll")?;
            let count = if from.is_empty() { text.len() + 1 } else { text.matches(&from).count() };
            let size = text.len().saturating_add(count.saturating_mul(to.len()));
            core.heap.ask(size)?;
            core.heap.work(size / 8)?;
            Ok(core.heap.new_text(text.replace(&from, &to)))
        },
        _ => return None,
    };
    Some(function)
}

/// The receiver by units, paid for.
fn receiver(core: &mut Core, args: &[Value]) -> Run<Units> {
    let text = string(core, args, 0, "a method of strings")?;
    core.heap.work(text.len() / 8)?;
    Ok(Units::of(text))
}

fn both(core: &mut Core, args: &[Value], name: &'static str) -> Run<(Units, Units)> {
    let units = receiver(core, args)?;
    let needle = string(core, args, 1, name)?;
    core.heap.work(units.len())?;
    Ok((units, Units::of(needle)))
}

fn search(core: &mut Core, args: &[Value], name: &'static str) -> Run<Option<usize>> {
    let start = number_or(core, args, 2, 0.0, name)?;
    let (text, needle) = (string(core, args, 0, name)?, string(core, args, 1, name)?);
    core.heap.work(text.len() / 8)?;
    if start == 0.0 {
        let found = text.find(&needle);
        return Ok(found.map(|at| text[..at].chars().map(char::len_utf16).sum()));
    }
    let (units, needle) = (Units::of(text), Units::of(needle));
    Ok(units.find(&needle, position(start.max(0.0), units.len())))
}

fn three(core: &mut Core, args: &[Value], name: &'static str) -> Run<(String, String, String)> {
    let text = string(core, args, 0, name)?;
    core.heap.work(text.len() / 8)?;
    Ok((text, string(core, args, 1, name)?, string(core, args, 2, name)?))
}

/// The unit of the receiver at a position. Only ASCII is sure to be looked up at once.
fn unit(core: &mut Core, args: &[Value], at: Option<usize>) -> Run<Option<u16>> {
    let value = arg(args, 0);
    let Some(text) = core.heap.text(value) else {
        return Err(wrong(core, "a method of strings", "a string", value));
    };
    let work = if text.is_ascii() { 0 } else { text.as_str().len() / 8 };
    let unit = at.and_then(|at| text.unit(at));
    core.heap.work(work)?;
    Ok(unit)
}

fn code_point(first: u16, second: u16) -> u32 {
    let decoded = char::decode_utf16([first, second]).next().and_then(Result::ok);
    decoded.map_or(u32::from(first), u32::from)
}

fn split(core: &mut Core, args: &mut [Value]) -> Run<Value> {
    let text = string(core, args, 0, "split")?;
    core.heap.work(text.len())?;
    let limit = number_or(core, args, 2, f64::INFINITY, "split")?;
    let limit = to_index(limit).unwrap_or(usize::MAX);
    let parts: Vec<String> = if arg(args, 1).is_null() {
        vec![text]
    } else {
        let separator = string(core, args, 1, "split")?;
        if separator.is_empty() {
            core.heap.ask(text.len() * 64)?;
            text.chars().take(limit).map(String::from).collect()
        } else {
            core.heap.ask(text.matches(&separator).count() * 64)?;
            text.split(&separator).take(limit).map(str::to_owned).collect()
        }
    };
    let parts = parts.into_iter().map(|part| core.heap.new_text(part)).collect();
    Ok(core.heap.new_array(parts))
}

fn trimmed(core: &mut Core, args: &[Value], trim: fn(&str) -> &str) -> Run<Value> {
    let text = string(core, args, 0, "trim")?;
    core.heap.work(text.len() / 8)?;
    Ok(core.heap.new_text(trim(&text)))
}

fn mapped(core: &mut Core, args: &[Value], f: fn(&str) -> String) -> Run<Value> {
    let text = string(core, args, 0, "a method of strings")?;
    core.heap.work(text.len())?;
    core.heap.ask(text.len().saturating_mul(3))?;
    Ok(core.heap.new_text(f(&text)))
}

fn pad(core: &mut Core, args: &[Value], at_start: bool) -> Run<Value> {
    let text = string(core, args, 0, "pad")?;
    let wanted = to_index(number(core, args, 1, "pad")?).unwrap_or(0);
    let filler =
        if arg(args, 2).is_null() { " ".to_owned() } else { string(core, args, 2, "pad")? };
    let filler = Units::of(filler);
    let length = core.length(arg(args, 0));
    let missing = wanted.saturating_sub(length);
    if missing == 0 || filler.len() == 0 {
        return Ok(core.heap.new_text(text));
    }
    core.heap.ask(missing.saturating_mul(3))?;
    core.heap.work(missing)?;
    let whole = filler.slice(0, filler.len()).repeat(missing / filler.len());
    let padding = whole + &filler.slice(0, missing % filler.len());
    let text = if at_start { padding + &text } else { text + &padding };
    Ok(core.heap.new_text(text))
}

/// The order of people rather than of machines: letters before case, case before nothing.
pub(super) fn collate(a: &str, b: &str) -> std::cmp::Ordering {
    let folded = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<Vec<_>>();
    folded(a).cmp(&folded(b)).then_with(|| b.cmp(a))
}

/// `join` of arrays: null is empty.
pub(super) fn join(core: &mut Core, args: &mut [Value]) -> Run<Value> {
    let array = array_arg(core, args, 0, "join")?;
    let separator =
        if arg(args, 1).is_null() { ",".to_owned() } else { string(core, args, 1, "join")? };
    let mut out = String::new();
    for at in 0..core.length(array) {
        if at > 0 {
            out.push_str(&separator);
        }
        let item = core.heap.arrays.get(array.index())[at];
        if !core.heap.plain(item).is_null() {
            core.show(item, &mut out)?;
        }
        core.heap.ask(out.len())?;
        core.heap.work(1 + separator.len() / 8)?;
    }
    Ok(core.heap.new_text(out))
}
