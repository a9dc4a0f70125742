//! How often something happens at most.

use std::fmt;

use prism_diagnostics::Place;

/// An upper bound, or the first place that takes it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    AtMost(u64),
    Unknown(Reason),
}

/// Why there is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    pub kind: ReasonKind,
    pub at: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReasonKind {
    /// A loop whose number of rounds the text does not say.
    Loop,
    /// A function that calls itself.
    Recursion,
    /// A function that asks is given away: nobody knows how often it is called.
    GivenAway,
    /// Something is done for each element of a list whose length is not known.
    Length,
    /// A handler asks when an operation is performed.
    Clause,
    /// A function of the standard library repeats what it is given.
    Library,
    /// Calls in calls, deeper than is followed.
    Depth,
}

impl fmt::Display for ReasonKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ReasonKind::Loop => "this loop may run any number of times",
            ReasonKind::Recursion => "the function calls itself here",
            ReasonKind::GivenAway => "how often this function is called is not known",
            ReasonKind::Length => "the length of the list is not known",
            ReasonKind::Clause => "this clause runs once for every operation",
            ReasonKind::Library => "this call may ask any number of times",
            ReasonKind::Depth => "the calls are nested too deep to follow",
        })
    }
}

impl Bound {
    fn and(self, other: Bound) -> Bound {
        match (self, other) {
            (Bound::AtMost(one), Bound::AtMost(two)) => Bound::AtMost(one.saturating_add(two)),
            (Bound::Unknown(_), _) => self,
            (_, Bound::Unknown(_)) => other,
        }
    }

    fn or(self, other: Bound) -> Bound {
        match (self, other) {
            (Bound::AtMost(one), Bound::AtMost(two)) => Bound::AtMost(one.max(two)),
            (Bound::Unknown(_), _) => self,
            (_, Bound::Unknown(_)) => other,
        }
    }

    fn times(self, n: Bound) -> Bound {
        match (self, n) {
            (Bound::AtMost(0), _) | (_, Bound::AtMost(0)) => Bound::AtMost(0),
            (Bound::AtMost(one), Bound::AtMost(n)) => Bound::AtMost(one.saturating_mul(n)),
            (Bound::Unknown(_), _) => self,
            (_, Bound::Unknown(_)) => n,
        }
    }
}

/// The operations that are counted.
const OPERATIONS: [&str; 3] = ["agent.call", "llm", "stream_llm"];

/// How often each of [`OPERATIONS`] is performed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count([Bound; 3]);

impl Count {
    pub(super) const ZERO: Count = Count([Bound::AtMost(0); 3]);

    /// One call of an agent.
    pub(super) const AGENT: Count = Count([Bound::AtMost(1), Bound::AtMost(0), Bound::AtMost(0)]);

    pub(super) fn operation(name: &str) -> Count {
        if name == "agent.once" {
            return Count::AGENT;
        }
        Count(OPERATIONS.map(|known| Bound::AtMost(u64::from(known == name))))
    }

    /// Both happen.
    pub(super) fn and(self, other: Count) -> Count {
        Count(std::array::from_fn(|index| self.0[index].and(other.0[index])))
    }

    /// One of both happens.
    pub(super) fn or(self, other: Count) -> Count {
        Count(std::array::from_fn(|index| self.0[index].or(other.0[index])))
    }

    pub(super) fn times(self, n: Bound) -> Count {
        Count(self.0.map(|bound| bound.times(n)))
    }

    /// It happens any number of times, for a reason.
    pub(super) fn often(self, reason: Reason) -> Count {
        self.times(Bound::Unknown(reason))
    }

    /// The same, where what has no bound has this reason.
    pub(super) fn because(self, reason: Reason) -> Count {
        Count(self.0.map(|bound| match bound {
            Bound::AtMost(_) => bound,
            Bound::Unknown(_) => Bound::Unknown(reason),
        }))
    }

    /// Takes out an operation that a handler answers: how often it was performed.
    pub(super) fn take(&mut self, operation: &str) -> Option<Bound> {
        let index = OPERATIONS.iter().position(|known| *known == operation)?;
        Some(std::mem::replace(&mut self.0[index], Bound::AtMost(0)))
    }

    pub(super) fn agents_and_models(self) -> (Bound, Bound) {
        let [agents, whole, streamed] = self.0;
        (agents, whole.and(streamed))
    }
}
