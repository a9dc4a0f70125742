//! Takes large literals and calls apart, so that they do not need a register per part.
//!
//! Before: any verified function. After: no array, object, template or argument list has more
//! than [`PARTS`] parts. The container grows right after each part is computed; who reads the
//! program cannot tell, since a container under construction is not visible.
//!
//! ```text
//! %1 = call @1 ()           %8 = array ()
//! …                         %1 = call @1 ()
//! %7 = call @7 ()           %9 = push %8, %1
//! %0 = array (%1, … %7)     …
//! ```

use std::collections::BTreeMap;

use prism_ir::function::{Facts, Function, OpId, RegionId, Source, Ty, Value};
use prism_ir::op::{Args, Op, OpKind};
use rustc_hash::FxHashMap;

/// The most parts that are computed into registers side by side.
const PARTS: usize = 32;

pub(crate) fn run(function: &mut Function) {
    let large = large_ops(function);
    for (region, op) in large {
        // Earlier splits of the region may have moved it.
        let at = function.regions[region].ops.iter().position(|known| *known == op);
        split(function, region, at.expect("the operation stands in its region"), op);
    }
}

fn large_ops(function: &Function) -> Vec<(RegionId, OpId)> {
    let mut large = Vec::new();
    for (id, region) in function.regions.iter() {
        let is_large = |op: &&OpId| n_parts(&function.ops[**op].kind) > PARTS;
        large.extend(region.ops.iter().filter(is_large).map(|op| (id, *op)));
    }
    large
}

fn n_parts(kind: &OpKind) -> usize {
    match kind {
        OpKind::Array(parts) | OpKind::Template(parts) => parts.len(),
        OpKind::Object(fields) => fields.len(),
        OpKind::Call { args, .. } | OpKind::Offer { args, .. } => args.len(),
        OpKind::CallValue { args: Args::Positional(args), .. }
        | OpKind::CallMethod { args: Args::Positional(args), .. }
        | OpKind::CallNative { args: Args::Positional(args), .. } => args.len(),
        _ => 0,
    }
}

fn split(function: &mut Function, region: RegionId, at: usize, id: OpId) {
    let Op { kind, results, source, .. } = function.ops[id].clone();
    let mut grow = Grow::new(function, region, at, source);
    match kind {
        OpKind::Array(parts) => {
            let last = grow.array(&parts, results.first().copied());
            grow.replace(id, last);
        }
        OpKind::Object(fields) => {
            let last = grow.object(&fields, results.first().copied());
            grow.replace(id, last);
        }
        OpKind::Template(parts) => {
            let parts = grow.template(&parts);
            grow.function.ops[id].kind = OpKind::Template(parts);
        }
        OpKind::Call { function: callee, args } => {
            let array = grow.all(&args);
            let closure = OpKind::Closure { function: callee, captures: Vec::new() };
            let callee = grow.op_before(closure, Facts::plain(Ty::Function));
            let args = Args::Spread(array);
            grow.function.ops[id].kind = OpKind::CallValue { callee, args };
        }
        OpKind::CallValue { callee, args: Args::Positional(args) }
        | OpKind::Offer { callee, args } => {
            let args = Args::Spread(grow.all(&args));
            grow.function.ops[id].kind = OpKind::CallValue { callee, args };
        }
        OpKind::CallMethod { object, name, optional, args: Args::Positional(args) } => {
            let args = Args::Spread(grow.all(&args));
            grow.function.ops[id].kind = OpKind::CallMethod { object, name, optional, args };
        }
        OpKind::CallNative { native, args: Args::Positional(args) } => {
            let args = Args::Spread(grow.all(&args));
            grow.function.ops[id].kind = OpKind::CallNative { native, args };
        }
        other => unreachable!("{other:?} has no parts"),
    }
    grow.finish();
}

/// Operations that are inserted into one region, before the position `at`.
struct Grow<'a> {
    function: &'a mut Function,
    region: RegionId,
    at: usize,
    source: Source,
    /// Where values of this region are made.
    made: FxHashMap<Value, usize>,
    /// New operations by the position before which they stand.
    inserted: BTreeMap<usize, Vec<OpId>>,
    /// The position that the last insertion was made at.
    reached: usize,
}

