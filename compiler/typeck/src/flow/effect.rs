//! Effects: performing, handling, and what calls bring in.

use prism_hir::OperationDef;
use prism_hir::body::{
    Arg, Block, ExprId, ExprKind, Field, HandlerClause, Param, ReturnClause, TypeRef,
};
use prism_hir::builtins::effect;
use rustc_hash::FxHashSet;

use crate::confidence::Level;
use crate::effects::Effects;
use crate::errors::{Callee, ProblemKind, Target};
use crate::flow::{Frame, Infer};
use crate::inference::EffectUse;
use crate::secrets::Flows;
use crate::types::{Fact, FunctionType, ParamType, Text, Type, TypeId};

impl<'a> Infer<'a> {
    /// The expression has effects: the function being walked has them too.
    pub(crate) fn perform(&mut self, at: ExprId, effects: &Effects) {
        let mut effects = effects.clone();
        effects.undecided = self.undecided(at, &effects);
        self.frame().effects.add(&effects);
        if !effects.is_empty() {
            let function = self.frame().lambda;
            let escaping = effects.clone();
            self.uses.push(EffectUse { at, function, effects, escaping });
        }
    }

    /// What the callers of this function must still have reasons for. What decided that the
    /// expression is evaluated may be less than it takes.
    fn undecided(&mut self, at: ExprId, effects: &Effects) -> Level {
        let (required, decision) = (effects.undecided, self.env.decision());
        if decision.level < required {
            let own = effects.own().first().cloned();
            let (operation, found) = (own.unwrap_or_default(), decision.level);
            let cause = decision.cause;
            self.report(at, ProblemKind::UncheckedDecision { operation, found, required, cause });
        }
        let is_settled = decision.level < required || decision.is_checked;
        if is_settled { Level::Unknown } else { required }
    }

    pub(crate) fn infer_perform(&mut self, at: ExprId, effect: &Text, args: &[Arg]) -> Fact {
        let function = match self.world.operation(effect) {
            Some(operation) => Some(self.operation_type(&operation)),
            None => builtin_operation(effect),
        };
        let mut effects = Effects::operation(effect);
        let result = match function {
            Some(function) => {
                let facts =
                    self.check_args(at, &Callee::Operation(effect.clone()), &function, args);
                effects.undecided = self.asked_of_callers(&function, &facts);
                if self.world.is_host_operation(effect) {
                    self.expose_to_host(effect, &function, args, &facts);
                }
                self.expose_operation(effect, args, &facts);
                let level = self.answer_level(effect, args, &facts);
                let confidence = function.result.confidence;
                function.result.with(confidence.at(confidence.level.max(level)))
            }
            None => {
                self.infer_args(args);
                Fact::ANY
            }
        };
        self.perform(at, &effects);
        result
    }

    /// Where nobody vouches for any of the values, because they are written or computed, the
    /// decision to use them is all there is.
    fn asked_of_callers(&self, operation: &FunctionType, args: &[Fact]) -> Level {
        let levels = operation.params.iter().map(|param| param.fact.confidence.level);
        let demanded = levels.max().unwrap_or(Level::Unknown);
        let is_vouched_for = args.iter().any(|arg| !self.is_deeply_plain(*arg));
        if is_vouched_for { Level::Unknown } else { demanded }
    }

    /// Where the answer of an operation of the language comes from.
    fn answer_level(&self, operation: &str, args: &[Arg], facts: &[Fact]) -> Level {
        match operation {
            "agent.call" | "agent.once" => {
                args.first().map_or(Level::Reported, |arg| self.agent_level(arg.value))
            }
            "llm" | "stream_llm" => Level::Reported,
            "human.approve" | "human.ask" => Level::Reviewed,
            // A test or a compiler: as good as the choice of the command.
            "workspace.exec" => self.label_of(facts).level,
            _ => Level::Unknown,
        }
    }

    /// What the manifest says of the agent that a request names.
    fn agent_level(&self, request: ExprId) -> Level {
        let ExprKind::Object(fields) = &self.body.exprs[request].kind else {
            return Level::Reported;
        };
        let agent = fields.iter().find_map(|field| match field {
            Field::Named { name, value } if &**name == "agent" => Some(*value),
            Field::Named { .. } | Field::Computed { .. } | Field::Spread(_) => None,
        });
        agent.map_or(Level::Reported, |agent| self.level_of_agent(agent))
    }

