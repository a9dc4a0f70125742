//! `textDocument/definition`: where a name is declared.

use tower_lsp::ls_types::{
    GotoDefinitionResponse, Location, LocationLink, TextDocumentPositionParams,
};

use crate::view::View;

pub fn definition(
    view: &View,
    params: &TextDocumentPositionParams,
) -> Option<GotoDefinitionResponse> {
    let file = view.file(&params.text_document.uri)?;
    let lines = view.lines(file);
    let (word, target) = prism_ide::definition(&view.db, file, lines.offset(params.position))?;
    let (uri, there) = (view.uri(target.file)?, view.lines(target.file));
    if !view.settings.links {
        let range = there.range(target.name);
        return Some(GotoDefinitionResponse::Scalar(Location { uri, range }));
    }
    Some(GotoDefinitionResponse::Link(vec![LocationLink {
        origin_selection_range: Some(lines.range(word)),
        target_uri: uri,
        target_range: there.range(target.span),
        target_selection_range: there.range(target.name),
    }]))
}
