//! Frees cycles that nobody reaches.
//!
//! Counts free everything but cycles, and cycles arise only through cells. When memory runs out,
//! this looks for them: a value that is held more often than other heap values hold it is held
//! from outside, and everything that such values reach is alive. What is left is garbage. No list
//! of roots is needed, so it may run at any moment when the counts are true.

use super::{Heap, OBJECT_SLOT, Other, SLOT};
use crate::value::{Tag, Value};

/// Tags of heap values, in the order of the tables below.
const TAGS: [Tag; 6] =
    [Tag::Text, Tag::Array, Tag::Object, Tag::Closure, Tag::Confident, Tag::Other];

/// One number or mark per entry of each arena.
struct Table<T>([Vec<T>; 6]);

impl<T: Clone> Table<T> {
    fn new(heap: &Heap, item: T) -> Table<T> {
        Table(TAGS.map(|tag| vec![item.clone(); heap.arena_len(tag)]))
    }

    fn of(&mut self, value: Value) -> &mut T {
        &mut self.0[place(value.tag())][value.index() as usize]
    }
}

fn place(tag: Tag) -> usize {
    TAGS.iter().position(|known| *known == tag).expect("only heap values are looked up")
}

impl Heap {
    /// Frees unreachable cycles.
    pub(crate) fn collect(&mut self) {
        let mut held = Table::new(self, 0u32);
        let all = self.all();
        self.spend(all.len() as u64 / 16);
        for &value in &all {
            self.parts(value, &mut |part| *held.of(part) += 1);
        }
        let mut alive = Table::new(self, false);
        let mut open: Vec<Value> =
            all.iter().copied().filter(|&value| self.count(value) > *held.of(value)).collect();
        while let Some(value) = open.pop() {
            if !std::mem::replace(alive.of(value), true) {
                self.parts(value, &mut |part| open.push(part));
            }
        }
        let garbage = all.into_iter().filter(|&value| !*alive.of(value)).collect::<Vec<_>>();
        for &value in &garbage {
            self.lose(value, &mut alive);
        }
    }

    /// Frees one piece of garbage. What it holds and is alive loses a holder, which cannot be the
    /// last one.
    fn lose(&mut self, value: Value, alive: &mut Table<bool>) {
        let mut parts = Vec::new();
        self.parts(value, &mut |part| parts.push(part));
        for part in parts {
            if *alive.of(part) {
                self.forget(part);
            }
        }
        let index = value.index();
        self.clear_count(value);
        match value.tag() {
            Tag::Text => {
                let text = self.texts.free(index);
                self.shrink(SLOT + text.bytes());
            }
            Tag::Array => {
                let items = self.arrays.free(index);
                self.shrink(SLOT + items.capacity() * 8);
            }
            Tag::Object => {
                let object = self.objects.free(index);
                self.shrink(OBJECT_SLOT + object.more.capacity() * 8);
                if let Some(dict) = object.dict() {
                    let dict = self.dicts.free(dict);
                    self.shrink(dict.bytes());
                }
            }
            Tag::Closure => {
                let closure = self.closures.free(index);
                self.shrink(SLOT + closure.captures.len() * 8);
            }
            Tag::Confident => {
                self.confidents.free(index);
                self.shrink(SLOT);
            }
            Tag::Other => {
                self.shrink(SLOT);
                match self.others.free(index) {
                    Other::Fiber(id) => self.dropped_fibers.push(id),
                    Other::Continuation(id) => self.dropped_continuations.push(id),
                    Other::Free
                    | Other::Agent(_)
                    | Other::Cell(_)
                    | Other::Promise { .. }
                    | Other::Bound { .. } => {}
                }
            }
            Tag::Number | Tag::Simple => {}
        }
    }

    /// Every value with a holder.
    fn all(&self) -> Vec<Value> {
        let mut all = Vec::new();
        for tag in TAGS {
            let live = (0..self.arena_len(tag) as u32).map(|index| Value::heap(tag, index));
            all.extend(live.filter(|&value| self.count(value) > 0));
        }
        all
    }

    /// The heap values that a value holds, as often as it holds them.
    pub(crate) fn parts(&self, value: Value, each: &mut dyn FnMut(Value)) {
        let mut heap_only = |part: Value| {
            if part.is_heap() {
                each(part);
            }
        };
        let index = value.index();
        match value.tag() {
            Tag::Number | Tag::Simple | Tag::Text => {}
            Tag::Array => self.arrays.get(index).iter().copied().for_each(heap_only),
            Tag::Object => {
                let object = self.objects.get(index);
                object.inline.iter().chain(&object.more).copied().for_each(heap_only);
            }
            Tag::Closure => {
                self.closures.get(index).captures.iter().copied().for_each(heap_only);
            }
            Tag::Confident => heap_only(self.confidents.get(index).value),
            Tag::Other => match self.others.get(index) {
                Other::Cell(value)
                | Other::Promise { value, .. }
                | Other::Bound { receiver: value, .. } => heap_only(*value),
                Other::Free | Other::Agent(_) | Other::Fiber(_) | Other::Continuation(_) => {}
            },
        }
    }

    fn count(&self, value: Value) -> u32 {
        let index = value.index();
        match value.tag() {
            Tag::Text => self.texts.count(index),
            Tag::Array => self.arrays.count(index),
            Tag::Object => self.objects.count(index),
            Tag::Closure => self.closures.count(index),
            Tag::Confident => self.confidents.count(index),
            Tag::Other => self.others.count(index),
            Tag::Number | Tag::Simple => 0,
        }
    }

    fn clear_count(&mut self, value: Value) {
        let index = value.index();
        match value.tag() {
            Tag::Text => self.texts.clear_count(index),
            Tag::Array => self.arrays.clear_count(index),
            Tag::Object => self.objects.clear_count(index),
            Tag::Closure => self.closures.clear_count(index),
            Tag::Confident => self.confidents.clear_count(index),
            Tag::Other => self.others.clear_count(index),
            Tag::Number | Tag::Simple => {}
        }
    }

    fn arena_len(&self, tag: Tag) -> usize {
        match tag {
            Tag::Text => self.texts.len(),
            Tag::Array => self.arrays.len(),
            Tag::Object => self.objects.len(),
            Tag::Closure => self.closures.len(),
            Tag::Confident => self.confidents.len(),
            Tag::Other => self.others.len(),
            Tag::Number | Tag::Simple => 0,
        }
    }
}
