//! The queries: inference per item, signatures between items, and the world of a file.
//!
//! What runs again after an edit:
//! - [`infer`] of an item when its body changes, or the *signature* of something it names;
//! - [`signature`] with it; when it comes out equal, the edit stops there.
//!
//! Functions of one file that call each other are inferred from what [`recursion`] finds of the
//! circle, so that these queries do not run in circles. Functions of files that import each
//! other still can: such a cycle starts from the heads of the functions and is walked until
//! nothing changes, or [`LAST_STEP`] ends it. Facts only become narrower from step to step, so
//! every one of them is sound.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use prism_hir::body::{ExprKind, Name, PatKind, StmtKind, TypeRef};
use prism_hir::{
    AgentDef, Contract, Definition, DefinitionKind, Initial, Item, ItemKind, OperationDef,
    OperationParam, TypeDef, Variable, VariableKind, item_tree, module_scope, resolve_export,
};
use prism_source::{BandLimits, Db, HOST, Kept, Resolution, SourceFile, resolve};
use prism_syntax::ast;
use rustc_hash::FxHashMap;

use crate::confidence::{Confidence, Level};
use crate::effects::Effects;
use crate::flow::{Root, infer_body};
use crate::inference::{Inference, RootType};
use crate::queries::qualify::{qualified, split};
use crate::queries::recursion::{circles, heads};
use crate::secrets::Flows;
use crate::types::{Alias, Fact, FunctionType, ParamType, Scope, Text, Type, Types};
use crate::walk;
use crate::world::{Typed, World};

mod qualify;
mod recursion;

/// A cycle that still changes after this many steps keeps what it has.
const LAST_STEP: u32 = 8;

/// What is known of the expressions, variables and functions of an item, and what is wrong.
pub fn infer<'db>(db: &'db dyn Db, item: Item<'db>) -> Arc<Inference> {
    inferred(db, item).get_or(|| infer_item(db, item))
}

#[salsa::tracked(cycle_initial = inferred_initial, cycle_fn = inferred_next)]
fn inferred<'db>(db: &'db dyn Db, item: Item<'db>) -> Kept<Inference> {
    Kept::new(infer_item(db, item))
}

/// Gives up what is known inside of the items of a file, their bodies, and its tree. What is
/// asked again is computed again; what they are to their callers is kept.
pub fn release(db: &dyn Db, file: SourceFile) {
    for item in item_tree(db, file).bodies() {
        inferred(db, item).release();
    }
    prism_hir::release_bodies(db, file);
}

fn infer_item<'db>(db: &'db dyn Db, item: Item<'db>) -> Inference {
    let world = FileWorld::of(db, item);
    let root = match item.kind(db) {
        ItemKind::Function | ItemKind::Pattern => Root::Function,
        ItemKind::Module => Root::Module,
        ItemKind::Test => Root::Test,
    };
    infer_body(&world, &prism_hir::body(db, item), root)
}

/// What callers of a function may rely on: its type, with effects and result confidence.
#[salsa::tracked(cycle_initial = signature_initial, cycle_fn = signature_next)]
pub fn signature<'db>(db: &'db dyn Db, item: Item<'db>) -> Arc<Typed> {
    let inference = infer(db, item);
    let mut types = Types::default();
    let function = types.import_function(&inference.types, &inference.root.0);
    let ty = types.function(function);
    types.freeze();
    Arc::new(Typed::new(types, Fact::plain(ty)))
}

/// The functions of the same file that an item names, in the order of the text.
#[salsa::tracked]
pub fn callees<'db>(db: &'db dyn Db, item: Item<'db>) -> Arc<[Text]> {
    let body = prism_hir::body(db, item);
    let mut names: Vec<Text> = Vec::new();
    for (_, expr) in body.exprs.iter() {
        if let ExprKind::Name(Name::ModuleFunction(name)) = &expr.kind
            && !names.contains(name)
        {
            names.push(name.clone());
        }
    }
    names.into()
}

