//! Which kinds of values registers hold, at every place of a piece of code.
//!
//! In: a place to begin at and the kinds of the registers there. Out: [`Body`], the steps that can
//! be reached, each with its [`Plan`]: what machine code does for it. Both the kinds after a step
//! and its code follow from the plan, so they cannot disagree.

mod plan;

mod loops;

mod base;

mod readers;

use std::collections::{BTreeMap, BTreeSet};

use prism_bytecode::{FunctionId, Verified};
use prism_vm::tier::Field;
use rustc_hash::FxHashMap;

use crate::kinds::Kinds;
use crate::live::{Live, live, read_after};
use crate::step::{Regs, Step, function_at};

pub(crate) use base::BaseCase;
pub(crate) use loops::{Fact, Loop};
pub(crate) use plan::{Arith, Cond, Confide, Order, Plan, Src, added};

/// Steps of one piece of code, and pieces of one unit, at most.
const MAX_STEPS: usize = 3000;
const MAX_BODIES: usize = 12;
/// Rounds until the kinds of all results are known, at most.
const MAX_ROUNDS: usize = 16;

/// A function together with the kinds of its arguments.
pub(crate) type Signature = (FunctionId, Vec<Kinds>);

/// A piece of code that is compiled as one.
pub(crate) struct Body {
    pub(crate) entry: u32,
    pub(crate) n_regs: u8,
    /// Parameters; for code that begins inside a function, all registers count as such.
    pub(crate) args: Vec<Kinds>,
    /// It begins inside a function: what it does not write stays where it is.
    pub(crate) is_inner: bool,
    /// By place.
    pub(crate) steps: BTreeMap<u32, Step>,
    /// What code does at the places that can be reached.
    pub(crate) plans: BTreeMap<u32, Plan>,
    pub(crate) live: Live,
    /// Where jumps lead to, with the kinds there.
    pub(crate) heads: BTreeMap<u32, Vec<Kinds>>,
    pub(crate) loops: Vec<Loop>,
    pub(crate) written: Regs,
    /// What it returns; none if it never does.
    pub(crate) returns: Kinds,
}

/// Instructions of a function that is worth entering though it neither loops nor calls.
const LONG: usize = 48;
/// Instructions of a function whose code may stand where it is called, at most.
const MAX_INLINED: usize = 24;

impl Body {
    /// Whether running it may take long: it comes back to a place, calls, or has many
    /// instructions and an end of its own.
    pub(crate) fn is_worth_it(&self) -> bool {
        self.comes_back() || self.calls() || self.is_long()
    }

    fn calls(&self) -> bool {
        self.plans.values().any(|plan| matches!(plan, Plan::Call { .. }))
    }

    /// Whether running it to its end takes long without any fuel.
    pub(crate) fn is_long(&self) -> bool {
        !self.is_inner && !self.returns.is_empty() && self.plans.len() >= LONG
    }

    /// Whether it has a loop.
    pub(crate) fn comes_back(&self) -> bool {
        let goes_back = |(pc, plan): (&u32, &Plan)| plan.target().is_some_and(|to| to <= *pc);
        self.plans.iter().any(goes_back)
    }

    /// Whether it is short and goes straight to its end: its code stands where it is called.
    pub(crate) fn is_inlined(&self) -> bool {
        self.plans.len() <= MAX_INLINED
            && self.heads.len() == 1
            && self.plans.values().all(Plan::is_straight)
    }
}

/// All that is compiled together: the first body is where the machine enters.
pub(crate) struct Bodies {
    pub(crate) first: Body,
    pub(crate) callees: Vec<(Signature, Body)>,
}

impl Bodies {
    /// Registers of a function that calls another one, at least. It has one for the result.
    pub(crate) fn stride(&self) -> usize {
        let all = self.callees.iter().map(|(_, body)| body);
        let callers = all.chain([&self.first]).filter(|body| body.calls());
        callers.map(|body| usize::from(body.n_regs)).min().unwrap_or(1)
    }
}

/// What the machine has while code is made.
pub(crate) struct Values<'a> {
    /// The value of a variable now, and of a constant.
    pub(crate) global: &'a dyn Fn(usize) -> u64,
    pub(crate) constant: &'a dyn Fn(usize) -> u64,
    /// What is known of the field that the instruction before a word reads.
    pub(crate) field: &'a dyn Fn(usize) -> Option<Field>,
}

/// What plans need to know beside the kinds of registers.
pub(crate) struct Around<'a> {
    pub(crate) program: &'a Verified,
    pub(crate) values: &'a Values<'a>,
    pub(crate) heads: &'a BTreeSet<u32>,
    /// Registers whose values somebody else may get to hold.
    pub(crate) passed_on: &'a Live,
    pub(crate) returns: &'a FxHashMap<Signature, Kinds>,
}

