//! Lowers a whole program: the root file and everything it reaches.

use prism_hir::body::{Body, Text};
use prism_hir::{Item, ItemKind};
use prism_ir::Builder;
use prism_ir::function::{self as ir, Facts, Function, FunctionId, Source};
use prism_ir::op::{Exit, OpKind};
use prism_source::{BandLimits, Db, Origin, SourceFile};
use prism_span::RelSpan;

use crate::coverage::Point;
use crate::function::{Cx, Item as LoweredItem, ir_params};
use crate::link::Program;
use crate::walk::FunctionKey;
use crate::{facts, variables};

/// Lowers the program made of `modules`, in the order in which they run; the last one is the root.
/// Library modules among them are left to [`Modules::lower_touched`]. There must be no errors.
pub fn program(db: &dyn Db, modules: &[SourceFile]) -> ir::Module {
    linked(program_of(db, modules), modules, false).module
}

/// A program with the `test` blocks of its root.
#[derive(Debug)]
pub struct Tests {
    pub module: ir::Module,
    /// What `coverage.hit` of the machine is told are indices here.
    pub points: Vec<Point>,
}

/// The same with the `test` blocks of the root; with `counts`, the program counts where it goes.
pub fn tests(db: &dyn Db, modules: &[SourceFile], counts: bool) -> Tests {
    let mut program = program_of(db, modules);
    program.points = counts.then(Vec::new);
    linked(program, modules, true)
}

fn program_of<'db>(db: &'db dyn Db, modules: &[SourceFile]) -> Program<'db> {
    let root = modules.last().expect("a program has its root module");
    Program::new(db, root.path(db).clone())
}

fn linked(mut program: Program<'_>, modules: &[SourceFile], with_tests: bool) -> Tests {
    let db = program.db;
    let file = *modules.last().expect("a program has its root module");
    let mut lowered = Modules { files: Vec::new(), entries: Vec::new() };
    let entry = program.reserve();
    for module in modules.iter().filter(|module| module.origin(db) == Origin::User) {
        lowered.lower_statements(&mut program, *module, *module == file);
    }
    if program.points.is_some() {
        for module in modules.iter().filter(|module| module.origin(db) == Origin::User) {
            reserve_all(&mut program, *module);
        }
    }
    let tests = if with_tests { lowered.lower_tests(&mut program, file) } else { Vec::new() };
    lowered.lower_waiting(&mut program);
    lowered.lower_touched(&mut program);
    lowered.define_entry(&mut program, entry, file);
    let metadata = facts::metadata(db, file);
    let (globals, inputs) = (program.globals.clone(), program.inputs.clone());
    let methods = program.methods.clone();
    let points = program.points.take().unwrap_or_default();
    let module = ir::Module {
        files: lowered.files.iter().map(|file| source_file(db, *file)).collect(),
        functions: program.finish(),
        globals,
        inputs,
        methods,
        tests,
        entry,
        metadata,
    };
    Tests { module, points }
}

/// What nothing calls is lowered too, so that it can be said to be never called.
fn reserve_all(program: &mut Program<'_>, file: SourceFile) {
    let db = program.db;
    let module = file.path(db).clone();
    let items = prism_hir::item_tree(db, file).items.iter();
    for item in items.filter(|item| item.kind(db) == ItemKind::Function) {
        program.function(&module, item.name(db));
    }
}

/// The modules of a program in the order in which their statements run.
struct Modules {
    files: Vec<SourceFile>,
    entries: Vec<(SourceFile, FunctionId)>,
}

impl Modules {
    fn file_index(&mut self, file: SourceFile) -> u32 {
        let known = self.files.iter().position(|known| *known == file);
        let index = known.unwrap_or_else(|| {
            self.files.push(file);
            self.files.len() - 1
        });
        index as u32
    }

