//! Rules 1 and 2: ids exist, regions are a tree, and the tree is not too deep.
//!
//! Walks with a list instead of recursion: what comes later relies on the depth.

use la_arena::ArenaMap;

use super::{Broken, MAX_DEPTH, VerifyError};
use crate::function::{Function, OpId, RegionId, Source, Value};

pub(super) fn verify(function: &Function) -> Result<(), VerifyError> {
    let mut seen_ops: ArenaMap<OpId, ()> = ArenaMap::default();
    let mut seen_regions: ArenaMap<RegionId, ()> = ArenaMap::default();
    let fail = |source: Source, broken: Broken| {
        Err(VerifyError { function: function.name.clone(), source, broken })
    };
    let mut open = vec![(function.body, 1, Source::default())];
    while let Some((id, depth, source)) = open.pop() {
        if !has_region(function, id) {
            return fail(source, Broken::IdOutOfRange("region"));
        }
        if depth > MAX_DEPTH {
            return fail(source, Broken::TooDeep);
        }
        if seen_regions.insert(id, ()).is_some() {
            return fail(source, Broken::UsedTwice("region"));
        }
        let region = &function.regions[id];
        if !region.params.iter().all(|value| has_value(function, *value)) {
            return fail(source, Broken::IdOutOfRange("value"));
        }
        for &op_id in &region.ops {
            if !has_op(function, op_id) {
                return fail(source, Broken::IdOutOfRange("operation"));
            }
            let op = &function.ops[op_id];
            if seen_ops.insert(op_id, ()).is_some() {
                return fail(op.source, Broken::UsedTwice("operation"));
            }
            let mut all_exist = op.results.iter().all(|value| has_value(function, *value));
            op.kind.for_each_operand(|value| all_exist &= has_value(function, value));
            if !all_exist {
                return fail(op.source, Broken::IdOutOfRange("value"));
            }
            open.extend(op.kind.regions().map(|region| (region, depth + 1, op.source)));
        }
        let mut all_exist = region.exit.target().is_none_or(|target| has_op(function, target));
        region.exit.for_each_operand(|value| all_exist &= has_value(function, value));
        if !all_exist {
            return fail(region.exit_source, Broken::IdOutOfRange("value or loop"));
        }
    }
    Ok(())
}

fn has_region(function: &Function, id: RegionId) -> bool {
    (id.into_raw().into_u32() as usize) < function.regions.len()
}

fn has_op(function: &Function, id: OpId) -> bool {
    (id.into_raw().into_u32() as usize) < function.ops.len()
}

fn has_value(function: &Function, id: Value) -> bool {
    (id.into_raw().into_u32() as usize) < function.values.len()
}
