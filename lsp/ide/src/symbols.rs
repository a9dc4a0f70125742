//! What a file declares, as an outline.

use prism_project::RootDb;
use prism_source::{SourceFile, parse};
use prism_span::Span;
use prism_syntax::ast::{Ast, Body, DeclKind, Name, PatId, PatKind, StmtId, StmtKind};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    pub name: String,
    pub kind: SymbolKind,
    /// The whole declaration, and the name in it.
    pub span: Span,
    pub name_span: Span,
    pub children: Vec<Symbol>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SymbolKind {
    Function,
    Pattern,
    Test,
    Agent,
    Variable,
    Constant,
    Type,
    Effect,
    Operation,
}

/// The declarations of a file in the order of the text; functions hold those inside them.
pub fn symbols(db: &RootDb, file: SourceFile) -> Vec<Symbol> {
    let outline = Outline { ast: &parse(db, file).tree.ast(), text: file.text(db) };
    outline.of_stmts(outline.ast.root_stmts())
}

/// The same without a tree: declarations, then those inside them.
pub(crate) fn all_symbols(db: &RootDb, file: SourceFile) -> Vec<Symbol> {
    let mut all = symbols(db, file);
    let mut next = 0;
    while next < all.len() {
        let inside = std::mem::take(&mut all[next].children);
        all.extend(inside.iter().cloned());
        all[next].children = inside;
        next += 1;
    }
    all
}

struct Outline<'a> {
    ast: &'a Ast,
    text: &'a str,
}

impl Outline<'_> {
    fn of_stmts(&self, stmts: &[StmtId]) -> Vec<Symbol> {
        let mut found = Vec::new();
        for stmt in stmts {
            self.of_stmt(*stmt, self.ast[*stmt].span, &mut found);
        }
        found
    }

    /// `span` is that of the statement with its `export`.
    fn of_stmt(&self, stmt: StmtId, span: Span, found: &mut Vec<Symbol>) {
        let ast = self.ast;
        match ast[stmt].kind {
            StmtKind::Export(inner) | StmtKind::ExportDefault(inner) => {
                self.of_stmt(inner, span, found);
            }
            StmtKind::Function(function) => {
                let function = ast[function];
                let Some(name) = function.name else { return };
                let children = match function.body {
                    Body::Block(block) => self.of_stmts(&ast[ast[block].stmts]),
                    Body::Expr(_) => Vec::new(),
                };
                found.extend(self.symbol(SymbolKind::Function, name, span, children));
            }
            StmtKind::Pattern { name, body } => {
                let children = self.of_stmts(&ast[ast[body].stmts]);
                found.extend(self.symbol(SymbolKind::Pattern, name, span, children));
            }
            StmtKind::Test { name, body } => {
                let children = self.of_stmts(&ast[ast[body].stmts]);
                let name = Name { span: name.span };
                found.extend(self.symbol(SymbolKind::Test, name, span, children));
            }
            StmtKind::TypeAlias { name, .. } => {
                found.extend(self.symbol(SymbolKind::Type, name, span, Vec::new()));
            }
            StmtKind::Effect { name, operations, .. } => {
                let operation = SymbolKind::Operation;
                let operations = ast[operations].iter();
                let children = operations
                    .filter_map(|op| self.symbol(operation, op.name, op.span, Vec::new()))
                    .collect();
                found.extend(self.symbol(SymbolKind::Effect, name, span, children));
            }
            StmtKind::Agents(agents) | StmtKind::Agent(agents) => {
                let agents = ast[agents].iter();
                let kind = SymbolKind::Agent;
                found.extend(
                    agents.filter_map(|one| self.symbol(kind, one.name, one.span, Vec::new())),
                );
            }
            StmtKind::Let { kind, declarators } => {
                let kind = match kind {
                    DeclKind::Let => SymbolKind::Variable,
                    DeclKind::Const => SymbolKind::Constant,
                };
                for declarator in &ast[declarators] {
                    self.of_pat(declarator.pat, kind, span, found);
                }
            }
            StmtKind::InContext { body, .. } => {
                found.extend(self.of_stmts(&ast[ast[body].stmts]));
            }
            StmtKind::Error
            | StmtKind::Expr(_)
            | StmtKind::Assign { .. }
            | StmtKind::AssignPattern { .. }
            | StmtKind::Update { .. }
            | StmtKind::Block(_)
            | StmtKind::If { .. }
            | StmtKind::While { .. }
            | StmtKind::DoWhile { .. }
            | StmtKind::For { .. }
            | StmtKind::ForIn { .. }
            | StmtKind::UncertainIf(_)
            | StmtKind::UncertainWhile(_)
            | StmtKind::UncertainFor { .. }
            | StmtKind::Switch { .. }
            | StmtKind::Try { .. }
            | StmtKind::Throw(_)
            | StmtKind::Return(_)
            | StmtKind::Break
            | StmtKind::Continue
            | StmtKind::Import(_)
            | StmtKind::ExportNames { .. }
            | StmtKind::ExportAll { .. } => {}
        }
    }

    fn of_pat(&self, pat: PatId, kind: SymbolKind, span: Span, found: &mut Vec<Symbol>) {
        match self.ast[pat].kind {
            PatKind::Name(name) => found.extend(self.symbol(kind, name, span, Vec::new())),
            PatKind::Array(elements) => {
                for element in &self.ast[elements] {
                    self.of_pat(element.pat, kind, span, found);
                }
            }
            PatKind::Object(fields) => {
                for field in &self.ast[fields] {
                    self.of_pat(field.pat, kind, span, found);
                }
            }
            PatKind::Error
            | PatKind::Wildcard
            | PatKind::Hole
            | PatKind::Place(_)
            | PatKind::Number { .. }
            | PatKind::Text { .. }
            | PatKind::Bool(_)
            | PatKind::Null
            | PatKind::Or(_) => {}
        }
    }

    /// Nothing for a name that the text lacks.
    fn symbol(
        &self,
        kind: SymbolKind,
        name: Name,
        span: Span,
        children: Vec<Symbol>,
    ) -> Option<Symbol> {
        let words = name.text(self.text).to_owned();
        let span = span.cover(name.span);
        (!words.is_empty()).then_some(Symbol {
            name: words,
            kind,
            span,
            name_span: name.span,
            children,
        })
    }
}
