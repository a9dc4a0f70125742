//! The optimizer: a table of passes over the IR.
//!
//! An optimised program gives the same result, with the same confidence, and performs the same
//! effects in the same order. Every rewrite is recorded with its place and its equation.

mod constants;
mod rewrite;

mod decide_gates;
mod fold_constants;
mod remove_dead_paths;
mod remove_unused;
mod split_confidence;

use prism_ir::function::{Function, Module};

use rewrite::Log;
pub use rewrite::Rewrite;

/// How much to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Nothing.
    None,
    /// Every pass.
    Full,
}

/// One pass: what it does stands in the header of its file.
struct Pass {
    name: &'static str,
    run: fn(&mut Function, &mut Log<'_>),
    /// Whether it is run in each round, or in the first one alone.
    again: bool,
}

const PIPELINE: &[Pass] = &[
    Pass { name: "decide-gates", run: decide_gates::run, again: true },
    Pass { name: "fold-constants", run: fold_constants::run, again: true }, // what gates decide is constant
    Pass { name: "remove-dead-paths", run: remove_dead_paths::run, again: true }, // conditions are constant now
    Pass { name: "remove-unused", run: remove_unused::run, again: true }, // what dead paths have used
    Pass { name: "split-confidence", run: split_confidence::run, again: false }, // of what is left
];

/// A path that goes lets constants meet that came from two sides before.
const ROUNDS: usize = 2;

/// Rewrites a module that is well formed, and says what it has rewritten, in order.
pub fn optimize(module: &mut Module, level: Level) -> Vec<Rewrite> {
    let mut rewrites = Vec::new();
    match level {
        Level::None => {}
        Level::Full => {
            for function in &mut module.functions {
                optimize_function(function, &mut rewrites);
            }
        }
    }
    rewrites
}

fn optimize_function(function: &mut Function, rewrites: &mut Vec<Rewrite>) {
    for round in 0..ROUNDS {
        let n_before = rewrites.len();
        for pass in PIPELINE.iter().filter(|pass| pass.again || round == 0) {
            let name = function.name.clone();
            let mut log = Log { pass: pass.name, function: &name, rewrites };
            (pass.run)(function, &mut log);
            check(function, pass.name);
        }
        if rewrites.len() == n_before {
            return;
        }
        *function = prism_ir::compact(function);
    }
}

/// In debug builds, a pass that breaks the function is named at once.
fn check(function: &Function, pass: &str) {
    if cfg!(debug_assertions)
        && let Err(error) = prism_ir::verify_function(function)
    {
        panic!(
            "the pass `{pass}` broke the IR: {error}\n{}",
            prism_ir::print_function(function, 0)
        );
    }
}

/// Runs one pass by its name, for its tests.
#[cfg(test)]
fn run_pass(name: &str, function: &mut Function) -> Vec<Rewrite> {
    let pass = PIPELINE.iter().find(|pass| pass.name == name).expect("the pass exists");
    let mut rewrites = Vec::new();
    let path = function.name.clone();
    (pass.run)(function, &mut Log { pass: pass.name, function: &path, rewrites: &mut rewrites });
    check(function, pass.name);
    rewrites
}

#[cfg(test)]
mod tests;
