//! Expressions and functions.

use std::convert::Infallible;

use lalrpop_util::ErrorRecovery;
use prism_span::Span;

use super::{Builder, Update, name};
use crate::ast::{
    Access, Arg, BinaryOp, BlockId, Body, Branch, Element, ExprId, ExprKind, Field, FieldKey,
    Function, FunctionId, FunctionStyle, HandlerClause, HandlerHead, List, MatchArm, Name, Param,
    PatId, PatKind, Quote, TemplatePart, TypeId, TypeKind, UnaryOp, Uncertain, UncertainId, Uses,
};
use crate::errors::{Expected, SyntaxErrorKind};
use crate::feed::Tok;

/// A function between its name and its body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signature {
    pub type_params: List<Name>,
    pub params: List<Param>,
    pub result: Option<TypeId>,
    pub uses: Option<Uses>,
    pub confidence: Option<ExprId>,
}

impl Builder<'_> {
    pub fn leaf(&mut self, kind: ExprKind, span: Span) -> ExprId {
        let kind = match kind {
            ExprKind::Text(_) => ExprKind::Text(self.quote(span)),
            other => other,
        };
        self.expr(kind, span)
    }

    pub(super) fn quote(&self, span: Span) -> Quote {
        Quote::of(span.slice(self.text))
    }

    pub fn template(&mut self, parts: Vec<TemplatePart>, span: Span) -> ExprId {
        let quote = self.quote(span);
        let parts = self.ast.list(parts);
        self.expr(ExprKind::Template { quote, parts }, span)
    }

    /// `${}`
    pub fn empty_interpolation(&mut self, span: Span) -> TemplatePart {
        self.error(SyntaxErrorKind::EmptyInterpolation, span);
        TemplatePart::Expr(self.expr(ExprKind::Error, span))
    }

    /// `()` that is no parameter list.
    pub fn empty_parens(&mut self, span: Span) -> ExprId {
        self.error(SyntaxErrorKind::EmptyParens, span);
        self.has_failed = true;
        self.expr(ExprKind::Error, span)
    }

    pub fn unary(&mut self, op: UnaryOp, operand: ExprId, span: Span) -> ExprId {
        self.expr(ExprKind::Unary { op, operand }, span)
    }

    /// `x++`: an error, unless the statement turns out to be nothing else.
    pub fn update(
        &mut self,
        target: ExprId,
        is_increment: bool,
        op_span: Span,
        span: Span,
    ) -> ExprId {
        let expr = self.expr(ExprKind::Error, span);
        self.updates.push(Update { expr, target, is_increment, op_span });
        expr
    }

    /// `o.` without a name behind it, which is then empty, right after the dot.
    pub fn member_without_name(
        &mut self,
        object: ExprId,
        access: Access,
        recovery: ErrorRecovery<u32, Tok, Infallible>,
        dot: u32,
        span: Span,
    ) -> ExprId {
        self.unexpected(recovery, Expected::Name);
        self.expr(ExprKind::Member { object, name: name(dot, dot), access }, span)
    }

    pub fn call(&mut self, callee: ExprId, args: Vec<Arg>, optional: bool, span: Span) -> ExprId {
        let args = self.ast.list(args);
        self.expr(ExprKind::Call { callee, args, optional }, span)
    }

    pub fn array(&mut self, elements: Vec<Element>, span: Span) -> ExprId {
        let elements = self.ast.list(elements);
        self.expr(ExprKind::Array(elements), span)
    }

    pub fn object(&mut self, fields: Vec<Field>, span: Span) -> ExprId {
        let fields = self.ast.list(fields);
        self.expr(ExprKind::Object(fields), span)
    }

    pub fn shorthand(&mut self, name: Name) -> Field {
        let value = self.expr(ExprKind::Name, name.span);
        Field::Shorthand { name, value }
    }

    /// What stands where an operand is missing. When that is the beginning of the statement, the
    /// statement may have been anything, a declaration too.
    pub fn broken_expr(&mut self, span: Span) -> ExprId {
        if span.start == self.stmt_start && !span.is_empty() {
            self.broken.push(span);
        }
        self.expr(ExprKind::Error, span)
    }

    pub fn broken_field(&mut self, span: Span) -> Field {
        Field::Spread { value: self.expr(ExprKind::Error, span), span }
    }

    /// `{ name() { … } }`
    pub fn method(
        &mut self,
        key: FieldKey,
        signature: Signature,
        body: BlockId,
        span: Span,
    ) -> Field {
        let name = match key {
            FieldKey::Name(name) => Some(name),
            FieldKey::Text(_) | FieldKey::Number(_) | FieldKey::Computed(_) => None,
        };
        let function = Function {
            style: FunctionStyle::Method,
            ..made(name, signature, Body::Block(body), span)
        };
        let function = self.function(function);
        let value = self.expr(ExprKind::Function(function), span);
        Field::Named { key, value, span }
    }

    pub fn function_expr(
        &mut self,
        is_async: bool,
        name: Option<Name>,
        signature: Signature,
        body: BlockId,
        span: Span,
    ) -> ExprId {
        let function = Function { is_async, ..made(name, signature, Body::Block(body), span) };
        let function = self.function(function);
        self.expr(ExprKind::Function(function), span)
    }

    pub(super) fn declared(
        &mut self,
        is_async: bool,
        name: Option<Name>,
        signature: Signature,
        body: BlockId,
        span: Span,
    ) -> FunctionId {
        self.function(Function { is_async, ..made(name, signature, Body::Block(body), span) })
    }

    pub fn lambda(
        &mut self,
        is_async: bool,
        (type_params, params, result): (List<Name>, List<Param>, Option<TypeId>),
        body: Body,
        span: Span,
    ) -> ExprId {
        let signature = Signature { type_params, params, result, uses: None, confidence: None };
        let style = FunctionStyle::Arrow;
        let function = Function { is_async, style, ..made(None, signature, body, span) };
        let function = self.function(function);
        self.expr(ExprKind::Function(function), span)
    }

    /// The body of an arrow; a pipe in it needs parentheses.
    pub fn arrow_body(&mut self, body: ExprId) -> Body {
        let expr = self.ast[body];
        let is_pipe =
            |op| matches!(op, BinaryOp::Pipe | BinaryOp::ConfidentPipe | BinaryOp::Threshold);
        if matches!(expr.kind, ExprKind::Binary { op, .. } if is_pipe(op)) {
            self.error(SyntaxErrorKind::PipeInArrow, expr.span);
        }
        Body::Expr(body)
    }

    /// `x` of `x => …`
    pub fn lambda_ident(&mut self, span: Span) -> List<Param> {
        let kind = match span.slice(self.text) {
            "_" => PatKind::Wildcard,
            _ => PatKind::Name(Name { span }),
        };
        let pat = self.pat(kind, span);
        let param = Param { pat, annotation: None, default: None, is_rest: false, span };
        self.ast.list([param])
    }

    pub fn param(
        &mut self,
        is_rest: bool,
        pat: PatId,
        is_optional: bool,
        annotation: Option<TypeId>,
        default: Option<ExprId>,
        span: Span,
    ) -> Param {
        if !is_optional {
            return Param { pat, annotation, default, is_rest, span };
        }
        // `a?: T` is `a: T | null = null`.
        let end = Span::empty(span.end);
        let annotation = annotation.map(|base| {
            let null = self.ty(TypeKind::Null, end);
            self.union_type(base, vec![null], self.ast[base].span)
        });
        let default = default.or_else(|| Some(self.expr(ExprKind::Null, end)));
        Param { pat, annotation, default, is_rest, span }
    }

    pub fn params(&mut self, params: Vec<Param>) -> List<Param> {
        let last = params.len().saturating_sub(1);
        let misplaced = params.iter().take(last).find(|param| param.is_rest);
        if let Some(param) = misplaced {
            self.error(SyntaxErrorKind::RestNotLast, param.span);
        }
        self.ast.list(params)
    }

    pub fn uses(&mut self, names: Vec<Name>, span: Span) -> Uses {
        let is_none = matches!(names.as_slice(), [name] if name.text(self.text) == "none");
        let names = if is_none { List::EMPTY } else { self.ast.list(names) };
        Uses { names, span }
    }

    pub fn match_expr(&mut self, subject: ExprId, arms: Vec<MatchArm>, span: Span) -> ExprId {
        let arms = self.ast.list(arms);
        self.expr(ExprKind::Match { subject, arms }, span)
    }

    pub fn broken_arm(&mut self, span: Span) -> MatchArm {
        let pat = self.pat(PatKind::Error, span);
        let body = Body::Expr(self.expr(ExprKind::Error, span));
        MatchArm { pat, guard: None, body, span }
    }

    pub fn handle(&mut self, body: BlockId, clauses: Vec<HandlerClause>, span: Span) -> ExprId {
        let clauses = self.ast.list(clauses);
        self.expr(ExprKind::Handle { body, clauses }, span)
    }

    pub fn broken_clause(&mut self, span: Span) -> HandlerClause {
        let pat = self.pat(PatKind::Error, span);
        let body = Body::Expr(self.expr(ExprKind::Error, span));
        HandlerClause { head: HandlerHead::Return { pat }, body, span }
    }

    pub fn uncertain_if(
        &mut self,
        condition: (ExprId, Option<ExprId>),
        branches: Vec<Branch>,
        span: Span,
    ) -> ExprId {
        let uncertain = self.uncertain(condition, branches);
        self.expr(ExprKind::UncertainIf(uncertain), span)
    }

    /// Keeps the first branch of each band.
    pub(super) fn uncertain(
        &mut self,
        (condition, bands): (ExprId, Option<ExprId>),
        branches: Vec<Branch>,
    ) -> UncertainId {
        let mut kept: Vec<Branch> = Vec::with_capacity(4);
        for branch in branches {
            if kept.iter().any(|other| other.band == branch.band) {
                self.error(SyntaxErrorKind::DuplicateBranch(branch.band), branch.name.span);
            } else {
                kept.push(branch);
            }
        }
        let branches = self.ast.list(kept);
        self.ast.uncertains.alloc(Uncertain { condition, bands, branches })
    }
}

/// A function declared with a keyword; others change what differs.
fn made(name: Option<Name>, signature: Signature, body: Body, span: Span) -> Function {
    let Signature { type_params, params, result, uses, confidence } = signature;
    Function {
        name,
        style: FunctionStyle::Keyword,
        is_async: false,
        type_params,
        params,
        result,
        uses,
        confidence,
        body,
        span,
    }
}
