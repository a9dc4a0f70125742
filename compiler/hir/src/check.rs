//! Checks the declarations of a file: duplicates, imports, exports, types.

use std::collections::BTreeMap;

use prism_diagnostics::nearest;
use prism_source::{Db, Origin, Resolution, SourceFile, resolve};
use prism_span::{RelSpan, Span};
use prism_syntax::ast::{Level, StmtId, StmtKind};

use crate::body::Text;
use crate::builtins;
use crate::collect::Collected;
use crate::declare::{self, Declares};
use crate::exports::{exports, resolve_export};
use crate::problem::{NoModule, Problem, ProblemKind};
use crate::queries::{collected, item_tree, module_scope, own_problems, syntax};
use crate::scope::ModuleScope;
use crate::slice::Tree;
use crate::tree::{Export, ImportKind, TypeDef};
use crate::{circles, doc_header, types};

/// Everything that is wrong, in the order of the text.
pub(crate) fn file_problems(db: &dyn Db, file: SourceFile) -> Vec<Problem> {
    let mut check = Check::new(db, file, own_problems(db, file).to_vec());
    check.imports();
    check.exports();
    check.problems.sort_by_key(|problem| (problem.at.start, problem.at.end));
    check.problems
}

/// What no other file is needed for.
pub(crate) fn problems_of_tree(db: &dyn Db, file: SourceFile) -> Vec<Problem> {
    let tree = syntax(db, file);
    let mut check = Check::new(db, file, doc_header::problems(file.text(db)));
    check.duplicates(&tree);
    check.agents();
    check.operations();
    check.types(&tree, tree.ast.root_stmts());
    check.circles();
    check.problems
}

struct Check<'db> {
    db: &'db dyn Db,
    file: SourceFile,
    found: &'db Collected,
    scope: &'db ModuleScope,
    problems: Vec<Problem>,
    /// Where specifiers that lead nowhere were reported.
    missing: BTreeMap<Text, Span>,
}

