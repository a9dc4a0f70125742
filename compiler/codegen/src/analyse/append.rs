//! Finds texts that grow in a shared variable.
//!
//! ```text
//! %1 = cell_get %0
//! %2 = add %1, %9
//! cell_set %0, %2
//! ```
//!
//! While the variable holds the text, too, the addition has to copy it. The code therefore empties
//! the variable before the addition when that cannot throw: see `emit/append.rs`.

use prism_ir::function::{Function, Region, Ty, Value};
use prism_ir::op::{BinaryOp, OpKind};

use super::{Analysis, How};

/// The variable that takes the result of an addition, and gave its left side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Variable {
    Cell(Value),
    Global(prism_ir::function::GlobalId),
}

pub(super) fn run(function: &Function, analysis: &mut Analysis) {
    for (_, region) in function.regions.iter() {
        for at in 0..region.ops.len() {
            if let Some(variable) = find(function, analysis, region, at) {
                analysis.appends.insert(region.ops[at], variable);
            }
        }
    }
}

fn find(function: &Function, analysis: &Analysis, region: &Region, at: usize) -> Option<Variable> {
    let op = &function.ops[region.ops[at]];
    let OpKind::Binary { op: BinaryOp::Add, confident: false, left, right } = op.kind else {
        return None;
    };
    let result = *op.results.first()?;
    let may_be_text = matches!(function.values[result].ty, Ty::Any | Ty::Text)
        && analysis.number(right).is_none()
        && right != left;
    let are_own = analysis.is_used_once(left) && analysis.is_used_once(result);
    if !may_be_text || !are_own {
        return None;
    }
    let read = match function.ops[*analysis.maker.get(left)?].kind {
        OpKind::CellGet(cell) => Variable::Cell(cell),
        OpKind::GlobalGet(global) => Variable::Global(global),
        _ => return None,
    };
    let next = region.ops[at + 1..].iter().find(|op| analysis.how(**op) == How::Own)?;
    let written = match function.ops[*next].kind {
        OpKind::CellSet { cell, value } if value == result => Variable::Cell(cell),
        OpKind::GlobalSet { global, value } if value == result => Variable::Global(global),
        _ => return None,
    };
    (read == written).then_some(read)
}
