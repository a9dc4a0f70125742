//! What every function of a file may do: the data of `prismc check --effects` and of hover.

use std::sync::Arc;

use prism_hir::{Item, ItemKind, item_tree};
use prism_source::{Db, SourceFile};
use prism_span::{RelSpan, Span};

use crate::effects::Effects;
use crate::inference::Inference;
use crate::queries::infer;
use crate::types::{Text, Type};

/// A function of a file as its callers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionSummary {
    /// The function's name; `module` for the statements of the file.
    pub name: Text,
    pub kind: ItemKind,
    /// `(plan: Plan, note?) => string ~>= 0.9`.
    pub ty: String,
    pub effects: Effects,
    /// Where each operation enters, first occurrence: `agent.call` and its place in the file.
    pub entries: Vec<(Text, Span)>,
}

/// The functions, patterns and tests of a file in the order of the text, its statements last.
pub fn summaries(db: &dyn Db, file: SourceFile) -> Vec<FunctionSummary> {
    let tree = item_tree(db, file);
    let items = tree.items.iter().copied().chain([tree.module]);
    items.map(|item| summary(db, item)).collect()
}

fn summary<'db>(db: &'db dyn Db, item: Item<'db>) -> FunctionSummary {
    let inference = infer(db, item);
    let name = match item.kind(db) {
        ItemKind::Module => Text::from("module"),
        ItemKind::Function | ItemKind::Test | ItemKind::Pattern => item.name(db).clone(),
    };
    FunctionSummary {
        name,
        kind: item.kind(db),
        ty: display_root(&inference),
        effects: inference.effects().clone(),
        entries: entries(db, item, &inference),
    }
}

fn display_root(inference: &Inference) -> String {
    let mut types = inference.types.clone();
    let id = types.intern(Type::Function(Arc::new(inference.root.0.clone())));
    types.display(id).to_string()
}

fn entries<'db>(db: &'db dyn Db, item: Item<'db>, inference: &Inference) -> Vec<(Text, Span)> {
    let spans = prism_hir::body_spans(db, item);
    let layout = item.layout(db);
    let mut entries: Vec<(Text, Span)> = Vec::new();
    for used in inference.uses.iter().filter(|used| used.function.is_none()) {
        for operation in used.escaping.operations() {
            if entries.iter().all(|(known, _)| *known != operation) {
                let span: RelSpan = spans.expr(used.at);
                entries.push((operation, layout.absolute(span)));
            }
        }
    }
    entries
}
