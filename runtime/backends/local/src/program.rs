//! Which file a `command` names, and whether it can be started.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use prism_agents::{AgentError, AgentSpec, errors};

/// The program's file: a name with `/` is relative to the manifest's directory, any other name
/// is searched in `PATH`. `P2103` when there is none, `P2104` when it is not executable.
pub(crate) fn find(spec: &AgentSpec) -> Result<PathBuf, AgentError> {
    let name = spec.command.first().map(String::as_str).unwrap_or_default();
    let candidates = candidates(spec, name);
    if let Some(program) = candidates.iter().find(|path| is_executable(path)) {
        return Ok(program.clone());
    }
    match candidates.iter().find(|path| path.exists()) {
        None => Err(not_found(spec)),
        Some(file) if file.is_dir() => Err(not_started(spec, "it is a directory")),
        Some(_) => Err(not_started(spec, "it is not executable")),
    }
}

/// The error for a start that failed although the file is there.
pub(crate) fn start_error(spec: &AgentSpec, error: &io::Error) -> AgentError {
    match error.kind() {
        io::ErrorKind::NotFound if !spec.dir.is_dir() => {
            not_started(spec, &format!("the directory {} does not exist", spec.dir.display()))
        }
        io::ErrorKind::NotFound => {
            not_started(spec, "the interpreter in its `#!` line does not exist")
        }
        io::ErrorKind::PermissionDenied => not_started(spec, "permission denied"),
        io::ErrorKind::ArgumentListTooLong => not_started(spec, "its arguments are too long"),
        _ => errors::system_refused(&spec.name, &error.to_string()),
    }
}

fn candidates(spec: &AgentSpec, name: &str) -> Vec<PathBuf> {
    if name.contains('/') {
        return vec![spec.dir.join(name)];
    }
    let path = search_path(spec);
    std::env::split_paths(&path).map(|folder| spec.dir.join(folder).join(name)).collect()
}

fn search_path(spec: &AgentSpec) -> OsString {
    let own = spec.env.iter().rev().find(|(key, _)| key == "PATH");
    own.map(|(_, path)| path.into()).or_else(|| std::env::var_os("PATH")).unwrap_or_default()
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

fn not_found(spec: &AgentSpec) -> AgentError {
    let dir = spec.dir.display().to_string();
    errors::program_not_found(&spec.name, program(spec), &dir)
}

fn not_started(spec: &AgentSpec, reason: &str) -> AgentError {
    errors::program_not_started(&spec.name, program(spec), reason)
}

fn program(spec: &AgentSpec) -> &str {
    spec.command.first().map(String::as_str).unwrap_or_default()
}
