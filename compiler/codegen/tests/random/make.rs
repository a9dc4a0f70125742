//! Makes random functions: nested branches, loops, `try` in all forms, exits of every kind,
//! updates of arrays that others still hold, cells and calls.

use fastrand::Rng;
use prism_ir::Builder;
use prism_ir::function::{
    Facts, Function, FunctionId, GlobalId, Module, OpId, Param, Source, Ty, Value,
};
use prism_ir::op::{Args, BinaryOp, Const, Exit, OpKind, UnaryOp};

/// A program whose last function calls the others; global 0 is a log of numbers.
pub fn module(seed: u64) -> Module {
    let mut rng = Rng::with_seed(seed);
    let mut functions = Vec::new();
    for id in 0..3 {
        functions.push(function(&mut rng, id, 2));
    }
    functions.push(entry(&mut rng));
    Module { functions, globals: vec!["log".into()], entry: FunctionId(3), ..Module::default() }
}

fn entry(rng: &mut Rng) -> Function {
    let mut b = Builder::new("main".into(), Vec::new());
    let source = Source::default();
    let empty = b.push(OpKind::Array(Vec::new()), Facts::ANY, source);
    b.push_void(OpKind::GlobalSet { global: GlobalId(0), value: empty }, source);
    let mut results = Vec::new();
    for _ in 0..2 {
        let mut make = Make { rng, b: &mut b, id: 3, loops: Vec::new(), budget: 0 };
        let one = make.number();
        let two = make.number();
        let array = b.push(OpKind::Array(vec![one, two]), Facts::plain(Ty::Array), source);
        let function = FunctionId(rng.u32(0..3));
        let result = guarded_call(&mut b, function, vec![one, array]);
        results.push(result);
    }
    let log = b.push(OpKind::GlobalGet(GlobalId(0)), Facts::ANY, source);
    results.push(log);
    let all = b.push(OpKind::Array(results), Facts::ANY, source);
    b.finish(Exit::Return(all), source)
}

/// What a function throws becomes a number that no other result is.
fn guarded_call(b: &mut Builder, function: FunctionId, args: Vec<Value>) -> Value {
    let source = Source::default();
    let op = b.reserve();
    let (body, _) = b.open_region(Vec::new());
    let result = b.push(OpKind::Call { function, args }, Facts::ANY, source);
    b.close_region(Exit::Yield(vec![result]), source);
    let (catch, _) = b.open_region(vec![Facts::ANY]);
    let mark = b.push(OpKind::Const(Const::Number(-777.0)), Facts::ANY, source);
    b.close_region(Exit::Yield(vec![mark]), source);
    b.place(op, OpKind::Try { body, catch: Some(catch), finally: None }, vec![Facts::ANY], source)
        [0]
}

fn function(rng: &mut Rng, id: u32, n_params: usize) -> Function {
    let names = ["n", "xs"];
    let params = (0..n_params)
        .map(|at| Param { name: names[at].into(), is_optional: false, is_rest: false })
        .collect();
    let mut b = Builder::new(format!("f{id}").into(), params);
    let (number, array) = (b.param(0), b.param(1));
    let budget = rng.u32(10..60);
    let mut make = Make { rng, b: &mut b, id, loops: Vec::new(), budget };
    let mut scope = Scope { numbers: vec![number], arrays: vec![array], cells: Vec::new() };
    let exit = match make.block(&mut scope, 0) {
        Some(exit) => exit,
        None => Exit::Return(make.pick(&scope)),
    };
    b.finish(exit, Source::default())
}

/// Values that can be used at a place.
#[derive(Clone, Default)]
struct Scope {
    numbers: Vec<Value>,
    arrays: Vec<Value>,
    cells: Vec<Value>,
}

struct Loop {
    op: OpId,
    /// The counter that every turn raises, first of the carried values.
    counter: Value,
    n_carried: usize,
    n_results: usize,
}