/// The functions of a file that calls can name.
pub(crate) fn functions_by_name<'db>(
    db: &'db dyn Db,
    file: SourceFile,
) -> BTreeMap<Text, Item<'db>> {
    let mut by_name = BTreeMap::new();
    for item in &item_tree(db, file).items {
        if matches!(item.kind(db), ItemKind::Function | ItemKind::Pattern) {
            by_name.entry(item.name(db).clone()).or_insert(*item);
        }
    }
    by_name
}

/// The variables of the module that an item writes.
#[salsa::tracked]
fn writes<'db>(db: &'db dyn Db, item: Item<'db>) -> Arc<BTreeSet<Text>> {
    let body = prism_hir::body(db, item);
    let mut written = BTreeSet::new();
    let mut note = |name: &Name| {
        if let Name::ModuleVar(name) = name {
            written.insert(name.clone());
        }
    };
    walk::each_stmt(&body, &mut |stmt| {
        if let StmtKind::Assign { place, .. } = &stmt.kind {
            note(&place.root);
        }
    });
    for (_, pat) in body.pats.iter() {
        if let PatKind::Assign(place) = &pat.kind {
            note(&place.root);
        }
    }
    Arc::new(written)
}

/// The variables of a module that its functions write.
#[salsa::tracked]
fn written_variables(db: &dyn Db, file: SourceFile) -> Arc<BTreeSet<Text>> {
    let mut written = BTreeSet::new();
    for item in &item_tree(db, file).items {
        written.extend(writes(db, *item).iter().cloned());
    }
    Arc::new(written)
}

/// What a name of a module's top level is.
#[derive(Debug, Clone, PartialEq, Eq, salsa::SalsaValue)]
enum Declared<'db> {
    Function(Item<'db>),
    Variable(Variable),
    Unknown,
}

#[salsa::tracked]
fn declared<'db>(db: &'db dyn Db, file: SourceFile, name: Text) -> Declared<'db> {
    let tree = item_tree(db, file);
    if let Some(item) = tree.function(db, &name) {
        return Declared::Function(item);
    }
    match tree.variable(&name) {
        Some(variable) => Declared::Variable(variable.clone()),
        None => Declared::Unknown,
    }
}

/// Where an exported name of a file is declared.
#[salsa::tracked]
fn exported(db: &dyn Db, file: SourceFile, name: Text) -> Option<Definition> {
    resolve_export(db, file, &name)
}

/// The declaration of a type that annotations of a file name, with the file that holds it.
#[salsa::tracked]
fn type_def(db: &dyn Db, file: SourceFile, name: Text) -> Option<(SourceFile, TypeDef)> {
    let tree = item_tree(db, file);
    if let Some(def) = tree.type_def(&name) {
        return Some((file, def.clone()));
    }
    let import = tree.import(&name)?;
    let Resolution::Found(from) = resolve(db, file, &import.specifier) else { return None };
    let prism_hir::ImportKind::Name { name, .. } = &import.kind else { return None };
    let definition = exported(db, from, name.clone()).as_ref()?;
    if definition.kind != DefinitionKind::Type {
        return None;
    }
    let home = *db.files().by_path(db).get(&definition.module)?;
    let def = item_tree(db, home).type_def(&definition.name)?;
    Some((home, def.clone()))
}

/// The operations of an effect that a file declares or imports.
#[salsa::tracked]
fn operations(db: &dyn Db, file: SourceFile, effect: Text) -> Option<Arc<[OperationDef]>> {
    let scope = module_scope(db, file);
    let own = scope.effects.values().find(|def| def.name == effect);
    own.map(|def| def.operations.clone().into())
}

/// What an operation demands of an argument.
pub(crate) fn demand_of(db: &dyn Db, file: SourceFile, param: &OperationParam) -> Confidence {
    let Some(annotation) = &param.ty else { return Confidence::ANY };
    Types::default().annotation(&FileWorld::new(db, file), annotation).confidence
}

/// The level that the program declares for an agent.
#[salsa::tracked]
fn declared_level(db: &dyn Db, file: SourceFile, name: Text) -> Option<Level> {
    let agent = agent_def(db, file, name).as_ref()?;
    ast::Level::of_word(agent.provenance.as_deref()?).map(Level::from)
}

