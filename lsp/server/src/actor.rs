//! The thread that owns the database and the open texts.
//!
//! Messages are taken in the order in which the editor sent them. Changes that wait together are
//! all applied before anything is computed from them.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use prism_project::{Disk, Workspace};
use prism_source::{FileSystem, SourceFile, normalize};
use tower_lsp::ls_types::{TextDocumentContentChangeEvent, Uri};

use crate::checker::{self, Job, News};
use crate::documents::Documents;
use crate::paths::Paths;
use crate::settings::Settings;
use crate::view::View;

/// What handlers send, and the checker.
pub enum Message {
    /// The folders of the editor are to be read.
    Initialize(Settings),
    /// Diagnostics may be sent from now on.
    Initialized,
    Open {
        uri: Uri,
        version: i32,
        text: String,
    },
    Change {
        uri: Uri,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
    },
    Close {
        uri: Uri,
    },
    /// Something happened to files of the disk.
    Disk {
        uris: Vec<Uri>,
    },
    Folders {
        added: Vec<Uri>,
        removed: Vec<Uri>,
    },
    /// Gets a view and must not wait with it.
    Ask(Box<dyn FnOnce(View) + Send>),
    /// The checker has nothing left to do.
    Rest,
    /// Nobody will ask any more.
    End,
}

/// Starts the actor and the checker; both end with [`Message::End`].
pub fn start(paths: Paths, news: impl Fn(News) + Send + 'static) -> Sender<Message> {
    let (sender, inbox) = channel();
    let to_actor = sender.clone();
    let actor = move || {
        let checker = checker::start(news, to_actor);
        let mut actor = Actor {
            workspace: Workspace::new(),
            documents: Arc::default(),
            settings: None,
            is_initialized: false,
            paths,
            edited: Vec::new(),
            checker,
            held: Arc::default(),
        };
        actor.run(&inbox);
    };
    thread::Builder::new()
        .name("database".to_owned())
        .stack_size(crate::work::STACK)
        .spawn(actor)
        .expect("a process that just started has room for a thread");
    sender
}

struct Actor {
    workspace: Workspace,
    documents: Arc<Documents>,
    settings: Option<Arc<Settings>>,
    is_initialized: bool,
    paths: Paths,
    /// Open documents with new texts since the checker was told.
    edited: Vec<SourceFile>,
    checker: Sender<Job>,
    /// Held by all views.
    held: Arc<()>,
}

impl Actor {
    fn run(&mut self, inbox: &Receiver<Message>) {
        while let Ok(message) = inbox.recv() {
            let others = std::iter::from_fn(|| inbox.try_recv().ok());
            for message in std::iter::once(message).chain(others) {
                if self.handle(message).is_break() {
                    return;
                }
            }
            self.settle();
        }
    }

    fn handle(&mut self, message: Message) -> ControlFlow<()> {
        match message {
            Message::End => return ControlFlow::Break(()),
            Message::Initialize(settings) => {
                for folder in &settings.folders {
                    self.workspace.include(&*self.documents, folder);
                }
                self.settings = Some(Arc::new(settings));
            }
            Message::Initialized => self.is_initialized = true,
            Message::Open { uri, version, text } => {
                let path = self.paths.path(&uri);
                Arc::make_mut(&mut self.documents).open(path.clone(), uri, version, text);
                self.reload_document(&path);
                self.workspace.expect_edits(&path);
            }
            Message::Change { uri, version, changes } => {
                let Some(settings) = &self.settings else { return ControlFlow::Continue(()) };
                let path = self.paths.path(&uri);
                let columns = settings.columns;
                Arc::make_mut(&mut self.documents).change(&path, version, changes, columns);
                self.reload_document(&path);
            }
            Message::Close { uri } => {
                let path = self.paths.path(&uri);
                Arc::make_mut(&mut self.documents).close(&path);
                if !self.is_in_folders(&path) {
                    self.workspace.exclude(&path);
                }
                self.workspace.reload(&*self.documents, &path);
            }
            Message::Disk { uris } => {
                for uri in uris {
                    let path = self.paths.path(&uri);
                    self.reload_disk(&path);
                }
            }
            Message::Folders { added, removed } => self.change_folders(&added, &removed),
            Message::Ask(question) => {
                self.settle();
                question(self.view());
            }
            // What changes have replaced is freed, so that the next change need not wait for
            // that, unless it would interrupt somebody.
            Message::Rest if Arc::strong_count(&self.held) == 1 => self.workspace.tidy(),
            Message::Rest => {}
        }
        ControlFlow::Continue(())
    }

