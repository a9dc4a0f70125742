//! The queries of this crate; see each for what makes it run again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use prism_source::{Db, Kept, Origin, PRELUDE, SourceFile, parse};
use rustc_hash::FxHashMap;

use crate::body::{Body, BodySpans, Text};
use crate::builtins;
use crate::collect::{Collected, OperationSpans, collect};
use crate::exports::{Definition, exports};
use crate::item::{Item, ItemKind, Signature};
use crate::lower::{self, Lowered};
use crate::problem::Problem;
use crate::scope::ModuleScope;
use crate::slice::{Slice, Tree};
use crate::tree::{Export, ItemTree};

pub(crate) fn syntax(db: &dyn Db, file: SourceFile) -> Tree {
    Tree::open(&parse(db, file).tree)
}

/// Gives up the trees of older texts that unchanged items of a file were cut out of.
pub fn release_old_trees(db: &dyn Db, file: SourceFile) {
    for item in item_tree(db, file).bodies() {
        item.source(db).release_unless(file.text(db));
    }
}

/// The declarations of a file with their spans; runs for every edit.
#[salsa::tracked(no_eq)]
pub(crate) fn collected(db: &dyn Db, file: SourceFile) -> Collected {
    collect(&syntax(db, file))
}

/// What a file declares. Runs for every edit of the file; its result changes with an interface.
#[salsa::tracked]
pub fn item_tree<'db>(db: &'db dyn Db, file: SourceFile) -> ItemTree<'db> {
    let Collected { module, items, variables, imports, exports, types, effects, agents, .. } =
        collected(db, file);
    let new_item = |kind, name: &Text, slice: &Slice, signature: &Arc<Signature>| {
        let layout = slice.layout().clone();
        Item::new(db, file, kind, name.clone(), slice.clone(), layout, signature.clone())
    };
    let functions = items.iter().enumerate().filter(|(_, item)| match item.kind {
        ItemKind::Function | ItemKind::Pattern => true,
        ItemKind::Module | ItemKind::Test => false,
    });
    let functions = functions.map(|(index, item)| (index, &item.name));
    let variables = variables.iter().map(|(variable, _)| variable);
    let imports = imports.iter().map(|(import, _)| import);
    let exports = exports.iter().map(|(export, _)| export);
    let types = types.iter().map(|(def, _)| def);
    ItemTree {
        module: new_item(ItemKind::Module, &Text::default(), module, &Arc::default()),
        items: items
            .iter()
            .map(|item| new_item(item.kind, &item.name, &item.slice, &item.signature))
            .collect(),
        variables: variables.clone().cloned().collect(),
        imports: imports.clone().cloned().collect(),
        exports: exports.clone().cloned().collect(),
        types: types.clone().cloned().collect(),
        effects: effects.iter().map(|(def, _)| def.clone()).collect(),
        agents: agents.iter().map(|(def, _)| def.clone()).collect(),
        functions_by_name: by_name(functions),
        variables_by_name: by_name(variables.map(|variable| &variable.name).enumerate()),
        imports_by_name: by_name(named(imports.map(|import| import.local()))),
        exports_by_name: by_name(named(exports.map(|export| export.name()))),
        types_by_name: by_name(types.map(|def| &def.name).enumerate()),
    }
}

/// The first position of each name.
fn by_name<'a>(names: impl Iterator<Item = (usize, &'a Text)>) -> FxHashMap<Text, u32> {
    let mut positions = FxHashMap::default();
    for (position, name) in names {
        positions.entry(name.clone()).or_insert(position as u32);
    }
    positions
}

/// Those that have a name, with their positions among all.
fn named<'a>(
    names: impl Iterator<Item = Option<&'a Text>>,
) -> impl Iterator<Item = (usize, &'a Text)> {
    names.enumerate().filter_map(|(position, name)| Some((position, name?)))
}

/// The names that the statements and functions of a file see, imports resolved.
#[salsa::tracked]
pub fn module_scope(db: &dyn Db, file: SourceFile) -> Arc<ModuleScope> {
    Arc::new(crate::scope::module_scope(db, file))
}

/// The functions and variables that the prelude gives to every module. Left out is what stands
/// there under a name for the compiler: `Promise_all` for `Promise.all`, `host_agentResults`.
#[salsa::tracked]
pub fn prelude_names(db: &dyn Db) -> Arc<BTreeMap<Text, Definition>> {
    let mut names = BTreeMap::new();
    if let Some(file) = db.files().by_path(db).get(PRELUDE).copied() {
        let is_hidden = |name: &str| {
            name.starts_with("host_") || builtins::builtin(&name.replacen('_', ".", 1)).is_some()
        };
        names.extend(
            exports(db, file)
                .into_iter()
                .filter(|(name, _)| !name.contains('_') || !is_hidden(name)),
        );
    }
    Arc::new(names)
}

