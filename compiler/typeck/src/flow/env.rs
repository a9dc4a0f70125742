//! The state of the walk: what each variable holds here, and what gates have established.
//!
//! Branches do not copy the state. They write into it, and a trail remembers what stood there
//! before: [`Env::take`] rolls back to a [`Mark`] and gives what changed as a [`Branch`], so
//! that joining costs what the branches changed.

use prism_hir::body::{ExprId, LocalId};

use crate::confidence::{Confidence, Level};
use crate::inference::index_of;
use crate::types::{Fact, Text, Types};

/// A place whose value was examined and that no type of a variable can say: `input.plan`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PathFact {
    pub root: PathRoot,
    pub path: Vec<Text>,
    pub fact: Fact,
    is_dead: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PathRoot {
    Local(LocalId),
    /// A variable of the module: every call may change it.
    ModuleVar(Text),
    /// A name that nothing in the program changes.
    Fixed(Text),
}

/// What decided that control is here: the conditions around, and those that guard a way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    /// The least of the levels of these conditions.
    pub level: Level,
    /// A condition of that level.
    pub cause: Option<ExprId>,
    /// One of them is about a value that somebody or something vouches for.
    pub is_checked: bool,
    /// The least of those that guard a way out: it stays when branches meet.
    exits: Level,
    exits_cause: Option<ExprId>,
}

impl Decision {
    const START: Decision = Decision {
        level: Level::Verified,
        cause: None,
        is_checked: false,
        exits: Level::Verified,
        exits_cause: None,
    };

    /// What guards a way out goes on deciding.
    fn with_exits(self, level: Level, cause: Option<ExprId>) -> Decision {
        if level < self.exits {
            return Decision { exits: level, exits_cause: cause, ..self };
        }
        self
    }
}

pub(crate) struct Env {
    facts: Vec<Fact>,
    trail: Vec<(LocalId, Fact)>,
    paths: Vec<PathFact>,
    /// Control can get here.
    pub reachable: bool,
    decision: Decision,
    /// Per local, the last [`Env::take`] that has seen it.
    seen: Vec<u32>,
    n_takes: u32,
}

/// A moment of the walk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    trail: usize,
    paths: usize,
    reachable: bool,
    decision: Decision,
}

impl Mark {
    pub fn is_reachable(self) -> bool {
        self.reachable
    }
}

/// What a branch changed.
#[derive(Debug, Clone)]
pub(crate) struct Branch {
    /// Sorted by local.
    pub changes: Vec<(LocalId, Fact)>,
    paths: Vec<PathFact>,
    pub reachable: bool,
    decision: Decision,
}

impl Env {
    pub fn new(n_locals: usize) -> Env {
        Env {
            facts: vec![Fact::ANY; n_locals],
            trail: Vec::new(),
            paths: Vec::new(),
            reachable: true,
            decision: Decision::START,
            seen: vec![0; n_locals],
            n_takes: 0,
        }
    }

    pub fn decision(&self) -> Decision {
        self.decision
    }

    /// The condition `cause` with this confidence decides that control goes on here.
    pub fn decide(&mut self, condition: Confidence, cause: ExprId) {
        if condition.level < self.decision.level {
            self.decision.level = condition.level;
            self.decision.cause = Some(cause);
        }
        self.decision.is_checked |= !condition.is_plain() && condition.level > Level::Reported;
    }

    /// A function begins: its caller has decided, which is looked at where it is called.
    pub fn begin_function(&mut self) {
        self.decision = Decision::START;
    }

    /// Behind a loop control is here, whatever decided about its rounds.
    pub fn forget_decision_since(&mut self, mark: Mark) {
        let Decision { exits, exits_cause, .. } = self.decision;
        self.decision = Decision { exits, exits_cause, ..mark.decision };
    }

    pub fn get(&self, local: LocalId) -> Fact {
        self.facts[index_of(local)]
    }

    /// Gives a variable a new value: what was known of places inside it is forgotten.
    pub fn assign(&mut self, local: LocalId, fact: Fact) {
        self.kill_paths(&PathRoot::Local(local));
        self.refine(local, fact);
    }

    /// More is known of the value that the variable has.
    pub fn refine(&mut self, local: LocalId, fact: Fact) {
        let slot = &mut self.facts[index_of(local)];
        if *slot != fact {
            self.trail.push((local, *slot));
            *slot = fact;
        }
    }

    pub fn add_path(&mut self, root: PathRoot, path: Vec<Text>, fact: Fact) {
        self.paths.push(PathFact { root, path, fact, is_dead: false });
    }

    pub fn path(&self, root: &PathRoot, path: &[Text]) -> Option<Fact> {
        let holds = |known: &&PathFact| !known.is_dead && known.root == *root && known.path == path;
        self.paths.iter().rev().find(holds).map(|known| known.fact)
    }

    pub fn has_paths(&self) -> bool {
        !self.paths.is_empty()
    }

