//! The confidence of each split value, as the least of some that are known apart.

use la_arena::ArenaMap;
use prism_ir::function::{OpId, RegionId, Value};
use prism_ir::op::{Exit, MemberMode, OpKind, UnaryOp};

use super::find::Found;

/// A confidence that others are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Atom {
    /// That of a value from outside, infinite for a plain one.
    Outside(Value),
    /// The bits of a constant; of confidences they are in order.
    Number(u64),
    /// That of a parameter of the loop.
    Param(usize),
    /// That of a result of an `if`.
    Merged(OpId, usize),
}

/// In order, each once. Of several confidences the least; none for a plain value.
pub(super) type Atoms = Vec<Atom>;

/// What becomes of a parameter's confidence in a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing.
    Stays,
    /// It is the least of these, which are the same in each turn, and of itself if that is among
    /// them. It is asked for only where that makes no difference, or where no turn follows.
    Settles(Atoms),
    Changes,
}

#[derive(Debug)]
pub(super) struct Param {
    pub(super) index: usize,
    /// What it gets first is plain for certain.
    pub(super) starts_plain: bool,
    pub(super) turn: Turn,
}

/// The test at the head of a loop, with the operations that make it.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) ops: Vec<OpId>,
    pub(super) condition: Value,
    /// The region that leaves the loop.
    way_out: RegionId,
}

/// Everything about a loop that is to be split.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) params: Vec<Param>,
    /// Values from outside that may be confident, and would make something of the loop so.
    pub(super) unsure: Vec<Value>,
    /// By split value.
    pub(super) atoms: ArenaMap<Value, Atoms>,
    /// Results of `if`s whose confidence depends on the way.
    pub(super) merged: Vec<(OpId, usize)>,
    /// Results of the loop that are split.
    pub(super) results: Vec<usize>,
    /// Annotations, and what they are of.
    pub(super) annotated: ArenaMap<OpId, Value>,
    /// Values from outside that are taken apart, and whether they are confident for certain.
    pub(super) outside: ArenaMap<Value, bool>,
    /// Regions of the loop, inner ones first.
    pub(super) regions: Vec<RegionId>,
    /// If some parameter settles.
    pub(super) head: Option<Head>,
}

pub(super) fn parts(found: &Found<'_>) -> Parts {
    let mut parts = Parts {
        params: Vec::new(),
        unsure: Vec::new(),
        atoms: ArenaMap::default(),
        merged: Vec::new(),
        results: Vec::new(),
        annotated: ArenaMap::default(),
        outside: found.outside(),
        regions: found.regions.clone(),
        head: None,
    };
    let OpKind::Loop { body, .. } = found.function.ops[found.id].kind else { return parts };
    let mut starts = Vec::new();
    for (index, value) in found.function.regions[body].params.iter().enumerate() {
        if found.is_split(*value) {
            let initial = found.initial[index];
            let starts_plain = found.is_plain(initial);
            if !starts_plain {
                parts.outside.insert(initial, found.is_sure(initial));
                starts.push(initial);
            }
            parts.params.push(Param { index, starts_plain, turn: Turn::Changes });
            parts.atoms.insert(*value, vec![Atom::Param(index)]);
        }
    }
    region(found, &mut parts, body);
    let n_results = found.function.ops[found.id].results.len();
    let leaves_split =
        |index: &usize| found.breaks.iter().any(|(_, values)| found.is_split(values[*index]));
    parts.results = (0..n_results).filter(leaves_split).collect();
    parts.unsure = unsure(found, &parts, starts);
    turns(found, &mut parts, body);
    parts
}

/// Values from outside whose confidence something of the loop has, but for those that are confident
/// for certain.
fn unsure(found: &Found<'_>, parts: &Parts, starts: Vec<Value>) -> Vec<Value> {
    let index_of = |param: &Param| param.index;
    let mut atoms: Atoms = parts.atoms.iter().flat_map(|(_, atoms)| atoms).copied().collect();
    for values in &found.continues {
        let next = parts.params.iter().map(index_of).flat_map(|index| parts.of(values[index]));
        atoms.extend(next);
    }
    for (_, values) in &found.breaks {
        atoms.extend(parts.results.iter().flat_map(|index| parts.of(values[*index])));
    }
    for (op, index) in &parts.merged {
        let yields = found.yields.get(*op).into_iter().flatten();
        atoms.extend(yields.flat_map(|values| parts.of(values[*index])));
    }
    let outside = atoms.into_iter().filter_map(|atom| match atom {
        Atom::Outside(value) => Some(value),
        Atom::Number(_) | Atom::Param(_) | Atom::Merged(..) => None,
    });
    let mut values: Vec<Value> = starts.into_iter().chain(outside).collect();
    values.retain(|value| !parts.outside[*value]);
    values.sort_unstable();
    values.dedup();
    values
}

/// The confidences of the values of a region, in the order in which they are made.
fn region(found: &Found<'_>, parts: &mut Parts, id: RegionId) {
    for &id in &found.function.regions[id].ops {
        let op = &found.function.ops[id];
        if let OpKind::If { then, otherwise, .. } = op.kind {
            region(found, parts, then);
            region(found, parts, otherwise);
        }
        for (index, result) in op.results.iter().enumerate() {
            if found.is_split(*result) {
                let atoms = result_of(found, parts, id, index);
                parts.atoms.insert(*result, atoms);
            }
        }
    }
}

