//! Lowers what reads or makes confidence. The rules are those of `spec/confidence.md`.

use prism_hir::body::{Bands, ConfidentLogicalOp, ExprId, ExprKind};
use prism_ir::function::{Facts, Source, Ty, Value};
use prism_ir::op::{ConfidenceOp, OpKind};

use crate::function::{Cx, Flow};
use crate::stmt::branch_of;

/// `a ~?? b` keeps a at this confidence.
const COALESCE: f64 = 0.5;

/// `a ~@> b` goes on to b at this confidence of a.
const ESCALATE: f64 = 0.7;

impl<'a, 'db> Cx<'a, '_, 'db> {
    pub fn confidence_op(
        &mut self,
        op: ConfidenceOp,
        left: Value,
        right: Value,
        facts: Facts,
        source: Source,
    ) -> Value {
        self.b.push(OpKind::Confidence { op, left, right }, facts, source)
    }

    fn at_least(&mut self, value: Value, limit: f64, source: Source) -> Value {
        let limit = self.number(limit, source);
        self.confidence_op(ConfidenceOp::AtLeast, value, limit, Facts::plain(Ty::Boolean), source)
    }

    /// `right`, with the smaller confidence of both where `left` has one.
    pub fn no_surer_than(&mut self, left: Value, right: Value, source: Source) -> Value {
        let is_sure = self.at_least(left, 1.0, source);
        let both =
            |cx: &mut Self| cx.confidence_op(ConfidenceOp::Chain, left, right, Facts::ANY, source);
        self.choose(is_sure, source, |_| right, both)
    }

    pub fn confidence_expr(&mut self, expr: ExprId, facts: Facts, source: Source) -> Value {
        match self.expr_kind(expr) {
            ExprKind::ConfidentLogical { op, left, right } => {
                let op = match op {
                    ConfidentLogicalOp::And => ConfidenceOp::And,
                    ConfidentLogicalOp::Or => ConfidenceOp::Or,
                };
                self.both(op, *left, *right, facts, source)
            }
            ExprKind::Chain { left, right } => {
                self.both(ConfidenceOp::Chain, *left, *right, facts, source)
            }
            ExprKind::MoreConfident { left, right } => {
                self.both(ConfidenceOp::More, *left, *right, facts, source)
            }
            ExprKind::Annotate { value, confidence, .. } => {
                self.both(ConfidenceOp::Annotate, *value, *confidence, facts, source)
            }
            ExprKind::Gate { value, confidence } => {
                let facts = Facts::plain(Ty::Boolean);
                self.both(ConfidenceOp::Gate, *value, *confidence, facts, source)
            }
            ExprKind::ConfidentCoalesce { left, right } => {
                let left = self.expr(*left);
                let enough = self.at_least(left, COALESCE, source);
                self.choose(enough, source, |_| left, |cx| cx.expr(*right))
            }
            ExprKind::Escalate { left, right } => {
                let left = self.expr(*left);
                let enough = self.at_least(left, ESCALATE, source);
                let halve = |cx: &mut Self| cx.b.push(OpKind::Halve(left), Facts::ANY, source);
                self.choose(enough, source, |cx| cx.expr(*right), halve)
            }
            ExprKind::Threshold { value, threshold, default } => {
                self.threshold(*value, *threshold, *default, source)
            }
            ExprKind::ConfidentTernary { condition, then, otherwise } => {
                let condition = self.expr(*condition);
                self.choose(
                    condition,
                    source,
                    |cx| cx.product(*then, condition, source),
                    |cx| cx.product(*otherwise, condition, source),
                )
            }
            ExprKind::UncertainIf { condition, bands, branches } => {
                let condition = self.expr(*condition);
                let band = self.band(condition, bands, true, source);
                let flow = self.by_band(band, true, source, &|cx, level| {
                    let value = match branch_of(branches, level) {
                        Some(branch) => cx.expr(*branch),
                        None => cx.null(source),
                    };
                    Flow::Next(Some(value))
                });
                match flow {
                    Flow::Next(Some(value)) => value,
                    Flow::Next(None) | Flow::Ends(_) => unreachable!("every band has a value"),
                }
            }
            other => unreachable!("not about confidence: {other:?}"),
        }
    }

    fn both(
        &mut self,
        op: ConfidenceOp,
        left: ExprId,
        right: ExprId,
        facts: Facts,
        source: Source,
    ) -> Value {
        let (left, right) = (self.expr(left), self.expr(right));
        self.confidence_op(op, left, right, facts, source)
    }

    fn product(&mut self, branch: ExprId, condition: Value, source: Source) -> Value {
        let branch = self.expr(branch);
        self.confidence_op(ConfidenceOp::Product, branch, condition, Facts::ANY, source)
    }

    /// `a ~?> t`: a, confident, when it is confident enough, else the default or null.
    fn threshold(
        &mut self,
        value: ExprId,
        threshold: ExprId,
        default: Option<ExprId>,
        source: Source,
    ) -> Value {
        let (value, limit) = (self.expr(value), self.expr(threshold));
        let facts = Facts::plain(Ty::Boolean);
        let enough = self.confidence_op(ConfidenceOp::AtLeast, value, limit, facts, source);
        self.choose(
            enough,
            source,
            |cx| cx.b.push(OpKind::MakeConfident(value), Facts::ANY, source),
            |cx| match default {
                Some(default) => cx.expr(default),
                None => cx.null(source),
            },
        )
    }

    /// The band of a value as a number: 2 high, 1 medium, 0 low.
    pub fn band(&mut self, value: Value, bands: &Bands, strict: bool, source: Source) -> Value {
        let high = match bands.high {
            Some(high) => self.expr(high),
            None => self.number(self.item.bands.high, source),
        };
        let medium = match bands.medium {
            Some(medium) => self.expr(medium),
            None => self.number(self.item.bands.medium, source),
        };
        let kind = OpKind::Band { value, high, medium, strict };
        self.b.push(kind, Facts::plain(Ty::Number), source)
    }
}
