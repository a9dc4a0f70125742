//! Places: what an assignment can change.

use prism_span::Span;
use prism_syntax::ast::{self, ExprKind as Syntax};

use super::Cx;
use crate::body::{
    ExprId, ExprKind, LocalId, LocalKind, MemberMode, Name, PatKind, Place, PlaceStep, Rebinds,
    Stmt, StmtKind,
};
use crate::problem::{Constant, ProblemKind};
use crate::scope::Binding;
use crate::tree::VariableKind;

impl<'a> Cx<'a> {
    /// The place that an expression means as the target of an assignment; reports what is none.
    pub(super) fn place(&mut self, target: ast::ExprId) -> Option<Place> {
        let Some((root, steps)) = self.split_place(target) else {
            if !self.is_broken(target) {
                self.report(self.ast[target].span, ProblemKind::NotAPlace);
            }
            return None;
        };
        let place = self.name_place(root);
        let mut path = Vec::with_capacity(steps.len());
        for step in steps {
            path.push(match self.ast[step].kind {
                Syntax::Member { name, .. } => PlaceStep::Member(self.name_text(name)),
                Syntax::Index { index, .. } => PlaceStep::Index(self.expr(index)),
                _ => continue,
            });
        }
        Some(Place { path: path.into(), ..place })
    }

    /// The root of a target could not be read, which was reported.
    fn is_broken(&self, target: ast::ExprId) -> bool {
        let mut at = target;
        loop {
            match self.ast[at].kind {
                Syntax::Error => return true,
                Syntax::Paren(inner)
                | Syntax::Member { object: inner, .. }
                | Syntax::Index { object: inner, .. } => at = inner,
                _ => return false,
            }
        }
    }

    /// A place, and the expression that reads it. What its path computes is computed once:
    /// statements for that go before.
    pub(super) fn read_write_place(
        &mut self,
        target: ast::ExprId,
        (mode, rebinds): (MemberMode, Rebinds),
        before: &mut Vec<Stmt>,
    ) -> Option<(Place, ExprId)> {
        let Some((root, steps)) = self.split_place(target) else {
            return self.place(target).map(|place| {
                let read = place.root_expr;
                (place, read)
            });
        };
        let place = match rebinds {
            Rebinds::Always | Rebinds::IfArray => self.name_place(root),
            Rebinds::Never => self.constant_place(root),
        };
        let mut path = Vec::with_capacity(steps.len());
        let mut read = self.name_expr(root);
        let last = steps.len().saturating_sub(1);
        for (position, step) in steps.into_iter().enumerate() {
            let span = self.ast[step].span;
            match self.ast[step].kind {
                Syntax::Member { name, .. } => {
                    let name = self.name_text(name);
                    let mode = if position == last { mode } else { MemberMode::Plain };
                    let kind = ExprKind::Member { object: read, name: name.clone(), mode };
                    read = self.alloc(kind, span);
                    path.push(PlaceStep::Member(name));
                }
                Syntax::Index { index, .. } => {
                    let (write, again) = self.twice(index, before);
                    let kind = ExprKind::Index { object: read, index: again, optional: false };
                    read = self.alloc(kind, span);
                    path.push(PlaceStep::Index(write));
                }
                _ => {}
            }
        }
        Some((Place { path: path.into(), ..place }, read))
    }

    /// An expression that is used twice and evaluated once.
    fn twice(&mut self, expr: ast::ExprId, before: &mut Vec<Stmt>) -> (ExprId, ExprId) {
        let span = self.ast[expr].span;
        if matches!(self.ast[expr].kind, Syntax::Name | Syntax::Number | Syntax::Text(_)) {
            return (self.expr(expr), self.expr(expr));
        }
        let init = self.expr(expr);
        let local = self.hidden("index", span);
        before.push(self.bind_hidden(local, init, span));
        let mut read = || self.alloc(ExprKind::Name(Name::Local(local)), span);
        (read(), read())
    }

