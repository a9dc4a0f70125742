//! The words for everything inference finds: the only part of the crate that speaks.

mod checkers;

mod confidence;
mod effects;
mod lints;
mod secrets;
mod types;
mod updates;

use prism_diagnostics::{Code, Diagnostic, Edit, Place, Severity};
use prism_hir::body::{Body, BodySpans, ExprId, ExprKind, LocalId, Name};
use prism_hir::{Item, Layout, OperationSpans};
use prism_source::{Db, SourceFile};
use prism_span::{FileId, RelSpan, Span};

use crate::confidence::{Confidence, Level};
use crate::errors::{Callee, Catcher, Problem, ProblemKind, Site, Target};
use crate::inference::Inference;
use crate::queries::infer;
use crate::types::{Fact, TypeId};

/// What is wrong with the types, effects and confidences of an item, in the order of the text.
pub fn diagnostics<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Diagnostic> {
    let inference = infer(db, item);
    if inference.problems.is_empty() {
        return Vec::new();
    }
    let file = item.file(db);
    let heads = |name: &str| head_of(db, file, name);
    let checkers = |required, bound| checkers::checker(db, item, required, bound);
    let words = Words {
        file: file.id(db),
        text: file.text(db),
        layout: item.layout(db),
        body: &prism_hir::body(db, item),
        spans: &prism_hir::body_spans(db, item),
        inference: &inference,
        heads: &heads,
        checkers: &checkers,
    };
    let mut all: Vec<Diagnostic> =
        inference.problems.iter().map(|problem| words.diagnostic(problem)).collect();
    all.sort_by_key(|diagnostic| (diagnostic.place.span.start, diagnostic.code));
    all.dedup();
    all
}

/// The name in the head of a function of the file.
fn head_of(db: &dyn Db, file: SourceFile, name: &str) -> Option<Place> {
    let item = prism_hir::item_tree(db, file).function(db, name)?;
    let start = item.layout(db).absolute(RelSpan::default()).start as usize;
    let offset = file.text(db).get(start..)?.find(name)?;
    let start = (start + offset) as u32;
    Some(Place::new(file.id(db), Span::new(start, start + name.len() as u32)))
}

/// What the words are about.
struct Words<'a> {
    file: FileId,
    text: &'a str,
    layout: &'a Layout,
    body: &'a Body,
    spans: &'a BodySpans,
    inference: &'a Inference,
    /// Heads of the functions of the file, by name.
    heads: &'a dyn Fn(&str) -> Option<Place>,
    /// What vouches for a value.
    checkers: &'a dyn Fn(Level, f64) -> Option<checkers::Checker>,
}

impl Words<'_> {
    fn diagnostic(&self, problem: &Problem) -> Diagnostic {
        let at = self.site(problem.at);
        let diagnostic = match &problem.kind {
            kind @ (ProblemKind::UndeclaredEffect { .. }
            | ProblemKind::UnhandledEffect { .. }
            | ProblemKind::UnknownEffect { .. }
            | ProblemKind::UnboundedAgentLoop { .. }
            | ProblemKind::UnboundedAgentRecursion { .. }) => self.effect(at, kind),
            ProblemKind::SecretSeen { reader, via, entered } => {
                self.secret(problem.at, at, (reader, via.as_ref(), *entered))
            }
            kind @ (ProblemKind::ConfidenceOutOfRange { .. }
            | ProblemKind::ConfidenceNotNumber { .. }
            | ProblemKind::UncertainOnPlain
            | ProblemKind::TooUncertain { .. }
            | ProblemKind::GateNeverPasses { .. }
            | ProblemKind::GateAlwaysPasses { .. }
            | ProblemKind::DeadBands { .. }
            | ProblemKind::TooUntrusted { .. }
            | ProblemKind::UndeclaredLevel { .. }
            | ProblemKind::RaisedByHand { .. }
            | ProblemKind::LeavesRange { .. }
            | ProblemKind::UncheckedDecision { .. }
            | ProblemKind::MissingBands { .. }) => self.confidence(problem.at, at, kind),
            kind @ (ProblemKind::UnusedValue { .. }
            | ProblemKind::Unreachable { .. }
            | ProblemKind::UnreachableArm
            | ProblemKind::TakenBefore { .. }
            | ProblemKind::UnreadCopy { .. }
            | ProblemKind::NeverEqual { .. }) => self.lint(at, kind),
            kind => self.of_type(problem.at, at, kind),
        };
        let help = match problem.catcher {
            Catcher::Here => "it throws when it runs; the `catch` around it takes over",
            Catcher::Caller => "it throws when the function runs; a caller may catch that",
            Catcher::Nobody => return diagnostic,
        };
        if !diagnostic.is_error() {
            return diagnostic;
        }
        Diagnostic { severity: Severity::Warning, ..diagnostic }.with_help(help)
    }

    fn place(&self, span: RelSpan) -> Place {
        Place::new(self.file, self.layout.absolute(span))
    }

    fn expr(&self, expr: ExprId) -> Place {
        self.place(self.spans.expr(expr))
    }

    fn local(&self, local: LocalId) -> Place {
        self.place(self.spans.local(local))
    }

    fn site(&self, site: Site) -> Place {
        match site {
            Site::Expr(expr) => self.expr(expr),
            Site::Pat(pat) => self.place(self.spans.pat(pat)),
            Site::Local(local) => self.local(local),
            Site::Stmt(stmt) => self.place(self.spans.stmt(stmt)),
            Site::Item => self.place(RelSpan::default()),
        }
    }

    /// The words of the program at a place.
    fn source(&self, place: Place) -> &str {
        place.span.slice(self.text)
    }

    /// An expression in backticks, when it is short enough to be read in a sentence.
    fn quoted(&self, expr: ExprId) -> Option<String> {
        let text = self.source(self.expr(expr));
        let is_short = !text.is_empty() && text.len() <= 40 && !text.contains('\n');
        is_short.then(|| format!("`{text}`"))
    }

    /// "`plan`", or "this value" for a long expression.
    fn named(&self, site: Site) -> String {
        let quoted = if let Site::Expr(expr) = site { self.quoted(expr) } else { None };
        quoted.unwrap_or_else(|| "this value".to_owned())
    }

    fn ty(&self, id: TypeId) -> String {
        self.inference.types.display(id).to_string()
    }

    fn fact(&self, fact: Fact) -> String {
        self.inference.types.display_fact(fact)
    }

    /// Where a variable was declared, for an expression that names one.
    fn declaration(&self, expr: ExprId) -> Option<(LocalId, Place)> {
        let ExprKind::Name(Name::Local(local)) = &self.body.exprs[expr].kind else { return None };
        Some((*local, self.local(*local)))
    }
}

