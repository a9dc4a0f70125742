//! The words for secrets that somebody would see.

use prism_diagnostics::{Code, Diagnostic, Place};
use prism_hir::body::{ExprKind, Name};

use super::{Words, callee, error};
use crate::errors::{Callee, Site};
use crate::secrets::Reader;

impl Words<'_> {
    pub(super) fn secret(
        &self,
        site: Site,
        at: Place,
        (reader, via, entered): (&Reader, Option<&Callee>, Option<Site>),
    ) -> Diagnostic {
        let value = self.named(site);
        let message = format!("{value} holds a secret, which {}", shown_by(reader));
        let mut diagnostic = error(Code::P0305, at, message);
        if let Some(via) = via {
            diagnostic = diagnostic.with_label(format!("{} brings it there", callee(via)));
        }
        if let Some(entered) = entered.filter(|entered| *entered != site) {
            diagnostic = diagnostic.with_place(self.site(entered), self.entrance(entered));
        }
        let inside = site.expr().and_then(|expr| self.quoted(expr));
        let inside = inside.as_deref().map_or("value", |text| text.trim_matches('`'));
        diagnostic.with_help(advice(reader, inside))
    }

    /// How a secret comes into the body.
    fn entrance(&self, entered: Site) -> String {
        let Site::Expr(expr) = entered else { return "declared as a secret".to_owned() };
        match &self.body.exprs[expr].kind {
            ExprKind::Name(Name::Host(_)) => "`@input` declares a secret in it".to_owned(),
            ExprKind::Call { .. } | ExprKind::MethodCall { .. } => {
                "this call gives a secret".to_owned()
            }
            _ => "the secret comes from here".to_owned(),
        }
    }
}

/// What happens to the secret.
fn shown_by(reader: &Reader) -> String {
    let Reader::Operation { name, param } = reader else {
        return match reader {
            Reader::Print => "is printed".to_owned(),
            Reader::Throw => "the message of an error shows".to_owned(),
            Reader::Result | Reader::Operation { .. } => "the result of the run shows".to_owned(),
        };
    };
    let family = name.split('.').next().unwrap_or(name);
    match family {
        "llm" | "stream_llm" => "goes into a prompt".to_owned(),
        "agent" => "goes to an agent".to_owned(),
        "human" => "is shown to a person".to_owned(),
        "log" => "is written to the log".to_owned(),
        "event" => "is published".to_owned(),
        "http" => "stands in an address".to_owned(),
        "state" | "checkpoint" | "propose" => "is kept in the clear".to_owned(),
        "workspace" => "goes into the workspace".to_owned(),
        _ => format!("`{name}` takes as `{param}`"),
    }
}

/// The edit that mends it.
fn advice(reader: &Reader, value: &str) -> String {
    let reveal = format!("`reveal({value})` says that it may be seen");
    let Reader::Operation { name, param } = reader else {
        return format!("leave the secret out; {reveal}");
    };
    match name.split('.').next().unwrap_or(name) {
        "http" => format!(
            "addresses are written down: send it as `{{ headers: {{ authorization: … }} }}`; {reveal}"
        ),
        family if prism_hir::builtins::EFFECTS.iter().all(|op| op.effect != family) => {
            format!("declare the parameter `{param}: secret` in `{name}`; {reveal}")
        }
        _ => format!("leave the secret out; {reveal}"),
    }
}
