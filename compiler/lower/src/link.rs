//! Links a program: every function and variable that the root file reaches gets an id.

use std::collections::VecDeque;

use prism_hir::body::Text;
use prism_hir::{DefinitionKind, Item};
use prism_ir::function::{Function, FunctionId, GlobalId, Method};
use prism_source::{Db, SourceFile};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::coverage::Point;

/// Where methods written in Prism live: one file per kind of receiver.
const METHODS: &str = "@prism/methods/";

/// A program while it is linked.
pub(crate) struct Program<'db> {
    pub db: &'db dyn Db,
    /// Path of the root module.
    pub root: Text,
    /// Filled when the function has been lowered.
    functions: Vec<Option<Function>>,
    ids: FxHashMap<(Text, Text), FunctionId>,
    arities: FxHashMap<FunctionId, Arity>,
    paths: FxHashMap<Text, u32>,
    pub waiting: VecDeque<(Item<'db>, FunctionId)>,
    pub globals: Vec<Text>,
    global_ids: FxHashMap<(Text, Text), GlobalId>,
    pub inputs: Vec<(Text, GlobalId)>,
    pub methods: Vec<Method>,
    known_methods: FxHashSet<Text>,
    method_files: Vec<(Text, SourceFile)>,
    /// Modules some function or variable of which is used.
    pub touched: Vec<Text>,
    module_paths: FxHashSet<Text>,
    /// Places to count, in a program that counts them.
    pub points: Option<Vec<Point>>,
}

/// How many arguments a function takes.
struct Arity {
    least: usize,
    /// `None`: any number from `least` on.
    most: Option<usize>,
}

impl Arity {
    fn of(function: &prism_hir::body::Function) -> Arity {
        let params = &function.params;
        let is_needed = |param: &prism_hir::body::Param| param.default.is_none() && !param.is_rest;
        let least = params.iter().rposition(is_needed).map_or(0, |last| last + 1);
        let has_rest = params.last().is_some_and(|param| param.is_rest);
        Arity { least, most: (!has_rest).then_some(params.len()) }
    }

    fn takes(&self, n_args: usize) -> bool {
        n_args >= self.least && self.most.is_none_or(|most| n_args <= most)
    }
}

