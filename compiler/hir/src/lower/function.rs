//! Items, functions and lambdas.

use prism_span::Span;
use prism_syntax::ast::{self, Body, FunctionStyle, StmtId};

use super::pat::PatMode;
use super::{Cx, Frame, FrameKind};
use crate::body::{
    Block, ExprKind, Function, LambdaId, LocalId, LocalKind, Name, Param, PatKind, Stmt, StmtKind,
    Text, TypeRef,
};
use crate::declare::{self, Declares};
use crate::implicit::{self, Implicit};
use crate::item::ItemKind;
use crate::slice::Part;
use crate::types;

impl<'a> Cx<'a> {
    /// Lowers the whole item into the root function of the body.
    pub(super) fn item(&mut self) {
        let root = match self.input.slice.part() {
            // Around the function stands what its confidence is evaluated in.
            Part::Function(function) => {
                self.in_frame(FrameKind::Root, false, |cx| cx.function(*function, None))
            }
            Part::Block(block) => {
                let stmts = &self.ast[self.ast[*block].stmts];
                let name = match self.input.kind {
                    ItemKind::Pattern => Some(self.input.name.clone()),
                    ItemKind::Module | ItemKind::Function | ItemKind::Test => None,
                };
                let body = self.in_frame(FrameKind::Root, true, |cx| {
                    cx.scoped(|cx| cx.implicit_scope(Body::Block(*block), |cx| cx.block_of(stmts)))
                });
                Function { name, body, ..Function::default() }
            }
            Part::Stmts(stmts) => self.module(stmts),
        };
        self.body.root = root;
    }

    fn module(&mut self, stmts: &'a [StmtId]) -> Function {
        let body = self.in_frame(FrameKind::Root, false, |cx| {
            cx.scoped(|cx| {
                cx.declare_module(stmts);
                let implicit = implicit::in_stmts(cx.tree, stmts, &|name| cx.is_module_name(name));
                cx.with_implicit(&implicit, |cx| Block { stmts: cx.stmts(stmts) })
            })
        });
        for (_, local) in self.body.locals.iter_mut() {
            let is_module_level = match local.kind {
                LocalKind::Hidden | LocalKind::Param | LocalKind::Function => false,
                LocalKind::Let | LocalKind::Const | LocalKind::Implicit => true,
            };
            local.is_global = is_module_level && self.input.globals.contains(&local.name);
        }
        self.forget_inner_globals();
        Function { body, ..Function::default() }
    }

    /// Only variables of the module's own scope are globals, not those of its blocks.
    fn forget_inner_globals(&mut self) {
        for (local, row) in self.body.locals.iter_mut() {
            let about = &self.about[local.into_raw().into_u32() as usize];
            row.is_global &= about.level == MODULE_LEVEL && about.frame == MODULE_FRAME;
        }
    }

    /// The first declaration of a name counts; others are reported with the file's declarations.
    fn declare_module(&mut self, stmts: &[StmtId]) {
        let mut found = Vec::new();
        declare::in_block(self.tree, stmts, &mut found);
        for declared in found {
            let is_function = declared.kind == Declares::Function;
            if !is_function && self.local_here(declared.name).is_none() {
                self.declare_found(&declared);
            }
        }
    }

    fn is_module_name(&self, name: &str) -> bool {
        use crate::scope::Binding;
        self.local_named(name).is_some()
            || self.input.scope.names.get(name).is_some_and(|binding| match binding {
                Binding::Variable(_) => false,
                Binding::Function
                | Binding::Import { .. }
                | Binding::Namespace { .. }
                | Binding::Missing => true,
            })
    }

    /// Runs `inside` in a function of its own.
    pub(super) fn in_frame<T>(
        &mut self,
        kind: FrameKind,
        returns: bool,
        inside: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.frames.push(Frame { kind, loops: 0, switches: 0, returns, resumes: 0 });
        let around = std::mem::replace(&mut self.wants_value, true);
        let result = inside(self);
        self.wants_value = around;
        self.frames.pop();
        result
    }