fn result_of(found: &Found<'_>, parts: &mut Parts, id: OpId, index: usize) -> Atoms {
    match &found.function.ops[id].kind {
        OpKind::If { .. } => {
            let yields = found.yields.get(id).map_or(&[][..], Vec::as_slice);
            let all: Vec<Atoms> = yields.iter().map(|values| parts.of(values[index])).collect();
            match &*all {
                [first, others @ ..] if others.iter().all(|other| other == first) => first.clone(),
                _ => {
                    parts.merged.push((id, index));
                    vec![Atom::Merged(id, index)]
                }
            }
        }
        kind => match found.annotates(kind) {
            Some((value, confidence)) => {
                parts.annotated.insert(id, value);
                vec![Atom::Number(confidence.to_bits())]
            }
            None => {
                let mut atoms = Vec::new();
                kind.for_each_operand(|value| atoms.extend(parts.of(value)));
                if let OpKind::Binary { confident: true, .. } = kind {
                    atoms.push(Atom::Number(1f64.to_bits()));
                }
                atoms.sort_unstable();
                atoms.dedup();
                atoms
            }
        },
    }
}

impl Parts {
    pub(super) fn of(&self, value: Value) -> Atoms {
        match self.atoms.get(value) {
            Some(atoms) => atoms.clone(),
            None if self.outside.contains_idx(value) => vec![Atom::Outside(value)],
            None => Vec::new(),
        }
    }

    fn param(&self, index: usize) -> Option<&Param> {
        self.params.iter().find(|param| param.index == index)
    }

    /// Whether a confidence, as one of several of which the least is wanted, is the same in each
    /// turn.
    fn is_fixed(&self, atom: Atom, among: &Atoms) -> bool {
        match atom {
            Atom::Outside(_) | Atom::Number(_) => true,
            Atom::Param(index) => match self.param(index).map(|param| &param.turn) {
                Some(Turn::Stays) => true,
                Some(Turn::Settles(all)) => all.iter().all(|atom| among.contains(atom)),
                Some(Turn::Changes) | None => false,
            },
            Atom::Merged(..) => false,
        }
    }
}

/// Finds the parameters whose confidence the loop need not carry.
fn turns(found: &Found<'_>, parts: &mut Parts, body: RegionId) {
    let next = |parts: &Parts, index: usize| -> Vec<Atoms> {
        found.continues.iter().map(|values| parts.of(values[index])).collect()
    };
    for at in 0..parts.params.len() {
        let own = Atom::Param(parts.params[at].index);
        if next(parts, parts.params[at].index).iter().all(|atoms| *atoms == [own]) {
            parts.params[at].turn = Turn::Stays;
        }
    }
    let Some(head) = head(found, body) else { return };
    // Twice: what one becomes may be what another one is.
    for at in (0..parts.params.len()).chain(0..parts.params.len()) {
        let own = Atom::Param(parts.params[at].index);
        let all = next(parts, parts.params[at].index);
        let [first, others @ ..] = &*all else { continue };
        let is_fixed = |atom: &Atom| *atom == own || parts.is_fixed(*atom, first);
        // In the first turn, its own confidence is the one from before the loop.
        let is_the_same =
            |asked: &Atoms| first.contains(&own) && first.iter().all(|atom| asked.contains(atom));
        let settles = parts.params[at].turn == Turn::Changes
            && others.iter().all(|other| other == first)
            && first.iter().all(is_fixed)
            && asked_within(found, parts, &head)
                .iter()
                .all(|asked| !asked.contains(&own) || is_the_same(asked));
        if settles {
            parts.params[at].turn = Turn::Settles(first.clone());
            parts.head = Some(head.clone());
        }
    }
}

/// The confidences that are wanted inside of the loop.
fn asked_within(found: &Found<'_>, parts: &Parts, head: &Head) -> Vec<Atoms> {
    let mut asked = Vec::new();
    for param in &parts.params {
        asked.extend(found.continues.iter().map(|values| parts.of(values[param.index])));
    }
    for (op, index) in &parts.merged {
        let yields = found.yields.get(*op).into_iter().flatten();
        asked.extend(yields.map(|values| parts.of(values[*index])));
    }
    // Where a turn is left in its middle, what the test at its head let through has happened.
    for (_, values) in found.breaks.iter().filter(|(region, _)| *region != head.way_out) {
        asked.extend(parts.results.iter().map(|index| parts.of(values[*index])));
    }
    asked
}

/// The test of a loop that is its first operation but for what can be computed once more, and
/// that does nothing but leave the loop when it fails.
fn head(found: &Found<'_>, body: RegionId) -> Option<Head> {
    let function = found.function;
    let (last, before) = function.regions[body].ops.split_last()?;
    let OpKind::If { condition, otherwise, .. } = function.ops[*last].kind else { return None };
    let way_out = &function.regions[otherwise];
    let leaves = matches!(way_out.exit, Exit::Break { target, .. } if target == found.id);
    let can_repeat = |op: &OpId| {
        let kind = &function.ops[*op].kind;
        is_repeatable(kind) && !kind.operands().iter().any(|value| found.is_split(*value))
    };
    let is_head = leaves
        && way_out.ops.is_empty()
        && !found.is_split(condition)
        && before.iter().all(can_repeat);
    is_head.then(|| Head { ops: before.to_vec(), condition, way_out: otherwise })
}

/// Operations without effects that give the same again, or throw the same.
fn is_repeatable(kind: &OpKind) -> bool {
    match kind {
        OpKind::Const(_)
        | OpKind::Binary { .. }
        | OpKind::Member { mode: MemberMode::Plain, .. } => true,
        OpKind::Unary { op, .. } => matches!(op, UnaryOp::Not | UnaryOp::Negate | UnaryOp::Plus),
        _ => false,
    }
}
