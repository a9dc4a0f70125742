//! Changes of a copy that nobody reads: `for t in todos { t.done = true }` gives the variable `t`
//! a new value and leaves the list as it was.

use prism_hir::body::{
    Body, ExprId, ExprKind, LocalId, LocalKind, Name, PatId, PatKind, Place, Rebinds, StmtKind,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::errors::{Copied, ProblemKind};
use crate::flow::Infer;
use crate::walk;

/// How far a value is followed to the place that it reads first.
const MAX_STEPS: usize = 16;

/// A statement `place.k = v`.
struct Change<'b> {
    place: &'b Place,
    value: ExprId,
}

impl Infer<'_> {
    /// Reports the first change of every copy that is changed and never read.
    pub(crate) fn check_copies(&mut self) {
        let body = self.body;
        let mut changes: Vec<(LocalId, Change<'_>)> = Vec::new();
        let mut copies: FxHashMap<LocalId, Copied> = FxHashMap::default();
        walk::each_stmt(body, &mut |stmt| match &stmt.kind {
            StmtKind::Assign { place, value, rebinds } if !place.path.is_empty() => {
                if let Name::Local(local) = place.root
                    && !(body.locals[local].kind == LocalKind::Param && gives_value(*rebinds))
                {
                    changes.push((local, Change { place, value: *value }));
                }
            }
            StmtKind::ForIn { pat, .. } => note_names(body, *pat, Copied::Element, &mut copies),
            StmtKind::Let { pat, init: Some(init) } if is_place(body, *init) => {
                note_names(body, *pat, Copied::Value, &mut copies);
            }
            _ => {}
        });
        changes.retain(|(local, _)| {
            let variable = &body.locals[*local];
            if variable.kind == LocalKind::Param {
                let copied = match of_arrow(body, *local) {
                    true => Copied::Element,
                    false => Copied::Argument,
                };
                copies.entry(*local).or_insert(copied);
            }
            copies.contains_key(local) && !variable.is_global
        });
        if changes.is_empty() {
            return;
        }
        let read = read_elsewhere(body, &changes);
        changes.sort_by_key(|(_, change)| change.place.root_expr);
        let mut reported = FxHashSet::default();
        for (local, change) in changes {
            if !read.contains(&local) && reported.insert(local) {
                let copied = copies[&local];
                self.report(change.place.root_expr, ProblemKind::UnreadCopy { local, copied });
            }
        }
    }
}

/// `o.items.push(x)` at the end of a function is what the function gives.
fn gives_value(rebinds: Rebinds) -> bool {
    match rebinds {
        Rebinds::Always => false,
        Rebinds::IfArray | Rebinds::Never => true,
    }
}

/// The parameter of an arrow, which is mostly given what is in a list.
fn of_arrow(body: &Body, local: LocalId) -> bool {
    let is_it = |pat: PatId| body.pats[pat].kind == PatKind::Bind(local);
    body.functions
        .iter()
        .any(|(_, function)| function.is_arrow && function.params.iter().any(|one| is_it(one.pat)))
}

fn note_names(body: &Body, pat: PatId, copied: Copied, copies: &mut FxHashMap<LocalId, Copied>) {
    if let PatKind::Bind(local) = body.pats[pat].kind {
        copies.insert(local, copied);
    }
}

/// `todos[i]`, `state.best`: the variable holds what stands there, not the place.
fn is_place(body: &Body, expr: ExprId) -> bool {
    let is_step = matches!(body.exprs[expr].kind, ExprKind::Member { .. } | ExprKind::Index { .. });
    is_step && matches!(body.exprs[first_read(body, expr)].kind, ExprKind::Name(_))
}

/// The variables that are read for more than to be changed.
fn read_elsewhere(body: &Body, changes: &[(LocalId, Change<'_>)]) -> FxHashSet<LocalId> {
    let mut own: FxHashSet<ExprId> = FxHashSet::default();
    for (_, change) in changes {
        own.insert(change.place.root_expr);
        // `t.n += 1` and `t.tags.push(x)` read what they change.
        own.insert(first_read(body, change.value));
    }
    let reads = body.exprs.iter().filter_map(|(id, expr)| match &expr.kind {
        ExprKind::Name(Name::Local(local)) if !own.contains(&id) => Some(*local),
        _ => None,
    });
    reads.collect()
}

/// The expression at the left end of a value.
fn first_read(body: &Body, value: ExprId) -> ExprId {
    let mut at = value;
    for _ in 0..MAX_STEPS {
        at = match &body.exprs[at].kind {
            ExprKind::Binary { left, .. } | ExprKind::Logical { left, .. } => *left,
            ExprKind::MethodCall { object, .. }
            | ExprKind::Member { object, .. }
            | ExprKind::Index { object, .. } => *object,
            _ => break,
        };
    }
    at
}
