//! Types as written.

use prism_span::Span;

use super::{FieldKey, Level, List, Name, Quote, TypeId, Uses};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Type {
    pub kind: TypeKind,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeKind {
    /// Not readable; reported.
    Error,
    /// `number`, `any`, `Vote`, `Array<T>`; built-in names are names like others.
    Name {
        name: Name,
        args: List<TypeId>,
    },
    Null,
    Bool(bool),
    /// A number, with its minus when it has one; the text is the type's span.
    Number,
    Text(Quote),
    Paren(TypeId),
    /// `T[]`
    Array(TypeId),
    /// `[A, B]`
    Tuple(List<TypeId>),
    /// `{ k: T }`, open when it ends in `...`.
    Object {
        fields: List<TypeField>,
        is_open: bool,
    },
    Union(List<TypeId>),
    /// `(a: T, ...r: U[]) => R uses e`
    Function {
        params: List<TypeParam>,
        result: TypeId,
        uses: Option<Uses>,
    },
    /// `T ~>= 0.9 verified`; `at_least` is the number as written.
    Confident {
        base: TypeId,
        at_least: Span,
        level: Option<Level>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeField {
    /// For `[key: string]: T` the name of the key.
    pub key: FieldKey,
    /// `k?: T`
    pub optional: bool,
    /// `[key: string]: T`: any further key.
    pub is_index: bool,
    pub ty: TypeId,
}

/// A parameter of a function type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeParam {
    /// `(T) => U` has none.
    pub name: Option<Name>,
    pub optional: bool,
    pub is_rest: bool,
    pub ty: TypeId,
}
