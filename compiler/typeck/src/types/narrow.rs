//! Narrowing: what a type can still be once a test is known to hold, or to fail.

use crate::types::{Fact, FieldType, ObjectType, Type, TypeId, Types};

/// The kinds of value a type can have, as a set. `typeof` tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds(u16);

impl Kinds {
    pub const NONE: Kinds = Kinds(0);
    pub const NULL: Kinds = Kinds(1);
    pub const BOOLEAN: Kinds = Kinds(2);
    pub const NUMBER: Kinds = Kinds(4);
    pub const TEXT: Kinds = Kinds(8);
    pub const ARRAY: Kinds = Kinds(16);
    pub const OBJECT: Kinds = Kinds(32);
    pub const FUNCTION: Kinds = Kinds(64);
    pub const AGENT: Kinds = Kinds(128);
    /// Values that cannot be ruled out: promises and whatever else a host may supply.
    pub const OTHER: Kinds = Kinds(256);
    pub const ALL: Kinds = Kinds(511);

    pub const fn or(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    pub const fn and(self, other: Kinds) -> Kinds {
        Kinds(self.0 & other.0)
    }

    /// Is a value of one of these kinds possible?
    pub const fn meets(self, other: Kinds) -> bool {
        self.0 & other.0 != 0
    }

    pub const fn is_within(self, other: Kinds) -> bool {
        self.0 & !other.0 == 0
    }

    /// The kind that `typeof` names; `None` for a name that it never gives.
    pub fn of_name(name: &str) -> Option<Kinds> {
        Some(match name {
            "null" => Kinds::NULL,
            "boolean" => Kinds::BOOLEAN,
            "number" => Kinds::NUMBER,
            "string" => Kinds::TEXT,
            "array" => Kinds::ARRAY,
            "object" => Kinds::OBJECT,
            "function" => Kinds::FUNCTION,
            "agent" => Kinds::AGENT,
            _ => return None,
        })
    }
}

impl Types {
    /// The kinds of value a type can have. `never` has none.
    pub fn kinds(&self, id: TypeId) -> Kinds {
        match self.get(id) {
            Type::Any | Type::Error => Kinds::ALL,
            Type::Never => Kinds::NONE,
            Type::Null | Type::Gap => Kinds::NULL,
            Type::Boolean | Type::BoolLiteral(_) => Kinds::BOOLEAN,
            Type::Number | Type::NumberLiteral(_) => Kinds::NUMBER,
            Type::Text | Type::TextLiteral(_) => Kinds::TEXT,
            Type::Agent => Kinds::AGENT.or(Kinds::OBJECT),
            Type::Array(_) | Type::Tuple(_) => Kinds::ARRAY,
            Type::Object(_) => Kinds::OBJECT,
            Type::Function(_) => Kinds::FUNCTION,
            Type::Union(members) => {
                members.iter().fold(Kinds::NONE, |kinds, member| kinds.or(self.kinds(*member)))
            }
            Type::Alias { target, .. } => self.kinds(*target),
        }
    }

    /// Keeps the members that can be of one of the kinds. `any` becomes the kind when there
    /// is exactly one simple type for it.
    pub fn keep_kinds(&mut self, id: TypeId, kinds: Kinds) -> TypeId {
        if id == TypeId::ANY {
            return simple_of(kinds).unwrap_or(id);
        }
        self.filter(id, |types, member| types.kinds(member).meets(kinds))
    }

    /// Drops the members that are certainly of one of the kinds.
    pub fn drop_kinds(&mut self, id: TypeId, kinds: Kinds) -> TypeId {
        self.filter(id, |types, member| !types.kinds(member).is_within(kinds))
    }

    /// The type of a value that is known to be truthy.
    pub fn truthy(&mut self, id: TypeId) -> TypeId {
        self.filter(id, |types, member| types.truthiness(member) != Some(false))
    }

    /// The type of a value that is known to be falsy.
    pub fn falsy(&mut self, id: TypeId) -> TypeId {
        self.filter(id, |types, member| types.truthiness(member) != Some(true))
    }

    /// Is a value of the type certainly truthy, or certainly falsy?
    pub fn truthiness(&self, id: TypeId) -> Option<bool> {
        match self.structure(id) {
            Type::Null | Type::Gap => Some(false),
            Type::BoolLiteral(value) => Some(*value),
            Type::NumberLiteral(bits) => Some(bits.value() != 0.0),
            Type::TextLiteral(text) => Some(!text.is_empty()),
            Type::Agent | Type::Array(_) | Type::Tuple(_) | Type::Object(_) | Type::Function(_) => {
                Some(true)
            }
            Type::Union(members) => {
                let mut all = members.iter().map(|member| self.truthiness(*member));
                let first = all.next()??;
                all.all(|other| other == Some(first)).then_some(first)
            }
            Type::Any
            | Type::Error
            | Type::Never
            | Type::Boolean
            | Type::Number
            | Type::Text
            | Type::Alias { .. } => None,
        }
    }

