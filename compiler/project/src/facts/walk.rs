//! One body, walked for what it asks.

use prism_diagnostics::Place;
use prism_hir::Item;
use prism_hir::body::{
    Arg, Block, Body, Branches, Element, ExprId, ExprKind, Field, HandlerClause, LambdaId, LocalId,
    LocalKind, Name, Param, PatId, PatKind, Rebinds, ReturnClause, Stmt, StmtKind, TemplatePart,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::calls::{Calls, place, too_deep};
use super::count::{Bound, Count, Reason, ReasonKind};

pub(super) struct Walk<'a, 'db> {
    pub(super) calls: &'a mut Calls<'db>,
    item: Item<'db>,
    pub(super) body: &'a Body,
    /// What variables that are written once begin with.
    pub(super) values: FxHashMap<LocalId, ExprId>,
    functions: FxHashMap<LocalId, LambdaId>,
    known: FxHashMap<LambdaId, Count>,
    open: FxHashSet<LambdaId>,
    recursive: FxHashSet<LambdaId>,
    /// Variables that were written since the loop around began.
    pub(super) written: FxHashSet<LocalId>,
}

impl<'a, 'db> Walk<'a, 'db> {
    pub(super) fn new(calls: &'a mut Calls<'db>, item: Item<'db>, body: &'a Body) -> Walk<'a, 'db> {
        Walk {
            calls,
            item,
            body,
            values: FxHashMap::default(),
            functions: FxHashMap::default(),
            known: FxHashMap::default(),
            open: FxHashSet::default(),
            recursive: FxHashSet::default(),
            written: FxHashSet::default(),
        }
    }

    /// One call of the item.
    pub(super) fn root(&mut self) -> Count {
        let root = &self.body.root;
        self.params(&root.params).and(self.optional(root.confidence)).and(self.block(&root.body))
    }

    pub(super) fn at(&self, expr: ExprId) -> Place {
        place(self.calls.db, self.item, expr)
    }

    pub(super) fn reason(&self, kind: ReasonKind, expr: ExprId) -> Reason {
        Reason { kind, at: self.at(expr) }
    }

    pub(super) fn block(&mut self, block: &'a Block) -> Count {
        for stmt in &block.stmts {
            if let StmtKind::Function { local, function } = stmt.kind {
                self.functions.insert(local, function);
            }
        }
        self.stmts(&block.stmts)
    }

    pub(super) fn stmts(&mut self, stmts: &'a [Stmt]) -> Count {
        stmts.iter().fold(Count::ZERO, |sum, stmt| sum.and(self.stmt(stmt)))
    }

    fn stmt(&mut self, stmt: &'a Stmt) -> Count {
        self.calls.n_around += 1;
        let count = self.walk_stmt(stmt);
        self.calls.n_around -= 1;
        count
    }

    fn walk_stmt(&mut self, stmt: &'a Stmt) -> Count {
        match &stmt.kind {
            StmtKind::Expr(expr) | StmtKind::Throw(expr) => self.expr(*expr),
            StmtKind::Return(expr) => self.optional(*expr),
            StmtKind::Let { pat, init } => self.binding(*pat, *init),
            StmtKind::Assign { place, value, rebinds } => {
                if let (Name::Local(local), true) = (&place.root, *rebinds != Rebinds::Never) {
                    self.written.insert(*local);
                }
                self.expr(*value)
            }
            StmtKind::AssignPattern { pat, value } => self.expr(*value).and(self.pat(*pat)),
            StmtKind::Function { function, .. } => {
                self.optional(self.body.functions[*function].confidence)
            }
            StmtKind::Block(block) => self.block(block),
            StmtKind::If { condition, then, otherwise } => {
                let condition = self.expr(*condition);
                let then = self.block(then);
                let otherwise = otherwise.as_ref().map_or(Count::ZERO, |block| self.block(block));
                condition.and(then.or(otherwise))
            }
            StmtKind::While { condition, body } | StmtKind::DoWhile { body, condition } => {
                let round = self.expr(*condition).and(self.block(body));
                round.often(self.loop_at(stmt))
            }
            StmtKind::For { init, condition, update, body } => {
                let start = self.stmts(init);
                let written = std::mem::take(&mut self.written);
                let round = self.block(body);
                let rounds = self.rounds(init, *condition, update);
                self.written.extend(written);
                let round = round.and(self.optional(*condition)).and(self.stmts(update));
                let rounds = rounds.map_or(Bound::Unknown(self.loop_at(stmt)), Bound::AtMost);
                start.and(round.times(rounds))
            }
            StmtKind::ForIn { pat, subject, body, .. } => {
                let start = self.expr(*subject);
                let round = self.pat(*pat).and(self.block(body));
                start.and(round.times(self.length_at(*subject)))
            }
            StmtKind::UncertainIf { condition, bands, branches } => {
                let bands = self.optional(bands.high).and(self.optional(bands.medium));
                self.expr(*condition).and(bands).and(self.branches(branches))
            }
            StmtKind::UncertainWhile { condition, branches, .. } => {
                let round = self.expr(*condition).and(self.branches(branches));
                round.often(self.loop_at(stmt))
            }
            StmtKind::UncertainFor { init, condition, update, branches, .. } => {
                let start = self.stmts(init);
                let round = self.optional(*condition).and(self.branches(branches));
                start.and(round.and(self.stmts(update)).often(self.loop_at(stmt)))
            }
            StmtKind::Switch { subject, cases } => {
                // A case falls through to the next one.
                cases.iter().fold(self.expr(*subject), |sum, case| {
                    sum.and(self.optional(case.test)).and(self.block(&case.body))
                })
            }
            StmtKind::Try { body, catch, finally } => {
                let mut all = self.block(body);
                if let Some(catch) = catch {
                    all = all.and(self.block(&catch.body));
                }
                finally.as_ref().map_or(all, |block| all.and(self.block(block)))
            }
            StmtKind::Break | StmtKind::Continue | StmtKind::Error => Count::ZERO,
        }
    }

    fn loop_at(&self, stmt: &Stmt) -> Reason {
        let db = self.calls.db;
        let span = prism_hir::body_spans(db, self.item).stmt(stmt.id);
        let at = Place::new(self.item.file(db).id(db), self.item.layout(db).absolute(span));
        Reason { kind: ReasonKind::Loop, at }
    }

    /// Functions that a variable holds count where they are called.
    fn binding(&mut self, pat: PatId, init: Option<ExprId>) -> Count {
        let Some(init) = init else { return self.pat(pat) };
        if let PatKind::Bind(local) = self.body.pats[pat].kind {
            let variable = &self.body.locals[local];
            // Functions may write a variable of the module that is no constant.
            let is_global = variable.is_global;
            let is_fixed =
                !variable.is_assigned && (!is_global || variable.kind == LocalKind::Const);
            if is_fixed && self.name_value(local, init) && !is_global {
                return Count::ZERO;
            }
        }
        self.expr(init).and(self.pat(pat))
    }

    /// Notes the value of a variable; is it a function, or a list of functions?
    fn name_value(&mut self, local: LocalId, value: ExprId) -> bool {
        self.values.insert(local, value);
        if let ExprKind::Lambda(lambda) = self.body.exprs[value].kind {
            self.functions.insert(local, lambda);
        }
        self.is_functions(value)
    }

    fn branches(&mut self, branches: &'a Branches<Block>) -> Count {
        let all = [&branches.high, &branches.medium, &branches.low, &branches.default];
        let all = all.into_iter().flatten();
        all.fold(Count::ZERO, |most, block| most.or(self.block(block)))
    }

    fn params(&mut self, params: &'a [Param]) -> Count {
        params.iter().fold(Count::ZERO, |sum, param| {
            sum.and(self.optional(param.default)).and(self.pat(param.pat))
        })
    }

    fn pat(&mut self, pat: PatId) -> Count {
        let pat = &self.body.pats[pat];
        let inside = match &pat.kind {
            PatKind::Array { elements, rest } => {
                let parts = elements.iter().map(|part| (part.pat, part.default));
                self.parts(parts, *rest)
            }
            PatKind::Object { fields, rest } => {
                let parts = fields.iter().map(|part| (part.pat, part.default));
                self.parts(parts, *rest)
            }
            PatKind::Or(pats) => pats.iter().fold(Count::ZERO, |sum, pat| sum.and(self.pat(*pat))),
            PatKind::Assign(place) => {
                if let Name::Local(local) = place.root {
                    self.written.insert(local);
                }
                Count::ZERO
            }
            PatKind::Error
            | PatKind::Wildcard
            | PatKind::Bind(_)
            | PatKind::Number(_)
            | PatKind::Text(_)
            | PatKind::Bool(_)
            | PatKind::Null => Count::ZERO,
        };
        inside.and(self.optional(pat.threshold))
    }

    fn parts(
        &mut self,
        parts: impl Iterator<Item = (PatId, Option<ExprId>)>,
        rest: Option<PatId>,
    ) -> Count {
        let all = parts.fold(Count::ZERO, |sum, (pat, default)| {
            sum.and(self.pat(pat)).and(self.optional(default))
        });
        rest.map_or(all, |rest| all.and(self.pat(rest)))
    }

    fn optional(&mut self, expr: Option<ExprId>) -> Count {
        expr.map_or(Count::ZERO, |expr| self.expr(expr))
    }

    pub(super) fn all(&mut self, exprs: impl IntoIterator<Item = ExprId>) -> Count {
        exprs.into_iter().fold(Count::ZERO, |sum, expr| sum.and(self.expr(expr)))
    }

    pub(super) fn args(&mut self, args: &[Arg]) -> Count {
        self.all(args.iter().map(|arg| arg.value))
    }

    /// Evaluating an expression; what is done with its value is not known.
    pub(super) fn expr(&mut self, at: ExprId) -> Count {
        self.calls.n_around += 1;
        let count = self.walk_expr(at);
        self.calls.n_around -= 1;
        count
    }

    fn walk_expr(&mut self, at: ExprId) -> Count {
        match &self.body.exprs[at].kind {
            ExprKind::Error
            | ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::Text(_) => Count::ZERO,
            ExprKind::Lambda(_) => self.given_away(at),
            ExprKind::Name(name) => self.name(at, name),
            ExprKind::Template(parts) => self.all(parts.iter().filter_map(|part| match part {
                TemplatePart::Expr(expr) => Some(*expr),
                TemplatePart::Text(_) => None,
            })),
            ExprKind::Array(elements) => self.all(elements.iter().map(|element| match element {
                Element::Expr(expr) | Element::Spread(expr) => *expr,
            })),
            ExprKind::Object(fields) => self.all(
                fields
                    .iter()
                    .flat_map(|field| match field {
                        Field::Named { value, .. } | Field::Spread(value) => [Some(*value), None],
                        Field::Computed { key, value } => [Some(*key), Some(*value)],
                    })
                    .flatten(),
            ),
            ExprKind::Unary { operand: inner, .. } | ExprKind::Await(inner) => self.expr(*inner),
            ExprKind::Member { object, .. } => match &self.body.exprs[*object].kind {
                ExprKind::Name(Name::Namespace { .. }) => self.given_away(at),
                _ => self.expr(*object),
            },
            ExprKind::Binary { left, right, .. }
            | ExprKind::Logical { left, right, .. }
            | ExprKind::ConfidentLogical { left, right, .. }
            | ExprKind::Chain { left, right }
            | ExprKind::MoreConfident { left, right }
            | ExprKind::ConfidentCoalesce { left, right }
            | ExprKind::Escalate { left, right }
            | ExprKind::Annotate { value: left, confidence: right, .. }
            | ExprKind::Gate { value: left, confidence: right }
            | ExprKind::Index { object: left, index: right, .. } => self.all([*left, *right]),
            ExprKind::Threshold { value, threshold, default } => {
                self.all([*value, *threshold]).and(self.optional(*default))
            }
            ExprKind::Ternary { condition, then, otherwise }
            | ExprKind::ConfidentTernary { condition, then, otherwise } => {
                let condition = self.expr(*condition);
                condition.and(self.expr(*then).or(self.expr(*otherwise)))
            }
            ExprKind::Call { callee, args, .. } => self.call(*callee, args),
            ExprKind::MethodCall { object, name, args, .. } => self.method(at, *object, name, args),
            ExprKind::Perform { effect, args } => self.args(args).and(Count::operation(effect)),
            ExprKind::Bind { local, value, body, .. } => {
                let is_functions = self.name_value(*local, *value);
                let value = if is_functions { Count::ZERO } else { self.expr(*value) };
                value.and(self.expr(*body))
            }
            ExprKind::Match { subject, arms } => {
                let mut always = self.expr(*subject);
                let mut most = Count::ZERO;
                for arm in arms {
                    always = always.and(self.pat(arm.pat)).and(self.optional(arm.guard));
                    most = most.or(self.expr(arm.body));
                }
                always.and(most)
            }
            ExprKind::UncertainIf { condition, bands, branches } => {
                let bands = self.optional(bands.high).and(self.optional(bands.medium));
                let all = [branches.high, branches.medium, branches.low, branches.default];
                let all = all.into_iter().flatten();
                let most = all.fold(Count::ZERO, |most, branch| most.or(self.expr(branch)));
                self.expr(*condition).and(bands).and(most)
            }
            ExprKind::Handle { body, clauses, return_clause } => {
                self.handle(at, body, clauses, return_clause.as_deref())
            }
            ExprKind::Resume { value } => self.optional(*value),
            ExprKind::Block(block) => self.block(block),
        }
    }

    fn name(&mut self, at: ExprId, name: &Name) -> Count {
        match name {
            Name::Local(local) => match self.values.get(local).copied() {
                Some(value) if self.is_functions(value) => self.expr(value),
                _ => self.given_away(at),
            },
            Name::ModuleFunction(_) | Name::Import { .. } => self.given_away(at),
            Name::Host(name) if asks_all(name) => self.read_results(at),
            Name::Host(_)
            | Name::ModuleVar(_)
            | Name::Namespace { .. }
            | Name::Builtin(_)
            | Name::Effect(_)
            | Name::Unresolved(_) => Count::ZERO,
        }
    }

    fn read_results(&mut self, at: ExprId) -> Count {
        self.calls.results.get_or_insert(self.at(at));
        Count::ZERO
    }

    /// A function is used as a value, in a way that says nothing of how often it is called.
    fn given_away(&mut self, at: ExprId) -> Count {
        let once = self.function(at).unwrap_or(Count::ZERO);
        once.often(self.reason(ReasonKind::GivenAway, at))
    }

    /// One call of the function that an expression is, when that is known.
    pub(super) fn function(&mut self, at: ExprId) -> Option<Count> {
        match &self.body.exprs[at].kind {
            ExprKind::Lambda(lambda) => Some(self.lambda(at, *lambda)),
            ExprKind::Name(Name::Local(local)) if self.functions.contains_key(local) => {
                Some(self.lambda(at, self.functions[local]))
            }
            _ => {
                let item = self.named(at)?;
                let at = self.at(at);
                Some(self.calls.function(item, at))
            }
        }
    }

    /// The function of a module that an expression names.
    pub(super) fn named(&self, at: ExprId) -> Option<Item<'db>> {
        let db = self.calls.db;
        let own = |name: &str| prism_hir::item_tree(db, self.item.file(db)).function(db, name);
        match &self.body.exprs[at].kind {
            ExprKind::Name(Name::ModuleFunction(name)) => own(name),
            // A function as the statements of its module see it.
            ExprKind::Name(Name::Local(local)) => {
                let local = &self.body.locals[*local];
                if local.kind == LocalKind::Function { own(&local.name) } else { None }
            }
            ExprKind::Name(Name::Import { module, name }) => self.calls.exported(module, name),
            ExprKind::Member { object, name, .. } => match &self.body.exprs[*object].kind {
                ExprKind::Name(Name::Namespace { module }) => self.calls.exported(module, name),
                _ => None,
            },
            _ => None,
        }
    }

    fn lambda(&mut self, at: ExprId, lambda: LambdaId) -> Count {
        if let Some(known) = self.known.get(&lambda) {
            return *known;
        }
        if self.calls.is_too_deep() {
            return too_deep(self.at(at));
        }
        if !self.open.insert(lambda) {
            self.recursive.insert(lambda);
            return Count::ZERO;
        }
        let function = &self.body.functions[lambda];
        let mut count = self.params(&function.params).and(self.block(&function.body));
        self.open.remove(&lambda);
        if self.recursive.remove(&lambda) {
            let db = self.calls.db;
            let span = function.body.stmts.first().map(|stmt| stmt.span.0).unwrap_or_default();
            let at = Place::new(self.item.file(db).id(db), self.item.layout(db).absolute(span));
            count = count.often(Reason { kind: ReasonKind::Recursion, at });
        }
        self.known.insert(lambda, count);
        count
    }

    fn handle(
        &mut self,
        at: ExprId,
        body: &'a Block,
        clauses: &'a [HandlerClause],
        return_clause: Option<&'a ReturnClause>,
    ) -> Count {
        let mut all = self.block(body);
        let answered: Vec<Option<Bound>> =
            clauses.iter().map(|clause| all.take(&clause.effect)).collect();
        for (clause, performed) in clauses.iter().zip(answered) {
            let once = self.params(&clause.params).and(self.block(&clause.body));
            let unknown = Bound::Unknown(self.reason(ReasonKind::Clause, at));
            all = all.and(once.times(performed.unwrap_or(unknown)));
        }
        return_clause.map_or(all, |clause| all.and(self.block(&clause.body)))
    }
}

/// Names of the host whose first read asks every agent.
fn asks_all(name: &str) -> bool {
    matches!(name, "agentResults" | "successfulResults")
}
