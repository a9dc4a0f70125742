//! Builds one function: opens regions, appends operations, closes regions with an exit.

use la_arena::Arena;

use crate::function::OpId;
use crate::function::{Facts, Function, Param, Region, RegionId, Source, Text, Value};
use crate::op::{Exit, Op, OpKind};

/// A function under construction. Operations go to the innermost open region.
#[derive(Debug)]
pub struct Builder {
    name: Text,
    params: Vec<Param>,
    captures: Vec<Text>,
    values: Arena<Facts>,
    ops: Arena<Op>,
    regions: Arena<Region>,
    body: RegionId,
    open: Vec<RegionId>,
}

impl Builder {
    /// Opens the body region; its parameters are the function's parameters, then its captures.
    pub fn new(name: Text, params: Vec<Param>) -> Builder {
        let mut regions = Arena::new();
        let mut values = Arena::new();
        let param_values = params.iter().map(|_| values.alloc(Facts::ANY)).collect();
        let body = regions.alloc(Region {
            params: param_values,
            ops: Vec::new(),
            exit: Exit::Unreachable,
            exit_source: Source::default(),
        });
        let (ops, captures) = (Arena::new(), Vec::new());
        Builder { name, params, captures, values, ops, regions, body, open: vec![body] }
    }

    /// The value of parameter `index`.
    pub fn param(&self, index: usize) -> Value {
        self.regions[self.body].params[index]
    }

    /// One more capture, appended to the body's parameters.
    pub fn capture(&mut self, name: Text, facts: Facts) -> Value {
        let value = self.values.alloc(facts);
        self.captures.push(name);
        self.regions[self.body].params.push(value);
        value
    }

    pub fn facts(&self, value: Value) -> Facts {
        self.values[value]
    }

    pub fn set_facts(&mut self, value: Value, facts: Facts) {
        self.values[value] = facts;
    }

    /// The constant that `value` is, if the operation that makes it is one.
    pub fn op(&self, op: OpId) -> &Op {
        &self.ops[op]
    }

    /// Appends an operation with one result.
    pub fn push(&mut self, kind: OpKind, facts: Facts, source: Source) -> Value {
        let result = self.values.alloc(facts);
        self.append(kind, vec![result], source);
        result
    }

    /// Appends a call with its name in the function.
    pub fn call(
        &mut self,
        kind: OpKind,
        site: Option<Text>,
        facts: Facts,
        source: Source,
    ) -> Value {
        let result = self.values.alloc(facts);
        let op = self.append(kind, vec![result], source);
        self.ops[op].site = site;
        result
    }

    /// Appends an operation without a result.
    pub fn push_void(&mut self, kind: OpKind, source: Source) {
        self.append(kind, Vec::new(), source);
    }

    fn append(&mut self, kind: OpKind, results: Vec<Value>, source: Source) -> OpId {
        let op = self.ops.alloc(Op { kind, results, source, site: None });
        let region = *self.open.last().expect("the body region stays open until `finish`");
        self.regions[region].ops.push(op);
        op
    }

    /// Opens a region with parameters; the caller later gives its id to an operation.
    pub fn open_region(&mut self, params: Vec<Facts>) -> (RegionId, Vec<Value>) {
        let params: Vec<Value> = params.into_iter().map(|facts| self.values.alloc(facts)).collect();
        let region = self.regions.alloc(Region {
            params: params.clone(),
            ops: Vec::new(),
            exit: Exit::Unreachable,
            exit_source: Source::default(),
        });
        self.open.push(region);
        (region, params)
    }

    /// Closes the innermost region.
    pub fn close_region(&mut self, exit: Exit, source: Source) -> RegionId {
        let region = self.open.pop().expect("a region is open");
        self.set_exit(region, exit, source);
        region
    }

    /// Replaces the exit of a region that is already closed.
    pub fn set_exit(&mut self, region: RegionId, exit: Exit, source: Source) {
        self.regions[region].exit = exit;
        self.regions[region].exit_source = source;
    }

    pub fn exit(&self, region: RegionId) -> &Exit {
        &self.regions[region].exit
    }

    /// Reserves an operation's id before its regions exist, so that `break` can name it.
    /// It is appended, in the region open now, by [`Builder::place`].
    pub fn reserve(&mut self) -> OpId {
        let kind = OpKind::Array(Vec::new());
        self.ops.alloc(Op { kind, results: Vec::new(), source: Source::default(), site: None })
    }

    /// Fills a reserved operation and appends it to the innermost region.
    pub fn place(
        &mut self,
        op: OpId,
        kind: OpKind,
        facts: Vec<Facts>,
        source: Source,
    ) -> Vec<Value> {
        let results: Vec<Value> = facts.into_iter().map(|facts| self.values.alloc(facts)).collect();
        self.ops[op] = Op { kind, results: results.clone(), source, site: None };
        let region = *self.open.last().expect("the body region stays open until `finish`");
        self.regions[region].ops.push(op);
        results
    }

    /// Closes the body.
    pub fn finish(mut self, exit: Exit, source: Source) -> Function {
        let body = self.close_region(exit, source);
        assert!(
            self.open.is_empty() && body == self.body,
            "every region is closed before the body"
        );
        Function {
            name: self.name,
            params: self.params,
            captures: self.captures,
            values: self.values,
            ops: self.ops,
            regions: self.regions,
            body: self.body,
        }
    }
}
