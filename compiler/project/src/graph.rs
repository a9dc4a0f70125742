//! Which module imports which, in which order they run, and where that is impossible.

use std::collections::VecDeque;

use prism_hir::{DefinitionKind, Export, ImportKind, exports, item_tree, resolve_export};
use prism_source::{Db, Resolution, SourceFile, resolve};
use rustc_hash::{FxHashMap, FxHashSet};

/// A file that another one imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    pub file: SourceFile,
    pub specifier: prism_hir::body::Text,
    /// Nothing but functions, types and effects is used, which need no order.
    pub is_functions_only: bool,
}

/// A circle of modules that cannot be ordered: each imports the next, the last one the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle {
    pub files: Vec<SourceFile>,
    /// How the first module writes its import of the next.
    pub specifier: prism_hir::body::Text,
}

/// The files that a file imports or re-exports, in the order of its text, each once.
#[salsa::tracked]
pub fn imports(db: &dyn Db, file: SourceFile) -> Vec<Imported> {
    let tree = item_tree(db, file);
    let mut found: Vec<Imported> = Vec::new();
    for import in &tree.imports {
        let is_function = |to: SourceFile| match &import.kind {
            ImportKind::Bare => false,
            ImportKind::Namespace { .. } => exports_functions_only(db, to),
            ImportKind::Name { name, .. } => is_function(db, to, name),
        };
        add(db, file, &import.specifier, is_function, &mut found);
    }
    for export in &tree.exports {
        match export {
            Export::Local { .. } => {}
            Export::From { specifier, name, .. } => {
                add(db, file, specifier, |to| is_function(db, to, name), &mut found);
            }
            Export::Star { specifier } | Export::StarAs { specifier, .. } => {
                add(db, file, specifier, |to| exports_functions_only(db, to), &mut found);
            }
        }
    }
    found
}

fn add(
    db: &dyn Db,
    from: SourceFile,
    specifier: &prism_hir::body::Text,
    is_function: impl FnOnce(SourceFile) -> bool,
    found: &mut Vec<Imported>,
) {
    let Resolution::Found(file) = resolve(db, from, specifier) else { return };
    let is_functions_only = is_function(file);
    match found.iter_mut().find(|imported| imported.file == file) {
        Some(known) => known.is_functions_only &= is_functions_only,
        None => found.push(Imported { file, specifier: specifier.clone(), is_functions_only }),
    }
}

/// A name that leads nowhere is reported elsewhere and needs no order.
fn is_function(db: &dyn Db, file: SourceFile, name: &str) -> bool {
    resolve_export(db, file, name).is_none_or(|definition| needs_no_order(definition.kind))
}

fn exports_functions_only(db: &dyn Db, file: SourceFile) -> bool {
    exports(db, file).iter().all(|(_, definition)| needs_no_order(definition.kind))
}

fn needs_no_order(kind: DefinitionKind) -> bool {
    match kind {
        DefinitionKind::Function | DefinitionKind::Type | DefinitionKind::Effect => true,
        DefinitionKind::Variable | DefinitionKind::Namespace => false,
    }
}

/// The modules that `root` reaches in the order in which they run: imported ones first.
pub fn module_order(db: &dyn Db, root: SourceFile) -> Vec<SourceFile> {
    let mut order = Vec::new();
    let mut seen = FxHashSet::from_iter([root]);
    // Each file on the way from the root, with how many of its imports were visited.
    let mut open = vec![(root, 0)];
    while let Some((file, visited)) = open.last_mut() {
        match imports(db, *file).get(*visited) {
            Some(next) => {
                *visited += 1;
                if seen.insert(next.file) {
                    open.push((next.file, 0));
                }
            }
            None => {
                order.push(*file);
                open.pop();
            }
        }
    }
    order
}

/// The files and all that they reach, imported ones first.
pub(crate) fn reached(db: &dyn Db, files: &[SourceFile]) -> Vec<SourceFile> {
    groups(db, files).into_iter().flatten().collect()
}

/// The files, each behind those of them that it imports.
pub fn imported_first(db: &dyn Db, files: &[SourceFile]) -> Vec<SourceFile> {
    let mut order = reached(db, files);
    let wanted: FxHashSet<SourceFile> = files.iter().copied().collect();
    order.retain(|file| wanted.contains(file));
    order
}

