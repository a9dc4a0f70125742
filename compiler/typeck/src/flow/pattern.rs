//! Destructuring: patterns of `let`, parameters, loops and assignments.
//!
//! What is missing binds null, or its default. The confidence of the container is looked
//! through; elements keep their own.

use prism_hir::body::{ExprId, PatElement, PatField, PatId, PatKind};

use crate::errors::ProblemKind;
use crate::flow::Infer;
use crate::flow::literal::inside;
use crate::types::{Fact, Kinds, Type, TypeId};

impl Infer<'_> {
    /// Gives the parts of a value to the variables of a pattern.
    /// `at` is the expression of the value, where the text has one.
    pub(crate) fn bind_pattern(&mut self, pat: PatId, value: Fact, at: Option<ExprId>) {
        self.bind_with(pat, value, at, None);
    }

    /// `bound` is the threshold of an enclosing pattern.
    fn bind_with(&mut self, pat: PatId, value: Fact, at: Option<ExprId>, bound: Option<f64>) {
        let body = self.body;
        let own = body.pats[pat].threshold.map(|threshold| self.infer_bound(threshold));
        let value = match own.or(bound.map(Some)) {
            Some(bound) => self.above_or_null(value, bound),
            None => value,
        };
        let bound = own.map_or(bound, |own| Some(own.unwrap_or(1.0)));
        match &body.pats[pat].kind {
            PatKind::Bind(local) => self.bind_local(*local, value, at),
            PatKind::Assign(place) => {
                let at = at.unwrap_or(place.root_expr);
                self.assign_place(place, at, value);
            }
            PatKind::Array { elements, rest } => {
                self.check_destructure(pat, at, value.ty, true);
                self.bind_elements(elements, *rest, value, bound);
            }
            PatKind::Object { fields, rest } => {
                self.check_destructure(pat, at, value.ty, false);
                self.bind_fields(fields, *rest, value, bound);
            }
            PatKind::Error
            | PatKind::Wildcard
            | PatKind::Number(_)
            | PatKind::Text(_)
            | PatKind::Bool(_)
            | PatKind::Null
            | PatKind::Or(_) => {}
        }
    }

    /// The threshold of a pattern; `None` when only the run knows it.
    pub(crate) fn infer_bound(&mut self, threshold: ExprId) -> Option<f64> {
        let fact = self.infer_expr(threshold);
        self.check_bound(threshold, fact.ty)
    }

    fn above_or_null(&mut self, value: Fact, bound: Option<f64>) -> Fact {
        let Some(bound) = bound else { return self.types.join(value, Fact::NULL) };
        if value.confidence.low >= bound {
            return value;
        }
        match value.confidence.at_or_above(bound) {
            Some(passed) => self.types.join(value.with(passed), Fact::NULL),
            None => Fact::NULL,
        }
    }

    fn check_destructure(&mut self, pat: PatId, at: Option<ExprId>, ty: TypeId, as_array: bool) {
        // A value under a threshold binds against nothing, so null is no mistake there.
        let never = Kinds::NUMBER.or(Kinds::BOOLEAN).or(Kinds::FUNCTION).or(Kinds::TEXT);
        let never = never.or(if as_array { Kinds::OBJECT } else { Kinds::ARRAY });
        if ty != TypeId::NEVER && self.types.kinds(ty).is_within(never) {
            let kind = ProblemKind::CannotDestructure { ty, as_array };
            match at {
                Some(at) => self.report(at, kind),
                None => self.report(pat, kind),
            }
        }
    }

    fn bind_elements(
        &mut self,
        elements: &[PatElement],
        rest: Option<PatId>,
        value: Fact,
        bound: Option<f64>,
    ) {
        for (index, element) in elements.iter().enumerate() {
            let fact = self.element_at(value, index);
            let fact = self.or_default(fact, element.default);
            self.bind_with(element.pat, fact, None, bound);
        }
        if let Some(rest) = rest {
            let element = self.types.element(value.ty);
            let ty = self.types.array(inside(value, element));
            self.bind_with(rest, Fact::plain(ty).capped(value.confidence.label()), None, None);
        }
    }

    /// The element that a pattern takes; null where the array ends before, which nobody asks
    /// about who writes a pattern for an array of any length.
    fn element_at(&mut self, value: Fact, index: usize) -> Fact {
        let element = match self.types.structure(value.ty) {
            Type::Tuple(elements) => Some(elements.get(index).copied().unwrap_or(Fact::NULL)),
            Type::Array(element) => {
                let element = *element;
                let nothing = match element.ty {
                    TypeId::NEVER => TypeId::NULL,
                    _ => TypeId::GAP,
                };
                Some(self.types.join(element, Fact::plain(nothing)))
            }
            _ => None,
        };
        inside(value, element)
    }

    fn or_default(&mut self, fact: Fact, default: Option<ExprId>) -> Fact {
        let Some(default) = default else { return fact };
        let default = self.infer_expr(default);
        if fact.ty == TypeId::NULL {
            return self.types.join(default, fact);
        }
        self.types.join(fact, default)
    }

    fn bind_fields(
        &mut self,
        fields: &[PatField],
        rest: Option<PatId>,
        value: Fact,
        bound: Option<f64>,
    ) {
        for field in fields {
            let value = self.on_the_way_to(value, &field.key);
            let fact = self.field_or_null(value, &field.key);
            let fact = self.or_default(fact, field.default);
            self.bind_with(field.pat, fact, None, bound);
        }
        if let Some(rest) = rest {
            let ty = self.types.some_object();
            let label = self.types.whole(value).label();
            self.bind_with(rest, Fact::plain(ty).capped(label), None, None);
        }
    }

    /// The field that a pattern takes; null where the object does not have it.
    fn field_or_null(&mut self, value: Fact, key: &str) -> Fact {
        let Type::Object(object) = self.types.structure(value.ty) else {
            return inside(value, None);
        };
        let field = match object.field(key) {
            Some(field) if field.is_optional => {
                let fact = field.fact;
                Some(self.types.join(fact, Fact::NULL))
            }
            Some(field) => Some(field.fact),
            None if object.is_open => None,
            None => Some(Fact::NULL),
        };
        inside(value, field)
    }
}
