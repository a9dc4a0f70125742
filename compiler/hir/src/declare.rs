//! Which names a block declares, before anything in it is looked at.

use prism_span::Span;
use prism_syntax::ast::{
    self, Access, Ast, DeclKind, ExprId, ExprKind, PatId, PatKind, StmtId, StmtKind,
};

use crate::body::Text;
use crate::slice::Tree;
use crate::tree::Initial;

/// A name that a statement of a block declares.
#[derive(Debug, Clone)]
pub(crate) struct Declared<'a> {
    pub name: &'a str,
    pub span: Span,
    pub kind: Declares,
    pub annotation: Option<ast::TypeId>,
    pub initial: Initial,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Declares {
    Let,
    Const,
    Function,
    Agent,
    /// The value of `export default e`.
    Default,
}

/// The names that statements declare in the block they stand in, in the order of the text.
/// The statements of `in context` stand in the block around it.
pub(crate) fn in_block<'a>(tree: &'a Tree, stmts: &[StmtId], found: &mut Vec<Declared<'a>>) {
    for stmt in stmts {
        in_stmt(tree, *stmt, found);
    }
}

fn in_stmt<'a>(tree: &'a Tree, stmt: StmtId, found: &mut Vec<Declared<'a>>) {
    let ast = &*tree.ast;
    match ast[stmt].kind {
        StmtKind::Let { kind, declarators } => {
            for declarator in &ast[declarators] {
                in_declarator(tree, kind, declarator, found);
            }
        }
        StmtKind::Function(function) => {
            if let Some(name) = ast[function].name {
                add(tree, name, Declares::Function, found);
            }
        }
        StmtKind::Pattern { name, .. } => add(tree, name, Declares::Function, found),
        StmtKind::Agents(agents) | StmtKind::Agent(agents) => {
            for agent in &ast[agents] {
                add(tree, agent.name, Declares::Agent, found);
            }
        }
        StmtKind::InContext { body, .. } => in_block(tree, &ast[ast[body].stmts], found),
        StmtKind::Export(inner) => in_stmt(tree, inner, found),
        StmtKind::ExportDefault(inner) => match named_function(ast, inner) {
            Some(name) => add(tree, name, Declares::Function, found),
            None => {
                let span = ast[stmt].span;
                let kind = Declares::Default;
                let (annotation, initial) = (None, Initial::Unknown);
                found.push(Declared { name: "default", span, kind, annotation, initial });
            }
        },
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
        | StmtKind::TypeAlias { .. }
        | StmtKind::Effect { .. }
        | StmtKind::Test { .. }
        | StmtKind::Import(_)
        | StmtKind::ExportNames { .. }
        | StmtKind::ExportAll { .. } => {}
    }
}

fn add<'a>(tree: &'a Tree, name: ast::Name, kind: Declares, found: &mut Vec<Declared<'a>>) {
    if !name.is_missing() {
        let text = name.text(&tree.text);
        let (annotation, initial) = (None, Initial::Unknown);
        found.push(Declared { name: text, span: name.span, kind, annotation, initial });
    }
}

fn in_declarator<'a>(
    tree: &'a Tree,
    kind: DeclKind,
    declarator: &ast::Declarator,
    found: &mut Vec<Declared<'a>>,
) {
    let kind = match kind {
        DeclKind::Let => Declares::Let,
        DeclKind::Const => Declares::Const,
    };
    let first = found.len();
    pat_names(&tree.ast, declarator.pat, &mut |name| add(tree, name, kind, found));
    let initial = declarator.init.map_or(Initial::Unknown, |init| initial(tree, init, kind));
    match tree.ast[declarator.pat].kind {
        PatKind::Name(_) => {
            for declared in &mut found[first..] {
                declared.annotation = declarator.annotation;
                declared.initial = initial.clone();
            }
        }
        PatKind::Object(fields) => {
            let Initial::Input(path) = initial else { return };
            for field in &tree.ast[fields] {
                let Some((key, name)) = plain_field(tree, field) else { continue };
                let mut own = found[first..].iter_mut();
                if let Some(declared) = own.find(|declared| declared.span == name.span) {
                    let path = path.iter().cloned().chain([key.into()]);
                    declared.initial = Initial::Input(path.collect());
                }
            }
        }
        _ => {}
    }
}

fn initial(tree: &Tree, init: ExprId, kind: Declares) -> Initial {
    if matches!(tree.ast[init].kind, ExprKind::Array(_)) && kind == Declares::Const {
        return Initial::Array;
    }
    input_path(tree, init).map_or(Initial::Unknown, Initial::Input)
}

/// The names behind `input`, from left to right.
fn input_path(tree: &Tree, mut expr: ExprId) -> Option<Vec<Text>> {
    let mut path = Vec::new();
    loop {
        match &tree.ast[expr].kind {
            ExprKind::Name if tree.ast[expr].span.slice(&tree.text) == "input" => {
                path.reverse();
                return Some(path);
            }
            ExprKind::Paren(inner) => expr = *inner,
            ExprKind::Member { object, name, access: Access::Plain } => {
                path.push(name.text(&tree.text).into());
                expr = *object;
            }
            _ => return None,
        }
    }
}

/// `{ key }` and `{ key: name }` of a pattern.
fn plain_field<'a>(tree: &'a Tree, field: &ast::PatField) -> Option<(&'a str, ast::Name)> {
    match (field.key, tree.ast[field.pat].kind, field.default) {
        (Some(ast::FieldKey::Name(key)), PatKind::Name(name), None) => {
            Some((key.text(&tree.text), name))
        }
        _ => None,
    }
}

/// The name of the function that a statement declares.
pub(crate) fn named_function(ast: &Ast, stmt: StmtId) -> Option<ast::Name> {
    match ast[stmt].kind {
        StmtKind::Function(function) => ast[function].name.filter(|name| !name.is_missing()),
        _ => None,
    }
}

/// Calls `found` with every name that a pattern binds.
pub(crate) fn pat_names(ast: &Ast, pat: PatId, found: &mut dyn FnMut(ast::Name)) {
    match ast[pat].kind {
        PatKind::Name(name) => found(name),
        PatKind::Array(elements) => {
            for element in &ast[elements] {
                pat_names(ast, element.pat, found);
            }
        }
        PatKind::Object(fields) => {
            for field in &ast[fields] {
                pat_names(ast, field.pat, found);
            }
        }
        PatKind::Or(pats) => {
            for pat in &ast[pats] {
                pat_names(ast, *pat, found);
            }
        }
        PatKind::Error
        | PatKind::Wildcard
        | PatKind::Hole
        | PatKind::Place(_)
        | PatKind::Number { .. }
        | PatKind::Text { .. }
        | PatKind::Bool(_)
        | PatKind::Null => {}
    }
}
