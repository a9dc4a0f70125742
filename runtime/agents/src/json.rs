//! `Data` as JSON text and back.
//!
//! | data | JSON |
//! |---|---|
//! | confident value | `{"~": [value, confidence]}` |
//! | agent | `{"agent": name, …attributes}` |
//! | function | `"[Function: name]"` |
//! | NaN, ±inf | `null` |
//!
//! Reading makes a confident value of the first form; agents and functions stay objects and
//! strings, because a name in someone's answer is not a handle.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use prism_vm::Data;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// The deepest nesting that is written or read.
pub const MAX_DEPTH: usize = 128;

/// The data was nested deeper than [`MAX_DEPTH`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooDeep;

/// Data that can be written: it is not too deep.
#[derive(Clone, Copy, Debug)]
pub struct Shallow<'d>(&'d Data);

impl<'d> Shallow<'d> {
    pub fn new(data: &'d Data) -> Result<Shallow<'d>, TooDeep> {
        match is_shallow(data, MAX_DEPTH) {
            true => Ok(Shallow(data)),
            false => Err(TooDeep),
        }
    }
}

/// Numbers without a fraction are written without a point.
pub fn to_value(data: &Data) -> Result<Value, TooDeep> {
    let shallow = Shallow::new(data)?;
    Ok(serde_json::to_value(shallow).expect("every key is a text"))
}

/// The JSON text of the data, on one line.
pub fn to_text(data: &Data) -> Result<String, TooDeep> {
    let shallow = Shallow::new(data)?;
    Ok(serde_json::to_string(&shallow).expect("a text takes every write"))
}

/// Never fails: `serde_json` has already limited the depth of what it read.
pub fn from_value(value: Value) -> Data {
    Read::deserialize(value).expect("every value is data").0
}

fn is_shallow(data: &Data, room: usize) -> bool {
    let inside = |data: &Data| is_shallow(data, room - 1);
    match data {
        Data::Null | Data::Bool(_) | Data::Number(_) | Data::Text(_) | Data::Function(_) => true,
        _ if room == 0 => false,
        Data::Array(items) => items.iter().all(inside),
        Data::Object(fields) => fields.iter().all(|(_, value)| inside(value)),
        Data::Agent(agent) => agent.attributes.iter().all(|(_, value)| inside(value)),
        Data::Confident(value, _) => inside(value),
    }
}

impl Serialize for Shallow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Data::Null => serializer.serialize_unit(),
            Data::Bool(flag) => serializer.serialize_bool(*flag),
            Data::Number(number) => Plain(*number).serialize(serializer),
            Data::Text(text) => serializer.serialize_str(text),
            Data::Function(name) => serializer.collect_str(&format_args!("[Function: {name}]")),
            Data::Array(items) => serializer.collect_seq(items.iter().map(Shallow)),
            Data::Object(fields) => {
                serializer.collect_map(fields.iter().map(|(key, value)| (&**key, Shallow(value))))
            }
            Data::Agent(agent) => {
                let mut fields = serializer.serialize_map(None)?;
                match agent.attributes.iter().find(|(key, _)| is_agent(key)) {
                    Some((_, value)) => fields.serialize_entry("agent", &Shallow(value))?,
                    None => fields.serialize_entry("agent", &*agent.name)?,
                }
                for (key, value) in agent.attributes.iter().filter(|(key, _)| !is_agent(key)) {
                    fields.serialize_entry(&**key, &Shallow(value))?;
                }
                fields.end()
            }
            Data::Confident(value, confidence) => {
                let mut fields = serializer.serialize_map(Some(1))?;
                fields.serialize_entry("~", &(Shallow(value), Plain(*confidence)))?;
                fields.end()
            }
        }
    }
}

/// An attribute of this name stands for the agent's.
fn is_agent(key: &str) -> bool {
    key == "agent"
}

struct Plain(f64);

impl Serialize for Plain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let number = self.0;
        if number.fract() == 0.0 && number.abs() <= EXACT {
            return serializer.serialize_i64(number as i64);
        }
        // What is not finite becomes null.
        serializer.serialize_f64(number)
    }
}

/// JSON that is read as data.
pub(crate) struct Read(pub(crate) Data);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Read, D::Error> {
        deserializer.deserialize_any(Reader).map(Read)
    }
}

struct Reader;

/// An object with more keys than this is searched by their hashes.
const FEW: usize = 16;

