//! From the words of an import to a file.

use crate::{Db, SourceFile};

/// The module whose exports every program sees without an import.
pub const PRELUDE: &str = "@prism/prelude";

/// The module that a host adds to its programs: what it serves, with types.
pub const HOST: &str = "@host";

const STD: &str = "@prism/";
const OLD_STD: &str = "@parallax/primitives/";

/// What an import specifier leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    Found(SourceFile),
    /// No such file among the sources.
    Missing,
    /// No such module in the standard library.
    MissingStd,
    /// Neither relative, absolute nor of the standard library.
    Bare,
}

/// Finds the file that `specifier` means in `from`.
pub fn resolve(db: &dyn Db, from: SourceFile, specifier: &str) -> Resolution {
    let files = db.files().by_path(db);
    let Some(candidates) = candidates(from.path(db), specifier) else { return Resolution::Bare };
    match candidates.iter().find_map(|path| files.get(path.as_str())) {
        Some(file) => Resolution::Found(*file),
        None if std_module(specifier).is_some() => Resolution::MissingStd,
        None => Resolution::Missing,
    }
}

/// The path of a standard module, `@prism/execution`, for any way to write it.
pub fn std_module(specifier: &str) -> Option<String> {
    let name = specifier.strip_prefix(STD).or_else(|| specifier.strip_prefix(OLD_STD))?;
    let name = name.strip_suffix(".prism").unwrap_or(name);
    Some(format!("{STD}{name}"))
}

/// The paths to try for a specifier, in order; `None` for a bare name.
pub fn candidates(from: &str, specifier: &str) -> Option<Vec<String>> {
    if specifier == HOST {
        return Some(vec![HOST.to_owned()]);
    }
    if let Some(path) = std_module(specifier) {
        return Some(vec![path]);
    }
    let is_relative = specifier.starts_with("./") || specifier.starts_with("../");
    let joined = if is_relative {
        match from.rfind('/') {
            Some(end) => format!("{}/{specifier}", &from[..end]),
            None => specifier.to_owned(),
        }
    } else if specifier.starts_with('/') {
        specifier.to_owned()
    } else {
        return None;
    };
    let path = normalize(&joined);
    if path.starts_with(STD) {
        return Some(vec![path.strip_suffix(".prism").unwrap_or(&path).to_owned()]);
    }
    let with_extension = format!("{path}.prism");
    Some(if path.ends_with(".prism") { vec![path] } else { vec![with_extension, path] })
}

/// Removes `.` and `name/..` from a path and turns `\` into `/`; reads no disk.
pub fn normalize(path: &str) -> String {
    let path = path.replace('\\', "/");
    let is_absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if is_absolute => {}
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if is_absolute { format!("/{joined}") } else { joined }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lose_dots_but_not_their_root() {
        assert_eq!(normalize("a/./b/../c.prism"), "a/c.prism");
        assert_eq!(normalize("../../x"), "../../x");
        assert_eq!(normalize("/../x"), "/x");
        assert_eq!(normalize("a\\b"), "a/b");
    }

    #[test]
    fn relative_imports_start_at_the_importer() {
        let found = |from, specifier| candidates(from, specifier);
        assert_eq!(found("a/b.prism", "./c"), Some(vec!["a/c.prism".into(), "a/c".into()]));
        assert_eq!(found("a/b.prism", "../c.prism"), Some(vec!["c.prism".into()]));
        assert_eq!(found("b.prism", "./c.prism"), Some(vec!["c.prism".into()]));
        assert_eq!(found("b.prism", "c"), None);
    }

    #[test]
    fn the_old_names_of_the_standard_library_lead_to_the_same_modules() {
        let found = candidates("x.prism", "@parallax/primitives/execution");
        assert_eq!(found, Some(vec!["@prism/execution".to_owned()]));
        assert_eq!(candidates("@prism/a", "./b.prism"), Some(vec!["@prism/b".to_owned()]));
    }
}
