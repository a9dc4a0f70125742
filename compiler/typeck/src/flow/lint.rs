//! Lints: code that runs, and probably not as meant.

use prism_hir::body::{
    Arg, BinaryOp, Block, Branches, Element, ExprId, ExprKind, Field, LocalId, Name, Stmt, StmtKind,
};

use prism_hir::builtins::updates;

use crate::builtins;
use crate::errors::{ProblemKind, UnusedAdvice};
use crate::flow::Infer;
use crate::inference::EffectUse;
use crate::types::TypeId;

/// The moment before a loop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    n_uses: usize,
    is_live: bool,
}

/// How deep a statement is searched for a reason to stand there.
const MAX_SEARCH: u32 = 40;

impl Infer<'_> {
    /// A statement that computes a value and drops it; where it branches, its branches do.
    pub(crate) fn check_unused(&mut self, stmt: &Stmt) {
        self.check_dropped(stmt, 0);
    }

    fn check_dropped(&mut self, stmt: &Stmt, depth: u32) {
        if depth > MAX_SEARCH {
            return;
        }
        let body = self.body;
        let mut last_of = |block: &Block| {
            if let Some(last) = block.stmts.last() {
                self.check_dropped(last, depth + 1);
            }
        };
        let expr = match &stmt.kind {
            // `medium -> null` says that nothing is to be done.
            StmtKind::Expr(expr) if depth > 0 && body.exprs[*expr].kind == ExprKind::Null => return,
            StmtKind::Expr(expr) => *expr,
            StmtKind::Block(block) => return last_of(block),
            StmtKind::If { then, otherwise, .. } => {
                last_of(then);
                return otherwise.iter().for_each(last_of);
            }
            StmtKind::UncertainIf { branches, .. } => {
                let Branches { high, medium, low, default } = &**branches;
                return [high, medium, low, default].into_iter().flatten().for_each(last_of);
            }
            _ => return,
        };
        self.check_dropped_updates(expr);
        let is_directive = matches!(
            &self.body.exprs[expr].kind,
            ExprKind::Text(text) if text.starts_with("use ")
        );
        let was_reported = self.fact(expr).ty == TypeId::ERROR;
        if is_directive || was_reported || !self.is_without_consequence(expr, 0) {
            return;
        }
        let advice = self.unused_advice(expr);
        self.report(expr, ProblemKind::UnusedValue { advice });
    }

    /// `xs.forEach(f)` drops what the functions written there give.
    pub(crate) fn check_each(&mut self, args: &[Arg]) {
        for arg in args {
            let ExprKind::Lambda(lambda) = self.body.exprs[arg.value].kind else { continue };
            let Some(Stmt { kind: StmtKind::Expr(expr), .. }) =
                self.body.functions[lambda].body.stmts.last()
            else {
                continue;
            };
            self.check_dropped_update(*expr);
        }
    }

    /// A `match` or `uncertain if` of which nobody takes the value: its arms give values, and
    /// `out.push(x)` as an arm only gives one.
    fn check_dropped_updates(&mut self, expr: ExprId) {
        let arms: Vec<ExprId> = match &self.body.exprs[expr].kind {
            ExprKind::Match { arms, .. } => arms.iter().map(|arm| arm.body).collect(),
            ExprKind::UncertainIf { branches, .. } => {
                let Branches { high, medium, low, default } = **branches;
                [high, medium, low, default].into_iter().flatten().collect()
            }
            _ => return,
        };
        for arm in arms {
            self.check_dropped_update(arm);
        }
    }

    /// `out.push(x)` gives the new array and leaves `out` as it is, where it is no statement.
    fn check_dropped_update(&mut self, expr: ExprId) {
        if let ExprKind::MethodCall { object, name, .. } = &self.body.exprs[expr].kind
            && updates(name)
            && let ExprKind::Name(name @ (Name::Local(_) | Name::ModuleVar(_))) =
                &self.body.exprs[*object].kind
        {
            let advice = UnusedAdvice::InBraces(self.name_text(name));
            self.report(expr, ProblemKind::UnusedValue { advice });
        }
    }

    fn unused_advice(&self, expr: ExprId) -> UnusedAdvice {
        match &self.body.exprs[expr].kind {
            ExprKind::MethodCall { object, .. } => match &self.body.exprs[*object].kind {
                ExprKind::Name(name @ (Name::Local(_) | Name::ModuleVar(_))) => {
                    UnusedAdvice::Assign(self.name_text(name))
                }
                _ => UnusedAdvice::Remove,
            },
            ExprKind::Binary { op: BinaryOp::Equal, left, .. }
                if self.place_of(*left).is_some() =>
            {
                UnusedAdvice::MeantAssignment
            }
            _ => UnusedAdvice::Remove,
        }
    }

    /// Evaluating it does nothing but give a value. Reads that can fail count as doing nothing;
    /// calls of the program's functions never do, because they may be there to fail.
    fn is_without_consequence(&self, expr: ExprId, depth: u32) -> bool {
        if depth > MAX_SEARCH {
            return false;
        }
        let pure = |expr: &ExprId| self.is_without_consequence(*expr, depth + 1);
        match &self.body.exprs[expr].kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::Text(_)
            | ExprKind::Lambda(_) => true,
            ExprKind::Template(parts) => parts.iter().all(|part| match part {
                prism_hir::body::TemplatePart::Text(_) => true,
                prism_hir::body::TemplatePart::Expr(expr) => pure(expr),
            }),
            ExprKind::Array(elements) => elements.iter().all(|element| match element {
                Element::Expr(expr) | Element::Spread(expr) => pure(expr),
            }),
            ExprKind::Object(fields) => fields.iter().all(|field| match field {
                Field::Named { value, .. } | Field::Spread(value) => pure(value),
                Field::Computed { key, value } => pure(key) && pure(value),
            }),
            // Reading a host name may be what asks for it (`agentResults` is computed lazily).
            ExprKind::Name(Name::Host(_) | Name::Unresolved(_)) => false,
            ExprKind::Name(_) => true,
            ExprKind::Unary { operand, .. } => pure(operand),
            ExprKind::Binary { left, right, .. }
            | ExprKind::Logical { left, right, .. }
            | ExprKind::ConfidentLogical { left, right, .. }
            | ExprKind::Chain { left, right }
            | ExprKind::MoreConfident { left, right }
            | ExprKind::ConfidentCoalesce { left, right }
            | ExprKind::Escalate { left, right } => pure(left) && pure(right),
            ExprKind::Threshold { value, threshold, default } => {
                pure(value) && pure(threshold) && default.as_ref().is_none_or(pure)
            }
            ExprKind::Annotate { value, confidence, .. } | ExprKind::Gate { value, confidence } => {
                pure(value) && pure(confidence)
            }
            ExprKind::Ternary { condition, then, otherwise }
            | ExprKind::ConfidentTernary { condition, then, otherwise } => {
                pure(condition) && pure(then) && pure(otherwise)
            }
            ExprKind::Member { object, .. } => pure(object),
            ExprKind::Index { object, index, .. } => pure(object) && pure(index),
            ExprKind::MethodCall { object, name, args, .. } => {
                let of = self.fact(*object).ty;
                let is_pure = match &self.body.exprs[*object].kind {
                    ExprKind::Name(Name::Builtin(namespace)) => {
                        builtins::is_pure_native(&format!("{namespace}.{name}"))
                    }
                    _ => builtins::is_pure_method(&self.types, of, name) && pure(object),
                };
                is_pure && args.iter().all(|arg| pure(&arg.value) && self.is_pure_value(arg.value))
            }
            ExprKind::Call { callee, args, .. } => {
                matches!(&self.body.exprs[*callee].kind, ExprKind::Name(Name::Builtin(name))
                    if builtins::is_pure_native(name))
                    && args.iter().all(|arg| pure(&arg.value) && self.is_pure_value(arg.value))
            }
            ExprKind::Error
            | ExprKind::Perform { .. }
            | ExprKind::Bind { .. }
            | ExprKind::Match { .. }
            | ExprKind::UncertainIf { .. }
            | ExprKind::Handle { .. }
            | ExprKind::Resume { .. }
            | ExprKind::Block(_)
            | ExprKind::Await(_) => false,
        }
    }

    /// A callback that a built-in runs does nothing either.
    fn is_pure_value(&self, expr: ExprId) -> bool {
        let args = [self.fact(expr)];
        let kinds = self.types.kinds(args[0].ty);
        !kinds.meets(crate::types::Kinds::FUNCTION)
            || kinds.is_within(crate::types::Kinds::FUNCTION)
                && self.effects_of_args(&args).is_pure()
    }

    /// Where a loop begins, for [`Infer::check_budget`].
    pub(crate) fn budget(&self) -> Budget {
        Budget { n_uses: self.uses.len(), is_live: self.env.reachable }
    }

    /// A loop that asks agents and that nothing bounds: it ends when an answer pleases.
    /// `bodies` is everything that happens in a round.
    pub(crate) fn check_budget(
        &mut self,
        condition: Option<ExprId>,
        bodies: &[&[Stmt]],
        budget: Budget,
    ) {
        let here = self.frame().lambda;
        let asks = |used: &&EffectUse| used.function == here && used.effects.asks_agents();
        let Some(call) = self.uses[budget.n_uses..].iter().find(asks).map(|used| used.at) else {
            return;
        };
        if budget.is_live && !self.is_bounded(condition, bodies) {
            let at = condition.unwrap_or(call);
            // Behind the loop may be nothing; the loop itself is reached.
            let after = std::mem::replace(&mut self.env.reachable, true);
            self.report(at, ProblemKind::UnboundedAgentLoop { call });
            self.env.reachable = after;
        }
    }

    /// A counter or a shrinking collection takes part in the decision to go on.
    fn is_bounded(&self, condition: Option<ExprId>, bodies: &[&[Stmt]]) -> bool {
        let mut counters = Vec::new();
        for stmts in bodies {
            self.collect_counters(stmts, &mut counters, 0);
        }
        condition.is_some_and(|condition| self.mentions_counter(condition, &counters, 0))
            || bodies.iter().any(|stmts| self.exit_mentions(stmts, &counters, 0))
    }

    /// Variables that the body changes by arithmetic on themselves, or shortens.
    fn collect_counters(&self, stmts: &[Stmt], counters: &mut Vec<LocalId>, depth: u32) {
        if depth > MAX_SEARCH {
            return;
        }
        for stmt in stmts {
            match &stmt.kind {
                StmtKind::Assign { place, value, .. } => {
                    if let Name::Local(local) = place.root
                        && self.is_step_of(*value, local)
                    {
                        counters.push(local);
                    }
                }
                StmtKind::Block(block) => self.collect_counters(&block.stmts, counters, depth + 1),
                StmtKind::If { then, otherwise, .. } => {
                    self.collect_counters(&then.stmts, counters, depth + 1);
                    if let Some(block) = otherwise {
                        self.collect_counters(&block.stmts, counters, depth + 1);
                    }
                }
                StmtKind::Try { body, .. } => {
                    self.collect_counters(&body.stmts, counters, depth + 1);
                }
                _ => {}
            }
        }
    }

    /// `x + 1`, `x - step`, `queue.slice(1)`, `[...queue, next]`.
    fn is_step_of(&self, value: ExprId, local: LocalId) -> bool {
        let is_local = |expr: ExprId| matches!(self.body.exprs[expr].kind, ExprKind::Name(Name::Local(l)) if l == local);
        match &self.body.exprs[value].kind {
            ExprKind::Binary { op, left, right, .. } => {
                let steps = matches!(
                    op,
                    BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide
                );
                steps && (is_local(*left) || is_local(*right))
            }
            ExprKind::MethodCall { object, .. } => is_local(*object),
            ExprKind::Array(elements) => elements.iter().any(|element| match element {
                Element::Spread(expr) => is_local(*expr),
                Element::Expr(_) => false,
            }),
            _ => false,
        }
    }

    /// The expression compares or reads one of the counters.
    fn mentions_counter(&self, expr: ExprId, counters: &[LocalId], depth: u32) -> bool {
        if depth > MAX_SEARCH {
            return true;
        }
        let mentions = |expr: &ExprId| self.mentions_counter(*expr, counters, depth + 1);
        match &self.body.exprs[expr].kind {
            ExprKind::Name(Name::Local(local)) => counters.contains(local),
            ExprKind::Unary { operand, .. } => mentions(operand),
            ExprKind::Binary { left, right, .. } | ExprKind::Logical { left, right, .. } => {
                mentions(left) || mentions(right)
            }
            ExprKind::Member { object, .. } | ExprKind::Index { object, .. } => mentions(object),
            // A call decides: nothing is known of how often.
            ExprKind::Call { .. } | ExprKind::MethodCall { .. } => true,
            _ => false,
        }
    }

    /// `if (tries > 3) break` somewhere in the body.
    fn exit_mentions(&self, stmts: &[Stmt], counters: &[LocalId], depth: u32) -> bool {
        if depth > MAX_SEARCH {
            return true;
        }
        stmts.iter().any(|stmt| match &stmt.kind {
            StmtKind::If { condition, then, otherwise } => {
                let guards = self.mentions_counter(*condition, counters, 0);
                let leaves = guards && (leaves(then) || otherwise.as_ref().is_some_and(leaves));
                leaves
                    || self.exit_mentions(&then.stmts, counters, depth + 1)
                    || otherwise
                        .as_ref()
                        .is_some_and(|block| self.exit_mentions(&block.stmts, counters, depth + 1))
            }
            StmtKind::Block(block) => self.exit_mentions(&block.stmts, counters, depth + 1),
            _ => false,
        })
    }
}

fn leaves(block: &Block) -> bool {
    block
        .stmts
        .iter()
        .any(|stmt| matches!(stmt.kind, StmtKind::Break | StmtKind::Return(_) | StmtKind::Throw(_)))
}