    /// The type of a value of type `id` that equals a value of the literal type `literal`.
    pub fn equal_to(&mut self, id: TypeId, literal: TypeId) -> TypeId {
        if !self.is_literal(literal) || id == TypeId::ERROR {
            return id;
        }
        if id == TypeId::ANY {
            return literal;
        }
        let base = self.widen_literal(literal);
        let is_gap = |member| literal == TypeId::NULL && member == TypeId::GAP;
        let kept =
            self.filter(id, |_, member| member == literal || member == base || is_gap(member));
        if kept == TypeId::NEVER { kept } else { literal }
    }

    /// The type of a value of type `id` that differs from the only value of type `literal`.
    pub fn different_from(&mut self, id: TypeId, literal: TypeId) -> TypeId {
        if !self.is_literal(literal) {
            return id;
        }
        let is_gap = |member| literal == TypeId::NULL && member == TypeId::GAP;
        let rest = self.filter(id, |_, member| member != literal && !is_gap(member));
        match (rest, literal) {
            (TypeId::BOOLEAN, TypeId::TRUE) => TypeId::FALSE,
            (TypeId::BOOLEAN, TypeId::FALSE) => TypeId::TRUE,
            (rest, _) => rest,
        }
    }

    /// A type with exactly one value.
    pub fn is_literal(&self, id: TypeId) -> bool {
        matches!(
            self.get(id),
            Type::Null | Type::BoolLiteral(_) | Type::NumberLiteral(_) | Type::TextLiteral(_)
        )
    }

    pub fn as_number(&self, id: TypeId) -> Option<f64> {
        if let Type::NumberLiteral(bits) = self.get(id) { Some(bits.value()) } else { None }
    }

    /// Keeps the members whose field `name` can be what the test leaves; narrows that field.
    /// Members without fields to look at stay as they are.
    pub fn narrow_field(
        &mut self,
        id: TypeId,
        name: &str,
        narrow: &mut dyn FnMut(&mut Types, Fact) -> Fact,
    ) -> TypeId {
        let members = self.members(id);
        let mut kept = Vec::with_capacity(members.len());
        let mut is_changed = false;
        for member in members {
            let new = self.narrow_member_field(member, name, narrow);
            is_changed |= new != member;
            if new != TypeId::NEVER {
                kept.push(new);
            }
        }
        if is_changed { self.union_of(kept) } else { id }
    }

    fn narrow_member_field(
        &mut self,
        member: TypeId,
        name: &str,
        narrow: &mut dyn FnMut(&mut Types, Fact) -> Fact,
    ) -> TypeId {
        let Type::Object(object) = self.get(member) else { return member };
        let Some(at) = object.fields.iter().position(|field| &*field.name == name) else {
            return member;
        };
        let object = object.clone();
        let narrowed = narrow(self, object.fields[at].fact);
        if narrowed.ty == TypeId::NEVER && !object.fields[at].is_optional {
            return TypeId::NEVER;
        }
        if narrowed.ty == TypeId::NEVER || narrowed == object.fields[at].fact {
            return member;
        }
        self.with_field(&object, at, narrowed)
    }

    fn with_field(&mut self, object: &ObjectType, at: usize, fact: Fact) -> TypeId {
        let mut copy = object.clone();
        copy.fields[at] = FieldType { fact, ..copy.fields[at].clone() };
        self.object(copy)
    }

    /// Keeps the members of a union that pass; a type that is not a union is its only member.
    fn filter(&mut self, id: TypeId, keep: impl Fn(&Types, TypeId) -> bool) -> TypeId {
        if id.is_unknown() || id == TypeId::NEVER {
            return id;
        }
        let Type::Union(members) = self.structure(id) else {
            return if keep(self, self.strip(id)) { id } else { TypeId::NEVER };
        };
        let kept: Vec<TypeId> = members.iter().copied().filter(|m| keep(self, *m)).collect();
        if kept.len() == members.len() { id } else { self.union_of(kept) }
    }
}

fn simple_of(kinds: Kinds) -> Option<TypeId> {
    Some(match kinds {
        Kinds::NULL => TypeId::NULL,
        Kinds::BOOLEAN => TypeId::BOOLEAN,
        Kinds::NUMBER => TypeId::NUMBER,
        Kinds::TEXT => TypeId::TEXT,
        _ => return None,
    })
}