    fn kill_paths(&mut self, root: &PathRoot) {
        for known in self.paths.iter_mut().filter(|known| known.root == *root) {
            known.is_dead = true;
        }
    }

    /// Something was called: variables of the module may have changed.
    pub fn kill_module_paths(&mut self) {
        for known in &mut self.paths {
            known.is_dead |= matches!(known.root, PathRoot::ModuleVar(_));
        }
    }

    /// What gates established does not hold inside a function that runs later.
    pub fn take_paths(&mut self) -> Vec<PathFact> {
        std::mem::take(&mut self.paths)
    }

    pub fn restore_paths(&mut self, paths: Vec<PathFact>) {
        self.paths = paths;
    }

    pub fn mark(&self) -> Mark {
        Mark {
            trail: self.trail.len(),
            paths: self.paths.len(),
            reachable: self.reachable,
            decision: self.decision,
        }
    }

    /// What changed since the mark; the state stays as it is.
    pub fn snapshot(&mut self, mark: Mark) -> Branch {
        self.n_takes += 1;
        let mut changes = Vec::new();
        for (local, _) in &self.trail[mark.trail..] {
            let seen = &mut self.seen[index_of(*local)];
            if *seen != self.n_takes {
                *seen = self.n_takes;
                changes.push((*local, self.facts[index_of(*local)]));
            }
        }
        changes.sort_unstable_by_key(|(local, _)| local.into_raw().into_u32());
        let paths = self.paths.get(mark.paths..).unwrap_or(&[]).to_vec();
        Branch { changes, paths, reachable: self.reachable, decision: self.decision }
    }

    /// What changed since the mark; the state becomes what it was.
    pub fn take(&mut self, mark: Mark) -> Branch {
        let branch = self.snapshot(mark);
        self.roll_back(mark);
        branch
    }

    pub fn roll_back(&mut self, mark: Mark) {
        while self.trail.len() > mark.trail {
            let (local, before) = self.trail.pop().expect("the trail is longer than the mark");
            self.facts[index_of(local)] = before;
        }
        self.paths.truncate(mark.paths);
        self.reachable = mark.reachable;
        self.decision = mark.decision;
    }

    /// Continues where only `branch` leads.
    pub fn apply(&mut self, branch: Branch) {
        for (local, fact) in branch.changes {
            self.refine(local, fact);
        }
        self.paths.extend(branch.paths);
        self.reachable = branch.reachable;
        self.decision = branch.decision;
    }

    /// Continues where the branches meet.
    pub fn join(&mut self, types: &mut Types, a: Branch, b: Branch) {
        if !b.reachable {
            return self.apply(only(a));
        }
        if !a.reachable {
            return self.apply(only(b));
        }
        self.decision = self.met(&a, &b);
        let joined = self.join_changes(types, &a.changes, &b.changes);
        for (local, fact) in joined {
            self.assign(local, fact);
        }
        self.reachable = true;
    }

    /// The join of two branches as one branch.
    pub fn join_branches(&self, types: &mut Types, a: Branch, b: Branch) -> Branch {
        if !b.reachable {
            return only(a);
        }
        if !a.reachable {
            return only(b);
        }
        let changes = self.join_changes(types, &a.changes, &b.changes);
        Branch { changes, paths: Vec::new(), reachable: true, decision: self.met(&a, &b) }
    }

    /// Both ways lead here: what decided between them decides no more, but for the ways out.
    fn met(&self, a: &Branch, b: &Branch) -> Decision {
        let mut met = self.decision;
        for branch in [a, b] {
            met = met.with_exits(branch.decision.exits, branch.decision.exits_cause);
        }
        if met.exits < met.level {
            return Decision { level: met.exits, cause: met.exits_cause, ..met };
        }
        met
    }

    fn join_changes(
        &self,
        types: &mut Types,
        a: &[(LocalId, Fact)],
        b: &[(LocalId, Fact)],
    ) -> Vec<(LocalId, Fact)> {
        let mut joined = Vec::with_capacity(a.len().max(b.len()));
        let (mut i, mut j) = (0, 0);
        while i < a.len() || j < b.len() {
            let left = a.get(i).map_or(usize::MAX, |(local, _)| index_of(*local));
            let right = b.get(j).map_or(usize::MAX, |(local, _)| index_of(*local));
            let local = if left <= right { a[i].0 } else { b[j].0 };
            let here = self.get(local);
            let of_a = if left <= right { a[i].1 } else { here };
            let of_b = if right <= left { b[j].1 } else { here };
            joined.push((local, types.join(of_a, of_b)));
            i += usize::from(left <= right);
            j += usize::from(right <= left);
        }
        joined
    }
}

/// The one branch of two that goes on: what decided against the other decides from here on.
fn only(branch: Branch) -> Branch {
    let Decision { level, cause, .. } = branch.decision;
    Branch { decision: branch.decision.with_exits(level, cause), ..branch }
}
