//! Finds tests that an `if` right behind them does itself.
//!
//! ```text
//! %2 = less %0, %1        jump_not_less r0, r1, else
//! if %2 { …
//! ```
//!
//! The test has no other use and nothing that leaves code stands between the two, so that its
//! operands are still where they were. A chain of `not`, and an `if` whose only result is tested
//! (`a && b`), are fused in the same way.

use prism_ir::function::{Function, OpId, Region, RegionId, Value};
use prism_ir::op::{BinaryOp, ConfidenceOp, Exit, OpKind, UnaryOp};

use super::{Analysis, How};

pub(super) fn run(function: &Function, analysis: &mut Analysis) {
    for (_, region) in function.regions.iter() {
        // From the end: an `if` that is fused itself may pass its condition on.
        for (at, op) in region.ops.iter().enumerate().rev() {
            if let OpKind::If { condition, .. } = &function.ops[*op].kind {
                let n_passed = n_passed_on(function, analysis, *op, *condition);
                fuse(function, analysis, region, at, *condition, 1 + n_passed);
            }
        }
    }
}

fn fuse(
    function: &Function,
    analysis: &mut Analysis,
    region: &Region,
    mut at: usize,
    mut tested: Value,
    mut n_uses: u32,
) {
    while let Some(before) = op_before(analysis, region, at) {
        let id = region.ops[before];
        let op = &function.ops[id];
        let is_only_tested = analysis.n_uses.get(tested) == Some(&n_uses);
        if op.results != [tested] || !is_only_tested || !is_test(&op.kind) {
            return;
        }
        analysis.how.insert(id, How::Fused);
        match &op.kind {
            OpKind::Unary { operand, .. } => {
                tested = *operand;
                at = before;
                n_uses = 1;
            }
            OpKind::If { then, otherwise, .. } => {
                return fuse_yields(function, analysis, [*then, *otherwise]);
            }
            _ => return,
        }
    }
}

/// What the regions of a fused `if` yield is tested at their ends.
fn fuse_yields(function: &Function, analysis: &mut Analysis, regions: [RegionId; 2]) {
    for id in regions {
        let region = &function.regions[id];
        if let Exit::Yield(values) = &region.exit {
            fuse(function, analysis, region, region.ops.len(), values[0], 1);
        }
    }
}

/// How often the regions of an `if` yield its own condition, when the result is only tested:
/// there the condition is known, and nobody needs the value.
fn n_passed_on(function: &Function, analysis: &Analysis, id: OpId, condition: Value) -> u32 {
    if analysis.how(id) != How::Fused {
        return 0;
    }
    let yields = |region: RegionId| match &function.regions[region].exit {
        Exit::Yield(values) => values.iter().filter(|value| **value == condition).count() as u32,
        _ => 0,
    };
    function.ops[id].kind.regions().map(yields).sum()
}

/// The operation before position `at`, past those that leave no code.
fn op_before(analysis: &Analysis, region: &Region, at: usize) -> Option<usize> {
    let leaves_code = |op: &OpId| analysis.how(*op) == How::Own;
    region.ops[..at].iter().rposition(leaves_code)
}

fn is_test(kind: &OpKind) -> bool {
    match kind {
        OpKind::Unary { op, .. } => *op == UnaryOp::Not,
        OpKind::Binary { op, .. } => is_comparison(*op),
        OpKind::Confidence { op, .. } => {
            matches!(op, ConfidenceOp::Gate | ConfidenceOp::AtLeast)
        }
        OpKind::Pattern { op, .. } => op.is_test(),
        OpKind::IsAbsent(_) | OpKind::If { .. } => true,
        _ => false,
    }
}

/// Comparisons that have a jump of their own.
pub(crate) fn is_comparison(op: BinaryOp) -> bool {
    match op {
        BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Identical
        | BinaryOp::NotIdentical
        | BinaryOp::Less
        | BinaryOp::LessEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterEqual => true,
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Remainder
        | BinaryOp::Power
        | BinaryOp::Instanceof
        | BinaryOp::In => false,
    }
}
