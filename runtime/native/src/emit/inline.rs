//! Callees whose code stands where the call is.
//!
//! To the interpreter it is a call like any other: fuel and depth count, and code that gives up
//! inside leaves two functions behind, the callee above its caller.

use std::rc::Rc;

use cranelift_codegen::ir::Value;
use prism_vm::tier::NULL;

use super::Emit;
use super::parts::{Parts, Registers};
use crate::flow::{Body, Plan};
use crate::kinds::Kinds;

/// A function with the variables of its registers.
#[derive(Clone)]
pub(super) struct Frame<'a> {
    pub(super) body: &'a Body,
    pub(super) registers: Registers,
}

/// A call under way.
pub(super) struct Inlined<'a> {
    pub(super) callee: Frame<'a>,
    /// The caller's registers meanwhile, where it goes on, and the register for the result.
    pub(super) kinds: Vec<Kinds>,
    pub(super) next: u32,
    pub(super) to: u8,
}

/// What was current in the caller.
pub(super) struct UnderWay<'a> {
    caller: Frame<'a>,
    kinds: Vec<Kinds>,
    pc: u32,
    head: Option<u32>,
}

impl<'a> Emit<'a, '_> {
    /// Makes another function the current one, and gives the one before.
    pub(super) fn swap_frame(&mut self, frame: Frame<'a>) -> Frame<'a> {
        Frame {
            body: std::mem::replace(&mut self.body, frame.body),
            registers: std::mem::replace(&mut self.registers, frame.registers),
        }
    }

    /// The code of a callee, whose arguments the caller has given up already. Gives its result,
    /// in the form of what the callee returns.
    pub(super) fn inline(&mut self, to: u8, args: &[Value], next: u32, body: &'a Body) -> Parts {
        let under_way = self.begin_inlined(to, args, next, body);
        let mut at = body.entry;
        let result = loop {
            if let Plan::Return(reg) = body.plans[&at] {
                self.start(at);
                break self.result(reg);
            }
            self.emit_one(at);
            at = body.plans[&at].next(&body.steps[&at]).expect("`Body::is_inlined` has no jumps");
        };
        self.end_inlined(under_way);
        result
    }

    /// From here on the code is that of a callee.
    pub(super) fn begin_inlined(
        &mut self,
        to: u8,
        args: &[Value],
        next: u32,
        body: &'a Body,
    ) -> UnderWay<'a> {
        let registers = Registers::new(&mut self.b, body.n_regs);
        registers.set_arguments(&mut self.b, &body.args, args.iter().copied());
        let callee = Frame { body, registers };
        let kinds = std::mem::replace(&mut self.kinds, body.heads[&body.entry].clone());
        let call = Inlined { callee: callee.clone(), kinds: kinds.clone(), next, to };
        self.inlined = Some(Rc::new(call));
        let caller = self.swap_frame(callee);
        self.checkpoint.is_open = false;
        UnderWay { caller, kinds, pc: self.pc, head: self.head.take() }
    }

    /// From here on the code is the caller's again.
    pub(super) fn end_inlined(&mut self, under_way: UnderWay<'a>) {
        self.swap_frame(under_way.caller);
        (self.kinds, self.pc, self.head) = (under_way.kinds, under_way.pc, under_way.head);
        self.inlined = None;
        self.checkpoint.is_open = false;
    }

    /// One instruction of a callee, which neither jumps nor ends.
    pub(super) fn emit_one(&mut self, pc: u32) {
        let (plan, step) = self.start(pc);
        self.plan(&plan, step.next);
        plan.apply(&mut self.kinds);
    }

    /// The result of the running function, whose other registers are given back.
    pub(super) fn result(&mut self, reg: Option<u8>) -> Parts {
        let held = match reg {
            None => Parts::Bits(self.bits(NULL)),
            Some(reg) => self.held(reg),
        };
        let value = self.in_form(held, self.body.returns.form());
        for other in 0..self.body.n_regs {
            if Some(other) != reg {
                self.drop_old(other);
            }
        }
        value
    }
}
