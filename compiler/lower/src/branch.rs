//! Branches and blocks: regions whose changes to variables become results.

use prism_hir::body::LocalId;
use prism_ir::function::{Facts, OpId, RegionId, Source, Ty, Value};
use prism_ir::op::{Exit, OpKind};

use crate::env::Binding;
use crate::function::{Cx, Flow};

/// A region that has been lowered and whose exit may still be waiting for the join.
pub(crate) struct Branch {
    pub region: RegionId,
    /// `None` when the region ended by itself.
    falls: Option<Falls>,
}

struct Falls {
    value: Option<Value>,
    changes: Vec<(LocalId, Binding)>,
}

impl<'a, 'db> Cx<'a, '_, 'db> {
    /// Lowers one region. With `want`, a value is made even when the code has none.
    pub fn branch(
        &mut self,
        params: Vec<Facts>,
        want: bool,
        source: Source,
        lower: impl FnOnce(&mut Self, &[Value]) -> Flow,
    ) -> Branch {
        let mark = self.env.mark();
        let (region, params) = self.b.open_region(params);
        let flow = lower(self, &params);
        let (exit, value) = match flow {
            Flow::Ends(exit) => (Some(exit), None),
            Flow::Next(Some(value)) => (None, Some(value)),
            Flow::Next(None) if want => (None, Some(self.null(source))),
            Flow::Next(None) => (None, None),
        };
        let changes = self.env.rollback(mark);
        let ended = exit.is_some();
        self.close(exit.unwrap_or(Exit::Unreachable), source);
        let falls = (!ended).then_some(Falls { value: value.filter(|_| want), changes });
        Branch { region, falls }
    }

    /// Appends the operation that holds `branches`, and makes what they changed its results.
    pub fn join(
        &mut self,
        kind: OpKind,
        branches: Vec<Branch>,
        want: bool,
        source: Source,
    ) -> Flow {
        let op = self.b.reserve();
        let falling: Vec<(RegionId, Falls)> = branches
            .into_iter()
            .filter_map(|branch| branch.falls.map(|falls| (branch.region, falls)))
            .collect();
        if falling.is_empty() {
            self.b.place(op, kind, Vec::new(), source);
            return Flow::Ends(Exit::Unreachable);
        }
        let changed = self.changed(&falling);
        let mut facts: Vec<Vec<Facts>> = Vec::new();
        for (region, falls) in &falling {
            let mut values: Vec<Value> = falls.value.into_iter().collect();
            values.extend(changed.iter().map(|local| self.value_after(falls, *local)));
            facts.push(values.iter().map(|value| self.b.facts(*value)).collect());
            self.b.set_exit(*region, Exit::Yield(values), source);
        }
        let results = self.b.place(op, kind, hull(&facts), source);
        let (value, rest) = results.split_at(usize::from(want));
        for (local, value) in changed.iter().zip(rest) {
            self.env.set(*local, Binding::Value(*value));
        }
        Flow::Next(value.first().copied())
    }

    /// Variables of outside that some branch gave a new value.
    fn changed(&self, falling: &[(RegionId, Falls)]) -> Vec<LocalId> {
        let mut changed = Vec::new();
        for (local, binding) in falling.iter().flat_map(|(_, falls)| &falls.changes) {
            let before = self.env.get(*local);
            let is_value = matches!(before, Some(Binding::Value(_)));
            if is_value && before != Some(*binding) && !changed.contains(local) {
                changed.push(*local);
            }
        }
        changed
    }

    fn value_after(&self, falls: &Falls, local: LocalId) -> Value {
        let change = falls.changes.iter().find(|(changed, _)| *changed == local);
        match change.map(|(_, binding)| *binding).or_else(|| self.env.get(local)) {
            Some(Binding::Value(value) | Binding::Cell(value)) => value,
            other => unreachable!("only variables with values are joined: {other:?}"),
        }
    }

    /// `if condition { then } else { otherwise }`.
    pub fn if_else(
        &mut self,
        condition: Value,
        want: bool,
        source: Source,
        then: impl FnOnce(&mut Self) -> Flow,
        otherwise: impl FnOnce(&mut Self) -> Flow,
    ) -> Flow {
        let then = self.branch(Vec::new(), want, source, |cx, _| then(cx));
        let otherwise = self.branch(Vec::new(), want, source, |cx, _| otherwise(cx));
        let kind = OpKind::If { condition, then: then.region, otherwise: otherwise.region };
        self.join(kind, vec![then, otherwise], want, source)
    }

    /// `condition ? then : otherwise` where both sides have a value.
    pub fn choose(
        &mut self,
        condition: Value,
        source: Source,
        then: impl FnOnce(&mut Self) -> Value,
        otherwise: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        let flow = self.if_else(
            condition,
            true,
            source,
            |cx| Flow::Next(Some(then(cx))),
            |cx| Flow::Next(Some(otherwise(cx))),
        );
        match flow {
            Flow::Next(Some(value)) => value,
            Flow::Next(None) | Flow::Ends(_) => unreachable!("both sides have a value"),
        }
    }

    /// Leaves `target` (a block without results of its own) unless `condition` holds.
    pub fn require(&mut self, condition: Value, target: OpId, source: Source) {
        self.if_else(
            condition,
            false,
            source,
            |_| Flow::Next(None),
            |_| Flow::Ends(Exit::Break { target, values: Vec::new() }),
        );
    }

    /// A region that runs once and can be left early by `break` to the operation it gets.
    /// Its end leaves it too, with no values; variables do not change through it.
    pub fn block_once(&mut self, source: Source, lower: impl FnOnce(&mut Self, OpId) -> Exit) {
        let op = self.b.reserve();
        let mark = self.env.mark();
        let (body, _) = self.b.open_region(Vec::new());
        let exit = lower(self, op);
        self.env.rollback(mark);
        self.close(exit, source);
        self.b.place(op, OpKind::Loop { initial: Vec::new(), body }, Vec::new(), source);
    }

    /// The values that leave a block with results: its value, then the variables it writes.
    pub fn exit_values(&self, value: Option<Value>, carried: &[LocalId]) -> Vec<Value> {
        let variables = carried.iter().map(|local| match self.env.get(*local) {
            Some(Binding::Value(value) | Binding::Cell(value)) => value,
            other => unreachable!("carried variables have values: {other:?}"),
        });
        value.into_iter().chain(variables).collect()
    }

    /// Of `locals`, those that have an SSA value now and so must be carried.
    pub fn carried(&self, locals: Vec<LocalId>) -> Vec<LocalId> {
        let has_value = |local: &LocalId| matches!(self.env.get(*local), Some(Binding::Value(_)));
        locals.into_iter().filter(has_value).collect()
    }

    /// A region that runs once, has results, and is left by `break` with them.
    pub fn block_with_results(
        &mut self,
        carried: &[LocalId],
        want: bool,
        source: Source,
        lower: impl FnOnce(&mut Self, OpId) -> Exit,
    ) -> Option<Value> {
        let op = self.b.reserve();
        let mark = self.env.mark();
        let (body, _) = self.b.open_region(Vec::new());
        let exit = lower(self, op);
        self.env.rollback(mark);
        self.close(exit, source);
        let cells = &self.item.variables.cells;
        let mut facts = vec![Facts::ANY; usize::from(want)];
        facts.extend(carried.iter().map(|local| match cells.contains(local) {
            true => Facts::plain(Ty::Cell),
            false => Facts::ANY,
        }));
        let kind = OpKind::Loop { initial: Vec::new(), body };
        let results = self.b.place(op, kind, facts, source);
        let (value, rest) = results.split_at(usize::from(want));
        for (local, value) in carried.iter().zip(rest) {
            let binding = match self.item.variables.cells.contains(local) {
                true => Binding::Cell(*value),
                false => Binding::Value(*value),
            };
            self.env.set(*local, binding);
        }
        value.first().copied()
    }
}

/// What holds of a value that comes from any of several places.
fn hull(all: &[Vec<Facts>]) -> Vec<Facts> {
    let mut facts = all[0].clone();
    for other in &all[1..] {
        for (left, right) in facts.iter_mut().zip(other) {
            *left = join_facts(*left, *right);
        }
    }
    facts
}

fn join_facts(left: Facts, right: Facts) -> Facts {
    Facts {
        ty: if left.ty == right.ty { left.ty } else { Ty::Any },
        is_plain: left.is_plain && right.is_plain,
        confidence: prism_ir::function::Interval {
            low: left.confidence.low.min(right.confidence.low),
            high: left.confidence.high.max(right.confidence.high),
        },
    }
}
