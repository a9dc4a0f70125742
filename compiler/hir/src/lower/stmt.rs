//! Statements and blocks.

use prism_span::Span;
use prism_syntax::ast::{self, BlockId, DeclKind, StmtId, StmtKind as Syntax};

use super::Cx;
use super::pat::PatMode;
use crate::body::{
    Arg, Block, Catch, ExprId, ExprKind, LocalId, LocalKind, Name, PatKind, Stmt, StmtKind,
    SwitchCase,
};
use crate::problem::ProblemKind;

impl<'a> Cx<'a> {
    pub(super) fn block(&mut self, block: BlockId) -> Block {
        let ast = self.ast;
        self.block_of(&ast[ast[block].stmts])
    }

    /// Statements in a scope of their own.
    pub(super) fn block_of(&mut self, stmts: &[StmtId]) -> Block {
        self.scoped(|cx| {
            cx.declare_block(stmts);
            Block { stmts: cx.stmts(stmts) }
        })
    }

    pub(super) fn stmts(&mut self, stmts: &[StmtId]) -> Box<[Stmt]> {
        let mut lowered = Vec::with_capacity(stmts.len());
        self.append(stmts, &mut lowered);
        lowered.into()
    }

    fn append(&mut self, stmts: &[StmtId], out: &mut Vec<Stmt>) {
        for (position, stmt) in stmts.iter().enumerate() {
            let is_last = self.wants_value && position + 1 == stmts.len();
            self.stmt(*stmt, is_last, out);
        }
    }

    fn push(&mut self, kind: StmtKind, span: Span, out: &mut Vec<Stmt>) {
        let stmt = self.stmt_of(kind, span);
        out.push(stmt);
    }

    /// One statement, which may become several. `is_last`: its value is that of the block, and
    /// somebody takes that. Blocks inside of it have values that are taken, too, where they are
    /// operands.
    pub(super) fn stmt(&mut self, id: StmtId, is_last: bool, out: &mut Vec<Stmt>) {
        let gives_value = match self.ast[id].kind {
            Syntax::Expr(expr) => matches!(
                self.ast[expr].kind,
                ast::ExprKind::Match { .. } | ast::ExprKind::UncertainIf(_)
            ),
            Syntax::Block(_)
            | Syntax::If { .. }
            | Syntax::Switch { .. }
            | Syntax::Try { .. }
            | Syntax::UncertainIf(_)
            | Syntax::InContext { .. }
            | Syntax::Export(_) => true,
            _ => false,
        };
        let around = std::mem::replace(&mut self.wants_value, is_last || !gives_value);
        self.stmt_kind(id, is_last, out);
        self.wants_value = around;
    }

