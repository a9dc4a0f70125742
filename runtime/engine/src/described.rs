//! Inputs of a run and what its header says of them in `@input`. What a description does not say
//! is not asked.
//!
//! A run whose `input` contradicts its header does not begin.

use std::sync::Arc;

use prism_bytecode::Verified;
use prism_input::{Field, Literal, Presence, Shape};
use prism_vm::Data;
use serde_json::Value;

use crate::Error;

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
    fits(&prism_input::read(&described), input, "input").map_err(|misfit| {
        let Misfit { path, expected, found } = misfit;
        Error::Input { path, expected, found }
    })
}

fn fits(shape: &Shape, value: &Data, path: &str) -> Result<(), Misfit> {
    let value = if let Data::Confident(inner, _) = value { inner } else { value };
    let is_it = match (shape, value) {
        (Shape::Any, _) => true,
        (Shape::Null, value) => *value == Data::Null,
        (Shape::Boolean, value) => matches!(value, Data::Bool(_)),
        (Shape::Number, value) => matches!(value, Data::Number(_)),
        (Shape::Integer, value) => {
            matches!(value, Data::Number(number) if number.fract() == 0.0)
        }
        (Shape::Text, value) => matches!(value, Data::Text(_)),
        // Whoever has the secret may give it later.
        (Shape::Secret, value) => matches!(value, Data::Text(_) | Data::Null),
        (Shape::Literal(literal), value) => is_literal(literal, value),
        (Shape::Array(shape), Data::Array(elements)) => {
            return elements.iter().enumerate().try_for_each(|(index, element)| {
                fits(shape, element, &format!("{path}[{index}]"))
            });
        }
        (Shape::Object { fields, .. }, Data::Object(given)) => {
            return fits_fields(fields, given, path);
        }
        (Shape::Object { fields, .. }, Data::Agent(agent)) => {
            return fits_fields(fields, &agent.attributes, path);
        }
        (Shape::Array(_) | Shape::Object { .. }, _) => false,
        (Shape::OneOf(shapes), value) => shapes.iter().any(|one| fits(one, value, path).is_ok()),
    };
    if is_it { Ok(()) } else { Err(misfit(shape, value, path)) }
}

fn misfit(shape: &Shape, value: &Data, path: &str) -> Misfit {
    // What was meant to be a secret is not shown.
    let found = if shape.has_secret() { "something else".to_owned() } else { found(value) };
    Misfit { path: path.to_owned(), expected: shape.to_string(), found }
}

/// What a schema requires must be there. A map says what a name is when it is given: programs ask
/// softly for what may be missing, and where one relies on it, the place that reads it says so.
fn fits_fields(fields: &[Field], given: &[(Arc<str>, Data)], path: &str) -> Result<(), Misfit> {
    for Field { name, presence, shape } in fields {
        let inner = format!("{path}.{name}");
        // A secret that is missing is asked for elsewhere.
        let is_asked_for = *presence == Presence::Required && !shape.has_secret();
        match given.iter().find(|(known, _)| &**known == name) {
            // A key that may be missing may be null: reading it softly gives the same.
            Some((_, Data::Null)) if !is_asked_for => {}
            Some((_, value)) => fits(shape, value, &inner)?,
            None if is_asked_for && fits(shape, &Data::Null, &inner).is_err() => {
                let (expected, found) = (shape.to_string(), "nothing".to_owned());
                return Err(Misfit { path: inner, expected, found });
            }
            None => {}
        }
    }
    Ok(())
}

fn is_literal(literal: &Literal, value: &Data) -> bool {
    match (literal, value) {
        (Literal::Text(text), Data::Text(given)) => **text == **given,
        (Literal::Number(number), Data::Number(given)) => number == given,
        (Literal::Bool(one), Data::Bool(given)) => one == given,
        (Literal::Null, Data::Null) => true,
        _ => false,
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
