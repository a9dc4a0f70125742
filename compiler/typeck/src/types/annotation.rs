//! Annotations: from a type as written to a type of the table.
//!
//! Declared names are expanded when they are read. Inside its own expansion a name becomes
//! `any` at the third level: a recursive type is checked as deep as programs write literals.

use prism_hir::body::TypeRef;

use crate::confidence::{Confidence, Level};
use crate::effects::Effects;
use crate::secrets::{Flows, Secrets};
use crate::types::{
    Fact, FieldType, FunctionType, ObjectType, ParamType, Text, Type, TypeId, Types,
};

/// Where the names in annotations are declared.
pub trait Scope {
    /// The declaration of a type name, if there is one.
    fn alias(&self, name: &str) -> Option<Alias>;
}

/// `type name<params> = ty`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// As people write it.
    pub name: Text,
    pub params: Vec<Text>,
    pub ty: TypeRef,
}

/// How often a name may stand inside its own expansion.
const MAX_UNFOLDING: usize = 2;

/// How many declared names one annotation may expand.
const MAX_EXPANSIONS: usize = 200;

/// The names being expanded, and what type parameters stand for.
#[derive(Default)]
struct Expansion {
    open: Vec<Text>,
    params: Vec<(Text, Fact)>,
    n_expanded: usize,
}

impl Types {
    /// The fact that an annotation declares. A type says nothing of the confidence unless
    /// `~>=` does.
    pub fn annotation(&mut self, scope: &dyn Scope, ty: &TypeRef) -> Fact {
        self.read(scope, ty, &mut Expansion::default())
    }

    /// The same, where these names stand for something.
    pub(crate) fn annotation_with(
        &mut self,
        scope: &dyn Scope,
        ty: &TypeRef,
        params: Vec<(Text, Fact)>,
    ) -> Fact {
        self.read(scope, ty, &mut Expansion { params, ..Expansion::default() })
    }

    fn read(&mut self, scope: &dyn Scope, ty: &TypeRef, open: &mut Expansion) -> Fact {
        let id = match ty {
            TypeRef::Error => TypeId::ERROR,
            TypeRef::Any => TypeId::ANY,
            TypeRef::Number => TypeId::NUMBER,
            TypeRef::Text => TypeId::TEXT,
            TypeRef::Boolean => TypeId::BOOLEAN,
            TypeRef::Null => TypeId::NULL,
            TypeRef::TextLiteral(text) => self.text_literal(text),
            TypeRef::NumberLiteral(bits) => self.number_literal(*bits),
            TypeRef::BoolLiteral(true) => TypeId::TRUE,
            TypeRef::BoolLiteral(false) => TypeId::FALSE,
            TypeRef::Secret => {
                let confidence = Confidence::ANY.holding(Secrets::SOME);
                return Fact { ty: TypeId::TEXT, confidence };
            }
            TypeRef::Named { name, args } => return self.read_named(scope, name, args, open),
            TypeRef::Array(element) => {
                let element = self.read(scope, element, open);
                self.array(element)
            }
            TypeRef::Object { fields, is_open } => {
                let fields = fields
                    .iter()
                    .map(|field| FieldType {
                        name: field.name.clone(),
                        fact: self.read(scope, &field.ty, open),
                        is_optional: field.optional,
                    })
                    .collect();
                self.object(ObjectType { fields, is_open: *is_open })
            }
            TypeRef::Union(members) => return self.read_union(scope, members, open),
            TypeRef::Function { params, rest, result, uses } => {
                let function = self.read_function(scope, (params, *rest), result, uses, open);
                self.function(function)
            }
            TypeRef::Confident { base, at_least, level } => {
                let base = self.read(scope, base, open);
                let level = level.map_or(Level::Unknown, Level::from);
                let promise = Confidence::at_least(at_least.value()).at(level);
                let ty = self.promised(base.ty, promise);
                let secrets = base.confidence.secrets;
                return Fact { ty, confidence: promise.holding(secrets) };
            }
        };
        Fact::of(id)
    }