impl<'de> Visitor<'de> for Reader {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Data, E> {
        Ok(Data::Bool(flag))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Data, E> {
        Ok(Data::Number(number as f64))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Data, E> {
        Ok(Data::Number(number as f64))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Data, E> {
        Ok(Data::Number(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Data, E> {
        Ok(Data::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Data, A::Error> {
        let mut array = Vec::new();
        while let Some(Read(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(Data::Array(array))
    }

    /// A key that occurs twice keeps its last value.
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Data, A::Error> {
        let mut fields: Vec<(Arc<str>, Data)> = Vec::new();
        let mut places: HashMap<Arc<str>, usize> = HashMap::new();
        while let Some((key, Read(value))) = entries.next_entry::<Key, Read>()? {
            let Key(key) = key;
            if fields.len() == FEW {
                places.extend(fields.iter().enumerate().map(|(at, (key, _))| (key.clone(), at)));
            }
            let known = match fields.len() < FEW {
                true => fields.iter().position(|(known, _)| *known == key),
                false => places.get(&key).copied(),
            };
            match known {
                Some(place) => fields[place].1 = value,
                None => {
                    if fields.len() >= FEW {
                        places.insert(key.clone(), fields.len());
                    }
                    fields.push((key, value));
                }
            }
        }
        Ok(confident(fields))
    }
}

struct Key(Arc<str>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Key, E> {
                Ok(Key(text.into()))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// The value with the confidence of `{"~": [value, confidence]}`; anything else is an ordinary
/// object.
fn confident(mut fields: Vec<(Arc<str>, Data)>) -> Data {
    if let [(key, Data::Array(pair))] = fields.as_mut_slice()
        && &**key == "~"
        && let [value, Data::Number(confidence)] = pair.as_mut_slice()
        && (0.0..=1.0).contains(confidence)
    {
        return std::mem::take(value).with_confidence(*confidence);
    }
    Data::Object(fields)
}

#[cfg(test)]
mod tests {
    use prism_vm::AgentRef;

    use super::*;

    fn round_trip(text: &str) -> String {
        to_text(&from_value(serde_json::from_str(text).unwrap())).unwrap()
    }

    #[test]
    fn json_comes_back_as_it_was() {
        for text in [
            r#"{"b":[1,2.5,-3,true,null],"a":"é\n\u0001"}"#,
            r#"{"~":["yes",0.75]}"#,
            r#"[{"~":[{"k":1},1]}]"#,
            r#"{"~":["not a pair"]}"#,
            r#"{"~":[1,2]}"#,
            r#"{"agent":"someone"}"#,
        ] {
            assert_eq!(round_trip(text), text);
        }
    }

    #[test]
    fn what_json_lacks_is_written_in_its_form() {
        let agent = AgentRef { name: "a".into(), attributes: vec![("id".into(), Data::from("a"))] };
        let data = Data::Array(vec![
            Data::Agent(agent),
            Data::Function("f".into()),
            Data::Number(f64::NAN),
            Data::Number(-0.0),
            Data::Number(1e21),
        ]);
        let text = r#"[{"agent":"a","id":"a"},"[Function: f]",null,0,1e+21]"#;
        assert_eq!(to_text(&data).unwrap(), text);
    }

    #[test]
    fn a_key_that_occurs_twice_keeps_its_place_and_its_last_value() {
        assert_eq!(round_trip(r#"{"a":1,"b":2,"a":3}"#), r#"{"a":3,"b":2}"#);
        let many = |last: &str| {
            let keys: Vec<String> = (0..40).map(|n| format!(r#""k{n}":{n}"#)).collect();
            format!("{{{}{last}}}", keys.join(","))
        };
        assert_eq!(round_trip(&many("")), many(""));
        for n in [0, 15, 16, 17, 39] {
            let twice = many(&format!(r#","k{n}":"again""#));
            let once = many("").replace(&format!(r#""k{n}":{n}"#), &format!(r#""k{n}":"again""#));
            let Data::Object(fields) = serde_json::from_str::<Read>(&twice).unwrap().0 else {
                panic!("{twice}")
            };
            assert_eq!(to_text(&Data::Object(fields)).unwrap(), once);
        }
    }

    #[test]
    fn a_nested_pair_keeps_the_outer_confidence() {
        assert_eq!(round_trip(r#"{"~":[{"~":[1,0.2]},0.9]}"#), r#"{"~":[1,0.9]}"#);
    }

    #[test]
    fn depth_is_limited() {
        let nested = |n| (0..n).fold(Data::Null, |inner, _| Data::Array(vec![inner]));
        assert!(to_text(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(to_text(&nested(MAX_DEPTH + 1)), Err(TooDeep));
    }
}
