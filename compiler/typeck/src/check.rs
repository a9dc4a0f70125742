//! Checking a file: every item is inferred, and those that others call first.
//!
//! Inference asks for the signatures of what a body calls, whichever file that is in. Whoever
//! settles a file after the files it imports, as `prism_project` does, finds them known already;
//! in a file, callees come before callers. So a long chain of calls or of imports does not become
//! a deep stack.

use std::collections::BTreeMap;

use prism_diagnostics::Diagnostic;
use prism_hir::{Item, ItemKind, item_tree, operation_spans};
use prism_source::{Db, SourceFile};
use rustc_hash::FxHashSet;

use crate::confidence::{Confidence, Level};
use crate::diagnostics::{diagnostics, no_demand};
use crate::queries::{callees, demand_of, functions_by_name, signature};
use crate::types::Text;

/// The problems of all items of a file, in the order of the text. The files that it imports
/// should be settled before.
pub fn check(db: &dyn Db, file: SourceFile) -> Vec<Diagnostic> {
    settle(db, file);
    let tree = item_tree(db, file);
    let mut all: Vec<Diagnostic> = Vec::new();
    for item in tree.items.iter().copied().chain([tree.module]) {
        all.extend(diagnostics(db, item));
    }
    all.extend(irreversible_effects(db, file));
    all.sort_by_key(|diagnostic| (diagnostic.place.span.start, diagnostic.code));
    all
}

/// Irreversible operations whose parameters demand no check.
fn irreversible_effects(db: &dyn Db, file: SourceFile) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let effects = &item_tree(db, file).effects;
    // Places change with every edit; most files have no reason to ask for them.
    if !effects.iter().flat_map(|effect| &effect.operations).any(|one| one.is_irreversible) {
        return found;
    }
    for (effect, spans) in effects.iter().zip(operation_spans(db, file)) {
        for (operation, spans) in effect.operations.iter().zip(spans) {
            if !operation.is_irreversible {
                continue;
            }
            let demands = operation.params.iter().map(|param| demand_of(db, file, param));
            let demands: Vec<Confidence> = demands.collect();
            if demands.iter().any(|demand| demand.low > 0.0 && demand.level > Level::Unknown) {
                continue;
            }
            found.push(no_demand(file.id(db), &operation.name, spans, demands.first().copied()));
        }
    }
    found
}

/// Finds the signatures of all functions of a file.
#[salsa::tracked]
pub fn settle(db: &dyn Db, file: SourceFile) {
    for item in inference_order(db, file) {
        if matches!(item.kind(db), ItemKind::Function | ItemKind::Pattern) {
            signature(db, item);
        }
    }
}

/// The items of a file, callees before callers as far as calls do not run in circles.
fn inference_order<'db>(db: &'db dyn Db, file: SourceFile) -> Vec<Item<'db>> {
    let tree = item_tree(db, file);
    let functions: BTreeMap<Text, Item<'db>> = functions_by_name(db, file);
    let next = |item: Item<'db>, index: usize| {
        // Names that are no function of the file stand for the item itself: it is seen already.
        let name = callees(db, item).get(index)?;
        Some(functions.get(name).copied().unwrap_or(item))
    };
    let mut order = Vec::with_capacity(tree.items.len() + 1);
    let mut seen = FxHashSet::default();
    for item in tree.items.iter().copied().chain([tree.module]) {
        depth_first(item, next, &mut seen, &mut order);
    }
    order
}

/// Depth first with its own stack: what a node leads to is placed before the node.
fn depth_first<T: Copy + Eq + std::hash::Hash>(
    start: T,
    next: impl Fn(T, usize) -> Option<T>,
    seen: &mut FxHashSet<T>,
    order: &mut Vec<T>,
) {
    let mut open = if seen.insert(start) { vec![(start, 0)] } else { Vec::new() };
    while let Some((node, index)) = open.pop() {
        match next(node, index) {
            Some(to) => {
                open.push((node, index + 1));
                if seen.insert(to) {
                    open.push((to, 0));
                }
            }
            None => order.push(node),
        }
    }
}
