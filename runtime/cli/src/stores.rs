//! Where runs are kept: `--store`, else `.prism` beside the manifest, else in this folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use prism_driver::shown;
use prism_journal::{Error, Memory, Postgres, Sqlite, Store, Values};
use serde_json::Value;

use crate::manifest;
use crate::problem::Problem;
use crate::program::Refused;

const FOLDER: &str = ".prism";
const FILE: &str = "runs.db";

/// Where a store is, before it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nothing is kept.
    Memory,
    /// An SQLite file.
    File(PathBuf),
    /// The address of a PostgreSQL database.
    Database(String),
}

/// The argument of `--store`. An address that is no database's would become a folder of that name,
/// and nothing at all the current folder.
pub fn parse(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("it is empty; without it, the store is the project's own".to_owned());
    }
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
    match scheme {
        "" | "postgres" | "postgresql" => Ok(PathBuf::from(text)),
        _ => Err(format!(
            "a store is a folder, an SQLite file or postgres://…, and {scheme}:// is none; large \
             values are kept in a bucket with `prism values --to`"
        )),
    }
}

/// The place that `--store` names: a database when it begins like its address, a file when it is
/// one or looks like one, else a folder.
pub fn named(path: &Path) -> Place {
    let text = path.to_string_lossy();
    if ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
        return Place::Database(text.into_owned());
    }
    let looks_like_file =
        path.extension().is_some_and(|ending| ending == "db" || ending == "sqlite");
    let is_file = path.is_file() || (looks_like_file && !path.is_dir());
    Place::File(if is_file { path.to_owned() } else { path.join(FILE) })
}

/// The place for runs of a program whose manifest this is.
pub fn beside(manifest: Option<&Path>) -> Place {
    let folder = manifest.and_then(Path::parent).unwrap_or(Path::new("."));
    Place::File(folder.join(FOLDER).join(FILE))
}

/// The manifest that a run started with, by what it recorded. In a folder that was moved with its
/// runs it is the one beside them.
pub fn manifest_of(recorded: &Value, place: &Place) -> Option<PathBuf> {
    let path = PathBuf::from(recorded["manifest"].as_str()?);
    let moved = if path.is_file() { None } else { manifest_beside(place) };
    Some(moved.unwrap_or(path))
}

fn manifest_beside(place: &Place) -> Option<PathBuf> {
    let Place::File(path) = place else { return None };
    let path = std::path::absolute(path).ok()?;
    let manifest = path.parent()?.parent()?.join(manifest::NAME);
    (manifest.is_file() && beside(Some(&manifest)) == Place::File(path)).then_some(manifest)
}

/// The place where commands that name only a run look.
pub fn here() -> Place {
    beside(manifest::find(Path::new(".")).as_deref())
}

/// Opens a store, and makes it when it is not there.
pub fn open(place: &Place) -> Result<Arc<dyn Store>, Refused> {
    match place {
        Place::Memory => Ok(Arc::new(Memory::new())),
        Place::File(path) => match Sqlite::open_reaching(path, &reach(place)) {
            Ok(store) => Ok(Arc::new(store)),
            Err(error) => Err(refused(&error)),
        },
        Place::Database(address) => match Postgres::open_reaching(address, &reach(place)) {
            Ok(store) => Ok(Arc::new(store)),
            Err(error) => Err(refused(&error)),
        },
    }
}

/// Opens places of large values, for the store at a place.
pub fn reach(place: &Place) -> impl Fn(&str) -> Result<Arc<dyn Values>, Error> {
    let path = match place {
        Place::File(path) => path.clone(),
        Place::Database(_) | Place::Memory => PathBuf::from("postgres://…"),
    };
    move |address| {
        #[cfg(feature = "s3")]
        if address.starts_with(prism_bucket::SCHEME) {
            return prism_bucket::open(address);
        }
        Err(Error::Elsewhere { path: path.clone(), address: address.to_owned() })
    }
}

/// What a store says about a command before anything is driven: the command named one that cannot
/// be reached, a format that there is not, or a run that another process has.
pub fn refused(error: &Error) -> Refused {
    let problem = Problem::new(error.code(), error.to_string()).with_help(error.help());
    let is_usage =
        matches!(error, Error::Unreachable { .. } | Error::NoFormat { .. } | Error::Claimed { .. });
    if is_usage { Refused::Usage(problem) } else { Refused::Wrong(vec![problem]) }
}

/// Opens a store to look something up: one that is not there has no runs and is not made.
pub fn open_existing(place: &Place) -> Result<Arc<dyn Store>, Refused> {
    match place {
        Place::File(path) if !path.exists() => open(&Place::Memory),
        Place::Memory | Place::File(_) | Place::Database(_) => open(place),
    }
}

/// What a person adds to a command so that it finds this store: nothing when it would anyway.
pub fn option(place: &Place) -> String {
    match place {
        Place::File(path) if !is_same(place, &here()) => format!(" --store {}", shown(path)),
        Place::Database(address) => format!(" --store '{address}'"),
        Place::Memory | Place::File(_) => String::new(),
    }
}

fn is_same(left: &Place, right: &Place) -> bool {
    let absolute = |place: &Place| match place {
        Place::Memory | Place::Database(_) => None,
        Place::File(path) => std::path::absolute(path).ok(),
    };
    absolute(left) == absolute(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_a_folder_or_a_file() {
        assert_eq!(named(Path::new("x/runs.db")), Place::File("x/runs.db".into()));
        let address = "postgres://me@/runs?host=/run/postgresql";
        assert_eq!(named(Path::new(address)), Place::Database(address.to_owned()));
        assert_eq!(named(Path::new("nowhere")), Place::File("nowhere/runs.db".into()));
        assert_eq!(beside(Some(Path::new("a/prism.toml"))), Place::File("a/.prism/runs.db".into()));
        assert_eq!(beside(None), Place::File("./.prism/runs.db".into()));
        assert!(parse("s3://bucket/runs").is_err_and(|words| words.contains("prism values --to")));
        assert_eq!(parse(address), Ok(address.into()));
    }
}