/// An agent that the program declares, here or where it is imported from.
#[salsa::tracked]
fn agent_def(db: &dyn Db, file: SourceFile, name: Text) -> Option<AgentDef> {
    let tree = item_tree(db, file);
    if let Some(agent) = tree.agents.iter().find(|agent| agent.name == name) {
        return Some(agent.clone());
    }
    let import = tree.import(&name)?;
    let Resolution::Found(from) = resolve(db, file, &import.specifier) else { return None };
    let prism_hir::ImportKind::Name { name, .. } = &import.kind else { return None };
    let definition = exported(db, from, name.clone()).as_ref()?;
    let home = *db.files().by_path(db).get(&definition.module)?;
    let agents = &item_tree(db, home).agents;
    agents.iter().find(|agent| agent.name == definition.name).cloned()
}

/// What the header of a file declares of its `input`, if it does.
#[salsa::tracked]
fn input_type(db: &dyn Db, file: SourceFile) -> Answer {
    let declared = prism_hir::header(db, file).input_type()?;
    let mut types = Types::default();
    let fact = types.annotation(&NoNames, &declared);
    types.freeze();
    Some(Arc::new(Typed::new(types, fact)))
}

/// A place without declared types.
struct NoNames;

impl Scope for NoNames {
    fn alias(&self, _: &str) -> Option<Alias> {
        None
    }
}

type Answer = Option<Arc<Typed>>;

/// The names of one file, as its items see them.
struct FileWorld<'db> {
    db: &'db dyn Db,
    file: SourceFile,
    /// The functions that call each other with the one that is inferred.
    circle: Option<&'db BTreeMap<Text, Arc<Typed>>>,
    /// Answers so far, by module and name: the same name gives the same `Arc`.
    names: RefCell<FxHashMap<(Text, Text), Answer>>,
}

impl<'db> FileWorld<'db> {
    fn new(db: &'db dyn Db, file: SourceFile) -> FileWorld<'db> {
        FileWorld { db, file, circle: None, names: RefCell::default() }
    }

    /// The world of an item, which may be part of a circle.
    fn of(db: &'db dyn Db, item: Item<'db>) -> FileWorld<'db> {
        let file = item.file(db);
        let circle = match item.kind(db) {
            ItemKind::Function | ItemKind::Pattern => circles(db, file).get(item.name(db)),
            ItemKind::Module | ItemKind::Test => None,
        };
        let circle = circle.map(|circle| &**heads(db, file, *circle));
        FileWorld { circle, ..FileWorld::new(db, file) }
    }

    /// The world of a function whose circle is being looked at.
    fn inside(
        db: &'db dyn Db,
        file: SourceFile,
        circle: &'db BTreeMap<Text, Arc<Typed>>,
    ) -> FileWorld<'db> {
        FileWorld { circle: Some(circle), ..FileWorld::new(db, file) }
    }

    fn declared(&self, file: SourceFile, name: &Text) -> Option<Arc<Typed>> {
        match declared(self.db, file, name.clone()) {
            Declared::Function(item) => Some(signature(self.db, *item).clone()),
            Declared::Variable(variable) => variable_type(self.db, file, variable),
            Declared::Unknown => None,
        }
    }

    fn imported(&self, module: &Text, name: &Text) -> Option<Arc<Typed>> {
        let file = *self.db.files().by_path(self.db).get(module)?;
        let definition = exported(self.db, file, name.clone()).as_ref()?;
        let home = *self.db.files().by_path(self.db).get(&definition.module)?;
        match definition.kind {
            DefinitionKind::Function | DefinitionKind::Variable => {
                self.declared(home, &definition.name)
            }
            DefinitionKind::Type | DefinitionKind::Effect | DefinitionKind::Namespace => None,
        }
    }

    fn find(&self, name: &Name) -> Option<Arc<Typed>> {
        match name {
            Name::ModuleFunction(text) | Name::ModuleVar(text) => {
                let in_circle = self.circle.and_then(|circle| circle.get(text));
                in_circle.cloned().or_else(|| self.declared(self.file, text))
            }
            Name::Import { module, name } => self.imported(module, name),
            Name::Local(_)
            | Name::Namespace { .. }
            | Name::Builtin(_)
            | Name::Host(_)
            | Name::Effect(_)
            | Name::Unresolved(_) => None,
        }
    }
}

