//! From files to diagnostics, and from a program without errors to an artifact.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use prism_bytecode::Verified;
use prism_codegen::EmitError;
use prism_diagnostics::{Code, Diagnostic, Place};
use prism_ir::function as ir;
use prism_lower::What;
use prism_opt::Level;
use prism_project::{Disk, Keep, Opened, RootDb, module_order, open, open_to_check};
use prism_source::{FileSystem, ReadError, SourceFile};
use prism_span::Span;

use crate::guard::INTERNAL;
use crate::report::{Report, SourceTable};
use crate::rooted::{Rooted, shown};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    pub level: Level,
}

impl Default for Options {
    fn default() -> Options {
        Options { level: Level::Full }
    }
}

/// What is wrong with some programs.
#[derive(Debug)]
pub struct Checked {
    pub report: Report,
    /// Files of the programs, without the standard library.
    pub n_files: usize,
    /// Something that was named could not be read; the report says what.
    pub is_unreadable: bool,
}

/// A program that may run.
#[derive(Debug)]
pub struct Compiled {
    pub module: Arc<Verified>,
    /// The artifact: the same program gives the same bytes.
    pub bytes: Vec<u8>,
    /// Warnings and hints.
    pub report: Report,
    /// What the optimizer changed and where, one rewrite per line.
    pub rewrites: Vec<String>,
    /// The type of the program's value, and what is known of its confidence.
    pub result: String,
}

/// Why there is no artifact.
#[derive(Debug)]
pub enum Rejected {
    /// The program cannot be read; the report says why.
    Unreadable(Report),
    /// The program has errors.
    Errors(Report),
    /// The compiler broke one of its own rules.
    Internal(String),
}

/// Checks files, and the `.prism` files of folders. To take the database apart takes a fifth of
/// the time of the check; who ends the process after it leaves that to the system.
pub fn check(paths: &[PathBuf]) -> (Checked, RootDb) {
    check_keeping(paths, Keep::Nothing)
}

/// The same, for who goes on with what was found out.
pub(crate) fn check_keeping(paths: &[PathBuf], keep: Keep) -> (Checked, RootDb) {
    let opened = open_to_check(&Disk, &absolute(paths), keep);
    (checked_opened(&opened, keep, |path| shown(Path::new(&**path))), opened.db)
}

/// Absolute, so that a manifest above this folder is found.
pub(crate) fn absolute(paths: &[PathBuf]) -> Vec<String> {
    let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    paths.iter().map(|path| absolute(path).to_string_lossy().into_owned()).collect()
}

/// Files, and the `.prism` files below folders, in order.
pub fn sources(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Rejected> {
    let mut found = Vec::new();
    for path in paths {
        let name = path.to_string_lossy();
        if !Disk.is_folder(&name) {
            found.push(path.clone());
            continue;
        }
        let files = Disk.sources_below(&name).map_err(|error| unreadable(&name, &error))?;
        found.extend(files.into_iter().map(PathBuf::from));
    }
    Ok(found)
}

/// The same for any file system.
pub fn check_files(files: &dyn FileSystem, paths: &[String]) -> Checked {
    let opened = open_to_check(files, paths, Keep::Nothing);
    checked_opened(&opened, Keep::Nothing, Arc::clone)
}

pub(crate) fn checked_opened(
    opened: &Opened,
    keep: Keep,
    shown: impl Fn(&Arc<str>) -> Arc<str>,
) -> Checked {
    let report = reported(opened, keep, shown);
    let n_files = opened.db.user_files().len();
    Checked { is_unreadable: is_unreadable(opened), n_files, report }
}

/// Compiles the program whose root is a file of the disk.
pub fn compile_file(path: &Path, options: &Options) -> Result<Compiled, Rejected> {
    let (files, root) = Rooted::of(&Disk, path);
    compiled(&files, &root, options, |path| files.shown(path))
}

/// The same when the file has been read, and may not be there a second time: a pipe.
pub fn compile_read(path: &Path, text: &str, options: &Options) -> Result<Compiled, Rejected> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let read = Read { path: &absolute.to_string_lossy(), text };
    let (files, root) = Rooted::of(&read, path);
    compiled(&files, &root, options, |path| files.shown(path))
}

/// The disk, with a text that was read from it before.
struct Read<'t> {
    path: &'t str,
    text: &'t str,
}

