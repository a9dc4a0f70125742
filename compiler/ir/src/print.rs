//! Prints modules as text that [`crate::read`] reads back.
//!
//! ```text
//! entry @0
//! function @0 "main" ("n" %0) {
//!   %1: plain number = const 0.0 !0:4..5
//!   %2 = loop 'l0 (%3) from (%1) {
//!     %4: plain boolean = less %3, %0
//!     if %4 {
//!       %5 = add %3, %0
//!       continue 'l0 (%5)
//!     } else {
//!       break 'l0 (%3)
//!     }
//!     unreachable
//!   }
//!   return %2
//! }
//! ```
//!
//! Values, loops and functions are numbered as they appear. Facts stand after a colon where they
//! say more than *any*; `!file:start..end` is the source of an operation or an exit.

mod words;

use std::fmt::Write as _;

use la_arena::ArenaMap;

use crate::function::{Facts, Function, Module, OpId, RegionId, Source, Value};
use crate::names::{TYPES, name_of};
use crate::op::{Exit, OpKind};

/// The module as text; equal modules give equal texts.
pub fn print(module: &Module) -> String {
    let mut out = String::new();
    let quoted = |text: &str| words::quote(text);
    section(&mut out, "files", &module.files, |file| {
        let starts: Vec<String> = file.line_starts.iter().map(u32::to_string).collect();
        format!("{} [{}]", quoted(&file.path), starts.join(", "))
    });
    section(&mut out, "globals", &module.globals, |name| quoted(name));
    section(&mut out, "inputs", &module.inputs, |(name, global)| {
        format!("{} g{}", quoted(name), global.0)
    });
    section(&mut out, "methods", &module.methods, |method| {
        format!("{} {} @{}", quoted(&method.kind), quoted(&method.name), method.function.0)
    });
    section(&mut out, "tests", &module.tests, |(name, function)| {
        format!("{} @{}", quoted(name), function.0)
    });
    section(&mut out, "metadata", &module.metadata, |(key, value)| {
        format!("{} {}", quoted(key), quoted(value))
    });
    line(&mut out, format_args!("entry @{}", module.entry.0));
    for (index, function) in module.functions.iter().enumerate() {
        out.push_str(&print_function(function, index as u32));
    }
    out
}

fn section<T>(out: &mut String, name: &str, rows: &[T], row: impl Fn(&T) -> String) {
    if rows.is_empty() {
        return;
    }
    line(out, format_args!("{name} {{"));
    for item in rows {
        line(out, format_args!("  {}", row(item)));
    }
    line(out, format_args!("}}"));
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a string takes every text");
    out.push('\n');
}

/// One function, as number `index` of its module.
pub fn print_function(function: &Function, index: u32) -> String {
    let mut printer = Printer {
        function,
        out: String::new(),
        values: ArenaMap::default(),
        n_values: 0,
        loops: ArenaMap::default(),
        n_loops: 0,
        depth: 0,
    };
    printer.function(index);
    printer.out
}

struct Printer<'a> {
    function: &'a Function,
    out: String,
    values: ArenaMap<Value, u32>,
    n_values: u32,
    loops: ArenaMap<OpId, u32>,
    n_loops: u32,
    /// Open braces.
    depth: usize,
}

/// What is still to be printed. A stack of these stands for the recursion over regions, which
/// may be nested deeper than a machine stack allows.
enum Step {
    /// The operations of a region from a position on, then its exit.
    Region(RegionId, usize),
    /// The end of one region and the start of the next one of the same operation.
    Between(&'static str, Option<Value>),
    End,
}

impl Printer<'_> {
    fn function(&mut self, index: u32) {
        let function = self.function;
        let mut values = function.regions[function.body].params.iter().copied();
        let mut params = Vec::new();
        for param in &function.params {
            let rest = if param.is_rest { "..." } else { "" };
            let optional = if param.is_optional { "?" } else { "" };
            let value = self.define_optional(values.next());
            params.push(format!("{rest}{}{optional} {value}", words::quote(&param.name)));
        }
        let head = format!("function @{index} {}", words::quote(&function.name));
        self.out.push_str(&format!("{head} ({})", params.join(", ")));
        if !function.captures.is_empty() {
            let mut captures = Vec::new();
            for name in &function.captures {
                let value = self.define_optional(values.next());
                captures.push(format!("{} {value}", words::quote(name)));
            }
            self.out.push_str(&format!(" captures ({})", captures.join(", ")));
        }
        self.out.push_str(" {\n");
        self.regions();
    }

    fn regions(&mut self) {
        let mut steps = vec![Step::End, Step::Region(self.function.body, 0)];
        self.depth = 1;
        while let Some(step) = steps.pop() {
            match step {
                Step::Region(region, at) => match self.function.regions[region].ops.get(at) {
                    Some(&op) => {
                        steps.push(Step::Region(region, at + 1));
                        self.op(op, &mut steps);
                    }
                    None => self.exit(region),
                },
                Step::Between(word, param) => {
                    let param = param.map(|param| format!(" ({})", self.define(param)));
                    let param = param.unwrap_or_default();
                    self.depth -= 1;
                    self.indented(&format!("}} {word}{param} {{"));
                    self.depth += 1;
                }
                Step::End => {
                    self.depth -= 1;
                    self.indented("}");
                }
            }
        }
    }

