//! The words for what is wrong with files, manifests and the graph of modules.

use prism_diagnostics::{Code, Diagnostic, Edit, Place};
use prism_source::{Db, ReadError, SourceFile};
use prism_span::{FileId, Span};

use crate::graph::Cycle;
use crate::manifest::{ManifestError, ManifestProblem};

pub(crate) fn read_diagnostic(file: FileId, path: &str, error: &ReadError) -> Diagnostic {
    let at = Place::new(file, Span::empty(0));
    match error {
        ReadError::NotFound => {
            Diagnostic::new(Code::P0031, at, format!("cannot read `{path}`: there is no such file"))
                .with_help("check the path; folders are searched for `.prism` files")
        }
        ReadError::Unreadable(reason) => {
            Diagnostic::new(Code::P0031, at, format!("cannot read `{path}`: {reason}"))
        }
        ReadError::NotUtf8 { at: byte } => {
            let message = format!("`{path}` is not UTF-8: byte {byte} starts no character");
            Diagnostic::new(Code::P0032, at, message).with_help("save the file as UTF-8")
        }
        ReadError::TooLarge(size) => {
            let most = prism_source::MAX_FILE_BYTES;
            let message = format!("`{path}` has {size} bytes; at most {most} are read");
            Diagnostic::new(Code::P0033, at, message)
                .with_help("split it into modules, or pass data with `--input @file.json`")
        }
    }
}

pub(crate) fn manifest_diagnostic(file: FileId, error: &ManifestError) -> Diagnostic {
    let at = Place::new(file, error.at);
    match &error.problem {
        ManifestProblem::NotToml { reason } => {
            Diagnostic::new(Code::P0650, at, format!("prism.toml is not TOML: {reason}"))
        }
        ManifestProblem::UnknownKey { table, key, nearest } => {
            let message = format!("`{key}` is not a key of {table}");
            mended(Diagnostic::new(Code::P0610, at, message), at, nearest)
        }
        ManifestProblem::UnknownAgentKey { path, key, nearest } => {
            let message = format!("`{key}` is not a key of `{path}`");
            mended(Diagnostic::new(Code::P0651, at, message), at, nearest)
        }
        ManifestProblem::Wrong { path, expected } => {
            Diagnostic::new(Code::P0611, at, format!("`{path}` needs {expected}"))
        }
        ManifestProblem::WrongAgent { path, expected } => {
            Diagnostic::new(Code::P0652, at, format!("`{path}` needs {expected}"))
        }
        ManifestProblem::NoAgent { what, name, nearest } => {
            no_agent(at, what, name, nearest.as_deref())
        }
        ManifestProblem::GroupName { name, why } => {
            let message = format!("a group of agents cannot be called `{name}`: {why}");
            Diagnostic::new(Code::P0613, at, message)
                .with_help("programs use the name of a group as a variable; choose another one")
        }
        ManifestProblem::BandsCross { high, medium } => {
            let message =
                format!("the high band begins at {high}, below the medium one at {medium}");
            Diagnostic::new(Code::P0611, at, message)
        }
    }
}

fn mended(diagnostic: Diagnostic, at: Place, nearest: &Option<String>) -> Diagnostic {
    match nearest {
        Some(nearest) => diagnostic
            .with_label(format!("did you mean `{nearest}`?"))
            .with_fix(format!("write `{nearest}`"), vec![Edit::replace(at, nearest)]),
        None => diagnostic,
    }
}

pub(crate) fn cycle_diagnostic(db: &dyn Db, cycle: &Cycle, at: Place) -> Diagnostic {
    let name = |file: &SourceFile| format!("`{}`", file.path(db));
    let mut names: Vec<String> = cycle.files.iter().map(name).collect();
    names.extend(cycle.files.first().map(name));
    let message = format!("modules import each other: {}", names.join(" → "));
    Diagnostic::new(Code::P0508, at, message)
        .with_help("move what both need into a third module; functions alone may go in a circle")
}

/// An agent or a capability that the header asks for and the manifest does not have.
pub(crate) fn no_agent(at: Place, what: &str, name: &str, nearest: Option<&str>) -> Diagnostic {
    let message = format!("no agent of prism.toml has the {what} `{name}`");
    let diagnostic = Diagnostic::new(Code::P0612, at, message);
    match nearest {
        Some(nearest) => diagnostic.with_label(format!("did you mean `{nearest}`?")),
        None => diagnostic,
    }
}

/// A call that may be repeated, of an agent that may not be asked again.
pub(crate) fn only_once(at: Place, name: &str) -> Diagnostic {
    let message = format!("agent `{name}` is asked at most once, and `agent.call` may ask again");
    Diagnostic::new(Code::P2123, at, message)
        .with_help("call it with `once` of `@prism/execution`, and handle the outcome `unknown`")
}

/// An agent that the program declares and the manifest does not bind: calling it would fail.
pub(crate) fn unbound_agent(at: Place, name: &str, nearest: Option<&str>) -> Diagnostic {
    let message = format!("prism.toml does not say how the agent `{name}` runs");
    let diagnostic = Diagnostic::warning(Code::P0612, at, message);
    match nearest {
        Some(nearest) => diagnostic.with_label(format!("did you mean `{nearest}`?")),
        None => diagnostic.with_help(format!("add a table `[agents.{name}]`")),
    }
}

pub(crate) fn too_few_agents(at: Place, found: usize, needed: u64) -> Diagnostic {
    let message = format!("the header needs {needed} agents, and {found} of prism.toml fit");
    Diagnostic::new(Code::P0612, at, message)
}
