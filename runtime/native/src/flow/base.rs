//! The way by which a function may return at once, as one that calls itself does in the end.
//!
//! ```text
//! function fib(n) { return n < 2 ? n : … }
//! ```
//!
//! A caller takes that way itself, and calls only when the function goes on: half of the calls of
//! `fib` are none then. Fuel and depth count them as ever.

use crate::kinds::Kinds;

use super::{Body, Cond, Plan};

/// Instructions in front of the test and behind it, at most.
const MAX_SHORT: usize = 4;

/// A test near the start of a function, one of whose ways goes straight to the end.
#[derive(Clone, Debug)]
pub(crate) struct BaseCase {
    /// The instructions in front of the test.
    pub(crate) before: Vec<u32>,
    pub(crate) test: u32,
    /// The short way is the one that jumps.
    pub(crate) is_taken: bool,
    /// The instructions of the short way, with the return.
    pub(crate) after: Vec<u32>,
}

impl Body {
    /// The base case, if the function has one that changes nothing but registers without
    /// references.
    pub(crate) fn base_case(&self) -> Option<BaseCase> {
        let mut kinds = self.heads[&self.entry].clone();
        if self.is_inner || kinds.iter().any(|kinds| kinds.may_be_heap()) {
            return None;
        }
        let (mut before, mut pc) = (Vec::new(), self.entry);
        let (plan, target) = loop {
            let plan = &self.plans[&pc];
            if let Plan::Test { cond: Cond::Compare(..), target, .. } = *plan {
                break (plan, target);
            }
            if before.len() >= MAX_SHORT || !plan.is_repeatable(&kinds) {
                return None;
            }
            plan.apply(&mut kinds);
            before.push(pc);
            pc = self.behind(pc)?;
        };
        plan.apply(&mut kinds);
        let next = self.steps[&pc].next;
        let ways = [(next, false), (target, true)].into_iter().filter(|(to, _)| *to > pc);
        let short = ways.map(|(to, is_taken)| (self.straight_to_end(to, &kinds), is_taken));
        let mut short = short.filter_map(|(after, is_taken)| Some((after?, is_taken)));
        let (after, is_taken) = short.next()?;
        Some(BaseCase { before, test: pc, is_taken, after })
    }

    fn straight_to_end(&self, mut pc: u32, kinds: &[Kinds]) -> Option<Vec<u32>> {
        let (mut after, mut kinds) = (Vec::new(), kinds.to_vec());
        loop {
            let plan = self.plans.get(&pc)?;
            after.push(pc);
            if let Plan::Return(_) = plan {
                return Some(after);
            }
            if after.len() >= MAX_SHORT || !plan.is_repeatable(&kinds) {
                return None;
            }
            plan.apply(&mut kinds);
            pc = self.behind(pc)?;
        }
    }

    /// The instruction behind another one, unless others lead there too.
    fn behind(&self, pc: u32) -> Option<u32> {
        let next = self.plans[&pc].next(&self.steps[&pc])?;
        (!self.heads.contains_key(&next)).then_some(next)
    }
}
