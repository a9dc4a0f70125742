//! What `prism.toml` says about the files below it, as a salsa input.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use prism_syntax::ast::Level;

use crate::SourceFile;

/// The package of a file. Files without a manifest share a package of defaults.
#[salsa::input(debug)]
pub struct Package {
    /// The manifest; `None` without one.
    #[returns(copy)]
    pub manifest: Option<SourceFile>,
    #[returns(copy)]
    pub bands: BandLimits,
    /// Unused values and the like are errors.
    #[returns(copy)]
    pub is_strict: bool,
    pub lints: Arc<BTreeMap<Arc<str>, LintLevel>>,
    /// The agents by name, with their capabilities; `None` when the manifest has none.
    pub agents: Option<Arc<Agents>>,
    /// Names that the manifest gives to groups of agents: host names of every file.
    pub groups: Arc<BTreeSet<Arc<str>>>,
}

/// The agents of a manifest by name.
pub type Agents = BTreeMap<Arc<str>, Agent>;

/// What the compiler knows of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agent {
    pub capabilities: Arc<[Arc<str>]>,
    /// Where its answers come from, when that is more than its own word.
    pub provenance: Option<Level>,
    /// Whether `agent.once` alone may call it.
    pub at_most_once: bool,
}

/// Where the bands of `uncertain` begin when the program gives no limits of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BandLimits {
    pub high: f64,
    pub medium: f64,
}

impl Default for BandLimits {
    fn default() -> BandLimits {
        BandLimits { high: 0.7, medium: 0.5 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LintLevel {
    Allow,
    Warn,
    Deny,
}
