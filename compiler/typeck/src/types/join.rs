//! Joining: the type of a value that comes from one of several places.
//!
//! A join never forgets a possibility. Where the exact union would grow (different objects,
//! many literals) it becomes coarser: objects merge field by field, literals become their base.
//! Objects of different shapes that a field with a literal tells apart stay apart, as long as
//! they are few: `{ kind: "add", n: 1 } | { kind: "reset" }`.

use std::sync::Arc;

use crate::confidence::Confidence;
use crate::secrets::{Flows, Secrets};
use crate::types::{Fact, FieldType, FunctionType, ObjectType, ParamType, Type, TypeId, Types};

/// Unions with more members than this merge.
const MAX_MEMBERS: usize = 12;
/// Arrays known element by element are at most this long.
pub(crate) const MAX_TUPLE: usize = 16;

impl Types {
    /// The type for a variable that may change, or for the elements of an array:
    /// `5` is a `number`, an array of known length is an array.
    pub fn widen_literal(&mut self, id: TypeId) -> TypeId {
        match self.get(id) {
            Type::NumberLiteral(_) => TypeId::NUMBER,
            Type::TextLiteral(_) => TypeId::TEXT,
            Type::BoolLiteral(_) => TypeId::BOOLEAN,
            Type::Tuple(elements) => {
                let elements = elements.clone();
                let element = self.join_all(&elements);
                self.array(element)
            }
            Type::Any
            | Type::Error
            | Type::Never
            | Type::Null
            | Type::Gap
            | Type::Boolean
            | Type::Number
            | Type::Text
            | Type::Agent
            | Type::Array(_)
            | Type::Object(_)
            | Type::Function(_)
            | Type::Union(_)
            | Type::Alias { .. } => id,
        }
    }

    /// The type for a variable that may change and is declared with this one: where a tuple is
    /// declared, every place keeps its own type.
    pub(crate) fn widen_to(&mut self, id: TypeId, declared: TypeId) -> TypeId {
        match (self.structure(id), self.structure(declared)) {
            (Type::Tuple(elements), Type::Tuple(wanted)) if elements.len() == wanted.len() => {
                let elements = elements.clone();
                let elements = elements.iter().map(|fact| self.widen_fact(*fact)).collect();
                self.intern(Type::Tuple(elements))
            }
            _ => self.widen_literal(id),
        }
    }

    pub fn widen_fact(&mut self, fact: Fact) -> Fact {
        Fact { ty: self.widen_literal(fact.ty), ..fact }
    }

    /// One fact for all elements of a container; literals become their base.
    pub fn join_all(&mut self, facts: &[Fact]) -> Fact {
        let mut joined = Fact::NEVER;
        for fact in facts {
            let fact = self.widen_fact(*fact);
            joined = self.join(joined, fact);
        }
        joined
    }

    /// `a` or `b`. A side that is never reached adds nothing.
    pub fn join(&mut self, a: Fact, b: Fact) -> Fact {
        if a == b || b.ty == TypeId::NEVER {
            return a;
        }
        if a.ty == TypeId::NEVER {
            return b;
        }
        let ty = self.join_types(a.ty, b.ty);
        if ty == TypeId::ANY {
            let (a, b) = (self.forgotten(a), self.forgotten(b));
            return Fact { ty, confidence: a.confidence.hull(b.confidence) };
        }
        Fact { ty, confidence: a.confidence.hull(b.confidence) }
    }

    pub fn join_types(&mut self, a: TypeId, b: TypeId) -> TypeId {
        if a == b || b == TypeId::NEVER {
            return a;
        }
        if a == TypeId::NEVER {
            return b;
        }
        if a == TypeId::ERROR || b == TypeId::ERROR {
            return TypeId::ERROR;
        }
        if a == TypeId::ANY || b == TypeId::ANY {
            return TypeId::ANY;
        }
        if let Some(known) = self.joins.get(&(a, b)) {
            return *known;
        }
        let joined = self.join_new(a, b);
        self.joins.insert((a, b), joined);
        joined
    }

    fn join_new(&mut self, a: TypeId, b: TypeId) -> TypeId {
        if self.is_member(a, b) {
            return b;
        }
        if self.is_member(b, a) {
            return a;
        }
        let mut members = self.members(a);
        for member in self.members(b) {
            self.add_member(&mut members, member);
        }
        self.union_of(members)
    }

    /// A union as declared: members are kept apart.
    pub fn declared_union(&mut self, members: Vec<TypeId>) -> TypeId {
        let mut flat: Vec<TypeId> = Vec::new();
        for member in members {
            for part in self.members(member) {
                if part.is_unknown() {
                    return part;
                }
                if part != TypeId::NEVER && !flat.contains(&part) {
                    flat.push(part);
                }
            }
        }
        self.union_of(flat)
    }

