//! Walks a body in the order of evaluation and tells what happens to its variables.

use prism_hir::body::{
    Arg, Bands, Block, Body, Branches, Element, ExprId, ExprKind, Field, Function, HandlerClause,
    LambdaId, LocalId, MatchArm, Name, Param, PatId, PatKind, Place, PlaceStep, Rebinds, Stmt,
    StmtKind, TemplatePart,
};

/// What a walk reports. Every method may ignore what it is told.
pub(crate) trait Visitor {
    fn declare(&mut self, _local: LocalId) {}
    fn read(&mut self, _local: LocalId) {}
    fn write(&mut self, _local: LocalId) {}
    /// Around a lambda, a nested function, a handled block or a handler clause.
    fn enter_function(&mut self, _function: FunctionKey) {}
    fn leave_function(&mut self, _function: FunctionKey) {}
    fn enter_try(&mut self) {}
    fn leave_try(&mut self) {}
    fn continues(&mut self) {}
    fn returns(&mut self) {}
}

/// A function inside a body. Handled blocks and handler clauses become functions too; they are
/// known by the `handle` expression they stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FunctionKey {
    Root,
    Lambda(LambdaId),
    Handled(ExprId),
    Clause(ExprId, u32),
    OnReturn(ExprId),
}

pub(crate) struct Walk<'a, V> {
    pub body: &'a Body,
    pub visitor: V,
}

