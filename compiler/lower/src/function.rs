//! Lowers one function: its parameters, its captures, its block.

use prism_hir::Layout;
use prism_hir::body::{
    Block, Body, BodySpans, ExprId, ExprKind, Function, LocalId, Param, Stmt, StmtKind,
};
use prism_ir::Builder;
use prism_ir::function::{self as ir, Facts, FunctionId, OpId, Source, Text, Ty, Value};
use prism_ir::op::{ConfidenceOp, Const, Exit, OpKind};
use prism_span::RelSpan;
use rustc_hash::FxHashMap;

use crate::coverage::What;
use crate::env::{Binding, Env};
use crate::facts::ItemFacts;
use crate::link::Program;
use crate::variables::Variables;
use crate::walk::FunctionKey;

/// What all functions of one item share.
pub(crate) struct Item<'a> {
    pub body: &'a Body,
    pub spans: &'a BodySpans,
    pub variables: &'a Variables,
    pub facts: &'a ItemFacts,
    /// Path of the module, for its globals.
    pub module: Text,
    /// Index in [`ir::Module::files`].
    pub file: u32,
    /// Where the item stands in the file.
    pub layout: &'a Layout,
    /// Where the bands of `uncertain` begin when the program gives no limits of its own.
    pub bands: prism_source::BandLimits,
}

/// One function while it is lowered.
pub(crate) struct Cx<'a, 'p, 'db> {
    pub item: &'a Item<'a>,
    pub program: &'p mut Program<'db>,
    pub b: Builder,
    pub key: FunctionKey,
    /// Function path, the first half of a site.
    pub path: Text,
    pub env: Env,
    pub targets: Vec<Target<'a>>,
    /// The variable that the expression being lowered will be bound to.
    pub bound: Option<Text>,
    /// The call whose arguments are being lowered, or the variable that takes what is: the first
    /// part of the names of functions in there.
    pub part_of: Option<Text>,
    /// How often the name of an effect was given.
    pub sites: FxHashMap<Text, u32>,
    /// The same of calls.
    pub calls: FxHashMap<Text, u32>,
    /// `function f() ~> k`: every result is scaled by it.
    pub confidence: Option<Value>,
    /// The `resume` of the handler clause that this function is.
    pub resume: Option<Value>,
    /// Where a `return` in the handled block that this function is leaves its value.
    pub returned: Option<Returned>,
    /// Where the `throw` stands that ends the region being lowered; its trap names that place.
    pub thrown_at: Option<Source>,
}

/// Cells of the function around a handled block: whether the block has returned from it, and what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Returned {
    pub is_so: Value,
    pub value: Value,
}

/// Something that `break` or `continue` can leave.
pub(crate) struct Target<'a> {
    pub op: OpId,
    pub kind: TargetKind,
    /// Variables that travel with the exits, after the statement's value.
    pub carried: Vec<LocalId>,
    /// The value so far, when the value of the statement is wanted.
    pub last: Option<Value>,
    /// What runs before the next turn.
    pub update: Update<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TargetKind {
    Loop,
    /// Only `break` sees it.
    Switch,
    /// The body of a `do … while`, inside its loop: only `continue` sees it.
    Turn,
}

#[derive(Clone)]
pub(crate) enum Update<'a> {
    None,
    /// Statements of a `for`, and its variables that closures hold: each turn has its own.
    Stmts {
        stmts: &'a [Stmt],
        fresh: Vec<LocalId>,
    },
    /// The position of a `for … in`.
    Position(Value),
}

/// How a statement or a block ended.
pub(crate) enum Flow {
    /// The next statement follows; the value, `None` for null.
    Next(Option<Value>),
    /// Nothing follows.
    Ends(Exit),
}

impl<'a, 'p, 'db> Cx<'a, 'p, 'db> {
    pub fn new(
        item: &'a Item<'a>,
        program: &'p mut Program<'db>,
        key: FunctionKey,
        path: Text,
        params: Vec<ir::Param>,
    ) -> Self {
        Cx {
            item,
            program,
            b: Builder::new(path.clone(), params),
            key,
            path,
            env: Env::default(),
            targets: Vec::new(),
            bound: None,
            part_of: None,
            sites: FxHashMap::default(),
            calls: FxHashMap::default(),
            confidence: None,
            resume: None,
            returned: None,
            thrown_at: None,
        }
    }

    pub fn source(&self, span: RelSpan) -> Source {
        let span = self.item.layout.absolute(span);
        Source { file: self.item.file, start: span.start, end: span.end }
    }

