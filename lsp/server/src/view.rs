//! What a request sees: the database at one moment, and how to speak about its files.

use std::sync::Arc;

use prism_diagnostics::{Diagnostic, Place};
use prism_project::{Cycle, Keep, RootDb, check_in_graph, cycles};
use prism_source::{Origin, SourceFile};
use prism_span::{EditorPosition, LineIndex, Span};
use rustc_hash::FxHashSet;
use tower_lsp::ls_types::{Location, Position, Range, Uri};

use crate::documents::Documents;
use crate::paths::Paths;
use crate::settings::Settings;

/// Holds a clone of the database: nobody waits with one.
#[derive(Clone)]
pub struct View {
    pub db: RootDb,
    pub settings: Arc<Settings>,
    pub documents: Arc<Documents>,
    pub paths: Paths,
    /// What is wrong with manifests and with files that cannot be read.
    pub reports: Arc<[Diagnostic]>,
    /// Files that import themselves by some way.
    pub circular: Arc<FxHashSet<SourceFile>>,
    /// Manifests and files that cannot be read.
    pub unlisted: Arc<[SourceFile]>,
    /// Says to the owner of the database that somebody holds a view.
    pub _held: Arc<()>,
}

/// A text whose bytes have positions in the editor.
pub struct Lines<'v> {
    text: &'v str,
    index: LineIndex,
    columns: prism_span::Columns,
}

impl View {
    /// The file of a document; `None` when it is none of the program.
    pub fn file(&self, uri: &Uri) -> Option<SourceFile> {
        self.db.file(&self.paths.path(uri))
    }

    /// The same, also for a manifest.
    pub fn any_file(&self, uri: &Uri) -> Option<SourceFile> {
        let path = self.paths.path(uri);
        let unlisted = || self.unlisted.iter().copied().find(|file| **file.path(&self.db) == path);
        self.db.file(&path).or_else(unlisted)
    }

    /// Every file that can have diagnostics.
    pub fn files(&self) -> Vec<SourceFile> {
        let mut files = self.db.user_files();
        files.extend(self.unlisted.iter());
        files
    }

    /// The URI of a file, as the editor writes it when it is open there.
    pub fn uri(&self, file: SourceFile) -> Option<Uri> {
        let path = file.path(&self.db);
        match self.documents.get(path) {
            Some(document) => Some(document.uri.clone()),
            None => self.paths.uri(path, file.text(&self.db)),
        }
    }

    /// The version of the text in the editor.
    pub fn version(&self, file: SourceFile) -> Option<i32> {
        self.documents.get(file.path(&self.db)).map(|document| document.version)
    }

    pub fn lines(&self, file: SourceFile) -> Lines<'_> {
        let text = file.text(&self.db);
        Lines { text, index: LineIndex::new(text), columns: self.settings.columns }
    }

    /// Where a place is, for the editor.
    pub fn location(&self, place: Place) -> Option<Location> {
        let file = self.db.file_by_id(place.file)?;
        Some(Location { uri: self.uri(file)?, range: self.lines(file).range(place.span) })
    }

    /// The circles of imports that these files are part of.
    pub fn cycles(&self, files: &[SourceFile]) -> Vec<Cycle> {
        let files = files.iter().copied().filter(|file| self.circular.contains(file));
        let files: Vec<SourceFile> = files.collect();
        // Looking for circles asks for the imports of all that these files reach.
        if files.is_empty() { Vec::new() } else { cycles(&self.db, &files) }
    }

    /// The file is part of the program, or says why it is not.
    pub fn is_known(&self, file: SourceFile) -> bool {
        self.is_listed(file) || self.unlisted.contains(&file)
    }

    fn is_listed(&self, file: SourceFile) -> bool {
        self.db.file(file.path(&self.db)) == Some(file)
    }

    /// What is wrong with a file; `cycles` are those that it is part of.
    /// The standard library is what it is.
    pub fn diagnostics(&self, file: SourceFile, cycles: &[Cycle]) -> Vec<Diagnostic> {
        match file.origin(&self.db) {
            Origin::Standard => Vec::new(),
            Origin::User if self.is_listed(file) => {
                let is_open = self.documents.get(file.path(&self.db)).is_some();
                let keep = if is_open { Keep::Newest } else { Keep::Nothing };
                check_in_graph(&self.db, file, cycles, keep)
            }
            Origin::User => {
                let id = file.id(&self.db);
                self.reports.iter().filter(|report| report.place.file == id).cloned().collect()
            }
        }
    }
}

impl Lines<'_> {
    pub fn position(&self, offset: u32) -> Position {
        let position = self.index.to_editor(self.text, offset, self.columns);
        Position { line: position.line, character: position.column }
    }

    pub fn range(&self, span: Span) -> Range {
        Range { start: self.position(span.start), end: self.position(span.end.max(span.start)) }
    }

    pub fn offset(&self, position: Position) -> u32 {
        let position = EditorPosition { line: position.line, column: position.character };
        self.index.from_editor(self.text, position, self.columns)
    }

    pub fn span(&self, range: Range) -> Span {
        Span::new(self.offset(range.start), self.offset(range.end))
    }
}
