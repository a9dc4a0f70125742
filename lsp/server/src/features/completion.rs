//! `textDocument/completion`: what could be written.

use prism_ide::{Completion, CompletionKind};
use tower_lsp::ls_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, MarkupContent,
    MarkupKind, TextDocumentPositionParams, TextEdit,
};

use crate::view::View;

pub fn completion(view: &View, params: &TextDocumentPositionParams) -> Option<Vec<CompletionItem>> {
    let file = view.file(&params.text_document.uri)?;
    let lines = view.lines(file);
    let found = prism_ide::completions(&view.db, file, lines.offset(params.position));
    let range = lines.range(found.span);
    let item = |(index, item): (usize, Completion)| CompletionItem {
        kind: Some(kind(item.kind)),
        detail: (!item.detail.is_empty()).then_some(item.detail),
        documentation: (!item.doc.is_empty()).then(|| {
            let kind = match view.settings.markdown_items {
                true => MarkupKind::Markdown,
                false => MarkupKind::PlainText,
            };
            Documentation::MarkupContent(MarkupContent { kind, value: item.doc })
        }),
        sort_text: Some(format!("{index:04}")),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit { range, new_text: item.label.clone() })),
        label: item.label,
        ..CompletionItem::default()
    };
    Some(found.items.into_iter().enumerate().map(item).collect())
}

fn kind(kind: CompletionKind) -> CompletionItemKind {
    match kind {
        CompletionKind::Field => CompletionItemKind::FIELD,
        CompletionKind::Method | CompletionKind::Operation => CompletionItemKind::METHOD,
        CompletionKind::Local | CompletionKind::Variable | CompletionKind::Host => {
            CompletionItemKind::VARIABLE
        }
        CompletionKind::Function | CompletionKind::Builtin => CompletionItemKind::FUNCTION,
        CompletionKind::Agent => CompletionItemKind::VALUE,
        CompletionKind::Type => CompletionItemKind::STRUCT,
        CompletionKind::Effect => CompletionItemKind::INTERFACE,
        CompletionKind::Module => CompletionItemKind::MODULE,
        CompletionKind::Keyword => CompletionItemKind::KEYWORD,
    }
}
