//! From a file of the database to what its page shows.

use std::collections::BTreeSet;
use std::sync::Arc;

use prism_hir::body as hir;
use prism_hir::{DefinitionKind, doc_comment, exports, item_tree};
use prism_project::RootDb;
use prism_source::{SourceFile, parse};
use prism_span::Span;
use prism_syntax::ast::{Ast, PatKind, Stmt, StmtKind};
use prism_typeck::{FunctionType, Inference, Type, display_confidence, infer};

use super::header::header;
use super::text::{Anchors, Block, blocks};
use super::{Entry, Kind, Module, Shape};

pub(super) fn module(
    db: &RootDb,
    file: SourceFile,
    path: &Arc<str>,
    n_errors: usize,
    anchors: &mut Anchors,
) -> Module {
    let read = prism_hir::header(db, file);
    let anchor = anchors.fresh(path);
    let ast = parse(db, file).tree.ast();
    let gather = Gather { db, file, ast: &ast, text: file.text(db) };
    let doc = if read.doc.is_empty() { gather.opening() } else { read.doc.to_string() };
    let mut entries = Vec::new();
    let exported = gather.exported();
    for stmt in gather.ast.root_stmts() {
        let stmt = gather.ast[*stmt];
        gather.declared(stmt, stmt, &exported, &mut entries);
    }
    entries.extend(gather.again());
    entries.sort_by_key(|entry| entry.kind);
    for entry in &mut entries {
        entry.anchor = anchors.fresh(&format!("{anchor}.{}", entry.name));
    }
    Module {
        path: path.clone(),
        anchor,
        header: header(read),
        doc: blocks(&doc),
        entries,
        n_errors,
    }
}

struct Gather<'d> {
    db: &'d RootDb,
    file: SourceFile,
    ast: &'d Ast,
    text: &'d str,
}

