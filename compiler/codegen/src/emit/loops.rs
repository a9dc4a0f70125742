//! Loops.
//!
//! A loop whose region ends in `if … { next turn } else { leave }` is laid out with its test at
//! the bottom, so that a turn costs one jump. The first turn enters at the test:
//!
//! ```text
//!     jump test
//! body:
//!     …
//! test:
//!     …
//!     jump_less r0, r1, body
//! ```

use prism_bytecode::{Inst, Reg};
use prism_ir::function::{OpId, RegionId, Value};
use prism_ir::op::{Exit, OpKind};

use super::branch::Next;
use super::moves::Move;
use super::region::{Saved, To};
use super::{Emit, LoopExits, set_of};
use crate::analyse::{ForEach, How};
use crate::classes::params;
use crate::regs::Regs;

/// The test at the end of a loop's region.
struct Bottom {
    test: OpId,
    condition: Value,
    /// The region that goes on, and the one that leaves.
    body: RegionId,
    leaves: RegionId,
    /// The body is taken when the condition holds.
    stays_if: bool,
}

impl Emit<'_> {
    pub(super) fn loop_op(&mut self, id: OpId, initial: &[Value], body: RegionId) {
        let before = self.save();
        let after = self.without(before.occupied, self.deaths.at_op(id));
        let n_hoisted = self.hoisted.len();
        self.hoist(id);
        let function = self.function;
        let entry = self.deaths.at_entry(body);
        let alive = self.without(self.occupied, entry);
        let pair = self.analysis.for_each.get(id).map(|each| self.items_pair(each, alive));
        let mut avoided = self.occupied;
        if let Some(pair) = pair {
            avoided.insert(pair);
            avoided.insert(Reg(pair.0 + 1));
        }
        let results = self.pass_registers(&function.ops[id].results, after, avoided);
        let again = self.asm.label();
        let end = self.asm.label();
        self.reserved = self.reserved.union(set_of(&results));
        let params = self.enter(id, initial, body, pair);
        let n_finallys = self.finallys.len();
        self.reserved = self.reserved.union(set_of(&params));
        let exits = LoopExits { again, end, params, results: results.clone(), n_finallys };
        self.loops.insert(id, exits);
        match self.bottom(id, body) {
            Some(bottom) if self.analysis.repeats(id) => self.turn(id, body, bottom),
            Some(_) | None => {
                self.asm.place(again);
                self.region(body, &To::Nowhere);
            }
        }
        self.asm.place(end);
        self.hoisted.truncate(n_hoisted);
        self.restore(before);
        self.occupied = after.union(set_of(&results));
        self.done(id);
    }

    /// Loads what the loop keeps in registers, as long as there are plenty.
    fn hoist(&mut self, id: OpId) {
        let analysis = self.analysis;
        for again in analysis.hoisted.get(id).into_iter().flatten() {
            if self.occupied.len() > 200 {
                return;
            }
            let reg = self.find_free(self.occupied);
            self.load_again(again, reg);
            self.occupied.insert(reg);
            self.hoisted.push((again.clone(), reg));
        }
    }

    /// Gives the parameters their registers and their first values. What dies on the way in is
    /// free after this.
    fn enter(
        &mut self,
        id: OpId,
        initial: &[Value],
        body: RegionId,
        pair: Option<Reg>,
    ) -> Vec<Option<Reg>> {
        let function = self.function;
        let analysis = self.analysis;
        let values = params(function, id);
        let entry = self.deaths.at_entry(body);
        let alive = self.without(self.occupied, entry);
        let each = analysis.for_each.get(id);
        let mut taken = alive;
        if let Some(pair) = pair {
            taken.insert(pair);
            taken.insert(Reg(pair.0 + 1));
        }
        let mut regs =
            self.pass_registers(&values[usize::from(each.is_some())..], taken, Regs::NONE);
        self.bring_initial(&initial[usize::from(each.is_some())..], &regs, entry);
        self.occupied = alive.union(set_of(&regs));
        if let (Some(pair), Some(each)) = (pair, each) {
            self.begin_items(each, pair);
            regs.insert(0, None);
        }
        // Only parameters: registers of what died on the way in may be theirs now.
        let unused = entry.iter().copied().filter(|value| values.contains(value));
        let unused: Vec<Value> = unused.collect();
        self.free_all(&unused);
        regs
    }

    fn bring_initial(&mut self, initial: &[Value], regs: &[Option<Reg>], entry: &[Value]) {
        let mut moves = Vec::new();
        let mut loads = Vec::new();
        for (&value, to) in initial.iter().zip(regs) {
            let Some(to) = *to else { continue };
            match self.regs.get(value).filter(|_| self.analysis.has_register(value)) {
                Some(&from) => moves.push(Move { from, to, takes: entry.contains(&value) }),
                None => loads.push((value, to)),
            }
        }
        self.temps = set_of(regs);
        self.move_all(moves);
        self.temps = Regs::NONE;
        for (value, to) in loads {
            self.load(value, to);
        }
    }

    /// Two registers for the items and the position: around the items if the next one is free.
    fn items_pair(&mut self, each: &ForEach, alive: Regs) -> Reg {
        let items = self.regs.get(each.items).copied().unwrap_or(Reg(0));
        let is_pair = items.0 < u8::MAX && !alive.contains(Reg(items.0 + 1));
        // Items that somebody else reads later stay where they are: the loop has its own.
        if is_pair && self.is_for_loop_only(each.items) {
            self.use_up_to(u16::from(items.0) + 1);
            return items;
        }
        let taken = alive.union(self.occupied);
        let free = taken.union(self.reserved).lowest_room(2);
        match free.or_else(|| taken.lowest_room(2)) {
            Some(pair) => {
                self.use_up_to(u16::from(pair.0) + 1);
                pair
            }
            None => {
                self.too_many_registers();
                Reg(0)
            }
        }
    }

    /// Read by the count, which is not emitted, and the element.
    fn is_for_loop_only(&self, items: Value) -> bool {
        self.analysis.n_uses.get(items).is_some_and(|count| *count <= 2)
    }

    fn begin_items(&mut self, each: &ForEach, pair: Reg) {
        let position = Reg(pair.0 + 1);
        if let Some(&items) = self.regs.get(each.items)
            && items != pair
        {
            self.asm.op(Inst::Copy(pair, items));
        }
        self.asm.op(Inst::LoadInt(position, -1));
        self.occupied.insert(pair);
        self.settle(each.position, position, true);
    }

    fn bottom(&self, id: OpId, body: RegionId) -> Option<Bottom> {
        let region = &self.function.regions[body];
        let test = *region.ops.last()?;
        let op = &self.function.ops[test];
        let OpKind::If { condition, then, otherwise } = op.kind else { return None };
        let exit = |region: RegionId| &self.function.regions[region].exit;
        let leaves =
            |region: RegionId| matches!(exit(region), Exit::Break { target, .. } if *target == id);
        if region.exit != Exit::Unreachable
            || !op.results.is_empty()
            || self.analysis.how(test) != How::Own
        {
            return None;
        }
        let bottom = match (leaves(then), leaves(otherwise)) {
            (_, true) => Bottom { test, condition, body: then, leaves: otherwise, stays_if: true },
            (true, false) => {
                Bottom { test, condition, body: otherwise, leaves: then, stays_if: false }
            }
            (false, false) => return None,
        };
        let goes_on = !matches!(exit(bottom.body), Exit::Yield(_));
        goes_on.then_some(bottom)
    }

    fn turn(&mut self, id: OpId, region: RegionId, bottom: Bottom) {
        let again = self.loops[id].again;
        self.asm.jump(again);
        let start = self.asm.position();
        self.asm.place(again);
        let function = self.function;
        for &op in function.regions[region].ops.iter().filter(|op| **op != bottom.test) {
            self.op(op);
        }
        self.asm.source(function.ops[bottom.test].source);
        let during = self.occupied;
        for op in self.fused_chain(bottom.condition) {
            self.free_all(self.deaths.at_op(op));
        }
        let inside = self.save();
        self.occupied = during;
        let body = self.asm.label();
        let straight = self.goes_straight(bottom.leaves, &To::Nowhere);
        let out = straight.unwrap_or_else(|| self.asm.label());
        match self.analysis.for_each.get(id) {
            Some(each) => {
                let element = self.element(each, bottom.body, inside);
                let pair = Reg(self.regs[each.position].0 - 1);
                self.asm.compare(Inst::ForEach(element, pair), body);
                self.asm.jump(out);
            }
            None if bottom.stays_if => {
                self.branch(bottom.condition, body, out, Next::False);
                self.asm.jump(out);
            }
            None => {
                self.branch(bottom.condition, out, body, Next::True);
                self.asm.jump(out);
            }
        }
        let middle = self.asm.position();
        self.asm.place(body);
        self.branch_region(bottom.body, &To::Nowhere, inside);
        self.asm.rotate(start, middle);
        if straight.is_none() {
            self.asm.place(out);
            self.branch_region(bottom.leaves, &To::Nowhere, inside);
        }
    }

    /// The register of the element of a loop over items, chosen before the body begins.
    fn element(&mut self, each: &ForEach, body: RegionId, inside: Saved) -> Reg {
        let value = self.function.ops[each.item_at].results[0];
        let alive = self.without(inside.occupied, self.deaths.at_entry(body));
        let wish = self.classes.wish(value).filter(|reg| !alive.contains(*reg));
        let reg = match wish {
            Some(reg) => reg,
            None => self.find_free(alive),
        };
        self.use_up_to(reg.0.into());
        self.regs.insert(value, reg);
        reg
    }
}
