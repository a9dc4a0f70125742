//! The border to a faster tier: code that takes over where a program is hot.
//!
//! The machine lends a tier its registers, its fuel, its arrays, objects and confident
//! values ([`State`]). From time to time, counted in fuel, it shows the tier where the program is; once
//! the tier says that it has code for that place, the machine enters it there. The tier computes
//! what it is sure of and hands back everything else at the instruction where it gave up, with
//! the registers as the interpreter would have them: errors, effects, limits and rare values stay
//! the interpreter's.
//!
//! Values cross as their 64 bits. A number is the bits of its `f64`, NaN always as
//! [`NAN`]; everything from [`FIRST_TAGGED`] on is no number, and from [`FIRST_HEAP`] on a counted
//! reference, of which each register that holds it owns one.

use std::sync::Arc;

use prism_bytecode::{Reg, Verified};

use crate::core::Core;
use crate::fiber::{Fiber, Frame, FrameKind, PLAIN_CALL};
use crate::heap::Heap;
use crate::value::{self, Value};

pub use crate::value::{FIRST_HEAP, FIRST_TAGGED};

/// The only NaN that a register, a variable or an array may hold.
pub const NAN: u64 = value::CANONICAL_NAN;
pub const NULL: u64 = value::FIRST_TAGGED;
pub const FALSE: u64 = value::FIRST_TAGGED | 1;
pub const TRUE: u64 = value::FIRST_TAGGED | 2;
pub const MISSING: u64 = value::FIRST_TAGGED | 3;
/// The upper 16 bits of an array.
pub const ARRAY_TAG: u64 = value::ARRAY;
/// The upper 16 bits of an object.
pub const OBJECT_TAG: u64 = value::OBJECT;
/// The upper 16 bits of a value with a confidence.
pub const CONFIDENT_TAG: u64 = value::CONFIDENT;

/// Registers that must lie above every base.
pub const WINDOW: usize = 256;

/// Native code for a program. One per machine.
pub trait Tier: Send {
    /// Fuel between two looks, at least 1.
    fn interval(&self) -> u64;

    /// The program is at the instruction `pc` of `Verified::code`, as it is again and again in
    /// hot code. A place, this one or another, for which there is native code from now on.
    fn look(&mut self, pc: u32, state: &State<'_>) -> Option<u32>;

    /// Runs the native code of a place that `look` gave.
    fn enter(&mut self, pc: u32, state: &mut State<'_>) -> Left;
}

/// Makes the native code of a machine that runs this program.
pub type Maker = fn(Arc<Verified>) -> Box<dyn Tier>;

/// How native code ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// The function that was entered at its start returned this; its registers are null.
    Returned(u64),
    /// The interpreter goes on at the place in the state's view.
    At,
    /// Nothing happened, and nothing will: this place is not to be entered again.
    Refused,
}

/// What native code reads and writes directly.
#[derive(Debug)]
#[repr(C)]
pub struct View {
    /// What is left until the next look; 0 stops every back edge and call.
    pub fuel: *mut u64,
    pub stack: *mut u64,
    pub stack_len: usize,
    /// The arena of arrays: see [`Layout`].
    pub arrays: *mut u8,
    /// The arenas of confident values and objects.
    pub confidents: *mut u8,
    pub objects: *mut u8,
    pub globals: *mut u64,
    /// Where the interpreter goes on: instruction, base and number of registers.
    pub pc: usize,
    pub base: usize,
    pub n_regs: usize,
    /// Calls that may still be made.
    pub depth: usize,
    /// What a function returned, of this code or of the host.
    pub result: u64,
    /// The largest base that a function may be called with; for native code alone.
    pub limit: usize,
}

/// How arenas lie in memory: entries, in which everything has its place, in bytes. All have a
/// number of holders; arrays a vector, confident values a value and its confidence, objects
/// their keys and their first fields.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    pub entry: usize,
    /// A `u32`.
    pub count: usize,
    /// An [`Items`].
    pub items: usize,
    pub confident_entry: usize,
    /// A `u32`.
    pub confident_count: usize,
    /// The bits of a value, which is itself plain.
    pub value: usize,
    /// An `f64` in [0, 1].
    pub confidence: usize,
    pub object_entry: usize,
    /// A `u32`.
    pub object_count: usize,
    /// The `u32` that [`Field::shape`] is compared with.
    pub keys: usize,
    /// The first field, whose value the others follow.
    pub fields: usize,
}

/// Where an instruction has found a field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub shape: u32,
    /// Among those that lie one after the other in the entry.
    pub place: u32,
    /// Some object of this shape has a number with a confidence there.
    pub is_confident_number: bool,
}

/// The elements of an array. What a slot holds is known to the machine alone.
pub type Items = Vec<Slot>;

/// A value in an array.
pub type Slot = Value;

/// The places of arrays, confident values and objects in memory.
pub fn layout() -> Layout {
    Heap::layout()
}

/// `x % y` for numbers, where `y` is not zero.
pub fn remainder(x: f64, y: f64) -> f64 {
    crate::numbers::remainder(x, y)
}

/// A machine that stands still at one place of its program.
pub struct State<'a> {
    pub view: View,
    core: &'a mut Core,
    fiber: &'a mut Fiber,
    /// Calls that native code had made when it gave up, the innermost first.
    frames: Vec<Frame>,
}

