//! From a path to a module that may run: a program is compiled in memory, an artifact decoded.

use std::path::Path;
use std::sync::Arc;

use prism_bytecode::Verified;

use crate::hosts::Header;
use crate::problem::Problem;
use crate::words;

/// A program that is ready to run.
#[derive(Clone, Debug)]
pub struct Program {
    /// From its header, else the file's name without its ending.
    pub name: Arc<str>,
    pub module: Arc<Verified>,
    /// The encoded module: a run keeps it, so that going on needs no source.
    pub artifact: Arc<[u8]>,
}

/// Why a program does not run.
#[derive(Debug)]
pub enum Refused {
    /// The command cannot be carried out as it was given: exit status 2.
    Usage(Problem),
    /// The program, or what it needs, is wrong: exit status 1.
    Wrong(Vec<Problem>),
    /// The compiler found errors: exit status 1.
    Rejected(Box<prism_driver::Rejected>),
}

/// Reads a `.prism` program or an artifact, whichever the file holds.
pub fn load(path: &Path, options: &prism_driver::Options) -> Result<Program, Refused> {
    let bytes =
        std::fs::read(path).map_err(|error| Refused::Usage(words::unreadable(path, &error)))?;
    if is_artifact(path, &bytes) {
        return decoded(path, bytes);
    }
    let compiled = match std::str::from_utf8(&bytes) {
        Ok(text) if !path.is_file() => prism_driver::compile_read(path, text, options),
        Ok(_) | Err(_) => prism_driver::compile_file(path, options),
    };
    let compiled = compiled.map_err(|rejected| Refused::Rejected(Box::new(rejected)))?;
    Ok(Program {
        name: name_of(path, &compiled.module),
        module: compiled.module,
        artifact: compiled.bytes.into(),
    })
}

/// By its first bytes, so that a renamed artifact still runs; by its name, so that a damaged
/// one is not read as a program.
fn is_artifact(path: &Path, bytes: &[u8]) -> bool {
    bytes.starts_with(b"prismbc") || path.extension().is_some_and(|ending| ending == "prismc")
}

fn decoded(path: &Path, bytes: Vec<u8>) -> Result<Program, Refused> {
    let wrong = |problem| Refused::Wrong(vec![problem]);
    let module =
        prism_bytecode::decode(&bytes).map_err(|error| wrong(words::not_decoded(path, &error)))?;
    let module =
        prism_bytecode::verify(module).map_err(|error| wrong(words::not_verified(path, &error)))?;
    let module = Arc::new(module);
    Ok(Program { name: name_of(path, &module), module, artifact: bytes.into() })
}

/// From the header, else from the file.
fn name_of(path: &Path, module: &Verified) -> Arc<str> {
    let own = Header::of(module).text("name");
    own.unwrap_or_else(|| {
        path.file_stem().map_or_else(|| "program".into(), |stem| stem.to_string_lossy().into())
    })
}
