//! `uncertain if`, `uncertain while`, `uncertain for`.

use prism_span::Span;
use prism_syntax::ast::{self, Band, Body, ExprKind as Syntax};

use super::Cx;
use super::stmt::ForParts;
use crate::body::{Bands, Block, Branches, ExprId, ExprKind, StmtKind};
use crate::problem::ProblemKind;
use crate::types;

impl<'a> Cx<'a> {
    pub(super) fn uncertain_if_stmt(&mut self, id: ast::UncertainId) -> StmtKind {
        let node = self.ast[id];
        let condition = self.expr(node.condition);
        let bands = self.bands(node.bands);
        let branches = Box::new(self.branches(node.branches, |cx, body| cx.function_body(body)));
        StmtKind::UncertainIf { condition, bands, branches }
    }

    pub(super) fn uncertain_if_expr(&mut self, id: ast::UncertainId, span: Span) -> ExprId {
        let node = self.ast[id];
        let condition = self.expr(node.condition);
        let bands = self.bands(node.bands);
        let branches = Box::new(self.branches(node.branches, |cx, body| cx.body_expr(body)));
        self.alloc(ExprKind::UncertainIf { condition, bands, branches }, span)
    }

    pub(super) fn uncertain_while_stmt(&mut self, id: ast::UncertainId) -> StmtKind {
        let node = self.ast[id];
        let condition = self.expr(node.condition);
        let bands = self.bands(node.bands);
        let branches = Box::new(self.loop_branches(node.branches));
        StmtKind::UncertainWhile { condition, bands, branches }
    }

    pub(super) fn uncertain_for_stmt(
        &mut self,
        head: ast::ForHeadId,
        id: ast::UncertainId,
    ) -> StmtKind {
        let node = self.ast[id];
        // `~>` says how sure the condition is; it asks nothing here.
        let parts = self.for_head(head, |cx| {
            (cx.bands(node.bands), cx.branches(node.branches, |cx, body| cx.function_body(body)))
        });
        let ForParts { init, condition, update, body: (bands, branches) } = parts;
        let (init, update, branches) = (init.into(), update.into(), Box::new(branches));
        StmtKind::UncertainFor { init, condition, update, bands, branches }
    }

    fn loop_branches(&mut self, branches: ast::List<ast::Branch>) -> Branches<Block> {
        self.frame().loops += 1;
        let branches = self.branches(branches, |cx, body| cx.function_body(body));
        self.frame().loops -= 1;
        branches
    }

    fn branches<T>(
        &mut self,
        branches: ast::List<ast::Branch>,
        lower: impl Fn(&mut Self, Body) -> T,
    ) -> Branches<T> {
        let mut lowered = Branches { high: None, medium: None, low: None, default: None };
        for branch in &self.ast[branches] {
            let body = self.scoped(|cx| lower(cx, branch.body));
            let slot = match branch.band {
                Band::High => &mut lowered.high,
                Band::Medium => &mut lowered.medium,
                Band::Low => &mut lowered.low,
                Band::Default => &mut lowered.default,
            };
            slot.get_or_insert(body);
        }
        lowered
    }

    /// `{ high: 0.8, medium: 0.6 }`.
    fn bands(&mut self, bands: Option<ast::ExprId>) -> Bands {
        let mut lowered = Bands::default();
        let Some(bands) = bands else { return lowered };
        let Syntax::Object(fields) = self.ast[bands].kind else {
            self.expr(bands);
            return self.bands_not_written(self.ast[bands].span);
        };
        for field in &self.ast[fields] {
            let (name, value, span) = match *field {
                ast::Field::Named { key, value, span } => (types::key(self.tree, key), value, span),
                ast::Field::Shorthand { name, value } => {
                    (Some(self.name_text(name)), value, name.span)
                }
                ast::Field::Spread { value, span } => (None, value, span),
            };
            let value = self.expr(value);
            match name.as_deref() {
                Some("high") => lowered.high = Some(value),
                Some("medium") => lowered.medium = Some(value),
                Some(other) => {
                    self.report(span, ProblemKind::UnknownBand { name: other.into() });
                }
                None => return self.bands_not_written(span),
            }
        }
        lowered
    }

    /// Limits of which nothing is known.
    fn bands_not_written(&mut self, span: Span) -> Bands {
        self.report(span, ProblemKind::BandsNotWritten { text: span.slice(self.text).into() });
        let unknown = self.alloc(ExprKind::Error, span);
        Bands { high: Some(unknown), medium: Some(unknown) }
    }
}
