//! `handle { … } with { … }` and `resume`.

use prism_span::Span;
use prism_syntax::ast::{self, HandlerHead};

use super::pat::PatMode;
use super::{Cx, FrameKind};
use crate::body::{
    Block, ExprId, ExprKind, Function, HandlerClause, LambdaId, LocalKind, Param, ReturnClause,
    Stmt, StmtKind, Text,
};
use crate::builtins;
use crate::problem::ProblemKind;

impl<'a> Cx<'a> {
    pub(super) fn handle(
        &mut self,
        body: ast::BlockId,
        clauses: ast::List<ast::HandlerClause>,
        span: Span,
    ) -> ExprId {
        // A `return` in the handled block leaves the function around it.
        let returns = self.frame().returns;
        let body = self.in_frame(FrameKind::Handled, returns, |cx| cx.block(body));
        let mut lowered = Vec::new();
        let mut return_clause = None;
        for clause in &self.ast[clauses] {
            match clause.head {
                HandlerHead::Return { pat } => {
                    return_clause = Some(Box::new(self.return_clause(pat, clause.body)));
                }
                HandlerHead::Operation { effect, operation, params } => {
                    if let Some(name) = self.clause_effect(effect, operation) {
                        lowered.push(self.clause(name, params, clause.body));
                    }
                }
            }
        }
        self.alloc(ExprKind::Handle { body, clauses: lowered.into(), return_clause }, span)
    }

    fn return_clause(&mut self, pat: ast::PatId, body: ast::Body) -> ReturnClause {
        self.in_frame(FrameKind::Function, true, |cx| {
            cx.scoped(|cx| {
                let pat = cx.pat(pat, PatMode::Declare(LocalKind::Param));
                ReturnClause { pat, body: cx.function_body(body) }
            })
        })
    }

    /// The operation that a clause answers; reports what is none.
    fn clause_effect(&mut self, effect: ast::Name, operation: Option<ast::Name>) -> Option<Text> {
        let text = effect.text(self.text);
        // A variable of the same name does not matter here: only effects can be handled.
        let own = self.input.scope.effects.get(text).map(|def| def.name.clone());
        let namespace = own.or_else(|| builtins::is_effect_namespace(text).then(|| text.into()));
        match (namespace, operation) {
            (Some(namespace), Some(operation)) => self.operation(&namespace, operation),
            (None, None) if builtins::effect(text).is_some() => Some(text.into()),
            _ if effect.is_missing() => None,
            (None, _) => {
                let all = self.input.scope.effects.keys().map(|name| &**name);
                let all =
                    all.chain(builtins::EFFECTS.iter().map(|op| {
                        op.name.split_once('.').map_or(op.name, |(namespace, _)| namespace)
                    }));
                let nearest = prism_diagnostics::nearest(text, all).map(Text::from);
                let kind = ProblemKind::NoEffect { name: text.into(), nearest };
                self.report(effect.span, kind);
                None
            }
            (Some(namespace), None) => {
                self.report(effect.span, ProblemKind::NoOperation { effect: namespace });
                None
            }
        }
    }

    fn clause(
        &mut self,
        effect: Text,
        params: ast::List<ast::Param>,
        body: ast::Body,
    ) -> HandlerClause {
        self.in_frame(FrameKind::Clause, true, |cx| {
            cx.scoped(|cx| {
                let written = params;
                let mut params = cx.params(written);
                cx.may_be_left_out(&effect, written, &mut params);
                let body = cx.function_body(body);
                let resumes_last = cx.frame().resumes == 1 && cx.ends_in_resume(&body);
                HandlerClause { effect, params, body, resumes_last }
            })
        })
    }

    /// What the operation's caller may leave out, without a default, is null for the clause.
    fn may_be_left_out(
        &mut self,
        operation: &str,
        written: ast::List<ast::Param>,
        params: &mut [Param],
    ) {
        let Some((names, least)) = self.op_params(operation) else { return };
        let (written, own) = (&self.ast[written], self.own_params(operation));
        let may_be_absent =
            params.iter_mut().zip(written).enumerate().take(names.len()).skip(least);
        for (at, (param, written)) in may_be_absent {
            let is_passed = own.get(at).is_some_and(|param| param.default.is_some());
            if param.default.is_none() && !param.is_rest && !is_passed {
                param.default = Some(self.null(self.ast[written.pat].span));
            }
        }
    }

    fn ends_in_resume(&self, body: &Block) -> bool {
        match body.stmts.last() {
            Some(Stmt { kind: StmtKind::Expr(last) | StmtKind::Return(Some(last)), .. }) => {
                matches!(self.body.exprs[*last].kind, ExprKind::Resume { .. })
            }
            _ => false,
        }
    }

    /// `resume(value)`.
    pub(super) fn resume(&mut self, args: ast::List<ast::Arg>, span: Span) -> ExprId {
        let value = self.args(args).first().map(|arg| arg.value);
        let is_inside = |kind: FrameKind| kind == FrameKind::Clause;
        if is_inside(self.frame().kind) {
            self.frame().resumes += 1;
        } else if self.frames.iter().any(|frame| is_inside(frame.kind)) {
            self.report(span, ProblemKind::ResumeInFunction);
        } else {
            self.report(span, ProblemKind::ResumeOutside);
        }
        self.alloc(ExprKind::Resume { value }, span)
    }

    /// A function without parameters that runs a block.
    pub(super) fn thunk(&mut self, name: ast::Name, body: ast::BlockId) -> LambdaId {
        let name = self.name_text(name);
        let body = self.in_frame(FrameKind::Function, true, |cx| cx.block(body));
        self.body.functions.alloc(Function { name: Some(name), body, ..Function::default() })
    }
}
