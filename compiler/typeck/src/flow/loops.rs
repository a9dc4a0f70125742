//! Loops: walked until what was assumed at the head holds at the end of the body.
//!
//! The first walk starts from what is known before the loop. Where the body changes a variable
//! to something the start did not allow, the walk is repeated from the join, then from a widened
//! guess, which holds for certain; a widened guess is narrowed once. What an earlier walk
//! reported is forgotten.

use prism_hir::body::{Bands, Block, Branches, ExprId, LocalId, PatId, Stmt};

use crate::errors::ProblemKind;
use crate::flow::env::{Branch, Mark};
use crate::flow::literal::inside;
use crate::flow::uncertain::written;
use crate::flow::{Infer, LoopFrame};
use crate::types::{Fact, Kinds, Type, TypeId};

/// Guesses before everything that can change is `any`.
const MAX_GUESSES: usize = 4;
/// More walks of expressions than this many per expression make every loop coarse.
const MAX_VISITS_PER_EXPR: usize = 12;

/// How a loop decides whether to go on.
#[derive(Clone, Copy)]
pub(crate) enum Test {
    Before(ExprId),
    After(ExprId),
    /// `for x in xs`, and a condition that only the bands leave.
    Unknown,
    /// `for (;;)`.
    Never,
}

/// What is assumed at the head of a loop.
#[derive(Default)]
struct Guess {
    n_walks: usize,
    /// What the variables that were guessed held before the loop.
    entry: Vec<(LocalId, Fact)>,
    is_narrowed: bool,
}

impl<'a> Infer<'a> {
    pub(crate) fn infer_while(&mut self, condition: ExprId, body: &'a Block) -> Fact {
        let budget = self.budget();
        let value = self.infer_loop(Test::Before(condition), |infer| infer.infer_block(body));
        self.check_budget(Some(condition), &[&body.stmts], budget);
        value
    }

    pub(crate) fn infer_do_while(&mut self, body: &'a Block, condition: ExprId) -> Fact {
        let budget = self.budget();
        let value = self.infer_loop(Test::After(condition), |infer| infer.infer_block(body));
        self.check_budget(Some(condition), &[&body.stmts], budget);
        value
    }

    pub(crate) fn infer_for(
        &mut self,
        init: &'a [Stmt],
        condition: Option<ExprId>,
        update: &'a [Stmt],
        body: &'a Block,
    ) -> Fact {
        self.infer_stmts(init);
        let budget = self.budget();
        let test = condition.map_or(Test::Never, Test::Before);
        let value = self.infer_loop(test, |infer| {
            let value = infer.infer_block(body);
            infer.meet_continues();
            infer.infer_stmts(update);
            value
        });
        self.check_budget(condition, &[&body.stmts, update], budget);
        value
    }

    pub(crate) fn infer_for_in(
        &mut self,
        pat: PatId,
        index: Option<LocalId>,
        subject: ExprId,
        of: bool,
        body: &'a Block,
    ) -> Fact {
        let items = self.infer_expr(subject);
        self.check_iterable(subject, items.ty);
        let element = self.iterated(items, of);
        self.infer_loop(Test::Unknown, |infer| {
            infer.env.decide(items.confidence, subject);
            infer.bind_pattern(pat, element, None);
            if let Some(index) = index {
                infer.bind_local(index, Fact::plain(TypeId::NUMBER), None);
            }
            infer.infer_block(body)
        })
    }

    fn check_iterable(&mut self, subject: ExprId, ty: TypeId) {
        let never_iterates = Kinds::NUMBER.or(Kinds::BOOLEAN).or(Kinds::FUNCTION);
        if ty != TypeId::NEVER && self.types.kinds(ty).is_within(never_iterates) {
            self.report(subject, ProblemKind::CannotIterate { ty });
        }
    }

    /// What a loop variable gets: elements of an array, keys of an object.
    fn iterated(&mut self, items: Fact, of: bool) -> Fact {
        let element = match self.types.element(items.ty) {
            Some(element) if element.ty == TypeId::NEVER => None,
            Some(element) => Some(element),
            None => match self.types.structure(items.ty) {
                Type::Object(_) if !of => Some(Fact::plain(TypeId::TEXT)),
                _ => None,
            },
        };
        inside(items, element)
    }

