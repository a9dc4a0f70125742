//! Decides gates and bands by what is known of the confidence they ask about.
//!
//! Before: any function. After: no gate that always or never passes, and no band that is always
//! the same. Does not remove the paths that become dead; `remove_dead_paths` does.
//!
//! ```text
//! %1: any ~[0.9, 1.0] = …
//! %2 = const 0.8
//! %3 = at_least %1, %2       %3 = const true
//! ```
//!
//! Legal when the limit is a constant that the machine accepts and the interval lies on one side
//! of it. `uncertain` throws for a plain value: its band is decided only for a value that is
//! made confident in sight.

use prism_ir::function::{Function, Interval, OpId, Value};
use prism_ir::op::{ConfidenceOp, Const, OpKind};

use crate::constants::{Constants, facts, shown};
use crate::rewrite::Log;

pub(crate) fn run(function: &mut Function, log: &mut Log<'_>) {
    let constants = Constants::of(function);
    let confident = confident_values(function);
    let ops: Vec<OpId> = function.ops.iter().map(|(id, _)| id).collect();
    for id in ops {
        let op = &function.ops[id];
        let decided = decide(function, &constants, &confident, &op.kind);
        if let (Some((constant, equation)), [result]) = (decided, &*op.results) {
            let result = *result;
            log.record(op.source, format!("{equation} = {}", shown(&constant)));
            function.values[result] = facts(&constant);
            function.ops[id].kind = OpKind::Const(constant);
        }
    }
}

/// Values that are confident for certain.
pub(crate) fn confident_values(function: &Function) -> la_arena::ArenaMap<Value, ()> {
    let mut confident = la_arena::ArenaMap::default();
    for (_, op) in function.ops.iter() {
        let is_confident = match &op.kind {
            OpKind::Confidence { op, .. } => match op {
                ConfidenceOp::Annotate
                | ConfidenceOp::And
                | ConfidenceOp::Or
                | ConfidenceOp::Chain
                | ConfidenceOp::Product
                | ConfidenceOp::Scale => true,
                ConfidenceOp::Gate
                | ConfidenceOp::AtLeast
                | ConfidenceOp::More
                | ConfidenceOp::Inherit => false,
            },
            OpKind::Binary { confident, .. } => *confident,
            OpKind::MakeConfident(_) | OpKind::Halve(_) => true,
            _ => false,
        };
        if is_confident {
            op.results.iter().for_each(|value| {
                confident.insert(*value, ());
            });
        }
    }
    confident
}

fn decide(
    function: &Function,
    constants: &Constants,
    confident: &la_arena::ArenaMap<Value, ()>,
    kind: &OpKind,
) -> Option<(Const, String)> {
    match kind {
        OpKind::Confidence { op, left, right } => {
            let limit = constants.limit(*right)?;
            let interval = interval(function, *left);
            let passes = passes(interval, limit)?;
            let word = match (op, passes) {
                (ConfidenceOp::AtLeast, _) => "at_least",
                // A gate that is confident enough still asks for the value.
                (ConfidenceOp::Gate, false) => "gate",
                _ => return None,
            };
            let known = known(interval);
            Some((Const::Bool(passes), format!("{word} {known}, {limit}")))
        }
        OpKind::Band { value, high, medium, strict } => {
            if *strict && !confident.contains_idx(*value) {
                return None;
            }
            let (high, medium) = (constants.limit(*high)?, constants.limit(*medium)?);
            let interval = interval(function, *value);
            let band = match (passes(interval, high)?, passes(interval, medium)) {
                (true, _) => 2.0,
                (false, Some(true)) => 1.0,
                (false, Some(false)) => 0.0,
                (false, None) => return None,
            };
            let equation = format!("band {}, {high}, {medium}", known(interval));
            Some((Const::Number(band), equation))
        }
        _ => None,
    }
}

fn interval(function: &Function, value: Value) -> Interval {
    let facts = function.values[value];
    if facts.is_plain { Interval { low: 1.0, high: 1.0 } } else { facts.confidence }
}

/// Whether every confidence of the interval is at least `limit`; `None` if it depends.
fn passes(interval: Interval, limit: f64) -> Option<bool> {
    if interval.low >= limit {
        Some(true)
    } else if interval.high < limit {
        Some(false)
    } else {
        None
    }
}

fn known(interval: Interval) -> String {
    format!("[{}, {}]", interval.low, interval.high)
}
