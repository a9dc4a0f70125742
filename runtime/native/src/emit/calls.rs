//! Calls between functions of native code, and their ends.

use cranelift_codegen::ir::{
    FuncRef, InstBuilder, MemFlagsData, TrapCode, Value, condcodes::IntCC, types,
};
use prism_vm::tier::{NULL, WINDOW};

use super::leave::{Leave, Unwind};
use super::{Callee, Emit, REFUSED, RETURNED, key, view};
use crate::flow::{Signature, Src};
use crate::kinds::Kinds;

impl Emit<'_, '_> {
    pub(super) fn call(
        &mut self,
        to: u8,
        first: u8,
        signature: &Signature,
        returns: Kinds,
        next: u32,
    ) {
        // Fuel, depth and registers, in the order of the interpreter; whatever is missing, it
        // says so itself.
        let left = self.fuel_left();
        let is_room = self.b.ins().icmp_imm_u(IntCC::NotEqual, self.room, 0);
        self.guard(is_room);
        let callee = self.callees[&key(signature)];
        if let Callee::Function(_) = callee {
            let stack = self.b.ins().get_stack_pointer(types::I64);
            let floor = self.load_view(view!(floor));
            let is_high = self.b.ins().icmp(IntCC::UnsignedGreaterThan, stack, floor);
            self.guard(is_high);
        }
        let n_regs = i64::from(self.body.n_regs);
        let own = self.b.ins().iconst(types::I64, n_regs);
        let base = self.b.ins().iadd(self.base, own);
        let window = self.b.ins().iconst(types::I64, WINDOW as i64);
        let end = self.b.ins().iadd(base, window);
        let length = self.load_view(view!(stack_len));
        let is_reached = self.b.ins().icmp(IntCC::UnsignedLessThanOrEqual, end, length);
        self.guard(is_reached);
        self.take_fuel(left);
        let mut args = Vec::new();
        for (reg, kinds) in (first..).zip(&signature.1) {
            let value = match kinds.is_float() {
                true => self.number(Src::Reg(reg)),
                false => self.boxed(reg),
            };
            args.push(value);
        }
        for reg in first..first + signature.1.len() as u8 {
            self.set_null(reg);
            self.kinds[usize::from(reg)] = Kinds::NULL;
        }
        let result = match callee {
            Callee::Here(body) => self.inline(to, &args, next, body),
            Callee::Function(function) => self.call_function(to, function, base, &args, next),
        };
        if returns.is_empty() {
            // The callee always gives up: this is never reached.
            self.b.ins().trap(TrapCode::unwrap_user(1));
            return;
        }
        self.drop_old(to);
        match returns.is_float() {
            true => self.set_float(to, result),
            false => self.set_box(to, result),
        }
    }

    fn call_function(
        &mut self,
        to: u8,
        function: FuncRef,
        base: Value,
        args: &[Value],
        next: u32,
    ) -> Value {
        let one = self.b.ins().iconst(types::I64, 1);
        let room = self.b.ins().isub(self.room, one);
        let args = [&[self.state, base, room], args].concat();
        self.store_fuel();
        let call = self.b.ins().call(function, &args);
        let results = self.b.inst_results(call).to_vec();
        let (unwind, on) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(unwind);
        self.b.ins().brif(results[0], unwind, &[], on, &[]);
        self.leaves.push(Leave {
            block: unwind,
            pc: next,
            kinds: self.kinds.clone(),
            unwind: Some(Unwind { to }),
            inlined: None,
        });
        self.enter_block(on);
        self.load_fuel();
        // The callee may have done anything to arrays.
        self.known.places.clear();
        self.known.unique.clear();
        self.known.numbers.clear();
        results[1]
    }

    /// Takes the arguments out of the registers and calls the function that is entered. It is
    /// refused unless they are of the kinds that it was made for.
    pub(super) fn take_args(&mut self, callee: FuncRef) {
        let refuse = self.b.create_block();
        self.b.set_cold_block(refuse);
        self.base = self.load_view(view!(base));
        let room = self.load_view(view!(depth));
        let mut args = vec![self.state, self.base, room];
        let window = self.window();
        let flags = self.memory.elements;
        for (at, &kinds) in self.body.args.iter().enumerate() {
            let bits = self.b.ins().load(types::I64, flags, window, at as i32 * 8);
            if kinds != Kinds::ANY {
                let fits = self.is_kind(bits, kinds);
                let on = self.b.create_block();
                self.b.ins().brif(fits, on, &[], refuse, &[]);
                self.enter_block(on);
            }
            args.push(match kinds.is_float() {
                true => self.b.ins().bitcast(types::F64, MemFlagsData::new(), bits),
                false => bits,
            });
        }
        let null = self.bits(NULL);
        for at in 0..self.body.args.len() {
            self.b.ins().store(flags, null, window, at as i32 * 8);
        }
        let call = self.b.ins().call(callee, &args);
        let results = self.b.inst_results(call).to_vec();
        let value = match self.body.returns.is_float() {
            true => self.box_number(results[1]),
            false => results[1],
        };
        self.b.ins().store(self.memory.view, value, self.state, view!(result));
        self.b.ins().return_(&[results[0]]);
        self.b.switch_to_block(refuse);
        let status = self.b.ins().iconst(types::I64, REFUSED);
        self.b.ins().return_(&[status]);
    }

    /// The end of a function. Code that began inside one leaves that to the interpreter.
    pub(super) fn finish(&mut self, reg: Option<u8>) {
        if self.body.is_inner {
            return self.give_up();
        }
        let value = self.result(reg);
        self.store_fuel();
        let status = self.b.ins().iconst(types::I64, RETURNED);
        self.b.ins().return_(&[status, value]);
    }
}
