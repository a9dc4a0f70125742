//! Removes paths that are never taken.
//!
//! Before: any function. After: no `if` on a constant, and nothing behind an operation that never
//! goes on. Does not remove what nobody uses any more; `remove_unused` does.
//!
//! ```text
//! %1 = const true
//! %2 = if %1 {
//!   %3 = call @1 ()      %3 = call @1 ()
//!   yield (%3)
//! } else {
//!   yield (%0)
//! }
//! return %2              return %3
//! ```
//!
//! Legal for any condition that is known: the other side would not have run.

use la_arena::ArenaMap;
use prism_ir::function::{Function, OpId, RegionId, Value};
use prism_ir::op::{Exit, OpKind};

use crate::constants::{Constants, truthy};
use crate::rewrite::Log;

pub(crate) fn run(function: &mut Function, log: &mut Log<'_>) {
    let constants = Constants::of(function);
    let mut remove = Remove { function, constants, replaced: ArenaMap::default(), log };
    remove.region(remove.function.body);
}

struct Remove<'a, 'l> {
    function: &'a mut Function,
    constants: Constants,
    /// Results of removed operations, and what stands for them.
    replaced: ArenaMap<Value, Value>,
    log: &'a mut Log<'l>,
}

impl Remove<'_, '_> {
    /// Rebuilds the list of a region's operations. A region that takes the place of an `if` is
    /// walked in the same way, so its operations are done when they are appended.
    fn region(&mut self, id: RegionId) {
        let ops = std::mem::take(&mut self.function.regions[id].ops);
        let mut kept = Vec::with_capacity(ops.len());
        let n_ops = ops.len();
        for (at, op) in ops.into_iter().enumerate() {
            self.rename(op);
            let ends = match self.taken(op) {
                Some(taken) => self.splice(op, taken, &mut kept),
                None => self.keep(op, &mut kept),
            };
            if let Some((exit, source)) = ends {
                if at + 1 < n_ops {
                    self.log.record(source, "code behind an exit = nothing");
                }
                self.function.regions[id].exit = exit;
                self.function.regions[id].ops = kept;
                return;
            }
        }
        self.function.regions[id].ops = kept;
        let mut exit = std::mem::replace(&mut self.function.regions[id].exit, Exit::Unreachable);
        exit.for_each_operand_mut(|value| *value = self.resolve(*value));
        self.function.regions[id].exit = exit;
    }

    fn rename(&mut self, op: OpId) {
        let mut kind =
            std::mem::replace(&mut self.function.ops[op].kind, OpKind::Array(Vec::new()));
        kind.for_each_operand_mut(|value| *value = self.resolve(*value));
        self.function.ops[op].kind = kind;
    }

    fn resolve(&self, value: Value) -> Value {
        self.replaced.get(value).copied().unwrap_or(value)
    }

    /// The region of an `if` that is always taken.
    fn taken(&self, op: OpId) -> Option<RegionId> {
        let OpKind::If { condition, then, otherwise } = self.function.ops[op].kind else {
            return None;
        };
        let condition = self.constants.get(condition)?;
        Some(if truthy(condition) { then } else { otherwise })
    }

    /// Puts the operations of a region in the place of the operation that held it. What ends the
    /// region other than by a `yield` ends the place, too.
    fn splice(&mut self, op: OpId, taken: RegionId, kept: &mut Vec<OpId>) -> Option<End> {
        let source = self.function.ops[op].source;
        let OpKind::If { then, .. } = self.function.ops[op].kind else { return None };
        let equation = if taken == then {
            "if true { a } else { b } = a"
        } else {
            "if false { a } else { b } = b"
        };
        self.log.record(source, equation);
        self.region(taken);
        let region = &mut self.function.regions[taken];
        kept.append(&mut region.ops);
        match std::mem::replace(&mut region.exit, Exit::Unreachable) {
            Exit::Yield(values) => {
                let results = self.function.ops[op].results.clone();
                for (result, value) in results.into_iter().zip(values) {
                    self.replaced.insert(result, value);
                    if let Some(constant) = self.constants.get(value).cloned() {
                        self.constants.set(result, constant);
                    }
                }
                None
            }
            exit => Some((exit, region.exit_source)),
        }
    }

    fn keep(&mut self, op: OpId, kept: &mut Vec<OpId>) -> Option<End> {
        kept.push(op);
        let regions: Vec<RegionId> = self.function.ops[op].kind.regions().collect();
        regions.iter().for_each(|region| self.region(*region));
        let op = &self.function.ops[op];
        let never_goes_on = match &op.kind {
            OpKind::Fail { .. } => true,
            OpKind::If { .. } => regions
                .iter()
                .all(|region| !matches!(self.function.regions[*region].exit, Exit::Yield(_))),
            _ => false,
        };
        never_goes_on.then_some((Exit::Unreachable, op.source))
    }
}

/// How a region ends early, and where that is written.
type End = (Exit, prism_ir::function::Source);
