//! Which values of a loop can be held as two.

use la_arena::ArenaMap;
use prism_ir::function::{Function, OpId, RegionId, Value};
use prism_ir::op::{BinaryOp, ConfidenceOp, Exit, OpKind, UnaryOp};

use crate::constants::Constants;

/// The most uses of values that a loop may have: each is looked at several times.
const MOST: usize = 2000;

/// The most uses of values that a loop may have to be there twice.
const MOST_TWICE: usize = 400;

/// How often this looks again at what it has supposed. A loop that needs more is left alone.
const ROUNDS: usize = 20;

/// What makes a value of the loop.
#[derive(Debug, Clone, Copy)]
enum Maker {
    Param(usize),
    /// An operation, and which of its results.
    Op(OpId, usize),
}

/// What becomes of a value of the loop.
#[derive(Debug, Clone, Copy)]
enum Use {
    Op(OpId),
    /// A result of an `if`.
    Yield(OpId, usize),
    Continue(usize),
    Break(usize),
    /// Anything that wants the value whole.
    Whole,
}

/// A loop, with the regions of its `if`s. What other loops and `try` inside of it do is not
/// looked at: they want their values whole.
pub(super) struct Found<'a> {
    pub(super) function: &'a Function,
    constants: &'a Constants,
    pub(super) id: OpId,
    pub(super) initial: &'a [Value],
    /// Confident for certain.
    sure: &'a ArenaMap<Value, ()>,
    makers: ArenaMap<Value, Maker>,
    uses: ArenaMap<Value, Vec<Use>>,
    pub(super) yields: ArenaMap<OpId, Vec<Vec<Value>>>,
    pub(super) continues: Vec<Vec<Value>>,
    /// With the regions that they end.
    pub(super) breaks: Vec<(RegionId, Vec<Value>)>,
    /// Something in there that is not looked at goes on with the loop, or leaves it.
    is_opaque: bool,
    /// Something in there asks the host. Each such place has a name of its own.
    asks: bool,
    pub(super) regions: Vec<RegionId>,
    /// Never confident, which the facts of a loop's parameter do not say.
    plain: ArenaMap<Value, ()>,
    pub(super) split: ArenaMap<Value, ()>,
}

/// What can be split of a loop, if that is worth it.
pub(super) fn find<'a>(
    function: &'a Function,
    constants: &'a Constants,
    sure: &'a ArenaMap<Value, ()>,
    id: OpId,
) -> Option<Found<'a>> {
    let OpKind::Loop { initial, body } = &function.ops[id].kind else { return None };
    let mut found = Found {
        function,
        constants,
        id,
        initial,
        sure,
        makers: ArenaMap::default(),
        uses: ArenaMap::default(),
        yields: ArenaMap::default(),
        continues: Vec::new(),
        breaks: Vec::new(),
        is_opaque: false,
        asks: false,
        regions: Vec::new(),
        plain: ArenaMap::default(),
        split: ArenaMap::default(),
    };
    for (index, param) in function.regions[*body].params.iter().enumerate() {
        found.makers.insert(*param, Maker::Param(index));
    }
    found.region(*body, None);
    if found.is_opaque || found.size() > MOST {
        return None;
    }
    found.find_plain();
    found.find_split();
    found.computes(|value| found.is_outside(value)).then_some(found)
}

