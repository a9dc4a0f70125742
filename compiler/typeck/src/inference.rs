//! The result of inferring one item.

use la_arena::Idx;
use prism_hir::body::{ExprId, LambdaId, LocalId};

use crate::effects::Effects;
use crate::errors::Problem;
use crate::types::{Fact, FunctionType, Type, TypeId, Types};

/// What is known of every expression, variable and function of an item, and what is wrong.
/// Holds no spans, so that it survives every edit that only moves text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inference {
    pub types: Types,
    pub(crate) exprs: Vec<Fact>,
    pub(crate) locals: Vec<Fact>,
    pub(crate) functions: Vec<TypeId>,
    /// The item itself as a function; a module takes no parameters and gives its last value.
    pub root: RootType,
    /// Where effects enter: every call and perform that has some, in the order of the text.
    pub uses: Vec<EffectUse>,
    pub problems: Vec<Problem>,
}

/// The function type of the item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootType(pub FunctionType);

impl Default for RootType {
    fn default() -> RootType {
        RootType(FunctionType::unknown())
    }
}

/// An expression that performs, or calls what performs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectUse {
    pub at: ExprId,
    /// The lambda or nested function that holds it; `None` for the item itself.
    pub function: Option<LambdaId>,
    pub effects: Effects,
    /// Those of the effects that no handler inside the function answers.
    pub escaping: Effects,
}

impl Inference {
    /// The fact of an expression; nothing is known of one that was not reached.
    pub fn expr(&self, expr: ExprId) -> Fact {
        self.exprs.get(index_of(expr)).copied().unwrap_or(Fact::ANY)
    }

    /// The fact of a variable, of all its values together.
    pub fn local(&self, local: LocalId) -> Fact {
        self.locals.get(index_of(local)).copied().unwrap_or(Fact::ANY)
    }

    /// The type of a lambda or nested function, with its effects.
    pub fn function(&self, lambda: LambdaId) -> Option<&FunctionType> {
        let id = *self.functions.get(index_of(lambda))?;
        if let Type::Function(function) = self.types.get(id) { Some(function) } else { None }
    }

    /// What the item itself may do.
    pub fn effects(&self) -> &Effects {
        &self.root.0.effects
    }

    /// A value of the expression is certainly not confident: the machine need not look.
    pub fn is_plain(&self, expr: ExprId) -> bool {
        self.expr(expr).confidence.is_plain()
    }

    /// What the expression performs by itself or through what it calls.
    pub fn effects_at(&self, expr: ExprId) -> Option<&Effects> {
        self.uses.iter().find(|used| used.at == expr).map(|used| &used.effects)
    }

    /// `number ~>= 0.7`: the fact as people write it.
    pub fn display(&self, fact: Fact) -> String {
        self.types.display_fact(fact)
    }
}

pub(crate) fn index_of<T>(id: Idx<T>) -> usize {
    id.into_raw().into_u32() as usize
}
