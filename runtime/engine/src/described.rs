//! Inputs of a run and what its header says of them in `@input`: a map from names to types, or a
//! JSON Schema, read as the compiler reads them. What a description does not say is not asked.
//!
//! A run whose `input` contradicts its header does not begin.

use std::sync::Arc;

use prism_bytecode::Verified;
use prism_vm::Data;
use serde_json::{Map, Value};

use crate::Error;

/// How deep a description is followed.
const MAX_DEPTH: usize = 16;

/// Keys of a JSON Schema. An object with a `type` and another key is a map that has a field of
/// that name.
const SCHEMA_KEYS: &[&str] = &[
    "$comment",
    "$defs",
    "$id",
    "$ref",
    "$schema",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "default",
    "deprecated",
    "description",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "oneOf",
    "pattern",
    "prefixItems",
    "properties",
    "readOnly",
    "required",
    "title",
    "type",
    "uniqueItems",
    "writeOnly",
];

/// The types that a JSON Schema names, and `secret`.
const SCHEMA_TYPES: &[&str] =
    &["array", "boolean", "integer", "null", "number", "object", "secret", "string"];

/// What a part of the input was said to be, and is not.
struct Misfit {
    path: String,
    expected: String,
    found: String,
}

/// Errors: `P2024` with the first place of `input` that is not what the header says.
pub(crate) fn check(module: &Verified, inputs: &[(Arc<str>, Data)]) -> Result<(), Error> {
    let rows = &module.module().header;
    let described = rows.iter().find(|(name, _)| module.text(*name) == "input");
    let input = inputs.iter().find(|(name, _)| &**name == "input");
    let (Some((_, text)), Some((_, input))) = (described, input) else { return Ok(()) };
    let Ok(described) = serde_json::from_str::<Value>(module.text(*text)) else { return Ok(()) };
    fits(&described, input, "input", 0).map_err(|misfit| {
        let Misfit { path, expected, found } = misfit;
        Error::Input { path, expected, found }
    })
}

