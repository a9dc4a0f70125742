//! From `--input`, `--set` and `--answers` to values.
//!
//! In: the arguments as typed. Out: names with values, or the first problem, with its place in
//! the JSON when that is what is wrong.

use std::path::Path;
use std::sync::Arc;

use prism_agents::json;
use prism_vm::{AgentRef, Data};
use serde_json::Value;

use crate::problem::{Excerpt, Problem};
use crate::words;

/// Names of the host and their values, in the order of the command line.
pub type Inputs = Vec<(Arc<str>, Data)>;

/// The host names of the language; a program may use them without declaring them.
pub const HOST_NAMES: &[&str] = &[
    "input",
    "agents",
    "task",
    "context",
    "workspace",
    "pattern",
    "agentList",
    "agentCount",
    "agentResults",
    "successfulResults",
    "parallax",
];

/// `--input` first, then every `--set`. Each name may be given once; `groups` are the names that
/// the manifest adds to those of the host.
pub fn read(input: Option<&str>, sets: &[String], groups: &[&str]) -> Result<Inputs, Problem> {
    let mut inputs: Inputs = Vec::new();
    if let Some(text) = input {
        inputs.push(supplied("input", given_json("--input", text)?));
    }
    for set in sets {
        let Some((name, text)) = set.split_once('=') else { return Err(words::no_equals(set)) };
        if !HOST_NAMES.contains(&name) && !groups.contains(&name) {
            return Err(words::unknown_name(name, &[HOST_NAMES, groups].concat()));
        }
        if inputs.iter().any(|(known, _)| &**known == name) {
            return Err(words::given_twice(name));
        }
        let (name, value) = supplied(name, given_json(&format!("--set {name}"), text)?);
        let value = if groups.contains(&&*name) { handles(value) } else { value };
        inputs.push((name, value));
    }
    Ok(inputs)
}

/// A name of the host with its value; elements of `agents` become handles.
pub fn supplied(name: &str, value: Value) -> (Arc<str>, Data) {
    let value = json::from_value(value);
    (name.into(), if name == "agents" { handles(value) } else { value })
}

/// JSON, or the JSON in a file when the text is `@FILE`.
fn given_json(option: &str, text: &str) -> Result<Value, Problem> {
    let (name, text) = match text.strip_prefix('@') {
        Some(path) => (path.to_owned(), file(Path::new(path))?),
        None => (option.to_owned(), text.to_owned()),
    };
    parse(&name, &text)
}

/// The JSON of a file, for options that always name one; a leading `@` is allowed.
pub fn json_file(path: &str) -> Result<Value, Problem> {
    let path = path.strip_prefix('@').unwrap_or(path);
    parse(path, &file(Path::new(path))?)
}

fn file(path: &Path) -> Result<String, Problem> {
    let bytes = std::fs::read(path).map_err(|error| {
        words::unreadable(path, &error).with_help("what follows `@` is the name of a file")
    })?;
    String::from_utf8(bytes).map_err(|_| words::not_utf8(path))
}

fn parse(name: &str, text: &str) -> Result<Value, Problem> {
    serde_json::from_str(text).map_err(|error| {
        let at = offset(text, error.line(), error.column());
        let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
        words::not_json(&error.to_string()).at(Excerpt {
            name: name.into(),
            text: text.into(),
            span: at..end,
        })
    })
}

/// The byte that serde_json means by a line and a column, both from 1; the end for anything else.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    text.floor_char_boundary((start + column.saturating_sub(1)).min(text.len()))
}

/// `agents` holds handles: a name, or an object with `agent`, `name` or `id`, becomes one.
pub(crate) fn handles(value: Data) -> Data {
    match value {
        Data::Array(items) => Data::Array(items.into_iter().map(handle).collect()),
        Data::Confident(value, confidence) => handles(*value).with_confidence(confidence),
        other => other,
    }
}

fn handle(item: Data) -> Data {
    match item {
        Data::Text(name) => {
            let attributes = vec![
                ("id".into(), Data::Text(name.clone())),
                ("name".into(), Data::Text(name.clone())),
            ];
            Data::Agent(AgentRef { name, attributes })
        }
        Data::Object(fields) => {
            let named = ["agent", "name", "id"].into_iter().find_map(|key| {
                fields.iter().find(|(field, _)| &**field == key).and_then(
                    |(_, value)| match value {
                        Data::Text(name) => Some(name.clone()),
                        _ => None,
                    },
                )
            });
            match named {
                Some(name) => Data::Agent(AgentRef {
                    name,
                    attributes: fields.into_iter().filter(|(key, _)| &**key != "agent").collect(),
                }),
                None => Data::Object(fields),
            }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(sets: &[&str]) -> Result<Inputs, Problem> {
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        read(Some("{\"n\": {\"~\": [1, 0.5]}}"), &sets, &["judges"])
    }

    #[test]
    fn inputs_and_sets_become_values() {
        assert!(matches!(&sets(&["judges=[\"a\"]"]).unwrap()[1].1, Data::Array(all)
            if matches!(all[..], [Data::Agent(_)])));
        let inputs = sets(&["task=\"go\"", "agents=[\"a\", {\"id\": \"b\"}]"]).unwrap();
        assert_eq!(inputs[0].1.get("n").and_then(Data::confidence), Some(0.5));
        assert_eq!(inputs[1], ("task".into(), Data::from("go")));
        let names: Vec<&str> = inputs[2]
            .1
            .as_array()
            .unwrap()
            .iter()
            .map(|agent| match agent {
                Data::Agent(agent) => &*agent.name,
                _ => "not an agent",
            })
            .collect();
        assert_eq!(names, ["a", "b"]);
    }

    #[test]
    fn what_is_wrong_is_coded() {
        let code = |set: &str| sets(&[set]).unwrap_err().code;
        assert_eq!(code("task"), "P2202");
        assert_eq!(code("tsk=1"), "P2205");
        assert_eq!(code("input=1"), "P2203");
        assert_eq!(code("task=@does/not/exist.json"), "P2204");
        assert_eq!(code("task={\"a\":}"), "P2201");
    }

    #[test]
    fn the_place_of_bad_json_is_its_byte() {
        let problem = sets(&["task=[1,\n é]"]).unwrap_err();
        let place = problem.place.unwrap();
        assert_eq!((&*place.name, place.span), ("--set task", 5..7));
    }
}
