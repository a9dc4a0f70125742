//! Ways out: registers go back to memory, and the interpreter goes on.

use std::rc::Rc;

use cranelift_codegen::ir::{Block, InstBuilder, MemFlagsData, Value, types};
use prism_vm::tier::NULL;
use rustc_hash::FxHashMap;

use super::inline::Inlined;
use super::parts::{Parts, types_of};
use super::{Emit, GAVE_UP, LEFT, REFUSED, view};
use crate::flow::Plan;
use crate::kinds::{Form, Kinds};

/// An instruction from which on nothing happened that doing it again would change: code that
/// gives up meanwhile does so there. So many tests share one way out.
#[derive(Default)]
pub(super) struct Checkpoint<'a> {
    pc: u32,
    kinds: Vec<Kinds>,
    saved: FxHashMap<u8, Parts>,
    inlined: Option<Rc<Inlined<'a>>>,
    /// The way out, once it is needed.
    block: Option<Block>,
    /// It serves for the next instruction too.
    pub(super) is_open: bool,
}

/// A way out.
pub(super) struct Leave<'a> {
    pub(super) block: Block,
    /// Where the interpreter goes on, with registers of these kinds.
    pub(super) pc: u32,
    pub(super) kinds: Vec<Kinds>,
    /// What registers held there that have changed since.
    pub(super) saved: FxHashMap<u8, Parts>,
    /// A callee gave up: this function is on the way.
    pub(super) unwind: Option<Unwind>,
    /// The place is in a callee whose code stands here.
    pub(super) inlined: Option<Rc<Inlined<'a>>>,
}

/// The register that waits for the callee's result.
pub(super) struct Unwind {
    pub(super) to: u8,
}