struct Make<'a> {
    rng: &'a mut Rng,
    b: &'a mut Builder,
    id: u32,
    loops: Vec<Loop>,
    budget: u32,
}

impl Make<'_> {
    fn push(&mut self, kind: OpKind) -> Value {
        self.b.push(kind, Facts::ANY, Source::default())
    }

    fn number(&mut self) -> Value {
        let choices = [0.0, 1.0, 2.0, 3.0, 100.0, 1000.0, 0.5, 70_000.0];
        let number = choices[self.rng.usize(0..choices.len())];
        self.push(OpKind::Const(Const::Number(number)))
    }

    fn some_number(&mut self, scope: &Scope) -> Value {
        match scope.numbers.is_empty() || self.rng.u8(0..5) == 0 {
            true => self.number(),
            // Rather recent ones, so that values have varied life times.
            false => {
                let from = if self.rng.bool() { scope.numbers.len() / 2 } else { 0 };
                scope.numbers[self.rng.usize(from..scope.numbers.len())]
            }
        }
    }

    fn some_array(&mut self, scope: &Scope) -> Value {
        match scope.arrays.is_empty() || self.rng.u8(0..8) == 0 {
            true => self.push(OpKind::Array(Vec::new())),
            false => scope.arrays[self.rng.usize(0..scope.arrays.len())],
        }
    }

    fn pick(&mut self, scope: &Scope) -> Value {
        if self.rng.bool() { self.some_array(scope) } else { self.some_number(scope) }
    }

    /// Operations, then perhaps an exit.
    fn block(&mut self, scope: &mut Scope, depth: u32) -> Option<Exit> {
        for _ in 0..self.rng.u32(1..8) {
            if self.budget == 0 {
                return None;
            }
            self.budget -= 1;
            self.op(scope, depth);
        }
        match self.rng.u8(0..10) {
            0 if depth > 0 => Some(Exit::Return(self.pick(scope))),
            1 if depth > 0 => Some(Exit::Throw(self.some_number(scope))),
            2 | 3 if !self.loops.is_empty() => Some(self.break_out(scope)),
            4 if !self.loops.is_empty() => Some(self.go_on(scope)),
            _ => None,
        }
    }

    fn values(&mut self, scope: &Scope, count: usize) -> Vec<Value> {
        (0..count).map(|at| self.alternating(scope, at)).collect()
    }

    /// Results alternate: a number, an array, a number.
    fn alternating(&mut self, scope: &Scope, at: usize) -> Value {
        if at.is_multiple_of(2) { self.some_number(scope) } else { self.some_array(scope) }
    }

    fn define(scope: &mut Scope, values: &[Value]) {
        for (at, value) in values.iter().enumerate() {
            if at.is_multiple_of(2) {
                scope.numbers.push(*value)
            } else {
                scope.arrays.push(*value)
            }
        }
    }

    fn break_out(&mut self, scope: &Scope) -> Exit {
        let at = self.rng.usize(0..self.loops.len());
        let Loop { op, n_results, .. } = self.loops[at];
        Exit::Break { target: op, values: self.values(scope, n_results) }
    }

    fn go_on(&mut self, scope: &Scope) -> Exit {
        let at = self.rng.usize(0..self.loops.len());
        let Loop { op, counter, n_carried, .. } = self.loops[at];
        let one = self.push(OpKind::Const(Const::Number(1.0)));
        let next = self.binary(BinaryOp::Add, counter, one);
        let mut values = vec![next];
        values.extend((1..n_carried).map(|at| self.alternating(scope, at)));
        Exit::Continue { target: op, values }
    }

    fn binary(&mut self, op: BinaryOp, left: Value, right: Value) -> Value {
        self.push(OpKind::Binary { op, confident: false, left, right })
    }

    fn op(&mut self, scope: &mut Scope, depth: u32) {
        match self.rng.u8(0..26) {
            0..=4 => {
                let ops = [BinaryOp::Add, BinaryOp::Subtract, BinaryOp::Multiply];
                let op = ops[self.rng.usize(0..3)];
                let (left, right) = (self.some_number(scope), self.some_number(scope));
                let raw = self.binary(op, left, right);
                let limit = self.push(OpKind::Const(Const::Number(1009.0)));
                let result = self.binary(BinaryOp::Remainder, raw, limit);
                scope.numbers.push(result);
            }
            5..=8 => {
                let (array, value) = (self.some_array(scope), self.some_number(scope));
                let pushed = self.push(OpKind::ArrayPush { array, value });
                scope.arrays.push(pushed);
            }
            9 => {
                let array = self.some_array(scope);
                let count = self.push(OpKind::ItemCount(array));
                scope.numbers.push(count);
            }
            10 => {
                let values = self.values(scope, 3);
                let values = vec![values[0], values[2]];
                let array = self.push(OpKind::Array(values));
                scope.arrays.push(array);
            }
            11 => {
                // Fails on a short array: caught, or the end of the function.
                let (container, value) = (self.some_array(scope), self.some_number(scope));
                let index = self.push(OpKind::Const(Const::Number(1.0)));
                let set = self.push(OpKind::IndexSet { container, index, value });
                scope.arrays.push(set);
            }
            12 | 13 => self.log(scope),
            14 => self.cell(scope),
            15 if self.id > 0 => self.call(scope),
            16..=18 if depth < 4 => self.branch(scope, depth),
            19..=21 if depth < 4 => self.repeat(scope, depth),
            22 | 23 if depth < 4 => self.guard(scope, depth),
            24 | 25 if depth < 4 => self.each(scope, depth),
            _ => {
                let number = self.number();
                scope.numbers.push(number);
            }
        }
    }

    fn log(&mut self, scope: &Scope) {
        let value = self.some_number(scope);
        let (path, push) = (Vec::new(), true);
        let kind = OpKind::UpdateGlobal { global: GlobalId(0), path, value, push };
        self.b.push_void(kind, Source::default());
    }

    fn cell(&mut self, scope: &mut Scope) {
        if scope.cells.is_empty() || self.rng.bool() {
            let first = self.some_array(scope);
            let facts = Facts::plain(Ty::Cell);
            let cell = self.b.push(OpKind::CellNew(Some(first)), facts, Source::default());
            scope.cells.push(cell);
            return;
        }
        let cell = scope.cells[self.rng.usize(0..scope.cells.len())];
        match self.rng.u8(0..3) {
            0 => {
                let value = self.some_array(scope);
                self.b.push_void(OpKind::CellSet { cell, value }, Source::default());
            }
            1 => {
                let value = self.some_number(scope);
                let kind = OpKind::UpdateCell { cell, path: Vec::new(), value, push: true };
                self.b.push_void(kind, Source::default());
            }
            _ => {
                let read = self.push(OpKind::CellGet(cell));
                scope.arrays.push(read);
            }
        }
    }

    fn call(&mut self, scope: &mut Scope) {
        let function = FunctionId(self.rng.u32(0..self.id));
        let args = vec![self.some_number(scope), self.some_array(scope)];
        let result = match self.rng.bool() {
            true => self.push(OpKind::Call { function, args }),
            false => {
                let callee = self.push(OpKind::Closure { function, captures: Vec::new() });
                self.push(OpKind::CallValue { callee, args: Args::Positional(args) })
            }
        };
        let all = self.push(OpKind::Array(vec![result]));
        let count = self.push(OpKind::ItemCount(all));
        scope.numbers.push(count);
    }

    fn condition(&mut self, scope: &Scope) -> Value {
        let ops = [BinaryOp::Less, BinaryOp::GreaterEqual, BinaryOp::Equal, BinaryOp::NotIdentical];
        let op = ops[self.rng.usize(0..4)];
        let (left, right) = (self.some_number(scope), self.some_number(scope));
        let test = self.binary(op, left, right);
        match self.rng.u8(0..4) {
            0 => self.push(OpKind::Unary { op: UnaryOp::Not, operand: test }),
            1 => self.both(scope, test),
            _ => test,
        }
    }

    /// `test && other`.
    fn both(&mut self, scope: &Scope, test: Value) -> Value {
        let source = Source::default();
        let op = self.b.reserve();
        let (then, _) = self.b.open_region(Vec::new());
        let (left, right) = (self.some_number(scope), self.some_number(scope));
        let other = self.binary(BinaryOp::Less, left, right);
        self.b.close_region(Exit::Yield(vec![other]), source);
        let (otherwise, _) = self.b.open_region(Vec::new());
        self.b.close_region(Exit::Yield(vec![test]), source);
        let kind = OpKind::If { condition: test, then, otherwise };
        self.b.place(op, kind, vec![Facts::ANY], source)[0]
    }

    /// A region of a branch or a `try` that yields `n_results` values or leaves.
    fn region(
        &mut self,
        scope: &Scope,
        params: Vec<Facts>,
        n_results: usize,
        depth: u32,
    ) -> prism_ir::function::RegionId {
        let (_, params) = self.b.open_region(params);
        let mut inner = scope.clone();
        let exit = match self.block(&mut inner, depth + 1) {
            Some(exit) => exit,
            None => {
                let mut values = self.values(&inner, n_results);
                if let (Some(value), Some(thrown)) = (values.first_mut(), params.first()) {
                    *value = self.if_object(*thrown, *value);
                }
                Exit::Yield(values)
            }
        };
        self.b.close_region(exit, Source::default())
    }

    /// The number, when what was thrown still is what it was; else -1.
    fn if_object(&mut self, thrown: Value, number: Value) -> Value {
        let source = Source::default();
        let kind = self.push(OpKind::Unary { op: UnaryOp::Typeof, operand: thrown });
        let object = self.push(OpKind::Const(Const::Text("object".into())));
        let condition = self.binary(BinaryOp::Identical, kind, object);
        let op = self.b.reserve();
        let (then, _) = self.b.open_region(Vec::new());
        self.b.close_region(Exit::Yield(vec![number]), source);
        let (otherwise, _) = self.b.open_region(Vec::new());
        let lost = self.push(OpKind::Const(Const::Number(-1.0)));
        self.b.close_region(Exit::Yield(vec![lost]), source);
        let kind = OpKind::If { condition, then, otherwise };
        self.b.place(op, kind, vec![Facts::ANY], source)[0]
    }

    fn branch(&mut self, scope: &mut Scope, depth: u32) {
        let condition = self.condition(scope);
        let n_results = self.rng.usize(0..3);
        let op = self.b.reserve();
        let then = self.region(scope, Vec::new(), n_results, depth);
        let otherwise = self.region(scope, Vec::new(), n_results, depth);
        let kind = OpKind::If { condition, then, otherwise };
        let results = self.b.place(op, kind, vec![Facts::ANY; n_results], Source::default());
        Self::define(scope, &results);
    }

    fn repeat(&mut self, scope: &mut Scope, depth: u32) {
        let source = Source::default();
        let n_carried = self.rng.usize(1..5);
        let n_results = self.rng.usize(0..4);
        let zero = self.push(OpKind::Const(Const::Number(0.0)));
        let mut initial = vec![zero];
        initial.extend((1..n_carried).map(|at| self.alternating(scope, at)));
        let op = self.b.reserve();
        let (body, params) = self.b.open_region(vec![Facts::ANY; n_carried]);
        let mut inner = scope.clone();
        Self::define(&mut inner, &params);
        self.loops.push(Loop { op, counter: params[0], n_carried, n_results });
        let turns = f64::from(self.rng.u32(0..4));
        let limit = self.push(OpKind::Const(Const::Number(turns)));
        let more = self.binary(BinaryOp::Less, params[0], limit);
        let test = self.b.reserve();
        let (then, _) = self.b.open_region(Vec::new());
        let mut turn = inner.clone();
        let exit = match self.block(&mut turn, depth + 1) {
            Some(exit) => exit,
            None => {
                let Loop { op, counter, n_carried, .. } = *self.loops.last().expect("in a loop");
                let one = self.push(OpKind::Const(Const::Number(1.0)));
                let next = self.binary(BinaryOp::Add, counter, one);
                let mut values = vec![next];
                values.extend((1..n_carried).map(|at| self.alternating(&turn, at)));
                Exit::Continue { target: op, values }
            }
        };
        self.b.close_region(exit, source);
        let (otherwise, _) = self.b.open_region(Vec::new());
        let values = self.values(&inner, n_results);
        self.b.close_region(Exit::Break { target: op, values }, source);
        self.b.place(test, OpKind::If { condition: more, then, otherwise }, Vec::new(), source);
        self.loops.pop();
        self.b.close_region(Exit::Unreachable, source);
        let kind = OpKind::Loop { initial, body };
        let results = self.b.place(op, kind, vec![Facts::ANY; n_results], source);
        Self::define(scope, &results);
    }

    /// A loop over the elements of an array, in the shape that becomes one instruction unless an
    /// exit goes to its next turn in another way.
    fn each(&mut self, scope: &mut Scope, depth: u32) {
        let source = Source::default();
        let array = self.some_array(scope);
        let items = self.push(OpKind::Items { subject: array, of: false });
        if self.rng.u8(0..4) == 0 {
            scope.arrays.push(items);
        }
        let count = self.push(OpKind::ItemCount(items));
        let n_carried = self.rng.usize(1..4);
        let zero = self.push(OpKind::Const(Const::Number(0.0)));
        let mut initial = vec![zero];
        initial.extend((1..n_carried).map(|at| self.alternating(scope, at)));
        let op = self.b.reserve();
        let (body, params) = self.b.open_region(vec![Facts::ANY; n_carried]);
        let mut inner = scope.clone();
        Self::define(&mut inner, &params);
        let n_results = n_carried - 1;
        self.loops.push(Loop { op, counter: params[0], n_carried, n_results });
        let more = self.binary(BinaryOp::Less, params[0], count);
        let test = self.b.reserve();
        let (then, _) = self.b.open_region(Vec::new());
        let item = self.push(OpKind::ItemAt { items, index: params[0] });
        let mut turn = inner.clone();
        turn.numbers.push(item);
        let exit = match self.block(&mut turn, depth + 1) {
            Some(exit) => exit,
            None => {
                let one = self.push(OpKind::Const(Const::Number(1.0)));
                let next = self.binary(BinaryOp::Add, params[0], one);
                let mut values = vec![next];
                values.extend((1..n_carried).map(|at| self.alternating(&turn, at)));
                Exit::Continue { target: op, values }
            }
        };
        self.b.close_region(exit, source);
        let (otherwise, _) = self.b.open_region(Vec::new());
        let values = self.values(&inner, n_results);
        self.b.close_region(Exit::Break { target: op, values }, source);
        self.b.place(test, OpKind::If { condition: more, then, otherwise }, Vec::new(), source);
        self.loops.pop();
        self.b.close_region(Exit::Unreachable, source);
        let kind = OpKind::Loop { initial, body };
        let results = self.b.place(op, kind, vec![Facts::ANY; n_results], source);
        Self::define(scope, &results);
    }

    fn guard(&mut self, scope: &mut Scope, depth: u32) {
        let n_results = self.rng.usize(0..3);
        let form = self.rng.u8(0..3);
        let op = self.b.reserve();
        let body = self.region(scope, Vec::new(), n_results, depth);
        let catch = (form != 0).then(|| self.region(scope, vec![Facts::ANY], n_results, depth));
        let finally = (form != 1).then(|| self.region(scope, Vec::new(), 0, depth));
        let kind = OpKind::Try { body, catch, finally };
        let results = self.b.place(op, kind, vec![Facts::ANY; n_results], Source::default());
        Self::define(scope, &results);
    }
}
