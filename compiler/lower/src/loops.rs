//! Lowers loops. What a loop writes travels as carried values; a loop has a value, that of the
//! last body it completed, which travels first.

use prism_hir::body::{Bands, Block, Branches, ExprId, LocalId, PatId, Stmt, StmtKind};
use prism_ir::function::{Facts, Source, Ty, Value};
use prism_ir::op::{BinaryOp, Exit, OpKind};

use crate::coverage::What;
use crate::env::Binding;
use crate::function::{Cx, Flow, Target, TargetKind, Update};
use crate::stmt::branch_of;
use crate::variables::written_in;

/// What a loop does each turn.
struct Turn<'a> {
    condition: Option<ExprId>,
    /// `do … while`: the condition comes after the body.
    tests_last: bool,
    body: TurnBody<'a>,
}

#[derive(Clone, Copy)]
enum TurnBody<'a> {
    Block(&'a Block),
    /// `uncertain`: the band of the condition chooses; a band without a branch leaves the loop.
    Bands(&'a Bands, &'a Branches<Block>),
}

impl<'a, 'db> Cx<'a, '_, 'db> {
    pub fn loop_stmt(&mut self, stmt: &'a Stmt, want: bool, source: Source) -> Flow {
        let written = written_in(self.item.body, &[stmt], &[]);
        match &stmt.kind {
            StmtKind::While { condition, body } => {
                let body = TurnBody::Block(body);
                let turn = Turn { condition: Some(*condition), tests_last: false, body };
                self.run_loop(turn, written, Update::None, want, source)
            }
            StmtKind::DoWhile { body, condition } => {
                let body = TurnBody::Block(body);
                let turn = Turn { condition: Some(*condition), tests_last: true, body };
                self.run_loop(turn, written, Update::None, want, source)
            }
            StmtKind::For { init, condition, update, body } => {
                let turn =
                    Turn { condition: *condition, tests_last: false, body: TurnBody::Block(body) };
                self.for_stmt(init, update, turn, written, want, source)
            }
            StmtKind::UncertainFor { init, condition, update, bands, branches } => {
                let body = TurnBody::Bands(bands, branches);
                let turn = Turn { condition: *condition, tests_last: false, body };
                self.for_stmt(init, update, turn, written, want, source)
            }
            StmtKind::UncertainWhile { condition, bands, branches } => {
                let body = TurnBody::Bands(bands, branches);
                let turn = Turn { condition: Some(*condition), tests_last: false, body };
                self.run_loop(turn, written, Update::None, want, source)
            }
            StmtKind::ForIn { pat, index, subject, of, body } => {
                self.for_in(*pat, *index, *subject, *of, body, written, want, source)
            }
            other => unreachable!("not a loop: {other:?}"),
        }
    }

    fn for_stmt(
        &mut self,
        init: &'a [Stmt],
        update: &'a [Stmt],
        turn: Turn<'a>,
        written: Vec<LocalId>,
        want: bool,
        source: Source,
    ) -> Flow {
        for stmt in init {
            self.stmt(stmt, false);
        }
        let fresh = self.fresh_cells(init);
        self.run_loop(turn, written, Update::Stmts { stmts: update, fresh }, want, source)
    }

    /// The variables a `for` head declares that live in cells.
    fn fresh_cells(&self, init: &'a [Stmt]) -> Vec<LocalId> {
        let mut locals = Vec::new();
        for stmt in init {
            if let StmtKind::Let { pat, .. } = &stmt.kind {
                self.pat_locals(*pat, &mut locals);
            }
        }
        locals.retain(|local| matches!(self.env.get(*local), Some(Binding::Cell(_))));
        locals
    }

    fn run_loop(
        &mut self,
        turn: Turn<'a>,
        written: Vec<LocalId>,
        update: Update<'a>,
        want: bool,
        source: Source,
    ) -> Flow {
        let mut carried = self.carried(written);
        if let Update::Stmts { fresh, .. } = &update {
            carried.extend(fresh);
        }
        self.carry(carried, update, None, want, source, |cx, at, _| {
            cx.turn(&turn, at, want, source)
        })
    }

    /// Appends a loop whose region `lower` fills; it gets the loop's place among the targets and
    /// the position, when the loop has one.
    fn carry(
        &mut self,
        carried: Vec<LocalId>,
        update: Update<'a>,
        position: Option<Value>,
        want: bool,
        source: Source,
        lower: impl FnOnce(&mut Self, usize, Option<Value>) -> Exit,
    ) -> Flow {
        let start = want.then(|| self.null(source));
        let mut initial: Vec<Value> = position.into_iter().collect();
        initial.extend(self.exit_values(start, &carried));
        let op = self.b.reserve();
        let mark = self.env.mark();
        let is_cell = |cx: &Self, local| matches!(cx.env.get(local), Some(Binding::Cell(_)));
        let mut facts = vec![Facts::ANY; usize::from(want)];
        let kinds: Vec<bool> = carried.iter().map(|local| is_cell(self, *local)).collect();
        facts.extend(kinds.iter().map(|cell| match cell {
            true => Facts::plain(Ty::Cell),
            false => Facts::ANY,
        }));
        let mut params = facts.clone();
        if position.is_some() {
            params.insert(0, Facts::plain(Ty::Number));
        }
        let (body, params) = self.b.open_region(params);
        let (position, params) = match position {
            Some(_) => (Some(params[0]), &params[1..]),
            None => (None, &params[..]),
        };
        let (last, variables) = params.split_at(usize::from(want));
        self.rebind(&carried, &kinds, variables);
        let update = match (update, position) {
            (_, Some(position)) => Update::Position(position),
            (update, None) => update,
        };
        let target = Target {
            op,
            kind: TargetKind::Loop,
            carried: carried.clone(),
            last: last.first().copied(),
            update,
        };
        self.targets.push(target);
        let exit = lower(self, self.targets.len() - 1, position);
        self.targets.pop();
        self.env.rollback(mark);
        self.close(exit, source);
        let results = self.b.place(op, OpKind::Loop { initial, body }, facts, source);
        let (value, rest) = results.split_at(usize::from(want));
        self.rebind(&carried, &kinds, rest);
        Flow::Next(value.first().copied())
    }

    fn rebind(&mut self, locals: &[LocalId], are_cells: &[bool], values: &[Value]) {
        for ((local, is_cell), value) in locals.iter().zip(are_cells).zip(values) {
            let binding = if *is_cell { Binding::Cell(*value) } else { Binding::Value(*value) };
            self.env.set(*local, binding);
        }
    }

    fn turn(&mut self, turn: &Turn<'a>, at: usize, want: bool, source: Source) -> Exit {
        if turn.tests_last {
            return self.turn_testing_last(turn, at, want, source);
        }
        let condition = turn.condition.map(|condition| self.expr(condition));
        let Some(tested) = condition else {
            return self.turn_body(turn, None, at, want, source);
        };
        let flow = self.if_else(
            tested,
            false,
            source,
            |cx| Flow::Ends(cx.turn_body(turn, Some(tested), at, want, source)),
            |cx| Flow::Ends(cx.leave(at)),
        );
        match flow {
            Flow::Ends(exit) => exit,
            Flow::Next(_) => unreachable!("both sides leave the turn"),
        }
    }

    /// The body of a turn, then the way to the next one.
    fn turn_body(
        &mut self,
        turn: &Turn<'a>,
        condition: Option<Value>,
        at: usize,
        want: bool,
        source: Source,
    ) -> Exit {
        let flow = match turn.body {
            TurnBody::Block(block) => {
                self.hit(What::Turn, source);
                self.block(block, want)
            }
            TurnBody::Bands(bands, branches) => {
                let subject = condition.unwrap_or_else(|| self.null(source));
                let band = self.band(subject, bands, false, source);
                self.by_band(band, want, source, &|cx, level| match branch_of(branches, level) {
                    Some(block) => cx.block(block, want),
                    None => Flow::Ends(cx.leave(at)),
                })
            }
        };
        match flow {
            Flow::Ends(exit) => exit,
            Flow::Next(value) => {
                let value = self.value_if(want, value, source);
                self.next_turn(at, value, source)
            }
        }
    }

    fn value_if(&mut self, want: bool, value: Option<Value>, source: Source) -> Option<Value> {
        want.then(|| value.unwrap_or_else(|| self.null(source)))
    }

    /// `continue` in a `do … while` goes to the test, so the body is a block of its own.
    fn turn_testing_last(
        &mut self,
        turn: &Turn<'a>,
        at: usize,
        want: bool,
        source: Source,
    ) -> Exit {
        let TurnBody::Block(body) = turn.body else {
            unreachable!("`uncertain` has no `do … while`")
        };
        let condition = turn.condition.expect("`do … while` has a condition");
        let carried = self.targets[at].carried.clone();
        let last = self.targets[at].last;
        let inner = carried.clone();
        let value = self.block_with_results(&carried, want, source, |cx, op| {
            let kind = TargetKind::Turn;
            cx.targets.push(Target { op, kind, carried: inner, last, update: Update::None });
            cx.hit(What::Turn, source);
            let exit = match cx.block(body, want) {
                Flow::Ends(exit) => exit,
                Flow::Next(value) => {
                    let value = cx.value_if(want, value, source);
                    let target = cx.targets.last().expect("the turn is the innermost target");
                    Exit::Break { target: op, values: cx.exit_values(value, &target.carried) }
                }
            };
            cx.targets.pop();
            exit
        });
        let tested = self.expr(condition);
        let flow = self.if_else(
            tested,
            false,
            source,
            |cx| Flow::Ends(cx.next_turn(at, value, source)),
            |cx| {
                let target = &cx.targets[at];
                let values = cx.exit_values(value, &target.carried);
                Flow::Ends(Exit::Break { target: target.op, values })
            },
        );
        match flow {
            Flow::Ends(exit) => exit,
            Flow::Next(_) => unreachable!("both sides leave the turn"),
        }
    }

    pub fn leave(&self, at: usize) -> Exit {
        let target = &self.targets[at];
        Exit::Break { target: target.op, values: self.exit_values(target.last, &target.carried) }
    }

    fn for_in(
        &mut self,
        pat: PatId,
        index: Option<LocalId>,
        subject: ExprId,
        of: bool,
        body: &'a Block,
        written: Vec<LocalId>,
        want: bool,
        source: Source,
    ) -> Flow {
        let subject_source = self.source_of(subject);
        let subject = self.expr(subject);
        let kind = OpKind::Items { subject, of };
        let items = self.b.push(kind, Facts::plain(Ty::Array), subject_source);
        let count = self.b.push(OpKind::ItemCount(items), Facts::plain(Ty::Number), source);
        let zero = self.number(0.0, source);
        let carried = self.carried(written);
        self.carry(carried, Update::None, Some(zero), want, source, |cx, at, position| {
            let position = position.expect("the loop was given a position");
            let op = BinaryOp::Less;
            let kind = OpKind::Binary { op, confident: false, left: position, right: count };
            let more = cx.b.push(kind, Facts::plain(Ty::Boolean), source);
            let flow = cx.if_else(
                more,
                false,
                source,
                |cx| {
                    let kind = OpKind::ItemAt { items, index: position };
                    let item = cx.b.push(kind, Facts::ANY, source);
                    cx.bind_pat(pat, item, None);
                    if let Some(index) = index {
                        cx.declare(index, position, source);
                    }
                    cx.hit(What::Turn, source);
                    match cx.block(body, want) {
                        Flow::Ends(exit) => Flow::Ends(exit),
                        Flow::Next(value) => {
                            let value = cx.value_if(want, value, source);
                            Flow::Ends(cx.next_turn(at, value, source))
                        }
                    }
                },
                |cx| Flow::Ends(cx.leave(at)),
            );
            match flow {
                Flow::Ends(exit) => exit,
                Flow::Next(_) => unreachable!("both sides leave the turn"),
            }
        })
    }
}
