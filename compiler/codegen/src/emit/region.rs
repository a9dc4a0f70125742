//! Regions, their exits, and `if`.

use prism_bytecode::{Inst, Reg};
use prism_ir::function::{OpId, RegionId, Value};
use prism_ir::op::{Exit, OpKind, PatternOp};

use super::branch::Next;
use super::moves::Move;
use super::{Emit, set_of};
use crate::analyse::{How, Way};
use crate::asm::Label;
use crate::regs::Regs;

/// What a `yield` of a region does.
pub(super) enum To {
    /// The region has none.
    Nowhere,
    /// Passes values on and goes to the end of the operation.
    Join { results: Vec<Option<Reg>>, end: Label },
    /// Is a test whose outcome decides where to go on: the value, and what is known of it.
    Test { if_true: Label, if_false: Label, condition: Value, holds: bool },
    /// The same as `Join`, then says why the `finally` runs: it was reached at its end.
    Finally { results: Vec<Option<Reg>>, why: Reg, label: Label },
    /// The end of a `finally`, whose dispatch follows.
    Dispatch(Label),
}

/// Registers at a place, to go back to.
#[derive(Clone, Copy)]
pub(super) struct Saved {
    pub occupied: Regs,
    pub reserved: Regs,
}

impl Emit<'_> {
    pub(super) fn save(&self) -> Saved {
        Saved { occupied: self.occupied, reserved: self.reserved }
    }

    pub(super) fn restore(&mut self, saved: Saved) {
        self.occupied = saved.occupied;
        self.reserved = saved.reserved;
    }

    /// The region's operations and its exit; registers are as the caller left them.
    pub(super) fn region(&mut self, id: RegionId, to: &To) {
        let function = self.function;
        for &op in &function.regions[id].ops {
            self.op(op);
        }
        self.exit(id, to);
    }

    /// A region of an operation: begins with what is alive at the operation.
    pub(super) fn branch_region(&mut self, id: RegionId, to: &To, before: Saved) {
        self.restore(before);
        self.occupied = self.without(before.occupied, self.deaths.at_entry(id));
        self.region(id, to);
    }

    pub(super) fn exit(&mut self, id: RegionId, to: &To) {
        let function = self.function;
        let region = &function.regions[id];
        self.source = region.exit_source;
        self.asm.source(region.exit_source);
        self.temps = Regs::NONE;
        match &region.exit {
            Exit::Yield(values) => self.yield_to(id, values, to),
            Exit::Break { target, values } => self.leave(id, Way::Break(*target), values),
            Exit::Continue { target, values } => self.leave(id, Way::Continue(*target), values),
            Exit::Return(value) => self.leave(id, Way::Return, &[*value]),
            Exit::Throw(value) => {
                let reg = self.taken_by_exit(id, *value);
                self.asm.op(Inst::Throw(reg));
            }
            Exit::Unreachable => {}
        }
        self.temps = Regs::NONE;
    }

    fn yield_to(&mut self, id: RegionId, values: &[Value], to: &To) {
        match to {
            To::Nowhere => {}
            To::Join { results, end } => {
                self.pass(id, values, results);
                self.asm.jump(*end);
            }
            To::Test { if_true, if_false, condition, holds } => {
                let value = values[0];
                if value == *condition {
                    self.asm.jump(if *holds { *if_true } else { *if_false });
                } else {
                    self.branch(value, *if_true, *if_false, Next::False);
                    self.asm.jump(*if_false);
                }
            }
            To::Finally { results, why, label } => {
                self.pass(id, values, results);
                self.asm.op(Inst::LoadInt(*why, super::guard::NORMAL));
                self.asm.jump(*label);
            }
            To::Dispatch(label) => self.asm.jump(*label),
        }
    }

    /// Brings the values of an exit to where they are expected.
    pub(super) fn pass(&mut self, id: RegionId, values: &[Value], to: &[Option<Reg>]) {
        let mut moves = Vec::new();
        let mut loads = Vec::new();
        let dying = self.deaths.at_exit(id);
        for (&value, to) in values.iter().zip(to) {
            let Some(to) = *to else { continue };
            match self.regs.get(value).filter(|_| self.analysis.has_register(value)) {
                Some(&from) => {
                    moves.push(Move { from, to, takes: dying.contains(&value) });
                }
                None => loads.push((value, to)),
            }
        }
        self.temps = to.iter().flatten().copied().collect();
        self.move_all(moves);
        for (value, to) in loads {
            self.load(value, to);
        }
    }

    /// Goes to the target of an exit, through the innermost `finally` on the way.
    fn leave(&mut self, id: RegionId, way: Way, values: &[Value]) {
        let around = match way {
            Way::Break(op) | Way::Continue(op) => self.loops[op].n_finallys,
            Way::Return => 0,
        };
        if self.finallys.len() > around {
            return self.leave_through_finally(id, way, values);
        }
        match way {
            Way::Break(op) => {
                let (results, end) = (self.loops[op].results.clone(), self.loops[op].end);
                self.pass(id, values, &results);
                self.asm.jump(end);
            }
            Way::Continue(op) => {
                let (params, again) = (self.loops[op].params.clone(), self.loops[op].again);
                self.pass(id, values, &params);
                self.asm.jump(again);
            }
            Way::Return => self.return_value(id, values[0]),
        }
    }

    fn return_value(&mut self, id: RegionId, value: Value) {
        if self.analysis.is_null(value) {
            return self.asm.op(Inst::ReturnNull());
        }
        let reg = self.taken_by_exit(id, value);
        self.asm.op(Inst::Return(reg));
    }

    pub(super) fn taken_by_exit(&mut self, id: RegionId, value: Value) -> Reg {
        match self.regs.get(value) {
            Some(&reg) if self.deaths.at_exit(id).contains(&value) => reg,
            _ => {
                let reg = self.temp();
                self.bring(value, reg);
                reg
            }
        }
    }

    /// Where a region that does nothing goes, when nothing has to be moved either.
    pub(super) fn goes_straight(&self, id: RegionId, to: &To) -> Option<Label> {
        let region = &self.function.regions[id];
        if region.ops.iter().any(|op| !matches!(self.analysis.how(*op), How::Again | How::InLoop)) {
            return None;
        }
        let loop_exit = |op: OpId| {
            let exits = &self.loops[op];
            (self.finallys.len() == exits.n_finallys).then_some(exits)
        };
        match (&region.exit, to) {
            (Exit::Yield(values), To::Join { results, end }) => {
                self.are_in_place(values, results).then_some(*end)
            }
            (Exit::Yield(values), To::Test { if_true, if_false, condition, holds }) => {
                let outcome = match self.analysis.constant(values[0]) {
                    Some(constant) => super::branch::is_truthy(constant),
                    None if values[0] == *condition => *holds,
                    None => return None,
                };
                Some(if outcome { *if_true } else { *if_false })
            }
            (Exit::Break { target, values }, _) => loop_exit(*target)
                .filter(|exits| self.are_in_place(values, &exits.results))
                .map(|exits| exits.end),
            (Exit::Continue { target, values }, _) => loop_exit(*target)
                .filter(|exits| self.are_in_place(values, &exits.params))
                .map(|exits| exits.again),
            _ => None,
        }
    }

    fn are_in_place(&self, values: &[Value], regs: &[Option<Reg>]) -> bool {
        values.iter().zip(regs).all(|(value, reg)| match reg {
            None => true,
            Some(reg) => self.analysis.has_register(*value) && self.regs.get(*value) == Some(reg),
        })
    }

    /// The operations that a test does itself, the last one first.
    pub(super) fn fused_chain(&self, mut tested: Value) -> Vec<OpId> {
        let mut chain = Vec::new();
        while let Some(&op) = self.analysis.maker.get(tested)
            && self.analysis.how(op) == How::Fused
        {
            chain.push(op);
            match &self.function.ops[op].kind {
                OpKind::Unary { operand, .. } => tested = *operand,
                _ => break,
            }
        }
        chain
    }

    pub(super) fn if_op(&mut self, id: OpId, condition: Value, then: RegionId, other: RegionId) {
        let during = self.occupied;
        for op in self.fused_chain(condition) {
            self.free_all(self.deaths.at_op(op));
        }
        let before = self.save();
        let after = self.without(before.occupied, self.deaths.at_op(id));
        let function = self.function;
        let results = self.pass_registers(&function.ops[id].results, after, Regs::NONE);
        self.reserved = before.reserved.union(set_of(&results));
        let inside = self.save();
        let end = self.asm.label();
        let to = To::Join { results, end };
        self.occupied = during;
        self.branches(condition, [then, other], &to, inside);
        self.asm.place(end);
        let To::Join { results, .. } = to else { unreachable!("it was made above") };
        self.restore(before);
        self.occupied = after.union(set_of(&results));
        self.done(id);
    }

    /// The test and both regions; the test is emitted with the registers as they are.
    fn branches(&mut self, condition: Value, regions: [RegionId; 2], to: &To, inside: Saved) {
        let [then, other] = regions;
        match (self.goes_straight(then, to), self.goes_straight(other, to)) {
            (Some(then), Some(other)) => {
                self.branch(condition, then, other, Next::False);
                self.asm.jump(other);
            }
            (Some(then), None) => {
                let label = self.asm.label();
                self.branch(condition, then, label, Next::False);
                self.asm.place(label);
                self.branch_region(other, to, inside);
            }
            (None, straight) => {
                let then_label = self.asm.label();
                let other_label = straight.unwrap_or_else(|| self.asm.label());
                self.branch(condition, then_label, other_label, Next::True);
                self.asm.place(then_label);
                self.let_go_of_tested(condition);
                self.branch_region(then, to, inside);
                if straight.is_none() {
                    self.asm.place(other_label);
                    self.branch_region(other, to, inside);
                }
            }
        }
    }

    /// An array that was only tested is let go of: while a register holds it, too, what follows
    /// could not change it where it is.
    fn let_go_of_tested(&mut self, condition: Value) {
        let Some(&test) = self.analysis.maker.get(condition) else { return };
        let OpKind::Pattern { op: PatternOp::IsArray { .. }, value } = self.function.ops[test].kind
        else {
            return;
        };
        if self.analysis.how(test) == How::Fused
            && self.is_last_use(test, value)
            && let Some(&reg) = self.regs.get(value)
        {
            self.asm.op(Inst::LoadNull(reg));
        }
    }

    /// An `if` whose only result is tested: each region goes on to where the outcome leads.
    pub(super) fn test_if(&mut self, id: OpId, if_true: Label, if_false: Label) {
        let OpKind::If { condition, then, otherwise } = self.function.ops[id].kind else {
            unreachable!("the caller has seen that it is an `if`")
        };
        let during = self.occupied;
        for op in self.fused_chain(condition) {
            self.free_all(self.deaths.at_op(op));
        }
        let inside = self.save();
        self.occupied = during;
        let then_label = self.asm.label();
        let other_label = self.asm.label();
        let to = |holds| To::Test { if_true, if_false, condition, holds };
        let then_goal = self.goes_straight(then, &to(true));
        let other_goal = self.goes_straight(otherwise, &to(false));
        let first = then_goal.unwrap_or(then_label);
        let second = other_goal.unwrap_or(other_label);
        let next = if then_goal.is_some() { Next::False } else { Next::True };
        self.branch(condition, first, second, next);
        if then_goal.is_none() {
            self.asm.place(then_label);
            self.branch_region(then, &to(true), inside);
        }
        if other_goal.is_none() {
            self.asm.place(other_label);
            self.branch_region(otherwise, &to(false), inside);
        } else if then_goal.is_some() {
            self.asm.jump(second);
        }
        self.restore(inside);
        self.occupied = self.without(inside.occupied, self.deaths.at_op(id));
    }
}
