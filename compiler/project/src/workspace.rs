//! Programs that are open, kept up to date change by change.
//!
//! ```text
//! include, exclude, reload   what is named, and what a file system has at a path
//! settle                     what the changed files import, the packages of new files,
//!                            and no file that nobody needs any more
//! take_changes               what may have other diagnostics than before
//! ```
//!
//! Between a change and [`Workspace::settle`] nothing but changes may be asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use prism_diagnostics::Diagnostic;
use prism_hir::{Export, item_tree};
use prism_source::{
    FileSystem, HOST, Origin, Package, ReadError, SourceFile, candidates, normalize,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::ahead::check_ahead;
use crate::check::Keep;
use crate::db::{Edit, RootDb};
use crate::diagnostics::{manifest_diagnostic, read_diagnostic};
use crate::graph;
use crate::manifest::read_manifest;
use crate::threads;

/// Name of the manifest.
const MANIFEST: &str = "prism.toml";

/// Files that were named, all that they import, and their manifests.
#[derive(Default)]
pub struct Workspace {
    db: RootDb,
    roots: Vec<SourceFile>,
    /// Paths that could not be read; they are tried again when somebody names them.
    missing: BTreeSet<String>,
    /// Manifests, and texts that stand for what could not be read, by path.
    unlisted: BTreeMap<String, SourceFile>,
    /// What is wrong with manifests and unreadable files, in the order in which it was found.
    reports: Vec<Diagnostic>,
    /// The manifests of files, and those that were named.
    manifests: BTreeMap<String, Package>,
    /// The paths that were named, or found in the folders that were named.
    named: BTreeSet<String>,
    /// The package of a folder: that of its manifest, or of the nearest above.
    packages: BTreeMap<String, Option<Package>>,
    importers: FxHashMap<SourceFile, FxHashSet<SourceFile>>,
    imported: FxHashMap<SourceFile, Vec<SourceFile>>,
    /// Files that import themselves by some way; looked for when an import changes.
    circular: Arc<FxHashSet<SourceFile>>,
    are_imports_new: bool,
    /// Files whose text is new since the last [`Workspace::settle`].
    fresh: Vec<SourceFile>,
    changes: Changes,
}

/// What changed in a workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Files came or went, or a manifest changed: anything may be different.
    pub is_global: bool,
    /// The files with new texts, then those that import them, each once.
    pub files: Vec<SourceFile>,
}

impl Workspace {
    pub fn new() -> Workspace {
        Workspace::default()
    }

    /// Frees the results that a change has replaced, as the next change would. Who computes from
    /// a clone of the database is interrupted.
    pub fn tidy(&mut self) {
        salsa::Database::trigger_lru_eviction(&mut self.db);
    }

    pub fn db(&self) -> &RootDb {
        &self.db
    }

    pub fn into_db(self) -> RootDb {
        self.db
    }

    /// The files that were named, or found in the folders that were named.
    pub fn roots(&self) -> &[SourceFile] {
        &self.roots
    }

    /// What is wrong with manifests and with files that cannot be read.
    pub fn reports(&self) -> &[Diagnostic] {
        &self.reports
    }

    /// The manifest or unreadable file at a path.
    pub fn unlisted(&self, path: &str) -> Option<SourceFile> {
        self.unlisted.get(path).copied()
    }

    /// The manifests, and the files that cannot be read.
    pub fn unlisted_files(&self) -> impl Iterator<Item = SourceFile> {
        self.unlisted.values().copied()
    }

    /// The files that import themselves by some way: only they can be part of a circle.
    pub fn circular(&self) -> &Arc<FxHashSet<SourceFile>> {
        &self.circular
    }

    /// What changed since this was asked last.
    pub fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    /// Names a file, a manifest, or all `.prism` files of a folder.
    pub fn include(&mut self, fs: &dyn FileSystem, path: &str) {
        if !fs.is_folder(path) {
            let path = normalize(path);
            self.reload(fs, &path);
            self.named.insert(path.clone());
            if is_manifest(&path) {
                self.read_manifest(fs, &path);
                return;
            }
            self.missing.remove(&path);
            let file = self.load(fs, &path, true);
            self.add_root(file);
            return;
        }
        match fs.sources_below(path) {
            Ok(paths) => {
                let paths: Vec<String> = paths.iter().map(|path| normalize(path)).collect();
                self.load_all(fs, &paths);
                for path in paths {
                    let file = self.db.file(&path);
                    self.named.insert(path);
                    self.add_root(file);
                }
            }
            Err(error) => self.unreadable(path, &error),
        }
    }

