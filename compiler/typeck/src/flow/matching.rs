//! `match`: arms in order, each with what the arms before it left.

use prism_hir::body::{ExprId, MatchArm, PatId, PatKind};

use crate::errors::ProblemKind;
use crate::flow::Infer;
use crate::flow::compare::Equality;
use crate::flow::env::Branch;
use crate::flow::literal::inside;
use crate::flow::place::number_type;
use crate::types::{Fact, Type, TypeId};

impl Infer<'_> {
    pub(crate) fn infer_match(
        &mut self,
        subject: ExprId,
        arms: &[MatchArm],
        expected: Option<Fact>,
    ) -> Fact {
        let value = self.infer_expr(subject);
        let mark = self.env.mark();
        let mut rest = value;
        let mut result = Fact::NEVER;
        let mut after: Option<Branch> = None;
        let mut is_complete = false;
        let mut taken = Vec::new();
        for arm in arms {
            if is_complete {
                self.report(arm.pat, ProblemKind::UnreachableArm);
            } else {
                self.check_taken(arm.pat, &taken);
            }
            self.check_literals(arm.pat, value.ty);
            let matched = self.matched(arm.pat, rest);
            self.enter_arm(subject, arm, matched);
            let fact = self.infer_expected(arm.body, expected);
            let fact = self.decided(fact);
            result = self.types.join(result, fact);
            let branch = self.env.take(mark);
            after = Some(match after {
                Some(others) => self.env.join_branches(&mut self.types, others, branch),
                None => branch,
            });
            if arm.guard.is_none() && !self.has_threshold(arm.pat) {
                is_complete |= self.is_irrefutable(arm.pat);
                rest = self.unmatched(arm.pat, rest);
                self.literals_of(arm.pat, &mut taken);
            }
        }
        if !is_complete && rest.ty != TypeId::NEVER {
            self.check_exhaustive(subject, value.ty, rest.ty);
            result = self.types.join(result, Fact::NULL);
            let fallen = self.env.snapshot(mark);
            after = after.map(|arms| self.env.join_branches(&mut self.types, arms, fallen));
        }
        if let Some(after) = after {
            self.env.apply(after);
        }
        result
    }

    /// An arm that asks for what the value never is.
    fn check_literals(&mut self, pat: PatId, subject: TypeId) {
        if let Some(literal) = self.literal_of(pat) {
            self.check_compared(pat.into(), (Equality::Strict, false), subject, literal);
        }
        let body = self.body;
        if let PatKind::Or(pats) = &body.pats[pat].kind {
            pats.iter().for_each(|pat| self.check_literals(*pat, subject));
        }
    }

    /// A value that an arm before this one takes.
    fn check_taken(&mut self, pat: PatId, taken: &[TypeId]) {
        let body = self.body;
        if let PatKind::Or(pats) = &body.pats[pat].kind {
            pats.iter().for_each(|pat| self.check_taken(*pat, taken));
        } else if self.literal_of(pat).is_some_and(|literal| taken.contains(&literal)) {
            self.report(pat, ProblemKind::TakenBefore { what: "arm" });
        }
    }

    fn literals_of(&mut self, pat: PatId, literals: &mut Vec<TypeId>) {
        let body = self.body;
        match &body.pats[pat].kind {
            PatKind::Or(pats) => pats.iter().for_each(|pat| self.literals_of(*pat, literals)),
            _ => literals.extend(self.literal_of(pat)),
        }
    }

    fn enter_arm(&mut self, subject: ExprId, arm: &MatchArm, matched: Fact) {
        if matched.ty == TypeId::NEVER {
            self.env.reachable = false;
        } else {
            self.refine(subject, &mut |_, fact| {
                Some(if fact.ty == TypeId::ANY { fact } else { matched })
            });
        }
        let decides = self.types.whole(self.fact(subject));
        self.env.decide(decides, subject);
        self.bind_matched(arm.pat, matched, None);
        if let Some(guard) = arm.guard {
            self.infer_condition(guard);
            self.narrow(guard, true);
        }
    }

    fn has_threshold(&self, pat: PatId) -> bool {
        let pat = &self.body.pats[pat];
        pat.threshold.is_some()
            || match &pat.kind {
                PatKind::Or(pats) => pats.iter().any(|pat| self.has_threshold(*pat)),
                PatKind::Array { elements, .. } => {
                    elements.iter().any(|element| self.has_threshold(element.pat))
                }
                PatKind::Object { fields, .. } => {
                    fields.iter().any(|field| self.has_threshold(field.pat))
                }
                PatKind::Error
                | PatKind::Wildcard
                | PatKind::Bind(_)
                | PatKind::Assign(_)
                | PatKind::Number(_)
                | PatKind::Text(_)
                | PatKind::Bool(_)
                | PatKind::Null => false,
            }
    }

    fn is_irrefutable(&self, pat: PatId) -> bool {
        match &self.body.pats[pat].kind {
            PatKind::Wildcard | PatKind::Bind(_) | PatKind::Error => true,
            PatKind::Or(pats) => pats.iter().any(|pat| self.is_irrefutable(*pat)),
            PatKind::Assign(_)
            | PatKind::Number(_)
            | PatKind::Text(_)
            | PatKind::Bool(_)
            | PatKind::Null
            | PatKind::Array { .. }
            | PatKind::Object { .. } => false,
        }
    }

    /// The literal type of a pattern that is one value.
    fn literal_of(&mut self, pat: PatId) -> Option<TypeId> {
        match &self.body.pats[pat].kind {
            PatKind::Number(bits) => Some(number_type(&mut self.types, bits.value())),
            PatKind::Text(text) => Some(self.types.text_literal(&text.clone())),
            PatKind::Bool(true) => Some(TypeId::TRUE),
            PatKind::Bool(false) => Some(TypeId::FALSE),
            PatKind::Null => Some(TypeId::NULL),
            PatKind::Error
            | PatKind::Wildcard
            | PatKind::Bind(_)
            | PatKind::Assign(_)
            | PatKind::Array { .. }
            | PatKind::Object { .. }
            | PatKind::Or(_) => None,
        }
    }

    /// The part of a value that a pattern accepts.
    fn matched(&mut self, pat: PatId, value: Fact) -> Fact {
        if let Some(literal) = self.literal_of(pat) {
            let ty = self.types.equal_to(value.ty, literal);
            return value.retyped(ty);
        }
        match &self.body.pats[pat].kind {
            PatKind::Or(pats) => {
                let mut joined = Fact::NEVER;
                for pat in pats {
                    let matched = self.matched(*pat, value);
                    joined = self.types.join(joined, matched);
                }
                joined
            }
            PatKind::Array { elements, rest } => {
                let (n_elements, has_rest) = (elements.len(), rest.is_some());
                self.keep_members(value, |ty| match ty {
                    Type::Array(_) => true,
                    Type::Tuple(known) if has_rest => known.len() >= n_elements,
                    Type::Tuple(known) => known.len() == n_elements,
                    _ => false,
                })
            }
            PatKind::Object { fields, .. } => self.keep_members(value, |ty| match ty {
                Type::Object(object) => {
                    object.is_open || fields.iter().all(|f| object.field(&f.key).is_some())
                }
                Type::Agent | Type::Array(_) | Type::Tuple(_) => true,
                _ => false,
            }),
            PatKind::Error
            | PatKind::Wildcard
            | PatKind::Bind(_)
            | PatKind::Assign(_)
            | PatKind::Number(_)
            | PatKind::Text(_)
            | PatKind::Bool(_)
            | PatKind::Null => value,
        }
    }

    fn keep_members(&mut self, value: Fact, keep: impl Fn(&Type) -> bool) -> Fact {
        if value.ty.is_unknown() {
            return value;
        }
        let members = self.types.members(value.ty);
        let types = &self.types;
        let kept = members.into_iter().filter(|member| keep(types.get(*member))).collect();
        let ty = self.types.union_of(kept);
        value.retyped(ty)
    }

    /// The part of a value that a pattern without guard and threshold leaves to later arms.
    fn unmatched(&mut self, pat: PatId, value: Fact) -> Fact {
        if let Some(literal) = self.literal_of(pat) {
            let ty = self.types.different_from(value.ty, literal);
            return value.retyped(ty);
        }
        match &self.body.pats[pat].kind {
            PatKind::Wildcard | PatKind::Bind(_) => Fact::NEVER,
            PatKind::Or(pats) => {
                let mut left = value;
                for pat in pats {
                    left = self.unmatched(*pat, left);
                }
                left
            }
            PatKind::Object { fields, rest: _ } => self.without_literal_fields(fields, value),
            PatKind::Error
            | PatKind::Assign(_)
            | PatKind::Number(_)
            | PatKind::Text(_)
            | PatKind::Bool(_)
            | PatKind::Null
            | PatKind::Array { .. } => value,
        }
    }

    /// `{ kind: "a" }` leaves the members of a union whose kind is another.
    fn without_literal_fields(
        &mut self,
        fields: &[prism_hir::body::PatField],
        value: Fact,
    ) -> Fact {
        let mut tested = fields.iter().filter(|field| !self.is_irrefutable(field.pat));
        let (Some(field), None) = (tested.next(), tested.next()) else { return value };
        let Some(literal) = self.literal_of(field.pat) else { return value };
        let ty = self.types.narrow_field(value.ty, &field.key, &mut |types, fact| {
            let ty = types.different_from(fact.ty, literal);
            fact.retyped(ty)
        });
        value.retyped(ty)
    }

    /// Binds the names of an arm; the pattern is known to fit.
    fn bind_matched(&mut self, pat: PatId, value: Fact, bound: Option<Option<f64>>) {
        let body = self.body;
        let own = body.pats[pat].threshold.map(|threshold| self.infer_bound(threshold));
        let bound = own.or(bound);
        let value = match bound.flatten().and_then(|b| value.confidence.at_or_above(b)) {
            Some(passed) => value.with(passed),
            None => value,
        };
        match &body.pats[pat].kind {
            PatKind::Bind(local) => self.bind_local(*local, value, None),
            PatKind::Array { elements, rest } => {
                for (index, element) in elements.iter().enumerate() {
                    let fact = self.present_element(value, index);
                    self.bind_matched(element.pat, fact, bound);
                }
                if let Some(rest) = rest {
                    let element = self.types.element(value.ty);
                    let ty = self.types.array(inside(value, element));
                    let label = value.confidence.label();
                    self.bind_matched(*rest, Fact::plain(ty).capped(label), None);
                }
            }
            PatKind::Object { fields, rest } => {
                for field in fields {
                    let fact = self.present_field(value, &field.key);
                    self.bind_matched(field.pat, fact, bound);
                }
                if let Some(rest) = rest {
                    let ty = self.types.some_object();
                    let label = self.types.whole(value).label();
                    self.bind_matched(*rest, Fact::plain(ty).capped(label), None);
                }
            }
            PatKind::Or(pats) => {
                for pat in pats {
                    self.bind_matched(*pat, value, bound);
                }
            }
            PatKind::Error
            | PatKind::Wildcard
            | PatKind::Assign(_)
            | PatKind::Number(_)
            | PatKind::Text(_)
            | PatKind::Bool(_)
            | PatKind::Null => {}
        }
    }

    fn present_element(&mut self, value: Fact, index: usize) -> Fact {
        let element = match self.types.structure(value.ty) {
            Type::Tuple(elements) => elements.get(index).copied(),
            Type::Array(element) => Some(*element),
            _ => None,
        };
        inside(value, element)
    }

    fn present_field(&mut self, value: Fact, key: &str) -> Fact {
        let mut joined = Fact::NEVER;
        for member in self.types.members(value.ty) {
            let field = match self.types.get(member) {
                Type::Object(object) => object.field(key).map(|field| field.fact),
                _ => None,
            };
            let fact = inside(value, field);
            joined = self.types.join(joined, fact);
        }
        joined
    }

    fn check_exhaustive(&mut self, subject: ExprId, ty: TypeId, rest: TypeId) {
        let is_there = |member: &TypeId| *member != TypeId::GAP;
        let members: Vec<TypeId> = self.types.members(ty).into_iter().filter(is_there).collect();
        let is_closed = ty == TypeId::BOOLEAN
            || members.len() > 1 && members.iter().all(|member| self.is_closed(*member));
        if is_closed && rest != ty {
            let missing: Vec<TypeId> =
                self.types.members(rest).into_iter().filter(is_there).collect();
            if !missing.is_empty() {
                self.report(subject, ProblemKind::NotExhaustive { missing });
            }
        }
    }

    fn is_closed(&self, ty: TypeId) -> bool {
        ty == TypeId::BOOLEAN || self.types.is_literal(ty) || {
            let Type::Object(object) = self.types.get(ty) else { return false };
            object.fields.iter().any(|field| self.types.is_literal(field.fact.ty))
        }
    }
}
