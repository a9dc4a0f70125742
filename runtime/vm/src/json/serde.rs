//! The encoding as `serde_json` values, behind the feature `json`.

use std::sync::Arc;

use serde_json::{Map, Number, Value};

use super::meaning;
use crate::data::{AgentRef, Data};

impl From<&Data> for Value {
    fn from(data: &Data) -> Value {
        match data {
            Data::Null => Value::Null,
            Data::Bool(flag) => Value::Bool(*flag),
            Data::Number(number) => from_number(*number),
            Data::Text(text) => Value::String(text.as_ref().to_owned()),
            Data::Array(items) => Value::Array(items.iter().map(Value::from).collect()),
            Data::Object(fields) => Value::Object(entries(fields).collect()),
            Data::Agent(AgentRef { name, attributes }) => {
                let name = ("agent".to_owned(), Value::String(name.as_ref().to_owned()));
                Value::Object(std::iter::once(name).chain(entries(attributes)).collect())
            }
            Data::Function(name) => Value::String(format!("[Function: {name}]")),
            Data::Confident(value, confidence) => {
                let pair = vec![Value::from(&**value), from_number(*confidence)];
                Value::Object(Map::from_iter([("~".to_owned(), Value::Array(pair))]))
            }
        }
    }
}

impl From<Data> for Value {
    fn from(data: Data) -> Value {
        Value::from(&data)
    }
}

impl From<&Value> for Data {
    fn from(value: &Value) -> Data {
        match value {
            Value::Null => Data::Null,
            Value::Bool(flag) => Data::Bool(*flag),
            Value::Number(number) => Data::Number(number.as_f64().unwrap_or(f64::NAN)),
            Value::String(text) => Data::Text(text.as_str().into()),
            Value::Array(items) => Data::Array(items.iter().map(Data::from).collect()),
            Value::Object(map) => {
                let field =
                    |(key, value): (&String, &Value)| (Arc::from(key.as_str()), Data::from(value));
                meaning(map.iter().map(field).collect())
            }
        }
    }
}

impl From<Value> for Data {
    fn from(value: Value) -> Data {
        Data::from(&value)
    }
}

fn entries(fields: &[(Arc<str>, Data)]) -> impl Iterator<Item = (String, Value)> {
    fields.iter().map(|(key, value)| (key.as_ref().to_owned(), Value::from(value)))
}

/// Whole numbers print without a fraction; what JSON lacks is null.
fn from_number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}
