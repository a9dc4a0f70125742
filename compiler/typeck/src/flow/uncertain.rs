//! `uncertain if`, as statement and as expression, and the bands of `uncertain` loops.

use prism_hir::body::{Bands, Block, Branches, ExprId};

use crate::confidence::Confidence;
use crate::errors::{Band, ProblemKind};
use crate::flow::Infer;
use crate::flow::env::Branch;
use crate::types::Fact;

/// The limits of the bands, where the text decides them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    high: Option<f64>,
    medium: Option<f64>,
}

impl Limits {
    /// The confidences of a band: from a bound, and below a bound.
    fn of(self, band: Band) -> (Option<f64>, Option<f64>) {
        match band {
            Band::High => (self.high, None),
            Band::Medium => (self.medium, self.high),
            Band::Low => (None, self.medium),
            Band::Default => (None, None),
        }
    }

    /// What the confidence is in a band; `None` when it is certainly in another.
    pub(crate) fn within(self, band: Band, confidence: Confidence) -> Option<Confidence> {
        let (from, below) = self.of(band);
        let confidence = from.map_or(Some(confidence), |bound| confidence.at_or_above(bound))?;
        match below {
            Some(bound) if confidence.low >= bound => None,
            Some(bound) => confidence.below(bound),
            None => Some(confidence),
        }
    }
}

const BANDS: [Band; 3] = [Band::High, Band::Medium, Band::Low];

impl<'a> Infer<'a> {
    pub(crate) fn infer_uncertain_expr(
        &mut self,
        condition: ExprId,
        bands: &Bands,
        branches: &'a Branches<ExprId>,
        expected: Option<Fact>,
    ) -> Fact {
        self.infer_uncertain(condition, bands, branches, |infer, expr| {
            infer.infer_expected(*expr, expected)
        })
    }

    pub(crate) fn infer_uncertain_stmt(
        &mut self,
        condition: ExprId,
        bands: &Bands,
        branches: &'a Branches<Block>,
    ) -> Fact {
        self.infer_uncertain(condition, bands, branches, |infer, block| infer.infer_block(block))
    }

    fn infer_uncertain<T>(
        &mut self,
        condition: ExprId,
        bands: &Bands,
        branches: &'a Branches<T>,
        mut infer_branch: impl FnMut(&mut Self, &'a T) -> Fact,
    ) -> Fact {
        let fact = self.infer_expr(condition);
        if fact.confidence.is_plain() {
            self.report(condition, ProblemKind::UncertainOnPlain);
        }
        let limits = self.infer_limits(bands);
        self.check_bands(condition, fact.confidence, limits, branches);
        let mark = self.env.mark();
        let mut result = Fact::NEVER;
        let mut after: Option<Branch> = None;
        for (bands, branch) in written(branches) {
            self.enter_bands(condition, fact.confidence, limits, &bands);
            let is_live = self.env.reachable;
            let value = branch.map_or(Fact::NULL, |branch| infer_branch(self, branch));
            let value = self.decided(value);
            if is_live {
                result = self.types.join(result, value);
            }
            let taken = self.env.take(mark);
            after = Some(match after {
                Some(others) => self.env.join_branches(&mut self.types, others, taken),
                None => taken,
            });
        }
        if let Some(after) = after {
            self.env.apply(after);
        }
        result
    }

    pub(crate) fn infer_limits(&mut self, bands: &Bands) -> Limits {
        let defaults = self.world.bands();
        let mut limit = |expr: Option<ExprId>, default: f64| match expr {
            Some(expr) => {
                let fact = self.infer_expr(expr);
                self.check_bound(expr, fact.ty)
            }
            None => Some(default),
        };
        let high = limit(bands.high, defaults.high);
        let medium = limit(bands.medium, defaults.medium);
        Limits { high, medium }
    }

    /// Continues where the confidence of the condition is in one of the bands.
    pub(crate) fn enter_bands(
        &mut self,
        condition: ExprId,
        confidence: Confidence,
        limits: Limits,
        bands: &[Band],
    ) {
        let possible: Vec<Confidence> =
            bands.iter().filter_map(|band| limits.within(*band, confidence)).collect();
        let Some(narrowed) = possible.into_iter().reduce(Confidence::hull) else {
            self.env.reachable = false;
            return;
        };
        self.refine(condition, &mut |_, fact| Some(fact.with(narrowed)));
        self.env.decide(confidence, condition);
    }

    /// Reports branches that never run, and bands that nothing serves.
    fn check_bands<T>(
        &mut self,
        condition: ExprId,
        confidence: Confidence,
        limits: Limits,
        branches: &Branches<T>,
    ) {
        if confidence.is_plain() {
            return;
        }
        let is_written = |band: Band| match band {
            Band::High => branches.high.is_some(),
            Band::Medium => branches.medium.is_some(),
            Band::Low => branches.low.is_some(),
            Band::Default => branches.default.is_some(),
        };
        let mut missing = Vec::new();
        let mut dead = Vec::new();
        for band in BANDS {
            let is_possible = limits.within(band, confidence).is_some();
            if is_written(band) && !is_possible {
                dead.push(band);
            } else if !is_written(band) && is_possible {
                missing.push(band);
            }
        }
        if missing.is_empty() && branches.default.is_some() {
            dead.push(Band::Default);
        } else if !missing.is_empty() && branches.default.is_none() {
            self.report(condition, ProblemKind::MissingBands { bands: missing });
        }
        if !dead.is_empty() {
            let origin = self.origin_of(condition, f64::INFINITY);
            self.report(condition, ProblemKind::DeadBands { bands: dead, confidence, origin });
        }
    }
}

/// The branches with the bands that each serves; `None` for the bands that nothing serves.
pub(crate) fn written<T>(branches: &Branches<T>) -> Vec<(Vec<Band>, Option<&T>)> {
    let mut all = Vec::with_capacity(4);
    let mut rest = Vec::new();
    for (band, branch) in
        [(Band::High, &branches.high), (Band::Medium, &branches.medium), (Band::Low, &branches.low)]
    {
        match branch {
            Some(branch) => all.push((vec![band], Some(branch))),
            None => rest.push(band),
        }
    }
    if !rest.is_empty() || branches.default.is_some() {
        all.push((rest, branches.default.as_ref()));
    }
    all
}
