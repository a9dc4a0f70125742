//! The handlers of the protocol. Each sends to the actor before it waits for anything, so that
//! the actor sees messages in the order in which the editor sent them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use serde_json::json;
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::oneshot;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::ls_types::{
    CodeActionParams, CodeActionResponse, CompletionParams, CompletionResponse,
    DidChangeTextDocumentParams, DidChangeWatchedFilesParams,
    DidChangeWatchedFilesRegistrationOptions, DidChangeWorkspaceFoldersParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams,
    DocumentDiagnosticParams, DocumentDiagnosticReportResult, DocumentFormattingParams,
    DocumentSymbolParams, DocumentSymbolResponse, FileSystemWatcher, GlobPattern,
    GotoDefinitionParams, GotoDefinitionResponse, Hover, HoverParams, InitializeParams,
    InitializeResult, InitializedParams, Registration, ServerInfo, TextEdit,
    WorkspaceDiagnosticParams, WorkspaceDiagnosticReportResult,
};
use tower_lsp::{Client, LanguageServer};

use crate::actor::{self, Message};
use crate::checker::News;
use crate::features::{actions, completion, definition, format, hover, pull, symbols};
use crate::paths::Paths;
use crate::settings::Settings;
use crate::view::View;
use crate::work::{self, Cancel, CancelOnDrop, Stopped};

/// A diagnostic request that a change overtook; the editor asks again.
const SERVER_CANCELLED: i64 = -32802;

pub struct Backend {
    client: Client,
    actor: Sender<Message>,
    paths: Paths,
    /// The editor tells about files of the disk, if it is asked to.
    watches: AtomicBool,
    was_shut_down: Arc<AtomicBool>,
}

impl Backend {
    /// Starts the threads behind the handlers. Must be called on the runtime.
    pub fn start(client: Client, was_shut_down: Arc<AtomicBool>) -> Backend {
        let paths = Paths::new();
        let (news, mut heard) = unbounded_channel();
        // Nobody waits with a database: telling the editor may take as long as it likes.
        let actor = actor::start(paths.clone(), move |one| {
            let _ = news.send(one);
        });
        let teller = client.clone();
        tokio::spawn(async move {
            while let Some(one) = heard.recv().await {
                match one {
                    News::Diagnostics(params) => {
                        teller
                            .publish_diagnostics(params.uri, params.diagnostics, params.version)
                            .await;
                    }
                    News::Refresh => {
                        let teller = teller.clone();
                        // An editor that refuses has nothing to refresh.
                        tokio::spawn(async move {
                            let _ = teller.workspace_diagnostic_refresh().await;
                        });
                    }
                }
            }
        });
        Backend { client, actor, paths, watches: AtomicBool::new(false), was_shut_down }
    }

    fn tell(&self, message: Message) {
        // The actor ends after the handlers.
        let _ = self.actor.send(message);
    }

    /// Runs `work` on a view of what the editor has sent so far. `overtaken` is the error for an
    /// answer that a change made worthless. The future sends before it waits.
    async fn ask<T: Send + 'static>(
        &self,
        overtaken: fn() -> Error,
        work: impl FnMut(&View) -> T + Send + 'static,
    ) -> Result<T> {
        let (sender, answer) = oneshot::channel();
        let cancel = Cancel::default();
        let started = cancel.clone();
        self.tell(Message::Ask(Box::new(move |view| {
            work::spawn(view, started, work, move |result| {
                // Nobody waits for an answer that was cancelled.
                let _ = sender.send(result);
            });
        })));
        let _cancel = CancelOnDrop(cancel);
        match answer.await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(Stopped::Changed)) => Err(overtaken()),
            Ok(Err(Stopped::Cancelled)) => Err(Error::request_cancelled()),
            Ok(Err(Stopped::Failed)) | Err(_) => Err(Error::internal_error()),
        }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.tell(Message::End);
    }
}

/// The answer would be about a text that is no more; the editor asks again if it likes.
fn outdated() -> Error {
    Error::content_modified()
}

