//! Chooses constants and captures that a loop keeps in registers.
//!
//! A constant that an instruction cannot hold itself is loaded where it is used, except in a
//! loop: there it is loaded once, before the outermost loop around it. Windows of calls are not
//! counted: what goes there is loaded in place anyway.

use la_arena::ArenaMap;
use prism_ir::function::{Function, OpId, RegionId, Value};
use prism_ir::op::{BinaryOp, Const, OpKind};

use super::fuse::is_comparison;
use super::{Again, Analysis, How};

/// What one loop keeps, each thing once.
pub(crate) type Hoisted = Vec<Again>;

/// The most registers that a loop may take for this.
const MOST: usize = 16;

pub(super) fn run(function: &Function, analysis: &mut Analysis) {
    let mut hoisted = ArenaMap::default();
    let mut walk = Walk { function, analysis, hoisted: &mut hoisted, around: Vec::new() };
    walk.region(function.body);
    analysis.hoisted = hoisted;
    let mut used_inside = ArenaMap::default();
    let mut uses = Uses {
        function,
        analysis,
        depth: ArenaMap::default(),
        loops: Vec::new(),
        used_inside: &mut used_inside,
    };
    uses.region(function.body);
    analysis.used_inside = used_inside;
}

struct Walk<'a> {
    function: &'a Function,
    analysis: &'a Analysis,
    hoisted: &'a mut ArenaMap<OpId, Hoisted>,
    /// Loops around this place that repeat.
    around: Vec<OpId>,
}

impl Walk<'_> {
    fn region(&mut self, id: RegionId) {
        for &op in &self.function.regions[id].ops {
            let kind = &self.function.ops[op].kind;
            if let (Some(&outermost), How::Own | How::Fused) =
                (self.around.first(), self.analysis.how(op))
            {
                for value in self.wanted(kind) {
                    self.want(outermost, value);
                }
            }
            let repeats = self.analysis.repeats(op);
            if repeats {
                self.around.push(op);
            }
            kind.regions().for_each(|region| self.region(region));
            if repeats {
                self.around.pop();
            }
        }
    }

    fn want(&mut self, outermost: OpId, value: Value) {
        let Some(again) = self.analysis.again(value) else { return };
        let is_worth_it = match again {
            Again::Const(Const::Number(_) | Const::Text(_)) | Again::Captured(_) => true,
            Again::Const(Const::Null | Const::Bool(_)) => false,
        };
        let hoisted = self.hoisted.entry(outermost).or_default();
        if is_worth_it && hoisted.len() < MOST && !hoisted.contains(again) {
            hoisted.push(again.clone());
        }
    }

    /// Operands that must be in a register of the loop's choice.
    fn wanted(&self, kind: &OpKind) -> Vec<Value> {
        let captured =
            |value: &Value| matches!(self.analysis.again(*value), Some(Again::Captured(_)));
        match kind {
            OpKind::Binary { op, left, right, .. } => self.wanted_of_binary(*op, *left, *right),
            OpKind::Confidence { left, right, .. } => vec![*left, *right],
            OpKind::Band { value, high, medium, .. } => vec![*value, *high, *medium],
            OpKind::IndexSet { index, .. } => vec![*index],
            OpKind::Index { object, index, optional } => {
                let fits = !optional && self.analysis.small(*index).is_some_and(|n| n >= 0);
                let index = (!fits).then_some(*index);
                index.into_iter().chain(Some(*object).filter(captured)).collect()
            }
            OpKind::Member { object: value, .. }
            | OpKind::Unary { operand: value, .. }
            | OpKind::Pattern { value, .. }
            | OpKind::If { condition: value, .. }
            | OpKind::Items { subject: value, .. } => {
                Some(*value).filter(captured).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn wanted_of_binary(&self, op: BinaryOp, left: Value, right: Value) -> Vec<Value> {
        let is_small = self.analysis.small(right).is_some();
        let is_number = self.analysis.number(right).is_some();
        let is_text = self.analysis.text(right).is_some();
        let holds_right = match op {
            BinaryOp::Add => is_number || is_text,
            BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Remainder => {
                is_number
            }
            // The step of a counting loop wants its bound in a register.
            BinaryOp::Less | BinaryOp::LessEqual => is_small && !self.is_counted(left),
            _ => is_comparison(op) && is_small,
        };
        let swaps = op == BinaryOp::Multiply && self.analysis.swaps(self.function, left, right);
        let left = (!swaps).then_some(left);
        left.into_iter().chain((!holds_right).then_some(right)).collect()
    }

    /// Whether a loop carries the value.
    fn is_counted(&self, value: Value) -> bool {
        let innermost = self.around.last().map(|op| &self.function.ops[*op].kind);
        match innermost {
            Some(OpKind::Loop { body, .. }) => self.function.regions[*body].params.contains(&value),
            _ => false,
        }
    }
}

/// Finds, for every loop that repeats, the values it uses from outside.
struct Uses<'a> {
    function: &'a Function,
    analysis: &'a Analysis,
    /// How many loops are around the place that makes a value.
    depth: ArenaMap<Value, usize>,
    loops: Vec<OpId>,
    used_inside: &'a mut ArenaMap<OpId, Vec<Value>>,
}

impl Uses<'_> {
    fn region(&mut self, id: RegionId) {
        let region = &self.function.regions[id];
        let depth = self.loops.len();
        for value in &region.params {
            self.depth.insert(*value, depth);
        }
        for &id in &region.ops {
            let op = &self.function.ops[id];
            match self.analysis.how(id) {
                How::Own | How::Fused => op.kind.for_each_operand(|value| self.used(value)),
                How::Again | How::InLoop | How::Element => {}
            }
            let repeats = self.analysis.repeats(id);
            if repeats {
                self.loops.push(id);
                let for_each = self.analysis.for_each.get(id);
                for_each.iter().for_each(|for_each| self.used(for_each.items));
            }
            op.kind.regions().for_each(|region| self.region(region));
            if repeats {
                self.loops.pop();
            }
            for value in &op.results {
                self.depth.insert(*value, depth);
            }
        }
        region.exit.for_each_operand(|value| self.used(value));
    }

    fn used(&mut self, value: Value) {
        if !self.analysis.has_register(value) {
            return;
        }
        let depth = self.depth.get(value).copied().unwrap_or(0);
        for id in &self.loops[depth..] {
            self.used_inside.entry(*id).or_default().push(value);
        }
    }
}
