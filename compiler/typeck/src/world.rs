//! What inference may ask about everything outside the body it reads.

use std::sync::Arc;

use prism_hir::body::Name;
use prism_hir::{Contract, OperationDef};
use prism_source::BandLimits;

use crate::confidence::Level;
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

/// The surroundings of a body: its module, what that imports, and the package.
pub trait World: Scope {
    /// The fact of a name that is not a local: a function, a module variable, an import.
    /// `None` when nothing is known of it.
    fn name(&self, name: &Name) -> Option<Arc<Typed>>;

    /// The operation `audit.record` of an effect that the program declares.
    fn operation(&self, name: &str) -> Option<OperationDef>;

    /// Is the effect declared by the program?
    fn is_own_effect(&self, name: &str) -> bool;

    /// Is the operation one that the host declares, and so answers?
    fn is_host_operation(&self, name: &str) -> bool;

    /// What the header says of a name that the host supplies.
    fn host(&self, name: &str) -> Option<Arc<Typed>>;

    /// A function of the module writes the module's variable.
    fn is_written(&self, variable: &str) -> bool;

    /// Where the answers of an agent come from, when the manifest says so.
    fn agent_level(&self, name: &str) -> Option<Level>;

    /// What the program declares of an agent between its braces, where it declares it.
    fn agent_keys(&self, name: &str) -> Option<Vec<Text>>;

    /// What the program declares of the input and the answers of an agent, where a variable of
    /// this module or an import is one.
    fn agent_contract(&self, name: &Name) -> Option<Contract>;

    /// Where the bands begin when a program gives no limits of its own.
    fn bands(&self) -> BandLimits;
}
