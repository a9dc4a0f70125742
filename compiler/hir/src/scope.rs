//! The names that a module's functions and statements see from outside themselves.

use std::collections::{BTreeMap, BTreeSet};

use prism_source::{Db, Resolution, SourceFile, parse, resolve};

use crate::body::Text;
use crate::exports::{Definition, DefinitionKind, exports, resolve_export};
use crate::item::ItemKind;
use crate::queries::item_tree;
use crate::tree::{EffectDef, ImportKind, VariableKind};

/// The top level of a module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModuleScope {
    pub names: BTreeMap<Text, Binding>,
    /// Types that annotations may name, the module's own and imported ones, with the number of
    /// types that each takes.
    pub types: BTreeMap<Text, usize>,
    /// Effects that the module declares or imports, by the name it uses.
    pub effects: BTreeMap<Text, EffectDef>,
    /// What the modules behind `import * as` export, and those behind their `export * as`.
    pub namespaces: BTreeMap<Text, BTreeMap<Text, Definition>>,
    /// Names in statements that could not be read: they may be declared there.
    pub broken: BTreeSet<Text>,
}

/// What a name of a module stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    Variable(VariableKind),
    Function,
    /// The exported name in the module that the import names.
    Import {
        module: Text,
        name: Text,
        kind: DefinitionKind,
    },
    Namespace {
        module: Text,
    },
    /// An import that leads nowhere; reported at the import.
    Missing,
}

pub(crate) fn module_scope(db: &dyn Db, file: SourceFile) -> ModuleScope {
    let tree = item_tree(db, file);
    let mut scope = ModuleScope::default();
    scope.broken.extend(parse(db, file).broken.iter().map(|name| Text::from(&**name)));
    for import in &tree.imports {
        scope.import(db, file, &import.specifier, &import.kind);
    }
    for variable in &tree.variables {
        scope.names.entry(variable.name.clone()).or_insert(Binding::Variable(variable.kind));
    }
    for item in &tree.items {
        match item.kind(db) {
            ItemKind::Function | ItemKind::Pattern => {
                scope.names.insert(item.name(db).clone(), Binding::Function);
            }
            ItemKind::Module | ItemKind::Test => {}
        }
    }
    scope.types.extend(tree.types.iter().map(|def| (def.name.clone(), def.params.len())));
    scope.effects.extend(tree.effects.iter().map(|def| (def.name.clone(), def.clone())));
    scope
}

impl ModuleScope {
    fn import(&mut self, db: &dyn Db, file: SourceFile, specifier: &str, kind: &ImportKind) {
        let found = match resolve(db, file, specifier) {
            Resolution::Found(found) => Some(found),
            Resolution::Missing | Resolution::MissingStd | Resolution::Bare => None,
        };
        match kind {
            ImportKind::Bare => {}
            ImportKind::Namespace { local } => {
                let binding = match found {
                    Some(found) => self.namespace(db, found),
                    None => Binding::Missing,
                };
                self.names.insert(local.clone(), binding);
            }
            ImportKind::Name { name, local } => {
                let definition = found.and_then(|found| resolve_export(db, found, name));
                match found.zip(definition) {
                    Some((found, definition)) => self.imported(db, found, name, local, definition),
                    None => {
                        self.names.insert(local.clone(), Binding::Missing);
                    }
                }
            }
        }
    }

    /// `import { name as local }` from `file`, which leads to `definition`.
    fn imported(
        &mut self,
        db: &dyn Db,
        file: SourceFile,
        name: &Text,
        local: &Text,
        definition: Definition,
    ) {
        let declared_in = || db.files().by_path(db).get(&definition.module).copied();
        match definition.kind {
            kind @ (DefinitionKind::Function | DefinitionKind::Variable) => {
                let module = file.path(db).clone();
                let binding = Binding::Import { module, name: name.clone(), kind };
                self.names.insert(local.clone(), binding);
            }
            DefinitionKind::Namespace => {
                let binding = declared_in().map(|file| self.namespace(db, file));
                self.names.insert(local.clone(), binding.unwrap_or(Binding::Missing));
            }
            DefinitionKind::Type => {
                let def =
                    declared_in().and_then(|file| item_tree(db, file).type_def(&definition.name));
                self.types.insert(local.clone(), def.map_or(0, |def| def.params.len()));
            }
            DefinitionKind::Effect => {
                let def =
                    declared_in().and_then(|file| item_tree(db, file).effect(&definition.name));
                self.effects.extend(def.map(|def| (local.clone(), def.clone())));
            }
        }
    }

    fn namespace(&mut self, db: &dyn Db, file: SourceFile) -> Binding {
        let module = file.path(db).clone();
        let mut open = vec![file];
        while let Some(file) = open.pop() {
            let path = file.path(db);
            if self.namespaces.contains_key(path) {
                continue;
            }
            let members: BTreeMap<Text, Definition> = exports(db, file).into_iter().collect();
            let inner = members.values().filter(|def| def.kind == DefinitionKind::Namespace);
            open.extend(inner.filter_map(|def| db.files().by_path(db).get(&def.module).copied()));
            self.namespaces.insert(path.clone(), members);
        }
        Binding::Namespace { module }
    }

    /// The module behind `export * as name` of a module that a namespace leads to.
    pub(crate) fn inner_namespace(&self, module: &str, name: &str) -> Option<&Text> {
        let definition = self.namespaces.get(module)?.get(name)?;
        (definition.kind == DefinitionKind::Namespace).then_some(&definition.module)
    }
}