    /// A document of the editor has another text.
    fn reload_document(&mut self, path: &str) {
        if path.starts_with('@') {
            // The standard library stays as it is.
        } else if self.documents.get(path).is_some() {
            self.workspace.include(&*self.documents, path);
            self.edited.extend(self.workspace.db().file(path));
        }
    }

    /// Something happened to a file or folder of the disk. Open texts do not care.
    fn reload_disk(&mut self, path: &str) {
        let below = format!("{path}/");
        let files = self.workspace.db().user_files();
        let files = files.iter().map(|file| file.path(self.workspace.db()));
        let gone: Vec<Arc<str>> = files.filter(|file| file.starts_with(&below)).cloned().collect();
        for file in gone {
            self.workspace.reload(&*self.documents, &file);
        }
        let is_source = path.ends_with(".prism") && self.is_in_folders(path);
        let is_folder = self.documents.is_folder(path) && self.is_in_folders(&format!("{path}/x"));
        if is_folder || is_source && Path::new(path).exists() {
            self.workspace.include(&*self.documents, path);
        } else {
            self.workspace.reload(&*self.documents, path);
        }
    }

    fn change_folders(&mut self, added: &[Uri], removed: &[Uri]) {
        let Some(settings) = &mut self.settings else { return };
        let paths =
            |uris: &[Uri]| -> Vec<String> { uris.iter().map(|uri| self.paths.path(uri)).collect() };
        let (added, removed) = (paths(added), paths(removed));
        let folders = &mut Arc::make_mut(settings).folders;
        folders.retain(|folder| !removed.contains(folder));
        folders.extend(added.iter().cloned());
        for folder in &added {
            self.workspace.include(&*self.documents, folder);
        }
        for file in self.workspace.roots().to_vec() {
            let path = file.path(self.workspace.db()).clone();
            if !self.is_in_folders(&path) && self.documents.get(&path).is_none() {
                self.workspace.exclude(&path);
            }
        }
    }

    /// The files below the folders belong to the program, wherever the editor looks.
    fn is_in_folders(&self, path: &str) -> bool {
        let folders = self.settings.iter().flat_map(|settings| &settings.folders);
        folders.map(|folder| normalize(folder)).any(|folder| {
            let inside = path.strip_prefix(&folder).and_then(|rest| rest.strip_prefix('/'));
            inside.is_some_and(Disk::searches)
        })
    }

    /// Brings the database up to date, and tells the checker what may be different.
    fn settle(&mut self) {
        self.workspace.settle(&*self.documents);
        if !self.is_initialized {
            return;
        }
        let changes = self.workspace.take_changes();
        let edited = std::mem::take(&mut self.edited);
        if changes.is_global || !changes.files.is_empty() || !edited.is_empty() {
            let job = Job { view: self.view(), edited, changes };
            // It ends only with this thread.
            let _ = self.checker.send(job);
        }
    }

    fn view(&self) -> View {
        let settings = self.settings.clone();
        View {
            db: self.workspace.db().clone(),
            settings: settings.expect("nobody asks before the editor said who it is"),
            documents: self.documents.clone(),
            paths: self.paths.clone(),
            reports: self.workspace.reports().into(),
            circular: self.workspace.circular().clone(),
            unlisted: self.workspace.unlisted_files().collect(),
            _held: self.held.clone(),
        }
    }
}
