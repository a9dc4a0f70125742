//! Secrets on their way: into fields, through calls, and out to whom must not see them.

use prism_hir::body::{Arg, ExprId};

use crate::confidence::Confidence;
use crate::errors::{Callee, ProblemKind, Site};
use crate::flow::Infer;
use crate::secrets::{Part, Reader, Secrets};
use crate::types::{Fact, FunctionType, ObjectType, ParamType, Text, Type, TypeId};

/// A yes or a no that is computed from a secret tells nobody what the secret is.
fn tells_nothing(ty: TypeId) -> bool {
    matches!(ty, TypeId::BOOLEAN | TypeId::TRUE | TypeId::FALSE | TypeId::NULL)
}

/// The secrets of a value that may show them.
pub(crate) fn shown(fact: Fact) -> Fact {
    if fact.confidence.secrets.is_none() || !tells_nothing(fact.ty) {
        return fact;
    }
    fact.with(fact.confidence.holding(Secrets::NONE))
}

impl Infer<'_> {
    /// The container as it looks to whoever reads the field `name`: of the secrets in what the
    /// type does not list, only those that are there.
    pub(crate) fn on_the_way_to(&mut self, container: Fact, name: &Text) -> Fact {
        let own = container.confidence.secrets;
        if own.is_none() {
            return container;
        }
        let secrets = match self.types.structure(container.ty) {
            // A field that is listed beside others was written behind what was spread.
            Type::Object(object) if object.is_open && object.field(name).is_some() => Secrets::NONE,
            _ => self.sources.field(own, name),
        };
        container.with(container.confidence.holding(secrets))
    }

    /// What an annotation declares, with the secrets that enter at `at`.
    pub(crate) fn entering(&mut self, declared: Fact, at: impl Into<Site>) -> Fact {
        if !self.types.whole(declared).secrets.is_certain() {
            return declared;
        }
        let entered = self.sources.declare(at.into());
        self.types.renamed(declared, &mut |_| entered)
    }

    /// The value is given to somebody who must not see a secret.
    pub(crate) fn expose(&mut self, at: ExprId, fact: Fact, reader: &Reader) {
        let secrets = self.types.whole(shown(fact)).secrets;
        self.expose_secrets(at, secrets, reader, None);
    }

    fn expose_secrets(
        &mut self,
        at: ExprId,
        secrets: Secrets,
        reader: &Reader,
        via: Option<&Callee>,
    ) {
        if secrets.is_none() || !self.env.reachable || self.is_answered(reader) {
            return;
        }
        if !secrets.is_certain() {
            // Whether it is a mistake depends on what callers give.
            self.sources.leak(secrets, reader);
        } else {
            let entered = self.sources.declaration(secrets);
            let origin = || self.origin_of_secret(at).map(Site::Expr);
            let kind = ProblemKind::SecretSeen {
                reader: reader.clone(),
                via: via.cloned(),
                entered: entered.or_else(origin),
            };
            self.report(at, kind);
        }
    }

    /// A handler around answers the operation: nobody outside sees what it is asked.
    fn is_answered(&self, reader: &Reader) -> bool {
        match reader {
            Reader::Operation { name, .. } => self.handled.contains(name),
            Reader::Throw => self.caught > 0,
            Reader::Print | Reader::Result => false,
        }
    }

    /// An operation of the language is asked with these arguments.
    pub(crate) fn expose_operation(&mut self, name: &Text, args: &[Arg], facts: &[Fact]) {
        let Some(row) = prism_hir::builtins::effect(name) else { return };
        let mut n_given = 0;
        for (arg, fact) in args.iter().zip(facts) {
            let param = match &arg.name {
                Some(name) => Some(&**name),
                None => {
                    n_given += 1;
                    row.params.get(n_given - 1).copied()
                }
            };
            let Some(param) = param else { continue };
            let exit =
                |param: &str| Reader::Operation { name: name.clone(), param: Text::from(param) };
            match (&**name, param) {
                // What a request carries is what it is for; its address is written down.
                ("http.get" | "http.post", "options" | "body") => {}
                ("http.request", _) => {
                    let secrets = self.secrets_in(*fact, &["url".into()], &[]);
                    self.expose_secrets(arg.value, secrets, &exit("url"), None);
                }
                ("time.sleep" | "event.subscribe", _) => {}
                _ => self.expose(arg.value, *fact, &exit(param)),
            }
        }
    }

    /// An agent that is called by its handle.
    pub(crate) fn expose_to_agent(&mut self, args: &[Arg], facts: &[Fact]) {
        let exit = Reader::Operation { name: "agent.call".into(), param: "request".into() };
        for (arg, fact) in args.iter().zip(facts) {
            self.expose(arg.value, *fact, &exit);
        }
    }

    /// An operation that the host answers sees a secret only where it declares one.
    pub(crate) fn expose_to_host(
        &mut self,
        name: &Text,
        function: &FunctionType,
        args: &[Arg],
        facts: &[Fact],
    ) {
        for (index, (arg, fact)) in args.iter().zip(facts).enumerate() {
            let named = |param: &&ParamType| match &arg.name {
                Some(name) => param.name.as_ref() == Some(name),
                None => false,
            };
            let param = function.params.iter().find(named).or(function.params.get(index));
            let Some(param) = param else { continue };
            if self.types.whole(param.fact).secrets.is_none() {
                let param = param.name.clone().unwrap_or_default();
                self.expose(arg.value, *fact, &Reader::Operation { name: name.clone(), param });
            }
        }
    }

    /// What a known function gives away of its arguments, and what it makes its result of.
    pub(crate) fn flow_through(
        &mut self,
        callee: &Callee,
        function: &FunctionType,
        args: &[Arg],
        facts: &[Fact],
    ) -> Fact {
        if function.flows == Default::default() {
            return function.result;
        }
        let given = places_of(function, args, facts);
        let at = |index: usize| args[index].value;
        for leak in function.flows.leaks() {
            for (index, fact) in given_to(&given, leak.part.param) {
                let secrets = self.secrets_in(fact, &leak.part.path, &leak.part.without);
                self.expose_secrets(at(index), secrets, &leak.reader, Some(callee));
            }
        }
        self.result_for(function, &given)
    }

    /// What a callback gives for what it is offered, and what it gives away of that: reported at
    /// `at`, if at all.
    pub(crate) fn flow_through_callback(
        &mut self,
        at: Option<ExprId>,
        function: &FunctionType,
        offered: &[Fact],
    ) -> Fact {
        if function.flows == Default::default() {
            return function.result;
        }
        let given: Vec<Given> = offered
            .iter()
            .enumerate()
            .map(|(index, fact)| Given { index, first: index, last: index, fact: *fact })
            .collect();
        for (at, leak) in
            at.iter().flat_map(|at| function.flows.leaks().iter().map(|leak| (*at, leak)))
        {
            for (_, fact) in given_to(&given, leak.part.param) {
                let secrets = self.secrets_in(fact, &leak.part.path, &leak.part.without);
                self.expose_secrets(at, secrets, &leak.reader, Some(&Callee::Value));
            }
        }
        self.result_for(function, &given)
    }

    fn result_for(&mut self, function: &FunctionType, given: &[Given]) -> Fact {
        let secrets = self.types.whole(function.result).secrets;
        let parts: Vec<Part> = function.flows.parts(secrets).cloned().collect();
        let found: Vec<(Part, Secrets)> = parts
            .into_iter()
            .map(|part| {
                let facts = given_to(given, part.param);
                let inside =
                    facts.map(|(_, fact)| self.secrets_in(fact, &part.path, &part.without));
                let all = inside.fold(Secrets::NONE, Secrets::and);
                (part, all)
            })
            .collect();
        let flows = &function.flows;
        self.types.renamed(function.result, &mut |secrets| {
            let parts = flows.parts(secrets);
            let given = parts.filter_map(|part| {
                found.iter().find(|(known, _)| known == part).map(|(_, secrets)| *secrets)
            });
            given.fold(secrets.certain(), Secrets::and)
        })
    }

    /// The secrets in a part of a value.
    fn secrets_in(&mut self, fact: Fact, path: &[Text], without: &[Text]) -> Secrets {
        let own = fact.confidence.secrets;
        let ty = self.types.strip(fact.ty);
        if own.is_none() && !self.types.holds_secrets(ty) || tells_nothing(ty) {
            return Secrets::NONE;
        }
        match (self.types.get(ty).clone(), path.split_first()) {
            (Type::Union(members), _) => {
                let each = members
                    .iter()
                    .map(|member| self.secrets_in(fact.retyped(*member), path, without));
                each.fold(Secrets::NONE, Secrets::and)
            }
            (Type::Array(element), Some(_)) => own.and(self.secrets_in(element, path, without)),
            (Type::Tuple(elements), Some(_)) => {
                let each = elements.iter().map(|element| self.secrets_in(*element, path, without));
                each.fold(own, Secrets::and)
            }
            (Type::Object(object), Some((name, rest))) => {
                self.secrets_in_field(fact, &object, name, rest, without)
            }
            (Type::Object(object), None) if !without.is_empty() => {
                let kept = object.fields.iter().filter(|field| !without.contains(&field.name));
                let each = kept.map(|field| self.types.whole(shown(field.fact)).secrets);
                let listed = each.fold(Secrets::NONE, Secrets::and);
                let all = without.iter().fold(own, |own, name| self.sources.replaced(own, name));
                listed.and(all)
            }
            (_, Some((name, rest))) => {
                let inside = self.sources.field(own, name);
                rest.iter().fold(inside, |inside, name| self.sources.field(inside, name))
            }
            (_, None) => self.types.whole(fact).secrets,
        }
    }

    fn secrets_in_field(
        &mut self,
        container: Fact,
        object: &ObjectType,
        name: &Text,
        rest: &[Text],
        without: &[Text],
    ) -> Secrets {
        let container = self.on_the_way_to(container, name);
        match object.field(name) {
            Some(field) => {
                let field = shown(field.fact).capped(container.confidence.label());
                self.secrets_in(field, rest, without)
            }
            None => {
                let unlisted =
                    Fact::ANY.with(Confidence::ANY.labelled(container.confidence.label()));
                self.secrets_in(unlisted, rest, without)
            }
        }
    }

    /// A value of which nothing is known but what it is made of.
    pub(crate) fn made_of(&self, facts: &[Fact]) -> Fact {
        let secrets = self.label_of(facts).secrets;
        Fact::ANY.with(Confidence::ANY.holding(secrets))
    }

    /// The expression that brings a secret in.
    fn origin_of_secret(&self, expr: ExprId) -> Option<ExprId> {
        self.origin_where(expr, &|fact| self.types.whole(fact).secrets.is_certain())
    }

    /// Reading the host's `input`: its header says what in it is secret.
    pub(crate) fn host_fact(&mut self, name: &Text) -> Fact {
        let Some(typed) = self.world.host(name) else { return Fact::ANY };
        self.types.import_fact(&typed.types, typed.fact())
    }
}

