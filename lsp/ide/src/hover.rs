//! What a word is: its type, its confidence, its effects, and what its author says of it.

use std::sync::Arc;

use prism_hir::body::{ExprKind, LocalId, LocalKind, Name, Text};
use prism_hir::builtins::{self, Kind};
use prism_hir::{Item, body, doc_comment, item_tree};
use prism_project::RootDb;
use prism_source::SourceFile;
use prism_span::Span;
use prism_syntax::literal;
use prism_typeck::{Fact, FunctionType, Inference, Type, infer, receiver_of};

use crate::declared::{self, Target};
use crate::definition::target;
use crate::spot::{What, spot};
use crate::symbols::SymbolKind;
use crate::words;

/// What to show, and for which bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    pub span: Span,
    pub text: Told,
}

/// The parts of a text about a name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// Prism: a declaration as one would write it.
    pub code: String,
    /// One line: effects and confidence.
    pub facts: String,
    /// Markdown: the words of its author.
    pub doc: String,
}

impl Told {
    fn new(code: impl Into<String>, facts: impl Into<String>, doc: impl Into<String>) -> Told {
        Told { code: code.into(), facts: facts.into(), doc: doc.into() }
    }

    pub fn markdown(&self) -> String {
        let code = match self.code.as_str() {
            "" => String::new(),
            code => format!("```prism\n{code}\n```"),
        };
        paragraphs([&code, &self.facts, &self.doc])
    }

    pub fn plain(&self) -> String {
        paragraphs([&self.code, &self.facts, &self.doc])
    }
}

fn paragraphs(parts: [&str; 3]) -> String {
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n\n")
}

/// About the word at a byte.
pub fn hover(db: &RootDb, file: SourceFile, at: u32) -> Option<Hover> {
    let spot = spot(db, file, at)?;
    let target = target(db, file, &spot);
    let text = match &spot.what {
        What::Name { item, at, name } => {
            of_name(db, *item, name, infer(db, *item).expr(*at), target)?
        }
        What::Local { item, local } => of_local(db, *item, *local, None, target),
        What::Member { item, at, object } => {
            let object = (*object, spot.word.as_str());
            of_member(db, *item, *at, object, target)?
        }
        What::Operation(name) => of_operation(db, file, name, target)?,
        What::Effect => {
            let source = target.map(|target| source(db, target)).unwrap_or_default();
            Told { code: source, ..Told::new("", words::operation(&spot.word), "") }
        }
        What::Import { .. } | What::Type => of_target(db, target?)?,
        What::Declared(symbol) => of_target(db, Target::symbol(file, symbol))?,
        What::String => of_agent(db, file, &spot.word)?,
        What::Other => Told::new("", "", words::about(&spot.word)?),
    };
    Some(Hover { span: spot.span, text })
}

/// What a function is called with, and what comes of it.
pub(crate) fn signature(name: &str, inference: &Inference, function: &FunctionType) -> String {
    let mut types = inference.types.clone();
    let id = types.intern(Type::Function(Arc::new(function.clone())));
    format!("function {name}{}", types.display(id))
}

fn of_function(db: &RootDb, item: Item<'_>, target: Option<Target>) -> Told {
    let inference = infer(db, item);
    let function = &inference.root.0;
    let code = signature(item.name(db), &inference, function);
    Told::new(code, words::function(function), doc(db, target))
}

fn doc(db: &RootDb, target: Option<Target>) -> String {
    target.map(|target| doc_comment(db, target.file, target.span.start)).unwrap_or_default()
}

/// A declaration as written; only its beginning when it is long.
fn source(db: &RootDb, target: Target) -> String {
    const MOST: usize = 12;
    let text = target.span.slice(target.file.text(db));
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).take(MOST + 1).collect();
    if lines.len() > MOST {
        lines.truncate(MOST);
        lines.push("…");
    }
    lines.join("\n")
}

fn of_value(
    db: &RootDb,
    word: &str,
    name: &str,
    inference: &Inference,
    fact: Fact,
    target: Option<Target>,
) -> Told {
    if let Type::Function(function) = inference.types.structure(fact.ty) {
        let code = signature(name, inference, function);
        return Told::new(code, words::function(function), doc(db, target));
    }
    let code = format!("{word} {name}: {}", inference.display(fact));
    Told::new(code, words::confidence(fact.confidence), doc(db, target))
}

