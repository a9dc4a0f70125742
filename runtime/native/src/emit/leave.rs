//! Ways out: registers go back to memory, and the interpreter goes on.

use std::rc::Rc;

use cranelift_codegen::ir::{Block, InstBuilder, Value, condcodes::IntCC, types};
use prism_vm::tier::{FIRST_HEAP, NULL};

use super::inline::Inlined;
use super::{Emit, LEFT, REFUSED, view};
use crate::kinds::Kinds;

/// A way out.
pub(super) struct Leave<'a> {
    pub(super) block: Block,
    /// Where the interpreter goes on, with registers of these kinds.
    pub(super) pc: u32,
    pub(super) kinds: Vec<Kinds>,
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
    /// The block that leaves before the current instruction.
    pub(super) fn way_out(&mut self) -> Block {
        if let Some(block) = self.leave {
            return block;
        }
        let block = self.b.create_block();
        self.b.set_cold_block(block);
        let (pc, kinds, inlined) = (self.pc, self.before.clone(), self.inlined.clone());
        self.leaves.push(Leave { block, pc, kinds, unwind: None, inlined });
        self.leave = Some(block);
        block
    }

    pub(super) fn give_up(&mut self) {
        let block = self.way_out();
        self.b.ins().jump(block, &[]);
    }

    pub(super) fn write_leave(&mut self, leave: &Leave<'a>) {
        self.b.switch_to_block(leave.block);
        let window = self.window();
        match (&leave.inlined, &leave.unwind) {
            (None, None) => {
                self.store_registers(window, 0, leave.pc, &leave.kinds);
                self.write_place(leave.pc, self.base);
            }
            (None, Some(Unwind { to })) => {
                self.store_registers(window, 0, leave.pc, &leave.kinds);
                self.unwound(leave.pc, *to);
                // The callee has counted the fuel.
                return self.leave_with(LEFT);
            }
            (Some(call), _) => {
                self.store_registers(window, 0, call.next, &call.kinds);
                let above = self.body.n_regs;
                let n_regs = self.b.ins().iconst(types::I64, i64::from(above));
                let base = self.b.ins().iadd(self.base, n_regs);
                let caller = self.swap_frame(call.callee.clone());
                self.store_registers(window, above, leave.pc, &leave.kinds);
                self.write_place(leave.pc, base);
                self.swap_frame(caller);
                self.unwound(call.next, call.to);
            }
        }
        self.store_fuel();
        self.leave_with(LEFT);
    }

    /// Registers of the current function, of which `window` is so many below.
    fn store_registers(&mut self, window: Value, above: u8, pc: u32, kinds: &[Kinds]) {
        let body = self.body;
        let alive = body.live.get(&pc).copied().unwrap_or_default();
        for reg in 0..body.n_regs {
            let kinds = kinds[usize::from(reg)];
            // Nobody else wrote it: memory is right, or null at the start of a function.
            if body.is_inner && !body.written.contains(reg) {
                continue;
            }
            let is_kept = (alive.contains(reg) || kinds.may_be_heap()) && kinds != Kinds::NULL;
            if !is_kept && !body.is_inner {
                continue;
            }
            let value = match is_kept {
                true => self.boxed_as(reg, kinds),
                false => self.bits(NULL),
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
        self.b.ins().call(self.host.unwound, &[self.state, pc, self.base, packed]);
    }

    fn write_place(&mut self, pc: u32, base: Value) {
        let flags = self.memory.view;
        let pc = self.b.ins().iconst(types::I64, i64::from(pc));
        self.b.ins().store(flags, pc, self.state, view!(pc));
        self.b.ins().store(flags, base, self.state, view!(base));
        let n_regs = self.b.ins().iconst(types::I64, i64::from(self.body.n_regs));
        self.b.ins().store(flags, n_regs, self.state, view!(n_regs));
    }

    fn leave_with(&mut self, status: i64) {
        let status = self.b.ins().iconst(types::I64, status);
        if self.body.is_inner {
            self.b.ins().return_(&[status]);
            return;
        }
        let nothing = match self.body.returns.is_float() {
            true => self.b.ins().f64const(0.0),
            false => self.bits(NULL),
        };
        self.b.ins().return_(&[status, nothing]);
    }

    /// Where the registers of the function are.
    pub(super) fn window(&mut self) -> Value {
        let stack = self.load_view(view!(stack));
        let offset = self.b.ins().ishl_imm_u(self.base, 3);
        self.b.ins().iadd(stack, offset)
    }

    /// Registers of code that begins inside a function. It is refused unless they are of the
    /// kinds that it was made for; that a dead one owns nothing counts as such a kind.
    pub(super) fn load_registers(&mut self) {
        let refuse = self.b.create_block();
        self.b.set_cold_block(refuse);
        let window = self.window();
        let body = self.body;
        let alive = body.live[&body.entry];
        for reg in 0..body.n_regs {
            if !alive.contains(reg) && !body.written.contains(reg) {
                continue;
            }
            let kinds = body.args[usize::from(reg)];
            let flags = self.memory.elements;
            let bits = self.b.ins().load(types::I64, flags, window, i32::from(reg) * 8);
            let fits = match kinds {
                Kinds::ANY => None,
                Kinds::NULL => {
                    let first = self.bits(FIRST_HEAP);
                    Some(self.b.ins().icmp(IntCC::UnsignedLessThan, bits, first))
                }
                _ => Some(self.is_kind(bits, kinds)),
            };
            if let Some(fits) = fits {
                let on = self.b.create_block();
                self.b.ins().brif(fits, on, &[], refuse, &[]);
                self.enter_block(on);
            }
            self.set_loaded(reg, kinds, bits);
        }
        let on = self.b.create_block();
        self.b.ins().jump(on, &[]);
        self.b.switch_to_block(refuse);
        self.leave_with(REFUSED);
        self.b.switch_to_block(on);
    }

    fn set_loaded(&mut self, reg: u8, kinds: Kinds, bits: Value) {
        if kinds.is_float() {
            let flags = cranelift_codegen::ir::MemFlagsData::new();
            let number = self.b.ins().bitcast(types::F64, flags, bits);
            self.set_float(reg, number);
        } else if kinds == Kinds::NULL {
            self.set_null(reg);
        } else {
            self.set_box(reg, bits);
        }
    }
}
