//! Patterns.

use prism_span::Span;

use super::Builder;
use crate::ast::{ExprId, FieldKey, Name, PatElement, PatField, PatId, PatKind};
use crate::errors::SyntaxErrorKind;

impl Builder<'_> {
    pub fn name_pat(&mut self, name: Name) -> PatId {
        self.pat(PatKind::Name(name), name.span)
    }

    pub fn place_pat(&mut self, place: ExprId) -> PatId {
        let span = self.ast[place].span;
        self.pat(PatKind::Place(place), span)
    }

    pub fn text_pat(&mut self, literal: Span) -> PatKind {
        PatKind::Text { quote: self.quote(literal), literal }
    }

    /// `p ~> t`: the pattern again, with the threshold.
    pub fn threshold(&mut self, pat: PatId, threshold: ExprId, span: Span) -> PatId {
        let kind = self.ast[pat].kind;
        self.pat_with(kind, Some(threshold), span)
    }

    pub fn or_pat(&mut self, first: PatId, rest: Vec<PatId>, span: Span) -> PatId {
        let pats = self.ast.list([first].into_iter().chain(rest));
        self.pat(PatKind::Or(pats), span)
    }

    /// Nothing before a comma.
    pub fn hole(&mut self, at: u32) -> PatElement {
        let pat = self.pat(PatKind::Hole, Span::empty(at));
        PatElement { pat, default: None, is_rest: false }
    }

    pub fn array_pat(&mut self, elements: Vec<PatElement>, span: Span) -> PatId {
        let last = elements.len().saturating_sub(1);
        if let Some(element) = elements.iter().take(last).find(|element| element.is_rest) {
            self.error(SyntaxErrorKind::RestNotLast, self.ast[element.pat].span);
        }
        let elements = self.ast.list(elements);
        self.pat(PatKind::Array(elements), span)
    }

    pub fn object_pat(&mut self, fields: Vec<PatField>, span: Span) -> PatId {
        let last = fields.len().saturating_sub(1);
        if let Some(field) = fields.iter().take(last).find(|field| field.key.is_none()) {
            self.error(SyntaxErrorKind::RestNotLast, self.ast[field.pat].span);
        }
        let fields = self.ast.list(fields);
        self.pat(PatKind::Object(fields), span)
    }

    /// `name`, `name ~> t`, `name = d` in an object pattern.
    pub fn field_pat(
        &mut self,
        name: Name,
        threshold: Option<ExprId>,
        default: Option<ExprId>,
        span: Span,
    ) -> PatField {
        let pat = self.pat_with(PatKind::Name(name), threshold, span);
        PatField { key: Some(FieldKey::Name(name)), pat, default }
    }
}
