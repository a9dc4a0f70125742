//! Statements.

use prism_span::Span;

use super::{Builder, Signature};
use crate::ast::{
    AgentDecl, AssignOp, BlockId, Branch, Catch, DeclKind, Declarator, ExprId, ExprKind, Field,
    ForHead, ForHeadId, Import, ImportName, List, Name, PatId, PatKind, StmtId, StmtKind,
    StringLit,
};
use crate::errors::{Expected, SyntaxErrorKind};
use crate::token::Kind;

/// `for` … `of`, without the body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EachHead {
    pub declared: Option<DeclKind>,
    pub is_of: bool,
    pub pat: PatId,
    pub index: Option<Name>,
    pub subject: ExprId,
}

impl Builder<'_> {
    /// A statement of which nothing is known.
    pub fn expr_stmt(&mut self, expr: ExprId) -> StmtKind {
        if let Some(update) = self.updates.pop_if(|update| update.expr == expr) {
            let target = self.target(update.target);
            let (is_increment, op_span) = (update.is_increment, update.op_span);
            return StmtKind::Update { target, is_increment, op_span };
        }
        match self.ast[expr].kind {
            ExprKind::UncertainIf(uncertain) => StmtKind::UncertainIf(uncertain),
            ExprKind::Error if self.has_failed => StmtKind::Error,
            _ => StmtKind::Expr(expr),
        }
    }

    pub fn assign(
        &mut self,
        op: AssignOp,
        op_span: Span,
        target: ExprId,
        value: ExprId,
    ) -> StmtKind {
        let target = self.target(target);
        StmtKind::Assign { op, op_span, target, value }
    }

    /// The target, or an error in its place when nothing can be assigned to it.
    fn target(&mut self, target: ExprId) -> ExprId {
        let expr = self.ast[target];
        let can = matches!(
            expr.kind,
            ExprKind::Name | ExprKind::Member { .. } | ExprKind::Index { .. } | ExprKind::Error
        );
        if can {
            return target;
        }
        self.error(SyntaxErrorKind::BadAssignTarget, expr.span);
        self.expr(ExprKind::Error, expr.span)
    }

    pub fn declaration(&mut self, kind: DeclKind, declarators: Vec<Declarator>) -> StmtKind {
        for declarator in &declarators {
            let pat = self.ast[declarator.pat];
            let takes_apart = matches!(pat.kind, PatKind::Array(_) | PatKind::Object(_));
            if declarator.init.is_none() && (kind == DeclKind::Const || takes_apart) {
                self.error(SyntaxErrorKind::MissingInit, pat.span);
            }
        }
        let declarators = self.ast.list(declarators);
        StmtKind::Let { kind, declarators }
    }

    /// `else if` is an `else` whose block holds one statement.
    pub fn if_stmt(
        &mut self,
        condition: ExprId,
        then: BlockId,
        elifs: Vec<(u32, ExprId, BlockId)>,
        last: Option<BlockId>,
    ) -> StmtKind {
        let mut otherwise = last;
        for (start, condition, then) in elifs.into_iter().rev() {
            let end = self.ast[otherwise.unwrap_or(then)].span.end;
            let span = super::span(start, end);
            let stmt = self.stmt(StmtKind::If { condition, then, otherwise }, span);
            let stmts = self.ast.list([stmt]);
            otherwise = Some(self.block(stmts, false, span));
        }
        StmtKind::If { condition, then, otherwise }
    }

    pub fn for_head(
        &mut self,
        init: Option<StmtId>,
        condition: Option<ExprId>,
        update: Option<StmtId>,
    ) -> ForHeadId {
        self.ast.for_heads.alloc(ForHead { init, condition, update })
    }

    pub fn for_each(&mut self, each: EachHead, body: BlockId) -> StmtKind {
        let EachHead { declared, is_of, pat, index, subject } = each;
        StmtKind::ForIn { declared, is_of, pat, index, subject, body }
    }

    pub fn uncertain_while(
        &mut self,
        condition: (ExprId, Option<ExprId>),
        branches: Vec<Branch>,
    ) -> StmtKind {
        StmtKind::UncertainWhile(self.uncertain(condition, branches))
    }

    pub fn uncertain_for(&mut self, head: ForHeadId, branches: Vec<Branch>) -> StmtKind {
        let condition = self.ast[head].condition;
        let condition = match condition {
            Some(condition) => condition,
            None => self.expr(ExprKind::Error, Span::default()),
        };
        let uncertain = self.uncertain((condition, None), branches);
        StmtKind::UncertainFor { head, uncertain }
    }

    pub fn try_stmt(
        &mut self,
        word: Span,
        body: BlockId,
        catch: Option<Catch>,
        finally: Option<BlockId>,
    ) -> StmtKind {
        if catch.is_none() && finally.is_none() {
            self.error(SyntaxErrorKind::TryAlone, word);
        }
        StmtKind::Try { body, catch, finally }
    }

    pub fn agent(&mut self, name: Name, fields: Vec<Field>, span: Span) -> AgentDecl {
        let fields = self.ast.list(fields);
        AgentDecl { name, fields, span }
    }

    pub fn agent_stmt(&mut self, name: Name, fields: Vec<Field>, span: Span) -> StmtKind {
        let agent = self.agent(name, fields, span);
        StmtKind::Agent(self.ast.list([agent]))
    }

    pub fn function_decl(
        &mut self,
        is_async: bool,
        name: Option<Name>,
        signature: Signature,
        body: BlockId,
        span: Span,
    ) -> StmtKind {
        if name.is_none() {
            self.nameless = Some(Span::new(span.start, span.start + "function".len() as u32));
        }
        StmtKind::Function(self.declared(is_async, name, signature, body, span))
    }

    /// `function { … }`, `function f { … }`
    pub fn function_without_params(
        &mut self,
        word: Span,
        name: Option<Name>,
        body: BlockId,
        span: Span,
    ) -> StmtKind {
        match name {
            None => self.error(SyntaxErrorKind::FunctionWithoutName, word),
            Some(name) => {
                let expected = Expected::Token(Kind::LParenParams);
                let found = Some(Kind::LBraceBlock);
                let kind = SyntaxErrorKind::Unexpected { expected, found };
                self.error(kind, Span::empty(name.span.end));
            }
        }
        self.has_failed = true;
        let signature = Signature {
            type_params: List::EMPTY,
            params: List::EMPTY,
            result: None,
            uses: None,
            confidence: None,
        };
        StmtKind::Function(self.declared(false, name, signature, body, span))
    }

    pub fn import(
        &mut self,
        default: Option<Name>,
        namespace: Option<Name>,
        names: Vec<ImportName>,
        path: StringLit,
    ) -> StmtKind {
        let names = self.ast.list(names);
        let import = Import { default, namespace, names, path };
        StmtKind::Import(self.ast.imports.alloc(import))
    }

    /// `import from "p"`
    pub fn import_nothing(&mut self, word: Span, path: StringLit) -> StmtKind {
        self.error(SyntaxErrorKind::ImportNothing, word);
        self.import(None, None, Vec::new(), path)
    }

    /// Only declarations can be exported.
    pub fn export(&mut self, stmt: StmtId) -> StmtKind {
        let exported = self.ast[stmt];
        let can = matches!(
            exported.kind,
            StmtKind::Let { .. }
                | StmtKind::Assign { .. }
                | StmtKind::Function(_)
                | StmtKind::Agents(_)
                | StmtKind::Agent(_)
                | StmtKind::Pattern { .. }
                | StmtKind::TypeAlias { .. }
                | StmtKind::Effect { .. }
                | StmtKind::Error
        );
        if !can {
            self.error(SyntaxErrorKind::BadExport, exported.span);
        }
        StmtKind::Export(stmt)
    }

    pub fn export_default(&mut self, stmt: StmtId) -> StmtKind {
        self.nameless = None;
        let exported = self.ast[stmt];
        let can =
            matches!(exported.kind, StmtKind::Expr(_) | StmtKind::Function(_) | StmtKind::Error);
        if !can {
            self.error(SyntaxErrorKind::BadExport, exported.span);
        }
        StmtKind::ExportDefault(stmt)
    }
}
