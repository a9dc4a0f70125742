//! The table `[groups]` of `prism.toml`: host names that hold several agents.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fields::in_order;
use super::{ManifestError, words};

/// A name of the host and the agents behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    pub members: Members,
}

/// Which agents a group holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Members {
    /// These, in this order.
    Names(Vec<String>),
    /// Those that have every one of these capabilities, in the order of the manifest.
    Capabilities(Vec<String>),
}

const EXPECTED: &str = "a list of agents' names, or `{ capabilities = [\"…\"] }`";

/// The groups of a manifest in the order of the file, and everything that is wrong with them.
pub fn read_groups(text: &str) -> (Vec<Group>, Vec<ManifestError>) {
    let mut errors = Vec::new();
    // A text that is no TOML is reported with the agents.
    let Ok(manifest) = DeTable::parse(text) else { return (Vec::new(), errors) };
    let Some((_, value)) = manifest.get_ref().iter().find(|(key, _)| key.get_ref() == "groups")
    else {
        return (Vec::new(), errors);
    };
    let DeValue::Table(table) = value.get_ref() else {
        errors.push(words::wrong_type("groups", "a table", value));
        return (Vec::new(), errors);
    };
    let mut groups = Vec::new();
    for (name, value) in in_order(table) {
        match members(value) {
            Some(members) => groups.push(Group { name: name.get_ref().to_string(), members }),
            None => {
                let path = format!("groups.{}", name.get_ref());
                errors.push(words::wrong_type(&path, EXPECTED, value));
            }
        }
    }
    (groups, errors)
}

fn members(value: &Spanned<DeValue<'_>>) -> Option<Members> {
    match value.get_ref() {
        DeValue::Array(_) => Some(Members::Names(texts(value)?)),
        DeValue::Table(table) => {
            let wanted = table.iter().find(|(key, _)| key.get_ref() == "capabilities");
            Some(Members::Capabilities(texts(wanted?.1)?))
        }
        _ => None,
    }
}

fn texts(value: &Spanned<DeValue<'_>>) -> Option<Vec<String>> {
    let DeValue::Array(items) = value.get_ref() else { return None };
    items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_name_agents_or_capabilities() {
        let (groups, errors) = read_groups("[groups]\nb = [\"x\"]\na = { capabilities = [] }\n");
        let group = |name: &str, members| Group { name: name.to_owned(), members };
        assert_eq!(errors, Vec::new());
        assert_eq!(
            groups,
            [
                group("b", Members::Names(vec!["x".to_owned()])),
                group("a", Members::Capabilities(Vec::new())),
            ]
        );
    }

    #[test]
    fn other_shapes_are_refused() {
        for text in ["groups = 1", "[groups]\na = 1", "[groups]\na = [1]", "[groups]\na = {}"] {
            let (groups, errors) = read_groups(text);
            assert_eq!((groups.len(), errors.len(), errors[0].code), (0, 1, "P0652"), "{text}");
        }
        assert_eq!(read_groups("wrong ="), (Vec::new(), Vec::new()));
    }
}
