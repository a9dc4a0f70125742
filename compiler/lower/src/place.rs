//! Lowers assignments to places. Values are immutable: `o.k = v` gives the variable at the root
//! a new value, which the machine makes in place when nobody else holds the old one.

use prism_hir::body::{self, Arg, ExprId, ExprKind, Name, Place, PlaceStep, Rebinds};
use prism_ir::function::{Facts, Source, Ty, Value};
use prism_ir::op::{Args, Const, MemberMode, OpKind, PatternOp};

use crate::env::Binding;
use crate::function::{Cx, Flow};

/// The path of a place with its indices evaluated.
struct Path<'a> {
    steps: Vec<Step<'a>>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Member(&'a prism_ir::function::Text),
    Index(Value),
}

impl<'a, 'db> Cx<'a, '_, 'db> {
    /// `place = value`: indices first, then the value. The statement's value is what was
    /// assigned; there is one where it is wanted.
    pub fn assign(
        &mut self,
        place: &'a Place,
        value: ExprId,
        want: bool,
        source: Source,
    ) -> Option<Value> {
        if let Some(pushed) = self.pushed(place, value) {
            let path = self.path(place);
            let element = self.expr(pushed.value);
            self.update(place, &path, element, true, source);
            return want.then(|| self.read(place, &path, source));
        }
        let path = self.path(place);
        if let (Name::Local(local), true) = (&place.root, place.path.is_empty()) {
            self.bound = Some(self.item.body.locals[*local].name.clone());
        }
        let value = self.expr(value);
        self.bound = None;
        self.update(place, &path, value, false, source);
        Some(value)
    }

    /// `place.push(x)` as a statement: an array takes the new one. An object has a method of its
    /// own called; which of the two stands there is asked when it is not known.
    pub fn update_call(
        &mut self,
        place: &'a Place,
        (call, rebinds): (ExprId, Rebinds),
        want: bool,
        source: Source,
    ) -> Flow {
        let ExprKind::MethodCall { object, name, args, .. } = self.expr_kind(call) else {
            unreachable!("an update is a call of a method");
        };
        let object = *object;
        match (self.item.facts.expr(object).ty, rebinds) {
            (Ty::Array, Rebinds::IfArray) => {
                return Flow::Next(self.assign(place, call, want, source));
            }
            (Ty::Object, _) => return Flow::Next(Some(self.expr(call))),
            _ => {}
        }
        self.program.methods_named(name);
        let path = self.path(place);
        let site = self.method_site(None, object, name);
        let args = self.args_of(&site, args, source);
        let held = self.expr(object);
        let op = PatternOp::IsArray { length: 0, at_least: true };
        let kind = OpKind::Pattern { op, value: held };
        let is_array = self.b.push(kind, Facts::plain(Ty::Boolean), source);
        let at_call = self.source_of(call);
        let method = |cx: &mut Self, args: Args| {
            let object = cx.expr(object);
            let kind = OpKind::CallMethod { object, name: name.clone(), optional: false, args };
            cx.b.call(kind, site.clone(), Facts::ANY, at_call)
        };
        let then = |cx: &mut Self| match (rebinds, args.clone()) {
            (Rebinds::Never, _) => {
                let message = format!("`{name}` would change a constant");
                let kind = OpKind::Fail { code: "P0505".into(), message: message.into() };
                Flow::Next(Some(cx.b.push(kind, Facts::ANY, source)))
            }
            (_, Args::Positional(values)) if values.len() == 1 && &**name == "push" => {
                cx.update(place, &path, values[0], true, source);
                Flow::Next(want.then(|| cx.read(place, &path, source)))
            }
            (_, args) => {
                let value = method(cx, args);
                cx.update(place, &path, value, false, source);
                Flow::Next(Some(value))
            }
        };
        let called = |cx: &mut Self| Flow::Next(Some(method(cx, args.clone())));
        self.if_else(is_array, want, source, then, called)
    }

    /// Gives a place a value that is there already.
    pub fn assign_value(&mut self, place: &'a Place, value: Value, source: Source) {
        let path = self.path(place);
        self.update(place, &path, value, false, source);
    }

    /// What stands at a place whose indices are evaluated already.
    fn read(&mut self, place: &'a Place, path: &Path<'a>, source: Source) -> Value {
        let mut object = self.read_name(&place.root, source);
        for step in &path.steps {
            let kind = match step {
                Step::Member(name) => {
                    OpKind::Member { object, name: (*name).clone(), mode: MemberMode::Plain }
                }
                Step::Index(index) => OpKind::Index { object, index: *index, optional: false },
            };
            object = self.b.push(kind, Facts::ANY, source);
        }
        object
    }

    fn path(&mut self, place: &'a Place) -> Path<'a> {
        let steps = place
            .path
            .iter()
            .map(|step| match step {
                PlaceStep::Member(name) => Step::Member(name),
                PlaceStep::Index(index) => Step::Index(self.expr(*index)),
            })
            .collect();
        Path { steps }
    }

    fn update(
        &mut self,
        place: &'a Place,
        path: &Path<'a>,
        value: Value,
        push: bool,
        source: Source,
    ) {
        if path.steps.is_empty() && !push {
            return self.write_name(&place.root, value, source);
        }
        match self.shared(&place.root) {
            Some(Binding::Cell(cell)) => {
                let path = self.path_values(path, source);
                self.b.push_void(OpKind::UpdateCell { cell, path, value, push }, source);
            }
            Some(Binding::Global(global)) => {
                let path = self.path_values(path, source);
                self.b.push_void(OpKind::UpdateGlobal { global, path, value, push }, source);
            }
            Some(Binding::Value(_)) | None => {
                let container = self.read_name(&place.root, source);
                let kind = self.update_value(container, path, value, push, source);
                let new = self.b.push(kind, Facts::ANY, source);
                self.write_name(&place.root, new, source);
            }
        }
    }

    fn update_value(
        &mut self,
        container: Value,
        path: &Path<'a>,
        value: Value,
        push: bool,
        source: Source,
    ) -> OpKind {
        match (path.steps.as_slice(), push) {
            ([], _) => OpKind::ArrayPush { array: container, value },
            ([Step::Member(name)], false) => {
                OpKind::ObjectSet { object: container, name: (*name).clone(), value }
            }
            ([Step::Index(index)], false) => OpKind::IndexSet { container, index: *index, value },
            _ => {
                let path = self.path_values(path, source);
                OpKind::Update { container, path, value, push }
            }
        }
    }

    fn path_values(&mut self, path: &Path<'a>, source: Source) -> Vec<Value> {
        path.steps
            .iter()
            .map(|step| match step {
                Step::Member(name) => self.constant(Const::Text((*name).clone()), source),
                Step::Index(index) => *index,
            })
            .collect()
    }

    /// Where the root of a place lives when closures or functions share it.
    fn shared(&mut self, root: &'a Name) -> Option<Binding> {
        match root {
            Name::Local(local) if self.is_global(*local) => {
                let name = &self.item.body.locals[*local].name;
                Some(Binding::Global(self.program.global(&self.item.module, name)))
            }
            Name::Local(local) => self.env.get(*local),
            Name::ModuleVar(name) => {
                Some(Binding::Global(self.program.global(&self.item.module, name)))
            }
            Name::ModuleFunction(_)
            | Name::Import { .. }
            | Name::Namespace { .. }
            | Name::Builtin(_)
            | Name::Host(_)
            | Name::Effect(_)
            | Name::Unresolved(_) => None,
        }
    }

    /// The argument of `place = place.push(x)`, which is what `place.push(x)` means on a line of
    /// its own.
    fn pushed(&self, place: &'a Place, value: ExprId) -> Option<&'a Arg> {
        let ExprKind::MethodCall { object, name, mode: body::MemberMode::Plain, args } =
            self.expr_kind(value)
        else {
            return None;
        };
        match &**args {
            [arg] if &**name == "push" && !arg.is_spread && arg.name.is_none() => {
                self.reads_place(*object, place).then_some(arg)
            }
            _ => None,
        }
    }

    /// True when `expr` reads exactly `place`.
    fn reads_place(&self, expr: ExprId, place: &'a Place) -> bool {
        let mut expr = expr;
        for step in place.path.iter().rev() {
            match (step, self.expr_kind(expr)) {
                (
                    PlaceStep::Member(name),
                    ExprKind::Member { object, name: read, mode: body::MemberMode::Plain },
                ) if name == read => expr = *object,
                (
                    PlaceStep::Index(index),
                    ExprKind::Index { object, index: read, optional: false },
                ) if self.is_same_index(*index, *read) => expr = *object,
                _ => return false,
            }
        }
        matches!(self.expr_kind(expr), ExprKind::Name(name) if *name == place.root)
    }

    fn is_same_index(&self, left: ExprId, right: ExprId) -> bool {
        let is_simple = |kind: &ExprKind| {
            matches!(kind, ExprKind::Name(_) | ExprKind::Number(_) | ExprKind::Text(_))
        };
        let (kind, other) = (self.expr_kind(left), self.expr_kind(right));
        left == right || (is_simple(kind) && kind == other)
    }
}
