//! Holds the confident values that a loop computes with as two plain ones: value and confidence.
//!
//! Before: any function. After: no loop has arithmetic whose operands are confident for certain
//! and whose results only go into arithmetic, tests, the next turn, or out of the loop.
//! A sum that starts plain and becomes confident has an infinite confidence until then.
//!
//! ```text
//! %2 = annotate %0, %1                      %2 = annotate %0, %1
//!                                           %3 = value_of %2
//! %5 = loop (%6) from (%2) {                %5 = loop (%6) from (%3) {
//!   %7 = add %6, %4                           %7 = add %6, %4
//!   … continue (%7) … break (%6)              … continue (%7) … break (%6)
//! }                                         }
//!                                           %8 = annotate %5, confidence_of %2
//! ```
//!
//! Legal because arithmetic computes with the values and gives the least confidence of both
//! operands, and because a test looks through confidence. A confidence that is the same in
//! each turn is not part of the loop; one that is the same after the first turn is chosen before
//! the loop, where the test of the loop says whether there is one.
//!
//! Where only values from outside of the loop could be confident, such as parameters, the loop is
//! there twice: as it was for those that are plain, and split.

mod apply;
mod find;
mod parts;
mod version;
mod write;

use prism_ir::MAX_DEPTH;
use prism_ir::function::{Function, OpId, RegionId};
use prism_ir::op::OpKind;

use crate::constants::Constants;
use crate::decide_gates::confident_values;
use crate::rewrite::Log;

/// How much deeper regions are nested afterwards.
const DEEPER: usize = 3;

/// How many loops of a function may be there twice.
const MOST_TWICE: usize = 16;

pub(crate) fn run(function: &mut Function, log: &mut Log<'_>) {
    let mut loops = Vec::new();
    let depth = inner_first(function, function.body, &mut loops);
    if depth + DEEPER > MAX_DEPTH {
        return;
    }
    let constants = Constants::of(function);
    let sure = confident_values(function);
    // By their places in `loops`.
    let mut twice: Vec<usize> = Vec::new();
    for (at, Nested { mut around, id, inner }) in loops.into_iter().enumerate() {
        let Some(found) = find::find(function, &constants, &sure, id) else { continue };
        let parts = parts::parts(&found);
        if !found.is_sure_to_pay() {
            let has_one_inside = twice.last().is_some_and(|other| *other >= inner);
            let [first, others @ ..] = &*parts.unsure else { continue };
            if twice.len() == MOST_TWICE || has_one_inside || !found.can_be_twice() {
                continue;
            }
            twice.push(at);
            let equation = "a loop = one for plain values, and one for confident ones";
            log.record(function.ops[id].source, equation);
            around = version::version(function, around, id, *first, others);
        }
        log.record(
            function.ops[id].source,
            "a confident value of a loop = its value, and its confidence apart",
        );
        apply::apply(function, around, id, &parts);
    }
}

/// A loop, and the region it stands in.
struct Nested {
    around: RegionId,
    id: OpId,
    /// Where those inside of it begin, which end where it is.
    inner: usize,
}

/// The loops of a region, each behind those inside of it. Gives how deep the region is.
fn inner_first(function: &Function, around: RegionId, loops: &mut Vec<Nested>) -> usize {
    let mut depth = 0;
    for &id in &function.regions[around].ops {
        let kind = &function.ops[id].kind;
        let inner = loops.len();
        for region in kind.regions() {
            depth = depth.max(inner_first(function, region, loops));
        }
        if let OpKind::Loop { .. } = kind {
            loops.push(Nested { around, id, inner });
        }
    }
    depth + 1
}
