//! Resolves a name.

use prism_diagnostics::nearest;
use prism_span::Span;
use prism_syntax::ast;

use super::Cx;
use crate::body::{ExprId, ExprKind, LocalKind, Name, Text};
use crate::builtins::{self, Kind};
use crate::exports::DefinitionKind;
use crate::problem::{NotAValue, ProblemKind};
use crate::scope::Binding;

impl<'a> Cx<'a> {
    /// What a name stands for here; reports a name that stands for nothing.
    pub(super) fn resolve(&mut self, name: &'a str, span: Span) -> Name {
        if let Some(found) = self.find(name) {
            self.note_use(&found, span);
            return found;
        }
        let text = self.intern(name);
        let is_type = self.input.scope.types.contains_key(name);
        if is_type {
            self.report_not_a_value(name, NotAValue::Type, span);
        } else if !name.is_empty() && !self.is_excused(name) && self.reported.insert(name) {
            let nearest = self.nearest_name(name);
            let may_throw = self.catch_depth > 0;
            self.report(
                span,
                ProblemKind::UndefinedName { name: text.clone(), nearest, may_throw },
            );
        }
        Name::Unresolved(text)
    }

    /// A name whose declaration could not be read or found: that was reported.
    fn is_excused(&self, name: &str) -> bool {
        self.input.scope.broken.contains(name)
            || self.input.scope.names.get(name) == Some(&Binding::Missing)
    }

    /// What a name stands for, without a report.
    pub(super) fn find(&mut self, name: &'a str) -> Option<Name> {
        if let Some(local) = self.local_named(name) {
            return Some(Name::Local(local));
        }
        if let Some(binding) = self.input.scope.names.get(name) {
            return self.bound(name, binding);
        }
        if let Some(effect) = self.input.scope.effects.get(name) {
            return Some(Name::Effect(effect.name.clone()));
        }
        self.undeclared(name)
    }

    /// What a name means to a program that does not declare it.
    pub(super) fn undeclared(&mut self, name: &'a str) -> Option<Name> {
        if let Some(definition) = self.input.prelude.get(name) {
            return Some(match definition.kind {
                DefinitionKind::Function | DefinitionKind::Variable => {
                    let (module, name) = (self.intern(prism_source::PRELUDE), self.intern(name));
                    Name::Import { module, name }
                }
                DefinitionKind::Namespace => Name::Namespace { module: definition.module.clone() },
                DefinitionKind::Effect => Name::Effect(definition.name.clone()),
                DefinitionKind::Type => return None,
            });
        }
        self.built_in(name)
    }

    fn bound(&mut self, name: &'a str, binding: &Binding) -> Option<Name> {
        Some(match binding {
            Binding::Variable(_) => Name::ModuleVar(self.intern(name)),
            Binding::Function => Name::ModuleFunction(self.intern(name)),
            Binding::Import { module, name, .. } => {
                Name::Import { module: module.clone(), name: name.clone() }
            }
            Binding::Namespace { module } => Name::Namespace { module: module.clone() },
            Binding::Missing => return None,
        })
    }

    fn built_in(&mut self, name: &'a str) -> Option<Name> {
        if self.input.is_std && name.starts_with(builtins::NATIVE_PREFIX) {
            return Some(Name::Builtin(self.intern(name)));
        }
        // A member is asked for through its namespace.
        if name.contains('.') {
            return None;
        }
        let text = self.intern(name);
        match builtins::builtin(name).map(|row| row.kind) {
            Some(Kind::Host) => Some(Name::Host(text)),
            Some(Kind::Effect(effect)) => Some(Name::Effect(effect.into())),
            Some(Kind::Native | Kind::Prelude | Kind::Namespace | Kind::Constant) => {
                Some(Name::Builtin(text))
            }
            None if self.input.groups.contains(name) => Some(Name::Host(text)),
            None if builtins::is_effect_namespace(name) => Some(Name::Effect(text)),
            None => None,
        }
    }

    /// Records a read or a write of what a name stands for.
    pub(super) fn note_use(&mut self, name: &Name, span: Span) {
        match name {
            Name::Local(local) => self.use_local(*local, span),
            Name::ModuleVar(name) => {
                self.module_vars.insert(name.clone());
            }
            Name::ModuleFunction(_)
            | Name::Import { .. }
            | Name::Namespace { .. }
            | Name::Builtin(_)
            | Name::Host(_)
            | Name::Effect(_)
            | Name::Unresolved(_) => {}
        }
    }

    /// A name in operand position.
    pub(super) fn name_expr(&mut self, span: Span) -> ExprId {
        let text = self.slice(span);
        let name = self.resolve(text, span);
        match &name {
            Name::Effect(effect) => {
                let effect = effect.clone();
                self.effect_value(text, &effect, span)
            }
            Name::Builtin(builtin) if is_only_namespace(builtin) => {
                self.report_not_a_value(text, NotAValue::BuiltInNamespace, span);
                self.alloc(ExprKind::Error, span)
            }
            Name::Local(local) => {
                let local = *local;
                let is_implicit = self.body.locals[local].kind == LocalKind::Implicit;
                if is_implicit && !self.body.locals[local].is_assigned {
                    self.read_early.insert(local);
                }
                self.alloc(ExprKind::Name(name), span)
            }
            Name::ModuleVar(_)
            | Name::ModuleFunction(_)
            | Name::Import { .. }
            | Name::Namespace { .. }
            | Name::Builtin(_)
            | Name::Host(_)
            | Name::Unresolved(_) => self.alloc(ExprKind::Name(name), span),
        }
    }

    /// Resolves the name of an expression that is one, for what may be no value: the object of
    /// a member, the callee of a call.
    pub(super) fn named(&mut self, expr: ast::ExprId) -> Option<Name> {
        match self.ast[expr].kind {
            ast::ExprKind::Name => self.find(self.slice(self.ast[expr].span)),
            // `outer.inner`, where a module exports another one under a name.
            ast::ExprKind::Member { object, name, access: ast::Access::Plain } => {
                let Some(Name::Namespace { module }) = self.named(object) else { return None };
                let inner = self.input.scope.inner_namespace(&module, name.text(self.text))?;
                Some(Name::Namespace { module: inner.clone() })
            }
            _ => None,
        }
    }

    /// The visible name that was probably meant.
    fn nearest_name(&self, name: &str) -> Option<Text> {
        // Where almost nothing is declared, no slip of the pen is to be found.
        if self.reported.len() > MAX_SUGGESTED {
            return None;
        }
        let locals = self.declared.iter().copied();
        let module = self.input.scope.names.keys().map(|name| &**name);
        let effects = self.input.scope.effects.keys().map(|name| &**name);
        let prelude = self.input.prelude.keys().map(|name| &**name);
        let built_in = builtins::NAMES.iter().map(|row| row.name);
        let built_in = built_in.filter(|name| !name.contains('.'));
        let groups = self.input.groups.iter().map(|name| &**name);
        let all = locals.chain(module).chain(effects).chain(prelude).chain(groups).chain(built_in);
        nearest(name, all).map(Text::from)
    }
}

/// How many undefined names of a body are compared with the visible ones.
const MAX_SUGGESTED: usize = 50;

/// `Math`, `console`: no function of their own.
pub(super) fn is_only_namespace(name: &str) -> bool {
    builtins::builtin(name).is_some_and(|row| row.kind == Kind::Namespace)
}