/// The same for diagnostics, which the editor must ask for again.
fn retried() -> Error {
    Error {
        code: ErrorCode::ServerError(SERVER_CANCELLED),
        message: "a text changed meanwhile".into(),
        data: Some(json!({ "retriggerRequest": true })),
    }
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let settings = Settings::of(&params, &self.paths);
        self.watches.store(settings.watches, Ordering::Relaxed);
        let capabilities = settings.capabilities();
        self.tell(Message::Initialize(settings));
        let server_info = Some(ServerInfo {
            name: "prismc".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        });
        Ok(InitializeResult { capabilities, server_info, ..InitializeResult::default() })
    }

    async fn initialized(&self, _: InitializedParams) {
        self.tell(Message::Initialized);
        if self.watches.load(Ordering::Relaxed) {
            // Without it, open texts are still watched: by the editor itself.
            let _ = self.client.register_capability(vec![watcher()]).await;
        }
    }

    async fn shutdown(&self) -> Result<()> {
        self.was_shut_down.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        let (uri, version, text) = (document.uri, document.version, document.text);
        self.tell(Message::Open { uri, version, text });
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let (document, changes) = (params.text_document, params.content_changes);
        self.tell(Message::Change { uri: document.uri, version: document.version, changes });
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        self.tell(Message::Disk { uris: vec![params.text_document.uri] });
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.tell(Message::Close { uri: params.text_document.uri });
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        let uris = params.changes.into_iter().map(|change| change.uri).collect();
        self.tell(Message::Disk { uris });
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        let uris = |folders: Vec<tower_lsp::ls_types::WorkspaceFolder>| {
            folders.into_iter().map(|folder| folder.uri).collect()
        };
        let (added, removed) = (uris(params.event.added), uris(params.event.removed));
        self.tell(Message::Folders { added, removed });
    }

    async fn diagnostic(
        &self,
        params: DocumentDiagnosticParams,
    ) -> Result<DocumentDiagnosticReportResult> {
        let report = self.ask(retried, move |view| pull::document(view, &params)).await?;
        Ok(DocumentDiagnosticReportResult::Report(report))
    }

    async fn workspace_diagnostic(
        &self,
        params: WorkspaceDiagnosticParams,
    ) -> Result<WorkspaceDiagnosticReportResult> {
        let report = self.ask(retried, move |view| pull::workspace(view, &params)).await?;
        Ok(WorkspaceDiagnosticReportResult::Report(report))
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        self.ask(outdated, move |view| Some(actions::actions(view, &params))).await
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let place = params.text_document_position_params;
        self.ask(outdated, move |view| hover::hover(view, &place)).await
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        let place = params.text_document_position;
        let items = self.ask(outdated, move |view| completion::completion(view, &place)).await?;
        Ok(items.map(CompletionResponse::Array))
    }

    async fn goto_definition(
        &self,
        params: GotoDefinitionParams,
    ) -> Result<Option<GotoDefinitionResponse>> {
        let place = params.text_document_position_params;
        self.ask(outdated, move |view| definition::definition(view, &place)).await
    }

    async fn formatting(&self, params: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        self.ask(outdated, move |view| format::format(view, &params)).await
    }

    async fn document_symbol(
        &self,
        params: DocumentSymbolParams,
    ) -> Result<Option<DocumentSymbolResponse>> {
        let symbols = self.ask(outdated, move |view| symbols::symbols(view, &params)).await?;
        Ok(symbols.map(DocumentSymbolResponse::Nested))
    }
}

fn watcher() -> Registration {
    let watch = |glob: &str| FileSystemWatcher {
        glob_pattern: GlobPattern::String(glob.to_owned()),
        kind: None,
    };
    let watchers = vec![watch("**/*.prism"), watch("**/prism.toml")];
    let options = DidChangeWatchedFilesRegistrationOptions { watchers };
    Registration {
        id: "files".to_owned(),
        method: "workspace/didChangeWatchedFiles".to_owned(),
        register_options: serde_json::to_value(options).ok(),
    }
}
