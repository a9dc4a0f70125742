//! Sequences of nodes: a range of a pool that the tree owns, one pool per element type.

use std::fmt;
use std::marker::PhantomData;

use super::{
    AgentDecl, Arg, Ast, Branch, Declarator, EffectOp, Element, ExportName, ExprId, Field,
    HandlerClause, ImportName, MatchArm, Name, Param, PatElement, PatField, PatId, StmtId,
    SwitchCase, TemplatePart, TypeField, TypeId, TypeParam,
};

/// A sequence of `T`; `ast[list]` is the slice.
pub struct List<T> {
    start: u32,
    len: u32,
    element: PhantomData<fn() -> T>,
}

impl<T> List<T> {
    pub const EMPTY: List<T> = List { start: 0, len: 0, element: PhantomData };

    pub const fn len(self) -> usize {
        self.len as usize
    }

    pub const fn is_empty(self) -> bool {
        self.len == 0
    }
}

// Derives would ask the same of `T`.
impl<T> Clone for List<T> {
    fn clone(&self) -> List<T> {
        *self
    }
}

impl<T> Copy for List<T> {}

impl<T> PartialEq for List<T> {
    fn eq(&self, other: &List<T>) -> bool {
        (self.start, self.len) == (other.start, other.len)
    }
}

impl<T> Eq for List<T> {}

impl<T> Default for List<T> {
    fn default() -> List<T> {
        List::EMPTY
    }
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.start + self.len)
    }
}

/// Something that lists are made of.
pub(crate) trait Listed: Sized {
    fn pool(pools: &mut Pools) -> &mut Vec<Self>;
}

impl Ast {
    /// Stores the elements, in order, as one list.
    pub(crate) fn list<T: Listed>(&mut self, elements: impl IntoIterator<Item = T>) -> List<T> {
        let pool = T::pool(&mut self.lists);
        let start = pool.len();
        pool.extend(elements);
        List { start: start as u32, len: (pool.len() - start) as u32, element: PhantomData }
    }
}

macro_rules! pools {
    ($($field:ident: $element:ty,)*) => {
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub(crate) struct Pools {
            $($field: Vec<$element>,)*
        }

        $(
            impl Listed for $element {
                fn pool(pools: &mut Pools) -> &mut Vec<$element> {
                    &mut pools.$field
                }
            }

            impl std::ops::Index<List<$element>> for Ast {
                type Output = [$element];

                fn index(&self, list: List<$element>) -> &[$element] {
                    &self.lists.$field[list.start as usize..(list.start + list.len) as usize]
                }
            }
        )*
    };
}

pools! {
    agents: AgentDecl,
    args: Arg,
    branches: Branch,
    clauses: HandlerClause,
    declarators: Declarator,
    elements: Element,
    exports: ExportName,
    exprs: ExprId,
    fields: Field,
    imports: ImportName,
    match_arms: MatchArm,
    names: Name,
    operations: EffectOp,
    params: Param,
    pat_elements: PatElement,
    pat_fields: PatField,
    pats: PatId,
    stmts: StmtId,
    switch_cases: SwitchCase,
    template_parts: TemplatePart,
    type_fields: TypeField,
    type_params: TypeParam,
    types: TypeId,
}
