//! How each variable of a body is kept: as SSA values, or in a cell shared by closures.

use prism_hir::body::{Block, Body, LocalId, LocalKind, Stmt};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::walk::{FunctionKey, Visitor, Walk};

/// What lowering must know of a body's variables before it starts.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    /// Variables that live in a cell: assigned after a closure may have seen them, assigned in a
    /// `try`, or seen by a closure before they are declared.
    pub cells: FxHashSet<LocalId>,
    /// Of those, the ones whose cell must exist before the declaration is reached.
    pub early: FxHashSet<LocalId>,
    /// What each function takes from around it, in the order of first use.
    pub captures: FxHashMap<FunctionKey, Vec<LocalId>>,
    /// Bare assignments and the function that declares them.
    pub implicit: FxHashMap<FunctionKey, Vec<LocalId>>,
}

pub(crate) fn of(body: &Body) -> Variables {
    let mut walk = Walk { body, visitor: Collect::new(body) };
    walk.function(&body.root);
    walk.visitor.finish()
}

struct Collect<'a> {
    body: &'a Body,
    variables: Variables,
    owner: FxHashMap<LocalId, (FunctionKey, u32)>,
    /// The functions around the point of the walk, with the depth of `try` at their start.
    stack: Vec<FunctionKey>,
    try_depth: u32,
    captured: FxHashSet<LocalId>,
    written: FxHashSet<LocalId>,
    /// Uses met before the declaration, to be settled when the owner is known.
    pending: Vec<(LocalId, Vec<FunctionKey>)>,
}

impl<'a> Collect<'a> {
    fn new(body: &'a Body) -> Self {
        Collect {
            body,
            variables: Variables::default(),
            owner: FxHashMap::default(),
            stack: vec![FunctionKey::Root],
            try_depth: 0,
            captured: FxHashSet::default(),
            written: FxHashSet::default(),
            pending: Vec::new(),
        }
    }

    fn here(&self) -> FunctionKey {
        *self.stack.last().expect("the root function is never left")
    }

    fn touch(&mut self, local: LocalId) {
        match self.owner.get(&local) {
            Some(&(owner, _)) => {
                let stack = std::mem::take(&mut self.stack);
                self.capture(local, owner, &stack);
                self.stack = stack;
            }
            None if self.body.locals[local].kind == LocalKind::Implicit => {
                // The first sight of a bare assignment declares it, in the function around it or
                // further out; the use that is furthest out decides, see `finish`.
                self.pending.push((local, self.stack.clone()));
            }
            None => {
                self.pending.push((local, self.stack.clone()));
                if self.stack.len() > 1 {
                    self.variables.early.insert(local);
                }
            }
        }
    }

    fn capture(&mut self, local: LocalId, owner: FunctionKey, stack: &[FunctionKey]) {
        let depth = stack.iter().position(|key| *key == owner);
        for key in stack.iter().skip(depth.map_or(stack.len(), |depth| depth + 1)) {
            self.captured.insert(local);
            let captures = self.variables.captures.entry(*key).or_default();
            if !captures.contains(&local) {
                captures.push(local);
            }
        }
    }

    fn finish(mut self) -> Variables {
        let pending = std::mem::take(&mut self.pending);
        self.settle_implicit(&pending);
        for (local, stack) in &pending {
            if let Some(&(owner, _)) = self.owner.get(local) {
                self.capture(*local, owner, stack);
            }
        }
        let captured = &self.captured;
        self.variables.early.retain(|local| captured.contains(local));
        let shared = self.captured.iter().filter(|local| {
            self.written.contains(*local) || self.body.locals[**local].kind == LocalKind::Function
        });
        self.variables.cells.extend(shared);
        self.variables.cells.extend(self.variables.early.iter());
        self.variables
    }

    /// An implicit variable belongs to the outermost function that uses it.
    fn settle_implicit(&mut self, pending: &[(LocalId, Vec<FunctionKey>)]) {
        let mut shortest: Vec<(LocalId, &Vec<FunctionKey>)> = Vec::new();
        let mut index: FxHashMap<LocalId, usize> = FxHashMap::default();
        for (local, stack) in pending {
            if self.body.locals[*local].kind != LocalKind::Implicit {
                continue;
            }
            match index.get(local) {
                Some(&at) if shortest[at].1.len() <= stack.len() => {}
                Some(&at) => shortest[at].1 = stack,
                None => {
                    index.insert(*local, shortest.len());
                    shortest.push((*local, stack));
                }
            }
        }
        for (local, stack) in shortest {
            let owner = *stack.last().expect("a use stands in a function");
            self.owner.insert(local, (owner, 0));
            self.variables.implicit.entry(owner).or_default().push(local);
        }
    }
}

impl Visitor for Collect<'_> {
    fn declare(&mut self, local: LocalId) {
        self.owner.insert(local, (self.here(), self.try_depth));
    }

    fn read(&mut self, local: LocalId) {
        self.touch(local);
    }

    fn write(&mut self, local: LocalId) {
        self.touch(local);
        self.written.insert(local);
        let declared_at = self.owner.get(&local).map_or(0, |(_, depth)| *depth);
        if self.try_depth > declared_at {
            self.variables.cells.insert(local);
        }
    }

    fn enter_function(&mut self, function: FunctionKey) {
        self.stack.push(function);
    }

    fn leave_function(&mut self, _: FunctionKey) {
        self.stack.pop();
    }

    fn enter_try(&mut self) {
        self.try_depth += 1;
    }

    fn leave_try(&mut self) {
        self.try_depth -= 1;
    }
}

/// Variables that a loop writes, in the order of the first write, without repetition.
pub(crate) fn written_in(body: &Body, stmts: &[&Stmt], blocks: &[&Block]) -> Vec<LocalId> {
    let mut walk = Walk { body, visitor: Written::default() };
    stmts.iter().for_each(|stmt| walk.stmt(stmt));
    blocks.iter().for_each(|block| walk.block(block));
    walk.visitor.order
}

#[derive(Default)]
struct Written {
    seen: FxHashSet<LocalId>,
    order: Vec<LocalId>,
}

impl Visitor for Written {
    fn write(&mut self, local: LocalId) {
        if self.seen.insert(local) {
            self.order.push(local);
        }
    }
}