    /// The text of a file of the program is about to change again and again.
    pub fn expect_edits(&mut self, path: &str) {
        let file = self.db.file(&normalize(path));
        if let Some(file) = file.filter(|file| file.origin(&self.db) == Origin::User) {
            self.db.expect_edits(file);
            self.changes.files.push(file);
        }
    }

    fn add_root(&mut self, file: Option<SourceFile>) {
        self.roots.extend(file.filter(|file| !self.roots.contains(file)));
    }

    /// The file is named no longer; it stays while others import it.
    pub fn exclude(&mut self, path: &str) {
        let path = normalize(path);
        let file = self.db.file(&path);
        self.named.remove(&path);
        self.roots.retain(|root| Some(*root) != file);
        self.changes.is_global = true;
    }

    /// Takes over what the file system has at a path that is known, or is a manifest.
    pub fn reload(&mut self, fs: &dyn FileSystem, path: &str) {
        let path = normalize(path);
        if is_manifest(&path) {
            self.reload_manifest(fs, &path);
            return;
        }
        let Some(file) = self.db.file(&path) else {
            // It could not be read before, and somebody may import it.
            if self.missing.contains(&path) {
                self.forget_unread(&path);
                self.fresh = self.db.user_files();
            }
            return;
        };
        match fs.read(&path) {
            Ok(text) => self.set_text(file, text),
            Err(error) => {
                self.remove(&path);
                self.missing.insert(path.clone());
                if error != ReadError::NotFound {
                    self.unreadable(&path, &error);
                }
            }
        }
    }

    fn set_text(&mut self, file: SourceFile, text: Arc<str>) {
        if *file.text(&self.db) != text {
            let path = file.path(&self.db).clone();
            self.db.set_file(&path, text);
            self.fresh.push(file);
            self.changes.files.push(file);
        }
    }

    /// Reads the files that are not there, many at once.
    fn load_all(&mut self, fs: &dyn FileSystem, paths: &[String]) {
        let is_new = |path: &&String| self.db.file(path).is_none() && !self.missing.contains(*path);
        let paths: Vec<&String> = paths.iter().filter(is_new).collect();
        let texts = threads::map(&fs, &paths, |fs, path| fs.read(path));
        let mut read = Vec::with_capacity(texts.len());
        for (path, text) in paths.into_iter().zip(texts) {
            match text {
                Ok(text) => read.push((Arc::from(path.as_str()), text)),
                Err(error) => {
                    self.unreadable(path, &error);
                    self.missing.insert(path.clone());
                }
            }
        }
        self.add(read);
    }

    /// Reads a file unless it is there. A missing one is reported when `is_named`; otherwise
    /// its import is reported with the names.
    fn load(&mut self, fs: &dyn FileSystem, path: &str, is_named: bool) -> Option<SourceFile> {
        if let Some(file) = self.db.file(path) {
            return Some(file);
        }
        if self.missing.contains(path) {
            return None;
        }
        match fs.read(path) {
            Ok(text) => {
                self.add(vec![(path.into(), text)]);
                return self.db.file(path);
            }
            Err(ReadError::NotFound) if !is_named => {}
            Err(error) => self.unreadable(path, &error),
        }
        self.missing.insert(path.to_owned());
        None
    }

    fn add(&mut self, read: Vec<(Arc<str>, Arc<str>)>) {
        if read.is_empty() {
            return;
        }
        for (path, _) in &read {
            self.forget_reports(path);
            self.unlisted.remove(&**path);
        }
        self.changes.is_global = true;
        self.fresh.extend(self.db.load_files(read));
    }

    fn unreadable(&mut self, path: &str, error: &ReadError) {
        let file = self.set_unlisted(path, Arc::from(""));
        self.reports.push(read_diagnostic(file.id(&self.db), path, error));
        self.changes.is_global = true;
    }

    fn set_unlisted(&mut self, path: &str, text: Arc<str>) -> SourceFile {
        self.forget_reports(path);
        let known = self.unlisted.get(path).copied();
        let file = self.db.set_unlisted(known, path, text);
        self.unlisted.insert(path.to_owned(), file);
        file
    }

    /// What was wrong with the file at a path no longer is.
    fn forget_reports(&mut self, path: &str) {
        if let Some(file) = self.unlisted.get(path) {
            let id = file.id(&self.db);
            self.reports.retain(|report| report.place.file != id);
        }
    }

    fn forget_unread(&mut self, path: &str) {
        self.forget_reports(path);
        self.unlisted.remove(path);
        self.missing.remove(path);
        self.changes.is_global = true;
    }

