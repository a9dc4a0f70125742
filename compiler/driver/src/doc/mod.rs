//! Documentation of modules and patterns, as Markdown or HTML.
//!
//! ```text
//! files → project::open → one [`Module`] per file → Markdown or HTML, in order of the paths
//! ```
//!
//! What a module exports is documented, and its patterns and header. Words come from comments
//! right above a declaration (`///`, `/** */`); types, effects and confidence come from inference.
//! Texts of a program are data: neither format lets them become markup.

mod gather;
mod header;
mod html;
mod markdown;
mod text;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use prism_diagnostics::Severity;
use prism_project::{Disk, Keep, Opened, open};
use prism_source::{FileSystem, Origin, SourceFile};

use crate::compile::{Rejected, absolute, is_unreadable, reported};
use crate::rooted::shown;
use header::Header;
use text::Block;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Markdown,
    /// One page that needs nothing else.
    Html,
}

/// One file as its readers see it.
#[derive(Debug, PartialEq)]
pub(crate) struct Module {
    /// What to import: `@prism/aggregation`, or the path of the file.
    pub path: Arc<str>,
    pub anchor: String,
    pub header: Header,
    pub doc: Vec<Block>,
    pub entries: Vec<Entry>,
    pub n_errors: usize,
}

/// Something that a module declares for others.
#[derive(Debug, PartialEq)]
pub(crate) struct Entry {
    pub kind: Kind,
    pub name: String,
    pub anchor: String,
    pub doc: Vec<Block>,
    pub shape: Shape,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Pattern,
    Agent,
    Function,
    Variable,
    Type,
    Effect,
    /// Declared in another module and exported again.
    Again,
}

/// What a reader must know to use an entry.
#[derive(Debug, PartialEq)]
pub(crate) enum Shape {
    /// `name(a: number, b?): string`, what calling it may do, and how sure its result is.
    Callable { signature: String, effects: Vec<String>, confidence: String },
    /// The declaration as written.
    Source(String),
    /// The module that declares it.
    From(String),
}

impl Kind {
    pub const ALL: [Kind; 7] = [
        Kind::Pattern,
        Kind::Agent,
        Kind::Function,
        Kind::Variable,
        Kind::Type,
        Kind::Effect,
        Kind::Again,
    ];

    pub const fn title(self) -> &'static str {
        match self {
            Kind::Pattern => "Patterns",
            Kind::Agent => "Agents",
            Kind::Function => "Functions",
            Kind::Variable => "Variables",
            Kind::Type => "Types",
            Kind::Effect => "Effects",
            Kind::Again => "Exported again",
        }
    }
}

/// Documents files and folders of the disk, and modules of the standard library: `@prism/name`,
/// or `@prism` for all of them.
pub fn doc(paths: &[PathBuf], format: Format) -> Result<String, Rejected> {
    let (std, own): (Vec<&PathBuf>, Vec<&PathBuf>) =
        paths.iter().partition(|path| path.starts_with("@prism"));
    let own: Vec<PathBuf> = own.into_iter().cloned().collect();
    let wanted: Vec<String> = absolute(&own)
        .into_iter()
        .chain(std.iter().map(|path| path.to_string_lossy().into_owned()))
        .collect();
    document(&Disk, &wanted, format, |path| shown(Path::new(&**path)))
}

/// The same for any file system.
pub fn doc_files(
    files: &dyn FileSystem,
    paths: &[String],
    format: Format,
) -> Result<String, Rejected> {
    document(files, paths, format, Arc::clone)
}

fn document(
    files: &dyn FileSystem,
    paths: &[String],
    format: Format,
    shown: impl Fn(&Arc<str>) -> Arc<str>,
) -> Result<String, Rejected> {
    let probe = open(files, &[]);
    let is_std = |path: &&String| !std_modules(&probe, path).is_empty();
    let (std, own): (Vec<&String>, Vec<&String>) = paths.iter().partition(is_std);
    let opened = open(files, &own.into_iter().cloned().collect::<Vec<_>>());
    if is_unreadable(&opened) {
        return Err(Rejected::Unreadable(reported(&opened, Keep::Nothing, shown)));
    }
    let mut roots = opened.roots.clone();
    roots.extend(std.into_iter().flat_map(|path| std_modules(&opened, path)));
    roots.sort_by_key(|file| file.path(&opened.db).clone());
    roots.dedup();
    let report = reported(&opened, Keep::Bodies, Arc::clone);
    let mut anchors = text::Anchors::default();
    let mut module = |file: &SourceFile| {
        let path = file.path(&opened.db);
        let path = if path.starts_with('@') { path.clone() } else { shown(path) };
        let errors = report.diagnostics.iter().filter(|one| one.severity == Severity::Error);
        let errors = errors.filter(|one| one.place.file == file.id(&opened.db));
        gather::module(&opened.db, *file, &path, errors.count(), &mut anchors)
    };
    let modules: Vec<Module> = roots.iter().map(&mut module).collect();
    Ok(match format {
        Format::Markdown => markdown::render(&modules),
        Format::Html => html::render(&modules),
    })
}

/// The modules of the standard library that a path names.
fn std_modules(opened: &Opened, path: &str) -> Vec<SourceFile> {
    use prism_source::Db;
    let files = opened.db.files().by_path(&opened.db);
    let std = files.values().filter(|file| file.origin(&opened.db) == Origin::Standard);
    let is_named = |file: &&SourceFile| match path.trim_end_matches('/') {
        "@prism" => true,
        path => &**file.path(&opened.db) == path,
    };
    std.filter(is_named).copied().collect()
}
