//! Statements, `case` labels and the blocks that are made of them.

use prism_span::Span;

use super::Builder;
use crate::ast::{BlockId, ExprId, List, StmtId, StmtKind, SwitchCase};
use crate::errors::{Expected, SyntaxErrorKind};
use crate::token::Kind;

/// What stands between two separators.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item {
    Stmt(StmtId),
    /// `case e:`, or `default:` when it has no expression.
    Label(Option<ExprId>, Span),
}

/// What the braces that were parsed hold.
#[derive(Debug, Clone, Copy)]
pub(super) enum Closed {
    Block(BlockId),
    Cases(List<SwitchCase>),
}

impl Builder<'_> {
    /// A statement begins at `start`: forgets what an earlier one left unfinished. `has_failed`
    /// tells whether something before the grammar already found a mistake in it.
    pub fn begin(&mut self, start: u32, has_failed: bool) {
        (self.stmt_start, self.has_failed) = (start, has_failed);
        self.operands.clear();
        self.infixes.clear();
    }

    pub fn stmt_item(&mut self, stmt: StmtId) {
        if let Some(start) = self.comprehension.take() {
            self.broken.push(super::span(start, self.ast[stmt].span.end));
        }
        self.items.push(Item::Stmt(stmt));
        self.end_stmt();
    }

    pub fn label(&mut self, test: Option<ExprId>, span: Span) {
        self.items.push(Item::Label(test, span));
        self.end_stmt();
    }

    /// The statement at the span could not be read.
    pub fn broken_item(&mut self, span: Span) {
        let stmt = self.stmt(StmtKind::Error, span);
        self.stmt_item(stmt);
    }

    /// The statement at the span is not read.
    pub fn give_up(&mut self, span: Span) {
        self.gave_up.get_or_insert(span);
        let stmt = self.stmt(StmtKind::Error, span);
        self.items.push(Item::Stmt(stmt));
    }

    /// Reports what only the whole statement can tell.
    fn end_stmt(&mut self) {
        for update in std::mem::take(&mut self.updates) {
            let kind = SyntaxErrorKind::UpdateInExpression;
            self.error(kind, self.ast[update.expr].span);
        }
        if let Some(span) = self.nameless.take() {
            self.error(SyntaxErrorKind::FunctionWithoutName, span);
        }
        self.progress.n_parsed.set(self.progress.n_parsed.get() + 1);
    }

    /// The statements since the one of this number, which now are in a block.
    fn take_stmts(&mut self, first: usize) -> List<StmtId> {
        self.ast.list(self.items.drain(first..).filter_map(|item| match item {
            Item::Stmt(stmt) => Some(stmt),
            Item::Label(..) => None,
        }))
    }

    pub fn end_file(&mut self) {
        let stmts = self.take_stmts(0);
        let root = self.ast.root;
        self.ast.blocks[root].stmts = stmts;
    }

    pub fn close_block(&mut self, first: u32, is_braced: bool, span: Span) {
        let stmts = self.take_stmts(first as usize);
        let block = self.block(stmts, is_braced, span);
        self.closed.push(Closed::Block(block));
    }

    pub fn close_cases(&mut self, first: u32) {
        let mut cases: Vec<SwitchCase> = Vec::new();
        let mut items = self.items.split_off(first as usize).into_iter().peekable();
        if let Some(Item::Stmt(stray)) = items.peek() {
            let kind = SyntaxErrorKind::Unexpected {
                expected: Expected::Token(Kind::KwCase),
                found: Some(Kind::Ident),
            };
            self.error(kind, self.ast[*stray].span);
        }
        while let Some(item) = items.next() {
            let Item::Label(test, label) = item else { continue };
            let mut stmts = Vec::new();
            while let Some(Item::Stmt(stmt)) = items.next_if(|item| matches!(item, Item::Stmt(_))) {
                stmts.push(stmt);
            }
            let last = stmts.last().map_or(label.end, |id| self.ast[*id].span.end);
            let body_span = Span::new(label.end, last.max(label.end));
            let stmts = self.ast.list(stmts);
            let body = self.block(stmts, false, body_span);
            cases.push(SwitchCase { test, body, span: label.to(body_span) });
        }
        let cases = self.ast.list(cases);
        self.closed.push(Closed::Cases(cases));
    }

    /// The block that a token stands for.
    pub fn block_at(&self, closed: u32) -> BlockId {
        match self.closed[closed as usize] {
            Closed::Block(block) => block,
            Closed::Cases(_) => unreachable!("the token of a block is not that of cases"),
        }
    }

    /// The statement `switch` with the cases that a token stands for.
    pub fn switch(&self, subject: ExprId, closed: u32) -> StmtKind {
        match self.closed[closed as usize] {
            Closed::Cases(cases) => StmtKind::Switch { subject, cases },
            Closed::Block(_) => unreachable!("the token of cases is not that of a block"),
        }
    }
}