    fn stmt_kind(&mut self, id: StmtId, is_last: bool, out: &mut Vec<Stmt>) {
        let ast = self.ast;
        let ast::Stmt { kind, span } = ast[id];
        let lowered = match kind {
            Syntax::Error => StmtKind::Error,
            Syntax::Expr(expr) => return self.expr_stmt(expr, span, is_last, out),
            Syntax::Let { kind, declarators } => {
                return self.let_stmt(kind, &ast[declarators], span, out);
            }
            Syntax::Assign { op, target, value, .. } => {
                return self.assign_stmt(op, target, value, span, out);
            }
            Syntax::Update { target, is_increment, .. } => {
                return self.step_stmt(target, is_increment, span, out);
            }
            Syntax::AssignPattern { pat, value } => {
                let value = self.expr(value);
                StmtKind::AssignPattern { pat: self.pat(pat, PatMode::Assign), value }
            }
            Syntax::Function(function) => return self.function_stmt(function, span, out),
            Syntax::Block(block) => StmtKind::Block(self.block(block)),
            Syntax::If { condition, then, otherwise } => StmtKind::If {
                condition: self.condition(condition),
                then: self.block(then),
                otherwise: otherwise.map(|block| self.block(block)),
            },
            Syntax::While { condition, body } => StmtKind::While {
                condition: self.condition(condition),
                body: self.in_loop(|cx| cx.block(body)),
            },
            Syntax::DoWhile { body, condition } => StmtKind::DoWhile {
                body: self.in_loop(|cx| cx.block(body)),
                condition: self.condition(condition),
            },
            Syntax::For { head, body } => self.for_stmt(head, body),
            Syntax::ForIn { declared, is_of, pat, index, subject, body } => {
                self.for_in_stmt(declared, is_of, pat, index, subject, body)
            }
            Syntax::UncertainIf(id) => self.uncertain_if_stmt(id),
            Syntax::UncertainWhile(id) => self.uncertain_while_stmt(id),
            Syntax::UncertainFor { head, uncertain } => self.uncertain_for_stmt(head, uncertain),
            Syntax::Switch { subject, cases } => self.switch_stmt(subject, &ast[cases]),
            Syntax::Try { body, catch, finally } => self.try_stmt(body, catch, finally),
            Syntax::Throw(value) => StmtKind::Throw(self.expr(value)),
            Syntax::Return(value) => self.return_stmt(value, span),
            Syntax::Break => self.break_stmt(span),
            Syntax::Continue => self.continue_stmt(span),
            Syntax::InContext { body, .. } => return self.append(&ast[ast[body].stmts], out),
            Syntax::Agents(agents) | Syntax::Agent(agents) => {
                return ast[agents].iter().for_each(|agent| self.agent_stmt(agent, out));
            }
            Syntax::Pattern { name, body } => return self.pattern_stmt(name, body, span, out),
            Syntax::Export(inner) => {
                self.top_level_only("export", span);
                return self.stmt(inner, is_last, out);
            }
            Syntax::ExportDefault(inner) => return self.export_default_stmt(inner, span, out),
            Syntax::TypeAlias { .. } => return self.top_level_only("type", span),
            Syntax::Effect { .. } => return self.top_level_only("effect", span),
            Syntax::Test { .. } => return self.top_level_only("test", span),
            Syntax::Import(_) => return self.top_level_only("import", span),
            Syntax::ExportNames { .. } | Syntax::ExportAll { .. } => {
                return self.top_level_only("export", span);
            }
        };
        self.push(lowered, span, out);
    }

    /// Reports a declaration that only a module may have, when this is not one's top level.
    fn top_level_only(&mut self, what: &'static str, span: Span) {
        let is_top = self.level == 1 && self.input.kind == crate::item::ItemKind::Module;
        if !is_top {
            self.report(span, ProblemKind::TopLevelOnly { what });
        }
    }

    fn let_stmt(
        &mut self,
        kind: DeclKind,
        declarators: &[ast::Declarator],
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        for declarator in declarators {
            if let Some(ty) = declarator.annotation {
                // The variables have it since their block was entered; this is for the report.
                self.type_ref(ty);
            }
            let hint = self.pat_name(declarator.pat);
            let init = declarator.init.map(|init| self.expr_named(init, hint));
            if kind == DeclKind::Const {
                self.note_keyword(declarator.pat, span);
            }
            let pat = self.pat(declarator.pat, PatMode::Declared);
            let own = match declarators.len() {
                1 => span,
                _ => self.declarator_span(declarator),
            };
            self.push(StmtKind::Let { pat, init }, own, out);
        }
    }

    fn declarator_span(&self, declarator: &ast::Declarator) -> Span {
        let pat = self.ast[declarator.pat].span;
        declarator.init.map_or(pat, |init| pat.cover(self.ast[init].span))
    }

