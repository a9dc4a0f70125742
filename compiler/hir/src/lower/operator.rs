//! Infix operators.

use prism_span::Span;
use prism_syntax::ast::{self, BinaryOp as Syntax};

use super::{Cx, names};
use crate::body::{BinaryOp, ConfidentLogicalOp, ExprId, ExprKind, LogicalOp, MemberMode, Name};
use crate::problem::ProblemKind;

impl<'a> Cx<'a> {
    pub(super) fn binary(
        &mut self,
        op: Syntax,
        left: ast::ExprId,
        right: ast::ExprId,
        span: Span,
    ) -> ExprId {
        match op {
            Syntax::Pipe => self.pipeline(left, right, false, span),
            Syntax::ConfidentPipe => self.pipeline(left, right, true, span),
            Syntax::Threshold => self.threshold(left, right, span),
            Syntax::Escalate if self.is_number(right) => {
                let (value, threshold) = (self.expr(left), self.expr(right));
                self.alloc(ExprKind::Threshold { value, threshold, default: None }, span)
            }
            Syntax::Or | Syntax::Coalesce => {
                let (left, right) = (self.soft(left), self.expr(right));
                self.combine(op, left, right, span)
            }
            Syntax::Annotate => {
                let value = self.expr(left);
                self.annotation(value, right, span)
            }
            Syntax::Instanceof => {
                let left = self.expr(left);
                let right = self.type_name(right).unwrap_or_else(|| self.expr(right));
                self.combine(op, left, right, span)
            }
            _ => {
                let (left, right) = (self.expr(left), self.expr(right));
                self.combine(op, left, right, span)
            }
        }
    }

    /// `x instanceof Array`: a name that is no value elsewhere names a type here.
    fn type_name(&mut self, expr: ast::ExprId) -> Option<ExprId> {
        let ast::Expr { kind: ast::ExprKind::Name, span } = self.ast[expr] else { return None };
        let name = self.slice(span);
        let is_type = match self.find(name) {
            Some(Name::Builtin(_)) => names::is_only_namespace(name),
            Some(_) => false,
            None => name == "Function",
        };
        is_type.then(|| self.alloc(ExprKind::Text(name.into()), span))
    }

    /// `value ~> k`, and `value ~> k verified`.
    pub(super) fn annotation(
        &mut self,
        value: ExprId,
        confidence: ast::ExprId,
        span: Span,
    ) -> ExprId {
        let level = match self.ast[confidence].kind {
            ast::ExprKind::Leveled { level, .. } => Some(level),
            _ => None,
        };
        let confidence = self.expr(confidence);
        self.alloc(ExprKind::Annotate { value, confidence, level }, span)
    }

