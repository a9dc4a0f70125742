//! Giving a type other secrets: what a call makes of the sources in the type of a result.

use crate::secrets::Secrets;
use crate::types::{Fact, FunctionType, ObjectType, Type, TypeId, Types};

/// Gives new sources for a set of them.
pub(crate) type Rename<'r> = dyn FnMut(Secrets) -> Secrets + 'r;

impl Types {
    /// The same fact with other secrets, at any depth.
    pub(crate) fn renamed(&mut self, fact: Fact, rename: &mut Rename<'_>) -> Fact {
        let own = fact.confidence.secrets;
        let ty = self.renamed_type(fact.ty, rename);
        let secrets = if own.is_none() { own } else { rename(own) };
        Fact { ty, confidence: fact.confidence.holding(secrets) }
    }

    /// The same fact without any secret.
    pub(crate) fn revealed(&mut self, fact: Fact) -> Fact {
        self.renamed(fact, &mut |_| Secrets::NONE)
    }

    /// `target` with the secrets that are in the same places of `source`.
    pub(crate) fn stamped(&mut self, target: Fact, source: Fact) -> Fact {
        let own = target.confidence.secrets.and(source.confidence.secrets);
        let target = Fact { ty: target.ty, confidence: target.confidence.holding(own) };
        if !self.holds_secrets(source.ty) || target.ty == source.ty {
            return target;
        }
        match (self.structure(target.ty).clone(), self.structure(source.ty).clone()) {
            (Type::Object(object), Type::Object(given)) => {
                self.stamped_object(target, &object, &given)
            }
            (Type::Array(element), Type::Array(_) | Type::Tuple(_)) => {
                let given = self.element(source.ty).expect("an array has elements");
                let element = self.stamped(element, given);
                let ty = self.array(element);
                target.retyped(ty)
            }
            (Type::Tuple(elements), Type::Array(_) | Type::Tuple(_)) => {
                let given = self.element(source.ty).expect("an array has elements");
                let parts = elements.iter().map(|part| self.stamped(*part, given)).collect();
                let ty = self.intern(Type::Tuple(parts));
                target.retyped(ty)
            }
            (Type::Union(members), _) => {
                let mut stamped = Vec::with_capacity(members.len());
                for member in members.iter() {
                    let mut fact = target.retyped(*member);
                    for given in self.members(source.ty) {
                        if self.kinds(given).meets(self.kinds(*member)) {
                            fact = self.stamped(fact, source.retyped(given));
                        }
                    }
                    stamped.push(fact.ty);
                }
                let ty = self.declared_union(stamped);
                target.retyped(ty)
            }
            (Type::Function(function), Type::Function(given)) => {
                // Secrets come out of a function by its result.
                let secrets = self.whole(given.result).secrets.certain();
                let result = function.result.confidence;
                let result = function.result.with(result.holding(result.secrets.and(secrets)));
                let function = FunctionType { result, ..FunctionType::clone(&function) };
                let ty = self.function(function);
                target.retyped(ty)
            }
            // The type does not say where they are.
            _ => {
                let secrets = self.whole(source).secrets;
                target.with(target.confidence.holding(secrets.and(own)))
            }
        }
    }

    fn stamped_object(&mut self, target: Fact, object: &ObjectType, given: &ObjectType) -> Fact {
        let mut object = object.clone();
        let mut unlisted = target.confidence.secrets;
        for field in &given.fields {
            match object.fields.iter_mut().find(|known| known.name == field.name) {
                Some(known) => known.fact = self.stamped(known.fact, field.fact),
                None => unlisted = unlisted.and(self.whole(field.fact).secrets),
            }
        }
        let is_open = object.is_open;
        let ty = self.object(object);
        let secrets = if is_open { unlisted } else { target.confidence.secrets };
        Fact { ty, confidence: target.confidence.holding(secrets) }
    }

    /// A type without secrets is what it was.
    fn renamed_type(&mut self, id: TypeId, rename: &mut Rename<'_>) -> TypeId {
        if !self.holds_secrets(id) {
            return id;
        }
        if let Type::Function(function) = self.get(id).clone() {
            let flows = function.flows.clone();
            let mut outside = |secrets| flows.renamed_outside(secrets, rename);
            let result = self.renamed(function.result, &mut outside);
            return self.function(FunctionType { result, ..FunctionType::clone(&function) });
        }
        self.with_parts(id, &mut |types, part| types.renamed(part, rename))
    }
}
