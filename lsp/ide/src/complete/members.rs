//! What stands behind a dot.

use prism_hir::body::{ExprKind, LocalKind};
use prism_hir::builtins::{self, Receiver};
use prism_hir::{DefinitionKind, Item, body, body_spans, exports, item_tree, module_scope};
use prism_project::RootDb;
use prism_source::SourceFile;
use prism_typeck::{Inference, Type, TypeId, infer, receiver_of};

use super::{Completion, CompletionKind};
use crate::declared::by_path;
use crate::spot::word_start;
use crate::{hover, words};

/// The members of what ends before the dot at a byte.
pub(super) fn members(db: &RootDb, file: SourceFile, dot: u32) -> Vec<Completion> {
    let text = file.text(db);
    let before = text[..dot as usize].trim_end();
    let before = before.strip_suffix(['?', '~']).unwrap_or(before).trim_end();
    let chain = chain(before);
    if let [name] = chain.as_slice()
        && let Some(found) = of_namespace(db, file, name, before.len() as u32)
    {
        return found;
    }
    let end = before.len() as u32;
    let typed = by_tree(db, file, end).or_else(|| by_words(db, file, end, &chain));
    let Some((item, ty)) = typed else { return Vec::new() };
    of_type(&infer(db, item), ty)
}

/// The names that lead to the end, `["a", "b"]` for `f(a.b`; empty when it ends otherwise.
fn chain(before: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = before;
    loop {
        let start = word_start(rest, rest.len());
        if start == rest.len() {
            return Vec::new();
        }
        names.push(&rest[start..]);
        rest = rest[..start].trim_end();
        match rest.strip_suffix('.') {
            Some(more) => rest = more.strip_suffix(['?', '~']).unwrap_or(more).trim_end(),
            None => break,
        }
    }
    names.reverse();
    names
}

/// Effects, `Math` and the like, and modules that were imported whole.
fn of_namespace(db: &RootDb, file: SourceFile, name: &str, end: u32) -> Option<Vec<Completion>> {
    let scope = module_scope(db, file);
    let is_local = local_named(db, file, name, end).is_some();
    if let Some(prism_hir::Binding::Namespace { module }) = scope.names.get(name) {
        let home = by_path(db, module)?;
        let found = exports(db, home).into_iter();
        return Some(found.map(|(name, definition)| exported(db, &name, &definition)).collect());
    }
    if is_local || scope.names.contains_key(name) {
        return None;
    }
    if let Some(effect) = scope.effects.get(name) {
        let operation = |op: &prism_hir::OperationDef| {
            let params: Vec<&str> = op.params.iter().map(|param| &*param.name).collect();
            let detail = format!("({})", params.join(", "));
            Completion::new(&*op.name, CompletionKind::Operation).with(detail)
        };
        return Some(effect.operations.iter().map(operation).collect());
    }
    let operations = builtins::EFFECTS.iter().filter_map(|op| {
        let (effect, operation) = op.name.split_once('.')?;
        let item = Completion::new(operation, CompletionKind::Operation).with(op.detail);
        (effect == name).then(|| item.about(words::operation(op.effect)))
    });
    let members = builtins::members_of(name).map(|row| {
        let label = row.name.rsplit('.').next().unwrap_or(row.name);
        let is_function = row.kind.is_function();
        let kind = if is_function { CompletionKind::Method } else { CompletionKind::Field };
        Completion::new(label, kind).with(row.detail)
    });
    let found: Vec<Completion> = operations.chain(members).collect();
    (!found.is_empty()).then_some(found)
}

pub(super) fn exported(db: &RootDb, name: &str, definition: &prism_hir::Definition) -> Completion {
    let kind = match definition.kind {
        DefinitionKind::Function => CompletionKind::Function,
        DefinitionKind::Variable => CompletionKind::Variable,
        DefinitionKind::Type => CompletionKind::Type,
        DefinitionKind::Effect => CompletionKind::Effect,
        DefinitionKind::Namespace => CompletionKind::Module,
    };
    let target = crate::declared::of_definition(db, definition);
    let told = target.and_then(|target| hover::of_target(db, target)).unwrap_or_default();
    let detail = told.code.lines().next().unwrap_or_default().to_owned();
    Completion::new(name, kind).with(detail).about(told.doc)
}

/// The smallest expression that ends at a byte, as the tree has it.
fn by_tree(db: &RootDb, file: SourceFile, end: u32) -> Option<(Item<'_>, TypeId)> {
    let mut smallest: Option<(u32, Item<'_>, TypeId)> = None;
    for item in item_tree(db, file).bodies() {
        let (body, spans, layout) = (body(db, item), body_spans(db, item), item.layout(db));
        for (expr, _) in body.exprs.iter() {
            let here = layout.absolute(spans.expr(expr));
            let is_smaller = smallest.as_ref().is_none_or(|(n, _, _)| here.len() < *n);
            if here.end != end || here.is_empty() || !is_smaller {
                continue;
            }
            if !matches!(body.exprs[expr].kind, ExprKind::Error) {
                smallest = Some((here.len(), item, infer(db, item).expr(expr).ty));
            }
        }
    }
    let (_, item, ty) = smallest?;
    (!ty.is_unknown()).then_some((item, ty))
}

/// The same when the statement could not be read: a variable, and fields of it.
fn by_words<'db>(
    db: &'db RootDb,
    file: SourceFile,
    end: u32,
    chain: &[&str],
) -> Option<(Item<'db>, TypeId)> {
    let (name, fields) = chain.split_first()?;
    let (item, mut ty) = local_named(db, file, name, end)?;
    let types = &infer(db, item).types;
    for field in fields {
        let Type::Object(object) = types.structure(ty) else { return None };
        ty = object.field(field)?.fact.ty;
    }
    Some((item, ty))
}

/// The last variable of this name that is declared before a byte.
fn local_named<'db>(
    db: &'db RootDb,
    file: SourceFile,
    name: &str,
    end: u32,
) -> Option<(Item<'db>, TypeId)> {
    let mut last: Option<(u32, Item<'db>, TypeId)> = None;
    for item in item_tree(db, file).bodies() {
        let (spans, layout) = (body_spans(db, item), item.layout(db));
        for (local, declared) in body(db, item).locals.iter() {
            let start = layout.absolute(spans.local(local)).start;
            let is_later = last.as_ref().is_none_or(|(at, _, _)| *at <= start);
            let is_own = declared.kind != LocalKind::Hidden && *declared.name == *name;
            if is_own && start < end && is_later {
                last = Some((start, item, infer(db, item).local(local).ty));
            }
        }
    }
    last.map(|(_, item, ty)| (item, ty))
}

fn of_type(inference: &Inference, ty: TypeId) -> Vec<Completion> {
    let types = &inference.types;
    let mut found = Vec::new();
    for part in types.members(ty) {
        if let Type::Object(object) = types.structure(part) {
            found.extend(object.fields.iter().map(|field| {
                Completion::new(&*field.name, CompletionKind::Field)
                    .with(inference.display(field.fact))
            }));
        }
        found.extend(receiver_of(types, part).into_iter().flat_map(of_receiver));
    }
    found
}

fn of_receiver(receiver: Receiver) -> impl Iterator<Item = Completion> {
    builtins::members(receiver).map(move |member| {
        let is_method = member.arity.is_some();
        let kind = if is_method { CompletionKind::Method } else { CompletionKind::Field };
        Completion::new(member.name, kind).with(member.detail)
    })
}
