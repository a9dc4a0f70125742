//! The heap: one arena per kind of value, reference counts, and the bytes they take.
//!
//! Values are immutable for the program. An update first makes its target unique: a value that
//! nobody else holds is changed in place, any other is copied. Counts are exact, so in-place
//! updates are decided by the count alone. Cycles can arise only through cells (a function
//! that captures the variable it is stored in);
//! `collect` frees those when memory runs out.

mod collect;

mod object;

mod shape;

mod slab;

mod text;

use std::hint::cold_path;
use std::sync::Arc;

use prism_bytecode::{FunctionId, NativeId};

use crate::numbers::integer;
use crate::value::{Tag, Value};
use crate::{
    AgentRef,
    errors::{Limit, Raise, Run},
};

pub(crate) use object::{DICT_BIT, Object};
pub(crate) use shape::{AtomId, ShapeId, Shapes};
pub(crate) use slab::Slab;
pub(crate) use text::Text;

/// Bytes charged for a value beside its content.
const SLOT: usize = 56;
const OBJECT_SLOT: usize = size_of::<Object>() + 8;

pub(crate) struct Closure {
    pub(crate) function: FunctionId,
    pub(crate) captures: Box<[Value]>,
}

#[derive(Default)]
pub(crate) struct Confident {
    /// Never itself confident, never missing.
    pub(crate) value: Value,
    /// In [0, 1].
    pub(crate) confidence: f64,
}

/// Names a fiber of the machine; never reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FiberId(pub(crate) u32);

/// The rarer kinds of heap values.
#[derive(Default)]
pub(crate) enum Other {
    #[default]
    Free,
    /// A variable that several functions share.
    Cell(Value),
    Agent(AgentRef),
    Fiber(FiberId),
    /// A promise that is over: its value, or what it was rejected with.
    Promise {
        value: Value,
        is_rejected: bool,
    },
    /// A method taken from its receiver.
    Bound {
        receiver: Value,
        method: Method,
    },
    /// What is left to do after an effect; an index into the fiber table of continuations.
    Continuation(u32),
}

/// What a method name stands for, once the kind of the receiver is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Function(FunctionId),
    Native(NativeId),
}

/// A confidence in [0, 1], and neither `-0` nor NaN: so the smaller one of two does not depend on
/// their order.
#[inline(always)]
fn within(confidence: f64) -> f64 {
    if confidence > 0.0 { confidence.min(1.0) } else { 0.0 }
}

impl Default for Closure {
    fn default() -> Closure {
        Closure { function: FunctionId(0), captures: Box::default() }
    }
}

#[derive(Default)]
pub(crate) struct Heap {
    pub(crate) texts: Slab<Text>,
    pub(crate) arrays: Slab<Vec<Value>>,
    pub(crate) objects: Slab<Object>,
    pub(crate) dicts: Slab<object::Dict>,
    pub(crate) closures: Slab<Closure>,
    pub(crate) confidents: Slab<Confident>,
    pub(crate) others: Slab<Other>,
    pub(crate) shapes: Shapes,
    /// What is left of the fuel. Zero as well when memory ran out, so that one test at back edges
    /// and calls serves both; `is_full` tells them apart.
    pub(crate) fuel: u64,
    /// The fuel that memory exhaustion hid, and what is not dealt out yet.
    hidden_fuel: u64,
    /// The fuel that is dealt out at once; 0 for all.
    pub(crate) portion: u64,
    /// A new portion was dealt since somebody looked.
    pub(crate) is_dealt: bool,
    pub(crate) is_full: bool,
    bytes: usize,
    limit: usize,
    /// Values whose count fell to zero and whose content is still there.
    dead: Vec<Value>,
    /// Fibers and continuations whose last handle is gone.
    pub(crate) dropped_fibers: Vec<FiberId>,
    pub(crate) dropped_continuations: Vec<u32>,
}

impl Heap {
    pub(crate) fn new(limit: usize, fuel: u64) -> Heap {
        Heap { limit, fuel, ..Heap::default() }
    }

    /// Limits of a machine that was restored.
    pub(crate) fn set_limits(&mut self, memory: usize, fuel: u64) {
        self.limit = memory;
        self.fuel = fuel;
        self.hidden_fuel = 0;
        self.is_full = false;
        self.grow(0);
    }

