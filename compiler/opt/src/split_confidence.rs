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

mod apply;
mod find;
mod parts;

use prism_ir::MAX_DEPTH;
use prism_ir::function::{Function, OpId, RegionId};
use prism_ir::op::OpKind;

use crate::constants::Constants;
use crate::decide_gates::confident_values;
use crate::rewrite::Log;

/// How much deeper regions are nested afterwards.
const DEEPER: usize = 2;

pub(crate) fn run(function: &mut Function, log: &mut Log<'_>) {
    let mut loops = Vec::new();
    let depth = inner_first(function, function.body, &mut loops);
    if depth + DEEPER > MAX_DEPTH {
        return;
    }
    let constants = Constants::of(function);
    let sure = confident_values(function);
    for (around, id) in loops {
        let Some(found) = find::find(function, &constants, &sure, id) else { continue };
        let parts = parts::parts(&found);
        log.record(
            function.ops[id].source,
            "a confident value of a loop = its value, and its confidence apart",
        );
        apply::apply(function, around, id, &parts);
    }
}

/// The loops of a region, each behind those inside of it, with the regions they stand in. Gives
/// how deep the region is.
fn inner_first(function: &Function, id: RegionId, loops: &mut Vec<(RegionId, OpId)>) -> usize {
    let mut depth = 0;
    for &op in &function.regions[id].ops {
        let kind = &function.ops[op].kind;
        for region in kind.regions() {
            depth = depth.max(inner_first(function, region, loops));
        }
        if let OpKind::Loop { .. } = kind {
            loops.push((id, op));
        }
    }
    depth + 1
}
