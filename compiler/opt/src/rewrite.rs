//! The record of what was rewritten, for people who ask why their program changed.

use std::fmt;

use prism_ir::function::{Source, Text};

/// One rewrite.
#[derive(Debug, Clone, PartialEq)]
pub struct Rewrite {
    /// The pass, such as `fold-constants`.
    pub pass: &'static str,
    /// Path of the function.
    pub function: Text,
    /// The operation that was rewritten, before it was.
    pub source: Source,
    /// What became what: `add 1, 2 = 3`.
    pub equation: String,
}

impl fmt::Display for Rewrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (in `{}`)", self.pass, self.equation, self.function)
    }
}

/// Where a pass records.
pub(crate) struct Log<'a> {
    pub pass: &'static str,
    pub function: &'a Text,
    pub rewrites: &'a mut Vec<Rewrite>,
}

impl Log<'_> {
    pub fn record(&mut self, source: Source, equation: impl Into<String>) {
        let Log { pass, function, .. } = *self;
        let (function, equation) = (function.clone(), equation.into());
        self.rewrites.push(Rewrite { pass, function, source, equation });
    }
}
