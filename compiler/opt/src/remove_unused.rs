//! Removes operations whose results nobody uses.
//!
//! Before: any function. After: no operation without effects has results that are all unused,
//! and no `if` passes on a value that nobody reads.
//!
//! ```text
//! %1 = const 1.0
//! %2 = array (%1)        return %0
//! return %0
//! ```
//!
//! Legal when the operation has no effect and cannot throw, whatever its operands are.

use la_arena::ArenaMap;
use prism_ir::function::{Function, OpId, RegionId, Value};
use prism_ir::op::{BinaryOp, Exit, OpKind, UnaryOp};

use crate::rewrite::Log;

pub(crate) fn run(function: &mut Function, log: &mut Log<'_>) {
    let mut n_uses: ArenaMap<Value, u32> = ArenaMap::default();
    count(function, function.body, &mut n_uses);
    let mut remove = Remove { function, n_uses, log };
    remove.region(remove.function.body);
}

fn count(function: &Function, id: RegionId, n_uses: &mut ArenaMap<Value, u32>) {
    let region = &function.regions[id];
    for &op in &region.ops {
        let kind = &function.ops[op].kind;
        kind.for_each_operand(|value| *n_uses.entry(value).or_insert(0) += 1);
        kind.regions().for_each(|region| count(function, region, n_uses));
    }
    region.exit.for_each_operand(|value| *n_uses.entry(value).or_insert(0) += 1);
}

struct Remove<'a, 'l> {
    function: &'a mut Function,
    n_uses: ArenaMap<Value, u32>,
    log: &'a mut Log<'l>,
}

impl Remove<'_, '_> {
    /// From the end to the start: what an operation alone has used goes after it.
    fn region(&mut self, id: RegionId) {
        let ops = std::mem::take(&mut self.function.regions[id].ops);
        let mut kept = Vec::with_capacity(ops.len());
        for op in ops.into_iter().rev() {
            self.drop_results(op);
            let regions: Vec<RegionId> = self.function.ops[op].kind.regions().collect();
            regions.into_iter().for_each(|region| self.region(region));
            if self.is_removable(op) {
                self.remove(op);
            } else {
                kept.push(op);
            }
        }
        kept.reverse();
        self.function.regions[id].ops = kept;
    }

    fn is_unused(&self, value: Value) -> bool {
        self.n_uses.get(value).copied().unwrap_or(0) == 0
    }

    fn unuse(&mut self, value: Value) {
        if let Some(count) = self.n_uses.get_mut(value) {
            *count -= 1;
        }
    }

    /// Results of an `if` that nobody reads are not yielded.
    fn drop_results(&mut self, op: OpId) {
        let OpKind::If { then, otherwise, .. } = self.function.ops[op].kind else { return };
        let results = self.function.ops[op].results.clone();
        let unused: Vec<usize> =
            (0..results.len()).rev().filter(|at| self.is_unused(results[*at])).collect();
        for at in unused {
            self.function.ops[op].results.remove(at);
            for region in [then, otherwise] {
                if let Exit::Yield(values) = &mut self.function.regions[region].exit {
                    let value = values.remove(at);
                    self.unuse(value);
                }
            }
        }
    }

    fn is_removable(&self, op: OpId) -> bool {
        let op = &self.function.ops[op];
        op.results.iter().all(|result| self.is_unused(*result)) && self.is_pure(&op.kind)
    }

    /// No effect, and no way to throw.
    fn is_pure(&self, kind: &OpKind) -> bool {
        match kind {
            OpKind::Const(_)
            | OpKind::Array(_)
            | OpKind::Object(_)
            | OpKind::Closure { .. }
            | OpKind::CellNew(_)
            | OpKind::IsAbsent(_)
            | OpKind::ConfidenceOf(_)
            | OpKind::ValueOf(_)
            | OpKind::MakeConfident(_)
            | OpKind::Halve(_) => true,
            OpKind::Unary { op, .. } => match op {
                UnaryOp::Not | UnaryOp::Typeof => true,
                UnaryOp::Negate | UnaryOp::Plus | UnaryOp::Await => false,
            },
            OpKind::Binary { op, .. } => {
                matches!(op, BinaryOp::Identical | BinaryOp::NotIdentical)
            }
            OpKind::Pattern { op, .. } => op.is_test(),
            OpKind::If { then, otherwise, .. } => {
                let is_empty = |region: &RegionId| {
                    let region = &self.function.regions[*region];
                    region.ops.is_empty() && matches!(region.exit, Exit::Yield(_))
                };
                is_empty(then) && is_empty(otherwise)
            }
            _ => false,
        }
    }

    fn remove(&mut self, op: OpId) {
        let op = self.function.ops[op].clone();
        // Constants go without a word: folding has left them behind.
        if !matches!(op.kind, OpKind::Const(_)) {
            self.log.record(op.source, "a value that nobody reads = nothing");
        }
        op.kind.for_each_operand(|value| self.unuse(value));
        for region in op.kind.regions() {
            let exit = self.function.regions[region].exit.clone();
            exit.for_each_operand(|value| self.unuse(value));
        }
    }
}
