//! Machine code of one body.
//!
//! Every register of the body is three variables of Cranelift: a float while it surely holds a
//! number, beside it its confidence where it may have one, and the 64 bits of any other value or
//! of the box of a confident number. `kinds` says which of them are true. Tests come before any
//! change, so that giving up leaves the state from before the instruction; how that state reaches
//! memory is written once the body is done, in blocks that are expected never to run.

mod arrays;

mod calls;

mod confidence;

mod facts;

mod inline;

mod leave;

mod numbers;

mod objects;

mod parts;

use std::collections::BTreeMap;
use std::rc::Rc;

use cranelift_codegen::ir::{
    AliasRegionData, Block, FuncRef, InstBuilder, MemFlagsData, StackSlot, Value, condcodes::IntCC,
    types,
};
use cranelift_frontend::{FunctionBuilder, Variable};
use prism_vm::tier::{ARRAY_TAG, FALSE, FIRST_HEAP, FIRST_TAGGED, NULL, OBJECT_TAG, TRUE};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::flow::{Body, Plan, Signature, Src};
use crate::kinds::{Form, Kinds};
use crate::step::Step;
use inline::Inlined;
use leave::{Checkpoint, Leave};
pub(crate) use parts::types_of;
use parts::{Parts, Registers};

/// What the function that is entered gives back: how it ended. Functions that are called give
/// back the fuel that is left, or this when they gave up.
pub(crate) const GAVE_UP: i64 = -1;
pub(crate) const RETURNED: i64 = 0;
pub(crate) const LEFT: i64 = 1;
pub(crate) const REFUSED: i64 = 2;

/// Where a field of the view is, from the pointer that code gets.
macro_rules! view {
    ($field:ident) => {
        (std::mem::offset_of!(prism_vm::tier::State<'static>, view)
            + std::mem::offset_of!(prism_vm::tier::View, $field)) as i32
    };
}
pub(crate) use view;

/// Functions of the host, declared in the function that is made.
pub(crate) struct Host {
    pub(crate) refuel: FuncRef,
    pub(crate) retain: FuncRef,
    pub(crate) release: FuncRef,
    pub(crate) push: FuncRef,
    pub(crate) new_array: FuncRef,
    pub(crate) new_confident: FuncRef,
    pub(crate) unwound: FuncRef,
    pub(crate) remainder: FuncRef,
}

/// Kinds of memory that do not overlap.
struct Memory {
    view: MemFlagsData,
    fuel: MemFlagsData,
    globals: MemFlagsData,
    /// Holder counts, and where elements are and how many.
    arrays: MemFlagsData,
    elements: MemFlagsData,
    confidents: MemFlagsData,
    objects: MemFlagsData,
}

/// Where a value has the number of its holders.
type Count = (MemFlagsData, Value, i32);

/// Where an array has its vector, count and their parts, and a confident value and an object
/// their parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    pub(crate) entry: i64,
    pub(crate) count: i32,
    pub(crate) pointer: i32,
    pub(crate) length: i32,
    pub(crate) capacity: i32,
    pub(crate) confident_entry: i64,
    pub(crate) confident_count: i32,
    pub(crate) value: i32,
    pub(crate) confidence: i32,
    pub(crate) object_entry: i64,
    pub(crate) object_count: i32,
    pub(crate) keys: i32,
    pub(crate) fields: i32,
}

pub(crate) struct Emit<'a, 'b> {
    pub(crate) b: FunctionBuilder<'b>,
    pub(crate) body: &'a Body,
    pub(crate) host: Host,
    pub(crate) callees: BTreeMap<Key, Callee<'a>>,
    pub(crate) places: Places,
    memory: Memory,
    registers: Registers,
    kinds: Vec<Kinds>,
    blocks: BTreeMap<u32, Block>,
    base: Value,
    /// Code that the machine enters: what the pinned register held before.
    outer: Option<Value>,
    /// Room for one more call unless it is negative; functions that do not come back to a place
    /// look when they call.
    room: Option<Value>,
    /// What is left of the fuel. Memory has it when others look.
    left: Variable,
    /// Where the facts of each loop are.
    facts: Vec<Vec<[Variable; 2]>>,
    /// The head that is emitted; none at the beginning, and inside a callee.
    head: Option<u32>,
    /// The call whose callee is emitted in its place.
    inlined: Option<Rc<Inlined<'a>>>,
    /// Where the interpreter goes on when code gives up now, and all places where it did.
    checkpoint: Checkpoint<'a>,
    leaves: Vec<Leave<'a>>,
    /// Where they end.
    exit: Option<Block>,
    pc: u32,
    entry: Block,
    items: Option<StackSlot>,
    known: Known,
}

