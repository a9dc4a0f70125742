//! The thread that finds out what is wrong and tells the editor.
//!
//! A file that was edited comes first, and is told about even when nothing is different: its
//! answer carries the new version. Other files are told about when something is different.
//! A change ends what is going on; what was not done is done after it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use prism_project::{Changes, Cycle, imported_first};
use prism_source::SourceFile;
use tower_lsp::ls_types::{Diagnostic, PublishDiagnosticsParams, Uri};

use crate::actor::Message;
use crate::convert;
use crate::view::View;
use crate::work::{self, Stopped};

/// What may be different after some changes.
pub struct Job {
    pub view: View,
    pub edited: Vec<SourceFile>,
    pub changes: Changes,
}

/// What the editor is told.
pub enum News {
    Diagnostics(PublishDiagnosticsParams),
    /// Files that nobody edited have other diagnostics than before.
    Refresh,
}

/// Starts the thread; it ends when the sender is dropped. It tells the actor when it rests.
pub fn start(news: impl Fn(News) + Send + 'static, actor: Sender<Message>) -> Sender<Job> {
    let (sender, jobs) = channel();
    let checker = move || {
        let (told, waiting) = (BTreeMap::new(), Waiting::default());
        Checker { news, actor, told, waiting }.run(&jobs);
    };
    thread::Builder::new()
        .name("checker".to_owned())
        .stack_size(work::STACK)
        .spawn(checker)
        .expect("a process that just started has room for a thread");
    sender
}

struct Checker<N> {
    news: N,
    actor: Sender<Message>,
    /// What the editor knows, by document; nothing is nothing.
    told: BTreeMap<Uri, Vec<Diagnostic>>,
    waiting: Waiting,
}

/// The diagnostics of a document.
#[derive(Debug, Clone, PartialEq)]
struct Found {
    uri: Uri,
    version: Option<i32>,
    diagnostics: Vec<Diagnostic>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Always {
    /// The editor waits to be told about this version.
    Told,
    IfDifferent,
}

/// What is still to be done.
#[derive(Default)]
struct Waiting {
    /// Open documents with new texts.
    edited: Vec<SourceFile>,
    /// Files that depend on something that changed, in this order.
    files: Vec<SourceFile>,
    /// Files came or went; documents that are no files any more are to be forgotten.
    is_global: bool,
}

impl<N: Fn(News)> Checker<N> {
    fn run(mut self, jobs: &Receiver<Job>) {
        while let Ok(job) = jobs.recv() {
            match self.work(job, jobs) {
                Ok(()) => {
                    // The view is gone; the actor ends before this thread.
                    let _ = self.actor.send(Message::Rest);
                }
                Err(Stopped::Failed) => {
                    eprintln!("error: the diagnostics of a file could not be computed");
                }
                Err(Stopped::Changed | Stopped::Cancelled) => {}
            }
        }
    }

    /// Works until nothing is left to do, or a change interrupts.
    fn work(&mut self, job: Job, jobs: &Receiver<Job>) -> Result<(), Stopped> {
        let mut view = self.begin(job)?;
        let mut cycles = None;
        let mut is_different = false;
        loop {
            // A document that was opened does not wait for the files of one that was edited.
            while let Ok(job) = jobs.try_recv() {
                view = self.begin(job)?;
                cycles = None;
            }
            if let Some(file) = self.waiting.edited.first().copied() {
                let found = |view: &View| Found::of(view, file, &view.cycles(&[file]));
                let found = work::attempt(&view, found);
                self.waiting
                    .edited
                    .retain(|other| *other != file || found == Err(Stopped::Changed));
                self.waiting.files.retain(|other| *other != file);
                self.tell(&view, found?, Always::Told);
                continue;
            }
            let Some(file) = self.waiting.files.first().copied() else { break };
            let cycles = match &cycles {
                Some(known) => known,
                None => {
                    let files = &self.waiting.files;
                    cycles.insert(work::attempt(&view, |view| view.cycles(files))?)
                }
            };
            let found = work::attempt(&view, |view| Found::of(view, file, cycles));
            // A file at which something failed is left out; its next change tries again.
            self.waiting.files.retain(|other| *other != file || found == Err(Stopped::Changed));
            is_different |= self.tell(&view, found?, Always::IfDifferent);
        }
        if is_different && view.settings.pulls && view.settings.refreshes {
            (self.news)(News::Refresh);
        }
        Ok(())
    }

    /// Takes over what a job has to be done, and gives its view.
    fn begin(&mut self, job: Job) -> Result<View, Stopped> {
        self.waiting.add(&job);
        let view = job.view;
        work::attempt(&view, |view| self.waiting.keep_known(view))?;
        if self.waiting.is_global {
            self.waiting.files = work::attempt(&view, all_files)?;
            let known = work::attempt(&view, known_documents)?;
            self.forget_others(&view, &known);
            self.waiting.is_global = false;
        }
        Ok(view)
    }

    /// Says whether something is different.
    fn tell(&mut self, view: &View, found: Option<Found>, always: Always) -> bool {
        let Some(Found { uri, version, diagnostics }) = found else { return false };
        let known = self.told.get(&uri).map_or(&[][..], Vec::as_slice);
        let is_different = known != diagnostics;
        if is_different {
            match diagnostics.is_empty() {
                true => self.told.remove(&uri),
                false => self.told.insert(uri.clone(), diagnostics.clone()),
            };
        }
        if (is_different || always == Always::Told) && !view.settings.pulls {
            let params = PublishDiagnosticsParams { uri, diagnostics, version };
            (self.news)(News::Diagnostics(params));
        }
        is_different
    }

    /// What was told about files that are gone is taken back.
    fn forget_others(&mut self, view: &View, known: &BTreeSet<Uri>) {
        let gone = self.told.keys().filter(|uri| !known.contains(*uri));
        for uri in gone.cloned().collect::<Vec<_>>() {
            let nothing = Found { uri, version: None, diagnostics: Vec::new() };
            self.tell(view, Some(nothing), Always::IfDifferent);
        }
    }
}

impl Found {
    /// `None` for a file that the editor has no name for.
    fn of(view: &View, file: SourceFile, cycles: &[Cycle]) -> Option<Found> {
        let uri = view.uri(file)?;
        let diagnostics = convert::diagnostics(view, file, &view.diagnostics(file, cycles));
        Some(Found { uri, version: view.version(file), diagnostics })
    }
}

fn known_documents(view: &View) -> BTreeSet<Uri> {
    view.files().into_iter().filter_map(|file| view.uri(file)).collect()
}

/// Imported files first, so that no chain of imports becomes a deep stack.
fn all_files(view: &View) -> Vec<SourceFile> {
    let mut files = imported_first(&view.db, &view.db.user_files());
    files.extend(view.unlisted.iter());
    files
}

impl Waiting {
    fn add(&mut self, job: &Job) {
        for file in &job.edited {
            self.edited.retain(|other| other != file);
            self.edited.push(*file);
        }
        self.is_global |= job.changes.is_global;
        for file in &job.changes.files {
            if !self.files.contains(file) {
                self.files.push(*file);
            }
        }
    }

    /// Files may be gone since they were put here.
    fn keep_known(&mut self, view: &View) {
        self.edited.retain(|file| view.is_known(*file));
        self.files.retain(|file| view.is_known(*file));
    }
}
