//! Emits a module: its functions, in order, and its tables.

use prism_bytecode as bytecode;
use prism_bytecode::{Builder, FileId, HostInput, Kind, Param, Place};
use prism_ir::function::{Function, FunctionId, Module, Source, SourceFile, Value};
use prism_ir::op::OpKind;
use rustc_hash::FxHashMap;

use crate::analyse::Analysis;
use crate::clause;
use crate::emit::{self, fits_frame};
use crate::error::EmitError;
use crate::live;
use crate::split;

/// How the machine calls a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Function,
    /// A handler clause, whose `resume` comes last.
    Clause,
    /// A handler clause without `resume`: its result is the answer.
    LastClause,
}

/// The tables of the module under construction.
pub(crate) struct Tables {
    pub builder: Builder,
    roles: Vec<Role>,
}

impl Tables {
    pub fn role(&self, function: FunctionId) -> Role {
        self.roles.get(function.0 as usize).copied().unwrap_or(Role::Function)
    }
}

/// The bytecode of a module that the verifier accepts.
pub(crate) fn emit(module: &Module) -> Result<bytecode::Module, EmitError> {
    let mut tables = Tables { builder: Builder::default(), roles: roles(module) };
    let files: Vec<FileId> =
        module.files.iter().map(|file| tables.builder.file(&file.path)).collect();
    let ids: Vec<bytecode::FunctionId> =
        module.functions.iter().map(|_| tables.builder.function()).collect();
    for name in &module.globals {
        tables.builder.global(name);
    }
    for (index, function) in module.functions.iter().enumerate() {
        let role = tables.roles[index];
        let function = emit_function(&mut tables, module, &files, function, role)?;
        tables.builder.set_function(ids[index], function);
    }
    fill_tables(&mut tables.builder, module);
    Ok(tables.builder.finish())
}

fn roles(module: &Module) -> Vec<Role> {
    let mut roles = vec![Role::Function; module.functions.len()];
    for function in &module.functions {
        let mut closures: FxHashMap<Value, FunctionId> = FxHashMap::default();
        for (_, op) in function.ops.iter() {
            if let (OpKind::Closure { function, .. }, [result]) = (&op.kind, &*op.results) {
                closures.insert(*result, *function);
            }
        }
        for (_, op) in function.ops.iter() {
            let OpKind::Handle { clauses, .. } = &op.kind else { continue };
            for id in clauses.iter().filter_map(|(_, clause)| closures.get(clause)) {
                let is_last = clause::resumes_last(&module.functions[id.0 as usize]);
                roles[id.0 as usize] = if is_last { Role::LastClause } else { Role::Clause };
            }
        }
    }
    roles
}

fn emit_function(
    tables: &mut Tables,
    module: &Module,
    files: &[FileId],
    function: &Function,
    role: Role,
) -> Result<bytecode::Function, EmitError> {
    if !fits_frame(function.params.len()) || !fits_frame(function.captures.len()) {
        return Err(EmitError::TooManyParameters { function: function.name.clone() });
    }
    let mut function = function.clone();
    split::run(&mut function);
    let analysis = Analysis::new(&function);
    let deaths = live::deaths(&function, &analysis);
    let emitted = emit::emit(tables, &function, &analysis, &deaths, role)?;
    let params = params(tables, &function, role);
    let n_params = params.len() as u8;
    let mut out = bytecode::Function {
        name: tables.builder.string(&function.name),
        params,
        has_rest: function.params.last().is_some_and(|param| param.is_rest),
        n_regs: emitted.n_regs.max(n_params),
        n_captures: function.captures.len() as u8,
        ..bytecode::Function::default()
    };
    let mut place = |pc, source: Source| place(module, files, pc, source);
    let done = emitted.asm.finish(&mut out, &mut place);
    done.map_err(|_| EmitError::TooLarge { what: "instructions in one function" })?;
    Ok(out)
}

fn params(tables: &mut Tables, function: &Function, role: Role) -> Vec<Param> {
    let mut params: Vec<Param> = function
        .params
        .iter()
        .map(|param| {
            // A pattern has no name that an argument could use.
            let name = if &*param.name == "_" { "" } else { &*param.name };
            Param { name: tables.builder.string(name), is_optional: param.is_optional }
        })
        .collect();
    match role {
        Role::Function => {}
        Role::Clause if params.is_empty() => {}
        Role::Clause => params.rotate_left(1),
        Role::LastClause => drop(params.remove(0)),
    }
    params
}

/// The place of a source, with its line; `None` when the module does not have the file.
fn place(module: &Module, files: &[FileId], pc: u32, source: Source) -> Option<Place> {
    let Source { file, start, end } = source;
    let SourceFile { line_starts, .. } = module.files.get(file as usize)?;
    let line = line_starts.partition_point(|first| *first <= start).max(1);
    let first = line_starts.get(line - 1).copied().unwrap_or(0);
    let column = start.saturating_sub(first) + 1;
    Some(Place { pc, file: files[file as usize], start, end, line: line as u32, column })
}

fn fill_tables(builder: &mut Builder, module: &Module) {
    let header: Vec<_> = module
        .metadata
        .iter()
        .map(|(key, value)| (builder.string(key), builder.string(value)))
        .collect();
    let inputs: Vec<_> = module
        .inputs
        .iter()
        .map(|(name, global)| {
            let name = builder.string(name);
            HostInput { name, global: bytecode::GlobalId(global.0) }
        })
        .collect();
    let methods: Vec<_> = module
        .methods
        .iter()
        .filter_map(|method| {
            let kind = Kind::ALL.into_iter().find(|kind| kind.name() == &*method.kind)?;
            let function = bytecode::FunctionId(method.function.0);
            Some(bytecode::Method { kind, name: builder.string(&method.name), function })
        })
        .collect();
    let tests: Vec<_> = module
        .tests
        .iter()
        .map(|(name, function)| bytecode::Test {
            name: builder.string(name),
            function: bytecode::FunctionId(function.0),
        })
        .collect();
    let name = module.metadata.iter().find(|(key, _)| &**key == "name");
    let entry = &module.functions[module.entry.0 as usize];
    let out = builder.module_mut();
    out.name = name.map_or_else(|| entry.name.clone(), |(_, name)| name.clone());
    out.entry = bytecode::FunctionId(module.entry.0);
    out.header = header;
    out.inputs = inputs;
    out.methods = methods;
    out.tests = tests;
}
