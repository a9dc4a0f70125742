//! Statements that change a place: assignments, `++`, and calls of updating methods.

use prism_span::Span;
use prism_syntax::ast::{self, AssignOp, ExprKind as Syntax};

use super::Cx;
use crate::body::{BinaryOp, Bits, Block, ExprId, ExprKind, MemberMode, Name, Stmt, StmtKind};
use crate::builtins;
use crate::problem::ProblemKind;

impl<'a> Cx<'a> {
    pub(super) fn assign_stmt(
        &mut self,
        op: AssignOp,
        target: ast::ExprId,
        value: ast::ExprId,
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        match op {
            AssignOp::Plain => {
                let hint = self.place_hint(target);
                let value = self.expr_named(value, hint);
                let place = self.place(target);
                let kind = place.map_or(StmtKind::Error, |place| StmtKind::Assign { place, value });
                let stmt = self.stmt_of(kind, span);
                out.push(stmt);
            }
            AssignOp::Compound(op) => {
                let mode = match op {
                    ast::BinaryOp::Coalesce | ast::BinaryOp::Or => MemberMode::Soft,
                    _ => MemberMode::Plain,
                };
                self.rebind(target, mode, span, out, |cx, read| {
                    let right = cx.expr(value);
                    cx.combine(op, read, right, span)
                });
            }
        }
    }

    /// `x++`, `x--`.
    pub(super) fn step_stmt(
        &mut self,
        target: ast::ExprId,
        is_increment: bool,
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        let op = if is_increment { BinaryOp::Add } else { BinaryOp::Subtract };
        self.rebind(target, MemberMode::Plain, span, out, |cx, left| {
            let right = cx.alloc(ExprKind::Number(Bits::new(1.0)), span);
            cx.alloc(ExprKind::Binary { op, confident: false, left, right }, span)
        });
    }

    /// `place = value(place)`, as one statement.
    fn rebind(
        &mut self,
        target: ast::ExprId,
        mode: MemberMode,
        span: Span,
        out: &mut Vec<Stmt>,
        value: impl FnOnce(&mut Self, ExprId) -> ExprId,
    ) {
        let mut stmts = Vec::new();
        let kind = match self.read_write_place(target, mode, &mut stmts) {
            Some((place, read)) => {
                let value = value(self, read);
                StmtKind::Assign { place, value }
            }
            None => {
                let nothing = self.alloc(ExprKind::Error, span);
                value(self, nothing);
                StmtKind::Error
            }
        };
        let assign = self.stmt_of(kind, span);
        if stmts.is_empty() {
            out.push(assign);
        } else {
            stmts.push(assign);
            let block = self.stmt_of(StmtKind::Block(Block { stmts: stmts.into() }), span);
            out.push(block);
        }
    }

    /// An expression as a statement; `xs.push(x)` on its own rebinds `xs`.
    pub(super) fn expr_stmt(
        &mut self,
        expr: ast::ExprId,
        span: Span,
        is_last: bool,
        out: &mut Vec<Stmt>,
    ) {
        if let Some((target, name, args)) = self.updating_call(expr, is_last) {
            let call = self.ast[expr].span;
            return self.rebind(target, MemberMode::Plain, span, out, |cx, object| {
                let (name, args) = (cx.name_text(name), cx.args(args).into());
                let mode = MemberMode::Plain;
                cx.alloc(ExprKind::MethodCall { object, name, mode, args }, call)
            });
        }
        let value = self.expr(expr);
        let stmt = self.stmt_of(StmtKind::Expr(value), span);
        out.push(stmt);
    }

    /// The parts of `place.method(args)` when the method updates and the place can be rebound.
    fn updating_call(
        &mut self,
        expr: ast::ExprId,
        is_last: bool,
    ) -> Option<(ast::ExprId, ast::Name, ast::List<ast::Arg>)> {
        let Syntax::Call { callee, args, optional: false } = self.ast[expr].kind else {
            return None;
        };
        let Syntax::Member { object, name, access: ast::Access::Plain } = self.ast[callee].kind
        else {
            return None;
        };
        if !builtins::updates(name.text(self.text)) {
            return None;
        }
        let (root, _) = self.split_place(object)?;
        let text = self.slice(root);
        let found = self.find(text)?;
        let is_variable = match &found {
            Name::Local(_) | Name::ModuleVar(_) | Name::Host(_) => true,
            Name::Import { .. } => true,
            Name::ModuleFunction(_)
            | Name::Namespace { .. }
            | Name::Builtin(_)
            | Name::Effect(_)
            | Name::Unresolved(_) => false,
        };
        // At the end of a block the new value is the block's, so a constant may stay as it is.
        let is_rebound = is_variable && !(is_last && self.constant(text, &found).is_some());
        is_rebound.then_some((object, name, args))
    }

    /// `xs.pop()` on a variable: JavaScript changes `xs` and returns the element; here the
    /// program says which of the two it means. Tells whether the call is refused.
    pub(super) fn is_two_in_one(
        &mut self,
        object: ast::ExprId,
        method: ast::Name,
        n_args: usize,
        span: Span,
    ) -> bool {
        let is_one = match method.text(self.text) {
            "pop" | "shift" => n_args == 0,
            "splice" => n_args > 0,
            _ => false,
        };
        let root = if is_one { self.split_place(object).map(|(root, _)| root) } else { None };
        let found = root.and_then(|root| self.find(self.slice(root)));
        let is_refused = matches!(found, Some(Name::Local(_) | Name::ModuleVar(_) | Name::Host(_)));
        if is_refused {
            let place = self.slice(self.ast[object].span).into();
            let method = self.name_text(method);
            self.report(span, ProblemKind::TwoInOne { method, place });
        }
        is_refused
    }

    /// The name that a function takes from the variable it is assigned to.
    fn place_hint(&self, target: ast::ExprId) -> Option<&'a str> {
        match self.ast[target].kind {
            Syntax::Name => Some(self.slice(self.ast[target].span)),
            Syntax::Member { name, .. } => Some(name.text(self.text)),
            _ => None,
        }
    }
}
