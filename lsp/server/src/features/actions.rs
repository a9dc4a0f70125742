//! `textDocument/codeAction`: the fixes that diagnostics carry.

use tower_lsp::ls_types::{CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams};

use crate::convert;
use crate::settings::FIX_ALL;
use crate::view::View;

pub fn actions(view: &View, params: &CodeActionParams) -> Vec<CodeActionOrCommand> {
    let Some(file) = view.any_file(&params.text_document.uri) else { return Vec::new() };
    let wants = |kind: &CodeActionKind| match &params.context.only {
        Some(only) => only.iter().any(|one| is_within(kind.as_str(), one.as_str())),
        None => true,
    };
    let found = view.diagnostics(file, &view.cycles(&[file]));
    let shown = convert::diagnostics(view, file, &found);
    let range = view.lines(file).span(params.range);
    let mut actions = Vec::new();
    if wants(&CodeActionKind::QUICKFIX) {
        for action in prism_ide::actions(&view.db, &found, range) {
            let mends = action.mends.and_then(|index| shown.get(index).cloned());
            actions.push(CodeAction {
                title: action.title,
                kind: Some(CodeActionKind::QUICKFIX),
                diagnostics: mends.map(|one| vec![one]),
                edit: convert::workspace_edit(view, &action.edits),
                is_preferred: action.is_preferred.then_some(true),
                ..CodeAction::default()
            });
        }
    }
    if wants(&FIX_ALL)
        && let Some(action) = prism_ide::fix_all(&view.db, file, &found)
    {
        actions.push(CodeAction {
            title: action.title,
            kind: Some(FIX_ALL),
            edit: convert::workspace_edit(view, &action.edits),
            ..CodeAction::default()
        });
    }
    actions.into_iter().map(CodeActionOrCommand::CodeAction).collect()
}

/// `source.fixAll.prism` is within `source`, `source.fixAll` and itself.
fn is_within(kind: &str, asked: &str) -> bool {
    let rest = kind.strip_prefix(asked);
    asked.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
