//! Method calls: `object.name(args)`, by what the object certainly is.

use prism_hir::Contract;
use prism_hir::body::{Arg, ExprId, ExprKind, Local, MemberMode, Name};
use prism_hir::builtins::{Kind, Receiver, builtin, member};

use crate::builtins::{Given, Rule, member_names, method_shape, method_wants, receiver_of};
use crate::confidence::{Confidence, Label};
use crate::effects::Effects;
use crate::errors::{Callee, NullUse, ProblemKind};
use crate::flow::report::nearest;
use crate::flow::{Infer, Root};
use crate::secrets::Flows;
use crate::types::{Fact, FunctionType, Kinds, ParamType, Text, Type, TypeId};

impl Infer<'_> {
    pub(crate) fn infer_method_call(
        &mut self,
        at: ExprId,
        object: ExprId,
        (name, mode): (&Text, MemberMode),
        args: &[Arg],
    ) -> Fact {
        match &self.body.exprs[object].kind {
            ExprKind::Name(Name::Builtin(namespace)) => {
                let full = Text::from(format!("{namespace}.{name}"));
                if let Some(row) = builtin(&full) {
                    return self.call_member_of_namespace(at, &full, row.kind, args);
                }
            }
            ExprKind::Name(Name::Namespace { module }) => {
                let import = Name::Import { module: module.clone(), name: name.clone() };
                let callee = self.infer_name(&import);
                return self.call_value(at, at, callee, &Callee::Function(name.clone()), args);
            }
            _ => {}
        }
        let receiver = self.infer_expr(object);
        if matches!(mode, MemberMode::Plain | MemberMode::Soft) {
            self.check_null(object, receiver, NullUse::Member);
        }
        self.call_method(at, object, receiver, (name, mode), args)
    }

    fn call_member_of_namespace(
        &mut self,
        at: ExprId,
        full: &Text,
        kind: Kind,
        args: &[Arg],
    ) -> Fact {
        let callee = crate::builtins::global(&mut self.types, full);
        match kind {
            Kind::Native => self.call_native(at, full, callee, args),
            Kind::Effect(effect) => self.infer_perform(at, &effect.into(), args),
            Kind::Prelude => {
                // Written in Prism as `Promise_all`.
                let function = self.prelude_function(&full.replace('.', "_"));
                let callee = function.map_or(Fact::ANY, Fact::plain);
                self.call_value(at, at, callee, &Callee::Function(full.clone()), args)
            }
            Kind::Constant | Kind::Namespace | Kind::Host => {
                self.infer_args(args);
                Fact::ANY
            }
        }
    }

    fn call_method(
        &mut self,
        at: ExprId,
        object: ExprId,
        receiver: Fact,
        (name, mode): (&Text, MemberMode),
        args: &[Arg],
    ) -> Fact {
        let ty = match mode {
            MemberMode::Optional => self.types.drop_kinds(receiver.ty, Kinds::NULL),
            MemberMode::Plain | MemberMode::Confident | MemberMode::Soft => receiver.ty,
        };
        if ty == TypeId::NEVER {
            self.infer_args(args);
            return Fact::NULL;
        }
        let called = receiver.retyped(ty);
        let result = match receiver_of(&self.types, ty) {
            Some(kind) => self.call_on(at, object, called, (kind, name), args),
            None => self.call_on_unknown(at, object, called, name, args),
        };
        let result = match mode {
            MemberMode::Confident => result.with(result.confidence.present()),
            MemberMode::Plain | MemberMode::Optional | MemberMode::Soft => result,
        };
        if ty == receiver.ty { result } else { self.types.join(result, Fact::NULL) }
    }

    fn call_on(
        &mut self,
        at: ExprId,
        object: ExprId,
        receiver: Fact,
        (kind, name): (Receiver, &Text),
        args: &[Arg],
    ) -> Fact {
        if kind == Receiver::Agent {
            return self.call_on_agent(at, object, name, args);
        }
        if let Some(own) = self.own_member(receiver.ty, name) {
            let callee = own.with(own.confidence.product(receiver.confidence));
            return self.call_value(at, at, callee, &Callee::Method(name.clone()), args);
        }
        let Some(row) = member(kind, name) else {
            return self.missing_method((at, object), receiver, (kind, name), args);
        };
        let Some((least, most)) = row.arity else {
            let ty = crate::builtins::property_type(kind, name);
            return self.call_value(at, at, Fact::plain(ty), &Callee::Method(name.clone()), args);
        };
        let (shape, rule, given) = method_shape(kind, name);
        let element = self.types.element(receiver.ty).unwrap_or(Fact::ANY);
        let facts = self.method_args(at, receiver, element, (name, given), (least, most), args);
        self.check_kinds(&Callee::Method(name.clone()), args, &facts, |index| {
            method_wants(kind, name, index)
        });
        let callback = self.callback_result(at, receiver, element, given, (args, &facts));
        if kind == Receiver::Array && &**name == "forEach" {
            self.check_each(args);
        }
        self.perform(at, &self.effects_of_args(&facts));
        self.note_unknown_callback(&facts, given);
        let ty = if matches!(name.as_ref(), "reduce" | "reduceRight") {
            self.reduced(element, &facts, callback)
        } else {
            shape.ty(&mut self.types, element, &facts, callback)
        };
        let inner = self.method_confidence(rule, receiver, element, &facts, callback);
        let label = self.method_label(rule, receiver, &facts, callback);
        let confidence = inner.product(receiver.confidence);
        let confidence = match rule {
            Rule::Container | Rule::Element => confidence.capped(label),
            Rule::Computed => confidence.labelled(label),
        };
        Fact { ty, confidence }
    }

    /// Checks the arguments of a built-in method; callbacks get what the method offers them.
    fn method_args(
        &mut self,
        at: ExprId,
        receiver: Fact,
        element: Fact,
        (name, given): (&Text, Given),
        (least, most): (u8, Option<u8>),
        args: &[Arg],
    ) -> Vec<Fact> {
        let offered = self.offered(given, receiver, element);
        let n_params = most.map_or(usize::from(least) + 1, usize::from);
        let param = |index: usize| ParamType {
            name: None,
            fact: match (index, offered) {
                (0, Some(callback)) => Fact::of(callback),
                // Whatever is given stays known: in the container, or in the result.
                _ => Fact::ERROR,
            },
            is_optional: index >= usize::from(least),
            is_rest: most.is_none() && index + 1 == n_params,
        };
        let function = FunctionType {
            params: (0..n_params).map(param).collect(),
            is_open: false,
            result: Fact::ANY,
            effects: Effects::NONE,
            flows: Flows::default(),
            generic: None,
        };
        self.check_args(at, &Callee::Method(name.clone()), &function, args)
    }

    /// The type that a callback is expected to have: open towards fewer parameters.
    fn offered(&mut self, given: Given, receiver: Fact, element: Fact) -> Option<TypeId> {
        if given == Given::Nothing {
            return None;
        }
        let facts = self.offered_facts(given, receiver, element);
        let param = |fact| ParamType { name: None, fact, is_optional: false, is_rest: false };
        Some(self.types.function(FunctionType {
            params: facts.into_iter().map(param).collect(),
            is_open: false,
            result: Fact::ANY,
            effects: Effects::unknown(),
            flows: Flows::default(),
            generic: None,
        }))
    }

    fn offered_facts(&mut self, given: Given, receiver: Fact, element: Fact) -> Vec<Fact> {
        let element = if element.ty == TypeId::NEVER { Fact::ANY } else { element };
        let secrets = receiver.confidence.secrets;
        let element = element.capped(Label { secrets, ..Label::NONE });
        let array = Fact::of(self.types.widen_literal(receiver.ty));
        let index = Fact::plain(TypeId::NUMBER);
        match given {
            Given::Element => vec![element, index, array],
            // The sum is whatever the callback gave before.
            Given::Sum => vec![Fact::ANY, element, index, array],
            Given::Pair => vec![element, element],
            Given::Nothing => Vec::new(),
        }
    }

    fn callback_result(
        &mut self,
        at: ExprId,
        receiver: Fact,
        element: Fact,
        given: Given,
        (args, facts): (&[Arg], &[Fact]),
    ) -> Fact {
        let Some(first) = facts.first().copied() else { return Fact::ANY };
        let Type::Function(function) = self.types.structure(first.ty).clone() else {
            return self.made_of(&[receiver, first]);
        };
        let offered = self.offered_facts(given, receiver, element);
        // A lambda was walked with what it is offered.
        let is_lambda = args
            .first()
            .is_some_and(|arg| matches!(self.body.exprs[arg.value].kind, ExprKind::Lambda(_)));
        let at = (!is_lambda).then_some(at);
        let result = self.flow_through_callback(at, &function, &offered);
        result.with(result.confidence.product(first.confidence))
    }

    fn reduced(&mut self, element: Fact, facts: &[Fact], callback: Fact) -> TypeId {
        let start = facts.get(1).copied().unwrap_or(element);
        let start = self.types.widen_literal(start.ty);
        let end = self.types.widen_literal(callback.ty);
        self.types.join_types(start, end)
    }

    /// A callback that is no known function may do anything.
    fn note_unknown_callback(&mut self, facts: &[Fact], given: Given) {
        let is_known = |fact: &Fact| matches!(self.types.structure(fact.ty), Type::Function(_));
        if given != Given::Nothing && !facts.first().is_some_and(is_known) {
            self.perform_unknown();
        }
    }

    /// The confidence of the result of a method on a plain receiver.
    fn method_confidence(
        &self,
        rule: Rule,
        receiver: Fact,
        element: Fact,
        facts: &[Fact],
        callback: Fact,
    ) -> Confidence {
        match rule {
            Rule::Container => Confidence::PLAIN,
            // Beside the elements there is null, which is plain.
            Rule::Element if element.ty == TypeId::NEVER => Confidence::PLAIN,
            Rule::Element => element.confidence.hull(Confidence::PLAIN),
            Rule::Computed => {
                let takes_part = |fact: &Fact| match self.types.structure(fact.ty) {
                    Type::Function(_) => self.is_deeply_plain(callback),
                    _ => self.is_deeply_plain(*fact),
                };
                let content = receiver.with(Confidence::PLAIN);
                let is_plain = self.is_deeply_plain(content) && facts.iter().all(takes_part);
                if is_plain { Confidence::PLAIN } else { Confidence::ANY }
            }
        }
    }

    /// A container holds its elements with their own labels; everything else is computed.
    fn method_label(&self, rule: Rule, receiver: Fact, facts: &[Fact], callback: Fact) -> Label {
        let mut label = receiver.confidence.label();
        let calls = facts.iter().any(|fact| self.types.has_functions(fact.ty));
        if calls {
            label = label.and(self.types.whole(callback).label());
        }
        match rule {
            Rule::Container | Rule::Element => label,
            Rule::Computed => {
                label.and(self.types.whole(receiver).label()).and(self.label_of(facts))
            }
        }
    }

    /// `handle.call(task)` asks the agent; everything else of a handle is an attribute.
    fn call_on_agent(&mut self, at: ExprId, agent: ExprId, name: &Text, args: &[Arg]) -> Fact {
        if &**name == "call" {
            let contract = self.contract_of(agent);
            let function = self.call_type(&contract);
            let facts = self.check_args(at, &Callee::Method(name.clone()), &function, args);
            self.expose_to_agent(args, &facts);
            self.perform(at, &Effects::operation("agent.call"));
            let level = self.level_of_agent(agent);
            return function.result.with(function.result.confidence.at(level));
        }
        let facts = self.infer_args(args);
        if let Some(missing) = self.missing_on_agent(agent, name) {
            self.report(at, missing);
            return Fact::ERROR;
        }
        self.call_unknown(at, &facts);
        Fact::ANY
    }

    /// An agent that the program declares has what stands between its braces, and `call`.
    /// What the program declares of an agent that a variable names.
    fn contract_of(&self, agent: ExprId) -> Contract {
        let ExprKind::Name(name) = &self.body.exprs[agent].kind else { return Contract::default() };
        let found = match name {
            // To its own statements a variable of the module is a local one.
            Name::Local(local) => {
                let name = &self.body.locals[*local].name;
                let is_it = |other: &Local| other.name == *name;
                let is_modules = |_: &Contract| {
                    let n_named = self.body.locals.iter().filter(|(_, one)| is_it(one)).count();
                    self.root == Root::Module && n_named == 1
                };
                self.world.agent_contract(&Name::ModuleVar(name.clone())).filter(is_modules)
            }
            name => self.world.agent_contract(name),
        };
        found.unwrap_or_default()
    }

    /// `call(task, input)` of an agent. Its answer is at least as sure as it says: the library
    /// refuses every other.
    fn call_type(&mut self, contract: &Contract) -> FunctionType {
        let param = |name: &str, fact, is_optional| ParamType {
            name: Some(name.into()),
            fact,
            is_optional,
            is_rest: false,
        };
        let input = self.declared_or_any(contract.input.as_ref());
        let output = self.declared_or_any(contract.output.as_ref());
        let least = contract.least.map_or(0.0, |least| least.value().clamp(0.0, 1.0));
        FunctionType {
            params: vec![param("task", Fact::ANY, false), param("input", input, true)],
            is_open: false,
            result: output.with(Confidence::at_least(least)),
            effects: Effects::NONE,
            flows: Flows::default(),
            generic: None,
        }
    }

    fn missing_on_agent(&self, agent: ExprId, method: &Text) -> Option<ProblemKind> {
        let ExprKind::Name(name) = &self.body.exprs[agent].kind else { return None };
        let keys = self.world.agent_keys(&self.name_text(name))?;
        if keys.contains(method) || member(Receiver::Object, method).is_some() {
            return None;
        }
        let known = keys.iter().map(|key| &**key).chain(["call"]);
        let nearest = nearest(method, known);
        let (name, of) = (method.clone(), TypeId::AGENT);
        Some(ProblemKind::MissingMember { name, of, nearest, is_method: true })
    }

    /// The object itself has a member of that name.
    fn own_member(&self, ty: TypeId, name: &str) -> Option<Fact> {
        let Type::Object(object) = self.types.structure(ty) else { return None };
        match object.field(name) {
            Some(field) => Some(field.fact),
            None => object.is_open.then_some(Fact::ANY),
        }
    }

    /// `xs.pop()` on a variable: JavaScript changes `xs` and returns the element; here the
    /// program says which of the two it means.
    fn is_two_in_one(&self, object: ExprId, method: &str, n_args: usize) -> bool {
        let is_one = match method {
            "pop" | "shift" => n_args == 0,
            "splice" => n_args > 0,
            _ => false,
        };
        let mut at = object;
        while let ExprKind::Member { object, mode: MemberMode::Plain, .. }
        | ExprKind::Index { object, optional: false, .. } = &self.body.exprs[at].kind
        {
            at = *object;
        }
        let names_variable = |name: &Name| match name {
            Name::Local(_) | Name::ModuleVar(_) | Name::Host(_) => true,
            Name::Import { .. }
            | Name::ModuleFunction(_)
            | Name::Namespace { .. }
            | Name::Builtin(_)
            | Name::Effect(_)
            | Name::Unresolved(_) => false,
        };
        is_one && matches!(&self.body.exprs[at].kind, ExprKind::Name(name) if names_variable(name))
    }

    fn missing_method(
        &mut self,
        (at, object): (ExprId, ExprId),
        receiver: Fact,
        (kind, name): (Receiver, &Text),
        args: &[Arg],
    ) -> Fact {
        let facts = self.infer_args(args);
        if kind == Receiver::Array && self.is_two_in_one(object, name, args.len()) {
            self.report(at, ProblemKind::TwoInOne { method: name.clone(), place: object });
            return Fact::ERROR;
        }
        let is_certain = match kind {
            Receiver::Object => !matches!(self.types.structure(receiver.ty), Type::Union(_)),
            Receiver::Array
            | Receiver::Text
            | Receiver::Number
            | Receiver::Boolean
            | Receiver::Function => true,
            Receiver::Promise | Receiver::Agent => false,
        };
        if !is_certain {
            self.call_unknown(at, &facts);
            return Fact::ANY;
        }
        let nearest = self.nearest_member(receiver.ty, kind, name);
        let kind = ProblemKind::MissingMember {
            name: name.clone(),
            of: receiver.ty,
            nearest,
            is_method: true,
        };
        self.report(at, kind);
        Fact::ERROR
    }

    fn nearest_member(&self, ty: TypeId, kind: Receiver, name: &str) -> Option<Text> {
        let mut names: Vec<&str> = member_names(kind).collect();
        if let Type::Object(known) = self.types.structure(ty) {
            names.extend(known.fields.iter().map(|field| &*field.name));
        }
        nearest(name, names)
    }

    fn call_on_unknown(
        &mut self,
        at: ExprId,
        object: ExprId,
        receiver: Fact,
        name: &Text,
        args: &[Arg],
    ) -> Fact {
        let facts = self.infer_args(args);
        if receiver.ty == TypeId::ERROR {
            return Fact::ERROR;
        }
        if self.types.kinds(receiver.ty).is_within(Kinds::NULL) {
            let kind = ProblemKind::MissingMember {
                name: name.clone(),
                of: receiver.ty,
                nearest: None,
                is_method: true,
            };
            self.report(object, kind);
            return Fact::ERROR;
        }
        if &**name == "call" {
            // `agents[0].call(task)`: what else has a `call`?
            self.expose_to_agent(args, &facts);
            self.perform(at, &Effects::operation("agent.call"));
            self.call_unknown(at, &facts);
            return Fact::ANY;
        }
        self.call_unknown_method(at, name, &facts);
        let mut parts = facts;
        parts.push(receiver);
        self.made_of(&parts)
    }
}
