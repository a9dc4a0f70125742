//! Statements that change a place: assignments, `++`, and calls of updating methods.

use prism_span::Span;
use prism_syntax::ast::{self, AssignOp, ExprKind as Syntax};

use super::Cx;
use crate::body::{
    BinaryOp, Bits, Block, ExprId, ExprKind, MemberMode, Name, Rebinds, Stmt, StmtKind,
};
use crate::builtins;
use crate::problem::Constant;

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
                let kind = place.map_or(StmtKind::Error, |place| StmtKind::Assign {
                    place,
                    value,
                    rebinds: Rebinds::Always,
                });
                let stmt = self.stmt_of(kind, span);
                out.push(stmt);
            }
            AssignOp::Compound(op) => {
                let mode = match op {
                    ast::BinaryOp::Coalesce | ast::BinaryOp::Or => MemberMode::Soft,
                    _ => MemberMode::Plain,
                };
                self.rebind(target, (mode, Rebinds::Always), span, out, |cx, read| {
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
        let how = (MemberMode::Plain, Rebinds::Always);
        self.rebind(target, how, span, out, |cx, left| {
            let right = cx.alloc(ExprKind::Number(Bits::new(1.0)), span);
            cx.alloc(ExprKind::Binary { op, confident: false, left, right }, span)
        });
    }

    /// `place = value(place)`, as one statement.
    fn rebind(
        &mut self,
        target: ast::ExprId,
        (mode, rebinds): (MemberMode, Rebinds),
        span: Span,
        out: &mut Vec<Stmt>,
        value: impl FnOnce(&mut Self, ExprId) -> ExprId,
    ) {
        let mut stmts = Vec::new();
        let kind = match self.read_write_place(target, (mode, rebinds), &mut stmts) {
            Some((place, read)) => {
                let value = value(self, read);
                StmtKind::Assign { place, value, rebinds }
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

    /// An expression as a statement; `xs.push(x)` on its own rebinds `xs`, if that is an array.
    pub(super) fn expr_stmt(
        &mut self,
        expr: ast::ExprId,
        span: Span,
        is_last: bool,
        out: &mut Vec<Stmt>,
    ) {
        if let Some((target, name, args, rebinds)) = self.updating_call(expr, is_last) {
            let call = self.ast[expr].span;
            return self.rebind(target, (MemberMode::Plain, rebinds), span, out, |cx, object| {
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
    ) -> Option<(ast::ExprId, ast::Name, ast::List<ast::Arg>, Rebinds)> {
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
        let constant = self.constant(text, &found);
        // At the end of a block the new value is the block's, so a constant may stay as it is.
        if !is_variable || is_last && constant.is_some() {
            return None;
        }
        let rebinds = match constant {
            Some(Constant::Const | Constant::Import) => Rebinds::Never,
            // Neither is an object: an attempt is reported as that.
            Some(Constant::Function | Constant::Agent) => Rebinds::Always,
            None => Rebinds::IfArray,
        };
        Some((object, name, args, rebinds))
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
