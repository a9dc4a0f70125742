//! Finds handler clauses that end by resuming.
//!
//! ```text
//! function @1 "main.agent.call" ("resume" %0, "request" %1) {
//!   %2 = const true
//!   %3 = resume %0, %2
//!   return %3
//! }
//! ```
//!
//! Every way that returns hands back what `resume` gave, and does nothing in between. Such a
//! clause needs no continuation: it runs in place, and what it would resume with is its result.

use prism_ir::function::{Function, RegionId, Value};
use prism_ir::op::{Exit, OpKind};

pub(crate) fn resumes_last(function: &Function) -> bool {
    let Some(&resume) = function.regions[function.body].params.first() else { return false };
    let mut find = Find { function, resume, tails: Vec::new(), is_tail: true, n_resumes: 0 };
    find.region(function.body);
    let mut n_uses = 0;
    for (_, op) in function.ops.iter() {
        op.kind.for_each_operand(|value| n_uses += usize::from(value == resume));
    }
    for (_, region) in function.regions.iter() {
        region.exit.for_each_operand(|value| n_uses += usize::from(value == resume));
    }
    find.is_tail && find.n_resumes > 0 && n_uses == find.n_resumes
}

struct Find<'a> {
    function: &'a Function,
    resume: Value,
    /// Results of the function so far: of a `resume`, or passed on by regions that end in one.
    tails: Vec<Value>,
    is_tail: bool,
    n_resumes: usize,
}

impl Find<'_> {
    /// Walks a region; its yielded values are looked at by the caller.
    fn region(&mut self, id: RegionId) {
        let region = &self.function.regions[id];
        for (at, &op) in region.ops.iter().enumerate() {
            let op = &self.function.ops[op];
            let is_last = at + 1 == region.ops.len();
            match &op.kind {
                OpKind::Resume { resume, value } => {
                    self.n_resumes += usize::from(*resume == self.resume);
                    // Anything after it in the region would run after the resumption.
                    self.is_tail &= is_last && *resume == self.resume && *value != self.resume;
                    self.tails.extend(&op.results);
                }
                OpKind::If { then, otherwise, .. } => {
                    let n_before = self.n_resumes;
                    self.region(*then);
                    self.region(*otherwise);
                    if self.n_resumes > n_before {
                        self.is_tail &= is_last;
                        self.joined(&[*then, *otherwise], &op.results);
                    }
                }
                kind => {
                    let n_before = self.n_resumes;
                    kind.regions().for_each(|region| self.region(region));
                    self.is_tail &= self.n_resumes == n_before;
                }
            }
        }
        if let Exit::Return(value) = &region.exit {
            self.is_tail &= self.tails.contains(value);
        }
    }

    /// A result is a tail if every region that goes on yields one.
    fn joined(&mut self, regions: &[RegionId], results: &[Value]) {
        for (index, result) in results.iter().enumerate() {
            let is_tail = |region: &RegionId| match &self.function.regions[*region].exit {
                Exit::Yield(values) => values.get(index).is_some_and(|v| self.tails.contains(v)),
                Exit::Break { .. } | Exit::Continue { .. } => false,
                Exit::Return(_) | Exit::Throw(_) | Exit::Unreachable => true,
            };
            if regions.iter().all(is_tail) {
                self.tails.push(*result);
            }
        }
    }
}
