//! `JSON.parse` and `JSON.stringify`.

use super::{Function, arg, string};
use crate::convert::{Functions, from_data, to_data};
use crate::core::Core;
use crate::data::Data;
use crate::errors::{Problem, Run};
use crate::json::{self, Plain};
use crate::value::Value;

pub(super) fn find(name: &str) -> Option<Function> {
    match name {
        "JSON.parse" => Some(parse),
        "JSON.stringify" => Some(stringify),
        _ => None,
    }
}

fn parse(core: &mut Core, args: &mut [Value]) -> Run<Value> {
    let text = string(core, args, 0, "JSON.parse")?;
    core.heap.work(text.len())?;
    // A parsed value takes at most so much more than its text.
    core.heap.ask(text.len().saturating_mul(16))?;
    match json::parse_plain(&text) {
        Ok(data) => from_data(core, &data),
        Err(error) => Err(core.problem(&Problem::Json { what: error.what, at: error.at })),
    }
}

/// `JSON.stringify(value, keys, indent)`. Confidences are dropped, functions too. The second
/// argument may be an array of keys to keep.
fn stringify(core: &mut Core, args: &mut [Value]) -> Run<Value> {
    let data = to_data(core, arg(args, 0), Functions::ByName)?;
    if matches!(data, Data::Function(_)) {
        return Ok(Value::NULL);
    }
    let keys = to_data(core, arg(args, 1), Functions::ByName)?;
    let keys = keys.as_array().map(|keys| keys.iter().filter_map(Data::as_text).collect());
    let indent = match to_data(core, arg(args, 2), Functions::ByName)? {
        Data::Number(width) => " ".repeat(width.clamp(0.0, 10.0) as usize),
        Data::Text(text) => text.chars().take(10).collect(),
        _ => String::new(),
    };
    let plain = Plain { keys, indent, limit: core.heap.room() };
    let text = json::print_plain(&data, &plain);
    core.heap.work(text.len())?;
    core.heap.ask(text.len())?;
    Ok(core.heap.new_text(text))
}
