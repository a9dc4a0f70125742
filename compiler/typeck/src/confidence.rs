//! Confidence of a value, as far as the program text decides it: an interval and a fact.
//!
//! The interval counts a plain value as 1. Whether the value is *plain* (carries no confidence
//! at all) is a separate fact: `5` is plain, `5 ~> 1` is confident with the same interval.
//! Where it comes from is its [`Level`]: the least trusted of all that took part.
//! Every operation here is sound: the confidence seen at run time lies in the interval, and
//! [`Presence::Plain`] is claimed only for values that can never be confident.

use std::fmt;
use std::hash::{Hash, Hasher};

use prism_syntax::ast;

use crate::secrets::Secrets;

/// Does a value carry a confidence?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Presence {
    /// Never: the value is certainly plain.
    Plain,
    /// Always: the value is certainly a confident one.
    Confident,
    Unknown,
}

/// Where a value and its confidence come from, the least trusted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// From outside the text: nothing is known.
    Unknown,
    /// The own word of whoever answered, and every number that a program makes up.
    Reported,
    /// Agreement among several.
    Sampled,
    /// A person, or a second agent.
    Reviewed,
    /// A test, a compiler, a checksum; and what is written or computed without a guess.
    Verified,
}

impl From<ast::Level> for Level {
    fn from(written: ast::Level) -> Level {
        match written {
            ast::Level::Verified => Level::Verified,
            ast::Level::Reviewed => Level::Reviewed,
            ast::Level::Sampled => Level::Sampled,
            ast::Level::Reported => Level::Reported,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Verified => "verified",
            Level::Reviewed => "reviewed",
            Level::Sampled => "sampled",
            Level::Reported => "reported",
            Level::Unknown => "unknown",
        })
    }
}

/// What a value takes along from everything that it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// The least trusted source of all.
    pub level: Level,
    /// Every secret that is in it.
    pub secrets: Secrets,
}

impl Label {
    /// What is written in the text.
    pub const NONE: Label = Label { level: Level::Verified, secrets: Secrets::NONE };

    /// Made of both.
    pub fn and(self, other: Label) -> Label {
        Label { level: self.level.min(other.level), secrets: self.secrets.and(other.secrets) }
    }
}

impl From<Level> for Label {
    fn from(level: Level) -> Label {
        Label { level, ..Label::NONE }
    }
}

/// What is known of a value's confidence. `0 <= low <= high <= 1`.
#[derive(Debug, Clone, Copy)]
pub struct Confidence {
    pub low: f64,
    pub high: f64,
    pub presence: Presence,
    pub level: Level,
    /// The secrets that the value is made of.
    pub secrets: Secrets,
}

impl PartialEq for Confidence {
    fn eq(&self, other: &Confidence) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Confidence {}

impl Hash for Confidence {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl Confidence {
    /// A value without confidence.
    pub const PLAIN: Confidence = Confidence {
        low: 1.0,
        high: 1.0,
        presence: Presence::Plain,
        level: Level::Verified,
        secrets: Secrets::NONE,
    };
    /// Nothing is known.
    pub const ANY: Confidence = Confidence {
        low: 0.0,
        high: 1.0,
        presence: Presence::Unknown,
        level: Level::Unknown,
        secrets: Secrets::NONE,
    };
    /// A confident value of a confidence that the program computes.
    pub const CONFIDENT: Confidence =
        Confidence { presence: Presence::Confident, level: Level::Reported, ..Confidence::ANY };

    /// `e ~> k` for a literal `k`, clamped as the machine clamps it.
    pub fn exactly(confidence: f64) -> Confidence {
        let exactly = Confidence::between(confidence, confidence, Presence::Confident);
        Confidence { level: Level::Reported, ..exactly }
    }

    /// `T ~>= k`: any value of at least this confidence; a plain one has 1.
    pub fn at_least(low: f64) -> Confidence {
        Confidence::between(low, 1.0, Presence::Unknown)
    }

    pub fn between(low: f64, high: f64, presence: Presence) -> Confidence {
        let high = clamp(high, 1.0);
        Confidence { low: clamp(low, 0.0).min(high), high, presence, ..Confidence::ANY }
    }

    /// The same confidence of this level.
    pub const fn at(self, level: Level) -> Confidence {
        Confidence { level, ..self }
    }

    /// What the value takes along.
    pub fn label(self) -> Label {
        Label { level: self.level, secrets: self.secrets }
    }

    /// The same confidence of a value that is made of what has this label.
    pub fn labelled(self, label: Label) -> Confidence {
        let secrets = self.secrets.and(label.secrets);
        Confidence { level: label.level, secrets, ..self }
    }

    /// The same confidence with these secrets, whatever it had before.
    pub fn holding(self, secrets: Secrets) -> Confidence {
        Confidence { secrets, ..self }
    }

    /// The same confidence, come by way of something with this label.
    pub fn capped(self, label: impl Into<Label>) -> Confidence {
        self.labelled(self.label().and(label.into()))
    }

    pub fn is_plain(self) -> bool {
        self.presence == Presence::Plain
    }

    pub fn is_unknown(self) -> bool {
        self.low <= 0.0 && self.high >= 1.0
    }

    /// Every confidence of `self` is one of `other`.
    pub fn is_within(self, other: Confidence) -> bool {
        other.low <= self.low
            && self.high <= other.high
            && (other.presence == Presence::Unknown || self.presence == other.presence)
            && other.level <= self.level
    }

    /// Plain operators on confident operands: the smaller confidence.
    pub fn min(self, other: Confidence) -> Confidence {
        self.merge(other, f64::min)
    }

    /// `~||`: the larger confidence.
    pub fn max(self, other: Confidence) -> Confidence {
        self.merge(other, f64::max)
    }