    /// The level of an agent that the text names, or that a variable declares.
    pub(crate) fn level_of_agent(&self, agent: ExprId) -> Level {
        let name = match &self.body.exprs[agent].kind {
            ExprKind::Text(name) => Some(name.clone()),
            ExprKind::Name(name) if self.fact(agent).ty == TypeId::AGENT => {
                Some(self.name_text(name))
            }
            _ => None,
        };
        name.and_then(|name| self.world.agent_level(&name)).unwrap_or(Level::Reported)
    }

    fn operation_type(&mut self, operation: &OperationDef) -> FunctionType {
        let mut params = Vec::with_capacity(operation.params.len());
        for param in &operation.params {
            params.push(ParamType {
                name: Some(param.name.clone()),
                fact: self.declared_or_any(param.ty.as_ref()),
                is_optional: param.optional,
                is_rest: param.is_rest,
            });
        }
        let result = self.declared_or_any(operation.result.as_ref());
        FunctionType {
            params,
            is_open: false,
            result,
            effects: Effects::NONE,
            flows: Flows::default(),
            generic: None,
        }
    }

    pub(crate) fn declared_or_any(&mut self, annotation: Option<&TypeRef>) -> Fact {
        match annotation {
            Some(annotation) => self.types.annotation(self.world, annotation),
            None => Fact::ANY,
        }
    }

    pub(crate) fn infer_handle(
        &mut self,
        body: &'a Block,
        clauses: &'a [HandlerClause],
        return_clause: Option<&'a ReturnClause>,
    ) -> Fact {
        let n_uses = self.uses.len();
        let n_handled = self.handled.len();
        self.handled.extend(clauses.iter().map(|clause| clause.effect.clone()));
        let (mut effects, value) = self.handled_effects(body);
        self.handled.truncate(n_handled);
        for clause in clauses {
            effects.remove(&clause.effect);
            for used in &mut self.uses[n_uses..] {
                used.escaping.remove(&clause.effect);
            }
        }
        self.frame().effects.add(&effects);
        for clause in clauses {
            self.infer_clause(clause);
        }
        if let Some(clause) = return_clause {
            let mark = self.env.mark();
            self.bind_pattern(clause.pat, Fact::ANY, None);
            self.infer_block(&clause.body);
            self.leave_branch(mark);
        }
        self.made_of(&[value])
    }

    /// The effects and the value of a body that a handler stands around.
    fn handled_effects(&mut self, body: &'a Block) -> (Effects, Fact) {
        let outer = self.frame();
        let (lambda, declared_result) = (outer.lambda, outer.declared_result);
        let owner = outer.owner;
        self.frames.push(Frame {
            lambda,
            owner,
            effects: Effects::NONE,
            returned: Fact::NEVER,
            declared_result,
            loops: Vec::new(),
        });
        let mark = self.env.mark();
        let value = self.infer_block(body);
        self.leave_branch(mark);
        let frame = self.frames.pop().expect("the handled body was pushed above");
        let outer = self.frame().returned;
        let returned = self.types.join(outer, frame.returned);
        self.frame().returned = returned;
        (frame.effects, value)
    }

    fn infer_clause(&mut self, clause: &'a HandlerClause) {
        let operation = self.world.operation(&clause.effect);
        let function = operation.as_ref().map(|operation| self.operation_type(operation));
        self.check_clause(clause, function.as_ref());
        let mark = self.env.mark();
        for (index, param) in clause.params.iter().enumerate() {
            let offered = function.as_ref().and_then(|function| function.params.get(index));
            let fact = match (&param.annotation, offered) {
                (Some(annotation), _) => self.types.annotation(self.world, annotation),
                (None, Some(offered)) if !offered.is_rest => offered.fact,
                (None, _) => Fact::ANY,
            };
            let fact = match param.default {
                Some(default) => {
                    let left_out = self.infer_expr(default);
                    self.types.join(fact, left_out)
                }
                None => fact,
            };
            self.bind_pattern(param.pat, fact, None);
        }
        let declared = operation.and_then(|operation| operation.result);
        let answer = function.filter(|_| declared.is_some()).map(|function| function.result);
        self.answers.push(answer.map(|answer| (clause.effect.clone(), answer)));
        self.infer_block(&clause.body);
        self.answers.pop();
        self.leave_branch(mark);
    }

