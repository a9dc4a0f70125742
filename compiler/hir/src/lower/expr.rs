//! Expressions.

use prism_span::Span;
use prism_syntax::ast::{self, Body, ExprKind as Syntax};
use prism_syntax::literal;

use super::Cx;
use super::pat::PatMode;
use crate::body::{
    Bits, Block, Element, ExprId, ExprKind, Field, LocalKind, MatchArm, MemberMode, Name, StmtKind,
    TemplatePart, UnaryOp,
};
use crate::problem::ProblemKind;
use crate::types;

impl<'a> Cx<'a> {
    pub(super) fn expr(&mut self, id: ast::ExprId) -> ExprId {
        self.expr_named(id, None)
    }

    /// An expression; a function without a name takes the hint.
    pub(super) fn expr_named(&mut self, id: ast::ExprId, hint: Option<&'a str>) -> ExprId {
        let ast::Expr { kind, span } = self.ast[id];
        match kind {
            Syntax::Paren(inner) => self.expr_named(inner, hint),
            // The level is read where the annotation is.
            Syntax::Leveled { confidence, .. } => self.expr(confidence),
            Syntax::Name => self.name_expr(span),
            Syntax::Placeholder => self.placeholder(span),
            Syntax::Function(function) => self.function_expr(function, hint, span),
            Syntax::Binary { op, left, right, .. } => self.binary(op, left, right, span),
            Syntax::Call { callee, args, optional } => {
                self.call(callee, args, optional, false, span)
            }
            Syntax::Member { object, name, access } => {
                self.member(object, name, member_mode(access), span)
            }
            Syntax::Object(fields) => self.object(fields, span),
            Syntax::UncertainIf(id) => self.uncertain_if_expr(id, span),
            Syntax::Handle { body, clauses } => self.handle(body, clauses, span),
            Syntax::Error
            | Syntax::Null
            | Syntax::Bool(_)
            | Syntax::Number
            | Syntax::Text(_)
            | Syntax::Template { .. }
            | Syntax::Array(_)
            | Syntax::Unary { .. }
            | Syntax::Ternary { .. }
            | Syntax::Index { .. }
            | Syntax::Match { .. } => {
                let kind = self.simple(kind, span);
                self.alloc(kind, span)
            }
        }
    }

    /// Expressions that become one expression of the same shape.
    fn simple(&mut self, kind: Syntax, span: Span) -> ExprKind {
        let ast = self.ast;
        match kind {
            Syntax::Null => ExprKind::Null,
            Syntax::Bool(value) => ExprKind::Bool(value),
            Syntax::Number => ExprKind::Number(Bits::new(literal::number(self.slice(span)))),
            Syntax::Text(_) => ExprKind::Text(literal::string(self.slice(span)).into()),
            Syntax::Template { quote, parts } => {
                let parts = ast[parts].iter().map(|part| self.template_part(*part, quote));
                ExprKind::Template(parts.collect())
            }
            Syntax::Array(elements) => {
                ExprKind::Array(ast[elements].iter().map(|element| self.element(element)).collect())
            }
            Syntax::Unary { op, operand } => {
                let operand = self.expr(operand);
                unary(op, operand)
            }
            Syntax::Ternary { confident: false, condition, then, otherwise } => {
                let condition = self.condition(condition);
                ExprKind::Ternary {
                    condition,
                    then: self.expr(then),
                    otherwise: self.expr(otherwise),
                }
            }
            Syntax::Ternary { confident: true, condition, then, otherwise } => {
                let condition = self.expr(condition);
                let (then, otherwise) = (self.expr(then), self.expr(otherwise));
                ExprKind::ConfidentTernary { condition, then, otherwise }
            }
            Syntax::Index { object, index, optional } => {
                let (object, index) = (self.expr(object), self.expr(index));
                ExprKind::Index { object, index, optional }
            }
            Syntax::Match { subject, arms } => {
                let subject = self.expr(subject);
                if arms.is_empty() {
                    self.report(span, ProblemKind::NoArms);
                }
                let arms = ast[arms].iter().map(|arm| self.arm(arm)).collect();
                ExprKind::Match { subject, arms }
            }
            _ => ExprKind::Error,
        }
    }

