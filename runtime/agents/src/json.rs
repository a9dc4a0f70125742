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

use prism_vm::{AgentRef, Data};
use serde_json::{Map, Number, Value};

/// The deepest nesting that is written or read.
pub const MAX_DEPTH: usize = 128;

/// The data was nested deeper than [`MAX_DEPTH`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooDeep;

/// Numbers without a fraction are written without a point.
pub fn to_value(data: &Data) -> Result<Value, TooDeep> {
    value_at(data, MAX_DEPTH)
}

/// The JSON text of the data, on one line.
pub fn to_text(data: &Data) -> Result<String, TooDeep> {
    Ok(to_value(data)?.to_string())
}

/// Never fails: `serde_json` has already limited the depth of what it read.
pub fn from_value(value: Value) -> Data {
    match value {
        Value::Null => Data::Null,
        Value::Bool(flag) => Data::Bool(flag),
        Value::Number(number) => number.as_f64().map_or(Data::Null, Data::Number),
        Value::String(text) => Data::Text(text.into()),
        Value::Array(items) => Data::Array(items.into_iter().map(from_value).collect()),
        Value::Object(fields) => match confident_pair(&fields) {
            Some(confidence) => confident(fields, confidence),
            None => Data::Object(
                fields.into_iter().map(|(key, value)| (key.into(), from_value(value))).collect(),
            ),
        },
    }
}

fn value_at(data: &Data, room: usize) -> Result<Value, TooDeep> {
    let inside = room.checked_sub(1).ok_or(TooDeep);
    Ok(match data {
        Data::Null => Value::Null,
        Data::Bool(flag) => Value::Bool(*flag),
        Data::Number(number) => number_value(*number),
        Data::Text(text) => Value::String(text.to_string()),
        Data::Function(name) => Value::String(format!("[Function: {name}]")),
        Data::Array(items) => {
            let room = inside?;
            Value::Array(items.iter().map(|item| value_at(item, room)).collect::<Result<_, _>>()?)
        }
        Data::Object(fields) => Value::Object(object(fields, inside?)?),
        Data::Agent(agent) => agent_value(agent, inside?)?,
        Data::Confident(value, confidence) => {
            let pair = vec![value_at(value, inside?)?, number_value(*confidence)];
            Value::Object(Map::from_iter([("~".to_owned(), Value::Array(pair))]))
        }
    })
}

fn object(
    fields: &[(std::sync::Arc<str>, Data)],
    room: usize,
) -> Result<Map<String, Value>, TooDeep> {
    fields.iter().map(|(key, value)| Ok((key.to_string(), value_at(value, room)?))).collect()
}

fn agent_value(agent: &AgentRef, room: usize) -> Result<Value, TooDeep> {
    let mut fields = Map::new();
    fields.insert("agent".to_owned(), Value::String(agent.name.to_string()));
    fields.extend(object(&agent.attributes, room)?);
    Ok(Value::Object(fields))
}

fn number_value(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return Value::Number(Number::from(number as i64));
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

/// The confidence of `{"~": [value, confidence]}`; anything else is an ordinary object.
fn confident_pair(fields: &Map<String, Value>) -> Option<f64> {
    match fields.get("~") {
        Some(Value::Array(pair)) if fields.len() == 1 && pair.len() == 2 => {
            pair[1].as_f64().filter(|confidence| (0.0..=1.0).contains(confidence))
        }
        _ => None,
    }
}

fn confident(mut fields: Map<String, Value>, confidence: f64) -> Data {
    let value = match fields.remove("~") {
        Some(Value::Array(mut pair)) => pair.swap_remove(0),
        other => other.unwrap_or(Value::Null),
    };
    from_value(value).with_confidence(confidence)
}

#[cfg(test)]
mod tests {
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
