//! Functions that ask agents and call themselves with nothing that could bring them to an end:
//! what a loop until an answer pleases is, written as a function.
//!
//! An end is in sight when an argument is computed from a parameter (`n - 1`, `tree.left`,
//! `tasks.slice(1)`) or is nothing that this can tell. It is not when every argument is what the
//! function was given, a constant, or made of what an agent answered.

use prism_hir::body::{
    Element, ExprId, ExprKind, Field, Function, LambdaId, Name, PatKind, TemplatePart,
};

use crate::effects::Effects;
use crate::errors::ProblemKind;
use crate::flow::Infer;
use crate::inference::EffectUse;

/// How deep an argument is searched.
const MAX_SEARCH: u32 = 16;

impl Infer<'_> {
    /// Reports a function whose calls to itself all go on for ever.
    pub(crate) fn check_recursion(
        &mut self,
        lambda: Option<LambdaId>,
        function: &Function,
        effects: &Effects,
    ) {
        // A function that writes what others see may count there.
        if !effects.asks_agents() || effects.writes {
            return;
        }
        let calls: Vec<ExprId> = self
            .self_calls
            .iter()
            .filter(|(caller, _)| *caller == lambda)
            .map(|(_, at)| *at)
            .collect();
        let asks = |used: &&EffectUse| {
            used.function == lambda && used.effects.asks_agents() && !calls.contains(&used.at)
        };
        let asked = self.uses.iter().find(asks).map(|used| used.at);
        let (Some(asked), Some(first)) = (asked, calls.first()) else { return };
        let goes_on = |at: &ExprId| match &self.body.exprs[*at].kind {
            ExprKind::Call { args, .. } => {
                args.iter().all(|arg| !arg.is_spread && !self.leads_on(arg.value, function, 0))
            }
            _ => false,
        };
        if calls.iter().all(goes_on) {
            self.report(*first, ProblemKind::UnboundedAgentRecursion { asked });
        }
    }

    /// Remembers a call of the function that is being walked to itself.
    pub(crate) fn note_self_call(&mut self, at: ExprId, callee: ExprId) {
        let caller = self.frame().lambda;
        let is_itself = match (&self.body.exprs[callee].kind, caller) {
            (ExprKind::Name(Name::ModuleFunction(name)), None) => {
                self.body.root.name.as_ref() == Some(name)
            }
            (ExprKind::Name(Name::Local(local)), Some(lambda)) => {
                self.declarations.get(local) == Some(&lambda)
            }
            _ => false,
        };
        if is_itself && !self.self_calls.contains(&(caller, at)) {
            self.self_calls.push((caller, at));
        }
    }

    /// The value may be nearer to an end than what the function was given.
    fn leads_on(&self, expr: ExprId, function: &Function, depth: u32) -> bool {
        if depth > MAX_SEARCH {
            return true;
        }
        let leads = |expr: ExprId| self.leads_on(expr, function, depth + 1);
        if self.is_answer(expr) {
            return false;
        }
        match &self.body.exprs[expr].kind {
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::Text(_) => false,
            ExprKind::Name(Name::Local(local)) => {
                let is_given = function.params.iter().any(
                    |param| matches!(self.body.pats[param.pat].kind, PatKind::Bind(bound) if bound == *local),
                );
                match self.initialiser(*local) {
                    _ if is_given => self.body.locals[*local].is_assigned,
                    Some(value) => leads(value),
                    None => true,
                }
            }
            ExprKind::Member { object, .. } => !self.is_made_of_answer(*object, depth),
            ExprKind::Await(operand) => leads(*operand),
            ExprKind::Template(parts) => parts.iter().any(|part| match part {
                TemplatePart::Text(_) => false,
                TemplatePart::Expr(expr) => leads(*expr),
            }),
            ExprKind::Array(elements) => elements.iter().any(|element| match element {
                Element::Expr(expr) => leads(*expr),
                Element::Spread(_) => true,
            }),
            ExprKind::Object(fields) => fields.iter().any(|field| match field {
                Field::Named { value, .. } => leads(*value),
                Field::Computed { .. } | Field::Spread(_) => true,
            }),
            _ => true,
        }
    }

    /// What an agent answered, or a part of it.
    fn is_made_of_answer(&self, expr: ExprId, depth: u32) -> bool {
        if depth > MAX_SEARCH {
            return false;
        }
        self.is_answer(expr)
            || match &self.body.exprs[expr].kind {
                ExprKind::Name(Name::Local(local)) => self
                    .initialiser(*local)
                    .is_some_and(|value| self.is_made_of_answer(value, depth + 1)),
                ExprKind::Member { object, .. } | ExprKind::Await(object) => {
                    self.is_made_of_answer(*object, depth + 1)
                }
                _ => false,
            }
    }

    fn is_answer(&self, expr: ExprId) -> bool {
        self.uses.iter().any(|used| used.at == expr && used.effects.asks_agents())
    }
}
