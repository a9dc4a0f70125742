//! Checks that a function is well formed. This is the complete list of what that means.
//!
//! Structure
//! 1. Every region, operation and value that is named exists in the function's arenas.
//! 2. Regions form a tree: a region belongs to one operation, or is the body; an operation
//!    stands once, in one region. Nesting is at most [`MAX_DEPTH`] deep.
//! 3. The body has one parameter per parameter and per capture of the function. A loop's region
//!    has one per carried value, a `catch` one, every other region none.
//! 4. Only the last parameter of a function may be the rest, and it is not optional.
//!
//! Values
//! 5. A value is defined once, by a region's parameters or by an operation's results.
//! 6. It is used only after its definition, in the same region or in one nested there.
//! 7. An operation has as many results as its kind gives: none for `cell_set`, `global_set` and
//!    `cancel`, none or one for `fail`, any number for `if`, `loop` and `try`, otherwise one.
//! 8. A cell is used only by operations on cells, as a capture, and where regions begin and end;
//!    operations on cells get nothing but cells.
//! 9. A confidence interval lies in [0, 1], its low end first.
//!
//! Exits
//! 10. `yield` ends only regions of `if` and `try`; it gives as many values as the operation has
//!     results, none at the end of `finally`. The body and a loop's region end otherwise.
//! 11. `break` and `continue` name a loop around them in the same function; `break` gives as many
//!     values as the loop has results, `continue` as many as it carries.
//! 12. `try` has a `catch` or a `finally`.
//!
//! Names
//! 13. Sites of effects are unique in a function, and not empty. Of other operations only
//!     `call`, `call_value` and `call_method` have a name, which is not empty.
//! 14. Parameters of calls that are resolved exist and are given: no more arguments than
//!     parameters unless the last is the rest, no fewer than those that are not optional.
//!     A function called so has no captures; a closure gets as many as its function has.
//!
//! Modules
//! 15. Functions and globals that are named exist; the entry takes nothing.

mod function;
mod module;
mod tree;

use std::fmt;

use crate::function::{Function, Module, Source, Text};

/// How deep regions may be nested. Whoever walks regions by recursion relies on it.
pub const MAX_DEPTH: usize = 400;

/// A function that is not well formed: a mistake of whoever made it, except for
/// [`Broken::TooDeep`], which a program can reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyError {
    /// Path of the function; empty for the module.
    pub function: Text,
    pub source: Source,
    pub broken: Broken,
}

/// The rule that does not hold, with its number in the list above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// 1
    IdOutOfRange(&'static str),
    /// 2
    UsedTwice(&'static str),
    /// 2
    TooDeep,
    /// 3
    RegionParams { expected: usize, found: usize },
    /// 4
    RestNotLast,
    /// 5
    DefinedTwice,
    /// 6
    NotVisible(&'static str),
    /// 7
    Results { expected: usize, found: usize },
    /// 8
    CellAsValue,
    /// 8
    NotACell,
    /// 9
    Interval,
    /// 10
    ExitKind(&'static str),
    /// 10, 11
    ExitValues { expected: usize, found: usize },
    /// 11
    TargetNotAround,
    /// 12
    TryAlone,
    /// 13
    Site(Text),
    /// 13
    CallSite,
    /// 14, 15
    Args { function: Text, found: usize },
    /// 14
    Captures { function: Text, found: usize },
    /// 15
    NoFunction(u32),
    /// 15
    NoGlobal(u32),
    /// 15
    Entry,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::IdOutOfRange(what) => write!(f, "names a {what} that does not exist"),
            Broken::UsedTwice(what) => write!(f, "holds a {what} in two places"),
            Broken::TooDeep => write!(f, "is nested more than {MAX_DEPTH} levels deep"),
            Broken::RegionParams { expected, found } => {
                write!(f, "has a region of {found} parameters instead of {expected}")
            }
            Broken::RestNotLast => write!(f, "has a rest parameter that is not the last"),
            Broken::DefinedTwice => write!(f, "defines a value twice"),
            Broken::NotVisible(what) => {
                write!(f, "uses, as {what}, a value that is not defined there")
            }
            Broken::Results { expected, found } => {
                write!(f, "has an operation with {found} results instead of {expected}")
            }
            Broken::CellAsValue => write!(f, "uses a cell as a value"),
            Broken::NotACell => write!(f, "uses a value as a cell"),
            Broken::Interval => write!(f, "has a confidence interval outside [0, 1]"),
            Broken::ExitKind(exit) => write!(f, "ends a region with `{exit}` that cannot"),
            Broken::ExitValues { expected, found } => {
                write!(f, "leaves a region with {found} values instead of {expected}")
            }
            Broken::TargetNotAround => write!(f, "leaves a loop that is not around it"),
            Broken::TryAlone => write!(f, "has a `try` without `catch` and `finally`"),
            Broken::CallSite => write!(f, "has a name that is none of a call"),
            Broken::Site(site) => write!(f, "has an effect at the site `{site}` again"),
            Broken::Args { function, found } => {
                write!(f, "calls `{function}` with {found} arguments, which it does not take")
            }
            Broken::Captures { function, found } => {
                write!(f, "gives `{function}` {found} captures, which it does not take")
            }
            Broken::NoFunction(id) => write!(f, "names the function @{id}, which does not exist"),
            Broken::NoGlobal(id) => write!(f, "names the global g{id}, which does not exist"),
            Broken::Entry => write!(f, "has an entry that wants arguments"),
        }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Source { file, start, end } = self.source;
        let name = if self.function.is_empty() { "module" } else { &*self.function };
        write!(f, "`{name}` {} (at {file}:{start}..{end})", self.broken)
    }
}

impl std::error::Error for VerifyError {}

/// Checks every function of a module, and what they name of each other.
pub fn verify(module: &Module) -> Result<(), VerifyError> {
    module.functions.iter().try_for_each(verify_function)?;
    module::verify(module)
}

/// Checks one function by itself: rules 1 to 13.
pub fn verify_function(function: &Function) -> Result<(), VerifyError> {
    tree::verify(function)?;
    function::verify(function)
}
