//! Finds the variables that bare assignments declare in a function or a module.
//!
//! `x = e` declares `x` in the nearest function or module scope when no scope around the
//! assignment declares it. Functions inside are not looked at: they have scopes of their own.

use prism_span::Span;
use prism_syntax::ast::{self, Ast, BlockId, Body, ExprId, ExprKind, PatId, StmtId, StmtKind};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::declare::{in_block, pat_names};
use crate::slice::Tree;

/// A variable without a declaration, at its first assignment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Implicit<'a> {
    pub name: &'a str,
    pub span: Span,
}

/// The implicit variables of statements, in the order of the text. `is_declared` answers for
/// the scopes around them.
pub(crate) fn in_stmts<'a>(
    tree: &'a Tree,
    stmts: &[StmtId],
    is_declared: &dyn Fn(&str) -> bool,
) -> Vec<Implicit<'a>> {
    let mut scan = Scan::new(tree, is_declared);
    scan.stmts(stmts);
    scan.found
}

/// The implicit variables of an arrow's expression.
pub(crate) fn in_expr<'a>(
    tree: &'a Tree,
    expr: ExprId,
    is_declared: &dyn Fn(&str) -> bool,
) -> Vec<Implicit<'a>> {
    let mut scan = Scan::new(tree, is_declared);
    scan.expr(expr);
    scan.found
}

struct Scan<'a, 'f> {
    tree: &'a Tree,
    ast: &'a Ast,
    is_declared: &'f dyn Fn(&str) -> bool,
    /// Names of the blocks around the point of the scan, innermost last.
    declared: Vec<&'a str>,
    /// How often each of them stands there.
    counts: FxHashMap<&'a str, u32>,
    seen: FxHashSet<&'a str>,
    found: Vec<Implicit<'a>>,
}

impl<'a, 'f> Scan<'a, 'f> {
    fn new(tree: &'a Tree, is_declared: &'f dyn Fn(&str) -> bool) -> Self {
        Scan {
            tree,
            ast: &tree.ast,
            is_declared,
            declared: Vec::new(),
            counts: FxHashMap::default(),
            seen: FxHashSet::default(),
            found: Vec::new(),
        }
    }

    fn assigned(&mut self, name: ast::Name) {
        let text = name.text(&self.tree.text);
        let is_local = self.counts.get(text).is_some_and(|count| *count > 0);
        let known = is_local || (self.is_declared)(text);
        if !known && !name.is_missing() && self.seen.insert(text) {
            self.found.push(Implicit { name: text, span: name.span });
        }
    }

    /// Runs `inside` in a scope of its own, where `declare` adds names.
    fn scoped(&mut self, declare: impl FnOnce(&mut Vec<&'a str>), inside: impl FnOnce(&mut Self)) {
        let mark = self.declared.len();
        declare(&mut self.declared);
        for name in &self.declared[mark..] {
            *self.counts.entry(name).or_default() += 1;
        }
        inside(self);
        for name in self.declared.drain(mark..) {
            *self.counts.entry(name).or_default() -= 1;
        }
    }

    fn pat_scope(
        &mut self,
        pat: Option<PatId>,
        other: Option<ast::Name>,
        inside: impl FnOnce(&mut Self),
    ) {
        let tree = self.tree;
        let declare = |names: &mut Vec<&'a str>| {
            if let Some(pat) = pat {
                pat_names(&tree.ast, pat, &mut |name| names.push(name.text(&tree.text)));
            }
            names.extend(other.map(|name| name.text(&tree.text)));
        };
        self.scoped(declare, inside);
    }

    fn block(&mut self, block: BlockId) {
        let ast = self.ast;
        self.stmts(&ast[ast[block].stmts]);
    }

