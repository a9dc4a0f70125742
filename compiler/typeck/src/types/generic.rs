//! Type parameters of functions: what they stand for in one call.
//!
//! Inside a function a type parameter is `any`, and so it is in the type that the function has as
//! a value. Beside that type stands how its parameters and its result are written; a call finds
//! out from the arguments what each type parameter stands for, and what that makes the result.

use std::sync::Arc;

use prism_hir::body::{Function, TypeRef};

use crate::types::{Fact, FunctionType, Scope, Text, Type, TypeId, Types};

/// Type parameters beyond these are `any`.
pub(crate) const MAX_PARAMS: usize = 8;

/// How a function with type parameters is written: [`TypeId::param`] stands where they do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Generic {
    /// The names of the type parameters.
    pub names: Vec<Text>,
    pub params: Vec<Fact>,
    pub result: Fact,
}

/// What the type parameters of a function stand for in one call, as far as is known.
#[derive(Debug, Default)]
pub(crate) struct Bindings(Vec<Option<Fact>>);

impl Bindings {
    fn of(&self, index: usize) -> Option<Fact> {
        self.0.get(index).copied().flatten()
    }

    fn set(&mut self, index: usize, fact: Fact) {
        if self.0.len() <= index {
            self.0.resize(index + 1, None);
        }
        self.0[index] = Some(fact);
    }
}

impl Types {
    /// How a function is written, if it has type parameters; `result` is what was found of its
    /// result.
    pub(crate) fn generic(
        &mut self,
        scope: &dyn Scope,
        function: &Function,
        result: Fact,
    ) -> Option<Arc<Generic>> {
        if function.type_params.is_empty() {
            return None;
        }
        let names: Vec<(Text, Fact)> = function
            .type_params
            .iter()
            .take(MAX_PARAMS)
            .enumerate()
            .map(|(index, name)| (name.clone(), Fact::of(TypeId::param(index))))
            .collect();
        let mut written = |annotation: Option<&TypeRef>| match annotation {
            Some(annotation) => self.annotation_with(scope, annotation, names.clone()),
            None => Fact::ANY,
        };
        let params = function.params.iter().map(|param| written(param.annotation.as_ref()));
        let params = params.collect();
        let declared = written(function.result_type.as_ref());
        // What is found is a promise that holds; what is declared, where less is found.
        let ty = if self.is_known(result.ty) { result.ty } else { declared.ty };
        let names = names.into_iter().map(|(name, _)| name).collect();
        Some(Arc::new(Generic { names, params, result: result.retyped(ty) }))
    }

    /// No part of the type is `any`.
    fn is_known(&self, id: TypeId) -> bool {
        match self.structure(id) {
            Type::Any | Type::Error | Type::Never => false,
            Type::Array(element) => self.is_known(element.ty),
            Type::Tuple(elements) => elements.iter().all(|element| self.is_known(element.ty)),
            Type::Object(object) => {
                !object.is_open && object.fields.iter().all(|field| self.is_known(field.fact.ty))
            }
            Type::Union(members) => members.iter().all(|member| self.is_known(*member)),
            Type::Function(_) | Type::Alias { .. } => false,
            Type::Null
            | Type::Gap
            | Type::Boolean
            | Type::Number
            | Type::Text
            | Type::Agent
            | Type::BoolLiteral(_)
            | Type::NumberLiteral(_)
            | Type::TextLiteral(_) => true,
        }
    }

    /// Learns from an argument what the type parameters in `written` stand for.
    pub(crate) fn bind(&mut self, written: Fact, given: Fact, bindings: &mut Bindings) {
        if let Some(index) = written.ty.param_index() {
            let given = self.widen_fact(given);
            let bound = bindings.of(index).map_or(given, |known| self.join(known, given));
            bindings.set(index, bound);
            return;
        }
        match (self.get(written.ty).clone(), self.structure(given.ty).clone()) {
            (Type::Array(written), Type::Array(_) | Type::Tuple(_)) => {
                let given = self.element(given.ty).expect("an array has elements");
                self.bind(written, given, bindings);
            }
            (Type::Tuple(written), Type::Tuple(given)) => {
                for (written, given) in written.iter().zip(given.iter()) {
                    self.bind(*written, *given, bindings);
                }
            }
            (Type::Object(written), Type::Object(given)) => {
                for field in &written.fields {
                    if let Some(given) = given.field(&field.name) {
                        self.bind(field.fact, given.fact, bindings);
                    }
                }
            }
            (Type::Function(written), Type::Function(given)) => {
                self.bind(written.result, given.result, bindings);
            }
            (Type::Union(members), _) => self.bind_union(&members, given, bindings),
            _ => {}
        }
    }

    /// `T | null`: what is no null is a T.
    fn bind_union(&mut self, members: &[TypeId], given: Fact, bindings: &mut Bindings) {
        let (params, others): (Vec<TypeId>, Vec<TypeId>) =
            members.iter().partition(|member| member.param_index().is_some());
        for part in self.members(given.ty) {
            let fits = |other: &&TypeId| self.fit_type(part, **other).is_ok();
            match (others.iter().find(fits), &*params) {
                (Some(other), _) => {
                    let other = Fact::of(*other);
                    self.bind(other, given.retyped(part), bindings);
                }
                (None, [param]) => self.bind(Fact::of(*param), given.retyped(part), bindings),
                (None, _) => {}
            }
        }
    }

    /// What is written, with what the type parameters stand for; `any` where that is not known.
    pub(crate) fn instance(&mut self, written: Fact, bindings: &Bindings) -> Fact {
        let ty = self.instance_type(written.ty, bindings);
        written.retyped(ty)
    }

    fn instance_type(&mut self, id: TypeId, bindings: &Bindings) -> TypeId {
        if let Some(index) = id.param_index() {
            return bindings.of(index).map_or(TypeId::ANY, |fact| fact.ty);
        }
        if let Type::Function(function) = self.get(id) {
            let mut function = FunctionType::clone(function);
            function.result = self.instance(function.result, bindings);
            for param in &mut function.params {
                param.fact = self.instance(param.fact, bindings);
            }
            return self.function(function);
        }
        self.with_parts(id, &mut |types, part| types.instance(part, bindings))
    }
}
