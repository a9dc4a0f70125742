//! Computes operations whose operands are constants.
//!
//! Before: any function. After: no operation that [`Constants::evaluate`] knows has constant
//! operands only. Does not remove what nobody uses any more; `remove_unused` does.
//!
//! ```text
//! %1 = const 2.0
//! %2 = const 3.0
//! %3 = add %1, %2        %3 = const 5.0
//! ```
//!
//! Legal when the operation cannot throw, whatever its effects on confidence: constants are
//! plain, and so is what they give.

use prism_ir::function::{Function, OpId, RegionId};
use prism_ir::op::OpKind;

use crate::constants::{Constants, facts, shown};
use crate::rewrite::Log;

pub(crate) fn run(function: &mut Function, log: &mut Log<'_>) {
    let mut constants = Constants::of(function);
    region(function, function.body, &mut constants, log);
}

/// In order, so that one constant leads to the next.
fn region(function: &mut Function, id: RegionId, constants: &mut Constants, log: &mut Log<'_>) {
    for at in 0..function.regions[id].ops.len() {
        let op = function.regions[id].ops[at];
        fold(function, op, constants, log);
        for inner in function.ops[op].kind.regions() {
            region(function, inner, constants, log);
        }
    }
}

fn fold(function: &mut Function, id: OpId, constants: &mut Constants, log: &mut Log<'_>) {
    let op = &function.ops[id];
    let ([result], Some(constant)) = (&*op.results, constants.evaluate(&op.kind)) else { return };
    let result = *result;
    log.record(op.source, equation(&op.kind, constants, &shown(&constant)));
    function.values[result] = facts(&constant);
    constants.set(result, constant.clone());
    function.ops[id].kind = OpKind::Const(constant);
}

fn equation(kind: &OpKind, constants: &Constants, result: &str) -> String {
    let operands: Vec<String> =
        kind.operands().into_iter().filter_map(|value| constants.get(value).map(shown)).collect();
    format!("{} {} = {result}", name(kind), operands.join(", "))
}

fn name(kind: &OpKind) -> String {
    match kind {
        OpKind::Unary { op, .. } => format!("{op:?}").to_lowercase(),
        OpKind::Binary { op, .. } => format!("{op:?}").to_lowercase(),
        OpKind::Confidence { op, .. } => format!("{op:?}").to_lowercase(),
        OpKind::Template(_) => "template".to_owned(),
        OpKind::ConfidenceOf(_) => "confidence of".to_owned(),
        OpKind::ValueOf(_) => "value of".to_owned(),
        OpKind::IsAbsent(_) => "absent".to_owned(),
        _ => "test".to_owned(),
    }
}
