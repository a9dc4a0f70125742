//! Statements and blocks. Every statement has a value; a block has that of its last one.

use prism_hir::body::{
    Block, Catch, ExprId, ExprKind, LocalId, Rebinds, Stmt, StmtKind, SwitchCase,
};

use crate::confidence::Confidence;
use crate::errors::{Exit, ProblemKind, Site, Target};
use crate::flow::compare::Equality;
use crate::flow::env::Branch;
use crate::flow::{Infer, LoopFrame, MAX_NESTING};
use crate::secrets::Reader;
use crate::types::{Fact, FieldType, ObjectType, TypeId};

impl<'a> Infer<'a> {
    pub(crate) fn infer_block(&mut self, block: &'a Block) -> Fact {
        if self.nesting >= MAX_NESTING {
            self.perform_unknown();
            return Fact::ANY;
        }
        self.nesting += 1;
        let value = self.infer_stmts(&block.stmts);
        self.nesting -= 1;
        value
    }

    pub(crate) fn infer_stmts(&mut self, stmts: &'a [Stmt]) -> Fact {
        self.declare_functions(stmts);
        let mut value = Fact::NULL;
        let mut is_live = self.env.reachable;
        for (index, stmt) in stmts.iter().enumerate() {
            let takes_effect = !matches!(stmt.kind, StmtKind::Function { .. });
            if is_live && !self.env.reachable && takes_effect {
                is_live = false;
                self.report_unreachable(stmt, &stmts[..index]);
            }
            value = self.infer_stmt(stmt);
            if index + 1 < stmts.len() {
                self.check_unused(stmt);
            }
        }
        value
    }

    /// Functions of a block can be called before they stand.
    fn declare_functions(&mut self, stmts: &'a [Stmt]) {
        for stmt in stmts {
            if let StmtKind::Function { local, function } = stmt.kind {
                self.declarations.insert(local, function);
                self.functions[crate::inference::index_of(function)] = TypeId::ANY;
            }
        }
    }

    fn report_unreachable(&mut self, stmt: &Stmt, before: &[Stmt]) {
        let is_step = |stmt: &&Stmt| !matches!(stmt.kind, StmtKind::Function { .. });
        let Some(last) = before.iter().rev().find(is_step) else { return };
        let exit = exit_of(&last.kind, 0).or_else(|| self.endless_loop(&last.kind));
        let Some(after) = exit else { return };
        self.env.reachable = true;
        self.report(Site::Stmt(stmt.id), ProblemKind::Unreachable { after });
        self.env.reachable = false;
    }

    /// `while (true)` without a way out.
    fn endless_loop(&self, kind: &StmtKind) -> Option<Exit> {
        let StmtKind::While { condition, .. } = kind else { return None };
        let is_literal =
            matches!(self.body.exprs[*condition].kind, ExprKind::Bool(true) | ExprKind::Number(_));
        is_literal.then_some(Exit::Statement)
    }

    fn infer_stmt(&mut self, stmt: &'a Stmt) -> Fact {
        match &stmt.kind {
            StmtKind::Expr(expr) => self.infer_expr(*expr),
            StmtKind::Let { pat, init } => {
                let value = match init {
                    Some(init) => {
                        let expected = self.declared_pattern(*pat);
                        self.infer_expected(*init, expected)
                    }
                    None => self.uninitialised(*pat),
                };
                self.bind_pattern(*pat, value, *init);
                Fact::NULL
            }
            StmtKind::Assign { place, value, rebinds } => {
                let expected = self.declared_place(place);
                let fact = self.infer_expected(*value, expected);
                match rebinds {
                    Rebinds::Always => self.assign_place(place, *value, fact),
                    Rebinds::IfArray => self.update_place(place, *value, fact),
                    Rebinds::Never => self.update_constant(place, *value),
                }
                fact
            }
            StmtKind::AssignPattern { pat, value } => {
                let fact = self.infer_expr(*value);
                self.bind_pattern(*pat, fact, Some(*value));
                fact
            }
            StmtKind::Function { local, function } => {
                let ty = self.declared_function(*function);
                self.set_local(*local, Fact::plain(ty));
                Fact::ANY
            }
            StmtKind::Block(block) => self.infer_block(block),
            StmtKind::If { .. } => self.infer_if(stmt),
            StmtKind::While { condition, body } => self.infer_while(*condition, body),
            StmtKind::DoWhile { body, condition } => self.infer_do_while(body, *condition),
            StmtKind::For { init, condition, update, body } => {
                self.infer_for(init, *condition, update, body)
            }
            StmtKind::ForIn { pat, index, subject, of, body } => {
                self.infer_for_in(*pat, *index, *subject, *of, body)
            }
            StmtKind::UncertainIf { condition, bands, branches } => {
                self.infer_uncertain_stmt(*condition, bands, branches)
            }
            StmtKind::UncertainWhile { condition, bands, branches } => {
                self.infer_uncertain_while(*condition, bands, branches)
            }
            StmtKind::UncertainFor { init, condition, update, bands, branches } => {
                self.infer_uncertain_for(init, *condition, update, bands, branches)
            }
            StmtKind::Switch { subject, cases } => self.infer_switch(*subject, cases),
            StmtKind::Try { body, catch, finally } => {
                self.infer_try(body, catch.as_ref(), finally.as_ref())
            }
            StmtKind::Throw(expr) => {
                let fact = self.infer_expr(*expr);
                self.expose(*expr, fact, &Reader::Throw);
                self.env.reachable = false;
                Fact::NEVER
            }
            StmtKind::Return(value) => self.infer_return(*value),
            StmtKind::Break => {
                self.leave_loop();
                Fact::NEVER
            }
            StmtKind::Continue => {
                self.next_round();
                Fact::NEVER
            }
            StmtKind::Error => Fact::ANY,
        }
    }

