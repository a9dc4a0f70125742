//! The workspace of a run: where its agents work.
//!
//! It is the repository that holds the manifest, as it lies on the disk. Nothing is cloned, no
//! branch is made and nothing is pushed: the branch is the name that such a branch would have.

use std::path::{Path, PathBuf};

use prism_vm::Data;
use serde_json::Value;

use crate::hosts::Header;
use crate::manifest::Manifest;

/// What `context.workspace` is; `None` unless the header's `@workspace` asks for one.
pub(crate) fn of(header: &Header<'_>, manifest: &Manifest) -> Option<Data> {
    let wanted = header.json("workspace")?;
    let is_wanted = wanted == Value::Bool(true) || wanted["enabled"] == Value::Bool(true);
    if !is_wanted {
        return None;
    }
    let own = manifest.path.as_deref().and_then(Path::parent).unwrap_or(Path::new("."));
    let own = std::path::absolute(own).unwrap_or_else(|_| own.to_owned());
    let root = own.ancestors().find(|folder| folder.join(".git").exists());
    let name = header.text("name");
    let branch = format!("parallax/pending/agent-{}", slug(name.as_deref().unwrap_or("pattern")));
    Some(Data::object([
        ("path", Data::from(&*root.unwrap_or(&own).to_string_lossy())),
        ("branch", Data::from(&*branch)),
        ("repo", root.and_then(origin).map_or(Data::Null, |url| Data::from(&*url))),
    ]))
}

/// `CodeReview` → `code-review`: lower case, words joined by `-`.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    let mut was_lower = false;
    for c in name.chars() {
        let starts_word = c.is_uppercase() && was_lower;
        if (starts_word || !c.is_alphanumeric()) && !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if c.is_alphanumeric() {
            slug.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase() || c.is_numeric();
    }
    slug.trim_end_matches('-').to_owned()
}

/// The address of the remote `origin`, without a name or password in it.
fn origin(root: &Path) -> Option<String> {
    let config: PathBuf = root.join(".git").join("config");
    let text = std::fs::read_to_string(config).ok()?;
    let mut is_origin = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            is_origin = line == "[remote \"origin\"]";
        } else if let (true, Some((key, url))) = (is_origin, line.split_once('='))
            && key.trim() == "url"
        {
            return Some(without_user(url.trim()));
        }
    }
    None
}

fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let host = rest.find('/').unwrap_or(rest.len());
    let start = rest[..host].rfind('@').map_or(0, |at| at + 1);
    format!("{scheme}://{}", &rest[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_branches() {
        assert_eq!(slug("CodeReview"), "code-review");
        assert_eq!(slug(" Code  review/2!"), "code-review-2");
        assert_eq!(slug("HTTP check"), "http-check");
    }

    #[test]
    fn addresses_keep_no_secret() {
        assert_eq!(without_user("https://me:token@git.example/a.git"), "https://git.example/a.git");
        assert_eq!(without_user("https://git.example/a@b"), "https://git.example/a@b");
        assert_eq!(without_user("git@git.example:a.git"), "git@git.example:a.git");
    }
}