/// Analyses the code from a place on, and everything that it calls directly.
pub(crate) fn bodies(
    program: &Verified,
    entry: u32,
    args: Vec<Kinds>,
    values: &Values<'_>,
) -> Option<Bodies> {
    let (id, _, _) = function_at(program, entry);
    let is_inner = is_inner(program, entry)?;
    let mut returns: FxHashMap<Signature, Kinds> = FxHashMap::default();
    if !is_inner {
        returns.insert((id, args.clone()), Kinds::NONE);
    }
    for _ in 0..MAX_ROUNDS {
        let found = round(program, entry, &args, is_inner, values, &mut returns)?;
        if let Some(bodies) = found {
            return Some(bodies);
        }
    }
    None
}

/// Whether code may come to a place with any registers: everywhere but at the start of a function
/// that nothing jumps back to.
pub(crate) fn is_inner(program: &Verified, pc: u32) -> Option<bool> {
    let (id, start, _) = function_at(program, pc);
    let (steps, _) = reach(program, pc)?;
    let comes_back = steps.values().any(|step| step.target == Some(start));
    let is_caught = !program.module().functions[id.index()].catches.is_empty();
    Some(pc != start || comes_back || is_caught)
}

/// One round with what is known of results so far; `None` inside if more became known.
fn round(
    program: &Verified,
    entry: u32,
    args: &[Kinds],
    is_inner: bool,
    values: &Values<'_>,
    returns: &mut FxHashMap<Signature, Kinds>,
) -> Option<Option<Bodies>> {
    let mut wanted = BTreeSet::new();
    let know = |returns: &FxHashMap<Signature, Kinds>, entry, args: &[Kinds], is_inner| {
        body(program, entry, args, is_inner, values, returns)
    };
    let (first, calls) = know(returns, entry, args, is_inner)?;
    wanted.extend(calls);
    let mut is_changed = false;
    let mut callees: Vec<(Signature, Body)> = Vec::new();
    let mut done = BTreeSet::new();
    while let Some(signature) = wanted.pop_first() {
        if !done.insert(signature.clone()) {
            continue;
        }
        if done.len() > MAX_BODIES {
            return None;
        }
        let (function, kinds) = (FunctionId(signature.0), signature.1);
        let start = program.functions()[function.index()].start;
        let (callee, calls) = know(returns, start, &kinds, false)?;
        let key = (function, kinds);
        if returns.get(&key) != Some(&callee.returns) {
            returns.insert(key.clone(), callee.returns);
            is_changed = true;
        }
        wanted.extend(calls);
        callees.push((key, callee));
    }
    if !is_inner {
        let key = (function_at(program, entry).0, args.to_vec());
        if returns.get(&key) != Some(&first.returns) {
            returns.insert(key, first.returns);
            is_changed = true;
        }
    }
    Some((!is_changed).then_some(Bodies { first, callees }))
}

/// A function that is called, by number, so that there is an order.
type Call = (u32, Vec<Kinds>);

