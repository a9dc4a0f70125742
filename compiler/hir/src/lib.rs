//! From syntax to bodies: declarations, scopes, names, and bodies without sugar.
//!
//! Start with [`item_tree`] (what a file declares) and [`body()`] (what an item does).

pub mod body;
pub mod builtins;
pub mod problem;
pub mod types;

mod check;
mod circles;
mod collect;
mod contract;
mod declare;
mod described;
mod diagnostics;
mod doc_comment;
mod doc_header;
mod dump;
mod exports;
mod implicit;
mod item;
mod lower;
mod numbers;
mod queries;
mod scope;
mod slice;
mod text;
mod tree;

pub use collect::OperationSpans;
pub use contract::Contract;
pub use diagnostics::{body_diagnostics, file_diagnostics};
pub use doc_comment::doc_comment;
pub use doc_header::{EntrySpans, Header, HeaderEntry, KEYS as HEADER_KEYS, header, header_spans};
pub use dump::dump;
pub use exports::{Definition, DefinitionKind, exports, resolve_export};
pub use item::{Item, ItemKind, Layout, Signature, SignatureParam};
pub use queries::{
    agent_declarations, body, body_problems, body_spans, file_problems, item_tree, module_globals,
    module_scope, operation_spans, prelude_names, release_bodies, release_old_trees,
};
pub use scope::{Binding, ModuleScope};
pub use slice::Slice;
pub use tree::{
    AgentDef, EffectDef, Export, Import, ImportKind, Initial, ItemTree, OperationDef,
    OperationParam, TypeDef, Variable, VariableKind,
};