/// `here` is what is known where the name stands; without it, of all its values.
fn of_local(
    db: &RootDb,
    item: Item<'_>,
    local: LocalId,
    here: Option<Fact>,
    target: Option<Target>,
) -> Told {
    let (declared, inference) = (&body(db, item).locals[local], infer(db, item));
    let word = match declared.kind {
        LocalKind::Let | LocalKind::Implicit | LocalKind::Hidden => "let",
        LocalKind::Const => "const",
        LocalKind::Param => "(parameter)",
        LocalKind::Function => "function",
    };
    let fact = here.unwrap_or_else(|| inference.local(local));
    of_value(db, word, &declared.name, &inference, fact, target)
}

fn of_name<'db>(
    db: &'db RootDb,
    item: Item<'db>,
    name: &Name,
    fact: Fact,
    target: Option<Target>,
) -> Option<Told> {
    let (file, inference) = (item.file(db), infer(db, item));
    Some(match name {
        Name::Local(local) => match body(db, item).locals[*local].kind {
            LocalKind::Function => target
                .and_then(|target| of_target(db, target))
                .unwrap_or_else(|| of_local(db, item, *local, Some(fact), target)),
            _ => of_local(db, item, *local, Some(fact), target),
        },
        Name::ModuleFunction(name) => {
            let function = item_tree(db, file).function(db, name)?;
            of_function(db, function, target)
        }
        Name::ModuleVar(name) => of_value(db, "let", name, &inference, fact, target),
        Name::Import { name, .. } => match target.and_then(|target| of_target(db, target)) {
            // The use knows the type of a variable; its declaration has the words.
            Some(told) if !told.code.starts_with("function") => {
                Told { doc: told.doc, ..of_value(db, "import", name, &inference, fact, target) }
            }
            Some(told) => told,
            None => of_value(db, "import", name, &inference, fact, target),
        },
        Name::Namespace { module } => {
            Told::new(format!("import * from \"{module}\""), "", opening(db, target))
        }
        Name::Builtin(name) => of_builtin(db, name)?,
        Name::Host(name) if builtins::builtin(name).is_some() => of_builtin(db, name)?,
        Name::Host(name) => Told::new(format!("let {name}: Agent[]"), "", words::GROUP),
        Name::Effect(name) => match target {
            Some(target) => Told::new(source(db, target), "", doc(db, Some(target))),
            None => Told::new("", words::operation(name), ""),
        },
        Name::Unresolved(_) => return None,
    })
}

/// A name that every program has.
fn of_builtin(db: &RootDb, name: &str) -> Option<Told> {
    let row = builtins::builtin(name);
    let definition = prism_hir::prelude_names(db).get(name);
    let written = definition.and_then(|definition| declared::of_definition(db, definition));
    let written = written.and_then(|target| of_target(db, target));
    let Some(row) = row else { return written };
    let code = match row.kind.is_function() {
        true => format!("function {}{}", row.name, row.detail),
        false => row.name.to_owned(),
    };
    let (facts, about) = match row.kind {
        Kind::Effect(effect) => (words::operation(family(effect)), words::BUILTIN),
        Kind::Host => (row.detail.to_owned(), words::HOST),
        Kind::Namespace | Kind::Constant => (row.detail.to_owned(), words::BUILTIN),
        Kind::Native | Kind::Prelude => (String::new(), words::BUILTIN),
    };
    Some(match written {
        // The standard library says more than the table.
        Some(told) if !told.doc.is_empty() || told.code.starts_with("function") => told,
        _ => Told::new(code, facts, about),
    })
}

fn family(operation: &str) -> &str {
    builtins::effect(operation).map_or(operation, |op| op.effect)
}

fn of_operation(db: &RootDb, file: SourceFile, name: &str, target: Option<Target>) -> Option<Told> {
    if let Some(op) = builtins::effect(name) {
        let code = format!("effect {name}{}", op.detail);
        return Some(Told::new(code, words::operation(op.effect), words::HOST));
    }
    let target = target.or_else(|| declared::of_effect(db, file, name))?;
    let effect = name.split('.').next().unwrap_or(name);
    let code = format!("effect {effect}.{}", source(db, target));
    Some(Told::new(code, words::operation(effect), doc(db, Some(target))))
}

