//! Writes a loop anew whose parts are known.

use la_arena::ArenaMap;
use prism_ir::function::{Facts, Function, OpId, RegionId, Source, Ty, Value};
use prism_ir::op::{BinaryOp, ConfidenceOp, Const, Exit, Op, OpKind};

use super::parts::{Atom, Atoms, Param, Parts, Turn};
use super::write;

const NUMBER: Facts = Facts::plain(Ty::Number);

struct Apply<'a> {
    function: &'a mut Function,
    parts: &'a Parts,
    id: OpId,
    body: RegionId,
    source: Source,
    /// Operations that go before the loop.
    before: Vec<OpId>,
    /// By value from outside: its value, its confidence.
    outside: ArenaMap<Value, (Value, Value)>,
    /// Values that another one stands for.
    renamed: ArenaMap<Value, Value>,
    /// The `if` that a region belongs to.
    owners: ArenaMap<RegionId, OpId>,
    /// By parameter: its confidence before the loop; `None` where it is plain then.
    starts: Vec<Option<Value>>,
    /// The confidence in the loop: what each turn has, or what the loop carries.
    within: Vec<Option<Value>>,
    /// The confidence where the test at the head of the loop has left it.
    at_last: Vec<Option<Value>>,
    merged: Vec<Value>,
    /// What was computed before the loop, by what of.
    least: Vec<(Vec<Value>, Value)>,
    /// Constants, by their bits.
    numbers: Vec<(u64, Value)>,
}

/// Splits the values of a loop that stands in the region `around`.
pub(super) fn apply(function: &mut Function, around: RegionId, id: OpId, parts: &Parts) {
    let OpKind::Loop { body, .. } = function.ops[id].kind else { return };
    let source = function.ops[id].source;
    let mut apply = Apply {
        function,
        parts,
        id,
        body,
        source,
        before: Vec::new(),
        outside: ArenaMap::default(),
        renamed: ArenaMap::default(),
        owners: ArenaMap::default(),
        starts: Vec::new(),
        within: Vec::new(),
        at_last: Vec::new(),
        merged: Vec::new(),
        least: Vec::new(),
        numbers: Vec::new(),
    };
    let initial = apply.start();
    apply.settle();
    apply.carry(initial);
    apply.rename();
    apply.merge();
    for region in &parts.regions {
        apply.ops(*region);
        apply.exit(*region);
    }
    for (value, _) in parts.atoms.iter() {
        let facts = &mut apply.function.values[value];
        *facts = Facts::plain(facts.ty);
    }
    let after = apply.results();
    let before = apply.before;
    let ops = &mut function.regions[around].ops;
    let at = ops.iter().position(|op| *op == id).expect("the loop stands in its region");
    ops.splice(at + 1..at + 1, after);
    ops.splice(at..at, before);
}

