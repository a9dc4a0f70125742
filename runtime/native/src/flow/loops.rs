//! Loops, and what stays the same in all their turns.
//!
//! A loop is a set of heads: everything from the target of a jump back to that jump. Whoever
//! comes to one of its heads from elsewhere looks up first what the loop needs to know. So a loop
//! may have any shape, and code may begin in the middle of it.
//!
//! An array that a register holds changes through that register alone, because everybody else
//! would have to copy it first. So only instructions on the register itself count.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::Kinds;
use crate::step::{Regs, Step};

use super::{Plan, Src};

/// Facts that a body uses at most: each is one or two values that stay alive in a loop.
const MAX_FACTS: usize = 24;

/// A loop, with what is looked up on the way into it.
#[derive(Debug, Default)]
pub(crate) struct Loop {
    pub(crate) heads: BTreeSet<u32>,
    pub(crate) facts: Vec<Fact>,
}

/// Something that holds as long as a loop is not left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fact {
    /// Where the elements of the array in a register are, and how many.
    Elements(u8),
    /// Whether the register is the only holder of its array.
    Unique(u8),
    /// Where the elements of an element of the array in a register are, and how many; none if
    /// there is no such array.
    Inner(u8, Src),
    /// The number that is an element of the array in a register; the fact `Numbers` says whether
    /// it is one.
    Item(u8, Src),
    /// Whether all items of the loop are numbers.
    Numbers,
    /// Where the arena of arrays is, which grows with new arrays alone.
    Arena,
    /// The number in a register as an integer, where the loop only ever counts it up or only
    /// ever down. It is right wherever it is the index of an element; a number that is none
    /// gives an integer that never comes to be one.
    Index(u8),
}

/// What the plans between a head and the next ones do.
#[derive(Debug, Default)]
struct Segment {
    /// From where it jumps back, and to where.
    jumps: Vec<(u32, u32)>,
    written: Regs,
    /// Written otherwise than by adding a small integer.
    set: Regs,
    up: Regs,
    down: Regs,
    copied: Regs,
    changed: Regs,
    pushed: Regs,
    makes_arrays: bool,
    wanted: Vec<Fact>,
}

/// The loops of a body, the outer ones first, with each fact in the outermost loop where it holds.
pub(crate) fn loops(
    steps: &BTreeMap<u32, Step>,
    plans: &BTreeMap<u32, Plan>,
    heads: &BTreeMap<u32, Vec<Kinds>>,
) -> Vec<Loop> {
    let segments = heads.keys().map(|&head| (head, segment(head, steps, plans, heads)));
    let segments: BTreeMap<u32, Segment> = segments.collect();
    let mut ends: BTreeMap<u32, u32> = BTreeMap::new();
    for &(from, to) in segments.values().flat_map(|segment| &segment.jumps) {
        let end = ends.entry(to).or_insert(from);
        *end = from.max(*end);
    }
    let mut ranges: Vec<(u32, u32)> = ends.into_iter().collect();
    ranges.sort_by_key(|&(start, end)| (start, std::cmp::Reverse(end)));
    let mut loops: Vec<Loop> = Vec::new();
    let mut n_facts = 0;
    for (start, end) in ranges {
        let inside: BTreeSet<u32> = heads.range(start..=end).map(|(&head, _)| head).collect();
        let mut facts: Vec<Fact> = Vec::new();
        for fact in inside.iter().flat_map(|head| &segments[head].wanted) {
            let is_outside = |outer: &Loop| {
                outer.facts.contains(fact) && inside.iter().all(|head| outer.heads.contains(head))
            };
            let is_new = !facts.contains(fact) && !loops.iter().any(is_outside);
            if is_new && n_facts < MAX_FACTS && holds(*fact, &inside, &segments, heads) {
                facts.push(*fact);
                n_facts += 1;
            }
        }
        if facts.iter().any(|fact| matches!(fact, Fact::Item(..))) {
            facts.push(Fact::Numbers);
        }
        if !facts.is_empty() {
            loops.push(Loop { heads: inside, facts });
        }
    }
    loops
}