    pub(crate) fn infer_uncertain_while(
        &mut self,
        condition: ExprId,
        bands: &'a Bands,
        branches: &'a Branches<Block>,
    ) -> Fact {
        self.infer_loop(Test::Before(condition), |infer| {
            infer.infer_bands_of_loop(Some(condition), bands, branches)
        })
    }

    pub(crate) fn infer_uncertain_for(
        &mut self,
        init: &'a [Stmt],
        condition: Option<ExprId>,
        update: &'a [Stmt],
        bands: &'a Bands,
        branches: &'a Branches<Block>,
    ) -> Fact {
        self.infer_stmts(init);
        let test = condition.map_or(Test::Never, Test::Before);
        self.infer_loop(test, |infer| {
            let value = infer.infer_bands_of_loop(condition, bands, branches);
            infer.meet_continues();
            infer.infer_stmts(update);
            value
        })
    }

    /// One round of an `uncertain` loop; a band that nothing serves leaves the loop.
    fn infer_bands_of_loop(
        &mut self,
        condition: Option<ExprId>,
        bands: &'a Bands,
        branches: &'a Branches<Block>,
    ) -> Fact {
        let limits = self.infer_limits(bands);
        let confidence = condition.map_or(Fact::ANY, |condition| self.fact(condition)).confidence;
        let mark = self.env.mark();
        let mut after: Option<Branch> = None;
        for (bands, branch) in written(branches) {
            if let Some(condition) = condition {
                self.enter_bands(condition, confidence, limits, &bands);
            }
            match branch {
                Some(block) => {
                    self.infer_block(block);
                }
                None => self.leave_loop(),
            }
            let taken = self.env.take(mark);
            after = Some(match after {
                Some(others) => self.env.join_branches(&mut self.types, others, taken),
                None => taken,
            });
        }
        if let Some(after) = after {
            self.env.apply(after);
        }
        Fact::ANY
    }

    /// `break`.
    pub(crate) fn leave_loop(&mut self) {
        let Some(head) = self.frame().loops.last().map(|frame| frame.head) else { return };
        let state = self.env.snapshot(head);
        if let Some(frame) = self.frame().loops.last_mut() {
            frame.breaks.push(state);
        }
        self.env.reachable = false;
    }

    /// `continue`: a `switch` in between does not see it.
    pub(crate) fn next_round(&mut self) {
        let is_loop = |frame: &&LoopFrame| !frame.is_switch;
        let Some(head) = self.frame().loops.iter().rev().find(is_loop).map(|frame| frame.head)
        else {
            return;
        };
        let state = self.env.snapshot(head);
        let is_loop = |frame: &&mut LoopFrame| !frame.is_switch;
        if let Some(frame) = self.frame().loops.iter_mut().rev().find(is_loop) {
            frame.continues.push(state);
        }
        self.env.reachable = false;
    }

    /// Continues where the rounds that were cut short meet the ones that were not.
    fn meet_continues(&mut self) {
        let Some(frame) = self.frame().loops.last_mut() else { return };
        let head = frame.head;
        let continues = std::mem::take(&mut frame.continues);
        if continues.is_empty() {
            return;
        }
        let mut state = self.env.take(head);
        for branch in continues {
            state = self.env.join_branches(&mut self.types, state, branch);
        }
        self.env.apply(state);
    }

    /// Walks a loop. `round` walks the body once.
    fn infer_loop(&mut self, test: Test, mut round: impl FnMut(&mut Self) -> Fact) -> Fact {
        let checkpoint = self.checkpoint();
        if self.is_costly() {
            self.forget_assigned();
        }
        let mut guess = Guess::default();
        loop {
            let head = self.env.mark();
            let (back, breaks) = self.walk_round(test, head, &mut round);
            let unstable = self.unstable(&back);
            if unstable.is_empty() && !self.narrow_guess(&mut guess, &back) {
                return self.leave_at_head(test, breaks);
            }
            self.forget_since(&checkpoint);
            self.widen_guess(&mut guess, unstable);
        }
    }

