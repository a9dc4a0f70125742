//! Rules 3 to 13, in one walk over the regions.

use std::collections::BTreeSet;

use la_arena::ArenaMap;

use super::{Broken, VerifyError};
use crate::function::{Function, Interval, OpId, RegionId, Source, Text, Ty, Value};
use crate::op::{Exit, Op, OpKind};

pub(super) fn verify(function: &Function) -> std::result::Result<(), VerifyError> {
    let mut cx = Cx {
        function,
        defined: ArenaMap::default(),
        visible: ArenaMap::default(),
        loops: Vec::new(),
        sites: BTreeSet::new(),
        source: Source::default(),
    };
    cx.function().map_err(|broken| VerifyError {
        function: function.name.clone(),
        source: cx.source,
        broken,
    })
}

struct Cx<'a> {
    function: &'a Function,
    /// Every value that has a definition so far.
    defined: ArenaMap<Value, ()>,
    /// Those that can be used here.
    visible: ArenaMap<Value, ()>,
    /// Loops around this place: the operation, its results, what it carries.
    loops: Vec<(OpId, usize, usize)>,
    sites: BTreeSet<Text>,
    source: Source,
}

/// Where a region stands, which decides how it may end.
#[derive(Clone, Copy)]
enum Place {
    Body,
    Loop,
    /// Of an `if`, a `try` or a `catch`: yields this many values.
    Branch(usize),
}

type Result<T> = std::result::Result<T, Broken>;

