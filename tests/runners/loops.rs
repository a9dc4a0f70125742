//! Loops that compute with confident numbers give the same at every level of the optimizer and in
//! machine code: values, confidences, errors and their places.
//!
//! `PRISM_LOOPS=20000 cargo test --release --package prism-tests --test loops` is the long form.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

use std::fmt::Write;
use std::sync::Arc;

use prism_bytecode::Verified;
use prism_driver::Options;
use prism_tests::case::ROOT;
use prism_tests::files::Table;
use prism_tests::program::{Code, LEVELS};
use prism_tests::random::Random;
use prism_vm::{Limits, Machine, Outcome};

const VARIABLES: [&str; 4] = ["a", "b", "c", "d"];
const STARTS: [&str; 9] =
    ["0", "1", "0.5", "2 ~> 0.9", "3 ~> 1", "x", "x ~> 0.25", "\"t\" ~> 0.4", "x + 1"];
const CONFIDENCES: [&str; 6] = ["0", "0.3", "0.5", "0.8", "0.9", "1"];
/// What the functions are called with.
const CALLS: &str = "[tried(() => f(2, 3)), tried(() => f(2 ~> 0.6, 1)), tried(() => f(5, 0)),
 tried(() => f(\"s\" ~> 0.7, 3)), tried(() => f(null, 2)), tried(() => f(0 ~> 1, 4 ~> 0.2))]";
const TRIED: &str = "function tried(f) {
  try { return { ok: f() } } catch (e) { return { code: e.code, message: e.message } }
}\n";

struct Writer {
    random: Random,
    text: String,
    n_names: usize,
    /// Of this turn of the loop.
    names: Vec<String>,
}

impl Writer {
    fn variable(&mut self) -> String {
        let n_all = VARIABLES.len() + self.names.len();
        let at = self.random.below(n_all);
        VARIABLES
            .get(at)
            .map_or_else(|| self.names[at - VARIABLES.len()].clone(), |name| (*name).to_owned())
    }

    fn expr(&mut self, depth: usize) -> String {
        let leaf = depth == 0 || self.random.one_in(3);
        if leaf {
            return match self.random.below(6) {
                0 => "i".into(),
                1 => self.random.pick(&["1", "2", "-3", "0.25", "100"]).into(),
                2 => "k".into(),
                _ => self.variable(),
            };
        }
        let (left, right) = (self.expr(depth - 1), self.expr(depth - 1));
        match self.random.below(10) {
            0 => format!("-({left})"),
            1 => format!("({left} ~> {})", self.random.pick(&CONFIDENCES)),
            2 => format!("({left} ~+ {right})"),
            3 => format!("({left} * {right})"),
            4 => format!("({left} - {right})"),
            5 => format!("({left} / {right})"),
            6 => format!("({left} % {right})"),
            7 => format!("({} ? {left} : {right})", self.condition()),
            _ => format!("({left} + {right})"),
        }
    }

    fn condition(&mut self) -> String {
        let variable = self.variable();
        match self.random.below(6) {
            0 => "i % 2 == 0".into(),
            1 => format!("{variable} < {}", self.expr(1)),
            2 => variable,
            3 => format!("{variable} == {}", self.expr(1)),
            4 => "i > 1".into(),
            _ => format!("!{variable}"),
        }
    }

    fn statement(&mut self, depth: usize) {
        match self.random.below(if depth == 0 { 6 } else { 10 }) {
            0 | 1 => {
                let (to, value) = (self.random.pick(&VARIABLES), self.expr(2));
                let _ = writeln!(self.text, "{to} = {value}");
            }
            2..=4 => {
                let (to, value) = (self.random.pick(&VARIABLES), self.expr(2));
                let op = self.random.pick(&["+", "+", "-", "*"]);
                let _ = writeln!(self.text, "{to} {op}= {value}");
            }
            5 => {
                self.n_names += 1;
                let (name, value) = (format!("v{}", self.n_names), self.expr(2));
                let _ = writeln!(self.text, "let {name} = {value}");
                self.names.push(name);
            }
            6 | 7 => {
                let condition = self.condition();
                let _ = writeln!(self.text, "if ({condition}) {{");
                self.block(depth - 1);
                self.text.push_str("} else {\n");
                if self.random.one_in(2) {
                    self.block(depth - 1);
                }
                self.text.push_str("}\n");
            }
            8 => {
                let exit = self.random.pick(&["break", "continue", "return [a, b]", "throw a"]);
                let condition = self.condition();
                let _ = writeln!(self.text, "if ({condition}) {{ {exit} }}");
            }
            _ => {
                let (name, n) = (format!("j{}", self.n_names), self.random.below(4));
                self.n_names += 1;
                let _ = writeln!(self.text, "for let {name} = 0; {name} < {n}; {name} += 1 {{");
                self.block(depth - 1);
                self.text.push_str("}\n");
            }
        }
    }

    fn block(&mut self, depth: usize) {
        let n_names = self.names.len();
        for _ in 0..1 + self.random.below(3) {
            self.statement(depth);
        }
        self.names.truncate(n_names);
    }
}

/// A function with a loop, and calls of it.
fn program(seed: u64) -> String {
    let mut writer =
        Writer { random: Random::new(seed), text: String::new(), n_names: 0, names: Vec::new() };
    writer.text.push_str("function f(x, n) {\n");
    let k = writer.random.pick(&["2 ~> 0.7", "1.5 ~> 0.9", "3", "x ~> 0.5"]);
    let _ = writeln!(writer.text, "let k = {k}\nlet i = 0");
    for name in VARIABLES {
        let start = writer.random.pick(&STARTS);
        let _ = writeln!(writer.text, "let {name} = {start}");
    }
    let head = writer.random.pick(&["while i < n {", "for i = 0; i < n; i += 1 {", "do {"]);
    let _ = writeln!(writer.text, "{head}");
    writer.block(2);
    writer.block(2);
    let (step, tail) = match head {
        "do {" => ("i += 1\n", "} while (i < n)\n"),
        "while i < n {" => ("i += 1\n", "}\n"),
        _ => ("", "}\n"),
    };
    let _ = write!(writer.text, "{step}{tail}return [a, b, c, d, i]\n}}\n{TRIED}{CALLS}\n");
    writer.text
}

/// The value with its confidences, or the error. Of a limit only which one: fuel is not the same
/// at every level.
fn outcome(module: &Arc<Verified>, code: Code) -> String {
    let limits = Limits { fuel: 20_000, memory: 1 << 22, ..Limits::default() };
    let mut machine = Machine::new(module.clone(), limits, Vec::new()).unwrap();
    if code == Code::Native {
        machine.install(prism_native::eager(module.clone()));
    }
    match machine.run() {
        Outcome::Trap(trap) if trap.code.starts_with("P11") => trap.code.to_string(),
        outcome => format!("{outcome:?}"),
    }
}

#[test]
fn confident_loops_give_the_same_at_every_level() {
    let n_programs = std::env::var("PRISM_LOOPS").ok().and_then(|n| n.parse().ok());
    let n_programs: u64 = n_programs.unwrap_or(150);
    let (mut n_ran, mut n_split) = (0, 0);
    for seed in 0..n_programs {
        let text = program(seed);
        let files = Table::new([(ROOT.to_owned(), text.clone())]);
        let compiled = LEVELS.map(|level| prism_driver::compile(&files, ROOT, &Options { level }));
        let [Ok(plain), Ok(full)] = &compiled else { continue };
        let expected = outcome(&plain.module, Code::Interpreted);
        let found = outcome(&full.module, Code::Interpreted);
        assert_eq!(found, expected, "seed {seed}\n{text}");
        if seed % 8 == 0 {
            let found = outcome(&full.module, Code::Native);
            assert_eq!(found, expected, "seed {seed}, native\n{text}");
        }
        n_ran += u64::from(expected.starts_with("Done"));
        n_split += u64::from(full.rewrites.iter().any(|line| line.contains("split-confidence")));
    }
    println!("{n_ran} of {n_programs} programs ran, {n_split} had a loop to split");
    assert!(n_ran * 2 > n_programs, "only {n_ran} of {n_programs} ran");
    assert!(n_split * 8 > n_programs, "only {n_split} of {n_programs} had a loop to split");
}
