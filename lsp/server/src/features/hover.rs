//! `textDocument/hover`: what a word is.

use prism_ide::Told;
use tower_lsp::ls_types::{
    Hover, HoverContents, MarkupContent, MarkupKind, TextDocumentPositionParams,
};

use crate::view::View;

pub fn hover(view: &View, params: &TextDocumentPositionParams) -> Option<Hover> {
    let file = view.file(&params.text_document.uri)?;
    let lines = view.lines(file);
    let hover = prism_ide::hover(&view.db, file, lines.offset(params.position))?;
    let contents = HoverContents::Markup(markup(view, &hover.text));
    Some(Hover { contents, range: Some(lines.range(hover.span)) })
}

/// As Markdown, for editors that can show it.
pub fn markup(view: &View, told: &Told) -> MarkupContent {
    match view.settings.markdown {
        true => MarkupContent { kind: MarkupKind::Markdown, value: told.markdown() },
        false => MarkupContent { kind: MarkupKind::PlainText, value: told.plain() },
    }
}