/// "`review`", "the method `push`", "this function".
fn callee(callee: &Callee) -> String {
    match callee {
        Callee::Function(name) | Callee::Operation(name) => format!("`{name}`"),
        Callee::Method(name) => format!("method `{name}`"),
        Callee::Value => "this function".to_owned(),
    }
}

/// What a value was given to: "parameter `plan` of `ship`".
fn target(target: &Target) -> String {
    match target {
        Target::Variable(name) => format!("`{name}`"),
        Target::Argument { callee: called, param: Some(param) } => {
            format!("parameter `{param}` of {}", callee(called))
        }
        Target::Argument { callee: called, param: None } => callee(called),
        Target::Unknown => "a function of which nothing is known".to_owned(),
        Target::Answer(operation) => format!("whoever performed `{operation}`"),
        Target::Result => "the result of the function".to_owned(),
    }
}

/// `ship(plan: any)` of an irreversible effect: the fix writes the demand behind the type.
pub(crate) fn no_demand(
    file: FileId,
    operation: &str,
    spans: &OperationSpans,
    first: Option<Confidence>,
) -> Diagnostic {
    let message = format!("`{operation}` cannot be taken back and demands no check");
    let at = Place::new(file, spans.name);
    let diagnostic = error(Code::P0410, at, message)
        .with_label("whatever an agent guessed may come here")
        .with_help("a parameter says how sure it must be, and who vouches for it: `plan: any ~>= 0.9 verified`");
    let demand = match first {
        // The bound is there; only who vouches for it is missing.
        Some(demand) if demand.low > 0.0 => " verified",
        _ => " ~>= 0.9 verified",
    };
    match spans.params.first() {
        Some((_, Some(ty))) => {
            diagnostic.with_fix(format!("demand{demand}"), vec![Edit::insert(file, ty.end, demand)])
        }
        Some((name, None)) => diagnostic.with_fix(
            format!("demand{demand}"),
            vec![Edit::insert(file, name.end, format!(": any{demand}"))],
        ),
        None => diagnostic,
    }
}

/// The diagnostic with the fix that replaces the place by the nearest name.
fn mended(diagnostic: Diagnostic, at: Place, nearest: Option<&str>) -> Diagnostic {
    let Some(nearest) = nearest else { return diagnostic };
    diagnostic
        .with_help(format!("did you mean `{nearest}`?"))
        .with_fix(format!("write `{nearest}`"), vec![Edit::replace(at, nearest)])
}

/// "1 argument", "2 arguments".
fn counted(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

fn error(code: Code, at: Place, message: String) -> Diagnostic {
    Diagnostic::new(code, at, message)
}
