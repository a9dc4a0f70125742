//! Two ways for a loop: one for values that are confident, one for values that are plain.

use prism_ir::function::{Facts, Function, OpId, RegionId, Ty, Value};
use prism_ir::op::{ConfidenceOp, Const, OpKind};

use super::write::{branch, op, push};

/// Puts a loop that stands in the region `around` where it is reached if `first` or one of `others`
/// has a confidence below 1, and its duplicate where it is reached if not. Gives the region of the
/// loop.
///
/// What is confident with 1 goes the way of the plain: both loops give the same for every value.
pub(super) fn version(
    function: &mut Function,
    around: RegionId,
    id: OpId,
    first: Value,
    others: &[Value],
) -> RegionId {
    let duplicate = prism_ir::duplicate(function, id);
    let source = function.ops[id].source;
    let mut fresh = Vec::new();
    for result in function.ops[id].results.clone() {
        let facts = function.values[result];
        fresh.push(function.values.alloc(facts));
    }
    let results = std::mem::replace(&mut function.ops[id].results, fresh.clone());
    let confident = branch(function, vec![id], fresh, source);
    let results_of_plain = function.ops[duplicate].results.clone();
    let plain = branch(function, vec![duplicate], results_of_plain, source);
    let mut before = Vec::new();
    let (number, boolean) = (Facts::plain(Ty::Number), Facts::plain(Ty::Boolean));
    let one = push(function, OpKind::Const(Const::Number(1.0)), number, source, &mut before);
    let at_least = |value| {
        let op = ConfidenceOp::AtLeast;
        OpKind::Confidence { op, left: value, right: one }
    };
    let mut condition = push(function, at_least(first), boolean, source, &mut before);
    for value in others {
        let mut ops = Vec::new();
        let is_one = push(function, at_least(*value), boolean, source, &mut ops);
        let then = branch(function, ops, vec![is_one], source);
        let otherwise = branch(function, Vec::new(), vec![condition], source);
        let all = OpKind::If { condition, then, otherwise };
        condition = push(function, all, boolean, source, &mut before);
    }
    let kind = OpKind::If { condition, then: plain, otherwise: confident };
    before.push(op(function, kind, results, source));
    let ops = &mut function.regions[around].ops;
    let at = ops.iter().position(|op| *op == id).expect("the loop stands in its region");
    ops.splice(at..=at, before);
    confident
}
