//! The bound that `--facts` states for calls of agents and models is never exceeded: generated
//! programs are run, and the calls that they made are counted.
//!
//! `PRISM_PROGRAMS=20000 cargo test --release --package prism-tests --test facts` is the long
//! form.

use std::fmt::Write;

use prism_driver::Level;
use prism_project::{Bound, open, program_facts};
use prism_tests::files::Table;
use prism_tests::program::{self, Code, Given};
use prism_tests::random::Random;
use serde_json::{Value, json};

const ROOT: &str = "main.prism";
/// Runs that would ask more often are cut short by their script.
const MAX_ANSWERS: usize = 4_000;

#[test]
fn no_run_asks_more_often_than_its_bound() {
    let wanted = std::env::var("PRISM_PROGRAMS").ok().and_then(|n| n.parse().ok());
    let n_programs: u64 = wanted.unwrap_or(150);
    let (mut n_bounded, mut n_tight, mut n_calls) = (0, 0, 0);
    for seed in 0..n_programs {
        let text = Writer::program(seed);
        let Some(asked) = asked_in_a_run(&text) else { continue };
        let files = Table::new([(ROOT.to_owned(), text.clone())]);
        let opened = open(&files, &[ROOT.to_owned()]);
        let facts = program_facts(&opened.db, opened.roots[0]);
        for (bound, seen, what) in [
            (facts.agent_calls, asked.agents, "agents"),
            (facts.model_calls, asked.models, "models"),
        ] {
            let Bound::AtMost(bound) = bound else { continue };
            assert!(seen <= bound, "seed {seed}: {seen} calls of {what}, at most {bound}\n{text}");
            n_bounded += 1;
            n_tight += u64::from(seen == bound && seen > 0);
            n_calls += seen;
        }
    }
    println!("{n_bounded} bounds, {n_tight} of them reached, {n_calls} calls");
    // The test would say nothing if hardly any program had a bound, or came near it.
    assert!(n_bounded > n_programs, "{n_bounded} bounds of {n_programs} programs");
    assert!(n_tight * 5 > n_programs, "{n_tight} bounds reached by {n_programs} programs");
    assert!(n_calls > n_programs, "{n_calls} calls in {n_programs} programs");
}

struct Asked {
    agents: u64,
    models: u64,
}

/// Calls that a run of the program makes; `None` for a program that the checker refuses.
fn asked_in_a_run(text: &str) -> Option<Asked> {
    let files = Table::new([(ROOT.to_owned(), text.to_owned())]);
    let program = program::compile(&files, ROOT, Level::Full).ok()?;
    let confidences = [0.9, 0.2, 0.7, 0.5, 1.0];
    let answer = |index: usize| json!({ "value": index % 3, "confidence": confidences[index % confidences.len()] });
    let answers: Vec<Value> = (0..MAX_ANSWERS).map(answer).collect();
    let answers = Some(json!({ "agent.call": answers.clone(), "llm": answers }));
    let given = Given { answers, ..Given::default() };
    let ran = program::run(&program, &given, Code::Interpreted).expect("a program can be driven");
    let entries = ran.store.read(ran.run, 0).expect("the run is in its store");
    let count = |effect: &str| {
        let is_answer = |entry: &&prism_journal::Entry| {
            entry.kind == prism_journal::Kind::Answer && &*entry.name == effect
        };
        entries.iter().filter(is_answer).count() as u64
    };
    Some(Asked { agents: count("agent.call"), models: count("llm") })
}

/// Writes programs that ask in every kind of place.
struct Writer {
    random: Random,
    text: String,
    indent: usize,
    n_names: u32,
    /// Functions that are declared so far, of one parameter.
    functions: Vec<String>,
    is_in_loop: bool,
    is_in_function: bool,
}

impl Writer {
    fn program(seed: u64) -> String {
        let mut writer = Writer {
            random: Random::new(seed),
            text: String::new(),
            indent: 0,
            n_names: 0,
            functions: Vec::new(),
            is_in_loop: false,
            is_in_function: false,
        };
        for _ in 0..writer.random.below(4) {
            writer.function();
        }
        for _ in 0..1 + writer.random.below(4) {
            writer.statement(2);
        }
        writer.line("0");
        writer.text
    }

    fn line(&mut self, text: &str) {
        let _ = writeln!(self.text, "{}{text}", "  ".repeat(self.indent));
    }

    fn name(&mut self) -> String {
        self.n_names += 1;
        format!("v{}", self.n_names)
    }

