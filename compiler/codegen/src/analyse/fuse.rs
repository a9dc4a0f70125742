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

use prism_ir::function::{Function, OpId, Region, Value};
use prism_ir::op::{BinaryOp, ConfidenceOp, OpKind, PatternOp, UnaryOp};

use super::{Analysis, How};

pub(super) fn run(function: &Function, analysis: &mut Analysis) {
    for (_, region) in function.regions.iter() {
        for (at, op) in region.ops.iter().enumerate() {
            if let OpKind::If { condition, .. } = &function.ops[*op].kind {
                fuse(function, analysis, region, at, *condition);
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
) {
    while let Some(before) = op_before(analysis, region, at) {
        let id = region.ops[before];
        let op = &function.ops[id];
        if op.results != [tested] || !analysis.is_used_once(tested) || !is_test(&op.kind) {
            return;
        }
        analysis.how.insert(id, How::Fused);
        match &op.kind {
            OpKind::Unary { operand, .. } => {
                tested = *operand;
                at = before;
            }
            _ => return,
        }
    }
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
        OpKind::Pattern { op, .. } => match op {
            PatternOp::HasField(_)
            | PatternOp::IsArray { .. }
            | PatternOp::IsObject(_)
            | PatternOp::IsConst(_)
            | PatternOp::IsNull => true,
            PatternOp::ExpectArray
            | PatternOp::ExpectObject
            | PatternOp::Element(_)
            | PatternOp::Field(_)
            | PatternOp::ArrayRest(_)
            | PatternOp::ObjectRest(_) => false,
        },
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