    pub fn source_of(&self, expr: ExprId) -> Source {
        self.source(self.item.spans.expr(expr))
    }

    pub fn expr_kind(&self, expr: ExprId) -> &'a ExprKind {
        &self.item.body.exprs[expr].kind
    }

    pub fn constant(&mut self, value: Const, source: Source) -> Value {
        let ty = match value {
            Const::Null => Ty::Null,
            Const::Bool(_) => Ty::Boolean,
            Const::Number(_) => Ty::Number,
            Const::Text(_) => Ty::Text,
        };
        self.b.push(OpKind::Const(value), Facts::plain(ty), source)
    }

    pub fn null(&mut self, source: Source) -> Value {
        self.constant(Const::Null, source)
    }

    pub fn number(&mut self, value: f64, source: Source) -> Value {
        self.constant(Const::Number(value), source)
    }

    /// Takes the captures of this function, in the order in which its maker passes them.
    pub fn bind_captures(&mut self) {
        let variables = self.item.variables;
        for &local in variables.captures.get(&self.key).into_iter().flatten() {
            let name = self.item.body.locals[local].name.clone();
            if self.is_global(local) {
                continue;
            }
            let is_cell = variables.cells.contains(&local);
            let facts = if is_cell { Facts::plain(Ty::Cell) } else { Facts::ANY };
            let value = self.b.capture(name, facts);
            let binding = if is_cell { Binding::Cell(value) } else { Binding::Value(value) };
            self.env.set(local, binding);
        }
    }

    pub fn is_global(&self, local: LocalId) -> bool {
        self.item.body.locals[local].is_global
    }

    /// Variables declared by bare assignment hold null until then.
    pub fn bind_implicit(&mut self, source: Source) {
        let variables = self.item.variables;
        for &local in variables.implicit.get(&self.key).into_iter().flatten() {
            let null = self.null(source);
            self.declare(local, null, source);
        }
    }

    /// Binds the parameters; defaults are evaluated in order, each seeing the ones before.
    pub fn bind_params(&mut self, params: &'a [Param], source: Source) {
        self.bind_params_from(0, params, source);
    }

    /// The same where others come before them.
    pub fn bind_params_from(&mut self, first: usize, params: &'a [Param], source: Source) {
        for (index, param) in params.iter().enumerate() {
            let given = self.b.param(first + index);
            let value = match param.default {
                Some(default) => self.param_or_default(given, default, source),
                None => given,
            };
            self.bind_pat(param.pat, value, None);
        }
    }

    fn param_or_default(&mut self, given: Value, default: ExprId, source: Source) -> Value {
        let absent = self.b.push(OpKind::IsAbsent(given), Facts::plain(Ty::Boolean), source);
        self.choose(absent, source, |cx| cx.expr(default), |_| given)
    }

    /// The block of a function, and its result: the value of the last statement.
    pub fn finish_function(mut self, block: &'a Block, source: Source) -> ir::Function {
        if !self.program.is_module_path(&self.path) {
            self.hit(What::Function, source);
        }
        let flow = self.block(block, true);
        let exit = match flow {
            Flow::Ends(exit) => exit,
            Flow::Next(value) => {
                let value = value.unwrap_or_else(|| self.empty_result(block, source));
                let value = self.scaled(value, source);
                Exit::Return(value)
            }
        };
        let source = self.thrown_at.take().unwrap_or(source);
        self.b.finish(exit, source)
    }

    /// Closes a region; one that ends in a `throw` is left there, not where it began.
    pub fn close(&mut self, exit: Exit, source: Source) {
        let source = self.thrown_at.take().unwrap_or(source);
        self.b.close_region(exit, source);
    }

    /// An empty body of a function yields 0, as a bare `return` does; a last statement without a
    /// value, and what is empty in `handle`, null.
    fn empty_result(&mut self, block: &Block, source: Source) -> Value {
        let is_function = match self.key {
            FunctionKey::Root => !self.program.is_module_path(&self.path),
            FunctionKey::Lambda(_) => true,
            FunctionKey::Handled(_) | FunctionKey::Clause(..) | FunctionKey::OnReturn(_) => false,
        };
        if is_function && block.stmts.is_empty() {
            self.number(0.0, source)
        } else {
            self.null(source)
        }
    }

    pub fn scaled(&mut self, value: Value, source: Source) -> Value {
        match self.confidence {
            None => value,
            Some(right) => {
                let op = ConfidenceOp::Scale;
                self.b.push(OpKind::Confidence { op, left: value, right }, Facts::ANY, source)
            }
        }
    }

    /// Makes the closure of a lambda or nested function.
    pub fn closure(&mut self, function: &'a Function, key: FunctionKey, source: Source) -> Value {
        let name = function.name.clone().or_else(|| self.bound.clone());
        let name = match (&self.part_of, name) {
            (None, name) => name,
            (Some(whole), None) => Some(format!("{whole}.lambda").into()),
            (Some(whole), Some(name)) => Some(format!("{whole}.{name}").into()),
        };
        let id = self.nested(key, name, &function.params, |cx| {
            cx.bind_params(&function.params, source);
            if let Some(confidence) = function.confidence {
                cx.confidence = Some(cx.expr(confidence));
            }
            &function.body
        });
        self.make_closure(id, key, source)
    }

    /// Lowers a function nested in this one.
    pub fn nested(
        &mut self,
        key: FunctionKey,
        name: Option<Text>,
        params: &'a [Param],
        prepare: impl FnOnce(&mut Cx<'a, '_, 'db>) -> &'a Block,
    ) -> FunctionId {
        let path = self.program.nested_path(&self.path, name.as_deref().unwrap_or("lambda"));
        let id = self.program.reserve();
        let params = ir_params(self.item.body, params);
        let mut cx = Cx::new(self.item, self.program, key, path, params);
        cx.bind_captures();
        cx.bind_implicit(Source::default());
        let block = prepare(&mut cx);
        let function = cx.finish_function(block, Source::default());
        self.program.define(id, function);
        id
    }

    pub fn make_closure(
        &mut self,
        function: FunctionId,
        key: FunctionKey,
        source: Source,
    ) -> Value {
        let captures = self.captures(key, source);
        let kind = OpKind::Closure { function, captures };
        self.b.push(kind, Facts::plain(Ty::Function), source)
    }

    /// What a function takes from around it.
    pub fn captures(&mut self, key: FunctionKey, source: Source) -> Vec<Value> {
        let variables = self.item.variables;
        let mut captures = Vec::new();
        for &local in variables.captures.get(&key).into_iter().flatten() {
            match self.env.get(local) {
                Some(Binding::Value(value) | Binding::Cell(value)) => captures.push(value),
                Some(Binding::Global(_)) => {}
                None if self.is_global(local) => {}
                None => {
                    let value = self.uninitialised(local, source);
                    captures.push(value);
                }
            }
        }
        captures
    }

    /// A variable that is used where its declaration has not been reached.
    pub fn uninitialised(&mut self, local: LocalId, source: Source) -> Value {
        let name = &self.item.body.locals[local].name;
        let kind = OpKind::Fail {
            code: "P1008".into(),
            message: format!("cannot access `{name}` before initialization").into(),
        };
        self.b.push(kind, Facts::ANY, source)
    }

    /// Cells and functions that exist from the start of a block.
    pub fn hoist(&mut self, block: &'a Block) {
        for stmt in &block.stmts {
            self.early_cells(stmt);
        }
        for stmt in &block.stmts {
            if let StmtKind::Function { local, function } = &stmt.kind {
                let source = self.source(stmt.span.0);
                let key = FunctionKey::Lambda(*function);
                let closure = self.closure(&self.item.body.functions[*function], key, source);
                self.declare(*local, closure, source);
            }
        }
    }

    fn early_cells(&mut self, stmt: &'a Stmt) {
        let mut locals = Vec::new();
        match &stmt.kind {
            StmtKind::Let { pat, .. } => self.pat_locals(*pat, &mut locals),
            StmtKind::Function { local, .. } => locals.push(*local),
            _ => return,
        }
        for local in locals {
            if self.item.variables.early.contains(&local) && !self.is_global(local) {
                let source = self.source(stmt.span.0);
                let kind = OpKind::CellNew(None);
                let cell = self.b.push(kind, Facts::plain(Ty::Cell), source);
                self.env.set(local, Binding::Cell(cell));
            }
        }
    }
}

/// The parameters as the IR knows them; a pattern has no name of its own.
pub(crate) fn ir_params(body: &Body, params: &[Param]) -> Vec<ir::Param> {
    params
        .iter()
        .map(|param| ir::Param {
            name: match &body.pats[param.pat].kind {
                prism_hir::body::PatKind::Bind(local) => body.locals[*local].name.clone(),
                _ => "_".into(),
            },
            is_optional: param.default.is_some(),
            is_rest: param.is_rest,
        })
        .collect()
}
