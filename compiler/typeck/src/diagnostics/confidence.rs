//! The words for P04xx: confidence.

use prism_diagnostics::{Code, Diagnostic, Edit, Place};
use prism_hir::body::{ExprId, ExprKind};
use prism_span::Span;

use super::{Words, error, target};
use crate::confidence::{Confidence, Level};
use crate::errors::{Band, ProblemKind, Site, Target};

impl Words<'_> {
    pub(super) fn confidence(&self, site: Site, at: Place, kind: &ProblemKind) -> Diagnostic {
        match kind {
            ProblemKind::ConfidenceOutOfRange { value, is_bound } => {
                let value = value.value();
                let clamped = value.clamp(0.0, 1.0);
                let message = format!("a confidence is between 0 and 1, found {value}");
                let diagnostic = match is_bound {
                    true => error(Code::P0401, at, message)
                        .with_help("no confidence is beyond that, so the gate asks for nothing"),
                    false => Diagnostic::warning(Code::P0401, at, message)
                        .with_help(format!("the machine takes {clamped} instead")),
                };
                // Only a percentage is certain to be meant.
                if value.fract() != 0.0 || !(2.0..=100.0).contains(&value) {
                    return diagnostic;
                }
                let share = (value / 100.0).to_string();
                diagnostic
                    .with_help(format!("{value} % is `{share}`"))
                    .with_fix(format!("write `{share}`"), vec![Edit::replace(at, share)])
            }
            ProblemKind::ConfidenceNotNumber { ty } => {
                let message = format!("a confidence is a number, found `{}`", self.ty(*ty));
                error(Code::P0402, at, message)
            }
            ProblemKind::UncertainOnPlain => {
                let message = format!("{} has no confidence to decide by", self.named(site));
                error(Code::P0403, at, message)
                    .with_help("give it one (`value ~> 0.8`), or use `if`")
            }
            ProblemKind::TooUncertain { confidence, required, target, origin } => {
                let required = required.value();
                self.too_uncertain(site, at, (*confidence, required), target, *origin)
            }
            ProblemKind::TooUntrusted { found, required, bound, target, origin } => {
                let of = (*found, *required, bound.value());
                self.too_untrusted(site, at, of, target, *origin)
            }
            ProblemKind::UndeclaredLevel { claimed, is_nested } => {
                let message = format!("nothing here says that the result is {claimed}");
                let diagnostic = error(Code::P0411, at, message).with_help(format!(
                    "a level is raised in a function that declares it: `function f(…): any ~>= 0.9 {claimed} {{ … }}`"
                ));
                let bound = self.source(at);
                match bound.parse::<f64>() {
                    Ok(_) if !is_nested => self.with_declared_level(diagnostic, bound, *claimed),
                    Ok(_) | Err(_) => diagnostic,
                }
            }
            ProblemKind::RaisedByHand { known, given } => {
                let message = format!(
                    "a confidence of {} becomes {} by hand",
                    interval(*known),
                    given.value()
                );
                Diagnostic::warning(Code::P0414, at, message).with_help(
                    "`~>` replaces; keep the lower one (`reason ~~ value`), or take the value alone (`value(e) ~> …`)",
                )
            }
            ProblemKind::LeavesRange { low, high } => {
                let (low, high) = (low.value(), high.value());
                let message = format!("this confidence lies between {low} and {high}");
                let text = at.span.slice(self.text);
                let text = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')).unwrap_or(text);
                let clamped = match (low < 0.0, high > 1.0) {
                    (true, true) => format!("max(0, min(1, {text}))"),
                    (true, false) => format!("max(0, {text})"),
                    _ => format!("min(1, {text})"),
                };
                Diagnostic::warning(Code::P0415, at, message)
                    .with_label("the machine cuts it off at 0 and 1, in silence")
                    .with_help("combine confidences with `min`, with a product, or with a mean")
                    .with_fix(format!("write `{clamped}`"), vec![Edit::replace(at, clamped)])
            }
            ProblemKind::UncheckedDecision { operation, found, required, cause } => {
                let message =
                    format!("`{operation}` happens here because of {}", origin_words(*found));
                let mut diagnostic = error(Code::P0413, at, message)
                    .with_label(format!("cannot be taken back, and needs something {required}"))
                    .with_help(format!(
                        "let a value that is {required} decide, or hand one over; {}",
                        gate_of(*required)
                    ));
                if let Some(cause) = cause {
                    let decisive = self.decisive(*cause);
                    diagnostic = diagnostic.with_place(self.expr(decisive), "decided by this");
                    diagnostic = self.with_checker(diagnostic, decisive, *required, 0.0);
                }
                diagnostic
            }
            ProblemKind::GateNeverPasses { confidence, bound, origin } => {
                let message = format!(
                    "this gate never lets a value pass: the confidence is {}, the bound {}",
                    interval(*confidence),
                    bound.value()
                );
                self.with_origin(Diagnostic::warning(Code::P0405, at, message), *origin)
            }
            ProblemKind::GateAlwaysPasses { confidence, bound } => {
                let message = match confidence.is_plain() {
                    true => format!(
                        "this gate lets every value pass: {} is plain, which counts as 1",
                        self.named(site)
                    ),
                    false => format!(
                        "this gate lets every value pass: the confidence is {}, the bound {}",
                        interval(*confidence),
                        bound.value()
                    ),
                };
                Diagnostic::warning(Code::P0406, at, message)
            }
            ProblemKind::DeadBands { bands, confidence, origin } => {
                let never = match bands.as_slice() {
                    [band] => format!("the branch `{}` never runs", band_name(*band)),
                    bands => format!("the branches {} never run", list(bands)),
                };
                let message = format!("{never}: the confidence is {}", interval(*confidence));
                self.with_origin(Diagnostic::warning(Code::P0407, at, message), *origin)
            }
            ProblemKind::MissingBands { bands } => self.missing_bands(site, at, bands),
            _ => unreachable!("chosen by `Words::diagnostic`"),
        }
    }

    fn too_uncertain(
        &self,
        site: Site,
        at: Place,
        (confidence, required): (Confidence, f64),
        given_to: &Target,
        origin: Option<ExprId>,
    ) -> Diagnostic {
        let value = self.named(site);
        let message = if confidence.high < required {
            format!("{value} has a confidence of {}, below {required}", interval(confidence))
        } else {
            format!("{value} may have a confidence below {required}")
        };
        let diagnostic = error(Code::P0404, at, message)
            .with_label(format!("goes to {}, which needs at least {required}", target(given_to)));
        self.with_gate(self.with_origin(diagnostic, origin), site, required)
    }

    fn too_untrusted(
        &self,
        site: Site,
        at: Place,
        (found, required, bound): (Level, Level, f64),
        given_to: &Target,
        origin: Option<ExprId>,
    ) -> Diagnostic {
        let message = format!("{} is {}, not {required}", self.named(site), level_words(found));
        let mut diagnostic = error(Code::P0409, at, message).with_label(format!(
            "goes to {}, which needs something {required} of at least {bound}",
            target(given_to)
        ));
        if let Some(origin) = origin {
            diagnostic = diagnostic.with_place(self.expr(origin), self.where_from(origin));
        }
        let text = site.expr().and_then(|expr| self.quoted(expr));
        let name = text.as_deref().map_or("value", |text| text.trim_matches('`'));
        if let Site::Expr(expr) = site {
            diagnostic = self.with_checker(diagnostic, expr, required, bound);
        }
        diagnostic.with_help(match required {
            Level::Reviewed => format!(
                "let somebody approve it: `approved({name}, \"why\")` of \"@prism/control\" gives it {required}"
            ),
            _ => format!(
                "check it in a function that says so: `function checked(x): any ~>= {bound} {required} {{ … return x ~> {bound} {required} }}`"
            ),
        })
    }

    /// Where a value comes from, in words for its place.
    fn where_from(&self, origin: ExprId) -> String {
        let level = self.inference.types.whole(self.inference.expr(origin)).level;
        match &self.body.exprs[origin].kind {
            ExprKind::Perform { effect, .. } if level == Level::Reported => {
                format!("`{effect}` answers with its own word")
            }
            ExprKind::Annotate { level: None, .. } => {
                "this confidence is the program's own word".to_owned()
            }
            _ => format!("it comes from here and is {}", level_words(level)),
        }
    }

    /// Shows where a bound comes from.
    fn with_origin(&self, diagnostic: Diagnostic, origin: Option<ExprId>) -> Diagnostic {
        match origin {
            Some(origin) => diagnostic.with_place(self.expr(origin), self.reason(origin)),
            None => diagnostic,
        }
    }

    /// Why the confidence of an expression is as low as it is.
    fn reason(&self, origin: ExprId) -> String {
        let fact = self.inference.expr(origin);
        let confidence = interval(fact.confidence);
        match &self.body.exprs[origin].kind {
            ExprKind::Perform { effect, .. } => {
                format!("`{effect}` answers with any confidence")
            }
            ExprKind::Annotate { .. } => format!("the confidence {confidence} is given here"),
            _ if fact.confidence.is_unknown() => {
                format!("nothing is known of the confidence of {}", self.named(origin.into()))
            }
            ExprKind::Call { .. } | ExprKind::MethodCall { .. } => {
                format!("this call gives a confidence of {confidence}")
            }
            ExprKind::Name(_) => format!("the confidence is {confidence}"),
            _ => format!("the confidence here is {confidence}"),
        }
    }

    /// Names the gate to add: a condition for a variable, `~?>` for everything else.
    fn with_gate(&self, diagnostic: Diagnostic, site: Site, required: f64) -> Diagnostic {
        let Site::Expr(expr) = site else { return diagnostic };
        let Some(quoted) = self.quoted(expr) else {
            return diagnostic.with_help(format!("let it pass a gate first: `(…) ~?> {required}`"));
        };
        let text = quoted.trim_matches('`');
        if matches!(self.body.exprs[expr].kind, ExprKind::Name(_) | ExprKind::Member { .. }) {
            return diagnostic.with_help(format!(
                "ask first: `if (<~ {text} >= {required}) {{ … }}`, or `uncertain if ({text}) {{ high {{ … }} low {{ … }} }}`"
            ));
        }
        diagnostic.with_help(format!(
            "put it into a variable and ask first: `if (<~ value >= {required}) {{ … }}`"
        ))
    }

    fn missing_bands(&self, site: Site, at: Place, bands: &[Band]) -> Diagnostic {
        let bands = list(bands);
        let message = format!("no branch for {bands} confidence, and no `default`");
        let diagnostic = Diagnostic::warning(Code::P0408, at, message)
            .with_help("without a branch nothing happens; say so with `default { }`");
        match self.end_of_branches(site, at) {
            Some(end) => diagnostic.with_fix(
                "add an empty `default`",
                vec![Edit::insert(self.file, end, " default { }\n")],
            ),
            None => diagnostic,
        }
    }

    /// Where the `}` of an `uncertain if` stands, found by counting brackets behind its
    /// condition. `None` when a string or a comment in between makes that unsure.
    fn end_of_branches(&self, _: Site, at: Place) -> Option<u32> {
        let rest = Span::new(at.span.end, self.text.len() as u32).slice(self.text);
        let mut depth = 0;
        for (offset, c) in rest.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 1 => return Some(at.span.end + offset as u32),
                '}' => depth -= 1,
                '"' | '\'' | '`' => return None,
                '/' if rest[offset..].starts_with("//") => return None,
                '/' if rest[offset..].starts_with("/*") => return None,
                ';' if depth == 0 => return None,
                _ => {}
            }
        }
        None
    }
}

