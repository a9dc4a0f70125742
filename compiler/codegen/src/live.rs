//! Liveness: where each value is used for the last time, on every path.
//!
//! One walk from the end of the function to its start, region by region. In: the function, and
//! which of its values have registers. Out: [`Deaths`]. What is true in between: `live` holds the
//! values that some path from here on reads.
//!
//! Inside a `try`, everything that the `catch` or `finally` needs stays alive: any operation may
//! throw.

use la_arena::ArenaMap;
use prism_ir::function::{Function, OpId, RegionId, Value};
use prism_ir::op::{Exit, OpKind};

use crate::analyse::{Analysis, How, Way};
use crate::classes::params;

/// Where values die. A value is listed at every place where some path has no more use for it.
#[derive(Debug, Default)]
pub(crate) struct Deaths {
    /// Alive before the operation (or made by it), and not after it.
    op: ArenaMap<OpId, Box<[Value]>>,
    /// Alive before the operation that holds the region, and not in the region.
    entry: ArenaMap<RegionId, Box<[Value]>>,
    /// Carried by the exit, and not needed where it leads to.
    exit: ArenaMap<RegionId, Box<[Value]>>,
}

impl Deaths {
    pub fn at_op(&self, op: OpId) -> &[Value] {
        self.op.get(op).map_or(&[], |values| values)
    }

    pub fn at_entry(&self, region: RegionId) -> &[Value] {
        self.entry.get(region).map_or(&[], |values| values)
    }

    pub fn at_exit(&self, region: RegionId) -> &[Value] {
        self.exit.get(region).map_or(&[], |values| values)
    }
}

/// Values in rising order.
#[derive(Debug, Clone, Default)]
struct Live(Vec<Value>);

impl Live {
    fn contains(&self, value: Value) -> bool {
        self.0.binary_search(&value).is_ok()
    }

    /// Whether it was not there.
    fn insert(&mut self, value: Value) -> bool {
        match self.0.binary_search(&value) {
            Ok(_) => false,
            Err(at) => {
                self.0.insert(at, value);
                true
            }
        }
    }

    /// Whether it was there.
    fn remove(&mut self, value: Value) -> bool {
        match self.0.binary_search(&value) {
            Ok(at) => {
                self.0.remove(at);
                true
            }
            Err(_) => false,
        }
    }

    /// Everything of `other`, too. Both are in order, and most of the time nothing is new.
    fn add(&mut self, other: &Live) {
        if self.0.is_empty() {
            return self.0.clone_from(&other.0);
        }
        let mut merged = Vec::with_capacity(self.0.len() + other.0.len());
        let mut mine = self.0.iter().copied().peekable();
        for &value in &other.0 {
            while let Some(before) = mine.next_if(|known| *known < value) {
                merged.push(before);
            }
            mine.next_if_eq(&value);
            merged.push(value);
        }
        merged.extend(mine);
        self.0 = merged;
    }

    /// What is here and not there.
    fn without(&self, other: &Live) -> Vec<Value> {
        let mut others = other.0.iter().copied().peekable();
        let mut rest = Vec::new();
        for &value in &self.0 {
            while others.next_if(|known| *known < value).is_some() {}
            if others.next_if_eq(&value).is_none() {
                rest.push(value);
            }
        }
        rest
    }
}

pub(crate) fn deaths(function: &Function, analysis: &Analysis) -> Deaths {
    let mut walk = Walk {
        function,
        analysis,
        deaths: Deaths::default(),
        loops: ArenaMap::default(),
        finallys: Vec::new(),
        thrown_to: Live::default(),
    };
    let before = walk.region(function.body, &Live::default());
    let params = &function.regions[function.body].params;
    let unused = params.iter().filter(|param| !before.contains(**param)).copied();
    walk.deaths.entry.insert(function.body, unused.collect());
    walk.deaths
}

/// What is alive where the exits of a loop lead.
struct AroundLoop {
    after: Live,
    /// At the start of the next turn.
    again: Live,
    /// How many `finally` are around the loop.
    n_finallys: usize,
}

struct Walk<'a> {
    function: &'a Function,
    analysis: &'a Analysis,
    deaths: Deaths,
    loops: ArenaMap<OpId, AroundLoop>,
    /// What the `finally` around this place need, the innermost last.
    finallys: Vec<Live>,
    /// What the place needs that exceptions go to from here.
    thrown_to: Live,
}

