//! Operators that look at confidence: annotation, gates and choices between values.

use prism_hir::body::{BinaryOp, Bits, ConfidentLogicalOp, ExprId, ExprKind, Name, UnaryOp};

use prism_syntax::ast;

use crate::confidence::{Confidence, Level, Presence};
use crate::errors::ProblemKind;
use crate::flow::{Infer, Root};
use crate::types::{Fact, Kinds, TypeId};

/// Computed confidences are followed so deep.
const MAX_RANGE: u32 = 16;
/// `a ~?? b` keeps a from here on.
const COALESCE_BOUND: f64 = 0.5;
/// `a ~@> b` gives b from here on.
const ESCALATE_BOUND: f64 = 0.7;

impl Infer<'_> {
    /// `e ~> k` is the word of the program, unless it names where the confidence comes from.
    pub(crate) fn infer_annotate(
        &mut self,
        value: ExprId,
        confidence: ExprId,
        level: Option<ast::Level>,
    ) -> Fact {
        let fact = self.infer_expr(value);
        let given = self.infer_confidence(confidence);
        self.check_raise(confidence, fact.confidence, given);
        self.check_range(confidence);
        let own = self.types.whole(fact).label();
        match level {
            None => fact.with(given.capped(own)),
            Some(level) => {
                let level = Level::from(level);
                self.check_claim(confidence, own.level.min(given.level), level);
                // Of how sure the parts are, the claim says nothing.
                let ty = self.types.promised(fact.ty, Confidence::ANY.at(level));
                Fact { ty, confidence: given.at(level).holding(own.secrets) }
            }
        }
    }

    /// A value that is certainly less sure gets a higher number out of thin air.
    fn check_raise(&mut self, at: ExprId, known: Confidence, given: Confidence) {
        let is_literal = matches!(self.body.exprs[at].kind, ExprKind::Number(_));
        if is_literal && known.presence == Presence::Confident && known.high < given.low {
            let given = Bits::new(given.low);
            self.report(at, ProblemKind::RaisedByHand { known, given });
        }
    }

    /// A confidence that is computed from others may lie outside of 0 to 1.
    fn check_range(&mut self, at: ExprId) {
        let is_computed = matches!(
            self.body.exprs[at].kind,
            ExprKind::Binary { .. } | ExprKind::Call { .. } | ExprKind::MethodCall { .. }
        );
        let Some((low, high)) = self.range(at, 0).filter(|_| is_computed) else { return };
        // Sums such as 0.7 + 0.3 are a little off.
        if low < -1e-9 || high > 1.0 + 1e-9 {
            let (low, high) = (Bits::new(low), Bits::new(high));
            self.report(at, ProblemKind::LeavesRange { low, high });
        }
    }

    /// The numbers that an expression made of confidences and literals can give.
    fn range(&self, expr: ExprId, depth: u32) -> Option<(f64, f64)> {
        if depth > MAX_RANGE {
            return None;
        }
        let of = |expr: ExprId| self.range(expr, depth + 1);
        if let Some(number) = self.types.as_number(self.fact(expr).ty) {
            return Some((number, number));
        }
        match &self.body.exprs[expr].kind {
            ExprKind::Unary { op: UnaryOp::Confidence, operand } => {
                let known = self.fact(*operand).confidence;
                Some((known.low, known.high))
            }
            ExprKind::Binary { op, left, right, .. } => {
                let ((a, b), (c, d)) = (of(*left)?, of(*right)?);
                let corners = |f: fn(f64, f64) -> f64| {
                    let all = [f(a, c), f(a, d), f(b, c), f(b, d)];
                    (
                        all.into_iter().fold(f64::INFINITY, f64::min),
                        all.into_iter().fold(f64::NEG_INFINITY, f64::max),
                    )
                };
                match op {
                    BinaryOp::Add => Some((a + c, b + d)),
                    BinaryOp::Subtract => Some((a - d, b - c)),
                    BinaryOp::Multiply => Some(corners(|x, y| x * y)),
                    BinaryOp::Divide if c > 0.0 || d < 0.0 => Some(corners(|x, y| x / y)),
                    _ => None,
                }
            }
            ExprKind::Name(Name::Local(local)) => of(self.initialiser(*local)?),
            _ => None,
        }
    }

    /// A level is raised where a function says in its result that it does.
    fn check_claim(&mut self, at: ExprId, own: Level, claimed: Level) {
        let declared = self.frame().declared_result.map_or(Level::Unknown, |r| r.confidence.level);
        if claimed > own && claimed > Level::Reported && claimed > declared {
            let is_nested = self.frame().lambda.is_some() || self.root != Root::Function;
            self.report(at, ProblemKind::UndeclaredLevel { claimed, is_nested });
        }
    }

    /// The confidence that `~> k` gives.
    pub(crate) fn infer_confidence(&mut self, expr: ExprId) -> Confidence {
        let fact = self.infer_expr(expr);
        match self.check_confidence(expr, fact.ty) {
            Some(known) => Confidence::exactly(known),
            None => self.confidence_read(expr).unwrap_or(Confidence::CONFIDENT),
        }
    }

    /// `~> <~ other`: the confidence of another value.
    fn confidence_read(&self, expr: ExprId) -> Option<Confidence> {
        if let ExprKind::Unary { op: UnaryOp::Confidence, operand } = &self.body.exprs[expr].kind {
            return Some(self.fact(*operand).confidence.present());
        }
        None
    }

    /// The bound of a gate, where the text says it. One outside of 0 to 1 is not followed: unlike
    /// a confidence it is not clamped, and what follows from it was reported with it.
    pub(crate) fn check_bound(&mut self, expr: ExprId, ty: TypeId) -> Option<f64> {
        self.check_in_range(expr, ty, true).filter(|bound| (0.0..=1.0).contains(bound))
    }

    /// Checks a number that is used as a confidence; gives its value where the text says it.
    pub(crate) fn check_confidence(&mut self, expr: ExprId, ty: TypeId) -> Option<f64> {
        self.check_in_range(expr, ty, false)
    }

    fn check_in_range(&mut self, expr: ExprId, ty: TypeId, is_bound: bool) -> Option<f64> {
        if self.is_never(ty, Kinds::NUMBER) {
            self.report(expr, ProblemKind::ConfidenceNotNumber { ty });
            return None;
        }
        let known = self.types.as_number(ty)?;
        let is_literal = matches!(
            self.body.exprs[expr].kind,
            ExprKind::Number(_) | ExprKind::Unary { op: UnaryOp::Negate, .. }
        );
        if is_literal && !(0.0..=1.0).contains(&known) {
            let value = Bits::new(known);
            self.report(expr, ProblemKind::ConfidenceOutOfRange { value, is_bound });
        }
        (!known.is_nan()).then_some(known)
    }

    /// `e ~> k` as a whole condition: true when e is truthy and confident enough.
    pub(crate) fn infer_gate(&mut self, value: ExprId, confidence: ExprId) -> Fact {
        let fact = self.infer_expr(value);
        let bound_fact = self.infer_expr(confidence);
        if let Some(bound) = self.check_bound(confidence, bound_fact.ty) {
            self.check_gate(value, fact.confidence, bound);
        }
        let level = fact.confidence.level.min(bound_fact.confidence.level);
        Fact::plain(TypeId::BOOLEAN).capped(level)
    }

    /// Reports a gate whose answer is known before the run.
    pub(crate) fn check_gate(&mut self, at: ExprId, confidence: Confidence, bound: f64) {
        let bits = Bits::new(bound);
        if confidence.high < bound {
            let origin = self.origin_of(at, bound);
            self.report(at, ProblemKind::GateNeverPasses { confidence, bound: bits, origin });
        } else if confidence.low >= bound {
            self.report(at, ProblemKind::GateAlwaysPasses { confidence, bound: bits });
        }
    }

    /// `~&&` and `~||`: a boolean; both sides are evaluated.
    pub(crate) fn infer_confident_logical(
        &mut self,
        op: ConfidentLogicalOp,
        left: ExprId,
        right: ExprId,
    ) -> Fact {
        let (left, right) = (self.infer_expr(left), self.infer_expr(right));
        let confidence = match op {
            ConfidentLogicalOp::And => left.confidence.min(right.confidence),
            ConfidentLogicalOp::Or => left.confidence.max(right.confidence),
        };
        Fact { ty: TypeId::BOOLEAN, confidence: confidence.present() }
    }

    /// `a ~~ b`: the value of b with the smaller confidence.
    pub(crate) fn infer_chain(&mut self, left: ExprId, right: ExprId) -> Fact {
        let (left, right) = (self.infer_expr(left), self.infer_expr(right));
        let confidence = left.confidence.min(right.confidence);
        let presence = match confidence.presence {
            Presence::Confident => Presence::Confident,
            Presence::Plain | Presence::Unknown => Presence::Unknown,
        };
        right.with(Confidence { presence, ..confidence })
    }

    /// `a ~||> b`: the more confident of the two.
    pub(crate) fn infer_more_confident(&mut self, left: ExprId, right: ExprId) -> Fact {
        let (left, right) = (self.infer_expr(left), self.infer_expr(right));
        let presence = left.confidence.hull(right.confidence).presence;
        let ty = if right.confidence.high < left.confidence.low {
            left.ty
        } else if left.confidence.high < right.confidence.low {
            right.ty
        } else {
            self.types.join_types(left.ty, right.ty)
        };
        Fact { ty, confidence: Confidence { presence, ..left.confidence.max(right.confidence) } }
    }

    /// `a ~?? b`: a when its confidence is at least 0.5, else b, which is not evaluated otherwise.
    pub(crate) fn infer_confident_coalesce(&mut self, left: ExprId, right: ExprId) -> Fact {
        let fact = self.infer_expr(left);
        self.check_gate(left, fact.confidence, COALESCE_BOUND);
        let mark = self.env.mark();
        let fallback = self.infer_expr(right);
        let after = self.env.take(mark);
        let before = self.env.snapshot(mark);
        self.env.join(&mut self.types, before, after);
        self.passed_or(fact, COALESCE_BOUND, fallback)
    }

    /// `a` behind a gate at `bound`, or what stands there when it does not pass.
    fn passed_or(&mut self, value: Fact, bound: f64, fallback: Fact) -> Fact {
        let Some(passed) = value.confidence.at_or_above(bound) else { return fallback };
        if value.confidence.low >= bound {
            return value;
        }
        self.types.join(value.with(passed), fallback)
    }

    /// `a ~@> b`: b when a is confident enough, else a with half its confidence.
    pub(crate) fn infer_escalate(&mut self, left: ExprId, right: ExprId) -> Fact {
        let fact = self.infer_expr(left);
        let mark = self.env.mark();
        let next = self.infer_expr(right);
        let after = self.env.take(mark);
        let before = self.env.snapshot(mark);
        self.env.join(&mut self.types, before, after);
        if fact.confidence.low >= ESCALATE_BOUND {
            return next;
        }
        let held = fact.confidence.below(ESCALATE_BOUND).unwrap_or(fact.confidence).halved();
        if fact.confidence.high < ESCALATE_BOUND {
            return fact.with(held);
        }
        self.types.join(next, fact.with(held))
    }

    /// `a ~?> t` and `a ~?> [t, d]`.
    pub(crate) fn infer_threshold(
        &mut self,
        value: ExprId,
        threshold: ExprId,
        default: Option<ExprId>,
    ) -> Fact {
        let fact = self.infer_expr(value);
        let threshold_fact = self.infer_expr(threshold);
        let fallback = default.map_or(Fact::NULL, |default| self.infer_expr(default));
        let Some(bound) = self.check_bound(threshold, threshold_fact.ty) else {
            let passed = fact.with(maybe_present(fact.confidence));
            return self.types.join(passed, fallback);
        };
        self.check_gate(value, fact.confidence, bound);
        let fact = fact.with(maybe_present(fact.confidence));
        self.passed_or(fact, bound, fallback)
    }
}

/// A gate may make a plain value confident.
fn maybe_present(confidence: Confidence) -> Confidence {
    match confidence.presence {
        Presence::Plain => Confidence { presence: Presence::Unknown, ..confidence },
        Presence::Confident | Presence::Unknown => confidence,
    }
}
