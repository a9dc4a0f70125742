//! Decides whether a module may run.
//!
//! A verified module holds all of this, so that a machine never indexes out of bounds and never
//! runs off the end of a function, whatever the values are:
//!
//! 1. Every id in a table names an entry of the table it refers to; names in a list of keys
//!    differ from each other.
//! 2. The entry function and every test take no parameters and no captures; a method takes the
//!    receiver at least, and no captures.
//! 3. A function has at most 250 registers, its parameters are among them, and a function with
//!    a rest parameter has a parameter.
//! 4. Every register, window, constant, variable, capture, kind and mode of an instruction exists.
//! 5. The word after an instruction is there exactly when the opcode table says so, and of the
//!    kind that it says; it is neither executed nor jumped to.
//! 6. Every jump, catch target and skipped jump leads to an instruction of the same function, and
//!    no path leaves a function by its end.
//! 7. `Call` names a function without captures, `Closure` brings as many captures as the
//!    function wants, `Handle` as many functions as the handler has clauses, `CallNamed` and
//!    `NewObject` as many registers as there are names.
//! 8. The exception table lies inside the code; places rise; names of calls rise, and each stands
//!    before an instruction.
//!
//! What it does not check: types of values, and whether a call has the right number of arguments.

mod code;

use std::sync::OnceLock;

use crate::ready::ready;
use crate::{Constant, FunctionId, Handler, Inst, Module, Ready, StrId, VerifyError, encode};

/// Registers that a function may have.
pub const MAX_REGS: u8 = 250;

/// A module that a machine can run, with its code laid out flat.
#[derive(Clone, Debug)]
pub struct Verified {
    module: Module,
    code: Vec<Inst>,
    ready: Vec<Ready>,
    functions: Vec<Entry>,
    digest: OnceLock<[u8; 32]>,
}

/// What a call needs to know about a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Index of the first instruction in [`Verified::code`].
    pub start: u32,
    pub n_regs: u8,
    /// Parameters, the rest parameter included.
    pub n_params: u8,
    /// Arguments that must be given.
    pub n_required: u8,
    pub n_captures: u8,
    pub has_rest: bool,
    /// The number of arguments that need no fitting: one per parameter; 255 with a rest parameter.
    pub n_exact: u8,
}

impl Verified {
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// The code of all functions, one after the other.
    pub fn code(&self) -> &[Inst] {
        &self.code
    }

    /// The same, as an interpreter reads it.
    pub fn ready(&self) -> &[Ready] {
        &self.ready
    }

    /// One entry per function.
    pub fn functions(&self) -> &[Entry] {
        &self.functions
    }

    /// The function that holds an instruction of [`Verified::code`].
    pub fn function_at(&self, pc: u32) -> FunctionId {
        let after = self.functions.partition_point(|entry| entry.start <= pc);
        FunctionId(after.saturating_sub(1) as u32)
    }

    /// The BLAKE3 hash of the module's artifact: names the program.
    pub fn digest(&self) -> [u8; 32] {
        *self.digest.get_or_init(|| *blake3::hash(&encode(&self.module)).as_bytes())
    }

    /// The text of an id of this module.
    pub fn text(&self, id: StrId) -> &str {
        &self.module.strings[id.index()]
    }
}

/// Checks a module; see the list at the top of this file.
pub fn verify(module: Module) -> Result<Verified, VerifyError> {
    tables(&module)?;
    let mut code = Vec::new();
    let mut functions = Vec::with_capacity(module.functions.len());
    for (index, function) in module.functions.iter().enumerate() {
        let id = FunctionId(index as u32);
        code::function(&module, function).map_err(|(pc, what)| VerifyError {
            function: Some(id),
            pc,
            what,
        })?;
        let start = u32::try_from(code.len())
            .ok()
            .filter(|&start| start < u32::MAX / 2)
            .ok_or_else(|| table("the code is too long"))?;
        let required =
            function.params.iter().take(positional(function)).rposition(|p| !p.is_optional);
        functions.push(Entry {
            start,
            n_regs: function.n_regs,
            n_params: function.params.len() as u8,
            n_required: required.map_or(0, |last| last as u8 + 1),
            n_captures: function.n_captures,
            has_rest: function.has_rest,
            n_exact: if function.has_rest { u8::MAX } else { function.params.len() as u8 },
        });
        code.extend_from_slice(&function.code);
    }
    let ready = ready(&code);
    Ok(Verified { module, code, ready, functions, digest: OnceLock::new() })
}

/// Parameters that take one argument each.
fn positional(function: &crate::Function) -> usize {
    function.params.len() - usize::from(function.has_rest)
}

/// Rules 1 and 2.
fn tables(module: &Module) -> Result<(), VerifyError> {
    let text = |id: StrId| exists(id.index(), module.strings.len(), "text");
    for constant in &module.constants {
        match constant {
            Constant::Number(_) => {}
            Constant::Text(id) => text(*id)?,
        }
    }
    for keys in &module.keys {
        key_list(module, keys)?;
    }
    for global in &module.globals {
        text(global.name)?;
    }
    for input in &module.inputs {
        text(input.name)?;
        exists(input.global.index(), module.globals.len(), "global")?;
    }
    for site in &module.sites {
        text(site.effect)?;
        text(site.name)?;
    }
    for handler in &module.handlers {
        clauses(module, handler)?;
    }
    for &file in &module.files {
        text(file)?;
    }
    for &(key, value) in module.requires.iter().chain(&module.header) {
        text(key)?;
        text(value)?;
    }
    roots(module)
}

fn roots(module: &Module) -> Result<(), VerifyError> {
    root(module, module.entry)?;
    for test in &module.tests {
        exists(test.name.index(), module.strings.len(), "text")?;
        root(module, test.function)?;
    }
    for method in &module.methods {
        exists(method.name.index(), module.strings.len(), "text")?;
        exists(method.function.index(), module.functions.len(), "function")?;
        let function = &module.functions[method.function.index()];
        if function.params.is_empty() || function.n_captures > 0 {
            return Err(table("a method takes its receiver and no captures"));
        }
    }
    Ok(())
}

fn root(module: &Module, id: FunctionId) -> Result<(), VerifyError> {
    exists(id.index(), module.functions.len(), "function")?;
    let function = &module.functions[id.index()];
    if function.params.is_empty() && function.n_captures == 0 {
        Ok(())
    } else {
        Err(table("an entry function takes neither parameters nor captures"))
    }
}

fn key_list(module: &Module, keys: &[StrId]) -> Result<(), VerifyError> {
    if keys.len() > usize::from(MAX_REGS) {
        return Err(table("a list of keys is longer than 250"));
    }
    for (index, key) in keys.iter().enumerate() {
        exists(key.index(), module.strings.len(), "text")?;
        let text = &module.strings[key.index()];
        if keys[..index].iter().any(|other| module.strings[other.index()] == *text) {
            return Err(table("a list of keys has a key twice"));
        }
    }
    Ok(())
}

fn clauses(module: &Module, handler: &Handler) -> Result<(), VerifyError> {
    for clause in &handler.clauses {
        exists(clause.effect.index(), module.strings.len(), "text")?;
    }
    Ok(())
}

fn exists(index: usize, len: usize, what: &str) -> Result<(), VerifyError> {
    if index < len { Ok(()) } else { Err(table(&format!("there is no {what} {index}"))) }
}

fn table(what: &str) -> VerifyError {
    VerifyError { function: None, pc: None, what: what.to_owned() }
}