    /// How the arenas of arrays, confident values and objects lie in memory.
    pub(crate) fn layout() -> crate::tier::Layout {
        let [entry, count, items] = Slab::<Vec<Value>>::LAYOUT;
        let [confident_entry, confident_count, confident] = Slab::<Confident>::LAYOUT;
        let [object_entry, object_count, object] = Slab::<Object>::LAYOUT;
        crate::tier::Layout {
            entry,
            count,
            items,
            confident_entry,
            confident_count,
            value: confident + std::mem::offset_of!(Confident, value),
            confidence: confident + std::mem::offset_of!(Confident, confidence),
            object_entry,
            object_count,
            keys: object + std::mem::offset_of!(Object, keys),
            fields: object + std::mem::offset_of!(Object, inline),
        }
    }

    /// Empty entries without holders at the end of an arena; the index of the first.
    pub(crate) fn make_room(&mut self, kind: Tag, count: usize) -> u32 {
        match kind {
            Tag::Text => self.texts.extend(count),
            Tag::Array => self.arrays.extend(count),
            Tag::Object => self.objects.extend(count),
            Tag::Closure => self.closures.extend(count),
            Tag::Confident => self.confidents.extend(count),
            Tag::Other => self.others.extend(count),
            Tag::Number | Tag::Simple => 0,
        }
    }

