//! Definitions, scopes, name resolution and desugared bodies.

pub mod body;