fn of_member<'db>(
    db: &'db RootDb,
    item: Item<'db>,
    at: prism_hir::body::ExprId,
    (object, name): (prism_hir::body::ExprId, &str),
    target: Option<Target>,
) -> Option<Told> {
    let (body, inference) = (body(db, item), infer(db, item));
    match &body.exprs[object].kind {
        ExprKind::Name(Name::Builtin(namespace)) => {
            if let Some(told) = of_builtin(db, &format!("{namespace}.{name}")) {
                return Some(told);
            }
        }
        ExprKind::Name(Name::Namespace { .. }) => return of_target(db, target?),
        _ => {}
    }
    let fact = inference.expr(at);
    let of = inference.expr(object).ty;
    let is_field = |ty| match inference.types.structure(ty) {
        Type::Object(object) => object.field(name).is_some(),
        _ => false,
    };
    let receiver = receiver_of(&inference.types, of);
    let member = receiver.and_then(|receiver| builtins::member(receiver, name));
    Some(match member.filter(|_| !is_field(of)) {
        Some(member) => {
            let separator = if member.arity.is_none() { ": " } else { "" };
            let receiver = member.receiver.as_str();
            let code = format!("{receiver}.{name}{separator}{}", member.detail);
            let facts = match body.exprs[at].kind {
                ExprKind::MethodCall { .. } => format!(
                    "here: {} · {}",
                    inference.types.display(fact.ty),
                    words::confidence(fact.confidence)
                ),
                _ => words::confidence(fact.confidence),
            };
            Told::new(code, facts, "")
        }
        None => Told::new(
            format!("(member) {name}: {}", inference.display(fact)),
            words::confidence(fact.confidence),
            "",
        ),
    })
}

/// A declaration that a name leads to.
pub(crate) fn of_target(db: &RootDb, target: Target) -> Option<Told> {
    if target.name.is_empty() {
        let path = target.file.path(db);
        return Some(Told::new(format!("module \"{path}\""), "", opening(db, Some(target))));
    }
    let name = Text::from(target.name.slice(target.file.text(db)));
    let symbols = crate::symbols::all_symbols(db, target.file);
    let symbol = symbols.iter().find(|one| one.name_span == target.name);
    let kind = symbol.map(|symbol| symbol.kind);
    let tree = item_tree(db, target.file);
    let function = tree.function(db, &name).filter(|_| {
        matches!(kind, Some(SymbolKind::Function | SymbolKind::Pattern))
            && crate::symbols::symbols(db, target.file).iter().any(|one| Some(one) == symbol)
    });
    if let Some(item) = function {
        return Some(of_function(db, item, Some(target)));
    }
    if matches!(kind, None | Some(SymbolKind::Variable | SymbolKind::Constant)) {
        let module = tree.module;
        let body = body(db, module);
        let mut locals = body.locals.iter();
        if let Some((local, _)) = locals.find(|(_, one)| one.name == name) {
            return Some(of_local(db, module, local, None, Some(target)));
        }
    }
    Some(Told::new(source(db, target), "", doc(db, Some(target))))
}

/// The words at the start of a module.
fn opening(db: &RootDb, target: Option<Target>) -> String {
    let Some(target) = target else { return String::new() };
    let text = target.file.text(db);
    let is_opening = |line: &&str| line.starts_with("//") && !line.starts_with("///");
    let lines = text.lines().take_while(is_opening);
    let words: Vec<&str> = lines.map(|line| line.trim_start_matches('/').trim()).collect();
    words.join("\n")
}

/// The name of an agent in a string.
fn of_agent(db: &RootDb, file: SourceFile, string: &str) -> Option<Told> {
    let agents = file.package(db)?.agents(db).as_ref()?;
    let name = literal::string(string);
    let capabilities = &agents.get(&*name)?.capabilities;
    Some(Told::new("", "", words::agent(&name, capabilities)))
}
