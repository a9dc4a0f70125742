//! Where a program can go: points that say at run time that they were reached.

use prism_ir::function::{Facts, Source};
use prism_ir::op::{Args, OpKind};

use crate::function::Cx;

/// A place that a run may or may not come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Point {
    pub what: What,
    pub source: Source,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// The body of a function, a handler clause, a test.
    Function,
    /// A condition that holds.
    Then,
    /// A condition that does not hold.
    Else,
    /// An arm of a `match`.
    Arm,
    /// The body of a loop.
    Turn,
    Catch,
    High,
    Medium,
    Low,
}

/// The function of the machine that is told which point was reached.
const HIT: &str = "coverage.hit";

impl Cx<'_, '_, '_> {
    /// Says that this place was reached, in a program that counts such places.
    pub fn hit(&mut self, what: What, source: Source) {
        let is_library = self.item.module.starts_with('@');
        let Some(points) = self.program.points.as_mut().filter(|_| !is_library) else { return };
        let number = points.len() as f64;
        points.push(Point { what, source });
        let number = self.number(number, source);
        let kind = OpKind::CallNative { native: HIT.into(), args: Args::Positional(vec![number]) };
        self.b.push(kind, Facts::ANY, source);
    }
}
