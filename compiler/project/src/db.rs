//! The concrete database: every file that was opened, and the standard library.

use std::collections::BTreeMap;
use std::sync::Arc;

use prism_diagnostics::render::Sources;
use prism_source::{BandLimits, Db, Files, Origin, Package, SourceFile};
use prism_span::FileId;
use salsa::{Durability, Setter};

use crate::manifest::Manifest;

/// Cheap to clone: clones share everything, and a change waits until all but one are dropped.
#[salsa::db]
#[derive(Clone)]
pub struct RootDb {
    storage: salsa::Storage<Self>,
    /// Made in [`RootDb::new`], before anybody sees the database.
    files: Option<Files>,
    default_package: Option<Package>,
    /// Every file ever opened, indexed by its id.
    all: Arc<Vec<SourceFile>>,
}

#[salsa::db]
impl salsa::Database for RootDb {}

#[salsa::db]
impl Db for RootDb {
    fn files(&self) -> Files {
        self.files.expect("the table of files is made with the database")
    }
}

/// A change of one file.
#[derive(Debug, Clone)]
pub enum Edit {
    Text(Arc<str>),
    /// The file is gone; imports of it are reported.
    Removed,
}

impl Default for RootDb {
    fn default() -> RootDb {
        RootDb::new()
    }
}

impl RootDb {
    /// A database that holds the standard library.
    pub fn new() -> RootDb {
        RootDb::with_storage(salsa::Storage::new(None))
    }

    /// A database that tells `log` what it does.
    pub fn with_log(log: impl Fn(salsa::Event) + Send + Sync + 'static) -> RootDb {
        RootDb::with_storage(salsa::Storage::new(Some(Box::new(log))))
    }

    fn with_storage(storage: salsa::Storage<Self>) -> RootDb {
        let mut db =
            RootDb { storage, files: None, default_package: None, all: Arc::new(Vec::new()) };
        let bands = BandLimits::default();
        let package = Package::builder(None, bands, false, Arc::default(), None, Arc::default());
        db.default_package = Some(package.durability(Durability::HIGH).new(&db));
        let mut by_path = BTreeMap::new();
        for (module, text) in prism_stdlib::files() {
            let path: Arc<str> = std_path(module).into();
            let never = Durability::NEVER_CHANGE;
            let file = db.insert(&path, (*text).into(), never, Origin::Standard, None);
            by_path.insert(path, file);
        }
        let files = Files::builder(Arc::new(by_path)).durability(Durability::HIGH).new(&db);
        db.files = Some(files);
        db
    }

    fn insert(
        &mut self,
        path: &Arc<str>,
        text: Arc<str>,
        durability: Durability,
        origin: Origin,
        package: Option<Package>,
    ) -> SourceFile {
        let id = FileId(self.all.len() as u32);
        let builder = SourceFile::builder(id, path.clone(), text, origin, package);
        let file = match origin {
            Origin::Standard => builder.durability(Durability::NEVER_CHANGE).new(self),
            Origin::User => builder
                .text_durability(durability)
                .id_durability(Durability::NEVER_CHANGE)
                .path_durability(Durability::NEVER_CHANGE)
                .origin_durability(Durability::NEVER_CHANGE)
                .package_durability(Durability::MEDIUM)
                .new(self),
        };
        Arc::make_mut(&mut self.all).push(file);
        file
    }

    /// Adds a file of the program, or changes its text.
    pub fn set_file(&mut self, path: &str, text: impl Into<Arc<str>>) -> SourceFile {
        let path: Arc<str> = prism_source::normalize(path).into();
        let text = text.into();
        match self.file(&path) {
            Some(file) if *file.text(self) == text => file,
            Some(file) => {
                file.set_text(self).with_durability(Durability::LOW).to(text);
                file
            }
            None => self.add([(path, text)], Durability::LOW)[0],
        }
    }

    /// Adds files as they are on the disk. They are expected to stay like that: what depends on
    /// such files alone is not looked at again when others change. The first edit of a file ends
    /// this, or [`RootDb::expect_edits`].
    pub(crate) fn load_files(
        &mut self,
        files: impl IntoIterator<Item = (Arc<str>, Arc<str>)>,
    ) -> Vec<SourceFile> {
        self.add(files, Durability::MEDIUM)
    }

