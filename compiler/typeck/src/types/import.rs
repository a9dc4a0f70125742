//! Copying types between tables: how signatures reach the items that use them.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::confidence::Confidence;
use crate::types::{Fact, FunctionType, Generic, ObjectType, Type, TypeId, Types};

/// The copies so far.
type Seen = FxHashMap<TypeId, TypeId>;

impl Types {
    /// Copies a type of another table.
    pub fn import(&mut self, from: &Types, id: TypeId) -> TypeId {
        self.import_with(from, id, &mut FxHashMap::default())
    }

    pub fn import_fact(&mut self, from: &Types, fact: Fact) -> Fact {
        Fact { ty: self.import(from, fact.ty), confidence: elsewhere(fact) }
    }

    pub fn import_function(&mut self, from: &Types, function: &FunctionType) -> FunctionType {
        let mut seen = FxHashMap::default();
        self.import_function_with(from, function, &mut seen)
    }

    fn import_with(&mut self, from: &Types, id: TypeId, seen: &mut Seen) -> TypeId {
        if id.is_simple() {
            return id;
        }
        if let Some(known) = seen.get(&id) {
            return *known;
        }
        let copy = self.import_parts(from, id, seen);
        let copy = self.intern(copy);
        seen.insert(id, copy);
        copy
    }

    fn import_parts(&mut self, from: &Types, id: TypeId, seen: &mut Seen) -> Type {
        match from.get(id) {
            Type::Array(element) => {
                let ty = self.import_with(from, element.ty, seen);
                Type::Array(Fact { ty, confidence: elsewhere(*element) })
            }
            Type::Tuple(elements) => {
                let mut copy = elements.clone();
                for element in &mut copy {
                    let ty = self.import_with(from, element.ty, seen);
                    *element = Fact { ty, confidence: elsewhere(*element) };
                }
                Type::Tuple(copy)
            }
            Type::Object(object) => {
                let mut copy = ObjectType::clone(object);
                for field in &mut copy.fields {
                    let ty = self.import_with(from, field.fact.ty, seen);
                    field.fact = Fact { ty, confidence: elsewhere(field.fact) };
                }
                Type::Object(Arc::new(copy))
            }
            Type::Function(function) => {
                if is_simple(function) {
                    return Type::Function(function.clone());
                }
                Type::Function(Arc::new(self.import_function_with(from, function, seen)))
            }
            Type::Union(members) => Type::Union(
                members.iter().map(|member| self.import_with(from, *member, seen)).collect(),
            ),
            Type::Alias { name, target } => {
                Type::Alias { name: name.clone(), target: self.import_with(from, *target, seen) }
            }
            simple @ (Type::Any
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
            | Type::TextLiteral(_)) => simple.clone(),
        }
    }

    fn import_function_with(
        &mut self,
        from: &Types,
        function: &FunctionType,
        seen: &mut Seen,
    ) -> FunctionType {
        let mut copy = function.clone();
        let ty = self.import_with(from, function.result.ty, seen);
        copy.result = Fact { ty, confidence: elsewhere(function.result) };
        for param in &mut copy.params {
            let ty = self.import_with(from, param.fact.ty, seen);
            param.fact = Fact { ty, confidence: elsewhere(param.fact) };
        }
        copy.generic = function.generic.as_ref().map(|generic| {
            let mut import = |fact: Fact| {
                let ty = self.import_with(from, fact.ty, seen);
                Fact { ty, confidence: elsewhere(fact) }
            };
            let params = generic.params.iter().map(|param| import(*param)).collect();
            let names = generic.names.clone();
            Arc::new(Generic { names, params, result: import(generic.result) })
        });
        copy
    }
}

/// All ids in the type mean the same in every table.
fn is_simple(function: &FunctionType) -> bool {
    let is_simple = |fact: Fact| fact.ty.is_simple() && fact.confidence == elsewhere(fact);
    function.generic.is_none()
        && is_simple(function.result)
        && function.params.iter().all(|param| is_simple(param.fact))
}

/// The secrets of another body are only known to be some.
fn elsewhere(fact: Fact) -> Confidence {
    fact.confidence.holding(fact.confidence.secrets.elsewhere())
}
