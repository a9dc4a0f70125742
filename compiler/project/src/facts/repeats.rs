//! Calls, and how often things are repeated: rounds of loops, lengths of lists, and the
//! functions of the standard library that call what they are given.

use prism_hir::body::{
    Arg, BinaryOp, Element, ExprId, ExprKind, Field, LocalId, Name, PatKind, Stmt, StmtKind,
};

use super::count::{Bound, Count, ReasonKind};
use super::walk::Walk;

/// How deep values of variables are followed.
const DEEPEST: u32 = 16;

impl<'a> Walk<'a, '_> {
    pub(super) fn call(&mut self, callee: ExprId, args: &'a [Arg]) -> Count {
        // `parallel(3)(functions)`: the inner call says how, the outer one what.
        let (head, how) = match &self.body.exprs[callee].kind {
            ExprKind::Call { callee: head, args: how, .. } => (*head, &**how),
            _ => (callee, &[][..]),
        };
        if let Some(item) = self.named(head)
            && let Some(name) = self.calls.library_name(item)
            && let Some(count) = self.library(name, how, args)
        {
            return count;
        }
        let args = self.args(args);
        match self.function(callee) {
            Some(once) => args.and(once),
            None => args.and(self.expr(callee)),
        }
    }

    /// A call of a function of the library that calls what it is given. A curried call has its
    /// first arguments in `how`.
    fn library(&mut self, name: &str, how: &'a [Arg], args: &'a [Arg]) -> Option<Count> {
        if how.iter().chain(args).any(|arg| arg.is_spread || arg.name.is_some()) {
            return None;
        }
        let n_how = how.len();
        let given: Vec<ExprId> = how.iter().chain(args).map(|arg| arg.value).collect();
        let (work, rest) = match (name, &*given) {
            ("parallel" | "race", [limit, work]) if n_how == 1 => {
                return Some(self.expr(*limit).and(self.each_once(*work)));
            }
            ("parallel", [limit]) if self.number(*limit, 0).is_some() => return None,
            ("parallel" | "race" | "sequential" | "select", [work, rest @ ..]) => (*work, rest),
            ("quorum", [wanted, work, rest @ ..]) => {
                let rest = self.expr(*wanted).and(self.all(rest.iter().copied()));
                return Some(self.each_once(*work).and(rest));
            }
            ("timeout", [time, work, rest @ ..]) => {
                let once = self.function(*work)?;
                return Some(self.expr(*time).and(once).and(self.all(rest.iter().copied())));
            }
            ("scope", [work]) => return self.function(*work),
            ("map" | "filter", [list, work]) => return self.for_each(*list, *work),
            ("batch", [size, list, work]) if n_how == 1 => {
                return Some(self.expr(*size).and(self.for_each(*list, *work)?));
            }
            _ => return None,
        };
        Some(self.each_once(work).and(self.all(rest.iter().copied())))
    }

    fn for_each(&mut self, list: ExprId, work: ExprId) -> Option<Count> {
        let once = self.function(work)?;
        let length = self.length_at(list);
        Some(self.expr(list).and(once.times(length)))
    }

    /// Every function of a list is called once, and every agent asked once.
    fn each_once(&mut self, work: ExprId) -> Count {
        match &self.body.exprs[work].kind {
            ExprKind::Array(elements) => elements.iter().fold(Count::ZERO, |sum, element| {
                sum.and(match element {
                    Element::Expr(expr) => self.once(*expr),
                    Element::Spread(list) => self.each_once(*list),
                })
            }),
            ExprKind::Object(fields) => fields.iter().fold(Count::ZERO, |sum, field| {
                sum.and(match field {
                    Field::Named { value, .. } => self.once(*value),
                    Field::Computed { key, value } => self.expr(*key).and(self.once(*value)),
                    Field::Spread(value) => self.each_once(*value),
                })
            }),
            ExprKind::Name(Name::Local(local)) if self.holds_functions(*local) => {
                let value = self.values[local];
                self.each_once(value)
            }
            ExprKind::MethodCall { object, name, args, .. }
                if self.maps_to_functions(name, args) =>
            {
                let once = args.first().and_then(|arg| self.made(arg.value));
                let once = once.and_then(|made| self.function(made)).unwrap_or(Count::ZERO);
                let length = self.length_at(*object);
                self.expr(*object).and(once.times(length))
            }
            _ => {
                let length = self.length_at(work);
                self.expr(work).and(Count::AGENT.times(length))
            }
        }
    }

    fn once(&mut self, work: ExprId) -> Count {
        match self.function(work) {
            Some(once) => once,
            None => self.expr(work).and(Count::AGENT),
        }
    }

    fn holds_functions(&self, local: LocalId) -> bool {
        self.values.get(&local).is_some_and(|value| self.is_functions(*value))
    }

    /// A lambda, a list of lambdas, or `xs.map(x => () => …)`.
    pub(super) fn is_functions(&self, value: ExprId) -> bool {
        let is_lambda = |expr: ExprId| matches!(self.body.exprs[expr].kind, ExprKind::Lambda(_));
        match &self.body.exprs[value].kind {
            ExprKind::Lambda(_) => true,
            ExprKind::Array(elements) => {
                let all = |element: &Element| matches!(element, Element::Expr(e) if is_lambda(*e));
                !elements.is_empty() && elements.iter().all(all)
            }
            ExprKind::MethodCall { object, name, args, .. } => {
                let is_list = matches!(self.body.exprs[*object].kind, ExprKind::Name(_));
                is_list && self.maps_to_functions(name, args)
            }
            _ => false,
        }
    }

    /// `xs.map(x => () => …)`.
    fn maps_to_functions(&self, method: &str, args: &[Arg]) -> bool {
        method == "map" && matches!(args, [maker] if self.made(maker.value).is_some())
    }

    /// The function that a function is there to make: `() => …` of `x => () => …`.
    fn made(&self, maker: ExprId) -> Option<ExprId> {
        let ExprKind::Lambda(lambda) = self.body.exprs[maker].kind else { return None };
        let [Stmt { kind: StmtKind::Expr(made) | StmtKind::Return(Some(made)), .. }] =
            &*self.body.functions[lambda].body.stmts
        else {
            return None;
        };
        matches!(self.body.exprs[*made].kind, ExprKind::Lambda(_)).then_some(*made)
    }

    pub(super) fn method(
        &mut self,
        at: ExprId,
        object: ExprId,
        name: &str,
        args: &'a [Arg],
    ) -> Count {
        if let ExprKind::Name(Name::Namespace { module }) = &self.body.exprs[object].kind
            && let Some(item) = self.calls.exported(module, name)
        {
            let library = self.calls.library_name(item);
            if let Some(count) = library.and_then(|name| self.library(name, &[], args)) {
                return count;
            }
            let at = self.at(at);
            return self.args(args).and(self.calls.function(item, at));
        }
        if calls_for_each(name)
            && let [work, rest @ ..] = args
            && let Some(count) = self.for_each(object, work.value)
        {
            return count.and(self.args(rest));
        }
        let all = self.expr(object).and(self.args(args));
        // `handle.call(task)`.
        if name == "call" { all.and(Count::AGENT) } else { all }
    }

    /// How many elements a list has at most.
    pub(super) fn length_at(&self, list: ExprId) -> Bound {
        if let ExprKind::Name(Name::Host(name)) = &self.body.exprs[list].kind
            && &**name == "agents"
        {
            return self.calls.agents_at(self.at(list));
        }
        let unknown = Bound::Unknown(self.reason(ReasonKind::Length, list));
        self.length(list, 0).map_or(unknown, Bound::AtMost)
    }

    fn length(&self, list: ExprId, depth: u32) -> Option<u64> {
        if depth > DEEPEST {
            return None;
        }
        match &self.body.exprs[list].kind {
            ExprKind::Array(elements) => elements.iter().try_fold(0u64, |sum, element| {
                let more = match element {
                    Element::Expr(_) => 1,
                    Element::Spread(list) => self.length(*list, depth + 1)?,
                };
                Some(sum.saturating_add(more))
            }),
            ExprKind::Name(Name::Local(local)) => self.length(*self.values.get(local)?, depth + 1),
            ExprKind::Name(Name::Host(name)) if &**name == "agents" => {
                match self.calls.agents_at(self.at(list)) {
                    Bound::AtMost(n) => Some(n),
                    Bound::Unknown(_) => None,
                }
            }
            ExprKind::MethodCall { object, name, .. } if keeps_length(name) => {
                self.length(*object, depth + 1)
            }
            ExprKind::Await(inner) | ExprKind::Annotate { value: inner, .. } => {
                self.length(*inner, depth + 1)
            }
            _ => None,
        }
    }

    /// A number that the text says.
    fn number(&self, expr: ExprId, depth: u32) -> Option<f64> {
        if depth > DEEPEST {
            return None;
        }
        match &self.body.exprs[expr].kind {
            ExprKind::Number(bits) => Some(bits.value()),
            ExprKind::Name(Name::Local(local)) => self.number(*self.values.get(local)?, depth + 1),
            ExprKind::Binary { op, left, right, .. } => {
                let (left, right) =
                    (self.number(*left, depth + 1)?, self.number(*right, depth + 1)?);
                match op {
                    BinaryOp::Add => Some(left + right),
                    BinaryOp::Subtract => Some(left - right),
                    BinaryOp::Multiply => Some(left * right),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// How often `for let i = a; i < b; i += c { … }` runs at most. The body has been walked.
    pub(super) fn rounds(
        &self,
        init: &[Stmt],
        condition: Option<ExprId>,
        update: &[Stmt],
    ) -> Option<u64> {
        let [Stmt { kind: StmtKind::Let { pat, init: Some(start) }, .. }] = init else {
            return None;
        };
        let PatKind::Bind(counter) = self.body.pats[*pat].kind else { return None };
        if self.body.locals[counter].is_captured || self.written.contains(&counter) {
            return None;
        }
        let step = self.step(counter, update)?;
        let (limit, is_inclusive) = self.limit(counter, condition?)?;
        let distance = limit - self.number(*start, 0)?;
        let rounds =
            if is_inclusive { (distance / step).floor() + 1.0 } else { (distance / step).ceil() };
        (rounds.is_finite()).then_some(rounds.max(0.0) as u64)
    }

    fn step(&self, counter: LocalId, update: &[Stmt]) -> Option<f64> {
        let [Stmt { kind: StmtKind::Assign { place, value, .. }, .. }] = update else {
            return None;
        };
        let ExprKind::Binary { op: BinaryOp::Add, left, right, .. } = &self.body.exprs[*value].kind
        else {
            return None;
        };
        let is_counter = place.root == Name::Local(counter) && place.path.is_empty();
        let step = self.number(*right, 0)?;
        (is_counter && self.is_local(*left, counter) && step > 0.0).then_some(step)
    }

    fn limit(&self, counter: LocalId, condition: ExprId) -> Option<(f64, bool)> {
        let ExprKind::Binary { op, left, right, .. } = &self.body.exprs[condition].kind else {
            return None;
        };
        if !self.is_local(*left, counter) {
            return None;
        }
        let is_inclusive = match op {
            BinaryOp::Less => false,
            BinaryOp::LessEqual => true,
            _ => return None,
        };
        let limit = match &self.body.exprs[*right].kind {
            ExprKind::Member { object, name, .. } if &**name == "length" => {
                self.length(*object, 0)? as f64
            }
            _ => self.number(*right, 0)?,
        };
        Some((limit, is_inclusive))
    }

    fn is_local(&self, expr: ExprId, local: LocalId) -> bool {
        matches!(self.body.exprs[expr].kind, ExprKind::Name(Name::Local(found)) if found == local)
    }
}

/// Methods of arrays that call a function once for every element.
fn calls_for_each(method: &str) -> bool {
    matches!(
        method,
        "map"
            | "filter"
            | "forEach"
            | "flatMap"
            | "reduce"
            | "reduceRight"
            | "some"
            | "every"
            | "find"
            | "findIndex"
            | "findLast"
            | "findLastIndex"
    )
}

/// Methods that give an array with at most as many elements.
fn keeps_length(method: &str) -> bool {
    matches!(method, "map" | "filter" | "slice" | "sort" | "toSorted" | "reverse")
}
