//! Shapes, and how messages name them.

use std::fmt;

/// What a value is said to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Any,
    Null,
    Boolean,
    Number,
    Integer,
    Text,
    /// A text that is not shown.
    Secret,
    Literal(Literal),
    Array(Box<Shape>),
    Object {
        fields: Vec<Field>,
        /// There may be names that are not listed.
        is_open: bool,
    },
    OneOf(Vec<Shape>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
}

/// A name of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub name: String,
    pub presence: Presence,
    pub shape: Shape,
}

/// Whether a name must be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// A schema lists it as `required`.
    Required,
    /// Nothing is said: a map, or a schema without `required`.
    Unsaid,
    /// It is written with `?`, or not among those that a schema requires.
    Optional,
}

impl Shape {
    /// Whether the value, or an element of it, may be a secret.
    pub fn has_secret(&self) -> bool {
        match self {
            Shape::Secret => true,
            Shape::Array(element) => element.has_secret(),
            Shape::OneOf(shapes) => shapes.iter().any(Shape::has_secret),
            Shape::Any
            | Shape::Null
            | Shape::Boolean
            | Shape::Number
            | Shape::Integer
            | Shape::Text
            | Shape::Literal(_)
            | Shape::Object { .. } => false,
        }
    }
}

/// In the words of a description: `string | null`, `(number | string)[]`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Any => f.write_str("any"),
            Shape::Null => f.write_str("null"),
            Shape::Boolean => f.write_str("boolean"),
            Shape::Number => f.write_str("number"),
            Shape::Integer => f.write_str("integer"),
            Shape::Text => f.write_str("string"),
            Shape::Secret => f.write_str("secret"),
            Shape::Literal(literal) => literal.fmt(f),
            Shape::Array(element) => match &**element {
                Shape::Any => f.write_str("array"),
                Shape::OneOf(_) => write!(f, "({element})[]"),
                _ => write!(f, "{element}[]"),
            },
            Shape::Object { .. } => f.write_str("object"),
            Shape::OneOf(shapes) => {
                for (at, shape) in shapes.iter().enumerate() {
                    let bar = if at == 0 { "" } else { " | " };
                    write!(f, "{bar}{shape}")?;
                }
                Ok(())
            }
        }
    }
}

/// As JSON.
impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Null => f.write_str("null"),
            Literal::Bool(value) => value.fmt(f),
            Literal::Number(number) => number.fmt(f),
            Literal::Text(text) => serde_json::Value::from(text.as_str()).fmt(f),
        }
    }
}
