//! Calls between functions of native code, and their ends.

use cranelift_codegen::ir::{
    Block, BlockArg, FuncRef, InstBuilder, TrapCode, Value, condcodes::IntCC, types,
};
use prism_vm::tier::NULL;
use rustc_hash::FxHashMap;

use super::leave::{Leave, Unwind};
use super::parts::{Parts, types_of};
use super::{Callee, Emit, LEFT, REFUSED, RETURNED, key, view};
use crate::flow::{BaseCase, Body, Plan, Signature};
use crate::kinds::Kinds;

impl<'a> Emit<'a, '_> {
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
        let callee = self.callees[&key(signature)];
        let base = self.callee_base();
        let is_room = match self.room {
            Some(room) => {
                let zero = self.b.ins().iconst(types::I64, 0);
                self.b.ins().icmp(IntCC::SignedGreaterThanOrEqual, room, zero)
            }
            None => {
                let limit = self.load_view(view!(limit));
                self.b.ins().icmp(IntCC::UnsignedLessThanOrEqual, base, limit)
            }
        };
        self.guard(is_room);
        self.take_fuel(left);
        let mut args = Vec::new();
        for (reg, kinds) in (first..).zip(&signature.1) {
            let held = self.held(reg);
            args.extend(self.in_form(held, kinds.form()).values());
        }
        for reg in first..first + signature.1.len() as u8 {
            self.set_null(reg);
            self.kinds[usize::from(reg)] = Kinds::NULL;
        }
        let result = match callee {
            Callee::Here(body) => self.inline(to, &args, next, body),
            Callee::Function(function, body) => {
                let case = body.base_case().filter(|_| !returns.is_empty());
                let call = (function, base);
                match case {
                    Some(case) => self.call_or_end(to, call, &args, next, body, &case),
                    None => self.call_function(to, call, &args, next, returns),
                }
            }
        };
        if returns.is_empty() {
            // The callee always gives up: this is never reached.
            self.b.ins().trap(TrapCode::unwrap_user(1));
            return;
        }
        self.drop_old(to);
        self.set(to, result);
    }

    fn callee_base(&mut self) -> Value {
        let own = self.b.ins().iconst(types::I64, i64::from(self.body.n_regs));
        self.b.ins().iadd(self.base, own)
    }

    /// How far the base of a callee is from where it may be at most: the same as long as the
    /// function runs.
    pub(super) fn room(&mut self) -> Value {
        let base = self.callee_base();
        let limit = self.load_view(view!(limit));
        self.b.ins().isub(limit, base)
    }

    fn call_function(
        &mut self,
        to: u8,
        (function, base): (FuncRef, Value),
        args: &[Value],
        next: u32,
        returns: Kinds,
    ) -> Parts {
        let left = self.b.use_var(self.left);
        let args = [&[base, left], args].concat();
        let call = self.b.ins().call(function, &args);
        let results = self.b.inst_results(call).to_vec();
        let (unwind, on) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(unwind);
        let gave_up = self.gave_up(results[0]);
        self.b.ins().brif(gave_up, unwind, &[], on, &[]);
        self.leaves.push(Leave {
            block: unwind,
            pc: next,
            kinds: self.kinds.clone(),
            saved: FxHashMap::default(),
            unwind: Some(Unwind { to }),
            inlined: None,
        });
        self.enter_block(on);
        self.b.def_var(self.left, results[0]);
        // The callee may have done anything to arrays.
        self.known.places.clear();
        self.known.unique.clear();
        self.known.numbers.clear();
        Parts::next(&mut results.into_iter().skip(1), returns).expect("a function has a result")
    }

    /// The same for a function that may return at once: its base case stands here.
    fn call_or_end(
        &mut self,
        to: u8,
        call: (FuncRef, Value),
        args: &[Value],
        next: u32,
        body: &'a Body,
        case: &BaseCase,
    ) -> Parts {
        let (short, long) = (self.b.create_block(), self.b.create_block());
        let done = self.b.create_block();
        let types = types_of(body.returns);
        let result: Vec<Value> =
            types.iter().map(|&of| self.b.append_block_param(done, of)).collect();
        let under_way = self.begin_inlined(to, args, next, body);
        case.before.iter().for_each(|&pc| self.emit_one(pc));
        let (plan, _) = self.start(case.test);
        let Plan::Test { cond, is_not, .. } = plan else { unreachable!("a base case has a test") };
        let holds = self.condition(cond);
        let (if_true, if_false) =
            if case.is_taken == is_not { (long, short) } else { (short, long) };
        self.b.ins().brif(holds, if_true, &[], if_false, &[]);
        plan.apply(&mut self.kinds);
        // What the short way learns is not known on the long one.
        let known = self.known.clone();
        self.enter_block(short);
        let value = case.after.iter().find_map(|&pc| match self.body.plans[&pc] {
            Plan::Return(reg) => Some(self.result(reg)),
            _ => {
                self.emit_one(pc);
                None
            }
        });
        let value = value.expect("a base case ends with a return");
        self.jump_with(done, value);
        self.known = known;
        self.end_inlined(under_way);
        self.enter_block(long);
        let value = self.call_function(to, call, args, next, body.returns);
        self.jump_with(done, value);
        self.enter_block(done);
        Parts::next(&mut result.into_iter(), body.returns).expect("a function has a result")
    }

    fn jump_with(&mut self, block: Block, parts: Parts) {
        let args: Vec<BlockArg> = parts.values().map(BlockArg::from).collect();
        self.b.ins().jump(block, &args);
    }

    /// Whether a callee gave up, by the fuel that it gives back: there is never so much.
    fn gave_up(&mut self, left: Value) -> Value {
        let zero = self.b.ins().iconst(types::I64, 0);
        self.b.ins().icmp(IntCC::SignedLessThan, left, zero)
    }

    /// Takes the arguments out of the registers and calls the function that is entered. It is
    /// refused unless they are of the kinds that it was made for.
    pub(super) fn take_args(&mut self, callee: FuncRef) {
        self.pin_state();
        let refuse = self.b.create_block();
        self.b.set_cold_block(refuse);
        self.base = self.load_view(view!(base));
        self.load_fuel();
        let left = self.b.use_var(self.left);
        let mut args = vec![self.base, left];
        let window = self.window();
        let flags = self.memory.elements;
        for (at, &kinds) in self.body.args.iter().enumerate() {
            let bits = self.b.ins().load(types::I64, flags, window, at as i32 * 8);
            args.extend(self.loaded(kinds, bits, refuse).values());
        }
        let null = self.bits(NULL);
        for at in 0..self.body.args.len() {
            self.b.ins().store(flags, null, window, at as i32 * 8);
        }
        let call = self.b.ins().call(callee, &args);
        let results = self.b.inst_results(call).to_vec();
        let (left, on) = (self.b.create_block(), self.b.create_block());
        let gave_up = self.gave_up(results[0]);
        self.b.ins().brif(gave_up, left, &[], on, &[]);
        self.enter_block(on);
        self.b.def_var(self.left, results[0]);
        let parts = Parts::next(&mut results.into_iter().skip(1), self.body.returns);
        let value = self.bits_of(parts.expect("a function has a result"));
        self.store_view(value, view!(result));
        self.store_fuel();
        self.end_with(RETURNED);
        for (block, status) in [(left, LEFT), (refuse, REFUSED)] {
            self.b.switch_to_block(block);
            self.end_with(status);
        }
    }

    /// The end of a function. Code that began inside one leaves that to the interpreter.
    pub(super) fn finish(&mut self, reg: Option<u8>) {
        if self.body.is_inner {
            return self.give_up();
        }
        let value = self.result(reg);
        let left = self.b.use_var(self.left);
        let results: Vec<Value> = std::iter::once(left).chain(value.values()).collect();
        self.b.ins().return_(&results);
    }
}