impl<V: Visitor> Walk<'_, V> {
    pub fn function(&mut self, function: &Function) {
        self.params(&function.params);
        self.optional(function.confidence);
        self.block(&function.body);
    }

    fn params(&mut self, params: &[Param]) {
        for param in params {
            self.optional(param.default);
            self.pat(param.pat);
        }
    }

    /// Functions come first: they are made where their block starts.
    pub fn block(&mut self, block: &Block) {
        let is_function = |stmt: &&Stmt| matches!(stmt.kind, StmtKind::Function { .. });
        block.stmts.iter().filter(is_function).for_each(|stmt| self.stmt(stmt));
        block.stmts.iter().filter(|stmt| !is_function(stmt)).for_each(|stmt| self.stmt(stmt));
    }

    pub fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Expr(expr) | StmtKind::Throw(expr) => self.expr(*expr),
            StmtKind::Let { pat, init } => {
                self.optional(*init);
                self.pat(*pat);
            }
            StmtKind::Assign { place, value, rebinds } => {
                self.place(place);
                self.expr(*value);
                if *rebinds != Rebinds::Never {
                    self.write_place(place);
                }
            }
            StmtKind::AssignPattern { pat, value } => {
                self.expr(*value);
                self.pat(*pat);
            }
            StmtKind::Function { local, function } => {
                // Its own name is seen inside before the variable holds it.
                self.lambda(*function);
                self.visitor.declare(*local);
            }
            StmtKind::Block(block) => self.block(block),
            StmtKind::If { condition, then, otherwise } => {
                self.expr(*condition);
                self.block(then);
                self.optional_block(otherwise.as_ref());
            }
            StmtKind::Try { body, catch, finally } => {
                self.visitor.enter_try();
                self.block(body);
                if let Some(catch) = catch {
                    catch.pat.into_iter().for_each(|pat| self.pat(pat));
                    self.block(&catch.body);
                }
                self.optional_block(finally.as_ref());
                self.visitor.leave_try();
            }
            StmtKind::Return(value) => {
                self.optional(*value);
                self.visitor.returns();
            }
            StmtKind::Continue => self.visitor.continues(),
            StmtKind::Break | StmtKind::Error => {}
            StmtKind::UncertainIf { condition, bands, branches } => {
                self.expr(*condition);
                self.bands(bands);
                self.branches(branches);
            }
            StmtKind::Switch { subject, cases } => {
                self.expr(*subject);
                cases.iter().for_each(|case| self.optional(case.test));
                cases.iter().for_each(|case| self.block(&case.body));
            }
            StmtKind::While { .. }
            | StmtKind::DoWhile { .. }
            | StmtKind::For { .. }
            | StmtKind::ForIn { .. }
            | StmtKind::UncertainWhile { .. }
            | StmtKind::UncertainFor { .. } => self.loop_stmt(stmt),
        }
    }

    fn loop_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::While { condition, body } | StmtKind::DoWhile { body, condition } => {
                self.expr(*condition);
                self.block(body);
            }
            StmtKind::For { init, condition, update, body } => {
                self.for_head(init, *condition, update);
                self.block(body);
            }
            StmtKind::ForIn { pat, index, subject, of: _, body } => {
                self.expr(*subject);
                self.pat(*pat);
                index.iter().for_each(|local| self.visitor.declare(*local));
                self.block(body);
            }
            StmtKind::UncertainWhile { condition, bands, branches } => {
                self.expr(*condition);
                self.bands(bands);
                self.branches(branches);
            }
            StmtKind::UncertainFor { init, condition, update, bands, branches } => {
                self.for_head(init, *condition, update);
                self.bands(bands);
                self.branches(branches);
            }
            other => unreachable!("not a loop: {other:?}"),
        }
    }

    fn for_head(&mut self, init: &[Stmt], condition: Option<ExprId>, update: &[Stmt]) {
        init.iter().for_each(|stmt| self.stmt(stmt));
        self.optional(condition);
        update.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn optional_block(&mut self, block: Option<&Block>) {
        if let Some(block) = block {
            self.block(block);
        }
    }

    fn bands(&mut self, bands: &Bands) {
        self.optional(bands.high);
        self.optional(bands.medium);
    }

    fn branches(&mut self, branches: &Branches<Block>) {
        let all = [&branches.high, &branches.medium, &branches.low, &branches.default];
        all.into_iter().flatten().for_each(|block| self.block(block));
    }

    fn optional(&mut self, expr: Option<ExprId>) {
        if let Some(expr) = expr {
            self.expr(expr);
        }
    }

    fn place(&mut self, place: &Place) {
        if !place.path.is_empty() {
            self.name(&place.root);
        }
        for step in &place.path {
            if let PlaceStep::Index(index) = step {
                self.expr(*index);
            }
        }
    }

    fn write_place(&mut self, place: &Place) {
        if let Name::Local(local) = place.root {
            self.visitor.write(local);
        }
    }

    fn name(&mut self, name: &Name) {
        if let Name::Local(local) = name {
            self.visitor.read(*local);
        }
    }

    pub fn pat(&mut self, pat: PatId) {
        let pat = &self.body.pats[pat];
        self.optional(pat.threshold);
        match &pat.kind {
            PatKind::Bind(local) => self.visitor.declare(*local),
            PatKind::Assign(place) => {
                self.place(place);
                self.write_place(place);
            }
            PatKind::Array { elements, rest } => {
                for element in elements {
                    self.optional(element.default);
                    self.pat(element.pat);
                }
                rest.iter().for_each(|rest| self.pat(*rest));
            }
            PatKind::Object { fields, rest } => {
                for field in fields {
                    self.optional(field.default);
                    self.pat(field.pat);
                }
                rest.iter().for_each(|rest| self.pat(*rest));
            }
            PatKind::Or(pats) => pats.iter().for_each(|pat| self.pat(*pat)),
            PatKind::Error
            | PatKind::Wildcard
            | PatKind::Number(_)
            | PatKind::Text(_)
            | PatKind::Bool(_)
            | PatKind::Null => {}
        }
    }

    fn lambda(&mut self, lambda: LambdaId) {
        let key = FunctionKey::Lambda(lambda);
        self.visitor.enter_function(key);
        let body = self.body;
        self.function(&body.functions[lambda]);
        self.visitor.leave_function(key);
    }

    fn args(&mut self, args: &[Arg]) {
        args.iter().for_each(|arg| self.expr(arg.value));
    }

    pub fn expr(&mut self, expr: ExprId) {
        match &self.body.exprs[expr].kind {
            ExprKind::Error
            | ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::Text(_) => {}
            ExprKind::Name(name) => self.name(name),
            ExprKind::Template(parts) => {
                for part in parts {
                    if let TemplatePart::Expr(part) = part {
                        self.expr(*part);
                    }
                }
            }
            ExprKind::Array(elements) => {
                for element in elements {
                    let (Element::Expr(value) | Element::Spread(value)) = element;
                    self.expr(*value);
                }
            }
            ExprKind::Object(fields) => fields.iter().for_each(|field| self.field(field)),
            ExprKind::Unary { operand, .. } | ExprKind::Await(operand) => self.expr(*operand),
            ExprKind::Binary { left, right, .. }
            | ExprKind::Logical { left, right, .. }
            | ExprKind::ConfidentLogical { left, right, .. }
            | ExprKind::Chain { left, right }
            | ExprKind::MoreConfident { left, right }
            | ExprKind::ConfidentCoalesce { left, right }
            | ExprKind::Escalate { left, right } => {
                self.expr(*left);
                self.expr(*right);
            }
            ExprKind::Annotate { value, confidence, .. } | ExprKind::Gate { value, confidence } => {
                self.expr(*value);
                self.expr(*confidence);
            }
            ExprKind::Threshold { value, threshold, default } => {
                self.expr(*value);
                self.expr(*threshold);
                self.optional(*default);
            }
            ExprKind::Ternary { condition, then, otherwise }
            | ExprKind::ConfidentTernary { condition, then, otherwise } => {
                self.expr(*condition);
                self.expr(*then);
                self.expr(*otherwise);
            }
            ExprKind::Member { object, .. } => self.expr(*object),
            ExprKind::Index { object, index, .. } => {
                self.expr(*object);
                self.expr(*index);
            }
            ExprKind::Call { callee, args, .. } => {
                self.expr(*callee);
                self.args(args);
            }
            ExprKind::MethodCall { object, args, .. } => {
                self.expr(*object);
                self.args(args);
            }
            ExprKind::Perform { args, .. } => self.args(args),
            ExprKind::Lambda(lambda) => self.lambda(*lambda),
            ExprKind::Bind { local, value, body, .. } => {
                self.expr(*value);
                self.visitor.declare(*local);
                self.expr(*body);
            }
            ExprKind::Match { subject, arms } => {
                self.expr(*subject);
                arms.iter().for_each(|arm| self.arm(arm));
            }
            ExprKind::UncertainIf { condition, bands, branches } => {
                self.expr(*condition);
                self.bands(bands);
                let all = [branches.high, branches.medium, branches.low, branches.default];
                all.into_iter().flatten().for_each(|branch| self.expr(branch));
            }
            ExprKind::Handle { body, clauses, return_clause } => {
                self.handle(expr, body, clauses);
                if let Some(clause) = return_clause {
                    self.visitor.enter_function(FunctionKey::OnReturn(expr));
                    self.pat(clause.pat);
                    self.block(&clause.body);
                    self.visitor.leave_function(FunctionKey::OnReturn(expr));
                }
            }
            ExprKind::Resume { value } => self.optional(*value),
            ExprKind::Block(block) => self.block(block),
        }
    }

    fn field(&mut self, field: &Field) {
        match field {
            Field::Named { value, .. } | Field::Spread(value) => self.expr(*value),
            Field::Computed { key, value } => {
                self.expr(*key);
                self.expr(*value);
            }
        }
    }

    fn arm(&mut self, arm: &MatchArm) {
        self.pat(arm.pat);
        self.optional(arm.guard);
        self.expr(arm.body);
    }

    fn handle(&mut self, expr: ExprId, body: &Block, clauses: &[HandlerClause]) {
        self.visitor.enter_function(FunctionKey::Handled(expr));
        self.block(body);
        self.visitor.leave_function(FunctionKey::Handled(expr));
        for (index, clause) in clauses.iter().enumerate() {
            let key = FunctionKey::Clause(expr, index as u32);
            self.visitor.enter_function(key);
            self.params(&clause.params);
            self.block(&clause.body);
            self.visitor.leave_function(key);
        }
    }
}