fn fits(described: &Value, value: &Data, path: &str, depth: usize) -> Result<(), Misfit> {
    let value = if let Data::Confident(inner, _) = value { inner } else { value };
    if depth >= MAX_DEPTH {
        return Ok(());
    }
    match described {
        Value::String(text) => one_of(text, value, path),
        Value::Array(elements) => match &elements[..] {
            [one] => fits_elements(Some(one), value, path, depth),
            _ => fits_elements(None, value, path, depth),
        },
        Value::Object(keys) if keys.is_empty() => Ok(()),
        Value::Object(keys) if is_schema(keys) => fits_schema(keys, value, path, depth),
        // A map says what a name is when it is given: programs ask softly for what may be missing,
        // and where one relies on it, the place that reads it says so.
        Value::Object(fields) => fits_fields(fields, value, path, depth, &|_| false),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn is_schema(keys: &Map<String, Value>) -> bool {
    let is_type = |value: &Value| value.as_str().is_some_and(|name| SCHEMA_TYPES.contains(&name));
    let says_what = match keys.get("type") {
        Some(Value::Array(types)) => types.iter().all(is_type),
        Some(ty) => is_type(ty),
        None => ["properties", "enum", "const", "anyOf", "oneOf", "allOf", "$ref"]
            .iter()
            .any(|key| keys.get(*key).is_some_and(|value| *key == "const" || !value.is_string())),
    };
    says_what && keys.keys().all(|key| SCHEMA_KEYS.contains(&&**key))
}

fn misfit(path: &str, expected: impl Into<String>, value: &Data) -> Result<(), Misfit> {
    let expected = expected.into();
    // What was meant to be a secret is not shown.
    let is_secret = expected.contains("secret");
    let found = if is_secret { "something else".to_owned() } else { found(value) };
    Err(Misfit { path: path.to_owned(), expected, found })
}

/// `string | null`, `number[]`, `secret?`.
fn one_of(text: &str, value: &Data, path: &str) -> Result<(), Misfit> {
    let mut parts = text.split('|').map(str::trim);
    if parts.any(|part| is_a(part, value)) { Ok(()) } else { misfit(path, text, value) }
}

fn is_a(name: &str, value: &Data) -> bool {
    let value = if let Data::Confident(inner, _) = value { inner } else { value };
    if let Some(element) = name.strip_suffix("[]") {
        return match value {
            Data::Array(elements) => elements.iter().all(|one| is_a(element, one)),
            _ => false,
        };
    }
    if let Some(present) = name.strip_suffix('?') {
        return *value == Data::Null || is_a(present, value);
    }
    match name {
        "string" | "text" => matches!(value, Data::Text(_)),
        "number" => matches!(value, Data::Number(_)),
        "integer" => matches!(value, Data::Number(number) if number.fract() == 0.0),
        "boolean" => matches!(value, Data::Bool(_)),
        "null" => *value == Data::Null,
        // Whoever has the secret may give it later.
        "secret" => matches!(value, Data::Text(_) | Data::Null),
        "array" => matches!(value, Data::Array(_)),
        "object" => matches!(value, Data::Object(_) | Data::Agent(_)),
        _ => true,
    }
}

fn fits_elements(
    described: Option<&Value>,
    value: &Data,
    path: &str,
    depth: usize,
) -> Result<(), Misfit> {
    let Data::Array(elements) = value else { return misfit(path, "array", value) };
    let Some(described) = described else { return Ok(()) };
    elements.iter().enumerate().try_for_each(|(index, element)| {
        fits(described, element, &format!("{path}[{index}]"), depth + 1)
    })
}

fn fits_fields(
    fields: &Map<String, Value>,
    value: &Data,
    path: &str,
    depth: usize,
    is_needed: &dyn Fn(&str) -> bool,
) -> Result<(), Misfit> {
    let given = match value {
        Data::Object(given) => given,
        Data::Agent(agent) => &agent.attributes,
        _ => return misfit(path, "object", value),
    };
    for (name, described) in fields {
        let key = name.trim_end_matches('?');
        let inner = format!("{path}.{key}");
        let is_asked_for = is_needed(name) && !says_secret(described);
        match given.iter().find(|(known, _)| &**known == key) {
            // A key that may be missing may be null: reading it softly gives the same.
            Some((_, Data::Null)) if !is_asked_for => {}
            Some((_, value)) => fits(described, value, &inner, depth + 1)?,
            None if is_asked_for && fits(described, &Data::Null, &inner, depth + 1).is_err() => {
                let (expected, found) = (words(described), "nothing".to_owned());
                return Err(Misfit { path: inner, expected, found });
            }
            None => {}
        }
    }
    Ok(())
}

/// A secret that is missing is asked for elsewhere.
fn says_secret(described: &Value) -> bool {
    let named = described.get("type").unwrap_or(described);
    named.as_str().is_some_and(|text| text.contains("secret"))
}

fn fits_schema(
    keys: &Map<String, Value>,
    value: &Data,
    path: &str,
    depth: usize,
) -> Result<(), Misfit> {
    if let Some(Value::Array(values)) = keys.get("enum") {
        let is_one = values.iter().any(|one| is_literal(one, value));
        return if is_one { Ok(()) } else { misfit(path, listed(values), value) };
    }
    if let Some(constant) = keys.get("const") {
        let is_it = is_literal(constant, value);
        return if is_it { Ok(()) } else { misfit(path, constant.to_string(), value) };
    }
    if let Some(Value::Array(choices)) = keys.get("anyOf").or_else(|| keys.get("oneOf")) {
        let fits_one = choices.iter().any(|one| fits(one, value, path, depth + 1).is_ok());
        let expected = choices.iter().map(words).collect::<Vec<_>>().join(" | ");
        return if fits_one { Ok(()) } else { misfit(path, expected, value) };
    }
    match keys.get("type") {
        Some(Value::Array(types)) => {
            let names = types.iter().filter_map(Value::as_str);
            let fits_one = names.clone().any(|ty| fits_type(ty, keys, value, path, depth).is_ok());
            let expected = names.collect::<Vec<_>>().join(" | ");
            if fits_one { Ok(()) } else { misfit(path, expected, value) }
        }
        Some(ty) => fits_type(ty.as_str().unwrap_or_default(), keys, value, path, depth),
        None if keys.contains_key("properties") => fits_type("object", keys, value, path, depth),
        None => Ok(()),
    }
}

fn fits_type(
    name: &str,
    keys: &Map<String, Value>,
    value: &Data,
    path: &str,
    depth: usize,
) -> Result<(), Misfit> {
    match (name, keys.get("properties")) {
        ("object", Some(Value::Object(fields))) => {
            // A schema without `required` does not say which may be missing.
            let required = keys.get("required").and_then(Value::as_array);
            let is_needed = |name: &str| {
                required.is_some_and(|names| names.iter().any(|one| one.as_str() == Some(name)))
            };
            fits_fields(fields, value, path, depth, &is_needed)
        }
        ("array", _) => fits_elements(keys.get("items"), value, path, depth),
        _ => one_of(name, value, path),
    }
}

fn is_literal(literal: &Value, value: &Data) -> bool {
    match (literal, value) {
        (Value::String(text), Data::Text(given)) => **text == **given,
        (Value::Number(number), Data::Number(given)) => number.as_f64() == Some(*given),
        (Value::Bool(one), Data::Bool(given)) => one == given,
        (Value::Null, Data::Null) => true,
        // What is composed is not compared.
        (Value::Array(_) | Value::Object(_), _) => true,
        _ => false,
    }
}

fn listed(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<_>>().join(" | ")
}

/// A description, as a message names it.
fn words(described: &Value) -> String {
    match described {
        Value::String(text) => text.clone(),
        Value::Array(_) => "array".to_owned(),
        Value::Object(keys) if is_schema(keys) => match (keys.get("enum"), keys.get("type")) {
            (Some(Value::Array(values)), _) => listed(values),
            (_, Some(Value::String(name))) => name.clone(),
            _ => "what its schema says".to_owned(),
        },
        _ => "object".to_owned(),
    }
}

fn found(value: &Data) -> String {
    match value {
        Data::Null => "null".to_owned(),
        Data::Bool(value) => value.to_string(),
        Data::Number(number) => number.to_string(),
        Data::Text(text) if text.chars().count() <= 40 => format!("{text:?}"),
        Data::Text(_) => "string".to_owned(),
        Data::Array(_) => "array".to_owned(),
        Data::Object(_) => "object".to_owned(),
        Data::Agent(_) => "agent".to_owned(),
        Data::Function(_) => "function".to_owned(),
        Data::Confident(inner, _) => found(inner),
    }
}