    /// Bytes in use.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn fuel_left(&self) -> u64 {
        self.fuel + self.hidden_fuel
    }

    /// Counts bytes; running out shows at the next back edge or call.
    #[inline]
    pub(crate) fn grow(&mut self, bytes: usize) {
        self.bytes += bytes;
        if self.bytes > self.limit && !self.is_full {
            self.full();
        }
    }

    #[cold]
    fn full(&mut self) {
        self.is_full = true;
        self.hidden_fuel += std::mem::take(&mut self.fuel);
    }

    #[inline]
    pub(crate) fn shrink(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Bytes that are still free.
    pub(crate) fn room(&self) -> usize {
        self.limit.saturating_sub(self.bytes)
    }

    /// Asks for a large piece before it is made.
    pub(crate) fn ask(&mut self, bytes: usize) -> Run<()> {
        if self.bytes.saturating_add(bytes) <= self.limit {
            return Ok(());
        }
        self.collect();
        if self.bytes.saturating_add(bytes) > self.limit {
            return Err(Raise::Limit(Limit::Memory));
        }
        Ok(())
    }

    /// Goes on after the fuel fell to zero, if it was memory that ran out and some can be freed.
    #[cold]
    pub(crate) fn refuel(&mut self) -> Run<()> {
        if !self.is_full {
            self.is_dealt = true;
            return if self.deal() { Ok(()) } else { Err(Raise::Limit(Limit::Fuel)) };
        }
        self.collect();
        // Too little is like nothing: the next moment would be the same.
        if self.bytes > self.limit - self.limit / 8 {
            return Err(Raise::Limit(Limit::Memory));
        }
        self.is_full = false;
        if self.deal() { Ok(()) } else { Err(Raise::Limit(Limit::Fuel)) }
    }

    /// Deals out a portion of fuel. `false` when nothing is left, or when memory ran out.
    pub(crate) fn deal(&mut self) -> bool {
        if self.is_full {
            return false;
        }
        let all = self.fuel_left();
        self.fuel = if self.portion == 0 { all } else { all.min(self.portion) };
        self.hidden_fuel = all - self.fuel;
        self.fuel > 0
    }

    /// Takes fuel, as far as there is some.
    fn spend(&mut self, cost: u64) {
        let hidden = cost.saturating_sub(self.fuel);
        self.fuel = self.fuel.saturating_sub(cost);
        self.hidden_fuel = self.hidden_fuel.saturating_sub(hidden);
    }

    /// Pays for work that is proportional to the size of values.
    pub(crate) fn work(&mut self, steps: usize) -> Run<()> {
        let cost = steps as u64 / 16;
        if cost > self.fuel && self.is_full {
            self.refuel()?;
        }
        let is_short = cost > self.fuel_left();
        self.spend(cost);
        if is_short { Err(Raise::Limit(Limit::Fuel)) } else { Ok(()) }
    }

    // Counting.

    #[inline(always)]
    pub(crate) fn retain(&mut self, value: Value) {
        if value.is_heap() {
            cold_path();
            self.retain_heap(value);
        }
    }

    #[inline(never)]
    fn retain_heap(&mut self, value: Value) {
        let index = value.index();
        // By comparison, the frequent kinds first: a table of all takes a jump.
        if value.is_object() {
            self.objects.retain(index)
        } else if value.is_array() {
            self.arrays.retain(index)
        } else if value.is_text() {
            self.texts.retain(index)
        } else if value.is_closure() {
            self.closures.retain(index)
        } else if value.is_confident() {
            self.confidents.retain(index)
        } else {
            self.others.retain(index)
        }
    }

    /// The value, held once more.
    #[inline(always)]
    pub(crate) fn share(&mut self, value: Value) -> Value {
        self.retain(value);
        value
    }

    #[inline(always)]
    pub(crate) fn release(&mut self, value: Value) {
        if value.is_heap() {
            cold_path();
            self.release_heap(value);
        }
    }

    #[inline(never)]
    fn release_heap(&mut self, value: Value) {
        if let Some(dead) = self.forget(value) {
            self.bury(dead);
        }
    }

    /// The same for what a function holds that has one more holder most of the time.
    #[inline(always)]
    pub(crate) fn release_closure(&mut self, closure: Value) {
        if closure.is_heap() && !self.closures.forget_one(closure.in_closures()) {
            cold_path();
            self.release(closure);
        }
    }

    /// One holder less; what is to be buried if it was the last. The box of a confident value is
    /// freed at once, and what was in it may be what is left to bury.
    #[inline]
    fn forget(&mut self, value: Value) -> Option<Value> {
        let index = value.index();
        let is_dead = if value.is_object() {
            self.objects.forget(index)
        } else if value.is_array() {
            self.arrays.forget(index)
        } else if value.is_text() {
            self.texts.forget(index)
        } else if value.is_closure() {
            self.closures.forget(index)
        } else if value.is_confident() {
            return self.forget_confident(index);
        } else {
            self.others.forget(index)
        };
        is_dead.then_some(value)
    }

    fn forget_confident(&mut self, index: u32) -> Option<Value> {
        if !self.confidents.forget(index) {
            return None;
        }
        let inner = self.confidents.free(index).value;
        self.shrink(SLOT);
        let is_dead = match inner.tag() {
            Tag::Number | Tag::Simple | Tag::Confident => false,
            Tag::Text => self.texts.forget(inner.index()),
            Tag::Array => self.arrays.forget(inner.index()),
            Tag::Object => self.objects.forget(inner.index()),
            Tag::Closure => self.closures.forget(inner.index()),
            Tag::Other => self.others.forget(inner.index()),
        };
        is_dead.then_some(inner)
    }

    /// Whether the holder of the value is its only one.
    pub(crate) fn is_unique(&self, value: Value) -> bool {
        let index = value.index();
        match value.tag() {
            Tag::Text => self.texts.count(index) == 1,
            Tag::Array => self.arrays.count(index) == 1,
            Tag::Object => self.objects.count(index) == 1,
            Tag::Closure => self.closures.count(index) == 1,
            Tag::Confident => self.confidents.count(index) == 1,
            Tag::Other => self.others.count(index) == 1,
            Tag::Number | Tag::Simple => true,
        }
    }

    /// Frees a dead value without a box and whatever dies with it, without recursion.
    #[inline(never)]
    fn bury(&mut self, dead: Value) {
        let mut value = dead;
        loop {
            match value.tag() {
                Tag::Text => {
                    let text = self.texts.free(value.index());
                    self.shrink(SLOT + text.bytes());
                }
                Tag::Array => {
                    let items = self.arrays.free(value.index());
                    self.shrink(SLOT + items.capacity() * 8);
                    self.orphan(items);
                }
                Tag::Object => self.bury_object(value.index()),
                Tag::Closure => {
                    let closure = self.closures.free(value.index());
                    self.shrink(SLOT + closure.captures.len() * 8);
                    self.orphan(closure.captures);
                }
                Tag::Other => self.bury_other(value.index()),
                Tag::Confident | Tag::Number | Tag::Simple => {}
            }
            match self.dead.pop() {
                Some(next) => value = next,
                None => return,
            }
        }
    }

    fn bury_object(&mut self, index: u32) {
        let object = self.objects.free(index);
        self.shrink(OBJECT_SLOT + object.more.capacity() * 8);
        if let Some(dict) = object.dict() {
            let dict = self.dicts.free(dict);
            self.shrink(dict.bytes());
        }
        self.orphan(object.inline);
        self.orphan(object.more);
    }

    fn bury_other(&mut self, index: u32) {
        self.shrink(SLOT);
        match self.others.free(index) {
            Other::Free | Other::Agent(_) => {}
            Other::Cell(value)
            | Other::Promise { value, .. }
            | Other::Bound { receiver: value, .. } => self.orphan([value]),
            Other::Fiber(id) => self.dropped_fibers.push(id),
            Other::Continuation(id) => self.dropped_continuations.push(id),
        }
    }

    /// Releases the content of something freed.
    fn orphan(&mut self, values: impl IntoIterator<Item = Value>) {
        for value in values {
            if value.is_heap()
                && let Some(dead) = self.forget(value)
            {
                self.dead.push(dead);
            }
        }
    }

    // Making.

    pub(crate) fn new_text(&mut self, text: impl Into<Text>) -> Value {
        let text = text.into();
        self.grow(SLOT + text.bytes());
        Value::heap(Tag::Text, self.texts.alloc(text))
    }

    /// Takes over the items.
    pub(crate) fn new_array(&mut self, items: Vec<Value>) -> Value {
        self.grow(SLOT + items.capacity() * 8);
        Value::heap(Tag::Array, self.arrays.alloc(items))
    }

    pub(crate) fn new_closure(&mut self, function: FunctionId, captures: Box<[Value]>) -> Value {
        if captures.is_empty() {
            return Value::function(function);
        }
        self.grow(SLOT + captures.len() * 8);
        Value::heap(Tag::Closure, self.closures.alloc(Closure { function, captures }))
    }

    pub(crate) fn new_other(&mut self, other: Other) -> Value {
        self.grow(SLOT);
        Value::heap(Tag::Other, self.others.alloc(other))
    }

    /// Takes over a plain value. A confident value keeps only its own value; the confidence is
    /// clamped and must not be NaN.
    pub(crate) fn new_confident(&mut self, value: Value, confidence: f64) -> Value {
        let value = self.take_plain(value);
        self.box_confident(value, confidence)
    }

    /// The same for a value that is plain.
    #[inline]
    pub(crate) fn box_confident(&mut self, value: Value, confidence: f64) -> Value {
        let confidence = within(confidence);
        self.grow(SLOT);
        Value::heap(Tag::Confident, self.confidents.alloc(Confident { value, confidence }))
    }

    /// Adds a number, plain or confident, to a confident one that nobody else holds, in its place.
    /// `false`, and nothing has happened, where others hold it or they are none of these.
    #[inline(always)]
    pub(crate) fn add_to_confident(&mut self, confident: Value, more: Value) -> bool {
        if !confident.is_confident() {
            return false;
        }
        let (more, confidence) = self.number_and_confidence(more);
        let Some(parts) = self.confidents.unique(confident.index()) else { return false };
        let sum = parts.value.raw() + more;
        // NaN says that one of both was none, or what the sum is.
        if sum.is_nan() {
            return false;
        }
        parts.value = Value::number(sum);
        if confidence < parts.confidence {
            parts.confidence = confidence;
        }
        true
    }

    /// A number and its confidence, infinite for a plain one; NaN for what is none.
    #[inline(always)]
    pub(crate) fn number_and_confidence(&self, value: Value) -> (f64, f64) {
        if !value.is_confident() {
            return (value.raw(), f64::INFINITY);
        }
        let parts = self.confidents.get(value.index());
        (parts.value.raw(), parts.confidence)
    }

    /// A value with a confidence, where its only holder turns into that of the box. Takes over the
    /// value; a confident one is held by nobody else.
    pub(crate) fn made_confident(&mut self, value: Value, confidence: f64) -> Value {
        if !value.is_confident() {
            return self.new_confident(value, confidence);
        }
        let parts = self.confidents.get_mut(value.index());
        parts.confidence = within(confidence);
        value
    }

    /// Makes a confident value that nobody else holds a confident number. `false`, and nothing
    /// has happened, where others hold it or it is none.
    #[inline(always)]
    pub(crate) fn set_confident(&mut self, old: Value, number: f64, confidence: f64) -> bool {
        if !old.is_confident() {
            return false;
        }
        let Some(parts) = self.confidents.unique(old.index()) else { return false };
        let new = Confident { value: Value::number(number), confidence };
        let old = std::mem::replace(parts, new);
        self.release(old.value);
        true
    }

    // Reading.

    /// The value without its confidence; borrowed.
    #[inline(always)]
    pub(crate) fn plain(&self, value: Value) -> Value {
        if value.is_confident() { self.confidents.get(value.index()).value } else { value }
    }

    /// The confidence, `None` for a plain value.
    pub(crate) fn confidence(&self, value: Value) -> Option<f64> {
        value.is_confident().then(|| self.confidents.get(value.index()).confidence)
    }

    /// Takes over a value and gives its plain value back.
    pub(crate) fn take_plain(&mut self, value: Value) -> Value {
        if !value.is_confident() {
            return value;
        }
        let plain = self.share(self.plain(value));
        self.release(value);
        plain
    }

    pub(crate) fn text(&self, value: Value) -> Option<&Text> {
        value.is_text().then(|| self.texts.get(value.index()))
    }

    /// The text of a value that is one.
    pub(crate) fn str(&self, value: Value) -> &str {
        self.texts.get(value.index()).as_str()
    }

    #[inline(always)]
    pub(crate) fn array(&self, value: Value) -> Option<&[Value]> {
        self.arrays.find(value.in_arrays()).map(Vec::as_slice)
    }

    /// The element of a plain array at a number that is exactly its index; borrowed.
    #[inline(always)]
    pub(crate) fn element(&self, array: Value, index: Value) -> Option<Value> {
        self.array(array)?.get(integer(index.raw())? as usize).copied()
    }

    /// The place of the element, to be changed; `None` as well where others hold the array.
    #[inline(always)]
    pub(crate) fn element_mut(&mut self, array: Value, index: Value) -> Option<&mut Value> {
        let items = self.arrays.find_unique(array.in_arrays())?;
        items.get_mut(integer(index.raw())? as usize)
    }

    #[inline(always)]
    pub(crate) fn other(&self, value: Value) -> Option<&Other> {
        self.others.find(value.in_others())
    }

    pub(crate) fn agent(&self, value: Value) -> Option<&AgentRef> {
        match self.other(value) {
            Some(Other::Agent(agent)) => Some(agent),
            _ => None,
        }
    }

    // Cells.

    /// What a cell holds; `None` if the value is no cell.
    #[inline(always)]
    pub(crate) fn cell(&self, cell: Value) -> Option<Value> {
        match self.other(cell) {
            Some(Other::Cell(value)) => Some(*value),
            _ => None,
        }
    }

    /// What a cell holds, to be changed; `None` if the value is no cell.
    #[inline(always)]
    pub(crate) fn cell_mut(&mut self, cell: Value) -> Option<&mut Value> {
        match self.others.find_mut(cell.in_others()) {
            Some(Other::Cell(value)) => Some(value),
            _ => None,
        }
    }

    /// Swaps what a cell holds.
    pub(crate) fn swap_cell(&mut self, cell: Value, new: Value) -> Option<Value> {
        Some(std::mem::replace(self.cell_mut(cell)?, new))
    }

    // Updating.

    /// Makes an array unique, copying it if others hold it, and gives it back.
    pub(crate) fn own_array(&mut self, array: Value) -> Run<Value> {
        if self.arrays.count(array.index()) == 1 {
            return Ok(array);
        }
        let len = self.arrays.get(array.index()).len();
        self.ask(len * 8)?;
        self.work(len)?;
        let items = self.arrays.get(array.index()).clone();
        for &item in &items {
            self.retain(item);
        }
        self.release(array);
        Ok(self.new_array(items))
    }

    /// The items of a unique array, to be changed; what changes the capacity must go through
    /// [`Heap::push`].
    pub(crate) fn array_mut(&mut self, array: Value) -> &mut Vec<Value> {
        self.arrays.get_mut(array.index())
    }

    /// Appends to a unique array. Takes over the item.
    #[inline]
    pub(crate) fn push(&mut self, array: Value, item: Value) {
        let items = self.arrays.get_mut(array.index());
        let before = items.capacity();
        items.push(item);
        let grown = items.capacity() - before;
        if grown > 0 {
            self.grow(grown * 8);
        }
    }

    /// Makes room in a unique array.
    pub(crate) fn reserve(&mut self, array: Value, more: usize) -> Run<()> {
        self.ask(more.saturating_mul(8))?;
        let items = self.arrays.get_mut(array.index());
        let before = items.capacity();
        items.reserve(more);
        let grown = items.capacity() - before;
        self.grow(grown * 8);
        Ok(())
    }

    /// Appends the text form of a number to a text that nobody else holds.
    pub(crate) fn append_number(&mut self, text: Value, number: f64) {
        self.append(text, |target| target.push_number(number));
    }

    /// Appends a text to another one that nobody else holds.
    pub(crate) fn append_text(&mut self, text: Value, more: Value) {
        let taken = std::mem::take(self.texts.get_mut(more.index()));
        self.append(text, |target| target.push_str(taken.as_str()));
        *self.texts.get_mut(more.index()) = taken;
    }

    /// Appends to a text that nobody else holds.
    pub(crate) fn append_str(&mut self, text: Value, more: &str) {
        self.append(text, |target| target.push_str(more));
    }

    fn append(&mut self, text: Value, add: impl FnOnce(&mut Text)) {
        let target = self.texts.get_mut(text.index());
        let before = target.bytes();
        add(target);
        let grown = target.bytes().saturating_sub(before);
        if grown > 0 {
            self.grow(grown);
        }
    }

    /// A shared text for the outside; the heap keeps the same one.
    pub(crate) fn arc(&mut self, text: Value) -> Arc<str> {
        self.texts.get_mut(text.index()).share()
    }
}
