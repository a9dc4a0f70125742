//! Functions: the item itself, lambdas, and functions declared inside a body.
//!
//! A lambda is walked where it stands, once it is known what it is given to. A declared
//! function is walked when it is first used, or where it stands. Variables that it captures
//! are what they were at that point, unless anything changes them (then they are `any`).

use prism_hir::body::{Function, LambdaId, PatId, PatKind, Place, Stmt, StmtKind};

use crate::confidence::{Confidence, Level};
use crate::effects::{Effects, builtin_families, is_builtin_family};
use crate::errors::{ProblemKind, Site, Target};
use crate::flow::report::nearest;
use crate::flow::{Frame, Infer, Root};
use crate::inference::index_of;
use crate::secrets::{Flows, Reader, Secrets};
use crate::types::{Fact, FunctionType, ParamType, Text, Type, TypeId};

impl<'a> Infer<'a> {
    pub(crate) fn infer_root(&mut self) -> FunctionType {
        let body = self.body;
        let mut function = self.infer_function(None, &body.root, None);
        self.settle_deferred();
        self.check_uses(None, &body.root, &function.effects);
        for (lambda, nested) in body.functions.iter() {
            let effects = self.effects_of(lambda);
            self.check_uses(Some(lambda), nested, &effects);
            self.check_recursion(Some(lambda), nested, &effects);
        }
        self.check_recursion(None, &body.root, &function.effects);
        self.check_copies();
        if self.root != Root::Function {
            self.check_handled(&function.effects);
        }
        function.effects.writes |= self.root != Root::Function;
        function
    }

    /// Walks a lambda; `expected` is what it is given to.
    pub(crate) fn infer_lambda(&mut self, lambda: LambdaId, expected: Option<Fact>) -> TypeId {
        let context = expected.and_then(|fact| match self.types.structure(fact.ty) {
            Type::Function(function) => Some(function.clone()),
            _ => None,
        });
        self.walk_nested(lambda, context.as_deref())
    }

    /// The type of a declared function; walks it when that has not been done.
    pub(crate) fn declared_function(&mut self, lambda: LambdaId) -> TypeId {
        let known = self.functions[index_of(lambda)];
        if known != TypeId::ANY {
            self.defer_pending(lambda);
            return known;
        }
        if self.pending.contains(&lambda) {
            self.defer(lambda);
            let function = self.recursive_type(lambda);
            return self.types.function(function);
        }
        self.walk_nested(lambda, None)
    }

    fn walk_nested(&mut self, lambda: LambdaId, context: Option<&FunctionType>) -> TypeId {
        let body = self.body;
        self.pending.push(lambda);
        let function = self.infer_function(Some(lambda), &body.functions[lambda], context);
        self.pending.pop();
        let ty = self.types.function(function);
        self.functions[index_of(lambda)] = ty;
        ty
    }

    /// What a function knows of itself while it is being walked.
    fn recursive_type(&mut self, lambda: LambdaId) -> FunctionType {
        let body = self.body;
        let function = &body.functions[lambda];
        let params = self.param_types(function, None);
        let result = self.declared_result(function).unwrap_or(Fact::ANY);
        FunctionType {
            params,
            is_open: false,
            result,
            effects: Effects::NONE,
            flows: Flows::default(),
            generic: None,
        }
    }

    fn infer_function(
        &mut self,
        lambda: Option<LambdaId>,
        function: &'a Function,
        context: Option<&FunctionType>,
    ) -> FunctionType {
        let declared_result = self.declared_result(function);
        let owner = self.sources.begin();
        self.frames.push(Frame {
            lambda,
            owner,
            effects: Effects::NONE,
            returned: Fact::NEVER,
            declared_result,
            loops: Vec::new(),
        });
        let handled = std::mem::take(&mut self.handled);
        let mark = self.env.mark();
        let paths = self.env.take_paths();
        self.env.begin_function();
        let params = self.bind_params(function, context);
        let value = self.infer_body_value(function, declared_result);
        let is_live = self.env.reachable;
        self.env.reachable = mark.is_reachable();
        let confidence = function.confidence.map(|expr| self.infer_confidence(expr));
        self.handled = handled;
        self.env.restore_paths(paths);
        self.env.roll_back(mark);
        let frame = self.frames.pop().expect("the function was pushed above");
        let mut result = frame.returned;
        if is_live {
            result = self.types.join(result, value);
        }
        let params = without_context(function, params);
        let found = result;
        let result = self.result_fact(result, declared_result, confidence);
        let generic = self.types.generic(self.world, function, result.retyped(found.ty));
        let flows = self.sources.end(owner, self.types.whole(result).secrets);
        FunctionType { params, is_open: false, result, effects: frame.effects, flows, generic }
    }

