//! What registers hold, in each form, and the ways from one form to another.

use cranelift_codegen::ir::{
    Block, BlockArg, InstBuilder, MemFlagsData, Type, Value,
    condcodes::{FloatCC, IntCC},
    types,
};
use cranelift_frontend::{FunctionBuilder, Variable};
use prism_vm::tier::{CONFIDENT_TAG, NULL};

use super::{Count, Emit, view};
use crate::kinds::{Form, Kinds};

/// The values of Cranelift that a value of the language is.
#[derive(Clone, Copy)]
pub(crate) enum Parts {
    Float(Value),
    Pair(Value, Value),
    Boxed(Value, Value, Value),
    Bits(Value),
}

/// Their types.
pub(crate) fn types_of(kinds: Kinds) -> &'static [Type] {
    match kinds.form() {
        Form::Float => &[types::F64],
        Form::Pair => &[types::F64, types::F64],
        Form::Boxed => &[types::F64, types::F64, types::I64],
        Form::Bits => &[types::I64],
    }
}

impl Parts {
    /// The next one of a row of values; `None` where that has an end.
    pub(super) fn next(values: &mut impl Iterator<Item = Value>, kinds: Kinds) -> Option<Parts> {
        let first = values.next()?;
        Some(match kinds.form() {
            Form::Float => Parts::Float(first),
            Form::Pair => Parts::Pair(first, values.next()?),
            Form::Boxed => Parts::Boxed(first, values.next()?, values.next()?),
            Form::Bits => Parts::Bits(first),
        })
    }

    pub(super) fn values(self) -> impl Iterator<Item = Value> {
        let values = match self {
            Parts::Float(first) | Parts::Bits(first) => [Some(first), None, None],
            Parts::Pair(first, second) => [Some(first), Some(second), None],
            Parts::Boxed(first, second, third) => [Some(first), Some(second), Some(third)],
        };
        values.into_iter().flatten()
    }

    fn form(self) -> Form {
        match self {
            Parts::Float(_) => Form::Float,
            Parts::Pair(..) => Form::Pair,
            Parts::Boxed(..) => Form::Boxed,
            Parts::Bits(_) => Form::Bits,
        }
    }
}

/// The variables of Cranelift for the registers of a function, by form.
#[derive(Clone)]
pub(super) struct Registers {
    floats: Vec<Variable>,
    confidences: Vec<Variable>,
    bits: Vec<Variable>,
}

impl Registers {
    pub(super) fn new(b: &mut FunctionBuilder<'_>, n_regs: u8) -> Registers {
        let mut declare = |of| (0..n_regs).map(|_| b.declare_var(of)).collect();
        Registers {
            floats: declare(types::F64),
            confidences: declare(types::F64),
            bits: declare(types::I64),
        }
    }

    /// What a register holds at the end of the current block.
    pub(super) fn get(&self, b: &mut FunctionBuilder<'_>, reg: u8, form: Form) -> Parts {
        match form {
            Form::Float => Parts::Float(self.float(b, reg)),
            Form::Pair => {
                let confidence = b.use_var(self.confidences[usize::from(reg)]);
                Parts::Pair(self.float(b, reg), confidence)
            }
            Form::Boxed => {
                let confidence = b.use_var(self.confidences[usize::from(reg)]);
                Parts::Boxed(self.float(b, reg), confidence, self.bits(b, reg))
            }
            Form::Bits => Parts::Bits(self.bits(b, reg)),
        }
    }

    pub(super) fn float(&self, b: &mut FunctionBuilder<'_>, reg: u8) -> Value {
        b.use_var(self.floats[usize::from(reg)])
    }

    pub(super) fn bits(&self, b: &mut FunctionBuilder<'_>, reg: u8) -> Value {
        b.use_var(self.bits[usize::from(reg)])
    }

    pub(super) fn set(&self, b: &mut FunctionBuilder<'_>, reg: u8, parts: Parts) {
        let reg = usize::from(reg);
        match parts {
            Parts::Float(number) => b.def_var(self.floats[reg], number),
            Parts::Pair(number, confidence) => {
                b.def_var(self.floats[reg], number);
                b.def_var(self.confidences[reg], confidence);
            }
            Parts::Boxed(number, confidence, bits) => {
                b.def_var(self.floats[reg], number);
                b.def_var(self.confidences[reg], confidence);
                b.def_var(self.bits[reg], bits);
            }
            Parts::Bits(bits) => b.def_var(self.bits[reg], bits),
        }
    }

