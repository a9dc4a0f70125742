//! Lowers calls and effects.

use prism_hir::body::{Arg, ExprId, ExprKind, MemberMode, Name};
use prism_hir::builtins::is_namespace;
use prism_ir::function::{self as ir, Facts, Source, Text, Ty, Value};
use prism_ir::op::{self as ir_op, Args, OpKind};
use rustc_hash::FxHashMap;

use crate::function::Cx;

impl<'a, 'db> Cx<'a, '_, 'db> {
    pub fn call(
        &mut self,
        (callee, optional): (ExprId, bool),
        args: &'a [Arg],
        bound: Option<Text>,
        facts: Facts,
        source: Source,
    ) -> Value {
        if let ExprKind::Name(name) = self.expr_kind(callee)
            && let Some(value) = self.call_name(name, args, bound.clone(), facts, source)
        {
            return value;
        }
        let name = self.words_of(callee).unwrap_or_else(|| "call".into());
        let site = self.call_site(bound, &name);
        let offers = self.item.facts.offers(callee, args.len());
        let callee = self.expr(callee);
        let call = |cx: &mut Self| {
            let args = cx.args_of(&site, args, source);
            let kind =
                if offers { offer(callee, args) } else { OpKind::CallValue { callee, args } };
            cx.b.call(kind, site, facts, source)
        };
        if !optional {
            return call(self);
        }
        let is_null = self.is_null(callee, source);
        self.choose(is_null, source, |cx| cx.null(source), call)
    }

    /// A call of something known before the run; `None` when the callee is an ordinary value.
    fn call_name(
        &mut self,
        name: &'a Name,
        args: &'a [Arg],
        bound: Option<Text>,
        facts: Facts,
        source: Source,
    ) -> Option<Value> {
        let (function, name) = match name {
            Name::ModuleFunction(name) => (self.program.function(&self.item.module, name), name),
            Name::Import { module, name } => (self.program.imported_function(module, name)?, name),
            Name::Builtin(name) => {
                return Some(self.call_builtin(name, args, bound, facts, source));
            }
            Name::Local(_)
            | Name::ModuleVar(_)
            | Name::Namespace { .. }
            | Name::Host(_)
            | Name::Effect(_)
            | Name::Unresolved(_) => return None,
        };
        let site = self.call_site(bound, name);
        Some(self.call_function(function, args, site, facts, source))
    }

    fn call_function(
        &mut self,
        function: ir::FunctionId,
        args: &'a [Arg],
        site: Option<Text>,
        facts: Facts,
        source: Source,
    ) -> Value {
        match self.args_of(&site, args, source) {
            Args::Positional(args) if self.program.takes(function, args.len()) => {
                self.b.call(OpKind::Call { function, args }, site, facts, source)
            }
            // The machine finds the places, or says that they do not fit: a `catch` may want that.
            args => {
                let callee = self.function_value(function, source);
                self.b.call(OpKind::CallValue { callee, args }, site, facts, source)
            }
        }
    }

    /// A built-in: an operation of the IR, a function of the prelude, or one of the machine.
    fn call_builtin(
        &mut self,
        name: &Text,
        args: &'a [Arg],
        bound: Option<Text>,
        facts: Facts,
        source: Source,
    ) -> Value {
        let is_plain = args.iter().all(|arg| !arg.is_spread && arg.name.is_none());
        if is_plain && &**name == "__cancel" {
            let fiber = self.expr(args[0].value);
            self.b.push_void(OpKind::Cancel { fiber }, source);
            return self.null(source);
        }
        if is_plain && let Some(op) = primitive(name, args.len()) {
            let args: Vec<Value> = args.iter().map(|arg| self.expr(arg.value)).collect();
            return self.b.push(op(args), facts, source);
        }
        if let Some(function) = self.program.prelude_member(name) {
            let site = self.call_site(bound, name);
            return self.call_function(function, args, site, facts, source);
        }
        let args = self.args(args, source);
        let native = native_name(name);
        self.b.push(OpKind::CallNative { native, args }, facts, source)
    }

    pub fn method_call(
        &mut self,
        (object, name, mode): (ExprId, &'a Text, MemberMode),
        args: &'a [Arg],
        bound: Option<Text>,
        facts: Facts,
        source: Source,
    ) -> Value {
        if let ExprKind::Name(base) = self.expr_kind(object) {
            match base {
                Name::Builtin(builtin) if is_namespace(builtin) => {
                    let full = format!("{builtin}.{name}").into();
                    return self.call_builtin(&full, args, bound, facts, source);
                }
                Name::Namespace { module } => {
                    let site = self.call_site(bound, name);
                    return match self.program.imported_function(module, name) {
                        Some(function) => self.call_function(function, args, site, facts, source),
                        None => {
                            let callee = self.import(module, name, source);
                            let args = self.args_of(&site, args, source);
                            self.b.call(OpKind::CallValue { callee, args }, site, facts, source)
                        }
                    };
                }
                Name::Builtin(_)
                | Name::Local(_)
                | Name::ModuleVar(_)
                | Name::ModuleFunction(_)
                | Name::Import { .. }
                | Name::Host(_)
                | Name::Effect(_)
                | Name::Unresolved(_) => {}
            }
        }
        self.program.methods_named(name);
        let site = self.method_site(bound, object, name);
        let offers = self.item.facts.offers_member(object, name, args.len());
        let object = self.expr(object);
        let optional = mode == MemberMode::Optional;
        if offers && matches!(mode, MemberMode::Plain | MemberMode::Optional) {
            let call = |cx: &mut Self| {
                let member = ir_op::MemberMode::Plain;
                let kind = OpKind::Member { object, name: name.clone(), mode: member };
                let callee = cx.b.push(kind, Facts::ANY, source);
                let args = cx.args_of(&site, args, source);
                cx.b.call(offer(callee, args), site, facts, source)
            };
            if !optional {
                return call(self);
            }
            let is_null = self.is_null(object, source);
            return self.choose(is_null, source, |cx| cx.null(source), call);
        }
        let args = self.args_of(&site, args, source);
        let kind = OpKind::CallMethod { object, name: name.clone(), optional, args };
        let result = self.b.call(kind, site, facts, source);
        match mode {
            MemberMode::Confident => self.b.push(OpKind::MakeConfident(result), Facts::ANY, source),
            MemberMode::Plain | MemberMode::Optional | MemberMode::Soft => result,
        }
    }

    /// The arguments of a call; functions among them have its name in theirs.
    pub fn args_of(&mut self, site: &Option<Text>, args: &'a [Arg], source: Source) -> Args {
        let outer = std::mem::replace(&mut self.part_of, site.clone());
        let args = self.args(args, source);
        self.part_of = outer;
        args
    }

    fn args(&mut self, args: &'a [Arg], source: Source) -> Args {
        if args.iter().any(|arg| arg.is_spread) {
            return Args::Spread(self.spread_args(args, source));
        }
        let mut positional = Vec::new();
        let mut named = Vec::new();
        for arg in args {
            let value = self.expr(arg.value);
            match &arg.name {
                Some(name) => named.push((name.clone(), value)),
                None => positional.push(value),
            }
        }
        if named.is_empty() { Args::Positional(positional) } else { Args::Named(positional, named) }
    }

    fn spread_args(&mut self, args: &'a [Arg], source: Source) -> Value {
        let kind = OpKind::Array(Vec::new());
        let mut array = self.b.push(kind, Facts::plain(Ty::Array), source);
        for arg in args {
            let value = self.expr(arg.value);
            let kind = if arg.is_spread {
                OpKind::ArraySpread { array, items: value }
            } else {
                OpKind::ArrayPush { array, value }
            };
            array = self.b.push(kind, Facts::plain(Ty::Array), source);
        }
        array
    }

    /// The name of an effect in its function: the variable that takes the result, else the
    /// effect, numbered on a clash. Variables of the library do not count, so that it may change.
    fn effect_site(&mut self, bound: Option<Text>, effect: &Text) -> Text {
        let bound = bound.filter(|_| !self.is_library());
        numbered(&mut self.sites, bound.unwrap_or_else(|| effect.clone()))
    }

    /// The name of a call in its function: the variable that takes the result, else what is
    /// called, numbered on a clash. Calls of the library have none.
    pub fn call_site(&mut self, bound: Option<Text>, callee: &str) -> Option<Text> {
        let name = || bound.unwrap_or_else(|| callee.into());
        (!self.is_library()).then(|| numbered(&mut self.calls, name()))
    }

    /// The same of a method: the callee is the object and the method.
    pub fn method_site(&mut self, bound: Option<Text>, object: ExprId, name: &str) -> Option<Text> {
        match self.words_of(object) {
            Some(object) => self.call_site(bound, &format!("{object}.{name}")),
            None => self.call_site(bound, name),
        }
    }

    fn is_library(&self) -> bool {
        self.path.starts_with('@')
    }

    /// What is called, in words: `a` of `a(…)`, `a.b` of `a.b[0](…)`; `None` when it has no name.
    fn words_of(&self, callee: ExprId) -> Option<Text> {
        let mut members = Vec::new();
        let mut expr = callee;
        let root = loop {
            match self.expr_kind(expr) {
                ExprKind::Index { object, .. } => expr = *object,
                ExprKind::Member { object, name, .. } => {
                    members.push(&**name);
                    expr = *object;
                }
                ExprKind::Name(name) => break self.word_of(name)?,
                _ => return None,
            }
        };
        members.push(root);
        members.reverse();
        Some(members.join(".").into())
    }

    fn word_of(&self, name: &'a Name) -> Option<&'a str> {
        match name {
            Name::Local(local) => Some(&self.item.body.locals[*local].name),
            Name::ModuleVar(name)
            | Name::ModuleFunction(name)
            | Name::Import { name, .. }
            | Name::Builtin(name)
            | Name::Host(name)
            | Name::Effect(name)
            | Name::Unresolved(name) => Some(name),
            Name::Namespace { .. } => None,
        }
    }

    pub fn perform(
        &mut self,
        effect: &Text,
        args: &'a [Arg],
        bound: Option<Text>,
        facts: Facts,
        source: Source,
    ) -> Value {
        let name = self.effect_site(bound, effect);
        let is_library = self.is_library();
        let site = if is_library { name.clone() } else { format!("{}.{name}", self.path).into() };
        let outer = std::mem::replace(&mut self.part_of, (!is_library).then_some(name));
        let args = args.iter().map(|arg| self.expr(arg.value)).collect();
        self.part_of = outer;
        let kind = OpKind::Perform { effect: effect.clone(), site, args };
        self.b.push(kind, facts, source)
    }

    /// What an import stands for: a function, a variable read where it lives, or a module.
    pub fn import(&mut self, module: &Text, name: &str, source: Source) -> Value {
        if let Some(function) = self.program.imported_function(module, name) {
            return self.function_value(function, source);
        }
        if let Some(inner) = self.program.imported_namespace(module, name) {
            return self.namespace(&inner, source);
        }
        match self.program.imported_global(module, name) {
            Some(global) => self.b.push(OpKind::GlobalGet(global), Facts::ANY, source),
            None => {
                let message = format!("module \"{module}\" has no export named `{name}`");
                let kind = OpKind::Fail { code: "P0503".into(), message: message.into() };
                self.b.push(kind, Facts::ANY, source)
            }
        }
    }

    /// `import * as ns` used as a value: an object of all exports.
    pub fn namespace(&mut self, module: &Text, source: Source) -> Value {
        let names = self.program.export_names(module);
        let fields = names
            .into_iter()
            .map(|name| {
                let value = self.import(module, &name, source);
                (name, value)
            })
            .collect();
        self.b.push(OpKind::Object(fields), Facts::plain(Ty::Object), source)
    }

    /// A built-in as a value: the prelude's function, or the machine's.
    pub fn builtin_value(&mut self, name: &Text, source: Source) -> Value {
        if let Some(function) = self.program.prelude_member(name) {
            return self.function_value(function, source);
        }
        self.b.push(OpKind::Native(native_name(name)), Facts::ANY, source)
    }

    /// `Math.PI`, or `Math.floor` as a value.
    pub fn builtin_member(&mut self, base: &str, name: &str, source: Source) -> Option<Value> {
        let full: Text = format!("{base}.{name}").into();
        Some(self.builtin_value(&full, source))
    }

    /// A name that the host supplies. The prelude may know how to make it when it does not.
    pub fn host(&mut self, name: &Text, source: Source) -> Value {
        let global = self.program.input(name);
        let given = self.b.push(OpKind::GlobalGet(global), Facts::ANY, source);
        let Some(function) = self.program.prelude_member(&format!("host.{name}").into()) else {
            return given;
        };
        let is_null = self.is_null(given, source);
        let site = self.call_site(None, name);
        self.choose(
            is_null,
            source,
            |cx| {
                let kind = OpKind::Call { function, args: Vec::new() };
                let value = cx.b.call(kind, site, Facts::ANY, source);
                cx.b.push_void(OpKind::GlobalSet { global, value }, source);
                value
            },
            |_| given,
        )
    }
}

/// A call of something declared to take these arguments; the function may take fewer. Where they
/// stand by name or come from an array, it takes them as they are.
fn offer(callee: Value, args: Args) -> OpKind {
    match args {
        Args::Positional(args) => OpKind::Offer { callee, args },
        args @ (Args::Spread(_) | Args::Named(..)) => OpKind::CallValue { callee, args },
    }
}

/// A name, with its number from the second time on.
fn numbered(given: &mut FxHashMap<Text, u32>, name: Text) -> Text {
    let count = given.entry(name.clone()).or_insert(0);
    *count += 1;
    match *count {
        1 => name,
        n => format!("{name}.{n}").into(),
    }
}

/// The library may name a function of the machine that a method of its own hides:
/// `__array_sort` is `array.sort`.
fn native_name(name: &Text) -> Text {
    match name.strip_prefix("__") {
        Some(hidden) => hidden.replacen('_', ".", 1).into(),
        None => name.clone(),
    }
}

/// Built-ins that are operations of the IR, when called with this many arguments.
fn primitive(name: &str, n_args: usize) -> Option<fn(Vec<Value>) -> OpKind> {
    match (name, n_args) {
        ("value", 1) => Some(|args| OpKind::ValueOf(args[0])),
        ("__offer", 1..) => Some(|mut args| {
            let callee = args.remove(0);
            OpKind::Offer { callee, args }
        }),
        ("__spawn", 1) => Some(|args| OpKind::Spawn { callee: args[0] }),
        ("__join", 1) => Some(|args| OpKind::Join { fiber: args[0] }),
        ("__join_any", 1) => Some(|args| OpKind::JoinAny { fibers: args[0] }),
        _ => None,
    }
}