    /// The type as it is inside a value that somebody vouches for: what the whole promises, its
    /// parts promise.
    pub(crate) fn promised(&mut self, id: TypeId, promise: Confidence) -> TypeId {
        if promise.level == Level::Unknown {
            return id;
        }
        self.with_parts(id, &mut |types, part| types.promised_fact(part, promise))
    }

    fn promised_fact(&mut self, fact: Fact, promise: Confidence) -> Fact {
        let ty = self.promised(fact.ty, promise);
        let Confidence { low, level, .. } = fact.confidence;
        let (low, level) = (low.max(promise.low), level.max(promise.level));
        Fact { ty, confidence: Confidence { low, level, ..fact.confidence } }
    }

    fn read_union(&mut self, scope: &dyn Scope, members: &[TypeRef], open: &mut Expansion) -> Fact {
        let facts: Vec<Fact> =
            members.iter().map(|member| self.read(scope, member, open)).collect();
        let id = self.declared_union(facts.iter().map(|fact| fact.ty).collect());
        let hull = facts.iter().map(|fact| fact.confidence).reduce(Confidence::hull);
        Fact { ty: id, confidence: hull.unwrap_or(Confidence::ANY) }
    }

    fn read_function(
        &mut self,
        scope: &dyn Scope,
        (params, rest): (&[TypeRef], bool),
        result: &TypeRef,
        uses: &Option<Vec<Text>>,
        open: &mut Expansion,
    ) -> FunctionType {
        let n_params = params.len();
        let param = |(index, ty): (usize, &TypeRef)| ParamType {
            name: None,
            fact: self.read(scope, ty, open),
            is_optional: false,
            is_rest: rest && index + 1 == n_params,
        };
        FunctionType {
            params: params.iter().enumerate().map(param).collect(),
            is_open: false,
            result: self.read(scope, result, open),
            effects: uses.as_ref().map_or_else(Effects::unknown, |uses| Effects::declared(uses)),
            flows: Flows::default(),
            generic: None,
        }
    }

    fn read_named(
        &mut self,
        scope: &dyn Scope,
        name: &Text,
        args: &[TypeRef],
        open: &mut Expansion,
    ) -> Fact {
        if let Some((_, fact)) = open.params.iter().rev().find(|(param, _)| param == name) {
            return *fact;
        }
        if let Some(alias) = scope.alias(name) {
            return self.expand(scope, name, &alias, args, open);
        }
        let first = args.first();
        Fact::of(match &**name {
            "Agent" => TypeId::AGENT,
            "Array" | "List" => {
                let element = first.map_or(Fact::ANY, |ty| self.read(scope, ty, open));
                self.array(element)
            }
            "Promise" => return first.map_or(Fact::ANY, |ty| self.read(scope, ty, open)),
            "Function" => self.any_function(),
            "Object" | "object" => self.some_object(),
            "never" => TypeId::NEVER,
            // Type parameters of functions, and names that resolution has reported.
            _ => TypeId::ANY,
        })
    }

    fn expand(
        &mut self,
        scope: &dyn Scope,
        name: &Text,
        alias: &Alias,
        args: &[TypeRef],
        open: &mut Expansion,
    ) -> Fact {
        open.n_expanded += 1;
        let n_open = open.open.iter().filter(|other| *other == name).count();
        if n_open >= MAX_UNFOLDING || open.n_expanded > MAX_EXPANSIONS {
            return Fact::ANY;
        }
        let facts: Vec<Fact> = args.iter().map(|arg| self.read(scope, arg, open)).collect();
        let bound =
            alias.params.iter().cloned().zip(facts.into_iter().chain(std::iter::repeat(Fact::ANY)));
        let outer = std::mem::replace(&mut open.params, bound.collect());
        open.open.push(name.clone());
        let fact = self.read(scope, &alias.ty, open);
        open.open.pop();
        open.params = outer;
        if fact.ty.is_unknown() || !alias.params.is_empty() {
            return fact;
        }
        let target = self.strip(fact.ty);
        Fact { ty: self.intern(Type::Alias { name: alias.name.clone(), target }), ..fact }
    }
}