    /// The value of the last statement, checked like a `return`.
    fn infer_body_value(&mut self, function: &'a Function, declared: Option<Fact>) -> Fact {
        let value = self.infer_block(&function.body);
        let value = self.decided(value);
        if self.root == Root::Module && self.frames.len() == 1 {
            self.expose_result(function, value);
        }
        let Some(declared) = declared else { return value };
        if !self.env.reachable {
            return value;
        }
        match function.body.stmts.last() {
            Some(Stmt { kind: StmtKind::Expr(expr), .. }) => {
                self.check_fit(*expr, value, declared, Target::Result);
            }
            Some(stmt) => self.check_fit(stmt.id, value, declared, Target::Result),
            None => self.check_fit(Site::Item, value, declared, Target::Result),
        }
        value
    }

    /// What the last statement of a module gives is the result of the run.
    fn expose_result(&mut self, function: &'a Function, value: Fact) {
        if let Some(Stmt { kind: StmtKind::Expr(expr), .. }) = function.body.stmts.last() {
            self.expose(*expr, value, &Reader::Result);
        }
    }

    /// What callers get: the declared type where there is one, with the confidence that was
    /// found; `function f() ~> k` makes every result confident.
    fn result_fact(
        &mut self,
        found: Fact,
        declared: Option<Fact>,
        confidence: Option<Confidence>,
    ) -> Fact {
        let result = declared.map_or(found, |declared| {
            let fitted = self.fitted(found, declared);
            let ty = if declared.ty.is_unknown() { found.ty } else { declared.ty };
            if found.ty == TypeId::NEVER {
                found
            } else {
                self.types.stamped(fitted.retyped(ty), fitted)
            }
        });
        let result = if result.ty == TypeId::NEVER { Fact::ANY } else { result };
        match confidence {
            Some(given) => result.with(result.confidence.product(given).present()),
            None => result,
        }
    }

    fn declared_result(&mut self, function: &Function) -> Option<Fact> {
        let annotation = function.result_type.as_ref()?;
        Some(self.types.annotation(self.world, annotation))
    }

    fn bind_params(
        &mut self,
        function: &'a Function,
        context: Option<&FunctionType>,
    ) -> Vec<ParamType> {
        let params = self.param_types(function, context);
        for (index, (param, ty)) in function.params.iter().zip(&params).enumerate() {
            let mut fact = self.entering(ty.fact, param.pat);
            if let Some(default) = param.default {
                let given = self.infer_expected(default, Some(fact));
                if param.annotation.is_some() {
                    let target = Target::Variable(ty.name.clone().unwrap_or_else(|| "_".into()));
                    self.check_fit(default, given, fact, target);
                }
                if context.is_some() && param.annotation.is_none() {
                    fact = self.types.join(fact, given);
                }
            }
            let owner = self.frame().owner;
            let given = fact.confidence.secrets.and(self.sources.param(owner, index));
            let fact = fact.with(fact.confidence.holding(given));
            self.bind_pattern(param.pat, fact, None);
        }
        params
    }

    fn param_types(
        &mut self,
        function: &Function,
        context: Option<&FunctionType>,
    ) -> Vec<ParamType> {
        let mut params = Vec::with_capacity(function.params.len());
        for (index, param) in function.params.iter().enumerate() {
            let offered = context.and_then(|context| context.params.get(index));
            let fact = match &param.annotation {
                Some(annotation) => self.types.annotation(self.world, annotation),
                None if param.is_rest => {
                    Fact { ty: self.types.array(Fact::ANY), confidence: Confidence::PLAIN }
                }
                None => match offered {
                    Some(offered) if !offered.is_rest => offered.fact,
                    Some(_) | None => Fact::ANY,
                },
            };
            params.push(ParamType {
                name: self.pattern_name(param.pat),
                fact,
                is_optional: param.default.is_some(),
                is_rest: param.is_rest,
            });
        }
        params
    }

    fn pattern_name(&self, pat: PatId) -> Option<Text> {
        match &self.body.pats[pat].kind {
            PatKind::Bind(local) => Some(self.body.locals[*local].name.clone()),
            PatKind::Error
            | PatKind::Wildcard
            | PatKind::Assign(_)
            | PatKind::Number(_)
            | PatKind::Text(_)
            | PatKind::Bool(_)
            | PatKind::Null
            | PatKind::Array { .. }
            | PatKind::Object { .. }
            | PatKind::Or(_) => None,
        }
    }

    /// What the annotation of a pattern's variable declares, if it is one variable.
    pub(crate) fn declared_pattern(&mut self, pat: PatId) -> Option<Fact> {
        if let PatKind::Bind(local) = self.body.pats[pat].kind {
            return self.declared_fact(local);
        }
        None
    }

