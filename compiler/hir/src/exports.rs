//! Follows an exported name through re-exports to the module that declares it.

use std::collections::BTreeSet;

use prism_source::{Db, Resolution, SourceFile, resolve};

use crate::body::Text;
use crate::queries::item_tree;
use crate::tree::{Export, ImportKind, ItemTree};

/// Where an exported name is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Path of the module that declares it.
    pub module: Text,
    /// Its name there.
    pub name: Text,
    pub kind: DefinitionKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefinitionKind {
    Function,
    Variable,
    Type,
    Effect,
    /// `export * as name from "path"`: all exports of `module`; `name` is empty.
    Namespace,
}

/// The declaration behind an exported name of a file.
pub fn resolve_export(db: &dyn Db, file: SourceFile, name: &str) -> Option<Definition> {
    find(db, file, name, &mut BTreeSet::new())
}

/// The names a file exports, with their declarations; names that lead nowhere are left out.
pub fn exports(db: &dyn Db, file: SourceFile) -> Vec<(Text, Definition)> {
    let mut names = BTreeSet::new();
    export_names(db, file, &mut names, &mut BTreeSet::new());
    let found = |name: Text| resolve_export(db, file, &name).map(|definition| (name, definition));
    names.into_iter().filter_map(found).collect()
}

/// `seen` holds what is being looked for already: re-exports may run in circles.
fn find(
    db: &dyn Db,
    file: SourceFile,
    name: &str,
    seen: &mut BTreeSet<(u32, Text)>,
) -> Option<Definition> {
    if !seen.insert((file.id(db).0, name.into())) {
        return None;
    }
    let tree = item_tree(db, file);
    let explicit =
        tree.exports.iter().find(|export| export.name().is_some_and(|own| &**own == name));
    match explicit {
        Some(Export::Local { local, .. }) => declared(db, file, tree, local, seen),
        Some(Export::From { specifier, name, .. }) => {
            find(db, target(db, file, specifier)?, name, seen)
        }
        Some(Export::StarAs { specifier, .. }) => namespace(db, target(db, file, specifier)?),
        Some(Export::Star { .. }) | None if name == "default" => None,
        Some(Export::Star { .. }) | None => tree.exports.iter().find_map(|export| match export {
            Export::Star { specifier } => find(db, target(db, file, specifier)?, name, seen),
            Export::Local { .. } | Export::From { .. } | Export::StarAs { .. } => None,
        }),
    }
}

/// A name of the file itself: declared there, or imported there.
fn declared(
    db: &dyn Db,
    file: SourceFile,
    tree: &ItemTree<'_>,
    local: &Text,
    seen: &mut BTreeSet<(u32, Text)>,
) -> Option<Definition> {
    let here = |kind| Some(Definition { module: file.path(db).clone(), name: local.clone(), kind });
    if tree.functions_by_name.contains_key(local) {
        return here(DefinitionKind::Function);
    }
    if tree.variable(local).is_some() {
        return here(DefinitionKind::Variable);
    }
    if let Some(import) = tree.import(local) {
        let from = target(db, file, &import.specifier)?;
        return match &import.kind {
            ImportKind::Name { name, .. } => find(db, from, name, seen),
            ImportKind::Namespace { .. } => namespace(db, from),
            ImportKind::Bare => None,
        };
    }
    if tree.effect(local).is_some() {
        return here(DefinitionKind::Effect);
    }
    tree.type_def(local).and_then(|_| here(DefinitionKind::Type))
}

fn namespace(db: &dyn Db, file: SourceFile) -> Option<Definition> {
    let kind = DefinitionKind::Namespace;
    Some(Definition { module: file.path(db).clone(), name: Text::default(), kind })
}

fn target(db: &dyn Db, file: SourceFile, specifier: &str) -> Option<SourceFile> {
    match resolve(db, file, specifier) {
        Resolution::Found(file) => Some(file),
        Resolution::Missing | Resolution::MissingStd | Resolution::Bare => None,
    }
}

fn export_names(
    db: &dyn Db,
    file: SourceFile,
    names: &mut BTreeSet<Text>,
    seen: &mut BTreeSet<u32>,
) {
    if !seen.insert(file.id(db).0) {
        return;
    }
    for export in &item_tree(db, file).exports {
        match (export.name(), export) {
            (Some(name), _) => {
                names.insert(name.clone());
            }
            (None, Export::Star { specifier }) => {
                let mut inner = BTreeSet::new();
                if let Some(from) = target(db, file, specifier) {
                    export_names(db, from, &mut inner, seen);
                }
                inner.remove("default");
                names.extend(inner);
            }
            (None, Export::Local { .. } | Export::From { .. } | Export::StarAs { .. }) => {}
        }
    }
}