impl Walk<'_> {
    /// What is alive at the start of a region, its parameters included. `after` is what is alive
    /// where a `yield` leads to.
    fn region(&mut self, id: RegionId, after: &Live) -> Live {
        let region = &self.function.regions[id];
        let mut live = match &region.exit {
            Exit::Yield(_) => after.clone(),
            Exit::Break { target, .. } => self.after_way(Way::Break(*target)),
            Exit::Continue { target, .. } => self.after_way(Way::Continue(*target)),
            Exit::Return(_) => self.after_way(Way::Return),
            Exit::Throw(_) | Exit::Unreachable => Live::default(),
        };
        live.add(&self.thrown_to);
        let mut dying = Vec::new();
        region.exit.for_each_operand(|value| {
            if self.analysis.has_register(value) && live.insert(value) {
                dying.push(value);
            }
        });
        self.deaths.exit.insert(id, dying.into());
        for &op in region.ops.iter().rev() {
            self.op(op, &mut live);
        }
        live
    }

    /// What is alive where an exit arrives: the innermost `finally` on its way, else its target.
    fn after_way(&self, way: Way) -> Live {
        let n_around = match way {
            Way::Break(op) | Way::Continue(op) => self.loops[op].n_finallys,
            Way::Return => 0,
        };
        match (self.finallys.last(), way) {
            (Some(finally), _) if self.finallys.len() > n_around => finally.clone(),
            (_, Way::Break(op)) => self.loops[op].after.clone(),
            (_, Way::Continue(op)) => self.loops[op].again.clone(),
            (_, Way::Return) => Live::default(),
        }
    }

    fn op(&mut self, id: OpId, live: &mut Live) {
        match self.analysis.how(id) {
            How::Again | How::InLoop => return,
            How::Own | How::Fused | How::Element => {}
        }
        let op = &self.function.ops[id];
        let mut dying: Vec<Value> = Vec::new();
        for &result in &op.results {
            if self.analysis.has_register(result) && !live.remove(result) {
                dying.push(result);
            }
        }
        match &op.kind {
            OpKind::If { condition, then, otherwise } => {
                self.branches(*condition, [*then, *otherwise], live, &mut dying);
            }
            OpKind::Loop { initial, body } => self.loop_op(id, initial, *body, live, &mut dying),
            OpKind::Try { body, catch, finally } => {
                self.try_op(id, *body, *catch, *finally, live, &mut dying);
            }
            kind if self.analysis.how(id) != How::Element => kind.for_each_operand(|value| {
                if self.analysis.has_register(value) && live.insert(value) {
                    dying.push(value);
                }
            }),
            _ => {}
        }
        if !dying.is_empty() {
            self.deaths.op.insert(id, dying.into());
        }
    }

    fn branches(
        &mut self,
        condition: Value,
        regions: [RegionId; 2],
        live: &mut Live,
        dying: &mut Vec<Value>,
    ) {
        let inside = regions.map(|region| self.region(region, live));
        let mut before = inside[0].clone();
        before.add(&inside[1]);
        if self.analysis.has_register(condition) {
            before.insert(condition);
        }
        for (region, inside) in regions.iter().zip(&inside) {
            self.deaths.entry.insert(*region, before.without(inside).into());
        }
        dying.extend(before.without(live));
        *live = before;
    }

    fn loop_op(
        &mut self,
        id: OpId,
        initial: &[Value],
        body: RegionId,
        live: &mut Live,
        dying: &mut Vec<Value>,
    ) {
        let after = live.clone();
        let mut again = Live::default();
        if self.analysis.repeats(id) {
            let mut used = self.analysis.used_inside.get(id).cloned().unwrap_or_default();
            used.sort_unstable();
            used.dedup();
            again = Live(used);
            again.add(&after);
            // A later turn may leave for a place outside, which needs what it needs.
            for way in self.analysis.leaving.get(id).into_iter().flatten() {
                again.add(&self.after_way(*way));
            }
            // The step of a loop over items reads the position at the end of each turn.
            if let Some(for_each) = self.analysis.for_each.get(id) {
                again.insert(for_each.position);
            }
        }
        let n_finallys = self.finallys.len();
        self.loops.insert(id, AroundLoop { after, again: again.clone(), n_finallys });
        let mut inside = self.region(body, &Live::default());
        inside.add(&again);
        let params = params(self.function, id);
        let unused = params.iter().filter(|param| !inside.contains(**param)).copied();
        let mut entry: Vec<Value> = unused.collect();
        for param in params {
            inside.remove(*param);
        }
        let mut before = inside.clone();
        before.add(&self.thrown_to);
        for &value in initial {
            if self.analysis.has_register(value) && before.insert(value) {
                entry.push(value);
            }
        }
        self.deaths.entry.insert(body, entry.into());
        dying.extend(before.without(live));
        *live = before;
    }

    fn try_op(
        &mut self,
        id: OpId,
        body: RegionId,
        catch: Option<RegionId>,
        finally: Option<RegionId>,
        live: &mut Live,
        dying: &mut Vec<Value>,
    ) {
        let mut after = live.clone();
        let outer = self.thrown_to.clone();
        let mut inside = Vec::new();
        let mut unused = None;
        if let Some(finally) = finally {
            let ways = &self.analysis.passing[id].ways;
            for way in ways {
                after.add(&self.after_way(*way));
            }
            let needs = self.region(finally, &after);
            // The results of the operation go through it too, in registers of their own.
            let mut after_finally = needs.clone();
            after_finally.add(live);
            inside.push((finally, needs));
            self.finallys.push(after_finally.clone());
            self.thrown_to = after_finally.clone();
            after = after_finally;
        }
        if let Some(catch) = catch {
            let mut needs = self.region(catch, &after);
            let param = self.function.regions[catch].params[0];
            unused = (!needs.remove(param)).then_some((catch, param));
            self.thrown_to = needs.clone();
            self.thrown_to.add(&outer);
            inside.push((catch, needs));
        }
        let needs = self.region(body, &after);
        inside.push((body, needs));
        if finally.is_some() {
            self.finallys.pop();
        }
        self.thrown_to = outer;
        let mut before = Live::default();
        inside.iter().for_each(|(_, needs)| before.add(needs));
        before.add(live);
        before.add(&self.thrown_to);
        for (region, needs) in &inside {
            let thrown = unused.filter(|(catch, _)| catch == region).map(|(_, param)| param);
            let dead: Vec<Value> = before.without(needs).into_iter().chain(thrown).collect();
            self.deaths.entry.insert(*region, dead.into());
        }
        dying.extend(before.without(live));
        *live = before;
    }
}