/// An argument, and the parameters that it may be given to.
struct Given {
    index: usize,
    first: usize,
    last: usize,
    fact: Fact,
}

fn places_of(function: &FunctionType, args: &[Arg], facts: &[Fact]) -> Vec<Given> {
    let mut n_given = 0;
    let mut has_spread = false;
    let mut places = Vec::with_capacity(args.len());
    for (index, (arg, fact)) in args.iter().zip(facts).enumerate() {
        let (first, last) = match &arg.name {
            Some(name) => {
                let is_it = |param: &ParamType| param.name.as_ref() == Some(name);
                let Some(at) = function.params.iter().position(is_it) else { continue };
                (at, at)
            }
            None => {
                has_spread |= arg.is_spread;
                let first = n_given;
                n_given += usize::from(!has_spread);
                (first, if has_spread { usize::MAX } else { first })
            }
        };
        let rest = function.params.iter().position(|param| param.is_rest);
        let first = rest.map_or(first, |rest| first.min(rest));
        let last = rest.map_or(last, |rest| if last > rest { rest } else { last });
        places.push(Given { index, first, last, fact: *fact });
    }
    places
}

fn given_to(given: &[Given], param: usize) -> impl Iterator<Item = (usize, Fact)> {
    let is_it = move |place: &&Given| place.first <= param && param <= place.last;
    given.iter().filter(is_it).map(|place| (place.index, place.fact))
}
