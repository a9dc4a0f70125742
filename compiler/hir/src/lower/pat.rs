//! Patterns.

use prism_syntax::ast::{self, PatKind as Syntax};
use prism_syntax::literal;

use super::Cx;
use crate::body::{Bits, LocalId, LocalKind, PatElement, PatField, PatId, PatKind};
use crate::problem::ProblemKind;
use crate::types;

/// What a name in a pattern does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PatMode {
    /// Adds a variable to the innermost scope.
    Declare(LocalKind),
    /// The same in an arm of `match`, where a literal asks.
    Match,
    /// Binds the variable that the block has declared already.
    Declared,
    /// Assigns a variable that exists.
    Assign,
}

impl<'a> Cx<'a> {
    pub(super) fn pat(&mut self, id: ast::PatId, mode: PatMode) -> PatId {
        self.pat_in(id, mode, false)
    }

    /// `in_or`: an alternative, whose names may have been bound by the one before.
    fn pat_in(&mut self, id: ast::PatId, mode: PatMode, in_or: bool) -> PatId {
        let node = self.ast[id];
        let threshold = node.threshold.map(|threshold| self.expr(threshold));
        let is_literal = matches!(
            node.kind,
            Syntax::Number { .. } | Syntax::Text { .. } | Syntax::Bool(_) | Syntax::Null
        );
        if is_literal && mode != PatMode::Match {
            self.report(node.span, ProblemKind::LiteralBound);
        }
        let kind = match node.kind {
            Syntax::Error => PatKind::Error,
            Syntax::Wildcard | Syntax::Hole => PatKind::Wildcard,
            Syntax::Name(name) => self.name_pat(name, mode, in_or),
            Syntax::Place(expr) => self.place_pat(expr),
            Syntax::Number { literal } => {
                PatKind::Number(Bits::new(literal::number(self.slice(literal))))
            }
            Syntax::Text { literal, .. } => {
                PatKind::Text(literal::string(self.slice(literal)).into())
            }
            Syntax::Bool(value) => PatKind::Bool(value),
            Syntax::Null => PatKind::Null,
            Syntax::Array(elements) => self.array_pat(elements, mode, in_or),
            Syntax::Object(fields) => self.object_pat(fields, mode, in_or),
            Syntax::Or(pats) => {
                let pats = &self.ast[pats];
                let mut lowered = Vec::with_capacity(pats.len());
                for (index, pat) in pats.iter().enumerate() {
                    lowered.push(self.pat_in(*pat, mode, in_or || index > 0));
                }
                PatKind::Or(lowered)
            }
        };
        self.alloc_pat(kind, threshold, node.span)
    }

    fn name_pat(&mut self, name: ast::Name, mode: PatMode, in_or: bool) -> PatKind {
        if name.is_missing() {
            return PatKind::Error;
        }
        match mode {
            PatMode::Assign => PatKind::Assign(Box::new(self.name_place(name.span))),
            PatMode::Declared => {
                let Some(local) = self.local_named(name.text(self.text)) else {
                    return PatKind::Error;
                };
                self.about_mut(local).is_ready = true;
                PatKind::Bind(local)
            }
            PatMode::Declare(kind) => PatKind::Bind(self.bind_new(name, kind, in_or)),
            PatMode::Match => PatKind::Bind(self.bind_new(name, LocalKind::Let, in_or)),
        }
    }

    pub(super) fn bind_new(&mut self, name: ast::Name, kind: LocalKind, in_or: bool) -> LocalId {
        let text = name.text(self.text);
        if let Some(first) = self.local_here(text) {
            if !in_or {
                let first = self.input.slice.relative(self.about(first).span);
                let kind = ProblemKind::Duplicate { name: self.intern(text), first };
                self.report(name.span, kind);
            }
            return first;
        }
        let local = self.declare(text, kind, None, name.span);
        self.about_mut(local).is_ready = true;
        local
    }

    fn place_pat(&mut self, expr: ast::ExprId) -> PatKind {
        match self.place(expr) {
            Some(place) => PatKind::Assign(Box::new(place)),
            None => PatKind::Error,
        }
    }

    fn array_pat(
        &mut self,
        elements: ast::List<ast::PatElement>,
        mode: PatMode,
        in_or: bool,
    ) -> PatKind {
        let mut lowered = Vec::new();
        let mut rest = None;
        for element in &self.ast[elements] {
            let default = element.default.map(|default| self.expr(default));
            let pat = self.pat_in(element.pat, mode, in_or);
            match element.is_rest {
                true => rest = Some(pat),
                false => lowered.push(PatElement { pat, default }),
            }
        }
        PatKind::Array { elements: lowered, rest }
    }

    fn object_pat(
        &mut self,
        fields: ast::List<ast::PatField>,
        mode: PatMode,
        in_or: bool,
    ) -> PatKind {
        let mut lowered = Vec::new();
        let mut rest = None;
        for field in &self.ast[fields] {
            let default = field.default.map(|default| self.expr(default));
            let pat = self.pat_in(field.pat, mode, in_or);
            let Some(key) = field.key else {
                rest = Some(pat);
                continue;
            };
            // A computed key was refused by the parser.
            if let Some(key) = types::key(self.tree, key) {
                lowered.push(PatField { key, pat, default });
            }
        }
        PatKind::Object { fields: lowered, rest }
    }
}
