//! The words for P07xx: code that runs, and probably not as meant.

use prism_diagnostics::{Code, Diagnostic, Edit, Place};
use prism_span::Span;

use super::Words;
use crate::errors::{Copied, Exit, ProblemKind, UnusedAdvice};

impl Words<'_> {
    pub(super) fn lint(&self, at: Place, kind: &ProblemKind) -> Diagnostic {
        match kind {
            ProblemKind::UnusedValue { advice } => self.unused(at, advice),
            ProblemKind::Unreachable { after } => {
                let why = match after {
                    Exit::Return => "after `return`",
                    Exit::Throw => "after `throw`",
                    Exit::Break => "after `break`",
                    Exit::Continue => "after `continue`",
                    Exit::Statement => "because the statement before it never comes to its end",
                };
                let message = format!("this code is never reached, {why}");
                let diagnostic = Diagnostic::warning(Code::P0702, at, message);
                diagnostic.with_fix("remove it", vec![Edit::delete(self.with_line(at))])
            }
            ProblemKind::UnreachableArm => {
                let message = "this arm never matches: an arm before it takes everything";
                Diagnostic::warning(Code::P0703, at, message)
            }
            ProblemKind::TakenBefore { what } => {
                let message = format!("this {what} never matches: one before it takes the value");
                Diagnostic::warning(Code::P0703, at, message)
            }
            ProblemKind::UnreadCopy { local, copied } => {
                let name = &self.body.locals[*local].name;
                let message = format!("nobody reads this change of `{name}`, which is a copy");
                let help = match copied {
                    Copied::Element => {
                        "values are copied: make a new list \
                         (`xs = xs.map(x => x.with(\"key\", value))`), or change the place \
                         (`for x, i in xs { xs[i].key = value }`)"
                    }
                    Copied::Argument => {
                        "arguments are copied: give the new value back, \
                         `return x.with(\"key\", value)`, and let the caller take it"
                    }
                    Copied::Value => {
                        "values are copied: change the place itself, \
                         `xs[i].key = value`"
                    }
                };
                Diagnostic::warning(Code::P0705, at, message)
                    .with_place(self.local(*local), "the copy is made here")
                    .with_help(help)
            }
            ProblemKind::NeverEqual { left, right, holds, nearest } => {
                let how = if *holds { "always holds" } else { "never holds" };
                let types = &self.inference.types;
                let [left, right] = [*left, *right].map(|side| self.ty(types.strip(side)));
                let message = format!("this {how}: `{left}` and `{right}` have no value in common");
                let diagnostic = Diagnostic::warning(Code::P0704, at, message);
                let Some(nearest) = nearest else { return diagnostic };
                let meant = format!("\"{nearest}\"");
                let diagnostic = diagnostic.with_help(format!("did you mean `{meant}`?"));
                // A case and an arm are the text alone.
                match self.source(at).starts_with(['"', '\'']) {
                    true => diagnostic
                        .with_fix(format!("write `{meant}`"), vec![Edit::replace(at, meant)]),
                    false => diagnostic,
                }
            }
            _ => unreachable!("chosen by `Words::diagnostic`"),
        }
    }

    fn unused(&self, at: Place, advice: &UnusedAdvice) -> Diagnostic {
        let message = "this value is computed and not used";
        let diagnostic = Diagnostic::warning(Code::P0701, at, message);
        match advice {
            // A call was meant to do something; what, nobody can tell.
            UnusedAdvice::Remove if has_call(self.source(at)) => diagnostic.with_help(
                "inside an expression a call changes nothing: give the result a name, \
                 or call `push`, `sort` and the like of a variable on a line of its own",
            ),
            UnusedAdvice::Remove => {
                diagnostic.with_fix("remove it", vec![Edit::delete(self.with_line(at))])
            }
            UnusedAdvice::Assign(name) => {
                let start = at.span.start;
                diagnostic
                    .with_help(format!("values do not change: `{name}` keeps what it was"))
                    .with_fix(
                        format!("let `{name}` take the result"),
                        vec![Edit::insert(self.file, start, format!("{name} = "))],
                    )
            }
            UnusedAdvice::InBraces(name) => {
                let help = format!(
                    "as a line of its own in `{{ }}` the call changes `{name}`, which `let` declares"
                );
                let diagnostic = diagnostic.with_help(help);
                let before = self.text.get(..at.span.start as usize).unwrap_or("");
                if !before.trim_end().ends_with("=>") {
                    return diagnostic;
                }
                let edits = vec![
                    Edit::insert(self.file, at.span.start, "{ "),
                    Edit::insert(self.file, at.span.end, " }"),
                ];
                diagnostic.with_fix("put it in braces", edits)
            }
            UnusedAdvice::MeantAssignment => {
                diagnostic.with_help("`==` compares; `=` gives a value to a variable")
            }
        }
    }

    /// The place with its line, when nothing else stands on it.
    fn with_line(&self, at: Place) -> Place {
        let (start, end) = (at.span.start as usize, at.span.end as usize);
        let before = self.text.get(..start).unwrap_or("");
        let after = self.text.get(end..).unwrap_or("");
        let indent = before.len() - before.trim_end_matches([' ', '\t']).len();
        let starts_line = before[..before.len() - indent].is_empty()
            || before[..before.len() - indent].ends_with('\n');
        let rest = after.trim_start_matches([' ', '\t', ';']);
        let skipped = after.len() - rest.len();
        let line_end = ["\n", "\r\n"].into_iter().find(|line_end| rest.starts_with(line_end));
        if let (true, Some(line_end)) = (starts_line, line_end) {
            let end = end + skipped + line_end.len();
            let span = Span::new((start - indent) as u32, end as u32);
            return Place::new(at.file, span);
        }
        at
    }
}

/// Whether something is called in the text of an expression.
fn has_call(text: &str) -> bool {
    let opens = text.match_indices('(').map(|(at, _)| text[..at].chars().next_back());
    opens.flatten().any(|before| before.is_alphanumeric() || matches!(before, '_' | ')' | ']'))
}
