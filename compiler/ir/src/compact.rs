//! Drops what the tree of a function no longer reaches: rewrites leave regions, operations and
//! values behind in the arenas.

use la_arena::{Arena, ArenaMap};

use crate::function::{Facts, Function, OpId, Region, RegionId, Value};
use crate::op::{Exit, Op, OpKind};

/// The same function with nothing but what its body reaches, numbered in order.
pub fn compact(function: &Function) -> Function {
    let mut copy = Copy {
        function,
        values: Arena::new(),
        ops: Arena::new(),
        regions: Arena::new(),
        new_values: ArenaMap::default(),
        new_ops: ArenaMap::default(),
    };
    let body = copy.region(function.body);
    Function {
        name: function.name.clone(),
        params: function.params.clone(),
        captures: function.captures.clone(),
        values: copy.values,
        ops: copy.ops,
        regions: copy.regions,
        body,
    }
}

struct Copy<'a> {
    function: &'a Function,
    values: Arena<Facts>,
    ops: Arena<Op>,
    regions: Arena<Region>,
    new_values: ArenaMap<Value, Value>,
    new_ops: ArenaMap<OpId, OpId>,
}

impl Copy<'_> {
    fn region(&mut self, id: RegionId) -> RegionId {
        let region = &self.function.regions[id];
        let params = self.define(&region.params);
        let mut ops = Vec::with_capacity(region.ops.len());
        for &op in &region.ops {
            ops.push(self.op(op));
        }
        let mut exit = region.exit.clone();
        exit.for_each_operand_mut(|value| *value = self.new_values[*value]);
        if let Exit::Break { target, .. } | Exit::Continue { target, .. } = &mut exit {
            *target = self.new_ops[*target];
        }
        let exit_source = region.exit_source;
        self.regions.alloc(Region { params, ops, exit, exit_source })
    }

    fn define(&mut self, values: &[Value]) -> Vec<Value> {
        let mut new = Vec::with_capacity(values.len());
        for &value in values {
            let copy = self.values.alloc(self.function.values[value]);
            self.new_values.insert(value, copy);
            new.push(copy);
        }
        new
    }

    fn op(&mut self, id: OpId) -> OpId {
        let op = &self.function.ops[id];
        let mut kind = op.kind.clone();
        kind.for_each_operand_mut(|value| *value = self.new_values[*value]);
        // A loop has its number before its region, whose exits name it.
        let empty = OpKind::Array(Vec::new());
        let (source, site) = (op.source, op.site.clone());
        let new = self.ops.alloc(Op { kind: empty, results: Vec::new(), source, site });
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
        self.ops[new].kind = kind;
        self.ops[new].results = self.define(&op.results);
        new
    }
}
