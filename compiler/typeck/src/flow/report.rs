//! Reporting: where problems are recorded, and where they are not.

use prism_hir::body::{Bits, Element, ExprId, ExprKind, Field, Name, TemplatePart};

use crate::confidence::Level;
use crate::errors::{Callee, Catcher, Problem, ProblemKind, Site, Target};
use crate::flow::{Infer, Root};
use crate::inference::index_of;
use crate::types::{Fact, Kinds, Reason, Text, TypeId};

impl Infer<'_> {
    /// Records a problem, unless the code is not reached: what never runs is no mistake.
    pub(crate) fn report(&mut self, at: impl Into<Site>, kind: ProblemKind) {
        if self.env.reachable {
            let catcher = self.catcher(&kind);
            self.problems.push(Problem { at: at.into(), kind, catcher });
        }
    }

    fn catcher(&self, kind: &ProblemKind) -> Catcher {
        let is_of_values = matches!(
            kind,
            ProblemKind::DivisionByZero { .. } | ProblemKind::IndexOutOfRange { .. }
        );
        let is_in_function = self.root == Root::Function || self.frames.len() > 1;
        match self.caught {
            0 if is_of_values && is_in_function => Catcher::Caller,
            0 => Catcher::Nobody,
            _ => Catcher::Here,
        }
    }

    /// No value of the type is of one of the kinds, and there are values.
    pub(crate) fn is_never(&self, ty: TypeId, kinds: Kinds) -> bool {
        ty != TypeId::NEVER && !self.types.kinds(ty).meets(kinds)
    }

    /// Checks a value against what was declared where it goes.
    pub(crate) fn check_fit(
        &mut self,
        at: impl Into<Site>,
        found: Fact,
        declared: Fact,
        target: Target,
    ) {
        let Err(mismatch) = self.types.check_fit(found, declared) else { return };
        let at = at.into();
        if mismatch.path.is_empty()
            && let Reason::Confidence { required, .. } = mismatch.reason
        {
            let origin = at.expr().and_then(|expr| self.origin_of(expr, required));
            let kind = ProblemKind::TooUncertain {
                confidence: found.confidence,
                required: Bits::new(required),
                target,
                origin,
            };
            return self.report(at, kind);
        }
        if let ([], Reason::Level { required, found }) =
            (mismatch.path.as_slice(), &mismatch.reason)
        {
            let (required, found) = (*required, *found);
            let bound = Bits::new(declared.confidence.low);
            let origin = at.expr().and_then(|expr| self.origin_of_level(expr, required));
            let kind = ProblemKind::TooUntrusted { found, required, bound, target, origin };
            return self.report(at, kind);
        }
        self.report(at, ProblemKind::Mismatch { mismatch, target });
    }

    /// The expression that lets the confidence of `expr` fall below `bound`; `None` when it is
    /// `expr` itself. Follows operands and the initialisers of variables that never change.
    pub(crate) fn origin_of(&self, expr: ExprId, bound: f64) -> Option<ExprId> {
        self.origin_where(expr, &|fact| fact.confidence.low < bound)
    }

    /// The expression that brings in what is less trusted than `level`.
    fn origin_of_level(&self, expr: ExprId, level: Level) -> Option<ExprId> {
        self.origin_where(expr, &|fact| self.types.whole(fact).level < level)
    }

    pub(crate) fn origin_where(
        &self,
        expr: ExprId,
        is_it: &dyn Fn(Fact) -> bool,
    ) -> Option<ExprId> {
        let mut at = expr;
        for _ in 0..16 {
            let Some(next) = self.origin_step(at, is_it) else { break };
            at = next;
        }
        (at != expr).then_some(at)
    }

    fn origin_step(&self, expr: ExprId, is_it: &dyn Fn(Fact) -> bool) -> Option<ExprId> {
        let is_low = |operand: &ExprId| is_it(self.fact(*operand));
        match &self.body.exprs[expr].kind {
            ExprKind::Name(Name::Local(local)) => {
                self.initialisers.get(index_of(*local)).copied().flatten()
            }
            ExprKind::Binary { left, right, .. } | ExprKind::Chain { left, right } => {
                [*left, *right].into_iter().find(is_low)
            }
            ExprKind::Logical { left, right, .. } => [*right, *left].into_iter().find(is_low),
            ExprKind::Ternary { then, otherwise, .. } => {
                [*then, *otherwise].into_iter().find(is_low)
            }
            ExprKind::Member { object, .. } | ExprKind::Index { object, .. } => {
                Some(*object).filter(is_low)
            }
            ExprKind::Bind { body, .. } => Some(*body),
            ExprKind::Array(elements) => elements.iter().find_map(|element| match element {
                Element::Expr(part) | Element::Spread(part) => Some(*part).filter(is_low),
            }),
            ExprKind::Object(fields) => fields.iter().find_map(|field| match field {
                Field::Named { value, .. } | Field::Computed { value, .. } => {
                    Some(*value).filter(is_low)
                }
                Field::Spread(value) => Some(*value).filter(is_low),
            }),
            ExprKind::Template(parts) => parts.iter().find_map(|part| match part {
                TemplatePart::Text(_) => None,
                TemplatePart::Expr(part) => Some(*part).filter(is_low),
            }),
            ExprKind::Await(operand) | ExprKind::Unary { operand, .. } => Some(*operand),
            _ => None,
        }
    }

    /// How a message names what is called.
    pub(crate) fn callee_name(&self, callee: ExprId) -> Callee {
        match &self.body.exprs[callee].kind {
            ExprKind::Name(name) => Callee::Function(self.name_text(name)),
            ExprKind::Member { name, .. } => Callee::Method(name.clone()),
            _ => Callee::Value,
        }
    }

    pub(crate) fn name_text(&self, name: &Name) -> Text {
        match name {
            Name::Local(local) => self.body.locals[*local].name.clone(),
            Name::Import { name, .. } => name.clone(),
            Name::Namespace { module } => module.clone(),
            Name::ModuleVar(text)
            | Name::ModuleFunction(text)
            | Name::Builtin(text)
            | Name::Host(text)
            | Name::Effect(text)
            | Name::Unresolved(text) => text.clone(),
        }
    }
}

/// The nearest of the names to a misspelt one, if few enough letters differ.
pub(crate) fn nearest<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Option<Text> {
    prism_diagnostics::nearest(wanted, names).map(Text::from)
}