    /// `let x` is null until it is given a value; the checker waits for that value.
    fn uninitialised(&mut self, pat: prism_hir::body::PatId) -> Fact {
        match self.declared_pattern(pat) {
            Some(_) => Fact { ty: TypeId::ANY, confidence: Confidence::PLAIN },
            None => Fact::NULL,
        }
    }

    fn infer_return(&mut self, value: Option<ExprId>) -> Fact {
        let declared = self.frame().declared_result;
        let fact = match value {
            Some(value) => {
                let fact = self.infer_expected(value, declared);
                if let Some(declared) = declared {
                    self.check_fit(value, fact, declared, Target::Result);
                }
                fact
            }
            None => Fact::NULL,
        };
        if self.env.reachable {
            let fact = self.decided(fact);
            let returned = self.frame().returned;
            self.frame().returned = self.types.join(returned, fact);
        }
        self.env.reachable = false;
        Fact::NEVER
    }

    /// `if … else if … else …` is walked as one list, so that long chains are not deep.
    fn infer_if(&mut self, stmt: &'a Stmt) -> Fact {
        let start = self.env.mark();
        let mut result = Fact::NEVER;
        let mut branches: Vec<Branch> = Vec::new();
        let mut at = stmt;
        while let StmtKind::If { condition, then, otherwise } = &at.kind {
            self.infer_condition(*condition);
            let mark = self.env.mark();
            self.narrow(*condition, true);
            let is_live = self.env.reachable;
            let value = self.infer_block(then);
            let value = self.decided(value);
            result = if is_live { self.types.join(result, value) } else { result };
            branches.push(self.env.snapshot(start));
            self.env.roll_back(mark);
            self.narrow(*condition, false);
            match otherwise {
                Some(block) if is_else_if(block) => at = &block.stmts[0],
                otherwise => {
                    let is_live = self.env.reachable;
                    let value = otherwise.as_ref().map_or(Fact::NULL, |b| self.infer_block(b));
                    let value = self.decided(value);
                    result = if is_live { self.types.join(result, value) } else { result };
                    break;
                }
            }
        }
        let last = self.env.take(start);
        self.meet(branches, last);
        result
    }

    /// Continues where all branches meet.
    fn meet(&mut self, branches: Vec<Branch>, last: Branch) {
        let mut joined = last;
        for branch in branches {
            joined = self.env.join_branches(&mut self.types, joined, branch);
        }
        self.env.apply(joined);
    }

    fn infer_switch(&mut self, subject: ExprId, cases: &'a [SwitchCase]) -> Fact {
        self.infer_expr(subject);
        // No body runs before a test.
        let tests = self.infer_tests(subject, cases);
        let head = self.env.mark();
        let frame = LoopFrame { head, is_switch: true, breaks: Vec::new(), continues: Vec::new() };
        self.frame().loops.push(frame);
        let mut fallen: Option<Branch> = None;
        for case in cases {
            let jumped = self.jumped(subject, case.test, &tests);
            match fallen.take() {
                Some(fallen) => self.env.join(&mut self.types, jumped, fallen),
                None => self.env.apply(jumped),
            }
            let decides = self.types.whole(self.fact(subject));
            self.env.decide(decides, subject);
            self.infer_block(&case.body);
            fallen = Some(self.env.take(head));
        }
        let mut exits = self.frame().loops.pop().map_or(Vec::new(), |frame| frame.breaks);
        let has_default = cases.iter().any(|case| case.test.is_none());
        if !has_default {
            exits.push(self.jumped(subject, None, &tests));
        }
        let last = fallen.unwrap_or_else(|| self.env.snapshot(head));
        self.meet(exits, last);
        Fact::ANY
    }

    /// The tests of a `switch`, in order.
    fn infer_tests(&mut self, subject: ExprId, cases: &'a [SwitchCase]) -> Vec<ExprId> {
        let tests: Vec<ExprId> = cases.iter().filter_map(|case| case.test).collect();
        let mut taken = Vec::new();
        for test in &tests {
            let wanted = self.infer_expr(*test);
            if taken.contains(&wanted.ty) {
                self.report(*test, ProblemKind::TakenBefore { what: "case" });
            } else if self.types.is_literal(wanted.ty) {
                taken.push(wanted.ty);
            }
            let subject = self.fact(subject);
            let how = (Equality::Loose, false);
            self.check_compared((*test).into(), how, subject.ty, wanted.ty);
        }
        tests
    }

