//! From a name to its declaration.

use prism_hir::body::{LocalKind, Name, Text};
use prism_hir::{
    Definition, DefinitionKind, Item, body, body_spans, item_tree, prelude_names, resolve_export,
};
use prism_project::RootDb;
use prism_source::{Db, Resolution, SourceFile, resolve};
use prism_span::Span;

use crate::symbols::{Symbol, SymbolKind, all_symbols, symbols};

/// A place that a name leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    pub file: SourceFile,
    /// The whole declaration, and the name in it.
    pub span: Span,
    pub name: Span,
}

impl Target {
    pub(crate) fn symbol(file: SourceFile, symbol: &Symbol) -> Target {
        Target { file, span: symbol.span, name: symbol.name_span }
    }

    fn name(file: SourceFile, name: Span) -> Target {
        Target { file, span: name, name }
    }

    fn module(file: SourceFile) -> Target {
        Target::name(file, Span::empty(0))
    }
}

/// The declaration that a name in the body of an item stands for.
pub(crate) fn of_name<'db>(db: &'db RootDb, item: Item<'db>, name: &Name) -> Option<Target> {
    let file = item.file(db);
    match name {
        Name::Local(local) => {
            let declared = &body(db, item).locals[*local];
            if declared.kind == LocalKind::Function
                && let Some(target) = of_top_level(db, file, &declared.name)
            {
                return Some(target);
            }
            let span = item.layout(db).absolute(body_spans(db, item).local(*local));
            let inside = all_symbols(db, file).into_iter().find(|one| one.name_span == span);
            Some(inside.map_or(Target::name(file, span), |one| Target::symbol(file, &one)))
        }
        Name::ModuleVar(name) | Name::ModuleFunction(name) => of_top_level(db, file, name),
        Name::Import { module, name } => {
            let from = by_path(db, module)?;
            of_definition(db, &resolve_export(db, from, name)?)
        }
        Name::Namespace { module } => by_path(db, module).map(Target::module),
        Name::Builtin(name) => of_definition(db, prelude_names(db).get(name)?),
        Name::Effect(name) => of_effect(db, file, name),
        Name::Host(_) | Name::Unresolved(_) => None,
    }
}

/// What an import of a file brings in; without a name the module itself.
pub(crate) fn of_import(
    db: &RootDb,
    file: SourceFile,
    specifier: &str,
    name: Option<&str>,
) -> Option<Target> {
    let Resolution::Found(from) = resolve(db, file, specifier) else { return None };
    match name {
        Some(name) => of_definition(db, &resolve_export(db, from, name)?),
        None => Some(Target::module(from)),
    }
}

pub(crate) fn of_definition(db: &RootDb, definition: &Definition) -> Option<Target> {
    let file = by_path(db, &definition.module)?;
    match definition.kind {
        DefinitionKind::Namespace => Some(Target::module(file)),
        DefinitionKind::Function
        | DefinitionKind::Variable
        | DefinitionKind::Type
        | DefinitionKind::Effect => of_top_level(db, file, &definition.name),
    }
}

/// A type that a file declares or imports.
pub(crate) fn of_type(db: &RootDb, file: SourceFile, name: &str) -> Option<Target> {
    let own = find(db, file, name, &[SymbolKind::Type]);
    own.or_else(|| of_imported(db, file, name))
}

/// An effect that a file declares or imports.
pub(crate) fn of_effect(db: &RootDb, file: SourceFile, name: &str) -> Option<Target> {
    let own = find(db, file, name, &[SymbolKind::Effect]);
    own.or_else(|| of_imported(db, file, name))
}

/// `audit.record` of an effect that a file declares or imports.
pub(crate) fn of_operation(db: &RootDb, file: SourceFile, name: &str) -> Option<Target> {
    let (effect, operation) = name.split_once('.')?;
    let home = of_effect(db, file, effect)?;
    let effects = symbols(db, home.file).into_iter();
    let effect = effects.into_iter().find(|one| one.span == home.span)?;
    let operation = effect.children.iter().find(|one| one.name == operation)?;
    Some(Target::symbol(home.file, operation))
}

fn of_imported(db: &RootDb, file: SourceFile, local: &str) -> Option<Target> {
    let import = item_tree(db, file).import(local)?;
    let prism_hir::ImportKind::Name { name, .. } = &import.kind else { return None };
    of_import(db, file, &import.specifier, Some(name))
}

/// A declaration at the top level of a file.
fn of_top_level(db: &RootDb, file: SourceFile, name: &Text) -> Option<Target> {
    let found = symbols(db, file).into_iter().find(|one| *one.name == **name);
    if let Some(symbol) = found {
        return Some(Target::symbol(file, &symbol));
    }
    // A variable of a bare assignment, or of a pattern.
    let module = item_tree(db, file).module;
    let body = body(db, module);
    let mut locals = body.locals.iter();
    let is_it = |kind| matches!(kind, LocalKind::Let | LocalKind::Const | LocalKind::Implicit);
    let (local, _) = locals.find(|(_, one)| one.name == *name && is_it(one.kind))?;
    Some(Target::name(file, module.layout(db).absolute(body_spans(db, module).local(local))))
}

fn find(db: &RootDb, file: SourceFile, name: &str, kinds: &[SymbolKind]) -> Option<Target> {
    let mut found = symbols(db, file).into_iter();
    let found = found.find(|one| one.name == name && kinds.contains(&one.kind))?;
    Some(Target::symbol(file, &found))
}

pub(crate) fn by_path(db: &RootDb, path: &str) -> Option<SourceFile> {
    db.files().by_path(db).get(path).copied()
}
