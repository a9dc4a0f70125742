//! Types, and the table that interns them.
//!
//! A [`TypeId`] is an index into the [`Types`] of one inference or signature; the simple types
//! have fixed ids that are the same everywhere. Equal types of one table have equal ids, so
//! comparing, joining and narrowing are cheap where nothing changed.

mod annotation;
mod assign;
mod content;
mod display;
mod generic;
mod import;
mod join;
mod narrow;
mod parts;
mod relabel;

use std::sync::Arc;

use prism_hir::body::Bits;
use rustc_hash::{FxBuildHasher, FxHashMap};

pub use annotation::{Alias, Scope};
pub use assign::{Mismatch, Reason};
pub use display::{DisplayType, display_confidence};
pub(crate) use generic::Bindings;
pub use generic::Generic;
pub(crate) use join::MAX_TUPLE;
pub use narrow::Kinds;

use crate::confidence::{Confidence, Label, Level};
use crate::effects::Effects;
use crate::secrets::Flows;
use content::Content;

pub type Text = Arc<str>;

/// A type of one [`Types`] table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(u32);

impl TypeId {
    /// Nothing is known; everything is allowed.
    pub const ANY: TypeId = TypeId(0);
    /// The type of what was already reported; absorbs further errors.
    pub const ERROR: TypeId = TypeId(1);
    /// No value: the code is not reached.
    pub const NEVER: TypeId = TypeId(2);
    pub const NULL: TypeId = TypeId(3);
    pub const BOOLEAN: TypeId = TypeId(4);
    pub const NUMBER: TypeId = TypeId(5);
    pub const TEXT: TypeId = TypeId(6);
    pub const AGENT: TypeId = TypeId(7);
    pub const TRUE: TypeId = TypeId(8);
    pub const FALSE: TypeId = TypeId(9);
    /// Null where an array may have ended before a pattern did; see [`Type::Gap`].
    pub const GAP: TypeId = TypeId(10);
    /// The first type parameter of a [`Generic`].
    const PARAM: u32 = 11;

    /// A type parameter; less than [`generic::MAX_PARAMS`].
    pub(crate) fn param(index: usize) -> TypeId {
        TypeId(TypeId::PARAM + index as u32)
    }

    pub(crate) fn param_index(self) -> Option<usize> {
        let index = self.0.checked_sub(TypeId::PARAM)? as usize;
        (index < generic::MAX_PARAMS).then_some(index)
    }

    /// The same id in every table.
    fn is_simple(self) -> bool {
        (self.0 as usize) < SIMPLE.len()
    }

    /// `any` or an error: nothing can be said about it.
    pub fn is_unknown(self) -> bool {
        self == TypeId::ANY || self == TypeId::ERROR
    }
}

/// What is known of a value: its type and its confidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fact {
    pub ty: TypeId,
    pub confidence: Confidence,
}

impl Fact {
    pub const ANY: Fact = Fact { ty: TypeId::ANY, confidence: Confidence::ANY };
    pub const ERROR: Fact = Fact { ty: TypeId::ERROR, confidence: Confidence::ANY };
    pub const NEVER: Fact = Fact { ty: TypeId::NEVER, confidence: Confidence::PLAIN };
    pub const NULL: Fact = Fact::plain(TypeId::NULL);

    pub const fn plain(ty: TypeId) -> Fact {
        Fact { ty, confidence: Confidence::PLAIN }
    }

    /// A value of the type, of any confidence or none.
    pub const fn of(ty: TypeId) -> Fact {
        Fact { ty, confidence: Confidence::ANY }
    }

    pub const fn with(self, confidence: Confidence) -> Fact {
        Fact { ty: self.ty, confidence }
    }

    /// The same value, come by way of something with this label.
    pub fn capped(self, label: impl Into<Label>) -> Fact {
        self.with(self.confidence.capped(label))
    }

    pub const fn retyped(self, ty: TypeId) -> Fact {
        Fact { ty, confidence: self.confidence }
    }
}

