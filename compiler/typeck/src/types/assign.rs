//! Assignability: may a value of one type stand where another type was declared?
//!
//! `any` fits everywhere and accepts everything. A union fits when all its members fit.
//! The answer names the innermost place that does not fit.

use crate::confidence::Level;
use crate::types::{Fact, FieldType, FunctionType, ObjectType, Text, Type, TypeId, Types};

/// Why a value does not fit a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Fields and elements from the outside to the place: `votes`, `[]`.
    pub path: Vec<Text>,
    pub reason: Reason,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    Type {
        expected: TypeId,
        found: TypeId,
    },
    MissingField {
        name: Text,
        of: TypeId,
    },
    /// The confidence may be below what is required.
    Confidence {
        required: f64,
        found: f64,
    },
    /// The value comes from something less trusted than is required.
    Level {
        required: Level,
        found: Level,
    },
    /// A function that demands a level goes where nobody sees that it does.
    DemandForgotten,
    /// The function needs more arguments than it will get.
    Params {
        expected: usize,
        found: usize,
    },
    /// The function needs a surer argument than it may get.
    NeedsConfidence {
        param: Option<Text>,
        required: f64,
        level: Level,
    },
}

impl Eq for Reason {}

type Fit = Result<(), Mismatch>;

impl Types {
    /// Does a value with fact `from` fit a declaration `to`, its confidence included?
    pub fn check_fit(&self, from: Fact, to: Fact) -> Fit {
        self.fit_type(from.ty, to.ty)?;
        self.fit_confidence(from, to)
    }

    fn fit_confidence(&self, from: Fact, to: Fact) -> Fit {
        if from.ty == TypeId::NEVER || from.ty == TypeId::ERROR {
            return Ok(());
        }
        let (required, level) = (to.confidence.low, to.confidence.level);
        // A bound is about the value itself, a level about everything that is in it.
        let found = if level == Level::Unknown { from.confidence } else { self.whole(from) };
        if found.level < level {
            return Err(here(Reason::Level { required: level, found: found.level }));
        }
        if found.low < required {
            return Err(here(Reason::Confidence { required, found: found.low }));
        }
        Ok(())
    }

    pub fn fit_type(&self, from: TypeId, to: TypeId) -> Fit {
        let (from, to) = (self.strip(from), self.strip(to));
        if from == to || matches!(from, TypeId::NEVER | TypeId::GAP) || to == TypeId::ERROR {
            return Ok(());
        }
        if to == TypeId::ANY && self.has_demands(from) {
            return Err(here(Reason::DemandForgotten));
        }
        if from.is_unknown() || to.is_unknown() || to.param_index().is_some() {
            return Ok(());
        }
        if let Type::Union(members) = self.get(from) {
            return members.iter().try_for_each(|member| {
                self.fit_type(*member, to).map_err(|mismatch| whole(mismatch, to, *member))
            });
        }
        match (self.get(from), self.get(to)) {
            (_, Type::Union(members)) => self.fit_any_member(from, members, to),
            (Type::NumberLiteral(_), Type::Number)
            | (Type::TextLiteral(_), Type::Text)
            | (Type::BoolLiteral(_), Type::Boolean) => Ok(()),
            (Type::Array(a), Type::Array(b)) => self.check_fit(*a, *b).map_err(|m| inside(m, "[]")),
            (Type::Tuple(a), Type::Array(b)) => a
                .iter()
                .try_for_each(|a| self.check_fit(*a, *b))
                .map_err(|mismatch| inside(mismatch, "[]")),
            (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
                let mut pairs = a.iter().zip(b.iter());
                pairs.try_for_each(|(a, b)| self.check_fit(*a, *b).map_err(|m| inside(m, "[]")))
            }
            (Type::Object(a), Type::Object(b)) => self.fit_object(a, to, b),
            (Type::Function(a), Type::Function(b)) => self.fit_function((from, a), (to, b)),
            // An agent handle is an object to those who only read its attributes.
            (Type::Agent, Type::Object(_)) | (Type::Object(_), Type::Agent) => Ok(()),
            // An array of unknown length may have the right one, and the right elements.
            (Type::Array(a), Type::Tuple(b)) => {
                let fits = |b: &Fact| {
                    let may_be = a.ty.is_unknown()
                        || b.ty.is_unknown()
                        || self.kinds(a.ty).meets(self.kinds(b.ty));
                    match may_be {
                        true => self.fit_confidence(*a, *b).map_err(|m| inside(m, "[]")),
                        false => Err(here(Reason::Type { expected: to, found: from })),
                    }
                };
                b.iter().try_for_each(fits)
            }
            _ => Err(here(Reason::Type { expected: to, found: from })),
        }
    }

    fn fit_any_member(&self, from: TypeId, members: &[TypeId], to: TypeId) -> Fit {
        let mut closest = None;
        for member in members {
            match self.fit_type(from, *member) {
                Ok(()) => return Ok(()),
                Err(mismatch) if self.kinds(*member).meets(self.kinds(from)) => {
                    closest.get_or_insert(mismatch);
                }
                Err(_) => {}
            }
        }
        let n_candidates =
            members.iter().filter(|member| self.kinds(**member).meets(self.kinds(from))).count();
        match closest {
            Some(mismatch) if n_candidates == 1 && !mismatch.path.is_empty() => Err(mismatch),
            _ => Err(here(Reason::Type { expected: to, found: from })),
        }
    }