/// Whether nothing in a loop changes a fact.
fn holds(
    fact: Fact,
    inside: &BTreeSet<u32>,
    segments: &BTreeMap<u32, Segment>,
    heads: &BTreeMap<u32, Vec<Kinds>>,
) -> bool {
    let segments = || inside.iter().map(|head| &segments[head]);
    let is_always = |reg: u8, is_kind: fn(Kinds) -> bool| {
        inside.iter().all(|head| is_kind(heads[head][usize::from(reg)]))
            && segments().all(|segment| !segment.written.contains(reg))
    };
    match fact {
        Fact::Elements(array) => {
            is_always(array, Kinds::are_arrays)
                && segments().all(|segment| !segment.pushed.contains(array))
        }
        Fact::Unique(array) => {
            is_always(array, Kinds::are_arrays)
                && segments().all(|segment| !segment.copied.contains(array))
        }
        Fact::Inner(array, at) | Fact::Item(array, at) => {
            let is_same = match at {
                Src::Reg(reg) => is_always(reg, |kinds| kinds == Kinds::NUMBER),
                Src::Number(_) => true,
            };
            is_same
                && is_always(array, Kinds::are_arrays)
                && segments().all(|segment| {
                    !segment.pushed.contains(array) && !segment.changed.contains(array)
                })
        }
        Fact::Numbers => true,
        Fact::Arena => segments().all(|segment| !segment.makes_arrays),
        Fact::Index(reg) => {
            inside.iter().all(|head| heads[head][usize::from(reg)] == Kinds::NUMBER)
                && segments().all(|segment| !segment.set.contains(reg))
                && (segments().all(|segment| !segment.up.contains(reg))
                    || segments().all(|segment| !segment.down.contains(reg)))
        }
    }
}

fn segment(
    head: u32,
    steps: &BTreeMap<u32, Step>,
    plans: &BTreeMap<u32, Plan>,
    heads: &BTreeMap<u32, Vec<Kinds>>,
) -> Segment {
    let mut segment = Segment::default();
    let mut kinds = heads[&head].clone();
    let mut pc = head;
    loop {
        let (step, plan) = (&steps[&pc], &plans[&pc]);
        segment.add(step, plan);
        let goes_on = plan.apply(&mut kinds);
        if let Some(target) = plan.target()
            && target <= pc
        {
            segment.jumps.push((pc, target));
        }
        let Some(next) = plan.next(step).filter(|_| goes_on) else { return segment };
        if heads.contains_key(&next) {
            return segment;
        }
        pc = next;
    }
}

impl Segment {
    fn add(&mut self, step: &Step, plan: &Plan) {
        let written = plan.written(step);
        self.written = self.written.union(written);
        match plan.counts() {
            Some((reg, by)) => {
                if by > 0 {
                    self.up.insert(reg)
                } else {
                    self.down.insert(reg)
                }
                self.set = self.set.union(written.without(Regs::one(reg)));
            }
            None => self.set = self.set.union(written),
        }
        match *plan {
            Plan::SetElement { array, at, .. } => {
                self.changed.insert(array);
                self.want_index(at);
                self.wanted.extend([Fact::Elements(array), Fact::Unique(array)]);
            }
            Plan::Push { array, .. } => {
                self.pushed.insert(array);
                self.wanted.push(Fact::Unique(array));
            }
            Plan::Copy { from, .. } | Plan::Items { from, .. } => self.copied.insert(from),
            Plan::NewArray { .. } | Plan::Call { .. } => self.makes_arrays = true,
            Plan::Element { array, at, kinds: Kinds::NUMBER, .. } => {
                self.want_index(at);
                self.wanted.extend([Fact::Item(array, at), Fact::Elements(array)]);
            }
            Plan::Each { array, .. } => {
                self.wanted.extend([Fact::Index(array + 1), Fact::Elements(array)]);
            }
            Plan::Element { array, at, .. } => {
                self.want_index(at);
                self.wanted.extend([Fact::Elements(array), Fact::Arena]);
            }
            Plan::Length { array, .. } => self.wanted.push(Fact::Elements(array)),
            Plan::Nested { array, at, inner, .. } => {
                self.want_index(at);
                self.want_index(inner);
                self.wanted.extend([Fact::Inner(array, at), Fact::Elements(array), Fact::Arena]);
            }
            _ => {}
        }
    }

    fn want_index(&mut self, at: Src) {
        if let Src::Reg(reg) = at {
            self.wanted.push(Fact::Index(reg));
        }
    }
}