/// One type; its parts are ids of the same table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    Any,
    Error,
    Never,
    Null,
    /// Null that nobody wrote: the element of an array of any length, taken by a pattern. It
    /// stands in unions only, is not shown, and fits every declaration: whoever writes
    /// `let [a, b] = xs` says that they are there.
    Gap,
    Boolean,
    Number,
    Text,
    Agent,
    BoolLiteral(bool),
    NumberLiteral(Bits),
    TextLiteral(Text),
    /// Any number of elements.
    Array(Fact),
    /// An array whose elements are known one by one.
    Tuple(Box<[Fact]>),
    Object(Arc<ObjectType>),
    Function(Arc<FunctionType>),
    /// At least two members, none of them a union, `any` or `never`.
    Union(Box<[TypeId]>),
    /// A declared name for a type.
    Alias {
        name: Text,
        target: TypeId,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ObjectType {
    /// In the order in which they were written.
    pub fields: Vec<FieldType>,
    /// Keys that are not listed may exist.
    pub is_open: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldType {
    pub name: Text,
    pub fact: Fact,
    pub is_optional: bool,
}

impl ObjectType {
    pub fn field(&self, name: &str) -> Option<&FieldType> {
        self.fields.iter().find(|field| &*field.name == name)
    }

    /// The same for a name that probably stands at this index, as in an object of the same kind.
    pub(crate) fn field_near(&self, index: usize, name: &Text) -> Option<&FieldType> {
        let near = self.fields.get(index).filter(|field| field.name == *name);
        near.or_else(|| self.field(name))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FunctionType {
    pub params: Vec<ParamType>,
    /// The parameters are not known: any arguments fit.
    pub is_open: bool,
    pub result: Fact,
    pub effects: Effects,
    /// Where what is in an argument goes.
    pub flows: Flows,
    /// How a function with type parameters is written; they are `any` above.
    pub generic: Option<Arc<Generic>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ParamType {
    /// `None` for a pattern.
    pub name: Option<Text>,
    pub fact: Fact,
    pub is_optional: bool,
    pub is_rest: bool,
}

impl FunctionType {
    /// A function of which only this much is known.
    pub fn unknown() -> FunctionType {
        FunctionType {
            params: Vec::new(),
            is_open: true,
            result: Fact::ANY,
            effects: Effects::unknown(),
            flows: Flows::default(),
            generic: None,
        }
    }

    /// A parameter demands a level, not only a bound.
    pub fn has_demands(&self) -> bool {
        self.params.iter().any(|param| param.fact.confidence.level > Level::Unknown)
    }

    /// The fewest arguments a call must give.
    pub fn min_args(&self) -> usize {
        let needed = |param: &&ParamType| !param.is_optional && !param.is_rest;
        self.params.iter().filter(needed).count()
    }

    /// The most arguments a call may give; `None` without a limit.
    pub fn max_args(&self) -> Option<usize> {
        let unlimited = self.is_open || self.params.iter().any(|param| param.is_rest);
        (!unlimited).then_some(self.params.len())
    }
}

/// The types of one inference or signature.
#[derive(Debug, Clone, Default)]
pub struct Types {
    table: Vec<Type>,
    contents: Vec<Content>,
    ids: FxHashMap<Type, TypeId>,
    /// Joins of composite types so far.
    joins: FxHashMap<(TypeId, TypeId), TypeId>,
    /// How many types became `any` for being too deep.
    n_too_deep: u32,
}

impl PartialEq for Types {
    fn eq(&self, other: &Types) -> bool {
        self.table == other.table
    }
}

impl Eq for Types {}

/// The simple types, at their fixed ids; behind them type parameters, of which nothing is known.
static SIMPLE: [Type; 11 + generic::MAX_PARAMS] = [
    Type::Any,
    Type::Error,
    Type::Never,
    Type::Null,
    Type::Boolean,
    Type::Number,
    Type::Text,
    Type::Agent,
    Type::BoolLiteral(true),
    Type::BoolLiteral(false),
    Type::Gap,
    Type::Any,
    Type::Any,
    Type::Any,
    Type::Any,
    Type::Any,
    Type::Any,
    Type::Any,
    Type::Any,
];

/// Types deeper than this become `any`, so that no program makes the checker build a tower.
const MAX_DEPTH: u8 = 16;

/// So many composite types an item usually has.
const USUAL: usize = 8;

impl Types {
    /// For an inference: with room for the types of an item, which [`Types::freeze`] gives back.
    pub fn with_room() -> Types {
        Types {
            table: Vec::with_capacity(USUAL),
            contents: Vec::with_capacity(USUAL),
            ids: FxHashMap::with_capacity_and_hasher(USUAL, FxBuildHasher),
            ..Types::default()
        }
    }

    pub fn get(&self, id: TypeId) -> &Type {
        let index = id.0 as usize;
        match SIMPLE.get(index) {
            Some(simple) => simple,
            None => &self.table[index - SIMPLE.len()],
        }
    }

    /// The type behind declared names.
    pub fn strip(&self, id: TypeId) -> TypeId {
        if let Type::Alias { target, .. } = self.get(id) { *target } else { id }
    }

    /// Like [`Types::get`], behind declared names.
    pub fn structure(&self, id: TypeId) -> &Type {
        self.get(self.strip(id))
    }

    /// Drops what only building needs.
    pub fn freeze(&mut self) {
        self.ids = FxHashMap::default();
        self.joins = FxHashMap::default();
        self.table.shrink_to_fit();
        self.contents.shrink_to_fit();
    }

    pub fn intern(&mut self, ty: Type) -> TypeId {
        match ty {
            Type::Any => TypeId::ANY,
            Type::Error => TypeId::ERROR,
            Type::Never => TypeId::NEVER,
            Type::Null => TypeId::NULL,
            Type::Gap => TypeId::GAP,
            Type::Boolean => TypeId::BOOLEAN,
            Type::Number => TypeId::NUMBER,
            Type::Text => TypeId::TEXT,
            Type::Agent => TypeId::AGENT,
            Type::BoolLiteral(true) => TypeId::TRUE,
            Type::BoolLiteral(false) => TypeId::FALSE,
            Type::NumberLiteral(_)
            | Type::TextLiteral(_)
            | Type::Array(_)
            | Type::Tuple(_)
            | Type::Object(_)
            | Type::Function(_)
            | Type::Union(_)
            | Type::Alias { .. } => self.intern_composite(ty),
        }
    }

    fn intern_composite(&mut self, ty: Type) -> TypeId {
        if let Some(id) = self.ids.get(&ty) {
            return *id;
        }
        let content = self.content_of(&ty);
        if content.depth > MAX_DEPTH {
            self.n_too_deep += 1;
            return TypeId::ANY;
        }
        let id = TypeId((SIMPLE.len() + self.table.len()) as u32);
        self.table.push(ty.clone());
        self.contents.push(content);
        self.ids.insert(ty, id);
        id
    }

    pub fn number_literal(&mut self, value: Bits) -> TypeId {
        self.intern(Type::NumberLiteral(value))
    }

    pub fn text_literal(&mut self, value: &Text) -> TypeId {
        self.intern(Type::TextLiteral(value.clone()))
    }

    pub fn array(&mut self, element: Fact) -> TypeId {
        self.intern(Type::Array(element))
    }

    pub fn object(&mut self, object: ObjectType) -> TypeId {
        self.intern(Type::Object(Arc::new(object)))
    }

    pub fn function(&mut self, function: FunctionType) -> TypeId {
        self.intern(Type::Function(Arc::new(function)))
    }

    /// The members of a union, or the type itself.
    pub fn members(&self, id: TypeId) -> Vec<TypeId> {
        if let Type::Union(members) = self.structure(id) {
            return members.to_vec();
        }
        vec![self.strip(id)]
    }

    /// A function of which nothing else is known.
    pub fn any_function(&mut self) -> TypeId {
        self.function(FunctionType::unknown())
    }

    /// An object of which nothing else is known.
    pub fn some_object(&mut self) -> TypeId {
        self.object(ObjectType { fields: Vec::new(), is_open: true })
    }
}
