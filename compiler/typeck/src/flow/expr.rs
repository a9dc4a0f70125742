//! Expressions: one function per kind of expression, and the table that chooses it.

use prism_hir::body::{ExprId, ExprKind, LogicalOp, MemberMode, Name, UnaryOp};

use crate::confidence::Confidence;
use crate::effects::Effects;
use crate::errors::ProblemKind;
use crate::flow::secret::shown;
use crate::flow::{Infer, MAX_NESTING};
use crate::inference::index_of;
use crate::types::{Fact, Kinds, Type, TypeId};

impl<'a> Infer<'a> {
    pub(crate) fn infer_expr(&mut self, expr: ExprId) -> Fact {
        self.infer_expected(expr, None)
    }

    /// Infers an expression that goes where `expected` was declared: lambdas and literals use it.
    pub(crate) fn infer_expected(&mut self, expr: ExprId, expected: Option<Fact>) -> Fact {
        if self.nesting >= MAX_NESTING {
            self.perform_unknown();
            return Fact::ANY;
        }
        self.nesting += 1;
        self.n_visits += 1;
        let fact = shown(self.infer_kind(expr, expected));
        self.nesting -= 1;
        self.record(expr, fact)
    }

    pub(crate) fn record(&mut self, expr: ExprId, fact: Fact) -> Fact {
        self.exprs[index_of(expr)] = fact;
        fact
    }

    fn infer_kind(&mut self, expr: ExprId, expected: Option<Fact>) -> Fact {
        let body = self.body;
        match &body.exprs[expr].kind {
            ExprKind::Error => Fact::ERROR,
            ExprKind::Null => Fact::NULL,
            ExprKind::Bool(true) => Fact::plain(TypeId::TRUE),
            ExprKind::Bool(false) => Fact::plain(TypeId::FALSE),
            ExprKind::Number(bits) => Fact::plain(self.types.number_literal(*bits)),
            ExprKind::Text(text) => Fact::plain(self.types.text_literal(text)),
            ExprKind::Template(parts) => self.infer_template(parts),
            ExprKind::Array(elements) => self.infer_array(elements, expected),
            ExprKind::Object(fields) => self.infer_object(fields, expected),
            ExprKind::Name(name) => {
                self.note_host(expr, name);
                let fact = self.infer_name(name);
                match name {
                    Name::Host(_) => self.entering(fact, expr),
                    _ => fact,
                }
            }
            ExprKind::Unary { op, operand } => self.infer_unary(expr, *op, *operand),
            ExprKind::Binary { .. } => self.infer_binary_chain(expr),
            ExprKind::Logical { op, .. } => self.infer_logical_chain(expr, *op),
            ExprKind::ConfidentLogical { op, left, right } => {
                self.infer_confident_logical(*op, *left, *right)
            }
            ExprKind::Chain { left, right } => self.infer_chain(*left, *right),
            ExprKind::MoreConfident { left, right } => self.infer_more_confident(*left, *right),
            ExprKind::ConfidentCoalesce { left, right } => {
                self.infer_confident_coalesce(*left, *right)
            }
            ExprKind::Escalate { left, right } => self.infer_escalate(*left, *right),
            ExprKind::Threshold { value, threshold, default } => {
                self.infer_threshold(*value, *threshold, *default)
            }
            ExprKind::Annotate { value, confidence, level } => {
                self.infer_annotate(*value, *confidence, *level)
            }
            ExprKind::Gate { value, confidence } => self.infer_gate(*value, *confidence),
            ExprKind::Ternary { condition, then, otherwise } => {
                self.infer_ternary(*condition, *then, *otherwise, expected)
            }
            ExprKind::ConfidentTernary { condition, then, otherwise } => {
                let branch = self.infer_ternary(*condition, *then, *otherwise, None);
                let condition = self.fact(*condition).confidence;
                branch.with(branch.confidence.product(condition).present())
            }
            ExprKind::Member { object, name, mode } => {
                self.infer_member(expr, *object, name, *mode)
            }
            ExprKind::Index { object, index, optional } => {
                self.infer_index(expr, *object, *index, *optional)
            }
            ExprKind::Call { callee, args, optional } => {
                self.infer_call(expr, *callee, args, *optional)
            }
            ExprKind::MethodCall { object, name, mode, args } => {
                self.infer_method_call(expr, *object, (name, *mode), args)
            }
            ExprKind::Perform { effect, args } => self.infer_perform(expr, effect, args),
            ExprKind::Lambda(lambda) => {
                let ty = self.infer_lambda(*lambda, expected);
                Fact::plain(ty)
            }
            ExprKind::Bind { local, value, body, keep_confidence } => {
                let value = self.infer_expr(*value);
                self.set_local(*local, value);
                let result = self.infer_expr(*body);
                if *keep_confidence { keep_confidence_of(result, value) } else { result }
            }
            ExprKind::Match { subject, arms } => self.infer_match(*subject, arms, expected),
            ExprKind::UncertainIf { condition, bands, branches } => {
                self.infer_uncertain_expr(*condition, bands, branches, expected)
            }
            ExprKind::Handle { body, clauses, return_clause } => {
                self.infer_handle(body, clauses, return_clause.as_deref())
            }
            ExprKind::Resume { value } => {
                self.infer_resume(expr, *value);
                // What the rest of the body does, the `handle` counts.
                self.frame().effects.add(&Effects::write());
                Fact::ANY
            }
            ExprKind::Block(block) => self.infer_block(block),
            ExprKind::Await(operand) => self.infer_expr(*operand),
        }
    }