/// The steps that can be reached, and the calls among them.
fn body(
    program: &Verified,
    entry: u32,
    args: &[Kinds],
    is_inner: bool,
    values: &Values<'_>,
    returns: &FxHashMap<Signature, Kinds>,
) -> Option<(Body, BTreeSet<Call>)> {
    let (id, _, _) = function_at(program, entry);
    let function = &program.module().functions[id.index()];
    let (steps, head_set) = reach(program, entry)?;
    let ordered: Vec<Step> = steps.values().copied().collect();
    let has_catches = !function.catches.is_empty();
    let live = live(&ordered, has_catches);
    let passed_on = read_after(&ordered, has_catches, readers::passes_on);
    let mut kinds = args.to_vec();
    kinds.resize(usize::from(function.n_regs), Kinds::NULL);
    let around = Around { program, values, heads: &head_set, passed_on: &passed_on, returns };
    let mut heads: BTreeMap<u32, Vec<Kinds>> = BTreeMap::from([(entry, kinds)]);
    let mut open = BTreeSet::from([entry]);
    let (mut calls, mut result) = (BTreeSet::new(), Kinds::NONE);
    let cycle = is_inner.then(|| cycle(&steps, entry)).filter(|cycle| !cycle.is_empty());
    let mut plans: BTreeMap<u32, Plan> = BTreeMap::new();
    while let Some(head) = open.pop_first() {
        let mut kinds = heads[&head].clone();
        let mut pc = head;
        loop {
            let step = steps[&pc];
            // Behind the loop that is hot everything happens once.
            let is_left = cycle.as_ref().is_some_and(|cycle| !cycle.contains(&pc));
            let plan = match is_left {
                true => Plan::GiveUp,
                false => plan::plan(&step, &kinds, &live, &around),
            };
            if let Plan::Call { signature, .. } = &plan {
                calls.insert((signature.0.0, signature.1.clone()));
            }
            if let Plan::Return(reg) = plan {
                let kind = reg.map_or(Kinds::NULL, |reg| kinds[usize::from(reg)]);
                result = result.union(kind);
            }
            let goes_on = plan.apply(&mut kinds);
            if let Some(target) = plan.target() {
                meet(&mut heads, &mut open, &live, target, &plan.when_taken(&kinds));
            }
            let next = plan.next(&step).filter(|_| goes_on);
            plans.insert(pc, plan);
            let Some(next) = next else { break };
            if head_set.contains(&next) {
                meet(&mut heads, &mut open, &live, next, &kinds);
                break;
            }
            pc = next;
        }
    }
    let n_regs = function.n_regs;
    let args = args.to_vec();
    let written = plans.iter().map(|(pc, plan)| plan.written(&steps[pc]));
    let written = written.fold(Regs::default(), Regs::union);
    let loops = loops::loops(&steps, &plans, &heads);
    let returns = result;
    let body =
        Body { entry, n_regs, args, is_inner, steps, plans, live, heads, loops, written, returns };
    Some((body, calls))
}

/// Adds the kinds of one way to a place to those of the others.
fn meet(
    heads: &mut BTreeMap<u32, Vec<Kinds>>,
    open: &mut BTreeSet<u32>,
    live: &Live,
    target: u32,
    kinds: &[Kinds],
) {
    let alive = live[&target];
    // A dead register without a reference holds nothing of interest.
    let kinds = kinds.iter().zip(0u8..).map(|(&kinds, reg)| {
        if alive.contains(reg) || kinds.may_be_heap() { kinds } else { Kinds::NULL }
    });
    match heads.get_mut(&target) {
        None => {
            heads.insert(target, kinds.collect());
            open.insert(target);
        }
        Some(known) => {
            for (known, kinds) in known.iter_mut().zip(kinds) {
                let union = known.union(kinds);
                if union != *known {
                    *known = union;
                    open.insert(target);
                }
            }
        }
    }
}

/// Where code begins that is to run a place: at the head of the loop around the innermost loop
/// that has it, else of that loop.
pub(crate) fn around(program: &Verified, pc: u32) -> u32 {
    let (_, start, end) = function_at(program, pc);
    let mut heads = BTreeSet::new();
    let mut at = start;
    while at < end {
        let step = Step::at(program, at);
        if let Some(head) = step.target
            && (head..=at).contains(&pc)
        {
            heads.insert(head);
        }
        at = step.next;
    }
    let mut heads = heads.into_iter().rev();
    let innermost = heads.next();
    heads.next().or(innermost).unwrap_or(pc)
}

/// The steps from which code may come back to a place, which it comes to from there.
fn cycle(steps: &BTreeMap<u32, Step>, entry: u32) -> BTreeSet<u32> {
    let mut before: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for step in steps.values() {
        let next = (!step.ends()).then_some(step.next);
        next.into_iter()
            .chain(step.target)
            .for_each(|to| before.entry(to).or_default().push(step.pc));
    }
    let (mut cycle, mut open) = (BTreeSet::new(), vec![entry]);
    while let Some(to) = open.pop() {
        for &from in before.get(&to).into_iter().flatten() {
            if cycle.insert(from) {
                open.push(from);
            }
        }
    }
    cycle
}

/// Everything that code may come to from a place, and the places that jumps lead to.
pub(crate) fn reach(
    program: &Verified,
    entry: u32,
) -> Option<(BTreeMap<u32, Step>, BTreeSet<u32>)> {
    let mut steps = BTreeMap::new();
    let mut heads = BTreeSet::from([entry]);
    let mut open = vec![entry];
    while let Some(pc) = open.pop() {
        if steps.contains_key(&pc) {
            continue;
        }
        if steps.len() >= MAX_STEPS {
            return None;
        }
        let step = Step::at(program, pc);
        steps.insert(pc, step);
        if let Some(target) = step.target {
            heads.insert(target);
            open.push(target);
        }
        if !step.ends() {
            if step.target.is_some() {
                heads.insert(step.next);
            }
            open.push(step.next);
        }
    }
    Some((steps, heads))
}
