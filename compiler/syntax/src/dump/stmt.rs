//! Statements.

use super::Dump;
use crate::ast::{
    AgentDecl, AssignOp, Catch, DeclKind, Declarator, EffectOp, ForHeadId, Import, List, StmtId,
    StmtKind, SwitchCase,
};

impl Dump<'_> {
    pub(super) fn stmt(&mut self, id: StmtId) {
        let stmt = self.ast[id];
        let label = self.stmt_label(stmt.kind);
        self.node(label, stmt.span);
        self.inside(|d| d.stmt_parts(stmt.kind));
    }

    fn stmt_label(&self, kind: StmtKind) -> String {
        match kind {
            StmtKind::Error => "broken statement".into(),
            StmtKind::Expr(_) => "expression".into(),
            StmtKind::Let { kind: DeclKind::Let, .. } => "let".into(),
            StmtKind::Let { kind: DeclKind::Const, .. } => "const".into(),
            StmtKind::Assign { op: AssignOp::Plain, .. } => "assign".into(),
            StmtKind::Assign { op: AssignOp::Compound(op), .. } => format!("assign {op:?}"),
            StmtKind::AssignPattern { .. } => "assign pattern".into(),
            StmtKind::Update { is_increment: true, .. } => "increment".into(),
            StmtKind::Update { is_increment: false, .. } => "decrement".into(),
            StmtKind::Function(_) => "declare function".into(),
            StmtKind::Block(_) => "block statement".into(),
            StmtKind::If { .. } => "if".into(),
            StmtKind::While { .. } => "while".into(),
            StmtKind::DoWhile { .. } => "do while".into(),
            StmtKind::For { .. } => "for".into(),
            StmtKind::ForIn { is_of: false, .. } => "for in".into(),
            StmtKind::ForIn { is_of: true, .. } => "for of".into(),
            StmtKind::UncertainIf(_) => "uncertain if statement".into(),
            StmtKind::UncertainWhile(_) => "uncertain while".into(),
            StmtKind::UncertainFor { .. } => "uncertain for".into(),
            StmtKind::Switch { .. } => "switch".into(),
            StmtKind::Try { .. } => "try".into(),
            StmtKind::Throw(_) => "throw".into(),
            StmtKind::Return(_) => "return".into(),
            StmtKind::Break => "break".into(),
            StmtKind::Continue => "continue".into(),
            StmtKind::InContext { name, shift, .. } => {
                let shift = shift.map(|name| format!(" -> {}", self.name(name)));
                format!("in context {}{}", self.name(name), shift.unwrap_or_default())
            }
            StmtKind::Agents(_) => "agents".into(),
            StmtKind::Agent(_) => "agent".into(),
            StmtKind::Pattern { name, .. } => format!("pattern {}", self.name(name)),
            StmtKind::TypeAlias { name, params, .. } => {
                format!("type {} {}", self.name(name), self.names(&self.ast[params]))
            }
            StmtKind::Effect { name, irreversible, .. } => {
                let word = if irreversible.is_some() { "irreversible " } else { "" };
                format!("{word}effect {}", self.name(name))
            }
            StmtKind::Test { name, .. } => format!("test {}", self.slice(name.span)),
            StmtKind::Import(_) => "import".into(),
            StmtKind::Export(_) => "export".into(),
            StmtKind::ExportDefault(_) => "export default".into(),
            StmtKind::ExportNames { from, .. } => {
                let from = from.map(|path| format!(" from {}", self.slice(path.span)));
                format!("export names{}", from.unwrap_or_default())
            }
            StmtKind::ExportAll { alias, from } => {
                let alias = alias.map(|name| format!(" as {}", self.name(name)));
                let path = self.slice(from.span);
                format!("export all{} from {path}", alias.unwrap_or_default())
            }
        }
    }

    fn stmt_parts(&mut self, kind: StmtKind) {
        match kind {
            StmtKind::Error | StmtKind::Break | StmtKind::Continue => {}
            StmtKind::ExportAll { .. } | StmtKind::Return(None) => {}
            StmtKind::Expr(id) | StmtKind::Throw(id) | StmtKind::Return(Some(id)) => self.expr(id),
            StmtKind::Let { declarators, .. } => self.declarators(declarators),
            StmtKind::Assign { target, value, .. } => {
                self.expr(target);
                self.expr(value);
            }
            StmtKind::AssignPattern { pat, value } => {
                self.pat(pat);
                self.expr(value);
            }
            StmtKind::Update { target, .. } => self.expr(target),
            StmtKind::Function(id) => self.function(id),
            StmtKind::Block(body)
            | StmtKind::InContext { body, .. }
            | StmtKind::Pattern { body, .. }
            | StmtKind::Test { body, .. } => self.block(body),
            StmtKind::If { condition, then, otherwise } => {
                self.expr(condition);
                self.block(then);
                if let Some(otherwise) = otherwise {
                    self.part("else", |d| d.block(otherwise));
                }
            }
            StmtKind::While { condition, body } => {
                self.expr(condition);
                self.block(body);
            }
            StmtKind::DoWhile { body, condition } => {
                self.block(body);
                self.expr(condition);
            }
            StmtKind::For { head, body } => {
                self.for_head(head);
                self.block(body);
            }
            StmtKind::ForIn { .. } => self.for_in(kind),
            StmtKind::UncertainIf(id) | StmtKind::UncertainWhile(id) => self.uncertain(id),
            StmtKind::UncertainFor { head, uncertain } => {
                self.for_head(head);
                self.uncertain(uncertain);
            }
            StmtKind::Switch { subject, cases } => {
                self.expr(subject);
                self.cases(cases);
            }
            StmtKind::Try { body, catch, finally } => {
                self.block(body);
                if let Some(Catch { pat, body }) = catch {
                    self.part("catch", |d| {
                        if let Some(pat) = pat {
                            d.pat(pat);
                        }
                        d.block(body);
                    });
                }
                if let Some(finally) = finally {
                    self.part("finally", |d| d.block(finally));
                }
            }
            StmtKind::Agents(agents) | StmtKind::Agent(agents) => self.agents(agents),
            StmtKind::TypeAlias { ty, .. } => self.ty(ty),
            StmtKind::Effect { operations, .. } => self.operations(operations),
            StmtKind::Import(id) => self.import(self.ast[id]),
            StmtKind::Export(id) | StmtKind::ExportDefault(id) => self.stmt(id),
            StmtKind::ExportNames { names, .. } => {
                for name in &self.ast[names] {
                    let alias = name.alias.map(|alias| format!(" as {}", self.name(alias)));
                    self.line(format!("{}{}", self.name(name.name), alias.unwrap_or_default()));
                }
            }
        }
    }

    fn declarators(&mut self, declarators: List<Declarator>) {
        let ast = self.ast;
        for declarator in &ast[declarators] {
            self.pat(declarator.pat);
            self.inside(|d| {
                if let Some(annotation) = declarator.annotation {
                    d.ty(annotation);
                }
                if let Some(init) = declarator.init {
                    d.part("=", |d| d.expr(init));
                }
            });
        }
    }

    fn for_head(&mut self, id: ForHeadId) {
        let head = self.ast[id];
        self.part("init", |d| head.init.into_iter().for_each(|id| d.stmt(id)));
        self.part("condition", |d| head.condition.into_iter().for_each(|id| d.expr(id)));
        self.part("update", |d| head.update.into_iter().for_each(|id| d.stmt(id)));
    }

    fn for_in(&mut self, kind: StmtKind) {
        let StmtKind::ForIn { declared, pat, index, subject, body, .. } = kind else { return };
        if let Some(declared) = declared {
            self.line(format!("{declared:?}").to_lowercase());
        }
        self.pat(pat);
        if let Some(index) = index {
            self.line(format!("index {}", self.name(index)));
        }
        self.expr(subject);
        self.block(body);
    }

    fn cases(&mut self, cases: List<SwitchCase>) {
        let ast = self.ast;
        for case in &ast[cases] {
            self.node(if case.test.is_some() { "case" } else { "default" }, case.span);
            self.inside(|d| {
                if let Some(test) = case.test {
                    d.expr(test);
                }
                d.block(case.body);
            });
        }
    }

    fn agents(&mut self, agents: List<AgentDecl>) {
        let ast = self.ast;
        for agent in &ast[agents] {
            self.node(self.name(agent.name), agent.span);
            self.inside(|d| d.fields(agent.fields));
        }
    }

    fn operations(&mut self, operations: List<EffectOp>) {
        let ast = self.ast;
        for operation in &ast[operations] {
            self.node(format!("operation {}", self.name(operation.name)), operation.span);
            self.inside(|d| {
                d.params(operation.params);
                if let Some(result) = operation.result {
                    d.part("result", |d| d.ty(result));
                }
            });
        }
    }

    fn import(&mut self, import: Import) {
        if let Some(name) = import.default {
            self.line(format!("default {}", self.name(name)));
        }
        if let Some(name) = import.namespace {
            self.line(format!("* as {}", self.name(name)));
        }
        for name in &self.ast[import.names] {
            let alias = name.alias.map(|alias| format!(" as {}", self.name(alias)));
            self.line(format!("{}{}", self.name(name.name), alias.unwrap_or_default()));
        }
        self.line(format!("from {}", self.slice(import.path.span)));
    }
}