    /// What is known where a `switch` jumps to a case: the subject is what the test says, or,
    /// where there is none, what no test says. The state stays as it is.
    fn jumped(&mut self, subject: ExprId, test: Option<ExprId>, tests: &[ExprId]) -> Branch {
        let mark = self.env.mark();
        match test {
            Some(test) => self.narrow_equality(subject, test, true),
            None => tests.iter().for_each(|test| self.narrow_equality(subject, *test, false)),
        }
        self.env.take(mark)
    }

    fn infer_try(
        &mut self,
        body: &'a Block,
        catch: Option<&'a Catch>,
        finally: Option<&'a Block>,
    ) -> Fact {
        let start = self.env.mark();
        self.caught += u32::from(catch.is_some());
        let mut result = self.infer_block(body);
        self.caught -= u32::from(catch.is_some());
        let mut after = self.env.take(start);
        if let Some(catch) = catch {
            self.enter_interrupted();
            if let Some(pat) = catch.pat {
                let caught = self.caught_value();
                self.bind_pattern(pat, caught, None);
            }
            let value = self.infer_block(&catch.body);
            result = self.types.join(result, value);
            let handled = self.env.take(start);
            after = self.env.join_branches(&mut self.types, after, handled);
        }
        let is_live = after.reachable;
        match finally {
            Some(finally) => {
                self.env.apply(after);
                self.env.reachable = start.is_reachable();
                let held = self.enter_interrupted();
                self.infer_block(finally);
                self.env.reachable &= is_live;
                // Behind it the `try` came to its end: what `finally` does not write is as it was.
                for (local, at_the_end, at_any_time) in held {
                    if self.env.get(local) == at_any_time {
                        self.env.assign(local, at_the_end);
                    }
                }
            }
            None => self.env.apply(after),
        }
        result
    }

    /// Continues where a `try` was left at any point: a variable that it writes holds what it
    /// held before, or anything that it was given anywhere. Gives those variables, with what they
    /// held here and what they hold now.
    fn enter_interrupted(&mut self) -> Vec<(LocalId, Fact, Fact)> {
        let mut held = Vec::new();
        for index in 0..self.written_in_try.len() {
            let local = self.written_in_try[index];
            let here = self.env.get(local);
            let any_time = self.locals[crate::inference::index_of(local)];
            let joined = self.types.join(here, any_time);
            self.env.assign(local, joined);
            held.push((local, here, joined));
        }
        held
    }

    /// `catch (e)` gets an object; its text form is the message.
    fn caught_value(&mut self) -> Fact {
        let field =
            |name: &str| FieldType { name: name.into(), fact: Fact::ANY, is_optional: false };
        let fields = vec![field("message"), field("code"), field("data")];
        Fact::of(self.types.object(ObjectType { fields, is_open: true }))
    }
}

fn is_else_if(block: &Block) -> bool {
    matches!(*block.stmts, [Stmt { kind: StmtKind::If { .. }, .. }])
}

/// How deep [`exit_of`] looks into a statement.
const MAX_LOOK: u32 = 20;

/// How a statement leaves, where its words alone say that it always does.
fn exit_of(kind: &StmtKind, depth: u32) -> Option<Exit> {
    let exits = |block: &Block| {
        depth < MAX_LOOK && block.stmts.iter().any(|stmt| exit_of(&stmt.kind, depth + 1).is_some())
    };
    match kind {
        StmtKind::Return(_) => Some(Exit::Return),
        StmtKind::Throw(_) => Some(Exit::Throw),
        StmtKind::Break => Some(Exit::Break),
        StmtKind::Continue => Some(Exit::Continue),
        StmtKind::Block(block) => exits(block).then_some(Exit::Statement),
        StmtKind::If { then, otherwise, .. } => {
            let both = exits(then) && otherwise.as_ref().is_some_and(exits);
            both.then_some(Exit::Statement)
        }
        StmtKind::Try { body, catch, finally } => {
            let tried = exits(body) && catch.as_ref().is_none_or(|catch| exits(&catch.body));
            (tried || finally.as_ref().is_some_and(exits)).then_some(Exit::Statement)
        }
        StmtKind::UncertainIf { branches, .. } => {
            let written = [&branches.high, &branches.medium, &branches.low, &branches.default];
            let all = written.iter().all(|branch| branch.as_ref().is_none_or(exits));
            let complete = branches.default.is_some() || written[..3].iter().all(|b| b.is_some());
            (all && complete).then_some(Exit::Statement)
        }
        StmtKind::For { condition: None, .. } => Some(Exit::Statement),
        // Whether a loop or a switch ends is not written in one place.
        StmtKind::While { .. }
        | StmtKind::DoWhile { .. }
        | StmtKind::For { .. }
        | StmtKind::Switch { .. }
        | StmtKind::Expr(_)
        | StmtKind::Let { .. }
        | StmtKind::Assign { .. }
        | StmtKind::AssignPattern { .. }
        | StmtKind::Function { .. }
        | StmtKind::ForIn { .. }
        | StmtKind::UncertainWhile { .. }
        | StmtKind::UncertainFor { .. }
        | StmtKind::Error => None,
    }
}
