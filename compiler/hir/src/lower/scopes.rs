//! Scopes: which variable a name stands for at a point of the item.

use prism_span::Span;
use prism_syntax::ast::StmtId;

use super::{About, Cx};
use crate::body::{Local, LocalId, LocalKind, TypeRef};
use crate::declare::{self, Declared, Declares};
use crate::problem::{NotAValue, ProblemKind};
use crate::{builtins, types};

impl<'a> Cx<'a> {
    /// Runs `inside` in a scope of its own.
    pub(super) fn scoped<T>(&mut self, inside: impl FnOnce(&mut Self) -> T) -> T {
        let mark = self.declared.len();
        self.level += 1;
        let result = inside(self);
        self.level -= 1;
        for index in (mark..self.declared.len()).rev() {
            let name = self.declared[index];
            let outer = self.names.remove(name).and_then(|local| self.about(local).outer);
            if let Some(outer) = outer {
                self.names.insert(name, outer);
            }
        }
        self.declared.truncate(mark);
        result
    }

    /// Adds a variable to the innermost scope.
    pub(super) fn declare(
        &mut self,
        name: &'a str,
        kind: LocalKind,
        annotation: Option<TypeRef>,
        span: Span,
    ) -> LocalId {
        let local = self.new_local(name, kind, annotation, span);
        let outer = self.names.insert(name, local);
        self.about_mut(local).outer = outer;
        self.declared.push(name);
        local
    }

    /// A variable that no name stands for.
    pub(super) fn hidden(&mut self, name: &'a str, span: Span) -> LocalId {
        let local = self.new_local(name, LocalKind::Hidden, None, span);
        self.about_mut(local).is_ready = true;
        local
    }

    fn new_local(
        &mut self,
        name: &'a str,
        kind: LocalKind,
        annotation: Option<TypeRef>,
        span: Span,
    ) -> LocalId {
        let name = self.intern(name);
        let local = self.body.locals.alloc(Local {
            name,
            kind,
            annotation: annotation.map(Box::new),
            is_captured: false,
            is_assigned: false,
            is_assigned_in_try: false,
            is_global: false,
        });
        self.spans.locals.push(self.input.slice.relative(span));
        self.about.push(About {
            frame: self.frames.len() as u32,
            level: self.level,
            try_depth: self.try_depth,
            is_ready: kind != LocalKind::Let && kind != LocalKind::Const,
            outer: None,
            span,
            keyword: None,
        });
        local
    }

    pub(super) fn about(&self, local: LocalId) -> &About {
        &self.about[local.into_raw().into_u32() as usize]
    }

    pub(super) fn about_mut(&mut self, local: LocalId) -> &mut About {
        &mut self.about[local.into_raw().into_u32() as usize]
    }

    pub(super) fn local_named(&self, name: &str) -> Option<LocalId> {
        self.names.get(name).copied()
    }

    /// The variable of that name in the innermost scope.
    pub(super) fn local_here(&self, name: &str) -> Option<LocalId> {
        self.local_named(name).filter(|local| self.about(*local).level == self.level)
    }

    /// Declares the names of a block before its statements are lowered.
    pub(super) fn declare_block(&mut self, stmts: &[StmtId]) {
        let mut found = Vec::new();
        declare::in_block(self.tree, stmts, &mut found);
        for declared in found {
            match self.local_here(declared.name) {
                Some(first) => self.report_duplicate(&declared, first),
                None => {
                    self.declare_found(&declared);
                }
            }
        }
    }

    fn report_duplicate(&mut self, declared: &Declared<'a>, first: LocalId) {
        let first = self.input.slice.relative(self.about(first).span);
        let name = self.intern(declared.name);
        self.report(declared.span, ProblemKind::Duplicate { name, first });
    }

    pub(super) fn declare_found(&mut self, declared: &Declared<'a>) -> LocalId {
        let kind = match declared.kind {
            Declares::Let | Declares::Default => LocalKind::Let,
            Declares::Const | Declares::Agent => LocalKind::Const,
            Declares::Function => LocalKind::Function,
        };
        let annotation = declared.annotation.map(|ty| types::type_ref(self.tree, ty));
        self.hint_shadowing(declared.name, declared.span);
        self.declare(declared.name, kind, annotation, declared.span)
    }

    /// A built-in that a declaration hides; `value` and the like are no surprise as parameters.
    pub(super) fn hint_shadowing(&mut self, name: &'a str, span: Span) {
        let row = builtins::builtin(name);
        if !self.input.is_std && row.is_some_and(|row| row.kind.is_function()) {
            let name = self.intern(name);
            self.report(span, ProblemKind::ShadowsBuiltIn { name });
        }
    }

    /// Marks a use of a variable by the function being lowered.
    pub(super) fn use_local(&mut self, local: LocalId, span: Span) {
        let here = self.frames.len() as u32;
        let about = *self.about(local);
        if about.frame != here {
            self.body.locals[local].is_captured = true;
        } else if !about.is_ready {
            let name = self.body.locals[local].name.clone();
            let declared = self.input.slice.relative(about.span);
            self.report(span, ProblemKind::UsedBeforeDeclaration { name, declared });
        }
    }

    pub(super) fn report_not_a_value(&mut self, name: &'a str, what: NotAValue, span: Span) {
        let name = self.intern(name);
        self.report(span, ProblemKind::NotAValue { name, what });
    }
}
