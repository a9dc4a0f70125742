//! `textDocument/documentSymbol`: the outline of a file.

use prism_ide::{Symbol, SymbolKind};
use tower_lsp::ls_types::{self, DocumentSymbol, DocumentSymbolParams};

use crate::view::{Lines, View};

pub fn symbols(view: &View, params: &DocumentSymbolParams) -> Option<Vec<DocumentSymbol>> {
    let file = view.file(&params.text_document.uri)?;
    let lines = view.lines(file);
    let symbols = prism_ide::symbols(&view.db, file);
    Some(symbols.into_iter().map(|symbol| converted(&lines, symbol)).collect())
}

#[expect(deprecated, reason = "the type has a field that nobody may use")]
fn converted(lines: &Lines<'_>, symbol: Symbol) -> DocumentSymbol {
    let children: Vec<_> =
        symbol.children.into_iter().map(|child| converted(lines, child)).collect();
    DocumentSymbol {
        name: symbol.name,
        detail: None,
        kind: kind(symbol.kind),
        tags: None,
        deprecated: None,
        range: lines.range(symbol.span),
        selection_range: lines.range(symbol.name_span),
        children: (!children.is_empty()).then_some(children),
    }
}

fn kind(kind: SymbolKind) -> ls_types::SymbolKind {
    match kind {
        SymbolKind::Function | SymbolKind::Pattern => ls_types::SymbolKind::FUNCTION,
        SymbolKind::Test => ls_types::SymbolKind::EVENT,
        SymbolKind::Agent => ls_types::SymbolKind::OBJECT,
        SymbolKind::Variable => ls_types::SymbolKind::VARIABLE,
        SymbolKind::Constant => ls_types::SymbolKind::CONSTANT,
        SymbolKind::Type => ls_types::SymbolKind::STRUCT,
        SymbolKind::Effect => ls_types::SymbolKind::INTERFACE,
        SymbolKind::Operation => ls_types::SymbolKind::METHOD,
    }
}
