//! Copying types between tables: how signatures reach the items that use them.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::types::{Fact, FunctionType, ObjectType, Type, TypeId, Types};

/// The copies so far.
type Seen = FxHashMap<TypeId, TypeId>;

impl Types {
    /// Copies a type of another table.
    pub fn import(&mut self, from: &Types, id: TypeId) -> TypeId {
        self.import_with(from, id, &mut FxHashMap::default())
    }

    pub fn import_fact(&mut self, from: &Types, fact: Fact) -> Fact {
        Fact { ty: self.import(from, fact.ty), confidence: fact.confidence }
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
                Type::Array(Fact { ty, ..*element })
            }
            Type::Tuple(elements) => {
                let mut copy = elements.clone();
                for element in &mut copy {
                    element.ty = self.import_with(from, element.ty, seen);
                }
                Type::Tuple(copy)
            }
            Type::Object(object) => {
                let mut copy = ObjectType::clone(object);
                for field in &mut copy.fields {
                    field.fact.ty = self.import_with(from, field.fact.ty, seen);
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
        copy.result.ty = self.import_with(from, function.result.ty, seen);
        for param in &mut copy.params {
            param.fact.ty = self.import_with(from, param.fact.ty, seen);
        }
        copy
    }
}

/// All ids in the type mean the same in every table.
fn is_simple(function: &FunctionType) -> bool {
    function.result.ty.is_simple() && function.params.iter().all(|param| param.fact.ty.is_simple())
}
