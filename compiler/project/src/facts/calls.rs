//! The functions of a program, each counted once.
//!
//! A function value that asks is followed where it is certain how often it is called: called by
//! its name, or given to `parallel`, `map` and the like. Anywhere else it counts as called any
//! number of times where it is given away; so a call of an unknown value counts nothing.

use prism_diagnostics::Place;
use prism_hir::body::{ExprId, Text};
use prism_hir::{DefinitionKind, Item, item_tree, resolve_export};
use prism_source::{Db, Origin, SourceFile};
use rustc_hash::{FxHashMap, FxHashSet};

use super::count::{Bound, Count, Reason, ReasonKind};
use super::walk::Walk;

/// Functions that call each other are followed so deep,
const MOST_OPEN: usize = 24;

/// and while no more expressions and statements than this are around the call.
const MOST_AROUND: usize = 500;

/// What the modules of a program ask in one run; `n_agents` is how many `agents` there are.
pub(super) fn count(db: &dyn Db, modules: &[SourceFile], n_agents: Option<u64>) -> Count {
    let mut calls = Calls {
        db,
        n_agents,
        known: FxHashMap::default(),
        open: Vec::new(),
        n_around: 0,
        recursive: FxHashSet::default(),
        results: None,
    };
    let mut all = Count::ZERO;
    for file in modules {
        all = all.and(calls.item(item_tree(db, *file).module));
    }
    match calls.results {
        Some(at) => all.and(Count::AGENT.times(calls.agents_at(at))),
        None => all,
    }
}

pub(super) struct Calls<'db> {
    pub(super) db: &'db dyn Db,
    n_agents: Option<u64>,
    known: FxHashMap<Item<'db>, Count>,
    open: Vec<Item<'db>>,
    /// Expressions and statements that are being walked.
    pub(super) n_around: usize,
    recursive: FxHashSet<Item<'db>>,
    /// Where `agentResults` is read: the first read asks all agents.
    pub(super) results: Option<Place>,
}

impl<'db> Calls<'db> {
    /// How many `agents` there are.
    pub(super) fn agents_at(&self, at: Place) -> Bound {
        let reason = Reason { kind: ReasonKind::Length, at };
        self.n_agents.map_or(Bound::Unknown(reason), Bound::AtMost)
    }

    /// One call of a function, or the statements of a module.
    fn item(&mut self, item: Item<'db>) -> Count {
        if let Some(known) = self.known.get(&item) {
            return *known;
        }
        self.open.push(item);
        let body = prism_hir::body(self.db, item);
        let mut count = Walk::new(self, item, &body).root();
        self.open.pop();
        if self.recursive.remove(&item) {
            let layout = item.layout(self.db);
            let span = layout.absolute(prism_span::RelSpan::default());
            let at = Place::new(item.file(self.db).id(self.db), span);
            count = count.often(Reason { kind: ReasonKind::Recursion, at });
        }
        self.known.insert(item, count);
        count
    }

    pub(super) fn is_too_deep(&self) -> bool {
        self.open.len() >= MOST_OPEN || self.n_around > MOST_AROUND
    }

    /// One call of a function of the program or of the library, at a place.
    pub(super) fn function(&mut self, item: Item<'db>, at: Place) -> Count {
        if self.open.contains(&item) {
            self.recursive.insert(item);
            return Count::ZERO;
        }
        if self.is_too_deep() && !self.known.contains_key(&item) {
            return too_deep(at);
        }
        let count = self.item(item);
        match item.file(self.db).origin(self.db) {
            Origin::Standard => count.because(Reason { kind: ReasonKind::Library, at }),
            _ => count,
        }
    }

    /// The function behind a name that a module exports.
    pub(super) fn exported(&self, module: &str, name: &str) -> Option<Item<'db>> {
        let file = *self.db.files().by_path(self.db).get(module)?;
        let found = resolve_export(self.db, file, name)?;
        let home = *self.db.files().by_path(self.db).get(&found.module)?;
        match found.kind {
            DefinitionKind::Function => item_tree(self.db, home).function(self.db, &found.name),
            _ => None,
        }
    }

    /// The name of a function of the standard library.
    pub(super) fn library_name(&self, item: Item<'db>) -> Option<&'db Text> {
        let is_library = item.file(self.db).origin(self.db) == Origin::Standard;
        is_library.then(|| item.name(self.db))
    }
}

/// A call that is not followed.
pub(super) fn too_deep(at: Place) -> Count {
    Count::AGENT.and(Count::operation("llm")).often(Reason { kind: ReasonKind::Depth, at })
}

/// Where an expression of an item stands.
pub(super) fn place(db: &dyn Db, item: Item<'_>, expr: ExprId) -> Place {
    let span = prism_hir::body_spans(db, item).expr(expr);
    Place::new(item.file(db).id(db), item.layout(db).absolute(span))
}
