//! What the compiler says, in the words of the protocol.

use std::collections::HashMap;

use prism_diagnostics::{Code, Edit, Label, Severity};
use prism_source::SourceFile;
use tower_lsp::ls_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, DocumentChanges,
    NumberOrString, OneOf, OptionalVersionedTextDocumentIdentifier, TextDocumentEdit, TextEdit,
    WorkspaceEdit,
};

use crate::view::View;

/// The diagnostics of one file.
pub fn diagnostics(
    view: &View,
    file: SourceFile,
    found: &[prism_diagnostics::Diagnostic],
) -> Vec<Diagnostic> {
    if found.is_empty() {
        return Vec::new();
    }
    let lines = view.lines(file);
    let one = |one: &prism_diagnostics::Diagnostic| Diagnostic {
        range: lines.range(one.place.span),
        severity: Some(severity(one.severity)),
        code: Some(NumberOrString::String(one.code.to_string())),
        source: Some("prism".to_owned()),
        message: message(one),
        related_information: related(view, &one.labels),
        tags: tag(one.code).map(|tag| vec![tag]),
        ..Diagnostic::default()
    };
    found.iter().map(one).collect()
}

fn severity(severity: Severity) -> DiagnosticSeverity {
    match severity {
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning => DiagnosticSeverity::WARNING,
        Severity::Hint => DiagnosticSeverity::HINT,
    }
}

/// The message, what stands under the marked text, and what to do.
fn message(diagnostic: &prism_diagnostics::Diagnostic) -> String {
    let mut message = diagnostic.message.clone();
    for more in diagnostic.label.iter().chain(&diagnostic.help) {
        message.push('\n');
        message.push_str(more);
    }
    message
}

fn related(view: &View, labels: &[Label]) -> Option<Vec<DiagnosticRelatedInformation>> {
    let one = |label: &Label| {
        let location = view.location(label.place)?;
        Some(DiagnosticRelatedInformation { location, message: label.message.clone() })
    };
    let related: Vec<_> = labels.iter().filter_map(one).collect();
    (!related.is_empty()).then_some(related)
}

/// What can be taken away is shown fainter.
fn tag(code: Code) -> Option<DiagnosticTag> {
    match code {
        Code::P0407 | Code::P0701 | Code::P0702 | Code::P0703 => Some(DiagnosticTag::UNNECESSARY),
        _ => None,
    }
}

/// Edits of several files.
pub fn workspace_edit(view: &View, edits: &[(SourceFile, Vec<Edit>)]) -> Option<WorkspaceEdit> {
    let mut changes = Vec::new();
    for (file, edits) in edits {
        let lines = view.lines(*file);
        let edits = edits.iter().map(|edit| TextEdit {
            range: lines.range(edit.place.span),
            new_text: edit.insert.clone(),
        });
        changes.push((view.uri(*file)?, view.version(*file), edits.collect::<Vec<_>>()));
    }
    if !view.settings.versioned_edits {
        let changes = changes.into_iter().map(|(uri, _, edits)| (uri, edits));
        let changes: HashMap<_, _> = changes.collect();
        return Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() });
    }
    let changes = changes.into_iter().map(|(uri, version, edits)| TextDocumentEdit {
        text_document: OptionalVersionedTextDocumentIdentifier { uri, version },
        edits: edits.into_iter().map(OneOf::Left).collect(),
    });
    let changes = DocumentChanges::Edits(changes.collect());
    Some(WorkspaceEdit { document_changes: Some(changes), ..WorkspaceEdit::default() })
}
