//! `textDocument/formatting`: the formatter, which has no options.

use tower_lsp::ls_types::{DocumentFormattingParams, TextEdit};

use crate::view::View;

pub fn format(view: &View, params: &DocumentFormattingParams) -> Option<Vec<TextEdit>> {
    let file = view.file(&params.text_document.uri)?;
    let edit = prism_ide::format(file.text(&view.db));
    let edit =
        edit.map(|(span, new_text)| TextEdit { range: view.lines(file).range(span), new_text });
    Some(edit.into_iter().collect())
}
