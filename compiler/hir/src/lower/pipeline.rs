//! Pipelines: `x |> f(_)` evaluates `x` once and names it `_` in the stage.
//!
//! A stage that does not use `_` is a function that gets the value, or a call that gets it first.

use prism_span::Span;
use prism_syntax::ast::{self, ExprKind as Syntax};

use super::Cx;
use crate::body::{Arg, ExprId, ExprKind, LocalId, Name};
use crate::problem::ProblemKind;

/// What `_` means in a stage.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placeholder {
    local: LocalId,
    /// The left side of the pipeline.
    span: Span,
    is_used: bool,
}

impl<'a> Cx<'a> {
    pub(super) fn pipeline(
        &mut self,
        left: ast::ExprId,
        stage: ast::ExprId,
        keep_confidence: bool,
        span: Span,
    ) -> ExprId {
        let value = self.expr(left);
        let left = self.ast[left].span;
        let local = self.hidden("_", left);
        self.placeholders.push(Placeholder { local, span: left, is_used: false });
        let body = self.stage(stage);
        self.placeholders.pop();
        self.alloc(ExprKind::Bind { local, value, body, keep_confidence }, span)
    }

    fn stage(&mut self, stage: ast::ExprId) -> ExprId {
        let node = self.ast[stage];
        match node.kind {
            Syntax::Call { callee, args, optional } => {
                self.call(callee, args, optional, true, node.span)
            }
            Syntax::Name => self.call(stage, ast::List::EMPTY, false, true, node.span),
            Syntax::Member { object, name, access } => {
                self.member_stage(stage, object, name, access)
            }
            Syntax::Paren(inner) => self.stage(inner),
            Syntax::Function(_) | Syntax::Index { .. } => {
                let callee = self.expr(stage);
                match self.piped() {
                    Some(arg) => {
                        let kind = ExprKind::Call { callee, args: [arg].into(), optional: false };
                        self.alloc(kind, node.span)
                    }
                    None => callee,
                }
            }
            Syntax::Unary { op: ast::UnaryOp::Await, operand } => {
                let inner = self.stage(operand);
                self.alloc(ExprKind::Await(inner), node.span)
            }
            // `x |> f ~> 0.9` annotates what the stage gives.
            Syntax::Binary { op: ast::BinaryOp::Annotate, left, right, .. } => {
                let value = self.stage(left);
                self.annotation(value, right, node.span)
            }
            _ => {
                let value = self.expr(stage);
                if self.piped().is_some() && node.kind != Syntax::Error {
                    self.report(node.span, ProblemKind::StageWithoutValue);
                }
                value
            }
        }
    }

    /// `x |> o.f` calls the method with the value; `x |> _.k` reads a member of it.
    fn member_stage(
        &mut self,
        stage: ast::ExprId,
        object: ast::ExprId,
        name: ast::Name,
        access: ast::Access,
    ) -> ExprId {
        let span = self.ast[stage].span;
        let is_static = matches!(
            self.named(object),
            Some(Name::Effect(_) | Name::Namespace { .. } | Name::Builtin(_))
        );
        if is_static {
            return self.call(stage, ast::List::EMPTY, false, true, span);
        }
        let object = self.expr(object);
        let (name, mode) = (self.name_text(name), super::expr::member_mode(access));
        let kind = match self.piped() {
            Some(arg) => ExprKind::MethodCall { object, name, mode, args: [arg].into() },
            None => ExprKind::Member { object, name, mode },
        };
        self.alloc(kind, span)
    }

    /// The value of the pipeline as an argument, unless the stage uses `_`.
    pub(super) fn piped(&mut self) -> Option<Arg> {
        let placeholder = self.placeholders.last().copied()?;
        if placeholder.is_used {
            return None;
        }
        let value = ExprKind::Name(Name::Local(placeholder.local));
        let value = self.alloc(value, placeholder.span);
        Some(Arg { name: None, value, is_spread: false })
    }

    /// `_`.
    pub(super) fn placeholder(&mut self, span: Span) -> ExprId {
        let Some(placeholder) = self.placeholders.last_mut() else {
            self.report(span, ProblemKind::PlaceholderOutside);
            return self.alloc(ExprKind::Error, span);
        };
        placeholder.is_used = true;
        let local = placeholder.local;
        self.use_local(local, span);
        self.alloc(ExprKind::Name(Name::Local(local)), span)
    }
}