impl FileSystem for Read<'_> {
    fn read(&self, path: &str) -> Result<Arc<str>, ReadError> {
        if path == self.path { Ok(self.text.into()) } else { Disk.read(path) }
    }

    fn sources_below(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        Disk.sources_below(folder)
    }

    fn is_folder(&self, path: &str) -> bool {
        Disk.is_folder(path)
    }
}

/// The same for any file system; `root` is a path in it.
pub fn compile(
    files: &dyn FileSystem,
    root: &str,
    options: &Options,
) -> Result<Compiled, Rejected> {
    compiled(files, root, options, Arc::clone)
}

fn compiled(
    files: &dyn FileSystem,
    root: &str,
    options: &Options,
    shown: impl Fn(&Arc<str>) -> Arc<str>,
) -> Result<Compiled, Rejected> {
    let program = checked(files, root, &shown)?;
    let mut module = lowered(&program)?;
    let rewrites = optimized(&mut module, options.level, &shown)?;
    let module = emitted(&program, &module)?;
    let bytes = prism_bytecode::encode(module.module());
    let result = result_type(&program);
    Ok(Compiled { module: Arc::new(module), bytes, report: program.report, rewrites, result })
}

fn result_type(program: &Program) -> String {
    let item = prism_hir::item_tree(&program.db, program.root).module;
    let inference = prism_typeck::infer(&program.db, item);
    inference.display(inference.root.0.result)
}

/// A program with its `test` blocks.
#[derive(Debug)]
pub struct CompiledTests {
    /// Not optimized: what a test shows is the program as written.
    pub module: Arc<Verified>,
    /// With [`Counting::Points`], what the machine reaches are indices here.
    pub points: Vec<Point>,
    /// Warnings and hints.
    pub report: Report,
}

/// A place that a run may or may not come to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Point {
    /// As the report shows it.
    pub file: Arc<str>,
    /// From 1.
    pub line: u32,
    pub column: u32,
    pub what: What,
}

/// Whether tests count where they go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Counting {
    #[default]
    Nothing,
    Points,
}

/// Compiles a file of the disk with its `test` blocks.
pub fn compile_tests(path: &Path, counting: Counting) -> Result<CompiledTests, Rejected> {
    let (files, root) = Rooted::of(&Disk, path);
    let program = checked(&files, &root, |path| files.shown(path))?;
    let order = module_order(&program.db, program.root);
    let counts = counting == Counting::Points;
    let prism_lower::Tests { module, points } = prism_lower::tests(&program.db, &order, counts);
    prism_ir::verify(&module).map_err(|error| Rejected::Internal(error.to_string()))?;
    let point = |point: &prism_lower::Point| {
        let file = &module.files[point.source.file as usize];
        let (line, column) = position(file, point.source);
        Point { file: files.shown(&file.path), line, column, what: point.what }
    };
    let points = points.iter().map(point).collect();
    let module = Arc::new(emitted(&program, &module)?);
    Ok(CompiledTests { module, points, report: program.report })
}

/// Line and column of a place, in bytes from 1.
fn position(file: &ir::SourceFile, source: ir::Source) -> (u32, u32) {
    let line = file.line_starts.partition_point(|start| *start <= source.start).max(1);
    (line as u32, source.start - file.line_starts[line - 1] + 1)
}

/// A program without errors.
pub(crate) struct Program {
    pub db: RootDb,
    pub root: SourceFile,
    pub report: Report,
}

pub(crate) fn checked(
    files: &dyn FileSystem,
    root: &str,
    shown: impl Fn(&Arc<str>) -> Arc<str>,
) -> Result<Program, Rejected> {
    let opened = open(files, &[root.to_owned()]);
    let report = reported(&opened, Keep::Bodies, shown);
    let Some(root) = opened.roots.first().copied() else {
        return Err(match report.has_errors() {
            true => Rejected::Unreadable(report),
            false => {
                unreadable(root, &ReadError::Unreadable("it is a manifest, no program".to_owned()))
            }
        });
    };
    if report.has_errors() {
        return Err(Rejected::Errors(report));
    }
    Ok(Program { db: opened.db, root, report })
}

/// What opening and checking found, with the texts it points into; what is kept of the files is
/// for who goes on with them.
pub(crate) fn reported(
    opened: &Opened,
    keep: Keep,
    shown: impl Fn(&Arc<str>) -> Arc<str>,
) -> Report {
    let mut diagnostics = opened.diagnostics.clone();
    diagnostics.extend(prism_project::check_keeping(&opened.db, keep));
    let mut sources = SourceTable::default();
    for place in diagnostics.iter().flat_map(places) {
        sources.add(&opened.db, place.file, &shown);
    }
    Report { diagnostics, sources }
}