    /// Arguments in the first registers, null in the others.
    pub(super) fn set_arguments(
        &self,
        b: &mut FunctionBuilder<'_>,
        args: &[Kinds],
        values: impl IntoIterator<Item = Value>,
    ) {
        let mut values = values.into_iter();
        let null = b.ins().iconst(types::I64, NULL as i64);
        for reg in 0..self.bits.len() {
            let parts = args.get(reg).and_then(|kinds| Parts::next(&mut values, *kinds));
            self.set(b, reg as u8, parts.unwrap_or(Parts::Bits(null)));
        }
    }
}

impl Emit<'_, '_> {
    // Registers.

    /// What a register holds, in the form that it has.
    pub(super) fn held(&mut self, reg: u8) -> Parts {
        match self.kinds[usize::from(reg)] {
            Kinds::NULL => Parts::Bits(self.bits(NULL)),
            kinds => self.registers.get(&mut self.b, reg, kinds.form()),
        }
    }

    pub(super) fn set(&mut self, reg: u8, parts: Parts) {
        self.keep(reg, parts.form());
        self.registers.set(&mut self.b, reg, parts);
    }

    pub(super) fn set_float(&mut self, reg: u8, value: Value) {
        self.set(reg, Parts::Float(value));
    }

    pub(super) fn set_bits(&mut self, reg: u8, value: Value) {
        self.set(reg, Parts::Bits(value));
    }

    pub(super) fn set_null(&mut self, reg: u8) {
        let null = self.bits(NULL);
        self.set_bits(reg, null);
    }

    /// The bits of a register, whatever it holds; a box for a number with a confidence, whose
    /// reference is for the caller to pass on.
    pub(crate) fn boxed(&mut self, reg: u8) -> Value {
        let parts = self.held(reg);
        let bits = self.bits_of(parts);
        self.b.func.dfg.resolve_aliases(bits)
    }

    /// What a register holds as memory has it: a number as a float.
    pub(crate) fn stored(&mut self, reg: u8) -> Value {
        match self.held(reg) {
            Parts::Float(number) => self.one_nan(number),
            parts => self.bits_of(parts),
        }
    }

    /// The number in a register, and its confidence.
    pub(super) fn pair(&mut self, reg: u8) -> (Value, Value) {
        match self.held(reg) {
            Parts::Pair(number, confidence) | Parts::Boxed(number, confidence, _) => {
                (number, confidence)
            }
            Parts::Float(number) => (number, self.infinity()),
            Parts::Bits(_) => unreachable!("`Plan::needs` asks for a number"),
        }
    }

    // Forms.

    /// The same in another form, which can hold it.
    pub(super) fn in_form(&mut self, parts: Parts, form: Form) -> Parts {
        match (parts, form) {
            (Parts::Float(number), Form::Pair) => Parts::Pair(number, self.infinity()),
            (Parts::Float(number), Form::Boxed) => {
                Parts::Boxed(number, self.infinity(), self.no_box())
            }
            (Parts::Pair(number, confidence), Form::Boxed) => {
                Parts::Boxed(number, confidence, self.no_box())
            }
            (parts, Form::Bits) => Parts::Bits(self.bits_of(parts)),
            (parts, _) => parts,
        }
    }

    pub(super) fn bits_of(&mut self, parts: Parts) -> Value {
        match parts {
            Parts::Float(number) => self.box_number(number),
            Parts::Pair(number, confidence) => self.box_pair(number, confidence),
            Parts::Boxed(number, confidence, bits) => {
                let (none, done) = (self.b.create_block(), self.b.create_block());
                let result = self.b.append_block_param(done, types::I64);
                self.b.ins().brif(bits, done, &[bits.into()], none, &[]);
                self.enter_block(none);
                let made = self.box_pair(number, confidence);
                self.b.ins().jump(done, &[made.into()]);
                self.enter_block(done);
                result
            }
            Parts::Bits(bits) => bits,
        }
    }

