//! The queries of this crate; see each for what makes it run again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use prism_source::{Db, Origin, PRELUDE, SourceFile, parse};

use crate::body::{Body, BodySpans, Text};
use crate::collect::{Collected, collect};
use crate::exports::{Definition, exports};
use crate::item::{Item, ItemKind};
use crate::lower::{self, Lowered};
use crate::problem::Problem;
use crate::scope::ModuleScope;
use crate::slice::Tree;
use crate::tree::{Export, ItemTree};

pub(crate) fn syntax(db: &dyn Db, file: SourceFile) -> Tree {
    Tree { ast: parse(db, file).ast.clone(), text: file.text(db).clone() }
}

/// What a file declares. Runs for every edit of the file; its result changes with an interface.
#[salsa::tracked]
pub fn item_tree<'db>(db: &'db dyn Db, file: SourceFile) -> ItemTree<'db> {
    let Collected { module, items, variables, imports, exports, types, effects, agents } =
        collect(&syntax(db, file));
    let new_item = |kind, name: Text, slice: crate::slice::Slice, signature| {
        let layout = slice.layout().clone();
        Item::new(db, file, kind, name, slice, layout, Arc::new(signature))
    };
    let mut functions_by_name = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        if matches!(item.kind, ItemKind::Function | ItemKind::Pattern) {
            functions_by_name.entry(item.name.clone()).or_insert(index as u32);
        }
    }
    let mut variables_by_name = BTreeMap::new();
    for (index, (variable, _)) in variables.iter().enumerate() {
        variables_by_name.entry(variable.name.clone()).or_insert(index as u32);
    }
    ItemTree {
        module: new_item(ItemKind::Module, Text::default(), module, Default::default()),
        items: items
            .into_iter()
            .map(|item| new_item(item.kind, item.name, item.slice, item.signature))
            .collect(),
        variables: variables.into_iter().map(|(variable, _)| variable).collect(),
        imports: imports.into_iter().map(|(import, _)| import).collect(),
        exports: exports.into_iter().map(|(export, _)| export).collect(),
        types: types.into_iter().map(|(def, _)| def).collect(),
        effects: effects.into_iter().map(|(def, _)| def).collect(),
        agents: agents.into_iter().map(|(def, _)| def).collect(),
        functions_by_name,
        variables_by_name,
    }
}

/// The names that the statements and functions of a file see, imports resolved.
#[salsa::tracked]
pub fn module_scope(db: &dyn Db, file: SourceFile) -> Arc<ModuleScope> {
    Arc::new(crate::scope::module_scope(db, file))
}

/// The functions and variables that the prelude gives to every module.
#[salsa::tracked]
pub fn prelude_names(db: &dyn Db) -> Arc<BTreeMap<Text, Definition>> {
    let mut names = BTreeMap::new();
    if let Some(file) = db.files().by_path(db).get(PRELUDE).copied() {
        names.extend(exports(db, file));
    }
    Arc::new(names)
}

/// Module variables that must outlive the module's own statements: those that functions of the
/// module use, and exported ones.
#[salsa::tracked]
pub fn module_globals(db: &dyn Db, file: SourceFile) -> Arc<BTreeSet<Text>> {
    let tree = item_tree(db, file);
    let mut globals = BTreeSet::new();
    for item in &tree.items {
        globals.extend(used_module_vars(db, *item).iter().cloned());
    }
    for export in &tree.exports {
        if let Export::Local { local, .. } = export {
            globals.insert(local.clone());
        }
    }
    globals.retain(|name| tree.variable(name).is_some());
    Arc::new(globals)
}

/// A body with its spans and problems. Runs when the words of the item or the names that its
/// module declares change; use the parts, which change less often.
#[salsa::tracked]
fn lowered<'db>(db: &'db dyn Db, item: Item<'db>) -> Lowered {
    let file = item.file(db);
    let is_std = file.origin(db) == Origin::Standard;
    let prelude =
        if &**file.path(db) == PRELUDE { Arc::default() } else { prelude_names(db).clone() };
    let globals = match item.kind(db) {
        ItemKind::Module => module_globals(db, file).clone(),
        ItemKind::Function | ItemKind::Test | ItemKind::Pattern => Arc::default(),
    };
    let scope = module_scope(db, file);
    let name = item.name(db);
    let input = lower::Input {
        slice: item.source(db),
        kind: item.kind(db),
        name,
        is_std,
        scope,
        prelude: &prelude,
        globals: &globals,
    };
    lower::lower(&input)
}

/// The body of an item.
pub fn body<'db>(db: &'db dyn Db, item: Item<'db>) -> &'db Arc<Body> {
    item_body(db, item)
}

/// [`body()`], under a name that is no module's.
#[salsa::tracked]
fn item_body<'db>(db: &'db dyn Db, item: Item<'db>) -> Arc<Body> {
    lowered(db, item).body.clone()
}

/// Where the parts of a body stand, relative to the item.
#[salsa::tracked]
pub fn body_spans<'db>(db: &'db dyn Db, item: Item<'db>) -> Arc<BodySpans> {
    lowered(db, item).spans.clone()
}

/// What name resolution found wrong in a body.
#[salsa::tracked]
pub fn body_problems<'db>(db: &'db dyn Db, item: Item<'db>) -> Arc<[Problem]> {
    lowered(db, item).problems.clone()
}

/// The module variables that a function uses.
#[salsa::tracked]
fn used_module_vars<'db>(db: &'db dyn Db, item: Item<'db>) -> Arc<BTreeSet<Text>> {
    lowered(db, item).module_vars.clone()
}
