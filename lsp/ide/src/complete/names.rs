//! Names that stand on their own.

use prism_hir::body::LocalKind;
use prism_hir::builtins::{self, Kind};
use prism_hir::{Binding, body, body_spans, item_tree, module_scope, prelude_names};
use prism_project::RootDb;
use prism_source::{SourceFile, parse};
use prism_span::Span;
use prism_syntax::ast::{Ast, ExprKind, StmtKind};
use prism_typeck::{builtin_families, infer};

use super::context::Position;
use super::{Completion, CompletionKind};
use crate::declared::{self, of_import};
use crate::{hover, words};

/// Words that can begin a statement, those that need the top level, and those of expressions.
const STATEMENTS: &[&str] = &[
    "break", "const", "continue", "do", "for", "fn", "function", "if", "let", "return", "switch",
    "throw", "try", "while",
];
const TOP_LEVEL: &[&str] =
    &["agent", "agents", "effect", "export", "import", "pattern", "test", "type"];
const EXPRESSIONS: &[&str] =
    &["await", "false", "fn", "function", "handle", "match", "null", "true", "typeof", "uncertain"];
/// Words that continue what stands before them.
const CONTINUATIONS: &[&str] = &["catch", "else", "finally", "instanceof", "in", "uses", "with"];

pub(super) fn names(db: &RootDb, file: SourceFile, at: u32, position: Position) -> Vec<Completion> {
    let mut found = locals(db, file, at);
    found.extend(module_names(db, file));
    found.extend(language_names(db));
    if let Some(package) = file.package(db) {
        let group = |name| Completion::new(name, CompletionKind::Host).about(words::GROUP);
        found.extend(package.groups(db).iter().map(|name| group(&**name)));
    }
    // Names that the text could not be read for.
    let broken = &parse(db, file).broken;
    let is_word = |name: &str| words::about(name).is_some() || name.len() < 2;
    let unread = broken.iter().filter(|name| !is_word(name));
    let unread = unread.filter(|name| !is_at(file.text(db), at, name));
    found.extend(unread.map(|name| Completion::new(&**name, CompletionKind::Variable)));
    let keywords: &[&[&str]] = match position {
        Position::TopLevel => &[STATEMENTS, TOP_LEVEL, EXPRESSIONS, CONTINUATIONS],
        Position::Statement => &[STATEMENTS, EXPRESSIONS, CONTINUATIONS],
        Position::Expression => &[EXPRESSIONS, CONTINUATIONS],
    };
    found.extend(keywords.iter().flat_map(|words| words.iter().map(|word| keyword(word))));
    found
}

/// The word that is being written is no name yet.
fn is_at(text: &str, at: u32, name: &str) -> bool {
    text[at as usize..].starts_with(name) && text.matches(name).count() == 1
}

fn keyword(word: &str) -> Completion {
    Completion::new(word, CompletionKind::Keyword).about(words::about(word).unwrap_or_default())
}

pub(super) fn bands() -> Vec<Completion> {
    ["high", "medium", "low", "default"].into_iter().map(keyword).collect()
}

/// The variables that are declared around a byte.
fn locals(db: &RootDb, file: SourceFile, at: u32) -> Vec<Completion> {
    let scopes = scopes(&parse(db, file).tree.ast());
    let mut found = Vec::new();
    for item in item_tree(db, file).bodies() {
        let (body, spans, layout) = (body(db, item), body_spans(db, item), item.layout(db));
        for (local, declared) in body.locals.iter() {
            let is_name = match declared.kind {
                LocalKind::Hidden => false,
                LocalKind::Let | LocalKind::Const | LocalKind::Param => true,
                LocalKind::Implicit | LocalKind::Function => true,
            };
            let here = layout.absolute(spans.local(local));
            let holding = scopes.iter().filter(|scope| scope.contains_span(here));
            let scope = holding.min_by_key(|scope| scope.len());
            // At the end of what cannot be read, its scope may have been lost.
            let is_visible = scope.is_none_or(|scope| scope.start <= at && at <= scope.end);
            let is_declared = here.start < at || declared.kind == LocalKind::Function;
            if is_name && is_visible && is_declared && &*declared.name != "default" {
                let inference = infer(db, item);
                let detail = inference.display(inference.local(local));
                let item = Completion::new(&*declared.name, CompletionKind::Local);
                found.push((here.start, item.with(detail)));
            }
        }
    }
    // The nearest declaration of a name counts.
    found.sort_by_key(|(start, _)| std::cmp::Reverse(*start));
    found.into_iter().map(|(_, item)| item).collect()
}

/// Where declarations are visible: blocks, functions, loops, arms.
fn scopes(ast: &Ast) -> Vec<Span> {
    let mut scopes: Vec<Span> = ast.blocks.values().map(|block| block.span).collect();
    scopes.extend(ast.functions.values().map(|function| function.span));
    scopes.extend(ast.stmts.values().filter_map(|stmt| match stmt.kind {
        StmtKind::For { .. }
        | StmtKind::ForIn { .. }
        | StmtKind::UncertainFor { .. }
        | StmtKind::Try { .. } => Some(stmt.span),
        _ => None,
    }));
    for expr in ast.exprs.values() {
        match expr.kind {
            ExprKind::Match { arms, .. } => scopes.extend(ast[arms].iter().map(|arm| arm.span)),
            ExprKind::Handle { clauses, .. } => {
                scopes.extend(ast[clauses].iter().map(|clause| clause.span));
            }
            _ => {}
        }
    }
    scopes
}