    /// A parameter that the operation has no argument for is never given.
    fn check_clause(&mut self, clause: &HandlerClause, declared: Option<&FunctionType>) {
        let given = match (declared, effect(&clause.effect)) {
            (Some(function), _) if function.params.iter().any(|param| param.is_rest) => return,
            (Some(function), _) => function.params.len(),
            (None, Some(built_in)) => built_in.params.len(),
            (None, None) => return,
        };
        let needed = |param: &&Param| !param.is_rest && param.default.is_none();
        if let Some(extra) = clause.params.iter().skip(given).find(needed) {
            let (operation, taken) = (clause.effect.clone(), clause.params.len());
            self.report(extra.pat, ProblemKind::ClauseTakesMore { operation, given, taken });
        }
    }

    /// `resume(value)` answers the operation: with what it declares.
    pub(crate) fn infer_resume(&mut self, at: ExprId, value: Option<ExprId>) {
        let answer = self.answers.last().cloned().flatten();
        let Some((operation, declared)) = answer else {
            if let Some(value) = value {
                self.infer_expr(value);
            }
            return;
        };
        let fact = match value {
            Some(value) => self.infer_expected(value, Some(declared)),
            None => Fact::NULL,
        };
        self.check_fit(value.unwrap_or(at), fact, declared, Target::Answer(operation));
    }

    /// Continues behind code that may or may not have run.
    pub(crate) fn leave_branch(&mut self, mark: super::env::Mark) {
        let after = self.env.take(mark);
        let before = self.env.snapshot(mark);
        self.env.join(&mut self.types, before, after);
    }

    /// Function values are given away, alone or in containers: whoever gets them may call them.
    pub(crate) fn effects_of_args(&self, args: &[Fact]) -> Effects {
        let mut effects = Effects::NONE;
        let mut seen = FxHashSet::default();
        for arg in args {
            self.collect_effects(arg.ty, &mut effects, &mut seen);
        }
        effects
    }

    fn collect_effects(&self, ty: TypeId, effects: &mut Effects, seen: &mut FxHashSet<TypeId>) {
        if !self.types.has_functions(ty) || !seen.insert(ty) {
            return;
        }
        let mut inside = |ty| self.collect_effects(ty, effects, seen);
        match self.types.structure(ty) {
            Type::Function(function) => {
                // What a function gives may be a function, and be called too.
                inside(function.result.ty);
                effects.add(&function.effects);
            }
            Type::Array(element) => inside(element.ty),
            Type::Tuple(elements) => elements.iter().for_each(|element| inside(element.ty)),
            Type::Object(object) => object.fields.iter().for_each(|field| inside(field.fact.ty)),
            Type::Union(members) => members.iter().for_each(|member| inside(*member)),
            Type::Any
            | Type::Error
            | Type::Never
            | Type::Null
            | Type::Gap
            | Type::Boolean
            | Type::Number
            | Type::Text
            | Type::Agent
            | Type::BoolLiteral(_)
            | Type::NumberLiteral(_)
            | Type::TextLiteral(_)
            | Type::Alias { .. } => {}
        }
    }

    pub(crate) fn argument_target(callee: &Callee, param: &ParamType) -> Target {
        Target::Argument { callee: callee.clone(), param: param.name.clone() }
    }
}

/// An operation of the language. Handlers and scripted hosts may answer anything, so nothing
/// is known of the result.
fn builtin_operation(name: &str) -> Option<FunctionType> {
    let row = prism_hir::builtins::effect(name)?;
    let param = |(index, name): (usize, &&str)| ParamType {
        name: Some(Text::from(*name)),
        fact: Fact::ANY,
        is_optional: index >= usize::from(row.least),
        is_rest: false,
    };
    Some(FunctionType {
        params: row.params.iter().enumerate().map(param).collect(),
        is_open: false,
        result: Fact::ANY,
        effects: Effects::NONE,
        flows: Flows::default(),
        generic: None,
    })
}
