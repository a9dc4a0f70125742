//! What inference may ask about everything outside the body it reads.

use std::sync::Arc;

use prism_hir::body::{Name, TypeRef};

use crate::types::{Fact, Scope, Text, Types};

/// A fact with the table that its type belongs to: how types travel between items.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Typed {
    pub types: Types,
    pub fact: Option<Fact>,
}

impl Typed {
    pub fn new(types: Types, fact: Fact) -> Typed {
        Typed { types, fact: Some(fact) }
    }

    /// The fact, or that nothing is known.
    pub fn fact(&self) -> Fact {
        self.fact.unwrap_or(Fact::ANY)
    }
}

/// An operation of an effect that the program declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    pub params: Vec<OperationParam>,
    pub result: Option<TypeRef>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationParam {
    pub name: Text,
    pub is_optional: bool,
    pub is_rest: bool,
    pub annotation: Option<TypeRef>,
}

/// The limits of the bands where a program gives none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BandLimits {
    pub high: f64,
    pub medium: f64,
}

impl Default for BandLimits {
    fn default() -> BandLimits {
        BandLimits { high: 0.7, medium: 0.5 }
    }
}

/// The surroundings of a body: its module, what that imports, and the package.
pub trait World: Scope {
    /// The fact of a name that is not a local: a function, a module variable, an import.
    /// `None` when nothing is known of it.
    fn name(&self, name: &Name) -> Option<Arc<Typed>>;

    /// The operation `audit.record` of an effect that the program declares.
    fn operation(&self, name: &str) -> Option<Operation>;

    /// Is the effect declared by the program?
    fn is_own_effect(&self, name: &str) -> bool;

    fn bands(&self) -> BandLimits {
        BandLimits::default()
    }
}

/// A world of nothing but the language.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nowhere;

impl Scope for Nowhere {
    fn alias(&self, _: &str) -> Option<(Vec<Text>, TypeRef)> {
        None
    }
}

impl World for Nowhere {
    fn name(&self, _: &Name) -> Option<Arc<Typed>> {
        None
    }

    fn operation(&self, _: &str) -> Option<Operation> {
        None
    }

    fn is_own_effect(&self, _: &str) -> bool {
        false
    }
}