impl<'a> State<'a> {
    pub(crate) fn new(core: &'a mut Core, fiber: &'a mut Fiber) -> State<'a> {
        let view = View {
            fuel: std::ptr::null_mut(),
            stack: std::ptr::null_mut(),
            stack_len: 0,
            arrays: std::ptr::null_mut(),
            confidents: std::ptr::null_mut(),
            objects: std::ptr::null_mut(),
            globals: std::ptr::null_mut(),
            pc: fiber.pc as usize,
            base: fiber.base as usize,
            n_regs: usize::from(fiber.n_regs),
            depth: (core.limits.depth as usize).saturating_sub(fiber.frames.len()),
            result: NULL,
            limit: 0,
        };
        let mut state = State { view, core, fiber, frames: Vec::new() };
        state.refresh();
        state
    }

    /// Pointers after the machine moved something.
    fn refresh(&mut self) {
        self.view.fuel = &mut self.core.heap.fuel;
        self.view.stack = self.fiber.stack.as_mut_ptr().cast();
        self.view.stack_len = self.fiber.stack.len();
        self.view.arrays = self.core.heap.arrays.base();
        self.view.confidents = self.core.heap.confidents.base();
        self.view.objects = self.core.heap.objects.base();
        self.view.globals = self.core.globals.as_mut_ptr().cast();
    }

    /// The registers of the running function.
    pub fn registers(&self) -> impl Iterator<Item = u64> + '_ {
        let base = self.fiber.base as usize;
        let end = base + usize::from(self.fiber.n_regs);
        self.fiber.stack[base..end].iter().map(|value| value.bits())
    }

    /// What a variable of the program holds now.
    pub fn global(&self, index: usize) -> u64 {
        self.core.globals.get(index).map_or(MISSING, |value| value.bits())
    }

    /// The constant with this index.
    pub fn constant(&self, index: usize) -> u64 {
        self.core.constants.get(index).map_or(MISSING, |value| value.bits())
    }

    /// Whether a value is a number with a confidence.
    pub fn is_confident_number(&self, bits: u64) -> bool {
        let value = Value::from_bits(bits);
        value.is_confident() && self.core.heap.plain(value).is_number()
    }

    /// Whether a value is an array whose first element is a number with a confidence.
    pub fn begins_confident(&self, bits: u64) -> bool {
        let first = self.core.heap.array(Value::from_bits(bits)).and_then(|items| items.first());
        first.is_some_and(|first| self.is_confident_number(first.bits()))
    }

    /// Where the instruction before a word of the code has found the field that it reads, as far
    /// as native code can find it there.
    pub fn field(&self, word: usize) -> Option<Field> {
        let [shape, place, _] = *self.core.caches.get(word)?;
        if shape == 0 || !Heap::is_in_entry(shape, place as usize) {
            return None;
        }
        let sample = self.core.heap.some_field(shape, place as usize);
        let is_confident_number =
            sample.is_some_and(|value| self.is_confident_number(value.bits()));
        Some(Field { shape, place, is_confident_number })
    }

    /// More fuel until the next look. There is none when a limit is reached, which the
    /// interpreter says better.
    pub fn refuel(&mut self) {
        self.core.heap.deal();
        self.refresh();
    }

    /// All the fuel that is left.
    pub fn fuel_left(&self) -> u64 {
        self.core.heap.fuel_left()
    }

    /// Whether calls are under way that native code had made.
    pub fn has_unwound(&self) -> bool {
        !self.frames.is_empty()
    }

    /// One more holder.
    pub fn retain(&mut self, bits: u64) {
        self.core.heap.retain(Value::from_bits(bits));
    }

    /// One holder less.
    pub fn release(&mut self, bits: u64) {
        self.core.heap.release(Value::from_bits(bits));
        self.refresh();
    }

    /// Appends to an array that nobody else holds. Takes over the item.
    pub fn push(&mut self, array: u64, item: u64) {
        self.core.heap.push(Value::from_bits(array), Value::from_bits(item));
        self.refresh();
    }

    /// A new array. Takes over the items.
    pub fn new_array(&mut self, items: &[u64]) -> u64 {
        let items = items.iter().map(|&bits| Value::from_bits(bits)).collect();
        let array = self.core.heap.new_array(items);
        self.refresh();
        array.bits()
    }

    /// A number with its confidence, as a plain number where that is infinite.
    pub fn new_confident(&mut self, number: f64, confidence: f64) -> u64 {
        let number = Value::any_number(number);
        if confidence.is_infinite() {
            return number.bits();
        }
        let value = self.core.heap.box_confident(number, confidence);
        self.refresh();
        value.bits()
    }

    /// A call under way whose callee gave up: the caller's `base` and number of registers, where
    /// it goes on, and the register for the result. The innermost caller says so first.
    pub fn unwound(&mut self, pc: u32, base: u32, n_regs: u8, dst: u8) {
        self.frames.push(Frame {
            pc,
            base,
            closure: Value::NULL,
            confidence: PLAIN_CALL,
            n_regs,
            dst: Reg(dst),
            kind: FrameKind::Call,
        });
    }

    /// Makes the fiber stand where native code gave up. In registers that it wrote NaN may be
    /// any that arithmetic makes.
    pub(crate) fn settle(mut self) {
        let (bottom, top) = (self.fiber.base as usize, self.view.base + self.view.n_regs);
        for value in self.fiber.stack[bottom..top].iter_mut().filter(|value| value.is_number()) {
            *value = Value::any_number(value.raw());
        }
        // The outermost function is the one that was running: the closure is its own.
        if let Some(outermost) = self.frames.last_mut() {
            outermost.closure = std::mem::take(&mut self.fiber.closure);
        }
        self.fiber.frames.extend(self.frames.drain(..).rev());
        self.fiber.pc = self.view.pc as u32;
        self.fiber.base = self.view.base as u32;
        self.fiber.n_regs = self.view.n_regs as u8;
    }
}