    fn indented(&mut self, text: &str) {
        for _ in 0..self.depth {
            self.out.push_str("  ");
        }
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn op(&mut self, id: OpId, steps: &mut Vec<Step>) {
        let op = &self.function.ops[id];
        // Operands are named before the results: an operation cannot read what it makes.
        let text = match &op.kind {
            OpKind::Loop { initial, body } => {
                let label = self.n_loops;
                self.n_loops += 1;
                self.loops.insert(id, label);
                let initial = self.list(initial);
                let results = self.define_list(&op.results);
                let params = self.define_list(&self.function.regions[*body].params);
                let equals = if results.is_empty() { "" } else { " = " };
                format!("{results}{equals}loop 'l{label} ({params}) from ({initial})")
            }
            kind => {
                let mut text = self.kind(kind);
                if let Some(site) = &op.site {
                    text.push_str(&format!(" at {}", words::quote(site)));
                }
                let results = self.define_list(&op.results);
                if results.is_empty() { text } else { format!("{results} = {text}") }
            }
        };
        let source = source_text(op.source);
        let regions: Vec<RegionId> = op.kind.regions().collect();
        let brace = if regions.is_empty() { "" } else { " {" };
        self.indented(&format!("{text}{source}{brace}"));
        self.push_regions(&op.kind, &regions, steps);
    }

    fn push_regions(&mut self, kind: &OpKind, regions: &[RegionId], steps: &mut Vec<Step>) {
        let Some((first, rest)) = regions.split_first() else { return };
        let catch = match kind {
            OpKind::Try { catch, .. } => *catch,
            _ => None,
        };
        let is_try = matches!(kind, OpKind::Try { .. });
        steps.push(Step::End);
        self.depth += 1;
        for region in rest.iter().rev() {
            let param = self.function.regions[*region].params.first().copied();
            let word = match (is_try, Some(*region) == catch) {
                (false, _) => "else",
                (true, true) => "catch",
                (true, false) => "finally",
            };
            steps.push(Step::Region(*region, 0));
            steps.push(Step::Between(word, param));
        }
        steps.push(Step::Region(*first, 0));
    }

    fn exit(&mut self, region: RegionId) {
        let region = &self.function.regions[region];
        let text = match &region.exit {
            Exit::Yield(values) => format!("yield ({})", self.list(values)),
            Exit::Break { target, values } => {
                format!("break {} ({})", self.label(*target), self.list(values))
            }
            Exit::Continue { target, values } => {
                format!("continue {} ({})", self.label(*target), self.list(values))
            }
            Exit::Return(value) => format!("return {}", self.value(*value)),
            Exit::Throw(value) => format!("throw {}", self.value(*value)),
            Exit::Unreachable => "unreachable".to_owned(),
        };
        self.indented(&format!("{text}{}", source_text(region.exit_source)));
    }

    fn label(&self, op: OpId) -> String {
        self.loops.get(op).map_or_else(|| "'?".to_owned(), |label| format!("'l{label}"))
    }

    /// A value that is read. One that no operation above defines is shown as unknown.
    fn value(&self, value: Value) -> String {
        match self.values.get(value) {
            Some(number) => format!("%{number}"),
            None => format!("%?{}", value.into_raw().into_u32()),
        }
    }

    fn list(&self, values: &[Value]) -> String {
        let values: Vec<String> = values.iter().map(|value| self.value(*value)).collect();
        values.join(", ")
    }

    fn define(&mut self, value: Value) -> String {
        let number = self.n_values;
        self.n_values += 1;
        self.values.insert(value, number);
        format!("%{number}{}", facts_text(self.function.values[value]))
    }

    fn define_list(&mut self, values: &[Value]) -> String {
        let values: Vec<String> = values.iter().map(|value| self.define(*value)).collect();
        values.join(", ")
    }

    fn define_optional(&mut self, value: Option<Value>) -> String {
        value.map_or_else(|| "%?".to_owned(), |value| self.define(value))
    }
}

fn facts_text(facts: Facts) -> String {
    if facts == Facts::ANY {
        return String::new();
    }
    let plain = if facts.is_plain { "plain " } else { "" };
    let usual = if facts.is_plain { Facts::plain(facts.ty) } else { Facts::ANY };
    let confidence = facts.confidence;
    let interval = if confidence == usual.confidence {
        String::new()
    } else {
        format!(" ~[{:?}, {:?}]", confidence.low, confidence.high)
    };
    format!(": {plain}{}{interval}", name_of(TYPES, &facts.ty))
}

fn source_text(source: Source) -> String {
    if source == Source::default() {
        return String::new();
    }
    format!(" !{}:{}..{}", source.file, source.start, source.end)
}
