//! Checking a file: every item is inferred, those that others call first.

use std::collections::BTreeMap;

use prism_diagnostics::Diagnostic;
use prism_hir::{Item, ItemKind, item_tree};
use prism_source::{Db, SourceFile};
use rustc_hash::FxHashSet;

use crate::diagnostics::diagnostics;
use crate::queries::{callees, functions_by_name, signature};
use crate::types::Text;

/// The problems of all items of a file, in the order of the text.
/// Files that this one imports should be checked before it: see [`inference_order`].
pub fn check(db: &dyn Db, file: SourceFile) -> Vec<Diagnostic> {
    for item in inference_order(db, file) {
        if matches!(item.kind(db), ItemKind::Function | ItemKind::Pattern) {
            signature(db, item);
        }
    }
    let tree = item_tree(db, file);
    let mut all: Vec<Diagnostic> = Vec::new();
    for item in tree.items.iter().copied().chain([tree.module]) {
        all.extend(diagnostics(db, item));
    }
    all.sort_by_key(|diagnostic| (diagnostic.place.span.start, diagnostic.code));
    all
}

/// The items of a file, callees before callers as far as calls do not run in circles.
///
/// Inference asks for the signatures of what a body calls. In this order they are known
/// already, so that a long chain of functions does not become a deep stack.
pub fn inference_order<'db>(db: &'db dyn Db, file: SourceFile) -> Vec<Item<'db>> {
    let tree = item_tree(db, file);
    let by_name = functions_by_name(db, file);
    let mut order = Vec::with_capacity(tree.items.len() + 1);
    let mut seen: FxHashSet<Item<'db>> = FxHashSet::default();
    for item in tree.items.iter().copied().chain([tree.module]) {
        visit(db, item, &by_name, &mut seen, &mut order);
    }
    order
}

/// Depth first, with its own stack: callees are pushed before their caller is placed.
fn visit<'db>(
    db: &'db dyn Db,
    start: Item<'db>,
    by_name: &BTreeMap<Text, Item<'db>>,
    seen: &mut FxHashSet<Item<'db>>,
    order: &mut Vec<Item<'db>>,
) {
    let mut open = vec![(start, 0)];
    if !seen.insert(start) {
        return;
    }
    while let Some((item, next)) = open.pop() {
        let callees = callees(db, item);
        match callees.get(next) {
            Some(name) => {
                open.push((item, next + 1));
                if let Some(callee) = by_name.get(name)
                    && seen.insert(*callee)
                {
                    open.push((*callee, 0));
                }
            }
            None => order.push(item),
        }
    }
}