    /// `let local = init`.
    pub(super) fn bind_hidden(&mut self, local: LocalId, init: ExprId, span: Span) -> Stmt {
        let pat = self.alloc_pat(PatKind::Bind(local), None, span);
        self.stmt_of(StmtKind::Let { pat, init: Some(init) }, span)
    }

    /// The name at the root of a target and the members and indices after it, outermost last.
    pub(super) fn split_place(&self, target: ast::ExprId) -> Option<(Span, Vec<ast::ExprId>)> {
        let mut steps = Vec::new();
        let mut at = target;
        loop {
            match self.ast[at].kind {
                Syntax::Name => {
                    steps.reverse();
                    return Some((self.ast[at].span, steps));
                }
                Syntax::Paren(inner) => at = inner,
                Syntax::Member { object, access, .. } if access != ast::Access::Optional => {
                    steps.push(at);
                    at = object;
                }
                Syntax::Index { object, optional: false, .. } => {
                    steps.push(at);
                    at = object;
                }
                _ => return None,
            }
        }
    }

    /// The variable of an assignment; reports a constant.
    pub(super) fn name_place(&mut self, span: Span) -> Place {
        let text = self.slice(span);
        let root = match self.find(text) {
            Some(name) => {
                self.note_write(text, &name, span);
                name
            }
            None => self.resolve(text, span),
        };
        let root_expr = self.alloc(ExprKind::Name(root.clone()), span);
        Place { root, root_expr, path: Box::default() }
    }

    /// A constant that is changed if an array stands there; what stands there is seen later.
    fn constant_place(&mut self, span: Span) -> Place {
        let text = self.slice(span);
        let root = self.find(text).unwrap_or_else(|| Name::Unresolved(text.into()));
        if let Name::Local(local) = root
            && let Some(keyword) = self.about(local).keyword
            && self.spans.keyword(local).is_none()
        {
            self.spans.keywords.push((local, self.input.slice.relative(keyword)));
        }
        let root_expr = self.alloc(ExprKind::Name(root.clone()), span);
        Place { root, root_expr, path: Box::default() }
    }

    fn note_write(&mut self, text: &'a str, name: &Name, span: Span) {
        self.note_use(name, span);
        if let Name::Local(local) = name {
            let is_in_try = self.try_depth > self.about(*local).try_depth;
            let row = &mut self.body.locals[*local];
            row.is_assigned = true;
            row.is_assigned_in_try |= is_in_try;
        }
        if let Some(what) = self.constant(text, name) {
            let keyword = match name {
                Name::Local(local) => self.about(*local).keyword,
                _ => None,
            };
            let keyword = keyword.map(|span| self.input.slice.relative(span));
            let name = self.intern(text);
            self.report(span, ProblemKind::AssignToConstant { name, what, keyword });
        }
    }

    /// Why a name cannot be assigned, if so.
    pub(super) fn constant(&self, text: &str, name: &Name) -> Option<Constant> {
        match name {
            Name::Local(local) => match self.body.locals[*local].kind {
                LocalKind::Const => Some(self.kind_of_constant(text)),
                LocalKind::Function => Some(Constant::Function),
                LocalKind::Let | LocalKind::Param | LocalKind::Implicit | LocalKind::Hidden => None,
            },
            Name::ModuleVar(_) => match self.input.scope.names.get(text) {
                Some(Binding::Variable(VariableKind::Const)) => Some(Constant::Const),
                Some(Binding::Variable(VariableKind::Agent)) => Some(Constant::Agent),
                _ => None,
            },
            Name::ModuleFunction(_) => Some(Constant::Function),
            Name::Import { .. } | Name::Namespace { .. } => Some(Constant::Import),
            // Only a member of such a name can get here; the name itself would be declared.
            Name::Builtin(_) | Name::Effect(_) => Some(Constant::Function),
            Name::Host(_) | Name::Unresolved(_) => None,
        }
    }

    fn kind_of_constant(&self, text: &str) -> Constant {
        match self.input.scope.names.get(text) {
            Some(Binding::Variable(VariableKind::Agent)) => Constant::Agent,
            _ => Constant::Const,
        }
    }
}
