//! `match`: arms in order, each with what the arms before it left.

use prism_hir::body::{Body, ExprId, MatchArm, PatField, PatId, PatKind};

use crate::errors::ProblemKind;
use crate::flow::Infer;
use crate::flow::compare::Equality;
use crate::flow::env::Branch;
use crate::flow::literal::inside;
use crate::flow::place::number_type;
use crate::types::{Fact, Type, TypeId, Types};

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
        for (index, arm) in arms.iter().enumerate() {
            if is_complete {
                self.report(arm.pat, ProblemKind::UnreachableArm);
            } else {
                self.check_taken(arm.pat, &taken);
            }
            self.check_literals(arm.pat, value.ty);
            let matched = matched(&mut self.types, self.body, arm.pat, rest);
            self.enter_arm(subject, value, (&arms[..index], arm), matched);
            let fact = self.infer_expected(arm.body, expected);
            let fact = self.decided(fact);
            result = self.types.join(result, fact);
            let branch = self.env.take(mark);
            after = Some(match after {
                Some(others) => self.env.join_branches(&mut self.types, others, branch),
                None => branch,
            });
            if takes_for_certain(self.body, arm) {
                is_complete |= is_irrefutable(self.body, arm.pat);
                rest = unmatched(&mut self.types, self.body, arm.pat, rest);
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

    /// Continues in an arm, with the part of the subject that the arms before it left and that it
    /// takes.
    fn enter_arm(
        &mut self,
        subject: ExprId,
        value: Fact,
        (before, arm): (&[MatchArm], &MatchArm),
        taken: Fact,
    ) {
        if taken.ty == TypeId::NEVER {
            self.env.reachable = false;
        } else {
            let body = self.body;
            self.refine(subject, &mut |types, fact| {
                if fact.ty == TypeId::ANY {
                    return Some(fact);
                }
                if fact == value {
                    return Some(taken);
                }
                let left = left_by(types, body, before, fact);
                Some(matched(types, body, arm.pat, left))
            });
        }
        let decides = self.types.whole(self.fact(subject));
        self.env.decide(decides, subject);
        self.bind_matched(arm.pat, taken, None);
        if let Some(guard) = arm.guard {
            self.infer_condition(guard);
            self.narrow(guard, true);
        }
    }

    /// The literal type of a pattern that is one value.
    fn literal_of(&mut self, pat: PatId) -> Option<TypeId> {
        literal_of(&mut self.types, self.body, pat)
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

/// The literal type of a pattern that is one value.
fn literal_of(types: &mut Types, body: &Body, pat: PatId) -> Option<TypeId> {
    match &body.pats[pat].kind {
        PatKind::Number(bits) => Some(number_type(types, bits.value())),
        PatKind::Text(text) => Some(types.text_literal(text)),
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
fn matched(types: &mut Types, body: &Body, pat: PatId, value: Fact) -> Fact {
    if let Some(literal) = literal_of(types, body, pat) {
        return value.retyped(types.equal_to(value.ty, literal));
    }
    match &body.pats[pat].kind {
        PatKind::Or(pats) => {
            let mut joined = Fact::NEVER;
            for pat in pats {
                let matched = matched(types, body, *pat, value);
                joined = types.join(joined, matched);
            }
            joined
        }
        PatKind::Array { elements, rest } => {
            let (n_elements, has_rest) = (elements.len(), rest.is_some());
            keep_members(types, value, |ty| match ty {
                Type::Array(_) => true,
                Type::Tuple(known) if has_rest => known.len() >= n_elements,
                Type::Tuple(known) => known.len() == n_elements,
                _ => false,
            })
        }
        PatKind::Object { fields, .. } => {
            let mut kept = keep_members(types, value, |ty| match ty {
                Type::Object(object) => {
                    object.is_open || fields.iter().all(|f| object.field(&f.key).is_some())
                }
                Type::Agent | Type::Array(_) | Type::Tuple(_) => true,
                _ => false,
            });
            for field in fields {
                let ty = types.narrow_field(kept.ty, &field.key, &mut |types, fact| {
                    matched(types, body, field.pat, fact)
                });
                kept = kept.retyped(ty);
            }
            kept
        }
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

fn keep_members(types: &mut Types, value: Fact, keep: impl Fn(&Type) -> bool) -> Fact {
    if value.ty.is_unknown() {
        return value;
    }
    let members = types.members(value.ty);
    let kept = members.into_iter().filter(|member| keep(types.get(*member))).collect();
    value.retyped(types.union_of(kept))
}

/// What the arms leave to those that follow, as far as they take for certain.
fn left_by(types: &mut Types, body: &Body, arms: &[MatchArm], value: Fact) -> Fact {
    arms.iter()
        .filter(|arm| takes_for_certain(body, arm))
        .fold(value, |rest, arm| unmatched(types, body, arm.pat, rest))
}

/// The arm takes whatever its pattern fits.
fn takes_for_certain(body: &Body, arm: &MatchArm) -> bool {
    arm.guard.is_none() && !has_threshold(body, arm.pat)
}

/// The part of a value that a pattern without guard and threshold leaves to later arms.
fn unmatched(types: &mut Types, body: &Body, pat: PatId, value: Fact) -> Fact {
    if let Some(literal) = literal_of(types, body, pat) {
        return value.retyped(types.different_from(value.ty, literal));
    }
    match &body.pats[pat].kind {
        PatKind::Wildcard | PatKind::Bind(_) => Fact::NEVER,
        PatKind::Or(pats) => {
            pats.iter().fold(value, |left, pat| unmatched(types, body, *pat, left))
        }
        PatKind::Object { fields, rest: _ } => without_field(types, body, fields, value),
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
fn without_field(types: &mut Types, body: &Body, fields: &[PatField], value: Fact) -> Fact {
    let mut tested = fields.iter().filter(|field| !is_irrefutable(body, field.pat));
    let (Some(field), None) = (tested.next(), tested.next()) else { return value };
    let ty = types.narrow_field(value.ty, &field.key, &mut |types, fact| {
        unmatched(types, body, field.pat, fact)
    });
    value.retyped(ty)
}

fn has_threshold(body: &Body, pat: PatId) -> bool {
    let pat = &body.pats[pat];
    let of_part = |pat: PatId| has_threshold(body, pat);
    pat.threshold.is_some()
        || match &pat.kind {
            PatKind::Or(pats) => pats.iter().any(|pat| of_part(*pat)),
            PatKind::Array { elements, .. } => elements.iter().any(|part| of_part(part.pat)),
            PatKind::Object { fields, .. } => fields.iter().any(|part| of_part(part.pat)),
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

fn is_irrefutable(body: &Body, pat: PatId) -> bool {
    match &body.pats[pat].kind {
        PatKind::Wildcard | PatKind::Bind(_) | PatKind::Error => true,
        PatKind::Or(pats) => pats.iter().any(|pat| is_irrefutable(body, *pat)),
        PatKind::Assign(_)
        | PatKind::Number(_)
        | PatKind::Text(_)
        | PatKind::Bool(_)
        | PatKind::Null
        | PatKind::Array { .. }
        | PatKind::Object { .. } => false,
    }
}
