//! Which registers the code from a place on may still read.
//!
//! What nobody reads need not be kept for the interpreter, except for references, which must be
//! given back. In a function with an exception table everything counts as read: any instruction
//! may lead to its handlers.

use prism_bytecode::Verified;
use rustc_hash::FxHashMap;

use crate::flow::reach;
use crate::step::{Regs, Step, function_at};

/// By instruction: registers alive before it.
pub(crate) type Live = FxHashMap<u32, Regs>;

/// The steps are in the order of their places and closed under *leads to*.
pub(crate) fn live(steps: &[Step], has_catches: bool) -> Live {
    if has_catches {
        return steps.iter().map(|step| (step.pc, Regs::ALL)).collect();
    }
    let mut live: Live = steps.iter().map(|step| (step.pc, Regs::default())).collect();
    let mut is_changed = true;
    while is_changed {
        is_changed = false;
        for step in steps.iter().rev() {
            let mut after = Regs::default();
            if !step.ends() {
                after = live[&step.next];
            }
            if let Some(target) = step.target {
                after = after.union(live[&target]);
            }
            let before = step.before(after);
            if live[&step.pc] != before {
                live.insert(step.pc, before);
                is_changed = true;
            }
        }
    }
    live
}

/// Registers alive before an instruction; `None` for too long code.
pub(crate) fn live_at(program: &Verified, pc: u32) -> Option<Regs> {
    let (id, _, _) = function_at(program, pc);
    let has_catches = !program.module().functions[id.index()].catches.is_empty();
    let (steps, _) = reach(program, pc)?;
    let steps: Vec<Step> = steps.values().copied().collect();
    live(&steps, has_catches).get(&pc).copied()
}