impl<'db> Check<'db> {
    fn new(db: &'db dyn Db, file: SourceFile, problems: Vec<Problem>) -> Check<'db> {
        let (found, scope) = (collected(db, file), module_scope(db, file));
        Check { db, file, found, scope, problems, missing: BTreeMap::new() }
    }

    fn report(&mut self, span: Span, kind: ProblemKind) {
        self.problems.push(Problem { at: RelSpan::new(span.start, span.end), kind });
    }

    /// Levels and confidences that agents claim for their answers.
    fn agents(&mut self) {
        for (agent, spans) in &self.found.agents {
            if let (Some(value), Some(span)) = (agent.contract.least, spans.least)
                && !(0.0..=1.0).contains(&value.value())
            {
                self.report(span, ProblemKind::BoundOutOfRange { value });
            }
            let (Some(word), Some(span)) = (&agent.provenance, spans.provenance) else { continue };
            if Level::of_word(word).is_none() {
                let words = Level::ALL.iter().map(|level| level.word());
                let nearest = nearest(word, words).map(Text::from);
                let kind = ProblemKind::UnknownLevel { name: word.clone(), nearest };
                let at = RelSpan::new(span.start, span.end);
                self.problems.push(Problem { at, kind });
            }
        }
    }

    /// Whoever performs an operation passes its defaults, perhaps from another module.
    fn operations(&mut self) {
        for spans in self.found.operations.iter().flatten() {
            if let Some(span) = spans.computed {
                self.report(span, ProblemKind::DefaultOfOperation);
            }
        }
    }

    /// Two declarations of one name at the top level.
    fn duplicates(&mut self, tree: &Tree) {
        let mut declared = Vec::new();
        declare::in_block(tree, tree.ast.root_stmts(), &mut declared);
        let mut all: Vec<(&str, Span)> =
            declared.iter().map(|declared| (declared.name, declared.span)).collect();
        let found = self.found;
        for (import, spans) in &found.imports {
            all.extend(import.local().map(|local| (&**local, spans.local)));
        }
        self.report_repeated(&all);
        let types = found.types.iter().map(|(def, span)| (&*def.name, *span)).collect::<Vec<_>>();
        self.report_repeated(&types);
        let effects = found.effects.iter().map(|(def, span)| (&*def.name, *span));
        self.report_repeated(&effects.collect::<Vec<_>>());
        for (effect, _) in &found.effects {
            let mut names = std::collections::BTreeSet::new();
            let twice = effect.operations.iter().find(|op| !names.insert(op.name.clone()));
            let span = twice.map(|_| self.effect_span(&effect.name));
            if let (Some(op), Some(span)) = (twice, span) {
                let first = RelSpan::new(span.start, span.end);
                self.report(span, ProblemKind::Duplicate { name: op.name.clone(), first });
            }
        }
        let is_user = self.file.origin(self.db) == Origin::User;
        for declared in declared.iter().filter(|declared| declared.kind == Declares::Function) {
            let row = builtins::builtin(declared.name);
            if is_user && row.is_some_and(|row| row.kind.is_function()) {
                let name = declared.name.into();
                self.report(declared.span, ProblemKind::ShadowsBuiltIn { name });
            }
        }
    }

    fn effect_span(&self, name: &str) -> Span {
        let found = self.found.effects.iter().find(|(def, _)| &*def.name == name);
        found.map_or(Span::empty(0), |(_, span)| *span)
    }

    fn report_repeated(&mut self, all: &[(&str, Span)]) {
        let mut first: BTreeMap<&str, Span> = BTreeMap::new();
        let mut ordered: Vec<_> = all.iter().filter(|(name, _)| !name.is_empty()).collect();
        ordered.sort_by_key(|(_, span)| span.start);
        for (name, span) in ordered {
            match first.get(name) {
                Some(first) => {
                    let first = RelSpan::new(first.start, first.end);
                    let name = (*name).into();
                    self.report(*span, ProblemKind::Duplicate { name, first });
                }
                None => {
                    first.insert(name, *span);
                }
            }
        }
    }

    fn imports(&mut self) {
        let found = self.found;
        for (import, spans) in &found.imports {
            let Some(module) = self.module(&import.specifier, spans.path) else { continue };
            if let ImportKind::Name { name, .. } = &import.kind {
                self.exported(module, name, spans.name);
            }
        }
    }

    /// The file that a specifier means; reports one that means none, once a specifier.
    fn module(&mut self, specifier: &Text, path: Span) -> Option<SourceFile> {
        let reason = match resolve(self.db, self.file, specifier) {
            Resolution::Found(found) => return Some(found),
            Resolution::Missing => NoModule::File,
            Resolution::MissingStd => NoModule::Std,
            Resolution::Bare => NoModule::Bare,
        };
        let is_first = !path.is_empty() && !specifier.is_empty();
        if is_first && self.missing.insert(specifier.clone(), path).is_none() {
            let nearest = self.nearest_module(specifier, reason);
            let specifier = specifier.clone();
            self.report(path, ProblemKind::NoModule { specifier, reason, nearest });
        }
        None
    }

    fn nearest_module(&self, specifier: &str, reason: NoModule) -> Option<Text> {
        let files = self.db.files().by_path(self.db);
        let own = self.file.path(self.db);
        let folder = own.rfind('/').map_or("", |end| &own[..=end]);
        let std = |path: &&std::sync::Arc<str>| path.starts_with("@prism/");
        match reason {
            NoModule::Std => {
                let wanted = prism_source::std_module(specifier)?;
                nearest(&wanted, files.keys().filter(std).map(|path| &**path)).map(Text::from)
            }
            NoModule::File => {
                let beside = files.keys().filter_map(|path| path.strip_prefix(folder));
                let beside: Vec<String> = beside.map(|path| format!("./{path}")).collect();
                let with_extension = specifier.ends_with(".prism");
                let known = beside.iter().map(|path| match path.strip_suffix(".prism") {
                    Some(stem) if !with_extension => stem,
                    _ => path,
                });
                nearest(specifier, known).map(Text::from)
            }
            NoModule::Bare => {
                let name = specifier.rsplit('/').next().unwrap_or(specifier);
                let wanted = format!("@prism/{name}");
                let known = files.keys().filter(std).map(|path| &**path);
                known.into_iter().find(|path| **path == *wanted).map(Text::from)
            }
        }
    }

    fn exported(&mut self, module: SourceFile, name: &Text, span: Span) {
        if resolve_export(self.db, module, name).is_some() || name.is_empty() {
            return;
        }
        // What could not be read in the other file may have been the export.
        let is_broken = module_scope(self.db, module).broken.contains(name);
        if is_broken {
            return;
        }
        let names = exports(self.db, module);
        let nearest = nearest(name, names.iter().map(|(name, _)| &**name)).map(Text::from);
        let module = module.path(self.db).clone();
        self.report(span, ProblemKind::NoExport { module, name: name.clone(), nearest });
    }

    fn exports(&mut self) {
        let found = self.found;
        let mut names: BTreeMap<&Text, Span> = BTreeMap::new();
        for (export, span) in &found.exports {
            if let Some(name) = export.name()
                && names.insert(name, *span).is_some()
            {
                self.report(*span, ProblemKind::ExportTwice { name: name.clone() });
            }
            match export {
                Export::Local { local, .. } => self.local_export(local, *span),
                Export::From { specifier, name, .. } => {
                    if let Some(module) = self.module(specifier, *span) {
                        self.exported(module, name, *span);
                    }
                }
                Export::Star { specifier } | Export::StarAs { specifier, .. } => {
                    self.module(specifier, *span);
                }
            }
        }
    }

    fn local_export(&mut self, local: &Text, span: Span) {
        let tree = item_tree(self.db, self.file);
        let scope = self.scope;
        let is_known = scope.names.contains_key(local)
            || scope.types.contains_key(local)
            || scope.effects.contains_key(local)
            || scope.broken.contains(local)
            || tree.variable(local).is_some();
        if !is_known {
            let nearest = nearest(local, scope.names.keys().map(|name| &**name)).map(Text::from);
            self.report(span, ProblemKind::ExportUndeclared { name: local.clone(), nearest });
        }
    }

    /// Declared types that stand for nothing but themselves.
    fn circles(&mut self) {
        let found = self.found;
        let defs: Vec<&TypeDef> = found.types.iter().map(|(def, _)| def).collect();
        for circle in circles::of(&defs) {
            let (def, span) = &found.types[circle[0]];
            let name = def.name.clone();
            let by_way_of = circle[1..].iter().map(|at| defs[*at].name.clone()).collect();
            self.report(*span, ProblemKind::TypeOfItself { name, by_way_of });
        }
    }

    /// Names in type aliases and effects that are no types.
    fn types(&mut self, tree: &Tree, stmts: &[StmtId]) {
        let ast = &tree.ast;
        let mut unknown = Vec::new();
        for stmt in stmts {
            match ast[*stmt].kind {
                StmtKind::Export(inner) => self.types(tree, &[inner]),
                StmtKind::TypeAlias { params, ty, .. } => {
                    let params: Vec<&str> =
                        ast[params].iter().map(|name| name.text(&tree.text)).collect();
                    types::unknown_names(tree, ty, self.scope, &params, &mut unknown);
                }
                StmtKind::Effect { operations, .. } => {
                    for op in &ast[operations] {
                        let params = ast[op.params].iter().filter_map(|param| param.annotation);
                        for ty in params.chain(op.result) {
                            types::unknown_names(tree, ty, self.scope, &[], &mut unknown);
                        }
                    }
                }
                _ => {}
            }
        }
        for (span, kind) in unknown {
            self.report(span, kind);
        }
    }
}
