//! Reads the declarations of a file out of its tree.

use std::sync::Arc;

use prism_span::Span;
use prism_syntax::ast::{self, StmtId, StmtKind};
use prism_syntax::literal;
use rustc_hash::FxHashSet;

use crate::body::Text;
use crate::contract::{self, contract};
use crate::declare::{self, Declares};
use crate::implicit;
use crate::item::{ItemKind, Signature, SignatureParam};
use crate::slice::{Part, Slice, Tree};
use crate::text::shared;
use crate::tree::{
    AgentDef, EffectDef, Export, Import, ImportKind, Initial, OperationDef, OperationParam,
    TypeDef, Variable, VariableKind,
};
use crate::types;

/// Where an operation of an effect is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationSpans {
    pub name: Span,
    /// Of each parameter: its name, and its type.
    pub params: Vec<(Span, Option<Span>)>,
    /// The first default that is no literal.
    pub computed: Option<Span>,
}

/// What a file declares, with the spans of the declarations.
#[derive(Debug)]
pub(crate) struct Collected {
    pub module: Slice,
    pub items: Vec<CollectedItem>,
    pub variables: Vec<(Variable, Span)>,
    pub imports: Vec<(Import, ImportSpans)>,
    pub exports: Vec<(Export, Span)>,
    pub types: Vec<(TypeDef, Span)>,
    pub effects: Vec<(EffectDef, Span)>,
    /// Where the operations of each effect are.
    pub operations: Vec<Vec<OperationSpans>>,
    pub agents: Vec<(AgentDef, AgentSpans)>,
}

#[derive(Debug)]
pub(crate) struct CollectedItem {
    pub kind: ItemKind,
    pub name: Text,
    pub slice: Slice,
    pub signature: Arc<Signature>,
}

/// Where an agent is declared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AgentSpans {
    pub name: Span,
    pub provenance: Option<Span>,
    /// `minConfidence`.
    pub least: Option<Span>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct ImportSpans {
    /// The name as the other module has it.
    pub name: Span,
    /// The name as this module has it.
    pub local: Span,
    pub path: Span,
}

pub(crate) fn collect(tree: &Tree) -> Collected {
    let mut collect = Collect { tree, stmts: Vec::new(), found: Collected::empty(tree) };
    for stmt in tree.ast.root_stmts() {
        collect.stmt(*stmt, *stmt);
    }
    collect.variables();
    let Collect { stmts, found, .. } = collect;
    Collected { module: Slice::stmts(tree, stmts), ..found }
}

impl Collected {
    fn empty(tree: &Tree) -> Collected {
        Collected {
            module: Slice::stmts(tree, Vec::new()),
            items: Vec::new(),
            variables: Vec::new(),
            imports: Vec::new(),
            exports: Vec::new(),
            types: Vec::new(),
            effects: Vec::new(),
            operations: Vec::new(),
            agents: Vec::new(),
        }
    }
}

struct Collect<'a> {
    tree: &'a Tree,
    /// The statements that are no items of their own.
    stmts: Vec<StmtId>,
    found: Collected,
}