impl<'a> Grow<'a> {
    fn new(function: &'a mut Function, region: RegionId, at: usize, source: Source) -> Grow<'a> {
        let mut made = FxHashMap::default();
        // Parts are made close before the whole: there is no need to look at all of the region.
        let op = function.regions[region].ops[at];
        let wanted = n_parts(&function.ops[op].kind) * 4 + 64;
        for position in at.saturating_sub(wanted)..at {
            for result in &function.ops[function.regions[region].ops[position]].results {
                made.insert(*result, position);
            }
        }
        Grow { function, region, at, source, made, inserted: BTreeMap::new(), reached: 0 }
    }

    fn insert(&mut self, position: usize, kind: OpKind, results: Vec<Value>) -> OpId {
        let op = self.function.ops.alloc(Op { kind, results, source: self.source, site: None });
        self.inserted.entry(position).or_default().push(op);
        op
    }

    /// The position after which a part exists, and no earlier than the part before it.
    fn reach(&mut self, part: Value) -> usize {
        let after = self.made.get(&part).map_or(self.reached, |position| position + 1);
        self.reached = self.reached.max(after);
        self.reached
    }

    fn start(&mut self, parts: impl Iterator<Item = Value>) {
        let first = parts.filter_map(|part| self.made.get(&part)).min();
        self.reached = first.copied().unwrap_or(self.at);
    }

    /// An array that gets one part after the other; the last push makes `result`.
    fn array(&mut self, parts: &[Value], result: Option<Value>) -> OpId {
        self.start(parts.iter().copied());
        let facts = Facts::plain(Ty::Array);
        let mut array = self.function.values.alloc(facts);
        let mut last = self.insert(self.reached, OpKind::Array(Vec::new()), vec![array]);
        for (index, &value) in parts.iter().enumerate() {
            let is_last = index + 1 == parts.len();
            let position = self.reach(value);
            let next = result.filter(|_| is_last);
            let next = next.unwrap_or_else(|| self.function.values.alloc(facts));
            last = self.insert(position, OpKind::ArrayPush { array, value }, vec![next]);
            array = next;
        }
        last
    }

    fn object(
        &mut self,
        fields: &[(prism_ir::function::Text, Value)],
        result: Option<Value>,
    ) -> OpId {
        self.start(fields.iter().map(|(_, value)| *value));
        let facts = Facts::plain(Ty::Object);
        let mut object = self.function.values.alloc(facts);
        let mut last = self.insert(self.reached, OpKind::Object(Vec::new()), vec![object]);
        for (index, (name, value)) in fields.iter().enumerate() {
            let is_last = index + 1 == fields.len();
            let position = self.reach(*value);
            let next = result.filter(|_| is_last);
            let next = next.unwrap_or_else(|| self.function.values.alloc(facts));
            let kind = OpKind::ObjectSet { object, name: name.clone(), value: *value };
            last = self.insert(position, kind, vec![next]);
            object = next;
        }
        last
    }

    /// The texts of runs of parts; fewer and fewer until they fit.
    fn template(&mut self, parts: &[Value]) -> Vec<Value> {
        self.start(parts.iter().copied());
        let mut text: Option<Value> = None;
        let mut rest = parts;
        while rest.len() + 1 > PARTS {
            let (run, after) = rest.split_at(PARTS - 1);
            let position = run.iter().map(|part| self.reach(*part)).max().unwrap_or(self.at);
            let joined = self.function.values.alloc(Facts::plain(Ty::Text));
            let run = text.into_iter().chain(run.iter().copied()).collect();
            self.insert(position, OpKind::Template(run), vec![joined]);
            text = Some(joined);
            rest = after;
        }
        text.into_iter().chain(rest.iter().copied()).collect()
    }

    /// One array of all arguments.
    fn all(&mut self, args: &[Value]) -> Value {
        let array = self.function.values.alloc(Facts::plain(Ty::Array));
        self.array(args, Some(array));
        array
    }

    fn op_before(&mut self, kind: OpKind, facts: Facts) -> Value {
        let value = self.function.values.alloc(facts);
        self.insert(self.at, kind, vec![value]);
        value
    }

    /// The operation that makes the whole takes the place of the original one.
    fn replace(&mut self, original: OpId, last: OpId) {
        let made = self.function.ops[last].clone();
        self.function.ops[original] = made;
        for ops in self.inserted.values_mut() {
            ops.retain(|op| *op != last);
        }
    }

    fn finish(self) {
        let ops = &mut self.function.regions[self.region].ops;
        let mut grown = Vec::with_capacity(ops.len() + self.inserted.len());
        let mut inserted = self.inserted.into_iter().peekable();
        for (position, op) in ops.iter().enumerate() {
            while let Some((_, new)) = inserted.next_if(|(at, _)| *at <= position) {
                grown.extend(new);
            }
            grown.push(*op);
        }
        *ops = grown;
    }
}
