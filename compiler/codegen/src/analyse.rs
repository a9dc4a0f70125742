//! What code generation wants to know of a function before it begins: which values need a
//! register, which operations become part of another one, which exits pass a `finally`.

mod append;
mod each;
mod fuse;
mod hoist;

use la_arena::ArenaMap;
use prism_ir::function::{Function, OpId, RegionId, Text, Ty, Value};
use prism_ir::op::{Const, Exit, OpKind};

pub(crate) use append::Variable;
pub(crate) use each::ForEach;
pub(crate) use hoist::Hoisted;

/// A value that is cheaper to make again than to keep.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Again {
    Const(Const),
    /// A capture of the running closure: its number.
    Captured(u8),
}

/// What becomes of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Code at its own place.
    Own,
    /// No code: its result is made where it is used.
    Again,
    /// No code: whoever tests its only result does its work.
    Fused,
    /// No code: a loop over items does its work.
    InLoop,
    /// The element that a loop over items reads before its body begins.
    Element,
}

/// Where values go that leave an operation through a `finally`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    Break(OpId),
    Continue(OpId),
    Return,
}

/// A `try` with a `finally`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Passing {
    /// Exits of its body and its `catch` that go through the `finally`, each once.
    pub ways: Vec<Way>,
    /// The most values that one of them carries; at least one, for what was thrown.
    pub n_slots: usize,
}

pub(crate) struct Analysis {
    pub n_uses: ArenaMap<Value, u32>,
    /// The operation that makes a value; parameters have none.
    pub maker: ArenaMap<Value, OpId>,
    again: ArenaMap<Value, Again>,
    how: ArenaMap<OpId, How>,
    /// Loops that are repeated by some `continue`.
    repeats: ArenaMap<OpId, ()>,
    pub passing: ArenaMap<OpId, Passing>,
    /// Exits inside a loop that go farther than the loop, each once.
    pub leaving: ArenaMap<OpId, Vec<Way>>,
    /// By loop.
    pub for_each: ArenaMap<OpId, ForEach>,
    /// What loops over items go through.
    pub items: ArenaMap<Value, ()>,
    /// Additions to shared variables.
    pub appends: ArenaMap<OpId, Variable>,
    /// By outermost loop.
    pub hoisted: ArenaMap<OpId, Hoisted>,
    /// Values used inside a loop that are made outside.
    pub used_inside: ArenaMap<OpId, Vec<Value>>,
}

impl Analysis {
    pub fn new(function: &Function) -> Analysis {
        let mut analysis = Analysis {
            n_uses: ArenaMap::default(),
            maker: ArenaMap::default(),
            again: ArenaMap::default(),
            how: ArenaMap::default(),
            repeats: ArenaMap::default(),
            passing: ArenaMap::default(),
            leaving: ArenaMap::default(),
            for_each: ArenaMap::default(),
            items: ArenaMap::default(),
            appends: ArenaMap::default(),
            hoisted: ArenaMap::default(),
            used_inside: ArenaMap::default(),
        };
        analysis.captures(function);
        let mut walk = Walk { function, analysis: &mut analysis, around: Vec::new() };
        walk.region(function.body);
        fuse::run(function, &mut analysis);
        each::run(function, &mut analysis);
        append::run(function, &mut analysis);
        hoist::run(function, &mut analysis);
        analysis
    }

    fn captures(&mut self, function: &Function) {
        let params = &function.regions[function.body].params;
        for (index, value) in params.iter().skip(function.params.len()).enumerate() {
            self.again.insert(*value, Again::Captured(index as u8));
        }
    }

    pub fn again(&self, value: Value) -> Option<&Again> {
        self.again.get(value)
    }

    /// The constant that a value is.
    pub fn constant(&self, value: Value) -> Option<&Const> {
        match self.again.get(value) {
            Some(Again::Const(constant)) => Some(constant),
            Some(Again::Captured(_)) | None => None,
        }
    }

    pub fn number(&self, value: Value) -> Option<f64> {
        match self.constant(value) {
            Some(Const::Number(number)) => Some(*number),
            Some(Const::Null | Const::Bool(_) | Const::Text(_)) | None => None,
        }
    }

    /// The number, if it fits a byte of an instruction. `-0` does not: it is not an integer.
    pub fn small(&self, value: Value) -> Option<i8> {
        let number = self.number(value)?;
        let small = number as i8;
        (f64::from(small).to_bits() == number.to_bits()).then_some(small)
    }