    fn fit_object(&self, a: &ObjectType, to: TypeId, b: &ObjectType) -> Fit {
        for field in &b.fields {
            match a.field(&field.name) {
                // A field that may be missing is only an error where none of it can be there.
                Some(found) => self
                    .check_fit(found.fact, field.fact)
                    .or_else(|mismatch| self.null_for_optional(found.fact, field, mismatch))
                    .map_err(|mismatch| inside(mismatch, &field.name))?,
                None if field.is_optional || a.is_open => {}
                None => {
                    let name = field.name.clone();
                    return Err(here(Reason::MissingField { name, of: to }));
                }
            }
        }
        Ok(())
    }

    /// `{ votes?: number }` accepts null: a missing key and null read the same softly.
    fn null_for_optional(&self, found: Fact, field: &FieldType, mismatch: Mismatch) -> Fit {
        if field.is_optional && found.ty == TypeId::NULL { Ok(()) } else { Err(mismatch) }
    }

    fn fit_function(
        &self,
        (from, a): (TypeId, &FunctionType),
        (to, b): (TypeId, &FunctionType),
    ) -> Fit {
        if !b.is_open && !a.is_open && a.min_args() > b.params.len() {
            let (expected, found) = (b.params.len(), a.min_args());
            return Err(here(Reason::Params { expected, found }));
        }
        for (a, b) in a.params.iter().zip(&b.params) {
            if a.is_rest || b.is_rest {
                continue;
            }
            if self.fit_type(b.fact.ty, a.fact.ty).is_err() {
                return Err(here(Reason::Type { expected: to, found: from }));
            }
            let (required, level) = (a.fact.confidence.low, a.fact.confidence.level);
            let offered =
                if level == Level::Unknown { b.fact.confidence } else { self.whole(b.fact) };
            if offered.low < required || offered.level < level {
                let param = a.name.clone();
                return Err(here(Reason::NeedsConfidence { param, required, level }));
            }
        }
        self.check_fit(a.result, b.result)
    }
}

impl Types {
    /// A type that fits a declaration, with the fields that the declaration knows besides: they
    /// may be missing.
    pub fn shaped(&mut self, from: TypeId, to: TypeId) -> TypeId {
        if from == to || from.is_unknown() || to.is_unknown() {
            return from;
        }
        match (self.get(from).clone(), self.structure(to).clone()) {
            (Type::Union(members), _) => {
                let members = members.iter().map(|member| self.shaped(*member, to)).collect();
                self.declared_union(members)
            }
            (_, Type::Union(members)) => {
                let fitting = |to: &&TypeId| self.fit_type(from, **to).is_ok();
                match members.iter().find(fitting).copied() {
                    Some(member) => self.shaped(from, member),
                    None => from,
                }
            }
            (Type::Array(a), Type::Array(b)) => {
                let element = self.shaped_fact(a, b);
                self.array(element)
            }
            (Type::Tuple(elements), Type::Array(b)) => {
                let elements = elements.iter().map(|a| self.shaped_fact(*a, b)).collect();
                self.intern(Type::Tuple(elements))
            }
            (Type::Array(a), Type::Tuple(elements)) => {
                let elements = elements.iter().map(|b| a.retyped(b.ty)).collect();
                self.intern(Type::Tuple(elements))
            }
            (Type::Tuple(a), Type::Tuple(b)) => {
                let pairs = a.iter().zip(b.iter());
                let elements = pairs.map(|(a, b)| self.shaped_fact(*a, *b)).collect();
                self.intern(Type::Tuple(elements))
            }
            (Type::Object(a), Type::Object(b)) => {
                let mut object = ObjectType::clone(&a);
                for field in &mut object.fields {
                    if let Some(declared) = b.field(&field.name) {
                        field.fact = self.shaped_fact(field.fact, declared.fact);
                    }
                }
                if !a.is_open {
                    let unlisted = b.fields.iter().filter(|field| a.field(&field.name).is_none());
                    object.fields.extend(unlisted.cloned());
                }
                self.object(object)
            }
            // It is called as it is declared.
            (Type::Function(a), Type::Function(b))
                if !a.is_open && !b.is_open && a.generic.is_none() =>
            {
                let params = b.params.clone();
                self.function(FunctionType { params, ..FunctionType::clone(&a) })
            }
            _ => from,
        }
    }

    fn shaped_fact(&mut self, from: Fact, to: Fact) -> Fact {
        from.retyped(self.shaped(from.ty, to.ty))
    }
}

fn here(reason: Reason) -> Mismatch {
    Mismatch { path: Vec::new(), reason }
}

fn inside(mut mismatch: Mismatch, step: &str) -> Mismatch {
    mismatch.path.insert(0, Text::from(step));
    mismatch
}

/// A member of a union that does not fit is reported with the whole expectation.
fn whole(mismatch: Mismatch, expected: TypeId, found: TypeId) -> Mismatch {
    if mismatch.path.is_empty() && matches!(mismatch.reason, Reason::Type { .. }) {
        return here(Reason::Type { expected, found });
    }
    mismatch
}
