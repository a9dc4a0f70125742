//! From the value of `@input` to its shape.

use serde_json::{Map, Value};

use crate::shape::{Field, Literal, Presence, Shape};

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

/// The shape that a description stands for; `Any` where it says nothing that a shape can say.
pub fn read(described: &Value) -> Shape {
    shape(described, 0)
}

fn shape(described: &Value, depth: usize) -> Shape {
    if depth >= MAX_DEPTH {
        return Shape::Any;
    }
    match described {
        Value::String(text) => named(text),
        Value::Array(elements) => match &elements[..] {
            [one] => array(shape(one, depth + 1)),
            _ => array(Shape::Any),
        },
        Value::Object(keys) if keys.is_empty() => Shape::Any,
        Value::Object(keys) if is_schema(keys) => schema(keys, depth),
        Value::Object(fields) => {
            let field = |(name, described): (&String, &Value)| Field {
                name: name.trim_end_matches('?').to_owned(),
                presence: if name.ends_with('?') { Presence::Optional } else { Presence::Unsaid },
                shape: shape(described, depth + 1),
            };
            Shape::Object { fields: fields.iter().map(field).collect(), is_open: false }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Shape::Any,
    }
}

fn array(element: Shape) -> Shape {
    Shape::Array(Box::new(element))
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

fn schema(keys: &Map<String, Value>, depth: usize) -> Shape {
    if let Some(Value::Array(values)) = keys.get("enum") {
        return Shape::OneOf(values.iter().map(literal).collect());
    }
    if let Some(value) = keys.get("const") {
        return literal(value);
    }
    if let Some(Value::Array(choices)) = keys.get("anyOf").or_else(|| keys.get("oneOf")) {
        return Shape::OneOf(choices.iter().map(|one| shape(one, depth + 1)).collect());
    }
    match keys.get("type") {
        Some(Value::Array(types)) => {
            let one = |ty: &Value| of_type(ty.as_str().unwrap_or_default(), keys, depth);
            Shape::OneOf(types.iter().map(one).collect())
        }
        Some(ty) => of_type(ty.as_str().unwrap_or_default(), keys, depth),
        None if keys.contains_key("properties") => of_type("object", keys, depth),
        None => Shape::Any,
    }
}

fn of_type(name: &str, keys: &Map<String, Value>, depth: usize) -> Shape {
    match name {
        "object" => {
            let Some(Value::Object(properties)) = keys.get("properties") else {
                return Shape::Object { fields: Vec::new(), is_open: true };
            };
            let required = keys.get("required").and_then(Value::as_array);
            let presence = |name: &str| match required {
                Some(names) if names.iter().any(|one| one.as_str() == Some(name)) => {
                    Presence::Required
                }
                Some(_) => Presence::Optional,
                None => Presence::Unsaid,
            };
            let field = |(name, described): (&String, &Value)| Field {
                name: name.clone(),
                presence: presence(name),
                shape: shape(described, depth + 1),
            };
            let others = keys.get("additionalProperties");
            Shape::Object {
                fields: properties.iter().map(field).collect(),
                // Who lists the names means them, unless they say that there are others.
                is_open: others.is_some_and(|others| *others != Value::Bool(false)),
            }
        }
        "array" => array(keys.get("items").map_or(Shape::Any, |items| shape(items, depth + 1))),
        _ => named(name),
    }
}

/// `string`, `number[]`, `string | null`, `secret?`.
fn named(text: &str) -> Shape {
    let parts: Vec<Shape> = text.split('|').map(|part| part_of(part.trim())).collect();
    match <[Shape; 1]>::try_from(parts) {
        Ok([one]) => one,
        Err(parts) => Shape::OneOf(parts),
    }
}

/// A name with any number of `[]` and `?` behind it.
fn part_of(text: &str) -> Shape {
    let mut inner = text;
    let mut suffixes = Vec::new();
    while let Some(suffix) = ["[]", "?"].into_iter().find(|suffix| inner.ends_with(suffix)) {
        inner = &inner[..inner.len() - suffix.len()];
        suffixes.push(suffix);
    }
    if suffixes.len() > MAX_DEPTH {
        return Shape::Any;
    }
    let plain = match inner {
        "string" | "text" => Shape::Text,
        "number" => Shape::Number,
        "integer" => Shape::Integer,
        "boolean" => Shape::Boolean,
        "null" => Shape::Null,
        "secret" => Shape::Secret,
        "array" => array(Shape::Any),
        "object" => Shape::Object { fields: Vec::new(), is_open: true },
        _ => Shape::Any,
    };
    suffixes.into_iter().rev().fold(plain, |shape, suffix| match suffix {
        "[]" => array(shape),
        _ => Shape::OneOf(vec![shape, Shape::Null]),
    })
}

fn literal(value: &Value) -> Shape {
    match value {
        Value::String(text) => Shape::Literal(Literal::Text(text.clone())),
        Value::Number(number) => {
            number.as_f64().map_or(Shape::Any, |number| Shape::Literal(Literal::Number(number)))
        }
        Value::Bool(value) => Shape::Literal(Literal::Bool(*value)),
        Value::Null => Shape::Literal(Literal::Null),
        // What is composed is not compared.
        Value::Array(_) | Value::Object(_) => Shape::Any,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(described: Value) -> String {
        read(&described).to_string()
    }

    #[test]
    fn words_of_a_map_are_types() {
        assert_eq!(words(json!("string | null")), "string | null");
        assert_eq!(words(json!("number[]")), "number[]");
        assert_eq!(words(json!("number?[]")), "(number | null)[]");
        assert_eq!(words(json!(["text"])), "string[]");
        assert_eq!(words(json!("a path")), "any");
    }

    #[test]
    fn an_object_is_a_schema_when_all_its_keys_are() {
        assert_eq!(words(json!({ "type": "integer", "minimum": 1 })), "integer");
        assert_eq!(words(json!({ "enum": ["a", 2, null] })), "\"a\" | 2 | null");
        assert_eq!(words(json!({ "type": "integer", "size": "number" })), "object");
        let map = Shape::Object {
            fields: vec![Field {
                name: "type".to_owned(),
                presence: Presence::Optional,
                shape: Shape::Text,
            }],
            is_open: false,
        };
        assert_eq!(read(&json!({ "type?": "string" })), map);
    }

    #[test]
    fn a_schema_says_what_it_requires() {
        let described = json!({
            "type": "object",
            "properties": { "a": { "type": "null" }, "b": { "const": true } },
            "required": ["b"],
        });
        let field = |name: &str, presence, shape| Field { name: name.to_owned(), presence, shape };
        let fields = vec![
            field("a", Presence::Optional, Shape::Null),
            field("b", Presence::Required, Shape::Literal(Literal::Bool(true))),
        ];
        assert_eq!(read(&described), Shape::Object { fields, is_open: false });
    }

    #[test]
    fn what_is_too_deep_says_nothing() {
        assert_eq!(words(json!(format!("number{}", "[]".repeat(100_000)))), "any");
        let deep = (0..100).fold(json!("number"), |inner, _| json!([inner]));
        assert_eq!(words(deep), format!("array{}", "[]".repeat(15)));
    }
}
