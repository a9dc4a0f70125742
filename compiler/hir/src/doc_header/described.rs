//! What an `@input` describes, as a type: a map from names to types, or a JSON Schema.

use serde_json::Value;

use crate::body::{Bits, TypeField, TypeRef};

/// How deep an `@input` is looked at.
pub(super) const MAX_DEPTH: usize = 16;

/// Keys of a JSON Schema beside `type`. An object with a `type` and another key is a map that has
/// a field of that name.
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

/// The type that a description stands for; `any` where it says nothing that a type can say.
pub(super) fn described(value: &Value, depth: usize) -> TypeRef {
    if depth >= MAX_DEPTH {
        return TypeRef::Any;
    }
    match value {
        Value::String(text) => named(text),
        Value::Array(elements) => match &elements[..] {
            [one] => TypeRef::Array(Box::new(described(one, depth + 1))),
            _ => TypeRef::Array(Box::new(TypeRef::Any)),
        },
        Value::Object(keys) if keys.is_empty() => TypeRef::Any,
        Value::Object(keys) if is_schema(keys) => schema(keys, depth),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| TypeField {
                name: name.trim_end_matches('?').into(),
                optional: name.ends_with('?'),
                ty: described(value, depth + 1),
            };
            TypeRef::Object { fields: fields.iter().map(field).collect(), is_open: false }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => TypeRef::Any,
    }
}

fn is_schema(keys: &serde_json::Map<String, Value>) -> bool {
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

fn schema(keys: &serde_json::Map<String, Value>, depth: usize) -> TypeRef {
    if let Some(Value::Array(values)) = keys.get("enum") {
        return TypeRef::Union(values.iter().map(literal).collect());
    }
    if let Some(value) = keys.get("const") {
        return literal(value);
    }
    let choices = keys.get("anyOf").or_else(|| keys.get("oneOf"));
    if let Some(Value::Array(choices)) = choices {
        return TypeRef::Union(choices.iter().map(|one| described(one, depth + 1)).collect());
    }
    match keys.get("type") {
        Some(Value::Array(types)) => {
            let one = |ty: &Value| of_type(ty.as_str().unwrap_or_default(), keys, depth);
            TypeRef::Union(types.iter().map(one).collect())
        }
        Some(ty) => of_type(ty.as_str().unwrap_or_default(), keys, depth),
        None if keys.contains_key("properties") => of_type("object", keys, depth),
        None => TypeRef::Any,
    }
}

fn of_type(name: &str, keys: &serde_json::Map<String, Value>, depth: usize) -> TypeRef {
    match name {
        "object" => {
            let Some(Value::Object(properties)) = keys.get("properties") else {
                return TypeRef::Object { fields: Vec::new(), is_open: true };
            };
            // A schema without `required` does not say which may be missing.
            let required: Option<Vec<&str>> = match keys.get("required") {
                Some(Value::Array(names)) => Some(names.iter().filter_map(Value::as_str).collect()),
                _ => None,
            };
            let field = |(name, value): (&String, &Value)| TypeField {
                name: name.as_str().into(),
                optional: required.as_ref().is_some_and(|names| !names.contains(&name.as_str())),
                ty: described(value, depth + 1),
            };
            let others = keys.get("additionalProperties");
            TypeRef::Object {
                fields: properties.iter().map(field).collect(),
                // Who lists the names means them, unless they say that there are others.
                is_open: others.is_some_and(|others| *others != Value::Bool(false)),
            }
        }
        "array" => {
            let items = keys.get("items").map_or(TypeRef::Any, |items| described(items, depth + 1));
            TypeRef::Array(Box::new(items))
        }
        _ => named(name),
    }
}

/// `string`, `number[]`, `string | null`, `secret?`.
fn named(text: &str) -> TypeRef {
    let parts: Vec<TypeRef> = text.split('|').map(|part| part_of(part.trim())).collect();
    match <[TypeRef; 1]>::try_from(parts) {
        Ok([one]) => one,
        Err(parts) => TypeRef::Union(parts),
    }
}

fn part_of(text: &str) -> TypeRef {
    if let Some(element) = text.strip_suffix("[]") {
        return TypeRef::Array(Box::new(part_of(element)));
    }
    if let Some(present) = text.strip_suffix('?') {
        return TypeRef::Union(vec![part_of(present), TypeRef::Null]);
    }
    match text {
        "string" | "text" => TypeRef::Text,
        "number" | "integer" => TypeRef::Number,
        "boolean" => TypeRef::Boolean,
        "null" => TypeRef::Null,
        "secret" => TypeRef::Secret,
        "array" => TypeRef::Array(Box::new(TypeRef::Any)),
        "object" => TypeRef::Object { fields: Vec::new(), is_open: true },
        _ => TypeRef::Any,
    }
}

fn literal(value: &Value) -> TypeRef {
    match value {
        Value::String(text) => TypeRef::TextLiteral(text.as_str().into()),
        Value::Number(number) => {
            number.as_f64().map_or(TypeRef::Any, |number| TypeRef::NumberLiteral(Bits::new(number)))
        }
        Value::Bool(value) => TypeRef::BoolLiteral(*value),
        Value::Null => TypeRef::Null,
        Value::Array(_) | Value::Object(_) => TypeRef::Any,
    }
}