    /// The text of a file is about to change again and again. All that depends on it is computed
    /// anew, once, when it is asked for: better before the first edit than after it.
    pub(crate) fn expect_edits(&mut self, file: SourceFile) {
        let text = file.text(self).clone();
        file.set_text(self).with_durability(Durability::LOW).to(text);
    }

    fn add(
        &mut self,
        files: impl IntoIterator<Item = (Arc<str>, Arc<str>)>,
        durability: Durability,
    ) -> Vec<SourceFile> {
        let package = self.default_package;
        let insert = |(path, text): (Arc<str>, Arc<str>)| {
            let file = self.insert(&path, text, durability, Origin::User, package);
            (path, file)
        };
        let added: Vec<(Arc<str>, SourceFile)> = files.into_iter().map(insert).collect();
        let files = added.iter().map(|(_, file)| *file).collect();
        self.change_table(|table| table.extend(added));
        files
    }

    /// A text that nobody imports: a manifest, or a file that could not be read.
    pub(crate) fn set_unlisted(
        &mut self,
        known: Option<SourceFile>,
        path: &str,
        text: Arc<str>,
    ) -> SourceFile {
        match known {
            Some(file) => {
                file.set_text(self).to(text);
                file
            }
            None => self.insert(&path.into(), text, Durability::LOW, Origin::User, None),
        }
    }

    /// Applies a change to a file that may or may not be open.
    pub fn edit(&mut self, path: &str, edit: Edit) -> Option<SourceFile> {
        match edit {
            Edit::Text(text) => Some(self.set_file(path, text)),
            Edit::Removed => {
                let path = prism_source::normalize(path);
                self.change_table(|table| {
                    table.remove(path.as_str());
                });
                None
            }
        }
    }

    fn change_table(&mut self, change: impl FnOnce(&mut BTreeMap<Arc<str>, SourceFile>)) {
        let files = self.files();
        // The table is taken out, so that it need not be copied.
        let mut table = files.set_by_path(self).to(Arc::default());
        change(Arc::make_mut(&mut table));
        files.set_by_path(self).to(table);
    }

    /// The package of a manifest, with the manifest's own file.
    pub fn add_package(&mut self, manifest: SourceFile, read: &Manifest) -> Package {
        let builder = Package::builder(
            Some(manifest),
            read.bands,
            read.is_strict,
            read.lints.clone(),
            read.agents.clone(),
            read.groups.clone(),
        );
        builder.durability(Durability::MEDIUM).new(self)
    }

    /// Takes over what a changed manifest says; what stayed the same is left alone.
    pub fn set_package(&mut self, package: Package, read: &Manifest) {
        if package.bands(self) != read.bands {
            package.set_bands(self).to(read.bands);
        }
        if package.is_strict(self) != read.is_strict {
            package.set_is_strict(self).to(read.is_strict);
        }
        if *package.lints(self) != read.lints {
            package.set_lints(self).to(read.lints.clone());
        }
        if *package.agents(self) != read.agents {
            package.set_agents(self).to(read.agents.clone());
        }
        if *package.groups(self) != read.groups {
            package.set_groups(self).to(read.groups.clone());
        }
    }

    /// Puts a file into a package, or into that of the files without a manifest.
    pub fn put_into(&mut self, file: SourceFile, package: Option<Package>) {
        let package = package.or(self.default_package);
        if file.package(self) != package {
            file.set_package(self).to(package);
        }
    }

    /// The file of a normalized path.
    pub fn file(&self, path: &str) -> Option<SourceFile> {
        self.files().by_path(self).get(path).copied()
    }

    pub fn file_by_id(&self, id: FileId) -> Option<SourceFile> {
        self.all.get(id.0 as usize).copied()
    }

    /// Every file of the program, in order of the paths; the standard library is left out.
    pub fn user_files(&self) -> Vec<SourceFile> {
        let files = self.files().by_path(self).values().copied();
        files.filter(|file| file.origin(self) == Origin::User).collect()
    }
}

impl Sources for RootDb {
    fn name(&self, file: FileId) -> Arc<str> {
        self.file_by_id(file).map_or_else(|| "?".into(), |file| file.path(self).clone())
    }

    fn text(&self, file: FileId) -> Option<Arc<str>> {
        self.file_by_id(file).map(|file| file.text(self).clone())
    }
}

/// `execution`, `@prism/execution` and `execution.prism` are the same module.
fn std_path(module: &str) -> String {
    let name = module.strip_prefix("@prism/").unwrap_or(module);
    format!("@prism/{}", name.strip_suffix(".prism").unwrap_or(name))
}
