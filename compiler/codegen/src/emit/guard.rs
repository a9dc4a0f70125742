//! `try`, with `catch` and `finally`.
//!
//! A `finally` is emitted once. Whoever goes through it says why in a register of its own, and
//! leaves what it carries in others; behind the `finally` stands a dispatch:
//!
//! ```text
//!     …                         body and catch: guarded
//!     load_int why, 2           `break` on its way out
//!     jump finally
//! thrown:                       exceptions come here, the value in slot 0
//!     load_int why, 1
//! finally:
//!     …
//!     jump_same_i why, 0, end   it was reached at its end
//!     jump_same_i why, 2, out
//!     rethrow slot
//! ```

use prism_bytecode::{Inst, Reg};
use prism_ir::function::{OpId, RegionId, Value};

use super::moves::Move;
use super::region::{Saved, To};
use super::{Emit, Finally, set_of};
use crate::analyse::{Passing, Way};
use crate::asm::{Label, Target};
use crate::error::EmitError;
use crate::regs::Regs;

/// Why a `finally` runs; exits count from [`FIRST_WAY`].
pub(super) const NORMAL: i16 = 0;
const THROWN: i16 = 1;
const FIRST_WAY: i16 = 2;

impl Emit<'_> {
    pub(super) fn try_op(
        &mut self,
        id: OpId,
        body: RegionId,
        catch: Option<RegionId>,
        finally: Option<RegionId>,
    ) {
        let before = self.save();
        let after = self.without(before.occupied, self.deaths.at_op(id));
        let function = self.function;
        // The results pass through the `finally`, so they share no register with what it reads.
        let kept = if finally.is_some() { before.occupied } else { after };
        let results = self.pass_registers(&function.ops[id].results, kept, Regs::NONE);
        self.reserved = before.reserved.union(set_of(&results));
        let end = self.asm.label();
        match finally {
            None => {
                let to = To::Join { results: results.clone(), end };
                self.guarded(body, catch, &to);
            }
            Some(finally) => self.with_finally(id, body, catch, finally, &results, end),
        }
        self.asm.place(end);
        self.restore(before);
        self.occupied = after.union(set_of(&results));
        self.done(id);
    }

    /// The body, and the `catch` that guards it.
    fn guarded(&mut self, body: RegionId, catch: Option<RegionId>, to: &To) {
        let inside = self.save();
        let Some(catch) = catch else {
            return self.branch_region(body, to, inside);
        };
        let thrown = self.function.regions[catch].params[0];
        let alive = self.without(inside.occupied, self.deaths.at_entry(catch));
        let reg = self.find_free(alive);
        let target = self.asm.label();
        let guard = self.asm.begin(Target { label: target, reg, is_finally: false });
        self.branch_region(body, to, inside);
        self.asm.end(guard);
        self.asm.place(target);
        self.restore(inside);
        self.occupied = alive;
        self.settle(thrown, reg, false);
        // Only the thrown value: the register of what died on the way in may be its own now.
        if self.deaths.at_entry(catch).contains(&thrown) {
            self.free_all(&[thrown]);
        }
        self.region(catch, to);
    }

    fn with_finally(
        &mut self,
        id: OpId,
        body: RegionId,
        catch: Option<RegionId>,
        finally: RegionId,
        results: &[Option<Reg>],
        end: Label,
    ) {
        let inside = self.save();
        let Passing { ways, n_slots } = self.analysis.passing[id].clone();
        let mut taken = inside.occupied.union(set_of(results));
        let why = self.another(&mut taken);
        let slots: Vec<Reg> = (0..n_slots).map(|_| self.another(&mut taken)).collect();
        let own: Regs = slots.iter().copied().chain([why]).collect();
        self.reserved = self.reserved.union(own);
        let (label, thrown) = (self.asm.label(), self.asm.label());
        self.finallys.push(Finally { label, why, slots: slots.clone(), ways: ways.clone() });
        let guard = self.asm.begin(Target { label: thrown, reg: slots[0], is_finally: true });
        self.guarded(body, catch, &To::Finally { results: results.to_vec(), why, label });
        self.asm.end(guard);
        self.finallys.pop();
        self.asm.place(thrown);
        self.asm.op(Inst::LoadInt(why, THROWN));
        self.asm.place(label);
        let needed = self.without(inside.occupied, self.deaths.at_entry(finally));
        self.restore(inside);
        self.occupied = needed.union(set_of(results)).union(own);
        let dispatch = self.asm.label();
        self.region(finally, &To::Dispatch(dispatch));
        self.asm.place(dispatch);
        self.restore(Saved { occupied: taken, ..inside });
        self.dispatch(why, &slots, &ways, end);
    }

    fn another(&mut self, taken: &mut Regs) -> Reg {
        let reg = self.find_free(*taken);
        taken.insert(reg);
        reg
    }

    /// Goes on as whoever came through the `finally` wanted to.
    fn dispatch(&mut self, why: Reg, slots: &[Reg], ways: &[Way], end: Label) {
        self.asm.compare(Inst::JumpSameI(why, NORMAL as i8), end);
        let labels: Vec<Label> = ways.iter().map(|_| self.asm.label()).collect();
        for (index, label) in labels.iter().enumerate() {
            match i8::try_from(index as i16 + FIRST_WAY) {
                Ok(number) => self.asm.compare(Inst::JumpSameI(why, number), *label),
                Err(_) => self.fail(EmitError::TooLarge { what: "exits through one `finally`" }),
            }
        }
        self.asm.op(Inst::Rethrow(slots[0]));
        for (way, label) in ways.iter().zip(labels) {
            self.asm.place(label);
            self.go_on(*way, slots);
        }
    }

    /// An exit inside a `finally`'s guard: leaves its values in the slots.
    pub(super) fn leave_through_finally(&mut self, id: RegionId, way: Way, values: &[Value]) {
        let finally = self.finallys.last().expect("the caller has counted them");
        let slots: Vec<Option<Reg>> = finally.slots.iter().copied().map(Some).collect();
        let (why, label) = (finally.why, finally.label);
        let number = self.number_of(way);
        let n_values = values.len();
        self.pass(id, values, &slots[..n_values]);
        self.asm.op(Inst::LoadInt(why, number));
        self.asm.jump(label);
    }

    fn number_of(&self, way: Way) -> i16 {
        let finally = self.finallys.last().expect("the caller has counted them");
        let index = finally.ways.iter().position(|known| *known == way);
        index.expect("the analysis has listed every exit") as i16 + FIRST_WAY
    }

    /// From the slots of one `finally` to the target, or to the next `finally` on the way.
    fn go_on(&mut self, way: Way, slots: &[Reg]) {
        let around = match way {
            Way::Break(op) | Way::Continue(op) => self.loops[op].n_finallys,
            Way::Return => 0,
        };
        if self.finallys.len() > around {
            let finally = self.finallys.last().expect("there is one more than around the target");
            let to: Vec<Option<Reg>> = finally.slots.iter().copied().map(Some).collect();
            let (why, label) = (finally.why, finally.label);
            let number = self.number_of(way);
            self.move_slots(slots, &to);
            self.asm.op(Inst::LoadInt(why, number));
            return self.asm.jump(label);
        }
        match way {
            Way::Break(op) => {
                let (results, end) = (self.loops[op].results.clone(), self.loops[op].end);
                self.move_slots(slots, &results);
                self.asm.jump(end);
            }
            Way::Continue(op) => {
                let (params, again) = (self.loops[op].params.clone(), self.loops[op].again);
                self.move_slots(slots, &params);
                self.asm.jump(again);
            }
            Way::Return => self.asm.op(Inst::Return(slots[0])),
        }
    }

    fn move_slots(&mut self, slots: &[Reg], to: &[Option<Reg>]) {
        let moves = slots
            .iter()
            .zip(to)
            .filter_map(|(from, to)| Some(Move { from: *from, to: (*to)?, takes: true }))
            .collect();
        self.move_all(moves);
    }
}
