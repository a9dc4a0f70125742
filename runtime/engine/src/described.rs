//! Values and what a program says of them: its `@input`, and the contracts of its agents. What a
//! description does not say is not asked.
//!
//! A run whose `input` contradicts its header does not begin; an answer that contradicts the
//! `output` of its agent is an error of the call.

use std::sync::Arc;

use prism_bytecode::Verified;
use prism_input::{Field, Literal, Presence, Shape};
use prism_vm::{Answer, Data};
use serde_json::Value;

use crate::Error;
use crate::codec::to_json;
use crate::error::contradicts;

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
    // A map says what a name is when it is given: programs ask softly for what may be missing, and
    // where one relies on it, the place that reads it says so.
    let shape = prism_input::read(&described);
    fits(&shape, input, "input", Given::Some).map_err(|misfit| {
        let Misfit { path, expected, found } = misfit;
        Error::Input { path, expected, found }
    })
}

/// Whether an agent is a handle that says what it answers.
pub(crate) fn has_contract(agent: &Data) -> bool {
    matches!(agent.plain(), Data::Agent(_)) && agent.get("output").is_some()
}

/// The answer of an agent, or an error when the handle that was called has another `output`.
pub(crate) fn kept(agent: Option<&Data>, answer: Answer) -> Answer {
    let Some(Data::Agent(handle)) = agent.map(Data::plain) else { return answer };
    let output = handle.attributes.iter().find(|(name, _)| &**name == "output");
    let (Some((_, output)), Answer::Value(value)) = (output, &answer) else { return answer };
    let shape = prism_input::read(&to_json(output));
    match fits(&shape, value, "answer", Given::All) {
        Ok(()) => answer,
        Err(Misfit { path, expected, found }) => {
            let Answer::Value(value) = answer else { return answer };
            Answer::Error(contradicts(&handle.name, &path, &expected, &found, value))
        }
    }
}

/// Which names of a map that says nothing of it are given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    All,
    Some,
}

fn fits(shape: &Shape, value: &Data, path: &str, given: Given) -> Result<(), Misfit> {
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
                fits(shape, element, &format!("{path}[{index}]"), given)
            });
        }
        (Shape::Object { fields, .. }, Data::Object(known)) => {
            return fits_fields(fields, known, path, given);
        }
        (Shape::Object { fields, .. }, Data::Agent(agent)) => {
            return fits_fields(fields, &agent.attributes, path, given);
        }
        (Shape::Array(_) | Shape::Object { .. }, _) => false,
        (Shape::OneOf(shapes), value) => {
            shapes.iter().any(|one| fits(one, value, path, given).is_ok())
        }
    };
    if is_it { Ok(()) } else { Err(misfit(shape, value, path)) }
}

fn misfit(shape: &Shape, value: &Data, path: &str) -> Misfit {
    // What was meant to be a secret is not shown.
    let found = if shape.has_secret() { "something else".to_owned() } else { found(value) };
    Misfit { path: path.to_owned(), expected: shape.to_string(), found }
}

fn fits_fields(
    fields: &[Field],
    known: &[(Arc<str>, Data)],
    path: &str,
    given: Given,
) -> Result<(), Misfit> {
    for Field { name, presence, shape } in fields {
        let inner = format!("{path}.{name}");
        let is_needed = match presence {
            Presence::Required => true,
            Presence::Unsaid => given == Given::All,
            Presence::Optional => false,
        };
        // A secret that is missing is asked for elsewhere.
        let is_asked_for = is_needed && !shape.has_secret();
        match known.iter().find(|(known, _)| &**known == name) {
            // A key that may be missing may be null: reading it softly gives the same.
            Some((_, Data::Null)) if !is_asked_for => {}
            Some((_, value)) => fits(shape, value, &inner, given)?,
            None if is_asked_for && (given == Given::All || !takes_null(shape, &inner)) => {
                let (expected, found) = (shape.to_string(), "nothing".to_owned());
                return Err(Misfit { path: inner, expected, found });
            }
            None => {}
        }
    }
    Ok(())
}

fn takes_null(shape: &Shape, path: &str) -> bool {
    fits(shape, &Data::Null, path, Given::Some).is_ok()
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