    /// The name that a function takes from the pattern it is bound to.
    fn pat_name(&self, pat: ast::PatId) -> Option<&'a str> {
        match self.ast[pat].kind {
            ast::PatKind::Name(name) => Some(name.text(self.text)),
            _ => None,
        }
    }

    /// Remembers the `const` of a declaration, for the fix that makes it a `let`.
    fn note_keyword(&mut self, pat: ast::PatId, span: Span) {
        let at = self.slice(span).find("const").unwrap_or(0) as u32 + span.start;
        let keyword = Span::new(at, at + "const".len() as u32);
        let (ast, text) = (self.ast, self.text);
        crate::declare::pat_names(ast, pat, &mut |name| {
            if let Some(local) = self.local_named(name.text(text)) {
                self.about_mut(local).keyword = Some(keyword);
            }
        });
    }

    fn function_stmt(&mut self, id: ast::FunctionId, span: Span, out: &mut Vec<Stmt>) {
        let name = self.ast[id].name.filter(|name| !name.is_missing());
        let function = self.lambda(id, None);
        match name.and_then(|name| self.local_named(name.text(self.text))) {
            Some(local) => self.push(StmtKind::Function { local, function }, span, out),
            None => {
                let value = self.alloc(ExprKind::Lambda(function), span);
                self.push(StmtKind::Expr(value), span, out);
            }
        }
    }

    /// `pattern Name { … }` inside a block: a function without parameters.
    fn pattern_stmt(&mut self, name: ast::Name, body: BlockId, span: Span, out: &mut Vec<Stmt>) {
        let function = self.thunk(name, body);
        if let Some(local) = self.local_named(name.text(self.text)) {
            self.push(StmtKind::Function { local, function }, span, out);
        }
    }

    /// `export default e`, which declares the variable `default`.
    fn export_default_stmt(&mut self, inner: StmtId, span: Span, out: &mut Vec<Stmt>) {
        self.top_level_only("export", span);
        let value = match self.ast[inner].kind {
            Syntax::Expr(expr) => self.expr_named(expr, Some("default")),
            Syntax::Function(function) => {
                let hint = self.intern("default");
                let function = self.lambda(function, Some(hint));
                self.alloc(ExprKind::Lambda(function), span)
            }
            _ => return self.stmt(inner, true, out),
        };
        let Some(local) = self.local_named("default") else {
            return self.push(StmtKind::Expr(value), span, out);
        };
        self.bind_declared(local, value, span, out);
    }

    fn bind_declared(&mut self, local: LocalId, init: ExprId, span: Span, out: &mut Vec<Stmt>) {
        self.about_mut(local).is_ready = true;
        let pat = self.alloc_pat(PatKind::Bind(local), None, span);
        self.push(StmtKind::Let { pat, init: Some(init) }, span, out);
    }

    /// `Name: Agent { … }`: `let Name = __agent("Name", { … })`.
    fn agent_stmt(&mut self, agent: &ast::AgentDecl, out: &mut Vec<Stmt>) {
        let (span, name) = (agent.span, agent.name);
        let text = self.name_text(name);
        let args = [self.alloc(ExprKind::Text(text), name.span), self.object(agent.fields, span)];
        let args = args.map(|value| Arg { name: None, value, is_spread: false }).into();
        let callee = self.alloc(ExprKind::Name(Name::Builtin("__agent".into())), name.span);
        let init = self.alloc(ExprKind::Call { callee, args, optional: false }, span);
        if let Some(local) = self.local_named(name.text(self.text)) {
            self.bind_declared(local, init, span, out);
        }
    }

    fn in_loop<T>(&mut self, inside: impl FnOnce(&mut Self) -> T) -> T {
        self.frame().loops += 1;
        // Whatever a round gives, the next one gives something else.
        let around = std::mem::replace(&mut self.wants_value, false);
        let result = inside(self);
        self.wants_value = around;
        self.frame().loops -= 1;
        result
    }

    /// The parts of a `for`, in a scope of their own. Its condition is no gate.
    pub(super) fn for_head<T>(
        &mut self,
        head: ast::ForHeadId,
        body: impl FnOnce(&mut Self) -> T,
    ) -> ForParts<T> {
        let head = self.ast[head];
        self.scoped(|cx| {
            cx.declare_block(head.init.as_slice());
            let mut init = Vec::new();
            head.init.into_iter().for_each(|stmt| cx.stmt(stmt, false, &mut init));
            let condition = head.condition.map(|expr| cx.expr(expr));
            let mut update = Vec::new();
            head.update.into_iter().for_each(|stmt| cx.stmt(stmt, false, &mut update));
            let body = cx.in_loop(body);
            ForParts { init, condition, update, body }
        })
    }

    fn for_stmt(&mut self, head: ast::ForHeadId, body: BlockId) -> StmtKind {
        let ForParts { init, condition, update, body } = self.for_head(head, |cx| cx.block(body));
        StmtKind::For { init: init.into(), condition, update: update.into(), body }
    }

    fn for_in_stmt(
        &mut self,
        declared: Option<DeclKind>,
        of: bool,
        pat: ast::PatId,
        index: Option<ast::Name>,
        subject: ast::ExprId,
        body: BlockId,
    ) -> StmtKind {
        let subject = self.expr(subject);
        let kind = match declared {
            Some(DeclKind::Const) => LocalKind::Const,
            Some(DeclKind::Let) | None => LocalKind::Let,
        };
        self.scoped(|cx| {
            let pat = cx.pat(pat, PatMode::Declare(kind));
            let index = index.filter(|name| !name.is_missing());
            let index = index.map(|name| cx.bind_new(name, kind, false));
            let body = cx.in_loop(|cx| cx.block(body));
            StmtKind::ForIn { pat, index, subject, of, body }
        })
    }

    fn switch_stmt(&mut self, subject: ast::ExprId, cases: &[ast::SwitchCase]) -> StmtKind {
        let subject = self.expr(subject);
        self.frame().switches += 1;
        let mut lowered = Vec::with_capacity(cases.len());
        for case in cases {
            let test = case.test.map(|test| self.expr(test));
            lowered.push(SwitchCase { test, body: self.block(case.body) });
        }
        self.frame().switches -= 1;
        StmtKind::Switch { subject, cases: lowered }
    }

    fn try_stmt(
        &mut self,
        body: BlockId,
        catch: Option<ast::Catch>,
        finally: Option<BlockId>,
    ) -> StmtKind {
        self.try_depth += 1;
        self.catch_depth += u32::from(catch.is_some());
        let body = self.block(body);
        self.catch_depth -= u32::from(catch.is_some());
        let catch = catch.map(|catch| {
            self.scoped(|cx| {
                let pat = catch.pat.map(|pat| cx.pat(pat, PatMode::Declare(LocalKind::Let)));
                Catch { pat, body: cx.block(catch.body) }
            })
        });
        let finally = finally.map(|block| self.block(block));
        self.try_depth -= 1;
        StmtKind::Try { body, catch, finally }
    }

    fn return_stmt(&mut self, value: Option<ast::ExprId>, span: Span) -> StmtKind {
        let value = value.map(|value| self.expr(value));
        if !self.frame().returns {
            self.report(span, ProblemKind::ReturnOutside);
        }
        StmtKind::Return(value)
    }

    fn break_stmt(&mut self, span: Span) -> StmtKind {
        let frame = *self.frame();
        if frame.loops == 0 && frame.switches == 0 {
            self.report(span, ProblemKind::BreakOutside);
            return StmtKind::Error;
        }
        StmtKind::Break
    }

    fn continue_stmt(&mut self, span: Span) -> StmtKind {
        if self.frame().loops == 0 {
            self.report(span, ProblemKind::ContinueOutside);
            return StmtKind::Error;
        }
        StmtKind::Continue
    }
}

/// The lowered parts of a `for`.
pub(super) struct ForParts<T> {
    pub init: Vec<Stmt>,
    pub condition: Option<ExprId>,
    pub update: Vec<Stmt>,
    pub body: T,
}