    /// The next guess for the variables that the body changed to something else.
    fn widen_guess(&mut self, guess: &mut Guess, unstable: Vec<(LocalId, Fact)>) {
        if unstable.is_empty() {
            return;
        }
        guess.n_walks += 1;
        if guess.n_walks > MAX_GUESSES {
            self.forget_assigned();
        }
        for (local, joined) in unstable {
            let here = self.env.get(local);
            if !guess.entry.iter().any(|(known, _)| *known == local) {
                guess.entry.push((local, here));
            }
            let next = match guess.n_walks {
                1 => joined,
                2 => self.widened(here, joined),
                _ => self.made_of(&[joined]),
            };
            self.env.assign(local, next);
        }
    }

    /// One step back from a widened guess that holds: to what the start and the body give.
    /// True when the guess changed.
    fn narrow_guess(&mut self, guess: &mut Guess, back: &Branch) -> bool {
        if guess.n_walks < 2 || guess.is_narrowed {
            return false;
        }
        guess.is_narrowed = true;
        let mut is_changed = false;
        for (local, entry) in guess.entry.clone() {
            let change = back.changes.iter().find(|(changed, _)| *changed == local);
            let Some((_, end)) = change else { continue };
            let next = self.types.join(entry, *end);
            if back.reachable && next != self.env.get(local) {
                self.env.assign(local, next);
                is_changed = true;
            }
        }
        is_changed
    }

    /// One walk of condition and body from the state at the head, which is left as it was.
    fn walk_round(
        &mut self,
        test: Test,
        head: Mark,
        round: &mut impl FnMut(&mut Self) -> Fact,
    ) -> (Branch, Vec<Branch>) {
        let frame = LoopFrame { head, is_switch: false, breaks: Vec::new(), continues: Vec::new() };
        self.frame().loops.push(frame);
        if let Test::Before(condition) = test {
            self.infer_condition(condition);
            self.narrow(condition, true);
        }
        round(self);
        self.meet_continues();
        let mut breaks = Vec::new();
        if let Test::After(condition) = test {
            self.infer_condition(condition);
            let end = self.env.mark();
            self.narrow(condition, false);
            breaks.push(self.env.snapshot(head));
            self.env.roll_back(end);
            self.narrow(condition, true);
        }
        let frame = self.frame().loops.pop().expect("the loop was pushed above");
        breaks.extend(frame.breaks);
        (self.env.take(head), breaks)
    }

    /// The variables whose value at the end of the body the head does not allow, with the join.
    fn unstable(&mut self, back: &Branch) -> Vec<(LocalId, Fact)> {
        let mut unstable = Vec::new();
        if !back.reachable {
            return unstable;
        }
        for (local, fact) in &back.changes {
            let here = self.env.get(*local);
            let joined = self.types.join(here, *fact);
            if joined != here {
                unstable.push((*local, joined));
            }
        }
        unstable
    }

    fn widened(&mut self, here: Fact, joined: Fact) -> Fact {
        let ty = if here.ty == joined.ty { here.ty } else { TypeId::ANY };
        Fact { ty, confidence: here.confidence.widen(joined.confidence) }
    }

    /// Continues behind the loop: where the condition failed at the head, and at every `break`.
    fn leave_at_head(&mut self, test: Test, breaks: Vec<Branch>) -> Fact {
        let head = self.env.mark();
        match test {
            Test::Before(condition) => self.narrow(condition, false),
            Test::After(_) | Test::Never => self.env.reachable = false,
            Test::Unknown => {}
        }
        let mut exit = self.env.take(head);
        for branch in breaks {
            exit = self.env.join_branches(&mut self.types, exit, branch);
        }
        self.env.apply(exit);
        self.env.forget_decision_since(head);
        Fact::ANY
    }

    fn is_costly(&self) -> bool {
        self.n_visits > 1000 + MAX_VISITS_PER_EXPR * self.exprs.len()
    }

    /// Assumes nothing of any variable that can change.
    fn forget_assigned(&mut self) {
        for (local, data) in self.body.locals.iter() {
            if data.is_assigned {
                let forgotten = self.made_of(&[self.env.get(local)]);
                self.env.assign(local, forgotten);
            }
        }
    }
}
