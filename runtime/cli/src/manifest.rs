//! `prism.toml`: where it is, and which agents it binds.

use std::path::{Path, PathBuf};

use prism_agents::Registry;
use prism_agents::manifest::{Group, ManifestError, read_agents, read_groups};

use crate::problem::{Excerpt, Problem};
use crate::words;

pub(crate) const NAME: &str = "prism.toml";

/// The agents of a manifest, and where it lies.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    /// `None`: there is none, so there are no agents.
    pub path: Option<PathBuf>,
    pub registry: Registry,
    /// Host names that hold several agents.
    pub groups: Vec<Group>,
}

/// The manifest in a folder or in the nearest one above it.
pub fn find(folder: &Path) -> Option<PathBuf> {
    let folder = std::path::absolute(folder).ok()?;
    folder.ancestors().map(|folder| folder.join(NAME)).find(|path| path.is_file())
}

/// Reads a manifest; `None` gives one without agents.
pub fn open(path: Option<PathBuf>) -> Result<Manifest, Vec<Problem>> {
    let Some(path) = path else { return Ok(Manifest::default()) };
    let bytes = std::fs::read(&path).map_err(|error| {
        let help = "a run goes on with the `prism.toml` that it started with";
        vec![words::unreadable(&path, &error).with_help(help)]
    })?;
    let text = String::from_utf8(bytes).map_err(|_| vec![words::not_utf8(&path)])?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let (specs, mut errors) = read_agents(&text, folder);
    let (groups, wrong) = read_groups(&text);
    errors.extend(wrong);
    if errors.is_empty() {
        return Ok(Manifest { registry: Registry::new(specs), path: Some(path), groups });
    }
    Err(errors.into_iter().map(|error| problem(&path, &text, error)).collect())
}

fn problem(path: &Path, text: &str, error: ManifestError) -> Problem {
    let name = prism_driver::shown(path);
    Problem::new(error.code, error.message).with_help(error.help).at(Excerpt {
        name,
        text: text.into(),
        span: error.span,
    })
}
