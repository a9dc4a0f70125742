//! What each variable is bound to at this point of lowering, with a log to undo a branch.

use prism_hir::body::LocalId;
use prism_ir::function::{GlobalId, Value};
use rustc_hash::FxHashMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    /// The SSA value the variable has now.
    Value(Value),
    /// The cell that holds it.
    Cell(Value),
    Global(GlobalId),
}

#[derive(Debug, Default)]
pub(crate) struct Env {
    bindings: FxHashMap<LocalId, Binding>,
    log: Vec<(LocalId, Option<Binding>)>,
}

/// A point in the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark(usize);

impl Env {
    pub fn get(&self, local: LocalId) -> Option<Binding> {
        self.bindings.get(&local).copied()
    }

    pub fn set(&mut self, local: LocalId, binding: Binding) {
        let before = self.bindings.insert(local, binding);
        self.log.push((local, before));
    }

    pub fn mark(&self) -> Mark {
        Mark(self.log.len())
    }

    /// Takes back everything since `mark` and tells what it was, a variable once, in the order
    /// of the first change.
    pub fn rollback(&mut self, mark: Mark) -> Vec<(LocalId, Binding)> {
        let undone = self.log.split_off(mark.0);
        let mut changes: Vec<(LocalId, Binding)> = Vec::new();
        let mut seen = rustc_hash::FxHashSet::default();
        for (local, _) in &undone {
            if seen.insert(*local) {
                changes.push((*local, self.bindings[local]));
            }
        }
        for (local, before) in undone.into_iter().rev() {
            match before {
                Some(binding) => self.bindings.insert(local, binding),
                None => self.bindings.remove(&local),
            };
        }
        changes
    }
}
