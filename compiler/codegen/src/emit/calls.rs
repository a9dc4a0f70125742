//! Calls of functions, values, methods and functions of the machine.

use prism_bytecode::{Inst, Reg, Word, native};
use prism_ir::function::{FunctionId, OpId, Text, Value};
use prism_ir::op::Args;

use super::Emit;

impl Emit<'_> {
    pub(super) fn call_function(&mut self, id: OpId, function: FunctionId, args: &[Value]) {
        let window = self.window(id, args);
        let to = self.result(id);
        let word = self.word(function.0, "functions");
        self.asm.op_with(Inst::Call(to, window, args.len() as u8), word);
        self.called(id);
        self.done(id);
    }

    /// Names the call that was just added.
    pub(super) fn called(&mut self, id: OpId) {
        if let Some(site) = &self.function.ops[id].site {
            self.asm.called(self.tables.builder.string(site));
        }
    }

    pub(super) fn call_value(&mut self, id: OpId, callee: Value, args: &Args) {
        match args {
            Args::Positional(args) => {
                let window = self.window_after(id, callee, args);
                let to = self.result(id);
                self.asm.op(Inst::CallValue(to, window, args.len() as u8));
            }
            Args::Spread(array) => {
                let callee = self.src(callee);
                let array = self.src(*array);
                let to = self.result(id);
                self.asm.op(Inst::CallArray(to, callee, array));
            }
            Args::Named(args, named) => {
                let (values, names, count) = self.with_names(args, named);
                let window = self.window_after(id, callee, &values);
                let to = self.result(id);
                self.asm.op_with(Inst::CallNamed(to, window, count), names);
            }
        }
        self.called(id);
        self.done(id);
    }

    pub(super) fn offer(&mut self, id: OpId, callee: Value, args: &[Value]) {
        let window = self.window_after(id, callee, args);
        let to = self.result(id);
        self.asm.op(Inst::Offer(to, window, args.len() as u8));
        self.called(id);
        self.done(id);
    }

    fn window_after(&mut self, id: OpId, first: Value, rest: &[Value]) -> Reg {
        let values: Vec<Value> = std::iter::once(first).chain(rest.iter().copied()).collect();
        self.window(id, &values)
    }

    /// Positional arguments, then named ones; a name that occurs twice counts once, the last time.
    fn with_names(&mut self, args: &[Value], named: &[(Text, Value)]) -> (Vec<Value>, Word, u8) {
        let is_last = |at: usize| !named[at + 1..].iter().any(|(name, _)| *name == named[at].0);
        let kept: Vec<&(Text, Value)> =
            named.iter().enumerate().filter(|(at, _)| is_last(*at)).map(|(_, arg)| arg).collect();
        let keys = self.tables.builder.keys(kept.iter().map(|(name, _)| &**name));
        let values: Vec<Value> =
            args.iter().copied().chain(kept.iter().map(|(_, value)| *value)).collect();
        let count = values.len() as u8;
        (values, self.word(keys.0, "lists of names"), count)
    }

    pub(super) fn call_method(
        &mut self,
        id: OpId,
        object: Value,
        name: &Text,
        optional: bool,
        args: &Args,
    ) {
        if !optional {
            let to = self.method(id, object, name, args);
            debug_assert!(u16::from(to.0) < self.n_regs);
            return self.done(id);
        }
        // `o?.m()` is null when `o` is.
        let (null, end) = (self.asm.label(), self.asm.label());
        let tested = self.src(object);
        self.asm.test(Inst::JumpNull(tested, 0), null);
        let to = self.method(id, object, name, args);
        self.asm.jump(end);
        self.asm.place(null);
        self.asm.op(Inst::LoadNull(to));
        self.asm.place(end);
        self.done(id);
    }

    fn method(&mut self, id: OpId, object: Value, name: &Text, args: &Args) -> Reg {
        let to = match args {
            Args::Positional(args) => {
                let window = self.window_after(id, object, args);
                let to = self.result(id);
                let word = self.text_word(name);
                self.asm.op_with(Inst::CallMethod(to, window, args.len() as u8), word);
                to
            }
            Args::Spread(array) => {
                let object = self.src(object);
                let array = self.src(*array);
                let to = self.result(id);
                let word = self.text_word(name);
                self.asm.op_with(Inst::CallMethodArray(to, object, array), word);
                to
            }
            Args::Named(args, named) => {
                let (values, names, count) = self.with_names(args, named);
                let object = self.src(object);
                let method = self.temp();
                let word = self.text_word(name);
                self.asm.op_with(Inst::GetField(method, object), word);
                let window = self.named_window(id, method, &values);
                let to = self.result(id);
                self.asm.op_with(Inst::CallNamed(to, window, count), names);
                to
            }
        };
        self.called(id);
        to
    }

    /// A window whose first register is not one of the operation's values.
    fn named_window(&mut self, id: OpId, first: Reg, values: &[Value]) -> Reg {
        let taken = self.occupied.union(self.temps);
        let Some(window) = taken.lowest_room(values.len() as u16 + 1) else {
            self.too_many_registers();
            return Reg(0);
        };
        self.use_up_to(u16::from(window.0) + values.len() as u16);
        self.asm.op(Inst::Move(window, first));
        for (at, value) in values.iter().enumerate() {
            debug_assert!(self.n_reads(id, *value) > 0);
            self.bring(*value, Reg(window.0 + 1 + at as u8));
        }
        window
    }

    pub(super) fn call_native(&mut self, id: OpId, name: &Text, args: &Args) {
        let Some(native) = native(name) else {
            self.unknown(name);
            self.result(id);
            return self.done(id);
        };
        let native = self.word(native.0, "functions of the machine");
        match args {
            Args::Spread(array) => {
                let array = self.src(*array);
                let to = self.result(id);
                self.asm.op_with(Inst::CallNativeArray(to, array), native);
            }
            Args::Positional(_) | Args::Named(..) => {
                let values = super::window::args_of(args);
                let window = self.window(id, &values);
                let to = self.result(id);
                let count = values.len() as u8;
                self.asm.op_with(Inst::CallNative(to, window, count), native);
            }
        }
        self.done(id);
    }
}
