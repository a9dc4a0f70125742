//! What the checker infers is true: generated programs are run, and every value that comes out
//! is of the type inferred for it, with a confidence inside the interval.
//!
//! `PRISM_PROGRAMS=100000 cargo test --release --package prism-tests --test soundness` is the
//! long form; `PRISM_FIRST=28000` starts there.

use std::collections::BTreeMap;
use std::fmt::Write;

use prism_diagnostics::Severity;
use prism_driver::Level;
use prism_hir::item_tree;
use prism_project::open;
use prism_tests::files::Table;
use prism_tests::generate::{MAX_ASKED, function};
use prism_tests::program::{self, Code, Given};
use prism_typeck::{Fact, Inference, Presence, Type, TypeId, Types, infer};
use serde_json::{Value, json};

const ROOT: &str = "main.prism";
/// What the programs use, on one line.
const PRELUDE: &str =
    "effect probe { ask(x: any): any }; agent Sure { output: \"number\", minConfidence: 0.2 }\n";
/// Functions in one file; each is a program of its own.
const PER_FILE: u64 = 100;

#[test]
fn what_is_inferred_is_true() {
    let set = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let n_programs = set("PRISM_PROGRAMS").unwrap_or(2_000);
    let first = set("PRISM_FIRST").unwrap_or(0);
    let (mut n_ran, mut n_values, mut wrong) = (0, 0, String::new());
    let mut lost: BTreeMap<String, u64> = BTreeMap::new();
    for start in (first..first + n_programs).step_by(PER_FILE as usize) {
        let mut batch = Batch::new(start);
        batch.run();
        n_ran += batch.n_ran;
        n_values += batch.n_values;
        wrong.push_str(&batch.wrong);
        for (why, n) in batch.lost {
            *lost.entry(why).or_default() += n;
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    println!(
        "{n_ran} of {n_programs} programs ran to their end, {n_values} values looked at, lost: {lost:?}"
    );
    assert!(n_ran * 10 >= n_programs * 9, "only {n_ran} of {n_programs} ran: {lost:?}");
}

/// The functions of one file.
struct Batch {
    functions: Vec<(String, String)>,
    n_ran: u64,
    n_values: u64,
    /// Why programs gave no result.
    lost: BTreeMap<String, u64>,
    wrong: String,
}

impl Batch {
    fn new(start: u64) -> Batch {
        let name = |seed| format!("p{seed}");
        let functions =
            (start..start + PER_FILE).map(|seed| (name(seed), function(&name(seed), seed)));
        Batch {
            functions: functions.collect(),
            n_ran: 0,
            n_values: 0,
            lost: BTreeMap::new(),
            wrong: String::new(),
        }
    }

    fn text(&self) -> String {
        let mut text = String::from(PRELUDE);
        for (_, function) in &self.functions {
            text.push_str(function);
        }
        text.push_str("function tried(f) {\n  try { return { ok: f() } } catch (e) { return { error: e.message } }\n}\n");
        let calls: Vec<String> =
            self.functions.iter().map(|(name, _)| format!("tried({name})")).collect();
        let _ = writeln!(text, "[{}]", calls.join(", "));
        text
    }

    fn run(&mut self) {
        self.drop_refused();
        let files = Table::new([(ROOT.to_owned(), self.text())]);
        let program = match program::compile(&files, ROOT, Level::Full) {
            Ok(program) => program,
            Err(rejected) => {
                self.wrong.push_str(&rejected.render(false));
                return;
            }
        };
        let ran =
            program::run(&program, &answers(), Code::Interpreted).expect("a program can be driven");
        let Some(results) = ran.object["value"].as_array() else {
            return self.run_parts(&ran.object["error"]);
        };
        let opened = open(&files, &[ROOT.to_owned()]);
        let tree = item_tree(&opened.db, opened.roots[0]);
        for ((name, text), result) in self.functions.iter().zip(results) {
            let Some(found) = result.get("ok") else {
                let why = result["error"].as_str().unwrap_or("no message");
                *self.lost.entry(why.to_owned()).or_default() += 1;
                continue;
            };
            let item = tree.function(&opened.db, name).expect("every function is an item");
            let inference = infer(&opened.db, item);
            self.n_ran += 1;
            let mut look = Look { inference: &inference, n_values: 0 };
            let said = look.fits(inference.root.0.result, found);
            self.n_values += look.n_values;
            if let Err(why) = said {
                let ty = inference.display(inference.root.0.result);
                let _ = writeln!(self.wrong, "{name}: {why}\n{text}inferred {ty}\nfound {found}");
            }
        }
    }

    /// A program that reaches a limit of the machine takes all others of its file along.
    fn run_parts(&mut self, error: &Value) {
        let code = error["code"].as_str().unwrap_or_default();
        if !code.starts_with("P11") {
            self.wrong.push_str(&error.to_string());
        } else if let [_] = self.functions[..] {
            *self.lost.entry(code.to_owned()).or_default() += 1;
        } else {
            let rest = self.functions.split_off(self.functions.len() / 2);
            self.run();
            self.functions = rest;
            self.run();
        }
    }

    /// A program that the checker refuses says nothing about a run.
    fn drop_refused(&mut self) {
        let files = Table::new([(ROOT.to_owned(), self.text())]);
        let report = prism_driver::check_files(&files, &[ROOT.to_owned()]).report;
        let mut first = 2;
        let mut lines = Vec::new();
        for (_, text) in &self.functions {
            let n_lines = text.lines().count() as u32;
            lines.push(first..first + n_lines);
            first += n_lines;
        }
        let located = report.located();
        let errors = || located.iter().filter(|one| one.severity == Severity::Error);
        let lost = &mut self.lost;
        let mut refused = lines.iter().map(|lines| {
            let error = errors().find(|one| lines.contains(&one.line));
            error.inspect(|one| *lost.entry(one.code.clone()).or_default() += 1).is_some()
        });
        self.functions.retain(|_| !refused.next().unwrap_or_default());
    }
}

fn answers() -> Given {
    let confidences = [0.95, 0.3, 0.7, 0.5, 1.0, 0.0, 0.62];
    let n_answers = PER_FILE as usize * MAX_ASKED;
    let at = |index: usize| confidences[index % confidences.len()];
    let number = |index: usize| json!({ "value": index % 5, "confidence": at(index) });
    let text =
        |index: usize| json!({ "value": format!("t{}", index % 3), "confidence": at(index) });
    let numbers: Vec<Value> = (0..n_answers).map(number).collect();
    let texts: Vec<Value> = (0..n_answers).map(text).collect();
    let answers = Some(json!({ "agent.call": numbers, "llm": texts }));
    Given { answers, ..Given::default() }
}

/// A look at one result.
struct Look<'i> {
    inference: &'i Inference,
    n_values: u64,
}

impl Look<'_> {
    fn types(&self) -> &Types {
        &self.inference.types
    }

    fn fits(&mut self, fact: Fact, found: &Value) -> Result<(), String> {
        self.n_values += 1;
        let (value, confidence) = match found.get("~").and_then(Value::as_array) {
            Some(parts) => (&parts[0], parts[1].as_f64()),
            None => (found, None),
        };
        let shown = || self.inference.display(fact);
        let known = fact.confidence;
        let presence = match confidence {
            Some(_) => Presence::Confident,
            None => Presence::Plain,
        };
        if known.presence != Presence::Unknown && known.presence != presence {
            return Err(format!(
                "{found} is {presence:?}, not {:?}: `{}`",
                known.presence,
                shown()
            ));
        }
        let seen = confidence.unwrap_or(1.0);
        // Products are rounded in another order than the bounds.
        if seen < known.low - 1e-9 || seen > known.high + 1e-9 {
            return Err(format!(
                "{seen} is not within {} to {}: `{}`",
                known.low,
                known.high,
                shown()
            ));
        }
        self.is_of(fact.ty, value)
    }

    fn is_of(&mut self, id: TypeId, value: &Value) -> Result<(), String> {
        let wrong = |types: &Types| Err(format!("{value} is no `{}`", types.display(id)));
        let is = |right: bool, types: &Types| if right { Ok(()) } else { wrong(types) };
        match self.types().structure(id).clone() {
            Type::Any | Type::Error => Ok(()),
            Type::Never | Type::Function(_) | Type::Agent | Type::Alias { .. } => {
                wrong(self.types())
            }
            Type::Null | Type::Gap => is(value.is_null(), self.types()),
            Type::Boolean => is(value.is_boolean(), self.types()),
            Type::Number => is(value.is_number(), self.types()),
            Type::Text => is(value.is_string(), self.types()),
            Type::BoolLiteral(literal) => is(value.as_bool() == Some(literal), self.types()),
            Type::NumberLiteral(bits) => is(value.as_f64() == Some(bits.value()), self.types()),
            Type::TextLiteral(text) => is(value.as_str() == Some(&text), self.types()),
            Type::Array(element) => {
                let Some(parts) = value.as_array() else { return wrong(self.types()) };
                parts.iter().try_for_each(|part| self.fits(element, part))
            }
            Type::Tuple(elements) => {
                let parts = value.as_array().filter(|parts| parts.len() == elements.len());
                let Some(parts) = parts else { return wrong(self.types()) };
                elements.iter().zip(parts).try_for_each(|(fact, part)| self.fits(*fact, part))
            }
            Type::Object(object) => {
                let Some(fields) = value.as_object() else { return wrong(self.types()) };
                for field in &object.fields {
                    match fields.get(&*field.name) {
                        Some(part) => self.fits(field.fact, part)?,
                        None if field.is_optional => {}
                        None => return wrong(self.types()),
                    }
                }
                let is_closed = fields.keys().all(|key| object.field(key).is_some());
                is(object.is_open || is_closed, self.types())
            }
            Type::Union(members) => {
                let fits = members.iter().any(|member| self.is_of(*member, value).is_ok());
                is(fits, self.types())
            }
        }
    }
}
