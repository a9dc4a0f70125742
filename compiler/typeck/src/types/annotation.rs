//! Annotations: from a type as written to a type of the table.
//!
//! Declared names are expanded when they are read. Inside its own expansion a name becomes
//! `any` at the fifth level, or at the third where that would be too much: a recursive type is
//! checked as deep as programs write literals.

use prism_hir::body::TypeRef;
use rustc_hash::FxHashMap;

use crate::confidence::{Confidence, Level};
use crate::effects::Effects;
use crate::secrets::{Flows, Secrets};
use crate::types::{
    Fact, FieldType, FunctionType, MAX_TUPLE, ObjectType, ParamType, Text, Type, TypeId, Types,
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

/// How often a name may stand inside its own expansion: as often as the expansion stays small
/// and leaves room for what holds it; at least twice.
const UNFOLDINGS: [usize; 2] = [4, 2];

/// How deep a type may be that was unfolded more often than it has to.
const MAX_UNFOLDED_DEPTH: u8 = 9;

/// How many declared names one annotation may expand.
const MAX_EXPANSIONS: usize = 200;

/// The names being expanded, and what type parameters stand for.
struct Expansion {
    open: Vec<Text>,
    params: Vec<(Text, Fact)>,
    n_expanded: usize,
    max_unfolding: usize,
    /// Expansions inside of an expansion of the same name: by name, arguments and what is open.
    /// A type may mention itself at many places.
    known: FxHashMap<(Text, Vec<Fact>, Vec<Text>), Fact>,
}

impl Types {
    /// The fact that an annotation declares. A type says nothing of the confidence unless
    /// `~>=` does.
    pub fn annotation(&mut self, scope: &dyn Scope, ty: &TypeRef) -> Fact {
        self.annotation_with(scope, ty, Vec::new())
    }

    /// The same, where these names stand for something.
    pub(crate) fn annotation_with(
        &mut self,
        scope: &dyn Scope,
        ty: &TypeRef,
        params: Vec<(Text, Fact)>,
    ) -> Fact {
        let mut last = Fact::ANY;
        for max_unfolding in UNFOLDINGS {
            let n_too_deep = self.n_too_deep;
            let mut open = Expansion {
                open: Vec::new(),
                params: params.clone(),
                n_expanded: 0,
                max_unfolding,
                known: FxHashMap::default(),
            };
            last = self.read(scope, ty, &mut open);
            let is_small = open.n_expanded <= MAX_EXPANSIONS
                && self.n_too_deep == n_too_deep
                && self.depth(last.ty) <= MAX_UNFOLDED_DEPTH;
            // Nothing stands inside of itself: there is nothing to unfold less often.
            if is_small || open.known.is_empty() {
                break;
            }
        }
        last
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
            TypeRef::Tuple(elements) => {
                let facts: Vec<Fact> =
                    elements.iter().map(|element| self.read(scope, element, open)).collect();
                if facts.len() > MAX_TUPLE {
                    let element = facts.into_iter().reduce(|a, b| self.join(a, b));
                    self.array(element.unwrap_or(Fact::ANY))
                } else {
                    self.intern(Type::Tuple(facts.into()))
                }
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
        let n_open = open.open.iter().filter(|other| *other == name).count();
        if n_open >= open.max_unfolding {
            return Fact::ANY;
        }
        let facts: Vec<Fact> = args.iter().map(|arg| self.read(scope, arg, open)).collect();
        let key = (n_open > 0).then(|| {
            let mut around = open.open.clone();
            around.sort();
            (name.clone(), facts.clone(), around)
        });
        if let Some(known) = key.as_ref().and_then(|key| open.known.get(key)) {
            return *known;
        }
        open.n_expanded += 1;
        if open.n_expanded > MAX_EXPANSIONS {
            return Fact::ANY;
        }
        let bound =
            alias.params.iter().cloned().zip(facts.into_iter().chain(std::iter::repeat(Fact::ANY)));
        let outer = std::mem::replace(&mut open.params, bound.collect());
        open.open.push(name.clone());
        let fact = self.read(scope, &alias.ty, open);
        open.open.pop();
        open.params = outer;
        let fact = if fact.ty.is_unknown() || !alias.params.is_empty() {
            fact
        } else {
            let target = self.strip(fact.ty);
            fact.retyped(self.intern(Type::Alias { name: alias.name.clone(), target }))
        };
        if let Some(key) = key {
            open.known.insert(key, fact);
        }
        fact
    }
}