    pub(crate) fn declared_place(&mut self, place: &Place) -> Option<Fact> {
        match place.root {
            prism_hir::body::Name::Local(local) if place.path.is_empty() => {
                self.declared_fact(local)
            }
            _ => None,
        }
    }

    /// The function being walked calls one that is not finished: it gets its effects later.
    fn defer(&mut self, callee: LambdaId) {
        if let Some(caller) = self.frames.last().and_then(|frame| frame.lambda)
            && caller != callee
            && !self.deferred.contains(&(caller, callee))
        {
            self.deferred.push((caller, callee));
        }
    }

    /// What a callee waits for, its caller waits for too.
    fn defer_pending(&mut self, callee: LambdaId) {
        for index in 0..self.deferred.len() {
            let (waiting, for_lambda) = self.deferred[index];
            if waiting == callee && self.pending.contains(&for_lambda) {
                self.defer(for_lambda);
            }
        }
    }

    /// Gives functions that call each other the effects of one another.
    fn settle_deferred(&mut self) {
        for _ in 0..self.deferred.len().min(8) {
            let mut is_changed = false;
            for (caller, callee) in self.deferred.clone() {
                let effects = self.effects_of(callee);
                let id = self.functions[index_of(caller)];
                let Type::Function(function) = self.types.get(id).clone() else { continue };
                let mut all = function.effects.clone();
                all.add(&effects);
                if all != function.effects {
                    is_changed = true;
                    let ty = self
                        .types
                        .function(FunctionType { effects: all, ..FunctionType::clone(&function) });
                    self.functions[index_of(caller)] = ty;
                }
            }
            if !is_changed {
                break;
            }
        }
    }

    fn effects_of(&self, lambda: LambdaId) -> Effects {
        match self.types.get(self.functions[index_of(lambda)]) {
            Type::Function(function) => function.effects.clone(),
            _ => Effects::NONE,
        }
    }

    /// Checks what a function does against what `uses` declares.
    fn check_uses(&mut self, lambda: Option<LambdaId>, function: &Function, effects: &Effects) {
        let Some(uses) = &function.uses else { return };
        if !self.check_effect_names(lambda, uses) {
            return;
        }
        let declared = Effects::declared(uses);
        for effect in effects.missing_from(&declared) {
            let enters = self
                .uses
                .iter()
                .find(|used| used.function == lambda && used.escaping.contains(&effect));
            let at = enters.map_or(Site::Item, |used| used.at.into());
            let declared = Text::from(declared.to_string());
            self.report(at, ProblemKind::UndeclaredEffect { effect, declared });
        }
    }

    /// True when every name of a `uses` clause is an effect.
    fn check_effect_names(&mut self, lambda: Option<LambdaId>, uses: &[Text]) -> bool {
        let mut all_known = true;
        for name in uses {
            let is_known =
                &**name == "none" || is_builtin_family(name) || self.world.is_own_effect(name);
            if !is_known {
                all_known = false;
                let nearest = nearest(name, builtin_families());
                let at = self.site_of_function(lambda);
                self.report(at, ProblemKind::UnknownEffect { name: name.clone(), nearest });
            }
        }
        all_known
    }

    fn site_of_function(&self, lambda: Option<LambdaId>) -> Site {
        let Some(lambda) = lambda else { return Site::Item };
        let declared = self.declarations.iter().filter(|(_, function)| **function == lambda);
        declared.map(|(local, _)| Site::Local(*local)).min_by_key(site_order).unwrap_or(Site::Item)
    }

    /// The host answers the effects of the language and its own, not those of the program.
    fn check_handled(&mut self, effects: &Effects) {
        for operation in effects.own() {
            if self.world.is_host_operation(operation) {
                continue;
            }
            let enters = self
                .uses
                .iter()
                .find(|used| used.function.is_none() && used.escaping.contains(operation));
            let at = enters.map_or(Site::Item, |used| used.at.into());
            let kind = ProblemKind::UnhandledEffect { operation: operation.clone() };
            self.report(at, kind);
        }
    }
}

/// What a lambda was offered where it stands is no demand on whoever calls it.
fn without_context(function: &Function, mut params: Vec<ParamType>) -> Vec<ParamType> {
    for (param, ty) in function.params.iter().zip(&mut params) {
        if param.annotation.is_none() {
            let confidence = ty.fact.confidence.at(Level::Unknown);
            ty.fact.confidence = confidence.holding(Secrets::NONE);
        }
    }
    params
}

fn site_order(site: &Site) -> u32 {
    match site {
        Site::Local(local) => local.into_raw().into_u32(),
        Site::Expr(_) | Site::Pat(_) | Site::Stmt(_) | Site::Item => u32::MAX,
    }
}
