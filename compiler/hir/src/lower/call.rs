//! Calls and members: of values, of modules, of built-ins, of effects.

use prism_diagnostics::nearest;
use prism_span::Span;
use prism_syntax::ast::{self, ExprKind as Syntax};

use super::Cx;
use super::expr::member_mode;
use crate::body::{Arg, ExprId, ExprKind, MemberMode, Name, Text};
use crate::builtins::{self, Kind};
use crate::problem::ProblemKind;

impl<'a> Cx<'a> {
    /// `callee(args)`. `piped`: a stage of a pipeline, which gets the value first unless it
    /// uses `_`.
    pub(super) fn call(
        &mut self,
        callee: ast::ExprId,
        args: ast::List<ast::Arg>,
        optional: bool,
        piped: bool,
        span: Span,
    ) -> ExprId {
        let node = self.ast[callee];
        match node.kind {
            Syntax::Name => self.call_name(node.span, args, optional, piped, span),
            Syntax::Member { object, name, access } if !optional => {
                self.call_member(object, name, member_mode(access), args, piped, span)
            }
            _ => {
                let callee = self.expr(callee);
                let args = self.call_args(args, piped).into();
                self.alloc(ExprKind::Call { callee, args, optional }, span)
            }
        }
    }

    fn call_name(
        &mut self,
        name: Span,
        args: ast::List<ast::Arg>,
        optional: bool,
        piped: bool,
        span: Span,
    ) -> ExprId {
        let text = self.slice(name);
        match self.find(text) {
            Some(Name::Effect(effect)) if builtins::effect(&effect).is_some() => {
                let args = self.call_args(args, piped);
                self.perform(&effect, args, span)
            }
            None if text == "resume" => self.resume(args, span),
            _ => {
                let callee = self.name_expr(name);
                let args = self.call_args(args, piped).into();
                self.alloc(ExprKind::Call { callee, args, optional }, span)
            }
        }
    }

    fn call_member(
        &mut self,
        object: ast::ExprId,
        name: ast::Name,
        mode: MemberMode,
        args: ast::List<ast::Arg>,
        piped: bool,
        span: Span,
    ) -> ExprId {
        let at = self.ast[object].span;
        match self.named(object) {
            Some(Name::Effect(effect)) => {
                let op = self.operation(&effect, name);
                let args = self.call_args(args, piped);
                return match op {
                    Some(op) => self.perform(&op, args, span),
                    None => self.alloc(ExprKind::Error, span),
                };
            }
            Some(Name::Host(host))
                if builtins::effect_op(&host, name.text(self.text)).is_some() =>
            {
                // `workspace` is a name of the host and an effect; a call means the effect.
                let op = format!("{host}.{}", name.text(self.text));
                let args = self.call_args(args, piped);
                return self.perform(&op, args, span);
            }
            Some(Name::Builtin(builtin)) if builtins::is_namespace(&builtin) => {
                match self.builtin_member(&builtin, name) {
                    Some(Kind::Effect(effect)) => {
                        let args = self.call_args(args, piped);
                        return self.perform(effect, args, span);
                    }
                    None => {
                        self.call_args(args, piped);
                        return self.alloc(ExprKind::Error, span);
                    }
                    Some(_) => {}
                }
            }
            Some(Name::Namespace { module }) => self.check_export(&module, name),
            _ => {}
        }
        let object = self.object_expr(object, at);
        let name = self.name_text(name);
        let args = self.call_args(args, piped).into();
        self.alloc(ExprKind::MethodCall { object, name, mode, args }, span)
    }

    /// The object of a member, which may be a namespace.
    fn object_expr(&mut self, object: ast::ExprId, span: Span) -> ExprId {
        match self.named(object) {
            Some(name @ (Name::Builtin(_) | Name::Namespace { .. })) => {
                self.alloc(ExprKind::Name(name), span)
            }
            _ => self.expr(object),
        }
    }

    pub(super) fn member(
        &mut self,
        object: ast::ExprId,
        name: ast::Name,
        mode: MemberMode,
        span: Span,
    ) -> ExprId {
        let at = self.ast[object].span;
        match self.named(object) {
            Some(Name::Effect(effect)) => {
                return match self.operation(&effect, name) {
                    Some(op) => self.effect_value(name.text(self.text), &op, span),
                    None => self.alloc(ExprKind::Error, span),
                };
            }
            Some(Name::Builtin(builtin)) if builtins::is_namespace(&builtin) => {
                match self.builtin_member(&builtin, name) {
                    Some(Kind::Effect(effect)) => {
                        return self.effect_value(name.text(self.text), effect, span);
                    }
                    None => return self.alloc(ExprKind::Error, span),
                    Some(_) => {}
                }
            }
            Some(Name::Namespace { module }) => self.check_export(&module, name),
            _ => {}
        }
        let object = self.object_expr(object, at);
        let name = self.name_text(name);
        self.alloc(ExprKind::Member { object, name, mode }, span)
    }

    /// What `Math.name` is; reports what is nothing.
    fn builtin_member(&mut self, namespace: &str, name: ast::Name) -> Option<Kind> {
        let member = name.text(self.text);
        let row = builtins::builtin(&format!("{namespace}.{member}"));
        if row.is_none() && !name.is_missing() {
            let known = builtins::members_of(namespace).map(|row| &row.name[namespace.len() + 1..]);
            let nearest = nearest(member, known).map(Text::from);
            let kind =
                ProblemKind::NoMember { of: namespace.into(), member: member.into(), nearest };
            self.report(name.span, kind);
        }
        row.map(|row| row.kind)
    }

    /// Reports a member of a module that the module does not export.
    fn check_export(&mut self, module: &Text, name: ast::Name) {
        let Some(exports) = self.input.scope.namespaces.get(module) else { return };
        let text = name.text(self.text);
        if !exports.contains_key(text) && !name.is_missing() {
            let nearest = nearest(text, exports.keys().map(|name| &**name)).map(Text::from);
            let (module, name_text) = (module.clone(), self.name_text(name));
            self.report(name.span, ProblemKind::NoExport { module, name: name_text, nearest });
        }
    }

    fn call_args(&mut self, args: ast::List<ast::Arg>, piped: bool) -> Vec<Arg> {
        let mut lowered = self.args(args);
        if piped && let Some(first) = self.piped() {
            lowered.insert(0, first);
        }
        lowered
    }

    pub(super) fn args(&mut self, args: ast::List<ast::Arg>) -> Vec<Arg> {
        let mut lowered = Vec::with_capacity(args.len());
        for arg in &self.ast[args] {
            let name = arg.name.map(|name| self.name_text(name));
            lowered.push(Arg { name, value: self.expr(arg.value), is_spread: arg.is_spread });
        }
        lowered
    }
}
