//! Values that their declaration allows to be null, or of another kind, used as if they never
//! were.
//!
//! Only what is written counts: `T | null` in an annotation. What was found without one may be
//! null for reasons that nobody has seen, and stays silent.

use prism_hir::body::{BinaryOp, ExprId, ExprKind, MemberMode, Name};

use crate::errors::{NullUse, ProblemKind};
use crate::flow::Infer;
use crate::types::{Fact, Kinds, Text, Type, TypeId, Types};

/// Declarations are looked up so deep: `a.b.c`.
const MAX_STEPS: u32 = 8;

impl Infer<'_> {
    /// Reports a use of a value that null does not have, where nothing has ruled null out.
    pub(crate) fn check_null(&mut self, value: ExprId, fact: Fact, used: NullUse) {
        let kinds = self.types.kinds(fact.ty);
        let may_be_null = kinds.meets(Kinds::NULL) && !kinds.is_within(Kinds::NULL);
        if fact.ty.is_unknown() || !may_be_null {
            return;
        }
        let declared = self.declared_type(value, 0);
        if declared.is_some_and(|declared| self.is_declared_null(declared)) {
            self.report(value, ProblemKind::MayBeNull { ty: fact.ty, used });
        }
    }

    /// Reports `o.k` where the declaration of o says that k may be missing, which ends the run.
    pub(crate) fn check_missing(&mut self, at: ExprId, object: ExprId, now: Fact, name: &Text) {
        let has_optional = |types: &Types, ty: TypeId| match types.structure(ty) {
            Type::Object(object) => object.field(name).is_some_and(|field| field.is_optional),
            _ => false,
        };
        if !has_optional(&self.types, now.ty) {
            return;
        }
        let Some(declared) = self.declared_type(object, 0) else { return };
        let declared = self.types.drop_kinds(declared, Kinds::NULL);
        if has_optional(&self.types, declared) {
            self.report(at, ProblemKind::MayBeMissing { name: name.clone() });
        }
    }

    /// Reports arithmetic on what is declared to be perhaps no number.
    fn check_number(&mut self, value: ExprId, fact: Fact) {
        let Type::Union(members) = self.types.structure(fact.ty) else { return };
        let fits = Kinds::NUMBER.or(Kinds::NULL);
        let is_other = |part: &&TypeId| !self.types.kinds(**part).meets(fits);
        let part = members.iter().find(is_other).copied();
        if let Some(part) = part
            && self.types.kinds(fact.ty).meets(Kinds::NUMBER)
        {
            self.check_kind(value, fact, part, None);
        }
    }

    /// Reports a use that one of the kinds a value is declared to have does not allow.
    pub(crate) fn check_kind(
        &mut self,
        value: ExprId,
        fact: Fact,
        part: TypeId,
        member: Option<&Text>,
    ) {
        let Some(declared) = self.declared_type(value, 0) else { return };
        if !declared.is_unknown() && self.types.members(declared).contains(&self.types.strip(part))
        {
            let member = member.cloned();
            self.report(value, ProblemKind::MayBeOther { ty: fact.ty, part, member });
        }
    }

    fn is_declared_null(&self, ty: TypeId) -> bool {
        !ty.is_unknown() && self.types.kinds(ty).meets(Kinds::NULL)
    }

    /// What annotations say of the place that an expression reads.
    fn declared_type(&mut self, expr: ExprId, depth: u32) -> Option<TypeId> {
        if depth > MAX_STEPS {
            return None;
        }
        let body = self.body;
        match &body.exprs[expr].kind {
            // Nobody knows when the closure that changes a variable runs.
            ExprKind::Name(Name::Local(local)) if !self.is_volatile(*local) => {
                self.declared_fact(*local).map(|fact| fact.ty)
            }
            ExprKind::Name(Name::Host(name)) => Some(self.host_fact(name).ty),
            ExprKind::Member { object, name, mode: MemberMode::Plain } => {
                let of = self.declared_type(*object, depth + 1)?;
                let of = self.types.drop_kinds(of, Kinds::NULL);
                let Type::Object(object) = self.types.structure(of) else { return None };
                object.field(name).filter(|field| !field.is_optional).map(|field| field.fact.ty)
            }
            _ => None,
        }
    }

    /// Numbers are wanted of both operands; a text on one side takes null as a word.
    pub(crate) fn check_null_operands(&mut self, op: BinaryOp, operands: [(ExprId, Fact); 2]) {
        let computes = match op {
            BinaryOp::Add => {
                let may_be_text =
                    |(_, fact): &(ExprId, Fact)| self.types.kinds(fact.ty).meets(Kinds::TEXT);
                !operands.iter().any(may_be_text)
            }
            BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Remainder
            | BinaryOp::Power
            | BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual => true,
            BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Identical
            | BinaryOp::NotIdentical
            | BinaryOp::Instanceof
            | BinaryOp::In => false,
        };
        if computes {
            operands.into_iter().for_each(|(at, fact)| self.check_null(at, fact, NullUse::Operand));
        }
        let takes_numbers = matches!(
            op,
            BinaryOp::Subtract
                | BinaryOp::Multiply
                | BinaryOp::Divide
                | BinaryOp::Remainder
                | BinaryOp::Power
        );
        if takes_numbers {
            operands.into_iter().for_each(|(at, fact)| self.check_number(at, fact));
        }
    }

    /// `a?.b` is not null: neither is a.
    pub(crate) fn narrow_chain(&mut self, expr: ExprId) {
        let mut at = expr;
        for _ in 0..MAX_STEPS {
            let (object, is_optional) = match &self.body.exprs[at].kind {
                ExprKind::Member { object, mode, .. }
                | ExprKind::MethodCall { object, mode, .. } => {
                    (*object, *mode == MemberMode::Optional)
                }
                ExprKind::Index { object, optional, .. } => (*object, *optional),
                _ => return,
            };
            if is_optional {
                self.refine(object, &mut |types, fact| {
                    let ty = types.drop_kinds(fact.ty, Kinds::NULL);
                    Some(fact.retyped(ty))
                });
            }
            at = object;
        }
    }
}