/// What the module declares and imports.
fn module_names(db: &RootDb, file: SourceFile) -> Vec<Completion> {
    let scope = module_scope(db, file);
    let tree = item_tree(db, file);
    let mut found = Vec::new();
    for (name, binding) in &scope.names {
        let target = || {
            let import = tree.import(name)?;
            let prism_hir::ImportKind::Name { name, .. } = &import.kind else { return None };
            of_import(db, file, &import.specifier, Some(name))
        };
        let told = |target| hover::of_target(db, target).unwrap_or_default();
        let (kind, told) = match binding {
            Binding::Function => {
                let item = tree.function(db, name);
                let code = item.map(|item| {
                    let inference = infer(db, item);
                    hover::signature(name, &inference, &inference.root.0)
                });
                let told = hover::Told { code: code.unwrap_or_default(), ..Default::default() };
                (CompletionKind::Function, told)
            }
            Binding::Variable(_) if &**name == "default" => continue,
            Binding::Variable(prism_hir::VariableKind::Agent) => {
                (CompletionKind::Agent, hover::Told::default())
            }
            Binding::Variable(_) => (CompletionKind::Variable, hover::Told::default()),
            Binding::Import { kind: prism_hir::DefinitionKind::Function, .. } => {
                (CompletionKind::Function, target().map(told).unwrap_or_default())
            }
            Binding::Import { .. } => {
                (CompletionKind::Variable, target().map(told).unwrap_or_default())
            }
            Binding::Namespace { .. } => (CompletionKind::Module, hover::Told::default()),
            Binding::Missing => (CompletionKind::Variable, hover::Told::default()),
        };
        found.push(Completion::new(&**name, kind).with(told.code).about(told.doc));
    }
    let effect = |name| Completion::new(name, CompletionKind::Effect);
    found.extend(scope.effects.keys().map(|name| effect(&**name)));
    found
}

/// What every program has.
fn language_names(db: &RootDb) -> Vec<Completion> {
    let mut found = Vec::new();
    for row in builtins::NAMES.iter().filter(|row| !row.name.contains('.')) {
        let kind = match row.kind {
            Kind::Host => CompletionKind::Host,
            Kind::Native | Kind::Prelude | Kind::Effect(_) => CompletionKind::Builtin,
            Kind::Namespace | Kind::Constant => CompletionKind::Builtin,
        };
        if !row.name.starts_with(builtins::NATIVE_PREFIX) {
            found.push(Completion::new(row.name, kind).with(row.detail));
        }
    }
    for (name, definition) in prelude_names(db).iter() {
        let target = declared::of_definition(db, definition);
        let told = target.and_then(|target| hover::of_target(db, target)).unwrap_or_default();
        let item = Completion::new(&**name, CompletionKind::Builtin);
        found.push(item.with(told.code).about(told.doc));
    }
    let mut effects: Vec<&str> =
        builtins::EFFECTS.iter().filter_map(|op| Some(op.name.split_once('.')?.0)).collect();
    effects.dedup();
    let effect =
        |name: &str| Completion::new(name, CompletionKind::Effect).with(words::operation(name));
    found.extend(effects.into_iter().map(effect));
    found
}

/// The agents of the manifest.
pub(super) fn agents(db: &RootDb, file: SourceFile) -> Vec<Completion> {
    let agents = file.package(db).and_then(|package| package.agents(db).clone());
    let agents = agents.iter().flat_map(|agents| agents.iter());
    let agent = |(name, agent): (&std::sync::Arc<str>, &prism_source::Agent)| {
        let about = words::agent(name, &agent.capabilities);
        Completion::new(&**name, CompletionKind::Agent).about(about)
    };
    agents.map(agent).collect()
}

/// What `uses` can name.
pub(super) fn effects(db: &RootDb, file: SourceFile) -> Vec<Completion> {
    let own = module_scope(db, file).effects.keys().map(|name| name.to_string());
    let families = builtin_families().into_iter().map(str::to_owned);
    let names = own.chain(families).chain(["none".to_owned()]);
    names.map(|name| Completion::new(name, CompletionKind::Effect)).collect()
}

/// What an annotation can name.
pub(super) fn types(db: &RootDb, file: SourceFile, at: u32) -> Vec<Completion> {
    const SIMPLE: [&str; 6] = ["any", "boolean", "null", "number", "string", "Agent"];
    let ast = &parse(db, file).tree.ast();
    let text = file.text(db);
    let around = ast.functions.values().filter(|function| function.span.contains(at));
    let params = around.flat_map(|function| ast[function.type_params].iter());
    let own = module_scope(db, file).types.keys().map(|name| name.to_string());
    let names = params.map(|name| name.text(text).to_owned()).chain(own);
    let names = names.chain(SIMPLE.map(str::to_owned)).chain(["Array".to_owned()]);
    names.map(|name| Completion::new(name, CompletionKind::Type)).collect()
}
