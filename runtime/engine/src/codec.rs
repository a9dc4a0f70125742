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
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

/// The bytes are not what `write` makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

/// Integers up to here are written without a point.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Room for most payloads.
const ROOM: usize = 256;

/// Data as a part of something that is written.
pub(crate) struct Written<'d>(pub(crate) &'d Data);

/// The same for the fields of an object.
pub(crate) struct Fields<'d>(pub(crate) &'d [(Arc<str>, Data)]);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Data::Null => serializer.serialize_unit(),
            Data::Bool(flag) => serializer.serialize_bool(*flag),
            Data::Number(number) => WrittenNumber(*number).serialize(serializer),
            Data::Text(text) => serializer.serialize_str(text),
            Data::Array(items) => serializer.collect_seq(items.iter().map(Written)),
            Data::Object(fields) => match fields.as_slice() {
                [(key, _)] if key.starts_with('~') => form(serializer, "~object", &Fields(fields)),
                _ => Fields(fields).serialize(serializer),
            },
            Data::Agent(agent) => {
                form(serializer, "~agent", &(&*agent.name, Fields(&agent.attributes)))
            }
            Data::Function(name) => form(serializer, "~function", &**name),
            Data::Confident(value, confidence) => {
                form(serializer, "~", &(Written(value), WrittenNumber(*confidence)))
            }
        }
    }
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (&**key, Written(value))))
    }
}

/// What JSON lacks: an object with one key.
fn form<S: Serializer>(
    serializer: S,
    key: &'static str,
    inside: &(impl Serialize + ?Sized),
) -> Result<S::Ok, S::Error> {
    let mut form = serializer.serialize_map(Some(1))?;
    form.serialize_entry(key, inside)?;
    form.end()
}

struct WrittenNumber(f64);

impl Serialize for WrittenNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = self.0;
        let is_negative_zero = number == 0.0 && number.is_sign_negative();
        if is_negative_zero || !number.is_finite() {
            return form(serializer, "~number", &number.to_string());
        }
        match number.fract() == 0.0 && number.abs() <= EXACT {
            true => serializer.serialize_i64(number as i64),
            false => serializer.serialize_f64(number),
        }
    }
}

pub(crate) fn to_json(data: &Data) -> Value {
    serde_json::to_value(Written(data)).expect("every key is a text")
}

/// What is written as bytes, which is always possible: it is data, or made of data.
pub(crate) fn bytes(written: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ROOM);
    serde_json::to_writer(&mut bytes, written).expect("a list takes every write");
    bytes
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
    read(bytes)
}

/// The same, for something else than a tree.
pub(crate) fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Unreadable> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    reader.disable_recursion_limit();
    let value = T::deserialize(&mut reader).map_err(|_| Unreadable)?;
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