    fn is_member(&self, id: TypeId, of: TypeId) -> bool {
        let Type::Union(members) = self.structure(of) else { return false };
        members.contains(&self.strip(id))
    }

    pub(crate) fn union_of(&mut self, mut members: Vec<TypeId>) -> TypeId {
        if members.contains(&TypeId::TRUE) && members.contains(&TypeId::FALSE) {
            let is_literal = |id: &TypeId| matches!(*id, TypeId::TRUE | TypeId::FALSE);
            let at = members.iter().position(is_literal).unwrap_or(0);
            members[at] = TypeId::BOOLEAN;
            members.retain(|id| !is_literal(id));
        }
        if members.contains(&TypeId::NULL) {
            members.retain(|id| *id != TypeId::GAP);
        }
        match members.len() {
            0 => TypeId::NEVER,
            1 if members[0] == TypeId::GAP => TypeId::NULL,
            1 => members[0],
            2..=MAX_MEMBERS => self.intern(Type::Union(members.into())),
            _ => self.coarse_union(members),
        }
    }

    fn coarse_union(&mut self, members: Vec<TypeId>) -> TypeId {
        let mut coarse: Vec<TypeId> = Vec::new();
        let mut objects: Option<Arc<ObjectType>> = None;
        for member in members {
            if let Type::Object(object) = self.get(member).clone() {
                objects = Some(match objects {
                    Some(others) => Arc::new(self.merge_objects(&others, &object)),
                    None => object,
                });
                continue;
            }
            let wide = self.widen_literal(member);
            self.add_member(&mut coarse, wide);
        }
        if let Some(object) = objects {
            let object = self.intern(Type::Object(object));
            coarse.push(object);
        }
        if let [one] = *coarse {
            return one;
        }
        if coarse.len() > MAX_MEMBERS {
            return TypeId::ANY;
        }
        self.intern(Type::Union(coarse.into()))
    }

    /// Adds one type to the members of an inferred union, merging what merges.
    fn add_member(&mut self, members: &mut Vec<TypeId>, new: TypeId) {
        if members.contains(&new) {
            return;
        }
        let base = self.widen_literal(new);
        if base != new && members.contains(&base) {
            return;
        }
        if matches!(new, TypeId::NUMBER | TypeId::TEXT | TypeId::BOOLEAN) {
            let types = &*self;
            members.retain(|member| !types.is_literal_of(*member, new));
        }
        for member in members.iter_mut() {
            if let Some(merged) = self.merge(*member, new) {
                *member = merged;
                return;
            }
        }
        members.push(new);
    }

    fn is_literal_of(&self, id: TypeId, base: TypeId) -> bool {
        match self.get(id) {
            Type::NumberLiteral(_) => base == TypeId::NUMBER,
            Type::TextLiteral(_) => base == TypeId::TEXT,
            Type::BoolLiteral(_) => base == TypeId::BOOLEAN,
            Type::Any
            | Type::Error
            | Type::Never
            | Type::Null
            | Type::Gap
            | Type::Boolean
            | Type::Number
            | Type::Text
            | Type::Agent
            | Type::Array(_)
            | Type::Tuple(_)
            | Type::Object(_)
            | Type::Function(_)
            | Type::Union(_)
            | Type::Alias { .. } => false,
        }
    }

    /// One type for two of the same kind, if they have one.
    fn merge(&mut self, a: TypeId, b: TypeId) -> Option<TypeId> {
        match (self.get(a).clone(), self.get(b).clone()) {
            (Type::Object(a), Type::Object(b)) if self.are_told_apart(&a, &b) => None,
            (Type::Object(a), Type::Object(b)) => {
                let object = self.merge_objects(&a, &b);
                Some(self.object(object))
            }
            (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
                let pairs: Vec<(Fact, Fact)> = a.iter().copied().zip(b.iter().copied()).collect();
                let elements = pairs.into_iter().map(|(a, b)| self.join(a, b)).collect();
                Some(self.intern(Type::Tuple(elements)))
            }
            (Type::Array(_) | Type::Tuple(_), Type::Array(_) | Type::Tuple(_)) => {
                let a = self.element(a).expect("an array has elements");
                let b = self.element(b).expect("an array has elements");
                let element = self.join(a, b);
                Some(self.array(element))
            }
            (Type::Function(a), Type::Function(b)) => {
                let function = self.merge_functions(&a, &b);
                Some(self.function(function))
            }
            _ => None,
        }
    }

