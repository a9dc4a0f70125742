//! `textDocument/diagnostic` and `workspace/diagnostic`: diagnostics for those who ask.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use prism_source::SourceFile;
use tower_lsp::ls_types::{
    Diagnostic, DocumentDiagnosticParams, DocumentDiagnosticReport, FullDocumentDiagnosticReport,
    RelatedFullDocumentDiagnosticReport, RelatedUnchangedDocumentDiagnosticReport,
    UnchangedDocumentDiagnosticReport, WorkspaceDiagnosticParams, WorkspaceDiagnosticReport,
    WorkspaceDocumentDiagnosticReport, WorkspaceFullDocumentDiagnosticReport,
    WorkspaceUnchangedDocumentDiagnosticReport,
};

use crate::convert;
use crate::view::View;

/// The diagnostics of one file; none for a document that is no file of the program.
pub fn document(view: &View, params: &DocumentDiagnosticParams) -> DocumentDiagnosticReport {
    let file = view.any_file(&params.text_document.uri);
    let found = |file| view.diagnostics(file, &view.cycles(&[file]));
    let items = file.map(|file| convert::diagnostics(view, file, &found(file)));
    let items = items.unwrap_or_default();
    match report(items, params.previous_result_id.as_ref()) {
        Ok(full_document_diagnostic_report) => RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report,
        }
        .into(),
        Err(unchanged_document_diagnostic_report) => RelatedUnchangedDocumentDiagnosticReport {
            related_documents: None,
            unchanged_document_diagnostic_report,
        }
        .into(),
    }
}

/// The diagnostics of every file.
pub fn workspace(view: &View, params: &WorkspaceDiagnosticParams) -> WorkspaceDiagnosticReport {
    let previous = params.previous_result_ids.iter();
    let previous: HashMap<_, _> = previous.map(|known| (&known.uri, &known.value)).collect();
    let files = view.files();
    let cycles = view.cycles(&files);
    let one = |file: SourceFile| {
        let uri = view.uri(file)?;
        let version = view.version(file).map(i64::from);
        let items = convert::diagnostics(view, file, &view.diagnostics(file, &cycles));
        Some(match report(items, previous.get(&uri).copied()) {
            Ok(full_document_diagnostic_report) => {
                WorkspaceDocumentDiagnosticReport::Full(WorkspaceFullDocumentDiagnosticReport {
                    uri,
                    version,
                    full_document_diagnostic_report,
                })
            }
            Err(unchanged_document_diagnostic_report) => {
                WorkspaceDocumentDiagnosticReport::Unchanged(
                    WorkspaceUnchangedDocumentDiagnosticReport {
                        uri,
                        version,
                        unchanged_document_diagnostic_report,
                    },
                )
            }
        })
    };
    WorkspaceDiagnosticReport { items: files.into_iter().filter_map(one).collect() }
}

/// `Err` when the editor knows the diagnostics already.
fn report(
    items: Vec<Diagnostic>,
    previous: Option<&String>,
) -> Result<FullDocumentDiagnosticReport, UnchangedDocumentDiagnosticReport> {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(&items).unwrap_or_default().hash(&mut hasher);
    let result_id = format!("{:016x}", hasher.finish());
    match previous == Some(&result_id) {
        true => Err(UnchangedDocumentDiagnosticReport { result_id }),
        false => Ok(FullDocumentDiagnosticReport { result_id: Some(result_id), items }),
    }
}