impl Collect<'_> {
    /// `outer` is the statement with its `export`.
    fn stmt(&mut self, stmt: StmtId, outer: StmtId) {
        let (ast, text) = (&self.tree.ast, &*self.tree.text);
        let node = ast[stmt];
        match node.kind {
            StmtKind::Function(function) => {
                let name = ast[function].name.unwrap_or(ast::Name { span: node.span });
                let part = Part::Function(function);
                let signature = self.signature(function);
                self.item(ItemKind::Function, name, part, ast[function].span, signature);
            }
            StmtKind::Pattern { name, body } => {
                let (part, signature) = (Part::Block(body), Signature::default());
                self.item(ItemKind::Pattern, name, part, ast[body].span, signature);
            }
            StmtKind::Test { name, body } => {
                let item = CollectedItem {
                    kind: ItemKind::Test,
                    name: literal::string(name.span.slice(text)).into(),
                    slice: Slice::node(self.tree, Part::Block(body), ast[body].span),
                    signature: Arc::default(),
                };
                self.found.items.push(item);
            }
            StmtKind::TypeAlias { name, params, ty } => {
                let def = TypeDef {
                    name: shared(name.text(text)),
                    params: types::names(self.tree, params),
                    ty: types::type_ref(self.tree, ty),
                };
                self.found.types.push((def, name.span));
            }
            StmtKind::Effect { name, irreversible, operations } => {
                let operations = &ast[operations];
                let is_irreversible = irreversible.is_some();
                let spans = operations.iter().map(|op| self.operation_spans(op)).collect();
                self.found.operations.push(spans);
                let operations = operations.iter().map(|op| self.operation(op, is_irreversible));
                let operations = operations.collect();
                let def = EffectDef { name: name.text(text).into(), operations };
                self.found.effects.push((def, name.span));
            }
            StmtKind::Import(import) => self.import(&ast[import], node.span),
            StmtKind::Export(inner) => {
                self.exported(inner);
                self.stmt(inner, outer);
            }
            StmtKind::ExportDefault(inner) => self.export_default(inner, outer),
            StmtKind::ExportNames { names, from } => self.export_names(&ast[names], from),
            StmtKind::ExportAll { alias, from } => {
                let specifier = self.string(from);
                let export = match alias {
                    Some(name) => Export::StarAs { specifier, exported: self.text(name) },
                    None => Export::Star { specifier },
                };
                self.found.exports.push((export, from.span));
            }
            StmtKind::Agents(agents) | StmtKind::Agent(agents) => {
                for agent in &ast[agents] {
                    self.agent(agent);
                }
                self.stmts.push(outer);
            }
            StmtKind::Error
            | StmtKind::Expr(_)
            | StmtKind::Let { .. }
            | StmtKind::Assign { .. }
            | StmtKind::AssignPattern { .. }
            | StmtKind::Update { .. }
            | StmtKind::Block(_)
            | StmtKind::If { .. }
            | StmtKind::While { .. }
            | StmtKind::DoWhile { .. }
            | StmtKind::For { .. }
            | StmtKind::ForIn { .. }
            | StmtKind::UncertainIf(_)
            | StmtKind::UncertainWhile(_)
            | StmtKind::UncertainFor { .. }
            | StmtKind::Switch { .. }
            | StmtKind::Try { .. }
            | StmtKind::Throw(_)
            | StmtKind::Return(_)
            | StmtKind::Break
            | StmtKind::Continue
            | StmtKind::InContext { .. } => self.stmts.push(outer),
        }
    }

    fn text(&self, name: ast::Name) -> Text {
        shared(name.text(&self.tree.text))
    }

    fn string(&self, literal: ast::StringLit) -> Text {
        literal::string(literal.span.slice(&self.tree.text)).into()
    }

    fn item(
        &mut self,
        kind: ItemKind,
        name: ast::Name,
        part: Part,
        span: Span,
        signature: Signature,
    ) {
        let slice = Slice::node(self.tree, part, span);
        let (name, signature) = (self.text(name), Arc::new(signature));
        self.found.items.push(CollectedItem { kind, name, slice, signature });
    }

    fn signature(&self, function: ast::FunctionId) -> Signature {
        let function = self.tree.ast[function];
        Signature {
            type_params: types::names(self.tree, function.type_params),
            params: self.tree.ast[function.params].iter().map(|param| self.param(param)).collect(),
            result: function.result.map(|ty| types::type_ref(self.tree, ty)),
            uses: function.uses.map(|uses| types::names(self.tree, uses.names)),
            is_confident: function.confidence.is_some(),
            is_async: function.is_async,
        }
    }

    fn param(&self, param: &ast::Param) -> SignatureParam {
        SignatureParam {
            name: self.param_name(param),
            has_default: param.default.is_some(),
            is_rest: param.is_rest,
            annotation: param.annotation.map(|ty| types::type_ref(self.tree, ty)),
        }
    }

    fn param_name(&self, param: &ast::Param) -> Option<Text> {
        match self.tree.ast[param.pat].kind {
            ast::PatKind::Name(name) => Some(self.text(name)),
            _ => None,
        }
    }

    fn operation_spans(&self, op: &ast::EffectOp) -> OperationSpans {
        let ast = &self.tree.ast;
        let params = ast[op.params].iter().map(|param| {
            (ast[param.pat].span, param.annotation.map(|annotation| ast[annotation].span))
        });
        let computed = ast[op.params].iter().find(|param| self.default(param) == Some(None));
        let computed = computed.and_then(|param| param.default).map(|default| ast[default].span);
        OperationSpans { name: op.name.span, params: params.collect(), computed }
    }

    fn operation(&self, op: &ast::EffectOp, is_irreversible: bool) -> OperationDef {
        let param = |param: &ast::Param| OperationParam {
            name: self.param_name(param).unwrap_or_default(),
            optional: param.default.is_some(),
            default: self.default(param).flatten().filter(|value| !value.is_null()),
            is_rest: param.is_rest,
            ty: param.annotation.map(|ty| types::type_ref(self.tree, ty)),
        };
        OperationDef {
            name: self.text(op.name),
            is_irreversible,
            params: self.tree.ast[op.params].iter().map(param).collect(),
            result: op.result.map(|ty| types::type_ref(self.tree, ty)),
        }
    }

    /// The default of an operation's parameter: its value, where it is a literal.
    fn default(&self, param: &ast::Param) -> Option<Option<serde_json::Value>> {
        param.default.map(|default| contract::literal(self.tree, default))
    }

    fn agent(&mut self, agent: &ast::AgentDecl) {
        let field_name = |field: &ast::Field| match field {
            ast::Field::Named { key, .. } => types::key(self.tree, *key),
            ast::Field::Shorthand { name, .. } => Some(self.text(*name)),
            ast::Field::Spread { .. } => None,
        };
        let keys = self.tree.ast[agent.fields].iter().filter_map(field_name).collect();
        let fields = self.tree.ast[agent.fields].iter();
        let mut provenance = fields.filter_map(|field| match field {
            ast::Field::Named { key, value, .. } => {
                let is_it = types::key(self.tree, *key).as_deref() == Some("provenance");
                let value = &self.tree.ast[*value];
                let is_text = matches!(value.kind, ast::ExprKind::Text(_));
                (is_it && is_text).then_some(value.span)
            }
            ast::Field::Shorthand { .. } | ast::Field::Spread { .. } => None,
        });
        let provenance: Option<Span> = provenance.next_back();
        let word = provenance.map(|span| Text::from(literal::string(span.slice(&self.tree.text))));
        let (contract, least) = contract(self.tree, &self.tree.ast[agent.fields]);
        let def = AgentDef { name: self.text(agent.name), keys, provenance: word, contract };
        let spans = AgentSpans { name: agent.name.span, provenance, least };
        self.found.agents.push((def, spans));
    }

    fn import(&mut self, import: &ast::Import, span: Span) {
        let specifier = self.string(import.path);
        let path = import.path.span;
        let mut add = |kind, name: Span, local: Span| {
            let import = Import { specifier: specifier.clone(), kind };
            self.found.imports.push((import, ImportSpans { name, local, path }));
        };
        let text = |name: ast::Name| -> Text { shared(name.text(&self.tree.text)) };
        if let Some(local) = import.default {
            let kind = ImportKind::Name { name: "default".into(), local: text(local) };
            add(kind, local.span, local.span);
        }
        if let Some(local) = import.namespace {
            add(ImportKind::Namespace { local: text(local) }, local.span, local.span);
        }
        for name in self.tree.ast[import.names].iter().filter(|name| !name.name.is_missing()) {
            let local = name.alias.unwrap_or(name.name);
            let kind = ImportKind::Name { name: text(name.name), local: text(local) };
            add(kind, name.name.span, local.span);
        }
        // `import from "path"` was reported.
        let before = Span::new(span.start, path.start).slice(&self.tree.text).trim();
        if before == "import" {
            add(ImportKind::Bare, path, path);
        }
    }

    /// `export let a`, `export function f`, `export x = …`, `export type T`, …
    fn exported(&mut self, stmt: StmtId) {
        let ast = &self.tree.ast;
        let mut names = Vec::new();
        let mut declared = Vec::new();
        declare::in_block(self.tree, &[stmt], &mut declared);
        names.extend(declared.iter().map(|declared| declared.span));
        match ast[stmt].kind {
            StmtKind::Assign { target, .. } if ast[target].kind == ast::ExprKind::Name => {
                names.push(ast[target].span);
            }
            StmtKind::AssignPattern { pat, .. } => {
                declare::pat_names(ast, pat, &mut |name| names.push(name.span));
            }
            StmtKind::TypeAlias { name, .. } | StmtKind::Effect { name, .. } => {
                names.push(name.span);
            }
            _ => {}
        }
        for span in names {
            let name = shared(span.slice(&self.tree.text));
            self.found.exports.push((Export::Local { local: name.clone(), name }, span));
        }
    }

    fn export_default(&mut self, inner: StmtId, outer: StmtId) {
        let named = declare::named_function(&self.tree.ast, inner);
        let local = named.map_or_else(|| "default".into(), |name| self.text(name));
        let export = Export::Local { local, name: "default".into() };
        self.found.exports.push((export, self.tree.ast[outer].span));
        match named {
            Some(_) => self.stmt(inner, outer),
            None => self.stmts.push(outer),
        }
    }

    fn export_names(&mut self, names: &[ast::ExportName], from: Option<ast::StringLit>) {
        let specifier = from.map(|from| self.string(from));
        for name in names.iter().filter(|name| !name.name.is_missing()) {
            let exported = self.text(name.alias.unwrap_or(name.name));
            let export = match &specifier {
                Some(specifier) => Export::From {
                    specifier: specifier.clone(),
                    name: self.text(name.name),
                    exported,
                },
                None => Export::Local { local: self.text(name.name), name: exported },
            };
            self.found.exports.push((export, name.name.span));
        }
    }

    /// The variables of the module: declared ones, then those of bare assignments.
    fn variables(&mut self) {
        let mut declared = Vec::new();
        let root = self.tree.ast.root_stmts();
        declare::in_block(self.tree, root, &mut declared);
        for declared in &declared {
            let kind = match declared.kind {
                Declares::Let => VariableKind::Let,
                Declares::Const => VariableKind::Const,
                Declares::Agent => VariableKind::Agent,
                Declares::Default => VariableKind::Default,
                Declares::Function => continue,
            };
            let annotation = declared.annotation.map(|ty| types::type_ref(self.tree, ty));
            let (name, initial) = (shared(declared.name), declared.initial.clone());
            let variable = Variable { name, kind, annotation, initial };
            self.found.variables.push((variable, declared.span));
        }
        let imports: FxHashSet<Text> =
            self.found.imports.iter().filter_map(|(import, _)| import.local().cloned()).collect();
        let is_import = |name: &str| imports.contains(name);
        for implicit in implicit::in_stmts(self.tree, root, &is_import) {
            let kind = VariableKind::Implicit;
            let (name, annotation) = (shared(implicit.name), None);
            let variable = Variable { name, kind, annotation, initial: Initial::Unknown };
            self.found.variables.push((variable, implicit.span));
        }
    }
}