impl<'a> Emit<'a, '_> {
    /// Makes the current instruction a checkpoint, unless the last one still serves. The place
    /// where code is entered serves for itself alone: code that leaves there did nothing.
    pub(super) fn check(&mut self, plan: &Plan) {
        if !self.checkpoint.is_open {
            self.end_checkpoint();
            self.checkpoint.pc = self.pc;
            self.checkpoint.kinds.clone_from(&self.kinds);
            self.checkpoint.inlined.clone_from(&self.inlined);
        }
        let is_entry = self.pc == self.body.entry && self.inlined.is_none();
        self.checkpoint.is_open = !is_entry && plan.is_repeatable(&self.kinds);
    }

    pub(super) fn end_checkpoint(&mut self) {
        let Checkpoint { pc, kinds, saved, inlined, block, .. } =
            std::mem::take(&mut self.checkpoint);
        let leave = block.map(|block| Leave { block, pc, kinds, saved, unwind: None, inlined });
        self.leaves.extend(leave);
    }

    /// Keeps what a register holds, which is about to change to something of this form, for the
    /// way out.
    pub(super) fn keep(&mut self, reg: u8, form: Form) {
        // Tests come before changes: what comes after the last instruction needs nothing.
        if !self.checkpoint.is_open || self.checkpoint.saved.contains_key(&reg) {
            return;
        }
        let kinds = self.checkpoint.kinds[usize::from(reg)];
        let is_overwritten = match kinds.form() {
            Form::Bits => matches!(form, Form::Bits | Form::Boxed),
            Form::Float | Form::Pair => form != Form::Bits,
            Form::Boxed => true,
        };
        if is_overwritten && self.is_kept(reg, self.checkpoint.pc, kinds) {
            let parts = self.registers.get(&mut self.b, reg, kinds.form());
            self.checkpoint.saved.insert(reg, parts);
        }
    }

    /// The block that leaves before the current instruction, or some before it.
    pub(super) fn way_out(&mut self) -> Block {
        if let Some(block) = self.checkpoint.block {
            return block;
        }
        let block = self.b.create_block();
        self.b.set_cold_block(block);
        self.checkpoint.block = Some(block);
        block
    }

    pub(super) fn give_up(&mut self) {
        let block = self.way_out();
        self.b.ins().jump(block, &[]);
    }

    pub(super) fn write_leave(&mut self, leave: &Leave<'a>) {
        self.enter_block(leave.block);
        if leave.unwind.is_some() {
            // The callee has counted the fuel.
            self.load_fuel();
        }
        let window = self.window();
        match (&leave.inlined, &leave.unwind) {
            (None, None) => {
                self.store_registers(window, 0, leave.pc, &leave.kinds, &leave.saved);
                let (exit, pc) = (self.exit(), self.place(leave.pc));
                self.b.ins().jump(exit, &[pc.into()]);
                return;
            }
            (None, Some(Unwind { to })) => {
                self.store_registers(window, 0, leave.pc, &leave.kinds, &leave.saved);
                self.unwound(leave.pc, *to);
            }
            (Some(call), _) => {
                self.store_registers(window, 0, call.next, &call.kinds, &FxHashMap::default());
                let above = self.body.n_regs;
                let n_regs = self.b.ins().iconst(types::I64, i64::from(above));
                let base = self.b.ins().iadd(self.base, n_regs);
                let caller = self.swap_frame(call.callee.clone());
                self.store_registers(window, above, leave.pc, &leave.kinds, &leave.saved);
                let pc = self.place(leave.pc);
                self.write_place(pc, base);
                self.swap_frame(caller);
                self.unwound(call.next, call.to);
            }
        }
        self.store_fuel();
        self.leave_with(LEFT);
    }

    /// Whether the interpreter needs what a register holds at a place, and code has it.
    fn is_kept(&self, reg: u8, pc: u32, kinds: Kinds) -> bool {
        kinds != Kinds::NULL && (kinds.may_be_heap() || self.is_alive(reg, pc))
    }

    fn is_alive(&self, reg: u8, pc: u32) -> bool {
        self.body.live.get(&pc).is_some_and(|alive| alive.contains(reg))
    }

    /// Registers of the current function, of which `window` is so many below. Floats go as they
    /// are: the machine makes one NaN of all.
    fn store_registers(
        &mut self,
        window: Value,
        above: u8,
        pc: u32,
        kinds: &[Kinds],
        saved: &FxHashMap<u8, Parts>,
    ) {
        let body = self.body;
        for reg in 0..body.n_regs {
            let (at, kinds) = (usize::from(reg), kinds[usize::from(reg)]);
            // Nobody else wrote it: memory is right, or null at the start of a function.
            if body.is_inner && !body.written.contains(reg) {
                continue;
            }
            let value = if self.is_kept(reg, pc, kinds) {
                let saved = saved.get(&reg).copied();
                let parts =
                    saved.unwrap_or_else(|| self.registers.get(&mut self.b, reg, kinds.form()));
                match parts {
                    Parts::Float(number) => number,
                    parts => self.bits_of(parts),
                }
            } else if body.is_inner && (self.is_alive(reg, pc) || body.args[at].may_be_heap()) {
                // Memory may have something else, and a reference that somebody else has now.
                self.bits(NULL)
            } else {
                continue;
            };
            let at = (i32::from(above) + i32::from(reg)) * 8;
            self.b.ins().store(self.memory.elements, value, window, at);
        }
    }

    /// The current function waits for a callee that gave up.
    fn unwound(&mut self, pc: u32, to: u8) {
        let pc = self.b.ins().iconst(types::I64, i64::from(pc));
        let packed = i64::from(self.body.n_regs) | i64::from(to) << 8;
        let packed = self.b.ins().iconst(types::I64, packed);
        let state = self.state();
        self.b.ins().call(self.host.unwound, &[state, pc, self.base, packed]);
    }

    /// The block in which all ways out of the function end but for those with calls under way,
    /// with the place as its parameter.
    fn exit(&mut self) -> Block {
        if let Some(exit) = self.exit {
            return exit;
        }
        let exit = self.b.create_block();
        self.b.set_cold_block(exit);
        self.b.append_block_param(exit, types::I64);
        self.exit = Some(exit);
        exit
    }

    /// The code of that block, once all ways to it are known.
    pub(super) fn write_exit(&mut self) {
        let Some(exit) = self.exit else { return };
        self.enter_block(exit);
        let pc = self.b.block_params(exit)[0];
        self.write_place(pc, self.base);
        self.store_fuel();
        self.leave_with(LEFT);
    }

    fn place(&mut self, pc: u32) -> Value {
        self.b.ins().iconst(types::I64, i64::from(pc))
    }

    fn write_place(&mut self, pc: Value, base: Value) {
        self.store_view(pc, view!(pc));
        self.store_view(base, view!(base));
        let n_regs = self.b.ins().iconst(types::I64, i64::from(self.body.n_regs));
        self.store_view(n_regs, view!(n_regs));
    }

    /// Code that begins inside a function says how it ended; a function that it gave up.
    fn leave_with(&mut self, status: i64) {
        if self.body.is_inner {
            return self.end_with(status);
        }
        let mut results = vec![self.b.ins().iconst(types::I64, GAVE_UP)];
        for &of in types_of(self.body.returns) {
            let nothing = match of {
                types::F64 => self.b.ins().f64const(0.0),
                _ => self.bits(NULL),
            };
            results.push(nothing);
        }
        self.b.ins().return_(&results);
    }

    /// Where the registers of the function are.
    pub(super) fn window(&mut self) -> Value {
        let stack = self.load_view(view!(stack));
        let offset = self.b.ins().ishl_imm_u(self.base, 3);
        self.b.ins().iadd(stack, offset)
    }

    /// Registers of code that begins inside a function. It is refused unless they are of the
    /// kinds that it was made for; that a dead one owns no more than a box counts as such a kind.
    pub(super) fn load_registers(&mut self) {
        let refuse = self.b.create_block();
        self.b.set_cold_block(refuse);
        let window = self.window();
        let body = self.body;
        let alive = body.live[&body.entry];
        let mut dead = Vec::new();
        for reg in 0..body.n_regs {
            if !alive.contains(reg) && !body.written.contains(reg) {
                continue;
            }
            let kinds = body.args[usize::from(reg)];
            let flags = self.memory.elements;
            let bits = self.b.ins().load(types::I64, flags, window, i32::from(reg) * 8);
            if !alive.contains(reg) && kinds != Kinds::ANY {
                let is_kept = !kinds.heap().is_empty();
                self.expect_little(bits, is_kept, refuse);
                if !is_kept {
                    dead.push((reg, bits));
                    self.set_null(reg);
                    continue;
                }
            }
            let parts = if alive.contains(reg) {
                self.loaded(kinds, bits, refuse)
            } else {
                Parts::Bits(bits)
            };
            self.set(reg, parts);
        }
        let null = self.bits(NULL);
        for (reg, bits) in dead {
            let (some, after) = self.if_heap(bits);
            self.enter_block(some);
            self.b.ins().call(self.host.release, &[bits]);
            self.b.ins().store(self.memory.elements, null, window, i32::from(reg) * 8);
            self.b.ins().jump(after, &[]);
            self.enter_block(after);
        }
        let on = self.b.create_block();
        self.b.ins().jump(on, &[]);
        self.b.switch_to_block(refuse);
        self.leave_with(REFUSED);
        self.b.switch_to_block(on);
    }

    /// A value has no references, or is an object or else a confident number; others go to a
    /// block.
    fn expect_little(&mut self, bits: Value, may_be_object: bool, other: Block) {
        let (some, after) = self.if_heap(bits);
        self.enter_block(some);
        if may_be_object {
            let is_object = self.is_kind(bits, Kinds::OBJECT);
            self.b.ins().brif(is_object, after, &[], other, &[]);
        } else {
            self.unbox(bits, other);
            self.b.ins().jump(after, &[]);
        }
        self.enter_block(after);
    }

    /// A value of these kinds out of its bits; others go to a block.
    pub(super) fn loaded(&mut self, kinds: Kinds, bits: Value, other: Block) -> Parts {
        if kinds == Kinds::ANY {
            return Parts::Bits(bits);
        }
        if kinds.may_be_confident() {
            let found = self.unbox(bits, other);
            return match (kinds.form(), found) {
                (Form::Pair, Parts::Boxed(number, confidence, _)) => {
                    Parts::Pair(number, confidence)
                }
                _ => found,
            };
        }
        let fits = self.is_kind(bits, kinds);
        let on = self.b.create_block();
        self.b.ins().brif(fits, on, &[], other, &[]);
        self.enter_block(on);
        match kinds {
            Kinds::NUMBER => {
                Parts::Float(self.b.ins().bitcast(types::F64, MemFlagsData::new(), bits))
            }
            _ => Parts::Bits(bits),
        }
    }
}
