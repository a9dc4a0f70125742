//! The language server: `prismc lsp`.
//!
//! ```text
//! reader thread   standard input → whole messages, broken ones answered → tower-lsp
//! tower-lsp       messages → handlers, which only send to the actor and wait for an answer
//! actor thread    owns the database and the open texts; changes in the order they came
//! worker threads  one per request, each with a clone of the database
//! checker thread  what is wrong with the files that changed → the editor
//! ```
//!
//! A change waits until every clone of the database is gone, and salsa ends the queries that
//! hold one. So a clone is dropped before its answer is sent, and nobody waits with one.

mod actor;
mod backend;
mod checker;
mod convert;
mod documents;
mod features;
mod paths;
mod settings;
mod transport;
mod view;
mod work;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tower_lsp::{LspService, Server};

use backend::Backend;

/// How many requests may wait at once; a cancellation must find room beside them.
const MAX_WAITING: usize = 64;

/// Serves one editor over standard input and output until it says `exit` or is gone.
/// The exit status is 0 when it said `shutdown` before.
pub fn run() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the language server cannot start: {error}");
            return ExitCode::from(2);
        }
    };
    let was_shut_down = Arc::new(AtomicBool::new(false));
    let (input, output) = transport::stdio();
    runtime.block_on(async {
        let (service, socket) =
            LspService::new(|client| Backend::start(client, was_shut_down.clone()));
        let server = Server::new(input, output, socket).concurrency_level(MAX_WAITING);
        server.serve(service).await;
    });
    if was_shut_down.load(Ordering::Relaxed) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