    /// An operation on operands that are lowered.
    pub(super) fn combine(
        &mut self,
        op: Syntax,
        left: ExprId,
        right: ExprId,
        span: Span,
    ) -> ExprId {
        let plain = |op| ExprKind::Binary { op, confident: false, left, right };
        let confident = |op| ExprKind::Binary { op, confident: true, left, right };
        let logical = |op| ExprKind::Logical { op, left, right };
        let kind = match op {
            Syntax::Chain => ExprKind::Chain { left, right },
            Syntax::MoreConfident => ExprKind::MoreConfident { left, right },
            Syntax::Escalate => ExprKind::Escalate { left, right },
            Syntax::ConfidentCoalesce => ExprKind::ConfidentCoalesce { left, right },
            Syntax::Threshold => {
                ExprKind::Threshold { value: left, threshold: right, default: None }
            }
            Syntax::Or => logical(LogicalOp::Or),
            Syntax::And => logical(LogicalOp::And),
            Syntax::Coalesce => logical(LogicalOp::Coalesce),
            Syntax::ConfidentOr => {
                ExprKind::ConfidentLogical { op: ConfidentLogicalOp::Or, left, right }
            }
            Syntax::ConfidentAnd => {
                ExprKind::ConfidentLogical { op: ConfidentLogicalOp::And, left, right }
            }
            Syntax::Equal => plain(BinaryOp::Equal),
            Syntax::NotEqual => plain(BinaryOp::NotEqual),
            Syntax::Identical => plain(BinaryOp::Identical),
            Syntax::NotIdentical => plain(BinaryOp::NotIdentical),
            Syntax::ConfidentEqual => confident(BinaryOp::Identical),
            Syntax::ConfidentNotEqual => confident(BinaryOp::NotIdentical),
            Syntax::Less => plain(BinaryOp::Less),
            Syntax::LessEqual => plain(BinaryOp::LessEqual),
            Syntax::Greater => plain(BinaryOp::Greater),
            Syntax::GreaterEqual => plain(BinaryOp::GreaterEqual),
            Syntax::ConfidentLess => confident(BinaryOp::Less),
            Syntax::ConfidentLessEqual => confident(BinaryOp::LessEqual),
            Syntax::ConfidentGreaterEqual => confident(BinaryOp::GreaterEqual),
            Syntax::Instanceof => plain(BinaryOp::Instanceof),
            Syntax::In => plain(BinaryOp::In),
            Syntax::Add => plain(BinaryOp::Add),
            Syntax::Subtract => plain(BinaryOp::Subtract),
            Syntax::ConfidentAdd => confident(BinaryOp::Add),
            Syntax::ConfidentSubtract => confident(BinaryOp::Subtract),
            Syntax::Multiply => plain(BinaryOp::Multiply),
            Syntax::Divide => plain(BinaryOp::Divide),
            Syntax::Remainder => plain(BinaryOp::Remainder),
            Syntax::ConfidentMultiply => confident(BinaryOp::Multiply),
            Syntax::ConfidentDivide => confident(BinaryOp::Divide),
            Syntax::Power => plain(BinaryOp::Power),
            // These take no part in assignments; the parser reads none here.
            Syntax::Annotate | Syntax::Pipe | Syntax::ConfidentPipe => ExprKind::Error,
        };
        self.alloc(kind, span)
    }

    /// The left side of `??` and `||`: a missing key at its end is null.
    fn soft(&mut self, expr: ast::ExprId) -> ExprId {
        let node = self.ast[expr];
        match node.kind {
            ast::ExprKind::Paren(inner) => self.soft(inner),
            ast::ExprKind::Member { object, name, access: ast::Access::Plain } => {
                self.member(object, name, MemberMode::Soft, node.span)
            }
            ast::ExprKind::Binary {
                op: op @ (Syntax::Or | Syntax::Coalesce), left, right, ..
            } => {
                let (left, right) = (self.soft(left), self.soft(right));
                self.combine(op, left, right, node.span)
            }
            ast::ExprKind::Binary { op: op @ Syntax::And, left, right, .. } => {
                let (left, right) = (self.expr(left), self.soft(right));
                self.combine(op, left, right, node.span)
            }
            _ => self.expr(expr),
        }
    }

    /// `a ~?> t` and `a ~?> [t, d]`.
    fn threshold(&mut self, left: ast::ExprId, right: ast::ExprId, span: Span) -> ExprId {
        let value = self.expr(left);
        let parts = match self.ast[right].kind {
            ast::ExprKind::Array(elements) => &self.ast[elements],
            _ => &[],
        };
        let (threshold, default) = match parts {
            [threshold] => (self.expr(threshold.value), None),
            [threshold, default] => (self.expr(threshold.value), Some(self.expr(default.value))),
            _ => (self.expr(right), None),
        };
        self.alloc(ExprKind::Threshold { value, threshold, default }, span)
    }

    fn is_number(&self, expr: ast::ExprId) -> bool {
        self.ast[expr].kind == ast::ExprKind::Number
    }

    /// A condition of `?:`, `if`, `while`: `e ~> k` asks.
    pub(super) fn condition(&mut self, expr: ast::ExprId) -> ExprId {
        match self.ast.gate(expr) {
            Some((value, confidence)) => {
                if let ast::ExprKind::Leveled { word, .. } = self.ast[confidence].kind {
                    self.report(word, ProblemKind::LevelInGate);
                }
                let (value, confidence) = (self.expr(value), self.expr(confidence));
                self.alloc(ExprKind::Gate { value, confidence }, self.ast[expr].span)
            }
            None => self.expr(expr),
        }
    }
}
