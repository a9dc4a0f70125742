//! Follows an exported name through re-exports to the module that declares it.

use std::collections::BTreeSet;

use prism_source::{Db, Resolution, SourceFile, resolve};
use rustc_hash::FxHashSet;

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
    // Re-exports may run in circles, and in chains of any length.
    let mut seen: FxHashSet<(SourceFile, Text)> = FxHashSet::default();
    let mut open: Vec<(SourceFile, Text)> = vec![(file, name.into())];
    while let Some((file, name)) = open.pop() {
        let step = if seen.contains(&(file, name.clone())) {
            Step::Elsewhere(Vec::new())
        } else {
            step(db, file, &name)
        };
        seen.insert((file, name));
        match step {
            Step::Found(definition) => return Some(definition),
            Step::Elsewhere(places) => open.extend(places.into_iter().rev()),
        }
    }
    None
}

/// The names a file exports, with their declarations; names that lead nowhere are left out.
pub fn exports(db: &dyn Db, file: SourceFile) -> Vec<(Text, Definition)> {
    let found = |name: Text| resolve_export(db, file, &name).map(|definition| (name, definition));
    export_names(db, file).into_iter().filter_map(found).collect()
}

/// What one file says about a name that it exports.
enum Step {
    Found(Definition),
    /// The places where it can be, the first one first; none when it does not exist.
    Elsewhere(Vec<(SourceFile, Text)>),
}

fn step(db: &dyn Db, file: SourceFile, name: &Text) -> Step {
    let tree = item_tree(db, file);
    match tree.export(name) {
        Some(Export::Local { local, .. }) => declared(db, file, tree, local),
        Some(Export::From { specifier, name, .. }) => {
            let place = target(db, file, specifier).map(|from| (from, name.clone()));
            Step::Elsewhere(place.into_iter().collect())
        }
        Some(Export::StarAs { specifier, .. }) => namespace(db, target(db, file, specifier)),
        Some(Export::Star { .. }) | None if &**name == "default" => Step::Elsewhere(Vec::new()),
        Some(Export::Star { .. }) | None => {
            let places = stars(db, file, tree).map(|from| (from, name.clone()));
            Step::Elsewhere(places.collect())
        }
    }
}

/// A name of the file itself: declared there, or imported there.
fn declared(db: &dyn Db, file: SourceFile, tree: &ItemTree<'_>, local: &Text) -> Step {
    let here =
        |kind| Step::Found(Definition { module: file.path(db).clone(), name: local.clone(), kind });
    if tree.functions_by_name.contains_key(local) {
        return here(DefinitionKind::Function);
    }
    if tree.variable(local).is_some() {
        return here(DefinitionKind::Variable);
    }
    if let Some(import) = tree.import(local) {
        let from = target(db, file, &import.specifier);
        return match &import.kind {
            ImportKind::Name { name, .. } => {
                Step::Elsewhere(from.map(|from| (from, name.clone())).into_iter().collect())
            }
            ImportKind::Namespace { .. } => namespace(db, from),
            ImportKind::Bare => Step::Elsewhere(Vec::new()),
        };
    }
    if tree.effect(local).is_some() {
        return here(DefinitionKind::Effect);
    }
    match tree.type_def(local) {
        Some(_) => here(DefinitionKind::Type),
        None => Step::Elsewhere(Vec::new()),
    }
}

fn namespace(db: &dyn Db, file: Option<SourceFile>) -> Step {
    let kind = DefinitionKind::Namespace;
    match file {
        Some(file) => {
            Step::Found(Definition { module: file.path(db).clone(), name: Text::default(), kind })
        }
        None => Step::Elsewhere(Vec::new()),
    }
}

fn target(db: &dyn Db, file: SourceFile, specifier: &str) -> Option<SourceFile> {
    match resolve(db, file, specifier) {
        Resolution::Found(file) => Some(file),
        Resolution::Missing | Resolution::MissingStd | Resolution::Bare => None,
    }
}

/// The files behind `export * from`.
fn stars<'a>(
    db: &'a dyn Db,
    file: SourceFile,
    tree: &'a ItemTree<'_>,
) -> impl Iterator<Item = SourceFile> + 'a {
    tree.exports.iter().filter_map(move |export| match export {
        Export::Star { specifier } => target(db, file, specifier),
        Export::Local { .. } | Export::From { .. } | Export::StarAs { .. } => None,
    })
}

/// `default` is not passed on by `export * from`.
fn export_names(db: &dyn Db, file: SourceFile) -> BTreeSet<Text> {
    let mut names = BTreeSet::new();
    let mut seen = FxHashSet::from_iter([file]);
    let mut open = vec![file];
    while let Some(at) = open.pop() {
        let tree = item_tree(db, at);
        let own = tree.exports.iter().filter_map(|export| export.name());
        names.extend(own.filter(|name| at == file || &***name != "default").cloned());
        open.extend(stars(db, at, tree).filter(|from| seen.insert(*from)));
    }
    names
}