/// What functions may rely on of a variable of a module: its annotation, or that it is an agent.
fn variable_type(db: &dyn Db, file: SourceFile, variable: &Variable) -> Option<Arc<Typed>> {
    let mut types = Types::default();
    let fact = match (&variable.annotation, variable.kind, &variable.initial) {
        (Some(annotation), _, _) => types.annotation(&FileWorld::new(db, file), annotation),
        (None, VariableKind::Agent, _) => Fact::plain(crate::types::TypeId::AGENT),
        (None, VariableKind::Const, Initial::Array) => Fact::plain(types.array(Fact::ANY)),
        (None, VariableKind::Const | VariableKind::Let, Initial::Input(path)) => {
            let input = input_of(db, file, variable)?;
            types.import_fact(&input.types, part(&input, path)?)
        }
        (None, _, _) => return None,
    };
    types.freeze();
    Some(Arc::new(Typed::new(types, fact)))
}

/// What the program is given, for a variable that has a part of it and nothing else.
fn input_of(db: &dyn Db, file: SourceFile, variable: &Variable) -> Answer {
    let tree = item_tree(db, file);
    let is_ours = tree.variable("input").is_some()
        || tree.imports.iter().any(|import| import.local().is_some_and(|name| **name == *"input"));
    let is_written = || {
        let body = prism_hir::body(db, tree.module);
        let mut own = body.locals.iter().filter(|(_, local)| local.name == variable.name);
        written_variables(db, file).contains(&variable.name) || own.any(|(_, own)| own.is_assigned)
    };
    let is_other = is_ours || (variable.kind == VariableKind::Let && is_written());
    if is_other { None } else { input_type(db, file).clone() }
}

/// A part of a declared type, field by field.
fn part(whole: &Typed, path: &[Text]) -> Option<Fact> {
    path.iter().try_fold(whole.fact(), |fact, name| match whole.types.structure(fact.ty) {
        Type::Object(object) => object.field(name).map(|field| field.fact),
        _ => None,
    })
}

impl Scope for FileWorld<'_> {
    fn alias(&self, name: &str) -> Option<Alias> {
        let (file, local) = split(self.db, self.file, name);
        let (home, def) = type_def(self.db, file, local.into()).as_ref()?;
        let ty = if *home == self.file {
            def.ty.clone()
        } else {
            qualified(self.db, *home, &def.params, &def.ty)
        };
        Some(Alias { name: def.name.clone(), params: def.params.clone(), ty })
    }
}

