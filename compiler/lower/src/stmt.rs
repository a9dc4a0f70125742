//! Lowers statements. A statement has a value when its block's value is wanted.

use prism_hir::body::{Bands, Catch, PatKind};
use prism_hir::body::{
    Block, Branches, ExprId, LambdaId, LocalId, Rebinds, Stmt, StmtKind, SwitchCase,
};
use prism_ir::function::{Facts, Source, Ty, Value};
use prism_ir::op::{BinaryOp, Exit, OpKind};

use crate::branch::Branch;
use crate::coverage::What;
use crate::env::Binding;
use crate::function::{Cx, Flow, Target, TargetKind, Update};
use crate::variables::written_in;
use crate::walk::FunctionKey;

impl<'a, 'db> Cx<'a, '_, 'db> {
    /// A block; with `want`, its value is that of its last statement.
    pub fn block(&mut self, block: &'a Block, want: bool) -> Flow {
        self.hoist(block);
        let mut value = None;
        for (index, stmt) in block.stmts.iter().enumerate() {
            let is_last = index + 1 == block.stmts.len();
            match self.stmt(stmt, want && is_last) {
                Flow::Next(last) => value = last,
                Flow::Ends(exit) => return Flow::Ends(exit),
            }
        }
        Flow::Next(value)
    }

    pub fn stmt(&mut self, stmt: &'a Stmt, want: bool) -> Flow {
        let source = self.source(stmt.span.0);
        match &stmt.kind {
            StmtKind::Expr(expr) => Flow::Next(Some(self.expr(*expr))),
            StmtKind::Let { pat, init } => {
                let value = self.initializer(&self.item.body.pats[*pat].kind, *init, source);
                self.bind_pat(*pat, value, None);
                Flow::Next(None)
            }
            StmtKind::Assign { place, value, rebinds } => match rebinds {
                Rebinds::Always => Flow::Next(self.assign(place, *value, want, source)),
                Rebinds::IfArray | Rebinds::Never => {
                    self.update_call(place, (*value, *rebinds), want, source)
                }
            },
            StmtKind::AssignPattern { pat, value } => {
                let value = self.expr(*value);
                self.bind_pat(*pat, value, None);
                Flow::Next(Some(value))
            }
            StmtKind::Function { local, function } => self.function_stmt(*local, *function, source),
            StmtKind::Block(block) => self.block(block, want),
            StmtKind::If { condition, then, otherwise } => {
                let condition = self.expr(*condition);
                let no_else = Flow::Next(None);
                let lower_then = |cx: &mut Self| {
                    cx.hit(What::Then, source);
                    cx.block(then, want)
                };
                let lower_else = |cx: &mut Self| {
                    cx.hit(What::Else, source);
                    match otherwise {
                        Some(block) => cx.block(block, want),
                        None => no_else,
                    }
                };
                self.if_else(condition, want, source, lower_then, lower_else)
            }
            StmtKind::While { .. }
            | StmtKind::DoWhile { .. }
            | StmtKind::For { .. }
            | StmtKind::ForIn { .. }
            | StmtKind::UncertainWhile { .. }
            | StmtKind::UncertainFor { .. } => self.loop_stmt(stmt, want, source),
            StmtKind::UncertainIf { condition, bands, branches } => {
                self.uncertain_if(*condition, bands, branches, want, source)
            }
            StmtKind::Switch { subject, cases } => self.switch(*subject, cases, want, source),
            StmtKind::Try { body, catch, finally } => {
                self.try_stmt(body, catch.as_ref(), finally.as_ref(), want, source)
            }
            StmtKind::Throw(expr) => {
                let value = self.expr(*expr);
                self.thrown_at = Some(source);
                Flow::Ends(Exit::Throw(value))
            }
            StmtKind::Return(value) => self.return_stmt(*value, source),
            StmtKind::Break => self.break_stmt(source),
            StmtKind::Continue => self.continue_stmt(source),
            StmtKind::Error => Flow::Next(Some(self.unreadable(source))),
        }
    }

    /// The first value of a variable; an effect in it is known by the variable's name.
    fn initializer(&mut self, pat: &PatKind, init: Option<ExprId>, source: Source) -> Value {
        let Some(init) = init else { return self.null(source) };
        if let PatKind::Bind(local) = pat {
            self.bound = Some(self.item.body.locals[*local].name.clone());
        }
        let value = self.expr(init);
        self.bound = None;
        value
    }

    fn unreadable(&mut self, source: Source) -> Value {
        let code = "P0101".into();
        let message = "this statement could not be read".into();
        self.b.push(OpKind::Fail { code, message }, Facts::ANY, source)
    }

    fn function_stmt(&mut self, local: LocalId, lambda: LambdaId, source: Source) -> Flow {
        if self.env.get(local).is_none() && !self.is_global(local) {
            // Outside a block that hoists: a single statement as a body.
            let function = &self.item.body.functions[lambda];
            let closure = self.closure(function, FunctionKey::Lambda(lambda), source);
            self.declare(local, closure, source);
        }
        Flow::Next(Some(self.read_local(local, source)))
    }

    fn return_stmt(&mut self, value: Option<ExprId>, source: Source) -> Flow {
        let value = match value {
            Some(value) => self.expr(value),
            None => self.number(0.0, source),
        };
        Flow::Ends(self.return_value(value, source))
    }

    /// Gives the variable its first value.
    pub fn declare(&mut self, local: LocalId, value: Value, source: Source) {
        if self.is_global(local) {
            let global = self.program.global(&self.item.module, &self.item.body.locals[local].name);
            self.b.push_void(OpKind::GlobalSet { global, value }, source);
            self.env.set(local, Binding::Global(global));
        } else if !self.item.variables.cells.contains(&local) {
            self.env.set(local, Binding::Value(value));
        } else if let (true, Some(Binding::Cell(cell))) =
            (self.item.variables.early.contains(&local), self.env.get(local))
        {
            self.b.push_void(OpKind::CellSet { cell, value }, source);
        } else {
            let kind = OpKind::CellNew(Some(value));
            let cell = self.b.push(kind, Facts::plain(Ty::Cell), source);
            self.env.set(local, Binding::Cell(cell));
        }
    }

    pub fn read_local(&mut self, local: LocalId, source: Source) -> Value {
        match self.env.get(local) {
            Some(Binding::Value(value)) => value,
            Some(Binding::Cell(cell)) => self.b.push(OpKind::CellGet(cell), Facts::ANY, source),
            Some(Binding::Global(global)) => {
                self.b.push(OpKind::GlobalGet(global), Facts::ANY, source)
            }
            None if self.is_global(local) => {
                let name = &self.item.body.locals[local].name;
                let global = self.program.global(&self.item.module, name);
                self.b.push(OpKind::GlobalGet(global), Facts::ANY, source)
            }
            None => self.uninitialised(local, source),
        }
    }

    pub fn write_local(&mut self, local: LocalId, value: Value, source: Source) {
        match self.env.get(local) {
            Some(Binding::Value(_)) => self.env.set(local, Binding::Value(value)),
            Some(Binding::Cell(cell)) => self.b.push_void(OpKind::CellSet { cell, value }, source),
            Some(Binding::Global(global)) => {
                self.b.push_void(OpKind::GlobalSet { global, value }, source);
            }
            None if self.is_global(local) => self.declare(local, value, source),
            None => {
                self.uninitialised(local, source);
            }
        }
    }

    fn break_stmt(&mut self, source: Source) -> Flow {
        let leaves = |target: &&Target<'a>| target.kind != TargetKind::Turn;
        let Some(target) = self.targets.iter().rev().find(leaves) else {
            return self.stray(source);
        };
        let values = self.exit_values(target.last, &target.carried);
        Flow::Ends(Exit::Break { target: target.op, values })
    }

    fn continue_stmt(&mut self, source: Source) -> Flow {
        let is_loop = |target: &Target<'a>| target.kind != TargetKind::Switch;
        let Some(at) = self.targets.iter().rposition(is_loop) else { return self.stray(source) };
        let last = self.targets[at].last;
        if self.targets[at].kind == TargetKind::Turn {
            let values = self.exit_values(last, &self.targets[at].carried);
            return Flow::Ends(Exit::Break { target: self.targets[at].op, values });
        }
        Flow::Ends(self.next_turn(at, last, source))
    }

    /// `break` or `continue` outside a loop: reported by name resolution.
    fn stray(&mut self, source: Source) -> Flow {
        let value = self.unreadable(source);
        Flow::Ends(Exit::Throw(value))
    }

    /// The exit to the next turn of a loop, after its update.
    pub fn next_turn(&mut self, at: usize, last: Option<Value>, source: Source) -> Exit {
        let update = self.targets[at].update.clone();
        let mut position = None;
        match update {
            Update::None => {}
            Update::Stmts { stmts, fresh } => {
                self.refresh(&fresh, source);
                for stmt in stmts {
                    self.stmt(stmt, false);
                }
            }
            Update::Position(index) => {
                let one = self.number(1.0, source);
                let op = BinaryOp::Add;
                let kind = OpKind::Binary { op, confident: false, left: index, right: one };
                position = Some(self.b.push(kind, Facts::plain(Ty::Number), source));
            }
        }
        let target = &self.targets[at];
        let mut values: Vec<Value> = position.into_iter().collect();
        values.extend(self.exit_values(last, &target.carried));
        Exit::Continue { target: target.op, values }
    }

    /// New cells for the variables of a `for` head, so that closures of each turn keep theirs.
    fn refresh(&mut self, fresh: &[LocalId], source: Source) {
        for &local in fresh {
            let value = self.read_local(local, source);
            let kind = OpKind::CellNew(Some(value));
            let cell = self.b.push(kind, Facts::plain(Ty::Cell), source);
            self.env.set(local, Binding::Cell(cell));
        }
    }

    fn uncertain_if(
        &mut self,
        condition: ExprId,
        bands: &'a Bands,
        branches: &'a Branches<Block>,
        want: bool,
        source: Source,
    ) -> Flow {
        let condition = self.expr(condition);
        let band = self.band(condition, bands, true, source);
        self.by_band(band, want, source, &|cx, level| match branch_of(branches, level) {
            Some(block) => cx.block(block, want),
            None => Flow::Next(None),
        })
    }

    /// Chooses by a band's number: 2 high, 1 medium, 0 low.
    pub fn by_band(
        &mut self,
        band: Value,
        want: bool,
        source: Source,
        lower: &dyn Fn(&mut Self, u8) -> Flow,
    ) -> Flow {
        let is_high = self.is_number(band, 2.0, source);
        let lower = |cx: &mut Self, level, what| {
            cx.hit(what, source);
            lower(cx, level)
        };
        self.if_else(
            is_high,
            want,
            source,
            |cx| lower(cx, 2, What::High),
            |cx| {
                let is_medium = cx.is_number(band, 1.0, source);
                let medium = |cx: &mut Self| lower(cx, 1, What::Medium);
                cx.if_else(is_medium, want, source, medium, |cx| lower(cx, 0, What::Low))
            },
        )
    }

    pub fn is_number(&mut self, value: Value, number: f64, source: Source) -> Value {
        let right = self.number(number, source);
        let op = BinaryOp::Identical;
        let kind = OpKind::Binary { op, confident: false, left: value, right };
        self.b.push(kind, Facts::plain(Ty::Boolean), source)
    }

    fn switch(
        &mut self,
        subject: ExprId,
        cases: &'a [SwitchCase],
        want: bool,
        source: Source,
    ) -> Flow {
        let subject = self.expr(subject);
        let start = self.switch_start(subject, cases, 0, source);
        let blocks: Vec<&Block> = cases.iter().map(|case| &case.body).collect();
        let carried = self.carried(written_in(self.item.body, &[], &blocks));
        let outer = carried.clone();
        let value = self.block_with_results(&carried, want, source, |cx, op| {
            let last = want.then(|| cx.null(source));
            let target =
                Target { op, kind: TargetKind::Switch, carried: outer, last, update: Update::None };
            cx.targets.push(target);
            let exit = cx.switch_bodies(start, cases, want, source);
            cx.targets.pop();
            exit
        });
        Flow::Next(value)
    }

    /// The number of the first case that matches, else of `default`, else past the end.
    fn switch_start(
        &mut self,
        subject: Value,
        cases: &'a [SwitchCase],
        at: usize,
        source: Source,
    ) -> Value {
        let next = cases[at..].iter().position(|case| case.test.is_some());
        let Some(next) = next.map(|offset| at + offset) else {
            let default = cases.iter().position(|case| case.test.is_none());
            return self.number(default.unwrap_or(cases.len()) as f64, source);
        };
        let test = cases[next].test.expect("the position was chosen for its test");
        let right = self.expr(test);
        let op = BinaryOp::Identical;
        let kind = OpKind::Binary { op, confident: false, left: subject, right };
        let is_equal = self.b.push(kind, Facts::ANY, source);
        self.choose(
            is_equal,
            source,
            |cx| cx.number(next as f64, source),
            |cx| cx.switch_start(subject, cases, next + 1, source),
        )
    }

    fn switch_bodies(
        &mut self,
        start: Value,
        cases: &'a [SwitchCase],
        want: bool,
        source: Source,
    ) -> Exit {
        for (index, case) in cases.iter().enumerate() {
            let here = self.number(index as f64, source);
            let op = BinaryOp::LessEqual;
            let kind = OpKind::Binary { op, confident: false, left: start, right: here };
            let runs = self.b.push(kind, Facts::plain(Ty::Boolean), source);
            let last = self.targets.last().expect("the switch is the innermost target").last;
            let flow = self.if_else(
                runs,
                want,
                source,
                |cx| cx.block(&case.body, want),
                |_| Flow::Next(last),
            );
            match flow {
                Flow::Next(value) => {
                    let target = self.targets.last_mut().expect("the switch is a target");
                    target.last = value.filter(|_| want);
                }
                Flow::Ends(exit) => return exit,
            }
        }
        let target = self.targets.last().expect("the switch is a target");
        let values = self.exit_values(target.last, &target.carried);
        Exit::Break { target: target.op, values }
    }

    fn try_stmt(
        &mut self,
        body: &'a Block,
        catch: Option<&'a Catch>,
        finally: Option<&'a Block>,
        want: bool,
        source: Source,
    ) -> Flow {
        let tried = self.branch(Vec::new(), want, source, |cx, _| cx.block(body, want));
        let caught: Option<Branch> = catch.map(|catch| {
            self.branch(vec![Facts::ANY], want, source, |cx, thrown| {
                cx.hit(What::Catch, source);
                if let Some(pat) = catch.pat {
                    cx.bind_pat(pat, thrown[0], None);
                }
                cx.block(&catch.body, want)
            })
        });
        let finally = finally.map(|block| {
            self.branch(Vec::new(), false, source, |cx, _| match cx.block(block, false) {
                Flow::Next(_) => Flow::Ends(Exit::Yield(Vec::new())),
                ends @ Flow::Ends(_) => ends,
            })
        });
        let kind = OpKind::Try {
            body: tried.region,
            catch: caught.as_ref().map(|branch| branch.region),
            finally: finally.map(|branch| branch.region),
        };
        let branches = [Some(tried), caught].into_iter().flatten().collect();
        self.join(kind, branches, want, source)
    }
}

/// The branch of a band, else the default.
pub(crate) fn branch_of<T>(branches: &Branches<T>, level: u8) -> Option<&T> {
    let branch = match level {
        2 => &branches.high,
        1 => &branches.medium,
        _ => &branches.low,
    };
    branch.as_ref().or(branches.default.as_ref())
}
