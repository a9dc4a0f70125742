//! Lowers calls, effects and handlers.

use prism_hir::body::{
    Arg, Block, ExprId, ExprKind, HandlerClause, MemberMode, Name, Param, ReturnClause,
};
use prism_ir::function::{self as ir, Facts, Source, Text, Ty, Value};
use prism_ir::op::{Args, OpKind};

use crate::function::{Cx, ir_params};
use crate::walk::FunctionKey;

impl<'a, 'db> Cx<'a, '_, 'db> {
    pub fn call(
        &mut self,
        callee: ExprId,
        args: &'a [Arg],
        optional: bool,
        facts: Facts,
        source: Source,
    ) -> Value {
        if let ExprKind::Name(name) = self.expr_kind(callee)
            && let Some(value) = self.call_name(name, args, facts, source)
        {
            return value;
        }
        let callee = self.expr(callee);
        if !optional {
            let args = self.args(args, source);
            return self.b.push(OpKind::CallValue { callee, args }, facts, source);
        }
        let is_null = self.is_null(callee, source);
        self.choose(
            is_null,
            source,
            |cx| cx.null(source),
            |cx| {
                let args = cx.args(args, source);
                cx.b.push(OpKind::CallValue { callee, args }, facts, source)
            },
        )
    }

    /// A call of something known before the run; `None` when the callee is an ordinary value.
    fn call_name(
        &mut self,
        name: &'a Name,
        args: &'a [Arg],
        facts: Facts,
        source: Source,
    ) -> Option<Value> {
        let function = match name {
            Name::ModuleFunction(name) => self.program.function(&self.item.module, name),
            Name::Import { module, name } => self.program.imported_function(module, name)?,
            Name::Builtin(name) => return Some(self.call_builtin(name, args, facts, source)),
            Name::Local(_)
            | Name::ModuleVar(_)
            | Name::Namespace { .. }
            | Name::Host(_)
            | Name::Effect(_)
            | Name::Unresolved(_) => return None,
        };
        Some(self.call_function(function, args, facts, source))
    }

    pub fn call_function(
        &mut self,
        function: ir::FunctionId,
        args: &'a [Arg],
        facts: Facts,
        source: Source,
    ) -> Value {
        match self.args(args, source) {
            Args::Positional(args) if self.program.takes(function, args.len()) => {
                self.b.push(OpKind::Call { function, args }, facts, source)
            }
            // The machine finds the places, or says that they do not fit: a `catch` may want that.
            args => {
                let callee = self.function_value(function, source);
                self.b.push(OpKind::CallValue { callee, args }, facts, source)
            }
        }
    }

    /// A built-in: an operation of the IR, a function of the prelude, or one of the machine.
    fn call_builtin(
        &mut self,
        name: &Text,
        args: &'a [Arg],
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
            return self.call_function(function, args, facts, source);
        }
        let args = self.args(args, source);
        let native = native_name(name);
        self.b.push(OpKind::CallNative { native, args }, facts, source)
    }

    pub fn method_call(
        &mut self,
        object: ExprId,
        name: &'a Text,
        mode: MemberMode,
        args: &'a [Arg],
        facts: Facts,
        source: Source,
    ) -> Value {
        if let ExprKind::Name(base) = self.expr_kind(object) {
            match base {
                Name::Builtin(builtin) => {
                    let full = format!("{builtin}.{name}").into();
                    return self.call_builtin(&full, args, facts, source);
                }
                Name::Namespace { module } => {
                    return match self.program.imported_function(module, name) {
                        Some(function) => self.call_function(function, args, facts, source),
                        None => {
                            let callee = self.import(module, name, source);
                            let args = self.args(args, source);
                            self.b.push(OpKind::CallValue { callee, args }, facts, source)
                        }
                    };
                }
                Name::Local(_)
                | Name::ModuleVar(_)
                | Name::ModuleFunction(_)
                | Name::Import { .. }
                | Name::Host(_)
                | Name::Effect(_)
                | Name::Unresolved(_) => {}
            }
        }
        self.program.methods_named(name);
        let object = self.expr(object);
        let optional = mode == MemberMode::Optional;
        let args = self.args(args, source);
        let kind = OpKind::CallMethod { object, name: name.clone(), optional, args };
        let result = self.b.push(kind, facts, source);
        match mode {
            MemberMode::Confident => self.b.push(OpKind::MakeConfident(result), Facts::ANY, source),
            MemberMode::Plain | MemberMode::Optional | MemberMode::Soft => result,
        }
    }

    pub fn args(&mut self, args: &'a [Arg], source: Source) -> Args {
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

    /// A site is the variable that takes the result, else the effect, numbered on a clash.
    fn site(&mut self, bound: Option<Text>, effect: &Text) -> Text {
        let name = bound.unwrap_or_else(|| effect.clone());
        let count = self.sites.entry(name.clone()).or_insert(0);
        *count += 1;
        match *count {
            1 => format!("{}.{name}", self.path).into(),
            n => format!("{}.{name}.{n}", self.path).into(),
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
        let site = self.site(bound, effect);
        let args = args.iter().map(|arg| self.expr(arg.value)).collect();
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
        self.choose(
            is_null,
            source,
            |cx| {
                let kind = OpKind::Call { function, args: Vec::new() };
                let value = cx.b.push(kind, Facts::ANY, source);
                cx.b.push_void(OpKind::GlobalSet { global, value }, source);
                value
            },
            |_| given,
        )
    }

    pub fn handle(
        &mut self,
        expr: ExprId,
        body: &'a Block,
        clauses: &'a [HandlerClause],
        return_clause: Option<&'a ReturnClause>,
        source: Source,
    ) -> Value {
        let handled = self.thunk(FunctionKey::Handled(expr), "handle", &[], source, |_| body);
        let clauses = clauses
            .iter()
            .enumerate()
            .map(|(index, clause)| {
                let key = FunctionKey::Clause(expr, index as u32);
                (clause.effect.clone(), self.clause(key, clause, source))
            })
            .collect();
        let on_return =
            return_clause.map(|clause| self.on_return(FunctionKey::OnReturn(expr), clause, source));
        self.b.push(OpKind::Handle { body: handled, clauses, on_return }, Facts::ANY, source)
    }

    fn thunk(
        &mut self,
        key: FunctionKey,
        name: &str,
        params: &'a [Param],
        source: Source,
        prepare: impl FnOnce(&mut Cx<'a, '_, 'db>) -> &'a Block,
    ) -> Value {
        let id = self.nested(key, Some(name.into()), params, prepare);
        self.make_closure(id, key, source)
    }

    /// A handler clause: a function of `resume` and the operation's arguments.
    fn clause(&mut self, key: FunctionKey, clause: &'a HandlerClause, source: Source) -> Value {
        let path = self.program.nested_path(&self.path, &clause.effect);
        let id = self.program.reserve();
        let mut params =
            vec![ir::Param { name: "resume".into(), is_optional: false, is_rest: false }];
        params.extend(ir_params(self.item.body, &clause.params));
        let mut cx = Cx::new(self.item, self.program, key, path, params);
        cx.resume = Some(cx.b.param(0));
        cx.bind_captures();
        cx.bind_implicit(source);
        for (index, param) in clause.params.iter().enumerate() {
            let value = cx.b.param(index + 1);
            cx.bind_pat(param.pat, value, None);
        }
        let function = cx.finish_function(&clause.body, source);
        self.program.define(id, function);
        self.make_closure(id, key, source)
    }

    fn on_return(&mut self, key: FunctionKey, clause: &'a ReturnClause, source: Source) -> Value {
        let path = self.program.nested_path(&self.path, "return");
        let id = self.program.reserve();
        let params = vec![ir::Param { name: "value".into(), is_optional: false, is_rest: false }];
        let mut cx = Cx::new(self.item, self.program, key, path, params);
        cx.bind_captures();
        cx.bind_implicit(source);
        let value = cx.b.param(0);
        cx.bind_pat(clause.pat, value, None);
        let function = cx.finish_function(&clause.body, source);
        self.program.define(id, function);
        self.make_closure(id, key, source)
    }

    pub fn resume(&mut self, value: Option<ExprId>, source: Source) -> Value {
        let value = match value {
            Some(value) => self.expr(value),
            None => self.null(source),
        };
        match self.resume {
            Some(resume) => self.b.push(OpKind::Resume { resume, value }, Facts::ANY, source),
            None => {
                let code = "P0304".into();
                let message = "`resume` stands outside a handler clause".into();
                self.b.push(OpKind::Fail { code, message }, Facts::ANY, source)
            }
        }
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
        _ => None,
    }
}