impl Apply<'_> {
    fn op(&mut self, kind: OpKind, results: Vec<Value>) -> OpId {
        write::op(self.function, kind, results, self.source)
    }

    fn push(&mut self, kind: OpKind, facts: Facts, ops: &mut Vec<OpId>) -> Value {
        write::push(self.function, kind, facts, self.source, ops)
    }

    fn push_before(&mut self, kind: OpKind, facts: Facts) -> Value {
        let mut ops = std::mem::take(&mut self.before);
        let value = self.push(kind, facts, &mut ops);
        self.before = ops;
        value
    }

    fn number(&mut self, number: f64, ops: &mut Vec<OpId>) -> Value {
        self.push(OpKind::Const(Const::Number(number)), NUMBER, ops)
    }

    fn branch(&mut self, ops: Vec<OpId>, value: Value) -> RegionId {
        write::branch(self.function, ops, vec![value], self.source)
    }

    /// `condition ? then : otherwise`.
    fn choose(
        &mut self,
        condition: Value,
        then: Value,
        otherwise: Value,
        ops: &mut Vec<OpId>,
    ) -> Value {
        let then = self.branch(Vec::new(), then);
        let otherwise = self.branch(Vec::new(), otherwise);
        self.push(OpKind::If { condition, then, otherwise }, NUMBER, ops)
    }

    fn is_less(&mut self, left: Value, right: Value, ops: &mut Vec<OpId>) -> Value {
        let kind = OpKind::Binary { op: BinaryOp::Less, confident: false, left, right };
        self.push(kind, Facts::plain(Ty::Boolean), ops)
    }

    /// The value and the confidence of a value from outside; the confidence of one that is plain
    /// after all is infinite.
    fn outside(&mut self, value: Value) -> (Value, Value) {
        if let Some(parts) = self.outside.get(value) {
            return *parts;
        }
        let facts = Facts::plain(self.function.values[value].ty);
        let plain = self.push_before(OpKind::ValueOf(value), facts);
        let confidence = if self.parts.outside[value] {
            self.push_before(OpKind::ConfidenceOf(value), NUMBER)
        } else {
            self.confidence_of_any(value)
        };
        self.outside.insert(value, (plain, confidence));
        (plain, confidence)
    }

    /// The confidence of any value, infinite for a plain one. `confidence_of` gives 1 for it; what
    /// then takes over a confidence of 0 is plain.
    fn confidence_of_any(&mut self, value: Value) -> Value {
        let mut ops = std::mem::take(&mut self.before);
        let confidence = self.push(OpKind::ConfidenceOf(value), NUMBER, &mut ops);
        let one = self.number(1.0, &mut ops);
        let is_below = self.is_less(confidence, one, &mut ops);
        let mut asked = Vec::new();
        let zero = self.number(0.0, &mut asked);
        let annotate = OpKind::Confidence { op: ConfidenceOp::Annotate, left: zero, right: zero };
        let unsure = self.push(annotate, Facts::ANY, &mut asked);
        let inherit = OpKind::Confidence { op: ConfidenceOp::Inherit, left: value, right: unsure };
        let probe = self.push(inherit, Facts::ANY, &mut asked);
        let probed = self.push(OpKind::ConfidenceOf(probe), NUMBER, &mut asked);
        let is_plain = self.is_less(probed, one, &mut asked);
        let infinite = self.number(f64::INFINITY, &mut asked);
        let found = self.choose(is_plain, infinite, one, &mut asked);
        let then = self.branch(Vec::new(), confidence);
        let otherwise = self.branch(asked, found);
        let kind = OpKind::If { condition: is_below, then, otherwise };
        let confidence = self.push(kind, NUMBER, &mut ops);
        self.before = ops;
        confidence
    }

    /// Takes apart what the loop begins with; gives what it carries from there.
    fn start(&mut self) -> Vec<Value> {
        let OpKind::Loop { initial, .. } = &self.function.ops[self.id].kind else {
            return Vec::new();
        };
        let mut initial = initial.clone();
        for Param { index, starts_plain, .. } in &self.parts.params {
            let start = if *starts_plain {
                None
            } else {
                let (plain, confidence) = self.outside(initial[*index]);
                initial[*index] = plain;
                Some(confidence)
            };
            self.starts.push(start);
        }
        self.within = self.starts.clone();
        self.at_last = self.starts.clone();
        initial
    }

    /// The confidences that are the same after the first turn, if there is one.
    fn settle(&mut self) {
        let Some(head) = &self.parts.head else { return };
        let OpKind::Loop { initial, .. } = &self.function.ops[self.id].kind else { return };
        let params = &self.function.regions[self.body].params;
        let mut first: ArenaMap<Value, Value> = ArenaMap::default();
        for (param, value) in params.iter().zip(initial) {
            first.insert(*param, *value);
        }
        for op in &head.ops {
            let op = self.function.ops[*op].clone();
            let mut kind = op.kind;
            kind.for_each_operand_mut(|value| {
                *value = first.get(*value).copied().unwrap_or(*value)
            });
            let result = self.push_before(kind, self.function.values[op.results[0]]);
            let again = *self.before.last().expect("it was just made");
            self.function.ops[again].source = op.source;
            first.insert(op.results[0], result);
        }
        let has_turn = first.get(head.condition).copied().unwrap_or(head.condition);
        for at in 0..self.parts.params.len() {
            let Turn::Settles(atoms) = &self.parts.params[at].turn else { continue };
            // Its own confidence is still that of the start.
            let settled = self.fixed(atoms);
            self.within[at] = (!settled.is_empty()).then(|| self.least_before(settled));
            if self.within[at] != self.starts[at] {
                let settled = self.within[at].unwrap_or_else(|| self.infinite());
                let start = self.starts[at].unwrap_or_else(|| self.infinite());
                let mut ops = std::mem::take(&mut self.before);
                self.at_last[at] = Some(self.choose(has_turn, settled, start, &mut ops));
                self.before = ops;
            }
        }
    }

    /// A constant, made before the loop.
    fn constant(&mut self, number: f64) -> Value {
        let bits = number.to_bits();
        if let Some((_, value)) = self.numbers.iter().find(|(known, _)| *known == bits) {
            return *value;
        }
        let value = self.push_before(OpKind::Const(Const::Number(number)), NUMBER);
        self.numbers.push((bits, value));
        value
    }

    fn infinite(&mut self) -> Value {
        self.constant(f64::INFINITY)
    }

    /// One more parameter for each confidence that changes.
    fn carry(&mut self, mut initial: Vec<Value>) {
        for at in 0..self.parts.params.len() {
            if self.parts.params[at].turn != Turn::Changes {
                continue;
            }
            let start = self.starts[at].unwrap_or_else(|| self.infinite());
            initial.push(start);
            let carried = self.function.values.alloc(NUMBER);
            self.function.regions[self.body].params.push(carried);
            self.within[at] = Some(carried);
            self.at_last[at] = Some(carried);
        }
        self.function.ops[self.id].kind = OpKind::Loop { initial, body: self.body };
    }

    /// Annotations of what is plain, or split itself, are not needed any more.
    fn rename(&mut self) {
        for (id, value) in self.parts.annotated.iter() {
            if self.is_split(*value) || self.function.values[*value].is_plain {
                self.renamed.insert(self.function.ops[id].results[0], *value);
            }
        }
    }

    /// One more result for each confidence that depends on the way through an `if`.
    fn merge(&mut self) {
        for (op, _) in &self.parts.merged {
            let confidence = self.function.values.alloc(NUMBER);
            self.function.ops[*op].results.push(confidence);
            self.merged.push(confidence);
        }
        for region in &self.parts.regions {
            for &op in &self.function.regions[*region].ops {
                if let OpKind::If { then, otherwise, .. } = self.function.ops[op].kind {
                    self.owners.insert(then, op);
                    self.owners.insert(otherwise, op);
                }
            }
        }
    }

    fn at(&self, index: usize) -> usize {
        let at = self.parts.params.iter().position(|param| param.index == index);
        at.expect("confidences are made of those of split parameters")
    }

    /// Confidences that are known before the loop.
    fn fixed(&mut self, atoms: &Atoms) -> Vec<Value> {
        let (fixed, _) = self.resolve(atoms, false);
        fixed
    }

    /// What confidences are made of: what is known before the loop, and what is not.
    fn resolve(&mut self, atoms: &Atoms, is_at_last: bool) -> (Vec<Value>, Vec<Value>) {
        let (mut fixed, mut changing) = (Vec::new(), Vec::new());
        // Constants are in order.
        let mut has_number = false;
        for atom in atoms {
            match *atom {
                Atom::Outside(value) => fixed.push(self.outside(value).1),
                Atom::Number(_) if has_number => {}
                Atom::Number(bits) => {
                    has_number = true;
                    fixed.push(self.constant(f64::from_bits(bits)));
                }
                Atom::Param(index) => {
                    let at = self.at(index);
                    let by_place = if is_at_last { &self.at_last } else { &self.within };
                    let to = match self.parts.params[at].turn {
                        Turn::Changes => &mut changing,
                        Turn::Stays | Turn::Settles(_) => &mut fixed,
                    };
                    to.extend(by_place[at]);
                }
                Atom::Merged(op, index) => {
                    let at = self.parts.merged.iter().position(|merged| *merged == (op, index));
                    changing.push(self.merged[at.expect("it was found before")]);
                }
            }
        }
        (fixed, changing)
    }

    fn least_of(&mut self, left: Value, right: Value, ops: &mut Vec<OpId>) -> Value {
        let is_left = self.is_less(left, right, ops);
        self.choose(is_left, left, right, ops)
    }

    /// The least of some confidences, computed before the loop, once.
    fn least_before(&mut self, mut values: Vec<Value>) -> Value {
        values.sort_unstable();
        values.dedup();
        if let Some((_, least)) = self.least.iter().find(|(of, _)| *of == values) {
            return *least;
        }
        let mut ops = std::mem::take(&mut self.before);
        let mut least = values[0];
        for value in &values[1..] {
            least = self.least_of(least, *value, &mut ops);
        }
        self.before = ops;
        self.least.push((values, least));
        least
    }

    /// The least of some confidences, computed where `ops` go; `None` for that of a plain value.
    fn confidence(&mut self, atoms: &Atoms, at_last: bool, ops: &mut Vec<OpId>) -> Option<Value> {
        let (fixed, changing) = self.resolve(atoms, at_last);
        let fixed = (!fixed.is_empty()).then(|| self.least_before(fixed));
        changing.into_iter().chain(fixed).reduce(|left, right| self.least_of(left, right, ops))
    }

    fn confidence_or_infinite(&mut self, atoms: &Atoms, last: bool, ops: &mut Vec<OpId>) -> Value {
        match self.confidence(atoms, last, ops) {
            Some(confidence) => confidence,
            None => self.infinite(),
        }
    }

    fn is_split(&self, value: Value) -> bool {
        self.parts.atoms.contains_idx(value)
    }

    fn is_result_split(&self, op: OpId) -> bool {
        self.function.ops[op].results.first().is_some_and(|value| self.is_split(*value))
    }

    fn renamed(&self, mut value: Value) -> Value {
        while let Some(other) = self.renamed.get(value) {
            value = *other;
        }
        value
    }

    /// What stands for a value whose confidence is known apart.
    fn plain(&mut self, value: Value) -> Value {
        let value = self.renamed(value);
        if self.parts.outside.contains_idx(value) { self.outside(value).0 } else { value }
    }

    fn ops(&mut self, id: RegionId) {
        let mut ops = std::mem::take(&mut self.function.regions[id].ops);
        let is_needed = |op: &Op| !op.results.iter().any(|value| self.renamed.contains_idx(*value));
        ops.retain(|id| is_needed(&self.function.ops[*id]));
        for id in &ops {
            let empty = OpKind::Array(Vec::new());
            let mut kind = std::mem::replace(&mut self.function.ops[*id].kind, empty);
            let is_split = self.is_result_split(*id);
            match &mut kind {
                OpKind::Confidence { left, .. } if is_split => kind = OpKind::ValueOf(*left),
                OpKind::Binary { confident, left, right, .. } if is_split => {
                    *confident = false;
                    (*left, *right) = (self.plain(*left), self.plain(*right));
                }
                OpKind::Unary { operand, .. } if is_split => *operand = self.plain(*operand),
                kind => kind.for_each_operand_mut(|value| *value = self.renamed(*value)),
            }
            self.function.ops[*id].kind = kind;
        }
        self.function.regions[id].ops = ops;
    }

    fn exit(&mut self, id: RegionId) {
        let mut ops = std::mem::take(&mut self.function.regions[id].ops);
        let mut exit = std::mem::replace(&mut self.function.regions[id].exit, Exit::Unreachable);
        match &mut exit {
            Exit::Continue { target, values } if *target == self.id => {
                let old = values.clone();
                for at in 0..self.parts.params.len() {
                    let Param { index, turn, .. } = &self.parts.params[at];
                    if *turn == Turn::Changes {
                        let atoms = self.parts.of(old[*index]);
                        values.push(self.confidence_or_infinite(&atoms, false, &mut ops));
                    }
                    values[*index] = self.plain(old[*index]);
                }
            }
            Exit::Break { target, values } if *target == self.id => {
                let old = values.clone();
                for index in &self.parts.results {
                    let atoms = self.parts.of(old[*index]);
                    values.push(self.confidence_or_infinite(&atoms, true, &mut ops));
                    values[*index] = self.plain(old[*index]);
                }
            }
            Exit::Yield(values) => self.yields(id, values, &mut ops),
            _ => {}
        }
        self.function.regions[id].ops = ops;
        self.function.regions[id].exit = exit;
    }

    fn yields(&mut self, id: RegionId, values: &mut Vec<Value>, ops: &mut Vec<OpId>) {
        let Some(&owner) = self.owners.get(id) else { return };
        let old = values.clone();
        for (op, index) in &self.parts.merged {
            if *op == owner {
                let atoms = self.parts.of(old[*index]);
                values.push(self.confidence_or_infinite(&atoms, false, ops));
            }
        }
        for (index, value) in old.into_iter().enumerate() {
            if self.is_split(self.function.ops[owner].results[index]) {
                values[index] = self.plain(value);
            }
        }
    }

    /// The results of the loop, put together again behind it.
    fn results(&mut self) -> Vec<OpId> {
        let mut after = Vec::new();
        for &index in &self.parts.results {
            let whole = self.function.ops[self.id].results[index];
            let facts = self.function.values[whole];
            let plain = self.function.values.alloc(Facts::plain(facts.ty));
            let confidence = self.function.values.alloc(NUMBER);
            let results = &mut self.function.ops[self.id].results;
            results[index] = plain;
            results.push(confidence);
            let one = self.number(1.0, &mut after);
            let is_plain = self.is_less(one, confidence, &mut after);
            let mut annotated = Vec::new();
            let (op, left, right) = (ConfidenceOp::Annotate, plain, confidence);
            let kind = OpKind::Confidence { op, left, right };
            let boxed = self.push(kind, facts, &mut annotated);
            let then = self.branch(Vec::new(), plain);
            let otherwise = self.branch(annotated, boxed);
            let kind = OpKind::If { condition: is_plain, then, otherwise };
            let op = self.op(kind, vec![whole]);
            after.push(op);
        }
        after
    }
}
