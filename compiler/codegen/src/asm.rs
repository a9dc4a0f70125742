//! Code before its jumps are resolved, and the way from there to words.
//!
//! In: a list of instructions with labels, source marks and the ends of protected ranges.
//! Out: the words of a function, its exception table and its places.
//! Here too: jumps to jumps and to the next instruction go, unreachable code goes, and the end of
//! a counting loop becomes one instruction.

mod layout;
mod opposite;
mod tidy;

use prism_bytecode::{Function, Inst, Place, Reg, StrId, Word};
use prism_ir::function::Source;

pub(crate) use layout::TooFar;

/// A place in the code that jumps name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Label(u32);

/// A range of code whose exceptions go to one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Guard(u32);

/// Where the exceptions of a guard go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    pub label: Label,
    /// Gets what was thrown.
    pub reg: Reg,
    pub is_finally: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Item {
    One(Inst),
    /// An instruction and the id in the word after it.
    Two(Inst, Word),
    Label(Label),
    Jump(Label),
    /// A test whose distance is in the instruction; the distance is filled in later.
    Test(Inst, Label),
    /// A test whose distance is in the word after it.
    Compare(Inst, Label),
    /// What follows comes from here.
    Source(Source),
    /// The name of the call before it.
    Called(StrId),
    Begin(Guard),
    End(Guard),
}

#[derive(Debug, Default)]
pub(crate) struct Asm {
    items: Vec<Item>,
    n_labels: u32,
    guards: Vec<Target>,
    /// Guards in the order of their ends: inner ones first.
    ended: Vec<Guard>,
}

impl Asm {
    pub fn label(&mut self) -> Label {
        self.n_labels += 1;
        Label(self.n_labels - 1)
    }

    pub fn place(&mut self, label: Label) {
        self.items.push(Item::Label(label));
    }

    pub fn op(&mut self, inst: Inst) {
        self.items.push(Item::One(inst));
    }

    pub fn op_with(&mut self, inst: Inst, word: Word) {
        self.items.push(Item::Two(inst, word));
    }

    pub fn jump(&mut self, label: Label) {
        self.items.push(Item::Jump(label));
    }

    /// `inst` has a 16-bit distance.
    pub fn test(&mut self, inst: Inst, label: Label) {
        self.items.push(Item::Test(inst, label));
    }

    /// `inst` is followed by a jump word.
    pub fn compare(&mut self, inst: Inst, label: Label) {
        self.items.push(Item::Compare(inst, label));
    }

    pub fn source(&mut self, source: Source) {
        if source != Source::default() {
            self.items.push(Item::Source(source));
        }
    }

    /// Names the call that was just added.
    pub fn called(&mut self, name: StrId) {
        self.items.push(Item::Called(name));
    }

    /// Begins a range; what fails inside goes to `target`.
    pub fn begin(&mut self, target: Target) -> Guard {
        let guard = Guard(self.guards.len() as u32);
        self.guards.push(target);
        self.items.push(Item::Begin(guard));
        guard
    }

    pub fn end(&mut self, guard: Guard) {
        self.items.push(Item::End(guard));
        self.ended.push(guard);
    }

    /// The position of the next item, for [`Asm::rotate`].
    pub fn position(&self) -> usize {
        self.items.len()
    }

    /// Puts the items from `middle` on before those from `start` to `middle`.
    pub fn rotate(&mut self, start: usize, middle: usize) {
        self.items[start..].rotate_left(middle - start);
    }

    /// The words of the function. `place` makes a place of a position and a source.
    pub fn finish(
        mut self,
        function: &mut Function,
        place: &mut dyn FnMut(u32, Source) -> Option<Place>,
    ) -> Result<(), TooFar> {
        let kept: Vec<Label> = self.guards.iter().map(|target| target.label).collect();
        tidy::tidy(&mut self.items, self.n_labels as usize, &kept);
        layout::layout(self, function, place)
    }
}
