//! Variables: what they are given, what was declared for them, what they hold here.

use prism_hir::body::{ExprId, LocalId, LocalKind};

use crate::confidence::{Confidence, Label};
use crate::errors::{Site, Target};
use crate::flow::Infer;
use crate::inference::index_of;
use crate::types::{Fact, TypeId};

impl Infer<'_> {
    /// What a variable holds at this point of the walk.
    pub(crate) fn local_fact(&mut self, local: LocalId) -> Fact {
        if let Some(lambda) = self.declarations.get(&local).copied()
            && !self.body.locals[local].is_assigned
        {
            return Fact::plain(self.declared_function(lambda));
        }
        if self.is_volatile(local) {
            let known = self.declared_fact(local).unwrap_or(Fact::ANY);
            // What it was ever given, as far as the walk has come.
            let given = self.types.whole(self.locals[index_of(local)]).secrets.certain();
            return known.capped(Label { secrets: given, ..Label::NONE });
        }
        self.env.get(local)
    }

    /// Declares a variable with a value that was checked, or that needs no check.
    pub(crate) fn set_local(&mut self, local: LocalId, fact: Fact) {
        let index = index_of(local);
        self.locals[index] = self.types.join(self.locals[index], fact);
        self.env.assign(local, fact);
    }

    /// Gives a variable a value: at its declaration and later.
    pub(crate) fn assign_local(&mut self, local: LocalId, value: Fact, at: Option<ExprId>) {
        let data = &self.body.locals[local];
        let value = self.decided(value);
        let mut fact = value;
        if self.types.has_demands(value.ty)
            && data.annotation.is_none()
            && (data.is_global || self.is_volatile(local))
        {
            let site = at.map_or(Site::Local(local), Site::Expr);
            let target = Target::Variable(data.name.clone());
            self.check_fit(site, value, Fact::ANY, target);
        }
        let declared = self.declared_fact(local);
        if let Some(declared) = declared {
            if let Some(at) = at {
                self.check_fit(at, value, declared, Target::Variable(data.name.clone()));
            }
            fact = self.fitted(value, declared);
        }
        if data.is_assigned {
            let declared = declared.map_or(TypeId::ANY, |declared| declared.ty);
            fact = fact.retyped(self.types.widen_to(fact.ty, declared));
        } else {
            self.initialisers[index_of(local)] = at;
        }
        self.set_local(local, fact);
    }

    /// The expression that gives a variable its only value.
    pub(crate) fn initialiser(&self, local: LocalId) -> Option<ExprId> {
        self.initialisers[index_of(local)]
    }

    /// A value that was checked against a declaration: what is known of it from there on.
    pub(crate) fn fitted(&mut self, value: Fact, declared: Fact) -> Fact {
        // Declared `any` stays `any`: that is what it is written for.
        let is_open = value.ty.is_unknown() || declared.ty.is_unknown();
        let fits = !is_open && self.types.fit_type(value.ty, declared.ty).is_ok();
        let ty = if fits { self.types.shaped(value.ty, declared.ty) } else { declared.ty };
        let value = if fits { value } else { self.types.forgotten(value) };
        let level = value.confidence.level.max(declared.confidence.level);
        let secrets = value.confidence.secrets;
        let bound = declared.confidence.low;
        let confidence = if value.confidence.low >= bound {
            value.confidence
        } else {
            value.confidence.at_or_above(bound).unwrap_or(Confidence::at_least(bound))
        };
        let fitted = Fact { ty, confidence: confidence.at(level).holding(secrets) };
        self.types.stamped(fitted, declared)
    }

    /// What the annotation of a variable declares.
    pub(crate) fn declared_fact(&mut self, local: LocalId) -> Option<Fact> {
        let annotation = self.body.locals[local].annotation.as_ref()?;
        let index = index_of(local);
        if self.declared[index].is_none() {
            let declared = self.types.annotation(self.world, annotation);
            self.declared[index] = Some(self.entering(declared, Site::Local(local)));
        }
        self.declared[index]
    }

    /// A parameter or a loop variable that gets a value from outside the text.
    pub(crate) fn bind_local(&mut self, local: LocalId, value: Fact, at: Option<ExprId>) {
        let is_hidden = self.body.locals[local].kind == LocalKind::Hidden;
        if is_hidden && value.ty == TypeId::NEVER {
            return self.set_local(local, Fact::ANY);
        }
        self.assign_local(local, value, at);
    }
}
