//! `Data` in the journal: JSON that reads back as exactly the same value.
//!
//! It is the JSON of the command line (`{"~": [value, confidence]}` is a confident value) with a
//! form for everything that JSON lacks:
//!
//! | data | JSON |
//! |---|---|
//! | confident value | `{"~": [value, confidence]}` |
//! | agent | `{"~agent": [name, {…attributes}]}` |
//! | function | `{"~function": name}` |
//! | NaN, ±inf, -0 | `{"~number": "NaN"}`, … |
//! | object whose only key starts with `~` | `{"~object": {…}}` |

use std::sync::Arc;

use prism_vm::{AgentRef, Data};
use serde::de::Deserialize;
use serde_json::{Map, Number, Value, json};

/// The bytes are not what `write` makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

/// Integers up to here are written without a point.
const EXACT: f64 = 9_007_199_254_740_992.0;

pub(crate) fn to_json(data: &Data) -> Value {
    match data {
        Data::Null => Value::Null,
        Data::Bool(flag) => Value::Bool(*flag),
        Data::Number(number) => number_to_json(*number),
        Data::Text(text) => Value::String(text.to_string()),
        Data::Array(items) => Value::Array(items.iter().map(to_json).collect()),
        Data::Object(fields) => {
            let object = Value::Object(fields_to_json(fields));
            match fields.as_slice() {
                [(key, _)] if key.starts_with('~') => json!({ "~object": object }),
                _ => object,
            }
        }
        Data::Agent(agent) => {
            json!({ "~agent": [&*agent.name, Value::Object(fields_to_json(&agent.attributes))] })
        }
        Data::Function(name) => json!({ "~function": &**name }),
        Data::Confident(value, confidence) => {
            json!({ "~": [to_json(value), number_to_json(*confidence)] })
        }
    }
}

pub(crate) fn fields_to_json(fields: &[(Arc<str>, Data)]) -> Map<String, Value> {
    fields.iter().map(|(key, value)| (key.to_string(), to_json(value))).collect()
}

fn number_to_json(number: f64) -> Value {
    let is_negative_zero = number == 0.0 && number.is_sign_negative();
    if number.fract() == 0.0 && number.abs() <= EXACT && !is_negative_zero {
        return Value::Number(Number::from(number as i64));
    }
    match Number::from_f64(number) {
        Some(finite) if !is_negative_zero => Value::Number(finite),
        Some(_) | None => json!({ "~number": number.to_string() }),
    }
}

pub(crate) fn from_json(value: Value) -> Result<Data, Unreadable> {
    Ok(match value {
        Value::Null => Data::Null,
        Value::Bool(flag) => Data::Bool(flag),
        Value::Number(number) => Data::Number(number.as_f64().ok_or(Unreadable)?),
        Value::String(text) => Data::Text(text.into()),
        Value::Array(items) => {
            Data::Array(items.into_iter().map(from_json).collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => object_from_json(fields)?,
    })
}

fn object_from_json(mut fields: Map<String, Value>) -> Result<Data, Unreadable> {
    let only = match fields.keys().next() {
        Some(key) if fields.len() == 1 && key.starts_with('~') => key.clone(),
        Some(_) | None => return fields_from_json(fields).map(Data::Object),
    };
    let inside = fields.remove(&only).ok_or(Unreadable)?;
    match (only.as_str(), inside) {
        ("~", Value::Array(pair)) => {
            let [value, confidence] = two(pair)?;
            let confidence = confidence.as_f64().ok_or(Unreadable)?;
            Ok(Data::Confident(Box::new(from_json(value)?), confidence))
        }
        ("~agent", Value::Array(pair)) => match two(pair)? {
            [Value::String(name), Value::Object(attributes)] => {
                let attributes = fields_from_json(attributes)?;
                Ok(Data::Agent(AgentRef { name: name.into(), attributes }))
            }
            _ => Err(Unreadable),
        },
        ("~function", Value::String(name)) => Ok(Data::Function(name.into())),
        ("~number", Value::String(text)) => text.parse().map(Data::Number).map_err(|_| Unreadable),
        ("~object", Value::Object(fields)) => fields_from_json(fields).map(Data::Object),
        _ => Err(Unreadable),
    }
}

fn two(pair: Vec<Value>) -> Result<[Value; 2], Unreadable> {
    pair.try_into().map_err(|_| Unreadable)
}

pub(crate) fn fields_from_json(
    fields: Map<String, Value>,
) -> Result<Vec<(Arc<str>, Data)>, Unreadable> {
    fields.into_iter().map(|(key, value)| Ok((key.into(), from_json(value)?))).collect()
}

/// Reads JSON text of any depth: only for bytes that a machine's limits have already shaped.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, Unreadable> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    reader.disable_recursion_limit();
    let value = Value::deserialize(&mut reader).map_err(|_| Unreadable)?;
    reader.end().map(|()| value).map_err(|_| Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(data: &Data) -> Data {
        from_json(parse(to_json(data).to_string().as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn every_value_reads_back_as_it_was() {
        let agent = AgentRef { name: "a".into(), attributes: vec![("id".into(), Data::from(1.0))] };
        let values = [
            Data::Null,
            Data::from(true),
            Data::from("~ text \u{0} é"),
            Data::from(9_007_199_254_740_993.0),
            Data::from(0.1),
            Data::from(1e300),
            Data::from(f64::INFINITY),
            Data::from(f64::NEG_INFINITY),
            Data::Agent(agent),
            Data::Function("f".into()),
            Data::from("yes").with_confidence(0.3),
            Data::object([("~", Data::from(vec![Data::from(1.0), Data::from(0.5)]))]),
            Data::object([("~agent", Data::from("no handle"))]),
            Data::object([("~object", Data::object([("~", Data::Null)]))]),
            Data::object([("~", Data::Null), ("b", Data::Null)]),
            Data::object([("agent", Data::from("no handle"))]),
            Data::Object(Vec::new()),
        ];
        for value in values {
            assert_eq!(round_trip(&value), value);
        }
    }

    #[test]
    fn the_numbers_that_are_not_equal_to_themselves_read_back_too() {
        let Data::Number(nan) = round_trip(&Data::from(f64::NAN)) else { panic!() };
        assert!(nan.is_nan());
        let Data::Number(zero) = round_trip(&Data::from(-0.0)) else { panic!() };
        assert!(zero == 0.0 && zero.is_sign_negative());
    }

    #[test]
    fn the_deepest_value_of_a_machine_reads_back() {
        let wrap = |inner, _| Data::Array(vec![inner]);
        let deep = (0..prism_vm::MAX_DEPTH).fold(Data::Null, wrap);
        assert_eq!(round_trip(&deep), deep);
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [r#"{"~":1}"#, r#"{"~agent":["a"]}"#, r#"{"~number":"x"}"#, r#"{"~x":1}"#] {
            assert_eq!(from_json(parse(text.as_bytes()).unwrap()), Err(Unreadable));
        }
        assert_eq!(parse(b"{"), Err(Unreadable));
        assert_eq!(parse(b"1,2"), Err(Unreadable));
    }
}