/// What tests have shown since the last head, by the values of Cranelift that they tested.
#[derive(Clone, Default)]
struct Known {
    /// Numbers with the integer that they are, as far as it is an index.
    whole: FxHashMap<Value, Value>,
    /// Elements that exist, by array and number: where they are.
    places: FxHashMap<(Value, Value), Value>,
    /// Arrays with one holder.
    unique: FxHashSet<Value>,
    /// Facts that were tested.
    facts: FxHashSet<Value>,
    /// Places that hold numbers.
    numbers: FxHashSet<Value>,
    constants: FxHashMap<u64, Value>,
}

/// A function that is called.
#[derive(Clone, Copy)]
pub(crate) enum Callee<'a> {
    Function(FuncRef, &'a Body),
    /// Its code stands where the call is.
    Here(&'a Body),
}

/// A signature that can be looked up.
pub(crate) type Key = (u32, Vec<Kinds>);

pub(crate) fn key(signature: &Signature) -> Key {
    (signature.0.0, signature.1.clone())
}

impl<'a, 'b> Emit<'a, 'b> {
    /// An emitter at the first head.
    pub(crate) fn new(
        b: FunctionBuilder<'b>,
        body: &'a Body,
        host: Host,
        callees: BTreeMap<Key, Callee<'a>>,
        places: Places,
    ) -> Emit<'a, 'b> {
        let mut emit = Emit::bare(b, body, host, callees, places);
        emit.begin();
        emit
    }

    /// An emitter in the entry block of the function.
    fn bare(
        mut b: FunctionBuilder<'b>,
        body: &'a Body,
        host: Host,
        callees: BTreeMap<Key, Callee<'a>>,
        places: Places,
    ) -> Emit<'a, 'b> {
        let entry = b.create_block();
        b.append_block_params_for_function_params(entry);
        b.switch_to_block(entry);
        let first = b.block_params(entry)[0];
        let memory = memory(&mut b);
        let registers = Registers::new(&mut b, body.n_regs);
        let facts = body.loops.iter();
        let facts =
            facts.map(|each| each.facts.iter().map(|fact| facts::declare(&mut b, fact)).collect());
        let facts = facts.collect();
        let left = b.declare_var(types::I64);
        let blocks = body.heads.keys().map(|&pc| (pc, b.create_block())).collect();
        Emit {
            b,
            body,
            host,
            callees,
            places,
            memory,
            registers,
            kinds: body.heads[&body.entry].clone(),
            blocks,
            base: first,
            outer: None,
            room: None,
            left,
            facts,
            head: None,
            inlined: None,
            checkpoint: Checkpoint::default(),
            leaves: Vec::new(),
            exit: None,
            pc: body.entry,
            entry,
            items: None,
            known: Known::default(),
        }
    }

    /// Registers from parameters, or from memory for code that begins inside a function.
    fn begin(&mut self) {
        let entry = self.entry;
        if self.body.is_inner {
            self.pin_state();
            self.load_fuel();
            self.base = self.load_view(view!(base));
            self.load_registers();
        } else {
            let params = self.b.block_params(entry).to_vec();
            self.base = params[0];
            self.b.def_var(self.left, params[1]);
            let args = params[2..].iter().copied();
            self.registers.set_arguments(&mut self.b, &self.body.args, args);
        }
        self.room = self.body.comes_back().then(|| self.room());
        let args = self.body.args.iter().copied();
        let mut kinds: Vec<Kinds> = args.collect();
        kinds.resize(usize::from(self.body.n_regs), Kinds::NULL);
        self.kinds = kinds;
        self.edge(self.body.entry);
    }

    /// The function that enters another one at its start, with arguments out of the registers.
    pub(crate) fn enter(
        b: FunctionBuilder<'b>,
        body: &'a Body,
        host: Host,
        places: Places,
        callee: FuncRef,
    ) -> FunctionBuilder<'b> {
        let mut emit = Emit::bare(b, body, host, BTreeMap::new(), places);
        emit.take_args(callee);
        emit.b.seal_all_blocks();
        emit.b
    }

    /// All heads, one after the other.
    pub(crate) fn run(mut self) -> FunctionBuilder<'b> {
        for (&head, kinds) in &self.body.heads {
            self.b.switch_to_block(self.blocks[&head]);
            self.kinds.clone_from(kinds);
            self.known = Known::default();
            self.head = Some(head);
            self.know_indices();
            self.straight(head);
        }
        self.end_checkpoint();
        self.blocks.values().for_each(|&block| self.b.seal_block(block));
        for leave in std::mem::take(&mut self.leaves) {
            self.write_leave(&leave);
        }
        self.write_exit();
        self.b.seal_all_blocks();
        self.b
    }

    fn straight(&mut self, head: u32) {
        let mut pc = head;
        self.checkpoint.is_open = false;
        loop {
            let (plan, step) = self.start(pc);
            self.plan(&plan, step.next);
            let goes_on = plan.apply(&mut self.kinds);
            let Some(next) = plan.next(&step).filter(|_| goes_on) else { return };
            if matches!(plan, Plan::Test { .. } | Plan::Count { .. } | Plan::Each { .. }) {
                // Both ways have their edges already.
                return;
            }
            if self.body.heads.contains_key(&next) {
                return self.edge(next);
            }
            pc = next;
        }
    }

    /// Tests what the plan of an instruction needs.
    fn start(&mut self, pc: u32) -> (Plan, Step) {
        let (plan, step) = (self.body.plans[&pc].clone(), self.body.steps[&pc]);
        self.pc = pc;
        self.check(&plan);
        for (src, needed) in plan.needs() {
            if let Src::Reg(reg) = src {
                self.expect(reg, needed);
            }
        }
        (plan, step)
    }

    fn plan(&mut self, plan: &Plan, next: u32) {
        match *plan {
            Plan::GiveUp => self.give_up(),
            Plan::Load { to, bits } => {
                self.drop_old(to);
                if Kinds::of(bits) == Kinds::NUMBER {
                    let number = self.b.ins().f64const(f64::from_bits(bits));
                    self.set_float(to, number);
                } else {
                    let bits = self.bits(bits);
                    self.set_bits(to, bits);
                }
            }
            Plan::Move { to, from } => self.move_register(to, from),
            Plan::Copy { to, from } | Plan::Items { to, from } => self.copy_register(to, from),
            Plan::Settle { reg } => self.settle(reg),
            Plan::Arith { op, to, x, y } => {
                let result = self.arith(op, to, x, y);
                if let Some((reg, by)) = plan.counts() {
                    self.count_index(reg, result, by);
                }
            }
            Plan::Negate { to, from } => {
                let x = self.number(Src::Reg(from));
                let result = self.b.ins().fneg(x);
                let result = self.with_least(result, &[Src::Reg(from)]);
                self.drop_old(to);
                self.set(to, result);
            }
            Plan::Confide { op, to, x, y } => self.confide(op, to, x, y),
            Plan::Value { to, from } => self.value_of(to, from),
            Plan::Confidence { to, from } => self.confidence_of(to, from),
            Plan::Compare { to, order, x, y } => {
                let holds = self.compare(order, x, y);
                self.drop_old(to);
                self.set_bool(to, holds);
            }
            Plan::Truth { to, from, is_not } => {
                let mut holds = self.truth(from);
                if is_not {
                    holds = self.b.ins().icmp_imm_u(IntCC::Equal, holds, 0);
                }
                self.drop_old(to);
                self.set_bool(to, holds);
            }
            Plan::Math { to, from, math } => self.math(to, from, math),
            Plan::Jump { target } => {
                if target < next {
                    self.pay();
                }
                self.edge(target);
            }
            Plan::Test { cond, is_not, target } => self.test(cond, is_not, target, next),
            Plan::Count { .. } => self.count(plan, next),
            Plan::Each { to, array, kinds, target } => self.each(to, array, kinds, target, next),
            Plan::Length { to, array } => {
                let (_, length) = self.elements_in(array);
                let number = self.b.ins().fcvt_from_sint(types::F64, length);
                self.drop_old(to);
                self.set_float(to, number);
            }
            Plan::Element { to, array, at, kinds } => self.element(to, array, at, None, kinds),
            Plan::Nested { to, array, at, inner, kinds, .. } => {
                self.element(to, array, at, Some(inner), kinds);
            }
            Plan::Field { to, object, shape, place, kinds } => {
                self.field(to, object, shape, place, kinds);
            }
            Plan::SetElement { array, at, from } => self.set_element(array, at, from),
            Plan::Push { array, from } => self.push(array, from),
            Plan::NewArray { to, first, count } => self.new_array(to, first, count),
            Plan::GetGlobal { to, global } => self.get_global(to, global),
            Plan::SetGlobal { from, global } => self.set_global(from, global),
            Plan::Call { to, first, ref signature, returns } => {
                self.call(to, first, signature, returns, next);
            }
            Plan::Return(reg) => self.finish(reg),
        }
    }

    // Values.

    pub(crate) fn bits(&mut self, bits: u64) -> Value {
        self.b.ins().iconst(types::I64, bits as i64)
    }

    /// The index of a reference in the arena of its kind.
    fn index_of(&mut self, bits: Value) -> Value {
        let index = self.b.ins().ireduce(types::I32, bits);
        self.b.ins().uextend(types::I64, index)
    }

    /// Where an entry of an arena begins.
    fn entry_in(&mut self, arena: Value, index: Value, size: i64) -> Value {
        let size = self.b.ins().iconst(types::I64, size);
        let offset = self.b.ins().imul(index, size);
        self.b.ins().iadd(arena, offset)
    }

    fn set_bool(&mut self, reg: u8, holds: Value) {
        let (yes, no) = (self.bits(TRUE), self.bits(FALSE));
        let value = self.b.ins().select(holds, yes, no);
        self.set_bits(reg, value);
    }

    /// An operand that is known to be a number.
    fn number(&mut self, src: Src) -> Value {
        match src {
            Src::Reg(reg) => {
                // Behind a block with two ways in it has another name, which `known` knows not.
                let (value, _) = self.pair(reg);
                self.b.func.dfg.resolve_aliases(value)
            }
            Src::Number(number) => {
                let bits = number.to_bits();
                if let Some(&value) = self.known.constants.get(&bits) {
                    return value;
                }
                let value = self.b.ins().f64const(number);
                self.known.constants.insert(bits, value);
                value
            }
        }
    }

    /// Tests that a register holds one of these kinds, and knows it from then on.
    fn expect(&mut self, reg: u8, needed: Kinds) {
        let kinds = self.kinds[usize::from(reg)];
        let narrowed = kinds.narrowed(needed);
        if narrowed.is_empty() || kinds == narrowed {
            return;
        }
        match self.held(reg) {
            Parts::Pair(_, confidence) | Parts::Boxed(_, confidence, _) => {
                self.expect_plain(confidence);
            }
            Parts::Float(_) => {}
            Parts::Bits(bits) => {
                let is_kind = self.is_kind(bits, narrowed);
                self.guard(is_kind);
                if narrowed == Kinds::NUMBER {
                    let number = self.b.ins().bitcast(types::F64, MemFlagsData::new(), bits);
                    self.set_float(reg, number);
                }
            }
        }
        self.kinds[usize::from(reg)] = narrowed;
    }

    /// Whether bits are of one of the kinds that can be tested at once.
    fn is_kind(&mut self, bits: Value, kinds: Kinds) -> Value {
        match kinds {
            Kinds::NUMBER => {
                let first = self.bits(FIRST_TAGGED);
                self.b.ins().icmp(IntCC::UnsignedLessThan, bits, first)
            }
            Kinds::PLAIN => {
                let last = self.bits(TRUE);
                self.b.ins().icmp(IntCC::UnsignedLessThanOrEqual, bits, last)
            }
            Kinds::BOOL => {
                let first = self.bits(FALSE);
                let above = self.b.ins().isub(bits, first);
                self.b.ins().icmp_imm_u(IntCC::UnsignedLessThanOrEqual, above, 1)
            }
            _ => {
                debug_assert!(kinds.are_arrays() || kinds == Kinds::OBJECT, "{kinds:?}");
                let wanted = if kinds == Kinds::OBJECT { OBJECT_TAG } else { ARRAY_TAG };
                let tag = self.b.ins().ushr_imm_u(bits, 48);
                self.b.ins().icmp_imm_u(IntCC::Equal, tag, wanted as i64)
            }
        }
    }

    // Registers.

    fn move_register(&mut self, to: u8, from: u8) {
        if to == from {
            return;
        }
        self.drop_old(to);
        let parts = self.held(from);
        self.set(to, parts);
        self.set_null(from);
    }

    fn copy_register(&mut self, to: u8, from: u8) {
        if to == from {
            return;
        }
        let parts = self.shared(from);
        self.hold(parts, self.kinds[usize::from(from)]);
        self.drop_old(to);
        self.set(to, parts);
    }

    fn settle(&mut self, reg: u8) {
        if self.kinds[usize::from(reg)].both(Kinds::OTHER).is_empty() {
            return;
        }
        let bits = self.boxed(reg);
        let missing = self.bits(prism_vm::tier::MISSING);
        let null = self.bits(NULL);
        let is_missing = self.b.ins().icmp(IntCC::Equal, bits, missing);
        let value = self.b.ins().select(is_missing, null, bits);
        self.set_bits(reg, value);
    }

    /// Gives back what a register holds, which is about to hold something else.
    fn drop_old(&mut self, reg: u8) {
        match self.held(reg) {
            Parts::Boxed(_, _, bits) => self.release_box(bits),
            Parts::Bits(bits) => self.release(bits, self.kinds[usize::from(reg)]),
            Parts::Float(_) | Parts::Pair(..) => {}
        }
    }

    fn release(&mut self, bits: Value, kinds: Kinds) {
        if !kinds.may_be_heap() {
            return;
        }
        let (some, after) = self.if_heap(bits);
        self.enter_block(some);
        if kinds.heap() == Kinds::OBJECT {
            let place = self.object_count(bits);
            self.release_counted(bits, place);
        } else {
            self.b.ins().call(self.host.release, &[bits]);
        }
        self.b.ins().jump(after, &[]);
        self.enter_block(after);
    }

    fn retain(&mut self, bits: Value, kinds: Kinds) {
        self.known.unique.clear();
        if kinds.are_arrays() {
            let entry = self.array_entry(bits);
            return self.retain_counted((self.memory.arrays, entry, self.places.count));
        }
        if kinds == Kinds::OBJECT {
            let place = self.object_count(bits);
            return self.retain_counted(place);
        }
        let (some, after) = self.if_heap(bits);
        self.enter_block(some);
        self.b.ins().call(self.host.retain, &[bits]);
        self.b.ins().jump(after, &[]);
        self.enter_block(after);
    }

    /// One holder more, where the count is.
    fn retain_counted(&mut self, (flags, entry, at): Count) {
        let count = self.b.ins().load(types::I32, flags, entry, at);
        let one = self.b.ins().iconst(types::I32, 1);
        let more = self.b.ins().iadd(count, one);
        self.b.ins().store(flags, more, entry, at);
    }

    /// One holder less, where the count is.
    fn release_counted(&mut self, bits: Value, (flags, entry, at): Count) {
        let (last, others) = (self.b.create_block(), self.b.create_block());
        let after = self.b.create_block();
        let count = self.b.ins().load(types::I32, flags, entry, at);
        let is_last = self.b.ins().icmp_imm_u(IntCC::Equal, count, 1);
        self.b.ins().brif(is_last, last, &[], others, &[]);
        self.enter_block(others);
        let one = self.b.ins().iconst(types::I32, 1);
        let less = self.b.ins().isub(count, one);
        self.b.ins().store(flags, less, entry, at);
        self.b.ins().jump(after, &[]);
        self.enter_block(last);
        self.b.ins().call(self.host.release, &[bits]);
        self.b.ins().jump(after, &[]);
        self.enter_block(after);
    }

    /// Branches on whether bits are a reference: the block where they are, and the one after.
    fn if_heap(&mut self, bits: Value) -> (Block, Block) {
        let (some, after) = (self.b.create_block(), self.b.create_block());
        let first = self.bits(FIRST_HEAP);
        let is_heap = self.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, bits, first);
        self.b.ins().brif(is_heap, some, &[], after, &[]);
        (some, after)
    }

    // Ways.

    /// Goes to a head, with every register in the form that the head expects.
    fn edge(&mut self, target: u32) {
        let body = self.body;
        for (reg, wanted) in (0u8..).zip(&body.heads[&target]) {
            let kinds = self.kinds[usize::from(reg)];
            if kinds == *wanted || kinds.form() == wanted.form() && *wanted != Kinds::NULL {
                continue;
            }
            // As `meet` has it: nobody asks for a box.
            let is_dead = !body.live[&target].contains(reg) && !kinds.may_be_heap();
            let parts = match wanted.form() {
                Form::Bits if is_dead || *wanted == Kinds::NULL => Parts::Bits(self.bits(NULL)),
                form => {
                    let parts = self.held(reg);
                    self.in_form(parts, form)
                }
            };
            self.set(reg, parts);
        }
        self.look_up(target);
        let block = self.blocks[&target];
        self.b.ins().jump(block, &[]);
    }

    /// Goes on only if the condition holds; else the interpreter takes over before the
    /// instruction.
    pub(crate) fn guard(&mut self, holds: Value) {
        let (leave, on) = (self.way_out(), self.b.create_block());
        self.b.ins().brif(holds, on, &[], leave, &[]);
        self.enter_block(on);
    }

    /// Goes on in a block to which all ways are known. Then variables keep their values of
    /// Cranelift from block to block, by which `known` knows them.
    fn enter_block(&mut self, block: Block) {
        self.b.seal_block(block);
        self.b.switch_to_block(block);
    }

    fn load_view(&mut self, offset: i32) -> Value {
        let state = self.state();
        self.b.ins().load(types::I64, self.memory.view, state, offset)
    }

    fn store_view(&mut self, value: Value, offset: i32) {
        let state = self.state();
        self.b.ins().store(self.memory.view, value, state, offset);
    }

    /// The state, which all code of a unit has in the register that is set apart for it: so it
    /// takes part in no allocation, and rare calls need nothing to be moved out of their way.
    fn state(&mut self) -> Value {
        self.b.ins().get_pinned_reg(types::I64)
    }

    /// Code that the machine enters gets the state as its parameter.
    fn pin_state(&mut self) {
        self.outer = Some(self.state());
        let state = self.b.block_params(self.entry)[0];
        self.b.ins().set_pinned_reg(state);
    }

    /// Goes back to the machine.
    fn end_with(&mut self, status: i64) {
        if let Some(outer) = self.outer {
            self.b.ins().set_pinned_reg(outer);
        }
        let status = self.b.ins().iconst(types::I64, status);
        self.b.ins().return_(&[status]);
    }
}

fn memory(b: &mut FunctionBuilder<'_>) -> Memory {
    let mut region = |user_id, name: &'static str| {
        let data = AliasRegionData { user_id, description: name.into() };
        let region = b.func.dfg.alias_regions.insert(data);
        // Never moved: tests that come before a load are what makes it safe.
        MemFlagsData::new().with_notrap().with_aligned().with_alias_region(Some(region))
    };
    Memory {
        view: region(1, "view"),
        fuel: region(2, "fuel"),
        globals: region(3, "globals"),
        arrays: region(4, "arrays"),
        elements: region(5, "elements"),
        confidents: region(6, "confidents"),
        objects: region(7, "objects"),
    }
}
