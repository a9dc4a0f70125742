//! Files whose imports are all there are checked as soon as they are read, imported ones first,
//! so that few trees are in memory at a time: most of what memory costs is its first touch.
//!
//! What reaches a file that was not read yet, or itself, is left to [`crate::check_keeping`].

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use prism_source::{Origin, Resolution, SourceFile, resolve};
use rustc_hash::FxHashMap;

use crate::check::{Keep, check_and_release};
use crate::db::RootDb;
use crate::threads;
use crate::workspace::{specifiers, unread_imports};

/// A longer way of imports is left: it would keep one thread busy, and its trees in memory.
const DEEPEST: usize = 32;

/// Checks what can be checked of the files that are there.
pub(crate) fn check_ahead(db: &RootDb, keep: Keep) {
    let ahead = Ahead { keep, states: Mutex::default(), met: Mutex::default() };
    let mut files = db.user_files();
    loop {
        threads::map(db, &files, |db, file| {
            ahead.visit_again(db);
            ahead.visit(db, *file);
        });
        let met = std::mem::take(&mut *ahead.met());
        // Threads meet everywhere only in a circle of imports.
        if met.is_empty() || met.len() == files.len() {
            return;
        }
        files = met.into();
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Some thread checks it, or what it imports.
    Begun,
    Checked,
    Left,
}

/// A file on the way from the one that is visited.
struct Step {
    file: SourceFile,
    imports: Vec<SourceFile>,
    n_checked: usize,
}

struct Ahead {
    keep: Keep,
    states: Mutex<FxHashMap<SourceFile, State>>,
    /// Files that were visited while another thread was at one that they reach.
    met: Mutex<VecDeque<SourceFile>>,
}

impl Ahead {
    fn states(&self) -> MutexGuard<'_, FxHashMap<SourceFile, State>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn met(&self) -> MutexGuard<'_, VecDeque<SourceFile>> {
        self.met.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state of a file; one that nobody visited is begun.
    fn begin(&self, file: SourceFile) -> Option<State> {
        let mut states = self.states();
        let known = states.get(&file).copied();
        if known.is_none() {
            states.insert(file, State::Begun);
        }
        known
    }

    fn visit_again(&self, db: &RootDb) {
        let next = self.met().pop_front();
        if let Some(file) = next {
            self.visit(db, file);
        }
    }

    fn visit(&self, db: &RootDb, file: SourceFile) {
        let mut way: Vec<Step> = Vec::new();
        let mut next = file;
        loop {
            match self.begin(next) {
                None if way.len() == DEEPEST => {
                    self.states().remove(&next);
                    return self.leave(&way);
                }
                None => match imports(db, next) {
                    Some(imports) => way.push(Step { file: next, imports, n_checked: 0 }),
                    None => {
                        self.states().insert(next, State::Left);
                        return self.leave(&way);
                    }
                },
                Some(State::Begun) if !way.iter().any(|step| step.file == next) => {
                    let mut states = self.states();
                    for step in &way {
                        states.remove(&step.file);
                    }
                    return self.met().push_back(file);
                }
                Some(State::Begun | State::Left) => return self.leave(&way),
                Some(State::Checked) => {}
            }
            next = loop {
                let Some(step) = way.last_mut() else { return };
                if let Some(import) = step.imports.get(step.n_checked) {
                    step.n_checked += 1;
                    break *import;
                }
                check_and_release(db, step.file, self.keep);
                self.states().insert(step.file, State::Checked);
                way.pop();
            };
        }
    }

    /// Nothing that stands on the way can be checked yet.
    fn leave(&self, way: &[Step]) {
        self.states().extend(way.iter().map(|step| (step.file, State::Left)));
    }
}

/// The files that a file imports; `None` when one was not read.
fn imports(db: &RootDb, file: SourceFile) -> Option<Vec<SourceFile>> {
    if !unread_imports(db, &file).is_empty() {
        return None;
    }
    let found = specifiers(db, file).into_iter().filter_map(|specifier| {
        match resolve(db, file, &specifier) {
            Resolution::Found(file) => Some(file),
            Resolution::Bare | Resolution::Missing | Resolution::MissingStd => None,
        }
    });
    Some(found.filter(|file| file.origin(db) == Origin::User).collect())
}