    /// The fact of an array's elements; `None` for what is not an array.
    pub fn element(&mut self, id: TypeId) -> Option<Fact> {
        match self.structure(id) {
            Type::Array(element) => Some(*element),
            Type::Tuple(elements) => {
                let elements = elements.clone();
                Some(self.join_all(&elements))
            }
            Type::Any
            | Type::Error
            | Type::Never
            | Type::Null
            | Type::Gap
            | Type::Boolean
            | Type::Number
            | Type::Text
            | Type::Agent
            | Type::BoolLiteral(_)
            | Type::NumberLiteral(_)
            | Type::TextLiteral(_)
            | Type::Object(_)
            | Type::Function(_)
            | Type::Union(_)
            | Type::Alias { .. } => None,
        }
    }

    /// Objects with different fields, of which one that both have has a literal in each.
    fn are_told_apart(&self, a: &ObjectType, b: &ObjectType) -> bool {
        let has_all = |of: &ObjectType, other: &ObjectType| {
            let mut fields = of.fields.iter().enumerate();
            fields.all(|(index, field)| other.field_near(index, &field.name).is_some())
        };
        if a.is_open || b.is_open || (has_all(a, b) && has_all(b, a)) {
            return false;
        }
        a.fields.iter().enumerate().any(|(index, field)| match b.field_near(index, &field.name) {
            Some(other) if !field.is_optional && !other.is_optional => {
                let (one, other) = (self.members(field.fact.ty), self.members(other.fact.ty));
                let is_literal = |ty: &TypeId| *ty != TypeId::NULL && self.is_literal(*ty);
                let are_literals = |types: &[TypeId]| types.iter().all(is_literal);
                are_literals(&one)
                    && are_literals(&other)
                    && one.iter().all(|literal| !other.contains(literal))
            }
            _ => false,
        })
    }

    fn merge_objects(&mut self, a: &ObjectType, b: &ObjectType) -> ObjectType {
        let mut fields = Vec::with_capacity(a.fields.len().max(b.fields.len()));
        for (index, field) in a.fields.iter().enumerate() {
            fields.push(match b.field_near(index, &field.name) {
                Some(other) => FieldType {
                    name: field.name.clone(),
                    fact: self.join(field.fact, other.fact),
                    is_optional: field.is_optional || other.is_optional,
                },
                None => only_in_one(field, b.is_open),
            });
        }
        let only_b = b
            .fields
            .iter()
            .enumerate()
            .filter(|(index, field)| a.field_near(*index, &field.name).is_none());
        fields.extend(only_b.map(|(_, field)| only_in_one(field, a.is_open)));
        ObjectType { fields, is_open: a.is_open || b.is_open }
    }

    fn merge_functions(&mut self, a: &FunctionType, b: &FunctionType) -> FunctionType {
        let mut effects = a.effects.clone();
        effects.add(&b.effects);
        let result = self.join(a.result, b.result);
        if a.params == b.params && a.is_open == b.is_open {
            return FunctionType { result, effects, flows: a.flows.and(&b.flows), ..a.clone() };
        }
        // Which of them is called is not known: what either demands is demanded.
        let has_demands = a.has_demands() || b.has_demands();
        let n_params = if has_demands { a.params.len().max(b.params.len()) } else { 0 };
        let params = (0..n_params).map(|index| demanded(a.params.get(index), b.params.get(index)));
        let params = params.collect();
        let flows = Flows::default();
        let result = self.renamed(result, &mut Secrets::certain);
        FunctionType { params, is_open: true, result, effects, flows, generic: None }
    }
}

/// A parameter of one of two functions.
fn demanded(a: Option<&ParamType>, b: Option<&ParamType>) -> ParamType {
    let both = || [a, b].into_iter().flatten();
    let confidences = both().map(|param| param.fact.confidence);
    let confidence = confidences.fold(Confidence::ANY, |all, one| Confidence {
        low: all.low.max(one.low),
        level: all.level.max(one.level),
        ..all
    });
    ParamType {
        name: None,
        fact: Fact { ty: TypeId::ANY, confidence },
        is_optional: true,
        is_rest: both().any(|param| param.is_rest),
    }
}

/// A field that the other object does not list: there it is missing, or, when that object is
/// open, may be anything.
fn only_in_one(field: &FieldType, other_is_open: bool) -> FieldType {
    let fact = if other_is_open {
        Fact { ty: TypeId::ANY, confidence: Confidence::ANY }
    } else {
        field.fact
    };
    FieldType { name: field.name.clone(), fact, is_optional: true }
}