    /// What a register holds, with a box if it is confident: as somebody else will hold it too.
    pub(super) fn shared(&mut self, reg: u8) -> Parts {
        let (number, confidence, bits) = match self.held(reg) {
            Parts::Pair(number, confidence) => {
                let none = self.no_box();
                (number, confidence, none)
            }
            Parts::Boxed(number, confidence, bits) => (number, confidence, bits),
            parts => return parts,
        };
        let (none, done) = (self.b.create_block(), self.b.create_block());
        let make = self.b.create_block();
        let result = self.b.append_block_param(done, types::I64);
        self.b.ins().brif(bits, done, &[bits.into()], none, &[]);
        self.enter_block(none);
        let infinity = self.infinity();
        let is_plain = self.b.ins().fcmp(FloatCC::Equal, confidence, infinity);
        self.b.ins().brif(is_plain, done, &[bits.into()], make, &[]);
        self.enter_block(make);
        let made = self.box_pair(number, confidence);
        self.b.ins().jump(done, &[made.into()]);
        self.enter_block(done);
        let parts = Parts::Boxed(number, confidence, result);
        self.set(reg, parts);
        let kinds = &mut self.kinds[usize::from(reg)];
        *kinds = kinds.boxed();
        parts
    }

    /// The confidence of a plain number.
    fn infinity(&mut self) -> Value {
        self.b.ins().f64const(f64::INFINITY)
    }

    fn no_box(&mut self) -> Value {
        self.bits(0)
    }

    fn box_pair(&mut self, number: Value, confidence: Value) -> Value {
        // A box takes memory, and that there is none left shows in the fuel.
        self.store_fuel();
        let state = self.state();
        let args = [state, number, confidence];
        let call = self.b.ins().call(self.host.new_confident, &args);
        self.load_fuel();
        self.b.inst_results(call)[0]
    }

    /// A number out of its bits, plain or confident, with its box; anything else goes to a block.
    pub(super) fn unbox(&mut self, bits: Value, other: Block) -> Parts {
        let (confident, plain) = (self.b.create_block(), self.b.create_block());
        let done = self.b.create_block();
        for &of in types_of(Kinds::NUMERIC) {
            self.b.append_block_param(done, of);
        }
        let tag = self.b.ins().ushr_imm_u(bits, 48);
        let is_confident = self.b.ins().icmp_imm_u(IntCC::Equal, tag, CONFIDENT_TAG as i64);
        self.b.ins().brif(is_confident, confident, &[], plain, &[]);

        self.enter_block(plain);
        let is_number = self.is_kind(bits, Kinds::NUMBER);
        let number = self.b.ins().bitcast(types::F64, MemFlagsData::new(), bits);
        let found = [number, self.infinity(), self.no_box()].map(BlockArg::from);
        self.b.ins().brif(is_number, done, &found, other, &[]);

        self.enter_block(confident);
        let entry = self.confident_entry(bits);
        let flags = self.memory.confidents;
        let inner = self.b.ins().load(types::I64, flags, entry, self.places.value);
        let is_number = self.is_kind(inner, Kinds::NUMBER);
        let number = self.b.ins().load(types::F64, flags, entry, self.places.value);
        let confidence = self.b.ins().load(types::F64, flags, entry, self.places.confidence);
        let found = [number, confidence, bits].map(BlockArg::from);
        self.b.ins().brif(is_number, done, &found, other, &[]);

        self.enter_block(done);
        let found = self.b.block_params(done);
        Parts::Boxed(found[0], found[1], found[2])
    }

    fn confident_entry(&mut self, bits: Value) -> Value {
        let arena = self.load_view(view!(confidents));
        let index = self.index_of(bits);
        self.entry_in(arena, index, self.places.confident_entry)
    }

    /// One more holder of a box, if there is one.
    pub(super) fn retain_box(&mut self, bits: Value) {
        let (some, after) = (self.b.create_block(), self.b.create_block());
        self.b.ins().brif(bits, some, &[], after, &[]);
        self.enter_block(some);
        let place = self.box_count(bits);
        self.retain_counted(place);
        self.b.ins().jump(after, &[]);
        self.enter_block(after);
    }

    /// One holder less of a box, if there is one.
    pub(super) fn release_box(&mut self, bits: Value) {
        let (some, after) = (self.b.create_block(), self.b.create_block());
        self.b.ins().brif(bits, some, &[], after, &[]);
        self.enter_block(some);
        let place = self.box_count(bits);
        self.release_counted(bits, place);
        self.b.ins().jump(after, &[]);
        self.enter_block(after);
    }

    fn box_count(&mut self, bits: Value) -> Count {
        let entry = self.confident_entry(bits);
        (self.memory.confidents, entry, self.places.confident_count)
    }

    /// The number is plain; else the interpreter takes over.
    pub(super) fn expect_plain(&mut self, confidence: Value) {
        let infinity = self.infinity();
        let is_plain = self.b.ins().fcmp(FloatCC::Equal, confidence, infinity);
        self.guard(is_plain);
    }
}
