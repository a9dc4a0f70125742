//! Copies of the tree of a function: of all of it, which drops what it no longer reaches, since
//! rewrites leave regions, operations and values behind in the arenas; and of one operation.

use la_arena::{Arena, ArenaMap};

use crate::function::{Function, OpId, Region, RegionId, Value};
use crate::op::{Exit, Op, OpKind};

/// The same function with nothing but what its body reaches, numbered in order.
pub fn compact(function: &Function) -> Function {
    let mut compacted = Function {
        name: function.name.clone(),
        params: function.params.clone(),
        captures: function.captures.clone(),
        values: Arena::new(),
        ops: Arena::new(),
        regions: Arena::new(),
        body: function.body,
    };
    compacted.body = Copy::new(function, &mut compacted).region(function.body);
    compacted
}

/// One more of an operation with all that is inside of it, which stands in no region yet. What it
/// uses from outside stays the same.
pub fn duplicate(function: &mut Function, id: OpId) -> OpId {
    let from = function.clone();
    Copy::new(&from, function).op(id)
}

struct Copy<'a> {
    from: &'a Function,
    to: &'a mut Function,
    new_values: ArenaMap<Value, Value>,
    new_ops: ArenaMap<OpId, OpId>,
}

impl<'a> Copy<'a> {
    fn new(from: &'a Function, to: &'a mut Function) -> Copy<'a> {
        Copy { from, to, new_values: ArenaMap::default(), new_ops: ArenaMap::default() }
    }

    /// What stands for a value; one from outside of what is copied stands for itself.
    fn value(&self, value: Value) -> Value {
        self.new_values.get(value).copied().unwrap_or(value)
    }

    fn region(&mut self, id: RegionId) -> RegionId {
        let region = &self.from.regions[id];
        let params = self.define(&region.params);
        let mut ops = Vec::with_capacity(region.ops.len());
        for &op in &region.ops {
            ops.push(self.op(op));
        }
        let mut exit = region.exit.clone();
        exit.for_each_operand_mut(|value| *value = self.value(*value));
        if let Exit::Break { target, .. } | Exit::Continue { target, .. } = &mut exit {
            *target = self.new_ops.get(*target).copied().unwrap_or(*target);
        }
        let exit_source = region.exit_source;
        self.to.regions.alloc(Region { params, ops, exit, exit_source })
    }

    fn define(&mut self, values: &[Value]) -> Vec<Value> {
        let mut new = Vec::with_capacity(values.len());
        for &value in values {
            let copy = self.to.values.alloc(self.from.values[value]);
            self.new_values.insert(value, copy);
            new.push(copy);
        }
        new
    }

    fn op(&mut self, id: OpId) -> OpId {
        let op = &self.from.ops[id];
        let mut kind = op.kind.clone();
        kind.for_each_operand_mut(|value| *value = self.value(*value));
        // A loop has its number before its region, whose exits name it.
        let empty = OpKind::Array(Vec::new());
        let (source, site) = (op.source, op.site.clone());
        let new = self.to.ops.alloc(Op { kind: empty, results: Vec::new(), source, site });
        self.new_ops.insert(id, new);
        match &mut kind {
            OpKind::If { then, otherwise, .. } => {
                *then = self.region(*then);
                *otherwise = self.region(*otherwise);
            }
            OpKind::Loop { body, .. } => *body = self.region(*body),
            OpKind::Try { body, catch, finally } => {
                *body = self.region(*body);
                for region in catch.iter_mut().chain(finally) {
                    *region = self.region(*region);
                }
            }
            _ => {}
        }
        self.to.ops[new].kind = kind;
        self.to.ops[new].results = self.define(&op.results);
        new
    }
}