    pub(super) fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("everything stands in a function")
    }

    /// Declares what bare assignments in `body` declare, around `inside`.
    fn implicit_scope(&mut self, body: Body, inside: impl FnOnce(&mut Self) -> Block) -> Block {
        let is_declared = |name: &str| self.is_declared(name);
        let implicit = match body {
            Body::Block(block) => {
                implicit::in_stmts(self.tree, &self.ast[self.ast[block].stmts], &is_declared)
            }
            Body::Expr(expr) => implicit::in_expr(self.tree, expr, &is_declared),
        };
        self.with_implicit(&implicit, inside)
    }

    /// Whether a scope around declares a name; built-ins and host names are in no scope.
    fn is_declared(&self, name: &str) -> bool {
        self.local_named(name).is_some() || self.input.scope.names.contains_key(name)
    }

    fn with_implicit(
        &mut self,
        implicit: &[Implicit<'a>],
        inside: impl FnOnce(&mut Self) -> Block,
    ) -> Block {
        let mut outer: Vec<(LocalId, Option<Name>, Span)> = Vec::new();
        for variable in implicit {
            let hidden = self.hidden_value(variable.name);
            self.hint_shadowing(variable.name, variable.span);
            let local = self.declare(variable.name, LocalKind::Implicit, None, variable.span);
            outer.push((local, hidden, variable.span));
        }
        let mut block = inside(self);
        let starts = outer.into_iter().filter_map(|(local, name, span)| {
            self.read_early.contains(&local).then_some(())?;
            Some(self.start_as(local, name?, span))
        });
        let starts: Vec<Stmt> = starts.collect();
        if !starts.is_empty() {
            block.stmts = starts.into_iter().chain(block.stmts).collect();
        }
        block
    }

    /// What an implicit variable may start as: the value it hides.
    fn hidden_value(&mut self, name: &'a str) -> Option<Name> {
        match self.undeclared(name)? {
            found @ (Name::Builtin(_) | Name::Host(_) | Name::Import { .. }) => Some(found),
            Name::Local(_)
            | Name::ModuleVar(_)
            | Name::ModuleFunction(_)
            | Name::Namespace { .. }
            | Name::Effect(_)
            | Name::Unresolved(_) => None,
        }
    }

    /// `let name = <built-in name>`, for an implicit variable that is read before it is written.
    fn start_as(&mut self, local: LocalId, name: Name, span: Span) -> Stmt {
        let init = self.alloc(ExprKind::Name(name), span);
        let pat = self.alloc_pat(PatKind::Bind(local), None, span);
        self.stmt_of(StmtKind::Let { pat, init: Some(init) }, span)
    }

    /// A function in operand position; `hint` is the name it takes when it has none.
    pub(super) fn lambda(&mut self, id: ast::FunctionId, hint: Option<Text>) -> LambdaId {
        let function = self.function(id, hint);
        self.body.functions.alloc(function)
    }

    fn function(&mut self, id: ast::FunctionId, hint: Option<Text>) -> Function {
        let node = self.ast[id];
        let name = node.name.filter(|name| !name.is_missing()).map(|name| self.name_text(name));
        let confidence = node.confidence.map(|confidence| self.expr(confidence));
        let n_types = self.type_params.len();
        let type_params = types::names(self.tree, node.type_params);
        let text = self.text;
        self.type_params.extend(self.ast[node.type_params].iter().map(|name| name.text(text)));
        let result_type = node.result.map(|ty| self.type_ref(ty));
        let (params, body) = self.in_frame(FrameKind::Function, true, |cx| {
            cx.scoped(|cx| {
                let params = cx.params(node.params);
                let body = cx.implicit_scope(node.body, |cx| cx.function_body(node.body));
                (params, body)
            })
        });
        self.type_params.truncate(n_types);
        Function {
            name: name.or(hint),
            type_params,
            params,
            body,
            result_type,
            uses: node.uses.map(|uses| types::names(self.tree, uses.names)),
            confidence,
            is_arrow: node.style == FunctionStyle::Arrow,
        }
    }

    /// The body of a function, a clause or an arm, as a block.
    pub(super) fn function_body(&mut self, body: Body) -> Block {
        match body {
            Body::Block(block) => self.block(block),
            Body::Expr(expr) => {
                let span = self.ast[expr].span;
                let value = self.expr(expr);
                Block { stmts: [self.stmt_of(StmtKind::Expr(value), span)].into() }
            }
        }
    }

    pub(super) fn params(&mut self, params: ast::List<ast::Param>) -> Vec<Param> {
        let params = &self.ast[params];
        params.iter().map(|param| self.param(param)).collect()
    }

    fn param(&mut self, param: &ast::Param) -> Param {
        let annotation = param.annotation.map(|ty| self.type_ref(ty));
        let default = param.default.map(|default| self.expr(default));
        let pat = self.pat(param.pat, PatMode::Declare(LocalKind::Param));
        if let PatKind::Bind(local) = self.body.pats[pat].kind {
            self.body.locals[local].annotation = annotation.clone().map(Box::new);
        }
        Param { pat, default, is_rest: param.is_rest, annotation }
    }

    /// Reads a type and reports the names in it that are no types.
    pub(super) fn type_ref(&mut self, ty: ast::TypeId) -> TypeRef {
        let (scope, params) = (self.input.scope, &self.type_params);
        let mut unknown = Vec::new();
        types::unknown_names(self.tree, ty, scope, params, &mut unknown);
        for (span, kind) in unknown {
            self.report(span, kind);
        }
        types::type_ref(self.tree, ty)
    }
}

/// The level and frame of the module's own scope: the first scope in the first function.
const MODULE_LEVEL: u32 = 1;
const MODULE_FRAME: u32 = 1;