    fn template_part(&mut self, part: ast::TemplatePart, quote: ast::Quote) -> TemplatePart {
        match part {
            ast::TemplatePart::Text(span) => {
                TemplatePart::Text(literal::chunk(self.slice(span), quote).into())
            }
            ast::TemplatePart::Expr(expr) => TemplatePart::Expr(self.expr(expr)),
        }
    }

    fn element(&mut self, element: &ast::Element) -> Element {
        let value = self.expr(element.value);
        if element.is_spread { Element::Spread(value) } else { Element::Expr(value) }
    }

    fn function_expr(&mut self, id: ast::FunctionId, hint: Option<&'a str>, span: Span) -> ExprId {
        let own = self.ast[id].name.filter(|name| !name.is_missing());
        let Some(name) = own else {
            let hint = hint.map(|hint| self.intern(hint));
            let function = self.lambda(id, hint);
            return self.alloc(ExprKind::Lambda(function), span);
        };
        // `function f() { … f() … }` in operand position sees its own name.
        self.scoped(|cx| {
            let local = cx.bind_new(name, LocalKind::Function, false);
            let function = cx.lambda(id, None);
            let value = cx.alloc(ExprKind::Name(Name::Local(local)), span);
            let stmts = [
                cx.stmt_of(StmtKind::Function { local, function }, span),
                cx.stmt_of(StmtKind::Expr(value), span),
            ];
            cx.alloc(ExprKind::Block(Block { stmts: stmts.into() }), span)
        })
    }

    pub(super) fn object(&mut self, fields: ast::List<ast::Field>, span: Span) -> ExprId {
        let mut lowered = Vec::with_capacity(fields.len());
        for field in &self.ast[fields] {
            lowered.push(self.field(field));
        }
        self.alloc(ExprKind::Object(lowered.into()), span)
    }

    fn field(&mut self, field: &ast::Field) -> Field {
        match *field {
            ast::Field::Named { key: ast::FieldKey::Computed(key), value, .. } => {
                Field::Computed { key: self.expr(key), value: self.expr(value) }
            }
            ast::Field::Named { key, value, .. } => {
                let hint = match key {
                    ast::FieldKey::Name(name) => Some(name.text(self.text)),
                    ast::FieldKey::Text(_)
                    | ast::FieldKey::Number(_)
                    | ast::FieldKey::Computed(_) => None,
                };
                let name = types::key(self.tree, key).unwrap_or_default();
                Field::Named { name, value: self.expr_named(value, hint) }
            }
            ast::Field::Shorthand { name, value } => {
                Field::Named { name: self.name_text(name), value: self.expr(value) }
            }
            ast::Field::Spread { value, .. } => Field::Spread(self.expr(value)),
        }
    }

    fn arm(&mut self, arm: &ast::MatchArm) -> MatchArm {
        self.scoped(|cx| {
            let pat = cx.pat(arm.pat, PatMode::Match);
            let guard = arm.guard.map(|guard| cx.expr(guard));
            MatchArm { pat, guard, body: cx.body_expr(arm.body) }
        })
    }

    /// The body of an arm or a branch in operand position.
    pub(super) fn body_expr(&mut self, body: Body) -> ExprId {
        match body {
            Body::Expr(expr) => self.expr(expr),
            Body::Block(block) => {
                let span = self.ast[block].span;
                let block = self.block(block);
                self.alloc(ExprKind::Block(block), span)
            }
        }
    }
}

fn unary(op: ast::UnaryOp, operand: ExprId) -> ExprKind {
    let op = match op {
        ast::UnaryOp::Not => UnaryOp::Not,
        ast::UnaryOp::Negate => UnaryOp::Negate,
        ast::UnaryOp::Plus => UnaryOp::Plus,
        ast::UnaryOp::Confidence | ast::UnaryOp::Tilde => UnaryOp::Confidence,
        ast::UnaryOp::Typeof => UnaryOp::Typeof,
        ast::UnaryOp::Await => return ExprKind::Await(operand),
    };
    ExprKind::Unary { op, operand }
}

pub(super) fn member_mode(access: ast::Access) -> MemberMode {
    match access {
        ast::Access::Plain => MemberMode::Plain,
        ast::Access::Optional => MemberMode::Optional,
        ast::Access::Confident => MemberMode::Confident,
    }
}