    /// Members of confident objects, results of confident functions: the product.
    pub fn product(self, other: Confidence) -> Confidence {
        self.merge(other, |a, b| a * b)
    }

    /// One of the two values, nobody knows which.
    pub fn hull(self, other: Confidence) -> Confidence {
        let presence =
            if self.presence == other.presence { self.presence } else { Presence::Unknown };
        Confidence {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            presence,
            level: self.level.min(other.level),
            secrets: self.secrets.and(other.secrets),
        }
    }

    /// The next guess for a loop whose last one, `self`, did not hold: bounds that moved give up.
    pub fn widen(self, next: Confidence) -> Confidence {
        let hull = self.hull(next);
        Confidence {
            low: if next.low < self.low { 0.0 } else { self.low },
            high: if next.high > self.high { 1.0 } else { self.high },
            presence: hull.presence,
            level: hull.level,
            secrets: hull.secrets,
        }
    }

    /// The same value made confident: operators written with a tilde.
    pub fn present(self) -> Confidence {
        Confidence { presence: Presence::Confident, ..self }
    }

    /// `a ~@> b` below its bound: half the confidence.
    pub fn halved(self) -> Confidence {
        let (low, high) = (self.low / 2.0, self.high / 2.0);
        Confidence { low, high, presence: Presence::Confident, ..self }
    }

    /// What remains behind a gate that let the value pass; `None` when nothing can pass.
    pub fn at_or_above(self, bound: f64) -> Option<Confidence> {
        (self.high >= bound).then(|| Confidence { low: self.low.max(bound), ..self })
    }

    /// What remains behind a gate that held the value back; `None` when everything passes.
    /// The bound itself stays in the interval: intervals here are closed.
    /// A plain value counts as 1, so behind a failed gate the value is confident, unless the bound
    /// is above 1.
    pub fn below(self, bound: f64) -> Option<Confidence> {
        let is_held = self.low < bound && (bound > 1.0 || self.presence != Presence::Plain);
        is_held.then(|| Confidence {
            high: self.high.min(bound),
            presence: if bound <= 1.0 { Presence::Confident } else { self.presence },
            ..self
        })
    }

    /// What remains where the confidence was not above the bound; `None` when all of it is.
    pub fn at_most(self, bound: f64) -> Option<Confidence> {
        let is_held = self.low <= bound && (bound >= 1.0 || self.presence != Presence::Plain);
        is_held.then(|| Confidence {
            high: self.high.min(bound),
            presence: if bound < 1.0 { Presence::Confident } else { self.presence },
            ..self
        })
    }

    fn merge(self, other: Confidence, rule: fn(f64, f64) -> f64) -> Confidence {
        Confidence {
            low: rule(self.low, other.low),
            high: rule(self.high, other.high),
            presence: match (self.presence, other.presence) {
                (Presence::Plain, Presence::Plain) => Presence::Plain,
                (Presence::Confident, _) | (_, Presence::Confident) => Presence::Confident,
                (Presence::Unknown, _) | (_, Presence::Unknown) => Presence::Unknown,
            },
            level: self.level.min(other.level),
            secrets: self.secrets.and(other.secrets),
        }
    }

    fn key(self) -> (u64, u64, Presence, Level, Secrets) {
        (self.low.to_bits(), self.high.to_bits(), self.presence, self.level, self.secrets)
    }
}

/// NaN gives `otherwise`; negative zero becomes zero, so that equal bounds have equal bits.
fn clamp(value: f64, otherwise: f64) -> f64 {
    if value.is_nan() { otherwise } else { value.clamp(0.0, 1.0) + 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_follow_interval_arithmetic() {
        let a = Confidence::between(0.5, 0.9, Presence::Confident);
        let b = Confidence::exactly(0.8);
        let reported =
            |low, high| Confidence::between(low, high, Presence::Confident).at(Level::Reported);
        let a = a.at(Level::Verified);
        assert_eq!(a.min(b), reported(0.5, 0.8));
        assert_eq!(a.max(b), reported(0.8, 0.9));
        assert_eq!(a.product(Confidence::PLAIN), a);
        assert_eq!(a.hull(Confidence::PLAIN).presence, Presence::Unknown);
    }

    #[test]
    fn a_level_is_the_least_of_all_that_took_part() {
        let word = Confidence::CONFIDENT;
        let test = Confidence::exactly(0.9).at(Level::Verified);
        for both in [word.min(test), test.max(word), word.product(test), test.hull(word)] {
            assert_eq!(both.level, Level::Reported);
        }
        assert_eq!(Confidence::PLAIN.min(test).level, Level::Verified);
        assert_eq!(test.capped(Level::Sampled).level, Level::Sampled);
        assert!(!word.is_within(Confidence::CONFIDENT.at(Level::Sampled)));
    }

    #[test]
    fn gates_split_an_interval() {
        let a = Confidence::CONFIDENT;
        assert_eq!(a.at_or_above(0.7).map(|c| c.low), Some(0.7));
        assert_eq!(a.below(0.7).map(|c| c.high), Some(0.7));
        assert_eq!(Confidence::exactly(0.5).at_or_above(0.7), None);
        assert_eq!(Confidence::PLAIN.below(0.7), None);
    }

    #[test]
    fn widening_gives_up_bounds_that_moved() {
        let first = Confidence::between(0.5, 0.9, Presence::Confident);
        let next = Confidence::between(0.4, 0.9, Presence::Confident);
        assert_eq!(first.widen(next), Confidence::between(0.0, 0.9, Presence::Confident));
    }

    #[test]
    fn computed_literals_are_clamped() {
        assert_eq!(Confidence::exactly(1.5).low, 1.0);
        assert_eq!(Confidence::exactly(-0.0).low.to_bits(), 0.0_f64.to_bits());
    }
}
