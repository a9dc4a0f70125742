//! Patterns as text.

use super::{Dump, quoted};
use crate::body::{PatId, PatKind};
use crate::numbers;

impl Dump<'_> {
    pub(super) fn pat(&self, id: PatId) -> String {
        let pat = &self.body.pats[id];
        let text = match &pat.kind {
            PatKind::Error => "error".to_owned(),
            PatKind::Wildcard => "_".to_owned(),
            PatKind::Bind(local) => self.local(*local),
            PatKind::Assign(place) => self.place(place),
            PatKind::Number(number) => numbers::text(number.value()),
            PatKind::Text(text) => quoted(text),
            PatKind::Bool(value) => value.to_string(),
            PatKind::Null => "null".to_owned(),
            PatKind::Array { elements, rest } => {
                let mut parts: Vec<String> = Vec::new();
                for element in elements {
                    parts.push(self.pat_default(element.pat, element.default));
                }
                parts.extend(rest.map(|rest| format!("...{}", self.pat(rest))));
                format!("[{}]", parts.join(", "))
            }
            PatKind::Object { fields, rest } => {
                let mut parts: Vec<String> = Vec::new();
                for field in fields {
                    let pat = self.pat_default(field.pat, field.default);
                    parts.push(format!("{}: {pat}", field.key));
                }
                parts.extend(rest.map(|rest| format!("...{}", self.pat(rest))));
                format!("{{{}}}", parts.join(", "))
            }
            PatKind::Or(pats) => {
                pats.iter().map(|pat| self.pat(*pat)).collect::<Vec<_>>().join(" | ")
            }
        };
        match pat.threshold {
            Some(threshold) => format!("{text} ~> {}", self.expr(threshold)),
            None => text,
        }
    }

    fn pat_default(&self, pat: PatId, default: Option<crate::body::ExprId>) -> String {
        match default {
            Some(default) => format!("{} = {}", self.pat(pat), self.expr(default)),
            None => self.pat(pat),
        }
    }
}