impl World for FileWorld<'_> {
    fn name(&self, name: &Name) -> Option<Arc<Typed>> {
        let key = match name {
            Name::ModuleFunction(text) | Name::ModuleVar(text) => (Text::default(), text.clone()),
            Name::Import { module, name } => (module.clone(), name.clone()),
            Name::Local(_)
            | Name::Namespace { .. }
            | Name::Builtin(_)
            | Name::Host(_)
            | Name::Effect(_)
            | Name::Unresolved(_) => return None,
        };
        if let Some(known) = self.names.borrow().get(&key) {
            return known.clone();
        }
        let found = self.find(name);
        self.names.borrow_mut().insert(key, found.clone());
        found
    }

    fn operation(&self, name: &str) -> Option<OperationDef> {
        let (effect, operation) = name.split_once('.')?;
        let operations = operations(self.db, self.file, effect.into()).as_ref()?;
        operations.iter().find(|def| &*def.name == operation).cloned()
    }

    fn is_own_effect(&self, name: &str) -> bool {
        operations(self.db, self.file, name.into()).is_some()
    }

    fn is_host_operation(&self, name: &str) -> bool {
        let Some(file) = self.db.files().by_path(self.db).get(HOST) else { return false };
        let tree = prism_hir::item_tree(self.db, *file);
        let Some((effect, operation)) = name.split_once('.') else { return false };
        let declared = tree.effects.iter().find(|known| &*known.name == effect);
        declared.is_some_and(|effect| effect.operations.iter().any(|op| &*op.name == operation))
    }

    fn host(&self, name: &str) -> Option<Arc<Typed>> {
        if name != "input" {
            return None;
        }
        input_type(self.db, self.file).clone()
    }

    fn is_written(&self, variable: &str) -> bool {
        written_variables(self.db, self.file).contains(variable)
    }

    fn agent_level(&self, name: &str) -> Option<Level> {
        let bound = self.file.package(self.db).and_then(|package| {
            let agent = package.agents(self.db).as_ref()?.get(name)?;
            agent.provenance.map(Level::from)
        });
        match (*declared_level(self.db, self.file, name.into()), bound) {
            // Where both speak, the lower one is certain.
            (Some(declared), Some(bound)) => Some(declared.min(bound)),
            (declared, bound) => declared.or(bound),
        }
    }

    fn agent_keys(&self, name: &str) -> Option<Vec<Text>> {
        agent_def(self.db, self.file, name.into()).as_ref().map(|agent| agent.keys.clone())
    }

    fn agent_contract(&self, name: &Name) -> Option<Contract> {
        let (home, name) = match name {
            Name::ModuleVar(name) => (self.file, name.clone()),
            Name::Import { module, name } => {
                let file_of = |path| self.db.files().by_path(self.db).get(path).copied();
                let definition = exported(self.db, file_of(module)?, name.clone()).as_ref()?;
                (file_of(&definition.module)?, definition.name.clone())
            }
            _ => return None,
        };
        agent_def(self.db, home, name).as_ref().map(|agent| agent.contract.clone())
    }

    fn bands(&self) -> BandLimits {
        self.file.package(self.db).map_or(BandLimits::default(), |package| package.bands(self.db))
    }
}

fn inferred_initial(db: &dyn Db, _: salsa::Id, item: Item<'_>) -> Kept<Inference> {
    let mut types = Types::default();
    let function = head(db, item, &mut types);
    Kept::new(Inference { types, root: RootType(function), ..Inference::default() })
}

fn inferred_next(
    _: &dyn Db,
    cycle: &salsa::Cycle<'_>,
    last: &Kept<Inference>,
    value: Kept<Inference>,
    _: Item<'_>,
) -> Kept<Inference> {
    if cycle.iteration() >= LAST_STEP { last.clone() } else { value }
}

fn signature_initial(db: &dyn Db, _: salsa::Id, item: Item<'_>) -> Arc<Typed> {
    let mut types = Types::default();
    let function = head(db, item, &mut types);
    let ty = types.function(function);
    Arc::new(Typed::new(types, Fact::plain(ty)))
}

fn signature_next(
    _: &dyn Db,
    cycle: &salsa::Cycle<'_>,
    last: &Arc<Typed>,
    value: Arc<Typed>,
    _: Item<'_>,
) -> Arc<Typed> {
    if cycle.iteration() >= LAST_STEP { last.clone() } else { value }
}

/// The type that the head of a function alone gives, without effects.
fn head(db: &dyn Db, item: Item<'_>, types: &mut Types) -> FunctionType {
    let signature = item.signature(db);
    let world = FileWorld::new(db, item.file(db));
    let mut declared = |annotation: &Option<TypeRef>| match annotation {
        Some(annotation) => types.annotation(&world, annotation),
        None => Fact::ANY,
    };
    let params = signature.params.iter().map(|param| ParamType {
        name: param.name.clone(),
        fact: declared(&param.annotation),
        is_optional: param.has_default,
        is_rest: param.is_rest,
    });
    let params: Vec<ParamType> = params.collect();
    let result = declared(&signature.result);
    let effects = Effects::NONE;
    let flows = Flows::default();
    FunctionType { params, is_open: false, result, effects, flows, generic: None }
}
