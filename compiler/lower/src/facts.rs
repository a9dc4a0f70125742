//! What type inference knows, in the words of the IR.

use std::sync::Arc;

use prism_hir::Item;
use prism_hir::body::ExprId;
use prism_ir::function::{Facts, Interval, Text, Ty};
use prism_source::{Db, SourceFile};
use prism_typeck::{Fact, Inference, Type, TypeId};

/// The facts of an item's expressions.
pub(crate) struct ItemFacts(Arc<Inference>);

pub(crate) fn of<'db>(db: &'db dyn Db, item: Item<'db>) -> ItemFacts {
    ItemFacts(prism_typeck::infer(db, item))
}

impl ItemFacts {
    pub fn expr(&self, expr: ExprId) -> Facts {
        let Fact { ty, confidence } = self.0.expr(expr);
        Facts {
            ty: self.ty(ty),
            is_plain: confidence.is_plain(),
            confidence: Interval { low: confidence.low, high: confidence.high },
        }
    }

    /// A call of the value with this many arguments offers them: it is a function whose
    /// parameters are known.
    pub fn offers(&self, callee: ExprId, n_args: usize) -> bool {
        self.takes(self.0.expr(callee).ty, n_args)
    }

    /// The same of a function that is a member of an object.
    pub fn offers_member(&self, object: ExprId, name: &str, n_args: usize) -> bool {
        let Some(Type::Object(known)) = self.present(self.0.expr(object).ty) else { return false };
        known.field(name).is_some_and(|field| self.takes(field.fact.ty, n_args))
    }

    fn takes(&self, ty: TypeId, n_args: usize) -> bool {
        let Some(Type::Function(function)) = self.present(ty) else { return false };
        !function.is_open && n_args <= function.params.len()
    }

    /// What a value is where it is not null, when that is one type.
    fn present(&self, ty: TypeId) -> Option<&Type> {
        let types = &self.0.types;
        let mut members = types.members(ty);
        members.retain(|member| *member != TypeId::NULL);
        let [only] = *members else { return None };
        Some(types.get(only))
    }

    fn ty(&self, ty: TypeId) -> Ty {
        let mut ty = ty;
        // A recursive alias never ends; one that takes longer than this says nothing.
        for _ in 0..16 {
            match self.0.types.get(ty) {
                Type::Alias { target, .. } => ty = *target,
                known => return simple(known),
            }
        }
        Ty::Any
    }
}

fn simple(ty: &Type) -> Ty {
    match ty {
        Type::Any | Type::Error | Type::Never | Type::Union(_) | Type::Alias { .. } => Ty::Any,
        Type::Null | Type::Gap => Ty::Null,
        Type::Boolean | Type::BoolLiteral(_) => Ty::Boolean,
        Type::Number | Type::NumberLiteral(_) => Ty::Number,
        Type::Text | Type::TextLiteral(_) => Ty::Text,
        Type::Agent => Ty::Agent,
        Type::Array(_) | Type::Tuple(_) => Ty::Array,
        Type::Object(_) => Ty::Object,
        Type::Function(_) => Ty::Function,
    }
}

/// The pattern header: keys and their values as JSON.
pub(crate) fn metadata(db: &dyn Db, file: SourceFile) -> Vec<(Text, Text)> {
    let header = prism_hir::header(db, file);
    let json = |value: &dyn std::fmt::Display| value.to_string().into();
    header.entries.iter().map(|entry| (entry.key.clone(), json(&entry.value))).collect()
}
