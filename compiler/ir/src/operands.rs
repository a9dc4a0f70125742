//! What operations and exits read, and the regions they hold.

use crate::function::{OpId, RegionId, Value};
use crate::op::{Args, Exit, OpKind};

/// The same walk for shared and for exclusive references.
macro_rules! walk {
    ($kind:expr, $visit:expr, $iter:ident) => {
        match $kind {
            OpKind::Const(_)
            | OpKind::Native(_)
            | OpKind::CellNew(None)
            | OpKind::GlobalGet(_)
            | OpKind::Try { .. }
            | OpKind::Fail { .. } => {}
            OpKind::Unary { operand: value, .. }
            | OpKind::Pattern { value, .. }
            | OpKind::ConfidenceOf(value)
            | OpKind::ValueOf(value)
            | OpKind::MakeConfident(value)
            | OpKind::Halve(value)
            | OpKind::Member { object: value, .. }
            | OpKind::CellNew(Some(value))
            | OpKind::CellGet(value)
            | OpKind::GlobalSet { value, .. }
            | OpKind::IsAbsent(value)
            | OpKind::Spawn { callee: value }
            | OpKind::Join { fiber: value }
            | OpKind::JoinAny { fibers: value }
            | OpKind::Cancel { fiber: value }
            | OpKind::Items { subject: value, .. }
            | OpKind::ItemCount(value)
            | OpKind::If { condition: value, .. } => $visit(value),
            OpKind::Binary { left, right, .. }
            | OpKind::Confidence { left, right, .. }
            | OpKind::ArrayPush { array: left, value: right }
            | OpKind::ArraySpread { array: left, items: right }
            | OpKind::ObjectSet { object: left, value: right, .. }
            | OpKind::ObjectSpread { object: left, fields: right }
            | OpKind::Index { object: left, index: right, .. }
            | OpKind::CellSet { cell: left, value: right }
            | OpKind::ItemAt { items: left, index: right }
            | OpKind::Resume { resume: left, value: right } => {
                $visit(left);
                $visit(right);
            }
            OpKind::IndexSet { container: first, index: second, value: third }
            | OpKind::Band { value: first, high: second, medium: third, .. } => {
                $visit(first);
                $visit(second);
                $visit(third);
            }
            OpKind::Update { container: first, path, value, .. }
            | OpKind::UpdateCell { cell: first, path, value, .. } => {
                $visit(first);
                path.$iter().for_each(&mut $visit);
                $visit(value);
            }
            OpKind::UpdateGlobal { path, value, .. } => {
                path.$iter().for_each(&mut $visit);
                $visit(value);
            }
            OpKind::Template(values)
            | OpKind::Array(values)
            | OpKind::Call { args: values, .. }
            | OpKind::Closure { captures: values, .. }
            | OpKind::Perform { args: values, .. }
            | OpKind::Loop { initial: values, .. } => values.$iter().for_each($visit),
            OpKind::Object(fields) => {
                fields.$iter().map(|(_, value)| value).for_each($visit);
            }
            OpKind::CallValue { callee: value, args }
            | OpKind::CallMethod { object: value, args, .. } => {
                $visit(value);
                walk_args!(args, $visit, $iter);
            }
            OpKind::CallNative { args, .. } => walk_args!(args, $visit, $iter),
            OpKind::Offer { callee, args } => {
                $visit(callee);
                args.$iter().for_each($visit);
            }
            OpKind::Handle { body, clauses, on_return } => {
                $visit(body);
                clauses.$iter().map(|(_, value)| value).for_each(&mut $visit);
                on_return.$iter().for_each($visit);
            }
        }
    };
}

macro_rules! walk_args {
    ($args:expr, $visit:expr, $iter:ident) => {
        match $args {
            Args::Positional(values) => values.$iter().for_each($visit),
            Args::Spread(value) => $visit(value),
            Args::Named(values, named) => {
                values.$iter().for_each(&mut $visit);
                named.$iter().map(|(_, value)| value).for_each($visit);
            }
        }
    };
}

macro_rules! walk_exit {
    ($exit:expr, $visit:expr, $iter:ident) => {
        match $exit {
            Exit::Yield(values) | Exit::Break { values, .. } | Exit::Continue { values, .. } => {
                values.$iter().for_each($visit);
            }
            Exit::Return(value) | Exit::Throw(value) => $visit(value),
            Exit::Unreachable => {}
        }
    };
}

impl OpKind {
    /// Visits the values that the operation itself reads, in order; not those of its regions.
    pub fn for_each_operand(&self, mut visit: impl FnMut(Value)) {
        let mut visit = |value: &Value| visit(*value);
        walk!(self, visit, iter);
    }

    /// The same, to replace them.
    pub fn for_each_operand_mut(&mut self, mut visit: impl FnMut(&mut Value)) {
        walk!(self, visit, iter_mut);
    }

    /// The values that the operation itself reads, in order.
    pub fn operands(&self) -> Vec<Value> {
        let mut values = Vec::new();
        self.for_each_operand(|value| values.push(value));
        values
    }

    /// The regions it holds, in the order of their text.
    pub fn regions(&self) -> impl Iterator<Item = RegionId> + use<> {
        let regions = if let OpKind::If { then, otherwise, .. } = self {
            [Some(*then), Some(*otherwise), None]
        } else if let OpKind::Loop { body, .. } = self {
            [Some(*body), None, None]
        } else if let OpKind::Try { body, catch, finally } = self {
            [Some(*body), *catch, *finally]
        } else {
            [None; 3]
        };
        regions.into_iter().flatten()
    }
}

impl Exit {
    /// Visits the values that travel with the exit, in order.
    pub fn for_each_operand(&self, mut visit: impl FnMut(Value)) {
        let mut visit = |value: &Value| visit(*value);
        walk_exit!(self, visit, iter);
    }

    /// The same, to replace them.
    pub fn for_each_operand_mut(&mut self, mut visit: impl FnMut(&mut Value)) {
        walk_exit!(self, visit, iter_mut);
    }

    /// The values that travel with the exit, in order.
    pub fn operands(&self) -> Vec<Value> {
        let mut values = Vec::new();
        self.for_each_operand(|value| values.push(value));
        values
    }

    /// The loop that the exit leaves or repeats.
    pub fn target(&self) -> Option<OpId> {
        match self {
            Exit::Break { target, .. } | Exit::Continue { target, .. } => Some(*target),
            Exit::Yield(_) | Exit::Return(_) | Exit::Throw(_) | Exit::Unreachable => None,
        }
    }
}