impl<'db> Program<'db> {
    pub fn new(db: &'db dyn Db, root: Text) -> Program<'db> {
        let files = db.files().by_path(db);
        let method_files = files
            .iter()
            .filter_map(|(path, file)| Some((path.strip_prefix(METHODS)?.into(), *file)))
            .collect();
        Program {
            db,
            root,
            functions: Vec::new(),
            ids: FxHashMap::default(),
            arities: FxHashMap::default(),
            paths: FxHashMap::default(),
            waiting: VecDeque::new(),
            globals: Vec::new(),
            global_ids: FxHashMap::default(),
            inputs: Vec::new(),
            methods: Vec::new(),
            known_methods: FxHashSet::default(),
            method_files,
            touched: Vec::new(),
            module_paths: FxHashSet::default(),
            points: None,
        }
    }

    pub fn file(&self, module: &str) -> Option<SourceFile> {
        self.db.files().by_path(self.db).get(module).copied()
    }

    pub fn reserve(&mut self) -> FunctionId {
        self.functions.push(None);
        FunctionId(self.functions.len() as u32 - 1)
    }

    pub fn define(&mut self, id: FunctionId, function: Function) {
        self.functions[id.0 as usize] = Some(function);
    }

    pub fn finish(self) -> Vec<Function> {
        let lowered = |function: Option<Function>| {
            function.expect("every reserved function is lowered before the program is finished")
        };
        self.functions.into_iter().map(lowered).collect()
    }

    /// Marks a path as that of a module's statements.
    pub fn module_path(&mut self, path: Text) -> Text {
        self.module_paths.insert(path.clone());
        path
    }

    pub fn is_module_path(&self, path: &str) -> bool {
        self.module_paths.contains(path)
    }

    /// The path of a function inside another; numbered from the second of a name on.
    pub fn nested_path(&mut self, outer: &str, name: &str) -> Text {
        let path: Text = format!("{outer}.{name}").into();
        let count = self.paths.entry(path.clone()).or_insert(0);
        *count += 1;
        match *count {
            1 => path,
            n => format!("{path}.{n}").into(),
        }
    }

    fn touch(&mut self, module: &Text) {
        if !self.touched.contains(module) {
            self.touched.push(module.clone());
        }
    }

    /// The id of a top-level function; it is lowered when its turn comes.
    pub fn function(&mut self, module: &Text, name: &Text) -> FunctionId {
        let key = (module.clone(), name.clone());
        if let Some(id) = self.ids.get(&key) {
            return *id;
        }
        let id = self.reserve();
        self.ids.insert(key, id);
        self.touch(module);
        let item = self
            .file(module)
            .and_then(|file| prism_hir::item_tree(self.db, file).function(self.db, name));
        let item = item.expect("name resolution knows the functions of every module");
        self.waiting.push_back((item, id));
        self.arities.insert(id, Arity::of(&prism_hir::body(self.db, item).root));
        id
    }

    /// Whether a top-level function can be called with so many arguments.
    pub fn takes(&self, function: FunctionId, n_args: usize) -> bool {
        self.arities.get(&function).is_none_or(|arity| arity.takes(n_args))
    }

    /// The global of a module variable.
    pub fn global(&mut self, module: &Text, name: &Text) -> GlobalId {
        let key = (module.clone(), name.clone());
        if let Some(id) = self.global_ids.get(&key) {
            return *id;
        }
        self.touch(module);
        let id = self.new_global(name.clone());
        self.global_ids.insert(key, id);
        id
    }

    fn new_global(&mut self, name: Text) -> GlobalId {
        self.globals.push(name);
        GlobalId(self.globals.len() as u32 - 1)
    }

    /// The global of a name that the host supplies.
    pub fn input(&mut self, name: &Text) -> GlobalId {
        if let Some((_, id)) = self.inputs.iter().find(|(known, _)| known == name) {
            return *id;
        }
        let id = self.new_global(name.clone());
        self.inputs.push((name.clone(), id));
        id
    }

    /// The function that an import stands for, through re-exports.
    pub fn imported_function(&mut self, module: &Text, name: &str) -> Option<FunctionId> {
        let (module, name) = self.definition(module, name)?;
        let file = self.file(&module)?;
        prism_hir::item_tree(self.db, file).function(self.db, &name)?;
        Some(self.function(&module, &name))
    }

    pub fn imported_global(&mut self, module: &Text, name: &str) -> Option<GlobalId> {
        let (module, name) = self.definition(module, name)?;
        let file = self.file(&module)?;
        prism_hir::item_tree(self.db, file).variable(&name)?;
        Some(self.global(&module, &name))
    }

    /// The module behind `export * as name`.
    pub fn imported_namespace(&self, module: &Text, name: &str) -> Option<Text> {
        let definition = prism_hir::resolve_export(self.db, self.file(module)?, name)?;
        (definition.kind == DefinitionKind::Namespace).then_some(definition.module)
    }

    /// Where an exported name is declared: the module and its name there.
    fn definition(&self, module: &Text, name: &str) -> Option<(Text, Text)> {
        let file = self.file(module)?;
        let definition = prism_hir::resolve_export(self.db, file, name)?;
        Some((definition.module, definition.name))
    }

    /// The values a module exports, by name.
    pub fn export_names(&self, module: &Text) -> Vec<Text> {
        let Some(file) = self.file(module) else { return Vec::new() };
        let exports = prism_hir::exports(self.db, file).into_iter();
        exports
            .filter(|(_, definition)| match definition.kind {
                DefinitionKind::Function | DefinitionKind::Variable => true,
                DefinitionKind::Type | DefinitionKind::Effect | DefinitionKind::Namespace => false,
            })
            .map(|(name, _)| name)
            .collect()
    }

    /// A built-in written in Prism: `Promise.all` is the prelude's `Promise_all`.
    pub fn prelude_member(&mut self, name: &Text) -> Option<FunctionId> {
        let prelude: Text = prism_source::PRELUDE.into();
        let name: Text = name.replace('.', "_").into();
        let file = self.file(&prelude)?;
        prism_hir::item_tree(self.db, file).function(self.db, &name)?;
        Some(self.function(&prelude, &name))
    }

    /// Brings in the methods of a name that are written in Prism.
    pub fn methods_named(&mut self, name: &Text) {
        if !self.known_methods.insert(name.clone()) {
            return;
        }
        for (kind, file) in self.method_files.clone() {
            let tree = prism_hir::item_tree(self.db, file);
            if tree.function(self.db, name).is_some() {
                let function = self.function(&format!("{METHODS}{kind}").into(), name);
                self.methods.push(Method { kind, name: name.clone(), function });
            }
        }
    }
}
