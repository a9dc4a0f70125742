//! What a program says of its input: the value of `@input`, a map from names to types or a JSON
//! Schema (draft 2020-12), as a [`Shape`].
//!
//! The compiler makes types of shapes, and the engine compares inputs with them. What a
//! description does not say is [`Shape::Any`]; nothing in it is a mistake.

mod read;
mod shape;

pub use read::read;
pub use shape::{Field, Literal, Presence, Shape};