    /// Whether a product may be computed the other way round, with its constant on the right.
    /// Only of numbers: a failure names the types of its operands in their order.
    pub fn swaps(&self, function: &Function, left: Value, right: Value) -> bool {
        let is_number = function.values[right].ty == Ty::Number;
        is_number && self.number(left).is_some() && self.number(right).is_none()
    }

    pub fn text(&self, value: Value) -> Option<&Text> {
        match self.constant(value) {
            Some(Const::Text(text)) => Some(text),
            Some(Const::Null | Const::Bool(_) | Const::Number(_)) | None => None,
        }
    }

    pub fn is_null(&self, value: Value) -> bool {
        self.constant(value) == Some(&Const::Null)
    }

    pub fn how(&self, op: OpId) -> How {
        self.how.get(op).copied().unwrap_or(How::Own)
    }

    pub fn repeats(&self, op: OpId) -> bool {
        self.repeats.contains_idx(op)
    }

    /// Whether the value lives in a register of its own.
    pub fn has_register(&self, value: Value) -> bool {
        if self.again.contains_idx(value) {
            return false;
        }
        match self.maker.get(value) {
            Some(&op) => matches!(self.how(op), How::Own | How::Element),
            None => true,
        }
    }

    pub fn is_used_once(&self, value: Value) -> bool {
        self.n_uses.get(value) == Some(&1)
    }
}

/// What stands around a region.
enum Around {
    Loop(OpId),
    /// The body or the `catch` of a `try` with a `finally`.
    Finally(OpId),
}

struct Walk<'a> {
    function: &'a Function,
    analysis: &'a mut Analysis,
    around: Vec<Around>,
}

impl Walk<'_> {
    fn region(&mut self, id: RegionId) {
        let region = &self.function.regions[id];
        for &id in &region.ops {
            let op = &self.function.ops[id];
            op.kind.for_each_operand(|value| self.used(value));
            for result in &op.results {
                self.analysis.maker.insert(*result, id);
            }
            self.op(id, &op.kind);
        }
        region.exit.for_each_operand(|value| self.used(value));
        self.exit(&region.exit);
    }

    fn used(&mut self, value: Value) {
        *self.analysis.n_uses.entry(value).or_insert(0) += 1;
    }

    fn op(&mut self, id: OpId, kind: &OpKind) {
        match kind {
            OpKind::Const(constant) => {
                self.analysis.how.insert(id, How::Again);
                for result in &self.function.ops[id].results {
                    self.analysis.again.insert(*result, Again::Const(constant.clone()));
                }
            }
            OpKind::If { then, otherwise, .. } => {
                self.region(*then);
                self.region(*otherwise);
            }
            OpKind::Loop { body, .. } => {
                self.around.push(Around::Loop(id));
                self.region(*body);
                self.around.pop();
            }
            OpKind::Try { body, catch, finally } => {
                if finally.is_some() {
                    self.analysis.passing.insert(id, Passing { ways: Vec::new(), n_slots: 1 });
                    self.around.push(Around::Finally(id));
                }
                self.region(*body);
                catch.iter().for_each(|catch| self.region(*catch));
                if let Some(finally) = finally {
                    self.around.pop();
                    self.region(*finally);
                }
            }
            _ => {}
        }
    }

    /// Tells every loop and `finally` between an exit and its target about it.
    fn exit(&mut self, exit: &Exit) {
        let (way, n_values) = match exit {
            Exit::Break { target, values } => (Way::Break(*target), values.len()),
            Exit::Continue { target, values } => {
                self.analysis.repeats.insert(*target, ());
                (Way::Continue(*target), values.len())
            }
            Exit::Return(_) => (Way::Return, 1),
            Exit::Yield(_) | Exit::Throw(_) | Exit::Unreachable => return,
        };
        for around in self.around.iter().rev() {
            match around {
                Around::Loop(op) if way == Way::Break(*op) || way == Way::Continue(*op) => return,
                Around::Loop(op) => {
                    let leaving = self.analysis.leaving.entry(*op).or_default();
                    if !leaving.contains(&way) {
                        leaving.push(way);
                    }
                }
                Around::Finally(op) => {
                    let passing = &mut self.analysis.passing[*op];
                    passing.n_slots = passing.n_slots.max(n_values);
                    if !passing.ways.contains(&way) {
                        passing.ways.push(way);
                    }
                }
            }
        }
    }
}