    fn remove(&mut self, path: &str) {
        let Some(file) = self.db.file(path) else { return };
        self.db.edit(path, Edit::Removed);
        self.roots.retain(|root| *root != file);
        self.fresh.retain(|fresh| *fresh != file);
        self.changes.files.retain(|changed| *changed != file);
        self.changes.is_global = true;
    }

    /// Checks files before all is read that they may import; [`Workspace::settle`] reads it.
    pub(crate) fn check_ahead(&mut self, fs: &dyn FileSystem, keep: Keep) {
        self.put_into_packages(fs);
        check_ahead(&self.db, keep);
    }

    /// Brings everything up to date with the texts.
    pub fn settle(&mut self, fs: &dyn FileSystem) {
        self.retry_unread();
        self.load_imported(fs);
        if self.changes.is_global {
            self.drop_unneeded();
            self.put_into_packages(fs);
            self.link(self.db.user_files());
        }
        if std::mem::take(&mut self.are_imports_new) {
            let mut groups = graph::groups(&self.db, &self.db.user_files());
            groups.retain(|group| graph::is_circle(&self.db, group));
            self.circular = Arc::new(groups.into_iter().flatten().collect());
        }
        self.add_importers();
    }

    /// What could not be read and is not named is told about as long as something imports it.
    fn retry_unread(&mut self) {
        if self.fresh.is_empty() && !self.changes.is_global {
            return;
        }
        let is_imported = |path: &&String| !is_manifest(path) && !self.named.contains(*path);
        let unread: Vec<String> = self.unlisted.keys().filter(is_imported).cloned().collect();
        for path in unread {
            self.forget_unread(&path);
            self.fresh = self.db.user_files();
        }
    }

    /// Reads what the fresh files import, until nothing new is found.
    fn load_imported(&mut self, fs: &dyn FileSystem) {
        let mut seen: FxHashSet<SourceFile> = FxHashSet::default();
        let mut linked = Vec::new();
        while !self.fresh.is_empty() {
            let mut files = std::mem::take(&mut self.fresh);
            files.retain(|file| seen.insert(*file));
            for unread in threads::map(&self.db, &files, unread_imports).into_iter().flatten() {
                unread.iter().find(|path| self.load(fs, path, false).is_some());
            }
            linked.extend(files);
        }
        self.link(linked);
    }

    /// Notes what files import.
    fn link(&mut self, files: Vec<SourceFile>) {
        threads::map(&self.db, &files, |db, file| {
            graph::imports(db, *file);
        });
        for file in files {
            let now = graph::imports(&self.db, file).iter().map(|imported| imported.file);
            let now: Vec<SourceFile> = now.collect();
            let before = self.imported.get(&file).map_or(&[][..], Vec::as_slice);
            if before == now {
                continue;
            }
            self.are_imports_new = true;
            // What is imported no longer may be needed no longer.
            self.changes.is_global |=
                before.iter().any(|old| !now.contains(old) && !self.roots.contains(old));
            for old in before {
                if let Some(importers) = self.importers.get_mut(old) {
                    importers.remove(&file);
                }
            }
            for new in &now {
                self.importers.entry(*new).or_default().insert(file);
            }
            self.imported.insert(file, now);
        }
    }

    /// Files that are no roots live as long as something imports them.
    fn drop_unneeded(&mut self) {
        let files = self.db.user_files();
        if files.len() == self.roots.len() {
            return;
        }
        let needed: FxHashSet<SourceFile> =
            graph::reached(&self.db, &self.roots).into_iter().collect();
        for file in files.iter().filter(|file| !needed.contains(file)) {
            let path = file.path(&self.db).clone();
            self.remove(&path);
        }
    }

    /// The changed files, and behind them whoever imports them.
    fn add_importers(&mut self) {
        let files = &mut self.changes.files;
        let mut seen: FxHashSet<SourceFile> = FxHashSet::default();
        files.retain(|file| seen.insert(*file));
        let mut next = 0;
        while let Some(file) = files.get(next).copied() {
            let importers = self.importers.get(&file).into_iter().flatten();
            let mut importers: Vec<SourceFile> =
                importers.copied().filter(|one| seen.insert(*one)).collect();
            importers.sort_by_key(|file| file.id(&self.db));
            files.extend(importers);
            next += 1;
        }
    }

