//! Functions of a file that call each other in a circle.
//!
//! Inference of a function asks for the signatures of what it calls, so a circle cannot be
//! inferred one function after the other. Inside a circle a function is known by its head:
//! parameters, declared result, and its effects. The effects are found by walking the bodies of
//! the circle until none of them has a new one; sets only grow, so that comes to an end.

use std::collections::BTreeMap;
use std::sync::Arc;

use prism_hir::Item;
use prism_source::{Db, SourceFile};
use rustc_hash::FxHashMap;

use crate::effects::Effects;
use crate::flow::{Root, infer_body};
use crate::queries::{FileWorld, callees, functions_by_name, head};
use crate::types::{Fact, FunctionType, Text, Types};
use crate::world::Typed;

/// Walks through a circle before its functions are said to do what any of them does.
const MAX_ROUNDS: usize = 5;

/// Number of the circle that a function belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Circle(u32);

/// The functions of a file that are part of a circle.
#[salsa::tracked]
pub(super) fn circles(db: &dyn Db, file: SourceFile) -> Arc<BTreeMap<Text, Circle>> {
    let functions = functions_by_name(db, file);
    let names: Vec<Text> = functions.keys().cloned().collect();
    let index: FxHashMap<&str, usize> =
        names.iter().enumerate().map(|(index, name)| (&**name, index)).collect();
    let edges = names.iter().map(|name| {
        let callees = callees(db, functions[name]);
        callees.iter().filter_map(|callee| index.get(&**callee).copied()).collect()
    });
    let edges: Vec<Vec<usize>> = edges.collect();
    let found = components(&edges);
    let circles = found.into_iter().enumerate().flat_map(|(circle, members)| {
        let circle = Circle(circle as u32);
        members.into_iter().map(move |member| (member, circle))
    });
    Arc::new(circles.map(|(member, circle)| (names[member].clone(), circle)).collect())
}

/// What the functions of a circle may know of one another.
#[salsa::tracked]
pub(super) fn heads(
    db: &dyn Db,
    file: SourceFile,
    circle: Circle,
) -> Arc<BTreeMap<Text, Arc<Typed>>> {
    let functions = functions_by_name(db, file);
    let circles = circles(db, file);
    let members: Vec<(&Text, Item<'_>)> = functions
        .iter()
        .filter(|(name, _)| circles.get(*name) == Some(&circle))
        .map(|(name, item)| (name, *item))
        .collect();
    let mut effects = vec![Effects::NONE; members.len()];
    for _ in 0..MAX_ROUNDS {
        let before = known(db, &members, &effects);
        let mut is_changed = false;
        for ((_, item), known) in members.iter().zip(&mut effects) {
            let world = FileWorld::inside(db, file, &before);
            let body = prism_hir::body(db, *item);
            let mut found = infer_body(&world, &body, Root::Function).root.0.effects;
            found.add(known);
            is_changed |= found != *known;
            *known = found;
        }
        if !is_changed {
            return Arc::new(before);
        }
    }
    // Everybody reaches everybody: at most all of it together.
    let mut all = Effects::NONE;
    effects.iter().for_each(|one| all.add(one));
    Arc::new(known(db, &members, &vec![all; members.len()]))
}

fn known(
    db: &dyn Db,
    members: &[(&Text, Item<'_>)],
    effects: &[Effects],
) -> BTreeMap<Text, Arc<Typed>> {
    let typed = |item: Item<'_>, effects: &Effects| {
        let mut types = Types::default();
        let function = head(db, item, &mut types);
        let ty = types.function(FunctionType { effects: effects.clone(), ..function });
        Arc::new(Typed::new(types, Fact::plain(ty)))
    };
    let heads = members.iter().zip(effects);
    heads.map(|((name, item), effects)| ((*name).clone(), typed(*item, effects))).collect()
}

/// The groups of nodes that reach each other: several nodes, or one with an edge to itself.
/// Tarjan's algorithm with its own stack.
fn components(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let mut order = vec![UNSEEN; edges.len()];
    let mut low = vec![0; edges.len()];
    let mut is_open = vec![false; edges.len()];
    let mut open = Vec::new();
    let mut groups = Vec::new();
    let mut n_seen = 0;
    for start in 0..edges.len() {
        let mut path = if order[start] == UNSEEN { vec![(start, 0)] } else { Vec::new() };
        while let Some((node, next)) = path.pop() {
            if next == 0 {
                (order[node], low[node], is_open[node]) = (n_seen, n_seen, true);
                n_seen += 1;
                open.push(node);
            }
            if let Some(to) = edges[node].get(next).copied() {
                path.push((node, next + 1));
                if order[to] == UNSEEN {
                    path.push((to, 0));
                } else if is_open[to] {
                    low[node] = low[node].min(order[to]);
                }
                continue;
            }
            if let Some((parent, _)) = path.last() {
                low[*parent] = low[*parent].min(low[node]);
            }
            if low[node] == order[node] {
                let at = open.iter().rposition(|other| *other == node).unwrap_or(0);
                let group = open.split_off(at);
                group.iter().for_each(|member| is_open[*member] = false);
                if group.len() > 1 || edges[node].contains(&node) {
                    groups.push(group);
                }
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_found() {
        let edges = [vec![1], vec![2, 3], vec![0], vec![3], vec![5], vec![]];
        let mut groups = components(&edges);
        groups.iter_mut().for_each(|group| group.sort_unstable());
        groups.sort();
        assert_eq!(groups, vec![vec![0, 1, 2], vec![3]]);
    }

    #[test]
    fn a_long_circle_is_not_deep() {
        let n = 100_000;
        let edges: Vec<Vec<usize>> = (0..n).map(|node| vec![(node + 1) % n]).collect();
        assert_eq!(components(&edges).len(), 1);
    }
}