impl Found<'_> {
    fn region(&mut self, id: RegionId, around: Option<OpId>) {
        let region = &self.function.regions[id];
        for &id in &region.ops {
            let op = &self.function.ops[id];
            self.asks |= matches!(op.kind, OpKind::Perform { .. });
            for (index, result) in op.results.iter().enumerate() {
                self.makers.insert(*result, Maker::Op(id, index));
            }
            match &op.kind {
                OpKind::If { then, otherwise, .. } => {
                    op.kind.for_each_operand(|value| self.used(value, Use::Op(id)));
                    self.region(*then, Some(id));
                    self.region(*otherwise, Some(id));
                }
                OpKind::Loop { .. } | OpKind::Try { .. } => self.opaque(&op.kind),
                kind => kind.for_each_operand(|value| self.used(value, Use::Op(id))),
            }
        }
        match &region.exit {
            Exit::Yield(values) => {
                let Some(around) = around else { return };
                for (index, value) in values.iter().enumerate() {
                    self.used(*value, Use::Yield(around, index));
                }
                self.yields.entry(around).or_default().push(values.clone());
            }
            Exit::Continue { target, values } if *target == self.id => {
                for (index, value) in values.iter().enumerate() {
                    self.used(*value, Use::Continue(index));
                }
                self.continues.push(values.clone());
            }
            Exit::Break { target, values } if *target == self.id => {
                for (index, value) in values.iter().enumerate() {
                    self.used(*value, Use::Break(index));
                }
                self.breaks.push((id, values.clone()));
            }
            exit => exit.for_each_operand(|value| self.used(value, Use::Whole)),
        }
        self.regions.push(id);
    }

    fn opaque(&mut self, kind: &OpKind) {
        self.asks |= matches!(kind, OpKind::Perform { .. });
        kind.for_each_operand(|value| self.used(value, Use::Whole));
        for region in kind.regions() {
            let region = &self.function.regions[region];
            for op in &region.ops {
                self.opaque(&self.function.ops[*op].kind);
            }
            self.is_opaque |= region.exit.target() == Some(self.id);
            region.exit.for_each_operand(|value| self.used(value, Use::Whole));
        }
    }

    fn size(&self) -> usize {
        self.uses.iter().map(|(_, uses)| uses.len()).sum()
    }

    /// Whether the loop may be there twice.
    pub(super) fn can_be_twice(&self) -> bool {
        !self.asks && self.size() <= MOST_TWICE
    }

    fn used(&mut self, value: Value, by: Use) {
        self.uses.entry(value).or_default().push(by);
    }

    fn values(&self) -> Vec<(Value, Maker)> {
        self.makers.iter().map(|(value, maker)| (value, *maker)).collect()
    }

    /// Supposes that everything is plain, and takes back what is not.
    fn find_plain(&mut self) {
        for (value, maker) in self.values() {
            let may_be = match maker {
                Maker::Param(index) => self.function.values[self.initial[index]].is_plain,
                Maker::Op(op, _) => matches!(self.function.ops[op].kind, OpKind::If { .. }),
            };
            if may_be {
                self.plain.insert(value, ());
            }
        }
        let supposed: Vec<Value> = self.plain.iter().map(|(value, ())| value).collect();
        for _ in 0..ROUNDS {
            let n_before = self.plain.iter().count();
            for &value in supposed.iter().chain(supposed.iter().rev()) {
                if !self.inflows(value).iter().all(|from| self.is_plain(*from)) {
                    self.plain.remove(value);
                }
            }
            if self.plain.iter().count() == n_before {
                return;
            }
        }
        self.plain.clear();
    }

    /// What a parameter of the loop, or a result of an `if`, gets inside of the loop.
    fn inflows(&self, value: Value) -> Vec<Value> {
        match self.makers.get(value) {
            Some(Maker::Param(index)) => {
                self.continues.iter().map(|values| values[*index]).collect()
            }
            Some(Maker::Op(op, index)) => {
                let yields = self.yields.get(*op);
                yields.into_iter().flatten().map(|values| values[*index]).collect()
            }
            None => Vec::new(),
        }
    }

    pub(super) fn is_plain(&self, value: Value) -> bool {
        self.function.values[value].is_plain || self.plain.contains_idx(value)
    }

    /// Whether the value comes from outside of the loop, and may be confident: it is taken apart
    /// before the loop.
    fn is_outside(&self, value: Value) -> bool {
        !self.makers.contains_idx(value) && !self.is_plain(value)
    }

    /// Whether it is confident for certain, besides.
    pub(super) fn is_sure(&self, value: Value) -> bool {
        self.is_outside(value)
            && (self.sure.contains_idx(value) || self.function.values[value].confidence.high < 1.0)
    }

    /// What comes from outside and is used in the loop, and whether it is confident for certain.
    pub(super) fn outside(&self) -> ArenaMap<Value, bool> {
        let used = self.uses.iter().map(|(value, _)| value);
        used.filter(|value| self.is_outside(*value))
            .map(|value| (value, self.is_sure(value)))
            .collect()
    }

    pub(super) fn is_split(&self, value: Value) -> bool {
        self.split.contains_idx(value)
    }

    fn is_known(&self, value: Value) -> bool {
        self.is_split(value) || self.is_plain(value) || self.is_outside(value)
    }

    /// Supposes that everything can be split, and takes back what cannot.
    fn find_split(&mut self) {
        for (value, maker) in self.values() {
            let may_be = !self.is_plain(value)
                && match maker {
                    Maker::Param(_) => true,
                    Maker::Op(op, _) => match &self.function.ops[op].kind {
                        OpKind::If { .. } => true,
                        kind => {
                            self.confidence_goes_through(kind) || self.annotates(kind).is_some()
                        }
                    },
                };
            if may_be {
                self.split.insert(value, ());
            }
        }
        let supposed: Vec<Value> = self.split.iter().map(|(value, ())| value).collect();
        for _ in 0..ROUNDS {
            let bears = self.bearing(|value| self.is_outside(value));
            let n_before = self.split.iter().count();
            // There and back: what a value is made of comes before it, what it is used for behind.
            for &value in supposed.iter().chain(supposed.iter().rev()) {
                if !self.can_be_made(value, &bears) || !self.can_be_used(value) {
                    self.split.remove(value);
                }
            }
            if self.split.iter().count() == n_before {
                return;
            }
        }
        self.split.clear();
    }

    /// Operations that compute with the values, and give the least of the confidences.
    fn confidence_goes_through(&self, kind: &OpKind) -> bool {
        match kind {
            OpKind::Binary { op, .. } => is_arithmetic(*op),
            OpKind::Unary { op, .. } => matches!(op, UnaryOp::Negate | UnaryOp::Plus),
            _ => false,
        }
    }

    /// The value and the constant confidence of an annotation.
    pub(super) fn annotates(&self, kind: &OpKind) -> Option<(Value, f64)> {
        match kind {
            OpKind::Confidence { op: ConfidenceOp::Annotate, left, right } => {
                let confidence = self.constants.number(*right)?;
                let is_one = (0.0..=1.0).contains(&confidence) && confidence.is_sign_positive();
                is_one.then_some((*left, confidence))
            }
            _ => None,
        }
    }

    /// Values that are confident once they are made inside of the loop, if those from outside are
    /// that `is_confident` says.
    fn bearing(&self, is_confident: impl Fn(Value) -> bool) -> ArenaMap<Value, ()> {
        let mut bearing: ArenaMap<Value, ()> = ArenaMap::default();
        for _ in 0..ROUNDS {
            let n_before = bearing.iter().count();
            for (value, ()) in self.split.iter() {
                let bears = |value: Value| bearing.contains_idx(value) || is_confident(value);
                let is_one = match self.makers[value] {
                    Maker::Param(_) => self.inflows(value).into_iter().any(bears),
                    Maker::Op(op, _) => match &self.function.ops[op].kind {
                        OpKind::If { .. } => self.inflows(value).into_iter().any(bears),
                        OpKind::Binary { confident: true, .. } | OpKind::Confidence { .. } => true,
                        kind => kind.operands().into_iter().any(bears),
                    },
                };
                if is_one {
                    bearing.insert(value, ());
                }
            }
            if bearing.iter().count() == n_before {
                break;
            }
        }
        bearing
    }

    fn can_be_made(&self, value: Value, bearing: &ArenaMap<Value, ()>) -> bool {
        let are_known = |values: Vec<Value>| values.into_iter().all(|from| self.is_known(from));
        match self.makers[value] {
            Maker::Param(index) => {
                let initial = self.initial[index];
                // What may be plain is taken apart only where it becomes confident.
                let is_clear = self.is_plain(initial) || self.is_outside(initial);
                (is_clear || bearing.contains_idx(value)) && are_known(self.inflows(value))
            }
            Maker::Op(op, _) => match &self.function.ops[op].kind {
                OpKind::If { .. } => are_known(self.inflows(value)),
                OpKind::Confidence { .. } => true,
                kind => are_known(kind.operands()),
            },
        }
    }

    fn can_be_used(&self, value: Value) -> bool {
        let uses = self.uses.get(value).map_or(&[][..], Vec::as_slice);
        uses.iter().all(|by| match by {
            Use::Op(op) => self.can_be_operand(*op),
            Use::Yield(op, index) => self.is_split(self.function.ops[*op].results[*index]),
            Use::Continue(index) => {
                let OpKind::Loop { body, .. } = self.function.ops[self.id].kind else {
                    return false;
                };
                self.is_split(self.function.regions[body].params[*index])
            }
            Use::Break(index) => {
                self.breaks.iter().all(|(_, values)| self.is_known(values[*index]))
            }
            Use::Whole => false,
        })
    }

    fn can_be_operand(&self, op: OpId) -> bool {
        let op = &self.function.ops[op];
        match &op.kind {
            // A test looks through confidence.
            OpKind::If { .. } => true,
            OpKind::Binary { op: BinaryOp::Instanceof | BinaryOp::In, .. } => false,
            OpKind::Binary { op: operator, confident: false, .. } if !is_arithmetic(*operator) => {
                self.is_only_tested(op.results[0])
            }
            _ => op.results.iter().any(|result| self.is_split(*result)),
        }
    }

    fn is_only_tested(&self, value: Value) -> bool {
        let uses = self.uses.get(value).map_or(&[][..], Vec::as_slice);
        uses.iter().all(|by| match by {
            Use::Op(op) => matches!(self.function.ops[*op].kind, OpKind::If { .. }),
            Use::Yield(..) | Use::Continue(_) | Use::Break(_) | Use::Whole => false,
        })
    }

    /// Whether something of the loop is computed with and confident for certain.
    pub(super) fn is_sure_to_pay(&self) -> bool {
        self.computes(|value| self.is_sure(value))
    }

    /// Whether something of the loop is computed with and confident, if those from outside are that
    /// `is_confident` says.
    fn computes(&self, is_confident: impl Fn(Value) -> bool) -> bool {
        let bearing = self.bearing(is_confident);
        self.split.iter().any(|(value, ())| match self.makers[value] {
            Maker::Param(index) => {
                let is_confident = self.is_sure(self.initial[index]);
                is_confident && self.inflows(value) != [value]
            }
            Maker::Op(op, _) => {
                let kind = &self.function.ops[op].kind;
                self.confidence_goes_through(kind) && bearing.contains_idx(value)
            }
        })
    }
}

fn is_arithmetic(op: BinaryOp) -> bool {
    match op {
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Remainder
        | BinaryOp::Power => true,
        BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Identical
        | BinaryOp::NotIdentical
        | BinaryOp::Less
        | BinaryOp::LessEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterEqual
        | BinaryOp::Instanceof
        | BinaryOp::In => false,
    }
}