/// The problems of a file's declarations that its own tree shows. Apart from those of imports
/// and exports, which are looked for again when an imported file changes.
#[salsa::tracked]
pub(crate) fn own_problems(db: &dyn Db, file: SourceFile) -> Arc<[Problem]> {
    crate::check::problems_of_tree(db, file).into()
}

/// What is wrong with the declarations and the header of a file; spans count from its start.
#[salsa::tracked]
pub fn file_problems(db: &dyn Db, file: SourceFile) -> Arc<[Problem]> {
    crate::check::file_problems(db, file).into()
}

/// The agents that a file declares, with the places of their names.
pub fn agent_declarations(db: &dyn Db, file: SourceFile) -> Vec<(Text, prism_span::Span)> {
    let agents = collected(db, file).agents.iter();
    agents.map(|(def, spans)| (def.name.clone(), spans.name)).collect()
}

/// The operations of each effect that a file declares, with their places; in the order of
/// [`ItemTree::effects`].
pub fn operation_spans(db: &dyn Db, file: SourceFile) -> &[Vec<OperationSpans>] {
    &collected(db, file).operations
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

/// A body with its spans and problems.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    body: Kept<Body>,
    spans: Kept<BodySpans>,
    problems: Arc<[Problem]>,
    module_vars: Arc<BTreeSet<Text>>,
}

/// Runs when the words of the item or the names that its module declares change; use the parts,
/// which change less often.
#[salsa::tracked]
fn lowered<'db>(db: &'db dyn Db, item: Item<'db>) -> Parts {
    let Lowered { body, spans, problems, module_vars } = lower_item(db, item);
    Parts {
        body: Kept::new(body),
        spans: Kept::new(spans),
        problems: problems.into(),
        module_vars: Arc::new(module_vars),
    }
}

fn lower_item<'db>(db: &'db dyn Db, item: Item<'db>) -> Lowered {
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
    let groups = file.package(db).map(|package| package.groups(db).clone()).unwrap_or_default();
    let slice = item.source(db);
    let input = lower::Input {
        slice,
        tree: &slice.tree(),
        kind: item.kind(db),
        name,
        is_std,
        scope,
        prelude: &prelude,
        globals: &globals,
        groups: &groups,
    };
    lower::lower(&input)
}

/// The body of an item.
pub fn body<'db>(db: &'db dyn Db, item: Item<'db>) -> Arc<Body> {
    item_body(db, item).get_or(|| {
        let Lowered { body, spans, .. } = lower_item(db, item);
        item_spans(db, item).fill(spans);
        body
    })
}

/// [`body()`], under a name that is no module's.
#[salsa::tracked]
fn item_body<'db>(db: &'db dyn Db, item: Item<'db>) -> Kept<Body> {
    lowered(db, item).body.clone()
}

/// Where the parts of a body stand, relative to the item.
pub fn body_spans<'db>(db: &'db dyn Db, item: Item<'db>) -> Arc<BodySpans> {
    item_spans(db, item).get_or(|| {
        let Lowered { body, spans, .. } = lower_item(db, item);
        item_body(db, item).fill(body);
        spans
    })
}

#[salsa::tracked]
fn item_spans<'db>(db: &'db dyn Db, item: Item<'db>) -> Kept<BodySpans> {
    lowered(db, item).spans.clone()
}

/// Gives up the bodies of a file, where they stand, and its tree.
pub fn release_bodies(db: &dyn Db, file: SourceFile) {
    for item in item_tree(db, file).bodies() {
        let Parts { body, spans, .. } = lowered(db, item);
        body.release();
        spans.release();
        // They may be those of an earlier text, where nothing else has changed.
        item_body(db, item).release();
        item_spans(db, item).release();
    }
    parse(db, file).tree.release();
}

/// What name resolution found wrong in a body. Asked for with the places of the problems, it
/// need not survive an edit.
pub fn body_problems<'db>(db: &'db dyn Db, item: Item<'db>) -> &'db [Problem] {
    &lowered(db, item).problems
}

/// The module variables that a function uses.
#[salsa::tracked]
fn used_module_vars<'db>(db: &'db dyn Db, item: Item<'db>) -> Arc<BTreeSet<Text>> {
    lowered(db, item).module_vars.clone()
}