    fn infer_unary(&mut self, expr: ExprId, op: UnaryOp, operand: ExprId) -> Fact {
        let value = self.infer_expr(operand);
        let plain = |ty| Fact::plain(ty).capped(value.confidence.level);
        match op {
            UnaryOp::Not => plain(match self.types.truthiness(value.ty) {
                Some(true) => TypeId::FALSE,
                Some(false) => TypeId::TRUE,
                None => TypeId::BOOLEAN,
            }),
            UnaryOp::Negate => {
                if self.is_never(value.ty, Kinds::NUMBER) {
                    self.report(expr, ProblemKind::BadOperand { op, ty: value.ty });
                    return Fact::ERROR;
                }
                let negated = self.types.as_number(value.ty).map(|number| -number);
                let ty = match negated {
                    Some(number) => self.types.number_literal(prism_hir::body::Bits::new(number)),
                    None => TypeId::NUMBER,
                };
                value.with(value.confidence).retyped(ty)
            }
            UnaryOp::Plus => value.retyped(TypeId::NUMBER),
            UnaryOp::Confidence => plain(TypeId::NUMBER),
            UnaryOp::Typeof => plain(TypeId::TEXT),
        }
    }

    fn infer_ternary(
        &mut self,
        condition: ExprId,
        then: ExprId,
        otherwise: ExprId,
        expected: Option<Fact>,
    ) -> Fact {
        self.infer_condition(condition);
        let mark = self.env.mark();
        self.narrow(condition, true);
        let then_is_live = self.env.reachable;
        let then_fact = self.infer_expected(then, expected);
        let then_fact = self.decided(then_fact);
        let then_branch = self.env.take(mark);
        self.narrow(condition, false);
        let otherwise_is_live = self.env.reachable;
        let otherwise_fact = self.infer_expected(otherwise, expected);
        let otherwise_fact = self.decided(otherwise_fact);
        let otherwise_branch = self.env.take(mark);
        self.env.join(&mut self.types, then_branch, otherwise_branch);
        match (then_is_live, otherwise_is_live) {
            (true, false) => then_fact,
            (false, true) => otherwise_fact,
            (true, true) | (false, false) => self.types.join(then_fact, otherwise_fact),
        }
    }

    /// `a && b && c` as one list, so that each operand is narrowed by those before it once.
    fn infer_logical_chain(&mut self, expr: ExprId, op: LogicalOp) -> Fact {
        let body = self.body;
        let mut nodes = Vec::new();
        let mut at = expr;
        while let ExprKind::Logical { op: this, left, right } = &body.exprs[at].kind
            && *this == op
        {
            nodes.push((at, *right));
            at = *left;
        }
        let mark = self.env.mark();
        let mut last = at;
        let mut fact = self.infer_expr(at);
        for (node, right) in nodes.into_iter().rev() {
            match op {
                LogicalOp::And => self.narrow(last, true),
                LogicalOp::Or => self.narrow(last, false),
                LogicalOp::Coalesce => {}
            }
            let is_live = self.env.reachable;
            let right_fact = self.infer_expr(right);
            let right_fact = self.decided(right_fact);
            fact = self.logical(op, fact, is_live.then_some(right_fact));
            self.record(node, fact);
            last = right;
        }
        let after = self.env.take(mark);
        let before = self.env.snapshot(mark);
        self.env.join(&mut self.types, before, after);
        fact
    }

    /// `right` is `None` when it is never evaluated.
    fn logical(&mut self, op: LogicalOp, left: Fact, right: Option<Fact>) -> Fact {
        let kept = match op {
            LogicalOp::And => self.types.falsy(left.ty),
            LogicalOp::Or => self.types.truthy(left.ty),
            LogicalOp::Coalesce => self.types.drop_kinds(left.ty, Kinds::NULL),
        };
        let mut right = right.unwrap_or(Fact::NEVER);
        if op == LogicalOp::Coalesce && !left.confidence.is_plain() {
            // What stands for a null is no surer than that null is.
            right = right.with(right.confidence.min(left.confidence));
        }
        if kept == TypeId::NEVER {
            return right;
        }
        self.types.join(left.retyped(kept), right)
    }

    /// A value that nothing vouches for is as trusted as the decision to use it.
    pub(crate) fn decided(&self, fact: Fact) -> Fact {
        // What a function gives speaks for itself where that is not plain.
        // Null says nothing; who looks at what is there instead finds its level.
        let gives_plain = match self.types.structure(fact.ty) {
            Type::Function(function) => function.result.confidence.is_plain(),
            Type::Null | Type::Gap => false,
            _ => true,
        };
        let is_plain = fact.confidence.is_plain() && gives_plain;
        if is_plain { fact.capped(self.env.decision().level) } else { fact }
    }

    pub(crate) fn perform_unknown(&mut self) {
        self.frame().effects.add(&Effects::unknown());
    }

    /// Reading `object.name` softly or optionally gives a plain null where there is nothing.
    pub(crate) fn is_soft(mode: MemberMode) -> bool {
        match mode {
            MemberMode::Plain | MemberMode::Confident => false,
            MemberMode::Optional | MemberMode::Soft => true,
        }
    }
}

/// `~|>`: a plain result takes the confidence of what went in.
fn keep_confidence_of(result: Fact, value: Fact) -> Fact {
    use crate::confidence::Presence;
    match result.confidence.presence {
        Presence::Confident => result,
        Presence::Plain => result.with(value.confidence.capped(result.confidence.level)),
        Presence::Unknown => result.with(Confidence {
            presence: Presence::Unknown,
            ..result.confidence.hull(value.confidence)
        }),
    }
}
