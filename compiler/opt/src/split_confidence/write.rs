//! New operations and regions of a loop, which have its place in the text.

use prism_ir::function::{Facts, Function, OpId, Region, RegionId, Source, Value};
use prism_ir::op::{Exit, Op, OpKind};

pub(super) fn op(
    function: &mut Function,
    kind: OpKind,
    results: Vec<Value>,
    source: Source,
) -> OpId {
    function.ops.alloc(Op { kind, results, source, site: None })
}

/// One with a result, at the end of `ops`.
pub(super) fn push(
    function: &mut Function,
    kind: OpKind,
    facts: Facts,
    source: Source,
    ops: &mut Vec<OpId>,
) -> Value {
    let result = function.values.alloc(facts);
    ops.push(op(function, kind, vec![result], source));
    result
}

/// A way through an `if`.
pub(super) fn branch(
    function: &mut Function,
    ops: Vec<OpId>,
    values: Vec<Value>,
    source: Source,
) -> RegionId {
    let exit = Exit::Yield(values);
    function.regions.alloc(Region { params: Vec::new(), ops, exit, exit_source: source })
}