    fn function(&mut self) {
        let name = format!("f{}", self.functions.len());
        let parameter = self.random.pick(&["x", "x, g = y => y"]);
        self.line(&format!("function {name}({parameter}) {{"));
        self.is_in_function = true;
        self.block(2);
        if parameter != "x" && self.random.one_in(2) {
            self.line("  g(x)");
        }
        let value = self.call();
        self.line(&format!("  return {value}"));
        self.is_in_function = false;
        self.line("}");
        self.functions.push(name);
    }

    fn block(&mut self, depth: u32) {
        self.indent += 1;
        for _ in 0..1 + self.random.below(2) {
            self.statement(depth);
        }
        self.indent -= 1;
    }

    /// An expression that may ask.
    fn call(&mut self) -> String {
        let function = match self.functions.len() {
            0 => None,
            n => Some(self.functions[self.random.below(n)].clone()),
        };
        match self.random.below(10) {
            0 | 1 => "llm(\"q\")".to_owned(),
            2 | 3 => "agent.call({ agent: \"a\", task: \"t\" })".to_owned(),
            4 | 5 => match function {
                Some(function) => format!("{function}({})", self.small()),
                None => self.small(),
            },
            6 => format!("[1, 2, 3].map(y => {})[0]", self.asking()),
            7 => format!("(llm(\"sure?\") ~> 0.5 ? {} : {})", self.asking(), self.small()),
            8 => format!("({} ~?? {})", self.asking(), self.asking()),
            _ => format!("({} && {})", self.small(), self.asking()),
        }
    }

    fn asking(&mut self) -> String {
        let asks = ["llm(\"q\")", "agent.call({ agent: \"a\", task: 1 })"];
        self.random.pick(&asks).to_owned()
    }

    fn small(&mut self) -> String {
        self.random.pick(&["0", "1", "2"]).to_owned()
    }

    fn statement(&mut self, depth: u32) {
        let call = self.call();
        match self.random.below(if depth == 0 { 3 } else { 12 }) {
            0 => {
                let name = self.name();
                self.line(&format!("let {name} = {call}"));
            }
            1 | 2 => self.line(&call),
            3 => self.around(&format!("if ({call}) {{"), depth, Some("} else {")),
            4 => self.around(
                &format!("uncertain if ({call} ~> 0.6) {{ high {{"),
                depth,
                Some("} default {"),
            ),
            5 | 6 => {
                let name = self.name();
                let (start, step) = (self.small(), self.random.pick(&["1", "2"]));
                let n = self.random.below(4);
                self.repeated(
                    &format!("for let {name} = {start}; {name} < {n}; {name} += {step} {{"),
                    depth,
                );
            }
            7 => {
                let name = self.name();
                let list = self.random.pick(&["[1, 2, 3]", "[]", "[5]", "[1, 2].map(z => z + 1)"]);
                self.repeated(&format!("for {name} in {list} {{"), depth);
            }
            8 => {
                let name = self.name();
                let n = self.random.below(4);
                self.line(&format!("let {name} = 0"));
                self.line(&format!("while ({name} < {n}) {{"));
                self.line(&format!("  {name} += 1"));
                let was = std::mem::replace(&mut self.is_in_loop, true);
                self.block(depth - 1);
                self.is_in_loop = was;
                self.line("}");
            }
            9 => {
                self.line("try {");
                self.block(depth - 1);
                self.line(&format!("  if ({call}) {{ throw \"no\" }}"));
                self.line("} catch (e) {");
                self.block(depth - 1);
                self.line("} finally {");
                self.block(0);
                self.line("}");
            }
            10 if self.is_in_loop => {
                let word = self.random.pick(&["break", "continue"]);
                self.line(&format!("if ({call}) {{ {word} }}"));
            }
            10 if self.is_in_function => {
                let value = self.small();
                self.line(&format!("if ({call}) {{ return {value} }}"));
            }
            _ => {
                let (first, second) = (self.asking(), self.call());
                self.line(&format!("match {call} {{ 1 => {first}, 2 => {second}, _ => 0 }}"));
            }
        }
    }

    fn around(&mut self, head: &str, depth: u32, other: Option<&str>) {
        self.line(head);
        self.block(depth - 1);
        if let Some(other) = other {
            self.line(other);
            self.block(depth - 1);
        }
        self.line(if head.starts_with("uncertain") { "} }" } else { "}" });
    }

    fn repeated(&mut self, head: &str, depth: u32) {
        let was = std::mem::replace(&mut self.is_in_loop, true);
        self.around(head, depth, None);
        self.is_in_loop = was;
    }
}