impl Cx<'_> {
    fn function(&mut self) -> Result<()> {
        let function = self.function;
        let (last, rest) = match function.params.split_last() {
            Some((last, rest)) => (Some(last), rest),
            None => (None, &function.params[..]),
        };
        let last_is_both = last.is_some_and(|param| param.is_rest && param.is_optional);
        if last_is_both || rest.iter().any(|param| param.is_rest) {
            return Err(Broken::RestNotLast);
        }
        for (_, facts) in function.values.iter() {
            let Interval { low, high } = facts.confidence;
            if !(0.0 <= low && low <= high && high <= 1.0) {
                return Err(Broken::Interval);
            }
        }
        let n_params = function.params.len() + function.captures.len();
        self.region(function.body, n_params, Place::Body)
    }

    fn region(&mut self, id: RegionId, n_params: usize, place: Place) -> Result<()> {
        let region = &self.function.regions[id];
        if region.params.len() != n_params {
            let found = region.params.len();
            return Err(Broken::RegionParams { expected: n_params, found });
        }
        self.define(&region.params)?;
        for &op in &region.ops {
            self.source = self.function.ops[op].source;
            self.op(op)?;
        }
        self.source = region.exit_source;
        self.exit(&region.exit, place)?;
        let results = region.ops.iter().flat_map(|op| &self.function.ops[*op].results);
        for value in region.params.iter().chain(results) {
            self.visible.remove(*value);
        }
        Ok(())
    }

    fn define(&mut self, values: &[Value]) -> Result<()> {
        for &value in values {
            if self.defined.insert(value, ()).is_some() {
                return Err(Broken::DefinedTwice);
            }
            self.visible.insert(value, ());
        }
        Ok(())
    }

    fn op(&mut self, id: OpId) -> Result<()> {
        let op = &self.function.ops[id];
        let mut all_visible = true;
        op.kind.for_each_operand(|value| all_visible &= self.visible.contains_idx(value));
        if !all_visible {
            return Err(Broken::NotVisible("an operand"));
        }
        self.cells(&op.kind)?;
        result_count(op)?;
        if let OpKind::Perform { site, .. } = &op.kind
            && (site.is_empty() || !self.sites.insert(site.clone()))
        {
            return Err(Broken::Site(site.clone()));
        }
        if let Some(site) = &op.site
            && (site.is_empty() || !op.kind.is_call())
        {
            return Err(Broken::CallSite);
        }
        self.regions(id, op)?;
        self.source = op.source;
        self.define(&op.results)
    }

    fn regions(&mut self, id: OpId, op: &Op) -> Result<()> {
        let branch = Place::Branch(op.results.len());
        match &op.kind {
            OpKind::If { then, otherwise, .. } => {
                self.region(*then, 0, branch)?;
                self.region(*otherwise, 0, branch)
            }
            OpKind::Loop { initial, body } => {
                self.loops.push((id, op.results.len(), initial.len()));
                self.region(*body, initial.len(), Place::Loop)?;
                self.loops.pop();
                Ok(())
            }
            OpKind::Try { catch: None, finally: None, .. } => Err(Broken::TryAlone),
            OpKind::Try { body, catch, finally } => {
                self.region(*body, 0, branch)?;
                if let Some(catch) = catch {
                    self.region(*catch, 1, branch)?;
                }
                finally.map_or(Ok(()), |finally| self.region(finally, 0, Place::Branch(0)))
            }
            _ => Ok(()),
        }
    }

    /// Rule 8 for the operands of an operation.
    fn cells(&self, kind: &OpKind) -> Result<()> {
        let is_cell = |value: Value| self.function.values[value].ty == Ty::Cell;
        match kind {
            OpKind::CellGet(cell)
            | OpKind::CellSet { cell, .. }
            | OpKind::UpdateCell { cell, .. }
                if !is_cell(*cell) =>
            {
                return Err(Broken::NotACell);
            }
            OpKind::CellGet(_) | OpKind::Closure { .. } | OpKind::Loop { .. } => return Ok(()),
            OpKind::CellSet { value, .. } => {
                return if is_cell(*value) { Err(Broken::CellAsValue) } else { Ok(()) };
            }
            OpKind::UpdateCell { path, value, .. } => {
                let has_cell = is_cell(*value) || path.iter().any(|step| is_cell(*step));
                return if has_cell { Err(Broken::CellAsValue) } else { Ok(()) };
            }
            _ => {}
        }
        let mut has_cell = false;
        kind.for_each_operand(|value| has_cell |= is_cell(value));
        if has_cell { Err(Broken::CellAsValue) } else { Ok(()) }
    }

    fn exit(&mut self, exit: &Exit, place: Place) -> Result<()> {
        let mut all_visible = true;
        exit.for_each_operand(|value| all_visible &= self.visible.contains_idx(value));
        if !all_visible {
            return Err(Broken::NotVisible("a value of an exit"));
        }
        match exit {
            Exit::Yield(values) => match place {
                Place::Branch(expected) => count(expected, values.len()),
                Place::Body | Place::Loop => Err(Broken::ExitKind("yield")),
            },
            Exit::Break { target, values } => {
                let (_, n_results, _) = self.target(*target)?;
                count(n_results, values.len())
            }
            Exit::Continue { target, values } => {
                let (_, _, n_carried) = self.target(*target)?;
                count(n_carried, values.len())
            }
            Exit::Return(value) | Exit::Throw(value) => {
                let is_cell = self.function.values[*value].ty == Ty::Cell;
                if is_cell { Err(Broken::CellAsValue) } else { Ok(()) }
            }
            Exit::Unreachable => Ok(()),
        }
    }

    fn target(&self, target: OpId) -> Result<(OpId, usize, usize)> {
        let around = self.loops.iter().rev().find(|(op, ..)| *op == target);
        around.copied().ok_or(Broken::TargetNotAround)
    }
}

fn count(expected: usize, found: usize) -> Result<()> {
    if expected == found { Ok(()) } else { Err(Broken::ExitValues { expected, found }) }
}

/// Rule 7.
fn result_count(op: &Op) -> Result<()> {
    let found = op.results.len();
    let expected = match &op.kind {
        OpKind::CellSet { .. }
        | OpKind::GlobalSet { .. }
        | OpKind::UpdateCell { .. }
        | OpKind::UpdateGlobal { .. }
        | OpKind::Cancel { .. } => 0,
        OpKind::Fail { .. } if found < 2 => return Ok(()),
        OpKind::If { .. } | OpKind::Loop { .. } | OpKind::Try { .. } => return Ok(()),
        _ => 1,
    };
    if expected == found { Ok(()) } else { Err(Broken::Results { expected, found }) }
}
