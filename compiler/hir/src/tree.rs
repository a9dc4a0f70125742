//! What a file declares, without spans and without bodies.

use rustc_hash::FxHashMap;

use crate::body::{Text, TypeRef};
use crate::contract::Contract;
use crate::item::{Item, ItemKind};

/// The declarations of a file, each list in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq, salsa::SalsaValue)]
pub struct ItemTree<'db> {
    /// The statements of the module.
    pub module: Item<'db>,
    /// Functions, tests and patterns.
    pub items: Vec<Item<'db>>,
    pub variables: Vec<Variable>,
    pub imports: Vec<Import>,
    pub exports: Vec<Export>,
    pub types: Vec<TypeDef>,
    pub effects: Vec<EffectDef>,
    pub agents: Vec<AgentDef>,
    /// Positions of functions and patterns in `items`, and in the other lists; the first of a
    /// name.
    pub(crate) functions_by_name: FxHashMap<Text, u32>,
    pub(crate) variables_by_name: FxHashMap<Text, u32>,
    pub(crate) imports_by_name: FxHashMap<Text, u32>,
    pub(crate) exports_by_name: FxHashMap<Text, u32>,
    pub(crate) types_by_name: FxHashMap<Text, u32>,
}

/// A variable of the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub name: Text,
    pub kind: VariableKind,
    pub annotation: Option<TypeRef>,
    pub initial: Initial,
}

/// What a variable is declared with, as far as its text alone says so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Initial {
    #[default]
    Unknown,
    /// A constant that is written as an array.
    Array,
    /// A part of what the program is given: `input.login.user` without the first name.
    Input(Vec<Text>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VariableKind {
    Let,
    Const,
    /// Declared by a bare assignment.
    Implicit,
    /// Declared by `agents { … }` or `agent Name { … }`.
    Agent,
    /// The value of `export default e`; its name is `default`.
    Default,
}

/// One name that an import brings in, or an import for its effects alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    pub specifier: Text,
    pub kind: ImportKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportKind {
    /// `import { name as local }`; the default import has the name `default`.
    Name { name: Text, local: Text },
    /// `import * as local`.
    Namespace { local: Text },
    /// `import "path"`.
    Bare,
}

impl Import {
    /// The name that the import declares in its module.
    pub fn local(&self) -> Option<&Text> {
        match &self.kind {
            ImportKind::Name { local, .. } | ImportKind::Namespace { local } => Some(local),
            ImportKind::Bare => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Export {
    /// `export { local as name }` and every exported declaration.
    Local { local: Text, name: Text },
    /// `export { name as … } from "path"`.
    From { specifier: Text, name: Text, exported: Text },
    /// `export * from "path"`.
    Star { specifier: Text },
    /// `export * as name from "path"`.
    StarAs { specifier: Text, exported: Text },
}

impl Export {
    /// The name that importers use; `None` for `export *`.
    pub fn name(&self) -> Option<&Text> {
        match self {
            Export::Local { name, .. } => Some(name),
            Export::From { exported, .. } | Export::StarAs { exported, .. } => Some(exported),
            Export::Star { .. } => None,
        }
    }
}

/// `type Name<T> = …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeDef {
    pub name: Text,
    pub params: Vec<Text>,
    pub ty: TypeRef,
}

/// `effect name { operation(param: T): T … }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectDef {
    pub name: Text,
    pub operations: Vec<OperationDef>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationDef {
    pub name: Text,
    /// What it does cannot be taken back: the effect is declared `irreversible`.
    pub is_irreversible: bool,
    pub params: Vec<OperationParam>,
    pub result: Option<TypeRef>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationParam {
    pub name: Text,
    pub optional: bool,
    /// What is passed where it is left out; `None` for nothing, and for null.
    pub default: Option<serde_json::Value>,
    pub is_rest: bool,
    pub ty: Option<TypeRef>,
}

/// `agent Name { key: expr … }`; the expressions belong to the module's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentDef {
    pub name: Text,
    pub keys: Vec<Text>,
    /// `provenance: "verified"`, as written: where its answers come from.
    pub provenance: Option<Text>,
    pub contract: Contract,
}

impl<'db> ItemTree<'db> {
    /// The item of a function or pattern of this file.
    pub fn function(&self, db: &'db dyn prism_source::Db, name: &str) -> Option<Item<'db>> {
        let item = *self.items.get(*self.functions_by_name.get(name)? as usize)?;
        debug_assert!(matches!(item.kind(db), ItemKind::Function | ItemKind::Pattern));
        Some(item)
    }

    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.get(*self.variables_by_name.get(name)? as usize)
    }

    pub fn type_def(&self, name: &str) -> Option<&TypeDef> {
        self.types.get(*self.types_by_name.get(name)? as usize)
    }

    pub fn effect(&self, name: &str) -> Option<&EffectDef> {
        self.effects.iter().find(|def| &*def.name == name)
    }

    /// The import that declares a name.
    pub fn import(&self, local: &str) -> Option<&Import> {
        self.imports.get(*self.imports_by_name.get(local)? as usize)
    }

    /// The export of a name; those of `export *` have none.
    pub(crate) fn export(&self, name: &str) -> Option<&Export> {
        self.exports.get(*self.exports_by_name.get(name)? as usize)
    }

    /// Every item with a body: functions, tests and patterns, then the module's statements.
    pub fn bodies(&self) -> impl Iterator<Item = Item<'db>> {
        self.items.iter().copied().chain([self.module])
    }
}