    fn put_into_packages(&mut self, fs: &dyn FileSystem) {
        let mut used = FxHashSet::default();
        for file in self.db.user_files() {
            let path = file.path(&self.db).clone();
            let package = self.package_of(fs, folder(&path));
            self.db.put_into(file, package);
            used.extend(package);
        }
        let is_used = |(path, package): (&String, &Package)| {
            used.contains(package) || self.named.contains(path)
        };
        let unused = self.manifests.iter().filter(|one| !is_used(*one));
        for path in unused.map(|(path, _)| path.clone()).collect::<Vec<_>>() {
            self.drop_manifest(&path);
            self.packages.clear();
        }
    }

    /// The package of the nearest manifest in a folder or above.
    fn package_of(&mut self, fs: &dyn FileSystem, start: &str) -> Option<Package> {
        let mut passed = Vec::new();
        let mut at = Some(start.to_owned());
        let mut found = None;
        while let Some(here) = at {
            if let Some(known) = self.packages.get(&here) {
                found = *known;
                break;
            }
            found = self.manifest_in(fs, &here);
            at = above(&here);
            passed.push(here);
            if found.is_some() {
                break;
            }
        }
        self.packages.extend(passed.into_iter().map(|folder| (folder, found)));
        found
    }

    fn manifest_in(&mut self, fs: &dyn FileSystem, folder: &str) -> Option<Package> {
        let path = match folder {
            "" => MANIFEST.to_owned(),
            folder => format!("{}/{MANIFEST}", folder.trim_end_matches('/')),
        };
        if !self.manifests.contains_key(&path) {
            self.read_manifest(fs, &path);
        }
        self.manifests.get(&path).copied()
    }

    fn reload_manifest(&mut self, fs: &dyn FileSystem, path: &str) {
        self.changes.is_global = true;
        if !self.manifests.contains_key(path) || !self.read_manifest(fs, path) {
            // The files below belong to another one now.
            self.packages.clear();
        }
    }

    /// Reads a manifest into its package; says whether there is one. One that cannot be read
    /// says nothing.
    fn read_manifest(&mut self, fs: &dyn FileSystem, path: &str) -> bool {
        let (text, unread) = match fs.read(path) {
            Ok(text) => (text, None),
            Err(ReadError::NotFound) => {
                self.drop_manifest(path);
                return false;
            }
            Err(error) => (Arc::from(""), Some(error)),
        };
        let file = self.set_unlisted(path, text.clone());
        let id = file.id(&self.db);
        let (manifest, errors) = read_manifest(&text);
        self.reports.extend(errors.iter().map(|error| manifest_diagnostic(id, error)));
        self.reports.extend(unread.map(|error| read_diagnostic(id, path, &error)));
        match self.manifests.get(path) {
            Some(package) => self.db.set_package(*package, &manifest),
            None => {
                let package = self.db.add_package(file, &manifest);
                self.manifests.insert(path.to_owned(), package);
            }
        }
        true
    }

    fn drop_manifest(&mut self, path: &str) {
        self.forget_reports(path);
        self.unlisted.remove(path);
        self.manifests.remove(path);
    }
}

fn is_manifest(path: &str) -> bool {
    path.rsplit('/').next() == Some(MANIFEST)
}

/// For each import of a file whose first candidate was not read, the paths to try, in order. The
/// standard library is there.
pub(crate) fn unread_imports(db: &RootDb, file: &SourceFile) -> Vec<Vec<String>> {
    let paths = |specifier: Arc<str>| {
        let mut own = candidates(file.path(db), &specifier).unwrap_or_default();
        own.retain(|path| !path.starts_with('@') || path == HOST);
        own.first().is_some_and(|first| db.file(first).is_none()).then_some(own)
    };
    specifiers(db, *file).into_iter().filter_map(paths).collect()
}

/// The words of all imports and re-exports of a file.
pub(crate) fn specifiers(db: &RootDb, file: SourceFile) -> Vec<Arc<str>> {
    let tree = item_tree(db, file);
    let imports = tree.imports.iter().map(|import| import.specifier.clone());
    let exports = tree.exports.iter().filter_map(|export| match export {
        Export::From { specifier, .. }
        | Export::Star { specifier }
        | Export::StarAs { specifier, .. } => Some(specifier.clone()),
        Export::Local { .. } => None,
    });
    imports.chain(exports).collect()
}

/// The folder of a normalized path; empty for the current one.
fn folder(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) => "/",
        Some(end) => &path[..end],
        None => "",
    }
}

/// The folder above; `..` is not left, because its name is not known.
fn above(path: &str) -> Option<String> {
    let is_top = path.is_empty() || path == "/" || path.ends_with("..");
    (!is_top).then(|| folder(path).to_owned())
}