    fn stmts(&mut self, stmts: &[StmtId]) {
        let tree = self.tree;
        let declare = |names: &mut Vec<&'a str>| {
            let mut declared = Vec::new();
            in_block(tree, stmts, &mut declared);
            names.extend(declared.iter().map(|declared| declared.name));
        };
        self.scoped(declare, |scan| stmts.iter().for_each(|stmt| scan.stmt(*stmt)));
    }

    fn exprs(&mut self, exprs: impl IntoIterator<Item = ExprId>) {
        exprs.into_iter().for_each(|expr| self.expr(expr));
    }

    fn stmt(&mut self, stmt: StmtId) {
        let ast = self.ast;
        match ast[stmt].kind {
            StmtKind::Expr(expr) | StmtKind::Throw(expr) => self.expr(expr),
            StmtKind::Let { declarators, .. } => {
                self.exprs(ast[declarators].iter().filter_map(|declarator| declarator.init));
            }
            StmtKind::Assign { op, target, value, .. } => {
                self.exprs([target, value]);
                if op == ast::AssignOp::Plain && ast[target].kind == ExprKind::Name {
                    self.assigned(ast::Name { span: ast[target].span });
                }
            }
            StmtKind::AssignPattern { pat, value } => {
                self.expr(value);
                pat_names(ast, pat, &mut |name| self.assigned(name));
            }
            StmtKind::Update { target, .. } => self.expr(target),
            StmtKind::Block(block) => self.block(block),
            StmtKind::InContext { body, .. } => {
                ast[ast[body].stmts].iter().for_each(|stmt| self.stmt(*stmt));
            }
            StmtKind::If { condition, then, otherwise } => {
                self.expr(condition);
                self.block(then);
                otherwise.into_iter().for_each(|block| self.block(block));
            }
            StmtKind::Switch { subject, cases } => {
                self.expr(subject);
                for case in &ast[cases] {
                    self.exprs(case.test);
                    self.block(case.body);
                }
            }
            StmtKind::Try { body, catch, finally } => {
                self.block(body);
                if let Some(catch) = catch {
                    self.pat_scope(catch.pat, None, |scan| scan.block(catch.body));
                }
                finally.into_iter().for_each(|block| self.block(block));
            }
            StmtKind::Return(value) => self.exprs(value),
            StmtKind::UncertainIf(uncertain) | StmtKind::UncertainWhile(uncertain) => {
                self.uncertain(uncertain);
            }
            StmtKind::Agents(agents) | StmtKind::Agent(agents) => {
                ast[agents].iter().for_each(|agent| self.fields(agent.fields));
            }
            StmtKind::Export(inner) | StmtKind::ExportDefault(inner) => self.stmt(inner),
            StmtKind::While { .. }
            | StmtKind::DoWhile { .. }
            | StmtKind::For { .. }
            | StmtKind::ForIn { .. }
            | StmtKind::UncertainFor { .. } => self.loop_stmt(stmt),
            StmtKind::Error
            | StmtKind::Function(_)
            | StmtKind::Break
            | StmtKind::Continue
            | StmtKind::Pattern { .. }
            | StmtKind::TypeAlias { .. }
            | StmtKind::Effect { .. }
            | StmtKind::Test { .. }
            | StmtKind::Import(_)
            | StmtKind::ExportNames { .. }
            | StmtKind::ExportAll { .. } => {}
        }
    }

    fn loop_stmt(&mut self, stmt: StmtId) {
        let ast = self.ast;
        match ast[stmt].kind {
            StmtKind::While { condition, body } | StmtKind::DoWhile { body, condition } => {
                self.expr(condition);
                self.block(body);
            }
            StmtKind::For { head, body } => self.for_head(head, |scan| scan.block(body)),
            StmtKind::UncertainFor { head, uncertain } => {
                self.for_head(head, |scan| scan.branches(uncertain));
            }
            StmtKind::ForIn { pat, index, subject, body, .. } => {
                self.expr(subject);
                self.pat_scope(Some(pat), index, |scan| scan.block(body));
            }
            _ => {}
        }
    }

    fn for_head(&mut self, head: ast::ForHeadId, inside: impl FnOnce(&mut Self)) {
        let (tree, head) = (self.tree, self.ast[head]);
        let declare = |names: &mut Vec<&'a str>| {
            let mut declared = Vec::new();
            in_block(tree, head.init.as_slice(), &mut declared);
            names.extend(declared.iter().map(|declared| declared.name));
        };
        self.scoped(declare, |scan| {
            head.init.into_iter().for_each(|stmt| scan.stmt(stmt));
            scan.exprs(head.condition);
            head.update.into_iter().for_each(|stmt| scan.stmt(stmt));
            inside(scan);
        });
    }

    fn uncertain(&mut self, id: ast::UncertainId) {
        let uncertain = self.ast[id];
        self.expr(uncertain.condition);
        self.branches(id);
    }

    fn branches(&mut self, id: ast::UncertainId) {
        let uncertain = self.ast[id];
        self.exprs(uncertain.bands);
        let branches = &self.ast[uncertain.branches];
        branches.iter().for_each(|branch| self.body(branch.body));
    }

    fn body(&mut self, body: Body) {
        match body {
            Body::Block(block) => self.block(block),
            Body::Expr(expr) => self.expr(expr),
        }
    }

    fn fields(&mut self, fields: ast::List<ast::Field>) {
        for field in &self.ast[fields] {
            match field {
                ast::Field::Named { value, .. }
                | ast::Field::Shorthand { value, .. }
                | ast::Field::Spread { value, .. } => self.expr(*value),
            }
        }
    }

    fn expr(&mut self, expr: ExprId) {
        let ast = self.ast;
        match ast[expr].kind {
            ExprKind::Error
            | ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number
            | ExprKind::Text(_)
            | ExprKind::Name
            | ExprKind::Placeholder
            | ExprKind::Function(_) => {}
            ExprKind::Template { parts, .. } => {
                for part in &ast[parts] {
                    if let ast::TemplatePart::Expr(part) = part {
                        self.expr(*part);
                    }
                }
            }
            ExprKind::Paren(inner)
            | ExprKind::Unary { operand: inner, .. }
            | ExprKind::Leveled { confidence: inner, .. } => self.expr(inner),
            ExprKind::Array(elements) => {
                self.exprs(ast[elements].iter().map(|element| element.value));
            }
            ExprKind::Object(fields) => self.fields(fields),
            ExprKind::Binary { left, right, .. } => self.exprs([left, right]),
            ExprKind::Ternary { condition, then, otherwise, .. } => {
                self.exprs([condition, then, otherwise]);
            }
            ExprKind::Member { object, .. } => self.expr(object),
            ExprKind::Index { object, index, .. } => self.exprs([object, index]),
            ExprKind::Call { callee, args, .. } => {
                self.expr(callee);
                self.exprs(ast[args].iter().map(|arg| arg.value));
            }
            ExprKind::Match { subject, arms } => {
                self.expr(subject);
                for arm in &ast[arms] {
                    self.pat_scope(Some(arm.pat), None, |scan| {
                        scan.exprs(arm.guard);
                        scan.body(arm.body);
                    });
                }
            }
            ExprKind::UncertainIf(uncertain) => self.uncertain(uncertain),
            ExprKind::Handle { body, clauses } => {
                self.block(body);
                ast[clauses].iter().for_each(|clause| self.clause(clause));
            }
        }
    }

    fn clause(&mut self, clause: &ast::HandlerClause) {
        match clause.head {
            ast::HandlerHead::Return { pat } => {
                self.pat_scope(Some(pat), None, |scan| scan.body(clause.body));
            }
            ast::HandlerHead::Operation { params, .. } => {
                let tree = self.tree;
                let declare = |names: &mut Vec<&'a str>| {
                    for param in &tree.ast[params] {
                        let add = &mut |name: ast::Name| names.push(name.text(&tree.text));
                        pat_names(&tree.ast, param.pat, add);
                    }
                };
                self.scoped(declare, |scan| scan.body(clause.body));
            }
        }
    }
}
