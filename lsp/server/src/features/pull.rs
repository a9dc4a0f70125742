//! `textDocument/diagnostic` and `workspace/diagnostic`: diagnostics for those who ask.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use prism_project::Cycle;
use prism_source::SourceFile;
use tower_lsp::ls_types::{
    Diagnostic, DocumentDiagnosticParams, DocumentDiagnosticReport, FullDocumentDiagnosticReport,
    RelatedFullDocumentDiagnosticReport, RelatedUnchangedDocumentDiagnosticReport,
    UnchangedDocumentDiagnosticReport, Uri, WorkspaceDiagnosticParams,
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

/// So many files are looked at before the database may free what it need not keep.
pub const FILES_AT_ONCE: usize = 16;

/// The reports that the editor has: names of results by document.
pub struct Known(HashMap<Uri, String>);

impl Known {
    pub fn of(params: WorkspaceDiagnosticParams) -> Known {
        let known = params.previous_result_ids.into_iter();
        Known(known.map(|known| (known.uri, known.value)).collect())
    }

    /// The diagnostics of some files; those that are gone are left out.
    pub fn report(
        &self,
        view: &View,
        files: &[SourceFile],
    ) -> Vec<WorkspaceDocumentDiagnosticReport> {
        let cycles = view.cycles(files);
        let files = files.iter().copied().filter(|file| view.is_known(*file));
        files.filter_map(|file| self.one(view, file, &cycles)).collect()
    }

    fn one(
        &self,
        view: &View,
        file: SourceFile,
        cycles: &[Cycle],
    ) -> Option<WorkspaceDocumentDiagnosticReport> {
        let uri = view.uri(file)?;
        let version = view.version(file).map(i64::from);
        let items = convert::diagnostics(view, file, &view.diagnostics(file, cycles));
        Some(match report(items, self.0.get(&uri)) {
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
    }
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