/// What has a level: "something reported", "something of which nothing is known".
pub(super) fn origin_words(level: Level) -> String {
    match level {
        Level::Unknown => "something that nobody vouches for".to_owned(),
        level => format!("something {}", level_words(level)),
    }
}

/// "only reported", "of unknown origin".
fn level_words(level: Level) -> &'static str {
    match level {
        Level::Unknown => "of unknown origin",
        Level::Reported => "only reported",
        Level::Sampled => "sampled",
        Level::Reviewed => "reviewed",
        Level::Verified => "verified",
    }
}

/// How to come by a level.
fn gate_of(level: Level) -> &'static str {
    match level {
        Level::Reviewed => "`human.approve(…)` gives one",
        Level::Verified | Level::Sampled | Level::Reported | Level::Unknown => {
            "a function that declares such a result gives one"
        }
    }
}

/// "`high` and `low`".
fn list(bands: &[Band]) -> String {
    let names: Vec<String> = bands.iter().map(|band| format!("`{}`", band_name(*band))).collect();
    match names.as_slice() {
        [one] => one.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
        [] => String::new(),
    }
}

fn band_name(band: Band) -> &'static str {
    match band {
        Band::High => "high",
        Band::Medium => "medium",
        Band::Low => "low",
        Band::Default => "default",
    }
}

/// "0.6", "0.5 to 0.7", "at least 0.8", "anything".
fn interval(confidence: Confidence) -> String {
    let Confidence { low, high, .. } = confidence;
    if low == high {
        format!("{low}")
    } else if low <= 0.0 && high >= 1.0 {
        "anything".to_owned()
    } else if high >= 1.0 {
        format!("at least {low}")
    } else if low <= 0.0 {
        format!("at most {high}")
    } else {
        format!("{low} to {high}")
    }
}
