//! Calls: what is called, whether the arguments fit, what comes back.

use std::sync::Arc;

use prism_hir::body::{Arg, ExprId, ExprKind, Name};
use prism_hir::builtins::{Kind, Receiver, builtin, member};
use prism_source::PRELUDE;

use crate::builtins::{Given, Wanted, function_wants, method_shape};
use crate::confidence::{Confidence, Label, Level};
use crate::effects::Effects;
use crate::errors::{Callee, NullUse, ProblemKind, Target};
use crate::flow::Infer;
use crate::flow::report::nearest;
use crate::secrets::Reader;
use crate::types::{Bindings, Fact, FunctionType, Kinds, Text, Type, TypeId};

/// Parameters that an argument of unknown position is checked against.
const MAX_DEMANDS: usize = 32;

impl Infer<'_> {
    pub(crate) fn infer_call(
        &mut self,
        at: ExprId,
        callee: ExprId,
        args: &[Arg],
        is_optional: bool,
    ) -> Fact {
        let body = self.body;
        if let ExprKind::Name(Name::Builtin(name)) = &body.exprs[callee].kind {
            let fact = self.infer_expr(callee);
            let is_native = builtin(name).is_some_and(|row| row.kind == Kind::Native);
            if is_native || &**name == "__agent" {
                return self.call_native(at, name, fact, args);
            }
        }
        let callee_fact = self.infer_expr(callee);
        self.note_self_call(at, callee);
        if is_reveal(&body.exprs[callee].kind) {
            return self.reveal(at, callee_fact, args);
        }
        if !is_optional {
            self.check_null(callee, callee_fact, NullUse::Call);
        }
        let ty = if is_optional {
            self.types.drop_kinds(callee_fact.ty, Kinds::NULL)
        } else {
            callee_fact.ty
        };
        if ty == TypeId::NEVER && is_optional {
            self.infer_args(args);
            return Fact::NULL;
        }
        let name = self.callee_name(callee);
        let result = self.call_value(at, callee, callee_fact.retyped(ty), &name, args);
        if is_optional && ty != callee_fact.ty {
            return self.types.join(result, Fact::NULL);
        }
        result
    }

    /// `reveal(x)` is x, and no secret any more: that is for everybody to see who reads it.
    fn reveal(&mut self, at: ExprId, callee: Fact, args: &[Arg]) -> Fact {
        let name = Callee::Function("reveal".into());
        let given = self.call_value(at, at, callee, &name, args);
        let known = args.first().map_or(given, |arg| self.fact(arg.value));
        self.types.revealed(known)
    }

    /// Calls a value. `callee_at` is where a complaint about the value itself points.
    pub(crate) fn call_value(
        &mut self,
        at: ExprId,
        callee_at: ExprId,
        callee: Fact,
        name: &Callee,
        args: &[Arg],
    ) -> Fact {
        if let Type::Function(function) = self.types.structure(callee.ty).clone() {
            return self.call_function(at, callee.confidence, &function, name, args);
        }
        if let Some(function) = self.demanding_member(callee.ty) {
            return self.call_function(at, callee.confidence, &function, name, args);
        }
        let facts = self.infer_args(args);
        for (arg, fact) in args.iter().zip(&facts) {
            self.check_fit(arg.value, *fact, Fact::ANY, Target::Unknown);
        }
        if self.is_never(callee.ty, Kinds::FUNCTION.or(Kinds::OTHER)) {
            self.report(callee_at, ProblemKind::NotCallable { ty: callee.ty });
            return Fact::ERROR;
        }
        self.call_unknown(at, &facts);
        let made_of = self.made_of(&facts);
        made_of.capped(Label { secrets: callee.confidence.secrets, ..Label::NONE })
    }

    /// The function among the members of a union, when it demands a level.
    fn demanding_member(&self, ty: TypeId) -> Option<Arc<FunctionType>> {
        if !self.types.has_demands(ty) {
            return None;
        }
        self.types.members(ty).into_iter().find_map(|member| match self.types.get(member) {
            Type::Function(function) if function.has_demands() => Some(function.clone()),
            _ => None,
        })
    }

    pub(crate) fn call_function(
        &mut self,
        at: ExprId,
        confidence: Confidence,
        function: &FunctionType,
        name: &Callee,
        args: &[Arg],
    ) -> Fact {
        let mut bindings = Bindings::default();
        let facts = self.check_generic_args(at, name, function, args, &mut bindings);
        let mut effects = function.effects.clone();
        if effects.calls_given {
            let given = self.effects_of_args(&facts);
            effects.add(&function.effects.around(given));
        }
        self.perform(at, &effects);
        self.env.kill_module_paths();
        let mut result = self.flow_through(name, function, args, &facts);
        if let Some(generic) = &function.generic {
            let instance = self.types.instance(generic.result, &bindings);
            result = self.types.stamped(result.retyped(instance.ty), result);
        }
        result.with(result.confidence.product(confidence))
    }

    /// Anything may happen, among it what the functions among the arguments do.
    pub(crate) fn call_unknown(&mut self, at: ExprId, args: &[Fact]) {
        self.call_out(at, args, &Effects::unknown());
    }

    /// The same of a method of this name, on something unknown.
    pub(crate) fn call_unknown_method(&mut self, at: ExprId, name: &str, args: &[Fact]) {
        let calls_nothing =
            |kind| member(kind, name).is_some() && method_shape(kind, name).2 == Given::Nothing;
        let effects = match calls_nothing(Receiver::Array) || calls_nothing(Receiver::Text) {
            true => Effects::unknown_method(),
            false => Effects::unknown(),
        };
        self.call_out(at, args, &effects);
    }

    fn call_out(&mut self, at: ExprId, args: &[Fact], unknown: &Effects) {
        let effects = self.effects_of_args(args);
        self.perform(at, &effects);
        self.frame().effects.add(unknown);
        self.env.kill_module_paths();
    }

    /// A function of the machine, by its full name.
    pub(crate) fn call_native(
        &mut self,
        at: ExprId,
        name: &Text,
        callee: Fact,
        args: &[Arg],
    ) -> Fact {
        let facts = match self.types.structure(callee.ty).clone() {
            Type::Function(function) => {
                self.frame().effects.add(&function.effects);
                self.check_args(at, &Callee::Function(name.clone()), &function, args)
            }
            _ => self.infer_args(args),
        };
        self.check_kinds(&Callee::Function(name.clone()), args, &facts, |index| {
            function_wants(name, index)
        });
        if crate::builtins::prints(name) {
            for (arg, fact) in args.iter().zip(&facts) {
                self.expose(arg.value, *fact, &Reader::Print);
            }
        }
        let ty = crate::builtins::function_result(&mut self.types, name, &facts);
        let always_plain = matches!(&**name, "value" | "print" | "__agent");
        let is_plain = always_plain || facts.iter().all(|fact| self.is_deeply_plain(*fact));
        let confidence = if is_plain { Confidence::PLAIN } else { Confidence::ANY };
        Fact { ty, confidence: confidence.labelled(self.label_of(&facts)) }
    }

    /// Reports arguments that a function of the machine never takes.
    pub(crate) fn check_kinds(
        &mut self,
        callee: &Callee,
        args: &[Arg],
        facts: &[Fact],
        wants: impl Fn(usize) -> Option<Wanted>,
    ) {
        for (index, (arg, fact)) in args.iter().zip(facts).enumerate() {
            if arg.is_spread || arg.name.is_some() {
                return;
            }
            let Some(wanted) = wants(index) else { continue };
            let ty = fact.ty;
            if ty != TypeId::NEVER && self.types.kinds(ty).is_within(wanted.never()) {
                let kind = ProblemKind::WrongArgument { callee: callee.clone(), wanted, ty };
                self.report(arg.value, kind);
            }
        }
    }

    /// What is computed from several values is as trusted as the least of them, and made of all.
    pub(crate) fn label_of(&self, facts: &[Fact]) -> Label {
        let labels = facts.iter().map(|fact| self.types.whole(*fact).label());
        labels.fold(Label::NONE, Label::and)
    }

    /// Infers arguments of which nothing is expected.
    pub(crate) fn infer_args(&mut self, args: &[Arg]) -> Vec<Fact> {
        let mut facts = Vec::with_capacity(args.len());
        for arg in args {
            facts.push(if arg.is_spread {
                self.infer_spread(arg.value)
            } else {
                self.infer_expr(arg.value)
            });
        }
        facts
    }

    /// Infers arguments and checks them against the parameters.
    pub(crate) fn check_args(
        &mut self,
        at: ExprId,
        callee: &Callee,
        function: &FunctionType,
        args: &[Arg],
    ) -> Vec<Fact> {
        self.check_generic_args(at, callee, function, args, &mut Bindings::default())
    }

    /// The same; finds out what the type parameters of the function stand for.
    fn check_generic_args(
        &mut self,
        at: ExprId,
        callee: &Callee,
        function: &FunctionType,
        args: &[Arg],
        bindings: &mut Bindings,
    ) -> Vec<Fact> {
        let mut facts = Vec::with_capacity(args.len());
        let mut n_given = 0;
        let mut named: Vec<&Text> = Vec::new();
        let mut has_spread = false;
        for arg in args {
            if arg.is_spread {
                has_spread = true;
                let fact = self.infer_spread(arg.value);
                self.check_demands_from(n_given, callee, function, arg.value, fact);
                facts.push(fact);
                continue;
            }
            let index = match &arg.name {
                Some(name) => {
                    named.push(name);
                    self.named_param(arg.value, callee, function, name)
                }
                None => {
                    n_given += 1;
                    (!has_spread).then_some(n_given - 1)
                }
            };
            let fact = self.check_arg(callee, function, index, arg, bindings);
            if index.is_none() {
                self.check_demands_from(0, callee, function, arg.value, fact);
            }
            facts.push(fact);
        }
        if !function.is_open {
            self.check_arity(at, callee, function, args, (n_given, &named), has_spread);
        }
        facts
    }

    /// An argument that may go to any parameter from `first` on meets what they demand.
    fn check_demands_from(
        &mut self,
        first: usize,
        callee: &Callee,
        function: &FunctionType,
        at: ExprId,
        fact: Fact,
    ) {
        let last = function.params.last().filter(|param| param.is_rest);
        for param in function.params.iter().skip(first).chain(last).take(MAX_DEMANDS) {
            if param.fact.confidence.level > Level::Unknown {
                // Only the confidence: which value goes where is not known.
                let declared = Fact::ANY.with(param.fact.confidence);
                self.check_fit(at, fact, declared, Self::argument_target(callee, param));
                return;
            }
        }
    }

    fn check_arg(
        &mut self,
        callee: &Callee,
        function: &FunctionType,
        index: Option<usize>,
        arg: &Arg,
        bindings: &mut Bindings,
    ) -> Fact {
        let last = function.params.last().filter(|param| param.is_rest);
        let param = index.and_then(|index| function.params.get(index).or(last));
        let Some(param) = param else { return self.infer_expr(arg.value) };
        let declared = if param.is_rest {
            self.types.element(param.fact.ty).unwrap_or(Fact::ANY)
        } else {
            param.fact
        };
        let written = function.generic.as_ref().and_then(|generic| generic.params.get(index?));
        let fact = match written {
            Some(written) if !param.is_rest => {
                let expected = self.types.instance(*written, bindings);
                let fact = self.infer_expected(arg.value, Some(expected));
                self.types.bind(*written, fact, bindings);
                fact
            }
            _ => self.infer_expected(arg.value, Some(declared)),
        };
        if param.is_optional && fact.ty == TypeId::NULL {
            return fact;
        }
        self.check_fit(arg.value, fact, declared, Self::argument_target(callee, param));
        fact
    }

    fn named_param(
        &mut self,
        at: ExprId,
        callee: &Callee,
        function: &FunctionType,
        name: &Text,
    ) -> Option<usize> {
        let is_named = |param: &crate::types::ParamType| param.name.as_ref() == Some(name);
        let found = function.params.iter().position(is_named);
        let has_all_names = function.params.iter().all(|param| param.name.is_some());
        if found.is_none() && !function.is_open && has_all_names {
            let names = function.params.iter().filter_map(|param| param.name.as_deref());
            let kind = ProblemKind::UnknownArgument {
                callee: callee.clone(),
                name: name.clone(),
                nearest: nearest(name, names),
            };
            self.report(at, kind);
        }
        found
    }

    fn check_arity(
        &mut self,
        at: ExprId,
        callee: &Callee,
        function: &FunctionType,
        args: &[Arg],
        (n_given, named): (usize, &[&Text]),
        has_spread: bool,
    ) {
        let max = function.max_args();
        let given = n_given + named.len();
        let is_given = |index: usize, name: Option<&Text>| {
            index < n_given || name.is_some_and(|name| named.contains(&name))
        };
        let missing = function.params.iter().enumerate().find(|(index, param)| {
            !param.is_optional && !param.is_rest && !is_given(*index, param.name.as_ref())
        });
        let surplus = max.filter(|max| given > *max);
        if surplus.is_none() && (missing.is_none() || has_spread) {
            return;
        }
        let missing = missing.and_then(|(_, param)| param.name.clone());
        let kind = ProblemKind::WrongArity {
            callee: callee.clone(),
            given,
            min: function.min_args(),
            max,
            missing: if surplus.is_some() { None } else { missing },
        };
        let first_surplus = surplus.and_then(|max| args.get(max)).map(|arg| arg.value);
        self.report(first_surplus.unwrap_or(at), kind);
    }
}

/// The function of the prelude that takes secrets out of a value.
fn is_reveal(callee: &ExprKind) -> bool {
    let ExprKind::Name(Name::Import { module, name }) = callee else { return false };
    &**module == PRELUDE && &**name == "reveal"
}
