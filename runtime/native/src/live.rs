//! Which registers the code from a place on may still read.
//!
//! What nobody reads need not be kept for the interpreter, except for references, which must be
//! given back. In a function with an exception table everything counts as read: any instruction
//! may lead to its handlers.

use prism_bytecode::Verified;
use rustc_hash::FxHashMap;

use crate::flow::reach;
use crate::step::{Regs, Step, function_at};

/// By instruction: registers alive, or otherwise of interest, before it.
pub(crate) type Live = FxHashMap<u32, Regs>;

/// The steps are in the order of their places and closed under *leads to*.
pub(crate) fn live(steps: &[Step], has_catches: bool) -> Live {
    read_after(steps, has_catches, |step| step.registers().0)
}

/// Registers whose values reach a reader of interest, which says what it reads.
pub(crate) fn read_after(steps: &[Step], has_catches: bool, read: impl Fn(&Step) -> Regs) -> Live {
    if has_catches {
        return steps.iter().map(|step| (step.pc, Regs::ALL)).collect();
    }
    let reads: Vec<Regs> = steps.iter().map(read).collect();
    let mut live: Live = steps.iter().map(|step| (step.pc, Regs::default())).collect();
    let mut is_changed = true;
    while is_changed {
        is_changed = false;
        for (step, read) in steps.iter().zip(&reads).rev() {
            let next = if step.ends() { Regs::default() } else { live[&step.next] };
            let taken = step.target.map_or_else(Regs::default, |target| live[&target]);
            let before = step.before(*read, next, taken);
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
