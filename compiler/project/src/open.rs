//! Opens programs: the files that were named, everything they import, and their manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use prism_diagnostics::Diagnostic;
use prism_hir::{Export, item_tree};
use prism_source::{FileSystem, HOST, Package, ReadError, SourceFile, candidates, normalize};
use rustc_hash::FxHashSet;

use crate::db::RootDb;
use crate::diagnostics::{manifest_diagnostic, read_diagnostic};
use crate::manifest::read_manifest;
use crate::threads;

/// Name of the manifest.
pub const MANIFEST: &str = "prism.toml";

/// Programs that were opened. The diagnostics say what could not be read, and what is wrong in
/// the manifests; what is wrong in the programs is for [`crate::check()`].
pub struct Opened {
    pub db: RootDb,
    /// The files that were named, or found in the folders that were named.
    pub roots: Vec<SourceFile>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads files, the `.prism` files of folders, and all that they import.
pub fn open(fs: &dyn FileSystem, paths: &[String]) -> Opened {
    let mut open = Open {
        fs,
        db: RootDb::new(),
        roots: Vec::new(),
        diagnostics: Vec::new(),
        tried: BTreeSet::new(),
        packages: BTreeMap::new(),
    };
    for path in paths {
        open.named(path);
    }
    open.imported();
    open.in_packages();
    Opened { db: open.db, roots: open.roots, diagnostics: open.diagnostics }
}

struct Open<'fs> {
    fs: &'fs dyn FileSystem,
    db: RootDb,
    roots: Vec<SourceFile>,
    diagnostics: Vec<Diagnostic>,
    /// Paths that were read or could not be.
    tried: BTreeSet<String>,
    /// The package of a folder: that of its manifest, or of the nearest above.
    packages: BTreeMap<String, Option<Package>>,
}

impl Open<'_> {
    fn named(&mut self, path: &str) {
        if !self.fs.is_folder(path) {
            let file = self.load(path, true);
            self.roots.extend(file.filter(|file| !self.roots.contains(file)));
            return;
        }
        match self.fs.sources_below(path) {
            Ok(files) => {
                for file in files {
                    let file = self.load(&file, true);
                    let file = file.filter(|file| !self.roots.contains(file));
                    self.roots.extend(file);
                }
            }
            Err(error) => self.unreadable(path, &error),
        }
    }

    /// Reads a file unless it is there. A missing one is reported when `is_named`; otherwise
    /// its import is reported with the names.
    fn load(&mut self, path: &str, is_named: bool) -> Option<SourceFile> {
        let path = normalize(path);
        if let Some(file) = self.db.file(&path) {
            return Some(file);
        }
        if !self.tried.insert(path.clone()) {
            return None;
        }
        match self.fs.read(&path) {
            Ok(text) => Some(self.db.load_file(path.into(), text)),
            Err(ReadError::NotFound) if !is_named => None,
            Err(error) => {
                self.unreadable(&path, &error);
                None
            }
        }
    }

    fn unreadable(&mut self, path: &str, error: &ReadError) {
        let file = self.db.set_unlisted(path, Arc::from(""));
        self.diagnostics.push(read_diagnostic(file.id(&self.db), path, error));
    }

    /// Reads what the files import, until nothing new is found.
    fn imported(&mut self) {
        let mut waiting = self.db.user_files();
        let mut seen: FxHashSet<SourceFile> = waiting.iter().copied().collect();
        while !waiting.is_empty() {
            threads::for_each(&self.db, &waiting, |db, file| {
                item_tree(db, *file);
            });
            let mut found = Vec::new();
            for file in waiting {
                for specifier in specifiers(&self.db, file) {
                    found.extend(self.import(file, &specifier).filter(|file| seen.insert(*file)));
                }
            }
            waiting = found;
        }
    }

    /// The file that a specifier means in another one; nothing for the standard library.
    fn import(&mut self, from: SourceFile, specifier: &str) -> Option<SourceFile> {
        let candidates = candidates(from.path(&self.db), specifier)?;
        let mut own = candidates.iter().filter(|path| !path.starts_with('@') || *path == HOST);
        own.find_map(|path| self.load(path, false))
    }

    fn in_packages(&mut self) {
        for file in self.db.user_files() {
            let path = file.path(&self.db).clone();
            if let Some(package) = self.package_of(folder(&path)) {
                self.db.put_into(file, package);
            }
        }
    }

    /// The package of the nearest manifest in a folder or above.
    fn package_of(&mut self, start: &str) -> Option<Package> {
        let mut passed = Vec::new();
        let mut at = Some(start.to_owned());
        let mut found = None;
        while let Some(here) = at {
            if let Some(known) = self.packages.get(&here) {
                found = *known;
                break;
            }
            found = self.manifest_in(&here);
            at = above(&here);
            passed.push(here);
            if found.is_some() {
                break;
            }
        }
        self.packages.extend(passed.into_iter().map(|folder| (folder, found)));
        found
    }

    fn manifest_in(&mut self, folder: &str) -> Option<Package> {
        let path = match folder {
            "" => MANIFEST.to_owned(),
            folder => format!("{}/{MANIFEST}", folder.trim_end_matches('/')),
        };
        match self.fs.read(&path) {
            Ok(text) => {
                let file = self.db.set_unlisted(&path, text.clone());
                let (manifest, errors) = read_manifest(&text);
                let id = file.id(&self.db);
                self.diagnostics.extend(errors.iter().map(|error| manifest_diagnostic(id, error)));
                Some(self.db.add_package(file, &manifest))
            }
            Err(ReadError::NotFound) => None,
            Err(error) => {
                self.unreadable(&path, &error);
                None
            }
        }
    }
}

/// The words of all imports and re-exports of a file.
fn specifiers(db: &RootDb, file: SourceFile) -> Vec<Arc<str>> {
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
