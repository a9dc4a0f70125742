//! What `@input` and the contracts of agents describe, as a type.

use prism_input::{Field, Literal, Presence, Shape};

use crate::body::{Bits, TypeField, TypeRef};

/// The type of a shape; `any` where it says nothing.
pub(crate) fn described(shape: &Shape) -> TypeRef {
    match shape {
        Shape::Any => TypeRef::Any,
        Shape::Null => TypeRef::Null,
        Shape::Boolean => TypeRef::Boolean,
        Shape::Number | Shape::Integer => TypeRef::Number,
        Shape::Text => TypeRef::Text,
        Shape::Secret => TypeRef::Secret,
        Shape::Literal(literal) => of_literal(literal),
        Shape::Array(element) => TypeRef::Array(Box::new(described(element))),
        Shape::Object { fields, is_open } => {
            TypeRef::Object { fields: fields.iter().map(field).collect(), is_open: *is_open }
        }
        Shape::OneOf(shapes) => TypeRef::Union(shapes.iter().map(described).collect()),
    }
}

fn field(field: &Field) -> TypeField {
    TypeField {
        name: field.name.as_str().into(),
        optional: field.presence == Presence::Optional,
        ty: described(&field.shape),
    }
}

fn of_literal(literal: &Literal) -> TypeRef {
    match literal {
        Literal::Null => TypeRef::Null,
        Literal::Bool(value) => TypeRef::BoolLiteral(*value),
        Literal::Number(number) => TypeRef::NumberLiteral(Bits::new(*number)),
        Literal::Text(text) => TypeRef::TextLiteral(text.as_str().into()),
    }
}
