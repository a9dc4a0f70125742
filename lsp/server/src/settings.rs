//! What the editor can do, and what was agreed with it.

use prism_span::Columns;
use serde_json::Value;
use tower_lsp::ls_types::{
    ClientCapabilities, CodeActionKind, CodeActionOptions, CodeActionProviderCapability,
    CompletionOptions, DiagnosticOptions, DiagnosticServerCapabilities, HoverProviderCapability,
    InitializeParams, MarkupKind, OneOf, PositionEncodingKind, SaveOptions, ServerCapabilities,
    TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions,
    TextDocumentSyncSaveOptions, WorkspaceFoldersServerCapabilities, WorkspaceServerCapabilities,
};

use crate::paths::Paths;

/// All that depends on the editor; never changes after `initialize`.
#[derive(Debug, Clone)]
pub struct Settings {
    pub columns: Columns,
    /// The editor asks for diagnostics. Otherwise they are sent; both would show them twice.
    pub pulls: bool,
    /// The editor asks again when it is told that something changed.
    pub refreshes: bool,
    /// The editor tells about files on the disk when it is asked to.
    pub watches: bool,
    /// Edits say which version of a text they are for.
    pub versioned_edits: bool,
    /// What hover tells may be Markdown.
    pub markdown: bool,
    /// What completion tells may be Markdown.
    pub markdown_items: bool,
    /// A definition may come with the word that was asked about.
    pub links: bool,
    /// The folders that are open, as paths.
    pub folders: Vec<String>,
}

impl Settings {
    /// `initializationOptions` may be `{"diagnostics": "push"}` or `"pull"`.
    pub fn of(params: &InitializeParams, paths: &Paths) -> Settings {
        let can = &params.capabilities;
        let text = can.text_document.as_ref();
        let workspace = can.workspace.as_ref();
        let wanted = params.initialization_options.as_ref();
        let wanted = wanted.and_then(|options| options.get("diagnostics")).and_then(Value::as_str);
        let can_pull = text.is_some_and(|text| text.diagnostic.is_some());
        let diagnostics = workspace.and_then(|workspace| workspace.diagnostics.as_ref());
        let watched = workspace.and_then(|workspace| workspace.did_change_watched_files);
        let edits = workspace.and_then(|workspace| workspace.workspace_edit.as_ref());
        let hover = text.and_then(|text| text.hover.as_ref());
        let formats = hover.and_then(|hover| hover.content_format.as_ref());
        let completion = text.and_then(|text| text.completion.as_ref());
        let item = completion.and_then(|completion| completion.completion_item.as_ref());
        let item_formats = item.and_then(|item| item.documentation_format.as_ref());
        let definition = text.and_then(|text| text.definition);
        Settings {
            columns: columns(can),
            pulls: match wanted {
                Some("push") => false,
                Some("pull") => true,
                _ => can_pull,
            },
            refreshes: diagnostics.is_some_and(|can| can.refresh_support == Some(true)),
            watches: watched.is_some_and(|can| can.dynamic_registration == Some(true)),
            versioned_edits: edits.is_some_and(|can| can.document_changes == Some(true)),
            markdown: formats.is_some_and(|formats| formats.contains(&MarkupKind::Markdown)),
            markdown_items: item_formats.is_some_and(|can| can.contains(&MarkupKind::Markdown)),
            links: definition.is_some_and(|can| can.link_support == Some(true)),
            folders: folders(params, paths),
        }
    }

    /// What this server does for this editor.
    pub fn capabilities(&self) -> ServerCapabilities {
        let encoding = match self.columns {
            Columns::Bytes => PositionEncodingKind::UTF8,
            Columns::Utf16 => PositionEncodingKind::UTF16,
            Columns::Characters => PositionEncodingKind::UTF32,
        };
        let diagnostics = DiagnosticServerCapabilities::Options(DiagnosticOptions {
            inter_file_dependencies: true,
            workspace_diagnostics: true,
            ..DiagnosticOptions::default()
        });
        ServerCapabilities {
            position_encoding: Some(encoding),
            text_document_sync: Some(TextDocumentSyncCapability::Options(
                TextDocumentSyncOptions {
                    open_close: Some(true),
                    change: Some(TextDocumentSyncKind::INCREMENTAL),
                    save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions {
                        include_text: Some(false),
                    })),
                    ..TextDocumentSyncOptions::default()
                },
            )),
            diagnostic_provider: self.pulls.then_some(diagnostics),
            code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
                code_action_kinds: Some(vec![CodeActionKind::QUICKFIX, FIX_ALL]),
                ..CodeActionOptions::default()
            })),
            hover_provider: Some(HoverProviderCapability::Simple(true)),
            completion_provider: Some(CompletionOptions {
                trigger_characters: Some([".", "\"", "/", "@"].map(str::to_owned).to_vec()),
                ..CompletionOptions::default()
            }),
            definition_provider: Some(OneOf::Left(true)),
            document_formatting_provider: Some(OneOf::Left(true)),
            document_symbol_provider: Some(OneOf::Left(true)),
            workspace: Some(WorkspaceServerCapabilities {
                workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                    supported: Some(true),
                    change_notifications: Some(OneOf::Left(true)),
                }),
                file_operations: None,
            }),
            ..ServerCapabilities::default()
        }
    }
}

/// Every fix of a file at once.
pub const FIX_ALL: CodeActionKind = CodeActionKind::new("source.fixAll.prism");

/// Bytes when the editor can count them: nothing is to be converted then.
fn columns(can: &ClientCapabilities) -> Columns {
    let offered = can.general.as_ref().and_then(|general| general.position_encodings.as_ref());
    let offers = |kind| offered.is_some_and(|offered| offered.contains(&kind));
    if offers(PositionEncodingKind::UTF8) {
        Columns::Bytes
    } else if offers(PositionEncodingKind::UTF16) || offered.is_none_or(Vec::is_empty) {
        Columns::Utf16
    } else if offers(PositionEncodingKind::UTF32) {
        Columns::Characters
    } else {
        Columns::Utf16
    }
}

#[expect(deprecated, reason = "older editors name their folder in one of these ways")]
fn folders(params: &InitializeParams, paths: &Paths) -> Vec<String> {
    if let Some(folders) = &params.workspace_folders {
        return folders.iter().map(|folder| paths.path(&folder.uri)).collect();
    }
    let root = params.root_uri.as_ref().map(|uri| paths.path(uri));
    root.or_else(|| params.root_path.clone()).into_iter().collect()
}