fn places(diagnostic: &Diagnostic) -> impl Iterator<Item = prism_diagnostics::Place> {
    let labels = diagnostic.labels.iter().map(|label| label.place);
    let edits = diagnostic.fixes.iter().flat_map(|fix| fix.edits.iter().map(|edit| edit.place));
    std::iter::once(diagnostic.place).chain(labels).chain(edits)
}

pub(crate) fn is_unreadable(opened: &Opened) -> bool {
    let is_it = |diagnostic: &Diagnostic| {
        matches!(diagnostic.code, Code::P0031 | Code::P0032 | Code::P0033)
    };
    opened.diagnostics.iter().any(is_it)
}

pub(crate) fn lowered(program: &Program) -> Result<ir::Module, Rejected> {
    let order = module_order(&program.db, program.root);
    let module = prism_lower::program(&program.db, &order);
    match prism_ir::verify(&module) {
        Ok(()) => Ok(module),
        Err(error) => Err(not_emitted(program, &module, &EmitError::Broken(error))),
    }
}

/// What was rewritten: `file:line:column: pass: equation`.
pub(crate) fn optimized(
    module: &mut ir::Module,
    level: Level,
    shown: impl Fn(&Arc<str>) -> Arc<str>,
) -> Result<Vec<String>, Rejected> {
    let rewrites = prism_opt::optimize(module, level);
    prism_ir::verify(module).map_err(|error| Rejected::Internal(format!("optimizing: {error}")))?;
    let place = |source: ir::Source| {
        let Some(file) = module.files.get(source.file as usize) else { return String::new() };
        let (line, column) = position(file, source);
        format!("{}:{line}:{column}: ", shown(&file.path))
    };
    Ok(rewrites.iter().map(|rewrite| format!("{}{rewrite}", place(rewrite.source))).collect())
}

pub(crate) fn emitted(program: &Program, module: &ir::Module) -> Result<Verified, Rejected> {
    let module =
        prism_codegen::emit(module).map_err(|error| not_emitted(program, module, &error))?;
    prism_bytecode::verify(module).map_err(|error| Rejected::Internal(error.to_string()))
}

/// A limit that the program reached is an error in it; anything else is a mistake of ours.
fn not_emitted(program: &Program, module: &ir::Module, error: &EmitError) -> Rejected {
    let code = Code::parse(error.code()).filter(|_| error.code() != INTERNAL);
    let Some(code) = code else { return Rejected::Internal(error.to_string()) };
    let source = error.source();
    let file = source.and_then(|source| {
        let path = &module.files.get(source.file as usize)?.path;
        program.db.file(path)
    });
    let span = source.map_or(Span::empty(0), |source| Span::new(source.start, source.end));
    let place = match file {
        Some(file) => Place::new(file.id(&program.db), span),
        None => Place::new(program.root.id(&program.db), Span::empty(0)),
    };
    let diagnostic = Diagnostic::new(code, place, error.to_string()).with_help(error.help());
    let mut report = Report { diagnostics: vec![diagnostic], sources: SourceTable::default() };
    report.sources.add(&program.db, place.file, &Arc::clone);
    Rejected::Errors(report)
}

/// A root that cannot be read, as `project` would say it.
pub(crate) fn unreadable(path: &str, error: &ReadError) -> Rejected {
    struct One<'e>(&'e ReadError);
    impl FileSystem for One<'_> {
        fn read(&self, _: &str) -> Result<Arc<str>, ReadError> {
            Err(self.0.clone())
        }
        fn sources_below(&self, _: &str) -> Result<Vec<String>, ReadError> {
            Err(self.0.clone())
        }
        fn is_folder(&self, _: &str) -> bool {
            false
        }
    }
    let opened = open(&One(error), &[path.to_owned()]);
    Rejected::Unreadable(reported(&opened, Keep::Nothing, Arc::clone))
}

impl Rejected {
    pub fn render(&self, color: bool) -> String {
        match self {
            Rejected::Unreadable(report) | Rejected::Errors(report) => report.render(color),
            Rejected::Internal(what) => crate::guard::report(what),
        }
    }

    /// An array of diagnostics, for tools.
    pub fn json(&self) -> serde_json::Value {
        match self {
            Rejected::Unreadable(report) | Rejected::Errors(report) => report.json(),
            Rejected::Internal(what) => serde_json::json!([{
                "code": crate::guard::INTERNAL, "severity": "error", "message": what,
            }]),
        }
    }
}
