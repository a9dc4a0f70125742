//! Windows: registers side by side for arguments, elements and fields.
//!
//! A value that is made for one place of a window goes there at once when that place is free, so
//! that most calls need no moves.

use la_arena::ArenaMap;
use prism_bytecode::Reg;
use prism_ir::function::{Function, OpId, RegionId, Value};
use prism_ir::op::{Args, OpKind};

use super::Emit;
use super::moves::Move;
use crate::analyse::{Analysis, How};
use crate::regs::{LIMIT, Regs};

/// How far before a window its values are looked for.
const REACH: usize = 64;

/// The values of an operation's window, in order.
pub(super) fn values_of(kind: &OpKind) -> Vec<Value> {
    match kind {
        OpKind::Template(values)
        | OpKind::Array(values)
        | OpKind::Call { args: values, .. }
        | OpKind::Closure { captures: values, .. }
        | OpKind::Perform { args: values, .. } => values.clone(),
        OpKind::Object(fields) => fields.iter().map(|(_, value)| *value).collect(),
        OpKind::CallNative { args, .. } => args_of(args),
        OpKind::CallValue { callee: first, args }
        | OpKind::CallMethod { object: first, args, .. } => match args {
            Args::Spread(_) => Vec::new(),
            Args::Positional(_) | Args::Named(..) => {
                std::iter::once(*first).chain(args_of(args)).collect()
            }
        },
        OpKind::Offer { callee, args } => std::iter::once(*callee).chain(args.clone()).collect(),
        OpKind::Update { path, value, .. }
        | OpKind::UpdateCell { path, value, .. }
        | OpKind::UpdateGlobal { path, value, .. } => {
            path.iter().copied().chain([*value]).collect()
        }
        OpKind::Spawn { callee } => vec![*callee],
        OpKind::Handle { body, clauses, on_return } => {
            let clauses = clauses.iter().map(|(_, clause)| *clause);
            std::iter::once(*body).chain(clauses).chain(*on_return).collect()
        }
        _ => Vec::new(),
    }
}

pub(super) fn args_of(args: &Args) -> Vec<Value> {
    match args {
        Args::Positional(values) => values.clone(),
        Args::Spread(_) => Vec::new(),
        Args::Named(values, named) => {
            values.iter().copied().chain(named.iter().map(|(_, value)| *value)).collect()
        }
    }
}

/// For values that are made shortly before the only window that reads them: which one, and where.
pub(super) fn plan(function: &Function, analysis: &Analysis) -> ArenaMap<Value, (OpId, u8)> {
    let mut planned = ArenaMap::default();
    let mut made: ArenaMap<Value, (RegionId, usize)> = ArenaMap::default();
    for (here, region) in function.regions.iter() {
        for (at, &id) in region.ops.iter().enumerate() {
            if analysis.how(id) == How::Own {
                let values = values_of(&function.ops[id].kind);
                for (index, value) in values.iter().enumerate().take(LIMIT.into()) {
                    let made = made.get(*value).filter(|(region, _)| *region == here);
                    let is_near = made.is_some_and(|(_, made)| at - made <= REACH);
                    if is_near && analysis.is_used_once(*value) && analysis.has_register(*value) {
                        planned.insert(*value, (id, index as u8));
                    }
                }
            }
            for result in &function.ops[id].results {
                made.insert(*result, (here, at));
            }
        }
    }
    planned
}

impl Emit<'_> {
    /// The place in a window that a value is made for. The first value decides where the window
    /// lies: in the lowest room that is free.
    pub(super) fn planned_place(&mut self, value: Value) -> Option<Reg> {
        let (op, index) = *self.planned.get(value)?;
        let base = match self.windows.get(op) {
            Some(base) => *base,
            None => {
                let taken = self.occupied.union(self.temps).union(self.reserved);
                let n_values = values_of(&self.function.ops[op].kind).len() as u16;
                let base = taken.lowest_room(n_values)?;
                self.windows.insert(op, base);
                (0..n_values).for_each(|at| self.reserved.insert(Reg(base.0 + at as u8)));
                base
            }
        };
        Some(Reg(base.0 + index))
    }

    /// Brings values side by side, where nothing stays alive, and says where.
    pub(super) fn window(&mut self, op: OpId, values: &[Value]) -> Reg {
        let mut stays = self.occupied.union(self.temps);
        let mut taken = Vec::with_capacity(values.len());
        for &value in values {
            let is_taken = self.is_last_use(op, value);
            if let (true, Some(reg)) = (is_taken, self.regs.get(value)) {
                stays.remove(*reg);
            }
            taken.push(is_taken);
        }
        let Some(base) = self.window_base(values, &taken, stays) else {
            self.too_many_registers();
            return Reg(0);
        };
        let mut moves = Vec::new();
        let mut loads = Vec::new();
        for (index, (&value, &takes)) in values.iter().zip(&taken).enumerate() {
            let to = Reg(base.0 + index as u8);
            match self.held(value).filter(|_| self.analysis.has_register(value)) {
                Some(from) => moves.push(Move { from, to, takes }),
                None => loads.push((value, to)),
            }
        }
        // The registers of the window are not free for a circle of moves; later they are.
        if let Some(planned) = self.windows.get(op) {
            (0..values.len()).for_each(|at| self.reserved.remove(Reg(planned.0 + at as u8)));
        }
        let temps = self.temps;
        (0..values.len()).for_each(|index| self.temps.insert(Reg(base.0 + index as u8)));
        self.move_all(moves);
        self.temps = temps;
        loads.into_iter().for_each(|(value, to)| self.load(value, to));
        self.n_regs = self.n_regs.max(u16::from(base.0) + values.len() as u16);
        base
    }

    /// Where most of the values already are, else the lowest room.
    fn window_base(&self, values: &[Value], taken: &[bool], stays: Regs) -> Option<Reg> {
        let n_values = values.len() as u16;
        let mut bases: Vec<(u16, usize)> = Vec::new();
        for (index, (value, taken)) in values.iter().zip(taken).enumerate() {
            let reg = self.regs.get(*value).filter(|_| *taken);
            let Some(base) = reg.and_then(|reg| u16::from(reg.0).checked_sub(index as u16)) else {
                continue;
            };
            match bases.iter_mut().find(|(known, _)| *known == base) {
                Some((_, count)) => *count += 1,
                None if stays.has_room(base, n_values) => bases.push((base, 1)),
                None => {}
            }
        }
        // Of several the first one: `max_by_key` would take the last.
        let best = bases.iter().rev().max_by_key(|(_, count)| *count);
        best.map(|(base, _)| Reg(*base as u8))
            .or_else(|| stays.union(self.reserved).lowest_room(n_values))
            .or_else(|| stays.lowest_room(n_values))
    }
}