    /// The statements of a module become a function; an imported module without any is left out.
    fn lower_statements<'db>(&mut self, program: &mut Program<'db>, file: SourceFile, root: bool) {
        let item = prism_hir::item_tree(program.db, file).module;
        if !root && prism_hir::body(program.db, item).root.body.stmts.is_empty() {
            return;
        }
        let id = program.reserve();
        self.lower(program, item, id);
        self.entries.push((file, id));
    }

    fn lower_tests(
        &mut self,
        program: &mut Program<'_>,
        root: SourceFile,
    ) -> Vec<(Text, FunctionId)> {
        let db = program.db;
        let items = prism_hir::item_tree(db, root).items.iter().copied();
        let mut tests = Vec::new();
        for item in items.filter(|item| item.kind(db) == ItemKind::Test) {
            let id = program.reserve();
            self.lower(program, item, id);
            tests.push((item.name(db).clone(), id));
        }
        tests
    }

    fn lower_waiting(&mut self, program: &mut Program<'_>) {
        while let Some((item, id)) = program.waiting.pop_front() {
            self.lower(program, item, id);
        }
    }

    /// Library modules run their statements only when something of theirs is used; they go first.
    fn lower_touched(&mut self, program: &mut Program<'_>) {
        let mut done = 0;
        while done < program.touched.len() {
            let module = program.touched[done].clone();
            done += 1;
            let file = program.file(&module).expect("a touched module has a file");
            if self.entries.iter().any(|(known, _)| *known == file) {
                continue;
            }
            let before = self.entries.len();
            self.lower_statements(program, file, false);
            let added = self.entries.split_off(before);
            self.entries.splice(0..0, added);
            self.lower_waiting(program);
        }
    }

    fn lower<'db>(&mut self, program: &mut Program<'db>, item: Item<'db>, id: FunctionId) {
        let db = program.db;
        let file = item.file(db);
        let module: Text = file.path(db).clone();
        let (body, spans) = (prism_hir::body(db, item), prism_hir::body_spans(db, item));
        let variables = variables::of(&body);
        let facts = facts::of(db, item);
        let lowered = LoweredItem {
            body: &body,
            spans: &spans,
            variables: &variables,
            facts: &facts,
            file: self.file_index(file),
            layout: item.layout(db),
            bands: file.package(db).map_or(BandLimits::default(), |package| package.bands(db)),
            module: module.clone(),
        };
        let path = function_path(program, item, &module);
        let function = lower_item(&lowered, program, path, &body);
        program.define(id, function);
    }

    /// The entry runs the modules; the root's value is the program's.
    fn define_entry(&self, program: &mut Program<'_>, entry: FunctionId, root: SourceFile) {
        let mut b = Builder::new("entry".into(), Vec::new());
        let mut result = None;
        for (file, function) in &self.entries {
            let kind = OpKind::Call { function: *function, args: Vec::new() };
            let value = b.push(kind, Facts::ANY, Source::default());
            if *file == root {
                result = Some(value);
            }
        }
        let value = result.expect("the root module is lowered");
        program.define(entry, b.finish(Exit::Return(value), Source::default()));
    }
}

fn lower_item<'a>(
    item: &'a LoweredItem<'a>,
    program: &mut Program<'_>,
    path: Text,
    body: &'a Body,
) -> Function {
    let params = ir_params(body, &body.root.params);
    let mut cx = Cx::new(item, program, FunctionKey::Root, path, params);
    let source = cx.source(RelSpan::default());
    cx.bind_implicit(source);
    cx.bind_params(&body.root.params, source);
    if let Some(confidence) = body.root.confidence {
        cx.confidence = Some(cx.expr(confidence));
    }
    cx.finish_function(&body.root.body, source)
}

/// `review` for a function; `main` for the root's statements, whatever its file is called, and
/// the file's name for those of another module; with the module's path in front for the library.
fn function_path(program: &mut Program<'_>, item: Item<'_>, module: &Text) -> Text {
    let db = program.db;
    let is_library = module.starts_with('@');
    let name = item.name(db);
    match item.kind(db) {
        ItemKind::Module if is_library => program.module_path(module.clone()),
        ItemKind::Module if *module == program.root => program.module_path("main".into()),
        ItemKind::Module => {
            let stem = module.rsplit('/').next().unwrap_or(module);
            let stem = stem.strip_suffix(".prism").unwrap_or(stem);
            program.module_path(stem.into())
        }
        ItemKind::Function | ItemKind::Pattern | ItemKind::Test if is_library => {
            format!("{module}.{name}").into()
        }
        ItemKind::Function | ItemKind::Pattern | ItemKind::Test => name.clone(),
    }
}

fn source_file(db: &dyn Db, file: SourceFile) -> ir::SourceFile {
    let text = file.text(db);
    let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    let line_starts = std::iter::once(0).chain(newlines.map(|(at, _)| at as u32 + 1)).collect();
    ir::SourceFile { path: file.path(db).clone(), line_starts }
}