impl Gather<'_> {
    /// The module's own names that others may import.
    fn exported(&self) -> BTreeSet<String> {
        let path = self.file.path(self.db);
        let own = exports(self.db, self.file).into_iter();
        own.filter(|(_, definition)| definition.module == *path)
            .map(|(_, definition)| definition.name.to_string())
            .collect()
    }

    /// What the module exports of others.
    fn again(&self) -> Vec<Entry> {
        let path = self.file.path(self.db);
        let others = exports(self.db, self.file).into_iter();
        let others = others.filter(|(_, definition)| {
            definition.module != *path || definition.kind == DefinitionKind::Namespace
        });
        others
            .map(|(name, definition)| {
                let shape = Shape::From(definition.module.to_string());
                entry(Kind::Again, &name, Vec::new(), shape)
            })
            .collect()
    }

    /// `outer` is the statement with its `export`: that is where its comment ends.
    fn declared(
        &self,
        outer: Stmt,
        stmt: Stmt,
        exported: &BTreeSet<String>,
        entries: &mut Vec<Entry>,
    ) {
        let ast = self.ast;
        let doc = || blocks(&doc_comment(self.db, self.file, outer.span.start));
        let source = || Shape::Source(self.source(stmt.span));
        let mut add = |kind: Kind, name: &str, shape: Option<Shape>| {
            let is_shown = matches!(kind, Kind::Pattern | Kind::Agent) || exported.contains(name);
            if let (true, Some(shape)) = (is_shown && !name.is_empty(), shape) {
                entries.push(entry(kind, name, doc(), shape));
            }
        };
        match stmt.kind {
            StmtKind::Export(inner) | StmtKind::ExportDefault(inner) => {
                self.declared(outer, ast[inner], exported, entries);
            }
            StmtKind::Function(function) => {
                let name = ast[function].name.map_or("", |name| name.text(self.text));
                add(Kind::Function, name, self.callable(name));
            }
            StmtKind::Pattern { name, .. } => {
                let name = name.text(self.text);
                add(Kind::Pattern, name, self.callable(name));
            }
            StmtKind::Agents(agents) | StmtKind::Agent(agents) => {
                for agent in &ast[agents] {
                    let shape = Shape::Source(self.source(agent.span));
                    add(Kind::Agent, agent.name.text(self.text), Some(shape));
                }
            }
            StmtKind::Let { declarators, .. } => {
                for declarator in &ast[declarators] {
                    let pat = ast[declarator.pat];
                    if matches!(pat.kind, PatKind::Name { .. }) {
                        let name = pat.span.slice(self.text);
                        let annotation = declarator.annotation.map(|ty| ast[ty].span);
                        let (kind, shape) = self.variable(name, annotation);
                        add(kind, name, Some(shape));
                    }
                }
            }
            StmtKind::TypeAlias { name, .. } => {
                add(Kind::Type, name.text(self.text), Some(source()));
            }
            StmtKind::Effect { name, .. } => {
                add(Kind::Effect, name.text(self.text), Some(source()));
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
            | StmtKind::InContext { .. }
            | StmtKind::Test { .. }
            | StmtKind::Import(_)
            | StmtKind::ExportNames { .. }
            | StmtKind::ExportAll { .. } => {}
        }
    }

    /// A variable of the module; one that holds a function is told as a function.
    fn variable(&self, name: &str, annotation: Option<Span>) -> (Kind, Shape) {
        let module = item_tree(self.db, self.file).module;
        let (body, inference) = (prism_hir::body(self.db, module), infer(self.db, module));
        let declared = body.root.body.stmts.iter().find_map(|stmt| {
            let hir::StmtKind::Let { pat, init } = stmt.kind else { return None };
            let hir::PatKind::Bind(local) = body.pats[pat].kind else { return None };
            (*body.locals[local].name == *name).then_some((local, init))
        });
        let lambda = declared.and_then(|(_, init)| {
            let hir::ExprKind::Lambda(lambda) = body.exprs[init?].kind else { return None };
            inference.function(lambda)
        });
        if let Some(function) = lambda {
            return (Kind::Function, called(name, &inference, function));
        }
        let ty = match (annotation, declared) {
            (Some(span), _) => self.source(span),
            (None, Some((local, _))) => inference.display(inference.local(local)),
            (None, None) => "any".to_owned(),
        };
        (Kind::Variable, Shape::Source(format!("{name}: {ty}")))
    }

    /// What inference knows of a function or pattern.
    fn callable(&self, name: &str) -> Option<Shape> {
        let item = item_tree(self.db, self.file).function(self.db, name)?;
        let inference = infer(self.db, item);
        Some(called(name, &inference, &inference.root.0))
    }

    /// A declaration as written, on as many lines.
    fn source(&self, span: Span) -> String {
        let text = span.slice(self.text);
        text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }

    /// The `//` lines at the start of a file, when a blank line ends them.
    fn opening(&self) -> String {
        let text = self.text.trim_start_matches('\u{feff}');
        let lines: Vec<&str> = text.lines().take_while(|line| line.starts_with("//")).collect();
        let is_alone = text.lines().nth(lines.len()).is_none_or(|line| line.trim().is_empty());
        if !is_alone || lines.iter().any(|line| line.starts_with("///")) {
            return String::new();
        }
        let plain = |line: &&str| line[2..].strip_prefix(' ').unwrap_or(&line[2..]).to_owned();
        lines.iter().map(plain).collect::<Vec<_>>().join("\n")
    }
}

/// How a function is called, and what comes of it.
fn called(name: &str, inference: &Inference, function: &FunctionType) -> Shape {
    let mut types = inference.types.clone();
    let id = types.intern(Type::Function(Arc::new(function.clone())));
    let confidence = function.result.confidence;
    let confidence = match display_confidence(confidence) {
        Some(bounds) => bounds.trim().to_owned(),
        None if confidence.is_plain() => "1".to_owned(),
        None => "any".to_owned(),
    };
    Shape::Callable {
        signature: format!("{name}{}", types.display(id)),
        effects: function.effects.families().iter().map(ToString::to_string).collect(),
        confidence,
    }
}

fn entry(kind: Kind, name: &str, doc: Vec<Block>, shape: Shape) -> Entry {
    Entry { kind, name: name.to_owned(), anchor: String::new(), doc, shape }
}
