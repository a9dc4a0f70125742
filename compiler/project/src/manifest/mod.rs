//! Reads `prism.toml`, with the place of every mistake.

mod agents;
mod groups;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use prism_diagnostics::Code;
use prism_source::{Agents, BandLimits, LintLevel};
use prism_span::Span;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub use values::ManifestProblem;
use values::{Reader, in_order};

/// What a manifest says; what it leaves out has its default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Manifest {
    pub name: Option<Arc<str>>,
    pub version: Option<Arc<str>>,
    pub bands: BandLimits,
    pub is_strict: bool,
    pub lints: Arc<BTreeMap<Arc<str>, LintLevel>>,
    /// `None` when the manifest has no table `agents`.
    pub agents: Option<Arc<Agents>>,
    /// Names of groups of agents; one that no program can write is left out.
    pub groups: Arc<BTreeSet<Arc<str>>>,
}

/// A mistake and its bytes in the manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestError {
    pub at: Span,
    pub problem: ManifestProblem,
}

/// Tables that this reader knows, and those of other readers of the same file.
const TABLES: &[&str] =
    &["agents", "confidence", "engine", "groups", "lints", "package", "store", "strict"];

/// Reads a manifest. A part with a mistake keeps its default.
pub fn read_manifest(text: &str) -> (Manifest, Vec<ManifestError>) {
    let mut reader = Reader::default();
    let mut manifest = Manifest::default();
    match DeTable::parse(text) {
        Ok(root) => read_root(root.get_ref(), &mut manifest, &mut reader),
        Err(error) => {
            let at = error.span().unwrap_or(text.len()..text.len());
            let reason = error.message().lines().next().unwrap_or("").to_owned();
            reader.report(at, ManifestProblem::NotToml { reason });
        }
    }
    reader.errors.sort_by_key(|error| (error.at.start, error.at.end));
    (manifest, reader.errors)
}

type Table<'i> = DeTable<'i>;
type Entry<'i> = Spanned<DeValue<'i>>;

fn read_root(root: &Table<'_>, manifest: &mut Manifest, reader: &mut Reader) {
    for (key, value) in in_order(root) {
        match &**key.get_ref() {
            "package" => package(value, manifest, reader),
            "confidence" => confidence(value, manifest, reader),
            "lints" => lints(value, manifest, reader),
            // After the agents, wherever it stands.
            "groups" => {}
            "agents" => manifest.agents = agents::read(value, reader).map(Arc::new),
            "strict" => {
                manifest.is_strict = reader.boolean("strict", value).unwrap_or_default();
            }
            known if TABLES.contains(&known) => {}
            unknown => reader.unknown_key("prism.toml", unknown, key.span(), TABLES),
        }
    }
    if let Some((_, value)) = root.iter().find(|(key, _)| key.get_ref() == "groups") {
        manifest.groups = groups::read(value, manifest.agents.as_deref(), reader).into();
    }
}

fn package(value: &Entry<'_>, manifest: &mut Manifest, reader: &mut Reader) {
    const KEYS: &[&str] =
        &["authors", "description", "edition", "license", "name", "strict", "version"];
    let Some(table) = reader.table("package", value) else { return };
    for (key, value) in in_order(table) {
        match &**key.get_ref() {
            "name" => manifest.name = reader.text("package.name", value),
            "version" => manifest.version = reader.text("package.version", value),
            "strict" => {
                manifest.is_strict = reader.boolean("package.strict", value).unwrap_or_default();
            }
            known if KEYS.contains(&known) => {}
            unknown => reader.unknown_key("[package]", unknown, key.span(), KEYS),
        }
    }
}

fn confidence(value: &Entry<'_>, manifest: &mut Manifest, reader: &mut Reader) {
    const KEYS: &[&str] = &["high", "medium"];
    let Some(table) = reader.table("confidence", value) else { return };
    let mut bands = manifest.bands;
    let mut places: Vec<Range<usize>> = Vec::new();
    for (key, value) in in_order(table) {
        let limit = match &**key.get_ref() {
            "high" => &mut bands.high,
            "medium" => &mut bands.medium,
            unknown => {
                reader.unknown_key("[confidence]", unknown, key.span(), KEYS);
                continue;
            }
        };
        let path = format!("confidence.{}", key.get_ref());
        if let Some(number) = reader.confidence(&path, value) {
            *limit = number;
            places.push(value.span());
        }
    }
    if bands.high >= bands.medium {
        manifest.bands = bands;
    } else if let Some(at) = places.pop() {
        reader.report(at, ManifestProblem::BandsCross { high: bands.high, medium: bands.medium });
    }
}

fn lints(value: &Entry<'_>, manifest: &mut Manifest, reader: &mut Reader) {
    let Some(table) = reader.table("lints", value) else { return };
    let mut lints = BTreeMap::new();
    for (key, value) in in_order(table) {
        if Code::parse(key.get_ref()).is_none() {
            let known: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
            reader.unknown_key("[lints]", key.get_ref(), key.span(), &known);
            continue;
        }
        let path = format!("lints.{}", key.get_ref());
        let level = match reader.text(&path, value).as_deref() {
            Some("allow") => LintLevel::Allow,
            Some("warn") => LintLevel::Warn,
            Some("deny" | "error") => LintLevel::Deny,
            Some(_) => {
                let expected = "`allow`, `warn` or `deny`";
                reader.report(value.span(), ManifestProblem::Wrong { path, expected });
                continue;
            }
            None => continue,
        };
        lints.insert(key.get_ref().to_uppercase().into(), level);
    }
    manifest.lints = Arc::new(lints);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<(String, String)> {
        let (_, errors) = read_manifest(text);
        let place = |error: &ManifestError| error.at.slice(text).to_owned();
        errors.iter().map(|error| (place(error), format!("{:?}", error.problem))).collect()
    }

    #[test]
    fn a_whole_manifest_is_read() {
        let text = "[package]\nname = \"demo\"\nstrict = true\n[confidence]\nhigh = 0.9\n\
                    [lints]\nP0701 = \"deny\"\n[agents.reviewer]\ncapabilities = [\"code\"]\n\
                    command = [\"./r\"]\ntimeout = \"30s\"\n";
        let (manifest, errors) = read_manifest(text);
        assert_eq!(errors, Vec::new());
        assert_eq!(manifest.bands, BandLimits { high: 0.9, medium: 0.5 });
        assert!(manifest.is_strict);
        assert_eq!(manifest.lints["P0701"], LintLevel::Deny);
        let agents = manifest.agents.expect("agents");
        assert_eq!(&*agents["reviewer"].capabilities, ["code".into()]);
    }

    #[test]
    fn mistakes_point_into_the_text() {
        let found = problems("[pakage]\nname = 1\n");
        assert_eq!(found[0].0, "pakage");
        assert!(found[0].1.contains("package"), "{found:?}");
        assert_eq!(problems("[confidence]\nhigh = 1.5\n")[0].0, "1.5");
        assert_eq!(problems("[confidence]\nhigh = 0.4\n").len(), 1);
        assert_eq!(problems("[agents.a]\ncommand = [\"x\"]\ntimout = 1\n")[0].0, "timout");
        assert_eq!(problems("[agents.a]\ncapabilities = \"x\"\n")[0].0, "\"x\"");
        assert_eq!(problems("[lints]\nP0701 = \"off\"\n")[0].0, "\"off\"");
        assert_eq!(problems("a = [").len(), 1);
    }
}