/// Circles among files in which more than functions is used, each once.
pub fn cycles(db: &dyn Db, files: &[SourceFile]) -> Vec<Cycle> {
    let mut found = Vec::new();
    for group in groups(db, files).into_iter().filter(|group| is_circle(db, group)) {
        let inside: FxHashSet<SourceFile> = group.iter().copied().collect();
        let mut ordered = group;
        ordered.sort_by_key(|file| file.path(db).clone());
        let value_import = ordered.iter().find_map(|file| {
            let imports = imports(db, *file).iter();
            let mut inside =
                imports.filter(|next| inside.contains(&next.file) && !next.is_functions_only);
            inside.next().map(|next| (*file, next))
        });
        if let Some((from, next)) = value_import {
            let mut files = vec![from];
            files.extend(way(db, next.file, from, &inside));
            found.push(Cycle { files, specifier: next.specifier.clone() });
        }
    }
    found
}

/// The shortest way from one file to another inside a group, without the last.
fn way(
    db: &dyn Db,
    from: SourceFile,
    to: SourceFile,
    inside: &FxHashSet<SourceFile>,
) -> Vec<SourceFile> {
    let mut came: FxHashMap<SourceFile, SourceFile> = FxHashMap::default();
    let mut waiting = VecDeque::from([from]);
    while let Some(file) = waiting.pop_front() {
        if file == to {
            break;
        }
        for next in imports(db, file) {
            if inside.contains(&next.file) && next.file != from && !came.contains_key(&next.file) {
                came.insert(next.file, file);
                waiting.push_back(next.file);
            }
        }
    }
    let mut way = Vec::new();
    let mut at = to;
    while at != from {
        let Some(before) = came.get(&at).copied() else { break };
        way.push(before);
        at = before;
    }
    way.reverse();
    way
}

pub(crate) fn is_circle(db: &dyn Db, group: &[SourceFile]) -> bool {
    let imports_itself = |file| imports(db, file).iter().any(|next| next.file == file);
    group.len() > 1 || group.iter().any(|file| imports_itself(*file))
}

/// The files and what they reach, in groups that reach each other (Tarjan, without recursion).
/// A group stands behind those that it imports.
pub(crate) fn groups(db: &dyn Db, files: &[SourceFile]) -> Vec<Vec<SourceFile>> {
    let mut tarjan = Tarjan::default();
    for file in files {
        if !tarjan.index.contains_key(file) {
            tarjan.visit(db, *file);
        }
    }
    tarjan.groups
}

#[derive(Default)]
struct Tarjan {
    /// When a file was first met, and the earliest file it reaches.
    index: FxHashMap<SourceFile, (u32, u32)>,
    stack: Vec<SourceFile>,
    on_stack: FxHashSet<SourceFile>,
    groups: Vec<Vec<SourceFile>>,
}

impl Tarjan {
    fn enter(&mut self, file: SourceFile, open: &mut Vec<(SourceFile, usize)>) {
        let number = self.index.len() as u32;
        self.index.insert(file, (number, number));
        self.stack.push(file);
        self.on_stack.insert(file);
        open.push((file, 0));
    }

    fn lower(&mut self, file: SourceFile, to: u32) {
        if let Some((_, low)) = self.index.get_mut(&file) {
            *low = (*low).min(to);
        }
    }

    fn visit(&mut self, db: &dyn Db, root: SourceFile) {
        let mut open = Vec::new();
        self.enter(root, &mut open);
        while let Some((file, visited)) = open.last_mut() {
            let file = *file;
            let next = imports(db, file).get(*visited).map(|next| next.file);
            *visited += 1;
            match next {
                Some(next) if !self.index.contains_key(&next) => self.enter(next, &mut open),
                Some(next) if self.on_stack.contains(&next) => {
                    let (number, _) = self.index[&next];
                    self.lower(file, number);
                }
                Some(_) => {}
                None => {
                    open.pop();
                    self.leave(file);
                    if let Some((parent, _)) = open.last() {
                        let (_, low) = self.index[&file];
                        self.lower(*parent, low);
                    }
                }
            }
        }
    }

    fn leave(&mut self, file: SourceFile) {
        let (number, low) = self.index[&file];
        if number != low {
            return;
        }
        let at = self.stack.iter().rposition(|member| *member == file).unwrap_or(0);
        let group = self.stack.split_off(at);
        for member in &group {
            self.on_stack.remove(member);
        }
        self.groups.push(group);
    }
}
