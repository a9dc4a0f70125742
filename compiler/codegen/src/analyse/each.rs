//! Finds loops over the elements of an array.
//!
//! ```text
//! %1 = items %0
//! %2 = item_count %1
//! %3 = const 0.0
//! loop 'l0 (%4) from (%3) {
//!   %5 = less %4, %2
//!   if %5 {
//!     %6 = item_at %1, %4
//!     …
//!     %7 = const 1.0
//!     %8 = add %4, %7
//!     continue 'l0 (%8)
//!   } else {
//!     break 'l0 ()
//!   }
//! }
//! ```
//!
//! One instruction steps, tests and reads. The position is a register beside the items that the
//! instruction counts up itself, so nothing may take it away while the loop runs.

use la_arena::ArenaMap;
use prism_ir::function::{Function, OpId, RegionId, Value};
use prism_ir::op::{BinaryOp, Exit, OpKind};

use super::{Analysis, How};

/// A loop of this shape.
#[derive(Debug, Clone)]
pub(crate) struct ForEach {
    pub items: Value,
    pub position: Value,
    pub item_at: OpId,
}

pub(super) fn run(function: &Function, analysis: &mut Analysis) {
    let mut continues: ArenaMap<OpId, Vec<Value>> = ArenaMap::default();
    for (_, region) in function.regions.iter() {
        if let Exit::Continue { target, values } = &region.exit
            && let Some(first) = values.first()
        {
            continues.entry(*target).or_default().push(*first);
        }
    }
    let loops: Vec<OpId> = function
        .ops
        .iter()
        .filter(|(id, op)| matches!(op.kind, OpKind::Loop { .. }) && analysis.repeats(*id))
        .map(|(id, _)| id)
        .collect();
    for id in loops {
        let next = continues.remove(id).unwrap_or_default();
        if let Some(found) = find(function, analysis, id, &next) {
            take_over(function, analysis, id, found, &next);
        }
    }
}

struct Found {
    for_each: ForEach,
    count: OpId,
    less: OpId,
}

fn find(function: &Function, analysis: &Analysis, id: OpId, next: &[Value]) -> Option<Found> {
    let OpKind::Loop { initial, body } = &function.ops[id].kind else { return None };
    if analysis.number(*initial.first()?)?.to_bits() != 0 {
        return None;
    }
    let region = &function.regions[*body];
    let position = *region.params.first()?;
    let mut ops = region.ops.iter().filter(|op| analysis.how(**op) != How::Again);
    let (less, test) = (*ops.next()?, *ops.next()?);
    if ops.next().is_some() || analysis.how(less) != How::Fused {
        return None;
    }
    let OpKind::Binary { op: BinaryOp::Less, left, right, .. } = function.ops[less].kind else {
        return None;
    };
    let OpKind::If { then, otherwise, .. } = function.ops[test].kind else { return None };
    let count = *analysis.maker.get(right)?;
    let OpKind::ItemCount(items) = function.ops[count].kind else { return None };
    let leaves = leaves_without(function, analysis, otherwise, id, position);
    let goes_on = !matches!(function.regions[then].exit, Exit::Yield(_));
    if !goes_on || region.exit != Exit::Unreachable || !function.ops[test].results.is_empty() {
        return None;
    }
    if left != position || !leaves || !analysis.is_used_once(right) {
        return None;
    }
    let item_at = first_item(function, analysis, then, items, position)?;
    let all_step = next.iter().all(|value| is_step(function, analysis, *value, position));
    let for_each = ForEach { items, position, item_at };
    all_step.then_some(Found { for_each, count, less })
}

/// Whether a region does nothing but leave the loop. After the last turn the position is that of
/// the last element, so nobody may read it there.
fn leaves_without(
    function: &Function,
    analysis: &Analysis,
    id: RegionId,
    target: OpId,
    position: Value,
) -> bool {
    let region = &function.regions[id];
    let is_empty = region.ops.iter().all(|op| analysis.how(*op) == How::Again);
    let leaves = matches!(region.exit, Exit::Break { target: found, .. } if found == target);
    is_empty && leaves && !region.exit.operands().contains(&position)
}

/// The operation that reads the element, if the body begins with it.
fn first_item(
    function: &Function,
    analysis: &Analysis,
    body: RegionId,
    items: Value,
    position: Value,
) -> Option<OpId> {
    let mut ops = function.regions[body].ops.iter();
    let first = *ops.find(|op| analysis.how(**op) != How::Again)?;
    let reads = OpKind::ItemAt { items, index: position };
    (function.ops[first].kind == reads).then_some(first)
}

/// `position + 1`, for nothing but the next turn.
fn is_step(function: &Function, analysis: &Analysis, value: Value, position: Value) -> bool {
    let Some(maker) = analysis.maker.get(value) else { return false };
    let OpKind::Binary { op: BinaryOp::Add, left, right, .. } = function.ops[*maker].kind else {
        return false;
    };
    left == position && analysis.number(right) == Some(1.0) && analysis.is_used_once(value)
}

fn take_over(function: &Function, analysis: &mut Analysis, id: OpId, found: Found, next: &[Value]) {
    let Found { for_each, count, less } = found;
    let steps = next.iter().filter_map(|value| analysis.maker.get(*value).copied());
    let taken: Vec<OpId> = steps.chain([count, less]).collect();
    debug_assert!(taken.iter().all(|op| !function.ops[*op].results.is_empty()));
    for op in taken {
        analysis.how.insert(op, How::InLoop);
    }
    analysis.how.insert(for_each.item_at, How::Element);
    analysis.items.insert(for_each.items, ());
    analysis.for_each.insert(id, for_each);
}
