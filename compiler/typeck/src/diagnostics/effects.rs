//! The words for P03xx: effects.

use prism_diagnostics::{Code, Diagnostic, Place};

use super::{Words, error};
use crate::effects::family_of;
use crate::errors::ProblemKind;

impl Words<'_> {
    pub(super) fn effect(&self, at: Place, kind: &ProblemKind) -> Diagnostic {
        match kind {
            ProblemKind::UndeclaredEffect { effect, declared } => {
                let family = family_of(effect);
                let message = match &**declared {
                    "none" => format!("`{effect}` in a function that declares `uses none`"),
                    declared => {
                        format!("`{effect}` is not among the declared effects `{declared}`")
                    }
                };
                let wanted = match &**declared {
                    "none" => format!("uses {family}"),
                    declared => format!("uses {declared}, {family}"),
                };
                error(Code::P0301, at, message)
                    .with_label("the effect enters here")
                    .with_help(format!("declare it (`{wanted}`), or answer it with `handle`"))
            }
            ProblemKind::UnhandledEffect { operation } => {
                let message = format!("nothing handles `{operation}`");
                error(Code::P0302, at, message)
                    .with_label("the effect enters here")
                    .with_help(format!(
                        "the host answers only the effects of the language: write `handle {{ … }} with {{ {operation}(…) => resume(…) }}`"
                    ))
            }
            ProblemKind::UnknownEffect { name, nearest } => {
                let message = format!("`uses` names no effect: `{name}`");
                let diagnostic = error(Code::P0303, at, message);
                match nearest {
                    Some(nearest) => diagnostic.with_help(format!("did you mean `{nearest}`?")),
                    None => diagnostic
                        .with_help("effects are those of the language, and `effect` declarations"),
                }
            }
            ProblemKind::UnboundedAgentLoop { call } => {
                let message = "nothing bounds how often this loop asks agents".to_owned();
                Diagnostic::warning(Code::P0304, at, message)
                    .with_place(self.expr(*call), "asked here, in every round")
                    .with_help("count the rounds and stop: `tries < 3 && …`")
            }
            ProblemKind::UnboundedAgentRecursion { asked } => {
                let message = "nothing bounds how often this function calls itself and asks agents";
                Diagnostic::warning(Code::P0304, at, message)
                    .with_place(self.expr(*asked), "asked here, every time")
                    .with_help("count the calls in a parameter and stop: `tries + 1`")
            }
            _ => unreachable!("chosen by `Words::diagnostic`"),
        }
    }
}
